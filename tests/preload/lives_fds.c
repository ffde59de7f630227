/* Descriptors that come from elsewhere, and very many of them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "endpoints.h"
#include "lives.h"
#include "transcript.h"

enum { MANY = 10000 };

static void pass(int over, int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
    char byte = 'f';
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    say_result("pass", CALL(sendmsg, over, &msg, 0));
}

static int take(int over, int flags, bool many)
{
    _Alignas(struct cmsghdr) char control[64];
    char byte = 0;
    int fd = -1;
    struct iovec iov = {&byte, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &iov,
                                    .msg_iovlen = 1,
                                    .msg_control = control,
                                    .msg_controllen = sizeof(control)}};
    if (many)
        say_result("take by recvmmsg", CALL(recvmmsg, over, &m, 1, flags, NULL));
    else
        say_result("take", CALL(recvmsg, over, &m.msg_hdr, flags));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m.msg_hdr);
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    say("  %c descriptor %d, flags %x, close on exec %d", byte, fd, (unsigned)m.msg_hdr.msg_flags,
        fcntl(fd, F_GETFD));
    return fd;
}

void lives_passed(void)
{
    int over[2], fd[2], got;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, over) != 0)
        fail("socketpair");
    udp_pair(fd, AF_INET);
    pass(over[0], fd[0]);
    got = take(over[1], 0, false);
    close(fd[0]);
    say("the passed one talks: %d", lives_exchange((int[]){got, fd[1]}));
    pass(over[0], got);
    int again = take(over[1], MSG_CMSG_CLOEXEC, true);
    say("again: %d", lives_exchange((int[]){again, fd[1]}));
    close(got);
    close(again);
    close(fd[1]);

    /* From another process: nothing here ever saw the socket made. */
    pid_t pid = fork();
    if (pid == 0) {
        udp_pair(fd, AF_INET);
        pass(over[0], fd[0]);
        pass(over[0], fd[1]);
        pass(over[0], open("/dev/null", O_RDWR));
        _exit(0);
    }
    await_child("child", pid);
    fd[0] = take(over[1], 0, false);
    fd[1] = take(over[1], 0, false);
    int file = take(over[1], 0, false);
    say("passed by a child: %d", lives_exchange(fd));
    say_result("bad pointer on a stranger", CALL(send, fd[0], bad_pointer(), 20, 0));
    say_result("bad read on a stranger", CALL(recv, fd[1], bad_pointer(), 20, MSG_DONTWAIT));
    close(fd[0]);
    close(fd[1]);
    close(file);
    close(over[0]);
    close(over[1]);
}

/* /dev/null takes what is not there: the call succeeds and the bytes can't be looked at. */
void lives_nowhere(void)
{
    int over[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, over) != 0)
        fail("socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        pass(over[0], open("/dev/null", O_RDWR));
        _exit(0);
    }
    await_child("child", pid);
    int file = take(over[1], 0, false);
    say_result("write from nowhere to a strange file", CALL(write, file, bad_pointer(), 100));
    struct iovec nowhere[2] = {{bad_pointer(), 50}, {NULL, 50}};
    say_result("writev from nowhere to a strange file", CALL(writev, file, nowhere, 2));
    close(file);
    close(over[0]);
    close(over[1]);
}

void lives_many(void)
{
    static int all[MANY];
    struct rlimit limit;
    int fd[2], good = 0, made = 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = MANY + 1000;
    if (limit.rlim_max < limit.rlim_cur || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("raise the limit of descriptors to 11000 (the hard limit is lower: ulimit -Hn)");
    udp_pair(fd, AF_INET);
    for (int i = 0; i < MANY; i++) {
        all[i] = i % 2 ? CALL(fcntl, fd[0], F_DUPFD, 0) : CALL(socket, AF_INET, SOCK_DGRAM, 0);
        made += all[i] >= 0;
    }
    say("made %d, the last is %d", made, all[MANY - 1]);
    for (int i = 1; i < MANY; i += 2)
        good += lives_exchange((int[]){all[i], fd[1]}) == 0;
    say("copies that talk: %d", good);
    /* Past the end of a table that was made for fewer. */
    say_result("dup2 to a high number", CALL(dup2, fd[0], MANY + 900));
    say("it talks: %d", lives_exchange((int[]){MANY + 900, fd[1]}));
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 1; i < MANY; i += 2)
            good -= lives_exchange((int[]){all[i], fd[1]}) == 0;
        _exit(good == 0 ? 0 : 1);
    }
    await_child("a child with all of them", pid);
    good = 0;
    for (int i = 0; i < MANY; i++)
        good += CALL(close, all[i]) == 0;
    say("closed %d", good);
    close(MANY + 900);
    close(fd[0]);
    close(fd[1]);
}
