/* Holds classic requests until their answers prove them. */
#include "classic.h"

#include <stdlib.h>
#include <string.h>

#include "stun.h"
#include "table.h"

#define CLASSIC_PORT 3478 /* RFC 3489 section 9.1, and all that came after it */

struct request {
    struct request *next;
    struct found found;
    uint8_t bytes[];
};

struct transaction {
    struct request *first, **last;
    struct netaddr client; /* who sent the requests */
    uint32_t requests;
    bool answered;
};

struct classic {
    struct table *held;
    found_fn *tell;
    void *context;
};

/* Alone, 20 bytes with a type and a length prove little: every byte has to fit. */
static bool is_plausible(const struct found *found)
{
    struct stun_msg msg;
    struct stun_attr attr;
    struct stun_value value;
    enum stun_status status;
    size_t pos = 0;
    bool known = true;

    if (stun_decode(found->bytes, found->len, true, &msg) != STUN_OK)
        return false;
    while ((status = stun_next_attr(&msg, &pos, &attr)) == STUN_OK)
        known =
            known && stun_attr_info(attr.type) && stun_decode_value(&msg, &attr, &value) == STUN_OK;
    return status == STUN_END && (found->dst.port == CLASSIC_PORT || (known && msg.length > 0));
}

static void give_up(struct classic *c, struct transaction *t)
{
    struct request *next;
    for (struct request *r = t->first; r; r = next) {
        next = r->next;
        if (is_plausible(&r->found))
            c->tell(&r->found, c->context);
        free(r);
    }
    t->first = NULL;
}

static void evict_transaction(void *value, void *context)
{
    give_up(context, value);
}

struct classic *classic_new(found_fn *tell, void *context)
{
    struct classic *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->tell = tell;
    c->context = context;
    c->held = table_new(CLASSIC_HELD_MAX, sizeof(struct transaction), evict_transaction, c);
    if (!c->held) {
        free(c);
        return NULL;
    }
    return c;
}

static void hold(struct transaction *t, const struct found *found)
{
    struct request *r;
    if (t->requests >= CLASSIC_REQUESTS_MAX || found->len > CLASSIC_BYTES_MAX)
        return;
    r = malloc(sizeof(*r) + found->len);
    if (!r)
        return;
    memcpy(r->bytes, found->bytes, found->len);
    r->next = NULL;
    r->found = *found;
    r->found.bytes = r->bytes;
    r->found.confidence = FOUND_UNANSWERED;
    if (!t->first)
        t->last = &t->first;
    *t->last = r;
    t->last = &r->next;
    t->requests++;
}

static void tell_held(struct classic *c, struct transaction *t)
{
    struct request *next;
    for (struct request *r = t->first; r; r = next) {
        next = r->next;
        r->found.confidence = FOUND_MATCHED;
        c->tell(&r->found, c->context);
        free(r);
    }
    t->first = NULL;
}

bool classic_take(struct classic *c, const struct datagram *d)
{
    struct found found = found_on(d);
    struct stun_msg msg;
    found.bytes = d->payload;
    found.len = d->payload_len;
    found.confidence = FOUND_MATCHED;
    if (stun_decode(d->payload, d->payload_len, true, &msg) != STUN_OK)
        return false;

    struct flow_key key = flow_key_transaction(&d->src, &d->dst, d->protocol, msg.txid);
    struct transaction *t = table_find(c->held, &key);
    if (msg.cls == STUN_REQUEST) {
        if (t && t->answered && netaddr_same(&t->client, &d->src)) {
            c->tell(&found, c->context);
            return true;
        }
        if (!t) {
            t = table_add(c->held, &key);
            t->client = d->src;
        }
        if (netaddr_same(&t->client, &d->src))
            hold(t, &found);
        return false;
    }
    /* Not the request's own direction, or it is no answer. */
    if (!t || netaddr_same(&t->client, &d->src))
        return false;
    t->answered = true;
    tell_held(c, t);
    c->tell(&found, c->context);
    return true;
}

static int by_frame(const void *a, const void *b)
{
    const struct request *const *left = a;
    const struct request *const *right = b;
    if ((*left)->found.frame != (*right)->found.frame)
        return (*left)->found.frame < (*right)->found.frame ? -1 : 1;
    return 0;
}

void classic_end(struct classic *c)
{
    enum { ALL_MAX = CLASSIC_HELD_MAX * CLASSIC_REQUESTS_MAX };
    struct request **all = calloc(ALL_MAX, sizeof(struct request *));
    uint32_t position = 0;
    size_t count = 0;
    struct transaction *t;

    while ((t = table_at(c->held, &position))) {
        if (!all) {
            give_up(c, t);
            continue;
        }
        for (struct request *r = t->first; r && count < ALL_MAX; r = r->next)
            all[count++] = r;
        t->first = NULL;
    }
    if (count > 0)
        qsort(all, count, sizeof(struct request *), by_frame);
    for (size_t i = 0; i < count; i++) {
        if (is_plausible(&all[i]->found))
            c->tell(&all[i]->found, c->context);
        free(all[i]);
    }
    free(all);
}

void classic_free(struct classic *c)
{
    uint32_t position = 0;
    struct transaction *t;
    if (!c)
        return;
    while ((t = table_at(c->held, &position))) {
        struct request *next;
        for (struct request *r = t->first; r; r = next) {
            next = r->next;
            free(r);
        }
    }
    table_free(c->held);
    free(c);
}
