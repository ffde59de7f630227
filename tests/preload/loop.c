/* loop TURNS [failing]: calls that are no event, many times over: counted from outside by strace,
 * plain and under the library. */
#include <stdlib.h>
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

int main(int argc, char **argv)
{
    long turns = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    int udp[2], tcp[2], unbound = socket(AF_INET, SOCK_DGRAM, 0);
    udp_pair(udp, AF_INET);
    tcp_pair(tcp, AF_INET);
    for (long i = 0; i < turns; i++)
        if (argc > 2)
            failing_turn(unbound);
        else
            turn(udp, tcp);
    return 0;
}
