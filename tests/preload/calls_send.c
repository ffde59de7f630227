/* Calls that put bytes on a descriptor: every variant, sends that are cut short, sendmmsg that
 * stops half-way. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

static void say_arrived(int fd)
{
    uint8_t buf[256];
    await_input(fd);
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    say_result("  arrived", n);
    if (n > 0)
        say_bytes("  bytes", buf, (size_t)n);
}

static void each_variant(int family, const uint8_t *data, size_t len)
{
    int fd[2];
    struct sockaddr_storage to;
    socklen_t to_len;
    uint8_t copy[256];
    memcpy(copy, data, len);
    struct iovec iov[3] = {{copy, len / 2}, {copy, 0}, {copy + len / 2, len - len / 2}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};

    udp_pair(fd, family);
    say_result("send", CALL(send, fd[0], data, len, 0));
    say_arrived(fd[1]);
    say_result("__send", CALL(__send, fd[0], data, len, 0));
    say_arrived(fd[1]);
    say_result("sendto without address", CALL(sendto, fd[0], data, len, 0, NULL, 0));
    say_arrived(fd[1]);
    say_result("sendmsg", CALL(sendmsg, fd[0], &msg, 0));
    say_arrived(fd[1]);
    say_result("write", CALL(write, fd[0], data, len));
    say_arrived(fd[1]);
    say_result("__write", CALL(__write, fd[0], data, len));
    say_arrived(fd[1]);
    say_result("writev", CALL(writev, fd[0], iov, 3));
    if (len > 0) /* of zero bytes the kernel makes no datagram here */
        say_arrived(fd[1]);
    say_result("pwritev2", CALL(pwritev2, fd[0], iov, 3, -1, 0));
    if (len > 0)
        say_arrived(fd[1]);
    say_result("pwritev64v2", CALL(pwritev64v2, fd[0], iov, 3, -1, 0));
    if (len > 0)
        say_arrived(fd[1]);
    say_result("pwritev2 at an offset", CALL(pwritev2, fd[0], iov, 3, 5, 0));
    close(fd[0]);
    close(fd[1]);

    fd[1] = udp_bound(family, &to, &to_len);
    fd[0] = socket(family, SOCK_DGRAM, 0);
    say_result("send without a peer", CALL(send, fd[0], data, len, 0));
    say_result("sendto with address",
               CALL(sendto, fd[0], data, len, 0, (struct sockaddr *)&to, to_len));
    say_arrived(fd[1]);
    msg.msg_name = &to;
    msg.msg_namelen = to_len;
    say_result("sendmsg with address", CALL(sendmsg, fd[0], &msg, 0));
    say_arrived(fd[1]);
    say_result("sendto, address cut", CALL(sendto, fd[0], data, len, 0, (struct sockaddr *)&to, 7));
    to.ss_family = AF_UNIX;
    say_result("sendto, wrong family",
               CALL(sendto, fd[0], data, len, 0, (struct sockaddr *)&to, to_len));
    say_result("unknown flag", CALL(send, fd[0], data, len, 0x40000000));
    say_result("MSG_OOB on UDP", CALL(send, fd[0], data, len, MSG_OOB));
    close(fd[0]);
    close(fd[1]);
}

void calls_send(void)
{
    static const uint8_t plain[] =
        "a hundred bytes that are no STUN, or nearly so many, and nothing to see in them";
    uint8_t stun[64];
    int file = open("/dev/null", O_WRONLY), pipes[2];

    say("plain bytes, IPv4");
    each_variant(AF_INET, plain, sizeof(plain));
    say("STUN, IPv4");
    each_variant(AF_INET, stun, stun_request(stun, 64, 1));
    say("STUN, IPv6");
    each_variant(AF_INET6, stun, stun_request(stun, 20, 2));
    say("zero bytes, IPv4");
    each_variant(AF_INET, plain, 0);

    say_result("send to a file", CALL(send, file, stun, 20, 0));
    say_result("write to a file", CALL(write, file, stun, 20));
    say_result("write nothing to a file", CALL(write, file, stun, 0));
    if (pipe(pipes) != 0)
        fail("pipe");
    say_result("write STUN to a pipe", CALL(write, pipes[1], stun, 20));
    close(pipes[0]);
    signal(SIGPIPE, SIG_IGN);
    say_result("write to a pipe without reader", CALL(write, pipes[1], stun, 20));
    signal(SIGPIPE, SIG_DFL);
    close(pipes[1]);
    close(file);
}

static volatile sig_atomic_t pipe_signals;

static void on_pipe(int number)
{
    (void)number;
    pipe_signals++;
}

static void fill_and_drain(const char *what, const int fd[static 2], bool exact)
{
    static uint8_t big[1 << 20], back[1 << 16];
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (uint8_t)(i * 7);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    size_t sent = 0, got = 0;
    uint32_t sum_sent = 0, sum_got = 0;
    struct iovec iov[2] = {{big, 300000}, {big + 300000, sizeof(big) - 300000}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

    say("%s", what);
    ssize_t n = CALL(sendmsg, fd[0], &msg, MSG_NOSIGNAL);
    (exact ? say_result : say_sign)("first send", n);
    say("cut short: %d", n > 0 && (size_t)n < sizeof(big));
    for (int i = 0; i < 1000 && n > 0; i++) {
        sent += (size_t)n;
        n = CALL(send, fd[0], big + sent, sizeof(big) - sent, MSG_NOSIGNAL);
    }
    say_result("full", n);
    say_result("still full, MSG_DONTWAIT", CALL(send, fd[0], big, 1, MSG_DONTWAIT));
    say_result("still full, write", CALL(write, fd[0], big, 1));
    for (size_t i = 0; i < sent; i++)
        sum_sent = sum_sent * 31 + big[i];
    for (;;) {
        /* TCP hands bytes over in its own time: wait for each until all have come. */
        if (got < sent)
            await_input(fd[1]);
        ssize_t r = CALL(read, fd[1], back, sizeof(back));
        if (r <= 0) {
            say_result("drained", r);
            break;
        }
        for (ssize_t i = 0; i < r; i++)
            sum_got = sum_got * 31 + back[i];
        got += (size_t)r;
    }
    say("all that was sent has come: %d, intact: %d", sent == got, sum_sent == sum_got);
}

void calls_send_partial(void)
{
    int fd[2], small = 8192;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        fail("socketpair");
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    fill_and_drain("Unix stream", fd, true);
    close(fd[1]);
    say_result("peer gone, MSG_NOSIGNAL", CALL(send, fd[0], "x", 1, MSG_NOSIGNAL));
    signal(SIGPIPE, on_pipe);
    say_result("peer gone, send", CALL(send, fd[0], "x", 1, 0));
    say_result("peer gone, write", CALL(write, fd[0], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    say("SIGPIPE came %d times", (int)pipe_signals);
    close(fd[0]);

    tcp_pair(fd, AF_INET);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    fill_and_drain("TCP", fd, false);
    close(fd[0]);
    close(fd[1]);
}

static void say_mmsg(const char *what, int n, const struct mmsghdr *m, int count)
{
    say_result(what, n);
    for (int i = 0; i < count; i++)
        say("  message %d: msg_len %u", i, m[i].msg_len);
}

void calls_sendmmsg(void)
{
    static uint8_t large[70000];
    uint8_t stun[3][20];
    struct iovec iov[3];
    struct mmsghdr m[3];
    int fd[2];

    udp_pair(fd, AF_INET);
    for (int bad = -1; bad < 3; bad++) {
        memset(m, 0, sizeof(m));
        for (int i = 0; i < 3; i++) {
            stun_request(stun[i], 20, (uint32_t)i);
            iov[i] = (struct iovec){stun[i], 20};
            m[i].msg_hdr.msg_iov = &iov[i];
            m[i].msg_hdr.msg_iovlen = 1;
            m[i].msg_len = 777;
        }
        if (bad >= 0)
            iov[bad] = (struct iovec){large, sizeof(large)};
        say("sendmmsg with message %d too large", bad);
        int n = CALL(sendmmsg, fd[0], m, 3, 0);
        say_mmsg("sendmmsg", n, m, 3);
        for (int i = 0; i < n; i++)
            say_arrived(fd[1]);
        if (bad >= 0) {
            iov[bad] = (struct iovec){bad_pointer(), 20};
            n = CALL(sendmmsg, fd[0], m, 3, 0);
            say_mmsg("the same with a bad pointer", n, m, 3);
            for (int i = 0; i < n; i++)
                say_arrived(fd[1]);
        }
    }
    say_result("no messages", CALL(sendmmsg, fd[0], m, 0, 0));
    /* Past the end of the third is memory that is not ours: the kernel stops there as well. */
    struct mmsghdr *edge = (struct mmsghdr *)(void *)(guarded(sizeof(m)) - sizeof(m[0]));
    *edge = m[0];
    int n = CALL(sendmmsg, fd[0], edge, 3, 0);
    say_mmsg("array that runs into a hole", n, edge, 1);
    close(fd[0]);
    close(fd[1]);
}
