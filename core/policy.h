/*
 * The compiled policy: a flat table without pointers that the launcher writes and the library maps
 * read-only, and the pure function that judges by it.
 *
 * First match wins. The file is a header and two tables; the generation number chooses the live
 * one, so that a running session can be given a new policy without a writer ever seeing half of it
 * (seqlock: the reader asks again if the generation moved while it judged).
 */
#ifndef RTCSHIM_CORE_POLICY_H
#define RTCSHIM_CORE_POLICY_H

#include <stdatomic.h>

#include "netaddr.h"

enum {
    POLICY_VERSION = 1,
    POLICY_RULES_MAX = 256,
    POLICY_NAME_BYTES = 64,
    POLICY_RULE_DEFAULT = 0xffff, /* the verdict came from the default, not from a rule */
};

#define POLICY_MAGIC UINT64_C(0x796369634d434852)

enum policy_action {
    POLICY_ALLOW = 0,
    POLICY_DENY, /* the call is not made; rule->refusal says what it returns */
    POLICY_HIDE, /* an interface or address is left out of an answer */
    POLICY_PIN,  /* the socket is bound to rule->ifindex first */
    POLICY_ACTION_COUNT
};

/* What a rule or a subject is about; a rule may name several. */
enum policy_topic {
    POLICY_STUN = 1u << 0,
    POLICY_ENUMERATION = 1u << 1,
    POLICY_PROBE = 1u << 2,
    POLICY_DNS = 1u << 3,
    POLICY_MDNS = 1u << 4,
    POLICY_DEVICE = 1u << 5, /* a socket or message that names its own interface */
};

enum policy_transport {
    POLICY_UDP = 1u << 0,
    POLICY_TCP = 1u << 1,
};

/* A match field that is 0 (or POLICY_ANY_*) matches everything. */
struct policy_rule {
    uint16_t topics;    /* enum policy_topic bits; 0 any */
    uint8_t action;     /* enum policy_action */
    uint8_t transports; /* enum policy_transport bits */
    uint8_t family;     /* enum netaddr_family; 0 any */
    uint8_t directions; /* bit 0 out, bit 1 in; 0 any */
    uint8_t classes; /* bits 1 << STUN class (0 request, 1 indication, 2 success, 3 error); 0 any */
    uint8_t interface_not;       /* 1: matches every interface but ifindex */
    uint16_t method;             /* STUN method, POLICY_ANY_METHOD */
    uint16_t port_min, port_max; /* of the server, both 0 any */
    uint8_t prefix_bits;         /* of server; server.family NETADDR_NONE any */
    uint8_t server_not;          /* 1: matches every server but this prefix */
    int32_t refusal;             /* POLICY_DENY: an errno, or 0 for "pretend it was sent" */
    uint32_t ifindex;            /* matched (topics) or pinned to (POLICY_PIN); 0 any */
    struct netaddr server;
};

#define POLICY_ANY_METHOD UINT16_C(0xffff)

struct policy_table {
    char name[POLICY_NAME_BYTES]; /* "observe"; NUL-terminated */
    uint32_t rules;
    uint8_t fallback; /* enum policy_action where no rule matches */
    uint8_t reserved[3];
    int32_t fallback_refusal;
    uint32_t reserved2;
    struct policy_rule rule[POLICY_RULES_MAX];
};

struct policy_shared {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes;              /* of this struct */
    _Atomic uint32_t generation; /* table[generation & 1] is in force */
    uint32_t reserved;
    struct policy_table table[2];
};

/* What is being judged. Unknown fields are 0; a rule that asks about an unknown field does not
 * match, except under *_not. */
struct policy_subject {
    uint16_t topic;     /* one enum policy_topic */
    uint8_t transport;  /* one enum policy_transport */
    uint8_t family;     /* of the packet; from server where 0 */
    uint8_t direction;  /* 1 out, 2 in */
    uint8_t stun_class; /* 0..3 */
    uint16_t stun_method;
    uint32_t ifindex;
    struct netaddr server; /* with port */
};

struct policy_verdict {
    uint8_t action; /* enum policy_action */
    uint16_t rule;  /* index or POLICY_RULE_DEFAULT */
    int32_t refusal;
    uint32_t ifindex; /* POLICY_PIN */
    uint32_t generation;
};

/* Write a policy file's first contents: `observe` (no rules, allow). */
void policy_format(struct policy_shared *out);

/* Every field that judge relies on is in range. Async-signal-safe. */
bool policy_valid(const struct policy_shared *policy, size_t bytes);

/* Put table in force: fills the idle half, then moves the generation. One writer. */
void policy_publish(struct policy_shared *policy, const struct policy_table *table);

/* Pure. rules above POLICY_RULES_MAX count as POLICY_RULES_MAX. Async-signal-safe, no loop without
 * bound. */
struct policy_verdict policy_judge(const struct policy_shared *policy,
                                   const struct policy_subject *subject);

/* "allow", "deny", "hide", "pin"; static; "" out of range. */
const char *policy_action_name(unsigned action);

#endif
