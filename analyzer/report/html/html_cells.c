/* What the document's values look like in the page. */
#include "html_private.h"

#include "join.h"

#include <string.h>

enum {
    RANGES_SHOWN = 12,
    ADDRESSES_SHOWN = 40,
    ADDRESSES_IN_LINES = 4,
};

static const json_t *indexed(const struct page *page, const char *array, const json_t *index)
{
    if (!json_is_integer(index) || json_integer_value(index) < 0)
        return NULL;
    return json_array_get(json_object_get(page->document, array),
                          (size_t)json_integer_value(index));
}

/* The element with the shape that the template holds for it. */
static void put_shape(struct page *page, const char *name)
{
    (void)fprintf(page->out,
                  "<svg class=\"shape is-%s\" width=\"12\" height=\"12\" aria-hidden=\"true\">"
                  "<use href=\"#shape-%s\"/></svg> ",
                  name, name);
}

void html_outcome(struct page *page, const char *name)
{
    for (unsigned i = 0; name && i < JOIN_OUTCOME_COUNT; i++) {
        const char *known = join_outcome_name((enum join_outcome)i);
        if (strcmp(known, name) != 0)
            continue;
        put_shape(page, known);
        for (const char *c = known; *c; c++)
            (void)putc(*c == '_' ? ' ' : *c, page->out);
        return;
    }
    if (name)
        html_text(page, name, strlen(name));
    else
        html_put(page, "&ndash;");
}

/* Neighbours as ranges: "48-49, 52". */
static void put_numbers(struct page *page, const json_t *numbers)
{
    size_t count = json_array_size(numbers);
    size_t shown = 0;

    for (size_t i = 0; i < count; shown++) {
        json_int_t first = json_integer_value(json_array_get(numbers, i));
        json_int_t last = first;
        if (shown == RANGES_SHOWN) {
            html_put(page, ", &hellip;");
            return;
        }
        while (++i < count && json_integer_value(json_array_get(numbers, i)) == last + 1)
            last++;
        (void)fprintf(page->out, "%s%" JSON_INTEGER_FORMAT, shown ? ", " : "", first);
        if (last != first)
            (void)fprintf(page->out, "&ndash;%" JSON_INTEGER_FORMAT, last);
    }
    html_put(page, count ? "" : "&ndash;");
}

static void put_evidence(struct page *page, const json_t *evidence)
{
    static const char *const kinds[] = {"events", "frames"};
    json_int_t more = html_integer(evidence, "more");
    bool some = false;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const json_t *numbers = json_object_get(evidence, kinds[i]);
        if (json_array_size(numbers) == 0)
            continue;
        (void)fprintf(page->out, "%s%s ", some ? "; " : "", kinds[i]);
        put_numbers(page, numbers);
        some = true;
    }
    if (more > 0) {
        html_put(page, some ? "; and " : "");
        html_number(page, more);
        html_put(page, " more");
    } else if (!some) {
        html_put(page, "&ndash;");
    }
}

static void put_endpoint(struct page *page, const json_t *server)
{
    const char *ip = html_string(server, "ip");
    bool wide = ip && strchr(ip, ':');

    html_put(page, wide ? "[" : "");
    html_value(page, json_object_get(server, "ip"));
    html_put(page, wide ? "]" : "");
    if (json_is_integer(json_object_get(server, "port"))) {
        html_put(page, ":");
        html_value(page, json_object_get(server, "port"));
    }
}

static void put_process(struct page *page, const json_t *process)
{
    html_value(page, json_object_get(process, "name"));
    if (html_integer(process, "pid") > 0) {
        html_put(page, " ");
        html_value(page, json_object_get(process, "pid"));
    }
}

static void put_server(struct page *page, const json_t *server)
{
    if (json_is_string(json_object_get(server, "name")))
        html_value(page, json_object_get(server, "name"));
    else
        put_endpoint(page, server);
}

/* One of a list of addresses, in whichever of its forms. */
static void put_address(struct page *page, const json_t *one)
{
    const json_t *iface = json_object_get(one, "iface");
    const json_t *address = json_object_get(one, "ip");

    if (json_is_string(one)) {
        html_value(page, one);
        return;
    }
    if (!address)
        address = json_object_get(one, "address");
    if (json_is_string(iface)) {
        html_value(page, iface);
        html_put(page, address ? " " : "");
    }
    if (json_is_string(address))
        html_value(page, address);
    if (json_is_string(json_object_get(one, "kind"))) {
        html_put(page, " <span class=\"tag\">");
        html_value(page, json_object_get(one, "kind"));
        html_put(page, "</span>");
    }
    if (json_is_true(json_object_get(one, "wanted")))
        html_put(page, " <span class=\"tag is-wanted\">wanted</span>");
}

/* Few below each other, many as running text. */
static void put_addresses(struct page *page, const json_t *addresses)
{
    size_t count = json_array_size(addresses);

    for (size_t i = 0; i < count && i < ADDRESSES_SHOWN; i++) {
        if (i > 0)
            html_put(page, count > ADDRESSES_IN_LINES ? ", " : "<br>");
        put_address(page, json_array_get(addresses, i));
    }
    if (count > ADDRESSES_SHOWN) {
        html_put(page, " and ");
        html_number(page, (json_int_t)(count - ADDRESSES_SHOWN));
        html_put(page, " more");
    }
    html_put(page, count ? "" : "&ndash;");
}

static void put_geo(struct page *page, const json_t *geo)
{
    static const char *const keys[] = {"country_name", "country", "network"};
    bool some = false;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const json_t *value = json_object_get(geo, keys[i]);
        if (!json_is_string(value) || (i == 1 && some))
            continue;
        html_put(page, some ? ", " : "");
        html_value(page, value);
        some = true;
    }
    html_put(page, some ? "" : "&ndash;");
}

bool html_cell_is_number(enum cell cell)
{
    return cell == CELL_COUNT || cell == CELL_TIME;
}

void html_cell(struct page *page, const json_t *row, const char *key, enum cell cell)
{
    const json_t *value = json_object_get(row, key);
    const json_t *found;

    switch (cell) {
    case CELL_VALUE:
        html_value(page, value);
        break;
    case CELL_CODE:
        html_put(page, "<code>");
        html_value(page, value);
        html_put(page, "</code>");
        break;
    case CELL_COUNT:
        if (json_is_integer(value))
            html_number(page, json_integer_value(value));
        else
            html_put(page, "&ndash;");
        break;
    case CELL_TIME:
        if (json_is_integer(value))
            html_seconds(page, json_integer_value(value));
        else
            html_put(page, "&ndash;");
        break;
    case CELL_YES_NO:
        html_put(page, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "unknown");
        break;
    case CELL_PROCESS:
        if ((found = indexed(page, "processes", value)))
            put_process(page, found);
        else
            html_put(page, "&ndash;");
        break;
    case CELL_IFACE:
        if ((found = indexed(page, "interfaces", value)))
            html_value(page, json_object_get(found, "name"));
        else
            html_put(page, "&ndash;");
        break;
    case CELL_SERVER:
        if ((found = indexed(page, "servers", value)))
            put_server(page, found);
        else
            html_put(page, "&ndash;");
        break;
    case CELL_ENDPOINT:
        put_endpoint(page, row);
        break;
    case CELL_GEO:
        put_geo(page, value);
        break;
    case CELL_ADDRESSES:
        put_addresses(page, value);
        break;
    case CELL_OUTCOME:
        html_outcome(page, json_string_value(value));
        break;
    case CELL_LEAK:
        if (json_is_integer(value)) {
            put_shape(page, "leak");
            html_put(page, "leak");
        } else {
            html_put(page, "&ndash;");
        }
        break;
    case CELL_EVIDENCE:
        put_evidence(page, value);
        break;
    case CELL_NUMBERS:
        put_numbers(page, value);
        break;
    }
}
