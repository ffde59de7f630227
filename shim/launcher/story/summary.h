/*
 * The end of a run in at most a screenful.
 */
#ifndef RTCSHIM_LAUNCHER_SUMMARY_H
#define RTCSHIM_LAUNCHER_SUMMARY_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "process.h"

enum {
    SUMMARY_SERVERS_MAX = 8,
    SUMMARY_LEARNED_MAX = 12, /* lines about addresses, over all servers */
    SUMMARY_LOOKS_MAX = 6,
    SUMMARY_PROBES_MAX = 4,
    SUMMARY_RULES_MAX = 8,
    SUMMARY_UNCOVERED_MAX = 5,
};

/* sums: of ledger_json(). uncovered: NULL-terminated, may be NULL; partial: there may be more.
 * folder: NULL for none. */
void summary_print(FILE *out, const json_t *sums, uint64_t events, uint64_t lost,
                   struct process *const *uncovered, bool partial, const char *folder);

#endif
