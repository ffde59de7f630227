/* Makes and frees a join, and answers what is asked of it. */
#include "join.h"

#include <stdlib.h>

#include "join_private.h"

struct join *join_new(void)
{
    static const struct join_act unknown = {
        .process = JOIN_NONE,
        .call = JOIN_NONE,
        .rule = JOIN_NONE,
        .error = JOIN_NONE,
        .iface = JOIN_NONE,
        .address_iface = JOIN_NONE,
    };
    struct join *j = calloc(1, sizeof(*j));
    if (!j)
        return NULL;
    j->work = calloc(1, sizeof(*j->work));
    if (!j->work)
        goto failed;
    for (unsigned i = 0; i < JOIN_TEXT_CACHES; i++)
        j->work->text_cache[i] = JOIN_NONE;
    j->work->key = siphash_fresh_key();
    j->work->last_act = JOIN_NONE;
    j->work->sightings = sightings_new();
    if (!j->work->sightings)
        goto failed;
    (void)join_act_add(j, &unknown);
    if (j->act_count == 1)
        return j;
failed:
    join_free(j);
    return NULL;
}

static void free_work(struct join *j)
{
    struct join_work *w = j->work;
    if (!w)
        return;
    free(w->texts.slots);
    free(w->addrs.slots);
    free(w->acts.slots);
    free(w->processes.slots);
    free(w->flows.slots);
    free(w->exchanges.slots);
    free(w->own.slots);
    free(w->questions.slots);
    free(w->work);
    free(w->locals);
    free(w->covers);
    free(w->gone);
    free(w->pairs);
    sightings_free(w->sightings);
    free(w);
    j->work = NULL;
}

void join_free(struct join *j)
{
    if (!j)
        return;
    free_work(j);
    for (size_t i = 0; i < j->text_count; i++)
        free((char *)j->texts[i]);
    free(j->texts);
    free(j->messages);
    free(j->exchanges);
    free(j->flows);
    free(j->acts);
    free(j->processes);
    free(j->addrs);
    free(j->questions);
    free(j);
}

void join_set_run(struct join *j, uint64_t start_ns, uint64_t end_ns)
{
    j->work->start_ns = start_ns;
    j->work->end_ns = end_ns;
}

void join_set_all_covered(struct join *j)
{
    j->work->all_covered = true;
}

void join_set_later_covered(struct join *j, uint64_t end_ns)
{
    j->work->later_end_ns = end_ns;
}

bool join_is_own(const struct join *j, const struct netaddr *addr)
{
    return join_is_local(j, addr);
}

bool join_finish(struct join *j)
{
    bool whole;
    join_clock_finish(j);
    join_judge(j);
    whole = join_order(j) && !j->work->no_memory;
    free_work(j);
    return whole;
}

const char *join_outcome_name(enum join_outcome outcome)
{
    static const char *const names[] = {
#define JOIN_OUTCOME_ROW(ident, name, words) name,
        JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
    };
    return names[outcome];
}

const char *join_outcome_words(enum join_outcome outcome)
{
    static const char *const sentences[] = {
#define JOIN_OUTCOME_ROW(ident, name, words) words,
        JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
    };
    return sentences[outcome];
}

const char *join_text(const struct join *j, uint32_t index)
{
    return index < j->text_count ? j->texts[index] : NULL;
}

uint64_t join_first_ns(const struct join *j, const struct join_exchange *x)
{
    return j->messages[x->first_message].time_ns;
}

uint64_t join_last_ns(const struct join *j, const struct join_exchange *x)
{
    return j->messages[x->first_message + x->messages - 1].time_ns;
}
