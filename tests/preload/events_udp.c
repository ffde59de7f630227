/* STUN over UDP by every call: recorded once for each message, with its addresses. */
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "events.h"
#include "transcript.h"

void events_udp_send(void)
{
    uint8_t b[64];
    struct iovec iov[3] = {{b, 3}, {b + 3, 5}, {b + 8, 56}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
    struct mmsghdr m[3];
    int fd[2];
    uint32_t id = 1;
    pair(fd, AF_INET);
    send(fd[0], b, stun_request(b, 64, id), 0), expect_stun("send", "out,udp", 64, id++);
    __send(fd[0], b, stun_request(b, 64, id), 0), expect_stun("__send", "out,udp", 64, id++);
    sendto(fd[0], b, stun_request(b, 64, id), 0, NULL, 0),
        expect_stun("sendto", "out,udp", 64, id++);
    stun_request(b, 64, id);
    sendmsg(fd[0], &msg, 0), expect_stun("sendmsg", "out,udp", 64, id++);
    (void)!write(fd[0], b, stun_request(b, 64, id)), expect_stun("write", "out,udp", 64, id++);
    (void)!__write(fd[0], b, stun_request(b, 64, id)), expect_stun("__write", "out,udp", 64, id++);
    stun_request(b, 64, id);
    (void)!writev(fd[0], iov, 3), expect_stun("writev", "out,udp", 64, id++);
    stun_request(b, 64, id);
    pwritev2(fd[0], iov, 3, -1, 0), expect_stun("pwritev2", "out,udp", 64, id++);
    stun_request(b, 64, id);
    pwritev64v2(fd[0], iov, 3, -1, 0), expect_stun("pwritev64v2", "out,udp", 64, id++);
    uint8_t three[3][20];
    struct iovec each[3];
    memset(m, 0, sizeof(m));
    for (int i = 0; i < 3; i++) {
        each[i] = (struct iovec){three[i], stun_request(three[i], 20, id)};
        m[i].msg_hdr = (struct msghdr){.msg_iov = &each[i], .msg_iovlen = 1};
        expect("stun sendmmsg out,udp len=20 full=20 id=%u result=20", id++);
    }
    if (sendmmsg(fd[0], m, 3, 0) != 3)
        fail("sendmmsg");
    /* The longest datagram that a record holds, and a longer one. */
    static uint8_t large[20000];
    send(fd[0], large, stun_request(large, 16384, id), 0),
        expect_stun("send", "out,udp", 16384, id++);
    send(fd[0], large, stun_request(large, 20000, id), 0);
    expect("stun send out,udp,cut len=16384 full=20000 id=%u", id++);
    /* An indication, a success response, and RFC 3489's form. */
    send(fd[0], b, stun_message(b, 20, 0x0011, id), 0), expect("stun send type=0011 id=%u", id),
        id++;
    send(fd[0], b, stun_message(b, 20, 0x0101, id), 0), expect("stun send type=0101 id=%u", id),
        id++;
    stun_request(b, 20, id);
    put_be32(b + 4, 0x01020304);
    send(fd[0], b, 20, 0), expect("stun send out,udp,classic len=20 full=20 id=%u", id++);
}

void events_udp_recv(void)
{
    uint8_t b[64], in[128];
    struct iovec iov[3] = {{in, 3}, {in + 3, 5}, {in + 8, 100}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
    struct mmsghdr m[3];
    int fd[2];
    uint32_t id = 1;
    pair(fd, AF_INET6);
#define FED(call, ...)                                                                             \
    do {                                                                                           \
        send(fd[0], b, stun_message(b, 64, 0x0101, id), 0);                                        \
        expect_stun("send", "out,udp", 64, id);                                                    \
        await_input(fd[1]);                                                                        \
        if ((call) < 0)                                                                            \
            fail(#call);                                                                           \
        expect(__VA_ARGS__, id++);                                                                 \
    } while (0)
    FED(recv(fd[1], in, 128, 0), "stun recv in,udp len=64 full=64 id=%u");
    FED(__recv_chk(fd[1], in, 128, 128, 0), "stun __recv_chk in,udp len=64 full=64 id=%u");
    FED(recvfrom(fd[1], in, 128, 0, NULL, NULL), "stun recvfrom in,udp len=64 full=64 id=%u");
    FED(__recvfrom_chk(fd[1], in, 128, 128, 0, NULL, NULL),
        "stun __recvfrom_chk in,udp len=64 full=64 id=%u");
    FED(recvmsg(fd[1], &msg, 0), "stun recvmsg in,udp len=64 full=64 id=%u");
    FED(read(fd[1], in, 128), "stun read in,udp len=64 full=64 id=%u");
    FED(__read(fd[1], in, 128), "stun __read in,udp len=64 full=64 id=%u");
    FED(__read_chk(fd[1], in, 128, 128), "stun __read_chk in,udp len=64 full=64 id=%u");
    FED(readv(fd[1], iov, 3), "stun readv in,udp len=64 full=64 id=%u");
    FED(preadv2(fd[1], iov, 3, -1, 0), "stun preadv2 in,udp len=64 full=64 id=%u");
    FED(preadv64v2(fd[1], iov, 3, -1, 0), "stun preadv64v2 in,udp len=64 full=64 id=%u");
    /* Looked at, looked at again, then taken: once. */
    FED((recv(fd[1], in, 128, MSG_PEEK), recvmsg(fd[1], &msg, MSG_PEEK), recv(fd[1], in, 128, 0)),
        "stun recv in,udp len=64 full=64 id=%u");
    /* Room for less: what is there, and that it is not all. */
    FED(recv(fd[1], in, 24, MSG_TRUNC), "stun recv in,udp,cut len=24 full=64 id=%u");
    iov[2].iov_len = 16;
    FED(recvmsg(fd[1], &msg, 0), "stun recvmsg in,udp,cut len=24 id=%u");
    FED(recvmsg(fd[1], &msg, MSG_TRUNC), "stun recvmsg in,udp,cut len=24 full=64 id=%u");
    /* Without MSG_TRUNC recv() does not say that there was more. */
    FED(recv(fd[1], in, 24, 0), "stun recv len=24 id=%u");
#undef FED
    uint8_t got[3][64];
    struct iovec each[3];
    memset(m, 0, sizeof(m));
    for (int i = 0; i < 3; i++) {
        send(fd[0], b, stun_message(b, 20, 0x0101, id), 0), expect_stun("send", "out,udp", 20, id);
        expect("stun recvmmsg in,udp len=20 full=20 id=%u result=20", id++);
        each[i] = (struct iovec){got[i], 64};
        m[i].msg_hdr = (struct msghdr){.msg_iov = &each[i], .msg_iovlen = 1};
    }
    await_input(fd[1]);
    if (recvmmsg(fd[1], m, 3, 0, NULL) != 3)
        fail("recvmmsg");
}

static void segmented(int fd, struct msghdr *msg, struct iovec *iov, uint8_t *out, uint32_t first,
                      size_t last_len)
{
    for (uint32_t i = 0; i < 4; i++) {
        stun_request(out + 40 * i, i < 3 ? 40 : last_len, first + i);
        expect_stun("sendmsg", "out,udp", i < 3 ? 40 : last_len, first + i);
    }
    iov->iov_len = 120 + last_len;
    if (sendmsg(fd, msg, 0) != (ssize_t)(120 + last_len))
        fail("sendmsg with UDP_SEGMENT");
}

void events_udp_segments(void)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(2)] = {0};
    uint8_t out[160], in[2048];
    struct iovec iov = {out, 160};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    uint16_t size = 40;
    int fd[2], on = 1, segment = 40;
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(2);
    memcpy(CMSG_DATA(c), &size, 2);
    pair(fd, AF_INET);
    segmented(fd[0], &msg, &iov, out, 1, 40);
    segmented(fd[0], &msg, &iov, out, 5, 20);
    for (uint32_t i = 1; i <= 8; i++) {
        await_input(fd[1]);
        if (recv(fd[1], in, sizeof(in), 0) > 0)
            expect_stun("recv", "in,udp", i == 8 ? 20 : 40, i);
    }
    /* Set once for the socket, then plain sends. */
    setsockopt(fd[0], IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
    for (uint32_t i = 0; i < 3; i++) {
        stun_request(out + 40 * i, 40, 20 + i);
        expect_stun("send", "out,udp", 40, 20 + i);
    }
    if (send(fd[0], out, 120, 0) != 120)
        fail("send with UDP_SEGMENT");
    int none = 0;
    setsockopt(fd[0], IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none));
    for (uint32_t i = 0; i < 3; i++) {
        await_input(fd[1]);
        if (read(fd[1], in, sizeof(in)) > 0)
            expect_stun("read", "in,udp", 40, 20 + i);
    }
    /* Joined again by the receiver's kernel. */
    setsockopt(fd[1], IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
    segmented(fd[0], &msg, &iov, out, 30, 40);
    _Alignas(struct cmsghdr) uint8_t room[64];
    struct iovec riov = {in, sizeof(in)};
    struct msghdr rmsg = {.msg_iov = &riov, .msg_iovlen = 1};
    for (size_t got = 0; got < 160;) {
        rmsg.msg_control = room;
        rmsg.msg_controllen = sizeof(room);
        await_input(fd[1]);
        ssize_t n = recvmsg(fd[1], &rmsg, 0);
        if (n <= 0)
            fail("recvmsg with UDP_GRO");
        got += (size_t)n;
    }
    for (uint32_t i = 30; i < 34; i++)
        expect_stun("recvmsg", "in,udp", 40, i);
}

void events_udp_failed(void)
{
    struct sockaddr_storage addr;
    socklen_t len;
    uint8_t b[20];
    close(udp_bound(AF_INET, &addr, &len));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    expect("connect connect");
    connect(fd, (struct sockaddr *)&addr, len);
    send(fd, b, stun_request(b, 20, 1), 0), expect_stun("send", "out,udp", 20, 1);
    /* The refusal that came back is told by the next call, which sends nothing. */
    if (send(fd, b, stun_request(b, 20, 2), 0) >= 0)
        fail("a refused send");
    expect("stun send out,udp,failed errno=ECONNREFUSED id=2 result=-1");
    close(fd);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    send(fd, b, stun_request(b, 20, 3), 0);
    expect("stun send out,udp,failed errno=EDESTADDRREQ id=3");
    /* Half-way: the first leaves, the second can't. */
    struct sockaddr_storage to;
    socklen_t to_len;
    int peer = udp_bound(AF_INET, &to, &to_len);
    expect("connect connect");
    connect(fd, (struct sockaddr *)&to, to_len);
    static uint8_t huge[70000];
    struct iovec iov[3] = {{b, stun_request(b, 20, 4)}, {huge, sizeof(huge)}, {b, 20}};
    struct mmsghdr m[3] = {{.msg_hdr = {.msg_iov = &iov[0], .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = &iov[1], .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = &iov[2], .msg_iovlen = 1}}};
    if (sendmmsg(fd, m, 3, 0) != 1)
        fail("sendmmsg that stops half-way");
    expect_stun("sendmmsg", "out,udp", 20, 4);
    close(fd);
    close(peer);
}
