/*
 * The report document (docs/report.schema.json) without what names a person, a machine or a
 * network: addresses and names are replaced by pseudonyms, everywhere and always the same.
 *
 * Which field holds what is written in redact_fields.def. A field that the table does not know
 * makes redaction fail: nothing slips through because it is new. Sentences are searched for each
 * name and address that a field of the document holds, and for whatever else reads as an IP
 * address; a name that stands in a sentence alone is not known for one, so the document's maker
 * puts each name into a field too.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_REDACT_H
#define RTCSHIM_ANALYZER_REPORT_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "pseudonym.h"

struct redactor;

/*
 * Learn the names and addresses of a document, which is not changed.
 *
 * names is borrowed and must outlive the redactor. NULL: no memory, or a field that the table does
 * not know; why, of size bytes, then says which. Free with redactor_free(), which takes NULL.
 */
struct redactor *redactor_new(const json_t *document, const struct pseudonym *names, char *why,
                              size_t size);
void redactor_free(struct redactor *redactor);

/* Learn one more name of this kind, before it is met: for text about the same run that is not in
 * the document (packet comments). false: no memory. */
bool redactor_learn(struct redactor *redactor, enum pseudonym_kind kind, const char *name);

/* A copy of text with each known name and each address replaced; free() it. NULL: no memory. */
char *redactor_text(const struct redactor *redactor, const char *text);

/*
 * Replace in document, in place; "run"."redacted" becomes true.
 *
 * false: a field that the table does not know, a field whose value is not of the few that it says,
 * an original that is still there afterwards (checked), or no memory. Then the document is half
 * done and must not be shown; why says what it was without quoting it.
 */
bool redactor_apply(struct redactor *redactor, json_t *document, char *why, size_t size);

/* Both steps for one document. */
bool redact_document(json_t *document, const struct pseudonym *names, char *why, size_t size);

/*
 * The key for --redact[=FILE]: 64 hexadecimal digits in FILE, which is made (mode 0600, a random
 * key) if it is not there. file NULL: a random key that is written nowhere. NULL: said on standard
 * error.
 */
struct pseudonym *redact_key(const char *file);

#endif
