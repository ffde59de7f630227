/* What servers learned over the wanted path: the addresses that are meant to be seen. */
#include "verdict_private.h"

enum { EXITS_MAX = 256 };

/* All that is known of where this exchange went says that it was the wanted path. */
static bool went_as_wanted(const struct judging *g, const struct join_exchange *x)
{
    const struct wanted *wanted = &g->verdict->wanted;
    const struct join_flow *f = &g->join->flows[x->flow];
    const char *answer, *left = join_text(g->join, x->iface), *owner;
    uint32_t iface, mapped;
    judging_answer(g, x, &iface, &mapped);
    answer = join_text(g->join, iface);
    if (answer)
        return wanted_includes(wanted, answer);
    /* A socket that is bound to nothing has the address of the way that it last went. */
    owner = left && f->wildcard ? NULL : judging_owner(g, &f->local);
    return (left || owner) && (!left || wanted_includes(wanted, left)) &&
           (!owner || wanted_includes(wanted, owner));
}

void judge_exits(struct judging *g)
{
    struct verdict *v = g->verdict;
    for (size_t i = 0; i < g->join->flow_count; i++)
        g->facts[i] = (struct flow_fact){
            .answer_iface = JOIN_NONE, .mapped = JOIN_NONE, .answered_left = JOIN_NONE};
    for (size_t i = 0; i < g->join->exchange_count; i++) {
        const struct join_exchange *x = &g->join->exchanges[i];
        network_at_move(g->network, join_first_ns(g->join, x));
        judging_note_answer(g, x);
        if (v->wanted.count == 0 || !x->out || x->mapped == JOIN_NONE ||
            v->exit_count == EXITS_MAX || judging_is_bystanders(g, x) || judging_is_elsewhere(g, x))
            continue;
        struct netaddr mapped = g->join->addrs[x->mapped];
        mapped.port = 0;
        if (judging_is_wanted(g, &mapped))
            continue;
        if (!went_as_wanted(g, x) || !judging_room(g, &v->exits, v->exit_count, sizeof(*v->exits)))
            continue;
        v->exits[v->exit_count++] = mapped;
    }
}
