/* The report document as one HTML file that needs nothing else. */
#ifndef RTCSHIM_ANALYZER_REPORT_HTML_H
#define RTCSHIM_ANALYZER_REPORT_HTML_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* document as docs/report.schema.json has it; borrowed, not changed. false: memory is out, or out
 * could not be written (errno). */
bool report_html_write(const json_t *document, FILE *out);

#endif
