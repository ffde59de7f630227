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

#include "policy_index.h"

enum { POLICY_VERSION = 3 };

#define POLICY_MAGIC UINT64_C(0x796369634d434852)

struct policy_shared {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes;              /* of this struct */
    _Atomic uint32_t generation; /* table[generation & 1] is in force */
    _Atomic uint32_t source; /* moves when a source is left in the session's folder; launcher's */
    struct policy_table table[2];
    struct policy_index index[2];
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
 * address of this machine or one with a scope it is that interface, and certain. Where it is, the
 * socket's own address must be an allowed interface's too. POLICY_DENY where none is allowed, and
 * POLICY_RULE_DOUBT where the table never stood still.
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
