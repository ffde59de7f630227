/* What it all adds up to: the order of the leaks, how many addresses, and one sentence. */
#include "verdict_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- order --- */

struct place {
    const struct verdict_leak *leak;
    uint32_t was;
};

static int by_weight(const void *a, const void *b)
{
    const struct verdict_leak *x = ((const struct place *)a)->leak;
    const struct verdict_leak *y = ((const struct place *)b)->leak;
    if (x->sure != y->sure)
        return x->sure ? -1 : 1;
    if (x->who != y->who)
        return x->who < y->who ? -1 : 1;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return ((const struct place *)a)->was < ((const struct place *)b)->was ? -1 : 1;
}

static void sort_leaks(struct judging *g)
{
    struct verdict *v = g->verdict;
    struct place *places = calloc(v->leak_count + 1, sizeof(*places));
    struct verdict_leak *sorted = calloc(v->leak_count + 1, sizeof(*sorted));
    uint32_t *now = calloc(v->leak_count + 1, sizeof(*now));
    if (!places || !sorted || !now) {
        g->failed = true;
        goto out;
    }
    for (uint32_t i = 0; i < v->leak_count; i++)
        places[i] = (struct place){&v->leaks[i], i};
    qsort(places, v->leak_count, sizeof(*places), by_weight);
    for (uint32_t i = 0; i < v->leak_count; i++) {
        sorted[i] = *places[i].leak;
        now[places[i].was] = i;
    }
    if (v->leak_count > 0)
        memcpy(v->leaks, sorted, v->leak_count * sizeof(*sorted));
    for (size_t i = 0; i < g->join->exchange_count; i++)
        if (v->leak_of[i] != JOIN_NONE)
            v->leak_of[i] = now[v->leak_of[i]];
out:
    free(places);
    free(sorted);
    free(now);
}

/* --- numbers --- */

static bool same_address(const struct verdict_leak *a, const struct verdict_leak *b)
{
    if (a->address.family == NETADDR_NONE || b->address.family == NETADDR_NONE)
        return a->address.family == b->address.family && a->iface && b->iface &&
               strcmp(a->iface, b->iface) == 0;
    return netaddr_same_ip(&a->address, &b->address);
}

/* Sure ones come first, so that an address is counted as what it is most. */
static void count_addresses(struct verdict *v)
{
    for (size_t i = 0; i < v->leak_count; i++) {
        size_t k = 0;
        while (k < i && !same_address(&v->leaks[k], &v->leaks[i]))
            k++;
        if (k == i)
            (*(v->leaks[i].sure ? &v->sure : &v->likely))++;
    }
}

static void count_uncovered(struct judging *g)
{
    for (size_t i = 0; i < g->run->process_count; i++)
        if (!g->run->processes[i].covered && g->run->processes[i].used_socket != 0)
            g->verdict->uncovered++;
}

/* --- the sentence --- */

static const char *plural(size_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

static void count_around(struct verdict *v)
{
    for (size_t i = 0; i < v->stranger_count; i++)
        v->around += v->strangers[i].belongs != JOIN_BELONGS_NOT;
}

static void say_path(const struct verdict *v, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < v->wanted.count && used < size; i++)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i ? " and " : "", v->wanted.names[i]);
}

/* A file of which lines could not be read. What stood in them is not known. */
static bool is_damaged(const struct run_folder *run)
{
    for (size_t i = 0; i < run->damage_count; i++)
        if (strcmp(run->damages[i].file, RUN_WIRE_FILE) != 0)
            return true;
    return run->damages_left_out > 0;
}

/* Of the shim's word. Where the wire shows all that left, it is not needed. NULL: nothing. */
static char *what_the_shim_missed(struct judging *g)
{
    const struct run_folder *run = g->run;
    const struct join *j = g->join;
    const char *wire = run->capture.there || j->wire.packets > 0 ? "not everything was captured"
                                                                 : "nothing was captured";
    uint64_t lost = j->events_lost + run->events_unwritten;
    if (lost > 0)
        return judging_text(g, "%llu %s lost, and %s", (unsigned long long)lost,
                            plural((size_t)lost, "event was", "events were"), wire);
    if (g->verdict->uncovered > 0)
        return judging_text(g, "%zu %s with sockets ran without the shim, and %s",
                            g->verdict->uncovered,
                            plural(g->verdict->uncovered, "process", "processes"), wire);
    if (is_damaged(run))
        return judging_text(g, "the run's files are damaged, and %s", wire);
    return NULL;
}

static size_t count_elsewhere(const struct judging *g)
{
    size_t count = 0;
    for (size_t i = 0; i < g->join->exchange_count; i++)
        count += judging_is_elsewhere(g, &g->join->exchanges[i]);
    return count;
}

/* Nothing leaked as far as was seen. Was everything seen? NULL: yes. */
static char *what_is_missing(struct judging *g)
{
    const struct verdict *v = g->verdict;
    size_t elsewhere = count_elsewhere(g);
    if (!g->run->has_json)
        return judging_text(g, "there is no run.json that could be read");
    if (!g->run->complete)
        return judging_text(g, "the record ends before the run did");
    if (g->join->exchange_count == 0 && g->run->damage_count > 0)
        return judging_text(g, "the run's files are damaged, and no STUN could be read from them");
    if (g->join->left_out > 0 || g->sights->left_out > 0 || v->left_out > 0)
        return judging_text(g, "there was more than can be judged");
    if (elsewhere > 0)
        return judging_text(
            g, "%zu STUN %s made in another network namespace, whose ways are not known", elsewhere,
            plural(elsewhere, "exchange was", "exchanges were"));
    if (!g->join->wire.whole) {
        char *missed = what_the_shim_missed(g);
        if (missed)
            return missed;
    }
    if (v->wanted.missing)
        return judging_text(g, "the run had no interface %s", v->wanted.names[0]);
    return NULL;
}

static void say_leaks(struct judging *g, const char *path, char *out, size_t size)
{
    const struct verdict *v = g->verdict;
    if (v->sure > 0 && v->likely > 0)
        (void)snprintf(out, size, "%zu %s leaked outside %s, and %zu more likely did.", v->sure,
                       plural(v->sure, "address", "addresses"), path, v->likely);
    else if (v->sure > 0)
        (void)snprintf(out, size, "%zu %s leaked outside %s.", v->sure,
                       plural(v->sure, "address", "addresses"), path);
    else if (v->likely > 0)
        (void)snprintf(out, size, "%zu %s likely leaked outside %s; none surely did.", v->likely,
                       plural(v->likely, "address", "addresses"), path);
}

void judge_result(struct judging *g)
{
    struct verdict *v = g->verdict;
    char path[WANTED_MAX * (WANTED_NAME_BYTES + 8)] = "", leaks[512] = "";
    char *missing;
    sort_leaks(g);
    count_addresses(v);
    count_uncovered(g);
    count_around(v);
    say_path(v, path, sizeof(path));
    say_leaks(g, path, leaks, sizeof(leaks));
    if (v->fault_count > 0) {
        v->result = VERDICT_FAULT;
        v->sentence = judging_text(
            g, "A fault: STUN that the policy refused was on the wire, in %zu %s.%s%s",
            v->fault_count, plural(v->fault_count, "place", "places"), leaks[0] ? " " : "", leaks);
        return;
    }
    if (leaks[0]) {
        v->result = VERDICT_LEAK;
        v->sentence = judging_text(g, "%s", leaks);
        return;
    }
    if (v->wanted.count == 0) {
        v->result = VERDICT_UNKNOWN;
        v->sentence = judging_text(g, "%s", v->wanted.sentence);
        return;
    }
    missing = what_is_missing(g);
    if (missing) {
        v->result = VERDICT_UNKNOWN;
        v->sentence = judging_text(g, "No leak was seen, but %s.", missing);
        free(missing);
        return;
    }
    v->result = VERDICT_CLEAN;
    if (g->join->exchange_count == 0)
        v->sentence = judging_text(g, "Nothing leaked: there was no STUN.");
    else if (v->around > 0)
        v->sentence =
            judging_text(g, "Nothing leaked outside %s, but STUN went around the shim.", path);
    else
        v->sentence = judging_text(g, "Nothing leaked outside %s.", path);
}
