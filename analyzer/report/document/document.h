/*
 * The report document: what a run showed, as JSON. Text, HTML, redaction and diff are made from it
 * alone. docs/report.schema.json says what is in it.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_DOCUMENT_H
#define RTCSHIM_ANALYZER_REPORT_DOCUMENT_H

#include <jansson.h>

#include "event_reader.h"
#include "join.h"
#include "run_folder.h"
#include "sights.h"
#include "verdict.h"

enum {
    DOCUMENT_EXCHANGES_MAX = 20000,
    DOCUMENT_ROWS_MAX = 4096, /* of each other array; run.left_out counts the rest */
};

/* New. NULL: memory is out. Everything is borrowed and not changed. */
json_t *document_make(const struct run_folder *run, const struct join *join,
                      const struct sights *sights, const struct verdict *verdict,
                      const struct event_totals *totals);

#endif
