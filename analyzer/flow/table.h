/*
 * A hash table of bounded size for keys that strangers choose: keyed SipHash, a fixed number of
 * entries, and when it is full the entry goes that has not been used for longest, approximately (a
 * clock hand passes over entries that were used since its last round).
 */
#ifndef RTCSHIM_ANALYZER_TABLE_H
#define RTCSHIM_ANALYZER_TABLE_H

#include "flow_key.h"

struct table;

/* Called with a value that has to make room, before it is gone; must not touch the table. */
typedef void table_evict_fn(void *value, void *context);

/*
 * A table of at most capacity values of value_bytes each. Memory is taken from the system as values
 * are added. evict may be NULL. NULL where memory is out.
 */
struct table *table_new(uint32_t capacity, size_t value_bytes, table_evict_fn *evict,
                        void *context);
/* Forgets without evict. */
void table_free(struct table *t);

/* NULL if there is none. The pointer stays good until the value is evicted or removed. */
void *table_find(struct table *t, const struct flow_key *key);
/*
 * The same in two steps, for callers that have other work in between: most of a look-up is waiting
 * for memory. The first one asks for it; its answer stays good whatever happens to the table.
 */
uint32_t table_prepare(const struct table *t, const struct flow_key *key);
void *table_find_prepared(struct table *t, const struct flow_key *key, uint32_t prepared);
/* A new value, all zero; there must be none of that key. Never NULL. */
void *table_add(struct table *t, const struct flow_key *key);
void table_remove(struct table *t, void *value);

/* What value was added under. */
const struct flow_key *table_key(const void *value);
uint32_t table_count(const struct table *t);
uint64_t table_evicted(const struct table *t);

/* The values in no order: 0 first, then the last answer + 1, until NULL. */
void *table_at(struct table *t, uint32_t *position);

#endif
