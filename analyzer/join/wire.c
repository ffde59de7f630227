/* The wire's side: what was carried, each message once, paired with what the shim knows of it. */
#include <string.h>

#include "bytes.h"
#include "found.h"
#include "join_private.h"

enum {
    CACHE_WIRE_IFACE = 10, /* of join_text_of(); shim.c has those below */
    CACHE_WIRE_SOFTWARE = 14,
    LINKTYPE_LINUX_SLL = 113,
};

/* A call that failed or was refused is paired with a packet where no other call is nearly as near.
 */
#define UNLIKELY_NS UINT64_C(20000000)

/* What a packet's message is. */
struct wire_message {
    const struct found *found;
    const struct stun_msg *msg; /* NULL: ChannelData */
    struct message_key key;
    uint32_t iface; /* text */
    bool out;
};

static struct message_key key_of(const struct found *found, const struct stun_msg *msg, bool out)
{
    struct message_key key = {
        .local = out ? found->src : found->dst,
        .remote = out ? found->dst : found->src,
        .protocol = found->protocol,
    };
    if (msg) {
        memcpy(key.txid, msg->txid, msg->txid_len);
        key.classic = msg->txid_len == sizeof(key.txid);
    } else {
        key.channel = true;
        put_be16(key.txid, found->channel);
    }
    return key;
}

/* --- pairing ---------------------------------------------------------------------------------- */

static uint64_t apart_ns(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Methods of messages without the cookie have names that more than one dialect uses; their 16 bytes
 * say enough. */
static bool is_type(const struct wire_message *w, const struct join_message *m)
{
    uint16_t type = w->msg ? w->msg->type : 0;
    return w->key.classic ? (m->type & 0x0110) == (type & 0x0110) : m->type == type;
}

/*
 * How far m is from the packet, UINT64_MAX where it can't be the same. What went wrong at the call
 * could only be this packet if it happened at about the same time; a call that succeeded is this
 * message whenever that was, since its id and ends say so.
 */
static uint64_t distance(const struct wire_message *w, const struct join_message *m)
{
    uint64_t apart = apart_ns(m->time_ns, w->found->time_ns);
    if (m->frame != 0 || m->seq == 0 || m->out != w->out || !is_type(w, m))
        return UINT64_MAX;
    if (m->state[0] == 0)
        return apart;
    return apart > (uint64_t)JOIN_CLOCK_SKEW_MAX_US * 1000 ? UINT64_MAX : apart + UNLIKELY_NS;
}

/* No later packet can be m either: packets come in the order of time. */
static bool is_past(const struct wire_message *w, const struct join_message *m)
{
    return m->frame != 0 ||
           (m->state[0] != 0 &&
            w->found->time_ns > m->time_ns + (uint64_t)JOIN_CLOCK_SKEW_MAX_US * 1000);
}

static uint32_t nearest(const struct join *j, const struct wire_message *w, uint32_t exchange)
{
    struct exchange_work *work = &j->work->work[exchange];
    uint64_t least = UINT64_MAX;
    uint32_t best = JOIN_NONE;
    unsigned looked = 0;
    while (work->cursor != JOIN_NONE && is_past(w, &j->messages[work->cursor]))
        work->cursor = j->messages[work->cursor].next;
    for (uint32_t at = work->cursor; at != JOIN_NONE && looked < JOIN_LOOK_MAX;
         at = j->messages[at].next, looked++) {
        uint64_t far = distance(w, &j->messages[at]);
        if (far < least) {
            least = far;
            best = at;
        }
    }
    return best;
}

static void add_answer(struct join *j, const struct wire_message *w, struct join_message *m)
{
    struct join_flow *flow = &j->flows[j->exchanges[m->exchange].flow];
    struct netaddr addr;
    struct stun_attr attr;
    struct stun_value value;
    if (!w->msg || !join_is_answer(w->msg->type))
        return;
    if (m->mapped == JOIN_NONE && stun_mapped_address(w->msg, &addr))
        m->mapped = join_addr_of(j, &addr);
    if (m->relayed == JOIN_NONE && stun_relayed_address(w->msg, &addr))
        m->relayed = join_addr_of(j, &addr);
    if (w->msg->cls == STUN_ERROR_RESPONSE && m->error_code == 0 &&
        stun_find_attr(w->msg, STUN_ATTR_ERROR_CODE, &attr) &&
        stun_decode_value(w->msg, &attr, &value) == STUN_OK)
        m->error_code = value.as.error.code;
    if (flow->software == JOIN_NONE && !m->out && stun_find_attr(w->msg, STUN_ATTR_SOFTWARE, &attr))
        flow->software = join_text_of(j, (const char *)attr.value, attr.len, CACHE_WIRE_SOFTWARE);
}

/* m is this packet's message. */
static void proven(struct join *j, const struct wire_message *w, uint32_t index)
{
    struct join_message *m = &j->messages[index];
    struct join_flow *flow = &j->flows[j->exchanges[m->exchange].flow];
    struct recent *recent = &j->work->recent[w->found->frame % JOIN_RECENT];
    m->frame = w->found->frame > UINT32_MAX ? UINT32_MAX : (uint32_t)w->found->frame;
    m->time_ns = w->found->time_ns;
    m->wire_iface = w->iface;
    *recent = (struct recent){w->found->frame, index};
    add_answer(j, w, m);
    if (w->out && (flow->wire_iface == JOIN_NONE || w->iface != JOIN_NONE))
        flow->wire_iface = w->iface;
    if (!netaddr_same_ip(&flow->local, &w->key.local) && flow->wire_local.family == NETADDR_NONE)
        flow->wire_local = w->key.local;
}

static bool pair(struct join *j, const struct wire_message *w, uint32_t exchange)
{
    uint32_t index = nearest(j, w, exchange);
    if (index == JOIN_NONE)
        return false;
    const struct join_message *m = &j->messages[index];
    if (w->out && w->key.protocol == DATAGRAM_UDP && m->state[0] == 0 && m->time_ns != 0)
        join_pair_note(j, (int64_t)(m->time_ns - w->found->time_ns));
    proven(j, w, index);
    return true;
}

/* --- messages of which the shim knows nothing ------------------------------------------------- */

static void add_alone(struct join *j, const struct wire_message *w, uint32_t exchange)
{
    uint32_t flow;
    if (exchange == JOIN_NONE) {
        flow = join_flow_find(j, &w->key, AGREE_SAME);
        if (flow == JOIN_NONE)
            flow = join_flow_add(j, &w->key);
        if (flow == JOIN_NONE)
            return;
        exchange = join_exchange_add(j, &w->key, flow);
    }
    struct join_message *m = exchange == JOIN_NONE ? NULL : join_message_add(j, exchange);
    if (!m)
        return;
    m->out = w->out;
    m->type = w->msg ? w->msg->type : 0;
    proven(j, w, (uint32_t)(m - j->messages));
}

static uint32_t find_exchange(const struct join *j, const struct wire_message *w)
{
    struct message_key portless = w->key;
    uint32_t exchange = join_exchange_find(j, &w->key, AGREE_PORT);
    if (exchange != JOIN_NONE || !j->work->portless)
        return exchange;
    portless.local.port = 0;
    return join_exchange_find(j, &portless, AGREE_PORT);
}

/* Of ChannelData only the first is told, by each witness in its own way of counting. So it stands
 * alone only where the shim knows nothing of the whole flow. */
static bool is_known_channel(const struct join *j, const struct wire_message *w)
{
    uint32_t flow;
    if (w->msg)
        return false;
    flow = join_flow_find(j, &w->key, AGREE_PORT);
    return flow != JOIN_NONE && j->flows[flow].asked;
}

/* false: there was nothing to pair it with. */
static bool take_way(struct join *j, struct wire_message *w, bool out, bool alone)
{
    w->out = out;
    w->key = key_of(w->found, w->msg, out);
    uint32_t exchange = find_exchange(j, w);
    if (exchange != JOIN_NONE && pair(j, w, exchange))
        return true;
    if (!alone || is_known_channel(j, w))
        return false;
    if (w->msg && w->found->confidence == FOUND_UNANSWERED && exchange == JOIN_NONE)
        j->wire.weak++;
    else
        add_alone(j, w, exchange);
    return false;
}

/* --- copies ----------------------------------------------------------------------------------- */

/*
 * The same packet on a second interface. A bridge's port carries on what the bridge sent, and what
 * comes in through the port is received on the bridge: the flow's own interface is the one by which
 * it leaves.
 */
static void take_copy(struct join *j, const struct wire_message *w, uint64_t first_frame)
{
    const struct recent *recent = &j->work->recent[first_frame % JOIN_RECENT];
    j->wire.copies++;
    if (recent->frame != first_frame || first_frame == 0 || w->iface == JOIN_NONE)
        return;
    struct join_message *m = &j->messages[recent->message];
    struct join_flow *flow = &j->flows[j->exchanges[m->exchange].flow];
    if (m->wire_iface == w->iface)
        return;
    if (!m->out && flow->wire_iface == w->iface) {
        m->frame = (uint32_t)w->found->frame;
        m->wire_iface = w->iface;
    }
    if (flow->further_iface == JOIN_NONE && w->iface != flow->wire_iface)
        flow->further_iface = w->iface;
}

/*
 * Whether it was sent on by this machine for somebody else, and the sender's own packet was seen
 * before. Two packets of this machine's that differ in their addresses are two, whatever made them:
 * a server learns something of each.
 */
static bool is_forwarded(const struct join *j, enum sighting seen, const struct place *first)
{
    return seen == SIGHTING_TRANSLATED && !join_is_local(j, &first->src);
}

static enum sighting see(struct join *j, const struct wire_message *w, struct place *first)
{
    const struct found *found = w->found;
    struct message_id id;
    struct place place = {
        .src = found->src,
        .dst = found->dst,
        .time_ns = found->time_ns,
        .number = found->frame,
        .link = (uint64_t)found->iface->number << 32 | found->ifindex,
        .protocol = found->protocol,
        .direction = found->direction,
        .carriage = PLACE_DIRECT,
        .any = found->iface->link_type == LINKTYPE_LINUX_SLL && found->ifindex == 0,
    };
    *first = place;
    if (!w->msg)
        return SIGHTING_FIRST;
    id = sightings_id(j->work->sightings, w->msg);
    return sightings_see(j->work->sightings, &id, &place, first);
}

void join_take_found(struct join *j, const struct found *found, const struct stun_msg *msg)
{
    struct wire_message w = {.found = found, .msg = msg};
    struct place first;
    if (found->label != DATAGRAM_DIRECT) {
        j->wire.quoted += found->label == DATAGRAM_QUOTED;
        j->wire.tunnelled += found->label == DATAGRAM_TUNNELLED;
        return;
    }
    if (found->kind == FOUND_CHANNEL_COUNT || (found->kind == FOUND_MESSAGE && !msg))
        return;
    w.iface = join_text_of(j, found->iface_name, found->iface_name ? strlen(found->iface_name) : 0,
                           CACHE_WIRE_IFACE);
    enum sighting seen = see(j, &w, &first);
    if (seen == SIGHTING_COPY || is_forwarded(j, seen, &first)) {
        take_copy(j, &w, first.number);
        return;
    }
    bool from_here = join_is_local(j, &found->src), to_here = join_is_local(j, &found->dst);
    /* Sent by this machine under an address that nobody has told of. */
    from_here = from_here || (found->direction == PACKET_OUT && !to_here && seen == SIGHTING_FIRST);
    if (!from_here && !to_here) {
        j->wire.foreign++;
        return;
    }
    /* Between two sockets of this machine, both of which may be asked for it; it leaves nothing. */
    bool inside = from_here && to_here;
    bool paired = from_here && take_way(j, &w, true, !inside);
    if (to_here)
        paired = take_way(j, &w, false, !inside) || paired;
    if (inside && !paired)
        j->wire.foreign++;
    else
        j->wire.messages++;
}
