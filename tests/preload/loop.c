/* loop TURNS [failing|huge|media]: calls that are no event, many times over: counted from outside
 * by strace, plain and under the library. */
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "endpoints.h"

/* One turn: a socket made and ended, a datagram there and back by several calls, calls that fail,
 * bytes over TCP. */
static void turn(const int udp[static 2], const int tcp[static 2])
{
    static char buf[256];
    struct iovec iov = {buf, 100};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)!send(udp[0], buf, 100, 0);
    (void)!recv(udp[1], buf, sizeof(buf), 0);
    (void)!sendmsg(udp[0], &msg, 0);
    (void)!recvmsg(udp[1], &msg, 0);
    (void)!write(tcp[0], buf, 100);
    (void)!read(tcp[1], buf, 100);
    (void)!recv(udp[1], buf, sizeof(buf), MSG_DONTWAIT);
    (void)!send(-1, buf, 100, 0);
    close(dup(fd));
    close(fd);
}

/* A UDP send that fails: the bytes may not be readable, so the library has to ask before it looks
 * whether a STUN message was refused. */
static void failing_turn(int unbound)
{
    static char buf[100];
    (void)!send(unbound, buf, sizeof(buf), 0);
}

/* Far more than a datagram: refused, by a filter and by the kernel, and not worth a walk over its
 * pages. */
static void huge_turn(int fd, const struct sockaddr *to, socklen_t len)
{
    static void *mem;
    const size_t huge = (size_t)1 << 30;
    if (!mem) {
        mem = mmap(NULL, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        refuse_call(SYS_sendto, EPERM);
    }
    (void)!sendto(fd, mem, huge, 0, to, len);
    (void)!sendmsg(fd, &(struct msghdr){.msg_iov = &(struct iovec){mem, huge}, .msg_iovlen = 1}, 0);
}

/* Media on a socket that has carried STUN: by every call that names the peer, in two sizes of
 * segment. */
static void media_turn(int fd, const struct sockaddr *to, socklen_t len)
{
    static char buf[200];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    struct iovec iov = {buf, sizeof(buf)};
    struct mmsghdr m = {.msg_hdr = {
                            .msg_name = &from,
                            .msg_namelen = sizeof(from),
                            .msg_iov = &iov,
                            .msg_iovlen = 1,
                        }};
    for (int segment = 0; segment <= 100; segment += 100) {
        setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
        for (int i = 0; i < 3; i++) {
            memset(buf, i == 0 ? 0x80 : 0x16, sizeof(buf));
            (void)!sendto(fd, buf, sizeof(buf), 0, to, len);
        }
        for (int i = 0; i < (segment ? 2 : 1); i++) {
            (void)!recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
            (void)!recvmsg(fd, &m.msg_hdr, 0);
            (void)!recvmmsg(fd, &m, 1, MSG_DONTWAIT, NULL);
        }
    }
}

static void carry_stun(int fd, const struct sockaddr *self, socklen_t len)
{
    uint8_t buf[64];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    (void)!sendto(fd, buf, stun_request(buf, 20, 1), 0, self, len);
    (void)!recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
}

int main(int argc, char **argv)
{
    long turns = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    const char *kind = argc > 2 ? argv[2] : "";
    struct sockaddr_storage self;
    socklen_t self_len;
    int own = udp_bound(AF_INET, &self, &self_len);
    const struct sockaddr *to = (const struct sockaddr *)&self;
    int udp[2], tcp[2], unbound = socket(AF_INET, SOCK_DGRAM, 0);
    udp_pair(udp, AF_INET);
    tcp_pair(tcp, AF_INET);
    carry_stun(own, to, self_len);
    for (long i = 0; i < turns; i++)
        if (strcmp(kind, "failing") == 0)
            failing_turn(unbound);
        else if (strcmp(kind, "huge") == 0)
            huge_turn(own, to, self_len);
        else if (strcmp(kind, "media") == 0)
            media_turn(own, to, self_len);
        else
            turn(udp, tcp);
    return 0;
}
