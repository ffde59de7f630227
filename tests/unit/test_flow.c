/* Flow keys, the bounded table, and what a datagram is by its first bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bytes.h"
#include "datagram_bytes.h"
#include "flow.h"

static struct flow_key numbered(uint64_t n)
{
    return (struct flow_key){.count = 2, .word = {n, ~n}};
}

static void both_directions_are_one_flow_and_each_has_its_way(void **state)
{
    struct test_datagram there, back;
    unsigned way_there, way_back;
    (void)state;
    struct flow_key a = flow_key_of(test_udp(&there, 1, 2, NULL, 0), &way_there);
    struct flow_key b = flow_key_of(test_udp(&back, 2, 1, NULL, 0), &way_back);
    assert_int_equal(a.count, b.count);
    assert_memory_equal(a.word, b.word, a.count * sizeof(a.word[0]));
    assert_int_not_equal(way_there, way_back);
    b = flow_key_one_way(&back.d, true);
    a = flow_key_one_way(&there.d, false);
    assert_memory_equal(a.word, b.word, a.count * sizeof(a.word[0]));
}

static void another_interface_protocol_port_or_label_is_another_flow(void **state)
{
    static const struct packet_iface other = {.number = 1, .link_type = 1};
    struct test_datagram t;
    unsigned way;
    (void)state;
    struct flow_key base = flow_key_of(test_udp(&t, 1, 2, NULL, 0), &way);
    for (int change = 0; change < 5; change++) {
        test_udp(&t, 1, 2, NULL, 0);
        if (change == 0)
            t.packet.iface = &other;
        else if (change == 1)
            t.d.ifindex = 7;
        else if (change == 2)
            t.d.protocol = DATAGRAM_TCP;
        else if (change == 3)
            t.d.src.port++;
        else
            t.d.label = DATAGRAM_TUNNELLED;
        struct flow_key key = flow_key_of(&t.d, &way);
        assert_memory_not_equal(key.word, base.word, base.count * sizeof(base.word[0]));
    }
}

static void ipv6_addresses_count_with_every_bit(void **state)
{
    struct test_datagram t;
    unsigned way;
    uint8_t ip[16] = {0x20, 1, 0xd, 0xb8};
    (void)state;
    test_udp(&t, 1, 2, NULL, 0);
    t.d.src = netaddr_from_bytes(ip, 16, 1);
    t.d.dst = netaddr_from_bytes((const uint8_t[16]){0xff}, 16, 2);
    struct flow_key base = flow_key_of(&t.d, &way);
    for (unsigned bit = 0; bit < 128; bit++) {
        ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
        t.d.src = netaddr_from_bytes(ip, 16, 1);
        struct flow_key key = flow_key_of(&t.d, &way);
        assert_memory_not_equal(key.word, base.word, base.count * sizeof(base.word[0]));
        ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void a_table_finds_what_was_added_and_nothing_else(void **state)
{
    struct table *t = table_new(5000, sizeof(uint64_t), NULL, NULL);
    (void)state;
    assert_non_null(t);
    for (uint64_t n = 0; n < 5000; n++) {
        struct flow_key key = numbered(n);
        assert_null(table_find(t, &key));
        *(uint64_t *)table_add(t, &key) = n;
    }
    for (uint64_t n = 0; n < 5000; n++) {
        struct flow_key key = numbered(n);
        uint64_t *value = table_find(t, &key);
        assert_non_null(value);
        assert_true(*value == n);
        if (n % 2)
            table_remove(t, value);
    }
    assert_int_equal(table_count(t), 2500);
    for (uint64_t n = 0; n < 5000; n++) {
        struct flow_key key = numbered(n);
        assert_int_equal(table_find(t, &key) != NULL, n % 2 == 0);
    }
    uint32_t position = 0, walked = 0;
    uint64_t *value;
    while ((value = table_at(t, &position))) {
        assert_true(*value % 2 == 0);
        walked++;
    }
    assert_int_equal(walked, 2500);
    table_free(t);
}

static void note_eviction(void *value, void *context)
{
    uint64_t *sum = context;
    *sum += *(uint64_t *)value;
}

static void a_full_table_forgets_what_was_not_used(void **state)
{
    uint64_t evicted = 0;
    struct table *t = table_new(100, sizeof(uint64_t), note_eviction, &evicted);
    struct flow_key used = numbered(7);
    (void)state;
    for (uint64_t n = 0; n < 100; n++) {
        struct flow_key key = numbered(n);
        *(uint64_t *)table_add(t, &key) = n;
    }
    /* The first round of the hand takes the marks away, from then on use keeps. */
    for (uint64_t n = 100; n < 1100; n++) {
        struct flow_key key = numbered(n);
        *(uint64_t *)table_add(t, &key) = 1;
        assert_non_null(table_find(t, &used));
    }
    assert_int_equal(table_count(t), 100);
    assert_int_equal(table_evicted(t), 1000);
    assert_true(evicted > 900 && evicted < 99 * 50 + 1000);
    table_free(t);
}

static void kinds_come_from_the_first_bytes(void **state)
{
    static const struct {
        uint8_t bytes[16];
        uint32_t len;
        enum flow_kind kind;
    } rows[] = {
        {{0x80, 96}, 12, FLOW_RTP},
        {{0xbf, 0xe0}, 12, FLOW_RTP}, /* 224: marker and payload type 96 */
        {{0x80, 96}, 11, FLOW_OTHER},
        {{0x80, 200}, 8, FLOW_RTCP},
        {{0x80, 191}, 12, FLOW_RTP},
        {{22, 0xfe, 0xfd}, 13, FLOW_DTLS},
        {{22, 3, 1}, 13, FLOW_OTHER}, /* TLS */
        {{22, 0xfe}, 12, FLOW_OTHER},
        {{0x10, 0, 0, 0, 'Z', 'R', 'T', 'P'}, 16, FLOW_ZRTP},
        {{0x40, 0, 0, 4}, 8, FLOW_CHANNEL_DATA},
        {{0x40, 0, 0, 4}, 11, FLOW_CHANNEL_DATA}, /* padding */
        {{0x40, 0, 0, 4}, 12, FLOW_OTHER},
        {{0x40, 0, 0, 5}, 8, FLOW_OTHER},
        {{0xff}, 16, FLOW_OTHER},
        {{0}, 3, FLOW_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(flow_kind_of(rows[i].bytes, rows[i].len, rows[i].len), rows[i].kind);
}

/* The finder asks the short question first and drops what it denies. */
static void the_first_bytes_deny_no_channel_data(void **state)
{
    uint8_t in[16] = {0};
    unsigned seen = 0;
    (void)state;
    put_be16(in + 2, sizeof(in) - 4);
    for (uint32_t first = 0; first <= UINT16_MAX; first++) {
        put_be16(in, (uint16_t)first);
        if (flow_kind_of(in, sizeof(in), sizeof(in)) != FLOW_CHANNEL_DATA)
            continue;
        assert_true(flow_may_be_channel_data(in));
        seen++;
    }
    assert_int_equal(seen, 0x1000 + 1); /* 0x4000 to 0x4fff, and MS-TURN's 0xff10 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_are_one_flow_and_each_has_its_way),
        cmocka_unit_test(another_interface_protocol_port_or_label_is_another_flow),
        cmocka_unit_test(ipv6_addresses_count_with_every_bit),
        cmocka_unit_test(a_table_finds_what_was_added_and_nothing_else),
        cmocka_unit_test(a_full_table_forgets_what_was_not_used),
        cmocka_unit_test(kinds_come_from_the_first_bytes),
        cmocka_unit_test(the_first_bytes_deny_no_channel_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
