/*
 * Writes a capture to standard output that is made to fill tables: flows KIND PACKETS.
 *
 * one        all of one flow, a request and its answer in turn
 * flows      each packet a request from a new address and port
 * ports      two addresses and all ports: keys as alike as they can be
 * answered   the same, and each answered
 * classic    requests of RFC 3489 without answers, with new transaction ids
 * streams    each a new TCP connection: half a message, then a gap and more
 * acks       streams with gaps, and acknowledgements that never close them
 * fragments  first fragments of 1400 bytes whose rest never comes
 * pieces     fragments of eight bytes, of few datagrams
 * channels   ChannelData, each on a new channel of a few flows
 * interfaces a pcapng with a new interface for each packet, until there are 65,536
 * quoted     ICMP errors that quote requests of new flows
 * mix        all of these in turn
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COOKIE = 0x2112a442, RAW_IP = 101, UDP = 17, TCP = 6, ICMP = 1 };

static uint8_t packet[4096];
static size_t len;
static int ng;
static uint32_t frame;

static void put(const void *bytes, size_t n)
{
    memcpy(packet + len, bytes, n);
    len += n;
}

static void put8(unsigned v)
{
    packet[len++] = (uint8_t)v;
}

static void put16(unsigned v)
{
    put8(v >> 8);
    put8(v & 0xff);
}

static void put32(uint32_t v)
{
    put16(v >> 16);
    put16(v & 0xffff);
}

static void ip(unsigned protocol, size_t payload, uint32_t src, uint32_t dst, uint32_t id,
               unsigned fragment)
{
    put16(0x4500);
    put16((unsigned)(20 + payload));
    put16(id & 0xffff);
    put16(fragment);
    put8(64);
    put8(protocol);
    put16(0);
    put32(src);
    put32(dst);
}

static void udp(uint32_t src, unsigned sport, uint32_t dst, unsigned dport, size_t payload)
{
    ip(UDP, 8 + payload, src, dst, 0, 0);
    put16(sport);
    put16(dport);
    put16((unsigned)(8 + payload));
    put16(0);
}

static void tcp(uint32_t src, unsigned sport, uint32_t dst, uint32_t seq, uint32_t ack,
                unsigned flags, size_t payload)
{
    ip(TCP, 20 + payload, src, dst, 0, 0);
    put16(sport);
    put16(80);
    put32(seq);
    put32(ack);
    put16(0x5000 | flags);
    put16(0xffff);
    put32(0);
}

static void stun(unsigned type, uint32_t number, size_t attributes)
{
    put16(type);
    put16((unsigned)attributes);
    put32(COOKIE);
    put32(0);
    put32(0);
    put32(number);
}

static void classic(uint32_t number)
{
    put16(1);
    put16(8);
    put32(number * 2654435761U);
    put32(~number);
    put32(number);
    put32(7);
    put32(0x00030004);
    put32(6);
}

static void word(uint32_t v)
{
    fwrite(&v, 4, 1, stdout);
}

/* The packet that was built, as a record or a block. */
static void end_packet(uint32_t iface)
{
    uint32_t s = 1700000000 + frame / 100000;
    uint32_t us = frame % 100000 * 10;
    if (ng) {
        static const uint8_t zeros[4];
        uint64_t time = (uint64_t)s * 1000000 + us;
        uint32_t padded = (uint32_t)(len + 3) / 4 * 4;
        word(6);
        word(32 + padded);
        word(iface);
        word((uint32_t)(time >> 32));
        word((uint32_t)time);
        word((uint32_t)len);
        word((uint32_t)len);
        fwrite(packet, len, 1, stdout);
        fwrite(zeros, padded - len, 1, stdout);
        word(32 + padded);
    } else {
        word(s);
        word(us);
        word((uint32_t)len);
        word((uint32_t)len);
        fwrite(packet, len, 1, stdout);
    }
    len = 0;
    frame++;
}

static void start_file(void)
{
    if (ng) {
        static const uint32_t section[] = {0x0a0d0d0a, 28,         0x1a2b3c4d, 1,
                                           UINT32_MAX, UINT32_MAX, 28};
        fwrite(section, sizeof(section), 1, stdout);
        return;
    }
    static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, RAW_IP};
    fwrite(header, sizeof(header), 1, stdout);
}

static const uint32_t client = 0x0a000000, server = 0xc633640a;

static void one(uint32_t n)
{
    if (n % 2 == 0) {
        udp(client, 5000, server, 3478, 20);
        stun(0x0001, n / 2, 0);
    } else {
        udp(server, 3478, client, 5000, 20);
        stun(0x0101, n / 2, 0);
    }
}

static void flows(uint32_t n)
{
    udp(client + n / 50000, 1024 + n % 50000, server, 3478, 20);
    stun(0x0001, n, 0);
}

static void ports(uint32_t n)
{
    udp(client, n & 0xffff, server, n >> 16, 20);
    stun(0x0001, 1, 0);
}

static void answered(uint32_t n)
{
    uint32_t flow = n / 2;
    if (n % 2 == 0)
        flows(flow);
    else
        udp(server, 3478, client + flow / 50000, 1024 + flow % 50000, 20), stun(0x0101, flow, 0);
}

static void unanswered_classic(uint32_t n)
{
    udp(client + n / 50000, 1024 + n % 50000, server, 3478, 28);
    classic(n);
}

static void streams(uint32_t n)
{
    static const uint8_t rest[1000];
    uint32_t flow = n / 2;
    int first = n % 2 == 0;
    size_t payload = first ? 20 : sizeof(rest);
    tcp(client + flow / 50000, 1024 + flow % 50000, server, first ? 1 : 5000, 0, 16, payload);
    if (first)
        stun(0x0003, flow, 2000);
    else
        put(rest, sizeof(rest));
}

static void acks(uint32_t n)
{
    uint32_t flow = n / 4 % 1000;
    if (n % 4 == 3) {
        ip(TCP, 20, server, client + flow, 0, 0);
        put16(80);
        put16(1024);
        put32(1);
        put32(1);
        put16(0x5010);
        put16(0xffff);
        put32(0);
        return;
    }
    tcp(client + flow, 1024, server, n < 4000 ? 1 : 100 + 2 * n, 0, 16, 20);
    stun(0x0001, n, 0);
}

static void fragments(uint32_t n)
{
    static const uint8_t body[1400];
    ip(UDP, sizeof(body), client + n / 65536, server, n, 0x2000);
    put(body, sizeof(body));
}

static void pieces(uint32_t n)
{
    static const uint8_t body[8];
    /* Every other one of a datagram's places, so that none is ever whole. */
    ip(UDP, sizeof(body), client, server, n / 4000, 0x2000 | (n % 4000 * 2));
    put(body, sizeof(body));
}

static void channels(uint32_t n)
{
    unsigned flow = n / 4096 % 16;
    if (n < 16 || n % 4096 == 0) {
        udp(client, 5000 + (n < 16 ? n : flow), server, 3478, 20);
        stun(0x0001, n, 0);
        return;
    }
    udp(client, 5000 + flow, server, 3478, 8);
    put16(0x4000 + n % 4096);
    put16(4);
    put32(n);
}

static void interfaces(uint32_t n)
{
    if (n < 65536) {
        word(1);
        word(32);
        word(RAW_IP);
        word(0);
        word(8 << 16 | 2);
        word(0x306e7574);
        word(0x30303030 + n % 10);
        word(32);
    }
    flows(n);
}

static void quoted(uint32_t n)
{
    ip(ICMP, 8 + 48, server, client, 0, 0);
    put16(0x0303);
    put16(0);
    put32(0);
    flows(n);
}

static void mix(uint32_t n)
{
    static void (*const all[])(uint32_t n) = {
        flows,   ports,   unanswered_classic, streams,  streams,
        streams, streams, fragments,          channels, quoted};
    static uint32_t done[sizeof(all) / sizeof(all[0])];
    size_t which = n % (sizeof(all) / sizeof(all[0]));
    if (all[which] == streams)
        streams(done[3]++);
    else
        all[which](done[which]++);
}

static const struct {
    const char *name;
    void (*make)(uint32_t n);
    int ng;
} kinds[] = {
    {"one", one, 0},
    {"flows", flows, 0},
    {"ports", ports, 0},
    {"answered", answered, 0},
    {"classic", unanswered_classic, 0},
    {"streams", streams, 0},
    {"acks", acks, 0},
    {"fragments", fragments, 0},
    {"pieces", pieces, 0},
    {"channels", channels, 0},
    {"interfaces", interfaces, 1},
    {"quoted", quoted, 0},
    {"mix", mix, 0},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
        ng = kinds[i].ng;
        start_file();
        for (uint32_t n = 0; n < count; n++) {
            kinds[i].make(n);
            end_packet(n < 65536 ? n : 65535);
        }
        return ferror(stdout) || fflush(stdout) != 0;
    }
    fprintf(stderr, "usage: flows KIND PACKETS\n");
    return 2;
}
