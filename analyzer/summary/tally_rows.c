/* Rows of the summary: who asked whom over which interface, and what was learned through it. */
#include "tally_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t tally_iface_of(struct tally *s, uint32_t file, const struct packet_iface *iface,
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
    struct flow_key key = flow_key_ordered(&plain, server, protocol, link);
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

enum tally_role tally_role_in(const struct stun_msg *msg)
{
    struct stun_attr attr;
    if (msg->method == STUN_METHOD_GOOG_PING)
        return TALLY_ROLE_PEER;
    if (msg->method != STUN_METHOD_BINDING && msg->method != STUN_METHOD_SHARED_SECRET)
        return TALLY_ROLE_TURN;
    if (stun_find_attr(msg, STUN_ATTR_USERNAME, &attr) &&
        stun_find_attr(msg, STUN_ATTR_PRIORITY, &attr))
        return TALLY_ROLE_PEER;
    return TALLY_ROLE_STUN;
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
    if (addr->family == NETADDR_NONE)
        return;
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

static void count_asked(struct tally_row *row, const struct transaction *t)
{
    if (row->transactions++ == 0 || t->asked_ns < row->first_ns)
        row->first_ns = t->asked_ns;
    row->retransmissions += t->again;
    row->answered_again += t->answers_again;
    row->answered += t->answer == TRANSACTION_SUCCEEDED;
    row->failed += t->answer == TRANSACTION_FAILED;
}

void tally_settle(const struct transaction *t, void *tally)
{
    struct tally *s = tally;
    uint64_t ns;
    if (t->carriage != PLACE_DIRECT)
        return;
    struct tally_row *row = row_of(s, &t->server, &t->client, t->protocol, (uint32_t)t->link);
    if (!row)
        return;
    if (t->asked && transaction_is_copy(s->transactions, t)) {
        row->copies += 1 + (uint64_t)t->again;
        return;
    }
    if (t->asked) {
        uint8_t role = t->use >> TALLY_USE_ROLE_SHIFT;
        row->role = role > row->role ? role : row->role;
        count_asked(row, t);
        if (transaction_rtt(t, &ns))
            add_rtt(s, row, ns);
    } else {
        row->unasked++;
    }
    add_learned(row, &t->mapped, false);
    add_learned(row, &t->relayed, true);
}

void tally_count_copy(struct tally *s, const struct place *place, bool moved)
{
    struct tally_row *row =
        row_of(s, &place->dst, &place->src, place->protocol, (uint32_t)place->link);
    if (!row)
        return;
    row->copies += !moved;
    row->moved += moved;
    row->retransmissions += moved;
}

static int by_row_and_time(const void *a, const void *b)
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

static void find_medians(struct tally *s)
{
    if (s->rtt_count == 0)
        return;
    qsort(s->rtts, s->rtt_count, sizeof(*s->rtts), by_row_and_time);
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

/* Servers, which learn addresses from outside, stand before peers. */
static int by_place(const void *a, const void *b)
{
    const struct tally_row *left = a;
    const struct tally_row *right = b;
    bool left_peer = left->role == TALLY_ROLE_PEER, right_peer = right->role == TALLY_ROLE_PEER;
    if (left->iface != right->iface)
        return left->iface < right->iface ? -1 : 1;
    if (left_peer != right_peer)
        return left_peer ? 1 : -1;
    if (left->first_ns != right->first_ns)
        return left->first_ns < right->first_ns ? -1 : 1;
    int order = memcmp(&left->server, &right->server, sizeof(left->server));
    return order != 0 ? order : memcmp(&left->client, &right->client, sizeof(left->client));
}

void tally_finish_rows(struct tally *s)
{
    find_medians(s);
    if (s->row_count > 0)
        qsort(s->rows, s->row_count, sizeof(*s->rows), by_place);
}

uint64_t tally_unanswered(const struct tally_row *row)
{
    return row->transactions - row->answered - row->failed;
}

const char *tally_role_name(const struct tally_row *row)
{
    return row->role == TALLY_ROLE_TURN ? "turn" : row->role == TALLY_ROLE_PEER ? "peer" : "stun";
}
