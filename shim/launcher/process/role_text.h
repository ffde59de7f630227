/* core/role.h in the words of the process table. */
#ifndef RTCSHIM_LAUNCHER_ROLE_TEXT_H
#define RTCSHIM_LAUNCHER_ROLE_TEXT_H

#include "role.h"

enum { ROLE_BYTES = 32 };

/*
 * exe      path of the program, NULL unknown
 * cmdline  arguments joined by spaces, NULL unknown; a stranger's
 * out      "browser", "network", "socket", "renderer", "gpu", "zygote", ...; "" where this is no
 * process of a browser
 */
void role_of(const char *exe, const char *cmdline, char out[static ROLE_BYTES]);

/* A role that a process forked from this one starts with and soon changes: look again later. */
bool role_is_generic(const char *role);

#endif
