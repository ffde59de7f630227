/* STUN over TCP under a policy that forbids it. */
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "enforce.h"
#include "transcript.h"

enum { REQUEST = 40 };

static struct policy_rule *deny_method(uint16_t method)
{
    policy_new();
    struct policy_rule *rule = rule_add(POLICY_STUN, POLICY_DENY);
    rule->refusal = POLICY_REFUSE_BEST;
    rule->method = method;
    rule->transports = POLICY_TCP;
    policy_in_force();
    return rule;
}

/* Bytes that came; they are taken. */
static size_t came(int fd)
{
    uint8_t in[4096];
    size_t count = 0;
    ssize_t n;
    while ((n = recv(fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
        count += (size_t)n;
    return count;
}

static void tcp(int fd[static 2])
{
    tcp_pair(fd, AF_INET);
    allow("stun recv action=allow");
    allow("channel-data recv in,tcp");
}

void tcp_messages_are_judged_wherever_they_start(void)
{
    uint8_t b[3 * REQUEST];
    int fd[2];
    deny_method(3);
    /* Alone, first, in the middle, last. */
    for (int at = 0; at < 4; at++) {
        tcp(fd);
        size_t len = at == 3 ? REQUEST : sizeof(b);
        for (int i = 0; i < 3; i++)
            stun_message(b + REQUEST * i, REQUEST, i == at % 3 ? 0x0003 : 0x0001, 10);
        FAILS(ECONNRESET, send(fd[0], b, len, 0));
        expect("stun send out,tcp,failed,refused errno=ECONNRESET type=0003 full=%d action=deny "
               "rule=0",
               REQUEST);
        MUST(came(fd[1]) == 0);
        /* The stream goes on as if nothing had been. */
        GIVES(REQUEST, send(fd[0], b, stun_message(b, REQUEST, 0x0001, 11), 0));
        expect("stun send out,tcp id=11 type=0001 action=allow");
        await_input(fd[1]);
        MUST(came(fd[1]) == REQUEST);
        /* In a later call of a stream that is followed. */
        FAILS(ECONNRESET, write(fd[0], b, stun_message(b, REQUEST, 0x0003, 12)));
        expect("stun write out,tcp,failed,refused type=0003 id=12 action=deny");
        close(fd[0]);
        close(fd[1]);
    }
    /* A header cut anywhere: the call that completes it is refused, and so the message. */
    for (size_t cut = 1; cut < 20; cut++) {
        tcp(fd);
        stun_message(b, REQUEST, 0x0003, 13);
        ssize_t n = send(fd[0], b, cut, 0);
        if (n == (ssize_t)cut)
            FAILS(ECONNRESET, send(fd[0], b + cut, REQUEST - cut, 0));
        MUST(came(fd[1]) < 10);
        close(fd[0]);
        close(fd[1]);
        /* And of the second message of a stream. */
        tcp(fd);
        stun_message(b, REQUEST, 0x0001, 14);
        stun_message(b + REQUEST, REQUEST, 0x0003, 15);
        n = send(fd[0], b, REQUEST + cut, 0);
        if (n > 0)
            FAILS(ECONNRESET, send(fd[0], b + REQUEST + cut, REQUEST - cut, 0));
        close(fd[0]);
        close(fd[1]);
    }
    allow("stun send out,tcp,failed,refused action=deny rule=0");
    allow("stun send out,tcp,cut,failed,refused full=40 action=deny rule=0");
    allow("stun send out,tcp id=14 action=allow");
    /* ChannelData is TURN, and no class or method of STUN. */
    tcp(fd);
    deny_method(POLICY_ANY_METHOD)->classes = 0;
    uint8_t channel[8] = {0x40, 0x01, 0, 4, 1, 2, 3, 4};
    policy_new();
    policy_in_force();
    GIVES(REQUEST, send(fd[0], b, stun_message(b, REQUEST, 0x0001, 16), 0));
    expect("stun send out,tcp id=16 action=allow");
    deny_method(POLICY_ANY_METHOD);
    FAILS(ECONNRESET, send(fd[0], channel, 8, 0));
    expect("channel-data send out,tcp,failed,refused first=4001 action=deny");
    policy_next.rule[0].classes = 1;
    policy_in_force();
    GIVES(8, send(fd[0], channel, 8, 0));
    expect("channel-data send out,tcp first=4001 action=allow");
}

static size_t framed(uint8_t *b, size_t len, uint16_t type, uint32_t id)
{
    put_be16(b, (uint16_t)len);
    stun_message(b + 2, len, type, id);
    return len + 2;
}

void tcp_frames_are_judged(void)
{
    uint8_t b[200], media[12] = {0, 10, 0x80};
    int fd[2];
    deny_method(3);
    tcp(fd);
    GIVES(22, send(fd[0], b, framed(b, 20, 0x0001, 1), 0));
    expect("stun send out,tcp,framed id=1 action=allow");
    GIVES(12, send(fd[0], media, 12, 0));
    FAILS(ECONNRESET, send(fd[0], b, framed(b, 20, 0x0003, 2), 0));
    expect("stun send out,tcp,framed,failed,refused id=2 action=deny len=20");
    /* Behind media, and cut in every place. */
    memcpy(b, media, 12);
    framed(b + 12, 20, 0x0003, 3);
    FAILS(ECONNRESET, send(fd[0], b, 34, 0));
    expect("stun send out,tcp,framed,failed,refused id=3 action=deny len=20");
    await_input(fd[1]);
    MUST(came(fd[1]) == 34);
    for (size_t cut = 1; cut < 22; cut++) {
        tcp(fd);
        framed(b, 20, 0x0001, 4);
        framed(b + 22, 20, 0x0003, 5);
        ssize_t n = send(fd[0], b, 22 + cut, 0);
        if (n > 0)
            FAILS(ECONNRESET, send(fd[0], b + 22 + cut, 22 - cut, 0));
        close(fd[0]);
        close(fd[1]);
    }
    allow("stun send out,tcp,framed id=4 action=allow");
    allow("stun send out,tcp,framed,failed,refused full=20 action=deny");
    allow("stun send out,tcp,framed,cut,failed,refused full=20 action=deny");
}

void tcp_behind_a_proxy_is_told_apart(void)
{
    static const char hello[] = "CONNECT turn.example:3478 HTTP/1.1\r\n\r\n";
    static const uint8_t socks[] = {5, 1, 0};
    static const uint8_t target[] = {5, 1, 0, 1, 192, 0, 2, 1, 13, 150};
    uint8_t b[REQUEST];
    int fd[2];
    policy_new();
    struct policy_rule *rule = rule_add(POLICY_STUN, POLICY_DENY);
    rule->proxied = POLICY_DIRECT;
    rule->refusal = POLICY_REFUSE_BEST;
    policy_in_force();
    tcp(fd);
    FAILS(ECONNRESET, send(fd[0], b, stun_request(b, REQUEST, 1), 0));
    expect("stun send out,tcp,failed,refused id=1 action=deny");
    tcp(fd);
    GIVES((long)sizeof(hello), send(fd[0], hello, sizeof(hello), 0));
    GIVES(REQUEST, send(fd[0], b, stun_request(b, REQUEST, 2), 0));
    GIVES(REQUEST, send(fd[0], b, stun_request(b, REQUEST, 3), 0));
    tcp(fd);
    GIVES(3, send(fd[0], socks, 3, 0));
    GIVES(10, send(fd[0], target, 10, 0));
    GIVES(REQUEST, send(fd[0], b, stun_request(b, REQUEST, 4), 0));
    for (int id = 2; id < 5; id++)
        expect("stun send out,tcp id=%d action=allow", id);
    /* And the other way round. */
    policy_next.rule[0].proxied = POLICY_PROXIED;
    policy_in_force();
    FAILS(ECONNRESET, send(fd[0], b, stun_request(b, REQUEST, 5), 0));
    expect("stun send out,tcp,failed,refused id=5 action=deny");
    tcp(fd);
    GIVES(REQUEST, send(fd[0], b, stun_request(b, REQUEST, 6), 0));
    expect("stun send out,tcp id=6 action=allow");
}

void tcp_drops_whole_messages_only(void)
{
    uint8_t b[2 * REQUEST];
    int fd[2];
    deny_method(3)->refusal = POLICY_REFUSE_DROP;
    policy_in_force();
    tcp(fd);
    GIVES(REQUEST, send(fd[0], b, stun_message(b, REQUEST, 0x0003, 1), 0));
    expect("stun send out,tcp,refused result=%d id=1 action=deny", REQUEST);
    GIVES(REQUEST, send(fd[0], b, stun_message(b, REQUEST, 0x0001, 2), 0));
    expect("stun send out,tcp id=2 action=allow");
    GIVES(REQUEST, send(fd[0], b, stun_message(b, REQUEST, 0x0003, 3), 0));
    expect("stun send out,tcp,refused id=3 action=deny");
    await_input(fd[1]);
    MUST(came(fd[1]) == REQUEST);
    /* Half of one: leaving it out would break the stream. */
    stun_message(b, REQUEST, 0x0003, 4);
    FAILS(ECONNRESET, send(fd[0], b, 30, 0));
    expect("stun send out,tcp,cut,failed,refused errno=ECONNRESET id=4 len=30 full=40 action=deny");
    stun_message(b, REQUEST, 0x0001, 5);
    stun_message(b + REQUEST, REQUEST, 0x0003, 6);
    GIVES(2 * REQUEST, send(fd[0], b, 2 * REQUEST, 0));
    expect("stun send out,tcp,refused id=6 action=deny");
    MUST(came(fd[1]) == 0);
}
