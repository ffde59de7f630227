/* Finding the first rule that matches by the index over a policy. Linked into the preload library.
 */
#include "policy_index_private.h"

bool policy_index_valid(const struct policy_index *index)
{
    if (index->words > POLICY_RULE_WORDS || index->classes == 0 || index->classes > POLICY_SLOTS)
        return false;
    if (index->method.count == 0 || index->method.count > POLICY_CUTS_MAX ||
        index->port.count == 0 || index->port.count > POLICY_CUTS_MAX)
        return false;
    if (index->server.inet6 < 2 || index->server.count <= index->server.inet6 ||
        index->server.count > POLICY_SERVERS_MAX)
        return false;
    for (unsigned i = 0; i < POLICY_SLOTS; i++)
        if (index->class_of[i] >= POLICY_SLOTS)
            return false;
    for (unsigned i = 0; i < POLICY_OWN_PLACES; i++)
        if (index->own[i] > POLICY_ADDRS_MAX)
            return false;
    return true;
}

/* The set of the bit, of several together, or of none of those that are known. */
static inline uint64_t of_bits(const uint64_t *sets, unsigned count, uint32_t bits)
{
    uint64_t rules = 0;

    bits &= UINT32_MAX >> (32 - count);
    if (bits == 0)
        return sets[count];
    for (; bits != 0; bits &= bits - 1)
        rules |= sets[__builtin_ctz(bits)];
    return rules;
}

/* Halving takes the same steps for every value, and no branch that depends on it. */
static unsigned place_of_number(const struct policy_cuts *cuts, uint16_t value)
{
    const uint16_t *from = cuts->from;

    for (unsigned n = at_most(cuts->count, POLICY_CUTS_MAX); n > 1; n -= n / 2)
        from += from[n / 2] <= value ? n / 2 : 0;
    return (unsigned)(from - cuts->from);
}

static unsigned place_of_server(const struct policy_servers *servers, const struct netaddr *addr)
{
    unsigned count = at_most(servers->count, POLICY_SERVERS_MAX);
    unsigned inet6 = at_most(servers->inet6, count);
    struct number value = number_of(addr);
    unsigned at = 0;

    if (addr->family == NETADDR_IPV4) {
        at = 1;
        for (unsigned n = inet6 > 1 ? inet6 - 1 : 0; n > 1; n -= n / 2)
            at += servers->high[at + n / 2] <= value.high ? n / 2 : 0;
    } else if (addr->family == NETADDR_IPV6) {
        at = inet6;
        for (unsigned n = count - inet6; n > 1; n -= n / 2) {
            bool beyond =
                below(value.high, value.low,
                      (struct number){servers->high[at + n / 2], servers->low[at + n / 2]});
            at += beyond ? 0 : n / 2;
        }
    }
    return at < POLICY_SERVERS_MAX ? at : 0;
}

struct policy_ruleset policy_index_match(const struct policy_index *index,
                                         const struct policy_subject *subject)
{
    /* Class and method are known of STUN messages alone. */
    bool stun = subject->topic == POLICY_STUN;
    unsigned class = stun && subject->stun_class < POLICY_INDEX_CLASSES ? subject->stun_class
                                                                        : POLICY_INDEX_CLASSES;
    unsigned family =
        place_of_family(subject->family != 0 ? subject->family : subject->server.family);
    unsigned method =
        place_of_number(&index->method, stun ? subject->stun_method : POLICY_METHOD_NONE);
    unsigned port = place_of_number(&index->port, subject->server.port);
    unsigned server = place_of_server(&index->server, &subject->server);
    struct policy_ruleset out = {0};

    for (unsigned w = 0; w < at_most(index->words, POLICY_RULE_WORDS); w++) {
        const struct policy_fields *f = &index->fields[w];
        out.bit[w] = of_bits(f->topic, POLICY_INDEX_TOPICS, subject->topic) &
                     of_bits(f->transport, POLICY_INDEX_TRANSPORTS, subject->transport) &
                     of_bits(f->proxied, POLICY_INDEX_PROXIED, subject->proxied) &
                     of_bits(f->role, POLICY_INDEX_ROLES, subject->role) & f->family[family] &
                     f->message_class[class] & index->method.rules[w][method] &
                     index->port.rules[w][port] & index->server.rules[w][server];
    }
    return out;
}

/* Kept and given back in two registers. */
struct policy_ifaces policy_index_own(const struct policy_index *index,
                                      const struct policy_table *table, const struct netaddr *addr)
{
    struct number wanted = number_of(addr);
    unsigned place = place_of_own(addr->family, wanted);
    uint64_t low = 0, high = 0;

    /* A torn index may have no free place. */
    for (unsigned n = 0; n < POLICY_OWN_PLACES && index->own[place] != 0; n++) {
        const struct policy_addr *at = &table->addr[(index->own[place] - 1u) % POLICY_ADDRS_MAX];
        struct number have = number_of(&at->addr);
        if (at->addr.family == addr->family && have.high == wanted.high && have.low == wanted.low) {
            low |= at->slot < 64 ? UINT64_C(1) << at->slot : 0;
            high |=
                at->slot >= 64 && at->slot < POLICY_IFACES_MAX ? UINT64_C(1) << (at->slot - 64) : 0;
        }
        place = (place + 1) % POLICY_OWN_PLACES;
    }
    return (struct policy_ifaces){{low, high}};
}
