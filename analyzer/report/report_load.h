/* A report document, from a run's folder or from the file that `report --json` wrote. */
#ifndef RTCSHIM_ANALYZER_REPORT_LOAD_H
#define RTCSHIM_ANALYZER_REPORT_LOAD_H

#include <jansson.h>

enum { REPORT_FILE_BYTES_MAX = 256 << 20 };

/*
 * vpn: the wanted path of a folder, as for `report --vpn`; NULL: as the run says. A file has been
 * judged already, and vpn changes nothing in it.
 *
 * New. NULL: said on standard error, after command's name. A file's fields are not checked beyond
 * being a report of this schema; damage of a folder stands in the document's "run"."damage".
 */
json_t *report_load(const char *command, const char *path, const char *vpn);

#endif
