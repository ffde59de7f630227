/* Where the two witnesses disagree: what was refused and left all the same, and what left without
 * the shim's knowledge. */
#include "verdict_private.h"

#include <stdio.h>

static void judge_fault(struct judging *g, uint32_t number)
{
    const struct join_exchange *x = &g->join->exchanges[number];
    const struct join_flow *f = &g->join->flows[x->flow];
    const struct join_act *act = &g->join->acts[x->act];
    struct verdict *v = g->verdict;
    const char *iface = join_text(g->join, x->iface);
    uint64_t words[6] = {act->process, f->protocol, judging_text_word(g, iface)};
    char who[32], remote[NETADDR_TEXT_BYTES];
    bool fresh;
    judging_address_words(&f->remote, true, words + 3);
    size_t i = judging_find(g, JUDGING_FAULT, words, 6, v->fault_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        const char *rule = join_text(g->join, act->rule);
        if (!judging_room(g, &v->faults, v->fault_count, sizeof(*v->faults)))
            return;
        v->faults[v->fault_count++] = (struct verdict_fault){
            .sentence = judging_text(
                g, "The policy refused what %s sent to %s%s%s%s, yet it was on the wire of %s.",
                judging_who(g, act->process, who, sizeof(who)),
                netaddr_format(&f->remote, remote, sizeof(remote)), rule ? " (rule " : "",
                rule ? rule : "", rule ? ")" : "", iface ? iface : "an unknown interface"),
            .exchange = number,
            .process = act->process,
            .iface = iface,
            .outcome = x->outcome,
        };
    }
    judging_evidence(g, x, &v->faults[i].evidence);
}

static const char *doubt(const struct judging *g, const struct join_exchange *x)
{
    uint64_t at = join_first_ns(g->join, x);
    if (!x->doubtful)
        return "";
    if (g->run->start_ns && at < g->run->start_ns)
        return " That was before the run began.";
    if (g->run->end_ns && at > g->run->end_ns)
        return " That was after the run had ended.";
    if (g->join->events_lost > 0)
        return " Events of the shim's were lost, and these may be among them.";
    return " It may have been asked through the shim all the same.";
}

/* Who it was, and what follows from that. */
static char *stranger_sentence(struct judging *g, const struct join_exchange *x,
                               const struct verdict_stranger *s)
{
    const struct join_flow *f = &g->join->flows[x->flow];
    char who[32], remote[NETADDR_TEXT_BYTES], pid[32] = "";
    const char *name = judging_who(g, s->process, who, sizeof(who));
    const char *over = s->iface ? s->iface : "an unknown interface";
    (void)netaddr_format(&f->remote, remote, sizeof(remote));
    if (s->process < g->join->process_count && g->join->processes[s->process].pid != 0)
        (void)snprintf(pid, sizeof(pid), " (pid %u)", (unsigned)g->join->processes[s->process].pid);
    if (s->process == JOIN_NONE || (pid[0] == '\0' && s->belongs == JOIN_BELONGS_UNKNOWN))
        return judging_text(
            g,
            "STUN to %s left over %s, and no event of the shim stands for it; which "
            "program sent it is not known.%s",
            remote, over, doubt(g, x));
    if (s->belongs == JOIN_BELONGS_NOT)
        return judging_text(
            g,
            "%s%s, another program on this machine, sent STUN to %s over %s. That is "
            "nothing of this run's.%s",
            name, pid, remote, over, doubt(g, x));
    return judging_text(g, "%s%s sent STUN to %s over %s, and the shim did not see it: %s.%s", name,
                        pid, remote, over,
                        s->uncovered ? "it runs without the shim"
                                     : "it did not call the C library's functions",
                        doubt(g, x));
}

static void add_flow(struct verdict_stranger *s, const struct join *j, uint32_t flow)
{
    for (unsigned i = 0; i < s->flow_count; i++)
        if (s->flows[i] == flow ||
            (netaddr_same(&j->flows[s->flows[i]].remote, &j->flows[flow].remote) &&
             j->flows[s->flows[i]].protocol == j->flows[flow].protocol))
            return;
    if (s->flow_count < VERDICT_FLOWS_MAX)
        s->flows[s->flow_count++] = flow;
}

static void judge_stranger(struct judging *g, uint32_t number)
{
    const struct join_exchange *x = &g->join->exchanges[number];
    const struct join_act *act = &g->join->acts[x->act];
    struct verdict *v = g->verdict;
    const char *iface = join_text(g->join, x->iface);
    uint64_t words[3] = {act->process, judging_text_word(g, iface), x->doubtful};
    bool fresh;
    size_t i = judging_find(g, JUDGING_STRANGER, words, 3, v->stranger_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        if (!judging_room(g, &v->strangers, v->stranger_count, sizeof(*v->strangers)))
            return;
        struct verdict_stranger *s = &v->strangers[v->stranger_count++];
        *s = (struct verdict_stranger){.process = act->process,
                                       .belongs = act->process < g->join->process_count
                                                      ? g->join->processes[act->process].belongs
                                                      : JOIN_BELONGS_UNKNOWN,
                                       .uncovered = judging_uncovered(g, act->process),
                                       .iface = iface,
                                       .first_ns = join_first_ns(g->join, x)};
        s->sentence = stranger_sentence(g, x, s);
    }
    add_flow(&v->strangers[i], g->join, x->flow);
    v->strangers[i].messages += x->messages;
    judging_evidence(g, x, &v->strangers[i].evidence);
}

void judge_disagreement(struct judging *g)
{
    for (uint32_t i = 0; i < g->join->exchange_count && !g->failed; i++) {
        if (g->join->exchanges[i].outcome == JOIN_BLOCKED_ON_WIRE)
            judge_fault(g, i);
        else if (g->join->exchanges[i].outcome == JOIN_UNSEEN)
            judge_stranger(g, i);
    }
}
