/* A run's folder: where it lies, and the files in it. INTERFACE "A run is a folder". */
#ifndef RTCSHIM_LAUNCHER_RUNDIR_H
#define RTCSHIM_LAUNCHER_RUNDIR_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "linesink.h"

#define RUNDIR_WIRE      "wire.pcapng"
#define RUNDIR_ANNOTATED "annotated.pcapng" /* the same with notes, by `report` */

struct rundir {
    char path[PATH_MAX];
    int fd;                 /* the folder; -1 none */
    bool made;              /* by us, so that an unused one may be removed */
    struct linesink events; /* events.ndjson */
};

/*
 * output: the folder that the user wants, which must be empty or not there; NULL: a new one named
 * after the time and the command below $XDG_STATE_HOME/rtcshim/runs. Folders that are made get mode
 * 0700, files 0600. false after a message on standard error.
 */
bool rundir_open(struct rundir *dir, const char *output, const char *command);

/* Write run.json whole or not at all (a temporary name, then rename). 0 or an errno. */
int rundir_write_json(struct rundir *dir, const json_t *run);

/* Make the file that the capture is written to. The descriptor, or -1, said on standard error. */
int rundir_open_wire(struct rundir *dir);

/* Nothing was run: take the files away again, and the folder if it is ours. */
void rundir_discard(struct rundir *dir);

void rundir_close(struct rundir *dir);

#endif
