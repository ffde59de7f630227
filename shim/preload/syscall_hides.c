/* syscall() while something is hidden. */
#include "syscall_hides.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "enforce_file.h"
#include "enforce_ioctl.h"
#include "enforce_netlink.h"

static void *at(long arg)
{
    return (void *)(uintptr_t)arg;
}

#ifdef SYS_openat2
enum { RESOLVE_NOTHING = 0 };
struct how {
    uint64_t flags, mode, resolve;
};

/*
 * openat2() may be told to take a folder for the root, so only it can say where a path leads then:
 * the file is named (O_PATH) by the call itself, and judged by that name.
 */
static bool open_how(int dir, const char *path, const struct how *arg, long size, int *fd,
                     uint64_t caller)
{
    char name[FILE_FD_PATH_BYTES];
    struct how how, named = {.flags = O_PATH | O_CLOEXEC};

    if (size < (long)sizeof how || !memory_readable(arg, sizeof how))
        return false; /* the kernel takes no less */
    __builtin_memcpy(&how, arg, sizeof how);
    if (how.resolve == RESOLVE_NOTHING)
        return enforce_file_open(EVENT_CALL_syscall, dir, path, (int)how.flags, fd, caller);
    named.flags |= how.flags & (O_NOFOLLOW | O_DIRECTORY);
    named.resolve = how.resolve;
    int saved = errno;
    int at = (int)REAL(syscall)(SYS_openat2, (long)dir, path, &named, sizeof named);
    errno = saved;
    if (at < 0)
        return false;
    enforce_file_fd_path(at, name);
    bool done = enforce_file_open(EVENT_CALL_syscall, AT_FDCWD, name,
                                  (int)(how.flags & ~(uint64_t)O_NOFOLLOW), fd, caller);
    saved = errno;
    REAL(close)(at);
    errno = saved;
    return done;
}
#endif

bool syscall_hides_before(long number, long a, long b, long c, long d, long e, uint64_t caller,
                          long *result)
{
    const enum event_call call = EVENT_CALL_syscall;
    int status = -1;
    bool done = false;

    switch (number) {
    case SYS_openat:
        done = enforce_file_open(call, (int)a, at(b), (int)c, &status, caller);
        break;
#ifdef SYS_openat2
    case SYS_openat2:
        done = open_how((int)a, at(b), at(c), d, &status, caller);
        break;
#endif
#ifdef SYS_open
    case SYS_open:
        done = enforce_file_open(call, AT_FDCWD, at(a), (int)b, &status, caller);
        break;
#endif
    case SYS_socket:
        done = enforce_netlink_socket(call, (int)a, (int)b, (int)c, caller);
        break;
    case SYS_bind:
        done = enforce_bind_hidden((int)a, at(b), (socklen_t)c);
        break;
    case SYS_ioctl:
        done = enforce_ioctl_wanted((unsigned long)b) &&
               enforce_ioctl_before(call, (int)a, (unsigned long)b, at(c), &status, caller) ==
                   IOCTL_IS_DONE;
        break;
    case SYS_recvmmsg:
        done = enforce_netlink_one_by_one((int)a, (unsigned)c);
        if (done)
            status = enforce_netlink_recvmmsg((int)a, at(b), (unsigned)c, (int)d, at(e));
        break;
    }
    if (done)
        *result = status;
    return done;
}
