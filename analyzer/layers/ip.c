/* IPv4 and IPv6 headers, options, extension headers and fragments. */
#include <string.h>

#include "layers_private.h"

enum {
    IPV4_MIN_BYTES = 20,
    IPV4_MORE = 0x2000,
    IPV4_OFFSET = 0x1fff,
    IPV6_BYTES = 40,
    IPV6_MORE = 1,
    FRAGMENT_UNIT = 8,
    FRAGMENT_HEADER_BYTES = 8,
    EXTENSION_MIN_BYTES = 8,
};

enum protocol {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IPIP = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_AH = 51,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_HIP = 139,
    PROTOCOL_SHIM6 = 140,
};

/*
 * One fragment goes to the table; the last one makes the walk go on in the whole. Fragments with
 * the same addresses on two interfaces, in two VLANs or at two depths are copies of each other, so
 * these belong to the key.
 */
static int take_fragment(struct walk *walk, uint32_t id, uint32_t offset, bool more)
{
    const struct datagram *out = walk->out;
    struct view *view = &walk->view;
    struct fragment fragment = {
        .offset = offset, .more = more, .protocol = (uint8_t)walk->number, .data = view->at};
    struct fragment_key *key = &fragment.key;
    const uint8_t *whole;
    uint32_t len;

    /* An ICMP error quotes the first bytes of one fragment; no other will ever come. */
    if (out->label == DATAGRAM_QUOTED)
        return offset == 0 ? (int)STEP_PROTOCOL : walk_end(LAYERS_OTHER_PROTOCOL);
    if (view->have < view->full)
        return walk_end(LAYERS_CUT);
    fragment.len = view->have;
    memcpy(key->src, out->src.ip, sizeof(key->src));
    memcpy(key->dst, out->dst.ip, sizeof(key->dst));
    key->id = id;
    key->iface = walk->packet->iface->number;
    key->ifindex = out->ifindex;
    key->vlan = out->vlan;
    key->depth = walk->depth;
    /* IPv6's identification is not counted by protocol: only the first fragment knows it. */
    key->protocol = walk->ipv6 ? PROTOCOL_FRAGMENT : fragment.protocol;

    switch (fragments_add(layers_fragments(walk->layers), &fragment, walk->packet->time_ns, &whole,
                          &len, &fragment.protocol)) {
    case FRAGMENTS_KEPT:
        return walk_end(LAYERS_FRAGMENT);
    case FRAGMENTS_REFUSED:
        return walk_end(LAYERS_FRAGMENT_REFUSED);
    default:
        break;
    }
    *view = (struct view){whole, len, len};
    walk->number = fragment.protocol;
    walk->out->reassembled = true;
    return STEP_PROTOCOL;
}

/*
 * What a packet says is its length. On the link itself more than the frame had may be a card's or a
 * capture's doing, and is taken for a cut; a quotation is cut by its nature; but in a tunnel it is
 * no packet.
 */
static bool take_length(struct walk *walk, uint32_t len)
{
    if (len > walk->view.full && walk->depth > 0 && walk->out->label != DATAGRAM_QUOTED)
        return false;
    view_limit(&walk->view, len);
    return true;
}

int ip_step_ipv4(struct walk *walk)
{
    struct view *view = &walk->view;
    const uint8_t *p = view->at;

    if (view->have < IPV4_MIN_BYTES)
        return walk_short(walk, IPV4_MIN_BYTES);
    uint32_t header = (p[0] & 0xfU) * 4;
    uint32_t total = be16(p + 2);
    if (p[0] >> 4 != 4 || header < IPV4_MIN_BYTES)
        return walk_end(LAYERS_MALFORMED);
    /* 0: the card cuts it into segments later, and the kernel did not say. */
    if (total == 0)
        total = view->full;
    if (total < header || !take_length(walk, total))
        return walk_end(LAYERS_MALFORMED);
    if (view->have < header)
        return walk_short(walk, header);
    view_skip(view, header);

    struct datagram *out = walk->out;
    walk->ipv6 = false;
    out->src = (struct netaddr){.ip = {p[12], p[13], p[14], p[15]}, .family = NETADDR_IPV4};
    out->dst = (struct netaddr){.ip = {p[16], p[17], p[18], p[19]}, .family = NETADDR_IPV4};
    walk->number = p[9];
    uint16_t fragment = be16(p + 6);
    if (fragment & (IPV4_MORE | IPV4_OFFSET))
        return take_fragment(walk, be16(p + 4), (fragment & (uint32_t)IPV4_OFFSET) * FRAGMENT_UNIT,
                             fragment & IPV4_MORE);
    return STEP_PROTOCOL;
}

int ip_step_ipv6(struct walk *walk)
{
    struct view *view = &walk->view;
    const uint8_t *p = view->at;

    if (view->have < IPV6_BYTES)
        return walk_short(walk, IPV6_BYTES);
    if (p[0] >> 4 != 6)
        return walk_end(LAYERS_MALFORMED);
    uint32_t len = be16(p + 4);
    view_skip(view, IPV6_BYTES);
    /* 0: a jumbogram, or segmented by the card. */
    if (len != 0 && !take_length(walk, len))
        return walk_end(LAYERS_MALFORMED);

    walk->ipv6 = true;
    walk->out->src = netaddr_from_bytes(p + 8, 16, 0);
    walk->out->dst = netaddr_from_bytes(p + 24, 16, 0);
    walk->number = p[6];
    return STEP_PROTOCOL;
}

int ip_step(struct walk *walk)
{
    if (walk->view.have == 0)
        return walk_short(walk, 1);
    switch (walk->view.at[0] >> 4) {
    case 4:
        return STEP_IPV4;
    case 6:
        return STEP_IPV6;
    default:
        return walk_end(LAYERS_NOT_IP);
    }
}

/* A header that says how long it is in its second byte: bias and unit differ. */
static int step_extension(struct walk *walk, uint32_t bias, uint32_t unit)
{
    struct view *view = &walk->view;

    if (view->have < EXTENSION_MIN_BYTES)
        return walk_short(walk, EXTENSION_MIN_BYTES);
    uint32_t len = (view->at[1] + bias) * unit;
    if (view->have < len)
        return walk_short(walk, len);
    walk->number = view->at[0];
    view_skip(view, len);
    return STEP_PROTOCOL;
}

static int step_fragment_header(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < FRAGMENT_HEADER_BYTES)
        return walk_short(walk, FRAGMENT_HEADER_BYTES);
    uint32_t field = be16(view->at + 2);
    uint32_t id = be32(view->at + 4);
    walk->number = view->at[0];
    view_skip(view, FRAGMENT_HEADER_BYTES);
    /* RFC 6946: a fragment that is the whole is no fragment. */
    if ((field & ~6U) == 0)
        return STEP_PROTOCOL;
    return take_fragment(walk, id, field & ~7U, field & IPV6_MORE);
}

static int step_tunnelled(struct walk *walk, int step)
{
    return walk_enter(walk, DATAGRAM_TUNNELLED) ? step : walk_end(LAYERS_TOO_DEEP);
}

int ip_step_protocol(struct walk *walk)
{
    switch (walk->number) {
    case PROTOCOL_UDP:
        return transport_udp(walk);
    case PROTOCOL_TCP:
        return transport_tcp(walk);
    case PROTOCOL_ICMP:
        return walk->ipv6 ? walk_end(LAYERS_OTHER_PROTOCOL) : transport_icmp(walk);
    case PROTOCOL_ICMPV6:
        return walk->ipv6 ? transport_icmpv6(walk) : walk_end(LAYERS_OTHER_PROTOCOL);
    case PROTOCOL_IPIP:
        return step_tunnelled(walk, STEP_IPV4);
    case PROTOCOL_IPV6:
        return step_tunnelled(walk, STEP_IPV6);
    case PROTOCOL_GRE:
        return tunnel_gre(walk);
    case PROTOCOL_AH:
        return step_extension(walk, 2, 4);
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
        return walk->ipv6 ? step_extension(walk, 1, 8) : walk_end(LAYERS_OTHER_PROTOCOL);
    case PROTOCOL_FRAGMENT:
        return walk->ipv6 ? step_fragment_header(walk) : walk_end(LAYERS_OTHER_PROTOCOL);
    default:
        return walk_end(LAYERS_OTHER_PROTOCOL);
    }
}
