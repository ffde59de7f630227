/*
 * TCP segments that wait for the bytes before them, in order of their place in the stream.
 */
#ifndef RTCSHIM_ANALYZER_SEGMENTS_H
#define RTCSHIM_ANALYZER_SEGMENTS_H

#include <stddef.h>

#include "datagram.h"

enum {
    SEGMENTS_BYTES_MAX = 131072, /* that one direction of a stream may keep waiting */
    SEGMENTS_COUNT_MAX = 128,
};

struct segment {
    struct segment *next;
    struct packet packet;     /* the one that brought it, without its data */
    struct datagram datagram; /* points to packet */
    uint32_t seq, len;
    uint8_t bytes[];
};

struct segments {
    struct segment *first;
    uint32_t count, bytes;
};

/*
 * Keep d's payload, which stands at seq, after next, the place that the stream waits for. Of bytes
 * that were there before, the first copy stays. budget: what all streams together may still keep;
 * it is charged. false: no room, and *s is as it was or holds a part of it.
 */
bool segments_insert(struct segments *s, const struct datagram *d, uint32_t next, uint32_t seq,
                     size_t *budget);

/* Take the first segment off; the caller frees it with segments_free_one(). NULL if there is none.
 */
struct segment *segments_take(struct segments *s);
void segments_free_one(struct segment *segment, size_t *budget);
void segments_free(struct segments *s, size_t *budget);

#endif
