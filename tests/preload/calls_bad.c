/* Bad descriptors and bad pointers: the error is the kernel's, and nobody else touches the memory.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Wrong on purpose: the compiler sees lengths and counts that no honest program passes. */
#pragma GCC diagnostic ignored "-Wrestrict"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wnonnull"

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* The kernel looks at the descriptor first: none of the pointers may be followed before it has. */
void calls_bad_fd(void)
{
    static const int bad[] = {-1, 600, 2000000000, -2147483647 - 1, AT_FDCWD};
    void *p = bad_pointer();
    struct timespec none = {0};
    struct msghdr msg = {.msg_iov = p, .msg_iovlen = 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = bad[i];
        say("descriptor %d", fd);
        say_result("send", CALL(send, fd, p, 20, 0));
        say_result("__send", CALL(__send, fd, p, 20, 0));
        say_result("sendto", CALL(sendto, fd, p, 20, 0, p, 16));
        say_result("sendmsg", CALL(sendmsg, fd, p, 0));
        say_result("sendmsg, bad parts", CALL(sendmsg, fd, &msg, 0));
        say_result("sendmmsg", CALL(sendmmsg, fd, p, 2, 0));
        say_result("write", CALL(write, fd, p, 20));
        say_result("__write", CALL(__write, fd, p, 20));
        say_result("writev", CALL(writev, fd, p, 2));
        say_result("pwritev2", CALL(pwritev2, fd, p, 2, -1, 0));
        say_result("pwritev64v2", CALL(pwritev64v2, fd, p, 2, -1, 0));
        say_result("recv", CALL(recv, fd, p, 20, 0));
        say_result("__recv_chk", CALL(__recv_chk, fd, p, 20, 20, 0));
        say_result("recvfrom", CALL(recvfrom, fd, p, 20, 0, p, p));
        say_result("__recvfrom_chk", CALL(__recvfrom_chk, fd, p, 20, 20, 0, p, p));
        say_result("recvmsg", CALL(recvmsg, fd, p, 0));
        say_result("recvmmsg", CALL(recvmmsg, fd, p, 2, 0, &none));
        say_result("read", CALL(read, fd, p, 20));
        say_result("__read", CALL(__read, fd, p, 20));
        say_result("__read_chk", CALL(__read_chk, fd, p, 20, 20));
        say_result("readv", CALL(readv, fd, p, 2));
        say_result("preadv2", CALL(preadv2, fd, p, 2, -1, 0));
        say_result("preadv64v2", CALL(preadv64v2, fd, p, 2, -1, 0));
        say_result("bind", CALL(bind, fd, p, 16));
        say_result("connect", CALL(connect, fd, p, 16));
        say_result("__connect", CALL(__connect, fd, p, 16));
        say_result("getsockname", CALL(getsockname, fd, p, p));
        say_result("getpeername", CALL(getpeername, fd, p, p));
        say_result("setsockopt", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, p, 3));
        say_result("accept", CALL(accept, fd, p, p));
        say_result("accept4", CALL(accept4, fd, p, p, 0));
        say_result("dup", CALL(dup, fd));
        say_result("dup3", CALL(dup3, fd, 601, 0));
        say_result("fcntl", CALL(fcntl, fd, F_SETLK, p));
        say_result("ioctl", CALL(ioctl, fd, FIONREAD, p));
        say_result("close", CALL(close, fd));
        if (fd != AT_FDCWD)
            say_result("openat", CALL(openat, fd, "relative", O_RDONLY));
    }
    int file = open("/dev/null", O_RDWR);
    say_result("recv on a file", CALL(recv, file, p, 20, 0));
    say_result("getsockname on a file", CALL(getsockname, file, p, p));
    /* /dev/null takes bytes that are not there, and gives none. */
    say_result("write to /dev/null from nowhere", CALL(write, file, p, 100));
    say_result("read from /dev/null into nowhere", CALL(read, file, p, 100));
    close(file);
    int path = open("/tmp", O_PATH);
    say_result("write to O_PATH", CALL(write, path, p, 20));
    say_result("read from O_PATH", CALL(read, path, p, 20));
    close(path);
}

static void bad_sends(int fd, const struct sockaddr *to, socklen_t to_len)
{
    static uint8_t good[20];
    void *p = bad_pointer();
    struct iovec iov[3] = {{good, 20}, {p, 20}, {NULL, 0}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    stun_request(good, 20, 1);
    say_result("send", CALL(send, fd, p, 20, 0));
    say_result("send NULL", CALL(send, fd, NULL, 20, 0));
    say_result("send nothing from nowhere", CALL(send, fd, p, 0, MSG_DONTWAIT));
    say_result("send, huge length", CALL(send, fd, p, SIZE_MAX, MSG_DONTWAIT));
    say_result("send, good pointer, huge length", CALL(send, fd, good, SIZE_MAX / 2, MSG_DONTWAIT));
    say_result("__send", CALL(__send, fd, p, 20, 0));
    say_result("sendto, bad address", CALL(sendto, fd, good, 20, 0, p, 16));
    say_result("sendto, bad bytes", CALL(sendto, fd, p, 20, 0, to, to_len));
    say_result("sendmsg NULL", CALL(sendmsg, fd, NULL, 0));
    say_result("sendmsg", CALL(sendmsg, fd, p, 0));
    say_result("sendmsg, second part bad", CALL(sendmsg, fd, &msg, 0));
    iov[1] = (struct iovec){good, SIZE_MAX};
    say_result("sendmsg, second part endless", CALL(sendmsg, fd, &msg, 0));
    msg.msg_iovlen = 2000;
    say_result("sendmsg, too many parts", CALL(sendmsg, fd, &msg, 0));
    msg.msg_iovlen = SIZE_MAX;
    say_result("sendmsg, far too many parts", CALL(sendmsg, fd, &msg, 0));
    msg = (struct msghdr){.msg_iov = p, .msg_iovlen = 1};
    say_result("sendmsg, bad parts", CALL(sendmsg, fd, &msg, 0));
    msg = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1, .msg_name = p, .msg_namelen = 16};
    say_result("sendmsg, bad address", CALL(sendmsg, fd, &msg, 0));
    msg = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1, .msg_control = p, .msg_controllen = 64};
    say_result("sendmsg, bad control", CALL(sendmsg, fd, &msg, 0));
    msg.msg_controllen = SIZE_MAX;
    say_result("sendmsg, endless control", CALL(sendmsg, fd, &msg, 0));
    msg.msg_control = NULL;
    msg.msg_controllen = 0;
    msg.msg_flags = -1;
    say_result("sendmsg, flags set inside", CALL(sendmsg, fd, &msg, MSG_DONTWAIT));
    say_result("sendmmsg", CALL(sendmmsg, fd, p, 2, 0));
    say_result("write", CALL(write, fd, p, 20));
    say_result("write, huge length", CALL(write, fd, p, SIZE_MAX));
    say_result("writev, bad parts", CALL(writev, fd, p, 2));
    say_result("writev, negative count", CALL(writev, fd, iov, -1));
    say_result("writev, too many", CALL(writev, fd, iov, 2000));
    say_result("writev, no parts", CALL(writev, fd, iov, 0));
    iov[1] = (struct iovec){p, 20};
    say_result("writev, second part bad", CALL(writev, fd, iov, 2));
    iov[0].iov_base = p;
    say_result("writev, first part bad", CALL(writev, fd, iov, 2));
    say_result("pwritev2, bad parts", CALL(pwritev2, fd, p, 2, -1, 0));
    say_result("pwritev64v2, bad flags", CALL(pwritev64v2, fd, iov, 1, -1, 0x8000));
}

void calls_bad_send(void)
{
    struct sockaddr_storage to;
    socklen_t to_len;
    int fd[2], other = udp_bound(AF_INET, &to, &to_len);
    say("UDP");
    udp_pair(fd, AF_INET);
    bad_sends(fd[0], (struct sockaddr *)&to, to_len);
    close(fd[0]);
    close(fd[1]);
    say("TCP");
    tcp_pair(fd, AF_INET);
    bad_sends(fd[0], (struct sockaddr *)&to, to_len);
    close(fd[0]);
    close(fd[1]);
    say("Unix");
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) != 0)
        fail("socketpair");
    bad_sends(fd[0], (struct sockaddr *)&to, to_len);
    close(fd[0]);
    close(fd[1]);
    say("netlink");
    fd[0] = socket(AF_NETLINK, SOCK_RAW, 0);
    bad_sends(fd[0], (struct sockaddr *)&to, to_len);
    close(fd[0]);
    close(other);
}

void calls_bad_recv(void)
{
    static uint8_t good[64], out[20];
    struct sockaddr_storage from;
    void *p = bad_pointer();
    int fd[2];
    udp_pair(fd, AF_INET);

#define FED(what, call)                                                                            \
    do {                                                                                           \
        while (recv(fd[1], good, sizeof(good), MSG_DONTWAIT) >= 0) {                               \
        }                                                                                          \
        if (send(fd[0], out, stun_request(out, 20, 1), 0) != 20)                                   \
            fail("send");                                                                          \
        await_input(fd[1]);                                                                        \
        say_result(what, call);                                                                    \
    } while (0)

    struct iovec iov[2] = {{good, 8}, {p, 20}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    struct mmsghdr m[2] = {{.msg_hdr = {.msg_iov = iov, .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = iov, .msg_iovlen = 2}}};
    FED("recv", CALL(recv, fd[1], p, 20, 0));
    FED("recv, no room in nowhere", CALL(recv, fd[1], p, 0, 0));
    FED("recv, huge length", CALL(recv, fd[1], good, SIZE_MAX, MSG_DONTWAIT));
    FED("recvfrom, bad address", CALL(recvfrom, fd[1], good, 20, 0, p, &(socklen_t){16}));
    FED("recvfrom, bad address length",
        CALL(recvfrom, fd[1], good, 20, 0, (struct sockaddr *)&from, p));
    FED("recvfrom, address without length",
        CALL(recvfrom, fd[1], good, 20, 0, (struct sockaddr *)&from, NULL));
    FED("recvfrom, negative length",
        CALL(recvfrom, fd[1], good, 20, 0, (struct sockaddr *)&from, &(socklen_t){0xffffffff}));
    FED("recvmsg", CALL(recvmsg, fd[1], p, 0));
    FED("recvmsg NULL", CALL(recvmsg, fd[1], NULL, 0));
    FED("recvmsg, second part bad", CALL(recvmsg, fd[1], &msg, 0));
    msg.msg_iovlen = 1;
    msg.msg_name = p;
    msg.msg_namelen = 16;
    FED("recvmsg, bad address", CALL(recvmsg, fd[1], &msg, 0));
    msg = (struct msghdr){.msg_iov = p, .msg_iovlen = 1};
    FED("recvmsg, bad parts", CALL(recvmsg, fd[1], &msg, 0));
    msg = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1, .msg_control = p, .msg_controllen = 64};
    FED("recvmsg, bad control", CALL(recvmsg, fd[1], &msg, 0));
    FED("recvmmsg, bad array", CALL(recvmmsg, fd[1], p, 2, 0, NULL));
    FED("recvmmsg, bad timeout", CALL(recvmmsg, fd[1], m, 1, 0, p));
    if (send(fd[0], out, 20, 0) != 20)
        fail("send");
    FED("recvmmsg, second message bad", CALL(recvmmsg, fd[1], m, 2, MSG_DONTWAIT, NULL));
    FED("read", CALL(read, fd[1], p, 20));
    FED("__read", CALL(__read, fd[1], p, 20));
    FED("readv, bad parts", CALL(readv, fd[1], p, 2));
    FED("readv, negative count", CALL(readv, fd[1], iov, -1));
    FED("readv, second part bad", CALL(readv, fd[1], iov, 2));
    FED("preadv2, bad parts", CALL(preadv2, fd[1], p, 2, -1, 0));
#undef FED
    close(fd[0]);
    close(fd[1]);
}

void calls_bad_rest(void)
{
    struct sockaddr_storage addr;
    socklen_t len, room = 16;
    void *p = bad_pointer();
    char *const empty[] = {NULL}, *const broken[] = {p, NULL};
    int listener = tcp_listener(AF_INET, &addr, &len), fd = socket(AF_INET, SOCK_DGRAM, 0);
    say_result("socketpair", CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, p));
    say_result("bind", CALL(bind, fd, p, 16));
    say_result("bind NULL", CALL(bind, fd, NULL, 0));
    say_result("connect", CALL(connect, fd, p, 16));
    say_result("connect NULL", CALL(connect, fd, NULL, 0));
    say_result("getsockname, bad length", CALL(getsockname, fd, (struct sockaddr *)&addr, p));
    say_result("getsockname, bad address", CALL(getsockname, fd, p, &room));
    say_result("getpeername", CALL(getpeername, fd, p, p));
    say_result("setsockopt", CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, p, 4));
    say_result("setsockopt, device", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, p, 4));
    say_result("setsockopt, negative",
               CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", (socklen_t)-1));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&addr, len) != 0)
        fail("connect");
    await_input(listener);
    say_result("accept, bad address", CALL(accept, listener, p, &room));
    close(client);
    /* Pointers past libc, straight to the kernel. A library that reads the environment has to take
     * care. */
    say_result("execve, bad path", CALL(execve, p, empty, empty));
    say_result("execve, bad arguments", CALL(execve, "/bin/true", p, empty));
    say_result("execve, bad argument", CALL(execve, "/bin/true", broken, empty));
    say_result("execve, bad environment", CALL(execve, "/bin/true", empty, p));
    say_result("execve, bad variable", CALL(execve, "/bin/true", empty, broken));
    say_result("execv, bad path", CALL(execv, p, empty));
    say_result("execveat, bad path", CALL(execveat, AT_FDCWD, p, empty, empty, 0));
    say_result("execveat, bad flags", CALL(execveat, AT_FDCWD, "/bin/true", empty, empty, 0x10000));
    say_result("fexecve, bad descriptor", CALL(fexecve, 600, empty, empty));
    say_result("clone without a function", CALL(clone, NULL, NULL, 0, NULL));
    close(fd);
    close(listener);
}
