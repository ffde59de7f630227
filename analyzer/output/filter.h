/*
 * A capture filter in libpcap's language (-f), compiled once for each link type that appears: one
 * file may hold several.
 */
#ifndef RTCSHIM_ANALYZER_FILTER_H
#define RTCSHIM_ANALYZER_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "packet.h"

enum {
    FILTER_REASON_BYTES = 256,
    FILTER_LINKS_MAX = 32, /* link types that are remembered; compiled again past that */
};

struct filter;

/* NULL where no link type can be filtered by text, or memory is out; reason says why. text is
 * borrowed until filter_free(). */
struct filter *filter_new(const char *text, char reason[static FILTER_REASON_BYTES]);

/*
 * The packet passes. On packets of a link type that the filter can't be compiled for ("ether host"
 * on raw IP) it never does; *reason is then set, once for each link type, to text that is good
 * until the next call, else NULL.
 */
bool filter_passes(struct filter *f, const struct packet *packet, const char **reason);
/* Takes NULL. */
void filter_free(struct filter *f);

#endif
