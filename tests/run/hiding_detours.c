/*
 * Asks for what is hidden by ways that nobody takes who means no harm: hiding_detours HIDDEN
 * ADDRESS NEIGHBOUR, an interface, its IPv4 address and one beside it. A line "way: text", errors
 * as "ENODEV".
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <wordexp.h>

static const char *error_or(long result, const char *otherwise)
{
    return result < 0 ? strerrorname_np(errno) : otherwise;
}

static void show(const char *how, int fd)
{
    char text[8192];
    ssize_t n;

    if (fd < 0)
        printf("%s: %s\n", how, strerrorname_np(errno));
    while (fd >= 0 && (n = read(fd, text, sizeof text - 1)) > 0) {
        text[n] = '\0';
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            printf("%s: %s\n", how, line);
    }
    if (fd >= 0)
        close(fd);
}

/* A table by the links in /dev that lead to descriptors, and by an openat2() that takes a folder
 * for the root. */
static void tables(void)
{
    struct open_how below = {.flags = O_RDONLY, .resolve = RESOLVE_IN_ROOT};
    char path[64];
    int table = open("/proc/net/dev", O_PATH), self = open("/proc/self", O_PATH),
        proc = open("/proc", O_RDONLY | O_DIRECTORY);

    snprintf(path, sizeof path, "/dev/fd/%d", table);
    show("a table's own descriptor", open(path, O_RDONLY));
    snprintf(path, sizeof path, "/dev/fd/%d/net/dev", self);
    show("a folder's descriptor", open(path, O_RDONLY));
    if (dup2(table, 0) == 0)
        show("standard input", open("/dev/stdin", O_RDONLY));
    show("another root", (int)syscall(SYS_openat2, self, "/net/dev", &below, sizeof below));
    show("above another root",
         (int)syscall(SYS_openat2, proc, "/../../self/net/route", &below, sizeof below));
    below.resolve = RESOLVE_NO_MAGICLINKS;
    show("openat2 with a wish", (int)syscall(SYS_openat2, proc, "1/net/dev", &below, sizeof below));
    close(table);
    close(self);
    close(proc);
}

static void names(const char *hidden)
{
    char path[128];
    struct dirent **list = NULL;
    wordexp_t words;
    int class = open("/sys/class", O_RDONLY | O_DIRECTORY);

    snprintf(path, sizeof path, "/sys/class/net/%s", hidden);
    printf("euidaccess of %s: %s\n", hidden, error_or(euidaccess(path, F_OK), "there"));
    printf("eaccess of %s: %s\n", hidden, error_or(eaccess(path, F_OK), "there"));
    int count = scandirat(class, "net", &list, NULL, alphasort);
    for (int i = 0; i < count; i++)
        if (list[i]->d_name[0] != '.')
            printf("scandirat: %s\n", list[i]->d_name);
    if (wordexp("/sys/class/net/*", &words, WRDE_NOCMD) == 0)
        for (size_t i = 0; i < words.we_wordc; i++)
            printf("wordexp: %s\n", words.we_wordv[i]);
    close(class);
}

/* Sockets that are neither UDP nor TCP have a local address all the same. */
static void address_of(const char *how, int type, int protocol, const char *address,
                       const char *neighbour)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)}, own = {0};
    struct sockaddr_in wanted = {.sin_family = AF_INET};
    socklen_t len = sizeof own;
    int fd = socket(AF_INET, type, protocol);

    inet_pton(AF_INET, neighbour, &to.sin_addr);
    inet_pton(AF_INET, address, &wanted.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &len) != 0)
        printf("%s: %s\n", how, strerrorname_np(errno));
    else
        printf("%s: has the address %s\n", how, inet_ntoa(own.sin_addr));
    close(fd);
    fd = socket(AF_INET, type, protocol);
    printf("%s, bind: %s\n", how,
           error_or(bind(fd, (struct sockaddr *)&wanted, sizeof wanted), "bound"));
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    tables();
    names(argv[1]);
    address_of("ping", SOCK_DGRAM, IPPROTO_ICMP, argv[2], argv[3]);
    address_of("raw", SOCK_RAW, IPPROTO_ICMP, argv[2], argv[3]);
    printf("the old packet socket: %s\n",
           error_or(socket(AF_INET, SOCK_PACKET, htons(3 /* ETH_P_ALL */)), "made"));
    return 0;
}
