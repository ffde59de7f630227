/* A bounded hash table with a keyed hash and a clock for a hand: see table.h. */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "siphash.h"

enum {
    BUCKETS_MIN = 1024,
    CACHE_LINE_BYTES = 64,
};

/* Entries are numbered from 1, so that zeroed memory is an empty table. What a look-up of an IPv4
 * key reads fills one cache line. */
struct entry {
    uint32_t next; /* in its bucket, or in the list of free ones */
    uint32_t hash;
    uint8_t live;
    uint8_t used; /* since the hand last passed */
    struct flow_key key;
    max_align_t value[];
};

struct table {
    struct siphash_key key;
    uint8_t *entries;
    uint32_t *buckets;
    size_t entry_bytes;
    size_t mapped_bytes;
    uint32_t capacity, bucket_mask;
    uint32_t fresh; /* entries that were ever used */
    uint32_t free;  /* first of those that were given back */
    uint32_t count;
    uint32_t hand;
    uint64_t evicted;
    table_evict_fn *evict;
    void *context;
};

static struct entry *entry_at(const struct table *t, uint32_t number)
{
    return (struct entry *)(void *)(t->entries + (number - 1) * t->entry_bytes);
}

static struct entry *entry_of(const void *value)
{
    return (struct entry *)(void *)((uintptr_t)value - offsetof(struct entry, value));
}

/* Pages that cost nothing until they are written. */
static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

struct table *table_new(uint32_t capacity, size_t value_bytes, table_evict_fn *evict, void *context)
{
    struct table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    size_t align = CACHE_LINE_BYTES;
    t->entry_bytes = (offsetof(struct entry, value) + value_bytes + align - 1) / align * align;
    t->mapped_bytes = t->entry_bytes * capacity;
    t->capacity = capacity;
    t->bucket_mask = BUCKETS_MIN - 1;
    t->evict = evict;
    t->context = context;
    if (getrandom(&t->key, sizeof(t->key), GRND_NONBLOCK) != sizeof(t->key)) {
        /* Early at boot there is no randomness yet; where this lives and when is hard to guess too.
         */
        struct timespec now = {0};
        clock_gettime(CLOCK_MONOTONIC, &now);
        t->key = (struct siphash_key){(uintptr_t)t ^ (uint64_t)now.tv_nsec, (uint64_t)now.tv_sec};
    }
    t->entries = map(t->mapped_bytes);
    t->buckets = calloc(BUCKETS_MIN, sizeof(*t->buckets));
    if (!t->entries || !t->buckets) {
        table_free(t);
        return NULL;
    }
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    if (t->entries)
        munmap(t->entries, t->mapped_bytes);
    free(t->buckets);
    free(t);
}

static uint32_t hash_of(const struct table *t, const struct flow_key *key)
{
    return (uint32_t)siphash_words(&t->key, key->word, key->count);
}

static bool same_key(const struct flow_key *a, const struct flow_key *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->word[i] != b->word[i])
            return false;
    return true;
}

uint32_t table_prepare(const struct table *t, const struct flow_key *key)
{
    uint32_t hash = hash_of(t, key);
    uint32_t first = t->buckets[hash & t->bucket_mask];
    if (first != 0) {
        const uint8_t *entry = (const uint8_t *)entry_at(t, first);
        __builtin_prefetch(entry, 1);
        __builtin_prefetch(entry + CACHE_LINE_BYTES, 1);
        __builtin_prefetch(entry + 2 * (size_t)CACHE_LINE_BYTES, 1);
    }
    return hash;
}

void *table_find(struct table *t, const struct flow_key *key)
{
    return t->count == 0 ? NULL : table_find_prepared(t, key, hash_of(t, key));
}

void *table_find_prepared(struct table *t, const struct flow_key *key, uint32_t hash)
{
    for (uint32_t n = t->buckets[hash & t->bucket_mask]; n != 0;) {
        struct entry *e = entry_at(t, n);
        if (e->hash == hash && same_key(&e->key, key)) {
            e->used = 1;
            return e->value;
        }
        n = e->next;
    }
    return NULL;
}

static void link_entry(struct table *t, struct entry *e, uint32_t number)
{
    uint32_t *bucket = &t->buckets[e->hash & t->bucket_mask];
    e->next = *bucket;
    *bucket = number;
}

static void unlink_entry(struct table *t, struct entry *e, uint32_t number)
{
    uint32_t *link = &t->buckets[e->hash & t->bucket_mask];
    while (*link != number)
        link = &entry_at(t, *link)->next;
    *link = e->next;
    e->live = 0;
    t->count--;
}

/* As many buckets as entries. Few entries stay in few pages; without memory the chains get longer.
 */
static void grow_buckets(struct table *t)
{
    uint32_t count = (t->bucket_mask + 1) * 2;
    uint32_t *buckets = calloc(count, sizeof(*buckets));
    if (!buckets)
        return;
    free(t->buckets);
    t->buckets = buckets;
    t->bucket_mask = count - 1;
    for (uint32_t number = 1; number <= t->fresh; number++) {
        struct entry *e = entry_at(t, number);
        if (e->live)
            link_entry(t, e, number);
    }
}

static uint32_t evict_one(struct table *t)
{
    for (;;) {
        t->hand = t->hand >= t->capacity ? 1 : t->hand + 1;
        struct entry *e = entry_at(t, t->hand);
        if (e->used) {
            e->used = 0;
            continue;
        }
        if (t->evict)
            t->evict(e->value, t->context);
        unlink_entry(t, e, t->hand);
        t->evicted++;
        return t->hand;
    }
}

void *table_add(struct table *t, const struct flow_key *key)
{
    uint32_t number;
    if (t->count > t->bucket_mask)
        grow_buckets(t);
    if (t->free != 0) {
        number = t->free;
        t->free = entry_at(t, number)->next;
    } else if (t->fresh < t->capacity) {
        number = ++t->fresh;
    } else {
        number = evict_one(t);
    }
    struct entry *e = entry_at(t, number);
    memset(e, 0, t->entry_bytes);
    e->key = *key;
    e->hash = hash_of(t, key);
    e->live = 1;
    e->used = 1;
    link_entry(t, e, number);
    t->count++;
    return e->value;
}

void table_remove(struct table *t, void *value)
{
    struct entry *e = entry_of(value);
    uint32_t number = (uint32_t)(((uintptr_t)e - (uintptr_t)t->entries) / t->entry_bytes) + 1;
    unlink_entry(t, e, number);
    e->used = 0;
    e->next = t->free;
    t->free = number;
}

const struct flow_key *table_key(const void *value)
{
    return &entry_of(value)->key;
}

uint32_t table_count(const struct table *t)
{
    return t->count;
}

uint64_t table_evicted(const struct table *t)
{
    return t->evicted;
}

void *table_at(struct table *t, uint32_t *position)
{
    while (*position < t->fresh) {
        struct entry *e = entry_at(t, ++*position);
        if (e->live)
            return e->value;
    }
    return NULL;
}
