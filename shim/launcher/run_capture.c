/* The capture of a run: started before the command, tended in the loop, ended after it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process_private.h"
#include "run_state.h"
#include "say.h"
#include "tell_owner.h"

enum {
    LATE_MS = 300,      /* for answers to what the command asked last */
    END_MS = 5000,      /* for the capture to end in good order */
    DRAINS_A_LOOK = 64, /* of the ring, before it is looked at again */
};

static void on_owner(const struct owner *owner, void *ctx)
{
    struct run *run = ctx;

    story_owner(run->story, owner);
}

static void on_message(const struct wire_message *message, void *ctx)
{
    struct run *run = ctx;

    owners_take_message(run->owners, message, process_clock_ms());
}

int run_start_capture(struct run *run)
{
    struct capture_options options = {
        .interfaces = run->options->interfaces,
        .signal_fd = run->signal_fd,
        .signals = &run->signals,
        .message = on_message,
        .ctx = run,
    };
    int status = EXIT_RTCSHIM_FAILED;

    if (!run->options->capture)
        return 0;
    run->owners = owners_new(&(struct owners_options){.network = story_network(run->story),
                                                      .tab = run->tab,
                                                      .census = run->census,
                                                      .tell = on_owner,
                                                      .ctx = run});
    if (!run->owners) {
        say_error("out of memory");
        return status;
    }
    options.file = rundir_open_wire(&run->dir);
    if (options.file < 0)
        return status;
    run->capture = capture_start(&options, &status);
    close(options.file);
    if (!run->capture)
        return status;
    /* It is this program's child and no process of the run. */
    lineage_leave_out(proctab_lineage(run->tab), capture_pid(run->capture));
    return 0;
}

/* What the library has seen is taken in before what the wire shows. */
void run_tend_capture(struct run *run, bool quiet)
{
    if (!run->capture)
        return;
    if (quiet) {
        capture_read(run->capture);
        owners_tick(run->owners, process_clock_ms(), false);
    }
}

static void wait_for_capture(struct run *run, int timeout_ms)
{
    struct pollfd wanted[1 + CAPTURE_POLL_FDS] = {{.fd = run->signal_fd, .events = POLLIN}};

    capture_poll(run->capture, wanted + 1);
    if (poll(wanted, 1 + CAPTURE_POLL_FDS, timeout_ms) > 0 && wanted[0].revents)
        run_take_signals(run);
    for (int i = 0;
         i < DRAINS_A_LOOK && collector_drain(run->collector, RUN_DRAIN_MAX) == RUN_DRAIN_MAX; i++)
        run_flush(run);
    run_tend_capture(run, true);
    run_flush(run);
}

void run_end_capture(struct run *run)
{
    int64_t until = process_clock_ms() + LATE_MS;
    int64_t now;

    if (!run->capture)
        return;
    while ((now = process_clock_ms()) < until && !run->told_to_end && !capture_over(run->capture))
        wait_for_capture(run, (int)(until - now));
    capture_ask_end(run->capture);
    until = process_clock_ms() + END_MS;
    while ((now = process_clock_ms()) < until && !capture_over(run->capture))
        wait_for_capture(run, (int)(until - now));
    if (capture_over(run->capture))
        return;
    say_warning("the capture does not end; it is killed");
    capture_force_end(run->capture);
    until = process_clock_ms() + END_MS;
    while ((now = process_clock_ms()) < until && !capture_over(run->capture))
        wait_for_capture(run, (int)(until - now));
}
