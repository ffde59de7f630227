/* The compiled policy: each match field, the order of rules, the fallback, publishing, and tables
 * that hold nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <pthread.h>

#include <cmocka.h>

#include "policy.h"

static struct policy_shared policy;

static struct netaddr ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    return netaddr_from_bytes((const uint8_t[]){a, b, c, d}, 4, port);
}

static struct netaddr ipv6(uint8_t last, uint16_t port)
{
    return netaddr_from_bytes(
        (const uint8_t[]){0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}, 16, port);
}

/* A binding request over UDP to 198.51.100.10:3478 out of interface 2. */
static struct policy_subject subject(void)
{
    return (struct policy_subject){
        .topic = POLICY_STUN,
        .transport = POLICY_UDP,
        .direction = 1,
        .stun_class = 0,
        .stun_method = 1,
        .ifindex = 2,
        .server = ipv4(198, 51, 100, 10, 3478),
    };
}

static bool matches(struct policy_rule rule, struct policy_subject about)
{
    static struct policy_table table;

    memset(&table, 0, sizeof(table));
    memcpy(table.name, "test", 5);
    rule.action = POLICY_DENY;
    rule.refusal = ECONNREFUSED;
    table.rules = 1;
    table.rule[0] = rule;
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof(policy)));
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_true(verdict.action == POLICY_DENY
                    ? verdict.rule == 0 && verdict.refusal == ECONNREFUSED
                    : verdict.rule == POLICY_RULE_DEFAULT && verdict.refusal == 0);
    return verdict.action == POLICY_DENY;
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
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    assert_int_equal(verdict.rule, POLICY_RULE_DEFAULT);
    assert_int_equal(verdict.generation, 0);
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

static void directions_match_any_of_their_bits(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.directions = 1), about));
    assert_true(matches(RULE(.directions = 3), about));
    assert_false(matches(RULE(.directions = 2), about));
    about.direction = 2;
    assert_true(matches(RULE(.directions = 2), about));
    about.direction = 0;
    assert_false(matches(RULE(.directions = 3), about));
}

static void classes_match_stun_alone(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    for (uint8_t cls = 0; cls < 4; cls++) {
        about.stun_class = cls;
        for (uint8_t classes = 1; classes < 16; classes++)
            assert_int_equal(matches(RULE(.classes = classes), about), (classes >> cls & 1) != 0);
    }
    about.stun_class = 200;
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
    about.stun_method = 0;
    assert_false(matches(RULE(.method = 1), about));
    about = subject();
    about.topic = POLICY_PROBE;
    assert_false(matches(RULE(.method = 1), about));
}

static void the_interface_matches_or_all_others_do(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.ifindex = 2), about));
    assert_false(matches(RULE(.ifindex = 3), about));
    assert_false(matches(RULE(.ifindex = 2, .interface_not = 1), about));
    assert_true(matches(RULE(.ifindex = 3, .interface_not = 1), about));
    about.ifindex = 0; /* unknown */
    assert_false(matches(RULE(.ifindex = 2), about));
    assert_true(matches(RULE(.ifindex = 2, .interface_not = 1), about));
}

static void ports_match_as_a_range(void **state)
{
    struct policy_subject about = subject();

    (void)state;
    assert_true(matches(RULE(.port_min = 3478, .port_max = 3478), about));
    assert_true(matches(RULE(.port_min = 3000, .port_max = 4000), about));
    assert_true(matches(RULE(.port_min = 0, .port_max = 3478), about));
    assert_false(matches(RULE(.port_min = 3479, .port_max = 4000), about));
    assert_false(matches(RULE(.port_min = 1, .port_max = 3477), about));
    about.server.port = 0; /* unknown */
    assert_false(matches(RULE(.port_min = 0, .port_max = 65535), about));
}

static void the_server_matches_by_prefix_or_all_others_do(void **state)
{
    struct policy_subject about = subject();
    struct netaddr net = ipv4(198, 51, 100, 0, 0);

    (void)state;
    assert_true(matches(RULE(.server = net, .prefix_bits = 24), about));
    assert_false(matches(RULE(.server = net, .prefix_bits = 32), about));
    assert_true(matches(RULE(.server = net, .prefix_bits = 0), about));
    assert_false(matches(RULE(.server = net, .prefix_bits = 24, .server_not = 1), about));
    assert_true(matches(RULE(.server = net, .prefix_bits = 32, .server_not = 1), about));
    assert_false(matches(RULE(.server = ipv6(1, 0), .prefix_bits = 0), about));
    assert_true(matches(RULE(.server = ipv6(1, 0), .prefix_bits = 0, .server_not = 1), about));
    about.server = ipv6(0x77, 3478);
    assert_true(matches(RULE(.server = ipv6(0, 0), .prefix_bits = 120), about));
    assert_false(matches(RULE(.server = ipv6(0, 0), .prefix_bits = 128), about));
    about.server = (struct netaddr){.family = NETADDR_NONE}; /* unknown */
    assert_false(matches(RULE(.server = net, .prefix_bits = 0), about));
    assert_true(matches(RULE(.server = net, .prefix_bits = 0, .server_not = 1), about));
    about.server = (struct netaddr){.family = NETADDR_NONE};
    assert_true(matches(RULE(.server_not = 1), about)); /* no server in the rule: any */
}

static void every_field_of_a_rule_must_match(void **state)
{
    struct policy_rule all = {
        .topics = POLICY_STUN,
        .transports = POLICY_UDP,
        .family = NETADDR_IPV4,
        .directions = 1,
        .classes = 1,
        .method = 1,
        .ifindex = 2,
        .port_min = 3478,
        .port_max = 3478,
        .server = ipv4(198, 51, 100, 0, 0),
        .prefix_bits = 24,
    };
    struct policy_subject about;

    (void)state;
    assert_true(matches(all, subject()));
#define BUT(field, value)                                                                          \
    about = subject();                                                                             \
    about.field = (value);                                                                         \
    assert_false(matches(all, about))
    BUT(topic, POLICY_DNS);
    BUT(transport, POLICY_TCP);
    BUT(family, NETADDR_IPV6);
    BUT(direction, 2);
    BUT(stun_class, 1);
    BUT(stun_method, 3);
    BUT(ifindex, 3);
    BUT(server.port, 53);
    BUT(server.ip[0], 1);
#undef BUT
}

static void the_first_match_wins_and_then_the_fallback(void **state)
{
    static struct policy_table table = {
        .name = "order",
        .rules = 3,
        .fallback = POLICY_DENY,
        .fallback_refusal = ENETUNREACH,
        .rule = {{.topics = POLICY_STUN, .transports = POLICY_TCP, .action = POLICY_ALLOW},
                 {.topics = POLICY_STUN, .action = POLICY_PIN, .ifindex = 9},
                 {.topics = POLICY_STUN | POLICY_ENUMERATION, .action = POLICY_HIDE}},
    };
    struct policy_subject about = subject();

    (void)state;
    policy_format(&policy);
    policy_publish(&policy, &table);
    assert_true(policy_valid(&policy, sizeof(policy)));
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_PIN); /* whatever interface the subject has */
    assert_int_equal(verdict.rule, 1);
    assert_int_equal(verdict.ifindex, 9);
    assert_int_equal(verdict.generation, 1);
    about.transport = POLICY_TCP;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    assert_int_equal(verdict.rule, 0);
    about.topic = POLICY_ENUMERATION;
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_HIDE);
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
        policy.table[0].rules = 2;                                                                 \
        struct policy_table *t = &policy.table[0];                                                 \
        struct policy_rule *r = &policy.table[0].rule[1];                                          \
        (void)t;                                                                                   \
        (void)r;                                                                                   \
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
    BAD(t->fallback = POLICY_ACTION_COUNT);
    BAD(t->fallback = POLICY_PIN);
    BAD(t->fallback_refusal = -1);
    BAD(r->topics = 0x8000);
    BAD(r->action = POLICY_ACTION_COUNT);
    BAD(r->transports = 4);
    BAD(r->family = 5);
    BAD(r->directions = 4);
    BAD(r->classes = 16);
    BAD(r->interface_not = 2);
    BAD(r->server_not = 2);
    BAD(r->method = 0x1000);
    BAD((r->port_min = 2, r->port_max = 1));
    BAD(r->prefix_bits = 1);
    BAD((r->server = ipv4(1, 2, 3, 4, 0), r->prefix_bits = 33));
    BAD((r->server = ipv6(1, 0), r->prefix_bits = 129));
    BAD(r->server.family = 1);
    BAD(r->refusal = 4096);
    BAD(r->refusal = INT32_MIN);
    BAD(r->action = POLICY_PIN);
#undef BAD
    policy_format(&policy);
    assert_false(policy_valid(&policy, sizeof(policy) - 1));
    assert_false(policy_valid(NULL, sizeof(policy)));
    policy.table[1].rules = UINT32_MAX; /* the idle half may be anything */
    assert_true(policy_valid(&policy, sizeof(policy)));
}

static void a_table_of_nonsense_gets_an_answer_in_range(void **state)
{
    struct policy_subject about = subject();
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        uint8_t *bytes = (uint8_t *)&policy;
        for (size_t i = 0; i < sizeof(policy); i++) {
            random = random * 1103515245 + 12345;
            bytes[i] = (uint8_t)(random >> 16);
        }
        for (size_t i = 0; i < POLICY_RULES_MAX && round % 2 == 0; i++) { /* all match */
            uint8_t action = policy.table[0].rule[i].action;
            policy.table[0].rule[i] =
                (struct policy_rule){.action = action, .refusal = (int32_t)random};
            policy.table[1].rule[i] = policy.table[0].rule[i];
        }
        struct policy_verdict verdict = policy_judge(&policy, &about);
        assert_true(verdict.action < POLICY_ACTION_COUNT);
        assert_true(verdict.rule < POLICY_RULES_MAX || verdict.rule == POLICY_RULE_DEFAULT);
        assert_true(verdict.refusal >= 0 && verdict.refusal <= 4095);
    }
    policy_format(&policy);
    policy.table[0].rules = UINT32_MAX; /* as many as there is room for, all of them "allow" */
    policy.table[0].fallback = 99;
    struct policy_verdict verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_ALLOW);
    policy.table[0].rule[0].action = 99; /* an action that does not exist refuses */
    verdict = policy_judge(&policy, &about);
    assert_int_equal(verdict.action, POLICY_DENY);
    assert_int_equal(verdict.refusal, EPERM);
}

enum { PUBLISHED = 20000 };

/* Each generation says its own number in both rules; which of them matches changes from one to the
 * next. */
static void *publish_many(void *stop)
{
    static struct policy_table table = {.name = "n", .rules = 2, .fallback = POLICY_DENY};

    for (uint32_t n = 1; n <= PUBLISHED; n++) {
        for (size_t i = 0; i < 2; i++)
            table.rule[i] =
                (struct policy_rule){.topics = POLICY_DNS, .action = POLICY_PIN, .ifindex = n};
        table.rule[n % 2].topics = POLICY_STUN;
        policy_publish(&policy, &table);
    }
    atomic_store((_Atomic int *)stop, 1);
    return NULL;
}

static void a_judge_never_sees_half_of_a_new_policy(void **state)
{
    static _Atomic int stop;
    struct policy_subject about = subject();
    pthread_t thread;

    (void)state;
    policy_format(&policy);
    assert_int_equal(pthread_create(&thread, NULL, publish_many, &stop), 0);
    while (atomic_load(&stop) == 0) {
        struct policy_verdict verdict = policy_judge(&policy, &about);
        if (verdict.generation == 0) {
            assert_int_equal(verdict.action, POLICY_ALLOW);
            continue;
        }
        /* Publishing copies 14 kB and judging two rules is far shorter, so four tries in a row
         * never all meet a change. */
        assert_int_equal(verdict.action, POLICY_PIN);
        assert_int_equal(verdict.ifindex, verdict.generation);
        assert_int_equal(verdict.rule, verdict.generation % 2);
    }
    pthread_join(thread, NULL);
    struct policy_verdict last = policy_judge(&policy, &about);
    assert_int_equal(last.generation, PUBLISHED);
    assert_int_equal(last.ifindex, PUBLISHED);
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
        cmocka_unit_test(an_empty_rule_matches_everything),
        cmocka_unit_test(topics_match_any_of_their_bits),
        cmocka_unit_test(transports_match_any_of_their_bits),
        cmocka_unit_test(the_family_is_the_packets_or_else_the_servers),
        cmocka_unit_test(directions_match_any_of_their_bits),
        cmocka_unit_test(classes_match_stun_alone),
        cmocka_unit_test(the_method_matches_stun_alone),
        cmocka_unit_test(the_interface_matches_or_all_others_do),
        cmocka_unit_test(ports_match_as_a_range),
        cmocka_unit_test(the_server_matches_by_prefix_or_all_others_do),
        cmocka_unit_test(every_field_of_a_rule_must_match),
        cmocka_unit_test(the_first_match_wins_and_then_the_fallback),
        cmocka_unit_test(validity_looks_at_each_field),
        cmocka_unit_test(a_table_of_nonsense_gets_an_answer_in_range),
        cmocka_unit_test(a_judge_never_sees_half_of_a_new_policy),
        cmocka_unit_test(actions_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
