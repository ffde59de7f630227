/* SIGBUS in the session's files: empty memory takes their place. */
#include "session_guard.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static struct {
    void *memory;
    size_t len;
} guarded[SESSION_GUARD_MAX];
static volatile sig_atomic_t hit;

/* mmap is a bare system call and safe here, though POSIX does not list it. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    uintptr_t at = (uintptr_t)info->si_addr;

    (void)context;
    for (size_t i = 0; i < SESSION_GUARD_MAX; i++) {
        uintptr_t start = (uintptr_t)guarded[i].memory;
        if (!guarded[i].memory || at < start || at - start >= guarded[i].len)
            continue;
        if (mmap(guarded[i].memory, guarded[i].len, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
            break;
        hit = 1;
        return;
    }
    /* Not ours: the access is made again, and ends the program as it would have. */
    (void)sigaction(number, &fatal, NULL);
}

void session_guard_add(void *memory, size_t len)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

    for (size_t i = 0; i < SESSION_GUARD_MAX; i++) {
        if (guarded[i].memory)
            continue;
        guarded[i].len = len;
        guarded[i].memory = memory;
        break;
    }
    (void)sigaction(SIGBUS, &action, NULL);
}

void session_guard_clear(void)
{
    for (size_t i = 0; i < SESSION_GUARD_MAX; i++)
        guarded[i].memory = NULL;
}

bool session_guard_hit(void)
{
    return hit != 0;
}
