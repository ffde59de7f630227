/*
 * The compiled policy: a flat table without pointers that the launcher writes and the library maps
 * read-only, and the pure functions that judge by it.
 *
 * First match wins. The file is a header and two tables; the generation number chooses the live
 * one, so that a running session can be given a new policy without a writer ever seeing half of it
 * (seqlock: the reader asks again if the generation moved while it judged).
 *
 * The table holds what the library can't ask for: which interfaces there are, which of them a
 * policy hides, which addresses they have. The launcher keeps it up to date.
 *
 * Interfaces and pinning. No call says which interface a packet will take; only the kernel's routes
 * do, and they change. So a rule that depends on the interface is kept by pinning the socket
 * (SO_BINDTOIFINDEX) to one for which the message is allowed: the verdict POLICY_PIN. The kernel
 * then keeps the promise.
 */
#ifndef RTCSHIM_CORE_POLICY_H
#define RTCSHIM_CORE_POLICY_H

#include <stdatomic.h>

#include "netaddr.h"

enum {
    POLICY_VERSION = 2,
    POLICY_RULES_MAX = 256,
    POLICY_IFACES_MAX = 128,
    POLICY_ADDRS_MAX = 512,
    POLICY_RESOLVERS_MAX = 8,
    POLICY_PREFIXES_MAX = 512, /* over all rules */
    POLICY_NAME_BYTES = 64,
    POLICY_IFNAME_BYTES = 16,     /* IFNAMSIZ */
    POLICY_RULE_DEFAULT = 0xffff, /* the verdict came from the default, not from a rule */
    POLICY_RULE_DOUBT = 0xfffe,   /* refused because something could not be known */
    POLICY_SLOT_NONE = 0xff,
};

#define POLICY_MAGIC UINT64_C(0x796369634d434852)

enum policy_action {
    POLICY_ALLOW = 0,
    POLICY_DENY, /* the call is not made; refusal says what it returns */
    POLICY_HIDE, /* an interface or address is left out of an answer */
    POLICY_PIN,  /* the socket is bound to ifindex first; a verdict only, never a rule's action */
    POLICY_ACTION_COUNT
};

/* What a rule or a subject is about; a rule may name several. */
enum policy_topic {
    POLICY_STUN = 1u << 0, /* a STUN or TURN message that would be sent */
    POLICY_ENUMERATION = 1u << 1,
    POLICY_PROBE = 1u << 2, /* a datagram connect, which tells the local address of a route */
    POLICY_DNS = 1u << 3,
    POLICY_MDNS = 1u << 4,
    POLICY_DEVICE = 1u << 5,  /* a socket or message that names its own interface or mark */
    POLICY_CONNECT = 1u << 6, /* a TCP connection that would be opened */
};

enum policy_transport {
    POLICY_UDP = 1u << 0,
    POLICY_TCP = 1u << 1,
};

enum policy_proxied {
    POLICY_PROXIED = 1u << 0, /* TCP, and other bytes were sent first: a proxy's handshake */
    POLICY_DIRECT = 1u << 1,
};

enum policy_refusal {
    POLICY_REFUSE_DROP = 0, /* pretend that it was sent */
    /* 1..4095: that errno */
    POLICY_REFUSE_BEST = -1, /* what makes browsers give up soonest; the library knows which */
};

/* A set of slots of policy_table.iface. */
struct policy_ifaces {
    uint64_t bit[POLICY_IFACES_MAX / 64];
};

/* A match field that is 0 (or POLICY_ANY_METHOD) matches everything. */
struct policy_rule {
    uint16_t topics;    /* enum policy_topic bits; 0 any */
    uint8_t action;     /* POLICY_ALLOW or POLICY_DENY */
    uint8_t transports; /* enum policy_transport bits; 0 any */
    uint8_t family;     /* enum netaddr_family; 0 any */
    uint8_t classes; /* bits 1 << STUN class (0 request, 1 indication, 2 success, 3 error); 0 any */
    uint8_t proxied; /* enum policy_proxied bits; 0 any */
    uint8_t iface_given;  /* 1: ifaces says which; 0 any */
    uint8_t iface_not;    /* 1: all but these, also those that the table does not know */
    uint8_t server_given; /* 1: the prefixes say which server; 0 any */
    uint8_t reserved[2];
    uint16_t method;             /* STUN method, POLICY_ANY_METHOD */
    uint16_t port_min, port_max; /* of the server, both 0 any */
    uint16_t line;               /* of the policy's source, for people; 0 none */
    uint16_t prefix_first;       /* prefixes of policy_table.prefix say which server: */
    uint16_t prefixes;           /* one of those without `not`, or any where all have it; and none
                                    of those with it. None at all, server_given: no server */
    uint32_t roles;              /* bits 1 << enum role; 0 any */
    int32_t refusal;             /* POLICY_DENY: enum policy_refusal */
    struct policy_ifaces ifaces;
};

struct policy_prefix {
    struct netaddr addr; /* without port */
    uint8_t bits;
    uint8_t is_not;
    uint8_t reserved[6];
};

#define POLICY_ANY_METHOD UINT16_C(0xffff)

/* What is hidden of an interface. */
enum policy_hidden {
    POLICY_HIDDEN_LINK = 1u << 0, /* the interface itself, and so everything about it */
    POLICY_HIDDEN_INET = 1u << 1, /* its IPv4 addresses and routes */
    POLICY_HIDDEN_INET6 = 1u << 2,
    /* Besides the two before: that family's addresses are hidden by policy_decoy() being shown
     * instead, for programs that gather nothing where they see no address. A road that can't do
     * that leaves them out. */
    POLICY_MASKED_INET = 1u << 3,
    POLICY_MASKED_INET6 = 1u << 4,
};

enum policy_iface_flag {
    POLICY_IFACE_LOOPBACK = 1u << 0,
    POLICY_IFACE_DEFAULT_INET = 1u << 1, /* the main default route leads through it */
    POLICY_IFACE_DEFAULT_INET6 = 1u << 2,
};

struct policy_iface {
    uint32_t ifindex;               /* 0: the slot is free */
    char name[POLICY_IFNAME_BYTES]; /* NUL-terminated */
    uint8_t hidden;                 /* enum policy_hidden bits */
    uint8_t flags;                  /* enum policy_iface_flag bits */
    uint16_t line;                  /* of the policy's source, that hid it; 0 none */
};

struct policy_addr {
    struct netaddr addr; /* without port */
    uint8_t slot;        /* of its interface */
    uint8_t prefix_bits;
    uint8_t hidden; /* 1: by its interface's bits */
    uint8_t masked; /* 1: hidden, and policy_decoy() is shown instead */
    uint8_t reserved[4];
};

struct policy_table {
    char name[POLICY_NAME_BYTES]; /* "observe"; NUL-terminated */
    uint32_t rules;
    uint32_t ifaces; /* slots in use, 0..ifaces */
    uint32_t addrs;
    uint32_t resolvers;
    uint16_t enforced;      /* enum policy_topic bits that anything but allow can be said of */
    uint8_t hides;          /* 1: something is hidden */
    uint8_t hidden_unknown; /* enum policy_hidden bits of an interface that the table lacks */
    uint8_t fallback;       /* POLICY_ALLOW or POLICY_DENY where no rule matches */
    uint8_t dns_slot;       /* interface through which the resolvers of the system are asked, or
                               POLICY_SLOT_NONE */
    uint8_t reserved[2];
    int32_t fallback_refusal;
    uint32_t prefixes;
    struct netaddr resolver[POLICY_RESOLVERS_MAX]; /* of the system; a probe towards them is none */
    struct policy_rule rule[POLICY_RULES_MAX];
    struct policy_prefix prefix[POLICY_PREFIXES_MAX];
    struct policy_iface iface[POLICY_IFACES_MAX];
    struct policy_addr addr[POLICY_ADDRS_MAX];
};

struct policy_shared {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes;              /* of this struct */
    _Atomic uint32_t generation; /* table[generation & 1] is in force */
    _Atomic uint32_t source; /* moves when a source is left in the session's folder; launcher's */
    struct policy_table table[2];
};

/* What is being judged. Unknown fields are 0; a rule that asks about an unknown field does not
 * match, unless it asks only what the field is not. */
struct policy_subject {
    uint16_t topic;     /* one enum policy_topic */
    uint8_t transport;  /* one enum policy_transport */
    uint8_t family;     /* of the packet; from server where 0 */
    uint8_t stun_class; /* 0..3 */
    uint8_t proxied;    /* one enum policy_proxied, 0 unknown */
    uint16_t stun_method;
    uint32_t role;         /* one bit 1 << enum role, 0 unknown */
    uint32_t ifindex;      /* certain: the socket or message is pinned to it; 0 not certain */
    struct netaddr local;  /* the socket's own address, NETADDR_NONE or unspecified where none */
    struct netaddr server; /* with port */
};

struct policy_verdict {
    uint8_t action; /* enum policy_action */
    /* index, POLICY_RULE_DEFAULT or POLICY_RULE_DOUBT; of POLICY_PIN the one that refuses elsewhere
     */
    uint16_t rule;
    int32_t refusal;
    uint32_t ifindex; /* POLICY_PIN: bind the socket to it before the call is made */
    uint32_t generation;
};

/* Write a policy file's first contents: `observe` (no rules, allow). */
void policy_format(struct policy_shared *out);

/* Write one that refuses STUN, probes and mDNS and hides every interface but loopback, for a
 * process that can't reach its session's policy. */
void policy_format_closed(struct policy_shared *out);

/* Every field that judge relies on is in range. Async-signal-safe. */
bool policy_valid(const struct policy_shared *policy, size_t bytes);

/* Put table in force: fills the idle half, then moves the generation. One writer at a time. */
void policy_publish(struct policy_shared *policy, const struct policy_table *table);

/*
 * Judge one subject. Where the interface is not certain and the rules say different things of
 * different interfaces, the answer is POLICY_PIN to one that is allowed: the one that has the
 * socket's address; for a socket without one, the one on whose own network the server is, else the
 * default route's, else the first that has an address of the family. To a loopback address, an
 * address of this machine or one with a scope it is that interface, and certain. POLICY_DENY where
 * none is allowed, and POLICY_RULE_DOUBT where the table never stood still.
 *
 * Pure. Async-signal-safe, no loop without bound, whatever the table holds.
 */
struct policy_verdict policy_judge(const struct policy_shared *policy,
                                   const struct policy_subject *subject);

/* Topics that the policy in force may say anything but allow of; one load. 0: nothing is enforced.
 */
static inline unsigned policy_enforced(const struct policy_shared *policy)
{
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_relaxed);
    return policy->table[generation & 1].enforced;
}

/* Something is hidden. */
static inline bool policy_hides(const struct policy_shared *policy)
{
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_relaxed);
    return policy->table[generation & 1].hides != 0;
}

/* What of an interface is hidden, as enum policy_hidden bits; by index, or by name (at most
 * POLICY_IFNAME_BYTES - 1 bytes, ended by a NUL or by len). An alias "eth0:1" is its interface's.
 * Async-signal-safe. */
unsigned policy_hidden_index(const struct policy_shared *policy, uint32_t ifindex);
unsigned policy_hidden_name(const struct policy_shared *policy, const char *name, size_t len);

enum policy_known {
    POLICY_ADDR_FOREIGN, /* no address of this machine's, as far as the table knows */
    POLICY_ADDR_SHOWN,
    POLICY_ADDR_HIDDEN,
};
/* Ports don't matter. Async-signal-safe. */
enum policy_known policy_known_addr(const struct policy_shared *policy, const struct netaddr *addr);

/* addr may not come back in a STUN answer: it is hidden. Not where it is merely masked and
 * everybody on the internet sees it anyhow, that is, where it is public. Async-signal-safe. */
bool policy_hidden_answer(const struct policy_shared *policy, const struct netaddr *addr);

/*
 * What is shown instead of a masked address, the same on every machine: 192.0.0.8, the IPv4 dummy
 * address (RFC 7600), and 100:0:0:1::8, of the IPv6 dummy prefix (RFC 9780). Nobody has them and no
 * packet to them gets anywhere. Async-signal-safe.
 */
struct netaddr policy_decoy(uint8_t family);

/* A hidden address lies in this prefix. Async-signal-safe. */
bool policy_hidden_within(const struct policy_shared *policy, const struct netaddr *prefix,
                          unsigned bits);

/* An address of this family that is not hidden, of the default route's interface if there is one;
 * never loopback or link-local. Where there is none but a masked one: the decoy. false: neither.
 * Port 0. Async-signal-safe. */
bool policy_shown_addr(const struct policy_shared *policy, uint8_t family, struct netaddr *out);

/* addr is one of the system's resolvers. Async-signal-safe. */
bool policy_is_resolver(const struct policy_shared *policy, const struct netaddr *addr);

/* The same, but of one interface. Async-signal-safe. */
bool policy_iface_addr(const struct policy_shared *policy, uint32_t ifindex, uint8_t family,
                       struct netaddr *out);

/* The index of the interface with this name, as in policy_hidden_name(); 0 none. Async-signal-safe.
 */
uint32_t policy_iface_index(const struct policy_shared *policy, const char *name, size_t len);

/* The system's resolvers and the interface through which they are asked, 0 not known. Returns how
 * many. Async-signal-safe. */
unsigned policy_resolvers(const struct policy_shared *policy,
                          struct netaddr out[static POLICY_RESOLVERS_MAX], uint32_t *ifindex);

/* "allow", "deny", "hide", "pin"; static; "" out of range. */
const char *policy_action_name(unsigned action);

#endif
