/* vfork inside a vfork child, in a signal handler that comes between, and in every thread at once:
 * each returns to whoever called it, twice. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints.h"
#include "lives.h"
#include "transcript.h"

/* Exit status of a child, -1 for any other end. Async-signal-safe. */
static int status_of(pid_t pid)
{
    int status = 0;
    pid_t got;
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nested(void)
{
    volatile int depth = 0;
    pid_t pid = CALL0(vfork);
    if (pid == 0) {
        depth = depth + 1;
        pid_t inner = vfork();
        if (inner == 0) {
            depth = depth + 1;
            pid_t innermost = vfork();
            if (innermost == 0) {
                depth = depth + 1;
                _exit(3);
            }
            _exit(status_of(innermost) + 1);
        }
        _exit(status_of(inner) + 1);
    }
    await_child("three deep", pid);
    say("each was entered once: %d", depth);
}

/* What a vfork child forks has memory and descriptors of its own again. */
static void fork_inside(const int fd[static 2])
{
    pid_t pid = vfork();
    if (pid == 0) {
        pid_t inner = fork();
        if (inner == 0) {
            int pair[2];
            udp_pair(pair, AF_INET);
            int result = lives_exchange(pair);
            close(fd[0]);
            _exit(result);
        }
        _exit(status_of(inner));
    }
    await_child("fork inside", pid);
    say("the parent's descriptors: %d", lives_exchange(fd));
}

static volatile int handled, wrong_in_handler;

static void on_signal(int number)
{
    int saved = errno;
    (void)number;
    pid_t pid = vfork();
    if (pid == 0)
        _exit(5);
    wrong_in_handler = wrong_in_handler + (status_of(pid) != 5);
    handled = handled + 1;
    errno = saved;
}

/* The child's signal waits until its parent goes on: the handler comes between the real vfork's
 * return and the caller's next instruction. */
static void in_handler(void)
{
    volatile int good = 0;
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &act, NULL);
    handled = wrong_in_handler = 0;
    for (volatile int i = 0; i < 50; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            kill(getppid(), SIGUSR1);
            _exit(7);
        }
        good = good + (status_of(pid) == 7);
    }
    say("with a handler between: %d good, %d handled, %d of them wrong", good, handled,
        wrong_in_handler);
    signal(SIGUSR1, SIG_DFL);
}

void lives_vfork_nested(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    nested();
    in_handler();
    fork_inside(fd);
    nested();
    say("after all: %d", lives_exchange(fd));
    close(fd[0]);
    close(fd[1]);
}

enum { FORKERS = 4, FORKS = 60 };

struct forker {
    pthread_t thread;
    int kind;
    int good;
};

static void *fork_away(void *arg)
{
    struct forker *f = arg;
    for (volatile int i = 0; i < FORKS; i++) {
        pid_t pid = f->kind == 2 ? fork() : vfork();
        if (pid == 0) {
            if (f->kind == 1)
                execl("/bin/true", "true", (char *)NULL);
            if (f->kind == 3) {
                pid_t inner = vfork();
                if (inner == 0)
                    _exit(6);
                _exit(status_of(inner) + 1);
            }
            _exit(7);
        }
        f->good += status_of(pid) == (f->kind == 1 ? 0 : 7);
    }
    return NULL;
}

static atomic_int done;

static void *signal_away(void *arg)
{
    while (!atomic_load(&done)) {
        pthread_kill(*(pthread_t *)arg, SIGUSR1);
        sched_yield();
    }
    return NULL;
}

/* Threads that fork in every way while the main one is interrupted by handlers that do. */
void lives_vfork_threads(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct forker forker[FORKERS];
    pthread_t main_thread = pthread_self(), signaller;
    volatile int good = 0;
    sigset_t usr1, before;
    int fd[2];
    udp_pair(fd, AF_INET);
    sigaction(SIGUSR1, &act, NULL);
    handled = wrong_in_handler = 0;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    atomic_store(&done, 0);
    for (int i = 0; i < FORKERS; i++) {
        forker[i] = (struct forker){.kind = i};
        if (pthread_create(&forker[i].thread, NULL, fork_away, &forker[i]) != 0)
            fail("pthread_create");
    }
    if (pthread_create(&signaller, NULL, signal_away, &main_thread) != 0)
        fail("pthread_create");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (volatile int i = 0; i < FORKS; i++) {
        pid_t pid = vfork();
        if (pid == 0)
            _exit(9);
        good = good + (status_of(pid) == 9 && lives_exchange(fd) == 0);
    }
    atomic_store(&done, 1);
    pthread_join(signaller, NULL);
    signal(SIGUSR1, SIG_IGN);
    for (int i = 0; i < FORKERS; i++) {
        pthread_join(forker[i].thread, NULL);
        say("thread %d: %d good children", i, forker[i].good);
    }
    say("main thread: %d good children, handlers came: %d, wrong in them: %d", good, handled > 0,
        wrong_in_handler);
    signal(SIGUSR1, SIG_DFL);
    close(fd[0]);
    close(fd[1]);
}
