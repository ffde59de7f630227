/* STUN answers that show a hidden address. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

static const uint8_t txid[12] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0};

/* A success response that shows ip by an attribute of that type. */
static size_t answer(uint8_t *b, const char *ip, uint16_t type, uint32_t id)
{
    struct netaddr addr;
    size_t at = 20;
    if (!netaddr_parse_ip(ip, &addr))
        fail("address");
    size_t len = addr.family == NETADDR_IPV4 ? 4 : 16;
    memset(b, 0, 128);
    put_be16(b, 0x0101);
    put_be32(b + 4, 0x2112a442);
    memcpy(b + 8, txid, 12);
    put_be32(b + 16, id);
    put_be16(b + at, 0x8022); /* SOFTWARE first */
    put_be16(b + at + 2, 3);
    memcpy(b + at + 4, "abc", 3);
    at += 8;
    put_be16(b + at, type);
    put_be16(b + at + 2, (uint16_t)(4 + len));
    b[at + 5] = addr.family == NETADDR_IPV4 ? 1 : 2;
    put_be16(b + at + 6, 1234);
    for (size_t i = 0; i < len; i++)
        b[at + 8 + i] = addr.ip[i] ^ (type == 0x0001 ? 0 : b[4 + i]);
    at += 8 + len;
    put_be16(b + 2, (uint16_t)(at - 20));
    return at;
}

/* The transaction id is the one that was asked for. */
static bool answers(const uint8_t *got, uint32_t id)
{
    return memcmp(got + 8, txid, 8) == 0 && be32(got + 16) == id;
}

static bool inverted(const uint8_t *got, uint32_t id)
{
    for (int i = 0; i < 8; i++)
        if ((got[8 + i] ^ txid[i]) != 0xff)
            return false;
    return be32(got + 16) == ~id;
}

static void hide_eth0(void)
{
    policy_new();
    policy_hide(SLOT_ETH0);
    policy_in_force();
}

void answers_that_show_a_hidden_address_are_lost(void)
{
    static const struct {
        const char *ip;
        uint16_t type;
        bool hidden;
    } cases[] = {
        {ETH0_IPV4, 0x0020, true},  {ETH0_IPV4, 0x0001, true},    {ETH0_IPV4, 0x8020, true},
        {ETH0_IPV6, 0x0020, true},  {ETH0_IPV4, 0x0016, true},    {ETH0_IPV6, 0x0001, true},
        {TUN0_IPV4, 0x0020, false}, {"192.0.2.7", 0x0020, false}, {ETH0_IPV4, 0x0012, false},
    };
    uint8_t b[128], in[256];
    struct iovec iov[3] = {{in, 5}, {in + 5, 9}, {in + 14, 200}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
    int fd[2];
    uint32_t id = 1;
    udp_pair(fd, AF_INET);
    allow("connect connect");
    hide_eth0();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++, id++) {
        size_t n = answer(b, cases[i].ip, cases[i].type, id);
        send(fd[0], b, n, 0);
        expect("stun send out,udp id=%u", id);
        await_input(fd[1]);
        GIVES((long)n, recv(fd[1], in, sizeof(in), 0));
        check_true(cases[i].hidden ? inverted(in, id) : answers(in, id), cases[i].ip, (int)i);
        MUST(memcmp(in + 20, b + 20, n - 20) == 0);
        /* The event has what came. */
        expect("stun recv in,udp id=%u action=%s full=%zu", id, cases[i].hidden ? "hide" : "allow",
               n);
    }
    /* By every call, and each time it is looked at. */
#define LOST(name, flags, call)                                                                    \
    do {                                                                                           \
        size_t n = answer(b, ETH0_IPV6, 0x0020, id);                                               \
        send(fd[0], b, n, 0);                                                                      \
        expect("stun send out,udp id=%u", id);                                                     \
        await_input(fd[1]);                                                                        \
        memset(in, 0, sizeof(in));                                                                 \
        if ((flags)&MSG_PEEK) {                                                                    \
            GIVES((long)n, recv(fd[1], in, sizeof(in), MSG_PEEK));                                 \
            MUST(inverted(in, id));                                                                \
        }                                                                                          \
        GIVES((long)n, call);                                                                      \
        MUST(inverted(in, id));                                                                    \
        expect("stun %s in,udp id=%u action=hide", name, id++);                                    \
    } while (0)
    LOST("recv", MSG_PEEK, recv(fd[1], in, sizeof(in), 0));
    LOST("__recv_chk", 0, __recv_chk(fd[1], in, 256, 256, 0));
    LOST("recvfrom", 0, recvfrom(fd[1], in, 256, 0, NULL, NULL));
    LOST("__recvfrom_chk", 0, __recvfrom_chk(fd[1], in, 256, 256, 0, NULL, NULL));
    LOST("recvmsg", MSG_PEEK, recvmsg(fd[1], &msg, 0));
    LOST("read", 0, read(fd[1], in, 256));
    LOST("__read", 0, __read(fd[1], in, 256));
    LOST("__read_chk", 0, __read_chk(fd[1], in, 256, 256));
    LOST("readv", 0, readv(fd[1], iov, 3));
    LOST("preadv2", 0, preadv2(fd[1], iov, 3, -1, 0));
    LOST("preadv64v2", 0, preadv64v2(fd[1], iov, 3, -1, 0));
    LOST("syscall", 0, syscall(SYS_recvfrom, fd[1], in, 256L, 0L, NULL, NULL));
    LOST("syscall", 0, syscall(SYS_recvmsg, fd[1], &msg, 0L));
#undef LOST
    /* Several at once: the second is hidden. */
    struct mmsghdr m[2];
    uint8_t two[2][128];
    struct iovec each[2] = {{two[0], 128}, {two[1], 128}};
    memset(m, 0, sizeof(m));
    for (int i = 0; i < 2; i++) {
        m[i].msg_hdr = (struct msghdr){.msg_iov = &each[i], .msg_iovlen = 1};
        send(fd[0], b, answer(b, i ? ETH0_IPV4 : TUN0_IPV4, 0x0020, id + (uint32_t)i), 0);
        expect("stun send out,udp id=%u", id + (uint32_t)i);
        expect("stun recvmmsg in,udp id=%u action=%s", id + (uint32_t)i, i ? "hide" : "allow");
    }
    await_input(fd[1]);
    GIVES(2, recvmmsg(fd[1], m, 2, MSG_WAITFORONE, NULL));
    MUST(answers(two[0], id) && inverted(two[1], id + 1));
    id += 2;
    /* In a group that the kernel joined. */
    uint8_t train[3 * 48];
    size_t one = 0;
    for (int i = 0; i < 3; i++) {
        one = answer(b, i == 1 ? ETH0_IPV4 : TUN0_IPV4, 0x0020, id + (uint32_t)i);
        memcpy(train + (size_t)i * one, b, one);
        expect("stun send out,udp id=%u", id + (uint32_t)i);
        expect("stun recvmsg in,udp id=%u action=%s", id + (uint32_t)i, i == 1 ? "hide" : "allow");
    }
    int on = 1, segment = (int)one;
    setsockopt(fd[1], IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
    setsockopt(fd[0], IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
    GIVES(3 * (long)one, send(fd[0], train, 3 * one, 0));
    for (size_t got = 0; got < 3 * one;) {
        _Alignas(struct cmsghdr) uint8_t control[64];
        struct iovec all = {in, sizeof(in)};
        struct msghdr gro = {.msg_iov = &all,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
        await_input(fd[1]);
        ssize_t n = recvmsg(fd[1], &gro, 0);
        if (n <= 0)
            fail("recvmsg");
        for (size_t at = 0; at < (size_t)n; at += one) {
            uint32_t i = (uint32_t)((got + at) / one);
            MUST(i == 1 ? inverted(in + at, id + i) : answers(in + at, id + i));
        }
        got += (size_t)n;
    }
}

void answers_in_a_stream_are_lost(void)
{
    uint8_t b[512], in[512];
    int fd[2];
    tcp_pair(fd, AF_INET);
    hide_eth0();
    allow("stun send action=allow");
    /* Three in one piece, the middle one hidden, peeked at first. */
    size_t one = 0;
    for (uint32_t i = 0; i < 3; i++)
        one = answer(b + i * one, i == 1 ? ETH0_IPV4 : TUN0_IPV4, 0x0020, 1 + i);
    send(fd[0], b, 3 * one, 0);
    await_input(fd[1]);
    GIVES((long)(3 * one), recv(fd[1], in, sizeof(in), MSG_PEEK));
    MUST(answers(in, 1) && inverted(in + one, 2) && answers(in + 2 * one, 3));
    GIVES((long)(3 * one), read(fd[1], in, sizeof(in)));
    MUST(answers(in, 1) && inverted(in + one, 2) && answers(in + 2 * one, 3));
    expect("stun read in,tcp id=1 action=allow");
    expect("stun read in,tcp id=2 action=hide");
    expect("stun read in,tcp id=3 action=allow");
    /* In two pieces, cut anywhere: what has come by the cut is handed on, the address never is. */
    struct netaddr hidden;
    if (!netaddr_parse_ip(ETH0_IPV4, &hidden))
        fail("address");
    for (size_t cut = 1; cut < one; cut++) {
        one = answer(b, ETH0_IPV4, 0x0020, 100 + (uint32_t)cut);
        send(fd[0], b, one, 0);
        await_input(fd[1]);
        GIVES((long)cut, recv(fd[1], in, cut, 0));
        await_input(fd[1]);
        GIVES((long)(one - cut), recv(fd[1], in + cut, one - cut, 0));
        bool lost = !answers(in, 100 + (uint32_t)cut);
        bool blank = memcmp(in + one - 4, b + one - 4, 4) != 0;
        check_true(lost || blank, "cut", (int)cut);
    }
    allow("stun recv in,tcp");
    /* Framed. */
    tcp_pair(fd, AF_INET);
    one = answer(b + 2, ETH0_IPV6, 0x0020, 7);
    put_be16(b, (uint16_t)one);
    send(fd[0], b, one + 2, 0);
    await_input(fd[1]);
    GIVES((long)one + 2, recv(fd[1], in, sizeof(in), 0));
    MUST(inverted(in + 2, 7));
    expect("stun recv in,tcp,framed id=7 action=hide");
}
