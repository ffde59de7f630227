/* What the sources of diff share. */
#ifndef RTCSHIM_ANALYZER_REPORT_DIFF_PRIVATE_H
#define RTCSHIM_ANALYZER_REPORT_DIFF_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { DIFF_TEXT_BYTES = 640 }; /* of a key or a sentence; what is longer is cut */

/* One of the two runs. */
struct diff_run {
    const json_t *document;
    const json_t *other; /* the other run's: what either of them calls its tunnel is one */
};

/* A field's text, "" where it is none. */
const char *diff_text(const json_t *object, const char *field);
/* The row that a number in object[field] names in the document's array; NULL none. */
const json_t *diff_row(const struct diff_run *run, const char *array, const json_t *object,
                       const char *field);
/* Append as printf() does; cut at DIFF_TEXT_BYTES. */
__attribute__((format(printf, 2, 3))) void diff_append(char out[static DIFF_TEXT_BYTES],
                                                       const char *format, ...);

/* An interface's role: its name, or "the tunnel". */
const char *diff_iface_role(const struct diff_run *run, const char *iface);

/* What an address is to the run. */
struct diff_role {
    char key[DIFF_TEXT_BYTES];   /* the same for both runs */
    char words[DIFF_TEXT_BYTES]; /* "the public IPv4 address of eth0" */
};

/* address as in the document, "" where it is not known; kind then says what it is. iface is where
 * it was seen, "" unknown: what an interface of the run's has as its own goes before. */
void diff_role_of(const struct diff_run *run, const char *address, const char *kind,
                  const char *iface, struct diff_role *role);

/* All that a run revealed: {key: fact}, in the order of the document's parts. NULL: no memory. */
json_t *diff_facts(const struct diff_run *run);

/* What is different around the two: [{"what", "a", "b"}], and what makes them hard to compare:
 * ["..."]. NULL: no memory. */
json_t *diff_context(const struct diff_run *a, const struct diff_run *b);
json_t *diff_notes(const json_t *a, const json_t *b);

#endif
