/* The run's capture with what the report says about each packet, for Wireshark. */
#ifndef RTCSHIM_ANALYZER_REPORT_PCAPNG_H
#define RTCSHIM_ANALYZER_REPORT_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "join.h"
#include "pseudonym.h"
#include "redact.h"
#include "run_folder.h"
#include "verdict.h"

/* What the file is made of; all borrowed. */
struct report_pcapng {
    struct run_folder *run;
    const struct join *join;
    const struct verdict *verdict;
    /* Both NULL: nothing is redacted. */
    const struct pseudonym *names;
    const struct redactor *redactor;
};

/* Read wire.pcapng and events.ndjson of the run again, write to out. false: why, of size bytes,
 * says what failed; out is then half-written. */
bool report_pcapng_write(const struct report_pcapng *what, FILE *out, char *why, size_t size);

#endif
