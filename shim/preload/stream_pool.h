/*
 * Trackers of TCP streams: a fixed pool, shared by threads and signal handlers without a lock.
 *
 * A tracker lives while it is held (stream_hold in stream.h, stream_find here). Each of its halves
 * belongs to one call at a time, which takes it first. All functions are async-signal-safe.
 */
#ifndef RTCSHIM_PRELOAD_STREAM_POOL_H
#define RTCSHIM_PRELOAD_STREAM_POOL_H

#include "inspect.h"

enum {
    STREAM_KEEP = 2048, /* bytes kept of a message that comes in pieces; a longer one is told cut */
    STREAM_DECIDE = COOKIE_FRAMED + 4,
};

enum framing {
    FRAMING_OPEN,   /* not decided */
    FRAMING_RAW,    /* RFC 8489: STUN and ChannelData back to back */
    FRAMING_LENGTH, /* RFC 4571: a 16-bit length before each packet */
};

/* One direction. */
struct half {
    _Atomic int state; /* HALF_*: whoever took it may use the rest */
    bool synced;       /* the next byte's place in its message is known */
    uint16_t have;     /* bytes in keep */
    uint32_t need;     /* of the message under way with its frame and padding, 0: its header is not
                          complete */
    uint32_t done;     /* of need */
    uint8_t keep[STREAM_KEEP];
};

struct stream {
    _Atomic unsigned refs; /* 0 free */
    _Atomic int framing;
    struct half half[2]; /* out, in */
};

/* Forget the place in the stream. The caller has taken half. */
void half_reset(struct half *half);

/*
 * Take one direction; false where another thread, or the code that a signal handler interrupted,
 * has it: that one is left a note, because the bytes' order is not known, and forgets its place
 * when it leaves.
 */
bool half_take(struct half *half);
void half_leave(struct half *half);

/* The tracker that fd names by word, or a new one, held for the caller; 0 none. */
unsigned stream_find(int fd, fd_word word);

/* number is what stream_find() gave. */
struct stream *stream_at(unsigned number);

/* Nothing of STUN in either direction: the tracker can serve another stream. The caller has taken
 * half. */
bool stream_is_idle(struct stream *stream, const struct half *half);

#endif
