/* The end of a run: the last records, run.json, the summary and the exit status. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process_private.h"
#include "run_state.h"
#include "runjson.h"
#include "say.h"
#include "session_guard.h"

enum {
    LAST_DRAINS_MAX = 256,
    STDOUT_WAIT_MS = 3000,
    STDERR_WAIT_MS = 3000,
};

int run_write_json(struct run *run, bool complete, int exit_status)
{
    struct runjson what = {
        .argv = run->options->argv,
        .start = run->start,
        .complete = complete,
        .command_status = complete ? child_exit_status(&run->child) : 0,
        .exit_status = exit_status,
        .events = run->dir.events.lines_kept,
        .unwritten = run->dir.events.lines_dropped,
        .capture = run->capture
                       ? capture_json(run->capture, RUNDIR_WIRE, owners_left_out(run->owners))
                       : NULL,
        .control = run->control,
        .story = run->story,
        .tab = run->tab,
    };
    json_t *json;
    int error;

    clock_gettime(CLOCK_REALTIME, &what.end);
    json = runjson_make(&what);
    error = json ? rundir_write_json(&run->dir, json) : ENOMEM;
    json_decref(json);
    json_decref(what.capture);
    return error;
}

/* NULL-terminated; *used_sockets counts those that may have used a socket. Caller frees. */
static struct process **list_uncovered(const struct run *run, size_t *used_sockets)
{
    size_t count = 0;
    size_t entries = proctab_count(run->tab);
    struct process **list = calloc(entries + 1, sizeof(struct process *));

    *used_sockets = 0;
    for (size_t i = 0; list && i < entries; i++) {
        struct process *p = proctab_at(run->tab, i);
        if (!coverage_is_missing(p->coverage))
            continue;
        list[count++] = p;
        *used_sockets += census_may_have_used_socket(p);
    }
    return list;
}

int run_finish(struct run *run)
{
    int status = child_exit_status(&run->child);
    size_t used_sockets = 0;
    struct process **uncovered;
    bool unlisted;
    int error;

    run_end_capture(run);
    for (int i = 0;
         i < LAST_DRAINS_MAX && collector_drain(run->collector, RUN_DRAIN_MAX) == RUN_DRAIN_MAX;
         i++)
        run_flush(run);
    census_take(run->census, true);
    if (run->owners)
        owners_tick(run->owners, process_clock_ms(), true);
    story_flush(run->story, true);
    run_flush(run);
    linesink_finish(&run->out, STDOUT_WAIT_MS);
    if (run->out.lines_dropped > 0 && run->out.error == 0)
        say_warning(
            "%llu events were not written to standard output, whose reader was too slow; '%s/events.ndjson' has all",
            (unsigned long long)run->out.lines_dropped, run->dir.path);

    linesink_finish(&run->err, STDERR_WAIT_MS);
    if (run->err.lines_dropped > 0 && run->err.error == 0)
        say_warning(
            "%llu lines were not shown, standard error was too slow; '%s/events.ndjson' has all",
            (unsigned long long)run->err.lines_dropped, run->dir.path);

    uncovered = list_uncovered(run, &used_sockets);
    unlisted = proctab_overflowed(run->tab);
    if (run->options->require_coverage && (used_sockets > 0 || unlisted))
        status = EXIT_RTCSHIM_FAILED;
    if (run->lost_events || session_guard_hit() || (run->capture && capture_failed(run->capture)))
        status = EXIT_RTCSHIM_FAILED;
    error = run_write_json(run, true, status);
    if (uncovered)
        story_summary(run->story, stderr, uncovered, unlisted, run->dir.path);
    fflush(stderr);
    if (run->options->require_coverage && used_sockets > 0)
        say_error(
            "--require-coverage: %zu process%s that may have used a network socket %s not covered; see the list above",
            used_sockets, used_sockets == 1 ? "" : "es", used_sockets == 1 ? "was" : "were");
    if (run->options->require_coverage && unlisted)
        say_error(
            "--require-coverage: more processes than can be listed (%d); those beyond may not be covered",
            PROCTAB_MAX);
    if (run->lost_events)
        say_error(
            "the record of this run is incomplete: %llu events could not be written to '%s/events.ndjson' (%s)",
            (unsigned long long)run->dir.events.lines_dropped, run->dir.path,
            strerror(run->dir.events.error));
    if (session_guard_hit())
        say_error(
            "a process cut the session's files short; from then on the record is incomplete and "
            "the policy may not have been in force");
    if (error != 0) {
        say_error("cannot write '%s/run.json': %s; what is there is from the start of the run",
                  run->dir.path, strerror(error));
        status = EXIT_RTCSHIM_FAILED;
    }
    free(uncovered);
    return error == 0 ? run_report(run, status) : status;
}
