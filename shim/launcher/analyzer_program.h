/* Finding rtcshim-analyzer and starting it beside this program. */
#ifndef RTCSHIM_LAUNCHER_ANALYZER_PROGRAM_H
#define RTCSHIM_LAUNCHER_ANALYZER_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "child.h"

#define ANALYZER_PROGRAM "rtcshim-analyzer"

/* Where it is: beside this program, as in an installation and in a build, else in PATH; its true
 * path, without links. false: errno says why not. */
bool analyzer_program_find(char out[static PATH_MAX]);

struct analyzer_start {
    const char *path;  /* as analyzer_program_find() gave it */
    char *const *argv; /* NULL-terminated, argv[0] is ANALYZER_PROGRAM */
    int out, err;      /* what becomes its standard output and error */
    const int *keep;   /* further descriptors that it gets, under their own numbers */
    size_t keep_count;
    bool own_group; /* signals from the terminal are not for it */
    const struct child_signals *signals;
};

/*
 * Start it, with the signals that this program was started with and without the preload library,
 * also where another run's is preloaded into this program. Its standard input is empty. Returns its
 * pid; -1, said on standard error. That it could not be executed is said by the child, on err, and
 * it ends with EXIT_NOT_FOUND.
 */
pid_t analyzer_program_start(const struct analyzer_start *start);

#endif
