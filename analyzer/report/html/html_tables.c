/* The tables behind the verdict: which there are, what is in their columns. The script sorts,
 * searches and pages them. */
#include "html_private.h"

#include <string.h>

enum {
    COLUMNS_MOST = 11,
    EXCHANGES_STANDING = 100, /* that are in the page without the script; it makes all */
};

struct column {
    const char *heading;
    enum cell cell;
    const char *key;
};

struct table {
    const char *id, *title, *caption, *none;
    struct column columns[COLUMNS_MOST];
};

static const struct table tables[] = {
#include "html_tables.def"
};

enum {
    TABLE_COUNT = sizeof(tables) / sizeof(tables[0]),
};

static const struct table *table_find(const char *id)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(tables[i].id, id) == 0)
            return &tables[i];
    return NULL;
}

static const json_t *rows_of(const struct page *page, const struct table *table)
{
    if (strcmp(table->id, "exchanges") == 0)
        return json_object_get(json_object_get(page->document, "exchanges"), "rows");
    if (strcmp(table->id, "damage") == 0)
        return json_object_get(json_object_get(page->document, "run"), "damage");
    return json_object_get(page->document, table->id);
}

/* A row of the exchanges as an object, or with a leak's nested words beside it; new. NULL: no
 * memory. */
static json_t *row_object(const struct page *page, const struct table *table, const json_t *row)
{
    const json_t *columns =
        json_object_get(json_object_get(page->document, "exchanges"), "columns");
    json_t *object = json_object();
    size_t i;
    const json_t *name;

    if (strcmp(table->id, "exchanges") != 0) {
        (void)json_object_update(object, (json_t *)row);
        name = json_object_get(json_object_get(row, "learned_by"), "sentence");
        if (name)
            (void)json_object_set(object, "learned_by_sentence", (json_t *)name);
        return object;
    }
    json_array_foreach((json_t *)columns, i,
                       name) if (json_is_string(name) && json_array_get(row, i))(void)
        json_object_set(object, json_string_value(name), json_array_get(row, i));
    return object;
}

/* Nobody misses a column in which nothing stands. The script counts on those of the exchanges. */
static bool column_is_shown(const struct table *table, const struct column *column,
                            const json_t *rows)
{
    size_t i;
    const json_t *row;

    if (strcmp(table->id, "exchanges") == 0 || strcmp(table->id, "leaks") == 0 ||
        (column->cell != CELL_VALUE && column->cell != CELL_GEO))
        return true;
    json_array_foreach((json_t *)rows, i, row)
    {
        const json_t *value = json_object_get(row, column->key);
        if (value && !json_is_null(value))
            return true;
    }
    return false;
}

static void put_row(struct page *page, const struct table *table, const bool *shown,
                    const json_t *row)
{
    json_t *object = row_object(page, table, row);
    bool leaking = json_is_integer(json_object_get(object, "leak"));

    if (!object) {
        page->failed = true;
        return;
    }
    html_put(page, leaking ? "<tr class=\"leaking\">" : "<tr>");
    for (const struct column *c = table->columns; c->heading; c++) {
        const json_t *value = json_object_get(object, c->key);
        if (!shown[c - table->columns])
            continue;
        if (html_cell_is_number(c->cell) && json_is_integer(value))
            (void)fprintf(page->out,
                          "<td class=\"number\" data-value=\"%" JSON_INTEGER_FORMAT "\">",
                          json_integer_value(value));
        else
            html_put(page, html_cell_is_number(c->cell) ? "<td class=\"number\">" : "<td>");
        html_cell(page, object, c->key, c->cell);
        html_put(page, "</td>");
    }
    html_put(page, "</tr>\n");
    json_decref(object);
}

static void put_caption(struct page *page, const struct table *table, size_t count)
{
    json_int_t out = html_integer(json_object_get(page->document, "exchanges"), "left_out");

    (void)fprintf(page->out, "<caption>%s.", table->caption);
    if (strcmp(table->id, "exchanges") == 0) {
        if (count > EXCHANGES_STANDING)
            (void)fprintf(
                page->out,
                "<noscript> These are the first %d, those that matter first; all need JavaScript.</noscript>",
                EXCHANGES_STANDING);
        if (out > 0) {
            html_put(page, " ");
            html_number(page, out);
            html_put(
                page,
                " more are not in this file; leaks, faults and what went around the shim all are, as far as there is room.");
        }
    }
    html_put(page, "</caption>\n");
}

void html_table(struct page *page, const char *id)
{
    const struct table *table = table_find(id);
    const json_t *rows = rows_of(page, table);
    size_t count = json_array_size(rows);
    size_t i;
    const json_t *row;
    bool shown[COLUMNS_MOST];

    (void)fprintf(
        page->out,
        "<div class=\"table-box\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n<table id=\"%s-table\">\n",
        table->caption, id);
    put_caption(page, table, count);
    html_put(page, "<thead><tr>");
    for (const struct column *c = table->columns; c->heading; c++) {
        shown[c - table->columns] = column_is_shown(table, c, rows);
        if (shown[c - table->columns])
            (void)fprintf(page->out, "<th scope=\"col\"%s>%s</th>",
                          html_cell_is_number(c->cell) ? " class=\"number\"" : "", c->heading);
    }
    html_put(page, "</tr></thead>\n<tbody>\n");
    json_array_foreach((json_t *)rows, i, row)
    {
        if (strcmp(id, "exchanges") == 0 && i == EXCHANGES_STANDING)
            break;
        put_row(page, table, shown, row);
    }
    html_put(page, "</tbody>\n</table>\n</div>\n");
}

size_t html_table_rows(const struct page *page, const char *id)
{
    return json_array_size(rows_of(page, table_find(id)));
}

const char *html_table_title(const char *id)
{
    return table_find(id)->title;
}

const char *html_table_none(size_t index, const char **id)
{
    if (index >= TABLE_COUNT)
        return NULL;
    *id = tables[index].id;
    return tables[index].none ? tables[index].none : "";
}
