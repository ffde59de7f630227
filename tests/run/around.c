/*
 * A program that goes around the library on purpose: STUN binding requests by system calls of its
 * own, in no libc function. Built static, the library is not even loaded.
 *
 * usage: around HOW ADDRESS PORT MS [COUNT]
 *   udp        unconnected, bound by the kernel at the first message
 *   connected  connect, then send
 *   mapped     an IPv6 socket that speaks to ::ffff:ADDRESS
 *   pinned     bound to the interface eth0
 *   tcp        connect, then write
 *   sibling    the same as udp, in a child process that goes on when this one waits
 * Prints "PID LOCALPORT TXID" of each message; waits MS milliseconds with its socket open, then
 * ends.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long direct(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "no system call here"
#endif
}

static void fail(const char *what, long result)
{
    fprintf(stderr, "around: %s: %s\n", what, strerror((int)-result));
    exit(1);
}

static long must(const char *what, long result)
{
    if (result < 0)
        fail(what, result);
    return result;
}

int main(int argc, char **argv)
{
    struct sockaddr_storage to = {0};
    socklen_t len;
    const char *how = argc > 4 ? argv[1] : "";
    int is_tcp = strcmp(how, "tcp") == 0, v6 = argc > 4 && strchr(argv[2], ':') != NULL;
    int mapped = strcmp(how, "mapped") == 0;
    int connected = is_tcp || strcmp(how, "connected") == 0;
    int count = argc > 5 ? atoi(argv[5]) : 1;
    if (argc < 5)
        return 2;
    if (v6 || mapped) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&to;
        char text[64];
        snprintf(text, sizeof text, "%s%s", mapped ? "::ffff:" : "", argv[2]);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)atoi(argv[3]));
        if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
            return 2;
        len = sizeof *in6;
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)&to;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)atoi(argv[3]));
        if (inet_pton(AF_INET, argv[2], &in->sin_addr) != 1)
            return 2;
        len = sizeof *in;
    }
    if (strcmp(how, "sibling") == 0) {
        pid_t child = fork();
        if (child > 0) {
            waitpid(child, NULL, 0);
            return 0;
        }
    }
    long fd = must("socket",
                   direct(SYS_socket, to.ss_family, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0, 0, 0, 0));
    if (strcmp(how, "pinned") == 0)
        must("SO_BINDTODEVICE",
             direct(SYS_setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, (long)"eth0", 5, 0));
    if (connected)
        must("connect", direct(SYS_connect, fd, (long)&to, (long)len, 0, 0, 0));
    for (int i = 0; i < count; i++) {
        uint8_t message[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
        struct sockaddr_storage local = {0};
        socklen_t local_len = sizeof local;
        if (getrandom(message + 8, 12, 0) != 12)
            return 1;
        must("send", connected ? direct(SYS_write, fd, (long)message, sizeof message, 0, 0, 0)
                               : direct(SYS_sendto, fd, (long)message, sizeof message, 0, (long)&to,
                                        (long)len));
        must("getsockname", direct(SYS_getsockname, fd, (long)&local, (long)&local_len, 0, 0, 0));
        printf("%d %d ", (int)getpid(),
               ntohs(local.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&local)->sin6_port
                                                 : ((struct sockaddr_in *)&local)->sin_port));
        for (int j = 8; j < 20; j++)
            printf("%02x", message[j]);
        putchar('\n');
        fflush(stdout);
    }
    struct timespec t = {.tv_sec = atoi(argv[4]) / 1000,
                         .tv_nsec = atoi(argv[4]) % 1000 * 1000000L};
    nanosleep(&t, NULL);
    return 0;
}
