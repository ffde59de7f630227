/* Interfaces, addresses and routes: from messages that the test makes, and from the kernel in a
 * network namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_process.h"
#include "netlink_bytes.h"
#include "network.h"

static json_t *changes;

static void keep(const json_t *change, void *ctx)
{
    (void)ctx;
    json_array_append_new(changes, json_deep_copy(change));
}

static int set_up(void **state)
{
    (void)state;
    changes = json_array();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(changes);
    return 0;
}

static const char *change_text(size_t i, const char *key)
{
    const char *text = json_string_value(json_object_get(json_array_get(changes, i), key));

    return text ? text : "(none)";
}

static void tells_each_change_once(void **state)
{
    struct network *network = network_new_offline();
    struct netlink_bytes b = {.len = 0};

    (void)state;
    netlink_link(&b, RTM_NEWLINK, 0, 0, 2, "eth0");
    netlink_link(&b, RTM_NEWLINK, 0, 0, 2, "eth0");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, 2, "192.168.1.23");
    netlink_addr(&b, RTM_NEWADDR, 0, 0, 2, "192.168.1.23");
    netlink_link(&b, RTM_NEWLINK, 0, 0, 2, "lan0");
    netlink_route(&b, RTM_NEWROUTE, 0, 0, 2);
    netlink_route(&b, RTM_NEWROUTE, 0, 0, 2);
    netlink_route(&b, RTM_DELROUTE, 0, 0, 2);
    netlink_addr(&b, RTM_DELADDR, 0, 0, 2, "192.168.1.23");
    netlink_addr(&b, RTM_DELADDR, 0, 0, 2, "192.168.1.23");
    netlink_link(&b, RTM_DELLINK, 0, 0, 2, "lan0");
    network_apply(network, b.data, b.len, keep, NULL);
    assert_int_equal(json_array_size(changes), 7);
    assert_string_equal(change_text(0, "change"), "added");
    assert_string_equal(change_text(1, "what"), "address");
    assert_string_equal(change_text(2, "change"), "changed");
    assert_string_equal(change_text(3, "what"), "route");
    assert_string_equal(change_text(6, "change"), "removed");
    assert_null(network_name_of(network, 2));
    network_free(network);
}

static void tells_the_routes_of_a_link_that_goes_before_it(void **state)
{
    struct network *network = network_new_offline();
    struct netlink_bytes b = {.len = 0};

    (void)state;
    netlink_link(&b, RTM_NEWLINK, 0, 0, 2, "tun0");
    netlink_route(&b, RTM_NEWROUTE, 0, 0, 2);
    netlink_link(&b, RTM_DELLINK, 0, 0, 2, "tun0");
    network_apply(network, b.data, b.len, keep, NULL);
    assert_int_equal(json_array_size(changes), 4);
    assert_string_equal(change_text(2, "what"), "route");
    assert_string_equal(change_text(2, "change"), "removed");
    const json_t *route = json_object_get(json_array_get(changes, 2), "route");
    assert_string_equal(json_string_value(json_object_get(route, "iface")), "tun0");
    assert_string_equal(change_text(3, "what"), "interface");
    network_free(network);
}

static void remembers_a_bounded_number_of_lookups(void **state)
{
    struct network *network = network_new_offline();
    struct network_answer answer = {.found = true, .oif = 1}, got;
    struct network_lookup lookup = {0};

    (void)state;
    for (uint32_t i = 0; i <= NETWORK_LOOKUPS_MAX; i++) {
        uint8_t ip[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        lookup.dest = netaddr_from_bytes(ip, 4, (uint16_t)i);
        network_remember(network, &lookup, &answer);
    }
    network_route(network, &lookup, &got);
    assert_true(got.found);
    lookup.dest = netaddr_from_bytes((const uint8_t[]){10, 0, 0, 0}, 4, 0);
    network_route(network, &lookup, &got);
    assert_false(got.found);
    network_free(network);
}

static void set_loopback(bool up)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    request.ifr_flags = up ? IFF_UP : 0;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    close(fd);
}

static void add_route(const char *to, const char *mask)
{
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char[]){"lo"}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET};

    assert_int_equal(inet_pton(AF_INET, to, &addr.sin_addr), 1);
    memcpy(&route.rt_dst, &addr, sizeof(addr));
    assert_int_equal(inet_pton(AF_INET, mask, &addr.sin_addr), 1);
    memcpy(&route.rt_genmask, &addr, sizeof(addr));
    assert_int_equal(ioctl(fd, SIOCADDRT, &route), 0);
    close(fd);
}

static int count_changes(const char *change, const char *route)
{
    int count = 0;
    size_t i;
    json_t *one;

    json_array_foreach(changes, i, one)
    {
        const char *to = json_string_value(json_object_get(json_object_get(one, "route"), "to"));
        count += to && strcmp(to, route) == 0 && strcmp(change_text(i, "change"), change) == 0;
    }
    return count;
}

static void sees_the_kernel_s_changes_and_asks_it_for_routes_once(void **state)
{
    struct network *network;
    struct network_lookup lookup = {
        .dest = netaddr_from_bytes((const uint8_t[]){127, 0, 0, 1}, 4, 1),
    };
    struct network_answer answer;
    struct pollfd input = {.events = POLLIN};
    uint64_t asked;

    (void)state;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0) {
        print_message("skipped: no network namespace to be had (unshare)\n");
        skip();
    }
    network = network_new(0);
    assert_non_null(network);
    assert_string_equal(network_name_of(network, 1), "lo");
    network_route(network, &lookup, &answer);
    assert_false(answer.found);

    set_loopback(true);
    input.fd = network_fd(network);
    assert_int_equal(poll(&input, 1, 5000), 1);
    network_ready(network, keep, NULL);
    assert_true(json_array_size(changes) > 0);

    network_route(network, &lookup, &answer);
    assert_true(answer.found);
    assert_string_equal(network_name_of(network, answer.oif), "lo");
    asked = network_asked(network);
    lookup.dest.port = 2;
    network_route(network, &lookup, &answer);
    assert_true(answer.found);
    assert_int_equal(network_asked(network), asked);

    /* The kernel says that the link is down, and not that its IPv4 routes have gone with it. */
    add_route("10.9.0.0", "255.255.0.0");
    set_loopback(false);
    assert_int_equal(poll(&input, 1, 5000), 1);
    network_ready(network, keep, NULL);
    assert_int_equal(count_changes("removed", "10.9.0.0/16"), 0);
    network_settle(network, keep, NULL);
    assert_int_equal(count_changes("added", "10.9.0.0/16"), 1);
    assert_int_equal(count_changes("removed", "10.9.0.0/16"), 1);
    asked = network_asked(network);
    network_settle(network, keep, NULL);
    assert_int_equal(network_asked(network), asked);

    json_t *json = network_json(network);
    assert_true(json_array_size(json_object_get(json, "changes")) == json_array_size(changes));
    assert_non_null(
        json_object_get(json_array_get(json_object_get(json, "changes"), 0), "timestamp"));
    json_decref(json);
    network_free(network);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tells_each_change_once),
        TEST(tells_the_routes_of_a_link_that_goes_before_it),
        TEST(remembers_a_bounded_number_of_lookups),
        TEST(sees_the_kernel_s_changes_and_asks_it_for_routes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
