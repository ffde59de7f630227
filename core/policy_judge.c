/* Judging by the compiled policy. Pure; linked into the preload library. */
#include "policy.h"

#include <errno.h>
#include <string.h>

enum {
    JUDGE_TRIES = 4,
    ERRNO_MAX = 4095,
    SLOT_UNKNOWN = POLICY_IFACES_MAX, /* an interface that the table lacks, or none at all */
    SLOTS = POLICY_IFACES_MAX + 1,
};

/* Slots, and one more bit for SLOT_UNKNOWN. */
struct slots {
    uint64_t bit[POLICY_IFACES_MAX / 64];
    bool unknown;
};

static bool slots_have(const struct slots *s, unsigned slot)
{
    return slot == SLOT_UNKNOWN ? s->unknown : (s->bit[slot / 64] >> (slot % 64) & 1) != 0;
}

static bool slots_empty(const struct slots *s)
{
    return (s->bit[0] | s->bit[1]) == 0 && !s->unknown;
}

static struct slots slots_only(unsigned slot)
{
    struct slots s = {0};
    if (slot == SLOT_UNKNOWN)
        s.unknown = true;
    else
        s.bit[slot / 64] = UINT64_C(1) << (slot % 64);
    return s;
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
        return SLOT_UNKNOWN;
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].ifindex == ifindex)
            return i;
    return SLOT_UNKNOWN;
}

static bool is_set(const struct netaddr *addr)
{
    return addr->family != NETADDR_NONE && netaddr_kind_of(addr) != NETADDR_KIND_UNSPECIFIED;
}

/* The slots of the interfaces that have this address; more than one may. None: it is no address of
 * this machine's, as far as the table knows. */
static struct slots slots_of_addr(const struct policy_table *t, const struct netaddr *addr)
{
    uint32_t count = count_of(t->addrs, POLICY_ADDRS_MAX);
    struct slots s = {0};
    for (uint32_t i = 0; i < count; i++) {
        unsigned slot = t->addr[i].slot;
        if (slot < POLICY_IFACES_MAX && netaddr_same_ip(&t->addr[i].addr, addr))
            s.bit[slot / 64] |= UINT64_C(1) << (slot % 64);
    }
    return s;
}

/* SLOT_UNKNOWN where there is none. */
static unsigned slots_first(const struct slots *s)
{
    for (unsigned i = 0; i < POLICY_IFACES_MAX; i++)
        if (slots_have(s, i))
            return i;
    return SLOT_UNKNOWN;
}

/* The first interface that has the flag. */
static unsigned slot_with(const struct policy_table *t, enum policy_iface_flag flag)
{
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].flags & flag)
            return i;
    return SLOT_UNKNOWN;
}

/* --- does a rule match, the interface aside ----------------------------------------------------
 */

static bool server_matches(const struct policy_table *t, const struct policy_rule *rule,
                           const struct policy_subject *subject)
{
    bool wanted = false;
    bool found = false;

    if (!rule->server_given)
        return true;
    for (unsigned i = rule->prefix_first, n = rule->prefixes; n > 0 && i < POLICY_PREFIXES_MAX;
         i++, n--) {
        const struct policy_prefix *prefix = &t->prefix[i];
        bool in = netaddr_in_prefix(&subject->server, &prefix->addr, prefix->bits);
        if (prefix->is_not && in)
            return false;
        wanted |= !prefix->is_not;
        found |= !prefix->is_not && in;
    }
    return rule->prefixes > 0 && (found || !wanted);
}

static bool port_matches(const struct policy_rule *rule, const struct policy_subject *subject)
{
    uint16_t port = subject->server.port;

    if (rule->port_min == 0 && rule->port_max == 0)
        return true;
    return port != 0 && port >= rule->port_min && port <= rule->port_max;
}

/* Class and method are known of STUN messages alone; method 0 is reserved (RFC 8489 section 18.2)
 * and stands for unknown. */
static bool message_matches(const struct policy_rule *rule, const struct policy_subject *subject)
{
    bool any_method = rule->method == 0 || rule->method == POLICY_ANY_METHOD;

    if (rule->classes == 0 && any_method)
        return true;
    if (subject->topic != POLICY_STUN)
        return false;
    if (rule->classes != 0 &&
        (subject->stun_class > 3 || (rule->classes >> subject->stun_class & 1) == 0))
        return false;
    return any_method || rule->method == subject->stun_method;
}

static bool rule_matches(const struct policy_table *t, const struct policy_rule *rule,
                         const struct policy_subject *subject)
{
    uint8_t family = subject->family != 0 ? subject->family : subject->server.family;

    if (rule->topics != 0 && (rule->topics & subject->topic) == 0)
        return false;
    if (rule->transports != 0 && (rule->transports & subject->transport) == 0)
        return false;
    if (rule->family != 0 && rule->family != family)
        return false;
    if (rule->proxied != 0 && (rule->proxied & subject->proxied) == 0)
        return false;
    if (rule->roles != 0 && (rule->roles & subject->role) == 0)
        return false;
    return message_matches(rule, subject) && port_matches(rule, subject) &&
           server_matches(t, rule, subject);
}

static struct slots rule_slots(const struct policy_rule *rule)
{
    if (!rule->iface_given)
        return (struct slots){{UINT64_MAX, UINT64_MAX}, true};
    if (rule->iface_not)
        return (struct slots){{~rule->ifaces.bit[0], ~rule->ifaces.bit[1]}, true};
    return (struct slots){{rule->ifaces.bit[0], rule->ifaces.bit[1]}, false};
}

/* --- what the rules say of each interface ----------------------------------------------------- */

struct outcome {
    struct slots allowed; /* of those that were asked about */
    uint16_t allow_rule;  /* that allowed the first of them */
    uint16_t deny_rule;   /* that denied the first of the others */
    int32_t refusal;
};

static bool take(struct slots *from, const struct slots *what, struct slots *out)
{
    for (int i = 0; i < 2; i++) {
        out->bit[i] = from->bit[i] & what->bit[i];
        from->bit[i] &= ~what->bit[i];
    }
    out->unknown = from->unknown && what->unknown;
    from->unknown = from->unknown && !what->unknown;
    return !slots_empty(out);
}

/* An action that does not exist stands in a rule that somebody wrote: refuse rather than let
 * through. */
static void settle(struct outcome *out, const struct slots *hit, uint8_t action, uint16_t rule,
                   int32_t refusal, bool *denied)
{
    if (action == POLICY_ALLOW) {
        if (slots_empty(&out->allowed))
            out->allow_rule = rule;
        out->allowed.bit[0] |= hit->bit[0];
        out->allowed.bit[1] |= hit->bit[1];
        out->allowed.unknown |= hit->unknown;
    } else if (!*denied) {
        *denied = true;
        out->deny_rule = rule;
        out->refusal =
            action == POLICY_DENY && refusal >= POLICY_REFUSE_BEST && refusal <= ERRNO_MAX ? refusal
                                                                                           : EPERM;
    }
}

/* Every field of the table has an answer for every value: it may be changing, between two looks at
 * it too. */
static struct outcome judge_slots(const struct policy_table *table,
                                  const struct policy_subject *subject, struct slots open)
{
    struct outcome out = {.allow_rule = POLICY_RULE_DEFAULT, .deny_rule = POLICY_RULE_DEFAULT};
    uint32_t rules = count_of(table->rules, POLICY_RULES_MAX);
    struct slots hit;
    bool denied = false;

    for (uint32_t i = 0; i < rules && !slots_empty(&open); i++) {
        uint16_t topics = table->rule[i].topics;
        if (topics != 0 && (topics & subject->topic) == 0)
            continue;
        const struct policy_rule *rule = &table->rule[i];
        if (!rule_matches(table, rule, subject))
            continue;
        struct slots of_rule = rule_slots(rule);
        if (take(&open, &of_rule, &hit))
            settle(&out, &hit, rule->action, (uint16_t)i, rule->refusal, &denied);
    }
    if (!slots_empty(&open))
        settle(&out, &open, table->fallback, POLICY_RULE_DEFAULT, table->fallback_refusal, &denied);
    return out;
}

/* --- which interface, where more than one may be ---------------------------------------------- */

static bool has_family(const struct policy_table *t, unsigned slot, uint8_t family)
{
    uint32_t count = count_of(t->addrs, POLICY_ADDRS_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (t->addr[i].slot == slot && t->addr[i].addr.family == family &&
            netaddr_kind_of(&t->addr[i].addr) != NETADDR_KIND_LINK_LOCAL)
            return true;
    return false;
}

static unsigned default_slot(const struct policy_table *t, uint8_t family)
{
    return slot_with(t, family == NETADDR_IPV6 ? POLICY_IFACE_DEFAULT_INET6
                                               : POLICY_IFACE_DEFAULT_INET);
}

/* The allowed interface on whose own network the server is: the longest prefix, as in a route. */
static unsigned on_link_slot(const struct policy_table *t, const struct slots *allowed,
                             const struct netaddr *server)
{
    uint32_t count = count_of(t->addrs, POLICY_ADDRS_MAX);
    unsigned best = SLOT_UNKNOWN;
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

static unsigned choose(const struct policy_table *t, const struct slots *allowed, uint8_t family,
                       const struct netaddr *server)
{
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    unsigned slot = on_link_slot(t, allowed, server);
    if (slot != SLOT_UNKNOWN)
        return slot;
    /* Without an address of its own the kernel would send with another interface's. */
    slot = default_slot(t, family);
    if (slot != SLOT_UNKNOWN && slots_have(allowed, slot) && has_family(t, slot, family))
        return slot;
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].ifindex != 0 && !(t->iface[i].flags & POLICY_IFACE_LOOPBACK) &&
            slots_have(allowed, i) && has_family(t, i, family))
            return i;
    return SLOT_UNKNOWN;
}

/* All interfaces that there are, and those that the table lacks. */
static struct slots all_slots(const struct policy_table *t)
{
    struct slots s = {.unknown = true};
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    for (unsigned i = 0; i < count; i++)
        s.bit[i / 64] |= UINT64_C(1) << (i % 64);
    return s;
}

static bool same_slots(const struct slots *a, const struct slots *b)
{
    return a->bit[0] == b->bit[0] && a->bit[1] == b->bit[1] && a->unknown == b->unknown;
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

/* The interface is certain. */
static struct policy_verdict judge_at(const struct policy_table *t,
                                      const struct policy_subject *subject, unsigned slot)
{
    struct outcome out = judge_slots(t, subject, slots_only(slot));
    return slots_empty(&out.allowed) ? deny(&out) : allow(out.allow_rule);
}

/* The interface that nothing but the subject's own fields makes certain; false: it is not. */
static bool certain_slot(const struct policy_table *t, const struct policy_subject *subject,
                         unsigned *slot)
{
    /* A scope goes before the device that the socket is bound to. */
    uint32_t ifindex = subject->server.scope_id != 0 ? subject->server.scope_id : subject->ifindex;

    if (ifindex != 0) {
        *slot = slot_of_index(t, ifindex);
        return true;
    }
    if (netaddr_kind_of(&subject->server) == NETADDR_KIND_LOOPBACK) {
        *slot = slot_with(t, POLICY_IFACE_LOOPBACK);
        return true;
    }
    if (!is_set(&subject->server))
        return false;
    struct slots own = slots_of_addr(t, &subject->server);
    *slot = slots_first(&own);
    return *slot != SLOT_UNKNOWN;
}

/* Where a socket that has an address is to be pinned: to an allowed interface that has it.
 * SLOT_UNKNOWN: none has it, and *elsewhere is one that does and is not allowed, if there is one.
 */
static unsigned slot_of_local(const struct policy_table *t, const struct netaddr *local,
                              const struct slots *allowed, unsigned *elsewhere)
{
    struct slots have = slots_of_addr(t, local);
    if (slots_empty(&have) && netaddr_kind_of(local) == NETADDR_KIND_LOOPBACK &&
        slot_with(t, POLICY_IFACE_LOOPBACK) != SLOT_UNKNOWN)
        have = slots_only(slot_with(t, POLICY_IFACE_LOOPBACK));
    *elsewhere = slots_first(&have);
    for (int i = 0; i < POLICY_IFACES_MAX / 64; i++)
        have.bit[i] &= allowed->bit[i];
    return slots_first(&have);
}

/* A socket on the wildcard address, kept to an interface that has none (any more): the kernel sends
 * with another interface's. */
static bool borrows_address(const struct policy_table *t, const struct policy_subject *subject,
                            unsigned slot, uint8_t family)
{
    struct slots own = slots_of_addr(t, &subject->server);

    return slot != SLOT_UNKNOWN && subject->ifindex != 0 && subject->server.scope_id == 0 &&
           is_set(&subject->server) &&
           netaddr_kind_of(&subject->local) == NETADDR_KIND_UNSPECIFIED && slots_empty(&own) &&
           netaddr_kind_of(&subject->server) != NETADDR_KIND_LOOPBACK &&
           !has_family(t, slot, family);
}

static struct policy_verdict judge_by(const struct policy_table *t,
                                      const struct policy_subject *subject)
{
    uint8_t family = subject->family != 0 ? subject->family : subject->server.family;
    unsigned slot = SLOT_UNKNOWN;

    bool certain = certain_slot(t, subject, &slot);
    struct policy_verdict at_slot = {0};
    if (certain) {
        at_slot = judge_at(t, subject, slot);
        if (at_slot.action != POLICY_ALLOW || !borrows_address(t, subject, slot, family))
            return at_slot;
    }

    struct slots all = all_slots(t);
    struct outcome out = judge_slots(t, subject, all);
    if (certain)
        return same_slots(&out.allowed, &all)
                   ? at_slot
                   : (struct policy_verdict){.action = POLICY_DENY,
                                             .rule = POLICY_RULE_DOUBT,
                                             .refusal = POLICY_REFUSE_BEST};
    if (slots_empty(&out.allowed))
        return deny(&out);
    if (same_slots(&out.allowed, &all))
        return allow(out.allow_rule);

    if (is_set(&subject->local)) {
        unsigned elsewhere;
        slot = slot_of_local(t, &subject->local, &out.allowed, &elsewhere);
        /* Say which rule it is that refuses for that interface. */
        if (slot == SLOT_UNKNOWN && elsewhere != SLOT_UNKNOWN)
            return judge_at(t, subject, elsewhere);
    } else {
        slot = choose(t, &out.allowed, family, &subject->server);
    }
    uint32_t ifindex = slot < POLICY_IFACES_MAX ? t->iface[slot].ifindex : 0;
    if (ifindex == 0)
        return deny(&out);
    struct policy_verdict verdict = judge_at(t, subject, slot);
    if (verdict.action != POLICY_ALLOW)
        return verdict;
    verdict.action = POLICY_PIN;
    /* Pinned because of the rule that refuses elsewhere. */
    if (out.deny_rule != POLICY_RULE_DEFAULT)
        verdict.rule = out.deny_rule;
    verdict.ifindex = ifindex;
    return verdict;
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
        verdict = judge_by(table, subject);
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
        hidden = slot == SLOT_UNKNOWN ? table->hidden_unknown : table->iface[slot].hidden;
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
