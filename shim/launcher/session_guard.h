/*
 * Living on when a process cuts a session's file short.
 *
 * The files belong to the user, so any process of the browser may truncate them, and to touch a
 * page that a file has no more is SIGBUS. The guard puts empty memory in the place of the whole
 * file and remembers that it did.
 */
#ifndef RTCSHIM_LAUNCHER_SESSION_GUARD_H
#define RTCSHIM_LAUNCHER_SESSION_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum { SESSION_GUARD_MAX = 2 };

/* Guard one more mapping; process-wide. The handler is not inherited by exec. */
void session_guard_add(void *memory, size_t len);
/* No mapping is guarded any more. */
void session_guard_clear(void);
/* A guarded file was cut short since the guard began. */
bool session_guard_hit(void);

#endif
