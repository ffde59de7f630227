/* Looks at the local interfaces: getifaddrs, if_*, ioctl, netlink by every pair of calls. */
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

void calls_enum(void)
{
    struct ifaddrs *list = NULL;
    say_result("getifaddrs", CALL(getifaddrs, &list));
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        say("  %s flags %x", i->ifa_name, i->ifa_flags);
        if (i->ifa_addr && i->ifa_addr->sa_family != AF_PACKET)
            say_addr("    address", i->ifa_addr, i->ifa_addr->sa_family == AF_INET ? 16 : 28);
        if (i->ifa_netmask)
            say_addr("    mask", i->ifa_netmask, i->ifa_netmask->sa_family == AF_INET ? 16 : 28);
    }
    freeifaddrs(list);

    struct if_nameindex *names = CALL0(if_nameindex);
    say_result("if_nameindex", names != NULL);
    for (struct if_nameindex *i = names; i && i->if_index; i++)
        say("  %u %s", i->if_index, i->if_name);
    if_freenameindex(names);
    char name[IF_NAMESIZE];
    say_result("if_nametoindex lo", CALL(if_nametoindex, "lo"));
    say_result("if_nametoindex of none", CALL(if_nametoindex, "nosuchif"));
    say_result("if_nametoindex of nothing", CALL(if_nametoindex, ""));
    say_result("if_nametoindex, too long",
               CALL(if_nametoindex, "a-name-that-is-longer-than-an-interface-may-have"));
    say_result("if_indextoname 1", CALL(if_indextoname, 1, name) == name);
    say("  %s", name);
    say_result("if_indextoname of none", CALL(if_indextoname, 424242, name) == NULL);
    say_result("if_indextoname 0", CALL(if_indextoname, 0, name) == NULL);
}

void calls_ioctl(void)
{
    static const struct {
        const char *name;
        unsigned long request;
    } asks[] = {
        {"SIOCGIFFLAGS", SIOCGIFFLAGS},     {"SIOCGIFADDR", SIOCGIFADDR},
        {"SIOCGIFNETMASK", SIOCGIFNETMASK}, {"SIOCGIFBRDADDR", SIOCGIFBRDADDR},
        {"SIOCGIFDSTADDR", SIOCGIFDSTADDR}, {"SIOCGIFHWADDR", SIOCGIFHWADDR},
        {"SIOCGIFINDEX", SIOCGIFINDEX},     {"SIOCGIFMTU", SIOCGIFMTU},
        {"SIOCGIFMETRIC", SIOCGIFMETRIC},   {"SIOCGIFTXQLEN", SIOCGIFTXQLEN},
        {"SIOCGIFMAP", SIOCGIFMAP},
    };
    struct ifreq req;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        memset(&req, 0, sizeof(req));
        strcpy(req.ifr_name, "lo");
        say_result(asks[i].name, CALL(ioctl, fd, asks[i].request, &req));
        say_bytes("  request", &req, sizeof(req));
    }
    memset(&req, 0, sizeof(req));
    strcpy(req.ifr_name, "nosuchif");
    say_result("SIOCGIFADDR of none", CALL(ioctl, fd, SIOCGIFADDR, &req));
    req.ifr_ifindex = 1;
    say_result("SIOCGIFNAME", CALL(ioctl, fd, SIOCGIFNAME, &req));
    say("  %.16s", req.ifr_name);

    struct ifreq many[16];
    memset(many, 0, sizeof(many));
    struct ifconf conf = {.ifc_len = sizeof(many), .ifc_req = many};
    say_result("SIOCGIFCONF", CALL(ioctl, fd, SIOCGIFCONF, &conf));
    say_bytes("  list", many, (size_t)conf.ifc_len);
    conf = (struct ifconf){.ifc_len = 0, .ifc_req = NULL};
    say_result("SIOCGIFCONF, how much", CALL(ioctl, fd, SIOCGIFCONF, &conf));
    say("  %d", conf.ifc_len);
    conf = (struct ifconf){.ifc_len = 50, .ifc_req = many};
    say_result("SIOCGIFCONF, room for one", CALL(ioctl, fd, SIOCGIFCONF, &conf));
    say("  %d", conf.ifc_len);
    conf = (struct ifconf){.ifc_len = 80, .ifc_req = bad_pointer()};
    say_result("SIOCGIFCONF, bad list", CALL(ioctl, fd, SIOCGIFCONF, &conf));
    say_result("SIOCGIFCONF, bad pointer", CALL(ioctl, fd, SIOCGIFCONF, bad_pointer()));
    say_result("SIOCGIFADDR, bad pointer", CALL(ioctl, fd, SIOCGIFADDR, bad_pointer()));

    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    memset(&req, 0, sizeof(req));
    strcpy(req.ifr_name, "lo");
    req.ifr_data = (char *)&info;
    say_result("SIOCETHTOOL", CALL(ioctl, fd, SIOCETHTOOL, &req));
    req.ifr_data = bad_pointer();
    say_result("SIOCETHTOOL, bad pointer", CALL(ioctl, fd, SIOCETHTOOL, &req));
    int waiting = 4242;
    say_result("FIONREAD", CALL(ioctl, fd, FIONREAD, &waiting));
    say("  %d", waiting);
    int on = 1;
    say_result("FIONBIO", CALL(ioctl, fd, FIONBIO, &on));
    say_result("FIOCLEX", CALL(ioctl, fd, FIOCLEX));
    say_result("unknown request", CALL(ioctl, fd, 0x42424242UL, 0));
    say_result("not a socket", CALL(ioctl, 0, SIOCGIFADDR, &req) < 0);
    say_result("bad descriptor", CALL(ioctl, 600, SIOCGIFADDR, &req));
    close(fd);
}

/* How a request goes out and how its answers come in. */
enum road {
    SEND_RECV,
    SENDTO_RECVFROM,
    SENDMSG_RECVMSG,
    WRITE_READ,
    WRITEV_READV,
    SENDMMSG_RECVMMSG,
    ROADS
};

static ssize_t ask(enum road road, int fd, void *request, size_t len)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct iovec iov = {request, len};
    struct mmsghdr m = {
        .msg_hdr = {
            .msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = &iov, .msg_iovlen = 1}};
    switch (road) {
    case SEND_RECV:
        return CALL(send, fd, request, len, 0);
    case SENDTO_RECVFROM:
        return CALL(sendto, fd, request, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
    case SENDMSG_RECVMSG:
        return CALL(sendmsg, fd, &m.msg_hdr, 0);
    case WRITE_READ:
        return CALL(write, fd, request, len);
    case WRITEV_READV:
        return CALL(writev, fd, &iov, 1);
    default:
        return CALL(sendmmsg, fd, &m, 1, 0);
    }
}

static ssize_t answer(enum road road, int fd, void *buf, size_t room)
{
    struct sockaddr_nl from;
    socklen_t from_len = sizeof(from);
    struct iovec iov = {buf, room};
    struct mmsghdr m = {
        .msg_hdr = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1}};
    int n;
    switch (road) {
    case SEND_RECV:
        return CALL(recv, fd, buf, room, 0);
    case SENDTO_RECVFROM:
        return CALL(recvfrom, fd, buf, room, 0, (struct sockaddr *)&from, &from_len);
    case SENDMSG_RECVMSG:
        return CALL(recvmsg, fd, &m.msg_hdr, 0);
    case WRITE_READ:
        return CALL(read, fd, buf, room);
    case WRITEV_READV:
        return CALL(readv, fd, &iov, 1);
    default:
        n = CALL(recvmmsg, fd, &m, 1, 0, NULL);
        return n == 1 ? (ssize_t)m.msg_len : n;
    }
}

static bool say_messages(uint8_t *buf, size_t len)
{
    for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
        int index = 0;
        if (h->nlmsg_type == RTM_NEWLINK)
            index = ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
        else if (h->nlmsg_type == RTM_NEWADDR)
            index = (int)((struct ifaddrmsg *)NLMSG_DATA(h))->ifa_index;
        say("  type %u length %u flags %x seq %u index %d", h->nlmsg_type, h->nlmsg_len,
            h->nlmsg_flags, h->nlmsg_seq, index);
        if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
            return true;
    }
    return false;
}

void calls_netlink(void)
{
    static const uint16_t types[] = {RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE};
    static _Alignas(struct nlmsghdr) uint8_t buf[32768];
    for (int road = 0; road < ROADS; road++) {
        int fd = CALL(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        for (unsigned i = 0; i < 3; i++) {
            /* Chromium's form: 17 bytes, the family alone; the others whole. */
            struct {
                struct nlmsghdr head;
                struct rtgenmsg body;
            } request = {{.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
                          .nlmsg_type = types[i],
                          .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                          .nlmsg_seq = 100 + i},
                         {AF_UNSPEC}};
            say("road %d, request %u", road, types[i]);
            say_result("ask", ask((enum road)road, fd, &request, request.head.nlmsg_len));
            for (bool done = false; !done;) {
                await_input(fd);
                ssize_t n = answer((enum road)road, fd, buf, sizeof(buf));
                if (types[i] != RTM_GETROUTE || n < 0)
                    say_result("answer", n);
                if (n <= 0)
                    break;
                /* Routes carry ages and so are only counted as done. */
                done = types[i] == RTM_GETROUTE
                           ? ((struct nlmsghdr *)(void *)(buf))->nlmsg_type == NLMSG_DONE
                           : say_messages(buf, (size_t)n);
            }
        }
        close(fd);
    }
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                 .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR};
    say_result("bind to groups", CALL(bind, fd, (struct sockaddr *)&groups, sizeof(groups)));
    say_result("nothing yet", CALL(recv, fd, buf, sizeof(buf), MSG_DONTWAIT));
    memset(buf, 0xff, 64);
    say_result("nonsense", CALL(send, fd, buf, 64, 0));
    say_result("little", CALL(send, fd, buf, 3, 0));
    say_result("nothing at all", CALL(send, fd, buf, 0, 0));
    close(fd);
}
