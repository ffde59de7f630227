/* Between the parts that write the HTML page. Everything here writes to page->out and never fails
 * at once: page->failed and ferror() tell. */
#ifndef RTCSHIM_ANALYZER_REPORT_HTML_PRIVATE_H
#define RTCSHIM_ANALYZER_REPORT_HTML_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct page {
    FILE *out;
    const json_t *document;
    bool failed; /* memory was out */
};

/* --- html_text.c: what may be written --- */

/* The project's own words, with markup. */
void html_put(struct page *page, const char *markup);
/* Text of whoever's: what acts on a reader becomes visible escapes (core/text_escape.h), what HTML
 * means something by becomes references. Also right in a quoted attribute. */
void html_text(struct page *page, const char *text, size_t len);
/* The same of a JSON string, in an element that keeps its direction to itself; a number as digits;
 * for anything else a dash. */
void html_value(struct page *page, const json_t *value);
void html_number(struct page *page, json_int_t number);
/* Microseconds as seconds with six decimals. */
void html_seconds(struct page *page, json_int_t us);
/* The document as JSON that can't end the element that it stands in. */
void html_document(struct page *page);

/* json_object_get() and its kin that take what has another type for absent. */
const char *html_string(const json_t *object, const char *key); /* NULL */
json_int_t html_integer(const json_t *object, const char *key); /* 0 */

/* --- html_cells.c: what the document's values look like --- */

enum cell {
    CELL_VALUE,     /* a string or number as it is */
    CELL_CODE,      /* the same, in the type of code */
    CELL_COUNT,     /* a number to be compared: to the right */
    CELL_TIME,      /* microseconds since the run's start */
    CELL_YES_NO,    /* true, false; null: unknown */
    CELL_PROCESS,   /* index into processes */
    CELL_IFACE,     /* index into interfaces */
    CELL_SERVER,    /* index into servers */
    CELL_ENDPOINT,  /* the row's own ip, port and proto */
    CELL_GEO,       /* country and network */
    CELL_ADDRESSES, /* [{ip, kind}], [{address, kind, wanted}], [{iface, ip}] or ["..."] */
    CELL_OUTCOME,   /* its shape and words */
    CELL_LEAK,      /* index into leaks */
    CELL_NUMBERS,   /* [48, 49] */
    CELL_EVIDENCE,  /* {events, frames, more} */
};

/* row[key] as cell says. */
void html_cell(struct page *page, const json_t *row, const char *key, enum cell cell);
/* Whether the cell is aligned and sorted as a number. */
bool html_cell_is_number(enum cell cell);
void html_outcome(struct page *page, const char *name);

/* --- the sections --- */

void html_title(struct page *page);
void html_masthead(struct page *page);
void html_verdict(struct page *page);
void html_leaks(struct page *page);
void html_legend(struct page *page);   /* of the picture: an entry for each outcome */
void html_contents(struct page *page); /* links to the sections that there are */
void html_alarms(struct page *page);   /* faults and strangers */
void html_paths(struct page *page);
void html_tables(struct page *page); /* everything else */
void html_footer(struct page *page);

/* --- html_tables.c: tables by the name of their section, as html_tables.def has them --- */

/* The table without a section around it. */
void html_table(struct page *page, const char *id);
size_t html_table_rows(const struct page *page, const char *id);
const char *html_table_title(const char *id);
/* What to say where it has no row, "" for nothing, and its name in *id; NULL after the last. */
const char *html_table_none(size_t index, const char **id);

#endif
