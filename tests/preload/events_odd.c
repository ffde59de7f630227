/* Messages that a look at the port, the call's destination or the first result would hide, and what
 * the records say of them. */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "endpoints.h"
#include "events.h"
#include "transcript.h"

static struct sockaddr_in loopback_port(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* TURN servers listen where firewalls let DNS pass: the cookie says what it is, the port does not.
 */
void events_stun_ports(void)
{
    static const unsigned ports[] = {53, 5353};
    uint8_t b[64];
    uint32_t id = 1;
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_in to = loopback_port(ports[i]);
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        sendto(fd, b, stun_request(b, 20, id), 0, (struct sockaddr *)&to, sizeof(to));
        expect("stun sendto out,udp len=20 id=%u remote=127.0.0.1:%u", id++, ports[i]);
        close(fd);
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        connect(fd, (struct sockaddr *)&to, sizeof(to));
        expect("connect connect remote=127.0.0.1:%u", ports[i]);
        send(fd, b, stun_request(b, 20, id), 0);
        expect("stun send out,udp len=20 id=%u remote=127.0.0.1:%u", id++, ports[i]);
        close(fd);
        /* A question on a socket of its own is one still. */
        fd = socket(AF_INET, SOCK_DGRAM, 0);
        size_t len = dns_question(b, sizeof(b), 0x1234);
        sendto(fd, b, len, 0, (struct sockaddr *)&to, sizeof(to));
        expect("%s sendto first=1234 remote=127.0.0.1:%u", i == 0 ? "dns" : "mdns", ports[i]);
        close(fd);
    }
}

/* IPv4 sockets take AF_UNSPEC for AF_INET. */
void events_unspec(void)
{
    struct sockaddr_storage to;
    socklen_t len;
    uint8_t b[64];
    int server = udp_bound(AF_INET, &to, &len), fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in in;
    memcpy(&in, &to, sizeof(in));
    unsigned port = ntohs(in.sin_port);
    in.sin_family = AF_UNSPEC;
    struct iovec iov = {b, stun_request(b, 20, 1)};
    struct msghdr msg = {
        .msg_name = &in, .msg_namelen = sizeof(in), .msg_iov = &iov, .msg_iovlen = 1};
    if (sendto(fd, b, 20, 0, (struct sockaddr *)&in, sizeof(in)) != 20)
        fail("sendto AF_UNSPEC");
    expect("stun sendto out,udp id=1 remote=127.0.0.1:%u", port);
    stun_request(b, 20, 2);
    if (sendmsg(fd, &msg, 0) != 20)
        fail("sendmsg AF_UNSPEC");
    expect("stun sendmsg out,udp id=2 remote=127.0.0.1:%u", port);
    close(fd);
    close(server);
}

/* TCP ignores a destination; the record names the peer. */
void events_tcp_destination(void)
{
    struct sockaddr_in elsewhere = loopback_port(9), peer;
    socklen_t len = sizeof(peer);
    uint8_t b[20];
    int fd[2];
    tcp_pair(fd, AF_INET);
    if (getpeername(fd[0], (struct sockaddr *)&peer, &len) != 0)
        fail("getpeername");
    sendto(fd[0], b, stun_request(b, 20, 1), 0, (struct sockaddr *)&elsewhere, sizeof(elsewhere));
    expect("stun sendto out,tcp id=1 remote=127.0.0.1:%u", ntohs(peer.sin_port));
    struct iovec iov = {b, stun_request(b, 20, 2)};
    struct msghdr msg = {
        .msg_name = &elsewhere, .msg_namelen = sizeof(elsewhere), .msg_iov = &iov, .msg_iovlen = 1};
    sendmsg(fd[0], &msg, 0);
    expect("stun sendmsg out,tcp id=2 remote=127.0.0.1:%u", ntohs(peer.sin_port));
}

/* sendmmsg whose first message can't leave says -1: that one was asked for. */
void events_sendmmsg_fails(void)
{
    struct sockaddr_in broadcast = loopback_port(3478);
    uint8_t b[20];
    struct iovec iov = {b, stun_request(b, 20, 1)};
    struct mmsghdr m[2];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    broadcast.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    for (int i = 0; i < 2; i++)
        m[i].msg_hdr = (struct msghdr){.msg_name = &broadcast,
                                       .msg_namelen = sizeof(broadcast),
                                       .msg_iov = &iov,
                                       .msg_iovlen = 1};
    if (sendmmsg(fd, m, 2, 0) >= 0)
        fail("sendmmsg to broadcast without SO_BROADCAST");
    expect("stun sendmmsg out,udp,failed errno=EACCES id=1 remote=255.255.255.255:3478");
    close(fd);
}

/* An answer that a short buffer cut is told with the length that it had. */
void events_netlink_cut(void)
{
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } ask = {{.nlmsg_len = 17,
              .nlmsg_type = RTM_GETADDR,
              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
              .nlmsg_seq = 1},
             {AF_UNSPEC}};
    uint8_t buf[32];
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    send(fd, &ask, 17, 0);
    expect("netlink send out len=17 full=17");
    await_input(fd);
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_TRUNC);
    if (n <= (ssize_t)sizeof(buf))
        fail("a netlink answer longer than 32 bytes");
    expect("netlink recv in,cut len=32 full=%zd type=%u", n, RTM_NEWADDR);
    close(fd);
}
