/* The compiled policy: making it, checking it, changing it under running readers, and judging by
 * it. Linked into the preload library. */
#include "policy.h"

#include <errno.h>
#include <string.h>

enum {
    TOPICS_KNOWN =
        POLICY_STUN | POLICY_ENUMERATION | POLICY_PROBE | POLICY_DNS | POLICY_MDNS | POLICY_DEVICE,
    TRANSPORTS_KNOWN = POLICY_UDP | POLICY_TCP,
    DIRECTIONS_KNOWN = 3,
    CLASSES_KNOWN = 15,
    METHOD_MAX = 0xfff,
    ERRNO_MAX = 4095,
    JUDGE_TRIES = 4,
};

void policy_format(struct policy_shared *out)
{
    static const char name[] = "observe";

    memset(out, 0, sizeof(*out));
    out->magic = POLICY_MAGIC;
    out->version = POLICY_VERSION;
    out->bytes = sizeof(*out);
    for (size_t i = 0; i < 2; i++) {
        memcpy(out->table[i].name, name, sizeof(name));
        out->table[i].fallback = POLICY_ALLOW;
    }
}

static bool family_known(uint8_t family)
{
    return family == NETADDR_NONE || family == NETADDR_IPV4 || family == NETADDR_IPV6;
}

static bool refusal_known(int32_t refusal)
{
    return refusal >= 0 && refusal <= ERRNO_MAX;
}

static bool rule_valid(const struct policy_rule *rule)
{
    unsigned width = rule->server.family == NETADDR_IPV6   ? 128
                     : rule->server.family == NETADDR_IPV4 ? 32
                                                           : 0;

    if ((rule->topics & ~TOPICS_KNOWN) != 0 || rule->action >= POLICY_ACTION_COUNT)
        return false;
    if ((rule->transports & ~TRANSPORTS_KNOWN) != 0 ||
        (rule->directions & ~DIRECTIONS_KNOWN) != 0 || (rule->classes & ~CLASSES_KNOWN) != 0)
        return false;
    if (rule->interface_not > 1 || rule->server_not > 1)
        return false;
    if (rule->method > METHOD_MAX && rule->method != POLICY_ANY_METHOD)
        return false;
    if (rule->port_min > rule->port_max || !refusal_known(rule->refusal))
        return false;
    if (!family_known(rule->family) || !family_known(rule->server.family) ||
        rule->prefix_bits > width)
        return false;
    return rule->action != POLICY_PIN || rule->ifindex != 0;
}

bool policy_valid(const struct policy_shared *policy, size_t bytes)
{
    bool terminated = false;

    if (policy == NULL || bytes < sizeof(*policy))
        return false;
    if (policy->magic != POLICY_MAGIC || policy->version != POLICY_VERSION ||
        policy->bytes != sizeof(*policy))
        return false;

    /* Only the half in force: the idle one may be half-written at any moment. */
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_acquire);
    const struct policy_table *table = &policy->table[generation & 1];
    for (size_t i = 0; i < sizeof(table->name) && !terminated; i++)
        terminated = table->name[i] == '\0';
    /* A fallback has no interface to pin to. */
    if (!terminated || table->rules > POLICY_RULES_MAX || table->fallback >= POLICY_ACTION_COUNT ||
        table->fallback == POLICY_PIN || !refusal_known(table->fallback_refusal))
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
    atomic_store_explicit(&policy->generation, generation + 1, memory_order_release);
}

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

static bool interface_matches(const struct policy_rule *rule, const struct policy_subject *subject)
{
    if (rule->ifindex == 0 || rule->action == POLICY_PIN) /* PIN: where to, not where from */
        return true;
    return (rule->ifindex == subject->ifindex) != (rule->interface_not != 0);
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
    if (rule->directions != 0 && (rule->directions & subject->direction) == 0)
        return false;
    return message_matches(rule, subject) && interface_matches(rule, subject) &&
           port_matches(rule, subject) && server_matches(rule, subject);
}

/* Judge by one table, which may be changing or be nonsense: every field is read once and has an
 * answer for every value. */
static struct policy_verdict judge_by(const struct policy_table *table,
                                      const struct policy_subject *subject)
{
    uint32_t rules = table->rules < POLICY_RULES_MAX ? table->rules : POLICY_RULES_MAX;

    for (uint32_t i = 0; i < rules; i++) {
        struct policy_rule rule;
        memcpy(&rule, &table->rule[i], sizeof(rule));
        if (!rule_matches(&rule, subject))
            continue;
        /* An action that does not exist stands in a rule that somebody wrote: refuse rather than
         * let through. */
        bool known = rule.action < POLICY_ACTION_COUNT;
        return (struct policy_verdict){
            .action = known ? rule.action : POLICY_DENY,
            .rule = (uint16_t)i,
            .refusal = known && refusal_known(rule.refusal) ? rule.refusal : EPERM,
            .ifindex = rule.action == POLICY_PIN ? rule.ifindex : 0,
        };
    }

    uint8_t action = table->fallback;
    int32_t refusal = table->fallback_refusal;
    bool known = action < POLICY_ACTION_COUNT;
    return (struct policy_verdict){
        .action = known ? action : POLICY_DENY,
        .rule = POLICY_RULE_DEFAULT,
        .refusal = known && refusal_known(refusal) ? refusal : EPERM,
    };
}

struct policy_verdict policy_judge(const struct policy_shared *policy,
                                   const struct policy_subject *subject)
{
    struct policy_verdict verdict;
    uint32_t generation = atomic_load_explicit(&policy->generation, memory_order_acquire);

    for (unsigned i = 0; i < JUDGE_TRIES; i++) {
        verdict = judge_by(&policy->table[generation & 1], subject);
        verdict.generation = generation;
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&policy->generation, memory_order_acquire);
        if (now == generation)
            break;
        generation = now;
    }
    return verdict;
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
