/* ICE in a capture: sessions by username fragments, pairs, nomination, relays, consent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tally_bytes.h"

#define HERE  host_at(2)
#define THERE public_at(9)

/* Of the only session; the selected pair, or the first. */
static const struct ice_pair *first_pair(const struct tally *t)
{
    assert_true(t->ice->session_count > 0 && t->ice->pair_count > 0);
    return &t->ice->pairs[t->ice->order[t->ice->sessions[0].first_pair]];
}

static void checks_of_both_directions_are_one_session_and_one_pair(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .role = ICE_CONTROLLING), ANSWER(30, 1),
                            ASK_BACK(40, 2, .role = ICE_CONTROLLED), ANSWER_BACK(41, 2),
                            ASK(50, 3, .role = ICE_CONTROLLING));
    tally_finish(t);
    assert_int_equal(t->ice->session_count, 1);
    assert_int_equal(t->ice->pair_count, 1);
    const struct ice_session *s = &t->ice->sessions[0];
    assert_memory_equal(s->agent[0].ufrag, "near", 4);
    assert_memory_equal(s->agent[1].ufrag, "far", 3);
    assert_int_equal(s->agent[0].role, ICE_CONTROLLING);
    assert_int_equal(s->agent[1].role, ICE_CONTROLLED);
    assert_true(s->agent[0].tie_breaker == 0x1122334455667701);
    const struct ice_pair *p = first_pair(t);
    assert_int_equal(p->side[0].checks, 2);
    assert_int_equal(p->side[0].succeeded, 1);
    assert_int_equal(p->side[1].checks, 1);
    assert_int_equal(p->side[1].succeeded, 1);
    assert_true(addr_is(&p->side[0].addr, HERE));
    assert_true(addr_is(&p->side[1].addr, THERE));
    assert_true(p->side[0].rtt_min_ns == 30000000);
    assert_int_equal(p->component, 1);
    tally_free(t);
}

static void other_fragments_are_another_session_and_no_fragments_are_none(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), ASK(1, 2, .user = "far:near2"), ASK(2, 3, .user = "plain"),
                            {.kind = STEP_PLAIN, 3, 4, .from = HERE, .to = THERE});
    tally_finish(t);
    assert_int_equal(t->ice->session_count, 2);
    assert_int_equal(t->ice->pair_count, 2);
    tally_free(t);
}

static void a_check_in_a_request_without_role_and_priority_is_none(void **state)
{
    (void)state;
    struct tally *t = STEPS({.kind = STEP_PLAIN,
                             0,
                             1,
                             .from = HERE,
                             .to = THERE,
                             .method = STUN_METHOD_ALLOCATE,
                             .user = "1700000000:alice"});
    tally_finish(t);
    assert_int_equal(t->ice->session_count, 0);
    tally_free(t);
}

static void a_nomination_after_a_plain_check_is_regular_and_its_answer_selects(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .role = ICE_CONTROLLING), ANSWER(30, 1),
                            ASK(50, 2, .role = ICE_CONTROLLING, .nominate = true), ANSWER(70, 2),
                            ASK(90, 3, .to = public_at(10), .role = ICE_CONTROLLING),
                            ANSWER(95, 3, .from = public_at(10)));
    tally_finish(t);
    assert_int_equal(t->ice->sessions[0].nomination, ICE_NOMINATION_REGULAR);
    const struct ice_pair *p = first_pair(t);
    assert_int_equal(p->selection, ICE_SELECTED_BY_NOMINATION);
    assert_true(addr_is(&p->side[1].addr, THERE));
    assert_true(p->nominated_ns == UINT64_C(1070000000));
    assert_int_equal(t->ice->pairs[t->ice->order[1]].selection, ICE_NOT_SELECTED);
    tally_free(t);
}

static void a_nomination_without_an_answer_is_weaker(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .role = ICE_CONTROLLING), ANSWER(30, 1),
                            ASK(50, 2, .role = ICE_CONTROLLING, .nominate = true),
                            {.kind = STEP_PLAIN,
                             55,
                             2,
                             .from = THERE,
                             .to = HERE,
                             .cls = STUN_ERROR_RESPONSE,
                             .error = 400});
    tally_finish(t);
    assert_int_equal(first_pair(t)->selection, ICE_SELECTED_BY_REQUEST);
    assert_true(first_pair(t)->nominated_ns == 0);
    assert_int_equal(first_pair(t)->side[0].failed, 1);
    tally_free(t);
}

static void of_several_nominated_pairs_the_one_that_still_is_nominated_is_selected(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(2, 2, .nominate = true), ANSWER(3, 2),
                            ASK(4, 3, .to = public_at(10)), ANSWER(5, 3, .from = public_at(10)),
                            ASK(3006, 4, .to = public_at(10), .nominate = true),
                            ANSWER(3007, 4, .from = public_at(10)));
    struct place place = {.src = HERE, .dst = THERE, .protocol = DATAGRAM_UDP};
    ice_media(t->ice, &place, FLOW_RTP, 1000);
    tally_finish(t);
    assert_int_equal(t->ice->sessions[0].nomination, ICE_NOMINATION_REGULAR);
    assert_int_equal(first_pair(t)->side[1].addr.ip[3], 10);
    tally_free(t);
}

static void an_aggressive_agent_nominates_all_and_media_decides(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .nominate = true), ANSWER(1, 1),
                            ASK(4, 3, .to = public_at(10), .nominate = true),
                            ANSWER(5, 3, .from = public_at(10)));
    struct place place = {.src = HERE, .dst = THERE, .protocol = DATAGRAM_UDP};
    ice_media(t->ice, &place, FLOW_RTP, 1000);
    tally_finish(t);
    assert_int_equal(t->ice->sessions[0].nomination, ICE_NOMINATION_AGGRESSIVE);
    assert_int_equal(first_pair(t)->side[1].addr.ip[3], 9);
    assert_int_equal(first_pair(t)->side[0].media[FLOW_RTP], 1000);
    tally_free(t);
}

static void two_components_have_a_selected_pair_each(void **state)
{
    (void)state;
    const uint32_t second = 110u << 24 | 254;
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(2, 2, .nominate = true), ANSWER(3, 2),
                            ASK(4, 3, .to = public_at(10), .priority = second),
                            ANSWER(5, 3, .from = public_at(10)),
                            ASK(6, 4, .to = public_at(10), .priority = second, .nominate = true),
                            ANSWER(7, 4, .from = public_at(10)));
    tally_finish(t);
    assert_int_equal(t->ice->pairs[0].selection, ICE_SELECTED_BY_NOMINATION);
    assert_int_equal(t->ice->pairs[1].selection, ICE_SELECTED_BY_NOMINATION);
    assert_int_equal(t->ice->pairs[1].component, 2);
    tally_free(t);
}

static void the_highest_number_of_a_renomination_is_selected(void **state)
{
    (void)state;
    struct tally *t =
        STEPS(ASK(0, 1, .role = ICE_CONTROLLING, .nomination = 2), ANSWER(1, 1),
              ASK(4, 3, .to = public_at(10), .role = ICE_CONTROLLING, .nomination = 1),
              ANSWER(5, 3, .from = public_at(10)));
    tally_finish(t);
    assert_int_equal(t->ice->sessions[0].nomination, ICE_NOMINATION_RENOMINATION);
    assert_int_equal(first_pair(t)->nomination, 2);
    assert_int_equal(first_pair(t)->side[1].addr.ip[3], 9);
    tally_free(t);
}

static void a_capture_that_began_later_knows_the_pair_by_its_media(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .role = ICE_CONTROLLED), ANSWER(1, 1),
                            ASK(4, 3, .to = public_at(10), .role = ICE_CONTROLLED),
                            ANSWER(5, 3, .from = public_at(10)));
    struct place place = {.src = public_at(10), .dst = HERE, .protocol = DATAGRAM_UDP};
    ice_media(t->ice, &place, FLOW_DTLS, 3);
    tally_finish(t);
    assert_int_equal(first_pair(t)->selection, ICE_SELECTED_BY_MEDIA);
    assert_int_equal(first_pair(t)->side[1].addr.ip[3], 10);
    assert_int_equal(first_pair(t)->side[1].media[FLOW_DTLS], 3);
    tally_free(t);
}

static void answered_checks_select_only_where_one_pair_has_them(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(4, 3, .to = public_at(10)));
    tally_finish(t);
    assert_int_equal(first_pair(t)->selection, ICE_SELECTED_BY_CHECKS);
    tally_free(t);
    t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(4, 3, .to = public_at(10)),
              ANSWER(5, 3, .from = public_at(10)));
    tally_finish(t);
    assert_int_equal(t->ice->pairs[0].selection, ICE_NOT_SELECTED);
    assert_int_equal(t->ice->pairs[1].selection, ICE_NOT_SELECTED);
    tally_free(t);
}

static void an_answer_before_its_check_in_merged_files_is_the_check_s(void **state)
{
    (void)state;
    struct tally *t = STEPS(ANSWER(30, 1), ASK(0, 1));
    tally_finish(t);
    assert_int_equal(first_pair(t)->side[0].succeeded, 1);
    assert_true(first_pair(t)->side[0].rtt_max_ns == 30000000);
    tally_free(t);
}

static void a_nominated_pair_goes_before_one_that_only_carries_more(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(2, 2, .nominate = true), ANSWER(3, 2),
                            ASK(4, 3, .to = public_at(10)), ANSWER(5, 3, .from = public_at(10)));
    struct place place = {.src = public_at(10), .dst = HERE, .protocol = DATAGRAM_UDP};
    ice_media(t->ice, &place, FLOW_RTP, 1000);
    tally_finish(t);
    assert_int_equal(first_pair(t)->side[1].addr.ip[3], 9);
    assert_int_equal(first_pair(t)->selection, ICE_SELECTED_BY_NOMINATION);
    tally_free(t);
}

static void a_server_that_sees_the_address_itself_makes_no_reflexive_candidate(void **state)
{
    (void)state;
    const struct netaddr server = public_at(77), base = HERE;
    struct tally *t =
        STEPS({.kind = STEP_PLAIN, 0, 1, HERE, server},
              {.kind = STEP_PLAIN, 1, 1, server, HERE, STUN_SUCCESS_RESPONSE, .mapped = HERE});
    tally_finish(t);
    assert_null(ice_candidate_kind(t->ice, &base));
    tally_free(t);
}

static void an_answer_to_a_check_before_the_nomination_is_no_consent(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1), ASK(1, 2, .nominate = true), ANSWER(2, 2), ANSWER(3, 1));
    assert_int_equal(t->ice->pairs[0].side[0].consent.asked, 0);
    assert_int_equal(t->ice->pairs[0].side[0].consent.answered, 0);
    tally_finish(t);
    tally_free(t);
}

static void a_role_conflict_is_counted_for_the_one_that_was_told(void **state)
{
    (void)state;
    struct tally *t = STEPS(ASK(0, 1, .role = ICE_CONTROLLING),
                            {.kind = STEP_PLAIN,
                             5,
                             1,
                             .from = THERE,
                             .to = HERE,
                             .cls = STUN_ERROR_RESPONSE,
                             .error = 487},
                            ASK(10, 2, .role = ICE_CONTROLLED));
    tally_finish(t);
    const struct ice_agent *agent = &t->ice->sessions[0].agent[0];
    assert_int_equal(agent->conflicts, 1);
    assert_int_equal(agent->role_changes, 1);
    assert_int_equal(agent->role, ICE_CONTROLLED);
    assert_int_equal(t->ice->sessions[0].agent[1].conflicts, 0);
    tally_free(t);
}

static void an_address_that_only_a_check_learned_is_peer_reflexive(void **state)
{
    (void)state;
    const struct netaddr server = public_at(77);
    struct tally *t =
        STEPS({.kind = STEP_PLAIN, 0, 1, .from = HERE, .to = server},
              {.kind = STEP_PLAIN,
               1,
               1,
               .from = server,
               .to = HERE,
               .cls = STUN_SUCCESS_RESPONSE,
               .mapped = public_at(50)},
              ASK(10, 2), ANSWER(11, 2, .mapped = public_at(50)), ASK(12, 3),
              ANSWER(13, 3, .mapped = public_at(51)), ASK(14, 4), ANSWER(15, 4, .mapped = HERE));
    tally_finish(t);
    const struct netaddr reflexive = public_at(50), discovered = public_at(51), base = HERE;
    assert_string_equal(ice_candidate_kind(t->ice, &reflexive), "srflx");
    assert_null(ice_candidate_kind(t->ice, &discovered));
    assert_null(ice_candidate_kind(t->ice, &base));
    assert_int_equal(t->ice->reflexive_found, 1);
    tally_free(t);
}

static void pings_without_a_username_belong_to_the_pair_of_their_five_tuple(void **state)
{
    (void)state;
    struct tally *t = STEPS(
        ASK(0, 1), ANSWER(1, 1), ASK(10, 2, .nominate = true), ANSWER(11, 2),
        {.kind = STEP_PLAIN, 2500, 3, .from = HERE, .to = THERE, .method = STUN_METHOD_GOOG_PING},
        {.kind = STEP_PLAIN,
         2510,
         3,
         .from = THERE,
         .to = HERE,
         .method = STUN_METHOD_GOOG_PING,
         .cls = STUN_SUCCESS_RESPONSE},
        {.kind = STEP_PLAIN, 2600, 4, .from = THERE, .to = HERE, .method = STUN_METHOD_GOOG_PING},
        {.kind = STEP_PLAIN, 2600, 5, .from = THERE, .to = HERE, .cls = STUN_INDICATION});
    tally_finish(t);
    const struct ice_pair *p = first_pair(t);
    assert_int_equal(p->side[0].pings, 1);
    assert_int_equal(p->side[0].succeeded, 3);
    assert_int_equal(p->side[0].consent.asked, 1);
    assert_int_equal(p->side[0].consent.answered, 1);
    assert_int_equal(p->side[1].pings, 1);
    assert_int_equal(p->side[1].keepalives, 1);
    tally_free(t);
}

static void consent_is_lost_after_thirty_seconds_of_unanswered_checks(void **state)
{
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(10, 2, .nominate = true), ANSWER(20, 2));
    (void)state;
    for (uint8_t i = 0; i < 6; i++) {
        step_take(t, &(struct step)ASK(5000 + i * 5000u, (uint8_t)(10 + i)));
        if (i == 0)
            step_take(t, &(struct step)ANSWER(5020, 10));
    }
    struct ice_consent *consent = &t->ice->pairs[0].side[0].consent;
    assert_int_equal(consent->lost, 0);
    step_take(t, &(struct step)ASK(35000, 20));
    assert_int_equal(consent->lost, 0); /* 29.98 s */
    step_take(t, &(struct step)ASK(36000, 21));
    step_take(t, &(struct step)ASK(41000, 22));
    assert_int_equal(consent->lost, 1);
    assert_true(consent->lost_ns == UINT64_C(1000000000) + UINT64_C(35020000000));
    step_take(t, &(struct step)ANSWER(41010, 22));
    assert_true(consent->longest_gap_ns == UINT64_C(35990000000));
    assert_int_equal(consent->asked, 9);
    assert_int_equal(consent->answered, 2);
    tally_finish(t);
    tally_free(t);
}

static void a_side_that_falls_silent_has_not_lost_consent(void **state)
{
    struct tally *t = STEPS(ASK(0, 1), ANSWER(1, 1), ASK(10, 2, .nominate = true), ANSWER(20, 2));
    (void)state;
    step_take(t, &(struct step)ASK(60000, 3));
    step_take(t, &(struct step)ANSWER(60010, 3));
    assert_int_equal(t->ice->pairs[0].side[0].consent.lost, 0);
    assert_true(t->ice->pairs[0].side[0].consent.longest_gap_ns == UINT64_C(59990000000));
    tally_finish(t);
    tally_free(t);
}

/* Its port is no hint at which end is the server. */
#define SERVER  netaddr_from_bytes((const uint8_t[]){203, 0, 113, 77}, 4, 50000)
#define RELAYED public_at(78)
/* Allocate, and its answer. */
#define ALLOCATE                                                                                   \
    {.kind = STEP_PLAIN, 0, 1, .from = HERE, .to = SERVER, .method = STUN_METHOD_ALLOCATE},        \
    {                                                                                              \
        .kind = STEP_PLAIN, 1, 1, .from = SERVER, .to = HERE, .method = STUN_METHOD_ALLOCATE,      \
        .cls = STUN_SUCCESS_RESPONSE, .mapped = public_at(50), .relayed = RELAYED                  \
    }

static void a_check_inside_turn_is_a_relayed_pair_and_not_sent_directly(void **state)
{
    (void)state;
    const struct step ask = {.number = 2, .user = "far:near", .role = ICE_CONTROLLING};
    const struct step answer = {.number = 2, .cls = STUN_SUCCESS_RESPONSE, .mapped = RELAYED};
    struct tally *t = STEPS(ALLOCATE,
                            {.kind = STEP_PLAIN,
                             10,
                             3,
                             .from = HERE,
                             .to = SERVER,
                             .method = STUN_METHOD_SEND,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &ask},
                            {.kind = STEP_PLAIN,
                             50,
                             4,
                             .from = SERVER,
                             .to = HERE,
                             .method = STUN_METHOD_DATA,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &answer});
    tally_finish(t);
    const struct ice_pair *p = first_pair(t);
    assert_true(addr_is(&p->side[0].addr, RELAYED));
    assert_true(addr_is(&p->side[1].addr, THERE));
    assert_true(addr_is(&p->side[0].turn_server, SERVER));
    assert_true(addr_is(&p->side[0].turn_client, HERE));
    assert_int_equal(p->side[0].succeeded, 1);
    assert_true(p->side[0].rtt_min_ns == 40000000);
    assert_int_equal(t->relayed, 2);
    assert_int_equal(t->row_count, 1); /* the relay's; nothing was sent to the peer */
    assert_int_equal(t->rows[0].transactions, 1);
    const struct netaddr relayed = RELAYED;
    assert_string_equal(ice_candidate_kind(t->ice, &relayed), "relay");
    tally_free(t);
}

static void a_bound_channel_carries_checks_and_media_of_its_peer(void **state)
{
    (void)state;
    const struct step ask = {.number = 2, .user = "far:near", .role = ICE_CONTROLLING};
    const struct step answer = {.number = 2, .cls = STUN_SUCCESS_RESPONSE};
    const struct step out = {
        .ms = 20, .from = HERE, .to = SERVER, .channel = 0x4001, .inside = &ask};
    const struct step in = {
        .ms = 30, .from = SERVER, .to = HERE, .channel = 0x4001, .inside = &answer};
    const struct step media = {.ms = 40, .from = SERVER, .to = HERE, .channel = 0x4001};
    struct tally *t = STEPS(ALLOCATE, {.kind = STEP_PLAIN,
                                       5,
                                       5,
                                       .from = HERE,
                                       .to = SERVER,
                                       .method = STUN_METHOD_CHANNEL_BIND,
                                       .channel = 0x4001,
                                       .peer = THERE});
    step_take_channel(t, &out, 1);
    step_take_channel(t, &in, 1);
    step_take_channel(t, &media, 200);
    tally_finish(t);
    const struct ice_pair *p = first_pair(t);
    assert_true(addr_is(&p->side[0].turn_client, HERE));
    assert_true(addr_is(&p->side[1].addr, THERE));
    assert_int_equal(p->side[0].succeeded, 1);
    assert_int_equal(p->side[1].media[FLOW_CHANNEL_DATA], 200);
    assert_int_equal(p->selection, ICE_SELECTED_BY_MEDIA);
    tally_free(t);
}

static void what_the_relay_sends_on_is_the_same_check(void **state)
{
    (void)state;
    static const struct packet_iface behind = {.number = 5, .name = "wan0"};
    const struct step ask = {.number = 2, .user = "far:near", .role = ICE_CONTROLLING};
    const struct step answer = {.number = 2, .cls = STUN_SUCCESS_RESPONSE};
    const struct step back = {.number = 9, .user = "near:far", .role = ICE_CONTROLLED};
    struct tally *t = STEPS(ALLOCATE,
                            {.kind = STEP_PLAIN,
                             10,
                             3,
                             .from = HERE,
                             .to = SERVER,
                             .method = STUN_METHOD_SEND,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &ask},
                            {.kind = STEP_PLAIN,
                             11,
                             2,
                             .from = RELAYED,
                             .to = THERE,
                             .iface = &behind,
                             .user = "far:near",
                             .role = ICE_CONTROLLING},
                            {.kind = STEP_PLAIN,
                             40,
                             2,
                             .from = THERE,
                             .to = RELAYED,
                             .iface = &behind,
                             .cls = STUN_SUCCESS_RESPONSE},
                            {.kind = STEP_PLAIN,
                             41,
                             4,
                             .from = SERVER,
                             .to = HERE,
                             .method = STUN_METHOD_DATA,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &answer},
                            {.kind = STEP_PLAIN,
                             50,
                             9,
                             .from = THERE,
                             .to = RELAYED,
                             .iface = &behind,
                             .user = "near:far",
                             .role = ICE_CONTROLLED},
                            {.kind = STEP_PLAIN,
                             51,
                             6,
                             .from = SERVER,
                             .to = HERE,
                             .method = STUN_METHOD_DATA,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &back});
    tally_finish(t);
    assert_int_equal(t->ice->pair_count, 1);
    const struct ice_pair *p = first_pair(t);
    assert_true(addr_is(&p->side[0].turn_client, HERE));
    assert_int_equal(p->side[0].checks, 1);
    assert_int_equal(p->side[0].succeeded, 1);
    assert_int_equal(p->side[1].checks, 1);
    assert_int_equal(t->rows[1].transactions + t->rows[2].transactions, 2);
    tally_free(t);
}

static void a_pair_that_the_peer_s_check_showed_first_is_still_a_relayed_one(void **state)
{
    (void)state;
    static const struct packet_iface behind = {.number = 5, .name = "wan0"};
    const struct step back = {.number = 9, .user = "near:far", .role = ICE_CONTROLLED};
    struct tally *t = STEPS(ALLOCATE,
                            {.kind = STEP_PLAIN,
                             50,
                             9,
                             .from = THERE,
                             .to = RELAYED,
                             .iface = &behind,
                             .user = "near:far",
                             .role = ICE_CONTROLLED},
                            {.kind = STEP_PLAIN,
                             51,
                             6,
                             .from = SERVER,
                             .to = HERE,
                             .method = STUN_METHOD_DATA,
                             .cls = STUN_INDICATION,
                             .peer = THERE,
                             .inside = &back});
    tally_finish(t);
    assert_int_equal(t->ice->pair_count, 1);
    assert_true(addr_is(&first_pair(t)->side[1].turn_client, HERE)); /* the receiver's, near's */
    assert_int_equal(first_pair(t)->side[0].turn_client.family, NETADDR_NONE);
    assert_int_equal(first_pair(t)->side[0].checks, 1);
    tally_free(t);
}

static void two_clients_of_one_relay_have_one_pair_with_a_relay_each(void **state)
{
    (void)state;
    const struct netaddr other = host_at(3), other_relayed = public_at(79);
    const struct step lost = {.number = 2, .user = "far:near", .role = ICE_CONTROLLING};
    const struct step back = {.number = 3, .user = "near:far", .role = ICE_CONTROLLED};
    const struct step answer = {.number = 3, .cls = STUN_SUCCESS_RESPONSE};
    struct tally *t = STEPS(
        ALLOCATE, {.kind = STEP_PLAIN, 2, 9, other, SERVER, .method = STUN_METHOD_ALLOCATE},
        {.kind = STEP_PLAIN,
         3,
         9,
         SERVER,
         other,
         STUN_SUCCESS_RESPONSE,
         .method = STUN_METHOD_ALLOCATE,
         .relayed = other_relayed},
        /* The first one has no permission at the other relay: it is seen on its way there only. */
        {.kind = STEP_PLAIN,
         10,
         20,
         HERE,
         SERVER,
         STUN_INDICATION,
         .method = STUN_METHOD_SEND,
         .peer = other_relayed,
         .inside = &lost},
        {.kind = STEP_PLAIN,
         20,
         21,
         other,
         SERVER,
         STUN_INDICATION,
         .method = STUN_METHOD_SEND,
         .peer = RELAYED,
         .inside = &back},
        {.kind = STEP_PLAIN,
         21,
         22,
         SERVER,
         HERE,
         STUN_INDICATION,
         .method = STUN_METHOD_DATA,
         .peer = other_relayed,
         .inside = &back},
        {.kind = STEP_PLAIN,
         22,
         23,
         HERE,
         SERVER,
         STUN_INDICATION,
         .method = STUN_METHOD_SEND,
         .peer = other_relayed,
         .inside = &answer},
        {.kind = STEP_PLAIN,
         23,
         24,
         SERVER,
         other,
         STUN_INDICATION,
         .method = STUN_METHOD_DATA,
         .peer = RELAYED,
         .inside = &answer});
    step_take(t, &(struct step){.kind = STEP_PLAIN,
                                30,
                                30,
                                HERE,
                                SERVER,
                                .channel = 0x4001,
                                .method = STUN_METHOD_CHANNEL_BIND,
                                .peer = other_relayed});
    step_take(t, &(struct step){.kind = STEP_PLAIN,
                                31,
                                31,
                                other,
                                SERVER,
                                .channel = 0x4002,
                                .method = STUN_METHOD_CHANNEL_BIND,
                                .peer = RELAYED});
    step_take_channel(t, &(struct step){.kind = STEP_PLAIN, 40, 0, HERE, SERVER, .channel = 0x4001},
                      100);
    step_take_channel(
        t, &(struct step){.kind = STEP_PLAIN, 40, 0, SERVER, other, .channel = 0x4002}, 100);
    tally_finish(t);
    assert_int_equal(t->ice->order_count, 1);
    assert_int_equal(t->ice->sessions[0].pairs, 1);
    const struct ice_pair *p = first_pair(t);
    assert_int_equal(p->side[0].checks, 1);
    assert_int_equal(p->side[0].succeeded, 0);
    assert_int_equal(p->side[1].checks, 1);
    assert_int_equal(p->side[1].again, 0);
    assert_int_equal(p->side[1].succeeded, 1);
    assert_true(addr_is(&p->side[0].turn_client, HERE));
    assert_true(addr_is(&p->side[1].turn_client, other));
    assert_int_equal(p->side[0].media[FLOW_CHANNEL_DATA], 100); /* seen on both legs */
    tally_free(t);
}

static void sessions_and_pairs_without_end_are_counted_not_kept(void **state)
{
    struct tally *t = tally_new();
    char user[32];
    (void)state;
    for (unsigned i = 0; i < ICE_SESSIONS_MAX + 100; i++) {
        struct step one = ASK(i, 1, .to = public_at(8), .user = user);
        one.to.port = (uint16_t)i;
        snprintf(user, sizeof(user), "far:%u", i);
        step_take(t, &one);
    }
    assert_int_equal(t->ice->session_count, ICE_SESSIONS_MAX);
    assert_int_equal(t->ice->left_out, 100);
    for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
        struct step s = ASK(10000 + i, 2, .to = public_at(9), .user = "far:1");
        s.to.port = (uint16_t)i;
        s.to.ip[2] = (uint8_t)(i >> 16);
        step_take(t, &s);
    }
    assert_int_equal(t->ice->pair_count, ICE_PAIRS_MAX);
    assert_int_equal(t->ice->left_out, 100 + ICE_SESSIONS_MAX);
    tally_finish(t);
    tally_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_of_both_directions_are_one_session_and_one_pair),
        cmocka_unit_test(other_fragments_are_another_session_and_no_fragments_are_none),
        cmocka_unit_test(a_check_in_a_request_without_role_and_priority_is_none),
        cmocka_unit_test(a_nomination_after_a_plain_check_is_regular_and_its_answer_selects),
        cmocka_unit_test(a_nomination_without_an_answer_is_weaker),
        cmocka_unit_test(of_several_nominated_pairs_the_one_that_still_is_nominated_is_selected),
        cmocka_unit_test(an_aggressive_agent_nominates_all_and_media_decides),
        cmocka_unit_test(two_components_have_a_selected_pair_each),
        cmocka_unit_test(the_highest_number_of_a_renomination_is_selected),
        cmocka_unit_test(a_capture_that_began_later_knows_the_pair_by_its_media),
        cmocka_unit_test(answered_checks_select_only_where_one_pair_has_them),
        cmocka_unit_test(an_answer_before_its_check_in_merged_files_is_the_check_s),
        cmocka_unit_test(a_nominated_pair_goes_before_one_that_only_carries_more),
        cmocka_unit_test(a_server_that_sees_the_address_itself_makes_no_reflexive_candidate),
        cmocka_unit_test(an_answer_to_a_check_before_the_nomination_is_no_consent),
        cmocka_unit_test(a_role_conflict_is_counted_for_the_one_that_was_told),
        cmocka_unit_test(an_address_that_only_a_check_learned_is_peer_reflexive),
        cmocka_unit_test(pings_without_a_username_belong_to_the_pair_of_their_five_tuple),
        cmocka_unit_test(consent_is_lost_after_thirty_seconds_of_unanswered_checks),
        cmocka_unit_test(a_side_that_falls_silent_has_not_lost_consent),
        cmocka_unit_test(a_check_inside_turn_is_a_relayed_pair_and_not_sent_directly),
        cmocka_unit_test(a_bound_channel_carries_checks_and_media_of_its_peer),
        cmocka_unit_test(what_the_relay_sends_on_is_the_same_check),
        cmocka_unit_test(a_pair_that_the_peer_s_check_showed_first_is_still_a_relayed_one),
        cmocka_unit_test(two_clients_of_one_relay_have_one_pair_with_a_relay_each),
        cmocka_unit_test(sessions_and_pairs_without_end_are_counted_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
