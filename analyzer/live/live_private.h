/*
 * What a live capture consists of, for the sources behind live.h.
 */
#ifndef RTCSHIM_ANALYZER_LIVE_PRIVATE_H
#define RTCSHIM_ANALYZER_LIVE_PRIVATE_H

#include "catalog.h"
#include "links.h"
#include "live.h"

enum { LINKS_LATER_BYTES = 32 }; /* of what stands behind the names */

struct source {
    struct tap *tap;
    const struct packet_iface *iface;
    uint64_t dropped_before; /* by the interface, before the capture */
    struct live_counts counts;
    uint64_t taken, taken_bytes;
    bool over;
    bool look; /* there may be packets */
    bool have;
    bool hurry; /* its buffer fills: its packets wait for nobody's */
    struct tap_packet next;
};

struct live {
    struct source sources[LIVE_TAPS_MAX];
    size_t count;
    bool by_default, quiet, any;
    bool later; /* the last tap is for interfaces that come up later */
    uint32_t snaplen, buffer_bytes;
    uint32_t unknown_index; /* the last that the kernel gave no name for */
    struct links *links;
    struct catalog *catalog;
    char names[LIVE_TAPS_MAX * (LINKS_NAME_BYTES + 2) + LINKS_LATER_BYTES];
};

#endif
