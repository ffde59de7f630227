/* The compiled policy: making it, checking it and changing it under running readers. Linked into
 * the preload library. */
#include "policy.h"

#include <errno.h>
#include <string.h>

enum {
    TOPICS_KNOWN = POLICY_STUN | POLICY_ENUMERATION | POLICY_PROBE | POLICY_DNS | POLICY_MDNS |
                   POLICY_DEVICE | POLICY_CONNECT,
    TRANSPORTS_KNOWN = POLICY_UDP | POLICY_TCP,
    PROXIED_KNOWN = POLICY_PROXIED | POLICY_DIRECT,
    HIDDEN_KNOWN = POLICY_HIDDEN_LINK | POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 |
                   POLICY_MASKED_INET | POLICY_MASKED_INET6,
    CLASSES_KNOWN = 15,
    METHOD_MAX = 0xfff,
    ERRNO_MAX = 4095,
};

static void format(struct policy_shared *out, const char *name, size_t name_len)
{
    memset(out, 0, sizeof(*out));
    out->magic = POLICY_MAGIC;
    out->version = POLICY_VERSION;
    out->bytes = sizeof(*out);
    for (size_t i = 0; i < 2; i++) {
        memcpy(out->table[i].name, name, name_len);
        out->table[i].fallback = POLICY_ALLOW;
        out->table[i].dns_slot = POLICY_SLOT_NONE;
    }
}

void policy_format(struct policy_shared *out)
{
    static const char name[] = "observe";
    format(out, name, sizeof(name));
    for (size_t i = 0; i < 2; i++)
        policy_index_make(&out->table[i], &out->index[i]);
}

void policy_format_closed(struct policy_shared *out)
{
    static const char name[] = "closed";
    format(out, name, sizeof(name));
    for (size_t i = 0; i < 2; i++) {
        struct policy_table *t = &out->table[i];
        t->rules = 1;
        t->rule[0] = (struct policy_rule){
            .topics = POLICY_STUN | POLICY_PROBE | POLICY_MDNS | POLICY_DEVICE,
            .action = POLICY_DENY,
            .method = POLICY_ANY_METHOD,
            .refusal = POLICY_REFUSE_BEST,
        };
        t->enforced = t->rule[0].topics | POLICY_ENUMERATION;
        t->hides = 1;
        t->hidden_unknown = POLICY_HIDDEN_LINK;
        t->ifaces = 1;
        t->iface[0] =
            (struct policy_iface){.ifindex = 1, .name = "lo", .flags = POLICY_IFACE_LOOPBACK};
        policy_index_make(t, &out->index[i]);
    }
}

static bool family_known(uint8_t family)
{
    return family == NETADDR_NONE || family == NETADDR_IPV4 || family == NETADDR_IPV6;
}

static bool refusal_known(int32_t refusal)
{
    return refusal >= POLICY_REFUSE_BEST && refusal <= ERRNO_MAX;
}

static bool prefix_valid(const struct netaddr *addr, uint8_t bits)
{
    unsigned width = addr->family == NETADDR_IPV6 ? 128 : addr->family == NETADDR_IPV4 ? 32 : 0;
    return family_known(addr->family) && bits <= width;
}

static bool rule_valid(const struct policy_rule *rule)
{
    if ((rule->topics & ~TOPICS_KNOWN) != 0 ||
        (rule->action != POLICY_ALLOW && rule->action != POLICY_DENY))
        return false;
    if ((rule->transports & ~TRANSPORTS_KNOWN) != 0 || (rule->classes & ~CLASSES_KNOWN) != 0 ||
        (rule->proxied & ~PROXIED_KNOWN) != 0)
        return false;
    if (rule->iface_given > 1 || rule->iface_not > 1 || rule->server_given > 1)
        return false;
    if (rule->prefix_first > POLICY_PREFIXES_MAX ||
        rule->prefixes > POLICY_PREFIXES_MAX - rule->prefix_first)
        return false;
    if (rule->method > METHOD_MAX && rule->method != POLICY_ANY_METHOD)
        return false;
    return rule->port_min <= rule->port_max && refusal_known(rule->refusal) &&
           family_known(rule->family);
}

static bool terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* What is masked is hidden. */
static bool hidden_valid(uint8_t bits)
{
    return (bits & ~HIDDEN_KNOWN) == 0 &&
           ((bits & POLICY_MASKED_INET) == 0 || (bits & POLICY_HIDDEN_INET) != 0) &&
           ((bits & POLICY_MASKED_INET6) == 0 || (bits & POLICY_HIDDEN_INET6) != 0);
}

static bool network_valid(const struct policy_table *table)
{
    if (table->ifaces > POLICY_IFACES_MAX || table->addrs > POLICY_ADDRS_MAX ||
        table->resolvers > POLICY_RESOLVERS_MAX || table->prefixes > POLICY_PREFIXES_MAX ||
        !hidden_valid(table->hidden_unknown))
        return false;
    for (uint32_t i = 0; i < table->prefixes; i++)
        if (table->prefix[i].is_not > 1 ||
            !prefix_valid(&table->prefix[i].addr, table->prefix[i].bits))
            return false;
    for (uint32_t i = 0; i < table->ifaces; i++)
        if (!terminated(table->iface[i].name, sizeof(table->iface[i].name)) ||
            !hidden_valid(table->iface[i].hidden))
            return false;
    for (uint32_t i = 0; i < table->addrs; i++)
        if (table->addr[i].slot >= POLICY_IFACES_MAX || table->addr[i].hidden > 1 ||
            table->addr[i].masked > table->addr[i].hidden ||
            !prefix_valid(&table->addr[i].addr, table->addr[i].prefix_bits))
            return false;
    return true;
}

bool policy_valid(const struct policy_shared *policy, size_t bytes)
{
    if (policy == NULL || bytes < sizeof(*policy))
        return false;
    if (policy->magic != POLICY_MAGIC || policy->version != POLICY_VERSION ||
        policy->bytes != sizeof(*policy))
        return false;

    /* Only the half in force: the idle one may be half-written at any moment. */
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_acquire);
    const struct policy_table *table = &policy->table[generation & 1];
    if (!terminated(table->name, sizeof(table->name)) || table->rules > POLICY_RULES_MAX ||
        (table->fallback != POLICY_ALLOW && table->fallback != POLICY_DENY) ||
        !refusal_known(table->fallback_refusal) || !network_valid(table) ||
        !policy_index_valid(&policy->index[generation & 1]))
        return false;
    for (uint32_t i = 0; i < table->rules; i++)
        if (!rule_valid(&table->rule[i]))
            return false;
    return true;
}

void policy_publish(struct policy_shared *policy, const struct policy_table *table)
{
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_relaxed);

    /*
     * The idle half was the live one before the last change. A judge that still reads it must find
     * the generation moved if it met any of the bytes written here: this fence orders the last
     * store to generation before them, and pairs with the acquire fence of the judge.
     */
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(&policy->table[(generation + 1) & 1], table, sizeof(*table));
    policy_index_make(table, &policy->index[(generation + 1) & 1]);
    atomic_store_explicit(&policy->generation, generation + 1, memory_order_release);
}

const char *policy_action_name(unsigned action)
{
    static const char *const names[POLICY_ACTION_COUNT] = {
        [POLICY_ALLOW] = "allow",
        [POLICY_DENY] = "deny",
        [POLICY_HIDE] = "hide",
        [POLICY_PIN] = "pin",
    };

    return action < POLICY_ACTION_COUNT ? names[action] : "";
}
