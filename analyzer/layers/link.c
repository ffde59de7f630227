/* Link layers, each down to the ethertype or IP header behind it. */
#include <string.h>

#include "layers_private.h"

enum {
    ETHERTYPE_MIN = 0x600, /* less is a length */
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_TEB = 0x6558, /* Ethernet in GRE or Geneve */
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_UPSTREAM = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_PPP = 0x880b, /* in GRE version 1 */
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD1 = 0x9100,
    ETHERTYPE_QINQ_OLD2 = 0x9200,
    ETHERTYPE_QINQ_OLD3 = 0x9300,
    ETHERNET_BYTES = 14,
    VLAN_BYTES = 4,
    VLAN_ID = 0xfff,
    SNAP_BYTES = 8,
    PPPOE_BYTES = 6,
    MPLS_BYTES = 4,
    MPLS_LABELS_MAX = 16,
    MPLS_BOTTOM = 0x100,
    SLL_BYTES = 16,
    SLL2_BYTES = 20,
    SLL_OUTGOING = 4,
    SLL_OTHERHOST = 3,
    SLL_LLC = 4, /* protocol: 802.2, no ethertype */
    PPP_IPV4 = 0x21,
    PPP_IPV6 = 0x57,
    PPP_MPLS = 0x281,
};

static const uint8_t snap_ethertype[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};

/* 802.2 LLC: only SNAP with an ethertype can hold IP. */
static int step_llc(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < SNAP_BYTES || memcmp(view->at, snap_ethertype, sizeof(snap_ethertype)) != 0)
        return walk_end(LAYERS_NOT_IP);
    walk->number = be16(view->at + 6);
    view_skip(view, SNAP_BYTES);
    return walk->number < ETHERTYPE_MIN ? walk_end(LAYERS_NOT_IP) : (int)STEP_ETHERTYPE;
}

int link_step_ethernet(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < ETHERNET_BYTES)
        return walk_short(walk, ETHERNET_BYTES);
    walk->number = be16(view->at + 12);
    view_skip(view, ETHERNET_BYTES);
    return walk->number < ETHERTYPE_MIN ? step_llc(walk) : (int)STEP_ETHERTYPE;
}

static int step_vlan(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < VLAN_BYTES)
        return walk_short(walk, VLAN_BYTES);
    /* A tag inside a tunnel is not the link's. */
    if (walk->out->vlan == 0 && walk->depth == 0)
        walk->out->vlan = be16(view->at) & VLAN_ID;
    walk->number = be16(view->at + 2);
    view_skip(view, VLAN_BYTES);
    return walk->number < ETHERTYPE_MIN ? step_llc(walk) : (int)STEP_ETHERTYPE;
}

/* RFC 3032 does not say what lies below the last label; IP's version tells, anything else may be
 * Ethernet and is left alone. */
static int step_mpls(struct walk *walk)
{
    struct view *view = &walk->view;

    for (int i = 0; i < MPLS_LABELS_MAX; i++) {
        if (view->have < MPLS_BYTES)
            return walk_short(walk, MPLS_BYTES);
        uint32_t label = be32(view->at);
        view_skip(view, MPLS_BYTES);
        if (label & MPLS_BOTTOM)
            return view->have > 0 && (view->at[0] >> 4 == 4 || view->at[0] >> 4 == 6)
                       ? (int)STEP_IP
                       : walk_end(LAYERS_NOT_IP);
    }
    return walk_end(LAYERS_TOO_DEEP);
}

/* A session packet, RFC 2516: version and type 1, code 0, a length that leaves Ethernet's padding
 * out. */
static int step_pppoe(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < PPPOE_BYTES)
        return walk_short(walk, PPPOE_BYTES);
    if (view->at[0] != 0x11 || view->at[1] != 0)
        return walk_end(LAYERS_NOT_IP);
    uint32_t len = be16(view->at + 4);
    view_skip(view, PPPOE_BYTES);
    if (len > view->full)
        return walk_end(LAYERS_MALFORMED);
    view_limit(view, len);
    return STEP_PPP;
}

int link_step_ethertype(struct walk *walk)
{
    switch (walk->number) {
    case ETHERTYPE_IPV4:
        return STEP_IPV4;
    case ETHERTYPE_IPV6:
        return STEP_IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD1:
    case ETHERTYPE_QINQ_OLD2:
    case ETHERTYPE_QINQ_OLD3:
        return step_vlan(walk);
    case ETHERTYPE_PPPOE:
        return step_pppoe(walk);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
        return step_mpls(walk);
    case ETHERTYPE_TEB:
        return STEP_ETHERNET;
    case ETHERTYPE_PPP:
        return STEP_PPP;
    default:
        return walk_end(LAYERS_NOT_IP);
    }
}

int link_step_ppp(struct walk *walk)
{
    struct view *view = &walk->view;
    uint32_t bytes = 2;

    if (view->have >= 2 && view->at[0] == 0xff && view->at[1] == 0x03)
        view_skip(view, 2);
    if (view->have < bytes)
        return walk_short(walk, bytes);
    /* RFC 1661 section 6.5: the first byte of a protocol is even, unless it was left out. */
    uint16_t protocol = be16(view->at);
    if (view->at[0] & 1) {
        protocol = view->at[0];
        bytes = 1;
    }
    view_skip(view, bytes);
    switch (protocol) {
    case PPP_IPV4:
        return STEP_IPV4;
    case PPP_IPV6:
        return STEP_IPV6;
    case PPP_MPLS:
        return step_mpls(walk);
    default:
        return walk_end(LAYERS_NOT_IP);
    }
}

static int link_ethernet(struct walk *walk)
{
    return link_step_ethernet(walk);
}

static int link_raw(struct walk *walk)
{
    (void)walk;
    return STEP_IP;
}

static int link_ipv4(struct walk *walk)
{
    (void)walk;
    return STEP_IPV4;
}

static int link_ipv6(struct walk *walk)
{
    (void)walk;
    return STEP_IPV6;
}

static int link_ppp(struct walk *walk)
{
    (void)walk;
    return STEP_PPP;
}

static int link_pppoe(struct walk *walk)
{
    return step_pppoe(walk);
}

static int link_cisco_hdlc(struct walk *walk)
{
    struct view *view = &walk->view;

    if (view->have < 4)
        return walk_short(walk, 4);
    walk->number = be16(view->at + 2);
    view_skip(view, 4);
    return STEP_ETHERTYPE;
}

/* RFC 1662's address and control bytes, or Cisco's. */
static int link_ppp_serial(struct walk *walk)
{
    if (walk->view.have > 0 && (walk->view.at[0] == 0x0f || walk->view.at[0] == 0x8f))
        return link_cisco_hdlc(walk);
    return STEP_PPP;
}

/* The address family in front is the capturing system's own number: AF_INET is 2 everywhere,
 * AF_INET6 is not. */
static int step_family(struct walk *walk, uint32_t family)
{
    enum {
        FAMILY_INET = 2,
        INET6_LINUX = 10,
        INET6_WINDOWS = 23,
        INET6_NETBSD = 24,
        INET6_FREEBSD = 28,
        INET6_DARWIN = 30
    };

    view_skip(&walk->view, 4);
    switch (family) {
    case FAMILY_INET:
        return STEP_IPV4;
    case INET6_LINUX:
    case INET6_WINDOWS:
    case INET6_NETBSD:
    case INET6_FREEBSD:
    case INET6_DARWIN:
        return STEP_IPV6;
    default:
        return walk_end(LAYERS_NOT_IP);
    }
}

/* In the byte order of the capturing machine, which the file may not share; families are small
 * numbers. */
static int link_null(struct walk *walk)
{
    if (walk->view.have < 4)
        return walk_short(walk, 4);
    uint32_t family = be32(walk->view.at);
    return step_family(walk, family > UINT16_MAX ? __builtin_bswap32(family) : family);
}

static int link_loop(struct walk *walk)
{
    if (walk->view.have < 4)
        return walk_short(walk, 4);
    return step_family(walk, be32(walk->view.at));
}

/* To someone else, and seen only because the card was promiscuous: neither in nor out. */
static void take_direction(struct walk *walk, uint16_t type)
{
    if (walk->out->direction != PACKET_DIRECTION_UNKNOWN || type == SLL_OTHERHOST)
        return;
    if (type == SLL_OUTGOING)
        walk->out->direction = PACKET_OUT;
    else if (type < SLL_OTHERHOST)
        walk->out->direction = PACKET_IN;
}

static int step_cooked(struct walk *walk, uint16_t protocol, uint16_t hardware)
{
    enum { ARPHRD_IEEE80211_FIRST = 801, ARPHRD_IEEE80211_LAST = 804, ARPHRD_NETLINK_TYPE = 824 };

    /* There the protocol is no ethertype. */
    if ((hardware >= ARPHRD_IEEE80211_FIRST && hardware <= ARPHRD_IEEE80211_LAST) ||
        hardware == ARPHRD_NETLINK_TYPE)
        return walk_end(LAYERS_NOT_IP);
    if (protocol == SLL_LLC)
        return step_llc(walk);
    walk->number = protocol;
    return STEP_ETHERTYPE;
}

static int link_sll(struct walk *walk)
{
    const uint8_t *p = walk->view.at;

    if (walk->view.have < SLL_BYTES)
        return walk_short(walk, SLL_BYTES);
    view_skip(&walk->view, SLL_BYTES);
    take_direction(walk, be16(p));
    return step_cooked(walk, be16(p + 14), be16(p + 2));
}

static int link_sll2(struct walk *walk)
{
    const uint8_t *p = walk->view.at;

    if (walk->view.have < SLL2_BYTES)
        return walk_short(walk, SLL2_BYTES);
    view_skip(&walk->view, SLL2_BYTES);
    walk->out->ifindex = be32(p + 4);
    take_direction(walk, p[10]);
    return step_cooked(walk, be16(p), be16(p + 8));
}

int link_first(struct walk *walk)
{
    switch (walk->packet->iface->link_type) {
#define LINK(number, function, name)                                                               \
    case number:                                                                                   \
        return function(walk);
#include "linktypes.def"
#undef LINK
    default:
        return walk_end(LAYERS_UNKNOWN_LINK);
    }
}

const char *layers_link_name(uint16_t link_type)
{
    switch (link_type) {
#define LINK(number, function, name)                                                               \
    case number:                                                                                   \
        return name;
#include "linktypes.def"
#undef LINK
    default:
        return NULL;
    }
}
