/* Follows checks, their answers and what else a pair carries. */
#include "bytes.h"
#include "ice_consent.h"
#include "ice_private.h"

/* libwebrtc's NOMINATION has this number too; it stands in place of USE-CANDIDATE. */
#define NOMINATION STUN_ATTR_ENF_FLOW_DESCRIPTION

/* What a transaction's `use` holds of its check. */
enum {
    USE_SIDE = 1,
    USE_NOMINATES = 2,
    USE_NUMBERED = 4,
    USE_PING = 8,
};

/* --- checks ----------------------------------------------------------------------------------- */

static void take_role(struct ice_agent *agent, const struct stun_msg *msg)
{
    struct stun_attr attr;
    struct stun_value value;
    uint8_t role = stun_find_attr(msg, STUN_ATTR_ICE_CONTROLLING, &attr)  ? ICE_CONTROLLING
                   : stun_find_attr(msg, STUN_ATTR_ICE_CONTROLLED, &attr) ? ICE_CONTROLLED
                                                                          : ICE_ROLE_UNKNOWN;
    if (role == ICE_ROLE_UNKNOWN || stun_decode_value(msg, &attr, &value) != STUN_OK)
        return;
    agent->role_changes += agent->role != ICE_ROLE_UNKNOWN && agent->role != role;
    agent->role = role;
    agent->tie_breaker = value.as.u64;
}

/* What the check says of its sender's candidate. */
static void take_candidate(struct ice_pair *pair, struct ice_side *side, const struct stun_msg *msg)
{
    struct stun_attr attr;
    struct stun_value value;
    if (stun_find_attr(msg, STUN_ATTR_PRIORITY, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        side->priority = value.as.u32;
        /* RFC 8445 section 5.1.2.1: the last eight bits are 256 - component. */
        pair->component = (uint16_t)(256 - (value.as.u32 & 0xff));
    }
    if (stun_find_attr(msg, STUN_ATTR_GOOG_NETWORK_INFO, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        side->has_network = true;
        side->network_id = value.as.network.id;
        side->network_cost = value.as.network.cost;
    }
}

/* USE_NOMINATES, USE_NUMBERED. */
static uint8_t nomination_in(const struct stun_msg *msg, uint32_t *number)
{
    struct stun_attr attr, role;
    if (stun_find_attr(msg, NOMINATION, &attr) && attr.len == 4 &&
        stun_find_attr(msg, STUN_ATTR_ICE_CONTROLLING, &role)) {
        *number = be32(attr.value);
        if (*number > 0)
            return USE_NOMINATES | USE_NUMBERED;
    }
    return stun_find_attr(msg, STUN_ATTR_USE_CANDIDATE, &attr) ? USE_NOMINATES : 0;
}

static void take_relay(struct ice_pair *pair, const struct relayed *relayed, unsigned sender)
{
    if (!relayed)
        return;
    struct ice_side *user = &pair->side[relayed->from_client ? sender : !sender];
    user->turn_client = relayed->client;
    user->turn_server = relayed->server;
}

static void count_check(struct ice_pair *pair, unsigned sender, uint8_t use, uint64_t now_ns)
{
    struct ice_side *side = &pair->side[sender];
    if (use & USE_PING)
        side->pings++;
    else if (side->checks++ == 0)
        side->first_nominates = use & USE_NOMINATES;
    side->nominating += (use & USE_NOMINATES) != 0;
    ice_consent_asked(&side->consent, now_ns);
    if (now_ns > pair->last_ns)
        pair->last_ns = now_ns;
}

/* libwebrtc asks without a USERNAME once the other agent is known to understand it. */
static void take_ping(struct ice *ice, const struct place *place, struct transaction *t)
{
    struct ice_pair *pair = ice_latest_pair(ice, place);
    if (!pair)
        return;
    unsigned sender = netaddr_same(&pair->side[0].addr, &place->src) ? 0 : 1;
    t->use = (uint8_t)(sender | USE_PING);
    t->owner = (uint32_t)(pair - ice->pairs) + 1;
    count_check(pair, sender, t->use, place->time_ns);
}

void ice_request(struct ice *ice, const struct stun_msg *msg, const struct place *place,
                 const struct relayed *relayed, struct transaction *t)
{
    struct ice_ufrags ufrags;
    unsigned sender;
    uint32_t number = 0;
    if (msg->method == STUN_METHOD_GOOG_PING) {
        take_ping(ice, place, t);
        return;
    }
    if (!ice_read_ufrags(msg, &ufrags))
        return;
    int64_t found = ice_session_of(ice, &ufrags, place->time_ns, &sender);
    struct ice_pair *pair = found < 0 ? NULL : ice_pair_of(ice, place, (uint32_t)found, sender);
    if (!pair) {
        ice->left_out++;
        return;
    }
    struct ice_session *session = &ice->sessions[found];
    struct ice_agent *agent = &session->agent[sender];
    take_role(agent, msg);
    agent->left |= place->direction == PACKET_OUT;
    agent->came |= place->direction == PACKET_IN;
    take_candidate(pair, &pair->side[sender], msg);
    take_relay(pair, relayed, sender);
    t->use = (uint8_t)(sender | nomination_in(msg, &number));
    t->owner = (uint32_t)(pair - ice->pairs) + 1;
    if (t->use & USE_NUMBERED && number > pair->nomination) {
        pair->nomination = number;
        pair->numbered = true;
    }
    count_check(pair, sender, t->use, place->time_ns);
    if (place->time_ns > session->last_ns)
        session->last_ns = place->time_ns;
}

void ice_request_again(struct ice *ice, const struct transaction *t)
{
    if (t->owner != 0)
        ice_owner(ice, t->owner)->side[t->use & USE_SIDE].again++;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void add_rtt(struct ice_side *side, const struct transaction *t)
{
    uint64_t ns;
    if (!transaction_rtt(t, &ns))
        return;
    if (side->rtts == 0 || ns < side->rtt_min_ns)
        side->rtt_min_ns = ns;
    if (ns > side->rtt_max_ns)
        side->rtt_max_ns = ns;
    side->rtt_sum_ns += ns;
    side->rtts++;
}

static void nominated(struct ice_pair *pair, uint64_t now_ns)
{
    if (pair->nominated_ns == 0) {
        pair->nominated_ns = now_ns;
        ice_consent_begin(&pair->side[0].consent, now_ns);
        ice_consent_begin(&pair->side[1].consent, now_ns);
    }
    if (now_ns > pair->nominated_last_ns)
        pair->nominated_last_ns = now_ns;
}

void ice_answer(struct ice *ice, const struct transaction *t)
{
    if (t->owner == 0)
        return;
    struct ice_pair *pair = ice_owner(ice, t->owner);
    struct ice_side *side = &pair->side[t->use & USE_SIDE];
    if (t->answer != TRANSACTION_SUCCEEDED) {
        side->failed++;
        if (t->error_code == 487)
            ice->sessions[pair->session].agent[t->use & USE_SIDE].conflicts++;
        return;
    }
    side->succeeded++;
    add_rtt(side, t);
    ice_consent_answered(&side->consent, t->asked_ns, t->answered_ns);
    if (pair->success_ns == 0)
        pair->success_ns = t->answered_ns;
    if (t->mapped.family != NETADDR_NONE && !netaddr_same(&t->mapped, &side->mapped)) {
        side->mapped = t->mapped;
        /* RFC 8445 section 7.2.5.3.1 */
        ice->reflexive_found +=
            !netaddr_same(&t->mapped, &side->addr) && !ice_candidate_kind(ice, &t->mapped);
    }
    if (t->use & USE_NOMINATES)
        nominated(pair, t->answered_ns);
    else if (!(t->use & USE_PING))
        side->plain_success = true;
}

void ice_mark_relayed(struct ice *ice, const struct place *place, const struct relayed *relayed)
{
    struct ice_pair *pair = ice_latest_pair(ice, place);
    if (!pair)
        return;
    unsigned sender = netaddr_same(&pair->side[0].addr, &place->src) ? 0 : 1;
    take_relay(pair, relayed, sender);
}

/* --- what else a pair carries ----------------------------------------------------------------- */

void ice_indication(struct ice *ice, const struct place *place)
{
    struct ice_pair *pair = ice_latest_pair(ice, place);
    if (pair)
        pair->side[netaddr_same(&pair->side[0].addr, &place->src) ? 0 : 1].keepalives++;
}

void ice_media(struct ice *ice, const struct place *place, enum flow_kind kind, uint64_t count)
{
    /* Legs of one path carry the same packets: those of a merged pair stay with it and are not
     * told. */
    struct ice_pair *pair = ice_pair_at(ice, place);
    if (pair)
        pair->side[netaddr_same(&pair->side[0].addr, &place->src) ? 0 : 1].media[kind] += count;
}

uint64_t ice_side_media(const struct ice_side *side)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < FLOW_KIND_COUNT; kind++)
        sum += side->media[kind];
    return sum;
}
