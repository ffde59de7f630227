/* What the wire shows that nobody asked for, and what it shows twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow.h"
#include "join_bytes.h"

static void a_packet_without_an_event_went_around_the_shim(void **state)
{
    (void)state;
    struct joining t = joining_new();
    CAPTURED(&t, .id = 1);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 1);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_UNSEEN);
    assert_false(t.j->exchanges[0].doubtful);
    assert_int_equal(t.j->messages[0].act, 0);
    assert_false(t.j->flows[0].asked);
    join_free(t.j);
}

static void a_packet_sent_again_around_the_shim_is_seen_beside_the_one_that_was_asked(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 500);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 1);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 1);
    assert_int_equal(t.j->exchanges[0].outcome, JOIN_UNSEEN);
    join_free(t.j);
}

static void the_same_bytes_from_another_address_of_this_machine_are_no_copy(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .ms = 1, .local = ETH_END, .on = &join_eth0);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 1);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 1);
    join_free(t.j);
}

static void lost_events_make_a_stranger_doubtful(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line lost = {.type = EVENT_LINE_STATS, .changed = {.lost = 3}};
    join_take_event(t.j, &lost);
    CAPTURED(&t, .id = 1);
    finished(&t);
    assert_int_equal(t.j->events_lost, 3);
    assert_true(t.j->exchanges[0].doubtful);
    join_free(t.j);
}

static void what_left_before_the_run_began_is_doubtful(void **state)
{
    (void)state;
    struct joining t = joining_new();
    join_set_run(t.j, JOIN_TEST_EPOCH_NS + 1000000000, JOIN_TEST_EPOCH_NS + 2000000000);
    CAPTURED(&t, .id = 1, .ms = 900);
    CAPTURED(&t, .id = 2, .ms = 1500);
    CAPTURED(&t, .id = 3, .ms = 2500);
    finished(&t);
    assert_true(t.j->exchanges[0].doubtful);
    assert_false(t.j->exchanges[1].doubtful);
    assert_true(t.j->exchanges[2].doubtful);
    join_free(t.j);
}

static struct event_line owner_line(uint32_t pid, enum event_line_truth of_run)
{
    return (struct event_line){
        .type = EVENT_LINE_OWNER,
        .witness = 1,
        .wire = true,
        .protocol = 17,
        .direction = EVENT_LINE_OUT,
        .src = TUN_END,
        .dst = SERVER_END,
        .process = {.pid = pid, .name = join_said("goes-around")},
        .changed = {.of_run = of_run},
    };
}

static void a_stranger_is_named_by_the_owner_of_its_socket(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line owner = owner_line(77, EVENT_LINE_TRUE);
    join_take_event(t.j, &owner);
    CAPTURED(&t, .id = 1);
    finished(&t);
    const struct join_act *act = &t.j->acts[t.j->exchanges[0].act];
    assert_int_not_equal(act->process, JOIN_NONE);
    const struct join_process *p = &t.j->processes[act->process];
    assert_int_equal(p->pid, 77);
    assert_string_equal(join_text(t.j, p->name), "goes-around");
    assert_int_equal(p->belongs, JOIN_BELONGS);
    assert_true(p->by_kernel);
    assert_int_equal(t.j->messages[0].act, t.j->exchanges[0].act);
    join_free(t.j);
}

static void another_program_of_the_machine_does_not_belong_to_the_run(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line owner = owner_line(78, EVENT_LINE_FALSE);
    join_take_event(t.j, &owner);
    CAPTURED(&t, .id = 1);
    finished(&t);
    const struct join_process *p = &t.j->processes[t.j->acts[t.j->exchanges[0].act].process];
    assert_int_equal(p->belongs, JOIN_BELONGS_NOT);
    join_free(t.j);
}

static void a_stranger_whom_nobody_found_may_still_be_known_not_to_belong(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line owner = owner_line(0, EVENT_LINE_FALSE);
    owner.process.name = (struct event_text){0};
    join_take_event(t.j, &owner);
    owner.changed.of_run = EVENT_LINE_TRUE;
    owner.src.port++;
    join_take_event(t.j, &owner);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 2, .ms = 1, .local = owner.src);
    finished(&t);
    const struct join_act *first = &t.j->acts[t.j->exchanges[0].act];
    const struct join_act *second = &t.j->acts[t.j->exchanges[1].act];
    assert_int_equal(t.j->processes[first->process].belongs, JOIN_BELONGS_NOT);
    assert_int_equal(t.j->processes[second->process].belongs, JOIN_BELONGS);
    assert_int_equal(t.j->processes[first->process].pid, 0);
    join_free(t.j);
}

static void what_is_only_carried_on_for_others_is_foreign(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct netaddr container = join_ip("172.17.0.5", 4000);
    CAPTURED(&t, .id = 1, .local = container, .on = &join_br0);
    /* Translated by this machine: the sender is still the container. */
    CAPTURED(&t, .id = 1, .us = 60, .local = ETH_END, .on = &join_eth0);
    finished(&t);
    assert_int_equal(t.j->message_count, 0);
    assert_int_equal(t.j->wire.foreign, 1);
    assert_int_equal(t.j->wire.copies, 1);
    join_free(t.j);
}

static void a_packet_that_leaves_under_an_unknown_address_is_this_machines(void **state)
{
    (void)state;
    struct joining t = joining_new();
    CAPTURED(&t, .id = 1, .local = join_ip("10.77.0.1", 4000), .direction = PACKET_OUT);
    CAPTURED(&t, .id = 2, .local = join_ip("10.77.0.1", 4000), .direction = PACKET_IN);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 1);
    assert_int_equal(t.j->wire.foreign, 1);
    join_free(t.j);
}

static void an_address_that_came_later_is_this_machines(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct event_line line = {
        .type = EVENT_LINE_NETWORK,
        .changed = {.change = join_said("added"),
                    .what = join_said("address"),
                    .ip = join_ip("10.77.0.1", 0)},
    };
    join_take_event(t.j, &line);
    CAPTURED(&t, .id = 1, .local = join_ip("10.77.0.1", 4000));
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 1);
    join_free(t.j);
}

static void a_bridge_and_its_port_show_one_message(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .iface = "br0");
    ASKED(&t, .id = 1, .ms = 20, .answer = true, .iface = "br0");
    CAPTURED(&t, .id = 1, .on = &join_br0);
    CAPTURED(&t, .id = 1, .us = 3, .on = &join_port0);
    CAPTURED(&t, .id = 1, .ms = 20, .answer = true, .on = &join_port0);
    CAPTURED(&t, .id = 1, .ms = 20, .us = 3, .answer = true, .on = &join_br0);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 2);
    assert_int_equal(t.j->message_count, 2);
    assert_int_equal(t.j->wire.copies, 2);
    /* The interface by which the flow leaves, both ways. */
    assert_string_equal(join_text(t.j, t.j->messages[0].wire_iface), "br0");
    assert_int_equal(t.j->messages[0].frame, 1);
    assert_string_equal(join_text(t.j, t.j->messages[1].wire_iface), "br0");
    assert_int_equal(t.j->messages[1].frame, 4);
    assert_string_equal(join_text(t.j, t.j->flows[0].further_iface), "port0");
    join_free(t.j);
}

static void a_message_inside_a_tunnel_or_an_error_is_not_joined(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    CAPTURED(&t, .id = 1, .us = 40, .on = &join_eth0, .label = DATAGRAM_TUNNELLED);
    CAPTURED(&t, .id = 1, .ms = 1, .on = &join_eth0, .label = DATAGRAM_QUOTED);
    finished(&t);
    assert_int_equal(t.j->message_count, 1);
    assert_int_equal(t.j->wire.tunnelled, 1);
    assert_int_equal(t.j->wire.quoted, 1);
    join_free(t.j);
}

static void two_sockets_of_this_machine_share_a_packet(void **state)
{
    (void)state;
    struct joining t = joining_new();
    ASKED(&t, .id = 1, .local = TUN_END, .remote = ETH_END, .iface = "lo");
    /* Received by the other one: for it the remote end is the first. */
    struct event_line in = {
        .type = EVENT_LINE_STUN,
        .seq = 2,
        .time_ns = JOIN_TEST_EPOCH_NS + 50000,
        .protocol = 17,
        .direction = EVENT_LINE_IN,
        .src = TUN_END,
        .dst = ETH_END,
        .hook = {.there = true},
        .stun = {.there = true, .txid_len = 12, .txid = {[11] = 1}, .type = 0x0001},
    };
    join_take_event(t.j, &in);
    CAPTURED(&t, .id = 1, .local = TUN_END, .remote = ETH_END);
    /* And one of two other programs: it leaves nothing. */
    CAPTURED(&t, .id = 2, .ms = 10, .local = TUN_END, .remote = ETH_END);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 2);
    assert_int_equal(t.j->outcomes[JOIN_UNSEEN], 0);
    assert_int_equal(t.j->wire.foreign, 1);
    join_free(t.j);
}

static void what_only_looks_like_classic_stun_is_no_stranger(void **state)
{
    (void)state;
    struct joining t = joining_new();
    CAPTURED(&t, .id = 1, .classic = true, .confidence = UINT8_MAX);
    finished(&t);
    assert_int_equal(t.j->message_count, 0);
    assert_int_equal(t.j->wire.weak, 1);
    join_free(t.j);
}

/* --- the clock -------------------------------------------------------------------------------- */

static void the_clocks_are_compared(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (uint8_t i = 0; i < 9; i++) {
        ASKED(&t, .id = i, .ms = i * 100u);
        CAPTURED(&t, .id = i, .ms = i * 100u, .us = i - 12);
    }
    /* What came in was read much later. */
    ASKED(&t, .id = 0, .ms = 900, .answer = true);
    CAPTURED(&t, .id = 0, .ms = 10, .answer = true);
    finished(&t);
    assert_int_equal(t.j->clock.pairs, 9);
    assert_int_equal(t.j->clock.least_us, 4);
    assert_int_equal(t.j->clock.median_us, 8);
    assert_int_equal(t.j->clock.most_us, 12);
    assert_true(t.j->clock.agrees);
    join_free(t.j);
}

static void a_clock_that_steps_is_noticed_and_messages_are_still_matched(void **state)
{
    (void)state;
    struct joining t = joining_new();
    covers_both(&t);
    for (uint8_t i = 0; i < 10; i++)
        ASKED(&t, .id = i, .ms = 1000 + i * 100u + (i < 5 ? 0 : 3000));
    ASKED(&t, .id = 99, .ms = 1000);
    for (uint8_t i = 0; i < 10; i++)
        CAPTURED(&t, .id = i, .ms = 1000 + i * 100u);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 10);
    assert_int_equal(t.j->clock.apart, 5);
    assert_false(t.j->clock.agrees);
    /* Whether it was captured at that time can't be said. */
    assert_int_equal(t.j->outcomes[JOIN_NOT_CAPTURED], 1);
    join_free(t.j);
}

static void a_packet_that_waited_in_a_queue_is_no_clock_that_steps(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (uint8_t i = 0; i < 20; i++)
        ASKED(&t, .id = i, .ms = i * 100u);
    for (uint8_t i = 1; i < 20; i++)
        CAPTURED(&t, .id = i, .ms = i * 100u);
    CAPTURED(&t, .id = 0, .ms = 2500);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 20);
    assert_int_equal(t.j->clock.apart, 1);
    assert_true(t.j->clock.agrees);
    join_free(t.j);
}

static void a_packet_long_before_its_call_is_a_clock_that_steps(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (uint8_t i = 0; i < 20; i++)
        ASKED(&t, .id = i, .ms = i == 0 ? 3000 : i * 100u);
    for (uint8_t i = 0; i < 20; i++)
        CAPTURED(&t, .id = i, .ms = i * 100u);
    finished(&t);
    assert_int_equal(t.j->clock.apart, 1);
    assert_false(t.j->clock.agrees);
    join_free(t.j);
}

static void a_clock_that_steps_back_is_noticed_too(void **state)
{
    (void)state;
    struct joining t = joining_new();
    for (uint8_t i = 0; i < 10; i++)
        ASKED(&t, .id = i, .ms = 4000 + i * 100u - (i < 6 ? 0 : 3000));
    for (uint8_t i = 0; i < 10; i++)
        CAPTURED(&t, .id = i, .ms = 4000 + i * 100u);
    finished(&t);
    assert_int_equal(t.j->outcomes[JOIN_CONFIRMED], 10);
    assert_int_equal(t.j->clock.apart, 4);
    assert_false(t.j->clock.agrees);
    join_free(t.j);
}

/* --- what else -------------------------------------------------------------------------------- */

static void a_flow_has_the_media_that_it_carried(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct flow flow = {
        .protocol = 17,
        .ends = {SERVER_END, TUN_END},
        .packets = {{[FLOW_STUN] = 9, [FLOW_RTP] = 40},
                    {[FLOW_STUN] = 9, [FLOW_RTP] = 30, [FLOW_DTLS] = 2}},
    };
    ASKED(&t, .id = 1);
    CAPTURED(&t, .id = 1);
    join_take_flow(t.j, &flow, "tun0");
    join_take_flow(t.j, &flow, "eth0"); /* a copy of them */
    finished(&t);
    assert_int_equal(t.j->flows[0].media_out, 32);
    assert_int_equal(t.j->flows[0].media_in, 40);
    join_free(t.j);
}

static void a_question_is_counted_by_name_server_and_interface(void **state)
{
    (void)state;
    struct joining t = joining_new();
    struct join_question q = {
        .server = join_ip("192.168.1.1", 53), .client = ETH_END, .qtype = 1, .first_frame = 9};
    join_take_question(t.j, &q, "stun.example.org", "eth0");
    q.client.port++;
    join_take_question(t.j, &q, "stun.example.org", "eth0");
    join_take_question(t.j, &q, "stun.example.org", "tun0");
    join_take_question(t.j, &q, NULL, "eth0");
    finished(&t);
    assert_int_equal(t.j->question_count, 3);
    assert_int_equal(t.j->questions[0].count, 2);
    assert_int_equal(t.j->questions[0].first_frame, 9);
    assert_string_equal(join_text(t.j, t.j->questions[0].name), "stun.example.org");
    assert_string_equal(join_text(t.j, t.j->questions[1].iface), "tun0");
    assert_int_equal(t.j->questions[2].name, JOIN_NONE);
    join_free(t.j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_without_an_event_went_around_the_shim),
        cmocka_unit_test(a_packet_sent_again_around_the_shim_is_seen_beside_the_one_that_was_asked),
        cmocka_unit_test(the_same_bytes_from_another_address_of_this_machine_are_no_copy),
        cmocka_unit_test(lost_events_make_a_stranger_doubtful),
        cmocka_unit_test(what_left_before_the_run_began_is_doubtful),
        cmocka_unit_test(a_stranger_is_named_by_the_owner_of_its_socket),
        cmocka_unit_test(another_program_of_the_machine_does_not_belong_to_the_run),
        cmocka_unit_test(a_stranger_whom_nobody_found_may_still_be_known_not_to_belong),
        cmocka_unit_test(what_is_only_carried_on_for_others_is_foreign),
        cmocka_unit_test(a_packet_that_leaves_under_an_unknown_address_is_this_machines),
        cmocka_unit_test(an_address_that_came_later_is_this_machines),
        cmocka_unit_test(a_bridge_and_its_port_show_one_message),
        cmocka_unit_test(a_message_inside_a_tunnel_or_an_error_is_not_joined),
        cmocka_unit_test(two_sockets_of_this_machine_share_a_packet),
        cmocka_unit_test(what_only_looks_like_classic_stun_is_no_stranger),
        cmocka_unit_test(the_clocks_are_compared),
        cmocka_unit_test(a_clock_that_steps_is_noticed_and_messages_are_still_matched),
        cmocka_unit_test(a_packet_that_waited_in_a_queue_is_no_clock_that_steps),
        cmocka_unit_test(a_packet_long_before_its_call_is_a_clock_that_steps),
        cmocka_unit_test(a_clock_that_steps_back_is_noticed_too),
        cmocka_unit_test(a_flow_has_the_media_that_it_carried),
        cmocka_unit_test(a_question_is_counted_by_name_server_and_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
