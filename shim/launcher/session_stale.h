/* Telling dead sessions from live ones. */
#ifndef RTCSHIM_LAUNCHER_SESSION_STALE_H
#define RTCSHIM_LAUNCHER_SESSION_STALE_H

#include <stdbool.h>

/* A live process was started with RTCSHIM_SESSION=path, as far as its environment can be read. */
bool session_in_use(const char *path);

/* Remove a session's files and the folder; what is not a session's file stays, and the folder then
 * too. */
void session_remove_folder(const char *path);

#endif
