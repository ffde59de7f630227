/*
 * Write a capture for measuring the analyzer: gen_capture [-n PACKETS] [-f FLOWS] FILE.
 *
 * One packet in ten is STUN, a third is IPv6, one in eight is tagged (VLAN, half of them QinQ),
 * about 650 bytes on average: calls with their ICE checks, media, and other people's UDP and TCP.
 * The same numbers give the same file. Prints how many STUN messages it holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "stun_integrity.h"

enum {
    PACKETS = 2000000,
    FLOWS = 4000,
    FRAME_MAX = 1600,
    PAYLOAD_MIN = 60,
    PAYLOAD_SPREAD = 1200,
};

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64*: good enough, and the same everywhere. */
static uint32_t draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

/* A message as browsers send them; its length. */
static size_t make_stun(uint8_t *out, size_t size, uint32_t flow, uint32_t number, bool answer)
{
    static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
    uint8_t txid[STUN_TXID_BYTES] = "ice";
    char username[32];
    struct stun_builder b;
    put_be32(txid + 4, flow);
    put_be32(txid + 8, number);
    stun_build(&b, out, size, STUN_METHOD_BINDING, answer ? STUN_SUCCESS_RESPONSE : STUN_REQUEST,
               txid);
    if (answer) {
        struct stun_value mapped = {.form = STUN_FORM_XOR_ADDRESS};
        mapped.as.address = netaddr_from_bytes((const uint8_t[]){203, 0, 113, 7}, 4, 40000);
        stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    } else {
        static const uint8_t network[] = {0, 1, 0, 10};
        static const uint8_t priority[] = {0x6e, 0x7f, 0x1e, 0xff};
        static const uint8_t role[] = {1, 2, 3, 4, 5, 6, 7, 8};
        int len = snprintf(username, sizeof(username), "Ab%06x:Cd%06x", flow, flow ^ 0xffffff);
        stun_add_bytes(&b, STUN_ATTR_USERNAME, username, (size_t)len);
        stun_add_bytes(&b, STUN_ATTR_GOOG_NETWORK_INFO, network, sizeof(network));
        stun_add_bytes(&b, STUN_ATTR_ICE_CONTROLLING, role, sizeof(role));
        stun_add_bytes(&b, STUN_ATTR_USE_CANDIDATE, "", 0);
        stun_add_bytes(&b, STUN_ATTR_PRIORITY, priority, sizeof(priority));
    }
    stun_add_integrity(&b, (const uint8_t *)password, sizeof(password) - 1);
    stun_add_fingerprint(&b);
    return b.len;
}

/* Media: RTP most of the time, else what begins a DTLS record. */
static size_t make_media(uint8_t *out)
{
    size_t len = PAYLOAD_MIN + draw(PAYLOAD_SPREAD);
    out[0] = draw(50) ? 0x90 : 22;
    out[1] = out[0] == 22 ? 0xfe : 96;
    return len;
}

static size_t put_ethernet(uint8_t *f, uint32_t flow, bool six)
{
    size_t at = 12;
    static const uint8_t ends[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    memcpy(f, ends, sizeof(ends));
    if (flow % 8 == 3) {
        if (flow % 16 == 3) {
            put_be16(f + at, 0x88a8);
            put_be16(f + at + 2, 200);
            at += 4;
        }
        put_be16(f + at, 0x8100);
        put_be16(f + at + 2, 100);
        at += 4;
    }
    put_be16(f + at, six ? 0x86dd : 0x0800);
    return at + 2;
}

static size_t put_ip(uint8_t *f, uint32_t flow, bool six, bool back, uint8_t protocol, size_t len)
{
    uint8_t *near_end = f + (six ? 8 : 12) + (back ? (six ? 16 : 4) : 0);
    uint8_t *far_end = f + (six ? 8 : 12) + (back ? 0 : (six ? 16 : 4));
    if (!six) {
        memset(f, 0, 20);
        f[0] = 0x45;
        put_be16(f + 2, (uint16_t)(20 + len));
        f[8] = 64;
        f[9] = protocol;
        put_be32(near_end, 0x0a000000u + flow / 16);
        put_be32(far_end, 0xc6336400u + flow % 251);
        return 20;
    }
    memset(f, 0, 40);
    f[0] = 0x60;
    put_be16(f + 4, (uint16_t)len);
    f[6] = protocol;
    f[7] = 64;
    put_be32(near_end, 0x20010db8u);
    put_be32(near_end + 12, flow / 16);
    put_be32(far_end, 0x20010db8u);
    put_be32(far_end + 4, 0xffff0000u);
    put_be32(far_end + 12, flow % 251);
    return 40;
}

static size_t put_transport(uint8_t *f, uint32_t flow, bool back, bool tcp, size_t len)
{
    uint16_t near_port = (uint16_t)(40000 + flow % 16 + flow % 1009);
    uint16_t far_port = tcp ? 443 : (uint16_t)(flow % 3 ? 3478 : 19302);
    static uint32_t seq;
    put_be16(f, back ? far_port : near_port);
    put_be16(f + 2, back ? near_port : far_port);
    if (!tcp) {
        put_be16(f + 4, (uint16_t)(8 + len));
        put_be16(f + 6, 0);
        return 8;
    }
    memset(f + 4, 0, 16);
    put_be32(f + 4, seq += 1400);
    f[12] = 0x50;
    f[13] = 0x10;
    return 20;
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* One packet into f; *stun counts messages. */
static size_t make_packet(uint8_t *f, uint32_t number, uint32_t flows, uint64_t *stun)
{
    uint8_t payload[FRAME_MAX] = {0};
    uint32_t flow = draw(flows);
    bool six = flow % 3 == 0;
    bool back = draw(2);
    bool is_stun = number % 10 == 0;
    bool tcp = !is_stun && flow % 5 == 4;
    size_t len;
    if (is_stun) {
        len = make_stun(payload, sizeof(payload), flow, number, back);
        ++*stun;
    } else {
        len = make_media(payload);
        if (tcp)
            payload[0] = 0x17;
    }
    size_t at = put_ethernet(f, flow, six);
    at += put_ip(f + at, flow, six, back, tcp ? 6 : 17, len + (tcp ? 20 : 8));
    at += put_transport(f + at, flow, back, tcp, len);
    memcpy(f + at, payload, len);
    return at + len;
}

int main(int argc, char **argv)
{
    static const uint8_t header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};
    uint32_t packets = PACKETS, flows = FLOWS;
    uint64_t stun = 0, bytes = 0;
    int option;
    while ((option = getopt(argc, argv, "n:f:")) != -1) {
        unsigned long value = optarg ? strtoul(optarg, NULL, 10) : 0;
        if (option == 'n')
            packets = (uint32_t)value;
        else if (option == 'f' && value > 0)
            flows = (uint32_t)value;
        else
            optind = argc + 1;
    }
    if (optind + 1 != argc) {
        fputs("usage: gen_capture [-n PACKETS] [-f FLOWS] FILE\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[optind], "wb");
    if (!out) {
        fprintf(stderr, "gen_capture: cannot write %s: %s\n", argv[optind], strerror(errno));
        return 1;
    }
    fwrite(header, 1, sizeof(header), out);
    for (uint32_t i = 0; i < packets; i++) {
        uint8_t record[16 + FRAME_MAX];
        size_t len = make_packet(record + 16, i, flows, &stun);
        put_le32(record, 1700000000u + i / 20000);
        put_le32(record + 4, i % 20000 * 50);
        put_le32(record + 8, (uint32_t)len);
        put_le32(record + 12, (uint32_t)len);
        fwrite(record, 1, 16 + len, out);
        bytes += len;
    }
    if (fclose(out) != 0) {
        fprintf(stderr, "gen_capture: cannot write %s: %s\n", argv[optind], strerror(errno));
        return 1;
    }
    printf("%llu STUN messages in %u packets, %llu bytes\n", (unsigned long long)stun, packets,
           (unsigned long long)bytes);
    return 0;
}
