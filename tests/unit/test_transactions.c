/* What a capture's messages add up to: transactions, retransmissions, who learned what over which
 * interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "datagram_bytes.h"
#include "tally.h"

static const struct packet_iface tun0 = {.number = 1, .link_type = 101, .name = "tun0"};

/* One message at a time of its own; answers say mapped, the last byte of 203.0.113.x. */
struct step {
    const struct packet_iface *iface;
    uint64_t ms;
    uint8_t from, to, number, mapped;
    enum stun_class cls;
    uint8_t label;
};

static void take(struct tally *t, const struct step *step)
{
    uint8_t bytes[64];
    const uint8_t txid[STUN_TXID_BYTES] = {[11] = step->number};
    struct stun_builder b;
    struct stun_msg msg;
    struct test_datagram d;
    stun_build(&b, bytes, sizeof(bytes), STUN_METHOD_BINDING, step->cls, txid);
    if (step->mapped) {
        struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};
        value.as.address =
            netaddr_from_bytes((const uint8_t[]){203, 0, 113, step->mapped}, 4, 4000);
        stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &value);
    }
    assert_int_equal(stun_decode(bytes, b.len, false, &msg), STUN_OK);
    struct found found = found_on(test_udp(&d, step->from, step->to, bytes, b.len));
    found.iface = step->iface;
    found.iface_name = step->iface->name;
    found.time_ns = UINT64_C(1000000000) + step->ms * 1000000;
    found.bytes = bytes;
    found.len = (uint32_t)b.len;
    found.label = step->label;
    tally_take(t, &found, &msg, STUN_CHECK_ABSENT, 0);
}

static struct tally *taken(const struct step *steps, size_t count)
{
    struct tally *t = tally_new();
    assert_non_null(t);
    for (size_t i = 0; i < count; i++)
        take(t, &steps[i]);
    tally_finish(t);
    return t;
}

#define TAKEN(...)                                                                                 \
    taken((const struct step[]){__VA_ARGS__},                                                      \
          sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static void a_request_and_its_answer_are_a_transaction_with_a_round_trip(void **state)
{
    (void)state;
    struct tally *t = TAKEN({&test_iface, 0, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 30, 2, 1, 1, 9, STUN_SUCCESS_RESPONSE, 0},
                            {&test_iface, 50, 1, 2, 2, 0, STUN_REQUEST, 0},
                            {&test_iface, 60, 2, 1, 2, 0, STUN_ERROR_RESPONSE, 0},
                            {&test_iface, 70, 1, 2, 3, 0, STUN_REQUEST, 0},
                            {&test_iface, 90, 2, 1, 3, 9, STUN_SUCCESS_RESPONSE, 0});
    assert_int_equal(t->row_count, 1);
    const struct tally_row *row = &t->rows[0];
    assert_int_equal(row->transactions, 3);
    assert_int_equal(row->answered, 2);
    assert_int_equal(row->failed, 1);
    assert_int_equal(tally_unanswered(row), 0);
    assert_int_equal(row->rtt_min_us, 10000);
    assert_int_equal(row->rtt_median_us, 20000);
    assert_int_equal(row->rtt_max_us, 30000);
    assert_int_equal(row->learned_count, 1);
    assert_int_equal(row->learned[0].count, 2);
    assert_int_equal(row->learned[0].addr.ip[3], 9);
    tally_free(t);
}

static void the_same_request_again_is_a_retransmission_and_no_answer_stays_none(void **state)
{
    (void)state;
    struct tally *t = TAKEN({&test_iface, 0, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 500, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 1500, 1, 2, 1, 0, STUN_REQUEST, 0});
    assert_int_equal(t->rows[0].transactions, 1);
    assert_int_equal(t->rows[0].retransmissions, 2);
    assert_int_equal(tally_unanswered(&t->rows[0]), 1);
    assert_int_equal(t->copies, 0);
    tally_free(t);
}

static void each_interface_has_what_was_learned_through_it(void **state)
{
    (void)state;
    struct tally *t = TAKEN({&test_iface, 0, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 1, 2, 1, 1, 9, STUN_SUCCESS_RESPONSE, 0},
                            {&tun0, 2, 3, 2, 2, 0, STUN_REQUEST, 0},
                            {&tun0, 3, 2, 3, 2, 44, STUN_SUCCESS_RESPONSE, 0});
    assert_int_equal(t->iface_count, 2);
    assert_int_equal(t->row_count, 2);
    assert_string_equal(t->ifaces[t->rows[0].iface].name, "eth0");
    assert_int_equal(t->rows[0].learned[0].addr.ip[3], 9);
    assert_string_equal(t->ifaces[t->rows[1].iface].name, "tun0");
    assert_int_equal(t->rows[1].learned[0].addr.ip[3], 44);
    tally_free(t);
}

static void a_packet_seen_on_a_second_interface_is_counted_once(void **state)
{
    (void)state;
    struct tally *t = TAKEN({&tun0, 0, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 0, 1, 2, 1, 0, STUN_REQUEST, 0},
                            {&test_iface, 9, 2, 1, 1, 9, STUN_SUCCESS_RESPONSE, 0},
                            {&tun0, 9, 2, 1, 1, 9, STUN_SUCCESS_RESPONSE, 0});
    assert_int_equal(t->copies, 2);
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->rows[0].transactions, 1);
    assert_int_equal(t->rows[0].retransmissions, 0);
    assert_int_equal(t->rows[0].answered, 1);
    assert_int_equal(t->rows[0].learned[0].count, 1);
    tally_free(t);
}

static void quoted_and_tunnelled_messages_are_never_counted_as_sent(void **state)
{
    (void)state;
    struct tally *t =
        TAKEN({&test_iface, 0, 1, 2, 1, 0, STUN_REQUEST, DATAGRAM_QUOTED},
              {&test_iface, 1, 1, 2, 2, 0, STUN_REQUEST, DATAGRAM_TUNNELLED},
              {&test_iface, 2, 2, 1, 2, 9, STUN_SUCCESS_RESPONSE, DATAGRAM_TUNNELLED});
    assert_int_equal(t->row_count, 0);
    assert_int_equal(t->messages, 0);
    assert_int_equal(t->quoted, 1);
    assert_int_equal(t->tunnelled, 2);
    tally_free(t);
}

static void an_answer_without_its_question_still_teaches(void **state)
{
    (void)state;
    struct tally *t = TAKEN({&test_iface, 0, 2, 1, 1, 9, STUN_SUCCESS_RESPONSE, 0});
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->rows[0].unasked, 1);
    assert_int_equal(t->rows[0].server.ip[3], 2);
    assert_int_equal(t->rows[0].learned[0].addr.ip[3], 9);
    tally_free(t);
}

static void rows_without_end_are_counted_not_kept(void **state)
{
    struct tally *t = tally_new();
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        for (unsigned j = 0; j < 100; j++)
            take(t, &(struct step){&test_iface, 0, (uint8_t)i, (uint8_t)(100 + j), 1, 0,
                                   STUN_REQUEST, 0});
    assert_int_equal(t->row_count, TALLY_ROWS_MAX);
    assert_int_equal(t->rows_left_out, 10000 - TALLY_ROWS_MAX);
    tally_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_answer_are_a_transaction_with_a_round_trip),
        cmocka_unit_test(the_same_request_again_is_a_retransmission_and_no_answer_stays_none),
        cmocka_unit_test(each_interface_has_what_was_learned_through_it),
        cmocka_unit_test(a_packet_seen_on_a_second_interface_is_counted_once),
        cmocka_unit_test(quoted_and_tunnelled_messages_are_never_counted_as_sent),
        cmocka_unit_test(an_answer_without_its_question_still_teaches),
        cmocka_unit_test(rows_without_end_are_counted_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
