/* What the two parts of the text report share: reading a document, words for its numbers. */
#ifndef RTCSHIM_ANALYZER_REPORT_TEXT_PRIVATE_H
#define RTCSHIM_ANALYZER_REPORT_TEXT_PRIVATE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "paragraph.h"

/* "" and 0 where there is none of that type. */
const char *text_at(const json_t *object, const char *key);
uint64_t number_at(const json_t *object, const char *key);
/* NULL where the element is not there; all of jansson's readers take that. */
const json_t *part_at(const json_t *object, const char *key);
/* table[object[key]]: NULL where that is null. */
const json_t *row_at(const json_t *document, const char *table, const json_t *object,
                     const char *key);

/* "1 time", "3 times"; in buf. */
char *counted(uint64_t count, const char *one, const char *many, char *buf, size_t size);
/* "firefox-esr (socket process, pid 117)"; in buf. */
char *process_words(const json_t *document, const json_t *object, char *buf, size_t size);
/* "203.0.113.23 (public, DE, AS64500 Example)"; in buf. */
char *address_words(const json_t *leak, char *buf, size_t size);
/* "203.0.113.8, 203.0.113.23" of a path; in buf, "" for none. */
char *learned_words(const json_t *path, char *buf, size_t size);
/* "events 78, 79; frames 114, 115; 2 more"; in buf, "" for none. */
char *evidence_words(const json_t *object, char *buf, size_t size);

/* The verdict, at most a screenful. */
void report_text_verdict(struct paragraphs *p, const json_t *document);
/* All the rest. */
void report_text_details(struct paragraphs *p, const json_t *document);

#endif
