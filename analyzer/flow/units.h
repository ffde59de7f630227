/*
 * Bytes of a TCP stream in order, cut into the units that tcp.h tells: one direction of a
 * connection. What was begun and has not ended is kept.
 */
#ifndef RTCSHIM_ANALYZER_UNITS_H
#define RTCSHIM_ANALYZER_UNITS_H

#include "tcp_frame.h"

/* A unit whose end has not come, with the packet that brought its first byte. */
struct begun {
    struct packet packet; /* without its data */
    struct datagram datagram;
    uint8_t bytes[];
};

/* Zero is a stream that nothing is known of. */
struct units {
    struct begun *begun; /* NULL none */
    uint32_t have, room; /* bytes of begun */
    uint32_t skip;       /* bytes of a unit that was told cut; they mean nothing */
    enum tcp_framing framing;
    bool unsynced;
};

/* What all streams share. */
struct units_shared {
    size_t budget; /* bytes that may still be kept */
    tcp_unit_fn *tell;
    void *context;
    /* Others give up what they keep until there are this many bytes, if they can. */
    void (*make_room)(struct units_shared *shared, size_t bytes);
};

/* The next len bytes, out of d. */
void units_feed(struct units *u, struct units_shared *shared, const struct datagram *d,
                const uint8_t *bytes, uint32_t len);
/* n bytes of the stream will not come. A unit that they belong to is told as far as it is there. */
void units_missing(struct units *u, struct units_shared *shared, const struct datagram *d,
                   uint32_t n);
/* The framing is to be found again, from the next byte on. What was begun is forgotten. */
void units_find_again(struct units *u, struct units_shared *shared);
/* Nothing more comes: what was begun is told as far as it is there, and freed. */
void units_end(struct units *u, struct units_shared *shared);

#endif
