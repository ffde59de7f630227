/*
 * What the layers share: a packet that is being taken apart, header after header.
 *
 * A layer is a function that looks at walk->view, moves it behind its own header and names what
 * comes next. No layer calls the next one, so that the depth of nesting costs no stack, and a bound
 * on the steps bounds the time.
 */
#ifndef RTCSHIM_ANALYZER_LAYERS_PRIVATE_H
#define RTCSHIM_ANALYZER_LAYERS_PRIVATE_H

#include <stdbool.h>

#include "bytes.h"
#include "fragments.h"
#include "layers.h"

/* Bytes at hand, and how many there were on the wire before the snapshot length cut: full >= have.
 */
struct view {
    const uint8_t *at;
    uint32_t have;
    uint32_t full;
};

/* What stands at the view. The results end the walk. */
enum step {
    STEP_ETHERTYPE, /* of walk->number */
    STEP_ETHERNET,
    STEP_PPP, /* the protocol field */
    STEP_IP,  /* the first four bits say which */
    STEP_IPV4,
    STEP_IPV6,
    STEP_PROTOCOL, /* of IP, in walk->number */
    STEP_RESULT,   /* + enum layers_result */
};

struct walk {
    struct layers *layers;
    const struct packet *packet;
    struct datagram *out;
    struct view view;
    uint16_t number;
    uint8_t depth;
    uint8_t steps;
    bool ipv6; /* the innermost IP header so far */
};

static inline int walk_end(enum layers_result result)
{
    return STEP_RESULT + (int)result;
}

/* Too few bytes: the capture's fault where the wire had them. */
static inline int walk_short(const struct walk *walk, uint32_t wanted)
{
    return walk_end(walk->view.full >= wanted ? LAYERS_CUT : LAYERS_MALFORMED);
}

/* n <= view->have */
static inline void view_skip(struct view *view, uint32_t n)
{
    view->at += n;
    view->have -= n;
    view->full -= n;
}

/* What lies behind the first n bytes is padding. Where n is more than there was, the view becomes
 * one that was cut. */
static inline void view_limit(struct view *view, uint32_t n)
{
    view->full = n;
    if (view->have > n)
        view->have = n;
}

/*
 * The two ways to take a packet apart. The short one knows plain packets only: false says that the
 * general one has to look, and leaves *out in pieces.
 */
bool plain_datagram(const struct packet *packet, struct datagram *out);
enum layers_result walk_datagram(struct layers *layers, const struct packet *packet,
                                 struct datagram *out);

/* Take the walk on until it ends; the datagram's label is right from the start. */
enum layers_result walk_run(struct walk *walk, int step);

/* One more tunnel or quotation around what follows. false: too many. */
bool walk_enter(struct walk *walk, enum datagram_label label);

/* All return a step, or walk_end(). */
int link_first(struct walk *walk);
int link_step_ethernet(struct walk *walk);
int link_step_ethertype(struct walk *walk);
int link_step_ppp(struct walk *walk);
int ip_step(struct walk *walk);
int ip_step_ipv4(struct walk *walk);
int ip_step_ipv6(struct walk *walk);
int ip_step_protocol(struct walk *walk);
int transport_udp(struct walk *walk);
int transport_tcp(struct walk *walk);
int transport_icmp(struct walk *walk);
int transport_icmpv6(struct walk *walk);
int tunnel_gre(struct walk *walk);

/* A tunnel of UDP might use one of these ports. */
bool tunnel_port(const struct datagram *out);

/* A UDP datagram, complete in walk->out, is a tunnel's: walk->out becomes the inner one. false: it
 * is not, walk->out stays. */
bool tunnel_udp(struct walk *walk);

struct fragments *layers_fragments(struct layers *layers);

#endif
