/* What a message's record says of its socket: addresses, copies of descriptors, strangers; STUN
 * that goes past libc's wrappers; ChannelData. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "events.h"
#include "transcript.h"

void events_udp_addresses(void)
{
    struct sockaddr_storage addr, from;
    socklen_t len, from_len = sizeof(from);
    uint8_t b[20], in[64];
    int server = udp_bound(AF_INET, &addr, &len), off = 0;
    struct sockaddr_in in4;
    memcpy(&in4, &addr, sizeof(in4));
    unsigned port = ntohs(in4.sin_port);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(fd, b, stun_request(b, 20, 1), 0, (struct sockaddr *)&addr, len);
    expect("stun sendto out,udp id=1 remote=127.0.0.1:%u", port);
    await_input(server);
    recvfrom(server, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);
    struct sockaddr_in client;
    memcpy(&client, &from, sizeof(client));
    expect("stun recvfrom in,udp id=1 remote=127.0.0.1:%u", ntohs(client.sin_port));
    close(fd);

    /* IPv4 inside IPv6 is IPv4. */
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = in4.sin_port};
    mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&mapped.sin6_addr.s6_addr[12], &in4.sin_addr, 4);
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    struct iovec iov = {b, stun_request(b, 20, 2)};
    struct msghdr msg = {
        .msg_name = &mapped, .msg_namelen = sizeof(mapped), .msg_iov = &iov, .msg_iovlen = 1};
    sendmsg(fd, &msg, 0);
    expect("stun sendmsg out,udp id=2 remote=127.0.0.1:%u", port);
    await_input(server);
    from_len = sizeof(from);
    recvfrom(server, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);
    expect("stun recvfrom in,udp id=2");
    sendto(server, b, stun_message(b, 20, 0x0101, 3), 0, (struct sockaddr *)&from, from_len);
    expect("stun sendto out,udp id=3");
    await_input(fd);
    from_len = sizeof(from);
    recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &from_len);
    expect("stun recvfrom in,udp id=3 remote=127.0.0.1:%u", port);
    close(fd);
    close(server);
}

/* A datagram goes whole or not at all: what a stream can do has no counterpart, but refused tries
 * leave no second record. */
void events_udp_partial(void)
{
    uint8_t b[20], in[64];
    int fd[2];
    pair(fd, AF_INET);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 10; i++)
        if (recv(fd[1], in, sizeof(in), 0) >= 0)
            fail("an empty socket");
    send(fd[0], b, 0, 0);
    send(fd[0], b, stun_request(b, 20, 1), MSG_CONFIRM), expect_stun("send", "out,udp", 20, 1);
    await_input(fd[1]);
    if (recv(fd[1], in, sizeof(in), 0) != 0)
        fail("the empty datagram");
    recv(fd[1], in, sizeof(in), 0), expect_stun("recv", "in,udp", 20, 1);
    if (recv(fd[1], in, sizeof(in), 0) >= 0)
        fail("an empty socket");
}

void events_copies(void)
{
    uint8_t b[20];
    int fd[2], n;
    pair(fd, AF_INET);
    int a = dup(fd[0]);
    close(fd[0]);
    send(a, b, stun_request(b, 20, 1), 0), expect_stun("send", "out,udp", 20, 1);
    dup2(a, 50);
    dup2(50, 50);
    close(a);
    send(50, b, stun_request(b, 20, 2), 0), expect_stun("send", "out,udp", 20, 2);
    n = fcntl(50, F_DUPFD_CLOEXEC, 60);
    dup3(n, 70, O_CLOEXEC);
    close(50);
    send(n, b, stun_request(b, 20, 3), 0), expect_stun("send", "out,udp", 20, 3);
    send(70, b, stun_request(b, 20, 4), 0), expect_stun("send", "out,udp", 20, 4);
    /* The number becomes a file's: the same bytes are no message there. */
    int file = open("/dev/null", O_WRONLY);
    dup2(file, 70);
    (void)!write(70, b, stun_request(b, 20, 5));
    dup2(n, file);
    (void)!write(file, b, stun_request(b, 20, 6)), expect_stun("write", "out,udp", 20, 6);
    close_range(60, 80, 0);
    int pipes[2];
    if (pipe(pipes) != 0)
        fail("pipe");
    (void)!write(pipes[1], b, stun_request(b, 20, 7));
    (void)!read(pipes[0], b, 20);
    /* A failed dup2 leaves what was there. */
    dup2(600, file);
    (void)!write(file, b, stun_request(b, 20, 8)), expect_stun("write", "out,udp", 20, 8);
    /* Past the end of any table. */
    if (fcntl(file, F_DUPFD, 1000) < 0)
        fail("a high descriptor (ulimit -n)");
    (void)!write(1000, b, stun_request(b, 20, 9)), expect_stun("write", "out,udp", 20, 9);
}

void events_passed(void)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    uint8_t b[64];
    char byte = 'f';
    int over[2], fd[2];
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    pair(fd, AF_INET);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, over) != 0)
        fail("socketpair");
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(c), fd, 2 * sizeof(int));
    sendmsg(over[0], &msg, 0);
    close(fd[0]);
    close(fd[1]);
    if (recvmsg(over[1], &msg, 0) != 1)
        fail("recvmsg");
    memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), 2 * sizeof(int));
    send(fd[0], b, 17, 0);
    (void)!read(fd[1], b, sizeof(b));
    send(fd[0], b, stun_request(b, 20, 1), 0);
    expect("stun send out,udp,unknown len=20 id=1");
    (void)!read(fd[1], b, sizeof(b));
    expect("stun read in,udp,unknown len=20 id=1");
    /* Once asked, known. */
    send(fd[0], b, stun_request(b, 20, 2), 0), expect("stun send len=20 id=2");
}

void events_syscall(void)
{
    uint8_t b[64];
    int fd[2];
    pair(fd, AF_INET);
    stun_request(b, 20, 1);
    syscall(SYS_sendto, fd[0], b, 20UL, 0, NULL, 0), expect_stun("syscall", "out,udp", 20, 1);
    syscall(SYS_recvfrom, fd[1], b, sizeof(b), 0, NULL, NULL),
        expect_stun("syscall", "in,udp", 20, 1);
    stun_request(b, 20, 2);
    syscall(SYS_write, fd[0], b, 20UL), expect_stun("syscall", "out,udp", 20, 2);
    syscall(SYS_read, fd[1], b, sizeof(b)), expect_stun("syscall", "in,udp", 20, 2);
    struct iovec iov = {b, stun_request(b, 20, 3)};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    syscall(SYS_sendmsg, fd[0], &m.msg_hdr, 0), expect_stun("syscall", "out,udp", 20, 3);
    syscall(SYS_recvmsg, fd[1], &m.msg_hdr, 0), expect_stun("syscall", "in,udp", 20, 3);
    stun_request(b, 20, 4);
    syscall(SYS_sendmmsg, fd[0], &m, 1U, 0), expect_stun("syscall", "out,udp", 20, 4);
    syscall(SYS_recvmmsg, fd[1], &m, 1U, 0, NULL), expect_stun("syscall", "in,udp", 20, 4);
    stun_request(b, 20, 5);
    syscall(SYS_writev, fd[0], &iov, 1), expect_stun("syscall", "out,udp", 20, 5);
    syscall(SYS_readv, fd[1], &iov, 1), expect_stun("syscall", "in,udp", 20, 5);
    stun_request(b, 20, 7);
    syscall(SYS_pwritev2, fd[0], &iov, 1L, -1L, -1L, 0L), expect_stun("syscall", "out,udp", 20, 7);
    syscall(SYS_preadv2, fd[1], &iov, 1L, -1L, -1L, 0L), expect_stun("syscall", "in,udp", 20, 7);
    struct open_how how = {.flags = O_RDONLY};
    close((int)syscall(SYS_openat2, AT_FDCWD, "/proc/net/dev", &how, sizeof(how)));
    expect("file syscall path=/proc/net/dev");
    /* Made, copied and ended without libc: the number's meaning follows. */
    long made = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_storage to;
    socklen_t len;
    int peer = udp_bound(AF_INET, &to, &len);
    long copy = syscall(SYS_dup, made);
    syscall(SYS_close, made);
    sendto((int)copy, b, stun_request(b, 20, 6), 0, (struct sockaddr *)&to, len),
        expect_stun("sendto", "out,udp", 20, 6);
    (void)peer;
}

/* ChannelData (RFC 8656) is told only where STUN has been. */
void events_channel(void)
{
    uint8_t b[64], channel[32] = {0x40, 0x01, 0, 28};
    int fd[2];
    pair(fd, AF_INET);
    send(fd[0], channel, sizeof(channel), 0);
    send(fd[0], b, stun_request(b, 20, 1), 0), expect_stun("send", "out,udp", 20, 1);
    send(fd[0], channel, sizeof(channel), 0),
        expect("channel-data send out,udp,cut first=4001 full=32");
    /* Media after it is none: RTP, DTLS, a length that does not fit. */
    channel[0] = 0x80;
    send(fd[0], channel, sizeof(channel), 0);
    channel[0] = 0x16;
    send(fd[0], channel, sizeof(channel), 0);
    channel[0] = 0x40;
    channel[3] = 60;
    send(fd[0], channel, sizeof(channel), 0);
    for (int i = 0; i < 6; i++) {
        await_input(fd[1]);
        recv(fd[1], b, sizeof(b), 0);
        if (i == 1)
            expect_stun("recv", "in,udp", 20, 1);
        else if (i == 2)
            expect("channel-data recv in,udp,cut first=4001 full=32");
    }
}
