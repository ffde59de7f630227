/* What a process does in a browser, told from its program and its arguments. */
#ifndef RTCSHIM_LAUNCHER_ROLE_H
#define RTCSHIM_LAUNCHER_ROLE_H

#include <stdbool.h>
#include <stddef.h>

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

/* The last component of a path; "" for NULL. Points into path. */
const char *role_base_name(const char *path);

#endif
