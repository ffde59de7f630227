/* What servers learned over the wanted path: the addresses that are meant to be seen. */
#include "verdict_private.h"

enum { EXITS_MAX = 256 };

static void take_fact(struct judging *g, const struct join_exchange *x)
{
    struct flow_fact *fact = &g->facts[x->flow];
    if (!x->out)
        return; /* the other end asked: what our answers tell is its address */
    if (fact->mapped == JOIN_NONE)
        fact->mapped = x->mapped;
    for (uint32_t i = 0; i < x->messages && fact->answer_iface == JOIN_NONE; i++) {
        const struct join_message *m = &g->join->messages[x->first_message + i];
        if (!m->out)
            fact->answer_iface = m->wire_iface;
    }
}

/* All that is known of where this exchange went says that it was the wanted path. */
static bool went_as_wanted(const struct judging *g, const struct join_exchange *x)
{
    const struct wanted *wanted = &g->verdict->wanted;
    const struct join_flow *f = &g->join->flows[x->flow];
    const char *answer = join_text(g->join, g->facts[x->flow].answer_iface);
    const char *left = join_text(g->join, x->iface), *owner;
    if (answer)
        return wanted_includes(wanted, answer);
    owner = network_at_owner(g->network, &f->local);
    return (left || owner) && (!left || wanted_includes(wanted, left)) &&
           (!owner || wanted_includes(wanted, owner));
}

void judge_exits(struct judging *g)
{
    struct verdict *v = g->verdict;
    for (size_t i = 0; i < g->join->flow_count; i++)
        g->facts[i] = (struct flow_fact){.answer_iface = JOIN_NONE, .mapped = JOIN_NONE};
    for (size_t i = 0; i < g->join->exchange_count; i++)
        take_fact(g, &g->join->exchanges[i]);
    for (size_t i = 0; v->wanted.count > 0 && i < g->join->exchange_count; i++) {
        const struct join_exchange *x = &g->join->exchanges[i];
        if (!x->out || x->mapped == JOIN_NONE || v->exit_count == EXITS_MAX)
            continue;
        struct netaddr mapped = g->join->addrs[x->mapped];
        mapped.port = 0;
        if (judging_is_wanted(g, &mapped))
            continue;
        network_at_move(g->network, join_first_ns(g->join, x));
        if (!went_as_wanted(g, x) || !judging_room(g, &v->exits, v->exit_count, sizeof(*v->exits)))
            continue;
        v->exits[v->exit_count++] = mapped;
    }
}
