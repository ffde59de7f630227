/*
 * Write a capture for measuring the analyzer: gen_capture [-n PACKETS] [-f FLOWS] [-k KIND] FILE,
 * "-" for standard output.
 *
 * KIND is one of
 *   mix      one packet in ten is STUN, a third is IPv6, one in eight is tagged (VLAN, half of them
 *            QinQ), about 650 bytes on average: calls with their ICE checks, media, and other
 *            people's UDP and TCP
 *   stun     each packet is a STUN message, on one of FLOWS flows
 *   new      each packet is a STUN message on a flow of its own
 *   syn      each packet opens a TCP connection of its own
 *   collide  as stun, over IPv4, but the flows are chosen so that a hash table without a secret
 *            key has all of them in one bucket
 *
 * The same arguments give the same file. Says on standard error how many STUN messages it holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_flow.h"
#include "bytes.h"
#include "stun_integrity.h"

enum {
    PACKETS = 2000000,
    FLOWS = 4000,
    FRAME_MAX = 1600,
    PAYLOAD_MIN = 60,
    PAYLOAD_SPREAD = 1200,
};

enum kind {
    KIND_MIX,
    KIND_STUN,
    KIND_NEW,
    KIND_SYN,
    KIND_COLLIDE,
    KINDS,
};

struct plan {
    enum kind kind;
    uint32_t flows;
    uint32_t *chosen; /* KIND_COLLIDE: their numbers */
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
        put_be32(near_end, bench_near_ip(flow));
        put_be32(far_end, bench_far_ip(flow));
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
    uint16_t near_port = bench_near_port(flow);
    uint16_t far_port = tcp ? 443 : bench_far_port(flow);
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

/* One packet of calls and all the rest into f; *stun counts messages. */
static size_t make_mixed(uint8_t *f, uint32_t number, uint32_t flows, uint64_t *stun)
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

static size_t make_message(uint8_t *f, uint32_t number, uint32_t flow, bool six)
{
    uint8_t payload[FRAME_MAX];
    bool back = draw(2);
    size_t len = make_stun(payload, sizeof(payload), flow, number, back);
    size_t at = put_ethernet(f, flow, six);
    at += put_ip(f + at, flow, six, back, 17, len + 8);
    at += put_transport(f + at, flow, back, false, len);
    memcpy(f + at, payload, len);
    return at + len;
}

static size_t make_syn(uint8_t *f, uint32_t flow)
{
    size_t at = put_ethernet(f, flow, false);
    at += put_ip(f + at, flow, false, false, 6, 20);
    at += put_transport(f + at, flow, false, true, 0);
    f[at - 7] = 2; /* the flags: SYN alone */
    return at;
}

static size_t make_packet(uint8_t *f, uint32_t number, const struct plan *plan, uint64_t *stun)
{
    uint32_t flow;
    switch (plan->kind) {
    case KIND_SYN:
        return make_syn(f, number);
    case KIND_STUN:
        ++*stun;
        flow = draw(plan->flows);
        return make_message(f, number, flow, flow % 3 == 0);
    case KIND_NEW:
        ++*stun;
        return make_message(f, number, number, number % 3 == 0);
    case KIND_COLLIDE:
        ++*stun;
        return make_message(f, number, plan->chosen[draw(plan->flows)], false);
    default:
        return make_mixed(f, number, plan->flows, stun);
    }
}

static bool write_capture(FILE *out, const struct plan *plan, uint32_t packets)
{
    static const uint8_t header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};
    uint64_t stun = 0, bytes = 0;
    fwrite(header, 1, sizeof(header), out);
    for (uint32_t i = 0; i < packets; i++) {
        uint8_t record[16 + FRAME_MAX];
        size_t len = make_packet(record + 16, i, plan, &stun);
        put_le32(record, 1700000000u + i / 20000);
        put_le32(record + 4, i % 20000 * 50);
        put_le32(record + 8, (uint32_t)len);
        put_le32(record + 12, (uint32_t)len);
        fwrite(record, 1, 16 + len, out);
        bytes += len;
    }
    fprintf(stderr, "%llu STUN messages in %u packets, %llu bytes\n", (unsigned long long)stun,
            packets, (unsigned long long)bytes);
    return fflush(out) == 0 && !ferror(out);
}

static enum kind kind_named(const char *name)
{
    static const char *const names[KINDS] = {"mix", "stun", "new", "syn", "collide"};
    enum kind kind = 0;
    while (kind < KINDS && strcmp(name, names[kind]) != 0)
        kind++;
    return kind;
}

int main(int argc, char **argv)
{
    struct plan plan = {.flows = FLOWS};
    uint32_t packets = PACKETS;
    int option, status = 1;
    while ((option = getopt(argc, argv, "n:f:k:")) != -1) {
        if (option == 'n')
            packets = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'f')
            plan.flows = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'k')
            plan.kind = kind_named(optarg);
        else
            plan.kind = KINDS;
    }
    if (optind + 1 != argc || plan.kind == KINDS || plan.flows == 0) {
        fputs("usage: gen_capture [-n PACKETS] [-f FLOWS] [-k mix|stun|new|syn|collide] FILE\n",
              stderr);
        return 2;
    }
    FILE *out = strcmp(argv[optind], "-") == 0 ? stdout : fopen(argv[optind], "wb");
    plan.chosen = calloc(plan.flows, sizeof(*plan.chosen));
    if (!out || !plan.chosen) {
        fprintf(stderr, "gen_capture: cannot write %s: %s\n", argv[optind], strerror(errno));
        goto out;
    }
    if (plan.kind == KIND_COLLIDE)
        bench_find_colliding(plan.chosen, plan.flows);
    status = write_capture(out, &plan, packets) ? 0 : 1;
    if (status != 0)
        fprintf(stderr, "gen_capture: cannot write %s: %s\n", argv[optind], strerror(errno));
out:
    free(plan.chosen);
    if (out && out != stdout && fclose(out) != 0)
        status = 1;
    return status;
}
