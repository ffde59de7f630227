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
    json_t *capture;               /* of capture_json(); NULL none; borrowed */
    const struct control *control; /* the policy as applied */
    const struct story *story;
    const struct proctab *tab;
};

/* RFC 3339, UTC, microseconds. New reference. */
json_t *runjson_time(const struct timespec *at);

/* New reference, NULL on lack of memory. */
json_t *runjson_make(const struct runjson *run);

#endif
