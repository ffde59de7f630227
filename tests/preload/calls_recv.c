/* Calls that take bytes off a descriptor: every variant, every flag, and calls that a signal
 * interrupts. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

enum { ROOM = 128 };

static void feed(int fd, size_t len)
{
    uint8_t stun[ROOM] = {0};
    if (send(fd, stun, len < 20 ? len : stun_request(stun, len, 7), 0) != (ssize_t)len)
        fail("send over loopback");
}

static void say_got(const char *what, ssize_t n, const uint8_t *buf)
{
    say_result(what, n);
    if (n > 0)
        say_bytes("  bytes", buf, (size_t)n < ROOM ? (size_t)n : ROOM);
}

static void each_variant(const int fd[static 2], size_t len)
{
    uint8_t buf[ROOM] = {0};
    struct sockaddr_storage from;
    struct iovec iov[3] = {{buf, 7}, {buf + 7, 0}, {buf + 7, ROOM - 7}};
    struct msghdr msg;
    socklen_t from_len;

#define FED(what, call)                                                                            \
    do {                                                                                           \
        feed(fd[0], len);                                                                          \
        await_input(fd[1]);                                                                        \
        memset(buf, 0, sizeof(buf));                                                               \
        say_got(what, call, buf);                                                                  \
    } while (0)

    FED("recv", CALL(recv, fd[1], buf, ROOM, 0));
    FED("__recv_chk", CALL(__recv_chk, fd[1], buf, ROOM, ROOM, 0));
    FED("recvfrom without address", CALL(recvfrom, fd[1], buf, ROOM, 0, NULL, NULL));
    from_len = sizeof(from);
    FED("recvfrom", CALL(recvfrom, fd[1], buf, ROOM, 0, (struct sockaddr *)&from, &from_len));
    say_addr("  from", &from, from_len);
    from_len = 5;
    memset(&from, 0, sizeof(from));
    FED("recvfrom, little room for the address",
        CALL(recvfrom, fd[1], buf, ROOM, 0, (struct sockaddr *)&from, &from_len));
    say("  length %u, first bytes %u", from_len, from.ss_family);
    from_len = sizeof(from);
    FED("__recvfrom_chk",
        CALL(__recvfrom_chk, fd[1], buf, ROOM, ROOM, 0, (struct sockaddr *)&from, &from_len));
    say_addr("  from", &from, from_len);
    msg = (struct msghdr){
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = iov, .msg_iovlen = 3};
    FED("recvmsg", CALL(recvmsg, fd[1], &msg, 0));
    say_addr("  from", &from, msg.msg_namelen);
    say("  flags %x, control length %zu", (unsigned)msg.msg_flags, msg.msg_controllen);
    FED("read", CALL(read, fd[1], buf, ROOM));
    FED("__read", CALL(__read, fd[1], buf, ROOM));
    FED("__read_chk", CALL(__read_chk, fd[1], buf, ROOM, ROOM));
    FED("readv", CALL(readv, fd[1], iov, 3));
    FED("preadv2", CALL(preadv2, fd[1], iov, 3, -1, 0));
    FED("preadv64v2", CALL(preadv64v2, fd[1], iov, 3, -1, 0));
#undef FED
    say_result("preadv2 at an offset", CALL(preadv2, fd[1], iov, 3, 5, 0));
    say_got("nothing there, MSG_DONTWAIT", CALL(recv, fd[1], buf, ROOM, MSG_DONTWAIT), buf);
}

void calls_recv(void)
{
    int fd[2];
    for (int family = 0; family < 2; family++) {
        udp_pair(fd, family ? AF_INET6 : AF_INET);
        say("%s, STUN", family ? "IPv6" : "IPv4");
        each_variant(fd, 64);
        say("zero-length datagrams");
        each_variant(fd, 0);
        close(fd[0]);
        close(fd[1]);
    }
}

void calls_recv_flags(void)
{
    uint8_t buf[ROOM] = {0};
    int fd[2];
    udp_pair(fd, AF_INET);
    feed(fd[0], 100);
    await_input(fd[1]);
    say_got("MSG_PEEK", CALL(recv, fd[1], buf, ROOM, MSG_PEEK), buf);
    say_got("MSG_PEEK again, little room", CALL(recv, fd[1], buf, 24, MSG_PEEK), buf);
    say_result("MSG_PEEK and MSG_TRUNC, no room", CALL(recv, fd[1], NULL, 0, MSG_PEEK | MSG_TRUNC));
    say_got("taken", CALL(recv, fd[1], buf, ROOM, 0), buf);
    say_result("gone", CALL(recv, fd[1], buf, ROOM, MSG_DONTWAIT));

    /* MSG_TRUNC returns the datagram's length, more than was written: the buffer ends at a hole. */
    uint8_t *end = guarded(64);
    for (size_t room = 0; room <= 24; room += 4) {
        feed(fd[0], 100);
        await_input(fd[1]);
        say_result("MSG_TRUNC at a hole", CALL(recv, fd[1], end - room, room, MSG_TRUNC));
        say_bytes("  bytes", end - room, room);
        feed(fd[0], 100);
        await_input(fd[1]);
        struct iovec iov = {end - room, room};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        say_result("recvmsg, little room", CALL(recvmsg, fd[1], &msg, 0));
        say("  MSG_TRUNC in flags: %d", (msg.msg_flags & MSG_TRUNC) != 0);
    }
    struct timeval wait = {.tv_usec = 20000};
    setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    say_result("SO_RCVTIMEO", CALL(recv, fd[1], buf, ROOM, 0));
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    say_result("non-blocking recv", CALL(recv, fd[1], buf, ROOM, 0));
    say_result("non-blocking read", CALL(read, fd[1], buf, ROOM));
    struct iovec one = {buf, ROOM};
    struct msghdr empty = {.msg_iov = &one, .msg_iovlen = 1};
    say_result("non-blocking recvmsg", CALL(recvmsg, fd[1], &empty, 0));
    say_result("error queue empty", CALL(recvmsg, fd[1], &empty, MSG_ERRQUEUE));
    close(fd[0]);
    close(fd[1]);
}

void calls_recvmmsg(void)
{
    uint8_t buf[4][ROOM];
    struct iovec iov[4];
    struct mmsghdr m[4];
    struct sockaddr_storage from[4];
    int fd[2];
    udp_pair(fd, AF_INET);
    for (int round = 0; round < 4; round++) {
        struct timespec timeout = {.tv_nsec = round == 2 ? 30000000 : 0};
        memset(m, 0, sizeof(m));
        memset(buf, 0, sizeof(buf));
        for (int i = 0; i < 4; i++) {
            iov[i] = (struct iovec){buf[i], i == 1 ? 24u : (unsigned)ROOM};
            m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                           .msg_namelen = sizeof(from[i]),
                                           .msg_iov = &iov[i],
                                           .msg_iovlen = 1};
            m[i].msg_len = 777;
        }
        for (size_t i = 0; i < 3 && round < 3; i++)
            feed(fd[0], 20 + 20 * i);
        if (round < 3)
            await_input(fd[1]);
        /* Where a timeout is given the kernel looks at it only between datagrams: MSG_WAITFORONE
         * ends the call. */
        int n = CALL(recvmmsg, fd[1], m, 4,
                     round == 0   ? MSG_DONTWAIT
                     : round == 3 ? MSG_DONTWAIT
                                  : MSG_WAITFORONE,
                     round == 2 ? &timeout : NULL);
        say_result("recvmmsg", n);
        for (int i = 0; i < 4; i++) {
            say("  message %d: msg_len %u flags %x", i, m[i].msg_len,
                (unsigned)m[i].msg_hdr.msg_flags);
            if (i < n) {
                say_bytes("  bytes", buf[i], m[i].msg_len);
                say_addr("  from", &from[i], m[i].msg_hdr.msg_namelen);
            }
        }
    }
    struct timespec nonsense = {.tv_nsec = -1};
    say_result("nonsense timeout", CALL(recvmmsg, fd[1], m, 4, MSG_DONTWAIT, &nonsense));
    say_result("no messages", CALL(recvmmsg, fd[1], m, 0, MSG_DONTWAIT, NULL));
    close(fd[0]);
    close(fd[1]);
}

static int signal_fd[2];
static volatile sig_atomic_t signals, signal_errno;

/* Calls inside a handler, while the main thread is inside recv(): on a socket of its own, and errno
 * kept. */
static void on_alarm(int number)
{
    int saved = errno;
    uint8_t buf[64];
    (void)number;
    signals++;
    ssize_t out = send(signal_fd[0], buf, stun_request(buf, 20, 99), 0);
    ssize_t in = recv(signal_fd[1], buf, sizeof(buf), 0);
    signal_errno = out == 20 && in == 20 ? 0 : errno;
    errno = saved;
}

void calls_interrupted(void)
{
    uint8_t buf[ROOM];
    struct iovec iov = {buf, ROOM};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct mmsghdr m = {.msg_hdr = msg};
    int fd[2], pipes[2];
    udp_pair(fd, AF_INET);
    udp_pair(signal_fd, AF_INET);
    if (pipe(pipes) != 0)
        fail("pipe");
    struct sigaction act = {.sa_handler = on_alarm}, old;
    sigaction(SIGALRM, &act, &old);
    /* The timer goes off again and again, so that a signal which comes before the call does not
     * leave it waiting. */
    struct itimerval often = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    say_result("recv interrupted", CALL(recv, fd[1], buf, ROOM, 0));
    say_result("recvfrom interrupted", CALL(recvfrom, fd[1], buf, ROOM, 0, NULL, NULL));
    say_result("recvmsg interrupted", CALL(recvmsg, fd[1], &msg, 0));
    say_result("recvmmsg interrupted", CALL(recvmmsg, fd[1], &m, 1, 0, NULL));
    say_result("read interrupted", CALL(read, fd[1], buf, ROOM));
    say_result("readv interrupted", CALL(readv, fd[1], &iov, 1));
    say_result("read of a pipe interrupted", CALL(read, pipes[0], buf, ROOM));
    struct sockaddr_storage addr;
    socklen_t len;
    int listener = tcp_listener(AF_INET, &addr, &len);
    say_result("accept interrupted", CALL(accept, listener, NULL, NULL));
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    say("signals came: %d, calls in the handler failed with %d", signals >= 8, (int)signal_errno);
    close(listener);
    for (int i = 0; i < 2; i++) {
        close(fd[i]);
        close(signal_fd[i]);
        close(pipes[i]);
    }
    alarm(60);
}
