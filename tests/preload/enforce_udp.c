/* STUN over UDP under a policy that forbids it. */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

static void pair(int fd[static 2], int family)
{
    udp_pair(fd, family);
    expect("connect connect");
    expect("connect connect");
}

static void expect_refused(const char *call, uint32_t id)
{
    expect("stun %s out,udp,failed,refused errno=ECONNREFUSED result=-1 id=%u action=deny rule=0",
           call, id);
}

void udp_sends_are_refused_by_every_call(void)
{
    uint8_t b[64];
    struct iovec iov[3] = {{b, 3}, {b + 3, 5}, {b + 8, 56}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
    struct mmsghdr m = {.msg_hdr = msg};
    int fd[2];
    uint32_t id = 1;
    only_rule(POLICY_STUN, POLICY_DENY);
    for (int family = AF_INET;; family = AF_INET6) {
        pair(fd, family);
#define REFUSED(name, call)                                                                        \
    do {                                                                                           \
        stun_request(b, 64, id);                                                                   \
        FAILS(ECONNREFUSED, call);                                                                 \
        expect_refused(name, id++);                                                                \
    } while (0)
        REFUSED("send", send(fd[0], b, 64, 0));
        REFUSED("__send", __send(fd[0], b, 64, 0));
        REFUSED("sendto", sendto(fd[0], b, 64, 0, NULL, 0));
        REFUSED("sendmsg", sendmsg(fd[0], &msg, 0));
        REFUSED("sendmmsg", sendmmsg(fd[0], &m, 1, 0));
        REFUSED("write", write(fd[0], b, 64));
        REFUSED("__write", __write(fd[0], b, 64));
        REFUSED("writev", writev(fd[0], iov, 3));
        REFUSED("pwritev2", pwritev2(fd[0], iov, 3, -1, 0));
        REFUSED("pwritev64v2", pwritev64v2(fd[0], iov, 3, -1, 0));
        REFUSED("syscall", syscall(SYS_write, fd[0], b, 64L));
        REFUSED("syscall", syscall(SYS_sendto, fd[0], b, 64L, 0L, NULL, 0L));
        REFUSED("syscall", syscall(SYS_sendmsg, fd[0], &msg, 0L));
        REFUSED("syscall", syscall(SYS_sendmmsg, fd[0], &m, 1L, 0L));
        REFUSED("syscall", syscall(SYS_writev, fd[0], iov, 3L));
        REFUSED("syscall", syscall(SYS_pwritev2, fd[0], iov, 3L, -1L, -1L, 0L));
#undef REFUSED
        MUST(arrived(fd[1]) == 0);
        close(fd[0]);
        close(fd[1]);
        if (family == AF_INET6)
            break;
    }
    /* With a destination, and as RFC 3489 writes it. */
    struct sockaddr_storage to;
    socklen_t len;
    int peer = udp_bound(AF_INET, &to, &len), one = socket(AF_INET, SOCK_DGRAM, 0);
    stun_request(b, 64, id);
    FAILS(ECONNREFUSED, sendto(one, b, 64, 0, (struct sockaddr *)&to, len));
    expect_refused("sendto", id++);
    stun_request(b, 20, id);
    put_be32(b + 4, 0x01020304);
    FAILS(ECONNREFUSED, sendto(one, b, 20, 0, (struct sockaddr *)&to, len));
    expect_refused("sendto", id++);
    MUST(arrived(peer) == 0);
}

void udp_refusals_are_what_the_rule_says(void)
{
    uint8_t b[20];
    int fd[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    policy_next.rule[0].refusal = POLICY_REFUSE_DROP;
    policy_in_force();
    GIVES(20, send(fd[0], b, stun_request(b, 20, 1), 0));
    expect("stun send out,udp,refused result=20 id=1 action=deny rule=0");
    policy_next.rule[0].refusal = EPERM;
    policy_in_force();
    FAILS(EPERM, send(fd[0], b, stun_request(b, 20, 2), 0));
    expect("stun send out,udp,failed,refused errno=EPERM result=-1 id=2 action=deny rule=0");
    /* The fallback is a rule without number. */
    policy_new();
    policy_next.fallback = POLICY_DENY;
    policy_next.fallback_refusal = ENETUNREACH;
    policy_next.enforced = POLICY_STUN;
    policy_in_force();
    FAILS(ENETUNREACH, send(fd[0], b, stun_request(b, 20, 3), 0));
    expect("stun send out,udp,failed,refused errno=ENETUNREACH id=3 action=deny rule=65535");
    MUST(arrived(fd[1]) == 0);
}

/* What browsers give up for soonest. */
void best_loses_a_request_and_refuses_its_repetition(void)
{
    uint8_t b[64];
    int fd[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    policy_next.rule[0].refusal = POLICY_REFUSE_BEST;
    policy_in_force();
    pair(fd, AF_INET);
    struct iovec iov = {b, 20};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    for (unsigned id = 1; id < 60; id++) {
        stun_request(b, 20, id);
        GIVES(20, id % 2 ? send(fd[0], b, 20, 0) : sendmsg(fd[0], &msg, 0));
        expect("stun %s out,udp,refused result=20 id=%u action=deny", id % 2 ? "send" : "sendmsg",
               id);
        FAILS(ECONNREFUSED, send(fd[0], b, 20, 0));
        FAILS(ECONNREFUSED, write(fd[0], b, 20));
        expect_refused("send", id);
        expect_refused("write", id);
    }
    /* What is not repeated is not lost. */
    FAILS(ECONNREFUSED, send(fd[0], b, stun_message(b, 20, 0x0011, 80), 0));
    FAILS(ECONNREFUSED, send(fd[0], b, stun_message(b, 20, 0x0101, 81), 0));
    expect_refused("send", 80);
    expect_refused("send", 81);
    MUST(arrived(fd[1]) == 0);
}

void sendmmsg_stops_before_a_refused_message(void)
{
    uint8_t stun[20], media[2][20] = {{0x80}, {0x81}};
    struct iovec iov[3] = {{media[0], 20}, {stun, 20}, {media[1], 20}};
    struct mmsghdr m[3];
    int fd[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    stun_request(stun, 20, 7);
    for (int by_number = 0; by_number < 2; by_number++)
        for (int drop = 0; drop < 2; drop++) {
            memset(m, 0, sizeof(m));
            for (int i = 0; i < 3; i++) {
                m[i].msg_hdr.msg_iov = &iov[i];
                m[i].msg_hdr.msg_iovlen = 1;
                m[i].msg_len = 777;
            }
            policy_next.rule[0].refusal = drop ? POLICY_REFUSE_DROP : ECONNREFUSED;
            policy_in_force();
            long n = by_number ? syscall(SYS_sendmmsg, fd[0], m, 3L, 0L) : sendmmsg(fd[0], m, 3, 0);
            check_gives(n, drop ? 3 : 1, "sendmmsg", __LINE__);
            MUST(m[0].msg_len == 20);
            MUST(m[1].msg_len == (drop ? 20u : 777u));
            MUST(m[2].msg_len == (drop ? 20u : 777u));
            MUST(arrived(fd[1]) == (drop ? 2 : 1));
            expect("stun %s %s id=7 action=deny", by_number ? "syscall" : "sendmmsg",
                   drop ? "out,udp,refused" : "out,udp,failed,refused");
        }
    policy_next.rule[0].refusal = ECONNREFUSED;
    policy_in_force();
    FAILS(ECONNREFUSED, sendmmsg(fd[0], m + 1, 2, 0)); /* as the program comes again */
    expect_refused("sendmmsg", 7);
    GIVES(0, sendmmsg(fd[0], m, 0, 0));
}

void every_segment_of_a_train_is_judged(void)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(2)] = {0};
    uint8_t train[120];
    struct iovec iov = {train, sizeof(train)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    uint16_t size = 40;
    int fd[2], segment = 40, none = 0;
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(2);
    memcpy(CMSG_DATA(c), &size, 2);
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    for (int at = 0; at < 3; at++) {
        memset(train, 0x80, sizeof(train));
        stun_request(train + 40 * at, 40, 20 + (uint32_t)at);
        FAILS(ECONNREFUSED, sendmsg(fd[0], &msg, 0));
        expect_refused("sendmsg", 20 + (uint32_t)at);
        setsockopt(fd[0], IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
        FAILS(ECONNREFUSED, send(fd[0], train, sizeof(train), 0));
        expect_refused("send", 20 + (uint32_t)at);
        setsockopt(fd[0], IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none));
    }
    MUST(arrived(fd[1]) == 0);
    memset(train, 0x80, sizeof(train));
    GIVES(120, sendmsg(fd[0], &msg, 0));
    MUST(arrived(fd[1]) == 3);
}

void a_header_may_lie_in_many_pieces(void)
{
    uint8_t b[32];
    struct iovec iov[64];
    struct msghdr msg = {.msg_iov = iov};
    int fd[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    stun_request(b, 32, 5);
    for (size_t cut = 1; cut < 32; cut++) {
        size_t count = 0;
        for (size_t at = 0; at < 32; at += cut) {
            iov[count++] = (struct iovec){b + at, 32 - at < cut ? 32 - at : cut};
            iov[count++] = (struct iovec){NULL, 0};
        }
        msg.msg_iovlen = count;
        FAILS(ECONNREFUSED, sendmsg(fd[0], &msg, 0));
        FAILS(ECONNREFUSED, writev(fd[0], iov, (int)count));
    }
    allow("stun sendmsg out,udp,failed,refused id=5 action=deny");
    allow("stun writev out,udp,failed,refused id=5 action=deny");
    allow("stun sendmsg out,udp,failed,refused action=deny full=20");
    allow("stun writev out,udp,failed,refused action=deny full=20");
    MUST(arrived(fd[1]) == 0);
}

void rules_see_server_class_and_method(void)
{
    uint8_t b[20];
    socklen_t len;
    struct sockaddr_storage to, other;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), six = socket(AF_INET6, SOCK_DGRAM, 0);
    policy_new();
    struct policy_rule *rule = rule_add(POLICY_STUN, POLICY_DENY);
    rule_to(rule, "198.51.100.0", 24);
    rule->port_min = rule->port_max = 3478;
    policy_in_force();
    to = address(SERVER_ON_ETH0, 3478, &len);
    FAILS(ECONNREFUSED, sendto(fd, b, stun_request(b, 20, 1), 0, (struct sockaddr *)&to, len));
    expect("stun sendto out,udp,failed,refused remote=198.51.100.10:3478 id=1 action=deny rule=0");
    to = address("::ffff:" SERVER_ON_ETH0, 3478, &len);
    FAILS(ECONNREFUSED, sendto(six, b, stun_request(b, 20, 2), 0, (struct sockaddr *)&to, len));
    /* Without a scope the kernel takes the name too. */
    FAILS(ECONNREFUSED, sendto(six, b, stun_request(b, 20, 3), 0, (struct sockaddr *)&to, 24));
    to = address(SERVER_ON_ETH0, 3478, &len);
    /* An IPv6 socket takes an IPv4 name, and an IPv4 socket one of family 0. */
    FAILS(ECONNREFUSED, sendto(six, b, stun_request(b, 20, 4), 0, (struct sockaddr *)&to, len));
    to.ss_family = AF_UNSPEC;
    FAILS(ECONNREFUSED, sendto(fd, b, stun_request(b, 20, 5), 0, (struct sockaddr *)&to, len));
    other = address(SERVER_ON_ETH0, 3479, &len);
    GIVES(20, sendto(fd, b, stun_request(b, 20, 6), 0, (struct sockaddr *)&other, len));
    other = address(SERVER_ON_TUN0, 3478, &len);
    GIVES(20, sendto(fd, b, stun_request(b, 20, 7), 0, (struct sockaddr *)&other, len));
    /* A connected socket may still name another one. */
    connect(fd, (struct sockaddr *)&other, len);
    GIVES(20, send(fd, b, stun_request(b, 20, 8), 0));
    to.ss_family = AF_INET;
    FAILS(ECONNREFUSED, sendto(fd, b, stun_request(b, 20, 9), 0, (struct sockaddr *)&to, len));
    /* A copy that was made before knows nothing of this connect. */
    int copy = dup(fd);
    connect(fd, (struct sockaddr *)&to, len);
    FAILS(ECONNREFUSED, send(copy, b, stun_request(b, 20, 10), 0));
    /* Class and method. */
    policy_new();
    rule = rule_add(POLICY_STUN, POLICY_DENY);
    rule->classes = 1 << 1;
    rule = rule_add(POLICY_STUN, POLICY_DENY);
    rule->method = 3;
    policy_in_force();
    FAILS(ECONNREFUSED, send(fd, b, stun_message(b, 20, 0x0011, 11), 0));
    FAILS(ECONNREFUSED, send(fd, b, stun_message(b, 20, 0x0003, 12), 0));
    GIVES(20, send(fd, b, stun_message(b, 20, 0x0001, 13), 0));
    allow("connect connect");
    for (int id = 1; id <= 13; id++) {
        if (id == 6 || id == 7 || id == 8 || id == 13)
            expect("stun id=%d out,udp action=allow", id);
        else if (id > 1)
            expect("stun id=%d out,udp,failed,refused action=deny", id);
    }
}

void a_corked_datagram_can_hide_nothing(void)
{
    uint8_t b[20], media[4] = {0x80};
    int fd[2], on = 1, off = 0;
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    stun_request(b, 20, 9);
    for (size_t cut = 1; cut < 20; cut++) {
        FAILS(ECONNREFUSED, send(fd[0], b, cut, MSG_MORE));
        GIVES(0, setsockopt(fd[0], IPPROTO_UDP, UDP_CORK, &on, sizeof(on)));
        FAILS(ECONNREFUSED, send(fd[0], b, cut, 0));
        FAILS(ECONNREFUSED, write(fd[0], b, cut));
        GIVES(0, setsockopt(fd[0], IPPROTO_UDP, UDP_CORK, &off, sizeof(off)));
    }
    /* A part of nothing, then all of it. */
    GIVES(0, send(fd[0], b, 0, MSG_MORE));
    FAILS(ECONNREFUSED, send(fd[0], b, 20, 0));
    /* Corked through a copy. */
    int copy = dup(fd[0]);
    setsockopt(copy, IPPROTO_UDP, UDP_CORK, &on, sizeof(on));
    FAILS(ECONNREFUSED, send(fd[0], b, 6, 0));
    setsockopt(copy, IPPROTO_UDP, UDP_CORK, &off, sizeof(off));
    arrived(fd[1]); /* the empty one */
    /* Media may be written in parts. */
    GIVES(4, send(fd[0], media, 4, MSG_MORE));
    GIVES(4, send(fd[0], media, 4, 0));
    MUST(arrived(fd[1]) == 1);
    GIVES(6, send(fd[0], b, 6, 0)); /* six bytes alone are no STUN */
    MUST(arrived(fd[1]) == 1);
    allow("stun out,udp,failed,refused action=deny rule=0");
    allow("stun out,udp,failed,refused action=deny rule=65534");
    allow("stun out,udp,cut,failed,refused len=0 action=deny");
}

void media_and_errno_pass(void)
{
    uint8_t media[100] = {0x80}, dtls[20] = {0x16, 0xfe, 0xff}, in[100];
    struct iovec iov = {media, sizeof(media)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct mmsghdr m = {.msg_hdr = msg};
    struct sockaddr_storage to;
    socklen_t len;
    int fd[2];
    policy_new();
    rule_add(POLICY_STUN | POLICY_DNS | POLICY_MDNS | POLICY_DEVICE | POLICY_CONNECT | POLICY_PROBE,
             POLICY_DENY);
    policy_in_force();
    udp_pair(fd, AF_INET);
    allow("connect connect");
    len = sizeof(to);
    getsockname(fd[1], (struct sockaddr *)&to, &len);
    allow("probe getsockname");
#define PASSES(call)                                                                               \
    do {                                                                                           \
        errno = TRANSCRIPT_ERRNO;                                                                  \
        MUST((call) > 0);                                                                          \
        MUST(errno == TRANSCRIPT_ERRNO);                                                           \
    } while (0)
    PASSES(send(fd[0], media, 100, 0));
    PASSES(sendto(fd[0], media, 100, 0, (struct sockaddr *)&to, len));
    PASSES(sendmsg(fd[0], &msg, 0));
    PASSES(sendmmsg(fd[0], &m, 1, 0));
    PASSES(write(fd[0], media, 100));
    PASSES(writev(fd[0], &iov, 1));
    PASSES(send(fd[0], dtls, 20, 0));
    PASSES(syscall(SYS_write, fd[0], media, 100L));
    MUST(arrived(fd[1]) == 8);
    /* And what is let go under a policy that only means others. */
    policy_new();
    rule_to(rule_add(POLICY_STUN, POLICY_DENY), "192.0.2.1", 32);
    policy_in_force();
    PASSES(send(fd[0], in, stun_request(in, 20, 3), 0));
    expect("stun send out,udp id=3 action=allow");
    PASSES(recv(fd[1], in, sizeof(in), 0));
    expect("stun recv in,udp id=3 action=allow");
#undef PASSES
}

void memory_that_cannot_be_read_is_the_kernels(void)
{
    struct iovec bad_iov = {bad_pointer(), 20}, *iov = bad_pointer();
    struct msghdr bad_msg = {.msg_iov = &bad_iov, .msg_iovlen = 1};
    uint8_t b[20], *edge = guarded(4096);
    void *volatile nowhere = NULL;
    int fd[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    FAILS(EFAULT, send(fd[0], bad_pointer(), 20, 0));
    FAILS(EFAULT, send(fd[0], edge - 4, 20, 0));
    FAILS(EFAULT, write(fd[0], nowhere, 20));
    FAILS(EFAULT, sendmsg(fd[0], bad_pointer(), 0));
    FAILS(EFAULT, sendmsg(fd[0], &bad_msg, 0));
    bad_msg.msg_iov = iov;
    FAILS(EFAULT, sendmsg(fd[0], &bad_msg, 0));
    FAILS(EFAULT, writev(fd[0], iov, 1));
    FAILS(EFAULT, sendmmsg(fd[0], bad_pointer(), 1, 0));
    FAILS(EFAULT, sendto(fd[0], b, stun_request(b, 20, 1), 0, bad_pointer(), 16));
    stun_request(edge - 20, 20, 4);
    FAILS(ECONNREFUSED, send(fd[0], edge - 20, 20, 0));
    expect_refused("send", 4);
    FAILS(EBADF, send(-1, b, 20, 0));
    FAILS(ENOTSOCK, send(STDERR_FILENO, b, 20, 0));
}

/* A socket as it comes from another process: the library has not seen it made. */
static int passed(int fd)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
    uint8_t byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    int way[2], made;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, way) != 0 || sendmsg(way[0], &msg, 0) != 1 ||
        recvmsg(way[1], &msg, 0) != 1)
        fail("SCM_RIGHTS");
    memcpy(&made, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(made));
    close(way[0]);
    close(way[1]);
    return made;
}

void unknown_descriptors_are_asked_about(void)
{
    uint8_t b[20], media[20] = {0x80};
    int fd[2], tcp[2];
    only_rule(POLICY_STUN, POLICY_DENY);
    pair(fd, AF_INET);
    int strange = passed(fd[0]);
    GIVES(20, send(strange, media, 20, 0));
    FAILS(ECONNREFUSED, send(strange, b, stun_request(b, 20, 1), 0));
    expect("stun send out,udp,failed,unknown,refused id=1 action=deny rule=0");
    FAILS(ECONNREFUSED, send(strange, b, stun_request(b, 20, 2), 0));
    expect_refused("send", 2);
    MUST(arrived(fd[1]) == 1);
    tcp_pair(tcp, AF_INET);
    strange = passed(tcp[0]);
    FAILS(ECONNREFUSED, write(strange, b, stun_request(b, 20, 3)));
    expect("stun write out,tcp,failed,unknown,refused id=3 action=deny rule=0");
    /* A pipe takes anything. */
    int pipes[2];
    if (pipe(pipes) == 0)
        GIVES(20, write(pipes[1], b, 20));
    /* Above the table. */
    int high = fcntl(fd[0], F_DUPFD, 65536);
    if (high >= 0) {
        FAILS(ECONNREFUSED, send(high, b, stun_request(b, 20, 5), 0));
        expect("stun send out,udp,failed,unknown,refused id=5 action=deny rule=0");
    }
    /* A number that was a folder's, which libc closed by itself, and is a socket of another
     * process's now. */
    int process = (int)syscall(SYS_pidfd_open, (long)getpid(), 0L);
    for (int by_number = 0; by_number < 2; by_number++) {
        DIR *folder = opendir("/");
        int number = folder ? dirfd(folder) : -1;
        closedir(folder);
        strange = by_number ? (int)syscall(SYS_pidfd_getfd, (long)process, (long)fd[0], 0L)
                            : pidfd_getfd(process, fd[0], 0);
        MUST(strange >= 0 && strange == number);
        FAILS(ECONNREFUSED, send(strange, b, stun_request(b, 20, 6), 0));
        expect("stun send out,udp,failed,unknown,refused id=6 action=deny rule=0");
        close(strange);
    }
    MUST(arrived(fd[1]) == 0);
    MUST(arrived(tcp[1]) == 0);
}
