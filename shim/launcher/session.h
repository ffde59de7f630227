/*
 * A session: the folder through which the launcher and the library meet.
 *
 *   ring     shared ring (core/ring.h), all its pages allocated, so that a full file system can't
 *            kill a browser with SIGBUS
 *   policy   compiled policy (core/policy.h), which the library maps read-only
 *   lock     held (flock) while the launcher lives
 *   *.json   session_file.h
 *
 * The folder lies on a file system in memory if there is one: $XDG_RUNTIME_DIR/rtcshim,
 * /dev/shm/rtcshim-UID, $TMPDIR/rtcshim-UID or /tmp/rtcshim-UID. A parent that belongs to someone
 * else, or that others may write to, is not used.
 *
 * The folder's name ends in SESSION_ENFORCE where the session was started with a policy that
 * restricts: a process that then can't reach the policy refuses, rather than let everything pass.
 */
#ifndef RTCSHIM_LAUNCHER_SESSION_H
#define RTCSHIM_LAUNCHER_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy.h"
#include "ring.h"

#define SESSION_ENFORCE ".enforce"

enum { SESSION_PARENTS_MAX = 4 };

struct session {
    char path[PATH_MAX];
    int lock_fd;
    struct ring ring;
    void *ring_memory;
    size_t ring_length;
    struct policy_shared *policy;
};

/* Make one, with SESSION_ENFORCE where enforce says so; first removes what dead sessions of this
 * user left behind. false after a message on standard error. */
bool session_open(struct session *session, bool enforce);

/* The folders below which this user's sessions may lie, the first one first tried. Returns how
 * many.
 */
size_t session_parents(char parents[SESSION_PARENTS_MAX][PATH_MAX]);

/* Unmap and remove the folder, unless a process still names it in its environment: a browser that
 * goes on keeps its policy. */
void session_close(struct session *session);

/* This program runs under the library of another run itself: whatever it starts is that run's, and
 * stays so. */
bool session_is_inside_another(void);

/* Remove the sessions below parent that no launcher holds and no process names. Returns how many.
 */
unsigned session_remove_stale(const char *parent);

#endif
