/* Who is calling: process numbers that survive fork, raw clone and zygotes, and thread ids. */
#include "shim.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inspect.h"

__thread struct shim_thread shim_thread;

uint32_t identity_process(void)
{
    uint32_t number = atomic_load_explicit(shim.number, memory_order_relaxed);

    if (likely(number != 0))
        return number;

    /* A new child: its page is wiped, the rest of its memory is the parent's. Threads may race to
     * here; one of them wins. */
    uint32_t mine = atomic_load(shim.kept);
    if (mine == 0)
        mine = shim_thread.kept;
    if (mine == 0)
        mine = ring_new_process(&shim.ring);
    if (!atomic_compare_exchange_strong(shim.number, &number, mine))
        return number;
    uint32_t parent = atomic_exchange(&shim.copied_from, mine);
    emit_process(&(struct event_process){
        .ns_pid = (uint32_t)getpid(),
        .parent = parent,
        .by_fork = 1,
    });
    return mine;
}

uint32_t identity_thread(void)
{
    uint32_t process = identity_process();

    /* A vfork child runs on its parent's thread storage; it is asked each time and leaves the note
     * alone. */
    if (unlikely(shim_thread.borrowed))
        return (uint32_t)gettid();
    if (unlikely(shim_thread.process != process || shim_thread.tid == 0)) {
        shim_thread.tid = (uint32_t)gettid();
        shim_thread.process = process;
    }
    return shim_thread.tid;
}

/* One aligned word: rt_sigprocmask copies it in before it looks at `how`. */
static bool word_readable(uintptr_t at)
{
    return REAL(syscall)(SYS_rt_sigprocmask, -1L, at & ~(uintptr_t)7, 0L, 8L) != -1 ||
           errno != EFAULT;
}

bool memory_readable(const void *bytes, size_t len)
{
    uintptr_t at = (uintptr_t)bytes;
    int saved = errno;
    bool ok = true;

    if (len == 0)
        return true;
    if (at + (len - 1) < at)
        return false;
    for (uintptr_t page = at; ok && page <= at + (len - 1); page = (page | (PAGE_MIN - 1)) + 1) {
        ok = word_readable(page);
        if (page > UINTPTR_MAX - PAGE_MIN)
            break;
    }
    errno = saved;
    return ok;
}
