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
#include "owners.h"
#include "run.h"
#include "rundir.h"
#include "session.h"
#include "story.h"
#include "wire_capture.h"

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
    struct capture *capture; /* NULL none; owners goes with it */
    struct owners *owners;
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

/* --capture: start it, before the command. 0, or the exit status, said on standard error. */
int run_start_capture(struct run *run);
/* Take what the capture says; quiet: the ring is empty now. Takes a run without one. */
void run_tend_capture(struct run *run, bool quiet);
/* The command is over: a moment for late answers, then the capture's end. */
void run_end_capture(struct run *run);

/* What the folder adds up to, said on standard error by rtcshim-analyzer, and report.html. The exit
 * status of the run, where status is what it would be without: EXIT_LEAK, or EXIT_RTCSHIM_FAILED
 * where what was asked for could not be made. */
int run_report(struct run *run, int status);

/* Signals that have come: passed on, children reaped. */
void run_take_signals(struct run *run);

/* The loop: until the command has ended and nothing of it is left, or has had its time. */
void run_watch(struct run *run);

/* The command has ended: write what is left, say what there is to say; returns the exit status. */
int run_finish(struct run *run);

/* Returns 0 or an errno. complete: the command has ended. */
int run_write_json(struct run *run, bool complete, int exit_status);

#endif
