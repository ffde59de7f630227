/*
 * The functions that the library stands in front of, as the next object in the search order has
 * them.
 *
 * That is libc's function, or another preload library's (Firefox's libmozsandbox.so).
 * REAL(send)(...) may be called at any time, also before the constructor has run: an entry that is
 * still empty is looked up on the way.
 */
#ifndef RTCSHIM_PRELOAD_REAL_H
#define RTCSHIM_PRELOAD_REAL_H

#include <dirent.h>
#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <wordexp.h>

#include "event.h"

struct __res_state;

/* libc's headers declare most of them; the fortified names and the aliases only exist for the
 * linker. */
/* A type and a declarator stand without parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define HOOK(name, ret, params) ret name params;
#include "hooks.def"
#undef HOOK

struct real {
#define HOOK(name, ret, params) ret(*name) params;
#include "hooks.def"
#undef HOOK
};
/* NOLINTEND(bugprone-macro-parentheses) */

extern struct real real;

/*
 * Look up one entry. errno is kept. An entry that no object has (musl lacks the fortified names)
 * becomes a function that fails with ENOSYS, or for an alias such as __send its plain form.
 */
void real_resolve(enum event_call call);

/* Look up all of them; called by the constructor, so that nothing is left to do in a sandbox or a
 * signal handler. */
void real_resolve_all(void);

#define REAL(name)                                                                                 \
    (__builtin_expect(real.name == NULL, 0) ? (real_resolve(EVENT_CALL_##name), real.name)         \
                                            : real.name)

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define EXPORT __attribute__((visibility("default")))
/* The return address of the hook that this stands in: who called libc. */
#define CALLER() ((uint64_t)(uintptr_t)__builtin_return_address(0))

#endif
