/*
 * Finds STUN in datagrams and streams, on any port: what has the cookie and a length that fits,
 * classic messages that are answered, and ChannelData on flows that had STUN. Counts what else such
 * flows carry.
 *
 * Memory is bounded: FLOW_MAX, TCP_STREAMS_MAX, TCP_BUFFER_BYTES_MAX, FINDER_CHANNELS_MAX,
 * CLASSIC_HELD_MAX. One thread.
 */
#ifndef RTCSHIM_ANALYZER_FINDER_H
#define RTCSHIM_ANALYZER_FINDER_H

#include "flow.h"
#include "found.h"

enum {
    FINDER_CHANNELS_MAX = 16384, /* channels and directions that are counted at a time */
};

struct finder;

/*
 * tell: in the order of the capture, except that classic messages wait for their answer.
 * count_media: count on each flow what is neither STUN nor ChannelData too, which costs a look into
 * the table for every packet of UDP. NULL where memory is out.
 */
struct finder *finder_new(found_fn *tell, void *context, bool count_media);
void finder_take(struct finder *f, const struct datagram *d);
/* The capture is over: tell what was held and counted. */
void finder_end(struct finder *f);
/* The flows that had STUN; table_at() walks them. */
struct table *finder_flows(struct finder *f);
/* Takes NULL. */
void finder_free(struct finder *f);

#endif
