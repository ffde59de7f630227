/* A run's folder joined: its events and its capture through join.h. */
#ifndef RTCSHIM_ANALYZER_JOIN_RUN_H
#define RTCSHIM_ANALYZER_JOIN_RUN_H

#include "event_reader.h"
#include "join.h"

/*
 * Read events.ndjson and wire.pcapng of run and join them. also (may be NULL) gets each event line
 * first, so that a caller who needs other events does not read them twice. Damage is noted in run;
 * a run without a capture is no damage. NULL where memory is out.
 */
struct join *join_run(struct run_folder *run, event_line_fn *also, void *context,
                      struct event_totals *totals);

#endif
