/* Writes the ICE sessions of a capture as text for people. */
#include "tally_parts.h"
#include "tally_write.h"

enum {
    PAIRS_SHOWN = 16, /* of a session */
};

static void write_ufrag(struct sink *s, const struct ice_agent *agent)
{
    sink_plain(s, agent->ufrag, agent->ufrag_len, ICE_UFRAG_BYTES + 8);
    if (agent->ufrag_cut)
        sink_lit(s, "...");
}

static void write_agent(struct sink *s, const struct ice_agent *agent)
{
    const char *role = ice_role_name((enum ice_role)agent->role);
    write_ufrag(s, agent);
    if (agent->left != agent->came)
        sink_text(s, agent->left ? " (this side" : " (the other side");
    if (role) {
        sink_text(s, agent->left != agent->came ? ", " : " (");
        sink_text(s, role);
    }
    if (role || agent->left != agent->came)
        sink_char(s, ')');
    text_if(s, agent->role_changes, "changes of role");
    text_if(s, agent->conflicts, "role conflicts (487)");
}

static void write_end(struct sink *s, struct ice *ice, const struct ice_side *side)
{
    const char *known = ice_candidate_kind(ice, &side->addr);
    bool relay = side->turn_server.family != NETADDR_NONE;
    if (side->addr.family != NETADDR_NONE)
        text_address(s, &side->addr);
    else
        sink_text(s, relay ? "a relayed address that was not captured"
                           : "a peer that was not captured");
    if (relay) {
        sink_lit(s, " (relay ");
        text_address(s, &side->turn_server);
        sink_lit(s, " of ");
        text_address(s, &side->turn_client);
        sink_char(s, ')');
    } else if (known) {
        sink_lit(s, " (");
        sink_text(s, known);
        sink_char(s, ')');
    }
}

static void write_selection(struct sink *s, const struct ice_pair *pair)
{
    switch ((enum ice_selection)pair->selection) {
    case ICE_NOT_SELECTED:
        sink_text(s, pair->nominated_ns != 0 ? "no longer selected" : "not selected");
        break;
    case ICE_SELECTED_BY_CHECKS:
        sink_lit(s, "probably selected: the only one that answers");
        break;
    case ICE_SELECTED_BY_MEDIA:
        sink_lit(s, "selected, as it carries media; its nomination was not captured");
        break;
    case ICE_SELECTED_BY_REQUEST:
        sink_lit(s, "nominated, but no answer to that was captured");
        break;
    case ICE_SELECTED_BY_NOMINATION:
        sink_lit(s, "selected");
        break;
    }
    if (pair->nominated_ns != 0) {
        sink_lit(s, ", nominated at ");
        sink_time(s, pair->nominated_ns);
    } else if (pair->success_ns != 0) {
        sink_lit(s, ", first answer at ");
        sink_time(s, pair->success_ns);
    }
    if (pair->numbered)
        sink_printf(s, ", number %u", pair->nomination);
}

static void write_mapped(struct sink *s, struct ice *ice, const struct ice_side *side)
{
    const char *known;
    if (side->mapped.family == NETADDR_NONE || netaddr_same(&side->mapped, &side->addr))
        return;
    known = ice_candidate_kind(ice, &side->mapped);
    sink_lit(s, "; the other one sees ");
    text_address(s, &side->mapped);
    sink_lit(s, " (");
    sink_text(s, netaddr_kind_name(netaddr_kind_of(&side->mapped)));
    sink_lit(s, ", ");
    sink_text(s, known ? known : "prflx");
    sink_char(s, ')');
}

static void write_media(struct sink *s, const struct ice_side *side)
{
    const char *before = "; sent ";
    for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        if (side->media[kind] == 0)
            continue;
        sink_text(s, before);
        sink_text(s, flow_kind_name((enum flow_kind)kind));
        sink_char(s, ' ');
        sink_uint(s, side->media[kind]);
        before = ", ";
    }
}

static void write_consent(struct sink *s, const struct ice_consent *consent)
{
    if (consent->asked == 0)
        return;
    sink_lit(s, "; consent ");
    sink_uint(s, consent->asked);
    sink_lit(s, " asked, ");
    sink_uint(s, consent->answered);
    sink_lit(s, " answered, longest gap ");
    text_thousandths(s, consent->longest_gap_ns / 1000000);
    sink_lit(s, " s");
    if (consent->lost == 0)
        return;
    sink_lit(s, ", LOST at ");
    sink_time(s, consent->lost_ns);
}

static void write_side(struct sink *s, const struct tally *t, const struct ice_pair *pair,
                       unsigned which)
{
    const struct ice_side *side = &pair->side[which];
    sink_lit(s, "        ");
    write_ufrag(s, &t->ice->sessions[pair->session].agent[which]);
    sink_lit(s, ": ");
    text_count(s, side->checks, "check", "checks");
    text_if(s, side->pings, "pings");
    text_if(s, side->again, "sent again");
    text_if(s, side->succeeded, "answered");
    text_if(s, side->failed, "refused");
    text_if(s, side->checks + side->pings - side->succeeded - side->failed, "without answer");
    text_if(s, side->nominating, "that nominate");
    text_if(s, side->keepalives, "keepalives");
    if (side->rtts > 0) {
        sink_lit(s, "; round trip ");
        text_thousandths(s, side->rtt_min_ns / 1000);
        sink_lit(s, " / ");
        text_thousandths(s, side->rtt_sum_ns / side->rtts / 1000);
        sink_lit(s, " / ");
        text_thousandths(s, side->rtt_max_ns / 1000);
        sink_lit(s, " ms (least, mean, most)");
    }
    write_mapped(s, t->ice, side);
    if (side->has_network)
        sink_printf(s, "; network %u cost %u", side->network_id, side->network_cost);
    write_media(s, side);
    if (pair->selection != ICE_NOT_SELECTED)
        write_consent(s, &side->consent);
    sink_char(s, '\n');
}

static void write_pair(struct sink *s, const struct tally *t, const struct ice_pair *pair)
{
    sink_text(s, pair->selection != ICE_NOT_SELECTED ? "    * " : "      ");
    text_iface(s, t, (uint32_t)pair->link);
    sink_text(s, pair->protocol == DATAGRAM_TCP ? " TCP " : " UDP ");
    write_end(s, t->ice, &pair->side[0]);
    sink_lit(s, " <-> ");
    write_end(s, t->ice, &pair->side[1]);
    if (pair->component > 1)
        sink_printf(s, ", component %u", pair->component);
    sink_lit(s, ": ");
    write_selection(s, pair);
    sink_char(s, '\n');
    for (unsigned which = 0; which < 2; which++)
        if (pair->side[which].checks + pair->side[which].pings + pair->side[which].keepalives +
                ice_side_media(&pair->side[which]) >
            0)
            write_side(s, t, pair, which);
}

static void write_nomination(struct sink *s, enum ice_nomination nomination)
{
    static const char *const texts[] = {
        "no nomination was captured",
        "nominated with its first check: aggressively, or the capture began later",
        "aggressive nomination",
        "regular nomination",
        "renomination",
    };
    sink_lit(s, "; ");
    sink_text(s, texts[nomination]);
}

static void write_session(struct sink *s, const struct tally *t, const struct ice_session *session)
{
    uint32_t shown = session->pairs < PAIRS_SHOWN ? session->pairs : PAIRS_SHOWN;
    sink_lit(s, "  ");
    write_agent(s, &session->agent[0]);
    sink_lit(s, " and ");
    write_agent(s, &session->agent[1]);
    sink_lit(s, ": ");
    text_count(s, session->pairs, "pair", "pairs");
    sink_lit(s, ", since ");
    sink_time(s, session->first_ns);
    if (session->last_ns > session->first_ns) {
        sink_lit(s, ", checks for ");
        text_thousandths(s, (session->last_ns - session->first_ns) / 1000000);
        sink_lit(s, " s");
    }
    write_nomination(s, (enum ice_nomination)session->nomination);
    sink_char(s, '\n');
    for (uint32_t i = 0; i < shown; i++)
        write_pair(s, t, &t->ice->pairs[t->ice->order[session->first_pair + i]]);
    if (session->pairs > shown)
        sink_printf(s, "      ... and %u more\n", session->pairs - shown);
}

void text_ice(struct sink *s, const struct tally *t)
{
    const struct ice *ice = t->ice;
    if (ice->session_count > 0)
        sink_lit(s, "\nICE sessions, by the two agents' username fragments\n");
    for (uint32_t i = 0; i < ice->session_count && i < TALLY_WRITE_ROWS_MAX; i++)
        write_session(s, t, &ice->sessions[i]);
    if (ice->session_count > TALLY_WRITE_ROWS_MAX)
        sink_printf(s, "  ... and %u more\n", ice->session_count - TALLY_WRITE_ROWS_MAX);
    if (ice->left_out > 0)
        sink_printf(s, "  %llu checks of still others were not followed\n",
                    (unsigned long long)ice->left_out);
}
