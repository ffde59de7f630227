/* Sockets, their addresses and options; errors that come back over the error queue; IPv4-mapped
 * IPv6. */
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

static void say_names(int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    say_result("getsockname", CALL(getsockname, fd, (struct sockaddr *)&addr, &len));
    say_addr("  local", &addr, len);
    len = sizeof(addr);
    memset(&addr, 0, sizeof(addr));
    int result = CALL(getpeername, fd, (struct sockaddr *)&addr, &len);
    say_result("getpeername", result);
    if (result == 0)
        say_addr("  peer", &addr, len);
    len = 4;
    memset(&addr, 0, sizeof(addr));
    say_result("getsockname, little room", CALL(getsockname, fd, (struct sockaddr *)&addr, &len));
    say("  length %u family %u", len, addr.ss_family);
}

void calls_socket(void)
{
    static const struct {
        const char *name;
        int family, type, protocol;
    } kinds[] = {
        {"udp", AF_INET, SOCK_DGRAM, 0},
        {"udp6", AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP},
        {"tcp", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0},
        {"tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP},
        {"unix", AF_UNIX, SOCK_DGRAM, 0},
        {"netlink", AF_NETLINK, SOCK_RAW, 0},
        {"wrong protocol", AF_INET, SOCK_DGRAM, IPPROTO_TCP},
        {"wrong family", 4242, SOCK_DGRAM, 0},
        {"wrong type", AF_INET, 77, 0},
        {"negative", -1, -1, -1},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int fd = CALL(socket, kinds[i].family, kinds[i].type, kinds[i].protocol);
        say_result(kinds[i].name, fd);
        if (fd >= 0) {
            say("  flags %x, close on exec %d", (unsigned)fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
            close(fd);
        }
    }
    int pair[2] = {-7, -7};
    say_result("socketpair", CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair));
    say("  %d %d", pair[0], pair[1]);
    say_names(pair[0]);
    close(pair[0]);
    close(pair[1]);
    pair[0] = pair[1] = -7;
    say_result("socketpair of family inet", CALL(socketpair, AF_INET, SOCK_STREAM, 0, pair));
    say("  %d %d", pair[0], pair[1]);

    struct sockaddr_storage addr;
    socklen_t len;
    int other = udp_bound(AF_INET, &addr, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    say_names(fd);
    struct sockaddr_in any = {.sin_family = AF_INET};
    say_result("bind", CALL(bind, fd, (struct sockaddr *)&any, sizeof(any)));
    say_result("bind twice", CALL(bind, fd, (struct sockaddr *)&any, sizeof(any)));
    say_result("connect", CALL(connect, fd, (struct sockaddr *)&addr, len));
    say_names(fd);
    say_result("__connect", CALL(__connect, fd, (struct sockaddr *)&addr, len));
    any.sin_family = AF_UNSPEC;
    say_result("disconnect", CALL(connect, fd, (struct sockaddr *)&any, sizeof(any)));
    say_names(fd);
    say_result("connect, address cut", CALL(connect, fd, (struct sockaddr *)&addr, 3));
    say_result("connect, length negative",
               CALL(connect, fd, (struct sockaddr *)&addr, (socklen_t)-1));
    say_result("connect, length huge", CALL(connect, fd, (struct sockaddr *)&addr, 4096));
    close(fd);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    say_result("bind to a taken address", CALL(bind, fd, (struct sockaddr *)&addr, len));
    struct sockaddr_in foreign = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000263)};
    say_result("bind to a foreign address",
               CALL(bind, fd, (struct sockaddr *)&foreign, sizeof(foreign)));

    int value = 1;
    say_result("setsockopt", CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)));
    say_result("pin to lo", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
    say_result("pin to nothing", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    say_result("pin to a stranger",
               CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "nosuchif", 9));
    value = 4242;
    say_result("pin by index",
               CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTOIFINDEX, &value, sizeof(value)));
    say_result("IP_UNICAST_IF",
               CALL(setsockopt, fd, IPPROTO_IP, IP_UNICAST_IF, &value, sizeof(value)));
    say_result("value cut", CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &value, 1));
    say_result("wrong level", CALL(setsockopt, fd, 4242, 1, &value, sizeof(value)));
    close(fd);
    close(other);
}

void calls_udp_errors(void)
{
    struct sockaddr_storage addr;
    socklen_t len;
    uint8_t stun[20], buf[64] = {0}, control[256] = {0};
    struct sockaddr_storage from;
    int on = 1;
    close(udp_bound(AF_INET, &addr, &len)); /* a port that nobody listens on */

    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&addr, len) != 0)
        fail("connect");
    say_result("send to a refused port", CALL(send, fd, stun, stun_request(stun, 20, 3), 0));
    say_result("the next send tells", CALL(send, fd, stun, 20, 0));
    struct iovec iov = {buf, sizeof(buf)};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof(from),
                         .msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    say_result("MSG_ERRQUEUE", CALL(recvmsg, fd, &msg, MSG_ERRQUEUE));
    say_bytes("  what was sent", buf, 20);
    say_addr("  to", &from, msg.msg_namelen);
    say("  flags %x", (unsigned)msg.msg_flags);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        struct sock_extended_err err;
        memcpy(&err, CMSG_DATA(c), sizeof(err));
        say("  control %d %d: error %u origin %u", c->cmsg_level, c->cmsg_type, err.ee_errno,
            err.ee_origin);
    }
    say_result("empty again", CALL(recvmsg, fd, &msg, MSG_ERRQUEUE));
    say_result("send again", CALL(send, fd, stun, 20, 0));
    say_result("recv tells", CALL(recv, fd, buf, sizeof(buf), 0));
    close(fd);
}

void calls_udp_segments(void)
{
    uint8_t out[5 * 20], in[256], control[64];
    int fd[2], segment = 20, on = 1;
    for (uint32_t i = 0; i < 5; i++)
        stun_request(out + 20 * i, 20, i);
    udp_pair(fd, AF_INET);
    say_result("UDP_SEGMENT on the socket",
               CALL(setsockopt, fd[0], IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)));
    say_result("send 90 bytes", CALL(send, fd[0], out, 90, 0));
    for (int i = 0; i < 5; i++) {
        await_input(fd[1]);
        ssize_t n = CALL(recv, fd[1], in, sizeof(in), MSG_DONTWAIT);
        say_result("segment", n);
        say_bytes("  bytes", in, n > 0 ? (size_t)n : 0);
    }
    segment = 0;
    say_result("UDP_SEGMENT off",
               CALL(setsockopt, fd[0], IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)));

    struct iovec iov = {out, sizeof(out)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
    uint16_t size = 20;
    memset(control, 0, sizeof(control));
    msg.msg_controllen = CMSG_SPACE(sizeof(size));
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(c), &size, sizeof(size));
    say_result("UDP_SEGMENT in a control message", CALL(sendmsg, fd[0], &msg, 0));
    for (int i = 0; i < 5; i++) {
        await_input(fd[1]);
        say_result("segment", CALL(read, fd[1], in, sizeof(in)));
    }
    c->cmsg_len = 3;
    say_result("control message too short", CALL(sendmsg, fd[0], &msg, 0));
    c->cmsg_len = 4242;
    say_result("control message too long", CALL(sendmsg, fd[0], &msg, 0));
    c->cmsg_len = CMSG_LEN(sizeof(size));

    setsockopt(fd[1], IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
    say_result("UDP_SEGMENT towards UDP_GRO", CALL(sendmsg, fd[0], &msg, 0));
    for (size_t got = 0; got < sizeof(out);) {
        struct iovec riov = {in, sizeof(in)};
        struct msghdr rmsg = {.msg_iov = &riov,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof(control)};
        await_input(fd[1]);
        ssize_t n = CALL(recvmsg, fd[1], &rmsg, 0);
        say_result("joined", n);
        if (n <= 0)
            break;
        got += (size_t)n;
        say_bytes("  bytes", in, (size_t)n);
        for (c = CMSG_FIRSTHDR(&rmsg); c; c = CMSG_NXTHDR(&rmsg, c))
            say("  control %d %d length %zu: %d", c->cmsg_level, c->cmsg_type, c->cmsg_len,
                *(int *)(void *)CMSG_DATA(c));
    }
    close(fd[0]);
    close(fd[1]);
}

void calls_mapped(void)
{
    struct sockaddr_storage addr;
    socklen_t len;
    uint8_t stun[20], buf[64];
    int server = udp_bound(AF_INET, &addr, &len), off = 0;
    struct sockaddr_in in4;
    memcpy(&in4, &addr, sizeof(in4));
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = in4.sin_port};
    mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&mapped.sin6_addr.s6_addr[12], &in4.sin_addr, 4);

    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    say_result("sendto mapped", CALL(sendto, fd, stun, stun_request(stun, 20, 5), 0,
                                     (struct sockaddr *)&mapped, sizeof(mapped)));
    struct sockaddr_storage from = {0};
    socklen_t from_len = sizeof(from);
    await_input(server);
    say_result("recvfrom",
               CALL(recvfrom, server, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len));
    say_addr("  from", &from, from_len);
    stun_message(buf, 20, 0x0101, 5);
    say_result("answer", CALL(sendto, server, buf, 20, 0, (struct sockaddr *)&from, from_len));
    from_len = sizeof(from);
    await_input(fd);
    say_result("answer comes",
               CALL(recvfrom, fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len));
    say_addr("  from", &from, from_len);
    say_result("connect mapped", CALL(connect, fd, (struct sockaddr *)&mapped, sizeof(mapped)));
    say_names(fd);
    close(fd);
    close(server);
}
