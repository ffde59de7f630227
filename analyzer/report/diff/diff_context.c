/* What is different around two runs: because then they differ for that reason. */
#include "diff_private.h"

#include <string.h>

#include "netaddr.h"

static const json_t *run_of(const json_t *document)
{
    return json_object_get(document, "run");
}

static bool add(json_t *context, const char *what, const char *a, const char *b)
{
    json_t *row;
    if (strcmp(a, b) == 0)
        return true;
    row = json_pack("{ss,so,so}", "what", what, "a", a[0] ? json_string(a) : json_null(), "b",
                    b[0] ? json_string(b) : json_null());
    return row && json_array_append_new(context, row) == 0;
}

static bool has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *other = json_string_value(json_array_get(array, i));
        if (other && strcmp(other, text) == 0)
            return true;
    }
    return false;
}

/* The texts of an array that are not in the other, as one text. */
static void join_texts(const json_t *array, const json_t *without, size_t from,
                       char out[static DIFF_TEXT_BYTES])
{
    out[0] = '\0';
    for (size_t i = from; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text && !has_text(without, text))
            diff_append(out, "%s%s", out[0] ? " " : "", text);
    }
}

static bool add_texts(json_t *context, const char *what, const json_t *a, const json_t *b,
                      size_t from)
{
    char text_a[DIFF_TEXT_BYTES], text_b[DIFF_TEXT_BYTES];
    join_texts(a, b, from, text_a);
    join_texts(b, a, from, text_b);
    return add(context, what, text_a, text_b);
}

/* What the runs were, by fields of "run". */
static bool compare_run(json_t *context, const json_t *a, const json_t *b)
{
    static const struct {
        const char *what, *object, *field;
    } rows[] = {
        {"browser", "browser", "name"}, {"browser version", "browser", "version"},
        {"policy", "policy", "name"},   {"policy's vpn", "policy", "vpn"},
        {"kernel", "host", "kernel"},   {"libc", "host", "libc"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!add(context, rows[i].what,
                 diff_text(json_object_get(a, rows[i].object), rows[i].field),
                 diff_text(json_object_get(b, rows[i].object), rows[i].field)))
            return false;
    return add_texts(context, "arguments", json_object_get(a, "command"),
                     json_object_get(b, "command"), 1);
}

static const json_t *interface_named(const json_t *document, const char *name)
{
    size_t i;
    const json_t *iface;
    json_array_foreach(json_object_get(document, "interfaces"), i, iface)
    {
        if (strcmp(diff_text(iface, "name"), name) == 0)
            return iface;
    }
    return NULL;
}

static void addresses_of(const json_t *iface, char out[static DIFF_TEXT_BYTES])
{
    size_t i;
    const json_t *row;
    out[0] = '\0';
    json_array_foreach(json_object_get(iface, "addresses"), i, row)
    {
        const char *ip = diff_text(row, "ip");
        /* Without its scope: interfaces have other numbers at the next start. */
        diff_append(out, "%s%.*s", out[0] ? " " : "", (int)strcspn(ip, "%"), ip);
    }
    if (!out[0])
        diff_append(out, "%s", iface ? "no address" : "");
}

static bool compare_interface(json_t *context, const json_t *a, const json_t *b, const char *name)
{
    char what[DIFF_TEXT_BYTES] = "", text_a[DIFF_TEXT_BYTES], text_b[DIFF_TEXT_BYTES];
    addresses_of(a, text_a);
    addresses_of(b, text_b);
    diff_append(what, "addresses of %s", name);
    return add(context, what, text_a, text_b);
}

static bool compare_network(json_t *context, const struct diff_run *a, const struct diff_run *b)
{
    size_t i;
    const json_t *iface;
    json_array_foreach(json_object_get(a->document, "interfaces"), i, iface)
    {
        const char *name = diff_text(iface, "name");
        if (!compare_interface(context, iface, interface_named(b->document, name), name))
            return false;
    }
    json_array_foreach(json_object_get(b->document, "interfaces"), i, iface)
    {
        const char *name = diff_text(iface, "name");
        if (!interface_named(a->document, name) && !compare_interface(context, NULL, iface, name))
            return false;
    }
    return true;
}

json_t *diff_context(const struct diff_run *a, const struct diff_run *b)
{
    json_t *context = json_array();
    const json_t *path_a = json_object_get(a->document, "path");
    const json_t *path_b = json_object_get(b->document, "path");
    if (context && compare_run(context, run_of(a->document), run_of(b->document)) &&
        add_texts(context, "wanted path", json_object_get(path_a, "wanted"),
                  json_object_get(path_b, "wanted"), 0) &&
        add_texts(context, "address on the wanted path", json_object_get(path_a, "addresses"),
                  json_object_get(path_b, "addresses"), 0) &&
        compare_network(context, a, b))
        return context;
    json_decref(context);
    return NULL;
}

static bool note(json_t *notes, bool holds, const char *run, const char *words)
{
    char text[DIFF_TEXT_BYTES] = "";
    if (!holds)
        return true;
    diff_append(text, "%s %s", run, words);
    return json_array_append_new(notes, json_string(text)) == 0;
}

static bool notes_on(json_t *notes, const json_t *document, const char *name)
{
    const json_t *run = run_of(document);
    return note(notes, !json_is_object(json_object_get(run, "capture")), name,
                "was not captured: what only the wire shows is missing in it") &&
           note(notes, !json_is_true(json_object_get(run, "complete")), name,
                "did not end as it should: it may lack what came last") &&
           note(notes, json_array_size(json_object_get(run, "damage")) > 0, name,
                "is damaged: only what could be read is compared") &&
           note(notes, json_integer_value(json_object_get(run, "events_lost")) > 0, name,
                "lost events");
}

static bool has_wanted(const json_t *document)
{
    return json_array_size(json_object_get(json_object_get(document, "path"), "wanted")) > 0;
}

json_t *diff_notes(const json_t *a, const json_t *b)
{
    json_t *notes = json_array();
    bool one = json_is_true(json_object_get(run_of(a), "redacted"));
    bool other = json_is_true(json_object_get(run_of(b), "redacted"));
    if (notes && notes_on(notes, a, "A") && notes_on(notes, b, "B") &&
        note(notes, !has_wanted(a) && !has_wanted(b), "A and B",
             "have no wanted path: what only a leak would show is missing; --vpn names one") &&
        note(
            notes, one != other, one ? "A" : "B",
            "is redacted and the other is not: names of servers and questions can't be compared") &&
        note(notes, one && other, "A and B",
             "are redacted: names can be compared if it was done with one key"))
        return notes;
    json_decref(notes);
    return NULL;
}
