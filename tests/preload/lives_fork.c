/* Children by fork, vfork and clone, raw and wrapped, and from a program that has threads. */
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints.h"
#include "lives.h"
#include "transcript.h"

/* The next free descriptor number: shows whether something was left open. */
static int fd_next(void)
{
    int fd = dup(2);
    close(fd);
    return fd;
}

static void child_talks(const int fd[static 2], const char *who)
{
    int pair[2];
    say("%s: inherited pair %d", who, lives_exchange(fd));
    udp_pair(pair, AF_INET6);
    say("%s: own pair %d %d: %d", who, pair[0], pair[1], lives_exchange(pair));
    CALL(close, fd[0]);
    say("%s: closed only here: %d", who, lives_exchange(fd));
}

void lives_fork(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    for (int i = 0; i < 3; i++) {
        pid_t pid = i == 0 ? CALL0(fork) : i == 1 ? CALL0(__fork) : CALL0(_Fork);
        if (pid == 0) {
            say("errno %d", errno);
            say("pid as the kernel says: %d", getpid() == (pid_t)syscall(SYS_getpid));
            child_talks(fd, "child");
            if (i == 0) {
                pid_t grandchild = CALL0(fork);
                if (grandchild == 0) {
                    int pair[2];
                    udp_pair(pair, AF_INET);
                    say("grandchild: %d", lives_exchange(pair));
                    _exit(4);
                }
                await_child("grandchild", grandchild);
            }
            _exit(3);
        }
        await_child("child", pid);
        say("parent: still %d", lives_exchange(fd));
    }
    close(fd[0]);
    close(fd[1]);
}

/* In a vfork child only what may be done there: calls on descriptors, exec, _exit. The memory is
 * the parent's. */
void lives_vfork(void)
{
    volatile int in_child = -1, error_in_child = -1;
    int fd[2], kept = 4242;
    udp_pair(fd, AF_INET);
    int spare = dup(fd[0]);

    pid_t pid = CALL0(vfork);
    if (pid == 0) {
        in_child = lives_exchange(fd);
        close(fd[0]);
        close(spare);
        dup2(2, fd[1]);
        errno = TRANSCRIPT_ERRNO;
        send(fd[0], "x", 1, 0);
        error_in_child = errno;
        _exit(5);
    }
    say("vfork returned %d", pid > 0);
    await_child("vfork child", pid);
    say("in the child: exchange %d, closed there errno %s, a local kept: %d", in_child,
        strerrorname_np(error_in_child), kept == 4242);
    say("parent: %d", lives_exchange(fd));
    say("parent, spare: %d", lives_exchange((int[]){spare, fd[1]}));

    const char *self = lives_self();
    char *const argv[] = {"lives", "--child", "by vfork", NULL};
    char *const envp[] = {"ONLY=this", NULL};
    pid = CALL0(__vfork);
    if (pid == 0) {
        close(spare);
        dup2(fd[1], 50);
        CALL(execve, self, argv, envp);
        _exit(127);
    }
    await_child("vfork and exec", pid);
    say("parent: 50 is not open here: %d", fcntl(50, F_GETFD) < 0);
    pid = CALL0(vfork);
    if (pid == 0) {
        CALL(execve, "/nosuch/program", argv, envp);
        _exit(errno == ENOENT ? 9 : 10);
    }
    await_child("vfork and exec that fails", pid);
    for (volatile int i = 0; i < 100; i++) {
        pid = vfork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
    say("parent: after a hundred more %d, next descriptor %d", lives_exchange(fd), fd_next());
    close(spare);
    close(fd[0]);
    close(fd[1]);
}

static int on_stack(void *arg)
{
    int *fd = arg;
    int result = lives_exchange(fd);
    CALL(close, fd[0]);
    return result == 0 ? 6 : result;
}

void lives_clone(void)
{
    enum { STACK_BYTES = 256 * 1024 };
    static _Alignas(64) char stack[STACK_BYTES];
    int fd[2];
    pid_t parent_tid = 0, child_tid = 0;
    udp_pair(fd, AF_INET);

    long pid = CALL(syscall, SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
    if (pid == 0) {
        child_talks(fd, "raw clone");
        _exit(3);
    }
    await_child("raw clone", (int)pid);
    say("parent: %d", lives_exchange(fd));
    struct clone_args args = {.exit_signal = SIGCHLD};
    pid = CALL(syscall, SYS_clone3, &args, sizeof(args));
    if (pid == 0) {
        child_talks(fd, "raw clone3");
        _exit(3);
    }
    await_child("raw clone3", (int)pid);
#ifdef SYS_fork
    pid = CALL(syscall, SYS_fork);
    if (pid == 0) {
        child_talks(fd, "raw fork");
        _exit(3);
    }
    await_child("raw fork", (int)pid);
#endif
    say("parent: %d", lives_exchange(fd));
    say_result(
        "raw clone, impossible flags",
        CALL(syscall, SYS_clone, (unsigned long)(CLONE_SIGHAND | SIGCHLD), NULL, NULL, NULL, 0UL));

    pid =
        CALL(clone, on_stack, stack + STACK_BYTES,
             SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, fd, &parent_tid, NULL, &child_tid);
    await_child("clone, memory copied", (int)pid);
    say("its tid came through: %d, parent: %d", parent_tid == pid, lives_exchange(fd));
    pid = CALL(clone, on_stack, stack + STACK_BYTES, SIGCHLD | CLONE_VM | CLONE_VFORK, fd);
    await_child("clone, memory shared", (int)pid);
    say("parent: %d", lives_exchange(fd));
    int copy[2] = {dup(fd[0]), fd[1]};
    pid = CALL(clone, on_stack, stack + STACK_BYTES, SIGCHLD | CLONE_FILES, copy);
    await_child("clone, descriptors shared", (int)pid);
    say("parent: the copy is gone %d, the other lives %d", lives_exchange(copy),
        lives_exchange(fd));
    say_result("clone, impossible flags",
               CALL(clone, on_stack, stack + STACK_BYTES, SIGCHLD | CLONE_SIGHAND, fd));
    say_result("clone3, nonsense", CALL(syscall, SYS_clone3, bad_pointer(), sizeof(args)));
    close(fd[0]);
    close(fd[1]);
}

static atomic_int stop, thread_faults;

static void *busy(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        int fd[2];
        udp_pair(fd, AF_INET);
        for (int i = 0; i < 20; i++)
            if (lives_exchange(fd) != 0)
                atomic_fetch_add(&thread_faults, 1);
        int copy = dup(fd[0]);
        close(fd[0]);
        fd[0] = copy;
        if (lives_exchange(fd) != 0)
            atomic_fetch_add(&thread_faults, 1);
        close(fd[0]);
        close(fd[1]);
    }
    return NULL;
}

void lives_fork_threaded(void)
{
    pthread_t thread[3];
    volatile int good = 0;
    int fd[2];
    udp_pair(fd, AF_INET);
    atomic_store(&stop, 0);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread[i], NULL, busy, NULL) != 0)
            fail("pthread_create");
    for (volatile int i = 0; i < 90; i++) {
        long pid = i % 3 == 0 ? CALL0(fork)
                   : i % 3 == 1
                       ? CALL0(vfork)
                       : CALL(syscall, SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
        if (pid == 0)
            _exit(lives_exchange(fd));
        int status = -1;
        waitpid((pid_t)pid, &status, 0);
        good = good + (status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    say("children that talked: %d, faults in threads: %d", good, atomic_load(&thread_faults));
    close(fd[0]);
    close(fd[1]);
}
