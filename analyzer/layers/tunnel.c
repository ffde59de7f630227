/* Tunnels: GRE on IP, and those that look like any other UDP datagram until their contents prove
 * them. */
#include "layers_private.h"

enum {
    STUN_COOKIE_AT = 4,
    STUN_BYTES = 20,
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACK = 0x0080, /* version 1 */
    GRE_VERSION = 7,
    TUNNEL_TO = 1,
    TUNNEL_EITHER = 2,
    TUNNEL_HEADER_BYTES = 8, /* VXLAN, GTP-U and Geneve have as many */
};

static const uint32_t stun_cookie = 0x2112a442;

/* RFC 2784 and 2890; version 1 is PPTP's, RFC 2637. */
int tunnel_gre(struct walk *walk)
{
    struct view *view = &walk->view;
    uint32_t len = 4;

    if (view->have < len)
        return walk_short(walk, len);
    uint16_t flags = be16(view->at);
    unsigned version = flags & GRE_VERSION;
    if (version > 1 || (flags & GRE_ROUTING))
        return walk_end(LAYERS_OTHER_PROTOCOL);
    len += flags & GRE_CHECKSUM ? 4 : 0;
    len += flags & GRE_KEY ? 4 : 0;
    len += flags & GRE_SEQUENCE ? 4 : 0;
    len += version == 1 && (flags & GRE_ACK) ? 4 : 0;
    if (view->have < len)
        return walk_short(walk, len);
    walk->number = be16(view->at + 2);
    if (!walk_enter(walk, DATAGRAM_TUNNELLED))
        return walk_end(LAYERS_TOO_DEEP);
    view_skip(view, len);
    return STEP_ETHERTYPE;
}

/* RFC 4380 section 5.1.1: an authentication header, an origin, then IPv6 to the end. */
static int tunnel_teredo(struct walk *walk)
{
    enum { AUTH_BYTES = 13, ORIGIN_BYTES = 8, IPV6_HEADER_BYTES = 40 };
    struct view *view = &walk->view;

    if (view->have >= 4 && be16(view->at) == 1) {
        uint32_t len = AUTH_BYTES + (uint32_t)view->at[2] + view->at[3];
        if (view->have < len)
            return -1;
        view_skip(view, len);
    }
    if (view->have >= ORIGIN_BYTES && be16(view->at) == 0)
        view_skip(view, ORIGIN_BYTES);
    if (view->have < IPV6_HEADER_BYTES || view->at[0] >> 4 != 6 ||
        view->full - IPV6_HEADER_BYTES != be16(view->at + 4))
        return -1;
    return STEP_IPV6;
}

/* RFC 7348: one flag, a network, and zeros. */
static int tunnel_vxlan(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < TUNNEL_HEADER_BYTES || be32(view->at) != 0x08000000 || view->at[7] != 0)
        return -1;
    view_skip(view, TUNNEL_HEADER_BYTES);
    return STEP_ETHERNET;
}

/* draft-ietf-nvo3-vxlan-gpe-13 section 3.1: version 0, a network and a next protocol, and zeros. */
static int tunnel_vxlan_gpe(struct walk *walk)
{
    enum { NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3 };
    struct view *view = &walk->view;

    if (view->have < TUNNEL_HEADER_BYTES || be32(view->at) >> 8 != 0x0c0000 || view->at[7] != 0)
        return -1;
    uint8_t next = view->at[3];
    view_skip(view, TUNNEL_HEADER_BYTES);
    switch (next) {
    case NEXT_IPV4:
        return STEP_IPV4;
    case NEXT_IPV6:
        return STEP_IPV6;
    case NEXT_ETHERNET:
        return STEP_ETHERNET;
    default:
        return -1;
    }
}

/* 3GPP TS 29.281: version 1, a G-PDU, its length; extension headers in units of four bytes. */
static int tunnel_gtpu(struct walk *walk)
{
    enum { G_PDU = 255, OPTIONAL = 7, OPTIONAL_BYTES = 4, EXTENSION = 4, EXTENSIONS_MAX = 8 };
    struct view *view = &walk->view;

    if (view->have < TUNNEL_HEADER_BYTES || (view->at[0] & 0xf8) != 0x30 || view->at[1] != G_PDU ||
        be16(view->at + 2) != view->full - TUNNEL_HEADER_BYTES)
        return -1;
    uint8_t flags = view->at[0] & OPTIONAL;
    view_skip(view, TUNNEL_HEADER_BYTES);
    if (flags == 0)
        return STEP_IP;
    if (view->have < OPTIONAL_BYTES)
        return -1;
    uint8_t next = flags & EXTENSION ? view->at[3] : 0;
    view_skip(view, OPTIONAL_BYTES);
    for (int i = 0; next != 0; i++) {
        uint32_t len = view->have > 0 ? view->at[0] * 4U : 0;
        if (i == EXTENSIONS_MAX || len == 0 || view->have < len)
            return -1;
        next = view->at[len - 1];
        view_skip(view, len);
    }
    return STEP_IP;
}

/* RFC 8926: version 0, no control packet, reserved bits 0. */
static int tunnel_geneve(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < TUNNEL_HEADER_BYTES || (view->at[0] & 0xc0) != 0 ||
        (view->at[1] & 0xbf) != 0 || view->at[7] != 0)
        return -1;
    uint32_t len = TUNNEL_HEADER_BYTES + (view->at[0] & 0x3fU) * 4;
    if (view->have < len)
        return -1;
    walk->number = be16(view->at + 2);
    view_skip(view, len);
    return STEP_ETHERTYPE;
}

static int tunnel_first(struct walk *walk)
{
    const struct datagram *out = walk->out;

#define TUNNEL(number, way, function)                                                              \
    if (out->dst.port == (number) || ((way) == TUNNEL_EITHER && out->src.port == (number)))        \
        return function(walk);
#include "tunnels.def"
#undef TUNNEL
    return -1;
}

bool tunnel_port(const struct datagram *out)
{
#define TUNNEL(number, way, function)                                                              \
    if (out->dst.port == (number) || ((way) == TUNNEL_EITHER && out->src.port == (number)))        \
        return true;
#include "tunnels.def"
#undef TUNNEL
    return false;
}

bool tunnel_udp(struct walk *walk)
{
    if (!tunnel_port(walk->out))
        return false;
    /* STUN may use any port, these too. */
    if (walk->view.have >= STUN_BYTES && walk->view.at[0] < 4 &&
        be32(walk->view.at + STUN_COOKIE_AT) == stun_cookie)
        return false;

    struct walk inner = *walk;
    struct datagram found = *walk->out;
    int step;
    inner.out = &found;
    if (!walk_enter(&inner, DATAGRAM_TUNNELLED) || (step = tunnel_first(&inner)) < 0)
        return false;
    if (walk_run(&inner, step) != LAYERS_DATAGRAM)
        return false;
    *walk->out = found;
    return true;
}
