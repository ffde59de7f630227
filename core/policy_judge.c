/* Judging by the compiled policy. Pure; linked into the preload library. */
#include "policy.h"

#include <errno.h>
#include <string.h>

enum {
    JUDGE_TRIES = 4,
    ERRNO_MAX = 4095,
};

static bool slots_have(const struct policy_slots *s, unsigned slot)
{
    return slot == POLICY_SLOT_UNKNOWN ? s->unknown : (s->bit[slot / 64] >> (slot % 64) & 1) != 0;
}

static bool slots_empty(const struct policy_slots *s)
{
    return (s->bit[0] | s->bit[1]) == 0 && !s->unknown;
}

/* The table's own numbers, which may be nonsense, made to fit. */
static uint32_t count_of(uint32_t count, uint32_t max)
{
    return count < max ? count : max;
}

static unsigned slot_of_index(const struct policy_table *t, uint32_t ifindex)
{
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    if (ifindex == 0)
        return POLICY_SLOT_UNKNOWN;
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].ifindex == ifindex)
            return i;
    return POLICY_SLOT_UNKNOWN;
}

/* One subject, and what was found about it. */
struct question {
    const struct policy_table *table;
    const struct policy_index *index;
    const struct policy_subject *subject;
    uint8_t family;              /* of the packet */
    struct policy_ruleset rules; /* that match, the interface aside */
};

/* POLICY_SLOT_UNKNOWN where there is none. */
static unsigned ifaces_first(struct policy_ifaces of)
{
    return of.bit[0] != 0   ? (unsigned)__builtin_ctzll(of.bit[0])
           : of.bit[1] != 0 ? 64 + (unsigned)__builtin_ctzll(of.bit[1])
                            : POLICY_SLOT_UNKNOWN;
}

static bool ifaces_have(struct policy_ifaces of, unsigned slot)
{
    uint64_t bits = slot < 64 ? of.bit[0] : of.bit[1];
    return slot < POLICY_IFACES_MAX && (bits >> (slot % 64) & 1) != 0;
}

/* The first interface that has the flag. */
static unsigned slot_with(const struct policy_table *t, enum policy_iface_flag flag)
{
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].flags & flag)
            return i;
    return POLICY_SLOT_UNKNOWN;
}

/* --- what the rules say of each interface ----------------------------------------------------- */

struct outcome {
    struct policy_slots allowed;
    bool denied;         /* for some interface */
    uint16_t allow_rule; /* the first that allows one */
    uint16_t deny_rule;  /* the first that denies one */
    int32_t refusal;     /* of deny_rule */
};

/* What the first rule that matches says. An action that does not exist stands in a rule that
 * somebody wrote: refuse rather than let through. */
static bool rule_allows(const struct policy_table *t, uint16_t rule, int32_t *refusal)
{
    bool is_rule = rule < POLICY_RULES_MAX;
    uint8_t action = is_rule ? t->rule[rule].action : t->fallback;
    int32_t given = is_rule ? t->rule[rule].refusal : t->fallback_refusal;

    *refusal =
        action == POLICY_DENY && given >= POLICY_REFUSE_BEST && given <= ERRNO_MAX ? given : EPERM;
    return action == POLICY_ALLOW;
}

/* Every field of the table and its index has an answer for every value: it may be changing, between
 * two looks at it too. */
static struct outcome judge_all(const struct question *q)
{
    const struct policy_index *index = q->index;
    uint32_t classes = count_of(index->classes, POLICY_SLOTS);
    struct outcome out = {.allow_rule = POLICY_RULE_DEFAULT, .deny_rule = POLICY_RULE_DEFAULT};

    for (uint32_t i = 0; i < classes; i++) {
        const struct policy_slots *slots = &index->class_slots[i];
        uint16_t rule = policy_index_first(index, &q->rules, i);
        int32_t refusal;
        if (rule_allows(q->table, rule, &refusal)) {
            out.allowed.bit[0] |= slots->bit[0];
            out.allowed.bit[1] |= slots->bit[1];
            out.allowed.unknown |= slots->unknown;
            if (rule < out.allow_rule)
                out.allow_rule = rule;
        } else if (!out.denied || rule < out.deny_rule) {
            out.denied = true;
            out.deny_rule = rule;
            out.refusal = refusal;
        }
    }
    return out;
}

/* --- which interface, where more than one may be ---------------------------------------------- */

/* It has an address of the family that is not link-local. */
static bool has_family(const struct policy_index *index, unsigned slot, uint8_t family)
{
    return ifaces_have(family == NETADDR_IPV6 ? index->with_inet6 : index->with_inet, slot);
}

static unsigned default_slot(const struct policy_table *t, uint8_t family)
{
    return slot_with(t, family == NETADDR_IPV6 ? POLICY_IFACE_DEFAULT_INET6
                                               : POLICY_IFACE_DEFAULT_INET);
}

/* The allowed interface on whose own network the server is: the longest prefix, as in a route. */
static unsigned on_link_slot(const struct policy_table *t, const struct policy_slots *allowed,
                             const struct netaddr *server)
{
    uint32_t count = count_of(t->addrs, POLICY_ADDRS_MAX);
    unsigned best = POLICY_SLOT_UNKNOWN;
    unsigned best_bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        unsigned slot = t->addr[i].slot;
        unsigned bits = t->addr[i].prefix_bits;
        if (slot < POLICY_IFACES_MAX && bits > best_bits && slots_have(allowed, slot) &&
            netaddr_in_prefix(server, &t->addr[i].addr, bits)) {
            best = slot;
            best_bits = bits;
        }
    }
    return best;
}

static unsigned choose(const struct question *q, const struct policy_slots *allowed)
{
    const struct policy_table *t = q->table;
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    unsigned slot = on_link_slot(t, allowed, &q->subject->server);
    if (slot != POLICY_SLOT_UNKNOWN)
        return slot;
    /* Without an address of its own the kernel would send with another interface's. */
    slot = default_slot(t, q->family);
    if (slot != POLICY_SLOT_UNKNOWN && slots_have(allowed, slot) &&
        has_family(q->index, slot, q->family))
        return slot;
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].ifindex != 0 && !(t->iface[i].flags & POLICY_IFACE_LOOPBACK) &&
            slots_have(allowed, i) && has_family(q->index, i, q->family))
            return i;
    return POLICY_SLOT_UNKNOWN;
}

static struct policy_verdict allow(uint16_t rule)
{
    return (struct policy_verdict){.action = POLICY_ALLOW, .rule = rule};
}

static struct policy_verdict deny(const struct outcome *out)
{
    return (struct policy_verdict){
        .action = POLICY_DENY, .rule = out->deny_rule, .refusal = out->refusal};
}

static struct policy_verdict verdict_of(const struct policy_table *t, uint16_t rule)
{
    int32_t refusal;

    if (rule_allows(t, rule, &refusal))
        return allow(rule);
    return (struct policy_verdict){.action = POLICY_DENY, .rule = rule, .refusal = refusal};
}

/* The interface is certain. */
static struct policy_verdict judge_at(const struct question *q, unsigned slot)
{
    return verdict_of(q->table, policy_index_first(q->index, &q->rules, q->index->class_of[slot]));
}

/* The interface that the server alone makes certain; false: it does not. */
static bool slot_of_server(const struct question *q, unsigned *slot)
{
    const struct netaddr *server = &q->subject->server;

    if (netaddr_is_loopback(server)) {
        *slot = slot_with(q->table, POLICY_IFACE_LOOPBACK);
        return true;
    }
    *slot = ifaces_first(policy_index_own(q->index, q->table, server));
    return *slot != POLICY_SLOT_UNKNOWN;
}

/* The interfaces that have the socket's own address. */
static struct policy_ifaces ifaces_of_local(const struct question *q)
{
    const struct netaddr *local = &q->subject->local;
    struct policy_ifaces have = policy_index_own(q->index, q->table, local);

    if (!netaddr_is_loopback(local) || ifaces_first(have) != POLICY_SLOT_UNKNOWN)
        return have;
    unsigned loopback = slot_with(q->table, POLICY_IFACE_LOOPBACK);
    if (loopback != POLICY_SLOT_UNKNOWN)
        have.bit[loopback / 64] |= UINT64_C(1) << (loopback % 64);
    return have;
}

/* Where a socket that has an address is to be pinned: to an allowed interface that has it.
 * POLICY_SLOT_UNKNOWN: none has it, and *elsewhere is one that does and is not allowed, if there is
 * one. */
static unsigned slot_of_local(const struct question *q, const struct policy_slots *allowed,
                              unsigned *elsewhere)
{
    struct policy_ifaces have = ifaces_of_local(q);

    *elsewhere = ifaces_first(have);
    for (int i = 0; i < POLICY_IFACES_MAX / 64; i++)
        have.bit[i] &= allowed->bit[i];
    return ifaces_first(have);
}

/* Nothing binds the socket to an interface. */
static struct policy_verdict judge_unbound(const struct question *q)
{
    const struct policy_subject *subject = q->subject;
    unsigned slot, elsewhere = POLICY_SLOT_UNKNOWN;

    if (slot_of_server(q, &slot))
        return judge_at(q, slot);
    struct outcome out = judge_all(q);
    if (slots_empty(&out.allowed))
        return deny(&out);
    if (!out.denied)
        return allow(out.allow_rule);

    if (netaddr_is_set(&subject->local))
        slot = slot_of_local(q, &out.allowed, &elsewhere);
    else
        slot = choose(q, &out.allowed);
    /* Say which rule it is that refuses for that interface. */
    if (slot == POLICY_SLOT_UNKNOWN && elsewhere != POLICY_SLOT_UNKNOWN)
        return judge_at(q, elsewhere);
    uint32_t ifindex = slot < POLICY_IFACES_MAX ? q->table->iface[slot].ifindex : 0;
    if (ifindex == 0)
        return deny(&out);
    struct policy_verdict verdict = judge_at(q, slot);
    if (verdict.action != POLICY_ALLOW)
        return verdict;
    verdict.action = POLICY_PIN;
    /* Pinned because of the rule that refuses elsewhere. */
    if (out.deny_rule != POLICY_RULE_DEFAULT)
        verdict.rule = out.deny_rule;
    verdict.ifindex = ifindex;
    return verdict;
}

/* A socket on the wildcard address, kept to an interface that has none (any more): the kernel sends
 * with another interface's, and which one is not known. */
static bool borrows_address(const struct question *q, unsigned slot)
{
    const struct policy_subject *subject = q->subject;
    unsigned of_server;

    return slot != POLICY_SLOT_UNKNOWN && subject->server.scope_id == 0 &&
           netaddr_is_set(&subject->server) && subject->local.family != NETADDR_NONE &&
           !netaddr_is_set(&subject->local) && !has_family(q->index, slot, q->family) &&
           !slot_of_server(q, &of_server);
}

/* The way is certain, through slot, and allowed; the packet's source address is told all the same:
 * POLICY_DENY where that is no allowed interface's. */
static struct policy_verdict judge_source(const struct question *q, unsigned slot,
                                          struct policy_verdict allowed)
{
    struct policy_ifaces have;
    unsigned other;

    if (slot_of_server(q, &other))
        return judge_at(q, other); /* it stays on this machine */
    have = ifaces_of_local(q);
    if (ifaces_have(have, slot))
        return allowed;
    while ((other = ifaces_first(have)) != POLICY_SLOT_UNKNOWN) {
        struct policy_verdict verdict = judge_at(q, other);
        if (verdict.action == POLICY_ALLOW)
            return verdict;
        have.bit[other / 64] &= have.bit[other / 64] - 1;
    }
    return judge_unbound(q);
}

/* The socket or the packet is kept to an interface. */
static struct policy_verdict judge_bound(const struct question *q, uint32_t ifindex)
{
    unsigned slot = slot_of_index(q->table, ifindex);
    struct policy_verdict verdict = judge_at(q, slot);

    if (verdict.action != POLICY_ALLOW)
        return verdict;
    if (netaddr_is_set(&q->subject->local)) {
        struct policy_verdict of_source = judge_source(q, slot, verdict);
        return of_source.action == POLICY_DENY ? of_source : verdict;
    }
    if (borrows_address(q, slot) && judge_all(q).denied)
        return (struct policy_verdict){
            .action = POLICY_DENY, .rule = POLICY_RULE_DOUBT, .refusal = POLICY_REFUSE_BEST};
    return verdict;
}

static struct policy_verdict judge_by(const struct policy_table *t,
                                      const struct policy_index *index,
                                      const struct policy_subject *subject)
{
    struct question q = {
        .table = t,
        .index = index,
        .subject = subject,
        .family = subject->family != 0 ? subject->family : subject->server.family,
        .rules = policy_index_match(index, subject),
    };
    /* A scope goes before the device that the socket is bound to. */
    uint32_t ifindex = subject->server.scope_id != 0 ? subject->server.scope_id : subject->ifindex;
    uint16_t first = policy_ruleset_first(&q.rules);

    if (policy_index_anywhere(index, first)) /* the same of every interface */
        return verdict_of(t, first);
    return ifindex != 0 ? judge_bound(&q, ifindex) : judge_unbound(&q);
}

/*
 * Ask the table in force, again where it was changed meanwhile. Afterwards `still` says whether one
 * answer came from a table that stood still; what a torn one says is in range, and nothing more.
 */
/* Names that it declares can't be in parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define CONSISTENTLY(policy, table, generation, still)                                             \
    for (uint32_t tries_ = JUDGE_TRIES,                                                            \
                  generation = atomic_load_explicit(&(policy)->generation, memory_order_acquire);  \
         tries_ > 0 && !(still); (still) = settled((policy), &generation), tries_--)               \
        for (const struct policy_table *table = &(policy)->table[generation & 1]; table;           \
             table = NULL)
/* NOLINTEND(bugprone-macro-parentheses) */

static bool settled(const struct policy_shared *policy, uint32_t *generation)
{
    atomic_thread_fence(memory_order_acquire);
    uint32_t now = atomic_load_explicit(&policy->generation, memory_order_acquire);
    bool same = now == *generation;
    *generation = now;
    return same;
}

struct policy_verdict policy_judge(const struct policy_shared *policy,
                                   const struct policy_subject *subject)
{
    struct policy_verdict verdict = {0};
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        verdict = judge_by(table, &policy->index[generation & 1], subject);
        verdict.generation = generation;
    }
    if (!still)
        verdict = (struct policy_verdict){.action = POLICY_DENY,
                                          .rule = POLICY_RULE_DOUBT,
                                          .refusal = POLICY_REFUSE_BEST,
                                          .generation = verdict.generation};
    return verdict;
}

/* --- hiding ----------------------------------------------------------------------------------- */

unsigned policy_hidden_index(const struct policy_shared *policy, uint32_t ifindex)
{
    unsigned hidden = 0;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        unsigned slot = slot_of_index(table, ifindex);
        hidden = slot == POLICY_SLOT_UNKNOWN ? table->hidden_unknown : table->iface[slot].hidden;
    }
    return still ? hidden : POLICY_HIDDEN_LINK;
}

static bool name_is(const char have[POLICY_IFNAME_BYTES], const char *name, size_t len)
{
    return len < POLICY_IFNAME_BYTES && memcmp(have, name, len) == 0 && have[len] == '\0';
}

unsigned policy_hidden_name(const struct policy_shared *policy, const char *name, size_t len)
{
    unsigned hidden = 0;
    bool still = false;
    size_t n = 0;
    while (n < len && name[n] != '\0' && name[n] != ':')
        n++;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->ifaces, POLICY_IFACES_MAX);
        hidden = table->hidden_unknown;
        for (uint32_t i = 0; i < count; i++)
            if (table->iface[i].ifindex != 0 && name_is(table->iface[i].name, name, n)) {
                hidden = table->iface[i].hidden;
                break;
            }
    }
    return still ? hidden : POLICY_HIDDEN_LINK;
}

enum policy_known policy_known_addr(const struct policy_shared *policy, const struct netaddr *addr)
{
    enum policy_known known = POLICY_ADDR_FOREIGN;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        /* One address may be on several interfaces: shown on one is shown. */
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        known = POLICY_ADDR_FOREIGN;
        for (uint32_t i = 0; i < count && known != POLICY_ADDR_SHOWN; i++)
            if (netaddr_same_ip(&table->addr[i].addr, addr))
                known = table->addr[i].hidden ? POLICY_ADDR_HIDDEN : POLICY_ADDR_SHOWN;
    }
    return still ? known : POLICY_ADDR_HIDDEN;
}

struct netaddr policy_decoy(uint8_t family)
{
    static const uint8_t inet[4] = {192, 0, 0, 8};
    static const uint8_t inet6[16] = {1, 0, 0, 0, 0, 0, 0, 1, [15] = 8};

    return family == NETADDR_IPV4 ? netaddr_from_bytes(inet, sizeof(inet), 0)
                                  : netaddr_from_bytes(inet6, sizeof(inet6), 0);
}

bool policy_hidden_answer(const struct policy_shared *policy, const struct netaddr *addr)
{
    enum netaddr_kind kind = netaddr_kind_of(addr);
    bool is_public = kind == NETADDR_KIND_PUBLIC || kind == NETADDR_KIND_GLOBAL_IPV6;
    bool hidden = false;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        bool told = false;
        hidden = false;
        for (uint32_t i = 0; i < count && !told; i++) {
            if (!netaddr_same_ip(&table->addr[i].addr, addr))
                continue;
            told = !table->addr[i].hidden || (table->addr[i].masked && is_public);
            hidden = !told;
        }
    }
    return !still || hidden;
}

bool policy_hidden_within(const struct policy_shared *policy, const struct netaddr *prefix,
                          unsigned bits)
{
    bool hidden = false;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        hidden = false;
        for (uint32_t i = 0; i < count && !hidden; i++)
            hidden = table->addr[i].hidden && netaddr_in_prefix(&table->addr[i].addr, prefix, bits);
    }
    return !still || hidden;
}

bool policy_shown_addr(const struct policy_shared *policy, uint8_t family, struct netaddr *out)
{
    struct netaddr best = {0};
    bool found = false;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        unsigned wanted = default_slot(table, family);
        bool of_default = false;
        bool masked = false;
        found = false;
        for (uint32_t i = 0; i < count && !of_default; i++) {
            const struct policy_addr *a = &table->addr[i];
            enum netaddr_kind kind = netaddr_kind_of(&a->addr);
            if (a->addr.family != family || kind == NETADDR_KIND_LOOPBACK ||
                kind == NETADDR_KIND_LINK_LOCAL)
                continue;
            masked |= a->masked != 0;
            if (a->hidden)
                continue;
            of_default = a->slot == wanted;
            if (!found || of_default)
                best = a->addr;
            found = true;
        }
        if (!found && masked) {
            best = policy_decoy(family);
            found = true;
        }
    }
    if (!still || !found)
        return false;
    *out = best;
    return true;
}

bool policy_is_resolver(const struct policy_shared *policy, const struct netaddr *addr)
{
    bool is = false;
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->resolvers, POLICY_RESOLVERS_MAX);
        is = false;
        for (uint32_t i = 0; i < count && !is; i++)
            is = netaddr_same_ip(&table->resolver[i], addr);
    }
    return still && is;
}

bool policy_iface_addr(const struct policy_shared *policy, uint32_t ifindex, uint8_t family,
                       struct netaddr *out)
{
    struct netaddr best = {0};
    bool still = false;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        unsigned slot = slot_of_index(table, ifindex);
        best = (struct netaddr){0};
        for (uint32_t i = 0; i < count && best.family == NETADDR_NONE; i++) {
            const struct policy_addr *a = &table->addr[i];
            if (a->slot == slot && a->addr.family == family && (!a->hidden || a->masked) &&
                netaddr_kind_of(&a->addr) != NETADDR_KIND_LINK_LOCAL)
                best = a->masked ? policy_decoy(family) : a->addr;
        }
    }
    if (!still || best.family == NETADDR_NONE)
        return false;
    *out = best;
    return true;
}

uint32_t policy_iface_index(const struct policy_shared *policy, const char *name, size_t len)
{
    uint32_t ifindex = 0;
    bool still = false;
    size_t n = 0;
    while (n < len && name[n] != '\0' && name[n] != ':')
        n++;
    CONSISTENTLY(policy, table, generation, still)
    {
        uint32_t count = count_of(table->ifaces, POLICY_IFACES_MAX);
        ifindex = 0;
        for (uint32_t i = 0; i < count && ifindex == 0; i++)
            if (name_is(table->iface[i].name, name, n))
                ifindex = table->iface[i].ifindex;
    }
    return still ? ifindex : 0;
}

unsigned policy_resolvers(const struct policy_shared *policy,
                          struct netaddr out[static POLICY_RESOLVERS_MAX], uint32_t *ifindex)
{
    uint32_t count = 0;
    bool still = false;
    *ifindex = 0;
    CONSISTENTLY(policy, table, generation, still)
    {
        unsigned slot = table->dns_slot;
        count = count_of(table->resolvers, POLICY_RESOLVERS_MAX);
        for (uint32_t i = 0; i < count; i++)
            out[i] = table->resolver[i];
        *ifindex =
            slot < count_of(table->ifaces, POLICY_IFACES_MAX) ? table->iface[slot].ifindex : 0;
    }
    if (!still)
        *ifindex = 0;
    return still ? count : 0;
}
