/*
 * libFuzzer target: messages of few clients, ids, fragments, interfaces and relays in any order,
 * into the summary, so that they meet: checks, copies, translations, tunnels, channels.
 *
 * The input is a list of steps of 8 bytes. What is counted must add up, and the summary must be one
 * line of JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "tally_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEP_BYTES = 8, MESSAGE_MAX = 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct netaddr address(unsigned n)
{
    const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)n};
    return netaddr_from_bytes(ip, n & 4 ? 16 : 4, (uint16_t)(1 + (n & 1)));
}

static void add_address(struct stun_builder *b, uint16_t type, unsigned n)
{
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};
    value.as.address = address(n);
    stun_add_value(b, type, &value);
}

static size_t build(const uint8_t *step, uint8_t *out, bool nested)
{
    static const uint16_t methods[] = {
        STUN_METHOD_BINDING,      STUN_METHOD_BINDING, STUN_METHOD_GOOG_PING, STUN_METHOD_ALLOCATE,
        STUN_METHOD_CHANNEL_BIND, STUN_METHOD_SEND,    STUN_METHOD_DATA,      STUN_METHOD_BINDING};
    static const char *const users[] = {"a:b", "b:a", "a:a", ":"};
    const uint8_t txid[STUN_TXID_BYTES] = {step[1] & 7};
    /* Of what copies share: the addresses and the time are in other bytes of the step. */
    const uint8_t number[8] = {step[5], [3] = step[5], [7] = step[5]};
    uint8_t inner[MESSAGE_MAX];
    struct stun_builder b;
    stun_build(&b, out, MESSAGE_MAX, nested ? STUN_METHOD_BINDING : methods[step[0] & 7],
               (enum stun_class)(step[0] >> 3 & 3), txid);
    if (step[2] & 1)
        stun_add_bytes(&b, STUN_ATTR_USERNAME, users[step[2] >> 1 & 3],
                       (step[2] >> 1 & 3) == 3 ? 1 : 3);
    if (step[2] & 8)
        stun_add_bytes(&b, STUN_ATTR_PRIORITY, number, 4);
    if (step[2] & 16)
        stun_add_bytes(&b, STUN_ATTR_ICE_CONTROLLING, number, 8);
    if (step[2] & 32)
        stun_add_bytes(&b, STUN_ATTR_USE_CANDIDATE, NULL, 0);
    if (step[2] & 64)
        stun_add_bytes(&b, STUN_ATTR_ENF_FLOW_DESCRIPTION, number, 4);
    if (step[2] & 128)
        add_address(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, step[3] & 7);
    if (step[3] & 8)
        add_address(&b, STUN_ATTR_XOR_RELAYED_ADDRESS, step[3] >> 4 & 7);
    if (!nested && step[3] & 128) {
        const uint8_t channel[4] = {0x40, step[1] >> 7};
        add_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, step[3] >> 4 & 7);
        stun_add_bytes(&b, STUN_ATTR_CHANNEL_NUMBER, channel, sizeof(channel));
        stun_add_bytes(&b, STUN_ATTR_DATA, inner, build(step, inner, true));
    }
    return b.len;
}

static void take(struct tally *t, const uint8_t *step, uint64_t *now_ns)
{
    static const struct packet_iface ifaces[] = {{.number = 0, .link_type = 1, .name = "eth0"},
                                                 {.number = 1, .link_type = 101, .name = "\x1b\""},
                                                 {.number = 2, .link_type = 113},
                                                 {.number = 3, .link_type = 276}};
    uint8_t bytes[MESSAGE_MAX + STUN_CHANNEL_HEADER_BYTES] = {0};
    struct stun_msg msg;
    size_t len = build(step, bytes + STUN_CHANNEL_HEADER_BYTES, false);
    *now_ns += (uint64_t)step[6] * step[6] * 1000000;
    struct found found = {
        .time_ns = step[7] & 1 ? *now_ns : *now_ns / 2,
        .iface = &ifaces[step[7] >> 1 & 3],
        .iface_name = ifaces[step[7] >> 1 & 3].name,
        .src = address(step[4] & 7),
        .dst = address(step[4] >> 3 & 7),
        .protocol = step[4] & 64 ? DATAGRAM_TCP : DATAGRAM_UDP,
        .label = step[4] & 128 ? DATAGRAM_TUNNELLED : DATAGRAM_DIRECT,
        .direction = (uint8_t)((step[7] >> 3 & 3) % 3),
        .bytes = bytes + STUN_CHANNEL_HEADER_BYTES,
        .len = (uint32_t)len,
        .packets = 1,
    };
    if (step[7] & 32) {
        put_be16(bytes, 0x4000);
        put_be16(bytes + 2, (uint16_t)len);
        found.kind = step[7] & 64 ? FOUND_CHANNEL_COUNT : FOUND_CHANNEL_DATA;
        found.channel = (uint16_t)(0x4000 + (step[1] >> 7));
        found.bytes = bytes;
        found.len = step[7] & 64 ? 0 : (uint32_t)len + STUN_CHANNEL_HEADER_BYTES;
        tally_take(t, &found, NULL, STUN_CHECK_ABSENT, step[7] >> 7);
        return;
    }
    require(stun_decode(found.bytes, len, false, &msg) == STUN_OK);
    tally_take(t, &found, &msg, STUN_CHECK_ABSENT, step[7] >> 7);
}

static void check(const struct tally *t)
{
    uint32_t pairs = 0;
    for (uint32_t i = 0; i < t->row_count; i++)
        require(t->rows[i].answered + t->rows[i].failed <= t->rows[i].transactions);
    for (uint32_t i = 0; i < t->ice->session_count; i++)
        pairs += t->ice->sessions[i].pairs;
    require(pairs == t->ice->order_count);
    for (uint32_t i = 0; i < t->ice->order_count; i++)
        for (unsigned n = 0; n < 2; n++) {
            const struct ice_side *side = &t->ice->pairs[t->ice->order[i]].side[n];
            require(side->succeeded + side->failed <= side->checks + side->pings);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sink sink;
    static bool ready;
    uint64_t now_ns = 1000000000;
    struct tally *t = tally_new();
    if (!ready)
        ready = sink_open(&sink, -1);
    require(t && ready);
    for (size_t at = 0; at + STEP_BYTES <= size; at += STEP_BYTES)
        take(t, data + at, &now_ns);
    tally_finish(t);
    check(t);
    sink.len = 0;
    tally_write_json(&sink, t, size);
    require(memchr(sink.buf, '\n', sink.len) == sink.buf + sink.len - 1);
    sink.len = 0;
    tally_write_text(&sink, t, size);
    require(!memchr(sink.buf, 0x1b, sink.len));
    tally_free(t);
    return 0;
}
