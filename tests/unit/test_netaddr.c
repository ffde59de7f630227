/* Addresses from the kernel's forms and from text, as text, and their kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "netaddr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct netaddr ip(const char *text)
{
    struct netaddr addr;
    assert_true(netaddr_parse_ip(text, &addr));
    return addr;
}

static struct sockaddr_in6 sockaddr_ipv6(const char *text, uint16_t port, uint32_t scope)
{
    struct sockaddr_in6 sa = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};
    assert_int_equal(inet_pton(AF_INET6, text, &sa.sin6_addr), 1);
    return sa;
}

static void expect(const struct netaddr *addr, const char *text)
{
    char buf[NETADDR_TEXT_BYTES];
    assert_ptr_equal(netaddr_format(addr, buf, sizeof(buf)), buf);
    assert_string_equal(buf, text);
}

static void reads_socket_addresses_of_both_families(void **state)
{
    (void)state;
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(3478)};
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &sin.sin_addr), 1);
    struct netaddr addr = netaddr_from_sockaddr((struct sockaddr *)&sin, sizeof(sin));
    expect(&addr, "192.0.2.1:3478");

    struct sockaddr_in6 sin6 = sockaddr_ipv6("2001:db8::1", 3478, 0);
    addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    expect(&addr, "[2001:db8::1]:3478");
}

static void an_ipv4_mapped_address_is_an_ipv4_address(void **state)
{
    (void)state;
    struct sockaddr_in6 sin6 = sockaddr_ipv6("::ffff:192.0.2.1", 19302, 7);
    struct netaddr addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    expect(&addr, "192.0.2.1:19302");
    struct netaddr plain = ip("192.0.2.1");
    plain.port = 19302;
    assert_memory_equal(&addr, &plain, sizeof(addr));
    addr = ip("::ffff:192.0.2.1");
    assert_int_equal(addr.family, NETADDR_IPV4);
    /* Its first two bytes are those of fe80::/10; it is no link-local address for that. */
    sin6 = sockaddr_ipv6("::ffff:254.128.0.1", 1, 7);
    addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    assert_int_equal(addr.scope_id, 0);
    assert_false(netaddr_parse_ip("::ffff:254.128.0.1%7", &addr));
}

static void a_scope_is_kept_for_addresses_of_one_link_alone(void **state)
{
    (void)state;
    struct sockaddr_in6 sin6 = sockaddr_ipv6("fe80::1", 5353, 3);
    struct netaddr addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    expect(&addr, "[fe80::1%3]:5353");
    sin6 = sockaddr_ipv6("ff02::fb", 5353, 3);
    addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    expect(&addr, "[ff02::fb%3]:5353");
    sin6 = sockaddr_ipv6("ff05::fb", 5353, 3);
    addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    assert_int_equal(addr.scope_id, 0);
    sin6 = sockaddr_ipv6("2001:db8::1", 1, 3);
    addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6));
    assert_int_equal(addr.scope_id, 0);
}

static void a_socket_address_shorter_than_its_family_is_none(void **state)
{
    (void)state;
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in6 sin6 = sockaddr_ipv6("fe80::1", 1, 3);
    for (size_t len = 0; len < sizeof(sin); len++) {
        struct netaddr addr = netaddr_from_sockaddr((struct sockaddr *)&sin, len);
        assert_int_equal(addr.family, NETADDR_NONE);
    }
    /* The kernel takes an IPv6 address that ends before the scope. */
    for (size_t len = 0; len <= sizeof(sin6); len++) {
        struct netaddr addr = netaddr_from_sockaddr((struct sockaddr *)&sin6, len);
        assert_int_equal(addr.family, len < 24 ? NETADDR_NONE : NETADDR_IPV6);
        assert_int_equal(addr.scope_id, len < 28 ? 0 : 3);
    }
    struct netaddr addr = netaddr_from_sockaddr(NULL, 128);
    assert_int_equal(addr.family, NETADDR_NONE);
    struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "/x"};
    addr = netaddr_from_sockaddr((struct sockaddr *)&sun, sizeof(sun));
    assert_int_equal(addr.family, NETADDR_NONE);
}

static void a_socket_address_need_not_be_aligned(void **state)
{
    (void)state;
    struct sockaddr_in6 sin6 = sockaddr_ipv6("fe80::1", 5353, 3);
    _Alignas(8) char buf[sizeof(sin6) + 1];
    memcpy(buf + 1, &sin6, sizeof(sin6));
    struct netaddr addr =
        netaddr_from_sockaddr((const struct sockaddr *)(const void *)(buf + 1), sizeof(sin6));
    expect(&addr, "[fe80::1%3]:5353");
}

static void text_is_that_of_rfc_5952(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"2001:0DB8:0:0:0:0:0:0001", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"::1.2.3.4", "::102:304"},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
        {"fe80::1%2", "fe80::1%2"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"255.255.255.255", "255.255.255.255"},
        {"0.0.0.0", "0.0.0.0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buf[NETADDR_IP_TEXT_BYTES];
        struct netaddr addr = ip(rows[i].in);
        assert_string_equal(netaddr_format_ip(&addr, buf, sizeof(buf)), rows[i].out);
        struct netaddr again = ip(buf);
        assert_memory_equal(&again, &addr, sizeof(addr));
    }
    struct netaddr none = {0};
    expect(&none, "-");
}

static void rejects_text_that_is_no_address_and_leaves_the_result_alone(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.4:5",
        "1.2.3.4%1",
        "fe80::1%",
        "fe80::1%-1",
        "fe80::1%eth",
        "fe80::1%1 ",
        "fe80::1%1%2",
        "::1%1",
        "[::1]",
        ":::",
        "1::2::3",
        "12345::",
        "example.org",
        " 1.2.3.4",
        "0x7f.1",
        "127.1",
        "fe80::1%4294967296",
        "%1",
        "2001:db8::1%1",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netaddr addr;
        struct netaddr before;
        memset(&addr, 0xa5, sizeof(addr));
        before = addr;
        assert_false(netaddr_parse_ip(rows[i], &addr));
        assert_memory_equal(&addr, &before, sizeof(addr));
    }
    assert_int_equal(ip("fe80::1%4294967295").scope_id, UINT32_MAX);
}

static void text_is_cut_to_the_buffer(void **state)
{
    (void)state;
    struct netaddr addr = ip("2001:db8::1");
    for (size_t size = 0; size < 24; size++) {
        char buf[32];
        memset(buf, '#', sizeof(buf));
        netaddr_format(&addr, buf, size);
        for (size_t i = size; i < sizeof(buf); i++)
            assert_int_equal(buf[i], '#');
        if (size > 0)
            assert_true(memchr(buf, '\0', size) != NULL);
    }
}

static void the_longest_texts_fit(void **state)
{
    (void)state;
    struct netaddr addr;
    memset(&addr, 0xff, sizeof(addr));
    addr.family = NETADDR_IPV6;
    char buf[NETADDR_TEXT_BYTES];
    expect(&addr, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
    netaddr_format_ip(&addr, buf, NETADDR_IP_TEXT_BYTES);
    assert_string_equal(buf, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295");
}

static void raw_bytes_of_another_length_are_none(void **state)
{
    (void)state;
    static const uint8_t bytes[20] = {1, 2, 3, 4};
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct netaddr addr = netaddr_from_bytes(bytes, len, 9);
        int family = len == 4 ? NETADDR_IPV4 : len == 16 ? NETADDR_IPV6 : NETADDR_NONE;
        assert_int_equal(addr.family, family);
        assert_int_equal(addr.port, family == NETADDR_NONE ? 0 : 9);
    }
}

static void kinds_follow_the_special_purpose_registries_to_their_edges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum netaddr_kind kind;
    } rows[] = {
        {"0.0.0.0", NETADDR_KIND_UNSPECIFIED},
        {"127.0.0.1", NETADDR_KIND_LOOPBACK},
        {"127.255.255.255", NETADDR_KIND_LOOPBACK},
        {"128.0.0.0", NETADDR_KIND_PUBLIC},
        {"169.254.0.1", NETADDR_KIND_LINK_LOCAL},
        {"169.253.255.255", NETADDR_KIND_PUBLIC},
        {"10.8.0.2", NETADDR_KIND_PRIVATE},
        {"11.0.0.0", NETADDR_KIND_PUBLIC},
        {"172.15.255.255", NETADDR_KIND_PUBLIC},
        {"172.16.0.0", NETADDR_KIND_PRIVATE},
        {"172.31.255.255", NETADDR_KIND_PRIVATE},
        {"172.32.0.0", NETADDR_KIND_PUBLIC},
        {"192.168.1.23", NETADDR_KIND_PRIVATE},
        {"192.169.0.0", NETADDR_KIND_PUBLIC},
        {"192.0.0.4", NETADDR_KIND_PRIVATE},
        {"192.0.2.1", NETADDR_KIND_PUBLIC},
        {"198.19.255.255", NETADDR_KIND_PRIVATE},
        {"198.51.100.10", NETADDR_KIND_PUBLIC},
        {"100.63.255.255", NETADDR_KIND_PUBLIC},
        {"100.64.0.0", NETADDR_KIND_SHARED},
        {"100.127.255.255", NETADDR_KIND_SHARED},
        {"100.128.0.0", NETADDR_KIND_PUBLIC},
        {"224.0.0.251", NETADDR_KIND_MULTICAST},
        {"239.255.255.255", NETADDR_KIND_MULTICAST},
        {"255.255.255.255", NETADDR_KIND_MULTICAST},
        {"::", NETADDR_KIND_UNSPECIFIED},
        {"::1", NETADDR_KIND_LOOPBACK},
        {"::2", NETADDR_KIND_GLOBAL_IPV6},
        {"fe80::1", NETADDR_KIND_LINK_LOCAL},
        {"febf::1", NETADDR_KIND_LINK_LOCAL},
        {"fec0::1", NETADDR_KIND_ULA},
        {"fc00::1", NETADDR_KIND_ULA},
        {"fdff::1", NETADDR_KIND_ULA},
        {"fbff::1", NETADDR_KIND_GLOBAL_IPV6},
        {"ff02::fb", NETADDR_KIND_MULTICAST},
        {"2001:db8:1::23", NETADDR_KIND_GLOBAL_IPV6},
        {"::ffff:10.0.0.1", NETADDR_KIND_PRIVATE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netaddr addr = ip(rows[i].text);
        assert_int_equal(netaddr_is_loopback(&addr), rows[i].kind == NETADDR_KIND_LOOPBACK);
        assert_int_equal(netaddr_is_set(&addr), rows[i].kind != NETADDR_KIND_UNSPECIFIED);
        if (netaddr_kind_of(&addr) != rows[i].kind)
            fail_msg("%s is taken for %s", rows[i].text, netaddr_kind_name(netaddr_kind_of(&addr)));
    }
    struct netaddr none = {0};
    assert_int_equal(netaddr_kind_of(&none), NETADDR_KIND_NONE);
    assert_false(netaddr_is_loopback(&none));
    assert_false(netaddr_is_set(&none));
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int kind = NETADDR_KIND_NONE; kind <= NETADDR_KIND_GLOBAL_IPV6; kind++)
        assert_true(strlen(netaddr_kind_name((enum netaddr_kind)kind)) > 0);
}

static void a_prefix_covers_what_its_bits_say(void **state)
{
    (void)state;
    static const struct {
        const char *addr;
        const char *prefix;
        unsigned bits;
        bool in;
    } rows[] = {
        {"198.51.100.10", "198.51.100.0", 24, true},
        {"198.51.101.10", "198.51.100.0", 24, false},
        {"198.51.101.10", "198.51.100.0", 23, true},
        {"198.51.100.10", "198.51.100.10", 32, true},
        {"198.51.100.10", "198.51.100.10", 33, false},
        {"198.51.100.10", "0.0.0.0", 0, true},
        {"198.51.100.10", "::", 0, false},
        {"2001:db8:1::23", "2001:db8::", 32, true},
        {"2001:db8:1::23", "2001:db8::", 47, true},
        {"2001:db8:1::23", "2001:db8::", 48, false},
        {"2001:db8::1", "2001:db8::1", 128, true},
        {"2001:db8::1", "2001:db8::1", 129, false},
        {"2001:db8::1", "2001:db8::", 127, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netaddr addr = ip(rows[i].addr);
        struct netaddr prefix = ip(rows[i].prefix);
        assert_int_equal(netaddr_in_prefix(&addr, &prefix, rows[i].bits), rows[i].in);
    }
    struct netaddr none = {0};
    assert_false(netaddr_in_prefix(&none, &none, 0));
}

static void sameness_looks_at_the_port_only_where_it_says_so(void **state)
{
    (void)state;
    struct netaddr a = ip("192.0.2.1");
    struct netaddr b = a;
    b.port = 1;
    assert_true(netaddr_same_ip(&a, &b));
    assert_false(netaddr_same(&a, &b));
    b = ip("::1");
    assert_false(netaddr_same_ip(&a, &b));
    a = ip("fe80::1%1");
    b = ip("fe80::1%2");
    assert_true(netaddr_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_socket_addresses_of_both_families),
        cmocka_unit_test(an_ipv4_mapped_address_is_an_ipv4_address),
        cmocka_unit_test(a_scope_is_kept_for_addresses_of_one_link_alone),
        cmocka_unit_test(a_socket_address_shorter_than_its_family_is_none),
        cmocka_unit_test(a_socket_address_need_not_be_aligned),
        cmocka_unit_test(text_is_that_of_rfc_5952),
        cmocka_unit_test(rejects_text_that_is_no_address_and_leaves_the_result_alone),
        cmocka_unit_test(text_is_cut_to_the_buffer),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(raw_bytes_of_another_length_are_none),
        cmocka_unit_test(kinds_follow_the_special_purpose_registries_to_their_edges),
        cmocka_unit_test(every_kind_has_a_name),
        cmocka_unit_test(a_prefix_covers_what_its_bits_say),
        cmocka_unit_test(sameness_looks_at_the_port_only_where_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
