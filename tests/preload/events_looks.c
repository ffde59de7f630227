/* Looks at names, interfaces and routes, by each road, and the calls that say which interface a
 * socket takes. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "endpoints.h"
#include "events.h"
#include "transcript.h"

static struct sockaddr_in at_port(const char *ip, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, ip, &to.sin_addr);
    return to;
}

void events_dns(void)
{
    uint8_t b[64];
    size_t len = dns_question(b, sizeof(b), 0x1234);
    struct sockaddr_in dns = at_port("127.0.0.1", 53), mdns = at_port("127.0.0.1", 5353);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(fd, b, len, 0, (struct sockaddr *)&dns, sizeof(dns));
    expect("dns sendto first=1234 len=%zu full=%zu remote=127.0.0.1:53", len, len);
    sendto(other, b, len, 0, (struct sockaddr *)&mdns, sizeof(mdns));
    expect("mdns sendto first=1234 len=%zu full=%zu remote=127.0.0.1:5353", len, len);
    close(fd);
    close(other);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    expect("connect connect remote=127.0.0.1:53");
    connect(fd, (struct sockaddr *)&dns, sizeof(dns));
    send(fd, b, len, 0);
    expect("dns send first=1234 len=%zu", len);
    close(fd);
    /* To another port the same bytes are nothing. */
    dns = at_port("127.0.0.1", 54);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(fd, b, len, 0, (struct sockaddr *)&dns, sizeof(dns));
    close(fd);
}

/* The browsers' probe: connect a datagram socket, send nothing, read the local address. */
void events_probe(void)
{
    struct sockaddr_in to = at_port("127.0.0.1", 443);
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    uint8_t b[20];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    getsockname(fd, (struct sockaddr *)&addr, &len);
    connect(fd, (struct sockaddr *)&to, sizeof(to));
    expect("connect connect remote=127.0.0.1:443");
    len = sizeof(addr);
    getsockname(fd, (struct sockaddr *)&addr, &len);
    struct sockaddr_in local;
    memcpy(&local, &addr, sizeof(local));
    expect("probe getsockname local=127.0.0.1:%u", ntohs(local.sin_port));
    /* After the first datagram it is no probe any more. */
    send(fd, b, 9, 0);
    len = sizeof(addr);
    getsockname(fd, (struct sockaddr *)&addr, &len);
    close(fd);
    struct sockaddr_in6 to6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    connect(fd, (struct sockaddr *)&to6, sizeof(to6));
    expect("connect connect remote=[::1]:443");
    len = sizeof(addr);
    getsockname(fd, (struct sockaddr *)&addr, &len);
    expect("probe getsockname");
    close(fd);
    /* No route: the refusal is told, too. */
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    to = at_port("255.255.255.255", 443);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        fail("connect to broadcast without SO_BROADCAST");
    expect("connect connect errno=EACCES result=-1 remote=255.255.255.255:443");
    close(fd);
    /* TCP's connect is no probe. */
    int tcp[2];
    tcp_pair(tcp, AF_INET);
    len = sizeof(addr);
    getsockname(tcp[0], (struct sockaddr *)&addr, &len);
}

void events_netlink(void)
{
    static uint8_t buf[32768];
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } ask = {{.nlmsg_len = 17,
              .nlmsg_type = RTM_GETADDR,
              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
              .nlmsg_seq = 1},
             {AF_UNSPEC}};
    static const char *const out[] = {"send", "sendto", "sendmsg", "write"}, *const in[] = {
                                                                                 "recv", "recvfrom",
                                                                                 "recvmsg", "read"};
    for (int road = 0; road < 4; road++) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        struct iovec iov = {&ask, 17};
        struct msghdr msg = {
            .msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = &iov, .msg_iovlen = 1};
        switch (road) {
        case 0:
            send(fd, &ask, 17, 0);
            break;
        case 1:
            sendto(fd, &ask, 17, 0, (struct sockaddr *)&kernel, sizeof(kernel));
            break;
        case 2:
            sendmsg(fd, &msg, 0);
            break;
        default:
            (void)!write(fd, &ask, 17);
            break;
        }
        expect("netlink %s out len=17 full=17 type=%u", out[road], RTM_GETADDR);
        for (bool done = false; !done;) {
            ssize_t n;
            await_input(fd);
            recv(fd, buf, sizeof(buf), MSG_PEEK);
            iov = (struct iovec){buf, sizeof(buf)};
            switch (road) {
            case 0:
                n = recv(fd, buf, sizeof(buf), 0);
                break;
            case 1:
                n = recvfrom(fd, buf, sizeof(buf), 0, NULL, NULL);
                break;
            case 2:
                n = recvmsg(fd, &msg, 0);
                break;
            default:
                n = read(fd, buf, sizeof(buf));
                break;
            }
            struct nlmsghdr head;
            if (n < (ssize_t)sizeof(head))
                fail("netlink answer");
            memcpy(&head, buf, sizeof(head));
            expect("netlink %s in len=%zd full=%zd type=%u", in[road], n, n, head.nlmsg_type);
            done = head.nlmsg_type == NLMSG_DONE;
        }
        close(fd);
    }
    /* Another netlink family tells nothing about interfaces. */
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    send(fd, &ask, 17, MSG_DONTWAIT);
    close(fd);
}

void events_enum(void)
{
    struct ifaddrs *list;
    unsigned count = 0;
    char name[IF_NAMESIZE];
    if (getifaddrs(&list) != 0)
        fail("getifaddrs");
    for (struct ifaddrs *i = list; i; i = i->ifa_next)
        count++;
    freeifaddrs(list);
    expect("interfaces getifaddrs count=%u", count);
    struct if_nameindex *names = if_nameindex();
    for (count = 0; names && names[count].if_index; count++) {
    }
    if_freenameindex(names);
    expect("interfaces if_nameindex lo/1/- count=%u", count);
    if (if_nametoindex("lo") != 1 || !if_indextoname(1, name))
        fail("lo");
    expect("interface-name if_nametoindex lo/1/-");
    expect("interface-name if_indextoname lo/1/-");
}

void events_ioctl(void)
{
    struct ifreq req = {.ifr_name = "lo"}, many[8];
    int fd = socket(AF_INET, SOCK_DGRAM, 0), waiting;
    ioctl(fd, SIOCGIFADDR, &req);
    expect("ioctl ioctl request=%x name=lo len=%zu", SIOCGIFADDR, sizeof(req));
    ioctl(fd, SIOCGIFFLAGS, &req);
    expect("ioctl ioctl request=%x name=lo", SIOCGIFFLAGS);
    struct ifconf conf = {.ifc_len = sizeof(many), .ifc_req = many};
    ioctl(fd, SIOCGIFCONF, &conf);
    expect("ioctl ioctl request=%x name=lo len=%d", SIOCGIFCONF, conf.ifc_len);
    ioctl(fd, FIONREAD, &waiting);
    ioctl(fd, FIONBIO, &(int){1});
    close(fd);
}

void events_file(void)
{
    close(open("/proc/net/dev", O_RDONLY)), expect("file open path=/proc/net/dev");
    close(openat(AT_FDCWD, "/proc/net/if_inet6", O_RDONLY)),
        expect("file openat path=/proc/net/if_inet6");
    FILE *f = fopen("/proc/self/net/route", "r");
    if (f)
        fclose(f);
    expect("file fopen path=/proc/self/net/route");
    DIR *d = opendir("/sys/class/net");
    if (d)
        closedir(d);
    expect("file opendir path=/sys/class/net");
    close(open64("/sys/class/net/lo/address", O_RDONLY)),
        expect("file open64 path=/sys/class/net/lo/address");
    close(open("/etc/hosts", O_RDONLY));
    close(open("/proc/self/status", O_RDONLY));
    close(open("/dev/null", O_RDONLY));
}

void events_name(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *list = NULL;
    if (getaddrinfo("localhost", "3478", &hints, &list) != 0)
        fail("getaddrinfo localhost");
    /* /etc/hosts may give one address twice; the record holds it once. */
    unsigned count = 0;
    for (struct addrinfo *i = list; i; i = i->ai_next) {
        bool again = false;
        for (struct addrinfo *j = list; j != i; j = j->ai_next)
            again = again || (j->ai_addrlen == i->ai_addrlen &&
                              memcmp(j->ai_addr, i->ai_addr, i->ai_addrlen) == 0);
        count += !again;
    }
    freeaddrinfo(list);
    expect("name getaddrinfo name=localhost count=%u first=127.0.0.1", count);
    if (!gethostbyname("localhost"))
        fail("gethostbyname localhost");
    expect("name gethostbyname name=localhost first=127.0.0.1");
}

void events_sockopt(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, lo = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int));
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0)
        fail("SO_BINDTODEVICE");
    expect("sockopt setsockopt level=%u option=%u len=3", SOL_SOCKET, SO_BINDTODEVICE);
    setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &lo, sizeof(lo));
    expect("sockopt setsockopt level=%u option=%u len=4", SOL_SOCKET, SO_BINDTOIFINDEX);
    /* A length past the value: the option's own bytes are told. */
    char device[64] = "lo";
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, sizeof(device)) != 0)
        fail("SO_BINDTODEVICE");
    expect("sockopt setsockopt level=%u option=%u len=15", SOL_SOCKET, SO_BINDTODEVICE);
    close(fd);
}
