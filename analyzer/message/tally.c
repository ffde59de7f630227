/* Adds up messages into transactions and the rows of who asked whom over which interface. */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stun.h"

struct transaction {
    uint64_t first_ns;
    uint32_t row, iface;
    uint32_t answered_on; /* interface */
    struct netaddr client;
    bool answered;
};

struct tally *tally_new(void)
{
    struct tally *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->ifaces = calloc(TALLY_IFACES_MAX, sizeof(*s->ifaces));
    s->rows = calloc(TALLY_ROWS_MAX, sizeof(*s->rows));
    s->flows = calloc(TALLY_FLOWS_MAX, sizeof(*s->flows));
    s->transactions = table_new(TALLY_TRANSACTIONS_MAX, sizeof(struct transaction), NULL, NULL);
    s->row_index = table_new(TALLY_ROWS_MAX, sizeof(uint32_t), NULL, NULL);
    if (!s->ifaces || !s->rows || !s->flows || !s->transactions || !s->row_index) {
        tally_free(s);
        return NULL;
    }
    return s;
}

void tally_free(struct tally *s)
{
    if (!s)
        return;
    free(s->ifaces);
    free(s->rows);
    free(s->flows);
    free(s->rtts);
    table_free(s->transactions);
    table_free(s->row_index);
    free(s);
}

/* The last one takes what finds no room. */
static uint32_t iface_of(struct tally *s, uint32_t file, const struct packet_iface *iface,
                         uint32_t ifindex, const char *name)
{
    for (uint32_t i = s->iface_count; i > 0; i--) {
        const struct tally_iface *have = &s->ifaces[i - 1];
        if (have->file == file && have->number == iface->number && have->ifindex == ifindex)
            return i - 1;
    }
    if (s->iface_count == TALLY_IFACES_MAX)
        return TALLY_IFACES_MAX - 1;
    struct tally_iface *fresh = &s->ifaces[s->iface_count++];
    fresh->file = file;
    fresh->number = iface->number;
    fresh->ifindex = ifindex;
    if (name)
        snprintf(fresh->name, sizeof(fresh->name), "%s", name);
    return s->iface_count - 1;
}

static struct netaddr without_port(const struct netaddr *addr)
{
    struct netaddr plain = *addr;
    plain.port = 0;
    return plain;
}

/* NULL where there is no room. */
static struct tally_row *row_of(struct tally *s, const struct netaddr *server,
                                const struct netaddr *client, uint8_t protocol, uint32_t iface)
{
    struct netaddr plain = without_port(client);
    uint8_t link[16] = {0};
    memcpy(link, &iface, sizeof(iface));
    struct flow_key key = flow_key_transaction(server, &plain, protocol, link);
    uint32_t *index = table_find(s->row_index, &key);
    if (index)
        return &s->rows[*index];
    if (s->row_count == TALLY_ROWS_MAX) {
        s->rows_left_out++;
        return NULL;
    }
    index = table_add(s->row_index, &key);
    *index = s->row_count++;
    struct tally_row *row = &s->rows[*index];
    row->server = *server;
    row->client = plain;
    row->protocol = protocol;
    row->iface = iface;
    return row;
}

static enum tally_role role_in(const struct stun_msg *msg)
{
    struct stun_attr attr;
    if (msg->method != STUN_METHOD_BINDING && msg->method != STUN_METHOD_SHARED_SECRET &&
        msg->method != STUN_METHOD_GOOG_PING)
        return TALLY_ROLE_TURN;
    if (stun_find_attr(msg, STUN_ATTR_USERNAME, &attr) &&
        stun_find_attr(msg, STUN_ATTR_PRIORITY, &attr))
        return TALLY_ROLE_PEER;
    return TALLY_ROLE_STUN;
}

static void take_request(struct tally *s, const struct found *found, const struct stun_msg *msg,
                         const struct flow_key *key, uint32_t iface)
{
    struct transaction *t = table_find(s->transactions, key);
    if (t && t->iface != iface) {
        s->copies++;
        return;
    }
    if (t && netaddr_same(&t->client, &found->src)) {
        s->rows[t->row].retransmissions++;
        return;
    }
    struct tally_row *row = row_of(s, &found->dst, &found->src, found->protocol, iface);
    if (!row)
        return;
    if (role_in(msg) > row->role)
        row->role = (uint8_t)role_in(msg);
    row->transactions++;
    if (t) /* both ends ask with the same id: the second one is not followed */
        return;
    t = table_add(s->transactions, key);
    t->first_ns = found->time_ns;
    t->row = (uint32_t)(row - s->rows);
    t->iface = iface;
    t->client = found->src;
}

static void add_rtt(struct tally *s, struct tally_row *row, uint64_t ns)
{
    uint32_t us = ns / 1000 < UINT32_MAX ? (uint32_t)(ns / 1000) : UINT32_MAX;
    if (row->rtts == 0 || us < row->rtt_min_us)
        row->rtt_min_us = us;
    if (us > row->rtt_max_us)
        row->rtt_max_us = us;
    row->rtts++;
    if (s->rtt_count == s->rtt_room) {
        uint32_t room = s->rtt_room ? s->rtt_room * 2 : 1024;
        struct rtt *grown =
            s->rtt_room < TALLY_RTTS_MAX ? realloc(s->rtts, room * sizeof(*grown)) : NULL;
        if (!grown) /* medians are then those of the first ones */
            return;
        s->rtts = grown;
        s->rtt_room = room;
    }
    s->rtts[s->rtt_count++] = (struct rtt){(uint32_t)(row - s->rows), us};
}

static void add_learned(struct tally_row *row, const struct netaddr *addr, bool relayed)
{
    for (uint32_t i = 0; i < row->learned_count; i++) {
        struct tally_learned *have = &row->learned[i];
        if (have->relayed == relayed && netaddr_same_ip(&have->addr, addr)) {
            have->count++;
            return;
        }
    }
    if (row->learned_count == TALLY_LEARNED_MAX) {
        row->learned_left_out++;
        return;
    }
    row->learned[row->learned_count++] =
        (struct tally_learned){.addr = without_port(addr), .count = 1, .relayed = relayed};
}

static void take_answer(struct tally *s, const struct found *found, const struct stun_msg *msg,
                        const struct flow_key *key, uint32_t iface)
{
    struct transaction *t = table_find(s->transactions, key);
    struct tally_row *row;
    struct netaddr addr;
    if (t && netaddr_same(&t->client, &found->src))
        t = NULL; /* from the side that asked: no answer to that */
    if (t && t->answered) {
        s->copies += t->answered_on != iface;
        return;
    }
    row = t ? &s->rows[t->row] : row_of(s, &found->src, &found->dst, found->protocol, iface);
    if (!row)
        return;
    if (!t) {
        row->unasked++;
    } else {
        t->answered = true;
        t->answered_on = iface;
        if (msg->cls == STUN_SUCCESS_RESPONSE)
            row->answered++;
        else
            row->failed++;
        if (found->time_ns >= t->first_ns)
            add_rtt(s, row, found->time_ns - t->first_ns);
    }
    if (msg->cls != STUN_SUCCESS_RESPONSE)
        return;
    if (stun_mapped_address(msg, &addr))
        add_learned(row, &addr, false);
    if (stun_relayed_address(msg, &addr))
        add_learned(row, &addr, true);
}

static void take_message(struct tally *s, const struct found *found, const struct stun_msg *msg,
                         uint32_t iface)
{
    struct tally_iface *on = &s->ifaces[iface];
    uint8_t txid[16] = {0};
    memcpy(txid, msg->txid, msg->txid_len);
    struct flow_key key = flow_key_transaction(&found->src, &found->dst, found->protocol, txid);
    on->out += found->direction == PACKET_OUT;
    on->in += found->direction == PACKET_IN;
    switch (msg->cls) {
    case STUN_REQUEST:
        on->requests++;
        take_request(s, found, msg, &key, iface);
        break;
    case STUN_SUCCESS_RESPONSE:
    case STUN_ERROR_RESPONSE:
        on->answers++;
        take_answer(s, found, msg, &key, iface);
        break;
    case STUN_INDICATION:
        on->indications++;
        break;
    }
}

void tally_take(struct tally *s, const struct found *found, const struct stun_msg *msg,
                enum stun_check fingerprint, uint32_t file)
{
    uint32_t iface = iface_of(s, file, found->iface, found->ifindex, found->iface_name);
    if (s->first_ns == 0 || found->time_ns < s->first_ns)
        s->first_ns = found->time_ns;
    if (found->time_ns > s->last_ns)
        s->last_ns = found->time_ns;
    if (found->label == DATAGRAM_QUOTED) {
        s->quoted++;
        s->ifaces[iface].quoted++;
        return;
    }
    if (found->label == DATAGRAM_TUNNELLED) {
        s->tunnelled++;
        s->ifaces[iface].tunnelled++;
        return;
    }
    s->unsynced += found->unsynced;
    if (!msg) {
        s->channel_packets += found->packets;
        s->ifaces[iface].channel_packets += found->packets;
        s->ifaces[iface].channel_bytes += found->channel_bytes;
        return;
    }
    s->messages++;
    s->classic += !msg->has_cookie;
    s->fingerprints_ok += fingerprint == STUN_CHECK_OK;
    s->fingerprints_bad += fingerprint == STUN_CHECK_BAD;
    take_message(s, found, msg, iface);
}

static uint64_t media_packets(const struct flow *flow)
{
    uint64_t sum = 0;
    for (int way = 0; way < 2; way++)
        for (int kind = 0; kind < FLOW_KIND_COUNT; kind++)
            if (kind != FLOW_STUN)
                sum += flow->packets[way][kind];
    return sum;
}

/* The most packets that are not STUN first; then as they began. */
static int by_media(const void *a, const void *b)
{
    const struct tally_flow *left = a;
    const struct tally_flow *right = b;
    uint64_t l = media_packets(&left->flow), r = media_packets(&right->flow);
    if (l != r)
        return l > r ? -1 : 1;
    if (left->flow.first_ns != right->flow.first_ns)
        return left->flow.first_ns < right->flow.first_ns ? -1 : 1;
    return 0;
}

void tally_take_flows(struct tally *s, struct table *flows, uint32_t file)
{
    uint32_t position = 0;
    struct flow *flow;
    while ((flow = table_at(flows, &position))) {
        if (media_packets(flow) == 0 || flow->label != DATAGRAM_DIRECT)
            continue;
        if (s->flow_count == TALLY_FLOWS_MAX) {
            s->flows_left_out++;
            continue;
        }
        struct tally_flow *kept = &s->flows[s->flow_count++];
        kept->flow = *flow;
        kept->iface = iface_of(s, file, flow->iface, flow->ifindex, flow->iface->name);
    }
    s->flows_left_out += table_evicted(flows);
}

static int by_row(const void *a, const void *b)
{
    const struct rtt *left = a;
    const struct rtt *right = b;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return left->us < right->us ? -1 : left->us > right->us;
}

static int by_time(const void *a, const void *b)
{
    const struct rtt *left = a;
    const struct rtt *right = b;
    return left->us < right->us ? -1 : left->us > right->us;
}

void tally_finish(struct tally *s)
{
    if (s->flow_count > 0)
        qsort(s->flows, s->flow_count, sizeof(*s->flows), by_media);
    if (s->rtt_count == 0)
        return;
    qsort(s->rtts, s->rtt_count, sizeof(*s->rtts), by_row);
    for (uint32_t start = 0, end; start < s->rtt_count; start = end) {
        for (end = start; end < s->rtt_count && s->rtts[end].row == s->rtts[start].row;)
            end++;
        s->rows[s->rtts[start].row].rtt_median_us = s->rtts[start + (end - start - 1) / 2].us;
    }
    qsort(s->rtts, s->rtt_count, sizeof(*s->rtts), by_time);
    s->rtt_min_us = s->rtts[0].us;
    s->rtt_median_us = s->rtts[(s->rtt_count - 1) / 2].us;
    s->rtt_max_us = s->rtts[s->rtt_count - 1].us;
}

uint64_t tally_unanswered(const struct tally_row *row)
{
    return row->transactions - row->answered - row->failed;
}

const char *tally_role_name(const struct tally_row *row)
{
    return row->role == TALLY_ROLE_TURN ? "turn" : row->role == TALLY_ROLE_PEER ? "peer" : "stun";
}
