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

/* The entry of an address of this machine's; NULL for others. */
static const struct policy_addr *addr_entry(const struct policy_table *t,
                                            const struct netaddr *addr)
{
    uint32_t count = count_of(t->addrs, POLICY_ADDRS_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (netaddr_same_ip(&t->addr[i].addr, addr) && t->addr[i].slot < POLICY_IFACES_MAX)
            return &t->addr[i];
    return NULL;
}

static unsigned slot_of_loopback(const struct policy_table *t)
{
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].flags & POLICY_IFACE_LOOPBACK)
            return i;
    return SLOT_UNKNOWN;
}

/* --- does a rule match, the interface aside ----------------------------------------------------
 */

static bool server_matches(const struct policy_rule *rule, const struct policy_subject *subject)
{
    if (rule->server.family == NETADDR_NONE)
        return true;
    return netaddr_in_prefix(&subject->server, &rule->server, rule->prefix_bits) !=
           (rule->server_not != 0);
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

static bool rule_matches(const struct policy_rule *rule, const struct policy_subject *subject)
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
           server_matches(rule, subject);
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

/* Every field of the table is read once and has an answer for every value: it may be changing. */
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
        struct policy_rule rule;
        memcpy(&rule, &table->rule[i], sizeof(rule));
        if (!rule_matches(&rule, subject))
            continue;
        struct slots of_rule = rule_slots(&rule);
        if (take(&open, &of_rule, &hit))
            settle(&out, &hit, rule.action, (uint16_t)i, rule.refusal, &denied);
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
    unsigned flag = family == NETADDR_IPV6 ? POLICY_IFACE_DEFAULT_INET6 : POLICY_IFACE_DEFAULT_INET;
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    for (unsigned i = 0; i < count; i++)
        if (t->iface[i].flags & flag)
            return i;
    return SLOT_UNKNOWN;
}

static unsigned choose(const struct policy_table *t, const struct slots *allowed, uint8_t family)
{
    unsigned slot = default_slot(t, family);
    uint32_t count = count_of(t->ifaces, POLICY_IFACES_MAX);
    if (slot != SLOT_UNKNOWN && slots_have(allowed, slot))
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

static struct policy_verdict judge_by(const struct policy_table *t,
                                      const struct policy_subject *subject)
{
    uint8_t family = subject->family != 0 ? subject->family : subject->server.family;
    const struct policy_addr *own = addr_entry(t, &subject->server);

    if (subject->ifindex != 0)
        return judge_at(t, subject, slot_of_index(t, subject->ifindex));
    if (netaddr_kind_of(&subject->server) == NETADDR_KIND_LOOPBACK)
        return judge_at(t, subject, slot_of_loopback(t));
    if (own)
        return judge_at(t, subject, own->slot);

    struct slots all = all_slots(t);
    struct outcome out = judge_slots(t, subject, all);
    if (slots_empty(&out.allowed))
        return deny(&out);
    if (same_slots(&out.allowed, &all))
        return allow(out.allow_rule);

    unsigned slot;
    if (is_set(&subject->local)) {
        const struct policy_addr *local = addr_entry(t, &subject->local);
        slot = local ? local->slot : SLOT_UNKNOWN;
        if (!slots_have(&out.allowed, slot))
            return judge_at(t, subject, slot);
    } else {
        slot = choose(t, &out.allowed, family);
    }
    if (slot == SLOT_UNKNOWN || t->iface[slot].ifindex == 0)
        return deny(&out);
    struct policy_verdict verdict = judge_at(t, subject, slot);
    if (verdict.action != POLICY_ALLOW)
        return verdict;
    verdict.action = POLICY_PIN;
    verdict.ifindex = t->iface[slot].ifindex;
    return verdict;
}

/* Ask the table in force, again where it was changed meanwhile. */
#define CONSISTENTLY(policy, table, generation)                                                    \
    for (uint32_t tries_ = JUDGE_TRIES,                                                            \
                  generation = atomic_load_explicit(&(policy)->generation, memory_order_acquire);  \
         tries_ > 0; tries_ = settled((policy), &generation) ? 0 : tries_ - 1)                     \
        for (const struct policy_table *table = &(policy)->table[generation & 1]; table;           \
             table = NULL)

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
    struct policy_verdict verdict = {.action = POLICY_DENY, .rule = POLICY_RULE_DOUBT};
    CONSISTENTLY(policy, table, generation)
    {
        verdict = judge_by(table, subject);
        verdict.generation = generation;
    }
    return verdict;
}

/* --- hiding ----------------------------------------------------------------------------------- */

unsigned policy_hidden_index(const struct policy_shared *policy, uint32_t ifindex)
{
    unsigned hidden = 0;
    CONSISTENTLY(policy, table, generation)
    {
        unsigned slot = slot_of_index(table, ifindex);
        hidden = slot == SLOT_UNKNOWN ? table->hidden_unknown : table->iface[slot].hidden;
    }
    return hidden;
}

static bool name_is(const char have[POLICY_IFNAME_BYTES], const char *name, size_t len)
{
    return len < POLICY_IFNAME_BYTES && memcmp(have, name, len) == 0 && have[len] == '\0';
}

unsigned policy_hidden_name(const struct policy_shared *policy, const char *name, size_t len)
{
    unsigned hidden = 0;
    size_t n = 0;
    while (n < len && name[n] != '\0' && name[n] != ':')
        n++;
    CONSISTENTLY(policy, table, generation)
    {
        uint32_t count = count_of(table->ifaces, POLICY_IFACES_MAX);
        hidden = table->hidden_unknown;
        for (uint32_t i = 0; i < count; i++)
            if (table->iface[i].ifindex != 0 && name_is(table->iface[i].name, name, n)) {
                hidden = table->iface[i].hidden;
                break;
            }
    }
    return hidden;
}

enum policy_known policy_known_addr(const struct policy_shared *policy, const struct netaddr *addr)
{
    enum policy_known known = POLICY_ADDR_FOREIGN;
    CONSISTENTLY(policy, table, generation)
    {
        /* One address may be on several interfaces: shown on one is shown. */
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        known = POLICY_ADDR_FOREIGN;
        for (uint32_t i = 0; i < count && known != POLICY_ADDR_SHOWN; i++)
            if (netaddr_same_ip(&table->addr[i].addr, addr))
                known = table->addr[i].hidden ? POLICY_ADDR_HIDDEN : POLICY_ADDR_SHOWN;
    }
    return known;
}

bool policy_shown_addr(const struct policy_shared *policy, uint8_t family, struct netaddr *out)
{
    struct netaddr best = {0};
    bool found = false;
    CONSISTENTLY(policy, table, generation)
    {
        uint32_t count = count_of(table->addrs, POLICY_ADDRS_MAX);
        unsigned wanted = default_slot(table, family);
        bool of_default = false;
        found = false;
        for (uint32_t i = 0; i < count && !of_default; i++) {
            const struct policy_addr *a = &table->addr[i];
            enum netaddr_kind kind = netaddr_kind_of(&a->addr);
            if (a->addr.family != family || a->hidden || kind == NETADDR_KIND_LOOPBACK ||
                kind == NETADDR_KIND_LINK_LOCAL)
                continue;
            of_default = a->slot == wanted;
            if (!found || of_default)
                best = a->addr;
            found = true;
        }
    }
    if (found)
        *out = best;
    return found;
}

bool policy_is_resolver(const struct policy_shared *policy, const struct netaddr *addr)
{
    bool is = false;
    CONSISTENTLY(policy, table, generation)
    {
        uint32_t count = count_of(table->resolvers, POLICY_RESOLVERS_MAX);
        is = false;
        for (uint32_t i = 0; i < count && !is; i++)
            is = netaddr_same_ip(&table->resolver[i], addr);
    }
    return is;
}
