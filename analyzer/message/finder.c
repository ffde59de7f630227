/* Decides which datagrams and stream units are STUN or ChannelData. */
#include "finder.h"

#include <stdlib.h>

#include "bytes.h"
#include "channels.h"
#include "classic.h"
#include "stun.h"
#include "tcp.h"

enum {
    WAITING_MAX = 8,
};

/*
 * What is to be counted on a flow that is being fetched from memory, while the next packets are
 * read. A look into the table right away would wait for memory longer than all else on a packet
 * takes.
 */
struct waiting {
    struct flow_key key;
    uint32_t prepared;
    bool had_stun; /* makes the flow, from fresh, where it is not there */
    struct flow_share share;
    struct flow fresh;
};

struct finder {
    struct waiting waiting[WAITING_MAX];
    unsigned waiting_count;
    struct table *flows;
    struct tcp *tcp;
    struct classic *classic;
    struct channels *channels;
    bool count_media;
    found_fn *tell;
    void *context;
};

/* In the order of the packets. */
static void count_waiting(struct finder *f)
{
    for (unsigned i = 0; i < f->waiting_count; i++) {
        const struct waiting *w = &f->waiting[i];
        struct flow *flow = table_find_prepared(f->flows, &w->key, w->prepared);
        if (!flow && w->had_stun) {
            flow = table_add(f->flows, &w->key);
            *flow = w->fresh;
        }
        if (flow)
            flow_count(flow, &w->share);
    }
    f->waiting_count = 0;
}

static struct waiting *wait_for_flow(struct finder *f, const struct datagram *d, unsigned *way)
{
    if (f->waiting_count == WAITING_MAX)
        count_waiting(f);
    struct waiting *w = &f->waiting[f->waiting_count++];
    w->key = flow_key_of(d, way);
    w->prepared = table_prepare(f->flows, &w->key);
    return w;
}

/* d, or the part of it that is a message, makes its flow one that had STUN. */
static void count_on_flow(struct finder *f, const struct datagram *d, uint32_t bytes,
                          enum flow_kind kind)
{
    unsigned way;
    struct waiting *w = wait_for_flow(f, d, &way);
    w->had_stun = true;
    w->share = flow_share_of(d, way, kind);
    w->share.bytes = bytes;
    w->fresh = flow_from(d, way);
}

static void count_message(struct finder *f, const struct datagram *d)
{
    count_on_flow(f, d, d->payload_full, FLOW_STUN);
}

/* Held requests come out late; they count on their flow when they are known to be STUN. */
static void tell_classic(const struct found *found, void *context)
{
    struct finder *f = context;
    struct packet packet = {.time_ns = found->time_ns, .iface = found->iface};
    struct datagram d = {
        .packet = &packet,
        .src = found->src,
        .dst = found->dst,
        .protocol = found->protocol,
        .label = found->label,
        .ifindex = found->ifindex,
        .direction = found->direction,
        .payload_full = found->len,
    };
    if (d.label != DATAGRAM_QUOTED)
        count_message(f, &d);
    f->tell(found, f->context);
}

/* The unpadded attributes end where the message does, or where the capture cut it. */
static bool adds_up(const uint8_t *in, uint32_t len)
{
    struct stun_msg msg;
    struct stun_attr attr;
    enum stun_status status;
    size_t pos = 0;
    if (stun_decode_unpadded(in, len, &msg) == STUN_NOT_STUN)
        return false;
    do
        status = stun_next_attr(&msg, &pos, &attr);
    while (status == STUN_OK);
    return status == STUN_END ||
           (status == STUN_TRUNCATED && len < STUN_HEADER_BYTES + (uint32_t)be16(in + 2));
}

/* A datagram with a cookie in its place. What the header claims has to be in it. */
static bool take_message(struct finder *f, const struct datagram *d)
{
    struct found found = found_on(d);
    uint32_t whole = STUN_HEADER_BYTES + (uint32_t)be16(d->payload + 2);
    if (whole > d->payload_full || d->payload_len < STUN_HEADER_BYTES)
        return false;
    /* Only a few dialects do not pad; the exact length and attributes that add up vouch for them.
     */
    if (whole % 4 != 0 && (whole != d->payload_full || !adds_up(d->payload, d->payload_len)))
        return false;
    found.bytes = d->payload;
    found.len = whole < d->payload_len ? whole : d->payload_len;
    found.cut = found.len < whole;
    found.trailing = d->payload_full - whole;
    found.confidence =
        found.cut || found.trailing > 0 || whole % 4 != 0 ? FOUND_LOOSE : FOUND_EXACT;
    if (d->label != DATAGRAM_QUOTED)
        count_message(f, d);
    f->tell(&found, f->context);
    return true;
}

/* MS-TURN's multiplexed messages have a session's number between header and payload: they are told
 * without it. */
static void set_channel(struct found *found)
{
    enum { MULTIPLEXED = 0xff10, SESSION_BYTES = 8 };
    found->channel = be16(found->bytes);
    found->channel_bytes = be16(found->bytes + 2);
    if (found->channel != MULTIPLEXED)
        return;
    uint32_t behind = found->len < SESSION_BYTES ? found->len : SESSION_BYTES;
    found->bytes += behind;
    found->len -= behind;
    found->channel_bytes -= SESSION_BYTES;
}

static void take_channel_data(struct finder *f, const struct datagram *d)
{
    uint32_t whole = STUN_CHANNEL_HEADER_BYTES + (uint32_t)be16(d->payload + 2);
    struct found found = found_on(d);
    found.bytes = d->payload;
    found.len = whole < d->payload_len ? whole : d->payload_len;
    found.cut = found.len < whole;
    found.trailing = d->payload_full - whole;
    set_channel(&found);
    found.confidence = FOUND_EXACT;
    channels_take(f->channels, &found, d);
}

/* Everything without the cookie: of interest only where STUN was. */
static void take_other(struct finder *f, const struct datagram *d)
{
    unsigned way;
    enum flow_kind kind;
    if (table_count(f->flows) == 0 && f->waiting_count == 0)
        return;
    kind = flow_kind_of(d->payload, d->payload_len, d->payload_full);
    if (kind == FLOW_CHANNEL_DATA) {
        struct flow_key key = flow_key_of(d, &way);
        struct flow_share share = flow_share_of(d, way, kind);
        struct flow *flow;
        count_waiting(f);
        flow = table_find(f->flows, &key);
        if (!flow)
            return;
        flow_count(flow, &share);
        take_channel_data(f, d);
    } else if (f->count_media) {
        struct waiting *w = wait_for_flow(f, d, &way);
        w->had_stun = false;
        w->share = flow_share_of(d, way, kind);
    }
}

static bool take_classic(struct finder *f, const struct datagram *d)
{
    return d->payload_len == d->payload_full &&
           stun_look_datagram(d->payload, d->payload_len) == STUN_LOOK_CLASSIC &&
           classic_take(f->classic, d);
}

static void take_udp(struct finder *f, const struct datagram *d)
{
    const uint8_t *in = d->payload;
    uint32_t len = d->payload_len;
    if (len < 4)
        return;
    if ((in[0] & 0xc0) == 0) {
        if (stun_has_cookie(in, len)) {
            if (take_message(f, d))
                return;
        } else if (in[0] <= 1) {
            if (stun_has_ms_cookie(in, len) ? take_message(f, d) : take_classic(f, d))
                return;
        }
    }
    /* Most packets of most captures end here. */
    if (d->label != DATAGRAM_QUOTED && (f->count_media || flow_may_be_channel_data(in)))
        take_other(f, d);
}

/* The first bytes of a segment that an ICMP error quotes: no stream, only a look. */
static void take_quoted_segment(struct finder *f, const struct datagram *d)
{
    struct found found = found_on(d);
    if (d->payload_len < STUN_HEADER_BYTES || (d->payload[0] & 0xc0) != 0 ||
        !stun_has_cookie(d->payload, d->payload_len) || be16(d->payload + 2) % 4 != 0)
        return;
    uint32_t whole = STUN_HEADER_BYTES + (uint32_t)be16(d->payload + 2);
    found.bytes = d->payload;
    found.len = whole < d->payload_len ? whole : d->payload_len;
    found.cut = found.len < whole;
    found.confidence = FOUND_LOOSE;
    f->tell(&found, f->context);
}

static enum flow_kind kind_of_unit(const struct tcp_unit *unit)
{
    switch (unit->kind) {
    case TCP_UNIT_MESSAGE:
        return FLOW_STUN;
    case TCP_UNIT_CHANNEL_DATA:
        return FLOW_CHANNEL_DATA;
    case TCP_UNIT_FRAME:
        break;
    }
    return flow_kind_of(unit->bytes, unit->len, unit->full_len);
}

static void take_unit(const struct tcp_unit *unit, const struct datagram *d, void *context)
{
    struct finder *f = context;
    struct found found = found_on(d);
    count_on_flow(f, d, unit->full_len, kind_of_unit(unit));
    if (unit->kind == TCP_UNIT_FRAME)
        return;
    found.bytes = unit->bytes;
    found.len = unit->len;
    found.cut = unit->len < unit->full_len;
    found.framed = unit->framed;
    found.unsynced = unit->unsynced;
    found.confidence = found.cut ? FOUND_LOOSE : FOUND_EXACT;
    if (unit->kind == TCP_UNIT_CHANNEL_DATA) {
        set_channel(&found);
        channels_take(f->channels, &found, d);
    }
    if (unit->kind == TCP_UNIT_MESSAGE && unit->len >= STUN_HEADER_BYTES)
        f->tell(&found, f->context);
}

struct finder *finder_new(found_fn *tell, void *context, bool count_media)
{
    struct finder *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->count_media = count_media;
    f->tell = tell;
    f->context = context;
    f->flows = table_new(FLOW_MAX, sizeof(struct flow), NULL, NULL);
    f->tcp = tcp_new(take_unit, f);
    f->classic = classic_new(tell_classic, f);
    f->channels = channels_new(FINDER_CHANNELS_MAX, tell, context);
    if (!f->flows || !f->tcp || !f->classic || !f->channels) {
        finder_free(f);
        return NULL;
    }
    return f;
}

void finder_take(struct finder *f, const struct datagram *d)
{
    if (d->protocol == DATAGRAM_UDP)
        take_udp(f, d);
    else if (d->label == DATAGRAM_QUOTED)
        take_quoted_segment(f, d);
    else
        tcp_segment(f->tcp, d);
}

void finder_end(struct finder *f)
{
    count_waiting(f);
    tcp_end(f->tcp);
    classic_end(f->classic);
    channels_end(f->channels);
}

struct table *finder_flows(struct finder *f)
{
    count_waiting(f);
    return f->flows;
}

void finder_free(struct finder *f)
{
    if (!f)
        return;
    table_free(f->flows);
    tcp_free(f->tcp);
    classic_free(f->classic);
    channels_free(f->channels);
    free(f);
}
