/* Telling dead sessions from live ones. */
#ifndef RTCSHIM_LAUNCHER_SESSION_STALE_H
#define RTCSHIM_LAUNCHER_SESSION_STALE_H

#include <stdbool.h>
#include <sys/types.h>

/* A live process was started with RTCSHIM_SESSION=path, as far as its environment can be read. */
bool session_in_use(const char *path);

/* The launcher's pid in a session folder's name, PID-RANDOM[SESSION_ENFORCE]; false: no such name.
 */
bool session_parse_name(const char *name, pid_t *pid);

/* Nobody holds the session's lock: its launcher has ended. parent is a folder's descriptor. */
bool session_lock_is_free(int parent, const char *name);

/* Remove a session's files and the folder; what is not a session's file stays, and the folder then
 * too. */
void session_remove_folder(const char *path);

#endif
