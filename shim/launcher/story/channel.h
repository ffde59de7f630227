/*
 * TURN ChannelData (RFC 8656 section 12) is media: the first message of a channel is told, STUN
 * inside is told, the rest is counted.
 */
#ifndef RTCSHIM_LAUNCHER_CHANNEL_H
#define RTCSHIM_LAUNCHER_CHANNEL_H

#include <jansson.h>

#include "event.h"

enum {
    CHANNEL_MAX = 1024, /* counted at a time; past it the longest known is told and forgotten */
    CHANNEL_TELL_MS = 10000,
};

struct channels;

/* A finished event; the receiver owns it. */
typedef void channel_done_fn(json_t *event, void *ctx);

struct channels *channels_new(channel_done_fn *done, void *ctx);
void channels_free(struct channels *channels);

/*
 * One message of payload bytes. true: it is the first of its (process, descriptor, peer, channel,
 * direction), to be told by the caller. Else it is counted, and told with others by
 * channels_flush(), unless told says that the caller tells it anyway.
 */
bool channels_count(struct channels *channels, const struct event *head, uint16_t channel,
                    size_t payload, bool told);

/* common: the event that the counts of this channel go into, without "channel_data"; borrowed,
 * copied. After channels_count() said true. */
void channels_describe(struct channels *channels, const struct event *head, uint16_t channel,
                       const json_t *common);

/* {"channel","packets","bytes"}. New reference. */
json_t *channel_json(uint16_t channel, uint64_t packets, uint64_t bytes);

/* Tell the counts that have waited CHANNEL_TELL_MS; all: every one. */
void channels_flush(struct channels *channels, uint64_t now_ms, bool all);

#endif
