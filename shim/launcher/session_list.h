/*
 * The sessions of this user that still count: those whose launcher lives, and those that live
 * processes name.
 */
#ifndef RTCSHIM_LAUNCHER_SESSION_LIST_H
#define RTCSHIM_LAUNCHER_SESSION_LIST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum { SESSION_ID_BYTES = 48, SESSION_COMMAND_BYTES = 256, SESSION_LIST_MAX = 256 };

struct session_entry {
    char id[SESSION_ID_BYTES]; /* what a person types: "firefox-4711" */
    char path[PATH_MAX];       /* its folder */
    char run[PATH_MAX];        /* the run's folder, "" unknown */
    char command[SESSION_COMMAND_BYTES];
    char policy[64]; /* the name of the one in force, "" unknown */
    char vpn[16];    /* "" none */
    pid_t pid;       /* of its launcher */
    bool watched;    /* the launcher lives */
    uint64_t netns;  /* of the launcher, 0 unknown */
    time_t start;    /* 0 unknown */
    size_t processes;
};

/* Oldest first; caller frees. NULL where there is none, *count 0. */
struct session_entry *session_list(size_t *count);

/*
 * The session that a person means: an id, the start of one that no other shares, the pid of its
 * launcher or of any process of it, the session's or the run's folder; NULL or "" where there is
 * but one. NULL after a message on standard error.
 */
const struct session_entry *session_find(const struct session_entry *list, size_t count,
                                         const char *what);

#endif
