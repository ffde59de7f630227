/*
 * The session's own /sys/class/net: a folder `sys-class-net` with a link for each interface that
 * the policy shows. The library opens it where a program opens the real one, whose list it could
 * not edit: what readdir() reads comes from the kernel inside libc.
 */
#ifndef RTCSHIM_LAUNCHER_SESSION_SYSFS_H
#define RTCSHIM_LAUNCHER_SESSION_SYSFS_H

#include <stdbool.h>

#include "policy.h"

#define SESSION_SYSFS "sys-class-net"

/* Make the folder below session, or bring it up to date with table. Nothing where table hides
 * nothing. false and errno: it is missing or not right; the library then refuses /sys/class/net. */
bool session_sysfs_update(const char *session, const struct policy_table *table);

/* Remove it from the open folder of a session. */
void session_sysfs_remove(int session);

#endif
