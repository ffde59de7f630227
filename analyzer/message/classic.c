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

/* The requests with one transaction id of one client. It may ask several servers with it. */
struct transaction {
    struct request *first, **last;
    struct transaction *older, *newer; /* of those that hold something */
    uint16_t type;
    bool answered;
};

struct classic {
    struct table *held;
    struct transaction *oldest, *newest;
    size_t bytes; /* held by all */
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

/* Take the requests off t, as a list. */
static struct request *take_requests(struct classic *c, struct transaction *t)
{
    struct request *first = t->first;
    if (!first)
        return NULL;
    if (t->older)
        t->older->newer = t->newer;
    else
        c->oldest = t->newer;
    if (t->newer)
        t->newer->older = t->older;
    else
        c->newest = t->older;
    t->first = NULL;
    t->older = t->newer = NULL;
    return first;
}

static struct request *free_request(struct classic *c, struct request *r)
{
    struct request *next = r->next;
    c->bytes -= sizeof(*r) + r->found.len;
    free(r);
    return next;
}

static void give_up(struct classic *c, struct transaction *t)
{
    for (struct request *r = take_requests(c, t); r; r = free_request(c, r))
        if (is_plausible(&r->found))
            c->tell(&r->found, c->context);
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

/* The oldest ones give way: what has waited longest is least likely to be answered. */
static void make_room(struct classic *c, size_t bytes)
{
    while (c->oldest && c->bytes + bytes > CLASSIC_BYTES_MAX)
        give_up(c, c->oldest);
}

static void hold(struct classic *c, struct transaction *t, const struct found *found)
{
    size_t bytes = sizeof(struct request) + found->len;
    struct request *r;
    if (found->len > CLASSIC_REQUEST_BYTES_MAX)
        return;
    make_room(c, bytes);
    r = malloc(bytes);
    if (!r)
        return;
    memcpy(r->bytes, found->bytes, found->len);
    r->next = NULL;
    r->found = *found;
    r->found.bytes = r->bytes;
    r->found.confidence = FOUND_UNANSWERED;
    c->bytes += bytes;
    if (!t->first) {
        t->last = &t->first;
        t->older = c->newest;
        if (c->newest)
            c->newest->newer = t;
        else
            c->oldest = t;
        c->newest = t;
    }
    *t->last = r;
    t->last = &r->next;
}

static void tell_held(struct classic *c, struct transaction *t)
{
    for (struct request *r = take_requests(c, t); r; r = free_request(c, r)) {
        r->found.confidence = FOUND_MATCHED;
        c->tell(&r->found, c->context);
    }
}

static bool take_request(struct classic *c, const struct found *found, const struct stun_msg *msg)
{
    struct flow_key key = flow_key_classic(&found->src, found->protocol, msg->txid);
    struct transaction *t = table_find(c->held, &key);
    if (!t) {
        t = table_add(c->held, &key);
        t->type = msg->type;
    }
    if (t->answered) {
        c->tell(found, c->context);
        return true;
    }
    hold(c, t, found);
    return false;
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

    /* A quoted message was sent by its source, and says nothing of whether it arrived. */
    struct flow_key key = flow_key_classic(&d->dst, d->protocol, msg.txid);
    struct transaction *t = d->label == DATAGRAM_QUOTED ? NULL : table_find(c->held, &key);
    /* The same type again is an echo, not an answer. */
    if (t && t->type != msg.type) {
        t->answered = true;
        tell_held(c, t);
        c->tell(&found, c->context);
        return true;
    }
    return msg.cls == STUN_REQUEST && take_request(c, &found, &msg);
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
    size_t count = 0;
    for (const struct transaction *t = c->oldest; t; t = t->newer)
        for (const struct request *r = t->first; r; r = r->next)
            count++;
    struct request **all = count > 0 ? calloc(count, sizeof(struct request *)) : NULL;
    if (!all) {
        while (c->oldest)
            give_up(c, c->oldest);
        return;
    }
    count = 0;
    while (c->oldest)
        for (struct request *r = take_requests(c, c->oldest); r; r = r->next)
            all[count++] = r;
    qsort(all, count, sizeof(struct request *), by_frame);
    for (size_t i = 0; i < count; i++) {
        if (is_plausible(&all[i]->found))
            c->tell(&all[i]->found, c->context);
        free_request(c, all[i]);
    }
    free(all);
}

void classic_free(struct classic *c)
{
    if (!c)
        return;
    while (c->oldest)
        for (struct request *r = take_requests(c, c->oldest); r;)
            r = free_request(c, r);
    table_free(c->held);
    free(c);
}
