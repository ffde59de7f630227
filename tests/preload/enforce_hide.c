/* Names and numbers of hidden interfaces tried out where a program chooses its way: the answers are
 * those about an interface that does not exist, which the kernel itself gives first. */
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

enum { NOBODY = 4242, WAYS = 14 };

static long send_with(int fd, const char *server, int level, int type, const void *info, size_t len,
                      int how)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
    char media[] = "\x80 a datagram";
    socklen_t to_len;
    struct sockaddr_storage to = address(server, 9999, &to_len);
    struct iovec iov = {media, sizeof(media)};
    struct mmsghdr msg = {.msg_hdr = {.msg_name = &to,
                                      .msg_namelen = to_len,
                                      .msg_iov = &iov,
                                      .msg_iovlen = 1,
                                      .msg_control = control,
                                      .msg_controllen = CMSG_SPACE(len)}};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg.msg_hdr);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), info, len);
    switch (how) {
    case 0:
        return sendmsg(fd, &msg.msg_hdr, 0);
    case 1:
        return sendmmsg(fd, &msg, 1, 0);
    default:
        return syscall(SYS_sendmsg, fd, &msg.msg_hdr, 0L);
    }
}

/* Choose an interface in one of the ways on a fresh socket; the errno, 0 where it works. */
static int choose(unsigned way, const char *name, uint32_t ifindex)
{
    bool six = way >= 7;
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), index = (int)ifindex;
    int tun0 = (int)ifindex_of[SLOT_TUN0];
    uint32_t index_be = htonl(ifindex);
    struct in_pktinfo four = {.ipi_ifindex = index};
    struct in6_pktinfo info6 = {.ipi6_ifindex = ifindex};
    uint8_t b[40];
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 9999, &len);
    long result = -1;

    errno = 0;
    switch (way) {
    case 0:
    case 7:
        result = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1);
        break;
    case 1:
        result = syscall(SYS_setsockopt, fd, (long)SOL_SOCKET, (long)SO_BINDTODEVICE, name, 16L);
        break;
    case 2: /* any number will do; what is sent then goes nowhere */
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)) == 0)
            result = sendto(fd, b, sizeof(b), 0, (struct sockaddr *)&to, len);
        break;
    case 3:
        result = setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &index_be, sizeof(index_be));
        break;
    case 4:
        result = setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &index_be, 2);
        break;
    case 5:
    case 6:
        result = send_with(fd, SERVER_ON_ETH0, IPPROTO_IP, IP_PKTINFO, &four, sizeof(four),
                           way == 5 ? 0 : 2);
        break;
    case 8:
        result = setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index));
        break;
    case 9:
        result = setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &index_be, sizeof(index_be));
        break;
    case 10:
    case 11:
        result = send_with(fd, SERVER_IPV6, IPPROTO_IPV6,
                           way == 10 ? IPV6_PKTINFO : IPV6_2292PKTINFO, &info6, sizeof(info6), 1);
        break;
    case 12: /* bound to another one */
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &tun0, sizeof(tun0)) == 0)
            result =
                send_with(fd, SERVER_IPV6, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6), 0);
        break;
    case 13:
        be_ordinary();
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &tun0, sizeof(tun0)) == 0)
            result = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name));
        break;
    }
    int error = result < 0 ? errno : 0;
    close(fd);
    return error;
}

void a_hidden_interface_cannot_be_chosen(void)
{
    int unknown[WAYS], fails = 0;

    for (unsigned way = 0; way + 1 < WAYS; way++) {
        unknown[way] = choose(way, "nosuch0", NOBODY);
        fails += unknown[way] != 0;
        allow("sockopt");
    }
    MUST(fails == WAYS - 2); /* all but SO_BINDTOIFINDEX by itself */
    for (unsigned way = 0; way + 1 < WAYS; way++)
        MUST(choose(way, "eth0", ifindex_of[SLOT_ETH0]) != unknown[way] || way == 4 || way == 8 ||
             way == 12);
    policy_new();
    policy_hide(SLOT_ETH0);
    policy_in_force();
    nothing_left_yet();
    for (unsigned way = 0; way < WAYS; way++) {
        int error = choose(way, "eth0", ifindex_of[SLOT_ETH0]);
        int want = way + 1 < WAYS ? unknown[way] : choose(way, "nosuch0", NOBODY);
        if (error != want)
            check_true(false, strerror(error), (int)way);
        /* One that is shown is there. */
        if (way != 4 && way < 10)
            MUST(choose(way, "tun0", ifindex_of[SLOT_TUN0]) == 0);
    }
    MUST(left_on(SLOT_ETH0, "datagram", 8) == 0);
    MUST(choose(0, "eth0:1", 0) == ENODEV);
    expect("sockopt setsockopt out,udp,failed,refused errno=ENODEV action=hide level=1 option=25");
    expect("sockopt setsockopt out,udp action=hide level=1 option=62");
    expect("sockopt sendmsg out,udp,failed,refused errno=ENODEV action=hide level=0 option=8");
    for (int i = 0; i < 60; i++)
        allow("sockopt");
}
