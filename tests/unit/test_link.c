/* Link types: each decodes both IP versions, keeps what it knows of interface and direction, and
 * bears any cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_bytes.h"

static struct layers *layers;
static struct pkt pkt;

static int set_up(void **state)
{
    (void)state;
    layers = layers_new();
    return layers ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    layers_free(layers);
    return 0;
}

/* From a packet of this link type comes the test's datagram, and nothing but it from any part of
 * the packet. */
static struct taken expect_udp(uint16_t link_type, bool ipv6)
{
    struct taken t;
    uint32_t payload = pkt_len(&pkt) - 7;

    for (uint32_t n = 0; n <= pkt_len(&pkt); n++) {
        take(layers, &pkt, link_type, n, &t);
        if (t.is != (n >= payload))
            fail_msg("link type %u: %u of %u bytes: result %d", link_type, n, pkt_len(&pkt),
                     (int)t.result);
        if (!t.is)
            continue;
        assert_int_equal(t.datagram.payload_len, n - payload);
        assert_int_equal(t.datagram.payload_full, 7);
    }
    assert_memory_equal(t.datagram.payload, "payload", 7);
    assert_int_equal(t.datagram.protocol, DATAGRAM_UDP);
    assert_int_equal(t.datagram.label, DATAGRAM_DIRECT);
    assert_int_equal(t.datagram.src.port, 1111);
    assert_int_equal(t.datagram.dst.port, 2222);
    assert_int_equal(t.datagram.src.family, ipv6 ? NETADDR_IPV6 : NETADDR_IPV4);
    assert_int_equal(t.datagram.dst.ip[ipv6 ? 15 : 3], 9);
    assert_false(t.datagram.reassembled);
    return t;
}

static void expect_result(uint16_t link_type, enum layers_result result)
{
    struct taken t;

    take(layers, &pkt, link_type, pkt_len(&pkt), &t);
    assert_false(t.is);
    assert_int_equal(t.result, result);
}

static void the_table_has_each_link_type_once_and_named(void **state)
{
    static const uint16_t numbers[] = {
#define LINK(number, function, name) number,
#include "../../analyzer/layers/linktypes.def"
#undef LINK
    };

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_non_null(layers_link_name(numbers[i]));
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(numbers[i], numbers[k]);
    }
    assert_null(layers_link_name(65535));
}

static void ethernet_holds_either_ip(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        pkt_udp(&pkt, v6);
        wrap_ethernet(&pkt, v6 ? PKT_IPV6 : PKT_IPV4);
        struct taken t = expect_udp(1, v6);
        assert_int_equal(t.datagram.vlan, 0);
        assert_int_equal(t.datagram.ifindex, 42);
    }
}

static void the_outermost_vlan_is_told(void **state)
{
    static const uint16_t outer[] = {0x8100, 0x88a8, 0x9100};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        pkt_udp(&pkt, true);
        wrap_vlan(&pkt, 7, PKT_IPV6);
        wrap_vlan(&pkt, 0xe123, 0x8100); /* priority bits are not the id's */
        wrap_ethernet(&pkt, outer[i]);
        assert_int_equal(expect_udp(1, true).datagram.vlan, 0x123);
    }
}

static void padding_behind_ip_is_not_payload(void **state)
{
    struct taken t;
    uint8_t frame[60] = {0};

    (void)state;
    pkt_udp(&pkt, false);
    wrap_ethernet(&pkt, PKT_IPV4);
    memcpy(frame, pkt_at(&pkt), pkt_len(&pkt));
    pkt_set(&pkt, frame, sizeof(frame));
    take(layers, &pkt, 1, sizeof(frame), &t);
    assert_true(t.is);
    assert_int_equal(t.datagram.payload_len, 7);
    assert_int_equal(t.datagram.payload_full, 7);
}

static void snap_and_pppoe_and_mpls_lie_under_ethernet(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\xaa\xaa\x03\0\0\0\x08\0", 8);
    wrap_ethernet(&pkt, 43);
    expect_udp(1, false);

    pkt_udp(&pkt, true);
    pkt_wrap_bytes(&pkt, "\x11\0\0\x05\0\0\0\x57", 8);
    put_be16(pkt_at(&pkt) + 4, (uint16_t)(pkt_len(&pkt) - 6));
    wrap_ethernet(&pkt, 0x8864);
    expect_udp(1, true);

    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt,
                   "\0\x01\0\x40"
                   "\0\x02\x01\x40",
                   8); /* the second has the bottom bit */
    wrap_ethernet(&pkt, 0x8847);
    expect_udp(1, false);
}

static void what_is_not_ip_is_counted_as_such(void **state)
{
    (void)state;
    pkt_set(&pkt, "whatever it is, it is long enough", 33);
    wrap_ethernet(&pkt, 0x0806);
    expect_result(1, LAYERS_NOT_IP);
    pkt_set(&pkt, "\x42\x42\x03 spanning tree", 17);
    wrap_ethernet(&pkt, 17);
    expect_result(1, LAYERS_NOT_IP);
    expect_result(65535, LAYERS_UNKNOWN_LINK);
}

static void raw_link_types_start_with_ip(void **state)
{
    static const uint16_t types[] = {101, 12, 14};

    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        pkt_udp(&pkt, v6);
        for (size_t i = 0; i < 3; i++)
            expect_udp(types[i], v6);
        expect_udp(v6 ? 229 : 228, v6);
        expect_result(v6 ? 228 : 229, LAYERS_MALFORMED);
    }
}

static void loopback_families_differ_by_system_and_byte_order(void **state)
{
    static const uint8_t inet6[] = {10, 23, 24, 28, 30};

    (void)state;
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\0\0\0\x02", 4);
    expect_udp(108, false);
    expect_udp(0, false);
    memcpy(pkt_at(&pkt), "\x02\0\0\0", 4);
    expect_udp(0, false);
    expect_result(108, LAYERS_NOT_IP);
    for (size_t i = 0; i < sizeof(inet6); i++) {
        pkt_udp(&pkt, true);
        put_be32(pkt_wrap(&pkt, 4), inet6[i]);
        expect_udp(108, true);
        expect_udp(0, true);
        put_be32(pkt_at(&pkt), (uint32_t)inet6[i] << 24);
        expect_udp(0, true);
    }
}

static void ppp_has_several_framings(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\x21", 1); /* the first byte left out */
    expect_udp(9, false);
    pkt_udp(&pkt, true);
    pkt_wrap_bytes(&pkt, "\0\x57", 2);
    expect_udp(9, true);
    pkt_wrap_bytes(&pkt, "\xff\x03", 2);
    expect_udp(9, true);
    expect_udp(50, true);
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\x0f\0\x08\0", 4);
    expect_udp(50, false);
    expect_udp(104, false);
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\x11\0\0\x01\0\x25\0\x21", 8);
    put_be16(pkt_at(&pkt) + 4, (uint16_t)(pkt_len(&pkt) - 6));
    expect_udp(51, false);
    pkt_set(&pkt, "\xc0\x21\x01\x01\0\x04", 6);
    expect_result(9, LAYERS_NOT_IP);
}

static void cooked_packets_tell_direction_and_interface(void **state)
{
    static const uint8_t expected[] = {PACKET_IN, PACKET_IN, PACKET_IN, PACKET_DIRECTION_UNKNOWN,
                                       PACKET_OUT};

    (void)state;
    for (uint8_t type = 0; type < 5; type++) {
        pkt_udp(&pkt, false);
        uint8_t *h = pkt_wrap(&pkt, 16);
        h[1] = type;
        h[3] = 1;
        put_be16(h + 14, PKT_IPV4);
        struct taken t = expect_udp(113, false);
        assert_int_equal(t.datagram.direction, expected[type]);
        assert_int_equal(t.datagram.ifindex, 42);

        pkt_udp(&pkt, true);
        h = pkt_wrap(&pkt, 20);
        put_be16(h, PKT_IPV6);
        put_be32(h + 4, 5);
        h[10] = type;
        t = expect_udp(276, true);
        assert_int_equal(t.datagram.direction, expected[type]);
        assert_int_equal(t.datagram.ifindex, 5);
    }
}

static void cooked_packets_may_carry_vlan_or_llc(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    wrap_vlan(&pkt, 99, PKT_IPV4);
    put_be16(pkt_wrap(&pkt, 16) + 14, 0x8100);
    assert_int_equal(expect_udp(113, false).datagram.vlan, 99);
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\xaa\xaa\x03\0\0\0\x08\0", 8);
    put_be16(pkt_wrap(&pkt, 16) + 14, 4);
    expect_udp(113, false);
    pkt_udp(&pkt, false);
    put_be16(pkt_wrap(&pkt, 20), PKT_IPV4);
    put_be16(pkt_at(&pkt) + 8, 824); /* netlink: the protocol is no ethertype */
    expect_result(276, LAYERS_NOT_IP);
}

static void the_packets_own_direction_comes_first(void **state)
{
    struct packet_iface iface = {.link_type = 113};
    struct datagram d;

    (void)state;
    pkt_udp(&pkt, false);
    put_be16(pkt_wrap(&pkt, 16) + 14, PKT_IPV4);
    struct packet packet = {.data = pkt_at(&pkt),
                            .caplen = pkt_len(&pkt),
                            .len = pkt_len(&pkt),
                            .iface = &iface,
                            .direction = PACKET_OUT};
    assert_true(layers_datagram(layers, &packet, &d));
    assert_int_equal(d.direction, PACKET_OUT);
    assert_ptr_equal(d.packet, &packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_each_link_type_once_and_named),
        cmocka_unit_test(ethernet_holds_either_ip),
        cmocka_unit_test(the_outermost_vlan_is_told),
        cmocka_unit_test(padding_behind_ip_is_not_payload),
        cmocka_unit_test(snap_and_pppoe_and_mpls_lie_under_ethernet),
        cmocka_unit_test(what_is_not_ip_is_counted_as_such),
        cmocka_unit_test(raw_link_types_start_with_ip),
        cmocka_unit_test(loopback_families_differ_by_system_and_byte_order),
        cmocka_unit_test(ppp_has_several_framings),
        cmocka_unit_test(cooked_packets_tell_direction_and_interface),
        cmocka_unit_test(cooked_packets_may_carry_vlan_or_llc),
        cmocka_unit_test(the_packets_own_direction_comes_first),
    };
    return cmocka_run_group_tests_name("link layers", tests, set_up, tear_down);
}
