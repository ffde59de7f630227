/* Each leak in words: what, why, who learned it, how sure that is, and what to do about it. */
#include "html_private.h"

#include <string.h>

enum {
    LEAKS_TOLD = 24, /* at length; the table has all */
    LEARNERS_SHOWN = 8,
    LEAKS_AT_A_GLANCE = 3,
};

static void put_fact(struct page *page, const char *name, const json_t *row, const char *key,
                     enum cell cell)
{
    const json_t *value = json_object_get(row, key);

    if (!value || json_is_null(value))
        return;
    (void)fprintf(page->out, "<dt>%s</dt><dd>", name);
    html_cell(page, row, key, cell);
    html_put(page, "</dd>\n");
}

static void put_actor(struct page *page, const json_t *leak)
{
    if (!json_is_integer(json_object_get(leak, "process")))
        return;
    html_put(page, "<dt>Process</dt><dd>");
    html_cell(page, leak, "process", CELL_PROCESS);
    if (json_is_string(json_object_get(leak, "call"))) {
        html_put(page, ", by ");
        html_cell(page, leak, "call", CELL_CODE);
    }
    html_put(page, "</dd>\n");
}

static void put_times(struct page *page, const json_t *leak, json_int_t count)
{
    html_put(page, "<dt>When</dt><dd>");
    if (count > 1) {
        html_number(page, count);
        html_put(page, " times, first ");
    }
    html_put(page, "at ");
    html_cell(page, leak, "first_us", CELL_TIME);
    html_put(page, " s</dd>\n");
}

static void put_advice(struct page *page, const json_t *advice)
{
    size_t i;
    const json_t *one;

    if (json_array_size(advice) == 0)
        return;
    html_put(page, "<div class=\"advice\"><h4>What to do</h4><dl>\n");
    json_array_foreach((json_t *)advice, i, one)
    {
        html_put(page, "<div><dt>");
        html_value(page, json_object_get(one, "where"));
        html_put(page, "</dt><dd><code>");
        html_value(page, json_object_get(one, "text"));
        html_put(page, "</code></dd></div>\n");
    }
    html_put(page, "</dl></div>\n");
}

/* The same address by the same way: one story, told once. */
static bool leak_is_as(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"address", "certainty", "reason", "iface", "process"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *of_a = json_object_get(a, keys[i]);
        const json_t *of_b = json_object_get(b, keys[i]);
        if (of_a != of_b && !json_equal(of_a, of_b))
            return false;
    }
    return true;
}

/* Everybody who learned what leaks[first] is about; returns how often it was told to them. */
static json_int_t put_learners(struct page *page, const json_t *leaks, size_t first)
{
    json_int_t count = 0;
    json_int_t learners = 0;

    html_put(page, "<dt>Learned by</dt><dd>");
    for (size_t i = first; i < json_array_size(leaks); i++) {
        const json_t *leak = json_array_get(leaks, i);
        if (!leak_is_as(json_array_get(leaks, first), leak))
            continue;
        count += html_integer(leak, "count");
        if (learners++ >= LEARNERS_SHOWN)
            continue;
        html_put(page, i > first ? "<br>" : "");
        html_value(page, json_object_get(json_object_get(leak, "learned_by"), "sentence"));
    }
    if (learners > LEARNERS_SHOWN) {
        html_put(page, "<br>and ");
        html_number(page, learners - LEARNERS_SHOWN);
        html_put(page, " more");
    }
    html_put(page, "</dd>\n");
    return count;
}

static void put_leak(struct page *page, const json_t *leaks, size_t at)
{
    const json_t *leak = json_array_get(leaks, at);
    json_int_t count;
    const char *certainty = html_string(leak, "certainty");
    bool sure = certainty && strcmp(certainty, "sure") == 0;

    html_put(
        page,
        "<article class=\"leak\"><header><h3><svg class=\"shape\" width=\"12\" height=\"12\" aria-hidden=\"true\">"
        "<use href=\"#shape-leak\"/></svg>");
    if (json_is_string(json_object_get(leak, "address")))
        html_value(page, json_object_get(leak, "address"));
    else
        html_put(page, "An address that the answers do not name");
    (void)fprintf(page->out, "</h3> <span class=\"tag is-%s\">", sure ? "sure" : "likely");
    html_value(page, json_object_get(leak, "certainty"));
    html_put(page, "</span>");
    if (json_is_string(json_object_get(leak, "kind"))) {
        html_put(page, " <span class=\"tag\">");
        html_value(page, json_object_get(leak, "kind"));
        html_put(page, "</span>");
    }
    html_put(page, "</header>\n<dl class=\"facts\">\n");
    put_fact(page, "Why", leak, "why", CELL_VALUE);
    count = put_learners(page, leaks, at);
    put_fact(page, "Over", leak, "iface", CELL_VALUE);
    put_actor(page, leak);
    put_fact(page, "Where", leak, "geo", CELL_GEO);
    put_fact(page, "How sure", leak, "basis", CELL_VALUE);
    put_times(page, leak, count);
    put_fact(page, "Evidence", leak, "evidence", CELL_EVIDENCE);
    html_put(page, "</dl>\n");
    put_advice(page, json_object_get(leak, "advice"));
    html_put(page, "</article>\n");
}

void html_leaks(struct page *page)
{
    const json_t *leaks = json_object_get(page->document, "leaks");
    const json_t *verdict = json_object_get(page->document, "verdict");
    size_t first[LEAKS_TOLD]; /* of those that are one story */
    size_t told = 0;

    if (json_array_size(leaks) == 0)
        return;
    html_put(page, "<section id=\"leaks\" aria-labelledby=\"leaks-title\">\n"
                   "<h2 id=\"leaks-title\">Leaks <span class=\"count\">");
    html_number(page, html_integer(verdict, "sure") + html_integer(verdict, "likely"));
    html_put(page, "</span></h2>\n<p class=\"lead\">Addresses that somebody learned although the "
                   "wanted path does not include them.</p>\n");
    for (size_t i = 0; i < json_array_size(leaks) && told < LEAKS_TOLD; i++) {
        size_t same = 0;
        while (same < told &&
               !leak_is_as(json_array_get(leaks, first[same]), json_array_get(leaks, i)))
            same++;
        if (same < told)
            continue;
        put_leak(page, leaks, i);
        first[told++] = i;
    }
    if (json_array_size(leaks) > LEAKS_AT_A_GLANCE) {
        html_put(page, "<h3 class=\"part\">Each by itself</h3>\n");
        html_table(page, "leaks");
    }
    html_put(page, "</section>\n");
}
