/*
 * Asks for the interfaces by every road that no tool of the test takes, and prints what comes of
 * it: hiding_roads HIDDEN SHOWN, two interfaces. A line "road: text", errors as "ENODEV".
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *error_or(long result, const char *otherwise)
{
    return result < 0 ? strerrorname_np(errno) : otherwise;
}

static void addresses(void)
{
    struct ifaddrs *list;
    char text[INET6_ADDRSTRLEN];

    if (getifaddrs(&list) != 0)
        printf("getifaddrs: %s\n", strerrorname_np(errno));
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        const void *ip = NULL;
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
            ip = &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
        else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
            ip = &((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr;
        printf("getifaddrs: %s %s\n", i->ifa_name,
               ip ? inet_ntop(i->ifa_addr->sa_family, ip, text, sizeof text) : "-");
    }
    freeifaddrs(list);
    struct if_nameindex *names = if_nameindex();
    for (struct if_nameindex *i = names; i && i->if_index; i++)
        printf("if_nameindex: %s\n", i->if_name);
    if_freenameindex(names);
}

static void list_conf(int fd, const char *how, struct ifreq *room, int bytes)
{
    struct ifconf conf = {.ifc_len = bytes, .ifc_req = room};

    int result = ioctl(fd, SIOCGIFCONF, &conf);
    printf("%s: %s %d\n", how, error_or(result, "bytes"), conf.ifc_len);
    for (int i = 0; room && i < conf.ifc_len / (int)sizeof *room; i++)
        printf("%s: %s\n", how, room[i].ifr_name);
}

static void requests(const char *name)
{
    static const unsigned long asks[] = {SIOCGIFFLAGS,  SIOCGIFADDR,   SIOCGIFHWADDR, SIOCGIFINDEX,
                                         SIOCGIFMTU,    SIOCGIFTXQLEN, SIOCGIFMAP,    SIOCETHTOOL,
                                         SIOCGIFMETRIC, 0x8b01 /* SIOCGIWNAME */};
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
    struct ifreq many[8];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct ifreq ask = {0};
        strcpy(ask.ifr_name, name);
        if (asks[i] == SIOCETHTOOL)
            ask.ifr_data = (char *)&link;
        printf("ioctl %lx of %s: %s\n", asks[i], name, error_or(ioctl(fd, asks[i], &ask), "known"));
        snprintf(ask.ifr_name, sizeof ask.ifr_name, "%.12s:1", name);
        if (asks[i] == SIOCGIFFLAGS)
            printf("ioctl of the alias of %s: %s\n", name,
                   error_or(ioctl(fd, asks[i], &ask), "known"));
    }
    for (int index = 1; index < 32; index++) {
        struct ifreq ask = {.ifr_ifindex = index};
        char text[IF_NAMESIZE];
        if (ioctl(fd, SIOCGIFNAME, &ask) == 0)
            printf("SIOCGIFNAME %d: %s\n", index, ask.ifr_name);
        if (syscall(SYS_ioctl, fd, SIOCGIFNAME, &ask) == 0)
            printf("syscall SIOCGIFNAME %d: %s\n", index, ask.ifr_name);
        if (if_indextoname((unsigned)index, text))
            printf("if_indextoname %d: %s\n", index, text);
    }
    list_conf(fd, "SIOCGIFCONF", many, sizeof many);
    list_conf(fd, "SIOCGIFCONF, how much", NULL, 0);
    list_conf(fd, "SIOCGIFCONF, room for two", many, 2 * (int)sizeof *many);
    close(fd);
}

static void show(const char *how, int fd)
{
    char text[8192];
    ssize_t n;

    if (fd < 0) {
        printf("%s: %s\n", how, strerrorname_np(errno));
        return;
    }
    while ((n = read(fd, text, sizeof text - 1)) > 0) {
        text[n] = '\0';
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            printf("%s: %s\n", how, line);
    }
    close(fd);
}

static void tables(void)
{
    static const char *const files[] = {"/proc/net/dev",
                                        "/proc/self/net/route",
                                        "/proc/net/ipv6_route",
                                        "/proc/net/if_inet6",
                                        "/proc/net/arp",
                                        "/proc/net/igmp",
                                        "/proc/net/igmp6",
                                        "/proc/net/dev_mcast",
                                        "/proc/net/udp",
                                        "/proc/net/fib_trie",
                                        "/proc/thread-self/net/dev",
                                        "/sys/../proc/net/dev"};
    struct open_how how = {.flags = O_RDONLY};
    char path[64];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        show(files[i], open(files[i], O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/net/dev", getpid());
    show("by pid", open(path, O_RDONLY));
    show("openat2", (int)syscall(SYS_openat2, AT_FDCWD, "/proc/net/dev", &how, sizeof how));
    show("syscall", (int)syscall(SYS_openat, AT_FDCWD, "/proc/net/route", O_RDONLY));
    int proc = open("/proc/self/net", O_RDONLY | O_DIRECTORY);
    show("openat", openat(proc, "dev", O_RDONLY));
    close(proc);
    FILE *file = freopen("/proc/net/dev", "r", fopen("/dev/null", "r"));
    show("freopen", file ? dup(fileno(file)) : -1);
    if (file)
        fclose(file);
    if (chdir("/proc/net") == 0)
        show("after chdir", open("dev", O_RDONLY));
}

static void names(const char *name)
{
    char path[128], target[256] = "";
    struct stat st;
    struct statx stx;
    glob_t found;
    struct dirent **list;

    snprintf(path, sizeof path, "/sys/class/net/%s", name);
    printf("stat of %s: %s\n", name, error_or(stat(path, &st), "there"));
    printf("lstat of %s: %s\n", name, error_or(lstat(path, &st), "there"));
    printf("statx of %s: %s\n", name, error_or(statx(AT_FDCWD, path, 0, 0, &stx), "there"));
    printf("access of %s: %s\n", name, error_or(access(path, F_OK), "there"));
    printf("readlink of %s: %s\n", name,
           error_or(readlink(path, target, sizeof target - 1), "there"));
    printf("realpath of %s: %s\n", name, realpath(path, target) ? "there" : strerrorname_np(errno));
    printf("opendir of %s: %s\n", name, opendir(path) ? "there" : strerrorname_np(errno));
    snprintf(path, sizeof path, "/sys/class/net/%s/address", name);
    printf("open below %s: %s\n", name, error_or(open(path, O_RDONLY), "there"));
    snprintf(path, sizeof path, "/sys/devices/virtual/net/%s/mtu", name);
    printf("open of the device of %s: %s\n", name, error_or(open(path, O_RDONLY), "there"));
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/forwarding", name);
    printf("open of the settings of %s: %s\n", name, error_or(open(path, O_RDONLY), "there"));
    int folder = open("/sys/class/net", O_RDONLY | O_DIRECTORY);
    printf("fstatat of %s: %s\n", name, error_or(fstatat(folder, name, &st, 0), "there"));
    DIR *dir = fdopendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            printf("readdir: %s\n", entry->d_name);
    if (glob("/sys/class/net/*", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            printf("glob: %s\n", found.gl_pathv[i]);
    globfree(&found);
    int count = scandir("/sys/class/net", &list, NULL, alphasort);
    for (int i = 0; i < count; i++)
        if (list[i]->d_name[0] != '.')
            printf("scandir: %s\n", list[i]->d_name);
}

/* The same socket under a number that nobody saw made. */
static int passed(int fd)
{
    int pair[2], made = -1;
    char byte = 0;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 && sendmsg(pair[0], &msg, 0) == 1 &&
        recvmsg(pair[1], &msg, 0) == 1)
        memcpy(&made, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof made);
    return made;
}

static void strangers(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg body;
    } ask = {.head = {.nlmsg_len = sizeof ask,
                      .nlmsg_type = RTM_GETLINK,
                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    static _Alignas(struct nlmsghdr) char buf[32768];
    int fd = passed(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    bool over = send(fd, &ask, sizeof ask, 0) < 0;

    while (!over) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        over = n <= 0;
        for (struct nlmsghdr *h = (void *)buf; n > 0 && NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
            over = over || h->nlmsg_type == NLMSG_DONE;
            if (h->nlmsg_type != RTM_NEWLINK)
                continue;
            int len = (int)IFLA_PAYLOAD(h);
            for (struct rtattr *a = IFLA_RTA(NLMSG_DATA(h)); RTA_OK(a, len); a = RTA_NEXT(a, len))
                if (a->rta_type == IFLA_IFNAME)
                    printf("a passed socket: %s\n", (char *)RTA_DATA(a));
        }
    }
    /* What Chromium's processes say to each other: a length, 16, and structs that start with
     * theirs. */
    static const uint32_t words[14] = {56, 16, 0, 0, 0, 9, 0, 0, 24, 0, 1, 2, 3, 4};
    uint32_t got[14] = {0};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0) {
        int in = passed(pair[1]);
        (void)!send(pair[0], words, sizeof words, 0);
        ssize_t n = recv(in, got, sizeof got, MSG_DONTWAIT);
        printf("what only looks like netlink: %s\n",
               n == sizeof words && memcmp(words, got, sizeof got) == 0 ? "whole" : "changed");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    addresses();
    printf("if_nametoindex of %s: %s\n", argv[1],
           if_nametoindex(argv[1]) ? "known" : strerrorname_np(errno));
    printf("socket for diagnosis: %s\n", error_or(socket(AF_NETLINK, SOCK_RAW, 4), "made"));
    printf("socket for generic netlink: %s\n", error_or(socket(AF_NETLINK, SOCK_RAW, 16), "made"));
    requests(argv[1]);
    requests(argv[2]);
    names(argv[1]);
    strangers();
    tables();
    return 0;
}
