/* Descriptors: made, copied, ended, in chains and at odd numbers. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* A datagram through from arrives at to: the copy is the same socket. */
static void say_alive(const char *what, int from, int to)
{
    uint8_t buf[64];
    ssize_t sent = CALL(send, from, buf, stun_request(buf, 20, 11), 0);
    say_result(what, sent);
    if (sent == 20) {
        await_input(to);
        say_result("  arrived", CALL(recv, to, buf, sizeof(buf), 0));
    }
}

void calls_fd(void)
{
    int fd[2], one, two, three, four;
    udp_pair(fd, AF_INET);
    say_result("dup", one = CALL(dup, fd[0]));
    say_result("close the first", CALL(close, fd[0]));
    say_alive("send on the copy", one, fd[1]);
    say_result("dup2", two = CALL(dup2, one, 50));
    say_result("dup2 to itself", CALL(dup2, two, two));
    say_alive("send after dup2 to itself", two, fd[1]);
    say_result("__dup2", CALL(__dup2, two, 51));
    say_result("__close", CALL(__close, two));
    say_result("dup3", three = CALL(dup3, 51, 52, O_CLOEXEC));
    say("  close on exec %d", fcntl(three, F_GETFD));
    say_result("dup3 to itself", CALL(dup3, three, three, 0));
    say_result("dup3, unknown flag", CALL(dup3, three, 60, 0x1234));
    say_alive("send on dup3's", three, fd[1]);
    say_result("F_DUPFD", four = CALL(fcntl, three, F_DUPFD, 70));
    say_result("close", CALL(close, three));
    say_alive("send on F_DUPFD's", four, fd[1]);
    say_result("F_DUPFD_CLOEXEC", three = CALL(fcntl64, four, F_DUPFD_CLOEXEC, 70));
    say("  close on exec %d", fcntl(three, F_GETFD));
    say_alive("send on F_DUPFD_CLOEXEC's", three, fd[1]);

    /* A number changes its meaning: socket, then file, then socket. */
    int file = open("/dev/null", O_WRONLY);
    say_result("dup2 of a file over a socket", CALL(dup2, file, three));
    say_alive("send on what is a file now", three, fd[1]);
    say_result("write to it", CALL(write, three, "xxxxxxxxxxxxxxxxxxxxxxxx", 24));
    say_result("dup2 of a socket over a file", CALL(dup2, four, file));
    say_alive("send on what is a socket now", file, fd[1]);
    say_result("dup of nothing", CALL(dup, 600));
    say_result("dup2 from nothing", CALL(dup2, 600, file));
    say_alive("dup2 that failed closes nothing", file, fd[1]);
    say_result("dup2 to a negative", CALL(dup2, file, -5));
    say_result("dup2 to a number past the limit", CALL(dup2, file, 2000000000));
    say_result("close", CALL(close, file));
    say_result("close twice", CALL(close, file));
    say_result("close -1", CALL(close, -1));
    say_result("close a huge number", CALL(close, 2000000000));
    say_result("close INT_MIN", CALL(close, -2147483647 - 1));
    close(three);
    close(four);
    close(one);
    close(51);
    close(fd[1]);

    FILE *stream = fopen("/dev/null", "r");
    int number = stream ? fileno(stream) : -1;
    say_result("fclose", stream ? CALL(fclose, stream) : -1);
    say_result("closed with it", CALL(close, number));
    /* The number that fclose() freed is a socket next. */
    udp_pair(fd, AF_INET);
    say("the number is used again: %d", fd[0] == number);
    say_alive("send on it", fd[0], fd[1]);
    stream = fdopen(fd[0], "r");
    say_result("fclose of a socket's stream", stream ? CALL(fclose, stream) : -1);
    say_result("send after fclose", CALL(send, fd[0], "x", 1, 0));
    int self = (int)syscall(SYS_pidfd_open, (long)getpid(), 0L);
    int again = CALL(pidfd_getfd, self, fd[1], 0);
    say_result("pidfd_getfd", again);
    say("it can be read: %d", recv(again, &(char){0}, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    say_result("pidfd_getfd of nothing", CALL(pidfd_getfd, self, 600, 0));
    close(again);
    close(self);
    close(fd[1]);
}

void calls_fcntl(void)
{
    int fd[2];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    struct f_owner_ex owner = {F_OWNER_PID, 0}, got = {0, 0};
    uint64_t hint = 0;
    char path[] = "/tmp/rtcshim-test-XXXXXX";
    int file = mkstemp(path);
    if (file < 0)
        fail("mkstemp");
    unlink(path);
    udp_pair(fd, AF_INET);
    owner.pid = getpid();
    say_result("F_GETFL", CALL(fcntl, fd[0], F_GETFL));
    say_result("F_SETFL", CALL(fcntl, fd[0], F_SETFL, O_NONBLOCK | O_RDWR));
    say_result("F_GETFL", CALL(__fcntl, fd[0], F_GETFL, 0));
    say_result("F_SETFD", CALL(fcntl64, fd[0], F_SETFD, FD_CLOEXEC));
    say_result("F_GETFD", CALL(fcntl64, fd[0], F_GETFD));
    say_result("F_SETLK", CALL(fcntl, file, F_SETLK, &lock));
    say_result("F_GETLK", CALL(fcntl, file, F_GETLK, &lock));
    say("  type %d", lock.l_type);
    lock.l_type = F_UNLCK;
    lock.l_pid = 0;
    say_result("F_OFD_SETLK", CALL(fcntl64, file, F_OFD_SETLK, &lock));
    say_result("F_SETOWN_EX", CALL(fcntl, fd[0], F_SETOWN_EX, &owner));
    say_result("F_GETOWN_EX", CALL(fcntl, fd[0], F_GETOWN_EX, &got));
    say("  this process: %d", got.pid == getpid());
    /* In libc F_GETOWN is F_GETOWN_EX underneath, because a process group's answer would look like
     * an error. */
    say_result("F_SETOWN, a group", CALL(fcntl, fd[0], F_SETOWN, -getpgrp()));
    say("  F_GETOWN tells the group: %d", CALL(fcntl, fd[0], F_GETOWN) == -getpgrp());
    say_result("F_SETSIG", CALL(fcntl, fd[0], F_SETSIG, SIGIO));
    say_result("F_GETSIG", CALL(fcntl, fd[0], F_GETSIG));
    say_result("F_SET_RW_HINT", CALL(fcntl, file, F_SET_RW_HINT, &hint));
    say_result("F_GETPIPE_SZ of a socket", CALL(fcntl, fd[0], F_GETPIPE_SZ));
    say_result("F_ADD_SEALS of a file", CALL(fcntl, file, F_ADD_SEALS, F_SEAL_SHRINK));
    say_result("F_SETLK, bad pointer", CALL(fcntl, file, F_SETLK, bad_pointer()));
    say_result("F_GETOWN_EX, bad pointer", CALL(fcntl, file, F_GETOWN_EX, bad_pointer()));
    say_result("F_DUPFD, negative", CALL(fcntl, file, F_DUPFD, -1));
    say_result("unknown command", CALL(fcntl, file, 424242, 1L));
    say_result("bad descriptor", CALL(fcntl, 600, F_GETFL));
    close(file);
    close(fd[0]);
    close(fd[1]);
}

/* Which of the numbers from..to are open, as text. */
static void say_open(int from, int to)
{
    char text[128] = "";
    size_t used = 0;
    for (int fd = from; fd <= to; fd++)
        if (fcntl(fd, F_GETFD) >= 0 && used < sizeof(text) - 8)
            used += (size_t)snprintf(text + used, sizeof(text) - used, " %d%s", fd,
                                     fcntl(fd, F_GETFD) ? "c" : "");
    say("  open:%s", text);
}

void calls_close_range(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    for (int to = 100; to < 110; to++)
        dup2(fd[0], to);
    say_open(100, 109);
    say_result("close_range", CALL(close_range, 102, 104, 0));
    say_open(100, 109);
    say_result("close_range, close on exec", CALL(close_range, 105, 106, CLOSE_RANGE_CLOEXEC));
    say_open(100, 109);
    say_alive("send on one that is only marked", 105, fd[1]);
    say_result("close_range, wrong order", CALL(close_range, 108, 107, 0));
    say_result("close_range, unknown flag", CALL(close_range, 107, 108, 0x4000));
    say_result("close_range of nothing", CALL(close_range, 200, 300, 0));
    say_open(100, 109);
    say_result("a socket where one was closed", CALL(dup2, fd[0], 103));
    say_alive("send on it", 103, fd[1]);

    /* closefrom() and the open-ended close_range() would take the transcript's descriptor too: this
     * is a child's job. */
    (transcript_mark(ROW_closefrom));
    pid_t pid = fork();
    if (pid == 0) {
        dup2(900, 98);
        CALL(close_range, 107, ~0U, 0);
        dup2(98, 900);
        say_open(97, 109);
        errno = TRANSCRIPT_ERRNO;
        closefrom(99);
        int e = errno;
        dup2(98, 900);
        errno = e;
        say_result("closefrom", 0);
        say_open(97, 109);
        errno = TRANSCRIPT_ERRNO;
        closefrom(-5);
        _exit(0);
    }
    await_child("child", pid);
    say_open(100, 109);
    CALL(close_range, 100, 109, 0);
    close(fd[0]);
    close(fd[1]);
}
