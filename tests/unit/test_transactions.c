/* What a capture's messages add up to: transactions, retransmissions, copies, who learned what over
 * which interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tally_bytes.h"

#define CLIENT host_at(1)
#define SERVER public_at(2)
#define MAPPED public_at(9)
/* What a NAT on eth0 makes of CLIENT's. */
#define OUTSIDE public_at(5)

/* A request for an address and its answer, between CLIENT and SERVER on eth0. */
#define ASKED(MS, NUMBER, FROM, TO, ...)                                                           \
    {                                                                                              \
        .kind = STEP_PLAIN, MS, NUMBER, FROM, TO, __VA_ARGS__                                      \
    }
#define TOLD(MS, NUMBER, FROM, TO, ...)                                                            \
    {                                                                                              \
        .kind = STEP_PLAIN, MS, NUMBER, FROM, TO, STUN_SUCCESS_RESPONSE, .mapped = MAPPED,         \
        __VA_ARGS__                                                                                \
    }
#define REQUEST(MS, NUMBER, ...)  ASKED(MS, NUMBER, CLIENT, SERVER, __VA_ARGS__)
#define RESPONSE(MS, NUMBER, ...) TOLD(MS, NUMBER, SERVER, CLIENT, __VA_ARGS__)
#define ON_ETH0                   .iface = &test_iface
#define ON_TUN0                   .iface = &test_tun0

static const struct tally_row *row_on(const struct tally *t, const char *name)
{
    for (uint32_t i = 0; i < t->row_count; i++)
        if (strcmp(t->ifaces[t->rows[i].iface].name, name) == 0)
            return &t->rows[i];
    fail_msg("no row on %s", name);
    return NULL;
}

static void a_request_and_its_answer_are_a_transaction_with_a_round_trip(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_ETH0), RESPONSE(30, 1, ON_ETH0), REQUEST(50, 2, ON_ETH0),
              {.kind = STEP_PLAIN, 60, 2, SERVER, CLIENT, STUN_ERROR_RESPONSE, .error = 401},
              REQUEST(70, 3, ON_ETH0), RESPONSE(90, 3, ON_ETH0));
    tally_finish(t);
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
    /* libwebrtc's count of retransmissions makes the bytes differ. */
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_ETH0), REQUEST(500, 1, ON_ETH0), REQUEST(1500, 1, .salt = 1));
    tally_finish(t);
    assert_int_equal(t->rows[0].transactions, 1);
    assert_int_equal(t->rows[0].retransmissions, 2);
    assert_int_equal(tally_unanswered(&t->rows[0]), 1);
    assert_int_equal(t->copies, 0);
    tally_free(t);
}

static void a_retransmission_answered_twice_is_answered_once_and_has_no_round_trip(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_ETH0), REQUEST(500, 1, ON_ETH0),
                            RESPONSE(600, 1, ON_ETH0), RESPONSE(660, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].answered, 1);
    assert_int_equal(t->rows[0].answered_again, 1);
    assert_int_equal(t->rows[0].learned[0].count, 1);
    assert_int_equal(t->rows[0].rtts, 0); /* which of the two was answered? */
    assert_int_equal(t->rows[0].unasked, 0);
    tally_free(t);
}

static void a_retransmission_after_the_answer_leaves_the_round_trip(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_ETH0), RESPONSE(30, 1, ON_ETH0), REQUEST(500, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].retransmissions, 1);
    assert_int_equal(t->rows[0].rtt_max_us, 30000);
    tally_free(t);
}

static void a_request_may_stand_behind_its_answer_in_files_that_were_merged(void **state)
{
    (void)state;
    struct tally *t = STEPS(RESPONSE(30, 1, ON_ETH0), REQUEST(0, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].transactions, 1);
    assert_int_equal(t->rows[0].answered, 1);
    assert_int_equal(t->rows[0].unasked, 0);
    assert_int_equal(t->rows[0].rtt_max_us, 30000);
    tally_free(t);
}

static void a_request_is_not_answered_by_what_came_before_it(void **state)
{
    (void)state;
    struct tally *t = STEPS(RESPONSE(30, 1, ON_ETH0), REQUEST(40, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].transactions, 1);
    assert_int_equal(t->rows[0].answered, 0);
    assert_int_equal(t->rows[0].unasked, 1);
    tally_free(t);
}

static void both_ends_may_ask_with_the_same_id(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_ETH0), {.kind = STEP_PLAIN, 1, 1, SERVER, CLIENT},
                            RESPONSE(10, 1, ON_ETH0),
                            {.kind = STEP_PLAIN, 21, 1, CLIENT, SERVER, STUN_SUCCESS_RESPONSE});
    tally_finish(t);
    assert_int_equal(t->row_count, 2);
    assert_int_equal(t->rows[0].answered, 1);
    assert_int_equal(t->rows[0].rtt_max_us, 10000);
    assert_int_equal(t->rows[1].answered, 1);
    assert_int_equal(t->rows[1].rtt_max_us, 20000);
    tally_free(t);
}

static void an_id_that_comes_back_after_its_time_is_another_transaction(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_ETH0), RESPONSE(30, 1, ON_ETH0), REQUEST(39000, 1, ON_ETH0),
              REQUEST(60000, 1, ON_ETH0), RESPONSE(60040, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].transactions, 2);
    assert_int_equal(t->rows[0].retransmissions, 1);
    assert_int_equal(t->rows[0].answered, 2);
    assert_int_equal(t->rows[0].rtt_max_us, 40000);
    assert_int_equal(t->reused, 1);
    tally_free(t);
}

static void tcp_and_udp_between_the_same_addresses_are_apart(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, .protocol = DATAGRAM_TCP), RESPONSE(30, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->row_count, 2);
    assert_int_equal(t->rows[0].answered + t->rows[1].answered, 0);
    tally_free(t);
}

static void each_interface_has_what_was_learned_through_it(void **state)
{
    (void)state;
    const struct netaddr vpn = host_at(3);
    struct tally *t = STEPS(REQUEST(0, 1, ON_ETH0), RESPONSE(1, 1, ON_ETH0),
                            {.kind = STEP_PLAIN, 2, 2, vpn, SERVER, ON_TUN0},
                            {.kind = STEP_PLAIN,
                             3,
                             2,
                             SERVER,
                             vpn,
                             STUN_SUCCESS_RESPONSE,
                             .mapped = public_at(44),
                             ON_TUN0});
    tally_finish(t);
    assert_int_equal(t->iface_count, 2);
    assert_int_equal(t->row_count, 2);
    assert_int_equal(row_on(t, "eth0")->learned[0].addr.ip[3], 9);
    assert_int_equal(row_on(t, "tun0")->learned[0].addr.ip[3], 44);
    tally_free(t);
}

static void a_packet_seen_on_a_second_interface_is_counted_once(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0), REQUEST(0, 1, ON_ETH0), RESPONSE(9, 1, ON_ETH0),
                            RESPONSE(9, 1, ON_TUN0));
    tally_finish(t);
    assert_int_equal(t->copies, 2);
    assert_int_equal(t->translated, 0);
    assert_int_equal(t->row_count, 2);
    const struct tally_row *first = row_on(t, "tun0");
    assert_int_equal(first->transactions, 1);
    assert_int_equal(first->retransmissions, 0);
    assert_int_equal(first->answered, 1);
    assert_int_equal(first->learned[0].count, 1);
    const struct tally_row *second = row_on(t, "eth0");
    assert_int_equal(second->transactions, 0);
    assert_int_equal(second->copies, 1);
    assert_int_equal(second->learned_count, 0);
    assert_int_equal(t->ifaces[second->iface].copies, 1);
    tally_free(t);
}

static void of_two_copies_the_earlier_counts_whichever_stands_first_in_the_file(void **state)
{
    struct tally *t = tally_new();
    uint64_t copies = 0;
    (void)state;
    /* As dumpcap writes: all of eth0, then all of tun0. */
    step_put(t, &(struct step)ASKED(11, 1, OUTSIDE, SERVER, ON_ETH0));
    step_put(t, &(struct step)TOLD(40, 1, SERVER, OUTSIDE, ON_ETH0));
    step_put(t, &(struct step)REQUEST(10, 1, ON_TUN0));
    step_put(t, &(struct step)RESPONSE(41, 1, ON_TUN0));
    step_put(t, &(struct step)REQUEST(12, 2, ON_ETH0));
    step_put(t, &(struct step)REQUEST(11, 2, ON_TUN0));
    /* At the same time: the place in the file. */
    step_put(t, &(struct step)REQUEST(50, 3, ON_TUN0));
    step_put(t, &(struct step)REQUEST(50, 3, ON_ETH0));
    tally_finish(t);
    assert_int_equal(row_on(t, "tun0")->transactions, 3);
    assert_int_equal(row_on(t, "tun0")->answered, 1);
    for (uint32_t i = 0; i < t->row_count; i++)
        if (strcmp(t->ifaces[t->rows[i].iface].name, "eth0") == 0) {
            assert_int_equal(t->rows[i].transactions, 0);
            copies += t->rows[i].copies;
        }
    assert_int_equal(copies, 3);
    tally_free(t);
}

static void what_is_much_younger_is_not_waited_for(void **state)
{
    struct tally *t = tally_new();
    (void)state;
    step_put(t, &(struct step)REQUEST(0, 1, ON_ETH0));
    step_put(t, &(struct step)REQUEST(999, 2, ON_ETH0));
    assert_int_equal(t->messages, 0);
    step_put(t, &(struct step)REQUEST(1000, 3, ON_ETH0));
    assert_int_equal(t->messages, 1);
    /* Another file has another clock. */
    step_put(t, &(struct step)REQUEST(0, 4, ON_ETH0, .file = 1));
    assert_int_equal(t->messages, 3);
    for (unsigned i = 0; i <= IN_ORDER_MAX; i++)
        step_put(t, &(struct step)REQUEST(1, 5, ON_ETH0, .file = 1));
    assert_int_equal(t->messages, 5);
    tally_finish(t);
    assert_int_equal(t->messages, 4 + IN_ORDER_MAX + 1);
    tally_free(t);
}

static void the_copy_of_a_retransmission_is_a_copy_too(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0), REQUEST(1, 1, ON_ETH0),
                            REQUEST(500, 1, ON_TUN0), REQUEST(501, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(row_on(t, "tun0")->retransmissions, 1);
    assert_int_equal(row_on(t, "eth0")->copies, 2);
    assert_int_equal(row_on(t, "eth0")->retransmissions, 0);
    tally_free(t);
}

static void a_retransmission_that_leaves_elsewhere_is_no_copy(void **state)
{
    (void)state;
    /* The tunnel falls over between the two. */
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0), REQUEST(500, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->copies, 0);
    assert_int_equal(row_on(t, "eth0")->moved, 1);
    assert_int_equal(row_on(t, "eth0")->retransmissions, 1);
    assert_int_equal(row_on(t, "tun0")->retransmissions, 0);
    tally_free(t);
}

static void what_comes_in_elsewhere_later_has_been_under_way(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0, .direction = PACKET_OUT),
                            REQUEST(500, 1, ON_ETH0, .direction = PACKET_IN));
    tally_finish(t);
    assert_int_equal(t->copies, 1);
    assert_int_equal(row_on(t, "eth0")->moved, 0);
    tally_free(t);
}

static void files_with_other_clocks_hold_copies_whatever_the_time(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_ETH0), RESPONSE(9, 1, ON_ETH0),
              REQUEST(90000, 1, ON_ETH0, .file = 1), RESPONSE(90001, 1, ON_ETH0, .file = 1));
    tally_finish(t);
    assert_int_equal(t->copies, 2);
    assert_int_equal(t->rows[0].transactions + t->rows[1].transactions, 1);
    tally_free(t);
}

static void a_translated_copy_is_counted_once_and_both_interfaces_are_told(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0), ASKED(0, 1, OUTSIDE, SERVER, ON_ETH0),
                            TOLD(20, 1, SERVER, OUTSIDE, ON_ETH0), RESPONSE(20, 1, ON_TUN0));
    tally_finish(t);
    assert_int_equal(t->copies, 2);
    assert_int_equal(t->translated, 2);
    const struct tally_row *first = row_on(t, "tun0");
    assert_int_equal(first->transactions, 1);
    assert_int_equal(first->answered, 1);
    assert_int_equal(first->rtt_max_us, 20000);
    const struct tally_row *second = row_on(t, "eth0");
    assert_int_equal(second->transactions, 0);
    assert_int_equal(second->copies, 1);
    tally_free(t);
}

static void the_same_bytes_on_two_interfaces_with_two_answers_are_two_requests(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_TUN0), ASKED(0, 1, OUTSIDE, SERVER, ON_ETH0),
              TOLD(20, 1, SERVER, OUTSIDE, ON_ETH0, .salt = 1), RESPONSE(20, 1, ON_TUN0));
    tally_finish(t);
    assert_int_equal(row_on(t, "tun0")->transactions, 1);
    assert_int_equal(row_on(t, "eth0")->transactions, 1);
    assert_int_equal(row_on(t, "eth0")->copies, 0);
    assert_int_equal(row_on(t, "eth0")->learned_count, 1);
    tally_free(t);
}

static void the_same_bytes_much_later_are_another_client_s(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_TUN0), ASKED(500, 1, OUTSIDE, SERVER, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->copies, 0);
    assert_int_equal(row_on(t, "eth0")->transactions, 1);
    tally_free(t);
}

static void on_any_without_indexes_a_forwarded_packet_is_a_copy(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, .iface = &test_any, .direction = PACKET_IN),
                            REQUEST(0, 1, .iface = &test_any, .direction = PACKET_IN),
                            ASKED(0, 1, OUTSIDE, SERVER, .iface = &test_any),
                            REQUEST(500, 1, .iface = &test_any, .direction = PACKET_IN));
    tally_finish(t);
    assert_int_equal(t->copies, 2);
    assert_int_equal(t->translated, 1);
    uint64_t asked = 0, again = 0;
    for (uint32_t i = 0; i < t->row_count; i++) {
        asked += t->rows[i].transactions;
        again += t->rows[i].retransmissions;
    }
    assert_int_equal(asked, 1);
    assert_int_equal(again, 1);
    tally_free(t);
}

static void one_id_for_two_servers_is_two_transactions(void **state)
{
    (void)state;
    struct tally *t = STEPS(REQUEST(0, 1, ON_ETH0), ASKED(0, 1, CLIENT, public_at(3), ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->row_count, 2);
    assert_int_equal(t->copies, 0);
    tally_free(t);
}

static void a_nat_does_not_split_an_ice_pair(void **state)
{
    (void)state;
    const struct netaddr peer = public_at(60);
    struct tally *t = STEPS(
        /* out through tun0 and, translated, eth0; the peer's own check is seen on eth0 first. */
        {.kind = STEP_PLAIN, 0, 1, CLIENT, peer, .user = "far:near", ON_TUN0},
        {.kind = STEP_PLAIN, 0, 1, OUTSIDE, peer, .user = "far:near", ON_ETH0},
        {.kind = STEP_PLAIN, 20, 1, peer, OUTSIDE, STUN_SUCCESS_RESPONSE, ON_ETH0},
        {.kind = STEP_PLAIN, 20, 1, peer, CLIENT, STUN_SUCCESS_RESPONSE, ON_TUN0},
        {.kind = STEP_PLAIN, 30, 2, peer, OUTSIDE, .user = "near:far", ON_ETH0},
        {.kind = STEP_PLAIN, 30, 2, peer, CLIENT, .user = "near:far", ON_TUN0});
    tally_finish(t);
    assert_int_equal(t->ice->pair_count, 1);
    const struct ice_pair *pair = &t->ice->pairs[0];
    assert_string_equal(t->ifaces[pair->link].name, "tun0");
    assert_int_equal(pair->side[0].checks, 1);
    assert_int_equal(pair->side[0].succeeded, 1);
    assert_int_equal(pair->side[1].checks, 1);
    assert_true(addr_is(&pair->side[0].addr, CLIENT));
    tally_free(t);
}

static void quoted_and_tunnelled_messages_are_never_counted_as_sent(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, .label = DATAGRAM_QUOTED), REQUEST(1, 2, .label = DATAGRAM_TUNNELLED),
              RESPONSE(2, 2, .label = DATAGRAM_TUNNELLED));
    tally_finish(t);
    assert_int_equal(t->row_count, 0);
    assert_int_equal(t->messages, 0);
    assert_int_equal(t->quoted, 1);
    assert_int_equal(t->tunnelled, 2);
    assert_int_equal(t->ifaces[0].tunnelled_copies, 0);
    tally_free(t);
}

static void a_message_in_a_tunnel_is_matched_with_the_one_outside(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(REQUEST(0, 1, ON_TUN0), REQUEST(0, 1, ON_ETH0, .label = DATAGRAM_TUNNELLED),
              RESPONSE(9, 1, ON_ETH0, .label = DATAGRAM_TUNNELLED), RESPONSE(9, 1, ON_TUN0));
    tally_finish(t);
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->rows[0].answered, 1);
    assert_int_equal(t->tunnelled, 2);
    assert_int_equal(t->copies, 0);
    assert_int_equal(t->ifaces[1].tunnelled_copies, 2);
    tally_free(t);
}

static void an_answer_without_its_question_still_teaches(void **state)
{
    (void)state;
    struct tally *t = STEPS(RESPONSE(0, 1, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->rows[0].unasked, 1);
    assert_int_equal(t->rows[0].server.ip[3], 2);
    assert_int_equal(t->rows[0].learned[0].addr.ip[3], 9);
    tally_free(t);
}

static void servers_stand_before_peers_in_what_an_interface_shows(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), REQUEST(5, 2, ON_ETH0));
    tally_finish(t);
    assert_int_equal(t->rows[0].role, TALLY_ROLE_STUN);
    assert_int_equal(t->rows[1].role, TALLY_ROLE_PEER);
    tally_free(t);
}

static void rows_without_end_are_counted_not_kept(void **state)
{
    struct tally *t = tally_new();
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        for (unsigned j = 0; j < 100; j++)
            step_take(t, &(struct step){.kind = STEP_PLAIN,
                                        0,
                                        1,
                                        .from = host_at((uint8_t)i),
                                        .to = public_at((uint8_t)j)});
    tally_finish(t);
    assert_int_equal(t->row_count, TALLY_ROWS_MAX);
    assert_int_equal(t->rows_left_out, 10000 - TALLY_ROWS_MAX);
    tally_free(t);
}

static void transactions_that_make_room_unanswered_are_counted_as_forgotten(void **state)
{
    struct tally *t = tally_new();
    const unsigned more = 1000;
    (void)state;
    for (unsigned i = 0; i < TRANSACTIONS_MAX + more; i++) {
        struct step s = REQUEST(i, 1, ON_ETH0);
        s.from.port = (uint16_t)i;
        s.from.ip[1] = (uint8_t)(i >> 16);
        s.from.ip[0] = 11;
        step_take(t, &s);
    }
    tally_finish(t);
    assert_int_equal(t->forgotten, more);
    uint64_t asked = 0;
    for (uint32_t i = 0; i < t->row_count; i++)
        asked += t->rows[i].transactions;
    assert_int_equal(asked, TRANSACTIONS_MAX + more);
    tally_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_answer_are_a_transaction_with_a_round_trip),
        cmocka_unit_test(the_same_request_again_is_a_retransmission_and_no_answer_stays_none),
        cmocka_unit_test(a_retransmission_answered_twice_is_answered_once_and_has_no_round_trip),
        cmocka_unit_test(a_retransmission_after_the_answer_leaves_the_round_trip),
        cmocka_unit_test(a_request_may_stand_behind_its_answer_in_files_that_were_merged),
        cmocka_unit_test(a_request_is_not_answered_by_what_came_before_it),
        cmocka_unit_test(both_ends_may_ask_with_the_same_id),
        cmocka_unit_test(an_id_that_comes_back_after_its_time_is_another_transaction),
        cmocka_unit_test(tcp_and_udp_between_the_same_addresses_are_apart),
        cmocka_unit_test(each_interface_has_what_was_learned_through_it),
        cmocka_unit_test(a_packet_seen_on_a_second_interface_is_counted_once),
        cmocka_unit_test(of_two_copies_the_earlier_counts_whichever_stands_first_in_the_file),
        cmocka_unit_test(what_is_much_younger_is_not_waited_for),
        cmocka_unit_test(the_copy_of_a_retransmission_is_a_copy_too),
        cmocka_unit_test(a_retransmission_that_leaves_elsewhere_is_no_copy),
        cmocka_unit_test(what_comes_in_elsewhere_later_has_been_under_way),
        cmocka_unit_test(files_with_other_clocks_hold_copies_whatever_the_time),
        cmocka_unit_test(a_translated_copy_is_counted_once_and_both_interfaces_are_told),
        cmocka_unit_test(the_same_bytes_on_two_interfaces_with_two_answers_are_two_requests),
        cmocka_unit_test(the_same_bytes_much_later_are_another_client_s),
        cmocka_unit_test(on_any_without_indexes_a_forwarded_packet_is_a_copy),
        cmocka_unit_test(one_id_for_two_servers_is_two_transactions),
        cmocka_unit_test(a_nat_does_not_split_an_ice_pair),
        cmocka_unit_test(quoted_and_tunnelled_messages_are_never_counted_as_sent),
        cmocka_unit_test(a_message_in_a_tunnel_is_matched_with_the_one_outside),
        cmocka_unit_test(an_answer_without_its_question_still_teaches),
        cmocka_unit_test(servers_stand_before_peers_in_what_an_interface_shows),
        cmocka_unit_test(rows_without_end_are_counted_not_kept),
        cmocka_unit_test(transactions_that_make_room_unanswered_are_counted_as_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
