/* syscall(): the numbers that the hooks know are looked at like the functions, all others pass. */
#include "after.h"
#include "enforce_receive.h"

#include "enforce_ioctl.h"
#include "syscall_hides.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall_table.h"

/* Read by syscall.S. */
extern const uint8_t hook_syscall_wanted[HOOK_SYSCALL_NUMBERS];
extern void *hook_syscall_real;
long hook_syscall(long number, long a, long b, long c, long d, long e, long f);

void *hook_syscall_real;

const uint8_t hook_syscall_wanted[HOOK_SYSCALL_NUMBERS] = {
#ifdef SYS_open
    [SYS_open] = 1,
#endif
#ifdef SYS_creat
    [SYS_creat] = 1,
#endif
#ifdef SYS_dup2
    [SYS_dup2] = 1,
#endif
    [SYS_read] = 1,        [SYS_write] = 1,    [SYS_readv] = 1,       [SYS_writev] = 1,
    [SYS_sendto] = 1,      [SYS_sendmsg] = 1,  [SYS_sendmmsg] = 1,    [SYS_recvfrom] = 1,
    [SYS_recvmsg] = 1,     [SYS_recvmmsg] = 1, [SYS_socket] = 1,      [SYS_socketpair] = 1,
    [SYS_bind] = 1,        [SYS_connect] = 1,  [SYS_getsockname] = 1, [SYS_setsockopt] = 1,
    [SYS_accept] = 1,      [SYS_accept4] = 1,  [SYS_close] = 1,       [SYS_close_range] = 1,
    [SYS_dup] = 1,         [SYS_dup3] = 1,     [SYS_fcntl] = 1,       [SYS_ioctl] = 1,
    [SYS_openat] = 1,      [SYS_preadv2] = 1,  [SYS_pwritev2] = 1,
#ifdef SYS_openat2
    [SYS_openat2] = 1,
#endif
#ifdef SYS_pidfd_getfd
    [SYS_pidfd_getfd] = 1,
#endif
};

__attribute__((constructor(101))) static void find_real(void)
{
    __typeof__(real.syscall) function = REAL(syscall);
    __builtin_memcpy(&hook_syscall_real, &function, sizeof hook_syscall_real);
}

/* A pointer argument. */
static void *at(long arg)
{
    return (void *)(uintptr_t)arg;
}

static void after_call(long number, long *returned, socklen_t room, long a, long b, long c, long d,
                       long e, long f, uint64_t caller)
{
    const enum event_call call = EVENT_CALL_syscall;
    long result = *returned;
    int fd = (int)a, status = (int)result;

    switch (number) {
    case SYS_write:
        after_send(call, fd, at(b), (size_t)c, result, NULL, 0, caller);
        break;
    case SYS_sendto:
        after_send(call, fd, at(b), (size_t)c, result, at(e), (socklen_t)f, caller);
        break;
    case SYS_sendmsg:
        after_sendmsg(call, fd, at(b), result, caller);
        break;
    case SYS_sendmmsg:
        after_sendmmsg(call, fd, at(b), (int)result, caller);
        break;
    case SYS_writev:
    case SYS_pwritev2:
        after_writev(call, fd, at(b), (int)c, result, caller);
        break;
    case SYS_read:
        after_recv(call, fd, at(b), (size_t)c, 0, result, NULL, 0, caller);
        break;
    case SYS_recvfrom:
        after_recv(call, fd, at(b), (size_t)c, (int)d, result, at(e),
                   e && result >= 0 ? *(const socklen_t *)at(f) : 0, caller);
        break;
    case SYS_recvmsg:
        after_recvmsg(call, fd, at(b), (int)c, result, caller);
        break;
    case SYS_recvmmsg:
        after_recvmmsg(call, fd, at(b), (int)d, (int)result, caller);
        break;
    case SYS_readv:
    case SYS_preadv2:
        after_readv(call, fd, at(b), (int)c, result, caller);
        break;
    case SYS_connect:
        after_connect(call, fd, at(b), (socklen_t)c, &status, caller);
        *returned = status;
        break;
    case SYS_fcntl:
        after_fcntl(fd, (int)b, (int)result);
        break;
    }
    if (result < 0)
        return;
    switch (number) {
    case SYS_socket:
        after_socket((int)result, (int)a, (int)b, (int)c);
        break;
    case SYS_socketpair:
        fdtab_set(((const int *)at(d))[0], FD_OTHER);
        fdtab_set(((const int *)at(d))[1], FD_OTHER);
        break;
    case SYS_bind:
        after_bind(fd, at(b), (socklen_t)c);
        break;
    case SYS_getsockname:
        after_getsockname(call, fd, at(b), at(c), room, caller);
        break;
    case SYS_setsockopt:
        after_setsockopt(call, fd, (int)b, (int)c, at(d), (socklen_t)e, caller);
        break;
    case SYS_accept:
    case SYS_accept4:
        after_accept(fd, (int)result);
        break;
    case SYS_dup:
    case SYS_dup3:
#ifdef SYS_dup2
    case SYS_dup2:
#endif
        fdtab_copy(fd, (int)result);
        break;
#ifdef SYS_pidfd_getfd
    case SYS_pidfd_getfd:
        fdtab_forget((int)result);
        break;
#endif
    case SYS_ioctl:
        after_ioctl(call, fd, (unsigned long)b, at(c), (int)result, caller);
        break;
    case SYS_openat:
#ifdef SYS_openat2
    case SYS_openat2:
#endif
        after_open(call, (int)a, at(b), (int)result, caller);
        break;
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
        after_open(call, AT_FDCWD, at(a), (int)result, caller);
        break;
#endif
    }
}

/* What the receiving hooks ask between the real call and after_call(); true: make it again. */
static bool received_call(long number, long *result, long a, long b, long c, long d, long f,
                          const struct received_room *room)
{
    int fd = (int)a;

    switch (number) {
    case SYS_read:
        return received(fd, at(b), (size_t)c, 0, result);
    case SYS_recvfrom:
        return received_from(fd, at(b), (size_t)c, (int)d, at(f), room, result);
    case SYS_recvmsg:
        return received_msg(fd, at(b), (int)c, room, result);
    case SYS_recvmmsg:
        received_msgs(fd, at(b), (int)d, (int)*result);
        return false;
    case SYS_readv:
    case SYS_preadv2:
        return received_pieces(fd, at(b), (int)c, result);
    }
    return false;
}

/* What the sending and other hooks ask before the call; false: *result is what is returned. */
static bool before_call(long number, long a, long b, long c, long d, long e, long f,
                        uint64_t caller, long *result)
{
    const enum event_call call = EVENT_CALL_syscall;
    int fd = (int)a, status = -1;
    bool go = true;

    switch (number) {
    case SYS_write:
        return before_send(call, fd, at(b), (size_t)c, 0, NULL, 0, caller, result);
    case SYS_sendto:
        return before_send(call, fd, at(b), (size_t)c, (int)d, at(e), (socklen_t)f, caller, result);
    case SYS_sendmsg:
        return before_sendmsg(call, fd, at(b), (int)c, caller, result);
    case SYS_pwritev2: /* the offset is in one register where those are wide */
        return d != -1 || before_writev(call, fd, at(b), (int)c, caller, result);
    case SYS_writev:
        return before_writev(call, fd, at(b), (int)c, caller, result);
    case SYS_connect:
        go = before_connect(call, fd, at(b), (socklen_t)c, caller, &status);
        break;
    case SYS_setsockopt:
        go = before_setsockopt(call, fd, (int)b, (int)c, at(d), (socklen_t)e, caller, &status);
        break;
    }
    if (!go)
        *result = status;
    return go;
}

/* sendmmsg by its number. */
static int sendmmsg_call(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
    return (int)REAL(syscall)(SYS_sendmmsg, (long)fd, (long)(uintptr_t)msgs, (long)count,
                              (long)flags);
}

long hook_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    struct received_room room = {0};
    socklen_t name_room = 0;
    long result;

    if (!before_call(number, a, b, c, d, e, f, CALLER(), &result))
        return result;
    if (hides_anything() && syscall_hides_before(number, a, b, c, d, e, CALLER(), &result))
        return result;
    if (number == SYS_sendmmsg && enforcing_ways())
        return enforce_sendmmsg((int)a, at(b), (unsigned)c, (int)d, sendmmsg_call,
                                EVENT_CALL_syscall, CALLER());

    if (number == SYS_close)
        fdtab_forget((int)a);
    else if (number == SYS_close_range)
        before_close_range((unsigned)a, (unsigned)b, (unsigned)c);
    if (number == SYS_recvfrom)
        room = received_room_of_name((int)a, at(f));
    else if (number == SYS_recvmsg)
        room = received_room_of((int)a, at(b));
    else if (number == SYS_getsockname)
        name_room = getsockname_room(at(c));
    do
        result = REAL(syscall)(number, a, b, c, d, e, f);
    while (received_call(number, &result, a, b, c, d, f, &room));
    if (number == SYS_ioctl && enforce_ioctl_wanted((unsigned long)b)) {
        int status = (int)result;
        enforce_ioctl_after(EVENT_CALL_syscall, (int)a, (unsigned long)b, at(c), &status, CALLER());
        result = status;
    }
    if (number >= 0 && number < HOOK_SYSCALL_NUMBERS && hook_syscall_wanted[number])
        after_call(number, &result, name_room, a, b, c, d, e, f, CALLER());
    return result;
}
