/* A heap of messages by time, and by arrival where times are the same. */
#include "in_order.h"

#include <stdlib.h>
#include <string.h>

struct held {
    struct found found;
    struct stun_msg msg;
    uint64_t arrival;
    enum stun_check fingerprint;
    bool has_msg;
    uint8_t bytes[];
};

struct in_order {
    struct held *heap[IN_ORDER_MAX];
    uint32_t count, file;
    size_t bytes;
    uint64_t arrivals, newest_ns;
    in_order_fn *take;
    void *context;
};

struct in_order *in_order_new(in_order_fn *take, void *context)
{
    struct in_order *o = calloc(1, sizeof(*o));
    if (!o)
        return NULL;
    o->take = take;
    o->context = context;
    return o;
}

void in_order_free(struct in_order *o)
{
    if (!o)
        return;
    for (uint32_t i = 0; i < o->count; i++)
        free(o->heap[i]);
    free(o);
}

static bool is_before(const struct held *a, const struct held *b)
{
    if (a->found.time_ns != b->found.time_ns)
        return a->found.time_ns < b->found.time_ns;
    return a->arrival < b->arrival;
}

static void push(struct in_order *o, struct held *held)
{
    uint32_t at = o->count++;
    for (; at > 0 && is_before(held, o->heap[(at - 1) / 2]); at = (at - 1) / 2)
        o->heap[at] = o->heap[(at - 1) / 2];
    o->heap[at] = held;
}

static struct held *pop(struct in_order *o)
{
    struct held *first = o->heap[0], *last = o->heap[--o->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= o->count)
            break;
        if (child + 1 < o->count && is_before(o->heap[child + 1], o->heap[child]))
            child++;
        if (!is_before(o->heap[child], last))
            break;
        o->heap[at] = o->heap[child];
        at = child;
    }
    o->heap[at] = last;
    return first;
}

static void take_first(struct in_order *o)
{
    struct held *held = pop(o);
    o->bytes -= held->found.len;
    o->take(&held->found, held->has_msg ? &held->msg : NULL, held->fingerprint, o->file,
            o->context);
    free(held);
}

void in_order_flush(struct in_order *o)
{
    while (o->count > 0)
        take_first(o);
}

/* NULL where memory is out. */
static struct held *keep(const struct found *found, const struct stun_msg *msg,
                         enum stun_check fingerprint)
{
    struct held *held = malloc(sizeof(*held) + found->len);
    if (!held)
        return NULL;
    if (found->len > 0)
        memcpy(held->bytes, found->bytes, found->len);
    held->found = *found;
    held->found.bytes = held->bytes;
    held->fingerprint = fingerprint;
    held->has_msg = msg;
    if (msg) {
        held->msg = *msg;
        held->msg.start = held->bytes + (msg->start - found->bytes);
        held->msg.attrs = held->bytes + (msg->attrs - found->bytes);
    }
    return held;
}

void in_order_put(struct in_order *o, const struct found *found, const struct stun_msg *msg,
                  enum stun_check fingerprint, uint32_t file)
{
    struct held *held = NULL;
    if (file != o->file || found->time_ns == 0) {
        in_order_flush(o);
        o->file = file;
        o->newest_ns = 0;
    }
    while (o->count == IN_ORDER_MAX || (o->count > 0 && o->bytes > IN_ORDER_BYTES_MAX))
        take_first(o);
    if (found->time_ns != 0)
        held = keep(found, msg, fingerprint);
    if (!held) {
        o->take(found, msg, fingerprint, file, o->context);
        return;
    }
    held->arrival = o->arrivals++;
    o->bytes += found->len;
    push(o, held);
    if (found->time_ns > o->newest_ns)
        o->newest_ns = found->time_ns;
    while (o->count > 0 && o->newest_ns - o->heap[0]->found.time_ns >= IN_ORDER_NS)
        take_first(o);
}
