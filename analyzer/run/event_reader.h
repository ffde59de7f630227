/*
 * The lines of an events.ndjson in order, parsed by two further threads.
 *
 * Memory is bounded: EVENT_READER_BATCHES batches of EVENT_READER_BATCH_BYTES and their lines; a
 * longer line, up to EVENT_LINE_BYTES_MAX, has a batch to itself.
 */
#ifndef RTCSHIM_ANALYZER_EVENT_READER_H
#define RTCSHIM_ANALYZER_EVENT_READER_H

#include "event_line.h"
#include "run_folder.h"

enum {
    EVENT_READER_BATCHES = 6,
    EVENT_READER_BATCH_BYTES = 1 << 18,
};

/* line is borrowed for the call. */
typedef void event_line_fn(const struct event_line *line, void *context);

struct event_totals {
    uint64_t lines, damaged, bytes;
    uint64_t missing; /* events that gaps in seq say are missing from the file */
    uint64_t lost;    /* events that "stats" lines say were lost before the file */
};

/*
 * Read run's events.ndjson and tell each good line in the caller's thread, in the file's order.
 * Damaged lines and gaps are noted in run. false: there is nothing to read, which is noted too.
 */
bool event_reader_run(struct run_folder *run, event_line_fn *tell, void *context,
                      struct event_totals *totals);

#endif
