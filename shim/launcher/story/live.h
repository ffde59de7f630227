/*
 * One line on a terminal for each event worth a person's attention, repeated ones folded.
 */
#ifndef RTCSHIM_LAUNCHER_LIVE_H
#define RTCSHIM_LAUNCHER_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    LIVE_RECENT_MAX = 64, /* lines that a repeat is compared with */
    LIVE_FOLD_MS = 10000, /* how long repeats of a line are held back; then their number is told */
};

struct live;

/* out is not closed. */
struct live *live_new(FILE *out, bool colour);
void live_free(struct live *live);

/* Print the event (docs/events.md), or count it as a repeat, or leave it out. Every string of it is
 * escaped for the terminal. */
void live_event(struct live *live, const json_t *event, uint64_t now_ms);

/* Tell the repeats that have waited long enough; all: every one. */
void live_flush(struct live *live, uint64_t now_ms, bool all);

#endif
