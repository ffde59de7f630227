/* The index over a policy's rules against a walk over all of them, which is what it stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy_tables.h"

enum { POLICIES = 600, SUBJECTS = 40 };

static struct policy_shared policy;
static struct policy_table table;
static const struct policy_index *const index_made = &policy.index[1];

static uint64_t random_state = 88172645463325252;

static unsigned below(unsigned count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % count;
}

#define ONE_OF(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

/* --- the walk --------------------------------------------------------------------------------- */

static bool walk_server(const struct policy_rule *rule, const struct netaddr *server)
{
    unsigned wanted = 0, found = 0;

    if (!rule->server_given)
        return true;
    for (unsigned i = 0; i < rule->prefixes; i++) {
        const struct policy_prefix *prefix = &table.prefix[rule->prefix_first + i];
        bool in = netaddr_in_prefix(server, &prefix->addr, prefix->bits);
        if (in && prefix->is_not)
            return false;
        wanted += !prefix->is_not;
        found += in;
    }
    return rule->prefixes > 0 && (found > 0 || wanted == 0);
}

static bool walk_message(const struct policy_rule *rule, const struct policy_subject *s)
{
    bool any_method = rule->method == 0 || rule->method == POLICY_ANY_METHOD;

    if (rule->classes == 0 && any_method)
        return true;
    if (s->topic != POLICY_STUN)
        return false;
    if (rule->classes != 0 && (s->stun_class > 3 || (rule->classes & 1u << s->stun_class) == 0))
        return false;
    return any_method || rule->method == s->stun_method;
}

static bool walk_matches(const struct policy_rule *rule, const struct policy_subject *s,
                         unsigned slot)
{
    uint8_t family = s->family != 0 ? s->family : s->server.family;
    bool any_port = rule->port_min == 0 && rule->port_max == 0;
    bool listed = slot < POLICY_IFACES_MAX && (rule->ifaces.bit[slot / 64] >> (slot % 64) & 1) != 0;

    return (rule->topics == 0 || (rule->topics & s->topic) != 0) &&
           (rule->transports == 0 || (rule->transports & s->transport) != 0) &&
           (rule->family == 0 || rule->family == family) &&
           (rule->proxied == 0 || (rule->proxied & s->proxied) != 0) &&
           (rule->roles == 0 || (rule->roles & s->role) != 0) && walk_message(rule, s) &&
           (any_port || (s->server.port != 0 && s->server.port >= rule->port_min &&
                         s->server.port <= rule->port_max)) &&
           walk_server(rule, &s->server) && (!rule->iface_given || listed != rule->iface_not);
}

/* The first rule that matches, or POLICY_RULE_DEFAULT. */
static unsigned walk(const struct policy_subject *s, unsigned slot)
{
    for (unsigned i = 0; i < table.rules; i++)
        if (walk_matches(&table.rule[i], s, slot))
            return i;
    return POLICY_RULE_DEFAULT;
}

/* --- policies and subjects -------------------------------------------------------------------- */

/* Prefixes within prefixes, at both ends of both families, and with bits behind their length. */
static const struct {
    const char *ip;
    uint8_t bits;
} prefixes[] = {
    {"0.0.0.0", 0},
    {"0.0.0.0", 1},
    {"0.0.0.0", 32},
    {"10.0.0.0", 8},
    {"10.1.0.0", 16},
    {"10.1.2.3", 32},
    {"10.1.2.4", 31},
    {"10.1.99.99", 16},
    {"128.0.0.0", 1},
    {"198.51.100.0", 24},
    {"198.51.100.7", 32},
    {"255.255.255.255", 32},
    {"255.255.255.0", 24},
    {"::", 0},
    {"::", 128},
    {"2001:db8::", 32},
    {"2001:db8:1::", 48},
    {"2001:db8:1::7", 128},
    {"2001:db8:1::", 64},
    {"2001:db8:1::d", 125},
    {"2001:db8:1:8000::", 49},
    {"2001:db8:1:0:ffff:ffff:ffff:ffff", 128},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128},
    {"ff00::", 8},
};
static const char *const servers[] = {
    "0.0.0.0",
    "0.0.0.1",
    "9.255.255.255",
    "10.0.0.0",
    "10.1.2.3",
    "10.1.2.4",
    "10.1.2.5",
    "10.1.2.6",
    "10.2.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "127.255.255.255",
    "128.0.0.0",
    "198.51.99.255",
    "198.51.100.7",
    "198.51.101.0",
    "255.255.254.255",
    "255.255.255.255",
    "::",
    "::1",
    "2001:db8::",
    "2001:db7:ffff::",
    "2001:db8:1::6",
    "2001:db8:1::7",
    "2001:db8:1::8",
    "2001:db8:1::f",
    "2001:db8:1::10",
    "2001:db8:1:1::",
    "2001:db8:1:7fff:ffff::",
    "2001:db8:1:8000::",
    "2001:db8:1:0:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "feff:ffff::",
    "ff00::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};
static const uint16_t ports[] = {0, 1, 2, 52, 53, 54, 3477, 3478, 3479, 65534, 65535};
static const uint16_t methods[] = {0, 1, 2, 3, 4, 0xffe, 0xfff};
/* Mostly none, so that rules with several fields match now and then. */
static const uint32_t role_sets[] = {0, 0, 0, 1, 4, 5, UINT32_C(1) << 31};

static uint8_t some(unsigned values)
{
    return below(3) == 0 ? (uint8_t)below(values) : 0;
}

static struct policy_rule random_rule(void)
{
    uint16_t one = ONE_OF(ports), other = ONE_OF(ports);
    struct policy_rule rule = {
        .topics = below(2) ? POLICY_STUN : (uint16_t)below(128),
        .action = below(2) ? POLICY_ALLOW : POLICY_DENY,
        .transports = some(4),
        .family = some(2)   ? NETADDR_IPV4
                  : some(2) ? NETADDR_IPV6
                            : 0,
        .classes = some(16),
        .proxied = some(4),
        .method = below(4) ? POLICY_ANY_METHOD : ONE_OF(methods),
        .roles = ONE_OF(role_sets),
        .refusal = (int32_t)below(100),
        .iface_given = some(2),
        .iface_not = (uint8_t)below(2),
        .server_given = (uint8_t)below(2),
    };
    if (below(3) == 0) {
        rule.port_min = one < other ? one : other;
        rule.port_max = one < other ? other : one;
    }
    rule.ifaces.bit[0] = 1u << below(8) | 1u << below(8);
    rule.ifaces.bit[1] = below(2) ? UINT64_C(1) << 63 : 0;
    rule.prefix_first = (uint16_t)below(table.prefixes);
    rule.prefixes = (uint16_t)below(4);
    if (rule.prefixes > table.prefixes - rule.prefix_first)
        rule.prefixes = (uint16_t)(table.prefixes - rule.prefix_first);
    return rule;
}

static void random_policy(void)
{
    unsigned rules = below(4) ? 1 + below(12) : 1 + below(POLICY_RULES_MAX);

    table = *table_machine();
    table.fallback = below(2) ? POLICY_ALLOW : POLICY_DENY;
    table.prefixes = 1 + below(below(4) ? 8 : POLICY_PREFIXES_MAX);
    for (unsigned i = 0; i < table.prefixes; i++) {
        unsigned which = below(sizeof prefixes / sizeof prefixes[0]);
        table.prefix[i] = (struct policy_prefix){.addr = address(prefixes[which].ip, 0),
                                                 .bits = prefixes[which].bits,
                                                 .is_not = below(3) == 0};
    }
    for (; table.rules < rules; table.rules++) {
        table.rule[table.rules] = random_rule();
        /* As from a line that was multiplied out. */
        if (table.rules > 0 && below(4) == 0) {
            table.rule[table.rules] = table.rule[table.rules - 1];
            table.rule[table.rules].method = ONE_OF(methods);
        }
    }
    if (below(8) == 0)
        table_iface(&table, POLICY_IFACES_MAX - 1, 77, "far0", 0);
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof policy));
}

static struct policy_subject random_subject(void)
{
    static const uint16_t topics[] = {POLICY_STUN,
                                      POLICY_STUN,
                                      POLICY_STUN,
                                      POLICY_PROBE,
                                      POLICY_DNS,
                                      POLICY_MDNS,
                                      POLICY_DEVICE,
                                      POLICY_CONNECT,
                                      POLICY_STUN | POLICY_DNS,
                                      0,
                                      0x80};
    struct policy_subject s = {
        .topic = ONE_OF(topics),
        .transport = (uint8_t)below(4),
        .family = below(8) ? 0 : (uint8_t)(below(4) * 2),
        .stun_class = (uint8_t)below(6),
        .proxied = (uint8_t)below(4),
        .stun_method = ONE_OF(methods),
        .role = ONE_OF(role_sets),
    };

    if (below(16))
        s.server = address(ONE_OF(servers), ONE_OF(ports));
    return s;
}

static unsigned found(const struct policy_subject *s, unsigned slot)
{
    struct policy_ruleset rules = policy_index_match(index_made, s);
    return policy_index_first(index_made, &rules, index_made->class_of[slot]);
}

static void complain(unsigned round, const struct policy_subject *s, unsigned slot, unsigned have,
                     unsigned want)
{
    char server[NETADDR_TEXT_BYTES];

    fail_msg("policy %u of %u rules: topic %x, server %s, method %u, class %u, slot %u: rule %u "
             "by index, %u by walk",
             round, table.rules, s->topic, netaddr_format(&s->server, server, sizeof server),
             s->stun_method, s->stun_class, slot, have, want);
}

static void the_index_finds_what_a_walk_finds(void **state)
{
    unsigned matched = 0;

    (void)state;
    for (unsigned round = 0; round < POLICIES; round++) {
        random_policy();
        for (unsigned n = 0; n < SUBJECTS; n++) {
            struct policy_subject s = random_subject();
            static const unsigned slots[] = {0, 1, 2, 3, 4, 7, 126, 127, POLICY_SLOT_UNKNOWN};
            for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
                unsigned have = found(&s, slots[i]), want = walk(&s, slots[i]);
                matched += want != POLICY_RULE_DEFAULT;
                if (have != want)
                    complain(round, &s, slots[i], have, want);
            }
        }
    }
    /* Neither all nor nothing: the comparison meant something. */
    assert_in_range(matched, POLICIES * SUBJECTS, POLICIES * SUBJECTS * 8);
}

static bool allows(unsigned rule)
{
    return (rule == POLICY_RULE_DEFAULT ? table.fallback : table.rule[rule].action) == POLICY_ALLOW;
}

/* Where the interface is not certain, the judge sums up what the walk says of each. */
static void verdicts_over_all_interfaces_are_the_walks(void **state)
{
    unsigned pinned = 0;

    (void)state;
    for (unsigned round = 0; round < POLICIES; round++) {
        random_policy();
        for (unsigned n = 0; n < SUBJECTS; n++) {
            struct policy_subject s = random_subject();
            unsigned first[2] = {POLICY_RULE_DEFAULT, POLICY_RULE_DEFAULT}, say[2] = {0, 0};
            for (unsigned slot = 0; slot <= table.ifaces; slot++) {
                unsigned rule = walk(&s, slot < table.ifaces ? slot : POLICY_SLOT_UNKNOWN);
                unsigned says = allows(rule);
                say[says]++;
                if (rule < first[says])
                    first[says] = rule;
            }
            if (netaddr_is_loopback(&s.server))
                continue; /* a certain one */
            struct policy_verdict v = policy_judge(&policy, &s);
            pinned += v.action == POLICY_PIN;
            if (say[0] == 0)
                assert_true(v.action == POLICY_ALLOW && v.rule == first[1]);
            else if (v.action == POLICY_PIN)
                assert_true(say[1] > 0 && v.ifindex != 0);
            else
                assert_true(v.action == POLICY_DENY && v.rule == first[0]);
        }
    }
    assert_in_range(pinned, POLICIES / 4, POLICIES * SUBJECTS);
}

static void a_socket_kept_to_an_interface_gets_the_walks_verdict(void **state)
{
    (void)state;
    for (unsigned round = 0; round < POLICIES; round++) {
        random_policy();
        for (unsigned n = 0; n < SUBJECTS; n++) {
            struct policy_subject s = random_subject();
            unsigned slot = below(SLOTS_USED);
            s.ifindex = table.iface[slot].ifindex;
            struct policy_verdict v = policy_judge(&policy, &s);
            unsigned rule = walk(&s, slot);
            assert_int_equal(v.rule, rule);
            assert_int_equal(v.action, allows(rule) ? POLICY_ALLOW : POLICY_DENY);
        }
    }
}

static void the_largest_policy_fits(void **state)
{
    (void)state;
    table = *table_machine();
    table.rules = POLICY_RULES_MAX;
    table.prefixes = POLICY_PREFIXES_MAX;
    for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++) {
        char text[32];
        /* No two of them touch, so each draws two borders. */
        if (i % 2)
            (void)snprintf(text, sizeof text, "2001:db8:%x::", 2 * i);
        else
            (void)snprintf(text, sizeof text, "10.%u.%u.0", i / 200, i % 200);
        table.prefix[i] = (struct policy_prefix){.addr = address(text, 0), .bits = i % 2 ? 48 : 24};
    }
    for (unsigned i = 0; i < POLICY_RULES_MAX; i++)
        table.rule[i] = (struct policy_rule){.action = POLICY_DENY,
                                             .method = (uint16_t)(2 * i + 1),
                                             .port_min = (uint16_t)(200 * i + 10),
                                             .port_max = (uint16_t)(200 * i + 100),
                                             .server_given = 1,
                                             .prefix_first = (uint16_t)(2 * i),
                                             .prefixes = 2};
    table.addrs = 0;
    for (unsigned i = 0; i < POLICY_ADDRS_MAX; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "2001:db8:ffff::%x", i);
        table_addr(&table, SLOT_ETH, text, 64);
    }
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof policy));
    assert_int_equal(index_made->method.count, POLICY_CUTS_MAX);
    assert_int_equal(index_made->port.count, POLICY_CUTS_MAX);
    assert_in_range(index_made->server.count, POLICY_SERVERS_MAX - 2, POLICY_SERVERS_MAX);
    for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
        struct policy_subject s = {.topic = POLICY_STUN,
                                   .stun_method = (uint16_t)(2 * i + 1),
                                   .server = table.prefix[2 * i + below(2)].addr};
        s.server.port = (uint16_t)(200 * i + 10);
        assert_int_equal(found(&s, SLOT_TUN), i);
    }
    for (unsigned i = 0; i < POLICY_ADDRS_MAX; i++) {
        struct policy_ifaces own =
            policy_index_own(index_made, &policy.table[1], &table.addr[i].addr);
        assert_true(own.bit[0] == 1u << SLOT_ETH && own.bit[1] == 0);
    }
    struct netaddr foreign = address("2001:db8:fffe::1", 0);
    assert_int_equal(policy_index_own(index_made, &policy.table[1], &foreign).bit[0], 0);
}

static void validity_looks_at_each_number(void **state)
{
    (void)state;
    table = *table_machine();
#define BAD(change)                                                                                \
    do {                                                                                           \
        policy_format(&policy);                                                                    \
        policy_publish(&policy, &table);                                                           \
        assert_true(policy_valid(&policy, sizeof policy));                                         \
        struct policy_index *i = &policy.index[1];                                                 \
        change;                                                                                    \
        if (policy_valid(&policy, sizeof policy))                                                  \
            fail_msg("%s is let through", #change);                                                \
    } while (0)
    BAD(i->words = POLICY_RULE_WORDS + 1);
    BAD(i->classes = 0);
    BAD(i->classes = POLICY_SLOTS + 1);
    BAD(i->method.count = 0);
    BAD(i->method.count = POLICY_CUTS_MAX + 1);
    BAD(i->port.count = 0);
    BAD(i->port.count = POLICY_CUTS_MAX + 1);
    BAD(i->server.inet6 = 1);
    BAD(i->server.inet6 = i->server.count);
    BAD(i->server.count = POLICY_SERVERS_MAX + 1);
    BAD(i->class_of[0] = POLICY_SLOTS);
    BAD(i->class_of[POLICY_SLOT_UNKNOWN] = POLICY_SLOTS);
    BAD(i->own[0] = POLICY_ADDRS_MAX + 1);
    BAD(memset(i, 0, sizeof *i));
#undef BAD
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_a_walk_finds),
        cmocka_unit_test(verdicts_over_all_interfaces_are_the_walks),
        cmocka_unit_test(a_socket_kept_to_an_interface_gets_the_walks_verdict),
        cmocka_unit_test(the_largest_policy_fits),
        cmocka_unit_test(validity_looks_at_each_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
