/*
 * What a hooked call costs: the same loop plain, under the library, and beside it under strace and
 * other preload libraries.
 *
 *   bench_hooks LIBRARY FOLDER [NAME=PRELOAD...]     prints a table
 *
 * Each measurement is this program executed again with one loop to run. The ways are taken in turn,
 * round after round, so that a busy machine slows all of them; the table has the median of the
 * rounds, and of the differences to plain within a round.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy.h"
#include "ring.h"

enum {
    ROUNDS = 41,
    SLOW_ROUNDS = 5, /* of strace's */
    WAYS_MAX = 8,
    LINE_BYTES = 64,
    STRACE_DIVISOR = 50, /* strace is that much slower: fewer turns are enough */
    POLICY_RULES = 50,
    PORTS = 1000, /* of a loop that sends to another one each time */
};

/* The process's own time, which others on a busy machine do not lengthen; under strace, where
 * another process does the work, the wall's. */
static clockid_t bench_clock = CLOCK_PROCESS_CPUTIME_ID;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(bench_clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_hooks: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Two UDP sockets on loopback, on request connected to each other. */
static void udp_pair(int fd[static 2], bool connected)
{
    struct sockaddr_in addr[2];
    for (int i = 0; i < 2; i++) {
        socklen_t len = sizeof(addr[i]);
        addr[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd[i] < 0 || bind(fd[i], (struct sockaddr *)&addr[i], len) != 0 ||
            getsockname(fd[i], (struct sockaddr *)&addr[i], &len) != 0)
            die("bind to loopback");
    }
    for (int i = 0; i < 2 && connected; i++)
        if (connect(fd[i], (struct sockaddr *)&addr[1 - i], sizeof(addr[0])) != 0)
            die("connect over loopback");
}

/* One loop in this process; prints the nanoseconds a call. */
static int measure(const char *loop, long turns)
{
    static unsigned char stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    static unsigned char bytes[100], in[256];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd[2];
    const unsigned char *what = strncmp(loop, "stun", 4) == 0 ? stun : bytes;
    size_t len = what == stun ? sizeof(stun) : sizeof(bytes);
    long calls = turns;
    memset(bytes, 0x80, sizeof(bytes)); /* as RTP begins */
    uint64_t start;
    if (strcmp(loop, "sendto") == 0) {
        start = now_ns();
        for (long i = 0; i < turns; i++)
            (void)!sendto(-1, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, sizeof(to));
    } else if (strcmp(loop, "stun-spray") == 0) {
        udp_pair(fd, false);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        start = now_ns();
        for (long i = 0; i < turns; i++) {
            to.sin_port = htons((uint16_t)(2000 + i % PORTS));
            if (sendto(fd[0], stun, len, 0, (struct sockaddr *)&to, sizeof(to)) != (ssize_t)len)
                die("a datagram to nobody");
        }
    } else if (strcmp(loop, "tcp") == 0) {
        socklen_t to_len = sizeof(to);
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fd[0] = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&to, to_len) != 0 || listen(listener, 1) != 0 ||
            getsockname(listener, (struct sockaddr *)&to, &to_len) != 0 ||
            connect(fd[0], (struct sockaddr *)&to, to_len) != 0 ||
            (fd[1] = accept(listener, NULL, NULL)) < 0)
            die("TCP over loopback");
        start = now_ns();
        for (long i = 0; i < turns; i++)
            if (send(fd[0], bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes) ||
                recv(fd[1], in, sizeof(in), MSG_WAITALL | MSG_DONTWAIT) < 1)
                die("bytes over TCP");
        calls = 2 * turns;
    } else if (strcmp(loop, "getsockname") == 0) {
        socklen_t to_len = sizeof(to);
        udp_pair(fd, true);
        start = now_ns();
        for (long i = 0; i < turns; i++)
            if (getsockname(fd[0], (struct sockaddr *)&to, &to_len) != 0)
                die("getsockname");
    } else {
        struct sockaddr_in from;
        socklen_t to_len = sizeof(to), from_len;
        udp_pair(fd, strcmp(loop, "stun-sendto") != 0);
        if (getsockname(fd[1], (struct sockaddr *)&to, &to_len) != 0)
            die("getsockname");
        start = now_ns();
        for (long i = 0; i < turns; i++) {
            from_len = sizeof(from);
            if (strcmp(loop, "stun-sendto") != 0
                    ? send(fd[0], what, len, 0) != (ssize_t)len ||
                          recv(fd[1], in, sizeof(in), 0) != (ssize_t)len
                    : sendto(fd[0], what, len, 0, (struct sockaddr *)&to, to_len) != (ssize_t)len ||
                          recvfrom(fd[1], in, sizeof(in), 0, (struct sockaddr *)&from, &from_len) !=
                              (ssize_t)len)
                die("a datagram over loopback");
        }
        calls = 2 * turns;
    }
    printf("%.2f\n", (double)(now_ns() - start) / (double)calls);
    return 0;
}

struct way {
    const char *name;
    const char *preload; /* NULL: none */
    bool session, strace;
    bool policy; /* an enforced one, of POLICY_RULES rules */
};

/* This program's path: under strace /proc/self/exe is strace. */
static char self[4096];

struct session {
    const char *folder;
    void *ring;
    struct policy_shared *policy;
};

/* Rules about every topic, most about STUN, with servers, ports and interfaces; none matches what
 * the loops send, so that all are looked at. */
static const struct policy_table *many_rules(void)
{
    static struct policy_table t;
    memset(&t, 0, sizeof(t));
    strcpy(t.name, "bench");
    t.dns_slot = POLICY_SLOT_NONE;
    t.ifaces = 3;
    for (uint32_t i = 0; i < t.ifaces; i++) {
        t.iface[i].ifindex = i + 1;
        snprintf(t.iface[i].name, sizeof(t.iface[i].name), i ? "eth%u" : "lo", i);
        t.addr[i] = (struct policy_addr){
            .addr = {.ip = {i ? 192 : 127, i ? 168 : 0, (uint8_t)i, 1}, .family = NETADDR_IPV4},
            .slot = (uint8_t)i,
            .prefix_bits = i ? 24 : 8};
    }
    t.iface[0].flags = POLICY_IFACE_LOOPBACK;
    t.addrs = t.ifaces;
    t.rules = t.prefixes = POLICY_RULES;
    t.enforced = POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS | POLICY_DEVICE;
    for (uint32_t i = 0; i < t.rules; i++) {
        t.prefix[i] = (struct policy_prefix){
            .addr = {.ip = {203, 0, 113, (uint8_t)i}, .family = NETADDR_IPV4}, .bits = 32};
        t.rule[i] = (struct policy_rule){.topics = i % 5 ? POLICY_STUN : POLICY_PROBE | POLICY_DNS,
                                         .action = POLICY_DENY,
                                         .refusal = POLICY_REFUSE_BEST,
                                         .method = i % 3 ? POLICY_ANY_METHOD : 1,
                                         .port_min = i % 2 ? 0 : 1,
                                         .port_max = i % 2 ? 0 : 65535,
                                         .server_given = 1,
                                         .prefix_first = (uint16_t)i,
                                         .prefixes = 1,
                                         .iface_given = i % 4 == 0,
                                         .iface_not = 1,
                                         .ifaces.bit[0] = 4};
    }
    return &t;
}

/* Run one loop one way; returns its nanoseconds a call, or a negative number if it failed. */
static double run(const struct way *way, const struct session *session, const char *loop,
                  long turns)
{
    char count[32], line[LINE_BYTES] = "";
    int out[2];
    if (way->strace)
        turns /= STRACE_DIVISOR;
    snprintf(count, sizeof(count), "%ld", turns);
    if (way->session) { /* empty again, so that no record is lost for want of room */
        ring_format(memset(session->ring, 0, ring_bytes(RING_CELLS_DEFAULT)), RING_CELLS_DEFAULT);
        policy_format(session->policy);
        if (way->policy)
            policy_publish(session->policy, many_rules());
        if (!policy_valid(session->policy, sizeof(*session->policy)))
            die("the policy is not valid");
    }
    if (pipe(out) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(out[1], 1);
        dup2(null, 2);
        setenv("TORSOCKS_LOG_LEVEL", "1", 1);
        setenv("PROXYCHAINS_QUIET_MODE", "1", 1);
        unsetenv("RTCSHIM_SESSION");
        if (way->session)
            setenv("RTCSHIM_SESSION", session->folder, 1);
        if (way->preload)
            setenv("LD_PRELOAD", way->preload, 1);
        if (way->strace)
            setenv("BENCH_WALL", "1", 1);
        if (way->strace)
            execlp("strace", "strace", "-f", "-qq", "-e", "trace=network", "-o", "/dev/null", self,
                   "--loop", loop, count, (char *)NULL);
        else
            execl(self, "bench_hooks", "--loop", loop, count, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    ssize_t n = read(out[0], line, sizeof(line) - 1);
    close(out[0]);
    int status = -1;
    waitpid(pid, &status, 0);
    if (n <= 0 || status != 0)
        return -1;
    if (way->session) {
        struct ring ring;
        if (!ring_attach(session->ring, ring_bytes(RING_CELLS_DEFAULT), &ring))
            return -1;
        bool full = atomic_load(&ring.shared->lost) != 0;
        bool wrote = atomic_load(&ring.shared->head) > (uint64_t)turns;
        if (full || (strncmp(loop, "stun", 4) == 0 && !wrote)) {
            fprintf(stderr,
                    "bench_hooks: %s: %llu records lost, %llu cells used for %ld turns: the figure "
                    "would mean nothing\n",
                    loop, (unsigned long long)atomic_load(&ring.shared->lost),
                    (unsigned long long)atomic_load(&ring.shared->head), turns);
            exit(1);
        }
    }
    return strtod(line, NULL);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(double), by_value);
    return values[count / 2];
}

static void table(const char *title, const char *loop, long turns, const struct way *ways,
                  size_t count, const struct session *session)
{
    static double taken[WAYS_MAX][ROUNDS], more[WAYS_MAX][ROUNDS];
    for (int r = 0; r < ROUNDS; r++)
        for (size_t w = 0; w < count; w++) {
            if (ways[w].strace && r >= SLOW_ROUNDS)
                continue;
            taken[w][r] = run(&ways[w], session, loop, turns);
            more[w][r] = taken[w][r] - taken[0][r];
        }
    printf("\n%s\n  %-34s %12s %12s %9s\n", title, "", "ns a call", "more", "ratio");
    double plain = median(taken[0], ROUNDS);
    for (size_t w = 0; w < count; w++) {
        int rounds = ways[w].strace ? SLOW_ROUNDS : ROUNDS;
        double ns = median(taken[w], rounds);
        if (taken[w][0] < 0)
            printf("  %-34s %12s\n", ways[w].name, "did not run");
        else
            printf("  %-34s %12.1f %+12.1f %8.2fx\n", ways[w].name, ns, median(more[w], rounds),
                   ns / plain);
    }
    fflush(stdout);
}

static void *make_file(const char *folder, const char *name, size_t bytes)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        die(path);
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mem == MAP_FAILED)
        die(path);
    close(fd);
    return mem;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--loop") == 0) {
        if (getenv("BENCH_WALL"))
            bench_clock = CLOCK_MONOTONIC;
        return measure(argv[2], strtol(argv[3], NULL, 10));
    }
    if (argc < 3) {
        fprintf(stderr, "usage: bench_hooks LIBRARY FOLDER [NAME=PRELOAD...]\n");
        return 2;
    }
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
        die("readlink /proc/self/exe");
    /* One processor for all: loopback between two is another thing each time. */
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);

    struct session session = {argv[2], make_file(argv[2], "ring", ring_bytes(RING_CELLS_DEFAULT)),
                              make_file(argv[2], "policy", sizeof(struct policy_shared))};
    struct way ways[WAYS_MAX] = {
        {.name = "plain"},
        {.name = "rtcshim, no session", .preload = argv[1]},
        {.name = "rtcshim, session", .preload = argv[1], .session = true},
    };
    ways[3] = (struct way){
        .name = "rtcshim, policy of 50 rules", .preload = argv[1], .session = true, .policy = true};
    size_t count = 4;
    for (int i = 3; i < argc && count < WAYS_MAX - 1; i++) {
        char *mark = strchr(argv[i], '=');
        if (!mark)
            continue;
        *mark = '\0';
        ways[count++] = (struct way){.name = argv[i], .preload = mark + 1};
    }
    ways[count++] = (struct way){.name = "strace -f -e trace=network", .strace = true};
    table("sendto(-1, ...), 100 bytes: no event", "sendto", 300000, ways, count, &session);

    const struct way real[] = {ways[0], ways[1], ways[2], ways[3], ways[count - 1]};
    table("loopback datagrams of 100 bytes, send and recv: no event", "datagram", 30000, real, 5,
          &session);
    table("the same over TCP", "tcp", 30000, real, 4, &session);
    table("STUN Binding requests of 20 bytes, sendto and recvfrom, each an event with a session",
          "stun-sendto", 20000, real, 5, &session);
    table("the same over connected sockets, send and recv", "stun", 20000, real, 5, &session);
    table("STUN to another port each time, sendto alone", "stun-spray", 20000, real, 4, &session);
    const struct way asking[] = {ways[0]};
    table("for scale: getsockname of such a socket", "getsockname", 300000, asking, 1, &session);
    return 0;
}
