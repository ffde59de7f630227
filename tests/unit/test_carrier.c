/* Which interface carries a message, in a network that the test makes up: eth0 192.168.1.23,
 * tun0 10.8.0.2 with the default route. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "carrier.h"
#include "fake_process.h"
#include "netlink_bytes.h"

enum { LO = 1, ETH0 = 2, TUN0 = 4 };

static struct network *network;

static struct netaddr ip(const char *text, uint16_t port)
{
    struct netaddr addr = {0};

    assert_true(netaddr_parse_ip(text, &addr));
    addr.port = port;
    return addr;
}

static void remember(const char *dest, const char *source, uint32_t oif, uint32_t answer,
                     const char *prefsrc)
{
    struct network_lookup lookup = {.dest = ip(dest, 0), .oif = oif};
    struct network_answer found = {.found = true, .oif = answer, .prefsrc = ip(prefsrc, 0)};

    if (source)
        lookup.source = ip(source, 0);
    network_remember(network, &lookup, &found);
}

static int set_up(void **state)
{
    struct netlink_bytes b = {.len = 0};

    (void)state;
    network = network_new_offline();
    netlink_link(&b, RTM_NEWLINK, 0, 0, LO, "lo");
    netlink_link(&b, RTM_NEWLINK, 0, 0, ETH0, "eth0");
    netlink_link(&b, RTM_NEWLINK, 0, 0, TUN0, "tun0");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, LO, "127.0.0.1");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, ETH0, "192.168.1.23");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, ETH0, "fe80::1");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, TUN0, "10.8.0.2");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, TUN0, "fe80::1");
    network_apply(network, b.data, b.len, NULL, NULL);
    remember("198.51.100.10", NULL, 0, TUN0, "10.8.0.2");
    remember("198.51.100.10", "10.8.0.2", 0, TUN0, "10.8.0.2");
    remember("198.51.100.10", "192.168.1.23", 0, TUN0, "192.168.1.23");
    remember("198.51.100.10", NULL, ETH0, ETH0, "192.168.1.23");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    network_free(network);
    return 0;
}

static void tells_no_group_as_a_source(void **state)
{
    struct event head = {.flags = EVENT_OUT | EVENT_UDP,
                         .local = ip("224.0.0.251", 5353),
                         .remote = ip("224.0.0.251", 5353)};
    struct carrier out;

    (void)state;
    remember("224.0.0.251", NULL, 0, ETH0, "192.168.1.23");
    carrier_find(network, &head, &out);
    assert_int_equal(out.ifindex, ETH0);
    assert_int_equal(out.source, IFACE_ROUTE);
    assert_true(out.wildcard);
    assert_true(netaddr_same_ip(&out.local, &head.local) == false);
    assert_int_equal(out.local.port, 5353);
    /* The same datagram as it comes back: from us, to the group, on the interface that it went out
     * on. */
    head.flags = EVENT_IN | EVENT_UDP;
    head.remote = ip("192.168.1.23", 5353);
    carrier_find(network, &head, &out);
    assert_int_equal(out.ifindex, ETH0);
    assert_false(out.wildcard);
    assert_true(netaddr_same_ip(&out.local, &head.local));
}

static struct carrier find(const char *local, const char *remote, uint32_t pin)
{
    struct event head = {.remote = ip(remote, 3478)};
    struct carrier out;

    if (local)
        head.local = ip(local, 5000);
    if (pin) {
        head.flags = EVENT_SOURCE_PINNED;
        head.ifindex = pin;
    }
    carrier_find(network, &head, &out);
    return out;
}

static void takes_the_interface_that_has_the_local_address(void **state)
{
    struct carrier c = find("10.8.0.2", "198.51.100.10", 0);

    (void)state;
    assert_int_equal(c.source, IFACE_ADDRESS);
    assert_int_equal(c.ifindex, TUN0);
    assert_int_equal(c.address_ifindex, 0);
    /* No route is known for that destination: the address is all there is. */
    c = find("192.168.1.23", "203.0.113.1", 0);
    assert_int_equal(c.source, IFACE_ADDRESS);
    assert_int_equal(c.ifindex, ETH0);
}

static void believes_the_route_where_it_contradicts_the_local_address(void **state)
{
    struct carrier c = find("192.168.1.23", "198.51.100.10", 0);

    (void)state;
    assert_int_equal(c.source, IFACE_ROUTE);
    assert_int_equal(c.ifindex, TUN0);
    assert_int_equal(c.address_ifindex, ETH0);
    assert_int_equal(c.local.port, 5000);
}

static void takes_the_pin_before_everything(void **state)
{
    struct carrier c = find("10.8.0.2", "198.51.100.10", ETH0);

    (void)state;
    assert_int_equal(c.source, IFACE_PINNED);
    assert_int_equal(c.ifindex, ETH0);
}

static void gives_a_wildcard_socket_the_address_that_the_kernel_would_choose(void **state)
{
    struct carrier c = find("0.0.0.0", "198.51.100.10", 0);
    struct netaddr tun = ip("10.8.0.2", 5000), eth = ip("192.168.1.23", 5000);

    (void)state;
    assert_int_equal(c.source, IFACE_ROUTE);
    assert_int_equal(c.ifindex, TUN0);
    assert_true(c.wildcard);
    assert_true(netaddr_same(&c.local, &tun));

    c = find("0.0.0.0", "198.51.100.10", ETH0);
    assert_int_equal(c.source, IFACE_PINNED);
    assert_true(netaddr_same(&c.local, &eth));
}

static void keeps_the_wildcard_where_no_route_is_known(void **state)
{
    struct carrier c = find("::", "2001:db8::1", 0);
    struct netaddr any = ip("::", 5000);

    (void)state;
    assert_int_equal(c.source, IFACE_UNKNOWN);
    assert_int_equal(c.ifindex, 0);
    assert_true(netaddr_same(&c.local, &any));
}

static void sends_loopback_and_own_addresses_over_lo(void **state)
{
    (void)state;
    assert_int_equal(find("127.0.0.1", "127.0.0.5", 0).ifindex, LO);
    assert_int_equal(find("0.0.0.0", "127.0.0.1", 0).ifindex, LO);
    assert_int_equal(find("10.8.0.2", "192.168.1.23", 0).ifindex, LO);
}

static void tells_link_local_addresses_apart_by_scope(void **state)
{
    (void)state;
    assert_int_equal(find("fe80::1%4", "fe80::9%4", 0).ifindex, TUN0);
    assert_int_equal(find("fe80::1%2", "fe80::9%2", 0).ifindex, ETH0);
}

static void forgets_routes_when_the_network_changes(void **state)
{
    struct netlink_bytes b = {.len = 0};

    (void)state;
    netlink_route(&b, RTM_NEWROUTE, 0, 0, ETH0);
    network_apply(network, b.data, b.len, NULL, NULL);
    assert_int_equal(find("0.0.0.0", "198.51.100.10", 0).source, IFACE_UNKNOWN);
}

static void knows_nothing_of_a_message_without_addresses(void **state)
{
    struct event head = {0};
    struct carrier c;

    (void)state;
    carrier_find(network, &head, &c);
    assert_int_equal(c.source, IFACE_UNKNOWN);
    assert_string_equal(iface_source_name(c.source), "unknown");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(takes_the_interface_that_has_the_local_address),
        TEST(believes_the_route_where_it_contradicts_the_local_address),
        TEST(takes_the_pin_before_everything),
        TEST(gives_a_wildcard_socket_the_address_that_the_kernel_would_choose),
        TEST(keeps_the_wildcard_where_no_route_is_known),
        TEST(sends_loopback_and_own_addresses_over_lo),
        TEST(tells_no_group_as_a_source),
        TEST(tells_link_local_addresses_apart_by_scope),
        TEST(forgets_routes_when_the_network_changes),
        TEST(knows_nothing_of_a_message_without_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
