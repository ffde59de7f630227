/* DNS questions that went past the wanted path: whoever answers them learns where this machine
 * goes.
 */
#include "verdict_private.h"

#include <string.h>

static bool same_name(const char *a, const char *b)
{
    return a && b && strcasecmp(a, b) == 0;
}

/* Who in the run asked for this name, by whatever way. */
static const struct sights_question *asked_for(const struct judging *g, const char *name)
{
    for (size_t i = 0; i < g->sights->question_count; i++)
        if (same_name(g->sights->questions[i].question, name))
            return &g->sights->questions[i];
    return NULL;
}

static struct verdict_dns *row_of(struct judging *g, const char *question,
                                  const struct netaddr *server, const char *iface)
{
    struct verdict *v = g->verdict;
    uint64_t words[5] = {judging_text_word(g, question), judging_text_word(g, iface)};
    bool fresh;
    judging_address_words(server, false, words + 2);
    size_t i = judging_find(g, JUDGING_DNS, words, 5, v->dns_count, &fresh);
    if (i == SIZE_MAX)
        return NULL;
    if (!fresh)
        return &v->dns[i];
    if (!judging_room(g, &v->dns, v->dns_count, sizeof(*v->dns)))
        return NULL;
    v->dns[v->dns_count] = (struct verdict_dns){
        .question = question, .server = *server, .iface = iface, .process = JOIN_NONE};
    return &v->dns[v->dns_count++];
}

static void from_wire(struct judging *g, const struct join_question *q)
{
    const char *iface = join_text(g->join, q->iface), *name = join_text(g->join, q->name);
    const struct sights_question *asked;
    struct verdict_dns *row;
    if (!iface || wanted_includes(&g->verdict->wanted, iface))
        return;
    row = row_of(g, name, &q->server, iface);
    if (!row)
        return;
    row->iface_source = JOIN_CAPTURE;
    row->count += q->count;
    asked = asked_for(g, name);
    /* It went there for sure; that it is the run's is only sure of a name that the run asked for.
     */
    row->sure = asked != NULL;
    if (asked && row->process == JOIN_NONE) {
        row->process = judging_process(g, asked->pid);
        judging_evidence_events(&asked->events, &row->evidence);
    }
    if (q->first_frame != 0 && q->first_frame <= UINT32_MAX &&
        row->evidence.frame_count < VERDICT_EVIDENCE_MAX)
        row->evidence.frames[row->evidence.frame_count++] = (uint32_t)q->first_frame;
    if (q->count > 1)
        row->evidence.more += q->count - 1;
}

/* Where the wire has questions of this name, it knows better. */
static bool wire_has(const struct judging *g, const char *name)
{
    for (size_t i = 0; i < g->join->question_count; i++)
        if (same_name(join_text(g->join, g->join->questions[i].name), name))
            return true;
    return false;
}

static void from_shim(struct judging *g, const struct sights_question *q)
{
    struct verdict_dns *row;
    if (q->refused || !q->iface || wanted_includes(&g->verdict->wanted, q->iface) ||
        netaddr_kind_of(&q->server) == NETADDR_KIND_LOOPBACK || wire_has(g, q->question))
        return;
    row = row_of(g, q->question, &q->server, q->iface);
    if (!row)
        return;
    row->iface_source = q->iface_source;
    row->count += q->events.total;
    row->process = judging_process(g, q->pid);
    judging_evidence_events(&q->events, &row->evidence);
}

void judge_dns(struct judging *g)
{
    if (g->verdict->wanted.count == 0)
        return;
    for (size_t i = 0; i < g->join->question_count && !g->failed; i++)
        from_wire(g, &g->join->questions[i]);
    for (size_t i = 0; i < g->sights->question_count && !g->failed; i++)
        from_shim(g, &g->sights->questions[i]);
}
