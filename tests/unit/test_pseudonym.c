/* Pseudonyms: the published vectors, what they keep and what they hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "ipcrypt_pfx.h"
#include "netaddr.h"
#include "pseudonym.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { RANDOM_ADDRESSES = 20000 };

static const uint8_t test_key[PSEUDONYM_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static struct netaddr ip(const char *text)
{
    struct netaddr addr;
    assert_true(netaddr_parse_ip(text, &addr));
    return addr;
}

static const char *as_text(struct netaddr addr)
{
    static char text[NETADDR_IP_TEXT_BYTES];
    return netaddr_format_ip(&addr, text, sizeof(text));
}

static struct pseudonym *scheme(void)
{
    struct pseudonym *pseudonym = pseudonym_new(test_key);
    assert_non_null(pseudonym);
    return pseudonym;
}

static void read_key(const char *hex, uint8_t key[static IPCRYPT_PFX_KEY_BYTES])
{
    assert_int_equal(strlen(hex), 2 * IPCRYPT_PFX_KEY_BYTES);
    for (size_t i = 0; i < IPCRYPT_PFX_KEY_BYTES; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        key[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

/* draft-denis-ipcrypt, the appendix with test vectors for ipcrypt-pfx, all of them. */
static void agrees_with_the_published_vectors(void **state)
{
    static const char key_1[] = "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301";
    static const char key_2[] = "2b7e151628aed2a6abf7158809cf4f3ca9f5ba40db214c3798f2e1c23456789a";
    static const struct {
        const char *key, *plain, *encrypted;
    } rows[] = {
        {key_1, "0.0.0.0", "151.82.155.134"},
        {key_1, "255.255.255.255", "94.185.169.89"},
        {key_1, "192.0.2.1", "100.115.72.131"},
        {key_1, "2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"},
        {key_2, "10.0.0.47", "19.214.210.244"},
        {key_2, "10.0.0.129", "19.214.210.80"},
        {key_2, "10.0.0.234", "19.214.210.30"},
        {key_2, "172.16.5.193", "210.78.229.136"},
        {key_2, "172.16.97.42", "210.78.179.241"},
        {key_2, "172.16.248.177", "210.78.121.215"},
        {key_2, "2001:db8::a5c9:4e2f:bb91:5a7d", "7cec:702c:1243:f70:1956:125:b9bd:1aba"},
        {key_2, "2001:db8::7234:d8f1:3c6e:9a52", "7cec:702c:1243:f70:a3ef:c8e:95c1:cd0d"},
        {key_2, "2001:db8::f1e0:937b:26d4:8c1a", "7cec:702c:1243:f70:443c:c8e:6a62:b64d"},
        {key_2, "2001:db8:3a5c:0:e7d1:4b9f:2c8a:f673", "7cec:702c:3503:bef:e616:96bd:be33:a9b9"},
        {key_2, "2001:db8:9f27:0:b4e2:7a3d:5f91:c8e6", "7cec:702c:a504:b74e:194a:3d90:b047:2d1a"},
        {key_2, "2001:db8:d8b4:0:193c:a5e7:8b2f:46d1", "7cec:702c:f840:aa67:1b8:e84f:ac9d:77fb"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netaddr addr = ip(rows[i].plain);
        uint8_t form[16] = {[10] = 0xff, [11] = 0xff};
        uint8_t key[IPCRYPT_PFX_KEY_BYTES];
        struct ipcrypt_pfx pfx;
        bool v4 = addr.family == NETADDR_IPV4;
        memcpy(v4 ? form + 12 : form, addr.ip, v4 ? 4 : 16);
        read_key(rows[i].key, key);
        assert_true(ipcrypt_pfx_init(&pfx, key));
        ipcrypt_pfx_encrypt(&pfx, NULL, form);
        addr = netaddr_from_bytes(v4 ? form + 12 : form, v4 ? 4 : 16, 0);
        assert_string_equal(as_text(addr), rows[i].encrypted);
    }
}

static void refuses_a_key_of_two_equal_halves(void **state)
{
    static const uint8_t zero[IPCRYPT_PFX_KEY_BYTES];
    struct ipcrypt_pfx pfx;
    (void)state;
    assert_false(ipcrypt_pfx_init(&pfx, zero));
}

/* Addresses at and beside every border of a range, and random ones in and outside of them. */
static struct netaddr some_address(size_t number)
{
    static const char *const borders[] = {
        "0.0.0.0",
        "0.255.255.255",
        "1.0.0.0",
        "9.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "127.0.0.1",
        "128.0.0.0",
        "169.253.255.255",
        "169.254.0.0",
        "169.255.0.0",
        "172.15.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.1.0",
        "192.167.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "224.0.0.251",
        "224.0.1.0",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "64:ff9b::1",
        "64:ff9b:1::1",
        "1fff:ffff::1",
        "2000::",
        "3fff:ffff::1",
        "4000::",
        "fbff::1",
        "fc00::",
        "fd00::1",
        "fdff:ffff::1",
        "fe00::1",
        "fe7f:ffff::1",
        "fe80::1",
        "fe80:1::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::fb",
        "ff02::1:3",
        "ff02::1:ff00:1",
        "ff0e::1234:5678",
        "ffff:ffff::1",
        "2001:db8::1",
        "2a02:8070::1",
    };
    uint8_t bytes[16];
    if (number < COUNT(borders))
        return ip(borders[number]);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(random() >> 8);
    /* Half of them near the one before, so that prefixes of all lengths are shared. */
    if (number % 4 == 1)
        return netaddr_from_bytes(bytes, 4, 0);
    if (number % 4 == 2) {
        struct netaddr near = ip(borders[(size_t)random() % COUNT(borders)]);
        unsigned width = near.family == NETADDR_IPV4 ? 32 : 128;
        for (unsigned bit = (unsigned)random() % width; bit < width; bit++)
            near.ip[bit / 8] ^= (uint8_t)((random() >> 9 & 1) << (7 - bit % 8));
        return netaddr_from_bytes(near.ip, width / 8, 0);
    }
    return netaddr_from_bytes(bytes, 16, 0);
}

static void keeps_the_kind_of_every_address(void **state)
{
    struct pseudonym *pseudonym = scheme();
    (void)state;
    srandom(1);
    for (size_t i = 0; i < RANDOM_ADDRESSES; i++) {
        struct netaddr addr = some_address(i), other = pseudonym_addr(pseudonym, &addr);
        assert_int_equal(other.family, addr.family);
        assert_int_equal(netaddr_kind_of(&other), netaddr_kind_of(&addr));
    }
    pseudonym_free(pseudonym);
}

static unsigned shared_bits(const struct netaddr *a, const struct netaddr *b)
{
    unsigned width = a->family == NETADDR_IPV4 ? 32 : 128, bits = 0;
    while (bits < width && ((a->ip[bits / 8] ^ b->ip[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

static void keeps_how_many_bits_two_addresses_share(void **state)
{
    struct pseudonym *pseudonym = scheme();
    size_t pairs = 0;
    (void)state;
    srandom(2);
    for (size_t i = 0; i < RANDOM_ADDRESSES; i++) {
        struct netaddr a = some_address(i), b = a, pa, pb;
        unsigned width = a.family == NETADDR_IPV4 ? 32 : 128;
        unsigned bit = (unsigned)random() % width;
        /* NAT64 and IPv4-mapped addresses have an IPv4 address's pseudonym in them. */
        if (a.family == NETADDR_IPV6 && a.ip[0] == 0)
            continue;
        b.ip[bit / 8] ^= (uint8_t)(1U << (7 - bit % 8));
        for (bit++; bit < width; bit++)
            b.ip[bit / 8] ^= (uint8_t)((random() >> 9 & 1) << (7 - bit % 8));
        pa = pseudonym_addr(pseudonym, &a);
        pb = pseudonym_addr(pseudonym, &b);
        assert_int_equal(shared_bits(&pa, &pb), shared_bits(&a, &b));
        pairs++;
    }
    assert_true(pairs > RANDOM_ADDRESSES / 2);
    pseudonym_free(pseudonym);
}

/* What follows from the property above is looked at as well: all 65536 of one range. */
static void gives_different_addresses_different_pseudonyms(void **state)
{
    static bool seen[65536];
    struct pseudonym *pseudonym = scheme();
    struct netaddr addr = ip("192.168.0.0");
    (void)state;
    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < COUNT(seen); i++) {
        struct netaddr other;
        addr.ip[2] = (uint8_t)(i >> 8);
        addr.ip[3] = (uint8_t)i;
        other = pseudonym_addr(pseudonym, &addr);
        assert_int_equal(other.ip[0], 192);
        assert_int_equal(other.ip[1], 168);
        assert_false(seen[other.ip[2] << 8 | other.ip[3]]);
        seen[other.ip[2] << 8 | other.ip[3]] = true;
    }
    pseudonym_free(pseudonym);
}

static void leaves_what_everybody_has(void **state)
{
    static const char *const same[] = {
        "0.0.0.0", "127.0.0.1", "127.0.0.53", "224.0.0.251", "239.255.255.250", "255.255.255.255",
        "::",      "::1",       "ff02::fb",   "ff02::1:3",   "ff05::c"};
    struct pseudonym *pseudonym = scheme();
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        struct netaddr addr = ip(same[i]);
        assert_string_equal(as_text(pseudonym_addr(pseudonym, &addr)), same[i]);
    }
    pseudonym_free(pseudonym);
}

/* A range's own prefix stays and 2^-16 or less of the others are hit by chance: over eight keys no
 * address comes out as itself each time. */
static void changes_every_other_address(void **state)
{
    static const char *const changed[] = {
        "10.8.0.2",          "192.168.1.23",      "172.20.3.4",
        "169.254.7.9",       "100.64.1.2",        "203.0.113.8",
        "8.8.8.8",           "2001:db8:1::23",    "fe80::a01e:58ff:febc:39fe",
        "fd12:3456:789a::1", "ff02::1:ffbc:39fe", "64:ff9b::203.0.113.8"};
    (void)state;
    for (size_t i = 0; i < COUNT(changed); i++) {
        struct netaddr addr = ip(changed[i]);
        unsigned same = 0;
        for (uint8_t k = 0; k < 8; k++) {
            const uint8_t key[PSEUDONYM_KEY_BYTES] = {k};
            struct pseudonym *pseudonym = pseudonym_new(key);
            struct netaddr other = pseudonym_addr(pseudonym, &addr);
            same += netaddr_same_ip(&addr, &other);
            pseudonym_free(pseudonym);
        }
        assert_true(same < 2);
    }
}

static void keeps_port_and_scope_and_the_zeros_of_a_link_local_address(void **state)
{
    struct pseudonym *pseudonym = scheme();
    struct netaddr addr = ip("fe80::a01e:58ff:febc:39fe%2"), other;
    (void)state;
    addr.port = 3478;
    other = pseudonym_addr(pseudonym, &addr);
    assert_int_equal(other.port, 3478);
    assert_int_equal(other.scope_id, 2);
    assert_memory_equal(other.ip, addr.ip, 8);
    assert_memory_not_equal(other.ip + 8, addr.ip + 8, 8);
    pseudonym_free(pseudonym);
}

static void gives_an_ipv4_address_in_an_ipv6_form_the_same_pseudonym(void **state)
{
    struct pseudonym *pseudonym = scheme();
    uint8_t plain[4] = {192, 168, 1, 23};
    uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, 168, 1, 23};
    uint8_t nat64[16] = {0, 0x64, 0xff, 0x9b, [12] = 192, 168, 1, 23};
    (void)state;
    pseudonym_ipv4(pseudonym, plain);
    pseudonym_ipv6(pseudonym, mapped);
    pseudonym_ipv6(pseudonym, nat64);
    assert_memory_equal(mapped + 12, plain, 4);
    assert_memory_equal(nat64 + 12, plain, 4);
    assert_int_equal(nat64[3], 0x9b);
    pseudonym_free(pseudonym);
}

static void hides_a_hardware_address_and_leaves_groups(void **state)
{
    struct pseudonym *pseudonym = scheme();
    uint8_t card[6] = {0xa0, 0x1e, 0x58, 0xbc, 0x39, 0xfe}, zero[6] = {0};
    uint8_t mdns[6] = {0x33, 0x33, 0, 0, 0, 0xfb}, node[6] = {0x33, 0x33, 0xff, 0xbc, 0x39, 0xfe};
    (void)state;
    pseudonym_mac(pseudonym, card);
    assert_int_equal(card[0] & 3, 2);
    assert_int_not_equal(card[5], 0xfe);
    pseudonym_mac(pseudonym, mdns);
    assert_memory_equal(mdns, ((uint8_t[6]){0x33, 0x33, 0, 0, 0, 0xfb}), 6);
    pseudonym_mac(pseudonym, node);
    assert_memory_equal(node, ((uint8_t[3]){0x33, 0x33, 0xff}), 3);
    assert_memory_not_equal(node + 3, ((uint8_t[3]){0xbc, 0x39, 0xfe}), 3);
    pseudonym_mac(pseudonym, zero);
    assert_memory_equal(zero, ((uint8_t[6]){0}), 6);
    pseudonym_free(pseudonym);
}

static const char *named(enum pseudonym_kind kind, const char *name)
{
    static char out[4][PSEUDONYM_NAME_BYTES];
    static unsigned turn;
    struct pseudonym *pseudonym = scheme();
    char *result = pseudonym_name(pseudonym, kind, name, strlen(name), out[turn++ % 4]);
    pseudonym_free(pseudonym);
    return result;
}

static void keeps_the_names_of_interfaces_that_everybody_has(void **state)
{
    static const char *const same[] = {"lo", "eth0", "wlan1", "tun0", "wg0", "ppp0", "docker0"};
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        /* "lo" is the only one without a number. */
        assert_string_equal(named(PSEUDONYM_IFACE, same[i]), same[i]);
    }
}

static void keeps_no_more_of_another_interface_than_its_kind(void **state)
{
    static const struct {
        const char *name, *starts;
    } rows[] = {{"wg-acme", "wg-"},   {"enp3s0", "en-"},  {"enx001122334455", "en-"},
                {"wlp2s0", "wl-"},    {"acme0", "if-"},   {"tun-jane", "tun-"},
                {"eth0.100", "eth-"}, {"wg51820", "wg-"}, {"veth1a2b3c", "veth-"},
                {"", "if-"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = named(PSEUDONYM_IFACE, rows[i].name);
        assert_memory_equal(name, rows[i].starts, strlen(rows[i].starts));
        assert_int_equal(strlen(name), strlen(rows[i].starts) + 8);
        assert_int_equal(strspn(name + strlen(rows[i].starts), "0123456789abcdef"), 8);
    }
}

static void shows_which_hosts_are_of_one_domain(void **state)
{
    const char *www = named(PSEUDONYM_HOST, "www.example.org"), *stun, *other;
    stun = named(PSEUDONYM_HOST, "STUN.Example.ORG.");
    other = named(PSEUDONYM_HOST, "www.example.net");
    (void)state;
    assert_int_equal(strlen(www), strlen("host-00000000.host-00000000.org"));
    assert_string_equal(strchr(www, '.'), strchr(stun, '.'));
    assert_string_not_equal(www, stun);
    /* The same label below another domain is another name. */
    assert_memory_not_equal(www, other, 13);
    assert_string_equal(named(PSEUDONYM_HOST, "stun.example.org"), stun);
}

static void keeps_labels_that_name_nobody(void **state)
{
    (void)state;
    assert_string_equal(named(PSEUDONYM_HOST, "localhost"), "localhost");
    assert_memory_equal(named(PSEUDONYM_HOST, "_stun._udp.acme.com"), "_stun._udp.host-", 16);
    assert_memory_equal(named(PSEUDONYM_HOST, "vm"), "host-", 5);
    /* A label of a service's is a name like others at the end, where it is nobody's. */
    assert_memory_equal(named(PSEUDONYM_HOST, "in-addr"), "host-", 5);
    assert_memory_equal(named(PSEUDONYM_HOST, "acme.de"), "host-", 5);
    assert_null(strstr(named(PSEUDONYM_HOST, "acme.de"), "de."));
    assert_null(strstr(named(PSEUDONYM_HOST, "23.1.168.192.in-addr.arpa"), "168"));
}

static void bounds_the_pseudonym_of_a_long_name(void **state)
{
    char name[400];
    const char *out;
    (void)state;
    memset(name, 'a', sizeof(name));
    for (size_t i = 1; i < 250; i += 2)
        name[i] = '.';
    name[251] = '\0';
    out = named(PSEUDONYM_HOST, name);
    assert_true(strlen(out) < 200);
    assert_null(strstr(out, "a."));
    name[251] = 'a';
    name[399] = '\0';
    assert_int_equal(strlen(named(PSEUDONYM_HOST, name)), strlen("host-00000000"));
    assert_int_equal(strlen(named(PSEUDONYM_HOST, "")), strlen("host-00000000"));
}

static void keeps_the_names_of_browsers_processes_only(void **state)
{
    (void)state;
    assert_string_equal(named(PSEUDONYM_PROGRAM, "firefox-esr"), "firefox-esr");
    assert_memory_equal(named(PSEUDONYM_PROGRAM, "acme-payroll"), "program-", 8);
    assert_memory_equal(named(PSEUDONYM_PATH, "/home/jane/firefox-esr"), "path-", 5);
    assert_string_equal(named(PSEUDONYM_PATH, "/home/jane/firefox-esr") + 13, "/firefox-esr");
    assert_string_equal(named(PSEUDONYM_PATH, "firefox-esr"), "firefox-esr");
    assert_null(strstr(named(PSEUDONYM_PATH, "/home/jane/acme"), "acme"));
}

static void gives_other_pseudonyms_with_another_key(void **state)
{
    static const uint8_t other_key[PSEUDONYM_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 10};
    struct pseudonym *other = pseudonym_new(other_key), *first = scheme();
    char name[PSEUDONYM_NAME_BYTES];
    struct netaddr addr = ip("2001:db8:1::23"), a = pseudonym_addr(first, &addr),
                   b = pseudonym_addr(other, &addr);
    (void)state;
    assert_false(netaddr_same_ip(&a, &b));
    assert_string_not_equal(pseudonym_name(other, PSEUDONYM_OTHER, "jane", 4, name),
                            named(PSEUDONYM_OTHER, "jane"));
    pseudonym_free(other);
    pseudonym_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_published_vectors),
        cmocka_unit_test(refuses_a_key_of_two_equal_halves),
        cmocka_unit_test(keeps_the_kind_of_every_address),
        cmocka_unit_test(keeps_how_many_bits_two_addresses_share),
        cmocka_unit_test(gives_different_addresses_different_pseudonyms),
        cmocka_unit_test(leaves_what_everybody_has),
        cmocka_unit_test(changes_every_other_address),
        cmocka_unit_test(keeps_port_and_scope_and_the_zeros_of_a_link_local_address),
        cmocka_unit_test(gives_an_ipv4_address_in_an_ipv6_form_the_same_pseudonym),
        cmocka_unit_test(hides_a_hardware_address_and_leaves_groups),
        cmocka_unit_test(keeps_the_names_of_interfaces_that_everybody_has),
        cmocka_unit_test(keeps_no_more_of_another_interface_than_its_kind),
        cmocka_unit_test(shows_which_hosts_are_of_one_domain),
        cmocka_unit_test(keeps_labels_that_name_nobody),
        cmocka_unit_test(bounds_the_pseudonym_of_a_long_name),
        cmocka_unit_test(keeps_the_names_of_browsers_processes_only),
        cmocka_unit_test(gives_other_pseudonyms_with_another_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
