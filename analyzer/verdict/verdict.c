/* The verdict, step by step. */
#include "verdict_private.h"

#include <stdlib.h>

const char *verdict_result_name(enum verdict_result result)
{
    static const char *const names[] = {"clean", "leak", "fault", "unknown"};
    return names[result];
}

const char *verdict_learner_name(enum verdict_learner who)
{
    static const char *const names[] = {"server", "page", "network"};
    return names[who];
}

struct verdict *verdict_make(const struct run_folder *run, const struct join *join,
                             const struct sights *sights, const char *option)
{
    struct judging *g = calloc(1, sizeof(*g));
    struct verdict *v = calloc(1, sizeof(*v));
    bool good = false;
    if (!g || !v)
        goto out;
    g->run = run;
    g->join = join;
    g->sights = sights;
    g->verdict = v;
    g->key = siphash_fresh_key();
    g->network = v->network = network_at_new(run);
    g->facts = calloc(join->flow_count + 1, sizeof(*g->facts));
    v->leak_of = malloc((join->exchange_count + 1) * sizeof(*v->leak_of));
    if (!g->network || !g->facts || !v->leak_of)
        goto out;
    for (size_t i = 0; i < join->exchange_count; i++)
        v->leak_of[i] = JOIN_NONE;
    wanted_find(run, g->network, option, &v->wanted);
    judge_exits(g);
    judge_exchanges(g);
    judge_candidates(g);
    judge_disagreement(g);
    judge_dns(g);
    judge_result(g);
    good = !g->failed;
out:
    if (g)
        free(g->facts);
    free(g);
    if (good)
        return v;
    verdict_free(v);
    return NULL;
}

void verdict_free(struct verdict *verdict)
{
    if (!verdict)
        return;
    for (size_t i = 0; i < verdict->leak_count; i++) {
        free(verdict->leaks[i].why);
        free(verdict->leaks[i].basis);
    }
    for (size_t i = 0; i < verdict->fault_count; i++)
        free(verdict->faults[i].sentence);
    for (size_t i = 0; i < verdict->stranger_count; i++)
        free(verdict->strangers[i].sentence);
    free(verdict->sentence);
    free(verdict->exits);
    free(verdict->leaks);
    free(verdict->faults);
    free(verdict->strangers);
    free(verdict->dns);
    free(verdict->leak_of);
    network_at_free(verdict->network);
    free(verdict);
}
