/*
 * The legs of a path: one five-tuple on tun0 and the same on eth0, or what a NAT made of it there,
 * carry the same messages. Learned from copies; a leg stands for the one that was seen first.
 *
 * Memory is bounded by LEGS_MAX. One thread.
 */
#ifndef RTCSHIM_ANALYZER_LEGS_H
#define RTCSHIM_ANALYZER_LEGS_H

#include "place.h"

enum {
    LEGS_MAX = 16384,
};

struct legs;

/* NULL where memory is out. */
struct legs *legs_new(void);
/* A message that was seen at first was seen at copy too. true: that is news. */
bool legs_join(struct legs *l, const struct place *copy, const struct place *first);
/* The place that stands for this one: its addresses, link and carriage are the first leg's, with
 * source and destination as the message goes; the rest is place's. */
struct place legs_first(struct legs *l, const struct place *place);
/* Takes NULL. */
void legs_free(struct legs *l);

#endif
