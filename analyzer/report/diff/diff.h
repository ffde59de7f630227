/*
 * What run B reveals that run A did not, from their report documents (docs/report.schema.json).
 *
 * Addresses are compared by role, because DHCP, a VPN's other server and another day change an
 * address without changing what is revealed. A role is the kind of the address, its family, and the
 * interface that it belongs to: "the private IPv4 address of eth0", "the public IPv4 address of
 * eth0" (which eth0's packets show to servers), "the global IPv6 address of eth0, made of its
 * hardware address". Interfaces are compared by name, but those that either run was to use (its
 * wanted path) are one: the tunnel. Another address in the same role is told as changed context.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_DIFF_H
#define RTCSHIM_ANALYZER_REPORT_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* New, docs/diff.schema.json. a and b are borrowed, not changed, and not trusted: a field that is
 * missing or of another type is as if nothing had been seen. name_a and name_b are what the user
 * calls them. NULL: no memory. */
json_t *diff_documents(const json_t *a, const json_t *b, const char *name_a, const char *name_b);

/* B reveals something that A did not: exit status 1. */
bool diff_reveals_more(const json_t *diff);

/* As text for people; strings of the runs' are made harmless for a terminal. false: out could not
 * be written. */
bool diff_print(const json_t *diff, bool colour, FILE *out);

#endif
