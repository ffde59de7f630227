/*
 * An index over a compiled policy's rules: which rule is the first that matches, without looking at
 * one rule after the other.
 *
 * Each field that rules ask about (topic, transport, server, ...) has sets of rules: the ones that
 * match a value of it. Fields with few values have a set for each; method, port and server have one
 * for each stretch of values between two borders that some rule draws, found by halving. The rules
 * that match a subject are the intersection of one set of each field, and the first of them is its
 * lowest bit. Interfaces that all rules treat alike are one class, with one set.
 *
 * Made by policy_publish(), beside the table; flat and without pointers like it. A reader may meet
 * an index of which half is from another policy: each number is made to fit where it is used, and
 * what comes out is in range. Pure; all functions are async-signal-safe.
 */
#ifndef RTCSHIM_CORE_POLICY_INDEX_H
#define RTCSHIM_CORE_POLICY_INDEX_H

#include "policy_table.h"

enum {
    POLICY_RULE_WORDS = POLICY_RULES_MAX / 64,
    POLICY_CUTS_MAX = 2 * POLICY_RULES_MAX + 1,
    POLICY_SERVERS_MAX = 2 * POLICY_PREFIXES_MAX + 3, /* one each for none, IPv4 and IPv6 */
    POLICY_SLOT_UNKNOWN = POLICY_IFACES_MAX, /* an interface that the table lacks, or none at all */
    POLICY_SLOTS = POLICY_IFACES_MAX + 1,
    POLICY_OWN_PLACES = 2 * POLICY_ADDRS_MAX, /* a power of two */
    POLICY_INDEX_TOPICS = 7,
    POLICY_INDEX_TRANSPORTS = 2,
    POLICY_INDEX_PROXIED = 2,
    POLICY_INDEX_ROLES = 32,
    POLICY_INDEX_CLASSES = 4,
};

/* A set of rules. */
struct policy_ruleset {
    uint64_t bit[POLICY_RULE_WORDS];
};

/* A set of slots, with one more bit for POLICY_SLOT_UNKNOWN. */
struct policy_slots {
    uint64_t bit[POLICY_IFACES_MAX / 64];
    bool unknown;
};

/*
 * Sets are kept word by word: [w][i] has the rules 64 w to 64 w + 63 of set i. A policy of no more
 * than 64 rules keeps to the first row, and a message's way through it to a few lines of the cache,
 * which the kernel's own way has emptied since the last one.
 */

/* A set for each bit of a field, and the last for no bit at all. */
struct policy_fields {
    uint64_t topic[POLICY_INDEX_TOPICS + 1];
    uint64_t transport[POLICY_INDEX_TRANSPORTS + 1];
    uint64_t proxied[POLICY_INDEX_PROXIED + 1];
    uint64_t family[3];                               /* none, IPv4, IPv6 */
    uint64_t message_class[POLICY_INDEX_CLASSES + 1]; /* by number */
    uint64_t anywhere;                                /* the rules that ask for no interface */
    uint64_t role[POLICY_INDEX_ROLES + 1];
};

/* Stretches of a number's values: from[i] up to below from[i + 1], the last to the end. */
struct policy_cuts {
    uint16_t count;
    uint16_t from[POLICY_CUTS_MAX]; /* ascending; the first is 0 */
    uint64_t rules[POLICY_RULE_WORDS][POLICY_CUTS_MAX];
};

/* The same of addresses as 128-bit numbers, IPv4 in the upper bits. Place 0 is no address at all;
 * IPv4's follow, and then IPv6's. */
struct policy_servers {
    uint16_t inet6; /* the first of IPv6 */
    uint16_t count;
    uint64_t high[POLICY_SERVERS_MAX], low[POLICY_SERVERS_MAX];
    uint64_t rules[POLICY_RULE_WORDS][POLICY_SERVERS_MAX];
};

struct policy_index {
    uint32_t words;   /* of rules in use */
    uint32_t classes; /* of interfaces: those that have one */
    struct policy_fields fields[POLICY_RULE_WORDS];
    struct policy_cuts method, port; /* 0: not known */
    struct policy_servers server;
    uint8_t class_of[POLICY_SLOTS];
    uint64_t class_rules[POLICY_RULE_WORDS][POLICY_SLOTS];
    struct policy_slots class_slots[POLICY_SLOTS]; /* those of the table, and the unknown one */
    struct policy_ifaces with_inet, with_inet6;    /* have an address that is not link-local */
    uint16_t own[POLICY_OWN_PLACES]; /* hash of policy_table.addr: place in it and 1; 0 free */
};

/* Index table, which policy_valid() would accept. Takes microseconds for ordinary policies, and
 * milliseconds for the largest. */
void policy_index_make(const struct policy_table *table, struct policy_index *out);

/* Every number is in range. */
bool policy_index_valid(const struct policy_index *index);

/* The rules that match subject, the interface aside. */
struct policy_ruleset policy_index_match(const struct policy_index *index,
                                         const struct policy_subject *subject);

/* The first of them, or POLICY_RULE_DEFAULT. */
static inline uint16_t policy_ruleset_first(const struct policy_ruleset *rules)
{
    for (unsigned w = 0; w < POLICY_RULE_WORDS; w++)
        if (rules->bit[w] != 0)
            return (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(rules->bit[w]));
    return POLICY_RULE_DEFAULT;
}

/* The first of them that matches an interface of this class, or POLICY_RULE_DEFAULT. */
static inline uint16_t policy_index_first(const struct policy_index *index,
                                          const struct policy_ruleset *rules, unsigned class)
{
    unsigned at = class < POLICY_SLOTS ? class : 0;

    for (unsigned w = 0; w < POLICY_RULE_WORDS; w++) {
        uint64_t both = rules->bit[w] != 0 ? rules->bit[w] & index->class_rules[w][at] : 0;
        if (both != 0)
            return (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(both));
    }
    return POLICY_RULE_DEFAULT;
}

/* The rule asks for no interface, or there is none. */
static inline bool policy_index_anywhere(const struct policy_index *index, uint16_t rule)
{
    return rule >= POLICY_RULES_MAX || (index->fields[rule / 64].anywhere >> (rule % 64) & 1) != 0;
}

/* The interfaces that have this address; more than one may. None: it is no address of
 * this machine's, as far as the table knows. */
struct policy_ifaces policy_index_own(const struct policy_index *index,
                                      const struct policy_table *table, const struct netaddr *addr);

#endif
