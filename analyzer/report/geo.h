/*
 * Country and network of public addresses, from MaxMind DB files that the user has (--geo, several
 * times): GeoLite2 or GeoIP2 Country, City, ASN, and databases of the same fields by others.
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
 * memory. Texts are UTF-8 as the file has them, at most 128 bytes; who shows them escapes them. */
json_t *geo_look_up(const struct geo *geo, const struct netaddr *addr);

/* Fill "geo" of leaks and servers, and "run"."geo", which names the files: "GeoLite2-City
 * 2026-11-01, ...". false: no memory. */
bool geo_document(const struct geo *geo, json_t *document);

#endif
