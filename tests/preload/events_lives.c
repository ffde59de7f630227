/* Processes report in, know their descriptors after vfork, keep the library through exec; and what
 * must leave no record at all. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints.h"
#include "events.h"
#include "transcript.h"

static const char *self(void)
{
    static char path[4096];
    if (readlink("/proc/self/exe", path, sizeof(path) - 1) <= 0)
        fail("readlink");
    return path;
}

static void ended(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("child");
}

void events_fork(void)
{
    uint8_t b[20];
    int fd[2];
    pair(fd, AF_INET);
    pid_t pid = fork();
    if (pid == 0) {
        send(fd[0], b, stun_request(b, 20, 1), 0);
        _exit(0);
    }
    ended(pid);
    expect("fork fork result=%d child=1", pid);
    expect("process by_fork=1 parent=1");
    expect_stun("send", "out,udp", 20, 1);
    /* A child that libc knows nothing of. */
    pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
    if (pid == 0) {
        send(fd[0], b, stun_request(b, 20, 2), 0);
        _exit(0);
    }
    ended(pid);
    /* The parent's side of a raw clone leaves no record; the child tells whose copy it is. */
    expect("process by_fork=1 parent=1");
    expect_stun("send", "out,udp", 20, 2);
    send(fd[0], b, stun_request(b, 20, 3), 0), expect_stun("send", "out,udp", 20, 3);
}

/* The child of vfork closes and changes its own descriptors; the parent's are as they were, and
 * nobody has to ask the kernel. */
void events_vfork(void)
{
    uint8_t b[20];
    int fd[2];
    pair(fd, AF_INET);
    int spare = dup(fd[0]), null = open("/dev/null", O_WRONLY);
    pid_t pid = vfork();
    if (pid == 0) {
        close(fd[0]);
        dup2(null, spare);
        close_range(3, 10, 0);
        _exit(0);
    }
    ended(pid);
    send(fd[0], b, stun_request(b, 20, 1), 0), expect_stun("send", "out,udp", 20, 1);
    send(spare, b, stun_request(b, 20, 2), 0), expect_stun("send", "out,udp", 20, 2);
    (void)!write(null, b, stun_request(b, 20, 3));
}

void events_exec(void)
{
    char *const argv[] = {"events", "--child", NULL}, *const cleared[] = {NULL},
                *const rewritten[] = {"A=1", NULL};
    const char *path = self();
    for (int i = 0; i < 4; i++) {
        pid_t pid = 0;
        if (i == 3) {
            if (posix_spawn(&pid, path, NULL, NULL, argv, cleared) != 0)
                fail("posix_spawn");
            ended(pid);
            expect("exec posix_spawn path=%s", path);
            continue;
        }
        pid = fork();
        if (pid == 0) {
            if (i == 0)
                execv(path, argv);
            else if (i == 1)
                execve(path, argv, cleared);
            else
                execle(path, "events", "--child", (char *)NULL, rewritten);
            _exit(1);
        }
        ended(pid);
        expect("fork fork result=%d", pid);
        expect("process by_fork=1 parent=1");
        expect("exec %s path=%s", i == 0 ? "execv" : i == 1 ? "execve" : "execle", path);
    }
    char *const none[] = {"x", NULL};
    execv("/nosuch/program", none);
    expect("exec execv out path=/nosuch/program");
    expect("exec execv path=/nosuch/program errno=ENOENT");
}

void events_quiet(void)
{
    static uint8_t b[2000];
    int fd[2];
    udp_pair(fd, AF_INET);
    expect("connect connect");
    expect("connect connect");
    for (size_t len = 0; len < sizeof(b); len += 37) {
        memset(b, (int)len, sizeof(b));
        send(fd[0], b, len, 0);
        recv(fd[1], b, sizeof(b), 0);
    }
    /* Nearly STUN: the cookie in the wrong place, the first bits set, a short header. */
    stun_request(b, 20, 1);
    b[0] = 0x80;
    send(fd[0], b, 20, 0);
    b[0] = 0xc0;
    send(fd[0], b, 20, 0);
    stun_request(b, 20, 1);
    send(fd[0], b, 19, 0);
    stun_request(b + 1, 20, 1);
    b[0] = 0;
    send(fd[0], b, 21, 0);
    send(-1, b, 20, 0);
    send(600, b, 20, 0);
    recv(fd[1], b, 20, MSG_PEEK);
    for (int i = 0; i < 4; i++)
        recv(fd[1], b, sizeof(b), MSG_DONTWAIT);
}

void events_quiet_files(void)
{
    uint8_t b[20];
    char path[] = "/tmp/rtcshim-test-XXXXXX";
    int file = mkstemp(path), fd[2];
    if (file < 0)
        fail("mkstemp");
    unlink(path);
    stun_request(b, 20, 1);
    (void)!write(file, b, 20);
    lseek(file, 0, SEEK_SET);
    (void)!read(file, b, 20);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) != 0)
        fail("socketpair");
    send(fd[0], b, 20, 0);
    recv(fd[1], b, 20, 0);
    if (pipe(fd) != 0)
        fail("pipe");
    (void)!write(fd[1], b, 20);
    (void)!read(fd[0], b, 20);
    close(file);
}

void events_quiet_tcp(void)
{
    static uint8_t b[5000];
    int fd[2];
    tcp_pair(fd, AF_INET);
    for (size_t len = 1; len < sizeof(b); len = len * 2 + 1) {
        memset(b, 0, sizeof(b));
        send(fd[0], b, len, 0);
        for (size_t got = 0; got < len;) {
            ssize_t n = recv(fd[1], b, sizeof(b), 0);
            if (n <= 0)
                fail("recv");
            got += (size_t)n;
        }
    }
    /* A web server's words, and then bytes that hold a cookie in the middle. */
    send(fd[0], "GET / HTTP/1.1\r\n\r\n", 18, 0);
    memset(b, 'x', 100);
    stun_request(b + 50, 20, 1);
    send(fd[0], b, 100, 0);
}
