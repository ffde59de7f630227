/*
 * Messages for tests of the summary, one line each: who sent what to whom, when and where.
 */
#ifndef RTCSHIM_TESTS_TALLY_BYTES_H
#define RTCSHIM_TESTS_TALLY_BYTES_H

#include "bytes.h"
#include "datagram_bytes.h"
#include "tally.h"

static const struct packet_iface test_tun0 = {.number = 1, .link_type = 101, .name = "tun0"};
static const struct packet_iface test_any = {.number = 2, .link_type = 113, .name = "any"};

/* Addresses by name. */
static inline struct netaddr host_at(uint8_t last)
{
    return netaddr_from_bytes((const uint8_t[]){10, 8, 0, last}, 4, 5000);
}
static inline struct netaddr public_at(uint8_t last)
{
    return netaddr_from_bytes((const uint8_t[]){203, 0, 113, last}, 4, 4000);
}

/* What a step is where it does not say so itself. */
enum step_kind {
    STEP_PLAIN,
    STEP_ASK,    /* a check from host_at(2) to public_at(9) */
    STEP_ANSWER, /* to it */
    STEP_ASK_BACK,
    STEP_ANSWER_BACK,
};
#define PLAIN(...)                                                                                 \
    {                                                                                              \
        .kind = STEP_PLAIN, __VA_ARGS__                                                            \
    }
#define ASK(...)                                                                                   \
    {                                                                                              \
        .kind = STEP_ASK, __VA_ARGS__                                                              \
    }
#define ANSWER(...)                                                                                \
    {                                                                                              \
        .kind = STEP_ANSWER, __VA_ARGS__                                                           \
    }
#define ASK_BACK(...)                                                                              \
    {                                                                                              \
        .kind = STEP_ASK_BACK, __VA_ARGS__                                                         \
    }
#define ANSWER_BACK(...)                                                                           \
    {                                                                                              \
        .kind = STEP_ANSWER_BACK, __VA_ARGS__                                                      \
    }

struct step {
    enum step_kind kind;
    uint64_t ms;
    uint8_t number; /* of the transaction */
    struct netaddr from, to;
    enum stun_class cls;
    const char *user; /* "receiver:sender" makes it a check */
    enum ice_role role;
    bool nominate;
    uint32_t nomination; /* libwebrtc's number */
    uint16_t method;     /* 0: binding */
    uint16_t error;
    uint32_t priority; /* 0: that of a peer-reflexive candidate of component 1 */
    struct netaddr mapped, relayed, peer;
    uint16_t channel;
    const struct step *inside;        /* DATA */
    const struct packet_iface *iface; /* NULL: eth0 */
    uint32_t file;
    uint8_t label, direction, protocol; /* 0: UDP */
    uint8_t salt;                       /* makes the bytes of the same message differ */
};

enum { STEP_BYTES_MAX = 1024 };

static inline void step_add_address(struct stun_builder *b, uint16_t type,
                                    const struct netaddr *addr)
{
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};
    value.as.address = *addr;
    if (addr->family != NETADDR_NONE)
        stun_add_value(b, type, &value);
}

static inline void step_add_check(struct stun_builder *b, const struct step *s)
{
    uint8_t word[8];
    stun_add_bytes(b, STUN_ATTR_USERNAME, s->user, strlen(s->user));
    put_be32(word, s->priority ? s->priority : 110u << 24 | 0x1eff << 8 | 255);
    stun_add_bytes(b, STUN_ATTR_PRIORITY, word, 4);
    if (s->role != ICE_ROLE_UNKNOWN) {
        put_be64(word, 0x1122334455667700u + s->role);
        stun_add_bytes(
            b, s->role == ICE_CONTROLLING ? STUN_ATTR_ICE_CONTROLLING : STUN_ATTR_ICE_CONTROLLED,
            word, 8);
    }
    if (s->nominate)
        stun_add_bytes(b, STUN_ATTR_USE_CANDIDATE, NULL, 0);
    if (s->nomination) {
        put_be32(word, s->nomination);
        stun_add_bytes(b, STUN_ATTR_ENF_FLOW_DESCRIPTION, word, 4);
    }
}

static inline size_t step_build(const struct step *s, uint8_t out[static STEP_BYTES_MAX])
{
    const uint8_t txid[STUN_TXID_BYTES] = {[11] = s->number};
    uint8_t inner[STEP_BYTES_MAX], channel[4] = {0};
    struct stun_builder b;
    stun_build(&b, out, STEP_BYTES_MAX, s->method ? s->method : STUN_METHOD_BINDING, s->cls, txid);
    if (s->user)
        step_add_check(&b, s);
    if (s->error) {
        const uint8_t code[4] = {0, 0, (uint8_t)(s->error / 100), (uint8_t)(s->error % 100)};
        stun_add_bytes(&b, STUN_ATTR_ERROR_CODE, code, sizeof(code));
    }
    step_add_address(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &s->mapped);
    step_add_address(&b, STUN_ATTR_XOR_RELAYED_ADDRESS, &s->relayed);
    step_add_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, &s->peer);
    if (s->channel) {
        put_be16(channel, s->channel);
        stun_add_bytes(&b, STUN_ATTR_CHANNEL_NUMBER, channel, sizeof(channel));
    }
    if (s->salt)
        stun_add_bytes(&b, STUN_ATTR_SOFTWARE, &s->salt, 1);
    if (s->inside)
        stun_add_bytes(&b, STUN_ATTR_DATA, inner, step_build(s->inside, inner));
    assert_int_equal(b.status, STUN_OK);
    return b.len;
}

/* s with what its kind says where it says nothing. */
static inline struct step step_full(const struct step *s)
{
    struct step full = *s;
    bool out = s->kind == STEP_ASK || s->kind == STEP_ANSWER_BACK;
    bool ask = s->kind == STEP_ASK || s->kind == STEP_ASK_BACK;
    if (s->kind == STEP_PLAIN)
        return full;
    if (full.from.family == NETADDR_NONE)
        full.from = out ? host_at(2) : public_at(9);
    if (full.to.family == NETADDR_NONE)
        full.to = out ? public_at(9) : host_at(2);
    if (ask && !full.user)
        full.user = out ? "far:near" : "near:far";
    if (!ask && full.cls == STUN_REQUEST)
        full.cls = STUN_SUCCESS_RESPONSE;
    return full;
}

static inline bool addr_is(const struct netaddr *addr, struct netaddr expected)
{
    return netaddr_same(addr, &expected);
}

static inline struct found step_found(const struct step *s, struct test_datagram *d,
                                      const uint8_t *bytes, size_t len)
{
    struct found found = found_on(test_udp(d, 1, 2, bytes, len));
    found.iface = s->iface ? s->iface : &test_iface;
    found.iface_name = found.iface->name;
    found.time_ns = UINT64_C(1000000000) + s->ms * 1000000;
    found.src = s->from;
    found.dst = s->to;
    found.protocol = s->protocol ? s->protocol : DATAGRAM_UDP;
    found.label = s->label;
    found.direction = s->direction;
    found.bytes = bytes;
    found.len = (uint32_t)len;
    return found;
}

/* Left to tally.c, which may hold it until younger ones came. */
static inline void step_put(struct tally *t, const struct step *step)
{
    uint8_t bytes[STEP_BYTES_MAX];
    struct stun_msg msg;
    struct test_datagram d;
    struct step s = step_full(step);
    size_t len = step_build(&s, bytes);
    assert_int_equal(stun_decode(bytes, len, false, &msg), STUN_OK);
    struct found found = step_found(&s, &d, bytes, len);
    tally_take(t, &found, &msg, STUN_CHECK_ABSENT, s.file);
}

/* In the order of the test, whatever the times. */
static inline void step_take(struct tally *t, const struct step *step)
{
    step_put(t, step);
    in_order_flush(t->in_order);
}

/* ChannelData with a message inside, or with packets of media that were only counted. */
static inline void step_take_channel(struct tally *t, const struct step *s, uint64_t packets)
{
    uint8_t bytes[STEP_BYTES_MAX + STUN_CHANNEL_HEADER_BYTES] = {0};
    struct test_datagram d;
    size_t len = 0;
    if (s->inside) {
        uint8_t inner[STEP_BYTES_MAX];
        len = step_build(s->inside, inner);
        memcpy(bytes + STUN_CHANNEL_HEADER_BYTES, inner, len);
        put_be16(bytes, s->channel);
        put_be16(bytes + 2, (uint16_t)len);
        len += STUN_CHANNEL_HEADER_BYTES;
    }
    struct found found = step_found(s, &d, bytes, len);
    found.kind = s->inside ? FOUND_CHANNEL_DATA : FOUND_CHANNEL_COUNT;
    found.channel = s->channel;
    found.packets = packets;
    tally_take(t, &found, NULL, STUN_CHECK_ABSENT, s->file);
}

static inline struct tally *steps_taken(const struct step *steps, size_t count)
{
    struct tally *t = tally_new();
    assert_non_null(t);
    for (size_t i = 0; i < count; i++)
        step_take(t, &steps[i]);
    return t;
}

/* The tally of the steps, not finished yet. */
#define STEPS(...)                                                                                 \
    steps_taken((const struct step[]){__VA_ARGS__},                                                \
                sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

#endif
