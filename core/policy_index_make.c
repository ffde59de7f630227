/* Making the index over a policy's rules. Linked into the preload library, for the policy of a
 * process that can't reach its session. */
#include "policy_index_private.h"

#include <string.h>

enum { WORD_BITS = 64 };

static uint64_t bit_of(uint32_t rule)
{
    return UINT64_C(1) << (rule % WORD_BITS);
}

/* --- fields with few values ------------------------------------------------------------------- */

/* A rule that wants one of these bits, or with 0 anything. */
static void put_bits(uint64_t *sets, unsigned bits, uint32_t wanted, uint64_t rule)
{
    for (unsigned i = 0; i < bits; i++)
        if (wanted == 0 || (wanted >> i & 1) != 0)
            sets[i] |= rule;
    if (wanted == 0)
        sets[bits] |= rule;
}

static void put_fields(const struct policy_rule *rule, uint64_t bit, struct policy_fields *out)
{
    put_bits(out->topic, POLICY_INDEX_TOPICS, rule->topics, bit);
    put_bits(out->transport, POLICY_INDEX_TRANSPORTS, rule->transports, bit);
    put_bits(out->proxied, POLICY_INDEX_PROXIED, rule->proxied, bit);
    put_bits(out->role, POLICY_INDEX_ROLES, rule->roles, bit);
    put_bits(out->message_class, POLICY_INDEX_CLASSES, rule->classes, bit);
    for (unsigned f = 0; f < 3; f++)
        if (rule->family == 0 || place_of_family(rule->family) == f)
            out->family[f] |= bit;
    if (!rule->iface_given)
        out->anywhere |= bit;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The values that a rule wants; none given: all, also what is not known. */
struct stretch {
    bool given;
    uint16_t min, max; /* not 0, which stands for not known */
};

static struct stretch method_of(const struct policy_rule *rule)
{
    bool given = rule->method != POLICY_METHOD_NONE && rule->method != POLICY_ANY_METHOD;
    return (struct stretch){given, rule->method, rule->method};
}

static struct stretch port_of(const struct policy_rule *rule)
{
    bool given = rule->port_min != 0 || rule->port_max != 0;
    return (struct stretch){given, rule->port_min ? rule->port_min : 1, rule->port_max};
}

static void add_cut(struct policy_cuts *cuts, uint16_t from)
{
    unsigned at = cuts->count;

    while (cuts->from[at - 1] > from)
        at--;
    if (cuts->from[at - 1] == from)
        return;
    memmove(&cuts->from[at + 1], &cuts->from[at], (cuts->count - at) * sizeof cuts->from[0]);
    cuts->from[at] = from;
    cuts->count++;
}

static void put_cuts(const struct policy_table *table, uint32_t rules,
                     struct stretch of(const struct policy_rule *), struct policy_cuts *out)
{
    out->count = 1;
    out->from[0] = 0;
    for (uint32_t i = 0; i < rules; i++) {
        struct stretch s = of(&table->rule[i]);
        if (!s.given)
            continue;
        add_cut(out, s.min);
        if (s.max < UINT16_MAX)
            add_cut(out, (uint16_t)(s.max + 1));
    }
    for (uint32_t i = 0; i < rules; i++) {
        struct stretch s = of(&table->rule[i]);
        for (unsigned k = 0; k < out->count; k++)
            if (!s.given || (out->from[k] >= s.min && out->from[k] <= s.max))
                out->rules[i / WORD_BITS][k] |= bit_of(i);
    }
}

/* --- servers ---------------------------------------------------------------------------------- */

static void add_server(struct policy_servers *servers, unsigned first, struct number n)
{
    unsigned at = servers->count;

    while (at > first && !below(servers->high[at - 1], servers->low[at - 1], n))
        at--;
    if (at < servers->count && servers->high[at] == n.high && servers->low[at] == n.low)
        return;
    size_t bytes = (servers->count - at) * sizeof servers->high[0];
    memmove(&servers->high[at + 1], &servers->high[at], bytes);
    memmove(&servers->low[at + 1], &servers->low[at], bytes);
    servers->high[at] = n.high;
    servers->low[at] = n.low;
    servers->count++;
}

/* The first number of a prefix, and the first one after it; false: it goes to the end. */
static bool borders(const struct policy_prefix *prefix, struct number *first, struct number *after)
{
    struct number n = number_of(&prefix->addr);
    unsigned bits = prefix->bits;
    uint64_t high_step = bits > 0 && bits <= 64 ? UINT64_C(1) << (64 - bits) : 0;
    uint64_t low_step = bits > 64 ? UINT64_C(1) << (128 - bits) : 0;

    if (bits <= 64) {
        n.high &= bits == 0 ? 0 : ~(high_step - 1);
        n.low = 0;
    } else {
        n.low &= ~(low_step - 1);
    }
    *first = n;
    after->low = n.low + low_step;
    after->high = n.high + high_step + (bits > 64 && after->low == 0);
    return bits > 0 && below(n.high, n.low, *after);
}

static void add_servers(const struct policy_table *table, uint32_t prefixes, uint8_t family,
                        struct policy_servers *out)
{
    unsigned first_place = out->count;
    struct number first, after;

    add_server(out, first_place, (struct number){0, 0});
    for (uint32_t i = 0; i < prefixes; i++) {
        if (table->prefix[i].addr.family != family || table->prefix[i].bits > 128)
            continue;
        bool ends = borders(&table->prefix[i], &first, &after);
        add_server(out, first_place, first);
        if (ends)
            add_server(out, first_place, after);
    }
}

static bool server_matches(const struct policy_table *t, const struct policy_rule *rule,
                           const struct netaddr *server)
{
    bool wanted = false;
    bool found = false;

    if (!rule->server_given)
        return true;
    for (unsigned i = rule->prefix_first, n = rule->prefixes; n > 0 && i < POLICY_PREFIXES_MAX;
         i++, n--) {
        const struct policy_prefix *prefix = &t->prefix[i];
        bool in = netaddr_in_prefix(server, &prefix->addr, prefix->bits);
        if (prefix->is_not && in)
            return false;
        wanted |= !prefix->is_not;
        found |= !prefix->is_not && in;
    }
    return rule->prefixes > 0 && (found || !wanted);
}

static struct netaddr address_at(const struct policy_servers *servers, unsigned place)
{
    uint8_t ip[16];

    put_be64(ip, servers->high[place]);
    put_be64(ip + 8, servers->low[place]);
    if (place == 0)
        return (struct netaddr){.family = NETADDR_NONE};
    return netaddr_from_bytes(ip, place < servers->inet6 ? 4 : 16, 0);
}

/* The rules that a line of a policy was multiplied out to stand together and share their servers.
 */
static bool same_servers(const struct policy_rule *a, const struct policy_rule *b)
{
    return a->server_given == b->server_given && a->prefix_first == b->prefix_first &&
           a->prefixes == b->prefixes;
}

static void put_servers(const struct policy_table *table, uint32_t rules,
                        struct policy_servers *out)
{
    uint32_t prefixes = 0;

    for (uint32_t i = 0; i < rules; i++) {
        uint32_t end = (uint32_t)table->rule[i].prefix_first + table->rule[i].prefixes;
        if (end > prefixes)
            prefixes = at_most(end, POLICY_PREFIXES_MAX);
    }
    out->count = 1;
    add_servers(table, prefixes, NETADDR_IPV4, out);
    out->inet6 = out->count;
    add_servers(table, prefixes, NETADDR_IPV6, out);
    for (unsigned place = 0; place < out->count; place++) {
        struct netaddr addr = address_at(out, place);
        bool matches = false;
        for (uint32_t i = 0; i < rules; i++) {
            if (i == 0 || !same_servers(&table->rule[i - 1], &table->rule[i]))
                matches = server_matches(table, &table->rule[i], &addr);
            if (matches)
                out->rules[i / WORD_BITS][place] |= bit_of(i);
        }
    }
}

/* --- interfaces and addresses ----------------------------------------------------------------- */

static bool rule_wants_slot(const struct policy_rule *rule, unsigned slot)
{
    if (!rule->iface_given)
        return true;
    if (slot == POLICY_SLOT_UNKNOWN)
        return rule->iface_not;
    return (rule->ifaces.bit[slot / 64] >> (slot % 64) & 1) != rule->iface_not;
}

static bool is_class(const struct policy_index *index, unsigned class,
                     const struct policy_ruleset *set)
{
    for (unsigned w = 0; w < POLICY_RULE_WORDS; w++)
        if (index->class_rules[w][class] != set->bit[w])
            return false;
    return true;
}

/* Returns how many classes there are now. */
static unsigned put_slot(const struct policy_table *table, uint32_t rules, unsigned slot,
                         unsigned classes, struct policy_index *out)
{
    struct policy_ruleset set = {0};
    unsigned class = 0;

    for (uint32_t i = 0; i < rules; i++)
        if (rule_wants_slot(&table->rule[i], slot))
            set.bit[i / WORD_BITS] |= bit_of(i);
    while (class < classes && !is_class(out, class, &set))
        class ++;
    for (unsigned w = 0; w < POLICY_RULE_WORDS; w++)
        out->class_rules[w][class] = set.bit[w];
    out->class_of[slot] = (uint8_t) class;
    return class < classes ? classes : classes + 1;
}

/* Classes without an interface come last. */
static void put_slots(const struct policy_table *table, uint32_t rules, struct policy_index *out)
{
    unsigned ifaces = at_most(table->ifaces, POLICY_IFACES_MAX);
    unsigned classes = put_slot(table, rules, POLICY_SLOT_UNKNOWN, 0, out);

    out->class_slots[out->class_of[POLICY_SLOT_UNKNOWN]].unknown = true;
    for (unsigned slot = 0; slot < ifaces; slot++) {
        classes = put_slot(table, rules, slot, classes, out);
        out->class_slots[out->class_of[slot]].bit[slot / 64] |= UINT64_C(1) << (slot % 64);
    }
    out->classes = classes;
    for (unsigned slot = ifaces; slot < POLICY_IFACES_MAX; slot++)
        classes = put_slot(table, rules, slot, classes, out);
}

static void put_addrs(const struct policy_table *table, struct policy_index *out)
{
    for (uint32_t i = 0; i < at_most(table->addrs, POLICY_ADDRS_MAX); i++) {
        const struct policy_addr *a = &table->addr[i];
        unsigned place = place_of_own(a->addr.family, number_of(&a->addr));
        while (out->own[place] != 0) /* half of them stay free */
            place = (place + 1) % POLICY_OWN_PLACES;
        out->own[place] = (uint16_t)(i + 1);
        if (a->slot >= POLICY_IFACES_MAX || netaddr_kind_of(&a->addr) == NETADDR_KIND_LINK_LOCAL)
            continue;
        if (a->addr.family == NETADDR_IPV4)
            out->with_inet.bit[a->slot / 64] |= UINT64_C(1) << (a->slot % 64);
        if (a->addr.family == NETADDR_IPV6)
            out->with_inet6.bit[a->slot / 64] |= UINT64_C(1) << (a->slot % 64);
    }
}

void policy_index_make(const struct policy_table *table, struct policy_index *out)
{
    uint32_t rules = at_most(table->rules, POLICY_RULES_MAX);

    memset(out, 0, sizeof *out);
    out->words = (rules + WORD_BITS - 1) / WORD_BITS;
    for (uint32_t i = 0; i < rules; i++)
        put_fields(&table->rule[i], bit_of(i), &out->fields[i / WORD_BITS]);
    put_cuts(table, rules, method_of, &out->method);
    put_cuts(table, rules, port_of, &out->port);
    put_servers(table, rules, &out->server);
    put_slots(table, rules, out);
    put_addrs(table, out);
}
