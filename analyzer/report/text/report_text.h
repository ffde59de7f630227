/* The report document as text for a person at a terminal. */
#ifndef RTCSHIM_ANALYZER_REPORT_TEXT_H
#define RTCSHIM_ANALYZER_REPORT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct report_text_options {
    bool brief;     /* the verdict alone, at most a screenful */
    bool colour;    /* SGR colours */
    unsigned width; /* columns; 0: lines are not broken */
};

/* document as docs/report.schema.json has it; borrowed, not changed. Strings of the run's are made
 * harmless for a terminal. false: out could not be written (errno), or memory is out. */
bool report_text_write(const json_t *document, const struct report_text_options *options,
                       FILE *out);

#endif
