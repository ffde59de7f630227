/* IP, TCP and UDP headers, ICMP quotations and tunnels: what is found, how it is labelled, which
 * lengths are believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet_bytes.h"

enum { RAW = 101 };

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

static struct taken take_all(void)
{
    struct taken t;

    /* Any cut may lose the datagram, but nothing else; sanitizers look on. */
    for (uint32_t n = 0; n < pkt_len(&pkt); n++)
        take(layers, &pkt, RAW, n, &t);
    take(layers, &pkt, RAW, pkt_len(&pkt), &t);
    return t;
}

static void expect_inner(enum datagram_label label)
{
    struct taken t = take_all();

    if (!t.is)
        fail_msg("%s", layers_result_name(t.result));
    assert_int_equal(t.datagram.label, label);
    assert_int_equal(t.datagram.src.port, 1111);
    assert_int_equal(t.datagram.dst.port, 2222);
    assert_int_equal(t.datagram.payload_len, 7);
    assert_memory_equal(t.datagram.payload, "payload", 7);
}

static void expect_result(enum layers_result result)
{
    struct taken t = take_all();

    assert_false(t.is);
    if (t.result != result)
        fail_msg("%s, not %s", layers_result_name(t.result), layers_result_name(result));
}

static void ipv4_options_are_skipped(void **state)
{
    (void)state;
    for (uint32_t options = 0; options <= 40; options += 4) {
        pkt_set(&pkt, "payload", 7);
        wrap_udp(&pkt, 1111, 2222);
        wrap_ipv4(&pkt, PKT_UDP, options);
        expect_inner(DATAGRAM_DIRECT);
    }
}

static void ipv4_lengths_that_contradict_are_malformed(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    pkt_at(&pkt)[0] = 0x44;
    expect_result(LAYERS_MALFORMED);
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 2, 19);
    expect_result(LAYERS_MALFORMED);
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 2, 20 + 8 + 6); /* one byte less than UDP says */
    expect_result(LAYERS_MALFORMED);
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 2, 0); /* left to the card */
    expect_inner(DATAGRAM_DIRECT);
}

static void udp_lengths_are_checked(void **state)
{
    struct taken t;

    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        uint32_t at = (v6 ? 40 : 20) + 4;
        pkt_udp(&pkt, v6);
        put_be16(pkt_at(&pkt) + at, 7);
        expect_result(LAYERS_MALFORMED);
        put_be16(pkt_at(&pkt) + at, 16);
        expect_result(LAYERS_MALFORMED);
        put_be16(pkt_at(&pkt) + at, 10);
        t = take_all();
        assert_true(t.is);
        assert_int_equal(t.datagram.payload_len, 2);
        assert_int_equal(t.datagram.payload_full, 2);
    }
}

static void tcp_segments_have_their_numbers_and_flags(void **state)
{
    struct taken t;

    (void)state;
    for (uint32_t options = 0; options <= 40; options += 20) {
        pkt_set(&pkt, "segment", 7);
        wrap_tcp(&pkt, 80, 50000, options);
        wrap_ipv6(&pkt, PKT_TCP);
        t = take_all();
        assert_true(t.is);
        assert_int_equal(t.datagram.protocol, DATAGRAM_TCP);
        assert_int_equal(t.datagram.src.port, 80);
        assert_int_equal(t.datagram.dst.port, 50000);
        assert_true(t.datagram.seq == 0x11223344);
        assert_true(t.datagram.ack == 0x55667788);
        assert_int_equal(t.datagram.tcp_flags, 0x18);
        assert_int_equal(t.datagram.payload_full, 7);
        assert_memory_equal(t.datagram.payload, "segment", 7);
    }
    /* Cut within the options: the length of what is missing is still known. */
    take(layers, &pkt, RAW, 40 + 20 + 3, &t);
    assert_true(t.is);
    assert_int_equal(t.datagram.payload_len, 0);
    assert_int_equal(t.datagram.payload_full, 7);
    pkt_at(&pkt)[40 + 12] = 0x40;
    expect_result(LAYERS_MALFORMED);
    pkt_set(&pkt, "", 0);
    wrap_tcp(&pkt, 1, 2, 0);
    pkt_at(&pkt)[12] = 0x60;
    wrap_ipv4(&pkt, PKT_TCP, 0);
    expect_result(LAYERS_MALFORMED);
}

static void ipv6_extension_headers_are_walked(void **state)
{
    (void)state;
    pkt_set(&pkt, "payload", 7);
    wrap_udp(&pkt, 1111, 2222);
    pkt_wrap_bytes(&pkt, "\x11\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* destination options */
    pkt_wrap_bytes(&pkt, "\x3c\x01\0\0\0\0\0\0\0\0\0\0", 12);         /* AH: (1 + 2) * 4 */
    pkt_wrap_bytes(&pkt, "\x33\0\0\0\0\0\0\0", 8);                    /* routing */
    pkt_wrap_bytes(&pkt, "\x2b\0\0\0\0\0\0\0", 8);                    /* hop by hop */
    wrap_ipv6(&pkt, 0);
    expect_inner(DATAGRAM_DIRECT);
}

static void ipv6_extension_headers_end_somewhere(void **state)
{
    (void)state;
    pkt_set(&pkt, "payload", 7);
    wrap_udp(&pkt, 1111, 2222);
    for (int i = 0; i < 60; i++)
        pkt_wrap_bytes(&pkt, i ? "\x3c\0\0\0\0\0\0\0" : "\x11\0\0\0\0\0\0\0", 8);
    wrap_ipv6(&pkt, 60);
    expect_result(LAYERS_TOO_DEEP);
}

static void a_fragment_header_without_fragments_is_skipped(void **state)
{
    (void)state;
    pkt_set(&pkt, "payload", 7);
    wrap_udp(&pkt, 1111, 2222);
    pkt_wrap_bytes(&pkt, "\x11\0\0\0\0\0\0\x07", 8);
    wrap_ipv6(&pkt, 44);
    expect_inner(DATAGRAM_DIRECT);
}

static void other_protocols_are_counted(void **state)
{
    (void)state;
    pkt_set(&pkt, "\x08\0....ping", 10);
    wrap_ipv4(&pkt, 1, 0);
    expect_result(LAYERS_OTHER_PROTOCOL);
    pkt_set(&pkt, "\x80\0....ping", 10);
    wrap_ipv6(&pkt, 58);
    expect_result(LAYERS_OTHER_PROTOCOL);
    pkt_set(&pkt, "ESP", 3);
    wrap_ipv6(&pkt, 50);
    expect_result(LAYERS_OTHER_PROTOCOL);
}

static void icmp_errors_quote(void **state)
{
    static const uint8_t types[] = {3, 4, 5, 11, 12};

    (void)state;
    for (size_t i = 0; i < sizeof(types); i++) {
        pkt_udp(&pkt, false);
        pkt_wrap(&pkt, 8)[0] = types[i];
        wrap_ipv4(&pkt, 1, 0);
        expect_inner(DATAGRAM_QUOTED);
    }
    for (uint8_t type = 1; type <= 4; type++) {
        pkt_udp(&pkt, true);
        pkt_wrap(&pkt, 8)[0] = type;
        wrap_ipv6(&pkt, 58);
        expect_inner(DATAGRAM_QUOTED);
    }
}

static void a_short_quotation_tells_what_the_whole_had(void **state)
{
    struct taken t;

    (void)state;
    pkt_set(&pkt, "0123456789012345678901234567890123456789", 40);
    wrap_udp(&pkt, 1111, 2222);
    wrap_ipv4(&pkt, PKT_UDP, 0);
    pkt_set(&pkt, pkt_at(&pkt), 20 + 8 + 5);
    pkt_wrap(&pkt, 8)[0] = 3;
    wrap_ipv4(&pkt, 1, 0);
    t = take_all();
    assert_true(t.is);
    assert_int_equal(t.datagram.label, DATAGRAM_QUOTED);
    assert_int_equal(t.datagram.payload_len, 5);
    assert_int_equal(t.datagram.payload_full, 40);
}

static void a_quoted_first_fragment_is_not_waited_for(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 6, 0x2000);
    pkt_wrap(&pkt, 8)[0] = 11;
    wrap_ipv4(&pkt, 1, 0);
    expect_inner(DATAGRAM_QUOTED);
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 6, 0x2001);
    pkt_wrap(&pkt, 8)[0] = 11;
    wrap_ipv4(&pkt, 1, 0);
    expect_result(LAYERS_OTHER_PROTOCOL);
}

static void ip_in_ip_is_tunnelled(void **state)
{
    (void)state;
    for (int inner = 0; inner < 2; inner++) {
        for (int outer = 0; outer < 2; outer++) {
            pkt_udp(&pkt, inner);
            if (outer)
                wrap_ipv6(&pkt, inner ? 41 : 4);
            else
                wrap_ipv4(&pkt, inner ? 41 : 4, 0);
            expect_inner(DATAGRAM_TUNNELLED);
        }
    }
}

static void an_inner_packet_longer_than_its_tunnel_is_malformed(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 2, 20 + 8 + 8);
    wrap_ipv4(&pkt, 4, 0);
    expect_result(LAYERS_MALFORMED);
}

static void gre_has_optional_fields(void **state)
{
    static const struct {
        uint16_t flags, type;
        uint32_t len;
        bool ipv6, ethernet;
    } rows[] = {
        {0, 0x0800, 4, false, false},
        {0x2000, 0x86dd, 8, true, false},
        {0xb000, 0x0800, 16, false, false},
        {0x2000, 0x6558, 8, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pkt_udp(&pkt, rows[i].ipv6);
        if (rows[i].ethernet)
            wrap_ethernet(&pkt, PKT_IPV6);
        uint8_t *h = pkt_wrap(&pkt, rows[i].len);
        put_be16(h, rows[i].flags);
        put_be16(h + 2, rows[i].type);
        wrap_ipv4(&pkt, 47, 0);
        expect_inner(DATAGRAM_TUNNELLED);
    }
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt, "\x30\x81\x88\x0b\0\0\0\x01\0\0\0\x02\0\0\0\x03\xff\x03\0\x21", 20);
    wrap_ipv4(&pkt, 47, 0); /* PPTP */
    expect_inner(DATAGRAM_TUNNELLED);
}

static void udp_tunnel(const void *header, uint32_t len, uint16_t from, uint16_t to)
{
    pkt_wrap_bytes(&pkt, header, len);
    wrap_udp(&pkt, from, to);
    wrap_ipv4(&pkt, PKT_UDP, 0);
}

static void udp_tunnels_are_opened(void **state)
{
    uint8_t gtp[8] = {0x30, 255};

    (void)state;
    pkt_udp(&pkt, true);
    wrap_ethernet(&pkt, PKT_IPV6);
    udp_tunnel("\x08\0\0\0\0\0\x05\0", 8, 40000, 4789);
    expect_inner(DATAGRAM_TUNNELLED);

    for (char next = 1; next <= 3; next++) {
        const char gpe[8] = {0x0c, 0, 0, next, 0, 0, 5, 0};
        pkt_udp(&pkt, next == 2);
        if (next == 3)
            wrap_ethernet(&pkt, PKT_IPV4);
        udp_tunnel(gpe, 8, 40000, 4790);
        expect_inner(DATAGRAM_TUNNELLED);
    }

    pkt_udp(&pkt, false);
    wrap_ethernet(&pkt, PKT_IPV4);
    udp_tunnel("\x01\0\x65\x58\0\0\x05\0optn", 12, 40000, 6081);
    expect_inner(DATAGRAM_TUNNELLED);

    pkt_udp(&pkt, true);
    udp_tunnel("", 0, 3544, 40000);
    expect_inner(DATAGRAM_TUNNELLED);
    pkt_udp(&pkt, true);
    udp_tunnel("\0\x01\0\0nnnnnnnn\0"
               "\0\0ppaaaa",
               21, 40000, 3544);
    expect_inner(DATAGRAM_TUNNELLED);

    pkt_udp(&pkt, false);
    put_be16(gtp + 2, (uint16_t)pkt_len(&pkt));
    udp_tunnel(gtp, 8, 2152, 2152);
    expect_inner(DATAGRAM_TUNNELLED);
    pkt_udp(&pkt, false);
    pkt_wrap_bytes(&pkt,
                   "\0\0\0\x85"
                   "\x01\x10\x05\0",
                   8); /* one extension header */
    gtp[0] = 0x34;
    put_be16(gtp + 2, (uint16_t)pkt_len(&pkt));
    udp_tunnel(gtp, 8, 2152, 2152);
    expect_inner(DATAGRAM_TUNNELLED);
}

static void stun_on_a_tunnels_port_is_direct(void **state)
{
    static const uint16_t ports[] = {3544, 4789, 4790, 2152, 6081};
    static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

    (void)state;
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        for (int type = 0; type < 2; type++) {
            pkt_set(&pkt, stun, sizeof(stun));
            pkt_at(&pkt)[0] = type ? 8 : 0; /* 0x0801 looks like VXLAN's flag */
            wrap_udp(&pkt, 50000, ports[i]);
            wrap_ipv4(&pkt, PKT_UDP, 0);
            struct taken t = take_all();
            assert_true(t.is);
            assert_int_equal(t.datagram.label, DATAGRAM_DIRECT);
            assert_int_equal(t.datagram.dst.port, ports[i]);
            assert_int_equal(t.datagram.payload_len, 20);
        }
    }
}

static void a_tunnel_without_a_whole_packet_is_an_ordinary_datagram(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    put_be16(pkt_at(&pkt) + 2, 20 + 8 + 8);
    wrap_ethernet(&pkt, PKT_IPV4);
    udp_tunnel("\x08\0\0\0\0\0\x05\0", 8, 40000, 4789);
    struct taken t = take_all();
    assert_true(t.is);
    assert_int_equal(t.datagram.label, DATAGRAM_DIRECT);
    assert_int_equal(t.datagram.dst.port, 4789);
    assert_int_equal(t.datagram.payload_len, 8 + 14 + 20 + 8 + 7);
    assert_int_equal(t.datagram.src.ip[0], 10);
}

static void a_quotation_of_a_tunnel_and_a_tunnelled_quotation_are_quoted(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    wrap_ipv4(&pkt, 4, 0);
    pkt_wrap(&pkt, 8)[0] = 3;
    wrap_ipv4(&pkt, 1, 0);
    expect_inner(DATAGRAM_QUOTED);
    pkt_udp(&pkt, false);
    pkt_wrap(&pkt, 8)[0] = 3;
    wrap_ipv4(&pkt, 1, 0);
    wrap_ipv4(&pkt, 4, 0);
    expect_inner(DATAGRAM_QUOTED);
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    pkt_udp(&pkt, false);
    for (int i = 0; i < LAYERS_DEPTH_MAX; i++)
        wrap_ipv4(&pkt, 4, 0);
    expect_inner(DATAGRAM_TUNNELLED);
    wrap_ipv4(&pkt, 4, 0);
    expect_result(LAYERS_TOO_DEEP);
}

static void a_tunnelled_datagram_keeps_the_links_vlan(void **state)
{
    struct taken t;

    (void)state;
    pkt_udp(&pkt, false);
    wrap_vlan(&pkt, 7, PKT_IPV4);
    wrap_ethernet(&pkt, 0x8100);
    pkt_wrap_bytes(&pkt, "\x08\0\0\0\0\0\x05\0", 8);
    wrap_udp(&pkt, 40000, 4789);
    wrap_ipv4(&pkt, PKT_UDP, 0);
    take(layers, &pkt, RAW, pkt_len(&pkt), &t);
    assert_int_equal(t.datagram.label, DATAGRAM_TUNNELLED);
    assert_int_equal(t.datagram.vlan, 0);
    wrap_vlan(&pkt, 9, PKT_IPV4);
    wrap_ethernet(&pkt, 0x8100);
    take(layers, &pkt, 1, pkt_len(&pkt), &t);
    assert_int_equal(t.datagram.label, DATAGRAM_TUNNELLED);
    assert_int_equal(t.datagram.vlan, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_options_are_skipped),
        cmocka_unit_test(ipv4_lengths_that_contradict_are_malformed),
        cmocka_unit_test(udp_lengths_are_checked),
        cmocka_unit_test(tcp_segments_have_their_numbers_and_flags),
        cmocka_unit_test(ipv6_extension_headers_are_walked),
        cmocka_unit_test(ipv6_extension_headers_end_somewhere),
        cmocka_unit_test(a_fragment_header_without_fragments_is_skipped),
        cmocka_unit_test(other_protocols_are_counted),
        cmocka_unit_test(icmp_errors_quote),
        cmocka_unit_test(a_short_quotation_tells_what_the_whole_had),
        cmocka_unit_test(a_quoted_first_fragment_is_not_waited_for),
        cmocka_unit_test(ip_in_ip_is_tunnelled),
        cmocka_unit_test(an_inner_packet_longer_than_its_tunnel_is_malformed),
        cmocka_unit_test(gre_has_optional_fields),
        cmocka_unit_test(udp_tunnels_are_opened),
        cmocka_unit_test(stun_on_a_tunnels_port_is_direct),
        cmocka_unit_test(a_tunnel_without_a_whole_packet_is_an_ordinary_datagram),
        cmocka_unit_test(a_quotation_of_a_tunnel_and_a_tunnelled_quotation_are_quoted),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(a_tunnelled_datagram_keeps_the_links_vlan),
    };
    return cmocka_run_group_tests_name("IP", tests, set_up, tear_down);
}
