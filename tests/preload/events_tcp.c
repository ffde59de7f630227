/* STUN in TCP streams: whole, split at every byte, joined, framed by RFC 4571, mixed with
 * ChannelData, sent in part. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "events.h"
#include "transcript.h"

enum { TO_SEND = 44 };

/* Take len bytes off fd in one call once they are there. */
static void take(int fd, size_t len)
{
    uint8_t buf[4096];
    for (;;) {
        await_input(fd);
        if (recv(fd, buf, len, MSG_PEEK) == (ssize_t)len)
            break;
    }
    if (recv(fd, buf, len, 0) != (ssize_t)len)
        fail("recv");
}

void events_tcp_whole(void)
{
    uint8_t b[64];
    int fd[2];
    for (uint32_t family = 0; family < 2; family++) {
        tcp_pair(fd, family ? AF_INET6 : AF_INET);
        send(fd[0], b, stun_request(b, TO_SEND, 1 + family), 0),
            expect_stun("send", "out,tcp", TO_SEND, 1 + family);
        take(fd[1], TO_SEND), expect_stun("recv", "in,tcp", TO_SEND, 1 + family);
        (void)!write(fd[1], b, stun_message(b, TO_SEND, 0x0101, 5 + family)),
            expect_stun("write", "out,tcp", TO_SEND, 5 + family);
        take(fd[0], TO_SEND), expect_stun("recv", "in,tcp", TO_SEND, 5 + family);
        close(fd[0]);
        close(fd[1]);
    }
}

/* A message cut in two at every place, on a fresh connection each time; it is told once, by the
 * call that completed it. */
void events_tcp_split(void)
{
    uint8_t b[64];
    int fd[2];
    for (uint32_t at = 1; at < TO_SEND; at++) {
        tcp_pair(fd, AF_INET);
        stun_request(b, TO_SEND, at);
        send(fd[0], b, at, 0);
        (void)!write(fd[0], b + at, TO_SEND - at), expect_stun("write", "out,tcp", TO_SEND, at);
        take(fd[1], TO_SEND), expect_stun("recv", "in,tcp", TO_SEND, at);
        /* Back, and taken in the same two pieces. */
        send(fd[1], b, stun_message(b, TO_SEND, 0x0101, 100 + at), 0),
            expect_stun("send", "out,tcp", TO_SEND, 100 + at);
        take(fd[0], at);
        (void)!read(fd[0], b, TO_SEND - at), expect_stun("read", "in,tcp", TO_SEND, 100 + at);
        close(fd[0]);
        close(fd[1]);
    }
    tcp_pair(fd, AF_INET);
    stun_request(b, TO_SEND, 999);
    for (size_t i = 0; i < TO_SEND; i++)
        send(fd[0], b + i, 1, 0);
    expect_stun("send", "out,tcp", TO_SEND, 999);
    for (size_t i = 0; i < TO_SEND; i++)
        take(fd[1], 1);
    expect_stun("recv", "in,tcp", TO_SEND, 999);
}

void events_tcp_joined(void)
{
    uint8_t b[4 * TO_SEND], in[256];
    int fd[2];
    for (uint32_t cut = 1; cut < 2 * TO_SEND; cut += 3) {
        tcp_pair(fd, AF_INET);
        for (uint32_t i = 0; i < 3; i++)
            stun_request(b + TO_SEND * i, TO_SEND, cut * 10 + i);
        send(fd[0], b, 3 * TO_SEND, 0);
        for (uint32_t i = 0; i < 3; i++)
            expect_stun("send", "out,tcp", TO_SEND, cut * 10 + i);
        /* Read across the borders. */
        take(fd[1], cut);
        for (size_t got = cut; got < 3 * TO_SEND;) {
            await_input(fd[1]);
            ssize_t n = recv(fd[1], in, sizeof(in), 0);
            if (n <= 0)
                fail("recv");
            got += (size_t)n;
        }
        for (uint32_t i = 0; i < 3; i++)
            expect_stun("recv", "in,tcp", TO_SEND, cut * 10 + i);
        close(fd[0]);
        close(fd[1]);
    }
}

void events_tcp_framed(void)
{
    uint8_t b[2 * (2 + TO_SEND)];
    int fd[2];
    for (uint32_t at = 1; at < sizeof(b); at += 5) {
        tcp_pair(fd, AF_INET);
        for (uint32_t i = 0; i < 2; i++) {
            uint8_t *p = b + i * (2 + TO_SEND);
            put_be16(p, TO_SEND);
            stun_request(p + 2, TO_SEND, at * 10 + i);
            expect_stun("send", "out,tcp,framed", TO_SEND, at * 10 + i);
            expect_stun("recv", "in,tcp,framed", TO_SEND, at * 10 + i);
        }
        send(fd[0], b, at, 0);
        send(fd[0], b + at, sizeof(b) - at, 0);
        take(fd[1], sizeof(b) - at);
        take(fd[1], at);
        close(fd[0]);
        close(fd[1]);
    }
}

/* On TCP, ChannelData is padded to four bytes (RFC 8656 section 12.5); what follows it must still
 * be found. */
void events_tcp_channel(void)
{
    uint8_t b[20 + 12 + 20];
    int fd[2];
    tcp_pair(fd, AF_INET);
    stun_request(b, 20, 1);
    memset(b + 20, 0, 12);
    put_be16(b + 20, 0x4000);
    put_be16(b + 22, 5);
    stun_request(b + 32, 20, 2);
    send(fd[0], b, sizeof(b), 0);
    expect_stun("send", "out,tcp", 20, 1);
    expect("channel-data send out,tcp first=4000 full=9");
    expect_stun("send", "out,tcp", 20, 2);
    take(fd[1], sizeof(b));
    expect_stun("recv", "in,tcp", 20, 1);
    expect("channel-data recv in,tcp first=4000 full=9");
    expect_stun("recv", "in,tcp", 20, 2);
}

/* Many messages through a narrow non-blocking stream: what the kernel took counts, once. */
void events_tcp_partial(void)
{
    enum { MESSAGES = 3000, EACH = 100 };
    static uint8_t all[MESSAGES * EACH], in[65536];
    int fd[2], small = 4096;
    size_t sent = 0, got = 0, cut_sends = 0;
    tcp_pair(fd, AF_INET);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    fcntl(fd[1], F_SETFL, O_NONBLOCK);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        stun_request(all + i * EACH, EACH, i);
        expect("stun send out,tcp len=100 full=100 id=%u", i);
        expect("stun recv in,tcp len=100 full=100 id=%u", i);
    }
    while (got < sizeof(all)) {
        ssize_t n = sent < sizeof(all) ? send(fd[0], all + sent, sizeof(all) - sent, 0) : 0;
        if (n > 0) {
            sent += (size_t)n;
            cut_sends += sent < sizeof(all);
        }
        await_input(fd[1]);
        while ((n = recv(fd[1], in, sizeof(in), 0)) > 0)
            got += (size_t)n;
    }
    if (cut_sends == 0)
        fail("the kernel took everything at once: nothing was sent in part");
}
