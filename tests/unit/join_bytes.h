/*
 * Events and packets for tests of the join, one line each: who sent what to whom, when and where. A
 * test's machine is 10.8.0.2 on tun0 and 192.168.1.23 on eth0; a server is 198.51.100.10:3478.
 */
#ifndef RTCSHIM_TESTS_JOIN_BYTES_H
#define RTCSHIM_TESTS_JOIN_BYTES_H

#include <assert.h>
#include <string.h>

#include "event_line.h"
#include "found.h"
#include "join.h"
#include "stun.h"

#define JOIN_TEST_EPOCH_NS UINT64_C(1700000000000000000)

static const struct packet_iface join_eth0 = {.number = 0, .link_type = 1, .name = "eth0"};
static const struct packet_iface join_tun0 = {.number = 1, .link_type = 101, .name = "tun0"};
static const struct packet_iface join_port0 = {.number = 2, .link_type = 1, .name = "port0"};
static const struct packet_iface join_br0 = {.number = 3, .link_type = 1, .name = "br0"};

static inline struct netaddr join_ip(const char *text, uint16_t port)
{
    struct netaddr addr = {0};
    bool good = netaddr_parse_ip(text, &addr);
    assert(good);
    (void)good;
    addr.port = port;
    return addr;
}
#define TUN_END    join_ip("10.8.0.2", 5000)
#define ETH_END    join_ip("192.168.1.23", 5000)
#define SERVER_END join_ip("198.51.100.10", 3478)

/* What a message is where a step does not say so itself: a Binding request from TUN_END to
 * SERVER_END at once; with `answer` the success to it. */
struct step {
    uint64_t ms;
    int64_t us; /* added to ms */
    uint8_t id; /* of the transaction */
    bool answer, indication, error, tcp, classic;
    bool back; /* a packet that came in, although it is no answer */
    struct netaddr local, remote;
    struct netaddr mapped;
    uint16_t channel; /* ChannelData in place of a message */
    /* events */
    uint64_t seq;      /* 0: the next one */
    const char *iface; /* NULL tun0 */
    uint8_t source;    /* enum event_line_source; 0 ADDRESS */
    uint8_t action;    /* enum event_line_action */
    const char *error_name;
    const char *name; /* of the remote end */
    bool wildcard, no_iface;
    uint32_t pid;
    /* packets */
    const struct packet_iface *on; /* NULL tun0 */
    uint64_t frame;                /* 0: the next one */
    uint8_t label, direction, confidence;
};

struct joining {
    struct join *j;
    uint64_t seq, frame;
};

static inline struct joining joining_new(void)
{
    struct joining t = {.j = join_new()};
    assert(t.j);
    join_add_local(t.j, &(struct netaddr){.family = NETADDR_IPV4, .ip = {10, 8, 0, 2}});
    join_add_local(t.j, &(struct netaddr){.family = NETADDR_IPV4, .ip = {192, 168, 1, 23}});
    return t;
}

static inline uint64_t step_ns(const struct step *s)
{
    return JOIN_TEST_EPOCH_NS + s->ms * 1000000 + (uint64_t)(s->us * 1000);
}

static inline struct event_text join_said(const char *text)
{
    return (struct event_text){text, text ? (uint32_t)strlen(text) : 0};
}

static inline uint16_t step_type(const struct step *s)
{
    return s->answer ? (s->error ? 0x0111 : 0x0101) : s->indication ? 0x0011 : 0x0001;
}

static inline struct netaddr step_end(struct netaddr given, struct netaddr usual)
{
    return given.family == NETADDR_NONE ? usual : given;
}

/* An event of the shim's: an answer came in, everything else went out. */
static inline void asked(struct joining *t, const struct step *s)
{
    struct netaddr local = step_end(s->local, TUN_END), remote = step_end(s->remote, SERVER_END);
    struct event_line line = {
        .seq = s->seq ? s->seq : ++t->seq,
        .time_ns = step_ns(s),
        .type = EVENT_LINE_STUN,
        .protocol = s->tcp ? 6 : 17,
        .direction = s->answer ? EVENT_LINE_IN : EVENT_LINE_OUT,
        .src = s->answer ? remote : local,
        .dst = s->answer ? local : remote,
        .iface = join_said(s->no_iface ? NULL
                           : s->iface  ? s->iface
                                       : "tun0"),
        .dest_name = join_said(s->name),
        .iface_source = s->no_iface ? EVENT_LINE_UNKNOWN
                        : s->source ? s->source
                                    : EVENT_LINE_ROUTE,
        .action = s->action,
        .rule = join_said("test:1"),
        .process = {.pid = s->pid ? s->pid : 100, .name = join_said("browser")},
        .hook = {.there = true,
                 .call = join_said(s->answer ? "recvfrom" : "sendto"),
                 .error = join_said(s->error_name),
                 .failed = s->error_name != NULL},
    };
    if (s->wildcard)
        line.bound = join_ip("0.0.0.0", 0);
    if (s->channel) {
        line.channel = (struct event_channel){.there = true, .channel = s->channel, .packets = 1};
    } else {
        line.stun = (struct event_stun){
            .there = true,
            .classic = s->classic,
            .txid_len = s->classic ? 16 : 12,
            .type = step_type(s),
            .mapped = s->mapped,
        };
        line.stun.txid[11] = s->id;
    }
    join_take_event(t->j, &line);
}

/* A packet that was captured. */
static inline void captured(struct joining *t, const struct step *s)
{
    static uint8_t bytes[256];
    struct netaddr local = step_end(s->local, TUN_END), remote = step_end(s->remote, SERVER_END);
    struct stun_builder b;
    struct stun_msg msg = {0};
    uint8_t txid[STUN_TXID_BYTES] = {[11] = s->id};
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};
    value.as.address = s->mapped;
    stun_build(&b, bytes, sizeof(bytes), STUN_METHOD_BINDING,
               s->answer       ? (s->error ? STUN_ERROR_RESPONSE : STUN_SUCCESS_RESPONSE)
               : s->indication ? STUN_INDICATION
                               : STUN_REQUEST,
               txid);
    if (s->mapped.family != NETADDR_NONE)
        stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &value);
    if (s->error)
        stun_add_bytes(&b, STUN_ATTR_ERROR_CODE, (const uint8_t[]){0, 0, 4, 1}, 4);
    assert(b.status == STUN_OK && stun_decode(bytes, b.len, false, &msg) == STUN_OK);
    if (s->classic) {
        memset(msg.txid, 0, sizeof(msg.txid));
        msg.txid[11] = s->id;
        msg.txid_len = 16;
    }
    struct found found = {
        .time_ns = step_ns(s),
        .frame = s->frame ? s->frame : ++t->frame,
        .iface = s->on ? s->on : &join_tun0,
        .src = s->answer || s->back ? remote : local,
        .dst = s->answer || s->back ? local : remote,
        .bytes = bytes,
        .len = (uint32_t)b.len,
        .kind = s->channel ? FOUND_CHANNEL_DATA : FOUND_MESSAGE,
        .channel = s->channel,
        .packets = 1,
        .confidence = s->confidence ? s->confidence : FOUND_EXACT,
        .protocol = s->tcp ? 6 : 17,
        .label = s->label,
        .direction = s->direction,
    };
    if (s->confidence == UINT8_MAX)
        found.confidence = FOUND_UNANSWERED;
    found.iface_name = found.iface->name;
    join_take_found(t->j, &found, s->channel ? NULL : &msg);
}

#define ASKED(t, ...)    asked((t), &(const struct step){__VA_ARGS__})
#define CAPTURED(t, ...) captured((t), &(const struct step){__VA_ARGS__})

/* tun0 and eth0 were captured from a second before the test's beginning to ten seconds after it. */
static inline void covers_both(struct joining *t)
{
    join_add_cover(t->j, "tun0", JOIN_TEST_EPOCH_NS - 1000000000,
                   JOIN_TEST_EPOCH_NS + UINT64_C(10000000000));
    join_add_cover(t->j, "eth0", JOIN_TEST_EPOCH_NS - 1000000000,
                   JOIN_TEST_EPOCH_NS + UINT64_C(10000000000));
}

static inline void finished(struct joining *t)
{
    bool whole = join_finish(t->j);
    assert(whole);
    (void)whole;
}

#endif
