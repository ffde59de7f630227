/* Makes one pair of two that turned out to be legs of one path. */
#include "ice_private.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void absorb_rtts(struct ice_side *into, const struct ice_side *from)
{
    if (from->rtts == 0)
        return;
    into->rtt_min_ns = into->rtts == 0 || from->rtt_min_ns < into->rtt_min_ns ? from->rtt_min_ns
                                                                              : into->rtt_min_ns;
    into->rtt_max_ns = later(into->rtt_max_ns, from->rtt_max_ns);
    into->rtt_sum_ns += from->rtt_sum_ns;
    into->rtts += from->rtts;
}

/* Checks of the two were different ones, or they would have joined the legs; media is the same. */
static void absorb_side(struct ice_side *into, const struct ice_side *from)
{
    if (from->checks > 0) /* the leg that was there before */
        into->first_nominates = from->first_nominates;
    if (into->priority == 0)
        into->priority = from->priority;
    if (into->turn_server.family == NETADDR_NONE) {
        into->turn_server = from->turn_server;
        into->turn_client = from->turn_client;
    }
    if (into->mapped.family == NETADDR_NONE)
        into->mapped = from->mapped;
    into->checks += from->checks;
    into->pings += from->pings;
    into->succeeded += from->succeeded;
    into->failed += from->failed;
    into->again += from->again;
    into->keepalives += from->keepalives;
    into->nominating += from->nominating;
    into->plain_success |= from->plain_success;
    into->consent.asked += from->consent.asked;
    into->consent.answered += from->consent.answered;
    into->consent.last_ns = later(into->consent.last_ns, from->consent.last_ns);
    absorb_rtts(into, from);
}

void ice_join(struct ice *ice, const struct place *copy, const struct place *first)
{
    struct ice_pair *from = ice_pair_at(ice, copy), *into = ice_latest_pair(ice, first);
    if (!from || !into || from == into || from->merged_into != 0 || from->session != into->session)
        return;
    for (unsigned which = 0; which < 2; which++)
        absorb_side(&into->side[which], &from->side[which]);
    into->first_ns = earlier(into->first_ns, from->first_ns);
    into->last_ns = later(into->last_ns, from->last_ns);
    into->success_ns = earlier(into->success_ns, from->success_ns);
    into->nominated_ns = earlier(into->nominated_ns, from->nominated_ns);
    into->nominated_last_ns = later(into->nominated_last_ns, from->nominated_last_ns);
    into->component = into->component ? into->component : from->component;
    from->merged_into = (uint32_t)(into - ice->pairs) + 1;
    ice->sessions[into->session].pairs--;
}
