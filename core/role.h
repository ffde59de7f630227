/*
 * What a process does in a browser, told from its program and its arguments. One table for the
 * launcher, which looks from outside, and for the library, which looks at its own process.
 *
 * All functions are pure, bounded and async-signal-safe.
 */
#ifndef RTCSHIM_CORE_ROLE_H
#define RTCSHIM_CORE_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum role {
    ROLE_OTHER = 0, /* no process of a browser */
#define ROLE(ident, name) ROLE_##ident,
#include "roles.def"
#undef ROLE
    ROLE_COUNT
};
_Static_assert(ROLE_COUNT <= 32, "policy_rule.roles has a bit for each");

/*
 * exe      path or name of the program, NULL unknown
 * cmdline  its arguments, len bytes, separated by NULs as in /proc/self/cmdline or by blanks; a
 *          stranger's. NULL unknown: then only programs with one role are told
 *
 * A process that was forked keeps the arguments of its parent, and so its role: a Chromium renderer
 * is a ROLE_ZYGOTE to itself until somebody looks again.
 */
enum role role_find(const char *exe, const char *cmdline, size_t len);

/* "browser", "network", ...; "" for ROLE_OTHER and out of range; static. */
const char *role_name(unsigned role);

/* The role of that name; ROLE_OTHER where there is none. */
enum role role_of_name(const char *name, size_t len);

/* The last component of a path; "" for NULL. Points into path. */
const char *role_base_name(const char *path);

#endif
