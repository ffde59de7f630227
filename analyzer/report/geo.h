/*
 * Country and network of public addresses, from MaxMind DB files that the user has (--geo, several
 * times): GeoLite2 or GeoIP2 Country, City, ASN, ISP, and databases with the same fields by others.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_GEO_H
#define RTCSHIM_ANALYZER_REPORT_GEO_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "netaddr.h"

enum { GEO_FILES_MAX = 8 };

struct geo;

/* NULL: no memory. Free with geo_free(), which takes NULL. */
struct geo *geo_new(void);
void geo_free(struct geo *geo);

/* Open one more file. false: why, of size bytes, says what is wrong with it. What an earlier file
 * knows of an address goes before what a later one knows. */
bool geo_open(struct geo *geo, const char *file, char *why, size_t size);

/* New: {"country": "DE", "country_name": "Germany", "network": "AS64500 Example"}, each null where
 * no file knows it; JSON null where none knows any, or where the address is not public. NULL: no
 * memory. The texts are a stranger's, at most GEO_TEXT_BYTES, and who shows them escapes them;
 * bytes that are no UTF-8 are escaped here. */
json_t *geo_look_up(struct geo *geo, const struct netaddr *addr);

/* What was wrong with a database when it was last asked, NULL nothing; until geo_free(). */
const char *geo_trouble(const struct geo *geo);

/* Fill "geo" of leaks and servers, and "run"."geo", which names the databases: "GeoLite2-City
 * 2026-11-01, ...". Before redaction. false: no memory. */
bool geo_document(struct geo *geo, json_t *document);

#endif
