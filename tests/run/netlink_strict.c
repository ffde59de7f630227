/*
 * A reader of rtnetlink that forgives nothing: every message is checked by libmnl for its sequence
 * number, port and length, every attribute for its type's length, and nothing may be left over.
 *
 *   netlink_strict dump|ask|peek|mmsg|monitor
 *
 * dump     links, addresses, routes, rules, neighbours, settings: each line "link 4 tun0",
 *          "addr 4 10.8.0.2", "route 4", "neigh 4", "rule eth0"
 * ask      one request for each of the first 64 interfaces, and routes to three destinations
 * peek     the dumps again, each datagram first measured with MSG_PEEK|MSG_TRUNC
 * mmsg     the dumps again by recvmmsg
 * monitor  notifications until standard input ends; "ready" on standard output first
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Alignas(8) char buf[65536];

static void die(const char *what)
{
    printf("WRONG %s: %s\n", what, strerror(errno));
    exit(1);
}

static void wrong(const char *what, const struct nlmsghdr *nlh)
{
    printf("WRONG %s in a message of type %u, %u bytes\n", what, nlh->nlmsg_type, nlh->nlmsg_len);
    exit(1);
}

static const struct nlattr *attr_of(const struct nlmsghdr *nlh, size_t head, uint16_t type)
{
    const struct nlattr *attr, *found = NULL;
    const char *end = (const char *)nlh + MNL_ALIGN(nlh->nlmsg_len), *at = NULL;

    mnl_attr_for_each(attr, nlh, (unsigned)head)
    {
        at = (const char *)attr + MNL_ALIGN(attr->nla_len);
        if (mnl_attr_get_type(attr) == type)
            found = attr;
    }
    /* The attributes fill the message. */
    if (at && at != end)
        wrong("a gap after the last attribute", nlh);
    return found;
}

static uint32_t u32_of(const struct nlmsghdr *nlh, size_t head, uint16_t type)
{
    const struct nlattr *attr = attr_of(nlh, head, type);

    if (attr && mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
        wrong("a number of another length", nlh);
    return attr ? mnl_attr_get_u32(attr) : 0;
}

static const char *ip_of(const struct nlmsghdr *nlh, size_t head, uint16_t type, char *text)
{
    const struct nlattr *attr = attr_of(nlh, head, type);

    if (!attr)
        return "-";
    return inet_ntop(mnl_attr_get_payload_len(attr) == 4 ? AF_INET : AF_INET6,
                     mnl_attr_get_payload(attr), text, INET6_ADDRSTRLEN);
}

static int say(const struct nlmsghdr *nlh, void *data)
{
    const void *body = mnl_nlmsg_get_payload(nlh);
    char ip[INET6_ADDRSTRLEN], src[INET6_ADDRSTRLEN];
    const struct nlattr *attr;

    (void)data;
    switch (nlh->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
        const struct ifinfomsg *link = body;
        attr = attr_of(nlh, sizeof *link, IFLA_IFNAME);
        printf("link %d %s link=%u master=%u\n", link->ifi_index,
               attr ? mnl_attr_get_str(attr) : "-", u32_of(nlh, sizeof *link, IFLA_LINK),
               u32_of(nlh, sizeof *link, IFLA_MASTER));
        break;
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
        const struct ifaddrmsg *addr = body;
        printf("addr %u %s\n", addr->ifa_index, ip_of(nlh, sizeof *addr, IFA_ADDRESS, ip));
        break;
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
        const struct rtmsg *route = body;
        printf("route %u dst=%s src=%s\n", u32_of(nlh, sizeof *route, RTA_OIF),
               ip_of(nlh, sizeof *route, RTA_DST, ip), ip_of(nlh, sizeof *route, RTA_PREFSRC, src));
        attr = attr_of(nlh, sizeof *route, RTA_MULTIPATH);
        if (attr) {
            int left = mnl_attr_get_payload_len(attr);
            const struct rtnexthop *hop = mnl_attr_get_payload(attr);
            for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
                printf("hop %d\n", hop->rtnh_ifindex);
            if (left != 0)
                wrong("a broken next hop", nlh);
        }
        break;
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
        const struct ndmsg *neigh = body;
        (void)attr_of(nlh, sizeof *neigh, 0);
        printf("neigh %d\n", neigh->ndm_ifindex);
        break;
    }
    case RTM_NEWRULE:
    case RTM_DELRULE:
        attr = attr_of(nlh, sizeof(struct fib_rule_hdr), FRA_IIFNAME);
        printf("rule %s %s\n", attr ? mnl_attr_get_str(attr) : "-",
               ip_of(nlh, sizeof(struct fib_rule_hdr), FRA_SRC, src));
        break;
    default:
        (void)attr_of(nlh, 4, 0);
        break;
    }
    return MNL_CB_OK;
}

enum road { PLAIN, PEEK, MMSG };

static ssize_t receive(int fd, enum road road)
{
    struct iovec iov = {buf, sizeof buf};
    struct mmsghdr m[4] = {{.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}}};
    static char later[3][32768];
    static struct iovec more[3];
    ssize_t peeked = 0, n;

    switch (road) {
    case PEEK:
        peeked = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
        if (peeked <= 0 || peeked > (ssize_t)sizeof buf)
            die("peek");
        n = recv(fd, buf, (size_t)peeked, MSG_TRUNC | MSG_DONTWAIT);
        if (n > peeked)
            die("a datagram is longer than the peek said");
        return n;
    case MMSG: {
        for (int i = 0; i < 3; i++) {
            more[i] = (struct iovec){later[i], sizeof later[i]};
            m[i + 1].msg_hdr = (struct msghdr){.msg_iov = &more[i], .msg_iovlen = 1};
        }
        int got = recvmmsg(fd, m, 4, MSG_WAITFORONE, NULL);
        if (got < 1)
            die("recvmmsg");
        n = m[0].msg_len;
        for (int i = 1; i < got; i++) {
            if (m[i].msg_len == 0)
                die("a message of no bytes in recvmmsg");
            memcpy(buf + n, later[i - 1], m[i].msg_len);
            n += m[i].msg_len;
        }
        return n;
    }
    case PLAIN:
        break;
    }
    n = recv(fd, buf, sizeof buf, 0);
    if (n > 0 && (size_t)n < sizeof buf)
        memset(buf + n, 0xee, 64 < sizeof buf - (size_t)n ? 64 : 0);
    return n;
}

static void dump(struct mnl_socket *nl, uint16_t type, enum road road)
{
    static unsigned seq = 1000;
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    int more = 1;

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    nlh->nlmsg_seq = ++seq;
    ((struct rtgenmsg *)mnl_nlmsg_put_extra_header(nlh, 4))->rtgen_family = AF_UNSPEC;
    if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
        die("send");
    while (more == 1) {
        ssize_t n = receive(mnl_socket_get_fd(nl), road);
        if (n <= 0)
            die("receive");
        more = mnl_cb_run(buf, (size_t)n, seq, mnl_socket_get_portid(nl), say, NULL);
        if (more < 0)
            die("libmnl");
    }
}

/* One request, one answer or one error. */
static int ask(struct mnl_socket *nl, struct nlmsghdr *nlh, unsigned seq)
{
    nlh->nlmsg_seq = seq;
    nlh->nlmsg_flags = NLM_F_REQUEST;
    if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
        die("send");
    ssize_t n = recv(mnl_socket_get_fd(nl), buf, sizeof buf, 0);
    if (n <= 0)
        die("receive");
    return mnl_cb_run(buf, (size_t)n, seq, mnl_socket_get_portid(nl), say, NULL) < 0 ? errno : 0;
}

static void ask_all(struct mnl_socket *nl)
{
    static const char *const destinations[] = {"198.51.100.9", "192.168.1.77", "172.17.0.9"};
    for (int index = 1; index <= 64; index++) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        nlh->nlmsg_type = RTM_GETLINK;
        ((struct ifinfomsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg)))->ifi_index =
            index;
        int error = ask(nl, nlh, 5000u + (unsigned)index);
        if (error != 0 && error != ENODEV)
            printf("WRONG link %d: %s\n", index, strerror(error));
    }
    for (unsigned i = 0; i < 3; i++) {
        uint8_t ip[4];
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        nlh->nlmsg_type = RTM_GETROUTE;
        struct rtmsg *route = mnl_nlmsg_put_extra_header(nlh, sizeof *route);
        route->rtm_family = AF_INET;
        route->rtm_dst_len = 32;
        inet_pton(AF_INET, destinations[i], ip);
        mnl_attr_put(nlh, RTA_DST, sizeof ip, ip);
        int error = ask(nl, nlh, 6000 + i);
        printf("way %u %s\n", i, error ? strerror(error) : "found");
    }
}

static void monitor(struct mnl_socket *nl)
{
    struct pollfd wanted[] = {{.fd = mnl_socket_get_fd(nl), .events = POLLIN},
                              {.fd = 0, .events = POLLIN}};
    bool over = false;

    puts("ready");
    fflush(stdout);
    while (!over) {
        if (poll(wanted, 2, -1) < 0)
            die("poll");
        over = wanted[1].revents != 0;
        for (;;) {
            ssize_t n = recv(wanted[0].fd, buf, sizeof buf, MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN)
                break;
            if (n <= 0)
                die("receive");
            if (mnl_cb_run(buf, (size_t)n, 0, 0, say, NULL) < 0)
                die("libmnl");
        }
    }
}

int main(int argc, char **argv)
{
    static const uint16_t types[] = {RTM_GETLINK,  RTM_GETADDR,    RTM_GETROUTE,   RTM_GETRULE,
                                     RTM_GETNEIGH, RTM_GETNETCONF, RTM_GETNEIGHTBL};
    const char *how = argc > 1 ? argv[1] : "dump";
    struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
    unsigned groups = strcmp(how, "monitor") == 0
                          ? RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_NEIGH
                          : 0;
    if (!nl || mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0)
        die("open");
    if (groups)
        monitor(nl);
    else if (strcmp(how, "ask") == 0)
        ask_all(nl);
    else
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            dump(nl, types[i],
                 strcmp(how, "peek") == 0   ? PEEK
                 : strcmp(how, "mmsg") == 0 ? MMSG
                                            : PLAIN);
    mnl_socket_close(nl);
    puts("end");
    return 0;
}
