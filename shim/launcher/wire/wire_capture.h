/*
 * The capture beside a run: rtcshim-analyzer, which alone has the privilege for it, writes the
 * run's wire.pcapng and prints the STUN messages that pass, as lines, into a pipe.
 *
 * The launcher never waits for it while the command runs, and takes from its pipes whatever is
 * there: a capture that stood still because nobody read its lines would lose packets.
 */
#ifndef RTCSHIM_LAUNCHER_WIRE_CAPTURE_H
#define RTCSHIM_LAUNCHER_WIRE_CAPTURE_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "child.h"
#include "wire_message.h"

enum {
    CAPTURE_POLL_FDS = 3,
    CAPTURE_LINES_MAX = 2000, /* read closely in one turn; what comes beyond is counted */
};

struct capture;

struct capture_options {
    const char *interfaces; /* "eth0,tun0"; NULL: every one that is up, except loopback, and those
                               that come up later */
    int file;               /* wire.pcapng, open for writing */
    int signal_fd;          /* of child_take_signals() */
    const struct child_signals *signals;
    /* A message on the wire. */
    void (*message)(const struct wire_message *message, void *ctx);
    void *ctx;
};

/*
 * Start it and wait until it captures. NULL, said on standard error: *status is the exit status,
 * EXIT_RTCSHIM_FAILED, or 128 + N where signal N came meanwhile. Nothing is left running then.
 */
struct capture *capture_start(const struct capture_options *options, int *status);
/* Takes NULL; ends it at once if it still runs. */
void capture_free(struct capture *capture);

/* What to poll for; call capture_read() when any is ready. fd -1 where there is nothing to wait
 * for. */
void capture_poll(const struct capture *capture, struct pollfd fds[static CAPTURE_POLL_FDS]);
/* Take what is there; never waits. That it has ended by itself is said on standard error. */
void capture_read(struct capture *capture);
/* The child with this pid has ended, as waitpid() says. */
void capture_reaped(struct capture *capture, pid_t pid, int status);
pid_t capture_pid(const struct capture *capture); /* 0: it has ended */

/* Ask it to end: packets up to now are still taken. */
void capture_ask_end(struct capture *capture);
/* Ask once more, and then don't ask: it hangs. */
void capture_force_end(struct capture *capture);
/* It has ended, and all that it said has been read. */
bool capture_over(const struct capture *capture);
/* It did not do what it was started for. Once it is over. */
bool capture_failed(const struct capture *capture);

/* "capture" of run.json. file: name in the run's folder; left_out: of owners_left_out(). New
 * reference. */
json_t *capture_json(const struct capture *capture, const char *file, uint64_t left_out);

#endif
