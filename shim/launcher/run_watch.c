/* The loop of a run: records, processes, network changes and signals, until there is nothing left
 * to watch. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "process_private.h"
#include "run_state.h"
#include "say.h"

enum {
    TICK_BUSY_MS = 2, /* records came just now */
    TICK_IDLE_MS = 20,
    STORY_FLUSH_MS = 100,
    LINGER_MS = 2000, /* for what the command leaves behind */
    LINGER_CENSUS_MS = 50,
};

void run_flush(struct run *run)
{
    if (!linesink_flush(&run->dir.events)) {
        run->lost_events = true;
        say_error(
            "cannot write to '%s/events.ndjson': %s; the %llu events written so far are kept, the command "
            "goes on and is no longer recorded",
            run->dir.path, strerror(run->dir.events.error),
            (unsigned long long)run->dir.events.lines_kept);
    }
    /* A reader that went away (| head) has what it wanted. */
    (void)linesink_flush(&run->out);
    (void)linesink_flush(&run->err);
}

static void on_reaped(pid_t pid, int status, void *ctx)
{
    struct run *run = ctx;

    if (run->capture)
        capture_reaped(run->capture, pid, status);
}

void run_take_signals(struct run *run)
{
    struct signalfd_siginfo info;

    while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            child_reap(&run->child, on_reaped, run);
            continue;
        }
        if (!run->child.running && (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM))
            run->told_to_end = true;
        child_pass_signal(&run->child, &info);
    }
}

static void wait_for_something(struct run *run, int timeout_ms)
{
    struct pollfd wanted[2 + CAPTURE_POLL_FDS] = {
        {.fd = run->signal_fd, .events = POLLIN},
        {.fd = story_network_fd(run->story), .events = POLLIN},
    };
    nfds_t count = 2;

    if (run->capture) {
        capture_poll(run->capture, wanted + count);
        count += CAPTURE_POLL_FDS;
    }

    if (poll(wanted, count, timeout_ms) <= 0)
        return;
    if (wanted[0].revents)
        run_take_signals(run);
    if (wanted[1].revents) {
        story_network_ready(run->story);
        /* Before the records: a browser may be looking at the same change. */
        control_tick(run->control);
    }
}

void run_watch(struct run *run)
{
    int64_t now = process_clock_ms();
    int64_t next_census = now;
    int64_t next_flush = now;
    int64_t linger_until = 0;
    int tick = TICK_BUSY_MS;

    for (;;) {
        wait_for_something(run, tick);
        size_t records = collector_drain(run->collector, RUN_DRAIN_MAX);
        control_tick(run->control);
        run_tend_capture(run, records < RUN_DRAIN_MAX);
        now = process_clock_ms();
        tick = records == RUN_DRAIN_MAX ? 0 : records > 0 ? TICK_BUSY_MS : tick * 2 + 1;
        if (tick > TICK_IDLE_MS)
            tick = TICK_IDLE_MS;
        if (now >= next_flush) {
            story_flush(run->story, false);
            next_flush = now + STORY_FLUSH_MS;
        }
        if (!run->child.running && linger_until == 0) {
            linger_until = now + LINGER_MS;
            next_census = now;
        }
        if (now >= next_census) {
            census_take(run->census, false);
            next_census = now + (linger_until ? LINGER_CENSUS_MS : CENSUS_INTERVAL_MS);
            if (linger_until && (census_living(run->census, run->child.pid) == 0 ||
                                 run->told_to_end || now >= linger_until))
                break;
        }
        run_flush(run);
    }
}
