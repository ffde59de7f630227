/* Puts exchanges and their messages in the order of time, in place. */
#include <stdlib.h>
#include <string.h>

#include "join_private.h"

struct by_time {
    uint64_t ns;
    uint32_t index;
};

static int compare(const void *a, const void *b)
{
    const struct by_time *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void sort(struct by_time *rows, size_t count)
{
    /* Nearly always they are in order. */
    for (size_t i = 1; i < count; i++)
        if (compare(&rows[i - 1], &rows[i]) > 0) {
            qsort(rows, count, sizeof(*rows), compare);
            return;
        }
}

/* rows[i] becomes what rows[from[i]] was; from becomes 0, 1, 2 ... */
static void permute(void *rows, size_t count, size_t bytes, uint32_t *from)
{
    char kept[sizeof(struct join_exchange) + sizeof(struct join_message)];
    char *base = rows;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        if (from[i] == i)
            continue;
        memcpy(kept, base + i * bytes, bytes);
        while (from[at] != i) {
            size_t next = from[at];
            memcpy(base + at * bytes, base + next * bytes, bytes);
            from[at] = (uint32_t)at;
            at = next;
        }
        memcpy(base + at * bytes, kept, bytes);
        from[at] = (uint32_t)at;
    }
}

/* The messages of an exchange by time into order; rows has room for them. */
static void order_messages(const struct join *j, uint32_t first, struct by_time *rows,
                           uint32_t *order)
{
    size_t count = 0;
    for (uint32_t at = first; at != JOIN_NONE; at = j->messages[at].next)
        rows[count++] = (struct by_time){j->messages[at].time_ns, at};
    sort(rows, count);
    for (size_t i = 0; i < count; i++)
        order[i] = rows[i].index;
}

static uint64_t earliest(const struct join *j, uint32_t first)
{
    uint64_t ns = UINT64_MAX;
    for (uint32_t at = first; at != JOIN_NONE; at = j->messages[at].next)
        if (j->messages[at].time_ns < ns)
            ns = j->messages[at].time_ns;
    return ns;
}

bool join_order(struct join *j)
{
    const struct exchange_work *work = j->work->work;
    size_t most = j->message_count > j->exchange_count ? j->message_count : j->exchange_count;
    uint32_t *messages = calloc(most + 1, sizeof(*messages));
    uint32_t *exchanges = calloc(j->exchange_count + 1, sizeof(*exchanges));
    struct by_time *rows = malloc((j->exchange_count + 1) * sizeof(*rows)), *inner = NULL;
    size_t count = 0, done = 0, room = 0;
    bool good = false;
    if (!messages || !exchanges || !rows)
        goto out;
    for (size_t i = 0; i < j->exchange_count; i++)
        rows[i] = (struct by_time){earliest(j, work[i].first), (uint32_t)i};
    sort(rows, j->exchange_count);
    for (size_t i = 0; i < j->exchange_count; i++) {
        struct join_exchange *x = &j->exchanges[rows[i].index];
        exchanges[i] = rows[i].index;
        if (x->messages == 0) /* there was no room for one; these come last */
            continue;
        if (x->messages > room) {
            room = x->messages;
            free(inner);
            inner = malloc(room * sizeof(*inner));
            if (!inner)
                goto out;
        }
        x->first_message = (uint32_t)done;
        order_messages(j, work[rows[i].index].first, inner, messages + done);
        for (uint32_t k = 0; k < x->messages; k++)
            j->messages[messages[done + k]].exchange = (uint32_t)i;
        done += x->messages;
        count = i + 1;
    }
    permute(j->messages, j->message_count, sizeof(*j->messages), messages);
    permute(j->exchanges, j->exchange_count, sizeof(*j->exchanges), exchanges);
    j->exchange_count = count;
    good = true;
out:
    free(messages);
    free(exchanges);
    free(rows);
    free(inner);
    return good;
}
