/* Announced execs that have not led to a report yet. */
#ifndef RTCSHIM_LAUNCHER_EXEC_NOTES_H
#define RTCSHIM_LAUNCHER_EXEC_NOTES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "process.h"

enum { EXEC_NOTES_MAX = 256 };

struct exec_note {
    bool used;
    uint32_t number; /* of the process that announced it; 0 the launcher */
    uint32_t tid;    /* of the thread that did, in its own namespace */
    pid_t announcer; /* pid, 0 unknown */
    pid_t target;    /* pid of the process that will run the program; 0 unknown (posix_spawn, nested
                        vfork) */
    int64_t since_ms;
    enum coverage forecast; /* coverage_inspect() of path */
    char path[PATH_MAX];    /* "" where it could not be told */
};

struct exec_notes {
    struct exec_note note[EXEC_NOTES_MAX];
};

/* A place for a new note; where all are taken, the oldest one is given up. Cleared, used, since_ms
 * set. */
struct exec_note *exec_notes_add(struct exec_notes *notes);
/* The exec came back: the youngest note of this announcer's thread goes. */
void exec_notes_failed(struct exec_notes *notes, uint32_t number, uint32_t tid);
/* A process reported in: the note that it answers goes. Returns it, good until the next
 * exec_notes_add(), or NULL. */
const struct exec_note *exec_notes_answered(struct exec_notes *notes, const struct process *p);
/* The youngest note for this pid, or NULL. */
struct exec_note *exec_notes_for(struct exec_notes *notes, pid_t target);

#endif
