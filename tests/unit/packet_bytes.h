/*
 * Packets built from the inside out: each wrap_ function puts its header in front of what is there.
 */
#ifndef RTCSHIM_TESTS_PACKET_BYTES_H
#define RTCSHIM_TESTS_PACKET_BYTES_H

#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "layers.h"

enum { PKT_ROOM = 70000, PKT_UDP = 17, PKT_TCP = 6, PKT_IPV4 = 0x0800, PKT_IPV6 = 0x86dd };

struct pkt {
    uint32_t start; /* what is there begins here and goes to the end of bytes */
    uint8_t bytes[PKT_ROOM];
};

static inline uint32_t pkt_len(const struct pkt *p)
{
    return PKT_ROOM - p->start;
}

static inline uint8_t *pkt_at(struct pkt *p)
{
    return p->bytes + p->start;
}

static inline void pkt_set(struct pkt *p, const void *payload, uint32_t len)
{
    p->start = PKT_ROOM - len;
    memcpy(p->bytes + p->start, payload, len);
}

/* Room for a header of n zero bytes. */
static inline uint8_t *pkt_wrap(struct pkt *p, uint32_t n)
{
    p->start -= n;
    memset(p->bytes + p->start, 0, n);
    return p->bytes + p->start;
}

static inline void pkt_wrap_bytes(struct pkt *p, const void *bytes, uint32_t n)
{
    memcpy(pkt_wrap(p, n), bytes, n);
}

static inline void wrap_udp(struct pkt *p, uint16_t from, uint16_t to)
{
    uint32_t len = pkt_len(p) + 8;
    uint8_t *h = pkt_wrap(p, 8);

    put_be16(h, from);
    put_be16(h + 2, to);
    put_be16(h + 4, (uint16_t)len);
}

static inline void wrap_tcp(struct pkt *p, uint16_t from, uint16_t to, uint32_t options)
{
    uint8_t *h = pkt_wrap(p, 20 + options);

    put_be16(h, from);
    put_be16(h + 2, to);
    put_be32(h + 4, 0x11223344);
    put_be32(h + 8, 0x55667788);
    h[12] = (uint8_t)((20 + options) / 4 << 4);
    h[13] = 0x18;
}

/* 10.0.0.1 -> 192.0.2.9 */
static inline void wrap_ipv4(struct pkt *p, uint8_t protocol, uint32_t options)
{
    uint32_t len = pkt_len(p) + 20 + options;
    uint8_t *h = pkt_wrap(p, 20 + options);

    h[0] = (uint8_t)(0x40 | (20 + options) / 4);
    put_be16(h + 2, (uint16_t)len);
    h[8] = 64;
    h[9] = protocol;
    memcpy(h + 12, "\x0a\0\0\x01\xc0\0\x02\x09", 8);
}

/* 2001:db8::1 -> 2001:db8::9 */
static inline void wrap_ipv6(struct pkt *p, uint8_t next)
{
    uint32_t len = pkt_len(p);
    uint8_t *h = pkt_wrap(p, 40);

    h[0] = 0x60;
    put_be16(h + 4, (uint16_t)len);
    h[6] = next;
    h[7] = 64;
    put_be32(h + 8, 0x20010db8);
    h[23] = 1;
    put_be32(h + 24, 0x20010db8);
    h[39] = 9;
}

static inline void wrap_ethernet(struct pkt *p, uint16_t ethertype)
{
    put_be16(pkt_wrap(p, 14) + 12, ethertype);
}

static inline void wrap_vlan(struct pkt *p, uint16_t id, uint16_t ethertype)
{
    uint8_t *h = pkt_wrap(p, 4);

    put_be16(h, id);
    put_be16(h + 2, ethertype);
}

/* "payload" from port 1111 to 2222 in UDP, the way in by IPv4 or IPv6. */
static inline void pkt_udp(struct pkt *p, bool ipv6)
{
    pkt_set(p, "payload", 7);
    wrap_udp(p, 1111, 2222);
    if (ipv6)
        wrap_ipv6(p, PKT_UDP);
    else
        wrap_ipv4(p, PKT_UDP, 0);
}

/* What one packet comes to, cut to caplen bytes. */
struct taken {
    bool is;
    enum layers_result result;
    struct packet_iface iface;
    struct packet packet;
    struct datagram datagram;
};

static inline void take(struct layers *layers, struct pkt *p, uint16_t link_type, uint32_t caplen,
                        struct taken *out)
{
    struct layers_counts before = *layers_counts(layers);

    *out = (struct taken){.iface = {.link_type = link_type, .ifindex = 42}};
    out->packet = (struct packet){
        .data = pkt_at(p), .caplen = caplen, .len = pkt_len(p), .iface = &out->iface};
    out->is = layers_datagram(layers, &out->packet, &out->datagram);
    for (int i = 0; i < LAYERS_RESULTS; i++)
        if (layers_counts(layers)->results[i] != before.results[i])
            out->result = (enum layers_result)i;
}

#endif
