/* The page's beginning: what run it was, the verdict, and each leak. Readable without the script.
 */
#include "html_private.h"

#include <string.h>

enum {
    LEAKS_TOLD = 24, /* at length; the table has all */
    LEARNERS_SHOWN = 8,
    LEAKS_AT_A_GLANCE = 3,
};

void html_title(struct page *page)
{
    const json_t *verdict = json_object_get(page->document, "verdict");
    const char *sentence = html_string(verdict, "sentence");

    if (sentence) {
        html_text(page, sentence, strlen(sentence));
        html_put(page, " &middot; ");
    }
    html_put(page, "rtcshim report");
}

static void put_command(struct page *page, const json_t *run)
{
    size_t i;
    const json_t *word;

    html_put(page, "<li><span class=\"unseen\">Command: </span><code>");
    json_array_foreach(json_object_get(run, "command"), i, word)
    {
        html_put(page, i ? " " : "");
        html_value(page, word);
    }
    html_put(page, "</code></li>\n");
}

static void put_item(struct page *page, const char *what, const json_t *value, const char *more)
{
    if (!json_is_string(value))
        return;
    (void)fprintf(page->out, "<li>%s", what);
    html_value(page, value);
    (void)fprintf(page->out, "%s</li>\n", more);
}

static void put_count(struct page *page, const json_t *object, const char *key, const char *what)
{
    if (!json_is_integer(json_object_get(object, key)))
        return;
    html_put(page, "<li>");
    html_number(page, html_integer(object, key));
    (void)fprintf(page->out, " %s</li>\n", what);
}

void html_masthead(struct page *page)
{
    const json_t *run = json_object_get(page->document, "run");
    const json_t *browser = json_object_get(run, "browser");
    const json_t *capture = json_object_get(run, "capture");

    html_put(page,
             "<p class=\"brand\">rtcshim <span>report</span></p>\n<ul aria-label=\"The run\">\n");
    put_command(page, run);
    if (json_is_object(browser)) {
        html_put(page, "<li>");
        html_value(page, json_object_get(browser, "name"));
        html_put(page, " ");
        html_value(page, json_object_get(browser, "version"));
        html_put(page, "</li>\n");
    }
    put_item(page, "", json_object_get(run, "start"), "");
    put_item(page, "policy ", json_object_get(json_object_get(run, "policy"), "name"), "");
    put_count(page, run, "events", "events");
    put_count(page, capture, "packets", "packets captured");
    if (json_is_true(json_object_get(run, "redacted")))
        html_put(page, "<li>names and addresses are pseudonyms</li>\n");
    html_put(page, "</ul>\n");
}

static void put_figure(struct page *page, const char *key, const char *what, bool grave)
{
    json_int_t count = html_integer(json_object_get(page->document, "verdict"), key);

    (void)fprintf(page->out, "<div%s><dt>%s</dt><dd>",
                  count == 0 ? " class=\"is-nil\""
                  : grave    ? " class=\"is-grave\""
                             : "",
                  what);
    html_number(page, count);
    html_put(page, "</dd></div>\n");
}

/* What makes the verdict weaker than it reads. */
static void put_caveats(struct page *page)
{
    const json_t *run = json_object_get(page->document, "run");
    json_int_t lost = html_integer(run, "events_lost");
    json_int_t dropped = html_integer(json_object_get(run, "capture"), "dropped");

    if (json_is_false(json_object_get(run, "complete")))
        html_put(
            page,
            "<p class=\"note\">The run's record has no end: what came after its last line is not here.</p>\n");
    if (json_array_size(json_object_get(run, "damage")) > 0)
        html_put(
            page,
            "<p class=\"note\">Parts of the record could not be read: <a href=\"#damage\">which, and why</a>.</p>\n");
    if (lost > 0) {
        html_put(page, "<p class=\"note\">");
        html_number(page, lost);
        html_put(page,
                 " events were lost, because they came faster than they could be written.</p>\n");
    }
    if (dropped > 0) {
        html_put(page, "<p class=\"note\">The capture dropped ");
        html_number(page, dropped);
        html_put(page, " packets.</p>\n");
    }
    if (html_integer(run, "left_out") > 0) {
        html_put(page, "<p class=\"note\">");
        html_number(page, html_integer(run, "left_out"));
        html_put(page, " rows of the tables below had no room.</p>\n");
    }
    if (!json_is_object(json_object_get(run, "capture")))
        html_put(
            page,
            "<p class=\"note\">Nothing was captured: what follows rests on the shim's word alone.</p>\n");
}

void html_verdict(struct page *page)
{
    static const char *const results[] = {"leak", "clean", "fault", "unknown"};
    const json_t *verdict = json_object_get(page->document, "verdict");
    const json_t *wanted = json_object_get(json_object_get(page->document, "path"), "sentence");
    const char *result = html_string(verdict, "result");
    const char *known = "unknown";

    for (size_t i = 0; result && i < sizeof(results) / sizeof(results[0]); i++)
        if (strcmp(results[i], result) == 0)
            known = results[i];
    (void)fprintf(
        page->out,
        "<section id=\"verdict\" class=\"verdict is-%s-result\" aria-labelledby=\"verdict-title\">\n"
        "<svg class=\"mark\" viewBox=\"0 0 48 48\" aria-hidden=\"true\"><use href=\"#mark-%s\"/></svg>\n"
        "<div>\n<h1 id=\"verdict-title\">",
        known, known);
    html_value(page, json_object_get(verdict, "sentence"));
    html_put(page, "</h1>\n");
    if (json_is_string(wanted)) {
        html_put(page, "<p class=\"wanted\">");
        html_value(page, wanted);
        html_put(page, "</p>\n");
    }
    put_caveats(page);
    html_put(page, "</div>\n<dl class=\"figures\">\n");
    put_figure(page, "sure", "sure leaks", true);
    put_figure(page, "likely", "likely leaks", false);
    put_figure(page, "faults", "refused, yet on the wire", true);
    put_figure(page, "strangers", "went around the shim", true);
    put_figure(page, "uncovered", "processes not covered", false);
    html_put(page, "</dl>\n</section>\n");
}

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
