/* TCP: accept in both forms, messages split and joined, bytes thrown away unseen. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* Take exactly len bytes in pieces of at most piece. */
static void take(int fd, size_t len, size_t piece)
{
    uint8_t buf[256] = {0};
    for (size_t got = 0; got < len;) {
        await_input(fd);
        ssize_t n = CALL(recv, fd, buf + got, len - got < piece ? len - got : piece, 0);
        if (n <= 0) {
            say_result("  recv", n);
            return;
        }
        got += (size_t)n;
    }
    say_bytes("  taken", buf, len);
}

static void accepts(int family)
{
    struct sockaddr_storage addr, from;
    socklen_t len, from_len = sizeof(from);
    int listener = tcp_listener(family, &addr, &len);
    int a = socket(family, SOCK_STREAM, 0), b = socket(family, SOCK_STREAM, 0);
    say_result("connect", CALL(connect, a, (struct sockaddr *)&addr, len));
    memset(&from, 0, sizeof(from));
    int fd = CALL(accept, listener, (struct sockaddr *)&from, &from_len);
    say_result("accept", fd);
    say_addr("  from", &from, from_len);
    close(fd);
    fcntl(b, F_SETFL, O_NONBLOCK);
    say_result("non-blocking connect", CALL(connect, b, (struct sockaddr *)&addr, len));
    say_result("connect again", CALL(connect, b, (struct sockaddr *)&addr, len));
    say_result("connect a third time", CALL(connect, b, (struct sockaddr *)&addr, len));
    await_input(listener);
    fd = CALL(accept4, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    say_result("accept4", fd);
    say("  flags %x, close on exec %d", (unsigned)fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    close(fd);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    say_result("nobody there", CALL(accept, listener, NULL, NULL));
    say_result("accept4, unknown flag", CALL(accept4, listener, NULL, NULL, 0x7f));
    say_result("accept on a connection", CALL(accept, a, NULL, NULL));
    close(a);
    close(b);
    close(listener);
    a = socket(family, SOCK_STREAM, 0);
    say_result("refused", CALL(connect, a, (struct sockaddr *)&addr, len));
    close(a);
}

void calls_tcp(void)
{
    uint8_t out[3 * 20], in[64];
    int fd[2];
    accepts(AF_INET);
    accepts(AF_INET6);

    tcp_pair(fd, AF_INET);
    for (uint32_t i = 0; i < 3; i++)
        stun_request(out + 20 * i, 20, i);
    say("split");
    for (size_t i = 0; i < 20; i++)
        CALL(send, fd[0], out + i, 1, 0);
    take(fd[1], 20, 20);
    say("joined");
    say_result("send", CALL(send, fd[0], out, sizeof(out), 0));
    take(fd[1], sizeof(out), 7);
    say_result("zero bytes", CALL(send, fd[0], out, 0, 0));
    say_result("recv of zero bytes", CALL(recv, fd[1], in, 0, MSG_DONTWAIT));

    say_result("send", CALL(send, fd[0], out, 20, 0));
    await_input(fd[1]);
    say_result("MSG_PEEK", CALL(recv, fd[1], in, 20, MSG_PEEK));
    say_result("MSG_WAITALL", CALL(recv, fd[1], in, 20, MSG_WAITALL));
    say_result("MSG_OOB out", CALL(send, fd[0], "!", 1, MSG_OOB));
    struct pollfd urgent = {.fd = fd[1], .events = POLLPRI};
    poll(&urgent, 1, 5000);
    say_result("MSG_OOB in", CALL(recv, fd[1], in, 1, MSG_OOB));
    shutdown(fd[0], SHUT_WR);
    await_input(fd[1]);
    say_result("end of stream", CALL(recv, fd[1], in, 20, 0));
    say_result("end of stream, read", CALL(read, fd[1], in, 20));
    say_result("send after shutdown", CALL(send, fd[0], out, 20, MSG_NOSIGNAL));
    close(fd[0]);
    close(fd[1]);
}

/* With MSG_TRUNC Linux throws a stream's bytes away and touches no buffer (tcp(7)). */
void calls_tcp_trunc(void)
{
    uint8_t out[20];
    int fd[2];
    tcp_pair(fd, AF_INET);
    stun_request(out, sizeof(out), 1);
    say_result("send", CALL(send, fd[0], out, 20, 0));
    await_input(fd[1]);
    say_result("MSG_TRUNC without a buffer", CALL(recv, fd[1], NULL, 20, MSG_TRUNC));
    say_result("send", CALL(send, fd[0], out, 20, 0));
    await_input(fd[1]);
    say_result("MSG_TRUNC into a bad pointer", CALL(recv, fd[1], bad_pointer(), 20, MSG_TRUNC));
    say_result("send", CALL(send, fd[0], out, 20, 0));
    struct iovec iov = {bad_pointer(), 20};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    await_input(fd[1]);
    say_result("recvmsg, MSG_TRUNC into a bad pointer", CALL(recvmsg, fd[1], &msg, MSG_TRUNC));
    close(fd[0]);
    close(fd[1]);
}
