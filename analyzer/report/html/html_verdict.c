/* The page's beginning: what run it was, and the verdict. Readable without the script.
 */
#include "html_private.h"

#include <string.h>

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
