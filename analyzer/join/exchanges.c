/* Flows, exchanges and their messages: found by what a message is known by. */
#include <string.h>

#include "bytes.h"
#include "join_private.h"

static uint64_t ports_word(const struct message_key *key)
{
    return (uint64_t)key->local.port << 48 | (uint64_t)key->remote.port << 32 |
           (uint64_t)key->protocol << 24 | (uint64_t)key->remote.family << 16 |
           (uint64_t)key->classic << 8 | key->channel;
}

/* Without the local address, which a wildcard or a NAT may show in two ways. */
static uint32_t hash_flow(const struct join *j, const struct message_key *key)
{
    struct message_key any = *key;
    any.classic = any.channel = false;
    uint64_t words[] = {ports_word(&any), be64(key->remote.ip), be64(key->remote.ip + 8)};
    return join_hash(j, words, 3);
}

static uint32_t hash_exchange(const struct join *j, const struct message_key *key)
{
    uint64_t words[] = {ports_word(key), be64(key->remote.ip), be64(key->remote.ip + 8),
                        be64(key->txid), be64(key->txid + 8)};
    return join_hash(j, words, 5);
}

static enum agreement agreement_of(const struct join_flow *flow, const struct message_key *key)
{
    if (flow->local.port != key->local.port || flow->protocol != key->protocol ||
        !netaddr_same(&flow->remote, &key->remote))
        return AGREE_NOT;
    if (netaddr_same_ip(&flow->local, &key->local) ||
        netaddr_same_ip(&flow->wire_local, &key->local))
        return AGREE_SAME;
    return flow->wildcard || key->wildcard ? AGREE_WILDCARD : AGREE_PORT;
}

uint32_t join_flow_find(const struct join *j, const struct message_key *key, enum agreement least)
{
    uint32_t index, best = JOIN_NONE, hash = hash_flow(j, key);
    unsigned looked = 0;
    for (size_t at = hash;
         looked < JOIN_ALIKE_MAX && hashed_next(&j->work->flows, hash, &at, &index);
         at++, looked++) {
        enum agreement agrees = agreement_of(&j->flows[index], key);
        if (agrees >= least && agrees != AGREE_NOT) {
            best = index;
            least = (enum agreement)(agrees + 1);
        }
    }
    return best;
}

/* As many that differ in the local address alone are there as are looked at. */
static bool is_crowded(const struct hashed *t, uint32_t hash)
{
    uint32_t index;
    unsigned count = 0;
    for (size_t at = hash; count < JOIN_ALIKE_MAX && hashed_next(t, hash, &at, &index); at++)
        count++;
    return count == JOIN_ALIKE_MAX;
}

uint32_t join_flow_add(struct join *j, const struct message_key *key)
{
    uint32_t hash = hash_flow(j, key);
    if (j->flow_count >= JOIN_FLOWS_MAX || is_crowded(&j->work->flows, hash)) {
        j->left_out++;
        return JOIN_NONE;
    }
    if (!join_room(j, &j->flows, &j->work->flow_room, j->flow_count, sizeof(*j->flows)))
        return JOIN_NONE;
    if (!hashed_add(&j->work->flows, hash, (uint32_t)j->flow_count)) {
        j->work->no_memory = true;
        return JOIN_NONE;
    }
    j->flows[j->flow_count] = (struct join_flow){
        .local = key->local,
        .remote = key->remote,
        .remote_name = JOIN_NONE,
        .software = JOIN_NONE,
        .wire_iface = JOIN_NONE,
        .further_iface = JOIN_NONE,
        .owner = JOIN_NONE,
        .protocol = key->protocol,
        .wildcard = key->wildcard,
    };
    return (uint32_t)j->flow_count++;
}

uint32_t join_exchange_find(const struct join *j, const struct message_key *key,
                            enum agreement least)
{
    uint32_t index, best = JOIN_NONE, hash = hash_exchange(j, key);
    unsigned looked = 0;
    for (size_t at = hash;
         looked < JOIN_ALIKE_MAX && hashed_next(&j->work->exchanges, hash, &at, &index);
         at++, looked++) {
        const struct join_exchange *x = &j->exchanges[index];
        if (memcmp(x->txid, key->txid, sizeof(x->txid)) != 0 || x->classic != key->classic)
            continue;
        enum agreement agrees = agreement_of(&j->flows[x->flow], key);
        if (agrees >= least && agrees != AGREE_NOT) {
            best = index;
            least = (enum agreement)(agrees + 1);
        }
    }
    return best;
}

uint32_t join_exchange_add(struct join *j, const struct message_key *key, uint32_t flow)
{
    struct join_work *w = j->work;
    uint32_t hash = hash_exchange(j, key), index = (uint32_t)j->exchange_count;
    if (j->exchange_count >= JOIN_MESSAGES_MAX || is_crowded(&w->exchanges, hash)) {
        j->left_out++;
        return JOIN_NONE;
    }
    if (!join_room(j, &j->exchanges, &w->exchange_room, index, sizeof(*j->exchanges)) ||
        !join_room(j, &w->work, &w->work_room, index, sizeof(*w->work)))
        return JOIN_NONE;
    if (!hashed_add(&w->exchanges, hash, index)) {
        w->no_memory = true;
        return JOIN_NONE;
    }
    j->exchanges[index] = (struct join_exchange){
        .flow = flow,
        .iface = JOIN_NONE,
        .mapped = JOIN_NONE,
        .relayed = JOIN_NONE,
        .classic = key->classic,
    };
    memcpy(j->exchanges[index].txid, key->txid, sizeof(key->txid));
    w->work[index] = (struct exchange_work){JOIN_NONE, JOIN_NONE, JOIN_NONE};
    j->exchange_count++;
    return index;
}

struct join_message *join_message_add(struct join *j, uint32_t exchange)
{
    struct exchange_work *work = &j->work->work[exchange];
    uint32_t index = (uint32_t)j->message_count;
    if (j->message_count >= JOIN_MESSAGES_MAX) {
        j->left_out++;
        return NULL;
    }
    if (!join_room(j, &j->messages, &j->work->message_room, index, sizeof(*j->messages)))
        return NULL;
    struct join_message *m = &j->messages[index];
    *m = (struct join_message){
        .exchange = exchange,
        .mapped = JOIN_NONE,
        .relayed = JOIN_NONE,
        .wire_iface = JOIN_NONE,
        .next = JOIN_NONE,
    };
    if (work->last == JOIN_NONE)
        work->first = index;
    else
        j->messages[work->last].next = index;
    work->last = index;
    if (work->cursor == JOIN_NONE)
        work->cursor = index;
    j->message_count++;
    return m;
}
