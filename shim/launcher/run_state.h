/* The state of one run, for run.c, run_watch.c and run_finish.c alone. */
#ifndef RTCSHIM_LAUNCHER_RUN_STATE_H
#define RTCSHIM_LAUNCHER_RUN_STATE_H

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "census.h"
#include "child.h"
#include "collector.h"
#include "control.h"
#include "run.h"
#include "rundir.h"
#include "session.h"
#include "story.h"

enum { RUN_DRAIN_MAX = 8192 }; /* records a turn, so that signals wait for no flood */

struct run {
    const struct run_options *options;
    struct session session;
    struct policy_source source; /* until control takes it */
    struct control *control;
    struct rundir dir;
    struct linesink out; /* standard output, with --json */
    struct linesink
        err; /* live lines: a terminal or pager that stands still must not stop the recording */
    FILE *live;
    struct coverage_host host;
    struct proctab *tab;
    struct census *census;
    struct story *story;
    struct collector *collector;
    struct child child;
    struct child_signals signals;
    int signal_fd;
    bool told_to_end; /* INT or TERM came while only descendants were left */
    bool lost_events; /* the output folder could not take all */
    struct timespec start;
    char program[PATH_MAX];
    char library[PATH_MAX];
};

/* Write what has been gathered so far: events, standard output, live lines. Says once that the disk
 * is full. */
void run_flush(struct run *run);

/* The loop: until the command has ended and nothing of it is left, or has had its time. */
void run_watch(struct run *run);

/* The command has ended: write what is left, say what there is to say; returns the exit status. */
int run_finish(struct run *run);

/* Returns 0 or an errno. complete: the command has ended. */
int run_write_json(struct run *run, bool complete, int exit_status);

/* How many leaks the verdict holds; -1 where this version's verdict does not know what a leak is.
 */
long run_count_leaks(const struct run *run);

#endif
