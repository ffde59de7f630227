/* What the finder takes for STUN and how sure it is; classic messages; ChannelData. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "datagram_bytes.h"
#include "finder.h"

enum {
    FOUND_MAX = 128,
};

static struct {
    struct found found[FOUND_MAX];
    uint8_t first[FOUND_MAX];
    size_t count;
} told;

static void tell(const struct found *found, void *context)
{
    (void)context;
    assert_true(told.count < FOUND_MAX);
    told.found[told.count] = *found;
    /* Touched, so that a sanitizer sees bytes that are gone. */
    told.first[told.count] = found->len > 0 ? found->bytes[0] | found->bytes[found->len - 1] : 0;
    told.count++;
}

static struct finder *start(void)
{
    memset(&told, 0, sizeof(told));
    return finder_new(tell, NULL, true);
}

static size_t udp(struct finder *f, uint8_t from, uint8_t to, const uint8_t *bytes, size_t len)
{
    struct test_datagram t;
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    finder_take(f, test_udp(&t, from, to, copy, len));
    free(copy);
    return told.count;
}

static void finish(struct finder *f)
{
    finder_end(f);
    finder_free(f);
}

static void a_message_is_found_on_any_port_and_says_how_sure_it_is(void **state)
{
    uint8_t bytes[128] = {0};
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 8);
    struct finder *f = start();
    (void)state;
    assert_int_equal(udp(f, 1, 2, bytes, len), 1);
    assert_int_equal(told.found[0].confidence, FOUND_EXACT);
    assert_int_equal(udp(f, 1, 2, bytes, len + 5), 2);
    assert_int_equal(told.found[1].confidence, FOUND_LOOSE);
    assert_int_equal(told.found[1].trailing, 5);
    assert_int_equal(told.found[1].len, len);
    finish(f);
}

static void no_shorter_prefix_of_a_message_is_found(void **state)
{
    uint8_t bytes[128];
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 8);
    struct finder *f = start();
    (void)state;
    for (size_t n = 0; n < len; n++)
        udp(f, 1, 2, bytes, n);
    finish(f);
    assert_int_equal(told.count, 0);
}

static void what_the_snapshot_length_cut_off_is_told_as_cut(void **state)
{
    uint8_t bytes[128];
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 60);
    struct test_datagram t;
    struct finder *f = start();
    (void)state;
    for (uint32_t n = 0; n < len; n++) {
        test_udp(&t, 1, 2, bytes, n);
        t.d.payload_full = (uint32_t)len;
        finder_take(f, &t.d);
    }
    assert_int_equal(told.count, len - STUN_HEADER_BYTES);
    assert_true(told.found[0].cut);
    assert_int_equal(told.found[0].confidence, FOUND_LOOSE);
    finish(f);
}

static void any_type_with_the_cookie_is_a_message(void **state)
{
    uint8_t bytes[STUN_HEADER_BYTES] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    struct finder *f = start();
    (void)state;
    for (unsigned type = 0x0800; type <= 0x0805; type++) {
        put_be16(bytes, (uint16_t)type);
        udp(f, 1, 2, bytes, sizeof(bytes));
    }
    put_be16(bytes, 0x3fff);
    assert_int_equal(udp(f, 1, 2, bytes, sizeof(bytes)), 7);
    bytes[0] = 0x40;
    assert_int_equal(udp(f, 3, 4, bytes, sizeof(bytes)), 7);
    finish(f);
}

static void an_unpadded_length_needs_to_be_exact_and_attributes_to_fill_it(void **state)
{
    uint8_t bytes[32] = {0, 3, 0, 9, 0x21, 0x12, 0xa4, 0x42, [23] = 4};
    struct finder *f = start();
    (void)state;
    assert_int_equal(udp(f, 1, 2, bytes, 29), 0); /* a byte is left over */
    bytes[23] = 5;
    assert_int_equal(udp(f, 1, 2, bytes, 30), 0);
    assert_int_equal(udp(f, 1, 2, bytes, 28), 0);
    assert_int_equal(udp(f, 1, 2, bytes, 29), 1);
    assert_int_equal(told.found[0].confidence, FOUND_LOOSE);
    finish(f);
}

/* A classic request with CHANGE-REQUEST; type and the transaction's number as given. */
static void make_classic(uint8_t out[static 28], unsigned type, uint8_t number)
{
    memset(out, 0, 28);
    put_be16(out, (uint16_t)type);
    put_be16(out + 2, 8);
    out[19] = number;
    put_be16(out + 20, STUN_ATTR_CHANGE_REQUEST);
    put_be16(out + 22, 4);
}

static void a_classic_request_waits_for_its_answer(void **state)
{
    uint8_t request[28], answer[28], other[28];
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 1);
    make_classic(answer, 0x0101, 1);
    make_classic(other, 0x0101, 2);
    assert_int_equal(udp(f, 1, 2, request, 28), 0);
    assert_int_equal(udp(f, 1, 2, request, 28), 0);
    assert_int_equal(udp(f, 2, 1, other, 28), 0);  /* another transaction */
    assert_int_equal(udp(f, 1, 2, answer, 28), 0); /* the wrong way */
    assert_int_equal(udp(f, 2, 3, answer, 28), 0); /* to somebody else */
    assert_int_equal(udp(f, 2, 1, answer, 28), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(told.found[i].confidence, FOUND_MATCHED);
    assert_true(told.found[0].frame < told.found[1].frame);
    assert_true(told.found[1].frame < told.found[2].frame);
    assert_int_equal(udp(f, 1, 2, request, 28), 4); /* sent again after all */
    finish(f);
    assert_int_equal(told.count, 4);
}

static void a_classic_answer_may_come_from_another_address(void **state)
{
    uint8_t request[28], answer[28];
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 1); /* CHANGE-REQUEST */
    make_classic(answer, 0x0101, 1);
    udp(f, 1, 2, request, 28);
    assert_int_equal(udp(f, 3, 1, answer, 28), 2);
    assert_int_equal(told.found[1].confidence, FOUND_MATCHED);
    finish(f);
}

static void an_echo_is_no_answer_and_any_other_type_is_one(void **state)
{
    uint8_t request[28], answer[28];
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 1);
    request[21] = 0x99; /* unregistered: alone it is not plausible */
    make_classic(answer, 0x0002, 1);
    answer[21] = 0x99;
    assert_int_equal(udp(f, 1, 2, request, 28), 0);
    assert_int_equal(udp(f, 2, 1, request, 28), 0);
    assert_int_equal(udp(f, 2, 1, answer, 28), 2); /* as Zoom's servers do */
    finish(f);
    assert_int_equal(told.count, 2);
}

static void each_of_many_retransmissions_is_told(void **state)
{
    uint8_t request[28], answer[28];
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 1);
    make_classic(answer, 0x0101, 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(udp(f, 1, 2, request, 28), 0);
    assert_int_equal(udp(f, 2, 1, answer, 28), 101);
    finish(f);
}

static void an_unanswered_classic_request_is_told_last_if_every_byte_fits(void **state)
{
    uint8_t request[28], damaged[28], bare[20] = {0, 1};
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 1);
    make_classic(damaged, 0x0001, 2);
    damaged[23] = 9; /* its attribute ends behind the message */
    udp(f, 1, 2, damaged, 28);
    udp(f, 1, 2, bare, 20); /* twenty bytes prove nothing */
    udp(f, 1, 2, request, 28);
    make_classic(request, 0x0101, 3);
    udp(f, 1, 2, request, 28); /* an answer alone */
    assert_int_equal(told.count, 0);
    finish(f);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.found[0].confidence, FOUND_UNANSWERED);
}

static void classic_requests_without_end_are_held_within_bounds(void **state)
{
    uint8_t request[28], answer[28];
    struct finder *f = start();
    (void)state;
    make_classic(request, 0x0001, 0);
    request[21] = 0x99; /* unregistered: what is forgotten is not told */
    for (uint32_t i = 0; i < 20000; i++) {
        put_be32(request + 8, i);
        udp(f, 1, 2, request, 28);
    }
    make_classic(answer, 0x0101, 0);
    put_be32(answer + 8, 19999);
    assert_int_equal(udp(f, 2, 1, answer, 28), 2);
    finish(f);
}

static void channel_data_means_something_after_stun_only(void **state)
{
    static const uint8_t channel[] = {0x40, 0x01, 0, 4, 1, 2, 3, 4};
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 1, 0);
    struct finder *f = start();
    (void)state;
    assert_int_equal(udp(f, 1, 2, channel, sizeof(channel)), 0);
    udp(f, 1, 2, message, len);
    assert_int_equal(udp(f, 3, 2, channel, sizeof(channel)), 1); /* another flow */
    assert_int_equal(udp(f, 2, 1, channel, sizeof(channel)), 2);
    assert_int_equal(told.found[1].kind, FOUND_CHANNEL_DATA);
    assert_int_equal(told.found[1].channel, 0x4001);
    finish(f);
}

static void of_a_channel_the_first_and_those_with_stun_are_told_and_the_sum_is_right(void **state)
{
    static const uint8_t channel[] = {0x40, 0x01, 0, 4, 1, 2, 3, 4};
    uint8_t message[64], nested[64] = {0x40, 0x01};
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 1, 0);
    struct finder *f = start();
    uint64_t packets = 0, bytes = 0;
    (void)state;
    put_be16(nested + 2, (uint16_t)len);
    memcpy(nested + 4, message, len);
    udp(f, 1, 2, message, len);
    for (int i = 0; i < 100; i++)
        udp(f, 1, 2, channel, sizeof(channel));
    udp(f, 1, 2, nested, 4 + len);
    udp(f, 2, 1, channel, sizeof(channel));
    assert_int_equal(told.count, 4);
    finish(f);
    assert_int_equal(told.count, 5);
    assert_int_equal(told.found[4].kind, FOUND_CHANNEL_COUNT);
    for (size_t i = 1; i < told.count; i++) {
        packets += told.found[i].packets;
        bytes += told.found[i].channel_bytes;
    }
    assert_int_equal(packets, 102);
    assert_int_equal(bytes, (size_t)101 * 4 + len);
}

static void media_is_counted_on_the_flows_that_had_stun(void **state)
{
    static const uint8_t rtp[12] = {0x80, 96};
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 1, 0);
    struct finder *f = start();
    uint32_t position = 0;
    (void)state;
    udp(f, 1, 2, message, len);
    udp(f, 2, 1, rtp, sizeof(rtp));
    udp(f, 2, 1, rtp, sizeof(rtp));
    udp(f, 1, 2, rtp, sizeof(rtp));
    udp(f, 1, 3, rtp, sizeof(rtp));
    struct flow *flow = table_at(finder_flows(f), &position);
    assert_non_null(flow);
    unsigned way = flow->ends[0].ip[3] == 1 ? 0 : 1;
    assert_int_equal(flow->packets[way][FLOW_STUN], 1);
    assert_int_equal(flow->packets[way][FLOW_RTP], 1);
    assert_int_equal(flow->packets[!way][FLOW_RTP], 2);
    assert_null(table_at(finder_flows(f), &position));
    finish(f);
}

static void channel_data_is_found_where_media_is_not_counted(void **state)
{
    static const uint8_t rtp[12] = {0x80, 96};
    static const uint8_t channel[] = {0x40, 0x01, 0, 4, 1, 2, 3, 4};
    uint8_t message[64];
    size_t len = test_message(message, sizeof(message), STUN_REQUEST, 1, 0);
    struct finder *f = start();
    uint32_t position = 0;
    (void)state;
    finder_free(f);
    f = finder_new(tell, NULL, false);
    udp(f, 1, 2, channel, sizeof(channel)); /* no STUN yet */
    udp(f, 1, 2, message, len);
    udp(f, 2, 1, rtp, sizeof(rtp));
    udp(f, 2, 1, channel, sizeof(channel));
    assert_int_equal(told.count, 2);
    assert_int_equal(told.found[1].kind, FOUND_CHANNEL_DATA);
    struct flow *flow = table_at(finder_flows(f), &position);
    assert_non_null(flow);
    for (unsigned way = 0; way < 2; way++)
        assert_int_equal(flow->packets[way][FLOW_RTP], 0);
    finish(f);
}

static void a_quoted_message_is_told_as_quoted_and_makes_no_flow(void **state)
{
    uint8_t bytes[64];
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 8);
    struct test_datagram t;
    struct finder *f = start();
    (void)state;
    test_udp(&t, 1, 2, bytes, len);
    t.d.label = DATAGRAM_QUOTED;
    finder_take(f, &t.d);
    test_tcp(&t, 1, 2, 7, TCP_ACK, bytes, len);
    t.d.label = DATAGRAM_QUOTED;
    finder_take(f, &t.d);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.found[0].label, DATAGRAM_QUOTED);
    assert_int_equal(table_count(finder_flows(f)), 0);
    finish(f);
}

static void streams_give_messages_and_channels_too(void **state)
{
    uint8_t bytes[64];
    static const uint8_t channel[] = {0x40, 0x01, 0, 3, 1, 2, 3, 0};
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 8);
    struct test_datagram t;
    struct finder *f = start();
    (void)state;
    finder_take(f, test_tcp(&t, 1, 2, 100, TCP_ACK, bytes, len));
    finder_take(f, test_tcp(&t, 1, 2, 100 + (uint32_t)len, TCP_ACK, channel, sizeof(channel)));
    finish(f);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.found[0].confidence, FOUND_EXACT);
    assert_int_equal(told.found[1].kind, FOUND_CHANNEL_DATA);
    assert_int_equal(told.found[1].channel_bytes, 3);
}

static void random_datagrams_are_no_stun(void **state)
{
    uint8_t bytes[64];
    uint64_t seed = 88172645463325252u;
    struct finder *f = start();
    (void)state;
    for (int i = 0; i < 300000; i++) {
        for (size_t n = 0; n < sizeof(bytes); n += 8) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            memcpy(bytes + n, &seed, 8);
        }
        bytes[0] &= 1; /* as near as can be */
        udp(f, (uint8_t)(i % 7), (uint8_t)(i % 5), bytes, seed % (sizeof(bytes) + 1));
    }
    finish(f);
    assert_int_equal(told.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_found_on_any_port_and_says_how_sure_it_is),
        cmocka_unit_test(no_shorter_prefix_of_a_message_is_found),
        cmocka_unit_test(what_the_snapshot_length_cut_off_is_told_as_cut),
        cmocka_unit_test(any_type_with_the_cookie_is_a_message),
        cmocka_unit_test(an_unpadded_length_needs_to_be_exact_and_attributes_to_fill_it),
        cmocka_unit_test(a_classic_request_waits_for_its_answer),
        cmocka_unit_test(a_classic_answer_may_come_from_another_address),
        cmocka_unit_test(an_echo_is_no_answer_and_any_other_type_is_one),
        cmocka_unit_test(each_of_many_retransmissions_is_told),
        cmocka_unit_test(an_unanswered_classic_request_is_told_last_if_every_byte_fits),
        cmocka_unit_test(classic_requests_without_end_are_held_within_bounds),
        cmocka_unit_test(channel_data_means_something_after_stun_only),
        cmocka_unit_test(of_a_channel_the_first_and_those_with_stun_are_told_and_the_sum_is_right),
        cmocka_unit_test(media_is_counted_on_the_flows_that_had_stun),
        cmocka_unit_test(channel_data_is_found_where_media_is_not_counted),
        cmocka_unit_test(a_quoted_message_is_told_as_quoted_and_makes_no_flow),
        cmocka_unit_test(streams_give_messages_and_channels_too),
        cmocka_unit_test(random_datagrams_are_no_stun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
