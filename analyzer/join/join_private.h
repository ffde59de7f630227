/* What the parts of the join share while it is made. */
#ifndef RTCSHIM_ANALYZER_JOIN_PRIVATE_H
#define RTCSHIM_ANALYZER_JOIN_PRIVATE_H

#include "join.h"
#include "sightings.h"
#include "siphash.h"

enum {
    JOIN_ALIKE_MAX = 16,      /* exchanges or flows that differ in the local address alone */
    JOIN_LOOK_MAX = 256,      /* unpaired messages of an exchange that a packet is compared with */
    JOIN_RECENT = 4096,       /* packets of which copies are recognised */
    JOIN_PAIRS_MAX = 1 << 20, /* whose difference in time is kept; all are counted */
    JOIN_TEXT_CACHES = 16,
};

/* Hashes to indexes, open addressing. Whoever has one compares what the indexes stand for. */
struct hashed {
    struct hashed_slot {
        uint32_t hash;
        uint32_t index; /* JOIN_NONE free */
    } * slots;
    size_t size, count; /* size: a power of two */
};
bool hashed_add(struct hashed *t, uint32_t hash, uint32_t index);
/* The position of the next entry of that hash at or behind *at; false if there is none. Begin with
 * *at = hash; add 1 to go on. */
bool hashed_next(const struct hashed *t, uint32_t hash, size_t *at, uint32_t *index);

enum message_state {
    MESSAGE_FAILED = 1, /* state[0]: the call returned an error */
    MESSAGE_DENIED = 2,
};

struct exchange_work {
    uint32_t first, last; /* messages, in the order of arrival */
    uint32_t cursor;      /* none before it is unpaired */
};

struct cover {
    uint32_t iface; /* text; JOIN_NONE all */
    uint64_t start_ns, end_ns;
    bool later; /* of an interface that was not there from the start; ends with the capture */
};

/* An interface was removed. One of the same name that comes after it is another one. */
struct gone {
    uint32_t iface; /* text */
    uint64_t time_ns;
};

struct join_work {
    struct siphash_key key;
    bool no_memory;
    size_t message_room, exchange_room, flow_room, act_room, process_room, addr_room, text_room,
        question_room, local_room, cover_room, gone_room, pair_room, work_room;
    struct hashed texts, addrs, acts, processes, flows, exchanges, own, questions;
    uint32_t text_cache[JOIN_TEXT_CACHES];
    struct exchange_work *work; /* by exchange */
    struct netaddr *locals;     /* of this machine, without ports */
    size_t local_count;
    struct cover *covers;
    size_t cover_count;
    struct gone *gone;
    size_t gone_count;
    bool all_covered;
    bool unsure;           /* more has changed than is remembered */
    uint64_t later_end_ns; /* 0: interfaces that came later were not captured */
    bool portless;         /* the shim has told messages without a local port */
    uint64_t start_ns, end_ns;
    uint32_t last_act;
    /* The wire's. */
    struct sightings *sightings;
    struct recent {
        uint64_t frame;
        uint32_t message;
    } recent[JOIN_RECENT];
    int32_t *pairs; /* differences in us */
    size_t pair_count;
    bool early; /* a message was on the wire long before the call */
};

/* --- rows.c: each thing once ------------------------------------------------------------------ */

/* One more element's room in *list of *room elements; false, noted, where memory is out. */
bool join_room(struct join *j, void *list, size_t *room, size_t count, size_t element_bytes);
uint32_t join_hash(const struct join *j, const uint64_t *words, size_t count);
/* JOIN_NONE for text at NULL. cache: 0..JOIN_TEXT_CACHES, a place where the same text is likely to
 * come again. */
uint32_t join_text_of(struct join *j, const char *text, size_t len, unsigned cache);
uint32_t join_addr_of(struct join *j, const struct netaddr *addr);
uint32_t join_act_add(struct join *j, const struct join_act *act);
/* belongs (enum join_belongs) tells rows without a pid apart. */
uint32_t join_process_of(struct join *j, uint32_t pid, uint32_t name, bool by_kernel,
                         uint8_t belongs);
bool join_is_local(const struct join *j, const struct netaddr *addr);

/* --- exchanges.c ------------------------------------------------------------------------------ */

/* What a message is known by. */
struct message_key {
    struct netaddr local, remote;
    uint8_t txid[16];
    uint8_t protocol;
    bool classic, channel;
    bool wildcard; /* local is what a route would choose */
};

/* How well local addresses agree. */
enum agreement {
    AGREE_NOT,
    AGREE_PORT,     /* a NAT on this machine may have changed the address */
    AGREE_WILDCARD, /* one of them is what a route would choose */
    AGREE_SAME,
};

/* The flow that agrees best, at least so well; JOIN_NONE. */
uint32_t join_flow_find(const struct join *j, const struct message_key *key, enum agreement least);
uint32_t join_flow_add(struct join *j, const struct message_key *key);
uint32_t join_exchange_find(const struct join *j, const struct message_key *key,
                            enum agreement least);
/* JOIN_NONE, counted in left_out, where there is no room. */
uint32_t join_exchange_add(struct join *j, const struct message_key *key, uint32_t flow);
/* A new message at the exchange's end. NULL, counted, where there is no room. Good until the next
 * call. */
struct join_message *join_message_add(struct join *j, uint32_t exchange);

/* --- finish ----------------------------------------------------------------------------------- */

/* outcome.c */
void join_add_later_cover(struct join *j, uint32_t iface, uint64_t start_ns);
void join_note_gone(struct join *j, uint32_t iface, uint64_t time_ns);
void join_judge(struct join *j); /* outcome.c: of each message, and what an exchange comes to */
void join_clock_finish(struct join *j); /* clock.c */
bool join_order(struct join *j);        /* order.c */
void join_pair_note(struct join *j, int64_t difference_ns);

static inline bool join_is_request(uint16_t type)
{
    return (type & 0x0110) == 0;
}
static inline bool join_is_answer(uint16_t type)
{
    return (type & 0x0100) != 0;
}

#endif
