/* What becomes of messages that were asked for: paired, refused, dropped, or not looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "join_bytes.h"

static void count_is(const struct joining *t, enum join_outcome outcome, uint64_t messages)
{
    if (t->j->outcomes[outcome] != messages)
        print_message("%s: %llu\n", join_outcome_name(outcome),
                      (unsigned long long)t->j->outcomes[outcome]);
    assert_int_equal(t->j->outcomes[outcome], messages);
}

/* Nothing came of it but this. */
static void all_are(const struct joining *t, enum join_outcome outcome, uint64_t messages)
{
    for (unsigned i = 0; i < JOIN_OUTCOME_COUNT; i++)
        count_is(t, (enum join_outcome)i, i == outcome ? messages : 0);
}

static void a_request_and_its_answer_seen_by_both_are_one_confirmed_exchange(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct netaddr mapped = join_ip("203.0.113.8", 5000);
    ASKED(&t, .id = 1);
    ASKED(&t, .id = 1, .ms = 20, .answer = true, .mapped = mapped);
    CAPTURED(&t, .id = 1, .us = -30);
    CAPTURED(&t, .id = 1, .ms = 19, .answer = true, .mapped = mapped);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 2);
    assert_int_equal(t.j->exchange_count, 1);
    const struct join_exchange *x = &t.j->exchanges[0];
    assert_int_equal(x->outcome, JOIN_CONFIRMED);
    assert_true(x->out);
    assert_int_equal(x->requests, 1);
    assert_int_equal(x->answers, 1);
    assert_int_equal(x->iface_source, JOIN_CAPTURE);
    assert_string_equal(join_text(t.j, x->iface), "tun0");
    assert_true(netaddr_same(&t.j->addrs[x->mapped], &mapped));
    const struct join_message *m = &t.j->messages[x->first_message];
    assert_int_equal(m[0].seq, 1);
    assert_int_equal(m[0].frame, 1);
    assert_int_equal(m[1].seq, 2);
    assert_int_equal(m[1].frame, 2);
    assert_string_equal(join_text(t.j, join_act_of(t.j, m)->call), "sendto");
    join_free(t.j);
}

static void repetitions_with_one_id_are_matched_one_by_one(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    ASKED(&t, .id = 1, .ms = 500);
    ASKED(&t, .id = 1, .ms = 1500);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 500);
    CAPTURED(&t, .id = 1, .ms = 1500);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(t.j->messages[i].seq, i + 1);
        assert_int_equal(t.j->messages[i].frame, i + 1);
    }
    assert_int_equal(t.j->exchanges[0].requests, 3);
    join_free(t.j);
}

static void the_repetition_whose_packet_was_dropped_is_the_one_that_is_missing(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1);
    ASKED(&t, .id = 1, .ms = 500);
    CAPTURED(&t, .id = 1, .ms = 500, .us = 10);
    finished(&t);
    assert_int_equal(t.j->messages[0].outcome, JOIN_NOT_ON_WIRE);
    assert_int_equal(t.j->messages[1].outcome, JOIN_CONFIRMED);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_NOT_ON_WIRE);
    join_free(t.j);
}

static void a_call_that_succeeded_without_a_packet_is_not_on_the_wire(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1);
    finished(&t);
    all_are(&t, JOIN_NOT_ON_WIRE, 1);
    join_free(t.j);
}

static void a_sockets_address_is_no_proof_of_its_way(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        struct joining t = joining_new();
        covers_both(&t);
        if (all)
            join_set_all_covered(t.j);
        ASKED(&t, .id = 1, .source = EVENT_LINE_ADDRESS);
        finished(&t);
        all_are(&t, all ? JOIN_NOT_ON_WIRE : JOIN_NOT_CAPTURED, 1);
        assert_int_equal(t.j->wire.whole, all);
        join_free(t.j);
    }
}

static void nothing_is_missed_where_nothing_was_captured(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .iface = "wlan0");
    ASKED(&t, .id = 2, .no_iface = true);
    ASKED(&t, .id = 3, .iface = "wlan0", .action = EVENT_LINE_DENY);
    finished(&t);
    count_is(&t, JOIN_NOT_CAPTURED, 2);
    count_is(&t, JOIN_BLOCKED, 1);
    join_free(t.j);
}

static void nothing_is_missed_before_the_capture_begins_or_as_it_ends(void **state)
{
    (void)state;
    struct joining t = joining_new();
    join_add_cover(t.j, "tun0", JOIN_TEST_EPOCH_NS + 1000000000, JOIN_TEST_EPOCH_NS + 2000000000);
    ASKED(&t, .id = 1, .ms = 999);
    ASKED(&t, .id = 2, .ms = 1999);
    ASKED(&t, .id = 3, .ms = 1500);
    finished(&t);
    count_is(&t, JOIN_NOT_CAPTURED, 2);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    join_free(t.j);
}

static void an_unknown_interface_is_covered_where_all_are(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    join_set_all_covered(t.j);
    ASKED(&t, .id = 1, .no_iface = true, .action = EVENT_LINE_DENY);
    finished(&t);
    all_are(&t, JOIN_BLOCKED_ABSENT, 1);
    join_free(t.j);
}

static void an_interface_that_came_later_is_not_covered(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line line = {
        .type = EVENT_LINE_NETWORK,
        .time_ns = JOIN_TEST_EPOCH_NS,
        .changed = {.change = join_said("removed"),
                    .what = join_said("interface"),
                    .iface = join_said("tun0")},
    };
    covers_both(&t);
    join_set_all_covered(t.j);
    join_take_event(t.j, &line);
    line.changed.change = join_said("added");
    line.changed.up = true;
    join_take_event(t.j, &line);
    ASKED(&t, .id = 1, .ms = 1000);
    ASKED(&t, .id = 2, .ms = 1000, .no_iface = true);
    finished(&t);
    all_are(&t, JOIN_NOT_CAPTURED, 2);
    join_free(t.j);
}

static void a_call_that_failed_is_no_fault(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .error_name = "ENETUNREACH");
    finished(&t);
    all_are(&t, JOIN_NOT_CAPTURED, 1);
    assert_true(join_act_of(t.j, &t.j->messages[0])->failed);
    join_free(t.j);
}

static void a_failed_call_does_not_spoil_an_exchange_that_went_through(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .error_name = "ENOBUFS");
    ASKED(&t, .id = 1, .ms = 100);
    CAPTURED(&t, .id = 1, .ms = 100);
    finished(&t);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_CONFIRMED);
    assert_int_equal(t.j->messages[1].frame, 1);
    join_free(t.j);
}

static void a_refused_message_that_is_absent_is_blocked(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    /* Told to the program as sent: the policy drops. */
    ASKED(&t, .id = 1, .action = EVENT_LINE_DENY);
    ASKED(&t, .id = 1, .ms = 500, .action = EVENT_LINE_DENY, .error_name = "ECONNREFUSED");
    finished(&t);
    all_are(&t, JOIN_BLOCKED_ABSENT, 2);
    join_free(t.j);
}

static void a_refused_message_on_the_wire_is_the_worst(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .action = EVENT_LINE_DENY);
    CAPTURED(&t, .id = 1, .us = 40, .on = &join_eth0);
    finished(&t);
    all_are(&t, JOIN_BLOCKED_ON_WIRE, 1);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_BLOCKED_ON_WIRE);
    assert_string_equal(join_text(t.j, t.j->exchanges[0].iface), "eth0");
    join_free(t.j);
}

static void a_message_refused_first_and_allowed_later_is_both(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .action = EVENT_LINE_DENY);
    ASKED(&t, .id = 1, .ms = 500);
    CAPTURED(&t, .id = 1, .ms = 500);
    finished(&t);
    assert_int_equal(t.j->messages[0].outcome, JOIN_BLOCKED_ABSENT);
    assert_int_equal(t.j->messages[1].outcome, JOIN_CONFIRMED);
    join_free(t.j);
}

static void a_packet_long_after_a_refusal_went_around_the_shim(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .action = EVENT_LINE_DENY);
    CAPTURED(&t, .id = 1, .ms = 3000);
    finished(&t);
    count_is(&t, JOIN_BLOCKED_ABSENT, 1);
    count_is(&t, JOIN_UNSEEN, 1);
    join_free(t.j);
}

static void a_thousand_refusals_do_not_hide_the_one_that_was_let_go(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (unsigned i = 0; i < 1000; i++)
        ASKED(&t, .id = 1, .ms = i * 100, .action = EVENT_LINE_DENY);
    ASKED(&t, .id = 1, .ms = 100000);
    CAPTURED(&t, .id = 1, .ms = 100000);
    finished(&t);
    count_is(&t, JOIN_BLOCKED, 1000);
    count_is(&t, JOIN_CONFIRMED, 1);
    join_free(t.j);
}

static void an_answer_that_nobody_read_is_no_stranger(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 20, .answer = true, .mapped = join_ip("203.0.113.8", 5000));
    CAPTURED(&t, .id = 2, .ms = 30, .answer = true);
    finished(&t);
    count_is(&t, JOIN_CONFIRMED, 1);
    count_is(&t, JOIN_UNREAD, 2);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_CONFIRMED);
    assert_int_not_equal(t.j->exchanges[0].mapped, JOIN_NONE);
    assert_int_equal(t.j->exchanges[1].outcome, JOIN_UNREAD);
    join_free(t.j);
}

static void an_answer_that_only_the_shim_saw_is_not_missed(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .answer = true);
    finished(&t);
    all_are(&t, JOIN_NOT_CAPTURED, 1);
    join_free(t.j);
}

static void an_error_of_a_server_is_told_until_a_success_follows(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 10, .answer = true, .error = true);
    ASKED(&t, .id = 2, .ms = 20);
    CAPTURED(&t, .id = 2, .ms = 20);
    CAPTURED(&t, .id = 2, .ms = 30, .answer = true, .error = true);
    CAPTURED(&t, .id = 2, .ms = 40, .answer = true);
    CAPTURED(&t, .id = 2, .ms = 45, .answer = true, .error = true);
    finished(&t);
    assert_int_equal(t.j->exchanges[0].error_code, 401);
    assert_int_equal(t.j->exchanges[1].error_code, 0);
    join_free(t.j);
}

static void a_wildcard_socket_is_matched_whatever_address_the_packet_has(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .wildcard = true);
    CAPTURED(&t, .id = 1, .local = ETH_END, .on = &join_eth0);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 1);
    struct netaddr eth = ETH_END;
    assert_true(netaddr_same_ip(&t.j->flows[0].wire_local, &eth));
    assert_true(t.j->flows[0].wildcard);
    join_free(t.j);
}

static void the_right_socket_is_chosen_where_two_sent_the_same_from_one_port(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 2; order++) {
        struct joining t = joining_new();
        if (order == 0)
            ASKED(&t, .id = 1, .seq = 1);
        ASKED(&t, .id = 1, .seq = 2, .local = ETH_END, .iface = "eth0");
        if (order == 1)
            ASKED(&t, .id = 1, .seq = 1);
        CAPTURED(&t, .id = 1);
        finished(&t);
        assert_int_equal(t.j->exchange_count, 2);
        for (size_t i = 0; i < 2; i++) {
            const struct join_message *m = &t.j->messages[i];
            assert_int_equal(m->frame != 0, m->seq == 1);
        }
        join_free(t.j);
    }
}

static void a_socket_behind_a_nat_of_this_machine_is_matched(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .local = ETH_END);
    CAPTURED(&t, .id = 1, .local = TUN_END);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 1);
    join_free(t.j);
}

static void link_local_addresses_are_matched_without_their_scope(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct netaddr here = join_ip("fe80::1%2", 5000), there = join_ip("fe80::9%2", 3478);
    ASKED(&t, .id = 1, .local = here, .remote = there);
    here.scope_id = there.scope_id = 0;
    CAPTURED(&t, .id = 1, .local = here, .remote = there);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 1);
    join_free(t.j);
}

static void another_port_or_server_is_another_message(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .local = join_ip("10.8.0.2", 5001));
    CAPTURED(&t, .id = 1, .ms = 100, .remote = join_ip("198.51.100.11", 3478));
    CAPTURED(&t, .id = 1, .ms = 200, .tcp = true);
    finished(&t);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    count_is(&t, JOIN_UNSEEN, 3);
    join_free(t.j);
}

static void classic_messages_are_matched_by_sixteen_bytes(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .classic = true);
    CAPTURED(&t, .id = 1, .classic = true, .confidence = FOUND_MATCHED);
    ASKED(&t, .id = 2, .ms = 10, .classic = true);
    CAPTURED(&t, .id = 2, .ms = 10);
    finished(&t);
    count_is(&t, JOIN_CONFIRMED, 1);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    count_is(&t, JOIN_UNSEEN, 1);
    assert_true(t.j->exchanges[0].classic);
    join_free(t.j);
}

static void a_stream_is_matched_however_late_it_sends(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .tcp = true);
    ASKED(&t, .id = 2, .tcp = true);
    /* One segment has both. */
    CAPTURED(&t, .id = 1, .ms = 3000, .tcp = true, .frame = 7);
    CAPTURED(&t, .id = 2, .ms = 3000, .tcp = true, .frame = 7);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 2);
    assert_int_equal(t.j->messages[1].frame, 7);
    assert_int_equal(t.j->clock.pairs, 0);
    join_free(t.j);
}

static void a_stream_that_had_not_sent_yet_is_not_missed(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t); /* for ten seconds */
    ASKED(&t, .id = 1, .tcp = true);
    CAPTURED(&t, .id = 1, .tcp = true);
    ASKED(&t, .id = 2, .ms = 9000, .tcp = true);
    ASKED(&t, .id = 3, .ms = 5000, .tcp = true);
    finished(&t);
    count_is(&t, JOIN_CONFIRMED, 1);
    count_is(&t, JOIN_NOT_CAPTURED, 1);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    join_free(t.j);
}

static void a_stream_in_which_nothing_was_found_proves_nothing(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1, .tcp = true);
    finished(&t);
    all_are(&t, JOIN_NOT_CAPTURED, 1);
    join_free(t.j);
}

static void the_first_data_of_a_channel_is_matched_and_never_missed(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .channel = 0x4000);
    CAPTURED(&t, .channel = 0x4000);
    ASKED(&t, .channel = 0x4001, .ms = 10);
    CAPTURED(&t, .channel = 0x4002, .ms = 20);
    finished(&t);
    count_is(&t, JOIN_CONFIRMED, 1);
    count_is(&t, JOIN_NOT_CAPTURED, 1);
    count_is(&t, JOIN_UNSEEN, 0);
    join_free(t.j);
}

static void exchanges_and_messages_are_in_the_order_of_time(void **state)
{
    (void)state;
    struct joining t = joining_new();
    /* Lines may step back in time. */
    for (unsigned i = 0; i < 50; i++)
        ASKED(&t, .id = (uint8_t)(i * 7 % 50), .ms = 1000 - i * 7 % 50);
    for (unsigned i = 0; i < 50; i++)
        ASKED(&t, .id = (uint8_t)i, .ms = 2000 - i, .answer = true);
    finished(&t);
    assert_int_equal(t.j->exchange_count, 50);
    for (uint32_t i = 0; i < 50; i++) {
        const struct join_exchange *x = &t.j->exchanges[i];
        assert_int_equal(x->messages, 2);
        assert_int_equal(x->first_message, i * 2);
        assert_int_equal(x->txid[11], 49 - i);
        assert_true(t.j->messages[i * 2].out);
        assert_int_equal(t.j->messages[i * 2].exchange, i);
        assert_int_equal(t.j->messages[i * 2 + 1].exchange, i);
    }
    join_free(t.j);
}

static void no_packet_takes_the_place_of_another(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    ASKED(&t, .id = 1, .ms = 500);
    CAPTURED(&t, .id = 1, .ms = 500);
    CAPTURED(&t, .id = 1, .ms = 501);
    finished(&t);
    all_are(&t, JOIN_CONFIRMED, 2);
    assert_int_not_equal(t.j->messages[0].frame, t.j->messages[1].frame);
    join_free(t.j);
}

static void a_request_that_is_echoed_back_is_not_the_one_that_was_sent(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .back = true);
    finished(&t);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    count_is(&t, JOIN_UNREAD, 1);
    join_free(t.j);
}

static void a_message_of_another_type_is_another_one(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .indication = true);
    finished(&t);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    count_is(&t, JOIN_UNSEEN, 1);
    join_free(t.j);
}

static void a_packet_long_before_a_refusal_is_not_the_refused_one(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .ms = 3000, .action = EVENT_LINE_DENY);
    CAPTURED(&t, .id = 1);
    finished(&t);
    count_is(&t, JOIN_BLOCKED, 1);
    count_is(&t, JOIN_UNSEEN, 1);
    join_free(t.j);
}

static void a_packet_between_a_refusal_and_a_call_that_went_through_is_the_calls(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .action = EVENT_LINE_DENY);
    ASKED(&t, .id = 1, .ms = 5);
    CAPTURED(&t, .id = 1, .ms = 2);
    finished(&t);
    count_is(&t, JOIN_BLOCKED, 1);
    count_is(&t, JOIN_CONFIRMED, 1);
    join_free(t.j);
}

static void a_new_interface_may_have_carried_what_has_none(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line line = {
        .type = EVENT_LINE_NETWORK,
        .time_ns = JOIN_TEST_EPOCH_NS,
        .changed = {.change = join_said("added"),
                    .what = join_said("interface"),
                    .iface = join_said("wlan0"),
                    .up = true},
    };
    covers_both(&t);
    join_set_all_covered(t.j);
    join_take_event(t.j, &line);
    ASKED(&t, .id = 1, .ms = 1000, .no_iface = true);
    ASKED(&t, .id = 2, .ms = 1000);
    finished(&t);
    count_is(&t, JOIN_NOT_CAPTURED, 1);
    count_is(&t, JOIN_NOT_ON_WIRE, 1);
    join_free(t.j);
}

static void a_new_interface_is_covered_where_later_ones_are(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line line = {
        .type = EVENT_LINE_NETWORK,
        .time_ns = JOIN_TEST_EPOCH_NS + 2000000000,
        .changed = {.change = join_said("changed"),
                    .what = join_said("interface"),
                    .iface = join_said("wlan0"),
                    .up = true},
    };
    covers_both(&t);
    join_set_all_covered(t.j);
    join_set_later_covered(t.j, JOIN_TEST_EPOCH_NS + UINT64_C(9000000000));
    join_take_event(t.j, &line);
    line.time_ns += 100000000; /* it changed once more */
    join_take_event(t.j, &line);
    line.time_ns = JOIN_TEST_EPOCH_NS + UINT64_C(6000000000);
    line.changed.change = join_said("removed");
    join_take_event(t.j, &line);
    ASKED(&t, .id = 1, .ms = 1000, .no_iface = true); /* it was not there yet */
    ASKED(&t, .id = 2, .ms = 2500, .no_iface = true); /* it had just come */
    ASKED(&t, .id = 3, .ms = 2500, .iface = "wlan0");
    ASKED(&t, .id = 4, .ms = 4000, .no_iface = true);
    ASKED(&t, .id = 5, .ms = 4000, .iface = "wlan0");
    ASKED(&t, .id = 6, .ms = 7000, .no_iface = true); /* it had gone */
    ASKED(&t, .id = 7, .ms = 7000, .iface = "wlan0");
    finished(&t);
    static const uint8_t expected[] = {JOIN_NOT_ON_WIRE, JOIN_NOT_CAPTURED, JOIN_NOT_CAPTURED,
                                       JOIN_NOT_ON_WIRE, JOIN_NOT_ON_WIRE,  JOIN_NOT_ON_WIRE,
                                       JOIN_NOT_CAPTURED};
    for (size_t i = 0; i < t.j->exchange_count; i++)
        assert_int_equal(t.j->exchanges[i].outcome, expected[t.j->exchanges[i].txid[11] - 1]);
    join_free(t.j);
}

static void an_interface_that_only_changed_is_still_covered(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line line = {
        .type = EVENT_LINE_NETWORK,
        .time_ns = JOIN_TEST_EPOCH_NS,
        .changed = {.change = join_said("changed"),
                    .what = join_said("interface"),
                    .iface = join_said("tun0"),
                    .up = true},
    };
    /* However often. */
    for (unsigned i = 0; i < 3000; i++)
        join_take_event(t.j, &line);
    ASKED(&t, .id = 1, .ms = 1000, .no_iface = true);
    ASKED(&t, .id = 2, .ms = 1000);
    covers_both(&t);
    join_set_all_covered(t.j);
    finished(&t);
    all_are(&t, JOIN_NOT_ON_WIRE, 2);
    assert_int_equal(t.j->left_out, 0);
    join_free(t.j);
}

static void the_remote_end_has_the_name_that_the_run_saw(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    ASKED(&t, .id = 2, .name = "stun.example.org");
    ASKED(&t, .id = 3, .name = "other.example.org");
    finished(&t);
    assert_int_equal(t.j->flow_count, 1);
    assert_string_equal(join_text(t.j, t.j->flows[0].remote_name), "stun.example.org");
    join_free(t.j);
}

static void the_request_says_who_asked_even_where_its_answer_is_told_first(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .ms = 5, .answer = true, .pid = 200, .iface = "eth0");
    ASKED(&t, .id = 1, .pid = 100);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 4, .answer = true, .on = &join_eth0);
    finished(&t);
    const struct join_exchange *x = &t.j->exchanges[0];
    assert_int_equal(t.j->processes[t.j->acts[x->act].process].pid, 100);
    assert_string_equal(join_text(t.j, x->iface), "tun0");
    join_free(t.j);
}

static void messages_of_one_exchange_are_in_the_order_of_time(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (unsigned i = 0; i < 20; i++)
        ASKED(&t, .id = 1, .ms = i * 7 % 20);
    finished(&t);
    for (uint32_t i = 1; i < 20; i++)
        assert_true(t.j->messages[i - 1].time_ns < t.j->messages[i].time_ns);
    assert_int_equal(join_last_ns(t.j, &t.j->exchanges[0]) - join_first_ns(t.j, &t.j->exchanges[0]),
                     19000000);
    join_free(t.j);
}

static void collisions_in_the_local_address_are_bounded_and_counted(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (unsigned i = 0; i < 5000; i++) {
        struct netaddr local = TUN_END;
        local.ip[2] = (uint8_t)(i >> 8);
        local.ip[3] = (uint8_t)i;
        ASKED(&t, .id = 1, .local = local);
    }
    finished(&t);
    assert_true(t.j->exchange_count <= 16);
    assert_true(t.j->left_out >= 5000 - 16);
    join_free(t.j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_answer_seen_by_both_are_one_confirmed_exchange),
        cmocka_unit_test(repetitions_with_one_id_are_matched_one_by_one),
        cmocka_unit_test(the_repetition_whose_packet_was_dropped_is_the_one_that_is_missing),
        cmocka_unit_test(a_call_that_succeeded_without_a_packet_is_not_on_the_wire),
        cmocka_unit_test(a_sockets_address_is_no_proof_of_its_way),
        cmocka_unit_test(nothing_is_missed_where_nothing_was_captured),
        cmocka_unit_test(nothing_is_missed_before_the_capture_begins_or_as_it_ends),
        cmocka_unit_test(an_unknown_interface_is_covered_where_all_are),
        cmocka_unit_test(an_interface_that_came_later_is_not_covered),
        cmocka_unit_test(a_call_that_failed_is_no_fault),
        cmocka_unit_test(a_failed_call_does_not_spoil_an_exchange_that_went_through),
        cmocka_unit_test(a_refused_message_that_is_absent_is_blocked),
        cmocka_unit_test(a_refused_message_on_the_wire_is_the_worst),
        cmocka_unit_test(a_message_refused_first_and_allowed_later_is_both),
        cmocka_unit_test(a_packet_long_after_a_refusal_went_around_the_shim),
        cmocka_unit_test(a_thousand_refusals_do_not_hide_the_one_that_was_let_go),
        cmocka_unit_test(an_answer_that_nobody_read_is_no_stranger),
        cmocka_unit_test(an_answer_that_only_the_shim_saw_is_not_missed),
        cmocka_unit_test(an_error_of_a_server_is_told_until_a_success_follows),
        cmocka_unit_test(a_wildcard_socket_is_matched_whatever_address_the_packet_has),
        cmocka_unit_test(the_right_socket_is_chosen_where_two_sent_the_same_from_one_port),
        cmocka_unit_test(a_socket_behind_a_nat_of_this_machine_is_matched),
        cmocka_unit_test(link_local_addresses_are_matched_without_their_scope),
        cmocka_unit_test(another_port_or_server_is_another_message),
        cmocka_unit_test(classic_messages_are_matched_by_sixteen_bytes),
        cmocka_unit_test(a_stream_is_matched_however_late_it_sends),
        cmocka_unit_test(a_stream_that_had_not_sent_yet_is_not_missed),
        cmocka_unit_test(a_stream_in_which_nothing_was_found_proves_nothing),
        cmocka_unit_test(the_first_data_of_a_channel_is_matched_and_never_missed),
        cmocka_unit_test(exchanges_and_messages_are_in_the_order_of_time),
        cmocka_unit_test(no_packet_takes_the_place_of_another),
        cmocka_unit_test(a_request_that_is_echoed_back_is_not_the_one_that_was_sent),
        cmocka_unit_test(a_message_of_another_type_is_another_one),
        cmocka_unit_test(a_packet_long_before_a_refusal_is_not_the_refused_one),
        cmocka_unit_test(a_packet_between_a_refusal_and_a_call_that_went_through_is_the_calls),
        cmocka_unit_test(a_new_interface_may_have_carried_what_has_none),
        cmocka_unit_test(a_new_interface_is_covered_where_later_ones_are),
        cmocka_unit_test(an_interface_that_only_changed_is_still_covered),
        cmocka_unit_test(the_remote_end_has_the_name_that_the_run_saw),
        cmocka_unit_test(the_request_says_who_asked_even_where_its_answer_is_told_first),
        cmocka_unit_test(messages_of_one_exchange_are_in_the_order_of_time),
        cmocka_unit_test(collisions_in_the_local_address_are_bounded_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
