/* The short way through the layers gives what the walk gives, or leaves the packet to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layers_private.h"
#include "packet_bytes.h"
#include "same_datagram.h"

enum {
    LINK_ETHERNET = 1,
    ROUNDS = 200000,
};

static struct layers *layers;
static struct pkt pkt;
static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64*, so that a failure comes again. */
static uint32_t draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

static int set_up(void **unused)
{
    (void)unused;
    layers = layers_new();
    return layers ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    layers_free(layers);
    return 0;
}

/* true: the short way took it, and both agree. */
static bool taken_alike(const uint8_t *data, uint32_t caplen, uint32_t len, uint16_t link_type)
{
    struct packet_iface iface = {.link_type = link_type, .ifindex = 42};
    struct packet packet = {
        .data = data, .caplen = caplen, .len = len, .iface = &iface, .direction = PACKET_OUT};
    struct datagram walked, plain;

    /* What is not set would show. */
    memset(&walked, 0x55, sizeof(walked));
    memset(&plain, 0xaa, sizeof(plain));
    enum layers_result result = walk_datagram(layers, &packet, &walked);
    if (!plain_datagram(&packet, &plain))
        return false;
    assert_int_equal(result, LAYERS_DATAGRAM);
    assert_true(same_datagram(&walked, &plain));
    return true;
}

static void make_plain(bool ipv6, bool tcp, int tags)
{
    pkt_set(&pkt, "a payload of some bytes", 23);
    if (tcp)
        wrap_tcp(&pkt, 1111, 2222, draw(2) * 12);
    else
        wrap_udp(&pkt, 1111, 2222);
    if (ipv6)
        wrap_ipv6(&pkt, tcp ? PKT_TCP : PKT_UDP);
    else
        wrap_ipv4(&pkt, tcp ? PKT_TCP : PKT_UDP, 0);
    uint16_t type = ipv6 ? PKT_IPV6 : PKT_IPV4;
    for (int i = 0; i < tags; i++) {
        wrap_vlan(&pkt, (uint16_t)draw(3), type);
        type = draw(2) ? 0x8100 : 0x88a8;
    }
    wrap_ethernet(&pkt, type);
}

static void both_ips_and_transports_go_the_short_way_with_up_to_two_tags(void **unused)
{
    (void)unused;
    for (int i = 0; i < 12; i++) {
        make_plain(i & 1, i & 2, i / 4);
        assert_true(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), LINK_ETHERNET));
    }
}

static void what_is_not_plain_is_left_to_the_walk(void **unused)
{
    (void)unused;
    make_plain(false, false, 0);
    assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), 101));
    assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt) - 1, pkt_len(&pkt), LINK_ETHERNET));
    pkt_at(&pkt)[14 + 6] = 0x20; /* more fragments */
    assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), LINK_ETHERNET));
    make_plain(false, false, 3);
    assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), LINK_ETHERNET));
    make_plain(false, false, 0);
    put_be16(pkt_at(&pkt) + 14 + 20 + 2, 4789); /* VXLAN's port */
    assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), LINK_ETHERNET));
    for (uint32_t address = 14 + 8; address <= 14 + 24; address += 16) {
        make_plain(true, false, 0);
        memset(pkt_at(&pkt) + address, 0, 10); /* ::ffff:0:0/96 is IPv4 */
        memset(pkt_at(&pkt) + address + 10, 0xff, 2);
        assert_false(taken_alike(pkt_at(&pkt), pkt_len(&pkt), pkt_len(&pkt), LINK_ETHERNET));
    }
}

/* A byte becomes any other, a small one, or one near to what it was, as wrong lengths are. */
static void change(uint8_t *byte)
{
    switch (draw(3)) {
    case 0:
        *byte = (uint8_t)draw(256);
        break;
    case 1:
        *byte = (uint8_t)draw(24);
        break;
    default:
        *byte = (uint8_t)(*byte + draw(33) - 16);
    }
}

/* Bytes changed, the packet cut or padded: the ways part only where the short one says so. */
static void both_ways_give_the_same_datagram_whatever_the_bytes_are(void **unused)
{
    unsigned plain = 0;

    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        make_plain(draw(2), draw(2), (int)draw(4));
        uint32_t len = pkt_len(&pkt);
        for (uint32_t changes = draw(4); changes > 0; changes--)
            change(pkt_at(&pkt) + draw(len));
        uint32_t padding = draw(2) ? draw(24) : 0;
        uint32_t caplen = draw(4) ? len + padding : draw(len + 1);
        /* A block of its own: sanitizers see what is read past the end. */
        uint8_t *data = test_calloc(caplen ? caplen : 1, 1);
        memcpy(data, pkt_at(&pkt), caplen < len ? caplen : len);
        plain += taken_alike(data, caplen, draw(8) ? caplen : caplen + draw(64), LINK_ETHERNET);
        test_free(data);
    }
    /* Neither way is left out by the draw. */
    assert_in_range(plain, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            both_ips_and_transports_go_the_short_way_with_up_to_two_tags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_plain_is_left_to_the_walk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_ways_give_the_same_datagram_whatever_the_bytes_are,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
