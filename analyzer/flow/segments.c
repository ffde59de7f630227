/* An ordered list of TCP segments without overlaps, in which the first copy of a byte stays. */
#include "segments.h"

#include <stdlib.h>
#include <string.h>

static size_t cost(const struct segment *segment)
{
    return sizeof(*segment) + segment->len;
}

static bool put(struct segments *s, struct segment **link, const struct datagram *d, uint32_t seq,
                const uint8_t *bytes, uint32_t len, size_t *budget)
{
    struct segment *segment;
    if (s->count >= SEGMENTS_COUNT_MAX || len > SEGMENTS_BYTES_MAX - s->bytes ||
        *budget < sizeof(*segment) + len)
        return false;
    segment = malloc(sizeof(*segment) + len);
    if (!segment)
        return false;
    segment->packet = *d->packet;
    segment->packet.data = NULL;
    segment->datagram = *d;
    segment->datagram.packet = &segment->packet;
    segment->datagram.payload = segment->bytes;
    segment->datagram.payload_len = segment->datagram.payload_full = len;
    segment->seq = seq;
    segment->len = len;
    memcpy(segment->bytes, bytes, len);
    segment->next = *link;
    *link = segment;
    s->count++;
    s->bytes += len;
    *budget -= cost(segment);
    return true;
}

/* Places are compared by their distance from next: sequence numbers go around. */
bool segments_insert(struct segments *s, const struct datagram *d, uint32_t next, uint32_t seq,
                     size_t *budget)
{
    struct segment **link = &s->first;
    uint32_t start = seq - next;
    uint32_t end = start + d->payload_len;
    while (start < end) {
        struct segment *at = *link;
        uint32_t gap_end = at && at->seq - next < end ? at->seq - next : end;
        if (start < gap_end) {
            if (!put(s, link, d, next + start, d->payload + (start - (seq - next)), gap_end - start,
                     budget))
                return false;
            start = gap_end;
        }
        if (!at)
            break;
        /* What was put in stands before at: link leads on from there. */
        uint32_t at_end = at->seq - next + at->len;
        if (start < at_end && at->seq - next <= start)
            start = at_end;
        link = &at->next;
    }
    return true;
}

struct segment *segments_take(struct segments *s)
{
    struct segment *segment = s->first;
    if (!segment)
        return NULL;
    s->first = segment->next;
    s->count--;
    s->bytes -= segment->len;
    return segment;
}

void segments_free_one(struct segment *segment, size_t *budget)
{
    *budget += cost(segment);
    free(segment);
}

void segments_free(struct segments *s, size_t *budget)
{
    struct segment *segment;
    while ((segment = segments_take(s)))
        segments_free_one(segment, budget);
}
