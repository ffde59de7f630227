/* Loopback sockets, sample messages and memory with a hole, for the test programs. */
#include "endpoints.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "transcript.h"

void fail(const char *what)
{
    fprintf(stderr, "test surroundings: %s: %s\n", what, strerror(errno));
    exit(2);
}

static socklen_t loopback(int family, struct sockaddr_storage *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (family == AF_INET6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        memcpy(addr, &in6, sizeof(in6));
        return sizeof(in6);
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(addr, &in, sizeof(in));
    return sizeof(in);
}

int udp_bound(int family, struct sockaddr_storage *addr, socklen_t *len)
{
    int fd = socket(family, SOCK_DGRAM, 0);
    socklen_t size = loopback(family, addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)addr, size) != 0)
        fail("bind a UDP socket to loopback");
    *len = sizeof(*addr);
    if (getsockname(fd, (struct sockaddr *)addr, len) != 0)
        fail("getsockname");
    return fd;
}

void udp_pair(int fd[static 2], int family)
{
    struct sockaddr_storage addr[2];
    socklen_t len[2];
    for (int i = 0; i < 2; i++)
        fd[i] = udp_bound(family, &addr[i], &len[i]);
    for (int i = 0; i < 2; i++)
        if (connect(fd[i], (struct sockaddr *)&addr[1 - i], len[1 - i]) != 0)
            fail("connect UDP over loopback");
}

int tcp_listener(int family, struct sockaddr_storage *addr, socklen_t *len)
{
    int fd = socket(family, SOCK_STREAM, 0);
    socklen_t size = loopback(family, addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)addr, size) != 0 || listen(fd, 8) != 0)
        fail("listen on loopback");
    *len = sizeof(*addr);
    if (getsockname(fd, (struct sockaddr *)addr, len) != 0)
        fail("getsockname");
    return fd;
}

void tcp_pair(int fd[static 2], int family)
{
    struct sockaddr_storage addr;
    socklen_t len;
    int listener = tcp_listener(family, &addr, &len);
    int on = 1;
    fd[0] = socket(family, SOCK_STREAM, 0);
    if (fd[0] < 0 || connect(fd[0], (struct sockaddr *)&addr, len) != 0)
        fail("connect TCP over loopback");
    fd[1] = accept(listener, NULL, NULL);
    if (fd[1] < 0)
        fail("accept");
    for (int i = 0; i < 2; i++)
        setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    close(listener);
}

size_t stun_message(uint8_t *buf, size_t len, uint16_t type, uint32_t id)
{
    memset(buf, 0, len);
    put_be16(buf, type);
    put_be16(buf + 2, (uint16_t)(len - 20));
    put_be32(buf + 4, 0x2112a442);
    put_be32(buf + 16, id);
    if (len >= 24) {
        put_be16(buf + 20, 0x8022);
        put_be16(buf + 22, (uint16_t)(len - 24));
        memset(buf + 24, 'x', len - 24);
    }
    return len;
}

size_t stun_request(uint8_t *buf, size_t len, uint32_t id)
{
    return stun_message(buf, len, 0x0001, id);
}

size_t dns_question(uint8_t *buf, size_t size, uint16_t id)
{
    static const uint8_t question[] = "\4stun\7example\3org\0\0\1\0\1";
    const size_t len = 12 + sizeof(question) - 1;
    if (size < len)
        fail("dns_question: buffer");
    memset(buf, 0, 12);
    put_be16(buf, id);
    put_be16(buf + 2, 0x0100);
    put_be16(buf + 4, 1);
    memcpy(buf + 12, question, sizeof(question) - 1);
    return len;
}

uint8_t *guarded(size_t len)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = (len + page - 1) / page * page;
    uint8_t *mem =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mem == MAP_FAILED || mprotect(mem + room, page, PROT_NONE) != 0)
        fail("mmap");
    return mem + room;
}

void *bad_pointer(void)
{
    static void *volatile where = (void *)8;
    return where;
}

void refuse_call(long number, unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        fail("seccomp");
}

void await_input(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;
    do
        n = poll(&p, 1, 5000);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        fail("no input within 5 s");
}

void await_child(const char *what, int pid)
{
    int status;
    pid_t got;
    if (pid <= 0) {
        say("%s: not made", what);
        return;
    }
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got != pid)
        fail(what);
    say_status(what, status);
}
