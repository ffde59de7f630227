/* The page's sections around the tables, and the links to them. */
#include "html_private.h"

#include "join.h"

#include <string.h>

/* After the diagram, in this order. */
static const char *const later[] = {"exchanges",       "dns",       "servers",      "interfaces",
                                    "processes",       "uncovered", "enumerations", "probes",
                                    "network_changes", "damage"};
static const char *const alarms[] = {"faults", "strangers"};

static void put_section(struct page *page, const char *id)
{
    size_t count = html_table_rows(page, id);

    if (count == 0)
        return;
    (void)fprintf(
        page->out,
        "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s <span class=\"count\">",
        id, id, id, html_table_title(id));
    html_number(page, (json_int_t)count);
    html_put(page, "</span></h2>\n");
    html_table(page, id);
    html_put(page, "</section>\n");
}

void html_alarms(struct page *page)
{
    for (size_t i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++)
        put_section(page, alarms[i]);
}

void html_paths(struct page *page)
{
    if (json_array_size(json_object_get(page->document, "paths")) == 0) {
        html_put(page, "<p class=\"none\">Nobody learned anything.</p>\n");
        return;
    }
    html_put(page, "<details><summary>The same as a table</summary>\n");
    html_table(page, "paths");
    html_put(
        page,
        "</details>\n<noscript><p class=\"note\">The diagram needs JavaScript; the table says the same.</p></noscript>\n");
}

static void put_absent(struct page *page)
{
    const char *none;
    const char *id;
    bool some = false;

    for (size_t i = 0; (none = html_table_none(i, &id)); i++) {
        if (!*none || html_table_rows(page, id) > 0)
            continue;
        html_put(
            page,
            some
                ? ""
                : "<section id=\"absent\" aria-labelledby=\"absent-title\">\n<h2 id=\"absent-title\">Looked for, and not found</h2>\n<ul class=\"plain\">\n");
        (void)fprintf(page->out, "<li>%s</li>\n", none);
        some = true;
    }
    html_put(page, some ? "</ul>\n</section>\n" : "");
}

/* How the two witnesses were put together. */
static void put_method(struct page *page)
{
    const json_t *outcomes = json_object_get(page->document, "outcomes");
    const json_t *clock = json_object_get(json_object_get(page->document, "clock"), "sentence");

    html_put(
        page,
        "<section id=\"method\" aria-labelledby=\"method-title\">\n<h2 id=\"method-title\">How far the witnesses agree</h2>\n"
        "<div class=\"table-box\" role=\"region\" tabindex=\"0\" aria-label=\"Outcomes\">\n<table id=\"outcomes-table\">\n<caption>The shim says what was asked of the system, the capture what left.");
    if (json_is_string(clock)) {
        html_put(page, " ");
        html_value(page, clock);
    }
    html_put(
        page,
        "</caption>\n<thead><tr><th scope=\"col\">Outcome</th><th scope=\"col\">Meaning</th><th scope=\"col\" class=\"number\">Messages</th>"
        "<th scope=\"col\" class=\"number\">Exchanges</th></tr></thead>\n<tbody>\n");
    for (unsigned i = 0; i < JOIN_OUTCOME_COUNT; i++) {
        const char *name = join_outcome_name((enum join_outcome)i);
        const json_t *counts = json_object_get(outcomes, name);
        html_put(page, "<tr><td class=\"nowrap\">");
        html_outcome(page, name);
        (void)fprintf(page->out, "</td><td>%s</td>", join_outcome_words((enum join_outcome)i));
        for (unsigned k = 0; k < 2; k++) {
            json_int_t count = html_integer(counts, k ? "exchanges" : "messages");
            (void)fprintf(page->out,
                          "<td class=\"number\" data-value=\"%" JSON_INTEGER_FORMAT "\">", count);
            html_number(page, count);
            html_put(page, "</td>");
        }
        html_put(page, "</tr>\n");
    }
    html_put(page, "</tbody>\n</table>\n</div>\n</section>\n");
}

void html_tables(struct page *page)
{
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        put_section(page, later[i]);
    put_method(page);
    put_absent(page);
}

static void put_link(struct page *page, const char *id, const char *title, size_t count)
{
    (void)fprintf(page->out, "<li><a href=\"#%s\">%s", id, title);
    if (count > 0) {
        html_put(page, " <span class=\"count\">");
        html_number(page, (json_int_t)count);
        html_put(page, "</span>");
    }
    html_put(page, "</a></li>\n");
}

static void put_links(struct page *page, const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t rows = html_table_rows(page, ids[i]);
        if (rows > 0)
            put_link(page, ids[i], html_table_title(ids[i]), rows);
    }
}

void html_contents(struct page *page)
{
    const json_t *verdict = json_object_get(page->document, "verdict");

    html_put(page, "<ul>\n");
    put_link(page, "verdict", "Verdict", 0);
    if (html_table_rows(page, "leaks") > 0)
        put_link(page, "leaks", "Leaks",
                 (size_t)(html_integer(verdict, "sure") + html_integer(verdict, "likely")));
    put_links(page, alarms, sizeof(alarms) / sizeof(alarms[0]));
    put_link(page, "timeline", "Timeline", 0);
    put_link(page, "paths", "Paths", 0);
    put_links(page, later, sizeof(later) / sizeof(later[0]));
    put_link(page, "method", "Agreement", 0);
    html_put(page, "</ul>\n");
}

void html_legend(struct page *page)
{
    const json_t *outcomes = json_object_get(page->document, "outcomes");

    html_put(page, "<ul class=\"legend\" aria-label=\"Outcomes: press to show or hide\">\n");
    for (unsigned i = 0; i < JOIN_OUTCOME_COUNT; i++) {
        const char *name = join_outcome_name((enum join_outcome)i);
        json_int_t count = html_integer(json_object_get(outcomes, name), "exchanges");
        char label[32];
        size_t len = strlen(name);
        for (size_t k = 0; k <= len && k < sizeof(label); k++)
            if ((label[k] = name[k]) == '_')
                label[k] = ' ';
        label[sizeof(label) - 1] = '\0';
        (void)fprintf(
            page->out,
            "<li><button type=\"button\" aria-pressed=\"true\" data-outcome=\"%s\" data-label=\"%s\" data-count=\"%" JSON_INTEGER_FORMAT
            "\" title=\"%s\">"
            "<svg class=\"shape is-%s\" width=\"12\" height=\"12\" aria-hidden=\"true\"><use href=\"#shape-%s\"/></svg><span class=\"name\">%s</span><span class=\"count\">",
            name, label, count, join_outcome_words((enum join_outcome)i), name, name, label);
        html_number(page, count);
        html_put(page, "</span></button></li>\n");
    }
    html_put(
        page,
        "<li class=\"key\"><svg class=\"shape is-leak\" width=\"12\" height=\"12\" aria-hidden=\"true\"><use href=\"#shape-leak\"/></svg>on a filled disc: a leak</li>\n</ul>\n");
}

void html_footer(struct page *page)
{
    html_put(page, "<p>Made by rtcshim ");
    html_value(page, json_object_get(page->document, "rtcshim"));
    html_put(
        page,
        ". This file is whole: it asks nothing of the network, and may not. The data that it shows are in it as JSON, in the element report-document.</p>\n");
}
