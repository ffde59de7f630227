/* UDP, TCP, and the ICMP errors that quote them. */
#include "layers_private.h"

enum {
    UDP_BYTES = 8,
    TCP_MIN_BYTES = 20,
    ICMP_BYTES = 8, /* in front of what an error quotes */
};

int transport_udp(struct walk *walk)
{
    struct view *view = &walk->view;
    struct datagram *out = walk->out;
    const uint8_t *p = view->at;

    if (view->have < UDP_BYTES)
        return walk_short(walk, UDP_BYTES);
    uint32_t len = be16(p + 4);
    /* 0: an IPv6 jumbogram. A quotation may be shorter than what it quotes. */
    if (len == 0 && walk->ipv6)
        len = view->full;
    if (len < UDP_BYTES || (len > view->full && out->label != DATAGRAM_QUOTED))
        return walk_end(LAYERS_MALFORMED);
    view_limit(view, len);
    view_skip(view, UDP_BYTES);
    out->protocol = DATAGRAM_UDP;
    out->src.port = be16(p);
    out->dst.port = be16(p + 2);
    out->payload = view->at;
    out->payload_len = view->have;
    out->payload_full = view->full;
    (void)tunnel_udp(walk);
    return walk_end(LAYERS_DATAGRAM);
}

int transport_tcp(struct walk *walk)
{
    struct view *view = &walk->view;
    struct datagram *out = walk->out;
    const uint8_t *p = view->at;

    if (view->have < TCP_MIN_BYTES)
        return walk_short(walk, TCP_MIN_BYTES);
    uint32_t header = (p[12] >> 4) * 4U;
    if (header < TCP_MIN_BYTES || header > view->full)
        return walk_end(LAYERS_MALFORMED);
    /* Options that were cut off: nothing of the payload is there, but its length is known. */
    uint32_t there = header < view->have ? header : view->have;
    view->at += there;
    view->have -= there;
    view->full -= header;
    out->protocol = DATAGRAM_TCP;
    out->src.port = be16(p);
    out->dst.port = be16(p + 2);
    out->seq = be32(p + 4);
    out->ack = be32(p + 8);
    out->tcp_flags = p[13];
    out->payload = view->at;
    out->payload_len = view->have;
    out->payload_full = view->full;
    return walk_end(LAYERS_DATAGRAM);
}

static int step_quoted(struct walk *walk, int step)
{
    if (walk->view.have < ICMP_BYTES)
        return walk_short(walk, ICMP_BYTES);
    if (!walk_enter(walk, DATAGRAM_QUOTED))
        return walk_end(LAYERS_TOO_DEEP);
    view_skip(&walk->view, ICMP_BYTES);
    return step;
}

int transport_icmp(struct walk *walk)
{
    enum { UNREACHABLE = 3, QUENCH = 4, REDIRECT = 5, TIME_EXCEEDED = 11, PARAMETER = 12 };

    if (walk->view.have == 0)
        return walk_short(walk, 1);
    switch (walk->view.at[0]) {
    case UNREACHABLE:
    case QUENCH:
    case REDIRECT:
    case TIME_EXCEEDED:
    case PARAMETER:
        return step_quoted(walk, STEP_IPV4);
    default:
        return walk_end(LAYERS_OTHER_PROTOCOL);
    }
}

int transport_icmpv6(struct walk *walk)
{
    enum { UNREACHABLE = 1, PARAMETER = 4 }; /* too big and time exceeded are between them */

    if (walk->view.have == 0)
        return walk_short(walk, 1);
    if (walk->view.at[0] < UNREACHABLE || walk->view.at[0] > PARAMETER)
        return walk_end(LAYERS_OTHER_PROTOCOL);
    return step_quoted(walk, STEP_IPV6);
}
