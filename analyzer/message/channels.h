/*
 * TURN ChannelData: the first of each channel, direction and flow is told, and each one with STUN
 * inside; the others are counted.
 */
#ifndef RTCSHIM_ANALYZER_CHANNELS_H
#define RTCSHIM_ANALYZER_CHANNELS_H

#include "found.h"

struct channels;

/* tell: FOUND_CHANNEL_DATA and, in the end or when more than max channels are open,
 * FOUND_CHANNEL_COUNT. NULL where memory is out. */
struct channels *channels_new(uint32_t max, found_fn *tell, void *context);
/* found: the ChannelData message on d, with its header, channel and channel_bytes. */
void channels_take(struct channels *c, const struct found *found, const struct datagram *d);
void channels_end(struct channels *c);
/* Takes NULL. */
void channels_free(struct channels *c);

#endif
