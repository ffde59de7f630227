/* Judging by interface: when a socket is pinned and to which, what is certain, what is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy_tables.h"

static struct policy_shared policy;
static struct policy_table *table;

static int a_machine(void **state)
{
    (void)state;
    table = table_machine();
    return 0;
}

/* deny stun via !tun0,!lo */
static void only_the_tunnel(void)
{
    table_rule(table, POLICY_DENY, 1u << SLOT_TUN | 1u << SLOT_LO, true);
}

static struct policy_verdict judge(const char *server, const char *local, uint32_t ifindex)
{
    struct policy_subject about = {
        .topic = POLICY_STUN,
        .transport = POLICY_UDP,
        .stun_method = 1,
        .ifindex = ifindex,
        .server = address(server, 3478),
    };

    if (local)
        about.local = address(local, 40000);
    policy_format(&policy);
    policy_publish(&policy, table);
    assert_true(policy_valid(&policy, sizeof(policy)));
    return policy_judge(&policy, &about);
}

static void expect(struct policy_verdict verdict, unsigned action, unsigned rule, uint32_t ifindex)
{
    assert_int_equal(verdict.action, action);
    assert_int_equal(verdict.rule, rule);
    assert_int_equal(verdict.ifindex, ifindex);
}
#define DENIED(verdict, rule)          expect(verdict, POLICY_DENY, rule, 0)
#define ALLOWED(verdict, rule)         expect(verdict, POLICY_ALLOW, rule, 0)
#define PINNED(verdict, rule, ifindex) expect(verdict, POLICY_PIN, rule, ifindex)

static void rules_that_say_the_same_of_every_interface_pin_nothing(void **state)
{
    (void)state;
    ALLOWED(judge("198.51.100.10", NULL, 0), POLICY_RULE_DEFAULT);
    table_rule(table, POLICY_DENY, 0, false);
    DENIED(judge("198.51.100.10", NULL, 0), 0);
    table = table_machine();
    table_rule(table, POLICY_ALLOW, 1u << SLOT_TUN, false);
    table_rule(table, POLICY_ALLOW, 0, false);
    table_rule(table, POLICY_DENY, 0, false);
    ALLOWED(judge("198.51.100.10", NULL, 0), 0);
}

static void a_wildcard_socket_is_pinned_to_what_is_allowed(void **state)
{
    (void)state;
    only_the_tunnel();
    PINNED(judge("198.51.100.10", NULL, 0), 0, IF_TUN);
    PINNED(judge("198.51.100.10", "0.0.0.0", 0), 0, IF_TUN);
    /* The tunnel has no IPv6: nothing that is allowed can carry it. */
    DENIED(judge("2001:db8:ffff::10", NULL, 0), 0);
    DENIED(judge("2001:db8:ffff::10", "::", 0), 0);
}

static void a_bound_socket_is_pinned_to_its_address_or_refused(void **state)
{
    (void)state;
    only_the_tunnel();
    PINNED(judge("198.51.100.10", "10.8.0.2", 0), 0, IF_TUN);
    DENIED(judge("198.51.100.10", "192.168.1.23", 0), 0);
    DENIED(judge("2001:db8:ffff::10", "2001:db8:1::23", 0), 0);
    /* An address that nobody has, or has not yet. */
    DENIED(judge("198.51.100.10", "203.0.113.9", 0), 0);
    /* Bound to loopback it can reach loopback only. */
    PINNED(judge("198.51.100.10", "127.0.0.1", 0), 0, IF_LO);
    PINNED(judge("198.51.100.10", "127.0.0.99", 0), 0, IF_LO);
}

static void an_address_on_two_interfaces_is_pinned_to_the_allowed_one(void **state)
{
    (void)state;
    only_the_tunnel();
    table_addr(table, SLOT_TUN, "192.168.1.23", 32);
    PINNED(judge("198.51.100.10", "192.168.1.23", 0), 0, IF_TUN);
}

static void a_pinned_socket_is_certain(void **state)
{
    (void)state;
    only_the_tunnel();
    ALLOWED(judge("198.51.100.10", NULL, IF_TUN), POLICY_RULE_DEFAULT);
    ALLOWED(judge("198.51.100.10", "10.8.0.2", IF_TUN), POLICY_RULE_DEFAULT);
    DENIED(judge("198.51.100.10", NULL, IF_ETH), 0);
    DENIED(judge("198.51.100.10", "10.8.0.2", IF_NEW), 0);
}

/* A packet goes out through the tunnel with the address of eth0, and tells of it. */
static void a_pinned_socket_with_a_refused_interfaces_address_is_refused(void **state)
{
    (void)state;
    only_the_tunnel();
    DENIED(judge("198.51.100.10", "192.168.1.23", IF_TUN), 0);
    DENIED(judge("2001:db8:ffff::10", "2001:db8:1::23", IF_TUN), 0);
    /* An address that nobody has, or has not yet. */
    DENIED(judge("198.51.100.10", "203.0.113.9", IF_TUN), 0);
    /* One of several interfaces that have it is allowed. */
    table_addr(table, SLOT_TUN, "192.168.1.23", 32);
    ALLOWED(judge("198.51.100.10", "192.168.1.23", IF_TUN), POLICY_RULE_DEFAULT);
}

/* A scope names the way, for a link-local address and for a group; the source is judged all the
 * same. */
static void a_scope_does_not_excuse_a_refused_source_address(void **state)
{
    static const char *const scoped[] = {"fe80::99", "ff02::fb"};

    (void)state;
    only_the_tunnel();
    table_addr(table, SLOT_TUN, "fe80::2", 64);
    policy_format(&policy);
    policy_publish(&policy, table);
    for (size_t i = 0; i < 2; i++) {
        struct policy_subject about = {
            .topic = POLICY_STUN, .stun_method = 1, .server = address(scoped[i], 3478)};
        about.server.scope_id = IF_TUN;
        ALLOWED(policy_judge(&policy, &about), POLICY_RULE_DEFAULT);
        about.local = address("fe80::2", 40000);
        ALLOWED(policy_judge(&policy, &about), POLICY_RULE_DEFAULT);
        about.local = address("2001:db8:1::23", 40000);
        DENIED(policy_judge(&policy, &about), 0);
        about.local = address("fe80::23", 40000);
        DENIED(policy_judge(&policy, &about), 0);
    }
}

static void loopback_and_own_addresses_are_certain(void **state)
{
    (void)state;
    only_the_tunnel();
    ALLOWED(judge("127.0.0.1", NULL, 0), POLICY_RULE_DEFAULT);
    ALLOWED(judge("127.8.9.10", NULL, 0), POLICY_RULE_DEFAULT);
    ALLOWED(judge("::1", NULL, 0), POLICY_RULE_DEFAULT);
    ALLOWED(judge("10.8.0.2", NULL, 0), POLICY_RULE_DEFAULT);
    DENIED(judge("192.168.1.23", NULL, 0), 0);
    DENIED(judge("172.17.0.1", "10.8.0.2", 0), 0);
}

static void a_server_with_a_scope_is_certain(void **state)
{
    struct policy_subject about = {.topic = POLICY_STUN, .server = address("fe80::99", 3478)};

    (void)state;
    only_the_tunnel();
    policy_format(&policy);
    policy_publish(&policy, table);
    about.server.scope_id = IF_ETH;
    DENIED(policy_judge(&policy, &about), 0);
    about.server.scope_id = IF_TUN;
    ALLOWED(policy_judge(&policy, &about), POLICY_RULE_DEFAULT);
}

static void an_interface_that_is_not_there_lets_nothing_out(void **state)
{
    (void)state;
    /* deny stun via !$vpn, and no slot is that. */
    table_rule(table, POLICY_DENY, 0, true)->iface_given = 1;
    DENIED(judge("198.51.100.10", NULL, 0), 0);
    DENIED(judge("198.51.100.10", "10.8.0.2", 0), 0);
    DENIED(judge("198.51.100.10", NULL, IF_TUN), 0);
    DENIED(judge("127.0.0.1", NULL, 0), 0);
}

static void pinning_prefers_the_servers_own_network_then_the_default_route(void **state)
{
    (void)state;
    /* deny stun via docker0 */
    table_rule(table, POLICY_DENY, 1u << SLOT_DOCKER, false);
    PINNED(judge("198.51.100.10", NULL, 0), 0, IF_TUN);
    PINNED(judge("2001:db8:ffff::10", NULL, 0), 0, IF_ETH);
    PINNED(judge("192.168.1.1", NULL, 0), 0, IF_ETH);
    PINNED(judge("10.8.0.1", NULL, 0), 0, IF_TUN);
    /* Its network is docker0's, which is not allowed. */
    PINNED(judge("172.17.0.5", NULL, 0), 0, IF_TUN);
    /* The longest prefix. */
    table_addr(table, SLOT_TUN, "192.168.0.1", 16);
    PINNED(judge("192.168.1.1", NULL, 0), 0, IF_ETH);
    PINNED(judge("192.168.2.1", NULL, 0), 0, IF_TUN);
}

static void pinning_takes_any_allowed_interface_with_an_address(void **state)
{
    (void)state;
    /* deny stun via tun0, whose default route it is */
    table_rule(table, POLICY_DENY, 1u << SLOT_TUN, false);
    PINNED(judge("198.51.100.10", NULL, 0), 0, IF_ETH);
    /* allow stun via docker0, deny stun: the only one, and it has no IPv6 */
    table = table_machine();
    table_rule(table, POLICY_ALLOW, 1u << SLOT_DOCKER, false);
    table_rule(table, POLICY_DENY, 0, false);
    PINNED(judge("198.51.100.10", NULL, 0), 1, IF_DOCKER);
    DENIED(judge("2001:db8:ffff::10", NULL, 0), 1);
    /* Loopback is never chosen. */
    table = table_machine();
    table_rule(table, POLICY_ALLOW, 1u << SLOT_LO, false);
    table_rule(table, POLICY_DENY, 0, false);
    DENIED(judge("198.51.100.10", NULL, 0), 1);
    /* A link-local address carries nothing to a server. */
    table = table_machine();
    table_addr(table, SLOT_DOCKER, "fe80::1", 64);
    table_rule(table, POLICY_ALLOW, 1u << SLOT_DOCKER, false);
    table_rule(table, POLICY_DENY, 0, false);
    DENIED(judge("2001:db8:ffff::10", NULL, 0), 1);
}

static void the_verdict_names_the_rule_of_the_interface(void **state)
{
    (void)state;
    table_rule(table, POLICY_DENY, 1u << SLOT_DOCKER, false);
    table_rule(table, POLICY_ALLOW, 1u << SLOT_TUN, false);
    table_rule(table, POLICY_DENY, 1u << SLOT_ETH, false);
    table_rule(table, POLICY_ALLOW, 0, false);
    PINNED(judge("198.51.100.10", NULL, 0), 0, IF_TUN);
    DENIED(judge("198.51.100.10", "172.17.0.1", 0), 0);
    DENIED(judge("198.51.100.10", "192.168.1.23", 0), 2);
    ALLOWED(judge("127.0.0.1", NULL, 0), 3);
    /* Pinned for the default's sake: the rule that allows says more. */
    table = table_machine();
    table->fallback = POLICY_DENY;
    table_rule(table, POLICY_ALLOW, 1u << SLOT_TUN, false);
    PINNED(judge("198.51.100.10", NULL, 0), 0, IF_TUN);
}

static void the_last_slot_counts_too(void **state)
{
    (void)state;
    for (unsigned slot = SLOTS_USED; slot < POLICY_IFACES_MAX; slot++) {
        char name[16];
        (void)snprintf(name, sizeof name, "v%u", slot);
        table_iface(table, slot, 1000 + slot, name, 0);
    }
    table_addr(table, POLICY_IFACES_MAX - 1, "203.0.113.1", 24);
    struct policy_rule *rule = table_rule(table, POLICY_ALLOW, 0, false);
    rule->iface_given = 1;
    rule->ifaces.bit[1] = UINT64_C(1) << 63;
    table_rule(table, POLICY_DENY, 0, false);
    PINNED(judge("198.51.100.10", NULL, 0), 1, 1000 + POLICY_IFACES_MAX - 1);
    ALLOWED(judge("198.51.100.10", NULL, 1000 + POLICY_IFACES_MAX - 1), 0);
    DENIED(judge("198.51.100.10", NULL, 1000 + POLICY_IFACES_MAX - 2), 1);
}

/* --- hiding ----------------------------------------------------------------------------------- */

static void hide_all_but_the_tunnel(void)
{
    table->hides = 1;
    table->hidden_unknown = POLICY_HIDDEN_LINK;
    table->iface[SLOT_ETH].hidden = POLICY_HIDDEN_LINK;
    table->iface[SLOT_DOCKER].hidden = POLICY_HIDDEN_INET6;
    for (uint32_t i = 0; i < table->addrs; i++)
        table->addr[i].hidden = table->addr[i].slot == SLOT_ETH;
    policy_format(&policy);
    policy_publish(&policy, table);
}

static void what_is_hidden_is_known_by_index_and_by_name(void **state)
{
    (void)state;
    hide_all_but_the_tunnel();
    assert_true(policy_hides(&policy));
    assert_int_equal(policy_hidden_index(&policy, IF_TUN), 0);
    assert_int_equal(policy_hidden_index(&policy, IF_ETH), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_index(&policy, IF_DOCKER), POLICY_HIDDEN_INET6);
    assert_int_equal(policy_hidden_index(&policy, IF_NEW), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "tun0", 5), 0);
    assert_int_equal(policy_hidden_name(&policy, "eth0", 4), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "eth0:1", 6), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "tun0:1", 6), 0);
    assert_int_equal(policy_hidden_name(&policy, "docker0", 7), POLICY_HIDDEN_INET6);
    assert_int_equal(policy_hidden_name(&policy, "tun", 3), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "tun00", 5), POLICY_HIDDEN_LINK);
    assert_int_equal(policy_hidden_name(&policy, "a-name-of-sixteen", 17), POLICY_HIDDEN_LINK);
}

static void addresses_are_shown_hidden_or_foreign(void **state)
{
    struct netaddr addr;

    (void)state;
    hide_all_but_the_tunnel();
    addr = address("10.8.0.2", 5);
    assert_int_equal(policy_known_addr(&policy, &addr), POLICY_ADDR_SHOWN);
    addr = address("192.168.1.23", 5);
    assert_int_equal(policy_known_addr(&policy, &addr), POLICY_ADDR_HIDDEN);
    addr = address("198.51.100.10", 0);
    assert_int_equal(policy_known_addr(&policy, &addr), POLICY_ADDR_FOREIGN);
    /* On two interfaces, one of them shown. */
    table_addr(table, SLOT_TUN, "192.168.1.23", 24);
    policy_publish(&policy, table);
    addr = address("192.168.1.23", 0);
    assert_int_equal(policy_known_addr(&policy, &addr), POLICY_ADDR_SHOWN);
}

static void the_address_that_may_be_told_is_the_default_routes(void **state)
{
    struct netaddr told, wanted;

    (void)state;
    hide_all_but_the_tunnel();
    assert_true(policy_shown_addr(&policy, NETADDR_IPV4, &told));
    wanted = address("10.8.0.2", 0);
    assert_true(netaddr_same(&told, &wanted));
    assert_false(policy_shown_addr(&policy, NETADDR_IPV6, &told)); /* eth0's alone, and ::1 */
    /* Another one where the default route's is hidden. */
    table->addr[5].hidden = 1;
    policy_publish(&policy, table);
    assert_true(policy_shown_addr(&policy, NETADDR_IPV4, &told));
    wanted = address("172.17.0.1", 0);
    assert_true(netaddr_same(&told, &wanted));
}

static void resolvers_are_known(void **state)
{
    struct netaddr addr = address("192.168.1.1", 53);

    (void)state;
    hide_all_but_the_tunnel();
    assert_false(policy_is_resolver(&policy, &addr));
    table->resolvers = 2;
    table->resolver[0] = address("2001:db8::53", 0);
    table->resolver[1] = address("192.168.1.1", 0);
    policy_publish(&policy, table);
    assert_true(policy_is_resolver(&policy, &addr));
    addr = address("8.8.8.8", 53);
    assert_false(policy_is_resolver(&policy, &addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, a_machine)
        TEST(rules_that_say_the_same_of_every_interface_pin_nothing),
        TEST(a_wildcard_socket_is_pinned_to_what_is_allowed),
        TEST(a_bound_socket_is_pinned_to_its_address_or_refused),
        TEST(an_address_on_two_interfaces_is_pinned_to_the_allowed_one),
        TEST(a_pinned_socket_is_certain),
        TEST(a_pinned_socket_with_a_refused_interfaces_address_is_refused),
        TEST(a_scope_does_not_excuse_a_refused_source_address),
        TEST(loopback_and_own_addresses_are_certain),
        TEST(a_server_with_a_scope_is_certain),
        TEST(an_interface_that_is_not_there_lets_nothing_out),
        TEST(pinning_prefers_the_servers_own_network_then_the_default_route),
        TEST(pinning_takes_any_allowed_interface_with_an_address),
        TEST(the_verdict_names_the_rule_of_the_interface),
        TEST(the_last_slot_counts_too),
        TEST(what_is_hidden_is_known_by_index_and_by_name),
        TEST(addresses_are_shown_hidden_or_foreign),
        TEST(the_address_that_may_be_told_is_the_default_routes),
        TEST(resolvers_are_known),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
