/*
 * Hands what was found to a second thread in batches, in order, so that decoding and formatting go
 * on beside reading.
 *
 * Memory is PIPELINE_BATCHES * PIPELINE_BATCH_BYTES; the reader waits where the consumer is behind
 * by all of them.
 */
#ifndef RTCSHIM_ANALYZER_PIPELINE_H
#define RTCSHIM_ANALYZER_PIPELINE_H

#include "found.h"

enum {
    PIPELINE_BATCHES = 8,
    PIPELINE_BATCH_BYTES = 262144,
};

struct pipeline;

/*
 * consume is called in the second thread, with bytes copied; idle, too, whenever everything that
 * came has been consumed. prompt: hand each find over at once, for input that comes slowly. NULL
 * where a thread or memory is not to be had.
 */
struct pipeline *pipeline_new(found_fn *consume, void (*idle)(void *context), void *context,
                              bool prompt);
/* A found_fn; context is the pipeline. */
void pipeline_put(const struct found *found, void *pipeline);
/* Hand over what is there: no more comes for a while. Without waiting for its end. */
void pipeline_push(struct pipeline *p);
/* Wait until everything has been consumed: what the finds borrow may be freed then. */
void pipeline_drain(struct pipeline *p);
/* Drains first. Takes NULL. */
void pipeline_free(struct pipeline *p);

#endif
