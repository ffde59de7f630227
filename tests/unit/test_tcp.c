/* STUN in TCP streams: order, overlaps, loss, both framings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "datagram_bytes.h"
#include "tcp.h"

enum {
    UNITS_MAX = 64,
};

/* What a stream told: the transaction's number, or the channel. */
static struct {
    unsigned number[UNITS_MAX];
    struct tcp_unit unit[UNITS_MAX];
    uint64_t frame[UNITS_MAX];
    size_t count;
    unsigned ignored; /* a number that is only counted */
    size_t ignored_count;
} told;

static void tell(const struct tcp_unit *unit, const struct datagram *d, void *context)
{
    (void)context;
    if (told.ignored && unit->len >= 20 && unit->bytes[19] == told.ignored) {
        told.ignored_count++;
        return;
    }
    assert_true(told.count < UNITS_MAX);
    told.unit[told.count] = *unit;
    told.frame[told.count] = d->packet->frame;
    if (unit->kind == TCP_UNIT_MESSAGE)
        told.number[told.count] = unit->len >= 20 ? unit->bytes[19] : 0;
    else if (unit->kind == TCP_UNIT_CHANNEL_DATA)
        told.number[told.count] = be16(unit->bytes);
    told.count++;
}

static struct tcp *start(void)
{
    memset(&told, 0, sizeof(told));
    return tcp_new(tell, NULL);
}

static void syn(struct tcp *tcp, uint32_t seq)
{
    struct test_datagram t;
    tcp_segment(tcp, test_tcp(&t, 1, 2, seq, TCP_SYN, NULL, 0));
}

static void segment(struct tcp *tcp, uint32_t seq, const uint8_t *bytes, size_t len)
{
    struct test_datagram t;
    /* On the heap, so that a sanitizer sees what reads past the end or keeps it. */
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    tcp_segment(tcp, test_tcp(&t, 1, 2, seq, TCP_ACK, copy, len));
    free(copy);
}

static void expect(struct tcp *tcp, size_t count, const unsigned *numbers)
{
    tcp_end(tcp);
    assert_int_equal(told.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(told.number[i], numbers[i]);
    tcp_free(tcp);
}

/* Three messages of different lengths, and ChannelData of 5 bytes with its padding before the last;
 * total length. */
static size_t make_stream(uint8_t *out, size_t size)
{
    static const uint8_t channel[] = {0x40, 0x01, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0};
    size_t len = test_message(out, size, STUN_REQUEST, 1, 0);
    len += test_message(out + len, size - len, STUN_REQUEST, 2, 33);
    memcpy(out + len, channel, sizeof(channel));
    len += sizeof(channel);
    return len + test_message(out + len, size - len, STUN_REQUEST, 3, 100);
}

static const unsigned stream_numbers[] = {1, 2, 0x4001, 3};

static void several_messages_in_one_segment_are_told_one_by_one(void **state)
{
    uint8_t stream[512];
    size_t len = make_stream(stream, sizeof(stream));
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    segment(tcp, 100, stream, len);
    assert_int_equal(told.unit[2].full_len, 9);
    assert_false(told.unit[0].unsynced);
    expect(tcp, 4, stream_numbers);
}

static void any_cut_into_two_segments_gives_the_same_also_swapped(void **state)
{
    uint8_t stream[512];
    size_t len = make_stream(stream, sizeof(stream));
    (void)state;
    for (size_t cut = 1; cut < len; cut++) {
        for (int swapped = 0; swapped < 2; swapped++) {
            struct tcp *tcp = start();
            uint32_t first = UINT32_MAX - 60; /* the numbers go around */
            syn(tcp, first - 1);
            if (swapped)
                segment(tcp, first + (uint32_t)cut, stream + cut, len - cut);
            segment(tcp, first, stream, cut);
            if (!swapped)
                segment(tcp, first + (uint32_t)cut, stream + cut, len - cut);
            expect(tcp, 4, stream_numbers);
        }
    }
}

static void single_bytes_in_any_order_with_repeats_give_the_same(void **state)
{
    uint8_t stream[512];
    size_t len = make_stream(stream, sizeof(stream));
    unsigned seed = 5;
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct tcp *tcp = start();
        syn(tcp, 999);
        for (size_t block = 0; block < len; block += 16) {
            size_t n = len - block < 16 ? len - block : 16;
            for (size_t i = 0; i < 3 * n; i++) {
                size_t at = block + (seed = seed * 1103515245 + 12345) / 65536 % n;
                segment(tcp, 1000 + (uint32_t)at, stream + at, 1);
            }
            for (size_t i = n; i > 0; i--)
                segment(tcp, 1000 + (uint32_t)(block + i - 1), stream + block + i - 1, 1);
        }
        expect(tcp, 4, stream_numbers);
    }
}

static void retransmissions_are_told_once(void **state)
{
    uint8_t stream[512];
    size_t len = make_stream(stream, sizeof(stream));
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    segment(tcp, 100, stream, len);
    segment(tcp, 100, stream, len);
    syn(tcp, 99);
    segment(tcp, 100, stream, 30);
    segment(tcp, 100 + (uint32_t)len - 1, stream + len - 1, 1);
    expect(tcp, 4, stream_numbers);
}

static void of_overlapping_bytes_the_first_copy_counts(void **state)
{
    uint8_t one[64], other[64];
    struct tcp *tcp = start();
    (void)state;
    size_t len = test_message(one, sizeof(one), STUN_REQUEST, 1, 16);
    test_message(other, sizeof(other), STUN_REQUEST, 2, 16);
    syn(tcp, 99);
    /* The transaction id's end comes first behind a gap, then once more with another number. */
    segment(tcp, 110, one + 10, len - 10);
    segment(tcp, 105, other + 5, len - 5);
    segment(tcp, 100, other, len);
    expect(tcp, 1, (const unsigned[]){1});
}

static void a_gap_that_was_acknowledged_is_not_waited_for(void **state)
{
    uint8_t first[64], second[64], third[64];
    size_t len = test_message(first, sizeof(first), STUN_REQUEST, 1, 8);
    struct test_datagram t;
    struct tcp *tcp = start();
    (void)state;
    test_message(second, sizeof(second), STUN_REQUEST, 2, 8);
    test_message(third, sizeof(third), STUN_REQUEST, 3, 8);
    syn(tcp, 99);
    segment(tcp, 100, first, len);
    segment(tcp, 100 + 2 * (uint32_t)len, third, len);
    assert_int_equal(told.count, 1);
    test_tcp(&t, 2, 1, 5, TCP_ACK, NULL, 0);
    t.d.ack = 100 + (uint32_t)len; /* nothing of the gap */
    tcp_segment(tcp, &t.d);
    assert_int_equal(told.count, 1);
    t.d.ack = 100 + 3 * (uint32_t)len;
    tcp_segment(tcp, &t.d);
    assert_int_equal(told.count, 2);
    assert_true(told.unit[1].unsynced);
    expect(tcp, 2, (const unsigned[]){1, 3});
}

static void a_gap_ends_with_the_capture(void **state)
{
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 9, 8);
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    segment(tcp, 150, message, len);
    assert_int_equal(told.count, 0);
    expect(tcp, 1, (const unsigned[]){9});
}

static void a_gap_with_too_much_behind_it_is_given_up(void **state)
{
    static uint8_t filler[1400];
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 9, 8);
    struct tcp *tcp = start();
    uint32_t at = 200;
    (void)state;
    syn(tcp, 99);
    for (int i = 0; i < 200; i++, at += sizeof(filler))
        segment(tcp, at, filler, sizeof(filler));
    segment(tcp, at, message, len);
    assert_int_equal(told.count, 1);
    expect(tcp, 1, (const unsigned[]){9});
}

static void a_stream_that_is_something_else_is_joined_where_a_segment_starts_a_message(void **state)
{
    static const char http[] = "CONNECT turn.example:443 HTTP/1.1\r\n\r\n";
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 4, 8);
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    segment(tcp, 100, (const uint8_t *)http, sizeof(http) - 1);
    segment(tcp, 100 + sizeof(http) - 1, message, len);
    assert_true(told.unit[0].unsynced);
    expect(tcp, 1, (const unsigned[]){4});
}

static void a_capture_that_began_in_the_middle_is_joined_too(void **state)
{
    uint8_t stream[512];
    size_t len = make_stream(stream, sizeof(stream));
    struct tcp *tcp = start();
    (void)state;
    segment(tcp, 77, stream + 3, 8);
    segment(tcp, 100, stream, 40);
    segment(tcp, 140, stream + 40, len - 40);
    expect(tcp, 4, stream_numbers);
}

static void framed_streams_carry_messages_and_media(void **state)
{
    uint8_t stream[512];
    size_t at = 0;
    (void)state;
    for (uint8_t number = 1; number <= 2; number++) {
        size_t len = test_message(stream + at + 2, 200, STUN_REQUEST, number, 8);
        put_be16(stream + at, (uint16_t)len);
        at += 2 + len;
        static const uint8_t rtp[] = {0, 0, 0, 12, 0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
        memcpy(stream + at, rtp, sizeof(rtp)); /* an empty frame before it */
        at += sizeof(rtp);
    }
    for (size_t cut = 1; cut < at; cut++) {
        struct tcp *tcp = start();
        syn(tcp, 99);
        segment(tcp, 100, stream, cut);
        segment(tcp, 100 + (uint32_t)cut, stream + cut, at - cut);
        assert_int_equal(told.count, 4);
        assert_int_equal(told.unit[0].kind, TCP_UNIT_MESSAGE);
        assert_int_equal(told.unit[1].kind, TCP_UNIT_FRAME);
        assert_int_equal(told.unit[1].len, 12);
        assert_int_equal(told.number[2], 2);
        assert_true(told.unit[0].framed && told.unit[3].framed);
        tcp_free(tcp);
    }
}

static void a_segment_that_was_captured_in_part_gives_a_cut_message(void **state)
{
    uint8_t first[256], second[64];
    size_t len = test_message(first, sizeof(first), STUN_REQUEST, 1, 100);
    size_t second_len = test_message(second, sizeof(second), STUN_REQUEST, 2, 0);
    struct test_datagram t;
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    test_tcp(&t, 1, 2, 100, TCP_ACK, first, 40);
    t.d.payload_full = (uint32_t)len;
    tcp_segment(tcp, &t.d);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.unit[0].len, 40);
    assert_int_equal(told.unit[0].full_len, len);
    segment(tcp, 100 + (uint32_t)len, second, second_len);
    expect(tcp, 2, (const unsigned[]){1, 2});
}

static void a_new_connection_on_the_same_ports_starts_anew(void **state)
{
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 4, 8);
    struct tcp *tcp = start();
    (void)state;
    syn(tcp, 99);
    segment(tcp, 100, message, len - 4);
    syn(tcp, 5000);
    /* What the old one began is told. */
    assert_int_equal(told.count, 1);
    assert_int_equal(told.unit[0].len, len - 4);
    segment(tcp, 5001, message, len);
    assert_false(told.unit[1].unsynced);
    expect(tcp, 2, (const unsigned[]){4, 4});
}

static void a_message_that_never_ends_is_told_as_far_as_it_came(void **state)
{
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 4, 8);
    (void)state;
    for (size_t cut = 1; cut < len; cut++) {
        struct tcp *tcp = start();
        syn(tcp, 99);
        segment(tcp, 100, message, cut);
        assert_int_equal(told.count, 0);
        tcp_end(tcp);
        assert_int_equal(told.count, cut >= 8 ? 1 : 0);
        if (told.count > 0) {
            assert_int_equal(told.unit[0].len, cut);
            assert_int_equal(told.unit[0].full_len, len);
        }
        tcp_free(tcp);
    }
}

static void begun_messages_without_end_hide_no_other(void **state)
{
    uint8_t beginning[STUN_HEADER_BYTES], message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 4, 8);
    struct tcp *tcp = start();
    struct test_datagram t;
    (void)state;
    test_message(beginning, sizeof(beginning), STUN_REQUEST, 9, 0);
    put_be16(beginning + 2, 65532);
    /* Each claims 64 KiB: 2,000 would be 128 MiB. */
    told.ignored = 9;
    for (uint32_t i = 0; i < 2000; i++) {
        test_tcp(&t, 1, 2, 100, TCP_ACK, beginning, sizeof(beginning));
        t.d.src.port = (uint16_t)i;
        tcp_segment(tcp, &t.d);
    }
    syn(tcp, 99);
    segment(tcp, 100, message, 30);
    segment(tcp, 130, message + 30, len - 30);
    expect(tcp, 1, (const unsigned[]){4});
    assert_int_equal(told.ignored_count, 2000);
}

static void other_protocols_are_never_told(void **state)
{
    static const char *const streams[] = {
        "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "\x00\x1d\x00\x01\x00\x00\x00\x01",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct tcp *tcp = start();
        uint8_t bytes[64] = {0};
        memcpy(bytes, streams[i], strnlen(streams[i], sizeof(bytes)));
        syn(tcp, 99);
        for (uint32_t at = 0; at < 10 * sizeof(bytes); at += sizeof(bytes))
            segment(tcp, 100 + at, bytes, sizeof(bytes));
        expect(tcp, 0, NULL);
    }
}

static void what_waits_is_bounded_over_all_streams(void **state)
{
    static uint8_t filler[60000];
    struct tcp *tcp = start();
    struct test_datagram t;
    (void)state;
    /* 4,000 streams that each keep 60,000 bytes waiting would be 240 MB. */
    for (uint32_t i = 0; i < 4000; i++) {
        test_tcp(&t, 1, 2, 99, TCP_SYN, NULL, 0);
        t.d.src.port = (uint16_t)i;
        tcp_segment(tcp, &t.d);
        test_tcp(&t, 1, 2, 200, TCP_ACK, filler, sizeof(filler));
        t.d.src.port = (uint16_t)i;
        tcp_segment(tcp, &t.d);
    }
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 4, 8);
    syn(tcp, 99);
    segment(tcp, 100, message, len);
    expect(tcp, 1, (const unsigned[]){4});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_messages_in_one_segment_are_told_one_by_one),
        cmocka_unit_test(any_cut_into_two_segments_gives_the_same_also_swapped),
        cmocka_unit_test(single_bytes_in_any_order_with_repeats_give_the_same),
        cmocka_unit_test(retransmissions_are_told_once),
        cmocka_unit_test(of_overlapping_bytes_the_first_copy_counts),
        cmocka_unit_test(a_gap_that_was_acknowledged_is_not_waited_for),
        cmocka_unit_test(a_gap_ends_with_the_capture),
        cmocka_unit_test(a_gap_with_too_much_behind_it_is_given_up),
        cmocka_unit_test(
            a_stream_that_is_something_else_is_joined_where_a_segment_starts_a_message),
        cmocka_unit_test(a_capture_that_began_in_the_middle_is_joined_too),
        cmocka_unit_test(framed_streams_carry_messages_and_media),
        cmocka_unit_test(a_segment_that_was_captured_in_part_gives_a_cut_message),
        cmocka_unit_test(a_new_connection_on_the_same_ports_starts_anew),
        cmocka_unit_test(a_message_that_never_ends_is_told_as_far_as_it_came),
        cmocka_unit_test(begun_messages_without_end_hide_no_other),
        cmocka_unit_test(other_protocols_are_never_told),
        cmocka_unit_test(what_waits_is_bounded_over_all_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
