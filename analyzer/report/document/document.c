/* Puts the document together. */
#include "document_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_MAX = 8 }; /* different ones that are told */

static json_t *verdict_part(struct documenting *d)
{
    const struct verdict *v = d->verdict;
    json_t *o = json_object();
    document_set(d, o, "result", document_text(d, verdict_result_name(v->result)));
    document_set(d, o, "sentence", document_text(d, v->sentence));
    document_set(d, o, "sure", document_number(d, v->sure));
    document_set(d, o, "likely", document_number(d, v->likely));
    document_set(d, o, "faults", document_number(d, v->fault_count));
    document_set(d, o, "strangers", document_number(d, v->around));
    document_set(d, o, "uncovered", document_number(d, v->uncovered));
    return o;
}

static json_t *path_part(struct documenting *d)
{
    const struct verdict *v = d->verdict;
    json_t *o = json_object(), *names = json_array(), *exits = json_array();
    for (size_t i = 0; i < v->wanted.count; i++)
        document_add(d, names, document_text(d, v->wanted.names[i]));
    for (size_t i = 0; i < v->exit_count; i++)
        document_add(d, exits, document_ip(d, &v->exits[i]));
    document_set(d, o, "wanted", names);
    document_set(d, o, "source", document_text(d, wanted_source_name(v->wanted.source)));
    document_set(d, o, "sentence", document_text(d, v->wanted.sentence));
    document_set(d, o, "addresses", exits);
    return o;
}

/* Calls that failed sent nothing, whether or not there was a capture. */
static void add_failed(struct documenting *d, json_t *one)
{
    const struct join *j = d->join;
    json_t *errors = json_array();
    uint32_t told[ERRORS_MAX];
    size_t count = 0;
    uint64_t failed = 0;
    for (size_t i = 0; i < j->message_count; i++) {
        const struct join_act *act = join_act_of(j, &j->messages[i]);
        size_t k = 0;
        if (j->messages[i].outcome != JOIN_NOT_CAPTURED || !act->failed)
            continue;
        failed++;
        while (k < count && told[k] != act->error)
            k++;
        if (k < count || count == ERRORS_MAX || act->error == JOIN_NONE)
            continue;
        told[count++] = act->error;
        document_add(d, errors, document_text(d, join_text(j, act->error)));
    }
    document_set(d, one, "failed", document_number(d, failed));
    document_set(d, one, "errors", errors);
}

static json_t *outcomes_part(struct documenting *d)
{
    json_t *o = json_object();
    for (int i = 0; i < JOIN_OUTCOME_COUNT; i++) {
        json_t *one = json_object();
        document_set(d, one, "messages", document_number(d, d->join->outcomes[i]));
        document_set(d, one, "exchanges", document_number(d, d->join->exchange_outcomes[i]));
        if (i == JOIN_NOT_CAPTURED)
            add_failed(d, one);
        document_set(d, o, join_outcome_name((enum join_outcome)i), one);
    }
    return o;
}

static json_t *clock_part(struct documenting *d)
{
    const struct join_clock *c = &d->join->clock;
    json_t *o = json_object();
    char text[160];
    if (c->pairs == 0)
        (void)snprintf(text, sizeof(text),
                       "The clocks could not be compared: no message was seen by both.");
    else if (c->agrees)
        (void)snprintf(text, sizeof(text),
                       "The shim's clock and the capture's agree (median %lld us apart).",
                       (long long)c->median_us);
    else
        (void)snprintf(text, sizeof(text),
                       "The shim's clock and the capture's do NOT agree (median %lld us apart).",
                       (long long)c->median_us);
    document_set(d, o, "pairs", document_number(d, c->pairs));
    document_set(d, o, "least_us", json_integer(c->pairs ? c->least_us : 0));
    document_set(d, o, "median_us", json_integer(c->pairs ? c->median_us : 0));
    document_set(d, o, "most_us", json_integer(c->pairs ? c->most_us : 0));
    document_set(d, o, "apart", document_number(d, c->apart));
    document_set(d, o, "sentence", document_text(d, text));
    document_set(d, o, "agrees", json_boolean(c->agrees));
    return o;
}

/* --- what happened to the network --- */

static void change_sentence(const json_t *change, char *out, size_t size)
{
    const char *verb = json_string_value(json_object_get(change, "change"));
    const char *what = json_string_value(json_object_get(change, "what"));
    const json_t *subject = what ? json_object_get(change, what) : NULL;
    const char *iface = json_string_value(json_object_get(subject, "iface"));
    const char *ip = json_string_value(json_object_get(subject, "ip"));
    const char *to = json_string_value(json_object_get(subject, "to"));
    const char *via = json_string_value(json_object_get(subject, "via"));
    if (!iface)
        iface = "an interface";
    if (!verb || !subject)
        (void)snprintf(out, size, "something changed");
    else if (strcmp(what, "address") == 0)
        (void)snprintf(out, size, "%.64s: address %.64s %.16s", iface, ip ? ip : "?", verb);
    else if (strcmp(what, "route") == 0)
        (void)snprintf(out, size, "%.64s: route to %.64s%s%.64s %.16s", iface, to ? to : "?",
                       via ? " via " : "", via ? via : "", verb);
    else if (strcmp(verb, "changed") == 0)
        (void)snprintf(out, size, "%.64s is %s", iface,
                       json_is_true(json_object_get(subject, "up")) ? "up" : "down");
    else
        (void)snprintf(out, size, "%.64s %.16s", iface, verb);
}

static json_t *changes_part(struct documenting *d)
{
    json_t *list = json_array();
    size_t count = json_array_size(d->run->network_changes);
    for (size_t i = 0; i < count; i++) {
        const json_t *change = json_array_get(d->run->network_changes, i);
        const char *time = json_string_value(json_object_get(change, "timestamp"));
        char text[320];
        json_t *o = json_object();
        change_sentence(change, text, sizeof(text));
        document_set(d, o, "at_us", document_us(d, time ? run_time_ns(time, strlen(time)) : 0));
        document_set(d, o, "sentence", document_text(d, text));
        document_add_bounded(d, list, o);
    }
    return list;
}

static bool fill(struct documenting *d, json_t *document, const struct event_totals *totals)
{
    json_t *uncovered = NULL, *processes = document_processes(d, &uncovered), *run;
    document_tables(d, document);
    document_set(d, document, "schema", json_integer(1));
    document_set(d, document, "rtcshim", document_text(d, d->run->rtcshim));
    run = document_run(d, totals);
    document_set(d, document, "run", run);
    document_set(d, document, "verdict", verdict_part(d));
    document_set(d, document, "path", path_part(d));
    document_set(d, document, "leaks", document_leaks(d));
    document_set(d, document, "faults", document_faults(d));
    document_set(d, document, "strangers", document_strangers(d));
    document_set(d, document, "dns", document_dns(d));
    document_set(d, document, "outcomes", outcomes_part(d));
    document_set(d, document, "clock", clock_part(d));
    document_set(d, document, "processes", processes);
    document_set(d, document, "paths", document_paths(d));
    document_set(d, document, "exchanges", document_exchanges(d));
    document_set(d, document, "enumerations", document_enumerations(d));
    document_set(d, document, "probes", document_probes(d));
    document_set(d, document, "network_changes", changes_part(d));
    document_set(d, document, "uncovered", uncovered);
    d->left_out +=
        d->verdict->left_out + d->sights->left_out + d->join->left_out + d->run->damages_left_out;
    document_set(d, run, "left_out", document_number(d, d->left_out));
    return !d->failed;
}

static uint32_t *nones(size_t count)
{
    uint32_t *list = malloc((count + 1) * sizeof(*list));
    for (size_t i = 0; list && i < count; i++)
        list[i] = JOIN_NONE;
    return list;
}

json_t *document_make(const struct run_folder *run, const struct join *join,
                      const struct sights *sights, const struct verdict *verdict,
                      const struct event_totals *totals)
{
    struct documenting *d = calloc(1, sizeof(*d));
    json_t *document = json_object();
    bool good = false;
    if (d) {
        d->run = run;
        d->join = join;
        d->sights = sights;
        d->verdict = verdict;
        d->key = siphash_fresh_key();
        d->flow_server = nones(join->flow_count);
        d->text_iface = nones(join->text_count);
        good = document && d->flow_server && d->text_iface && fill(d, document, totals);
        free(d->flow_server);
        free(d->text_iface);
    }
    free(d);
    if (good)
        return document;
    json_decref(document);
    return NULL;
}
