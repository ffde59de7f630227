/* Puts requests and answers together. */
#include "transactions.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

struct transactions {
    struct table *table;
    struct sightings *sightings;
    transactions_settle_fn *settle;
    void *context;
    uint64_t forgotten, reused;
};

static void make_room(void *value, void *context)
{
    struct transactions *ts = context;
    const struct transaction *t = value;
    ts->forgotten += t->answer == TRANSACTION_UNANSWERED;
    ts->settle(t, ts->context);
}

struct transactions *transactions_new(struct sightings *sightings, transactions_settle_fn *settle,
                                      void *context)
{
    struct transactions *ts = calloc(1, sizeof(*ts));
    if (!ts)
        return NULL;
    ts->sightings = sightings;
    ts->settle = settle;
    ts->context = context;
    ts->table = table_new(TRANSACTIONS_MAX, sizeof(struct transaction), make_room, ts);
    if (!ts->table) {
        free(ts);
        return NULL;
    }
    return ts;
}

void transactions_free(struct transactions *ts)
{
    if (!ts)
        return;
    table_free(ts->table);
    free(ts);
}

/* A client's transaction with a server: both ends may choose the same id, and those are two. */
static struct flow_key key_of(const struct stun_msg *msg, const struct netaddr *client,
                              const struct netaddr *server, const struct place *place)
{
    uint8_t txid[16] = {0};
    memcpy(txid, msg->txid, msg->txid_len);
    struct flow_key key = flow_key_ordered(client, server, place->protocol, txid);
    key.word[0] |= place->carriage;
    return key;
}

/* The request is too late to be one of t. */
static bool is_another(const struct transaction *t, const struct place *place)
{
    if (t->file != place->file || place->time_ns == 0)
        return false;
    if (!t->asked)
        return t->answered_ns < place->time_ns;
    return place->time_ns > t->asked_ns && place->time_ns - t->asked_ns > TRANSACTIONS_LIFE_NS;
}

static void start(struct transaction *t, const struct message_id *id, const struct place *place,
                  enum sighting seen)
{
    t->request = *id;
    t->client = place->src;
    t->server = place->dst;
    t->asked_ns = place->time_ns;
    t->link = place->link;
    t->rtt_unknown |= t->answer && t->file != place->file;
    t->file = place->file;
    t->protocol = place->protocol;
    t->carriage = place->carriage;
    t->translated = seen == SIGHTING_TRANSLATED;
    t->asked = true;
}

enum transactions_asked transactions_ask(struct transactions *ts, const struct stun_msg *msg,
                                         const struct message_id *id, const struct place *place,
                                         enum sighting seen, struct transaction **t)
{
    struct flow_key key = key_of(msg, &place->src, &place->dst, place);
    struct transaction *have = table_find(ts->table, &key);
    *t = have;
    if (seen == SIGHTING_COPY)
        return TRANSACTIONS_COPY;
    if (have && is_another(have, place)) {
        ts->reused += have->asked;
        ts->settle(have, ts->context);
        memset(have, 0, sizeof(*have));
    }
    if (have && have->asked) {
        if (have->translated && seen == SIGHTING_TRANSLATED && have->link != place->link)
            return TRANSACTIONS_COPY;
        have->rtt_unknown |= have->answer == TRANSACTION_UNANSWERED;
        if (have->link != place->link)
            return TRANSACTIONS_MOVED;
        have->again++;
        return TRANSACTIONS_AGAIN;
    }
    if (!have)
        have = table_add(ts->table, &key);
    start(have, id, place, seen);
    *t = have;
    return TRANSACTIONS_NEW;
}

static void take_facts(struct transaction *t, const struct stun_msg *msg)
{
    struct stun_attr attr;
    struct stun_value value;
    if (msg->cls == STUN_SUCCESS_RESPONSE) {
        stun_mapped_address(msg, &t->mapped);
        stun_relayed_address(msg, &t->relayed);
    } else if (stun_find_attr(msg, STUN_ATTR_ERROR_CODE, &attr) &&
               stun_decode_value(msg, &attr, &value) == STUN_OK) {
        t->error_code = value.as.error.code;
    }
}

struct transaction *transactions_answer(struct transactions *ts, const struct stun_msg *msg,
                                        const struct message_id *id, const struct place *place,
                                        enum sighting seen)
{
    struct flow_key key = key_of(msg, &place->dst, &place->src, place);
    struct transaction *t = table_find(ts->table, &key);
    bool is_copy = seen == SIGHTING_COPY || seen == SIGHTING_TRANSLATED;
    if (!t) {
        if (is_copy)
            return NULL;
        t = table_add(ts->table, &key);
        t->client = place->dst;
        t->server = place->src;
        t->link = place->link;
        t->file = place->file;
        t->protocol = place->protocol;
        t->carriage = place->carriage;
    } else if (t->answer != TRANSACTION_UNANSWERED) {
        t->answers_again += !is_copy;
        return NULL;
    }
    t->answer = msg->cls == STUN_SUCCESS_RESPONSE ? TRANSACTION_SUCCEEDED : TRANSACTION_FAILED;
    t->answered_ns = place->time_ns;
    t->rtt_unknown |= t->file != place->file;
    take_facts(t, msg);
    if (t->asked && t->carriage == PLACE_DIRECT)
        sightings_answered(ts->sightings, &t->request, id);
    return t;
}

bool transaction_rtt(const struct transaction *t, uint64_t *ns)
{
    if (!t->asked || t->answer == TRANSACTION_UNANSWERED || t->rtt_unknown || t->asked_ns == 0 ||
        t->answered_ns < t->asked_ns)
        return false;
    *ns = t->answered_ns - t->asked_ns;
    return true;
}

bool transaction_is_copy(struct transactions *ts, const struct transaction *t)
{
    return t->translated && !sightings_answers_differ(ts->sightings, &t->request);
}

void transactions_finish(struct transactions *ts)
{
    uint32_t position = 0;
    struct transaction *t;
    while ((t = table_at(ts->table, &position))) {
        ts->settle(t, ts->context);
        table_remove(ts->table, t);
    }
}

uint64_t transactions_forgotten(const struct transactions *ts)
{
    return ts->forgotten;
}

uint64_t transactions_reused(const struct transactions *ts)
{
    return ts->reused;
}
