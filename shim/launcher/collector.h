/* The collector: takes records out of the ring and hands each to whom it concerns. */
#ifndef RTCSHIM_LAUNCHER_COLLECTOR_H
#define RTCSHIM_LAUNCHER_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "census.h"
#include "proctab.h"
#include "ring.h"
#include "story.h"

struct collector;

/* Borrows everything. NULL and errno on lack of memory. */
struct collector *collector_new(const struct ring *ring, struct proctab *tab, struct census *census,
                                struct story *story);
void collector_free(struct collector *collector);

/* Hand on at most max records; returns how many there were. Less than max: the ring is empty now.
 * Tells the story what was lost. */
size_t collector_drain(struct collector *collector, size_t max);

struct ring_counts collector_counts(const struct collector *collector);

#endif
