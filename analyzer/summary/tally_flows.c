/* What else the flows with STUN carried: the ones with the most of it, and the ICE pairs' media. */
#include "tally_private.h"

#include <stdlib.h>

static uint64_t media_packets(const struct flow *flow)
{
    uint64_t sum = 0;
    for (int way = 0; way < 2; way++)
        for (int kind = 0; kind < FLOW_KIND_COUNT; kind++)
            if (kind != FLOW_STUN)
                sum += flow->packets[way][kind];
    return sum;
}

/* The most packets that are not STUN first; then as they began. */
static int by_media(const void *a, const void *b)
{
    const struct tally_flow *left = a;
    const struct tally_flow *right = b;
    uint64_t l = media_packets(&left->flow), r = media_packets(&right->flow);
    if (l != r)
        return l > r ? -1 : 1;
    if (left->flow.first_ns != right->flow.first_ns)
        return left->flow.first_ns < right->flow.first_ns ? -1 : 1;
    return 0;
}

/* A pair's media is counted on its own leg only: other legs carry the same packets. */
static void give_to_pair(struct tally *s, const struct flow *flow, uint32_t file, uint32_t iface)
{
    for (unsigned way = 0; way < 2; way++) {
        struct place place = {.src = flow->ends[way],
                              .dst = flow->ends[!way],
                              .protocol = flow->protocol,
                              .link = iface,
                              .file = file};
        for (enum flow_kind kind = 0; kind < FLOW_KIND_COUNT; kind++)
            if (kind != FLOW_STUN && kind != FLOW_CHANNEL_DATA && flow->packets[way][kind] > 0)
                ice_media(s->ice, &place, kind, flow->packets[way][kind]);
    }
}

void tally_take_flows(struct tally *s, struct table *flows, uint32_t file)
{
    uint32_t position = 0;
    struct flow *flow;
    in_order_flush(s->in_order);
    while ((flow = table_at(flows, &position))) {
        if (media_packets(flow) == 0 || flow->label != DATAGRAM_DIRECT)
            continue;
        uint32_t iface = tally_iface_of(s, file, flow->iface, flow->ifindex, flow->iface->name);
        give_to_pair(s, flow, file, iface);
        if (s->flow_count == TALLY_FLOWS_MAX) {
            s->flows_left_out++;
            continue;
        }
        struct tally_flow *kept = &s->flows[s->flow_count++];
        kept->flow = *flow;
        kept->iface = iface;
    }
    s->flows_left_out += table_evicted(flows);
}

void tally_finish_flows(struct tally *s)
{
    if (s->flow_count > 0)
        qsort(s->flows, s->flow_count, sizeof(*s->flows), by_media);
}
