/*
 * A capture from its start to its end: taps opened, output opened, privilege gone, closed in, and
 * then packets to a file, to the decoder, or to both.
 */
#ifndef RTCSHIM_ANALYZER_CAPTURE_H
#define RTCSHIM_ANALYZER_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "decoding.h"
#include "live.h"

struct capture_options {
    struct live_options live;
    const char *file; /* pcapng; NULL none, "-" standard output */
    const char *user; /* whom to become; NULL see privilege.h */
    bool show;        /* decode, on standard output */
    enum decoding_output output;
    uint64_t packets; /* end after so many; 0 no limit */
    uint32_t seconds; /* end after so long; 0 no limit */
    int ready_fd;     /* a newline is written here when the capture runs, and it is closed; -1 */
    int status_fd;    /* lines for a program that started this one, see say_status(); -1 */
    bool without_seccomp;
};

/* Runs until a limit, SIGINT, SIGTERM or SIGHUP. Returns the exit status. */
int capture_run(const struct capture_options *options);

#endif
