/*
 * What run B reveals that run A did not, from their report documents (docs/report.schema.json).
 *
 * Addresses are compared by role, because DHCP, a VPN's server and another day change an address
 * without changing what is revealed: an address is "the public IPv4 address of eth0", "the private
 * IPv4 address of tun0", and so on (diff_roles.c has the rule). An address of the same role that
 * differs is told as changed context, not as revealed.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_DIFF_H
#define RTCSHIM_ANALYZER_REPORT_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* What differs, docs/diff.schema.json; a and b are borrowed and not changed. NULL: no memory. */
json_t *diff_documents(const json_t *a, const json_t *b, const char *name_a, const char *name_b);

/* B reveals something that A did not: exit status 1. */
bool diff_reveals_more(const json_t *diff);

/* As text for people; strings from the runs are made harmless for a terminal. false: not written.
 */
bool diff_print(const json_t *diff, FILE *out);

#endif
