/* run.json: what a run was, in one document. */
#ifndef RTCSHIM_LAUNCHER_RUNJSON_H
#define RTCSHIM_LAUNCHER_RUNJSON_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include "control.h"
#include "proctab.h"
#include "story.h"

enum { RUNJSON_SCHEMA = 1 };

struct runjson {
    char *const *argv;
    struct timespec start, end;
    bool complete;                 /* the command has ended; else end and exit_status are null */
    int command_status;            /* the command's own, 128 + N for signal N */
    int exit_status;               /* rtcshim's */
    uint64_t events;               /* lines in events.ndjson */
    uint64_t unwritten;            /* events that could not be written */
    const struct control *control; /* the policy as applied */
    const struct story *story;
    const struct proctab *tab;
};

/* New reference, NULL on lack of memory. */
json_t *runjson_make(const struct runjson *run);

#endif
