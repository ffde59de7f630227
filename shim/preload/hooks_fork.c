/* Hooks of the calls that make processes: the parent keeps a number for its child, so that the
 * child is known by its true parent and pid. */
#include "after.h"

#include <sched.h>
#include <stdarg.h>
#include <string.h>

/* Before the call: the number kept for the child, 0 without a session. */
static uint32_t keep_number(void)
{
    if (!shim.active)
        return 0;
    identity_process(); /* this process takes its own first, if it is itself a new child */
    return ring_new_process(&shim.ring);
}

/* The same for fork, whose child may run handlers of pthread_atfork before it comes back here. */
static uint32_t before_fork(void)
{
    return shim_thread.kept = keep_number();
}

/* In the child, whose memory and descriptors are its own now, also where its parent was a vfork
 * child. */
static void enter_child(uint32_t number)
{
    /* Some emulators take MADV_WIPEONFORK and do nothing: what stands there then is the parent's.
     */
    if (atomic_load(shim.number) != number)
        atomic_store(shim.number, 0);
    atomic_store(shim.kept, number);
    shim_thread.borrowed = false;
}

static void tell_fork(enum event_call call, uint32_t child, pid_t pid, uint64_t caller)
{
    struct seen seen = {
        .call = call, .fd = -1, .result = pid, .caller = caller, .flags = EVENT_OUT};
    struct event event = emit_head(EVENT_FORK, &seen);

    emit_bytes(&event, &(struct event_fork){.child = child, .child_pid = pid},
               sizeof(struct event_fork));
}

/* Both sides come back here; only the forking thread is in the child. */
static pid_t after_fork(enum event_call call, uint32_t child, pid_t pid, uint64_t caller)
{
    shim_thread.kept = 0;
    if (child == 0)
        return pid;
    if (pid == 0)
        enter_child(child);
    else if (pid > 0)
        tell_fork(call, child, pid, caller);
    return pid;
}

EXPORT pid_t fork(void)
{
    uint32_t child = before_fork();
    return after_fork(EVENT_CALL_fork, child, REAL(fork)(), CALLER());
}

EXPORT pid_t __fork(void)
{
    uint32_t child = before_fork();
    return after_fork(EVENT_CALL___fork, child, REAL(__fork)(), CALLER());
}

EXPORT pid_t _Fork(void)
{
    uint32_t child = before_fork();
    return after_fork(EVENT_CALL__Fork, child, REAL(_Fork)(), CALLER());
}

/* A clone child starts in a function of the caller's; this one goes before it. Its memory is a
 * copy, so a pointer to the parent's stack holds there. */
struct clone_start {
    int (*function)(void *);
    void *arg;
    uint32_t child;
};

static int clone_child(void *arg)
{
    struct clone_start start = *(struct clone_start *)arg;
    enter_child(start.child);
    return start.function(start.arg);
}

EXPORT int clone(int (*function)(void *), void *stack, int flags, void *arg, ...)
{
    /* libc's clone takes these three whatever the flags are; reading one that was not passed yields
     * a value that is not used. */
    va_list args;
    va_start(args, arg);
    pid_t *parent_tid = va_arg(args, pid_t *);
    void *tls = va_arg(args, void *);
    pid_t *child_tid = va_arg(args, pid_t *);
    va_end(args);

    if (!(flags & CLONE_VM)) {
        struct clone_start start = {function, arg, keep_number()};
        if (start.child == 0 || !function)
            return REAL(clone)(function, stack, flags, arg, parent_tid, tls, child_tid);
        pid_t pid = REAL(clone)(clone_child, stack, flags, &start, parent_tid, tls, child_tid);
        if (pid > 0)
            tell_fork(EVENT_CALL_clone, start.child, pid, CALLER());
        return pid;
    }
    /* A vfork-like child has this thread's storage and this process's memory, but descriptors of
     * its own, until it execs or exits. */
    bool borrows = (flags & CLONE_VFORK) && !(flags & (CLONE_FILES | CLONE_SETTLS));
    bool before = shim_thread.borrowed;
    shim_thread.borrowed = before || borrows;
    int result = REAL(clone)(function, stack, flags, arg, parent_tid, tls, child_tid);
    shim_thread.borrowed = before;
    return result;
}

/*
 * For vfork.S: the real vfork, found now; the note that a borrowed child may run here; and the
 * parent's way back. A vfork inside a vfork child, or in a signal handler that comes between, is
 * nested: the note is there already, and the only place for a way back is taken.
 */
struct vfork_way {
    void *real_vfork;
    unsigned long nested;
};
struct vfork_way vfork_enter(void *return_address);
void *vfork_leave(long result);

struct vfork_way vfork_enter(void *return_address)
{
    struct vfork_way way = {.nested = shim_thread.borrowed};
    pid_t (*function)(void) = REAL(vfork);

    memcpy(&way.real_vfork, &function, sizeof way.real_vfork);
    if (!way.nested) {
        shim_thread.vfork_return = return_address;
        shim_thread.borrowed = true;
    }
    return way;
}

void *vfork_leave(long result)
{
    if (result != 0)
        shim_thread.borrowed = false;
    return shim_thread.vfork_return;
}
