/* The compiled policy: each match field, the order of rules, the fallback, publishing, and tables
 * that hold nonsense. Interfaces are test_policy_network.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <errno.h>
#include <pthread.h>

#include <cmocka.h>

#include "policy_tables.h"

static struct policy_shared policy;

/* A binding request over UDP to 198.51.100.10:3478 on a socket that is pinned to interface 12. */
static struct policy_subject subject(void)
{
    return (struct policy_subject){
        .topic = POLICY_STUN,
        .transport = POLICY_UDP,
        .stun_class = 0,
        .stun_method = 1,
        .proxied = POLICY_DIRECT,
        .role = 1u << 2,
        .ifindex = IF_TUN,
        .server = address("198.51.100.10", 3478),
    };
}

static struct policy_table table;

static bool matches(struct policy_rule rule, struct policy_subject about)
{
    rule.action = POLICY_DENY;
    rule.refusal = ECONNREFUSED;
    table.rules = 1;
    table.rule[0] = rule;
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof(policy)));
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.generation, 1);
    assert_true(verdict.action == POLICY_DENY
                    ? verdict.rule == 0 && verdict.refusal == ECONNREFUSED
                    : verdict.action == POLICY_ALLOW && verdict.rule == POLICY_RULE_DEFAULT);
    return verdict.action == POLICY_DENY;
}

static int a_machine(void **state)
{
    (void)state;
    table = *table_machine();
    return 0;
}

#define RULE(...)                                                                                  \
    (struct policy_rule)                                                                           \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void the_first_contents_observe(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    memset(&policy, 0xff, sizeof(policy));
    policy_format(&policy);
    assert_true(policy_valid(&policy, sizeof(policy)));
    assert_string_equal(policy.table[0].name, "observe");
    assert_int_equal(policy_enforced(&policy), 0);
    assert_false(policy_hides(&policy));
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    assert_int_equal(verdict.rule, POLICY_RULE_DEFAULT);
    assert_int_equal(verdict.generation, 0);
    assert_int_equal(policy_hidden_index(&policy, 3), 0);
    assert_int_equal(policy_hidden_name(&policy, "eth0", 5), 0);
}

static void the_closed_policy_refuses_and_hides_all_but_loopback(void **state)
{
    static const uint16_t refused[] = {POLICY_STUN, POLICY_PROBE, POLICY_MDNS, POLICY_DEVICE};
    struct policy_subject about = subject();

    (void)state;
    policy_format_closed(&policy);
    assert_true(policy_valid(&policy, sizeof(policy)));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        about.topic = refused[i];
        assert_true(policy_enforced(&policy) & refused[i]);
        assert_int_equal(policy_judge(&policy, &about).action, POLICY_DENY);
    }
    assert_true(policy_hides(&policy));
    assert_int_equal(policy_hidden_index(&policy, 1), 0);
    assert_int_equal(policy_hidden_index(&policy, 2), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "lo", 2), 0);
    assert_int_equal(policy_hidden_name(&policy, "eth0", 4), POLICY_HIDDEN_LINK);
}

static void an_empty_rule_matches_everything(void **state)
{
    struct policy_subject unknown = {.topic = 0};

    (void)state;
    assert_true(matches(RULE(.topics = 0), subject()));
    assert_true(matches(RULE(.topics = 0), unknown));
    assert_true(matches(RULE(.method = POLICY_ANY_METHOD), unknown));
}

static void topics_match_any_of_their_bits(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.topics = POLICY_STUN), about));
    assert_true(matches(RULE(.topics = POLICY_STUN | POLICY_DNS), about));
    assert_false(matches(RULE(.topics = POLICY_DNS | POLICY_PROBE), about));
    about.topic = 0;
    assert_false(matches(RULE(.topics = POLICY_STUN), about));
}

static void transports_match_any_of_their_bits(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.transports = POLICY_UDP), about));
    assert_true(matches(RULE(.transports = POLICY_UDP | POLICY_TCP), about));
    assert_false(matches(RULE(.transports = POLICY_TCP), about));
    about.transport = 0;
    assert_false(matches(RULE(.transports = POLICY_UDP | POLICY_TCP), about));
}

static void the_family_is_the_packets_or_else_the_servers(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.family = NETADDR_IPV4), about));
    assert_false(matches(RULE(.family = NETADDR_IPV6), about));
    about.family = NETADDR_IPV6;
    assert_true(matches(RULE(.family = NETADDR_IPV6), about));
    assert_false(matches(RULE(.family = NETADDR_IPV4), about));
    about.family = 0;
    about.server = (struct netaddr){.family = NETADDR_NONE};
    assert_false(matches(RULE(.family = NETADDR_IPV4), about));
    assert_false(matches(RULE(.family = NETADDR_IPV6), about));
}

static void classes_match_stun_alone(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    for (uint8_t class = 0; class < 4; class ++) {
        about.stun_class = class;
        for (uint8_t bits = 1; bits < 16; bits++)
            assert_int_equal(matches(RULE(.classes = bits), about), bits >> class & 1);
    }
    about.stun_class = 4;
    assert_false(matches(RULE(.classes = 15), about));
    about = subject();
    about.topic = POLICY_DNS;
    assert_false(matches(RULE(.classes = 15), about));
}

static void the_method_matches_stun_alone(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.method = 1), about));
    assert_false(matches(RULE(.method = 3), about));
    about.stun_method = 3;
    assert_true(matches(RULE(.method = 3), about));
    about.topic = POLICY_MDNS;
    assert_false(matches(RULE(.method = 3), about));
}

static void a_proxy_matches_where_it_is_known(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.proxied = POLICY_DIRECT), about));
    assert_false(matches(RULE(.proxied = POLICY_PROXIED), about));
    about.proxied = POLICY_PROXIED;
    assert_true(matches(RULE(.proxied = POLICY_PROXIED), about));
    assert_true(matches(RULE(.proxied = POLICY_PROXIED | POLICY_DIRECT), about));
    about.proxied = 0;
    assert_false(matches(RULE(.proxied = POLICY_PROXIED | POLICY_DIRECT), about));
}

static void roles_match_any_of_their_bits(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.roles = 1u << 2), about));
    assert_true(matches(RULE(.roles = 1u << 2 | 1u << 31), about));
    assert_false(matches(RULE(.roles = 1u << 3), about));
    about.role = 0;
    assert_false(matches(RULE(.roles = UINT32_MAX), about));
}

static void ports_match_as_a_range(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.port_min = 3478, .port_max = 3478), about));
    assert_true(matches(RULE(.port_min = 1, .port_max = 65535), about));
    assert_false(matches(RULE(.port_min = 3479, .port_max = 65535), about));
    assert_false(matches(RULE(.port_min = 1, .port_max = 3477), about));
    about.server.port = 0;
    assert_false(matches(RULE(.port_min = 1, .port_max = 65535), about));
}

/* The prefixes of one rule stand at 3, so that the first of the table are another's. */
static bool matches_prefixes(size_t count, const char *const *prefixes, struct policy_subject about)
{
    table.prefix[0] = (struct policy_prefix){.addr = address("0.0.0.0", 0), .bits = 0};
    for (size_t i = 0; i < count; i++) {
        char ip[64];
        unsigned bits;
        bool is_not = prefixes[i][0] == '!';
        assert_int_equal(sscanf(prefixes[i] + is_not, "%63[^/]/%u", ip, &bits), 2);
        table.prefix[3 + i] =
            (struct policy_prefix){.addr = address(ip, 0), .bits = (uint8_t)bits, .is_not = is_not};
    }
    table.prefixes = (uint32_t)(3 + count);
    return matches(RULE(.server_given = 1, .prefix_first = 3, .prefixes = (uint16_t)count), about);
}
#define PREFIXES(about, ...)                                                                       \
    matches_prefixes(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                  \
                     (const char *const[]){__VA_ARGS__}, about)

static void the_server_is_in_some_prefix_and_in_none_that_is_negated(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(PREFIXES(about, "198.51.100.0/24"));
    assert_true(PREFIXES(about, "198.51.100.10/32"));
    assert_false(PREFIXES(about, "198.51.100.11/32"));
    assert_false(PREFIXES(about, "2001:db8::/32"));
    assert_true(PREFIXES(about, "0.0.0.0/0"));
    assert_false(PREFIXES(about, "::/0"));
    assert_true(PREFIXES(about, "10.0.0.0/8", "198.51.100.0/24"));
    assert_false(PREFIXES(about, "10.0.0.0/8", "192.0.2.0/24"));
    assert_false(PREFIXES(about, "!198.51.100.0/24"));
    assert_true(PREFIXES(about, "!10.0.0.0/8", "!192.0.2.0/24"));
    assert_false(PREFIXES(about, "!10.0.0.0/8", "!198.51.0.0/16"));
    assert_true(PREFIXES(about, "198.51.0.0/16", "!198.51.101.0/24"));
    assert_false(PREFIXES(about, "198.51.0.0/16", "!198.51.100.0/24"));
    about.server = (struct netaddr){.family = NETADDR_NONE};
    assert_false(PREFIXES(about, "0.0.0.0/0"));
    assert_true(PREFIXES(about, "!0.0.0.0/0"));
    /* A name without an address is no server. */
    assert_false(matches_prefixes(0, NULL, subject()));
}

static void the_interface_matches_or_all_others_do(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.iface_given = 1, .ifaces = {{1u << SLOT_TUN}}), about));
    assert_true(
        matches(RULE(.iface_given = 1, .ifaces = {{1u << SLOT_TUN | 1u << SLOT_LO}}), about));
    assert_false(matches(RULE(.iface_given = 1, .ifaces = {{1u << SLOT_ETH}}), about));
    assert_false(matches(RULE(.iface_given = 1), about));
    assert_false(
        matches(RULE(.iface_given = 1, .iface_not = 1, .ifaces = {{1u << SLOT_TUN}}), about));
    assert_true(
        matches(RULE(.iface_given = 1, .iface_not = 1, .ifaces = {{1u << SLOT_ETH}}), about));
    /* One that the table does not know is none of those that are named. */
    about.ifindex = IF_NEW;
    assert_false(matches(RULE(.iface_given = 1, .ifaces = {{UINT64_MAX, UINT64_MAX}}), about));
    assert_true(matches(
        RULE(.iface_given = 1, .iface_not = 1, .ifaces = {{UINT64_MAX, UINT64_MAX}}), about));
}

static void every_field_of_a_rule_must_match(void **state)
{
    struct policy_rule all = {
        .topics = POLICY_STUN,
        .transports = POLICY_UDP,
        .family = NETADDR_IPV4,
        .classes = 1,
        .proxied = POLICY_DIRECT,
        .method = 1,
        .roles = 1u << 2,
        .iface_given = 1,
        .ifaces = {{1u << SLOT_TUN}},
        .port_min = 3478,
        .port_max = 3478,
        .server_given = 1,
        .prefixes = 1,
    };
    struct policy_subject about;

    (void)state;
    table.prefix[0] = (struct policy_prefix){.addr = address("198.51.100.0", 0), .bits = 24};
    table.prefixes = 1;
    assert_true(matches(all, subject()));
#define BUT(field, value)                                                                          \
    about = subject();                                                                             \
    about.field = (value);                                                                         \
    assert_false(matches(all, about))
    BUT(topic, POLICY_DNS);
    BUT(transport, POLICY_TCP);
    BUT(family, NETADDR_IPV6);
    BUT(stun_class, 1);
    BUT(stun_method, 3);
    BUT(proxied, POLICY_PROXIED);
    BUT(role, 1u << 3);
    BUT(ifindex, IF_ETH);
    BUT(server.port, 53);
    BUT(server.ip[0], 1);
#undef BUT
}

static void the_first_match_wins_and_then_the_fallback(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    table.fallback = POLICY_DENY;
    table.fallback_refusal = ENETUNREACH;
    table_rule(&table, POLICY_ALLOW, 0, false)->transports = POLICY_TCP;
    table_rule(&table, POLICY_DENY, 0, false)->refusal = POLICY_REFUSE_DROP;
    table_rule(&table, POLICY_ALLOW, 0, false)->topics = POLICY_STUN | POLICY_PROBE;
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof(policy)));
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_DENY);
    assert_int_equal(verdict.rule, 1);
    assert_int_equal(verdict.refusal, POLICY_REFUSE_DROP);
    about.transport = POLICY_TCP;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    assert_int_equal(verdict.rule, 0);
    about.topic = POLICY_PROBE;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    assert_int_equal(verdict.rule, 2);
    about.topic = POLICY_DNS;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_DENY);
    assert_int_equal(verdict.rule, POLICY_RULE_DEFAULT);
    assert_int_equal(verdict.refusal, ENETUNREACH);
}

static void validity_looks_at_each_field(void **state)
{
    (void)state;
#define BAD(change)                                                                                \
    do {                                                                                           \
        policy_format(&policy);                                                                    \
        policy.table[0] = table;                                                                   \
        policy.table[0].rules = 2;                                                                 \
        struct policy_table *t = &policy.table[0];                                                 \
        struct policy_rule *r = &policy.table[0].rule[1];                                          \
        r->method = t->rule[0].method = POLICY_ANY_METHOD;                                         \
        assert_true(policy_valid(&policy, sizeof(policy)));                                        \
        change;                                                                                    \
        if (policy_valid(&policy, sizeof(policy)))                                                 \
            fail_msg("%s is let through", #change);                                                \
    } while (0)
    BAD(policy.magic ^= 1);
    BAD(policy.version++);
    BAD(policy.bytes--);
    BAD(memset(t->name, 'x', sizeof(t->name)));
    BAD(t->rules = POLICY_RULES_MAX + 1);
    BAD(t->ifaces = POLICY_IFACES_MAX + 1);
    BAD(t->addrs = POLICY_ADDRS_MAX + 1);
    BAD(t->prefixes = POLICY_PREFIXES_MAX + 1);
    BAD(t->resolvers = POLICY_RESOLVERS_MAX + 1);
    BAD(t->fallback = POLICY_ACTION_COUNT);
    BAD(t->fallback = POLICY_PIN);
    BAD(t->fallback_refusal = -2);
    BAD(t->hidden_unknown = 32);
    BAD(t->hidden_unknown = POLICY_MASKED_INET);
    BAD(t->iface[0].hidden = POLICY_HIDDEN_INET | POLICY_MASKED_INET6);
    BAD(t->addr[0].masked = 1);
    BAD(r->topics = 0x8000);
    BAD(r->action = POLICY_ACTION_COUNT);
    BAD(r->action = POLICY_PIN);
    BAD(r->action = POLICY_HIDE);
    BAD(r->transports = 4);
    BAD(r->family = 5);
    BAD(r->classes = 16);
    BAD(r->proxied = 4);
    BAD(r->iface_given = 2);
    BAD(r->iface_not = 2);
    BAD(r->server_given = 2);
    BAD(r->method = 0x1000);
    BAD((r->port_min = 2, r->port_max = 1));
    BAD(r->prefix_first = POLICY_PREFIXES_MAX + 1);
    BAD((r->prefix_first = POLICY_PREFIXES_MAX, r->prefixes = 1));
    BAD(r->prefixes = POLICY_PREFIXES_MAX + 1);
    BAD(r->refusal = 4096);
    BAD(r->refusal = INT32_MIN);
    BAD((t->prefixes = 1, t->prefix[0].bits = 1));
    BAD((t->prefixes = 1,
         t->prefix[0] = (struct policy_prefix){address("1.2.3.4", 0), 33, 0, {0}}));
    BAD((t->prefixes = 1, t->prefix[0] = (struct policy_prefix){address("::1", 0), 129, 0, {0}}));
    BAD((t->prefixes = 1, t->prefix[0].addr.family = 1));
    BAD((t->prefixes = 1, t->prefix[0].is_not = 2));
    BAD(memset(t->iface[1].name, 'x', sizeof t->iface[1].name));
    BAD(t->iface[1].hidden = 8);
    BAD(t->addr[1].slot = POLICY_IFACES_MAX);
    BAD(t->addr[1].hidden = 2);
    BAD(t->addr[1].prefix_bits = 129);
    BAD(t->addr[1].addr.family = 5);
#undef BAD
    policy_format(&policy);
    assert_false(policy_valid(&policy, sizeof(policy) - 1));
    assert_false(policy_valid(NULL, sizeof(policy)));
    policy.table[1].rules = UINT32_MAX; /* the idle half may be anything */
    assert_true(policy_valid(&policy, sizeof(policy)));
}

static uint32_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * 1103515245 + 12345;
    return (uint8_t)(random_state >> 16);
}

/* Each round another part of the table makes sense, so that judging comes to the nonsense behind.
 */
static void a_table_of_nonsense_gets_an_answer_in_range(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        struct policy_subject about = subject();
        uint8_t *bytes = (uint8_t *)&policy;
        for (size_t i = 0; i < sizeof(policy); i++)
            bytes[i] = random_byte();
        for (size_t half = 0; half < 2; half++) {
            struct policy_table *t = &policy.table[half];
            for (size_t i = 0; i < POLICY_RULES_MAX && round % 2 == 0; i++)
                t->rule[i] = (struct policy_rule){.action = t->rule[i].action,
                                                  .iface_given = 1,
                                                  .iface_not = random_byte() & 1,
                                                  .ifaces = t->rule[i].ifaces,
                                                  .server_given = random_byte() & 1,
                                                  .prefix_first = t->rule[i].prefix_first,
                                                  .prefixes = t->rule[i].prefixes,
                                                  .refusal = t->rule[i].refusal};
            for (size_t i = 0; i < POLICY_ADDRS_MAX && round % 4 < 2; i++)
                t->addr[i].addr.family = random_byte() & 1 ? NETADDR_IPV4 : NETADDR_IPV6;
            if (round % 8 < 4)
                t->addr[100].addr = about.server;
        }
        about.ifindex = round % 3 == 0 ? policy.table[0].iface[3].ifindex : 0;
        about.local = round % 5 == 0 ? policy.table[0].addr[9].addr : (struct netaddr){0};
        struct policy_verdict verdict = policy_judge(&policy, &about);
        assert_true(verdict.action == POLICY_ALLOW || verdict.action == POLICY_DENY ||
                    verdict.action == POLICY_PIN);
        assert_true(verdict.rule < POLICY_RULES_MAX || verdict.rule == POLICY_RULE_DEFAULT);
        assert_true(verdict.refusal >= POLICY_REFUSE_BEST && verdict.refusal <= 4095);
        assert_true((verdict.action == POLICY_PIN) == (verdict.ifindex != 0));
        struct netaddr shown;
        (void)policy_hidden_index(&policy, 1);
        (void)policy_hidden_name(&policy, "eth0", 4);
        (void)policy_known_addr(&policy, &about.server);
        (void)policy_shown_addr(&policy, NETADDR_IPV4, &shown);
        (void)policy_is_resolver(&policy, &about.server);
    }
}

static void an_action_that_does_not_exist_refuses(void **state)
{
    struct policy_subject about = subject();
    struct policy_rule *first = &policy.table[1].rule[0];

    (void)state;
    assert_true(matches(RULE(.topics = 0), about));
    first->action = POLICY_ALLOW;
    assert_int_equal(policy_judge(&policy, &about).action, POLICY_ALLOW);
    first->action = 99;
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_DENY);
    assert_int_equal(verdict.refusal, EPERM);
    assert_false(matches(RULE(.topics = POLICY_DNS), about));
    policy.table[1].fallback = 99;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_DENY);
    assert_int_equal(verdict.refusal, EPERM);
}

enum { PUBLISHED = 8000 };

/* Each generation says its own number in both rules; which of them matches changes from one to the
 * next. */
static void *publish_many(void *stop)
{
    static struct policy_table next = {.name = "n", .rules = 2, .fallback = POLICY_DENY};

    for (uint32_t n = 1; n <= PUBLISHED; n++) {
        for (size_t i = 0; i < 2; i++)
            next.rule[i] = (struct policy_rule){
                .topics = POLICY_DNS, .action = POLICY_DENY, .refusal = (int32_t)(n % 4000) + 1};
        next.rule[n % 2].topics = POLICY_STUN;
        policy_publish(&policy, &next);
    }
    atomic_store((_Atomic int *)stop, 1);
    return NULL;
}

static void a_judge_never_sees_half_of_a_new_policy(void **state)
{
    static _Atomic int stop;
    struct policy_subject about = subject();
    unsigned doubts = 0, judged = 0;
    pthread_t thread;

    (void)state;
    policy_format(&policy);
    assert_int_equal(pthread_create(&thread, NULL, publish_many, &stop), 0);
    while (atomic_load(&stop) == 0) {
        struct policy_verdict verdict = policy_judge(&policy, &about);
        judged++;
        if (verdict.rule == POLICY_RULE_DOUBT) {
            assert_int_equal(verdict.action, POLICY_DENY);
            assert_int_equal(verdict.refusal, POLICY_REFUSE_BEST);
            doubts++;
        } else if (verdict.generation == 0) {
            assert_int_equal(verdict.action, POLICY_ALLOW);
        } else {
            assert_int_equal(verdict.action, POLICY_DENY);
            assert_int_equal(verdict.refusal, (int32_t)(verdict.generation % 4000) + 1);
            assert_int_equal(verdict.rule, verdict.generation % 2);
        }
    }
    pthread_join(thread, NULL);
    assert_true(judged > 0);
    /* Publishing copies and indexes 150 kB and judging two rules is far shorter: doubts are the
     * exception. */
    assert_true(doubts <= judged / 2);
    assert_int_equal(policy_judge(&policy, &about).generation, PUBLISHED);
}

static void actions_have_names(void **state)
{
    (void)state;
    assert_string_equal(policy_action_name(POLICY_ALLOW), "allow");
    assert_string_equal(policy_action_name(POLICY_DENY), "deny");
    assert_string_equal(policy_action_name(POLICY_HIDE), "hide");
    assert_string_equal(policy_action_name(POLICY_PIN), "pin");
    assert_string_equal(policy_action_name(POLICY_ACTION_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_contents_observe),
        cmocka_unit_test(the_closed_policy_refuses_and_hides_all_but_loopback),
        cmocka_unit_test_setup(an_empty_rule_matches_everything, a_machine),
        cmocka_unit_test_setup(topics_match_any_of_their_bits, a_machine),
        cmocka_unit_test_setup(transports_match_any_of_their_bits, a_machine),
        cmocka_unit_test_setup(the_family_is_the_packets_or_else_the_servers, a_machine),
        cmocka_unit_test_setup(classes_match_stun_alone, a_machine),
        cmocka_unit_test_setup(the_method_matches_stun_alone, a_machine),
        cmocka_unit_test_setup(a_proxy_matches_where_it_is_known, a_machine),
        cmocka_unit_test_setup(roles_match_any_of_their_bits, a_machine),
        cmocka_unit_test_setup(ports_match_as_a_range, a_machine),
        cmocka_unit_test_setup(the_server_is_in_some_prefix_and_in_none_that_is_negated, a_machine),
        cmocka_unit_test_setup(the_interface_matches_or_all_others_do, a_machine),
        cmocka_unit_test_setup(every_field_of_a_rule_must_match, a_machine),
        cmocka_unit_test_setup(the_first_match_wins_and_then_the_fallback, a_machine),
        cmocka_unit_test_setup(validity_looks_at_each_field, a_machine),
        cmocka_unit_test_setup(a_table_of_nonsense_gets_an_answer_in_range, a_machine),
        cmocka_unit_test_setup(an_action_that_does_not_exist_refuses, a_machine),
        cmocka_unit_test(a_judge_never_sees_half_of_a_new_policy),
        cmocka_unit_test(actions_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
