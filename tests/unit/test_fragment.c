/* Fragments: any order, copies, overlaps, contradictions, age and bounded memory; and the keyed
 * hash beneath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fragments.h"
#include "packet_bytes.h"

enum { RAW = 101, PAYLOAD = 3000, PIECE = 800 };

static const uint64_t second_ns = 1000000000;
static uint8_t payload[PAYLOAD];
static struct layers *layers;
static struct pkt pkt;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAYLOAD; i++)
        payload[i] = (uint8_t)(i * 7 + i / 256);
    layers = layers_new();
    return layers ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    layers_free(layers);
    return 0;
}

/* Bytes [from, to) of the payload's UDP datagram as a fragment. */
static void make_fragment(bool ipv6, uint32_t id, uint32_t from, uint32_t to)
{
    static struct pkt whole;
    uint8_t piece[PAYLOAD + 8];

    pkt_set(&whole, payload, PAYLOAD);
    wrap_udp(&whole, 1111, 2222);
    bool more = to < pkt_len(&whole);
    memcpy(piece, pkt_at(&whole) + from, to - from);
    pkt_set(&pkt, piece, to - from);
    if (ipv6) {
        uint8_t *h = pkt_wrap(&pkt, 8);
        h[0] = PKT_UDP;
        put_be16(h + 2, (uint16_t)(from | more));
        put_be32(h + 4, id);
        wrap_ipv6(&pkt, 44);
    } else {
        wrap_ipv4(&pkt, PKT_UDP, 0);
        put_be16(pkt_at(&pkt) + 4, (uint16_t)id);
        put_be16(pkt_at(&pkt) + 6, (uint16_t)((more ? 0x2000 : 0) | from / 8));
    }
}

static struct taken add_at(bool ipv6, uint32_t id, uint32_t from, uint32_t to, uint64_t time_ns,
                           uint32_t iface)
{
    struct taken t = {.iface = {.link_type = RAW, .number = iface}};
    struct layers_counts before = *layers_counts(layers);

    make_fragment(ipv6, id, from, to);
    t.packet = (struct packet){.data = pkt_at(&pkt),
                               .caplen = pkt_len(&pkt),
                               .len = pkt_len(&pkt),
                               .time_ns = time_ns,
                               .iface = &t.iface};
    t.is = layers_datagram(layers, &t.packet, &t.datagram);
    for (int i = 0; i < LAYERS_RESULTS; i++)
        if (layers_counts(layers)->results[i] != before.results[i])
            t.result = (enum layers_result)i;
    return t;
}

static void expect_whole(const struct taken *t)
{
    if (!t->is)
        fail_msg("%s", layers_result_name(t->result));
    assert_true(t->datagram.reassembled);
    assert_int_equal(t->datagram.src.port, 1111);
    assert_int_equal(t->datagram.dst.port, 2222);
    assert_int_equal(t->datagram.payload_len, PAYLOAD);
    assert_int_equal(t->datagram.payload_full, PAYLOAD);
    assert_memory_equal(t->datagram.payload, payload, PAYLOAD);
    assert_int_equal(t->datagram.label, DATAGRAM_DIRECT);
}

/* Where the pieces start; the last ends at 3008. */
static const uint32_t starts[] = {0, PIECE, 2 * PIECE, 3 * PIECE};
static uint32_t end_of(unsigned i)
{
    return i == 3 ? PAYLOAD + 8 : starts[i + 1];
}

static struct taken add(bool ipv6, uint32_t id, unsigned i)
{
    return add_at(ipv6, id, starts[i], end_of(i), 0, 0);
}

static void any_order_gives_the_whole(void **state)
{
    uint32_t id = 100;

    (void)state;
    for (unsigned order = 0; order < 256; order++, id++) {
        unsigned at[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
        if ((1U << at[0] | 1U << at[1] | 1U << at[2] | 1U << at[3]) != 15)
            continue;
        for (int v6 = 0; v6 < 2; v6++) {
            for (int k = 0; k < 3; k++)
                assert_int_equal(add(v6, id, at[k]).result, LAYERS_FRAGMENT);
            struct taken t = add(v6, id, at[3]);
            expect_whole(&t);
        }
    }
}

static void copies_are_ignored(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        assert_int_equal(add(false, 1, 0).result, LAYERS_FRAGMENT);
        assert_int_equal(add(false, 1, 2).result, LAYERS_FRAGMENT);
        assert_int_equal(add(false, 1, 3).result, LAYERS_FRAGMENT);
    }
    struct taken t = add(false, 1, 1);
    expect_whole(&t);
}

static void overlaps_refuse_the_whole_datagram(void **state)
{
    static const uint32_t bad[][2] = {{0, 2 * PIECE},     {PIECE - 8, 2 * PIECE},
                                      {PIECE / 2, PIECE}, {2 * PIECE, 3 * PIECE + 8},
                                      {0, PIECE - 8},     {3 * PIECE - 8, 3 * PIECE + 16}};

    (void)state;
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int v6 = 0; v6 < 2; v6++) {
            uint32_t id = 1000 + i;
            add(v6, id, 0);
            add(v6, id, 3);
            assert_int_equal(add_at(v6, id, bad[i][0], bad[i][1], 0, 0).result,
                             LAYERS_FRAGMENT_REFUSED);
            /* And what would have completed it is refused too. */
            for (unsigned k = 0; k < 4; k++)
                assert_int_equal(add(v6, id, k).result, LAYERS_FRAGMENT_REFUSED);
        }
    }
}

static void a_copy_with_other_bytes_is_an_overlap(void **state)
{
    (void)state;
    add(true, 2, 0);
    payload[17] ^= 1;
    assert_int_equal(add(true, 2, 0).result, LAYERS_FRAGMENT_REFUSED);
    payload[17] ^= 1;
}

static void other_identifications_interfaces_and_families_do_not_mix(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(add(false, 3, i).result, LAYERS_FRAGMENT);
        assert_int_equal(add(false, 4, i).result, LAYERS_FRAGMENT);
        assert_int_equal(add(true, 3, i).result, LAYERS_FRAGMENT);
        assert_int_equal(add_at(false, 3, starts[i], end_of(i), 0, 1).result, LAYERS_FRAGMENT);
    }
    struct taken t = add(false, 4, 3);
    expect_whole(&t);
    t = add(true, 3, 3);
    expect_whole(&t);
    t = add_at(false, 3, starts[3], end_of(3), 0, 1);
    expect_whole(&t);
    t = add(false, 3, 3);
    expect_whole(&t);
}

static void fragments_that_wait_too_long_are_given_up(void **state)
{
    uint64_t before = layers_counts(layers)->datagrams_unfinished;
    const uint64_t now = 5000 * second_ns;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        add_at(false, 5, starts[i], end_of(i), now, 0);
    struct taken t = add_at(false, 5, starts[3], end_of(3), now + 31 * second_ns, 0);
    assert_int_equal(t.result, LAYERS_FRAGMENT);
    assert_int_equal(layers_counts(layers)->datagrams_unfinished, before + 1);
    for (unsigned i = 0; i < 2; i++)
        add_at(false, 5, starts[i], end_of(i), now + 40 * second_ns, 0);
    t = add_at(false, 5, starts[2], end_of(2), now + 61 * second_ns, 0);
    expect_whole(&t);
    /* A clock that jumps back is no reason to wait for ever. */
    add_at(false, 6, 0, PIECE, now, 0);
    add_at(false, 6, 0, PIECE, now - 100 * second_ns, 0);
    assert_int_equal(layers_counts(layers)->datagrams_unfinished, before + 2);
}

static void a_cut_fragment_is_no_fragment(void **state)
{
    struct taken t;

    (void)state;
    make_fragment(false, 7, 0, PIECE);
    for (uint32_t n = 0; n < pkt_len(&pkt); n++) {
        take(layers, &pkt, RAW, n, &t);
        assert_int_equal(t.result, LAYERS_CUT);
    }
}

static void a_tunnels_fragments_inside_fragments_come_out(void **state)
{
    static struct pkt inner;
    struct taken t;
    uint8_t bytes[PAYLOAD];

    (void)state;
    /* Two inner fragments, each in an outer datagram of two fragments. */
    for (unsigned k = 0; k < 2; k++) {
        make_fragment(false, 8, k ? 1600 : 0, k ? PAYLOAD + 8 : 1600);
        inner = pkt;
        uint32_t len = pkt_len(&inner);
        for (unsigned half = 0; half < 2; half++) {
            uint32_t from = half ? 800 : 0;
            uint32_t size = half ? len - 800 : 800;
            memcpy(bytes, pkt_at(&inner) + from, size);
            pkt_set(&pkt, bytes, size);
            wrap_ipv4(&pkt, 4, 0);
            put_be16(pkt_at(&pkt) + 4, (uint16_t)(90 + k));
            put_be16(pkt_at(&pkt) + 6, (uint16_t)((half ? 0 : 0x2000) | from / 8));
            take(layers, &pkt, RAW, pkt_len(&pkt), &t);
            if (!t.is)
                assert_int_equal(t.result, LAYERS_FRAGMENT);
        }
    }
    assert_true(t.is);
    assert_int_equal(t.datagram.label, DATAGRAM_TUNNELLED);
    assert_int_equal(t.datagram.payload_len, PAYLOAD);
    assert_memory_equal(t.datagram.payload, payload, PAYLOAD);
}

/* --- the table alone --- */

static struct fragment piece(uint32_t id, uint32_t offset, uint32_t len, bool more)
{
    static uint8_t zeros[FRAGMENTS_DATAGRAM_MAX + 1];
    struct fragment in = {.offset = offset, .len = len, .more = more, .data = zeros};

    in.key.id = id;
    return in;
}

static void impossible_lengths_are_refused(void **state)
{
    static const struct {
        uint32_t offset, len;
        bool more;
    } rows[] = {{0, 0, true}, {8, 0, false}, {0, 9, true}, {65528, 8, false}, {65536, 8, true}};
    struct siphash_key key = {1, 2};
    struct fragments *f = fragments_new(&key, 1 << 20);
    const uint8_t *whole;
    uint32_t len;
    uint8_t protocol;

    (void)state;
    assert_non_null(f);
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fragment in = piece(i, rows[i].offset, rows[i].len, rows[i].more);
        assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_REFUSED);
    }
    /* The end that the last fragment gives is the end, whichever comes first. */
    struct fragment last = piece(50, 16, 8, false);
    struct fragment past = piece(50, 24, 8, true);
    assert_int_equal(fragments_add(f, &last, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
    assert_int_equal(fragments_add(f, &past, 0, &whole, &len, &protocol), FRAGMENTS_REFUSED);
    last.key.id = past.key.id = 51;
    assert_int_equal(fragments_add(f, &past, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
    assert_int_equal(fragments_add(f, &last, 0, &whole, &len, &protocol), FRAGMENTS_REFUSED);
    fragments_free(f);
}

static void the_largest_datagram_comes_out_and_a_larger_does_not(void **state)
{
    struct siphash_key key = {1, 2};
    struct fragments *f = fragments_new(&key, 1 << 20);
    const uint8_t *whole;
    uint32_t len;
    uint8_t protocol;

    (void)state;
    for (uint32_t extra = 0; extra < 2; extra++) {
        struct fragment first = piece(extra, 0, 65528, true);
        struct fragment last = piece(extra, 65528, 7 + extra, false);
        first.protocol = 17;
        assert_int_equal(fragments_add(f, &first, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
        assert_int_equal(fragments_add(f, &last, 0, &whole, &len, &protocol),
                         extra ? FRAGMENTS_REFUSED : FRAGMENTS_WHOLE);
    }
    assert_int_equal(len, 65535);
    assert_int_equal(protocol, 17);
    fragments_free(f);
}

static void memory_stays_below_its_bound_and_the_oldest_goes_first(void **state)
{
    enum { BOUND = 100000 };
    struct siphash_key key = {1, 2};
    struct fragments *f = fragments_new(&key, BOUND);
    const uint8_t *whole;
    uint32_t len;
    uint8_t protocol;

    (void)state;
    for (uint32_t id = 0; id < 5000; id++) {
        struct fragment in = piece(id, 8, 8 + id % 1000 * 8, true);
        assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
        assert_true(fragments_bytes(f) <= BOUND);
    }
    assert_true(fragments_unfinished(f) > 4000);
    struct fragment in = piece(4999, 0, 8, true);
    assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
    uint64_t given_up = fragments_unfinished(f);
    in = piece(4999, 8 + 8 + 999 * 8, 1, false);
    assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_WHOLE);
    assert_int_equal(fragments_unfinished(f), given_up);
    fragments_free(f);
}

static void datagrams_without_end_push_the_oldest_out(void **state)
{
    enum { MORE = 3000 };
    struct siphash_key key = {1, 2};
    struct fragments *f = fragments_new(&key, 64 << 20);
    const uint8_t *whole;
    uint32_t len;
    uint8_t protocol;

    (void)state;
    for (uint32_t id = 0; id < FRAGMENTS_PENDING_MAX + MORE; id++) {
        struct fragment in = piece(id, 0, 8, true);
        assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_KEPT);
    }
    assert_int_equal(fragments_unfinished(f), MORE);
    struct fragment in = piece(MORE, 8, 8, false);
    assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol), FRAGMENTS_WHOLE);
    fragments_free(f);
}

static void pieces_without_end_are_refused(void **state)
{
    struct siphash_key key = {1, 2};
    struct fragments *f = fragments_new(&key, 1 << 20);
    const uint8_t *whole;
    uint32_t len;
    uint8_t protocol;

    (void)state;
    for (uint32_t i = 0; i <= FRAGMENTS_PIECES_MAX; i++) {
        struct fragment in = piece(1, 65000 - i * 8, 8, true);
        assert_int_equal(fragments_add(f, &in, 0, &whole, &len, &protocol),
                         i < FRAGMENTS_PIECES_MAX ? FRAGMENTS_KEPT : FRAGMENTS_REFUSED);
    }
    fragments_free(f);
    fragments_free(NULL);
}

/* The vectors of the paper's appendix A, and of the reference implementation for 0 and 63 bytes. */
static void siphash_gives_its_papers_values(void **state)
{
    struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    uint8_t in[63];

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)i;
    assert_true(siphash(&key, in, 15) == 0xa129ca6149be45e5);
    assert_true(siphash(&key, in, 0) == 0x726fdb47dd0e0e31);
    assert_true(siphash(&key, in, 63) == 0x958a324ceb064572);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_whole),
        cmocka_unit_test(copies_are_ignored),
        cmocka_unit_test(overlaps_refuse_the_whole_datagram),
        cmocka_unit_test(a_copy_with_other_bytes_is_an_overlap),
        cmocka_unit_test(other_identifications_interfaces_and_families_do_not_mix),
        cmocka_unit_test(fragments_that_wait_too_long_are_given_up),
        cmocka_unit_test(a_cut_fragment_is_no_fragment),
        cmocka_unit_test(a_tunnels_fragments_inside_fragments_come_out),
        cmocka_unit_test(impossible_lengths_are_refused),
        cmocka_unit_test(the_largest_datagram_comes_out_and_a_larger_does_not),
        cmocka_unit_test(memory_stays_below_its_bound_and_the_oldest_goes_first),
        cmocka_unit_test(datagrams_without_end_push_the_oldest_out),
        cmocka_unit_test(pieces_without_end_are_refused),
        cmocka_unit_test(siphash_gives_its_papers_values),
    };
    return cmocka_run_group_tests_name("fragments", tests, set_up, tear_down);
}
