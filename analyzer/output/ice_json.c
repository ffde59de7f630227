/* Writes the ICE sessions of a capture as JSON. */
#include "tally_parts.h"
#include "tally_write.h"

static void write_agent(struct sink *s, const struct ice_agent *agent)
{
    sink_lit(s, "{\"ufrag\":");
    sink_json_string(s, agent->ufrag, agent->ufrag_len);
    if (agent->ufrag_cut)
        sink_lit(s, ",\"ufrag_cut\":true");
    json_text(s, "role", ice_role_name((enum ice_role)agent->role));
    if (agent->role != ICE_ROLE_UNKNOWN) {
        sink_lit(s, ",\"tie_breaker\":\"0x");
        sink_hex(s, agent->tie_breaker, 16);
        sink_char(s, '"');
    }
    if (agent->left != agent->came)
        json_text(s, "checks", agent->left ? "out" : "in");
    json_next(s, "role_changes", agent->role_changes);
    json_next(s, "conflicts", agent->conflicts);
    sink_char(s, '}');
}

/* What the other agent said of the address that it sees. */
static void write_mapped(struct sink *s, struct ice *ice, const struct ice_side *side)
{
    const char *known;
    if (side->mapped.family == NETADDR_NONE)
        return;
    sink_lit(s, ",\"mapped\":{");
    json_address(s, &side->mapped);
    json_text(s, "kind", netaddr_kind_name(netaddr_kind_of(&side->mapped)));
    known = ice_candidate_kind(ice, &side->mapped);
    if (!netaddr_same(&side->mapped, &side->addr))
        json_text(s, "candidate_type", known ? known : "prflx");
    sink_char(s, '}');
}

static void write_media(struct sink *s, const struct ice_side *side)
{
    bool first = true;
    sink_lit(s, ",\"media\":{");
    for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        if (side->media[kind] == 0)
            continue;
        if (!first)
            sink_char(s, ',');
        json_number(s, flow_kind_name((enum flow_kind)kind), side->media[kind]);
        first = false;
    }
    sink_char(s, '}');
}

static void write_consent(struct sink *s, const struct ice_consent *consent)
{
    sink_lit(s, ",\"consent\":{");
    json_number(s, "asked", consent->asked);
    json_next(s, "answered", consent->answered);
    json_next(s, "longest_gap_ms", consent->longest_gap_ns / 1000000);
    json_next(s, "lost", consent->lost);
    if (consent->lost > 0)
        json_time(s, "lost_at", consent->lost_ns);
    sink_char(s, '}');
}

static void write_side(struct sink *s, struct ice *ice, const struct ice_pair *pair, unsigned which)
{
    const struct ice_side *side = &pair->side[which];
    const char *known = ice_candidate_kind(ice, &side->addr);
    if (side->turn_server.family != NETADDR_NONE)
        known = "relay";
    sink_char(s, '{');
    json_address(s, &side->addr);
    if (known)
        json_text(s, "candidate_type", known);
    if (side->turn_server.family != NETADDR_NONE) {
        sink_lit(s, ",\"relay\":{\"client\":{");
        json_address(s, &side->turn_client);
        sink_lit(s, "},\"server\":{");
        json_address(s, &side->turn_server);
        sink_lit(s, "}}");
    }
    write_mapped(s, ice, side);
    if (side->priority != 0) {
        json_next(s, "priority", side->priority);
        json_text(s, "priority_type", stun_candidate_type(side->priority));
    }
    if (side->has_network) {
        json_next(s, "network_id", side->network_id);
        json_next(s, "network_cost", side->network_cost);
    }
    json_next(s, "checks", side->checks);
    json_next(s, "pings", side->pings);
    json_next(s, "answered", side->succeeded);
    json_next(s, "failed", side->failed);
    json_next(s, "unanswered", side->checks + side->pings - side->succeeded - side->failed);
    json_next(s, "retransmissions", side->again);
    json_next(s, "nominating", side->nominating);
    json_next(s, "keepalives", side->keepalives);
    if (side->rtts > 0) {
        sink_lit(s, ",\"rtt_us\":{");
        json_number(s, "min", side->rtt_min_ns / 1000);
        json_next(s, "mean", side->rtt_sum_ns / side->rtts / 1000);
        json_next(s, "max", side->rtt_max_ns / 1000);
        sink_char(s, '}');
    }
    write_media(s, side);
    if (pair->selection != ICE_NOT_SELECTED && side->consent.asked > 0)
        write_consent(s, &side->consent);
    sink_char(s, '}');
}

static void write_pair(struct sink *s, const struct tally *t, const struct ice_pair *pair)
{
    sink_lit(s, "{\"in_iface\":");
    json_iface(s, t, (uint32_t)pair->link);
    json_next(s, "interface", pair->link);
    json_text(s, "proto", pair->protocol == DATAGRAM_TCP ? "TCP" : "UDP");
    if (pair->component != 0)
        json_next(s, "component", pair->component);
    json_time(s, "first", pair->first_ns);
    json_time(s, "last", pair->last_ns);
    json_text(s, "selected_by", ice_selection_name((enum ice_selection)pair->selection));
    json_time(s, "valid", pair->success_ns);
    json_time(s, "nominated", pair->nominated_ns);
    if (pair->numbered)
        json_next(s, "nomination_number", pair->nomination);
    sink_lit(s, ",\"sides\":[");
    write_side(s, t->ice, pair, 0);
    sink_char(s, ',');
    write_side(s, t->ice, pair, 1);
    sink_lit(s, "]}");
}

static void write_session(struct sink *s, const struct tally *t, const struct ice_session *session,
                          uint32_t *room)
{
    uint32_t pairs = session->pairs < *room ? session->pairs : *room;
    *room -= pairs;
    sink_lit(s, "{\"agents\":[");
    write_agent(s, &session->agent[0]);
    sink_char(s, ',');
    write_agent(s, &session->agent[1]);
    sink_char(s, ']');
    json_time(s, "first", session->first_ns);
    json_time(s, "last", session->last_ns);
    json_text(s, "nomination", ice_nomination_name((enum ice_nomination)session->nomination));
    sink_lit(s, ",\"pairs\":[");
    for (uint32_t i = 0; i < pairs; i++) {
        if (i)
            sink_char(s, ',');
        write_pair(s, t, &t->ice->pairs[t->ice->order[session->first_pair + i]]);
    }
    sink_char(s, ']');
    json_next(s, "pairs_left_out", session->pairs - pairs);
    sink_char(s, '}');
}

void json_ice(struct sink *s, struct tally *t)
{
    const struct ice *ice = t->ice;
    uint32_t sessions =
        ice->session_count < TALLY_WRITE_ROWS_MAX ? ice->session_count : TALLY_WRITE_ROWS_MAX;
    uint32_t room = TALLY_WRITE_PAIRS_MAX;
    sink_lit(s, ",\"ice\":{\"sessions\":[");
    for (uint32_t i = 0; i < sessions; i++) {
        if (i)
            sink_char(s, ',');
        write_session(s, t, &ice->sessions[i], &room);
    }
    sink_char(s, ']');
    json_next(s, "sessions_left_out", ice->session_count - sessions);
    json_next(s, "checks_left_out", ice->left_out);
    json_next(s, "relayed", t->relayed);
    sink_char(s, '}');
}
