/*
 * Datagrams for tests of what comes after the layers, and STUN messages to put into them.
 */
#ifndef RTCSHIM_TESTS_DATAGRAM_BYTES_H
#define RTCSHIM_TESTS_DATAGRAM_BYTES_H

#include <string.h>

#include "datagram.h"
#include "stun_integrity.h"

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_ACK = 16,
};

static const struct packet_iface test_iface = {.link_type = 1, .name = "eth0"};

static inline struct netaddr test_addr(uint8_t last, uint16_t port)
{
    return netaddr_from_bytes((const uint8_t[]){192, 0, 2, last}, 4, port);
}

/* A packet and the datagram in it; d points to packet. */
struct test_datagram {
    struct packet packet;
    struct datagram d;
};

/* Between 192.0.2.from and 192.0.2.to, both on port 5000 + the last byte. */
static inline struct datagram *test_udp(struct test_datagram *t, uint8_t from, uint8_t to,
                                        const uint8_t *payload, size_t len)
{
    static uint64_t frame;
    *t = (struct test_datagram){
        .packet = {.time_ns = UINT64_C(1700000000000000000) + frame * 1000000,
                   .frame = frame + 1,
                   .iface = &test_iface},
        .d = {.src = test_addr(from, 5000u + from),
              .dst = test_addr(to, 5000u + to),
              .protocol = DATAGRAM_UDP,
              .payload = payload,
              .payload_len = (uint32_t)len,
              .payload_full = (uint32_t)len},
    };
    frame++;
    t->d.packet = &t->packet;
    return &t->d;
}

static inline struct datagram *test_tcp(struct test_datagram *t, uint8_t from, uint8_t to,
                                        uint32_t seq, uint8_t flags, const uint8_t *payload,
                                        size_t len)
{
    test_udp(t, from, to, payload, len);
    t->d.protocol = DATAGRAM_TCP;
    t->d.seq = seq;
    t->d.tcp_flags = flags;
    return &t->d;
}

/* A message with that number in its transaction id, and SOFTWARE of text bytes. */
static inline size_t test_message(uint8_t *out, size_t size, enum stun_class cls, uint8_t number,
                                  size_t text)
{
    static const char filler[1024] = "";
    const uint8_t txid[STUN_TXID_BYTES] = {[11] = number};
    struct stun_builder b;
    stun_build(&b, out, size, STUN_METHOD_BINDING, cls, txid);
    if (text > 0)
        stun_add_bytes(&b, STUN_ATTR_SOFTWARE, filler, text);
    return b.len;
}

#endif
