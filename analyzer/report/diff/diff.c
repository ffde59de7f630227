/* Puts the facts of two runs side by side. */
#include "diff.h"

#include <string.h>

#include "diff_private.h"

static json_t *side(const json_t *document, const char *name)
{
    const json_t *run = json_object_get(document, "run");
    const json_t *verdict = json_object_get(document, "verdict");
    json_t *browser = json_object_get(json_object_get(run, "browser"), "name");
    json_t *version = json_object_get(json_object_get(run, "browser"), "version");
    json_t *policy = json_object_get(json_object_get(run, "policy"), "name");
    json_t *start = json_object_get(run, "start"), *result = json_object_get(verdict, "result");
    return json_pack("{ss,sO?,sO?,sO?,sO?,sO?}", "name", name, "browser", browser, "version",
                     version, "policy", policy, "start", start, "result", result);
}

/* In both, but only likely in the one that is less sure. */
static bool is_surer(const json_t *fact, const json_t *than)
{
    return strcmp(diff_text(fact, "certainty"), "sure") == 0 &&
           strcmp(diff_text(than, "certainty"), "sure") != 0;
}

/* An interface whose address was shown need not be said to have been shown by name. */
static bool drop_bare_names(json_t *rows)
{
    json_t *addressed = json_object();
    bool ok = addressed != NULL;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(diff_text(row, "category"), "shown") == 0 && diff_text(row, "address")[0])
            ok = ok && json_object_set_new(addressed, diff_text(row, "iface"), json_true()) == 0;
    }
    for (i = json_array_size(rows); ok && i-- > 0;) {
        row = json_array_get(rows, i);
        if (strcmp(diff_text(row, "category"), "shown") == 0 && !diff_text(row, "address")[0] &&
            json_object_get(addressed, diff_text(row, "iface")))
            ok = json_array_remove(rows, i) == 0;
    }
    json_decref(addressed);
    return ok;
}

/* What is in facts and not in without, or there with less certainty. */
static json_t *difference(const json_t *facts, const json_t *without, json_int_t *same)
{
    json_t *rows = json_array();
    bool ok = rows != NULL;
    const char *key;
    const json_t *fact;
    /* Iterating does not change it, but jansson wants it so. */
    json_object_foreach((json_t *)facts, key, fact)
    {
        const json_t *known = json_object_get(without, key);
        json_t *row;
        if (known && !is_surer(fact, known)) {
            (*same)++;
            continue;
        }
        row = json_deep_copy(fact);
        ok = ok && row &&
             json_object_set_new(row, "was_likely", json_boolean(known != NULL)) == 0 &&
             json_array_append(rows, row) == 0;
        json_decref(row);
    }
    if (ok && drop_bare_names(rows))
        return rows;
    json_decref(rows);
    return NULL;
}

json_t *diff_documents(const json_t *a, const json_t *b, const char *name_a, const char *name_b)
{
    struct diff_run run_a = {.document = a, .other = b}, run_b = {.document = b, .other = a};
    json_t *facts_a = diff_facts(&run_a), *facts_b = diff_facts(&run_b);
    json_int_t same = 0, ignored = 0;
    json_t *more = facts_a && facts_b ? difference(facts_b, facts_a, &same) : NULL;
    json_t *less = more ? difference(facts_a, facts_b, &ignored) : NULL;
    json_t *result = NULL;
    if (less)
        /* What can't be had is NULL, and makes all of it NULL. */
        result = json_pack("{si,ss,so,so,so,so,so,so,sI,sb}", "schema", 1, "rtcshim",
                           RTCSHIM_VERSION, "a", side(a, name_a), "b", side(b, name_b), "notes",
                           diff_notes(a, b), "context", diff_context(&run_a, &run_b), "reveals",
                           json_incref(more), "no_longer", json_incref(less), "same", same, "more",
                           json_array_size(more) > 0);
    json_decref(facts_a);
    json_decref(facts_b);
    json_decref(more);
    json_decref(less);
    return result;
}

bool diff_reveals_more(const json_t *diff)
{
    return json_is_true(json_object_get(diff, "more"));
}
