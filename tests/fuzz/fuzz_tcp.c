/*
 * libFuzzer target: segments and datagrams of any order, overlap and content, through reassembly,
 * the finder, decoding and the outputs of lines; fuzz_summary.c has the summary.
 *
 * The input is a list of steps: a byte of flags, a byte that chooses addresses, two of a distance
 * in the stream, one of a length, then that many bytes. Each line must be one line; the sanitizers
 * say the rest.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "event_write.h"
#include "finder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    STEP_BYTES = 5,
    FLAG_TCP = 1,
    FLAG_SYN = 2,
    FLAG_ACK = 4,
    FLAG_BACK = 8,
    FLAG_CUT = 16,
    FLAG_QUOTED = 32,
    FLAG_TUNNELLED = 64,
    FLAG_SIX = 128,
};

struct outputs {
    struct sink sink;
    uint64_t seq;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void show(const struct found *found, void *context)
{
    struct outputs *out = context;
    struct decoded decoded;
    const struct decoded *message = NULL;
    if (found->kind == FOUND_MESSAGE) {
        require(found->len >= STUN_HEADER_BYTES);
        if (!event_decode(found, &decoded))
            return;
        message = &decoded;
    }
    out->sink.len = 0;
    event_write_json(&out->sink, found, message, ++out->seq, "f");
    require(memchr(out->sink.buf, '\n', out->sink.len) == out->sink.buf + out->sink.len - 1);
    event_write_row(&out->sink, found, message, NULL);
}

static struct netaddr address(bool six, uint8_t last)
{
    const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last};
    return netaddr_from_bytes(ip, six ? 16 : 4, last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packet_iface iface = {.link_type = 1, .name = "eth0"};
    static struct outputs out;
    static bool ready;
    struct finder *f;
    uint64_t frame = 0;
    if (!ready)
        ready = sink_open(&out.sink, -1);
    f = finder_new(show, &out, true);
    require(ready && f);
    while (size >= STEP_BYTES) {
        uint8_t flags = data[0], ends = data[1];
        uint16_t distance = be16(data + 2);
        size_t len = data[4] < size - STEP_BYTES ? data[4] : size - STEP_BYTES;
        uint8_t *copy = malloc(len ? len : 1);
        require(copy);
        memcpy(copy, data + STEP_BYTES, len);
        frame++;
        struct packet packet = {.time_ns = frame * 1000, .frame = frame, .iface = &iface};
        struct datagram d = {
            .packet = &packet,
            .src = address(flags & FLAG_SIX, flags & FLAG_BACK ? ends & 3 : 4),
            .dst = address(flags & FLAG_SIX, flags & FLAG_BACK ? 4 : ends & 3),
            .protocol = flags & FLAG_TCP ? DATAGRAM_TCP : DATAGRAM_UDP,
            .label = flags & FLAG_QUOTED      ? DATAGRAM_QUOTED
                     : flags & FLAG_TUNNELLED ? DATAGRAM_TUNNELLED
                                              : DATAGRAM_DIRECT,
            .payload = copy,
            .payload_len = (uint32_t)len,
            .payload_full = (uint32_t)len + (flags & FLAG_CUT ? ends >> 2 : 0),
            .seq = UINT32_MAX - 100 + distance,
            .ack = UINT32_MAX - 100 + (uint32_t)ends * 8,
            .tcp_flags = (uint8_t)((flags & FLAG_SYN ? 2 : 0) | (flags & FLAG_ACK ? 16 : 0)),
        };
        finder_take(f, &d);
        free(copy);
        data += STEP_BYTES + len;
        size -= STEP_BYTES + len;
    }
    finder_end(f);
    finder_free(f);
    return 0;
}
