/*
 * Walking over what is sent or received on a TCP stream, before stream.c follows it: the same walk
 * over a copy of its place, so that what is refused or only peeked at leaves no trace.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_STREAM_H
#define RTCSHIM_PRELOAD_ENFORCE_STREAM_H

#include "enforce_judge.h"
#include "stream_frame.h"

/* A place in one direction of a stream. */
struct place {
    enum framing framing;
    bool synced;
    uint32_t need, done; /* as in struct half */
    uint8_t keep[STREAM_DECIDE];
    size_t have; /* of keep: the first bytes of the unit under way */
};

struct walk {
    struct seen *seen;
    const struct span *span;
    struct place place;
    struct place start; /* what place was before the span */
    /* A unit has shown enough to tell what it is; pos bytes of the span have been read, of which
     * the last place.done are the unit's, as far as they are here. Not ENFORCE_GO ends the walk. */
    int (*unit)(struct walk *walk, size_t pos);
    void *ctx;
};

/* Find out where the stream is. kept, if given, has room for STREAM_KEEP bytes and gets the *have
 * ones of the unit under way. false: another thread is at it just now. */
bool stream_place(const struct seen *seen, bool in, struct place *place, uint8_t *kept,
                  size_t *have);

/* ENFORCE_GO, or what unit() said. */
int stream_walk(struct walk *walk);

/* Where the unit under way begins in the span; false: before it. */
static inline bool unit_start(const struct walk *walk, size_t pos, size_t *at)
{
    *at = pos >= walk->place.done ? pos - walk->place.done : 0;
    return pos >= walk->place.done;
}

#endif
