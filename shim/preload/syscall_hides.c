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
/* struct open_how starts with its flags, 64 bits of them. */
static int flags_of(const void *how)
{
    uint64_t flags = 0;

    if (memory_readable(how, sizeof flags))
        __builtin_memcpy(&flags, how, sizeof flags);
    return (int)flags;
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
        done = enforce_file_open(call, (int)a, at(b), flags_of(at(c)), &status, caller);
        break;
#endif
#ifdef SYS_open
    case SYS_open:
        done = enforce_file_open(call, AT_FDCWD, at(a), (int)b, &status, caller);
        break;
#endif
    case SYS_socket:
        done = enforce_netlink_socket(call, (int)a, (int)c, caller);
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
