/*
 * The short way through the layers, for what most packets are: Ethernet with or without tags, IPv4
 * without options or IPv6 without extension headers, UDP or TCP, no fragment, nothing cut off.
 *
 * The general walk remembers where it is between its steps, which costs three times what reading
 * these headers costs. Whatever has a length, a port or a bit that is not plain goes there; nothing
 * is refused here. test_plain.c and fuzz_layers hold both ways to the same answers.
 */
#include <string.h>

#include "layers_private.h"

enum {
    LINK_ETHERNET = 1,
    ETHERNET_BYTES = 14,
    ETHERTYPE_AT = 12,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88a8,
    TAGS_MAX = 2,
    TAG_BYTES = 4,
    VLAN_ID = 0xfff,
    IPV4_BYTES = 20,
    IPV4_NO_OPTIONS = 0x45,
    IPV4_FRAGMENT = 0x3fff, /* more, or an offset */
    IPV6_BYTES = 40,
    UDP_BYTES = 8,
    TCP_BYTES = 20,
};

/* What stands behind the headers so far, all of it there, with Ethernet's padding at its end until
 * IP's length is known. */
struct rest {
    const uint8_t *at;
    uint32_t len;
};

static void rest_skip(struct rest *rest, uint32_t n)
{
    rest->at += n;
    rest->len -= n;
}

/* The ethertype behind the tags; 0 where the walk has to look. */
static uint16_t skip_ethernet(struct rest *rest, uint16_t *vlan)
{
    uint16_t type;

    *vlan = 0;
    if (rest->len < ETHERNET_BYTES + TAGS_MAX * TAG_BYTES)
        return 0;
    type = be16(rest->at + ETHERTYPE_AT);
    rest_skip(rest, ETHERNET_BYTES);
    for (int i = 0; i < TAGS_MAX && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ); i++) {
        if (*vlan == 0)
            *vlan = be16(rest->at) & VLAN_ID;
        type = be16(rest->at + 2);
        rest_skip(rest, TAG_BYTES);
    }
    return type;
}

/* Zeros first and the address over them: bytes put together in a register would have to be waited
 * for when they are read back in larger pieces. */
static void set_ipv4(struct netaddr *addr, const uint8_t *ip)
{
    *addr = (struct netaddr){.family = NETADDR_IPV4};
    memcpy(addr->ip, ip, 4);
}

static void set_ipv6(struct netaddr *addr, const uint8_t *ip)
{
    *addr = (struct netaddr){.family = NETADDR_IPV6};
    memcpy(addr->ip, ip, sizeof(addr->ip));
}

static bool skip_ipv4(struct rest *rest, struct datagram *out)
{
    const uint8_t *p = rest->at;

    if (rest->len < IPV4_BYTES || p[0] != IPV4_NO_OPTIONS || (be16(p + 6) & IPV4_FRAGMENT) != 0)
        return false;
    uint32_t total = be16(p + 2);
    if (total < IPV4_BYTES || total > rest->len)
        return false;
    rest->len = total;
    out->protocol = p[9];
    set_ipv4(&out->src, p + 12);
    set_ipv4(&out->dst, p + 16);
    rest_skip(rest, IPV4_BYTES);
    return true;
}

static bool skip_ipv6(struct rest *rest, struct datagram *out)
{
    const uint8_t *p = rest->at;

    /* Among addresses that begin with zeros are IPv4's in IPv6 form. */
    if (rest->len < IPV6_BYTES || p[0] >> 4 != 6 || be32(p + 8) == 0 || be32(p + 24) == 0)
        return false;
    uint32_t len = be16(p + 4);
    if (len == 0 || len > rest->len - IPV6_BYTES)
        return false;
    out->protocol = p[6];
    set_ipv6(&out->src, p + 8);
    set_ipv6(&out->dst, p + 24);
    rest_skip(rest, IPV6_BYTES);
    rest->len = len;
    return true;
}

static bool skip_udp(struct rest *rest, struct datagram *out)
{
    const uint8_t *p = rest->at;

    if (rest->len < UDP_BYTES)
        return false;
    uint32_t len = be16(p + 4);
    out->src.port = be16(p);
    out->dst.port = be16(p + 2);
    if (len < UDP_BYTES || len > rest->len || tunnel_port(out))
        return false;
    rest->len = len;
    out->seq = out->ack = 0;
    out->tcp_flags = 0;
    rest_skip(rest, UDP_BYTES);
    return true;
}

static bool skip_tcp(struct rest *rest, struct datagram *out)
{
    const uint8_t *p = rest->at;

    if (rest->len < TCP_BYTES)
        return false;
    uint32_t header = (p[12] >> 4) * 4U;
    if (header < TCP_BYTES || header > rest->len)
        return false;
    out->src.port = be16(p);
    out->dst.port = be16(p + 2);
    out->seq = be32(p + 4);
    out->ack = be32(p + 8);
    out->tcp_flags = p[13];
    rest_skip(rest, header);
    return true;
}

static bool skip_ip(struct rest *rest, uint16_t ethertype, struct datagram *out)
{
    switch (ethertype) {
    case ETHERTYPE_IPV4:
        return skip_ipv4(rest, out);
    case ETHERTYPE_IPV6:
        return skip_ipv6(rest, out);
    default:
        return false;
    }
}

static bool skip_transport(struct rest *rest, struct datagram *out)
{
    switch (out->protocol) {
    case DATAGRAM_UDP:
        return skip_udp(rest, out);
    case DATAGRAM_TCP:
        return skip_tcp(rest, out);
    default:
        return false;
    }
}

bool plain_datagram(const struct packet *packet, struct datagram *out)
{
    const struct packet_iface *iface = packet->iface;
    struct rest rest = {packet->data, packet->caplen};

    if (iface->link_type != LINK_ETHERNET ||
        !skip_ip(&rest, skip_ethernet(&rest, &out->vlan), out) || !skip_transport(&rest, out))
        return false;
    /* Each field by itself: to set all of a struct this large to zero first would cost more. */
    out->packet = packet;
    out->label = DATAGRAM_DIRECT;
    out->reassembled = false;
    out->ifindex = iface->ifindex;
    out->direction = (uint8_t)packet->direction;
    out->payload = rest.at;
    out->payload_len = rest.len;
    out->payload_full = rest.len;
    return true;
}
