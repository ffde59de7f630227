/* Sockets that a policy binds to an interface: what leaves, and where. */
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

/* STUN leaves through tun0 alone. */
static void through_the_tunnel(void)
{
    policy_new();
    rule_not_via(rule_add(POLICY_STUN, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    nothing_left_yet();
}

static ssize_t stun_to(int fd, const char *ip, uint32_t id)
{
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to = address(ip, 3478, &len);
    return sendto(fd, b, stun_request(b, 20, id), 0, (struct sockaddr *)&to, len);
}

void a_wildcard_socket_is_pinned(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    uint8_t media[40] = "\x80 media that follow";
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    through_the_tunnel();
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,pinned id=1 action=pin if=%u", ifindex_of[SLOT_TUN0]);
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
    GIVES(20, stun_to(fd, SERVER_ON_TUN0, 2));
    expect("stun sendto out,udp,pinned id=2 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 2);
    MUST(stun_left_on(SLOT_ETH0) == 0);
    /* The kernel keeps the promise for what is no STUN too. */
    GIVES(40, sendto(fd, media, 40, 0, (struct sockaddr *)&to, len));
    MUST(left_on(SLOT_TUN0, "media", 5) == 1);
    MUST(left_on(SLOT_ETH0, "media", 5) == 0);
    /* The tunnel has no IPv6: nothing of it leaves. */
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    FAILS(ECONNREFUSED, stun_to(six, SERVER_IPV6, 3));
    expect("stun sendto out,udp,failed,refused id=3 action=deny rule=0");
    /* But IPv4 by an IPv6 socket may. */
    GIVES(20, stun_to(six, "::ffff:" SERVER_ON_ETH0, 4));
    expect("stun sendto out,udp,pinned id=4 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 1);
    MUST(stun_left_on(SLOT_ETH0) == 0);
}

void an_address_decides_where_there_is_one(void)
{
    static const struct {
        const char *local, *server;
        bool goes;
    } cases[] = {
        {ETH0_IPV4, SERVER_ON_ETH0, false}, {ETH0_IPV4, SERVER_ON_TUN0, false},
        {TUN0_IPV4, SERVER_ON_ETH0, true},  {TUN0_IPV4, SERVER_ON_TUN0, true},
        {ETH0_IPV6, SERVER_IPV6, false},
    };
    through_the_tunnel();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        socklen_t len;
        struct sockaddr_storage local = address(cases[i].local, 0, &len);
        int fd = socket(local.ss_family, SOCK_DGRAM, 0);
        if (bind(fd, (struct sockaddr *)&local, len) != 0)
            fail("bind");
        if (cases[i].goes) {
            GIVES(20, stun_to(fd, cases[i].server, 10 + i));
            expect("stun sendto out,udp,pinned id=%u action=pin", 10 + i);
        } else {
            FAILS(ECONNREFUSED, stun_to(fd, cases[i].server, 10 + i));
            expect("stun sendto out,udp,failed,refused id=%u action=deny rule=0", 10 + i);
        }
        MUST(stun_left_on(SLOT_TUN0) == cases[i].goes);
        MUST(stun_left_on(SLOT_ETH0) == 0);
        close(fd);
    }
    /* Bound to the tunnel's device with the other one's address: the answer would tell of it. */
    socklen_t len;
    struct sockaddr_storage local = address(ETH0_IPV4, 0, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), index = (int)ifindex_of[SLOT_TUN0];
    if (bind(fd, (struct sockaddr *)&local, len) != 0)
        fail("bind");
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)));
    expect("sockopt setsockopt");
    FAILS(ECONNREFUSED, stun_to(fd, SERVER_ON_TUN0, 20));
    expect("stun sendto out,udp,failed,refused,pinned id=20 action=deny");
    MUST(stun_left_on(SLOT_TUN0) == 0);
}

static void try_to_undo(int fd)
{
    int none = 0, other = (int)ifindex_of[SLOT_ETH0], same = (int)ifindex_of[SLOT_TUN0];
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 1));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &none, sizeof(none)));
    FAILS(EPERM, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &other, sizeof(other)));
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
    /* Once more to where it is: what a program asks that knows of no policy. */
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 4));
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &same, sizeof(same)));
    MUST(bound_to(fd) == ifindex_of[SLOT_TUN0]);
}

void a_pin_cannot_be_undone(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    int alone = socket(AF_INET, SOCK_DGRAM, 0), copy_before = dup(fd);
    GIVES(20, stun_to(alone, SERVER_ON_TUN0, 3));
    expect("stun sendto out,udp,pinned id=3 action=pin");
    try_to_undo(alone);
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,pinned id=1 action=pin");
    try_to_undo(fd);
    try_to_undo(dup(fd));
    FAILS(EPERM, setsockopt(copy_before, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    for (int i = 0; i < 19; i++)
        expect("sockopt setsockopt errno=EPERM action=deny rule=65534");
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 2));
    expect("stun sendto out,udp,pinned id=2 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 3);
    MUST(stun_left_on(SLOT_ETH0) == 0);
    /* What the program bound itself is its own again. */
    int own = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES(0, setsockopt(own, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4));
    GIVES(0, setsockopt(own, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
    allow("sockopt setsockopt action=allow");
    MUST(bound_to(own) == 0);
}

void a_pin_cannot_be_undone_by_an_ordinary_user(void)
{
    be_ordinary();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,pinned id=1 action=pin");
    try_to_undo(fd);
    for (int i = 0; i < 6; i++)
        expect("sockopt setsockopt errno=EPERM action=deny rule=65534");
    MUST(stun_left_on(SLOT_TUN0) == 1);
    MUST(stun_left_on(SLOT_ETH0) == 0);
}

void copies_of_a_descriptor_share_the_pin(void)
{
    for (int ordinary = 0; ordinary < 2; ordinary++) {
        if (ordinary)
            be_ordinary();
        int fd = socket(AF_INET, SOCK_DGRAM, 0), copy = dup(fd);
        through_the_tunnel();
        for (uint32_t id = 1; id < 5; id++)
            GIVES(20, stun_to(id % 2 ? fd : copy, SERVER_ON_ETH0, id));
        int later = dup(copy);
        GIVES(20, stun_to(later, SERVER_ON_ETH0, 5));
        for (uint32_t id = 1; id < 6; id++)
            expect("stun sendto out,udp,pinned id=%u action=pin", id);
        MUST(stun_left_on(SLOT_TUN0) == 5);
        MUST(stun_left_on(SLOT_ETH0) == 0);
    }
}

void a_socket_bound_by_its_program_is_judged_by_that(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), copy;
    through_the_tunnel();
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4));
    FAILS(ECONNREFUSED, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,failed,refused,pinned id=1 action=deny rule=0");
    /* A copy that does not know. */
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    copy = dup(fd);
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 4));
    FAILS(ECONNREFUSED, stun_to(copy, SERVER_ON_ETH0, 2));
    expect("stun sendto out,udp,failed,refused id=2 action=deny rule=0");
    MUST(bound_to(fd) == ifindex_of[SLOT_ETH0]);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 4));
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 3));
    expect("stun sendto out,udp,pinned id=3 action=allow");
    /* IP_UNICAST_IF binds UDP alone, and less than a pin does. */
    uint32_t index = htonl(ifindex_of[SLOT_ETH0]);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    GIVES(0, setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &index, sizeof(index)));
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 4));
    expect("stun sendto out,udp,pinned id=4 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 2);
    MUST(stun_left_on(SLOT_ETH0) == 0);
    allow("sockopt setsockopt action=allow");
}

void a_pin_that_fails_refuses(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    /* The kernel binds to an interface that has gone; nothing leaves. */
    policy_next.iface[SLOT_TUN0].ifindex = 4242;
    policy_in_force();
    FAILS(ENODEV, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,failed,pinned id=1 action=pin if=4242");
    /* A sandbox that allows no setsockopt. */
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    refuse_call(SYS_setsockopt, EPERM);
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 2)); /* lost, as "best" has it */
    expect("stun sendto out,udp,refused id=2 action=deny rule=65534");
    FAILS(ECONNREFUSED, stun_to(fd, SERVER_ON_ETH0, 2));
    expect("stun sendto out,udp,failed,refused id=2 action=deny rule=65534");
    MUST(stun_left_on(SLOT_ETH0) + stun_left_on(SLOT_TUN0) == 0);
    MUST(bound_to(fd) == 0);
}

void a_message_that_names_its_interface_is_judged_by_that(void)
{
    _Alignas(struct cmsghdr) uint8_t control[2 * CMSG_SPACE(sizeof(struct in6_pktinfo))];
    uint8_t b[20], media[20] = "\x80 more media";
    struct iovec iov = {b, 20};
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    struct msghdr msg = {.msg_name = &to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,pinned id=1 action=pin");
    /* IPv4's PKTINFO goes before the device that the socket is bound to. A second one that names no
     * interface does not undo the first. */
    memset(control, 0, sizeof(control));
    msg.msg_control = control;
    msg.msg_controllen = 2 * CMSG_SPACE(sizeof(struct in_pktinfo));
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    for (int i = 0; i < 2; i++) {
        struct in_pktinfo info = {.ipi_ifindex = i ? 0 : (int)ifindex_of[SLOT_ETH0]};
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        c = (struct cmsghdr *)(void *)(control + CMSG_SPACE(sizeof(info)));
    }
    stun_request(b, 20, 2);
    FAILS(ECONNREFUSED, sendmsg(fd, &msg, 0));
    expect("stun sendmsg out,udp,failed,refused,pinned id=2 action=deny rule=0");
    /* Of media only a policy of devices speaks. */
    rule_not_via(rule_add(POLICY_DEVICE, POLICY_DENY), SLOT_TUN0);
    policy_in_force();
    iov.iov_base = media;
    FAILS(EPERM, sendmsg(fd, &msg, 0));
    expect(
        "sockopt sendmsg out,udp,failed,refused,pinned errno=EPERM action=deny rule=1 level=0 option=8");
    /* The source address of another interface. */
    struct in_pktinfo info = {0};
    socklen_t unused;
    struct sockaddr_storage eth0 = address(ETH0_IPV4, 0, &unused);
    info.ipi_spec_dst = ((struct sockaddr_in *)&eth0)->sin_addr;
    msg.msg_controllen = CMSG_SPACE(sizeof(info));
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &info, sizeof(info));
    iov.iov_base = b;
    stun_request(b, 20, 3);
    FAILS(ECONNREFUSED, sendmsg(fd, &msg, 0));
    expect("stun sendmsg out,udp,failed,refused,pinned id=3 action=deny rule=0");
    MUST(stun_left_on(SLOT_TUN0) == 1);
    MUST(stun_left_on(SLOT_ETH0) == 0);
    /* A link-local destination names its interface. */
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    to = address("fe80::1", 3478, &len);
    ((struct sockaddr_in6 *)&to)->sin6_scope_id = ifindex_of[SLOT_ETH0];
    FAILS(ECONNREFUSED, sendto(six, b, stun_request(b, 20, 4), 0, (struct sockaddr *)&to, len));
    expect("stun sendto out,udp,failed,refused id=4 action=deny rule=0");
    /* And both ways of naming it for IPv6. */
    to = address(SERVER_IPV6, 3478, &len);
    for (int type = IPV6_2292PKTINFO;; type = IPV6_PKTINFO) {
        struct in6_pktinfo info6 = {.ipi6_ifindex = ifindex_of[SLOT_ETH0]};
        msg.msg_name = &to;
        msg.msg_namelen = len;
        msg.msg_controllen = CMSG_SPACE(sizeof(info6));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = type;
        c->cmsg_len = CMSG_LEN(sizeof(info6));
        memcpy(CMSG_DATA(c), &info6, sizeof(info6));
        iov.iov_base = media;
        FAILS(EPERM, sendmsg(six, &msg, 0));
        expect("sockopt sendmsg out,udp,failed,refused action=deny rule=1 level=41 option=50");
        if (type == IPV6_PKTINFO)
            break;
    }
    MUST(left_on(SLOT_ETH0, "media", 5) == 0);
}

static void take_down(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    strcpy(request.ifr_name, name);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        fail("SIOCGIFFLAGS");
    request.ifr_flags = (short)(request.ifr_flags & ~IFF_UP);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        fail("SIOCSIFFLAGS");
    close(fd);
    allow("ioctl ioctl");
}

void nothing_leaves_elsewhere_when_the_tunnel_is_gone(void)
{
    uint8_t media[20] = "\x80 of a call";
    socklen_t len;
    struct sockaddr_storage to = address(SERVER_ON_ETH0, 3478, &len);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), fresh = socket(AF_INET, SOCK_DGRAM, 0);
    through_the_tunnel();
    GIVES(20, stun_to(fd, SERVER_ON_ETH0, 1));
    expect("stun sendto out,udp,pinned id=1 action=pin");
    MUST(stun_left_on(SLOT_TUN0) == 1);
    take_down("tun0");
    nothing_left_yet();
    MUST(stun_to(fd, SERVER_ON_ETH0, 2) == -1);
    expect("stun sendto out,udp,failed,pinned id=2");
    MUST(sendto(fd, media, 20, 0, (struct sockaddr *)&to, len) == -1);
    MUST(stun_to(fresh, SERVER_ON_ETH0, 3) == -1);
    expect("stun sendto out,udp,failed,pinned id=3");
    /* The policy learns that it has gone. */
    policy_next.iface[SLOT_TUN0].ifindex = 0;
    policy_next.iface[SLOT_TUN0].flags = 0;
    policy_in_force();
    FAILS(ECONNREFUSED, stun_to(fd, SERVER_ON_ETH0, 4));
    expect("stun sendto out,udp,failed,refused,pinned id=4 action=deny rule=0");
    FAILS(ECONNREFUSED, stun_to(socket(AF_INET, SOCK_DGRAM, 0), SERVER_ON_ETH0, 5));
    expect("stun sendto out,udp,failed,refused id=5 action=deny rule=0");
    MUST(stun_left_on(SLOT_ETH0) == 0);
    MUST(left_on(SLOT_ETH0, "of a call", 9) == 0);
}
