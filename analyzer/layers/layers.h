/*
 * From a captured packet to the UDP datagram or TCP segment in it: link layer, IP, fragments,
 * tunnels, ICMP errors.
 *
 * Lengths are checked, checksums are not: a machine that leaves them to its network card captures
 * what it sends without them. Memory is bounded (LAYERS_FRAGMENT_BYTES_MAX and a few KiB), and no
 * input makes a packet cost more than a small constant.
 */
#ifndef RTCSHIM_ANALYZER_LAYERS_H
#define RTCSHIM_ANALYZER_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "datagram.h"

enum {
    LAYERS_DEPTH_MAX = 5,                /* tunnels and ICMP quotations, one in another */
    LAYERS_STEPS_MAX = 48,               /* headers of a packet, all layers together */
    LAYERS_FRAGMENT_BYTES_MAX = 8 << 20, /* fragments that wait for others */
};

/* What became of a packet. Each packet counts once. */
enum layers_result {
    LAYERS_DATAGRAM,         /* layers_datagram() said true */
    LAYERS_FRAGMENT,         /* kept until the others come */
    LAYERS_FRAGMENT_REFUSED, /* overlaps another, contradicts it, or is longer than a datagram can
                                be */
    LAYERS_NOT_IP,           /* ARP, LLC, LLDP, ... */
    LAYERS_OTHER_PROTOCOL,   /* ICMP that quotes nothing, ESP, SCTP, ... */
    LAYERS_CUT,              /* the capture's snapshot length cut a header or a fragment off */
    LAYERS_MALFORMED,        /* lengths or versions that contradict each other */
    LAYERS_TOO_DEEP,         /* more layers than the limits above */
    LAYERS_UNKNOWN_LINK,     /* a link type that linktypes.def lacks */
    LAYERS_RESULTS,
};

struct layers_counts {
    uint64_t packets;
    uint64_t results[LAYERS_RESULTS];
    uint64_t datagrams_reassembled;
    uint64_t
        datagrams_unfinished; /* fragments that were given up: 30 s of capture time, or no room */
};

struct layers;

/* NULL without memory, or without random bytes for the hash key. */
struct layers *layers_new(void);

/*
 * Take a packet apart. A tunnelled or quoted datagram stands in place of the outer one; UDP to a
 * tunnel's port that does not hold a whole inner packet is an ordinary datagram. true: *out is set
 * and borrows from the packet, and from layers until the next call. Of a tunnelled datagram, vlan,
 * ifindex and direction are the carrying link's.
 */
bool layers_datagram(struct layers *layers, const struct packet *packet, struct datagram *out);

const struct layers_counts *layers_counts(const struct layers *layers);

/* The input is over: datagrams that still wait for fragments are given up too. Once. */
void layers_end(struct layers *layers);

/* "Ethernet"; NULL for a link type that is not decoded. */
const char *layers_link_name(uint16_t link_type);

/* Short plural for people, "fragments refused"; static. */
const char *layers_result_name(enum layers_result result);

/* Takes NULL. */
void layers_free(struct layers *layers);

#endif
