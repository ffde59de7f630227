/*
 * The summary of a capture: as text for people, or as one JSON object (docs/events.md, "The summary
 * of a capture").
 */
#ifndef RTCSHIM_ANALYZER_TALLY_WRITE_H
#define RTCSHIM_ANALYZER_TALLY_WRITE_H

#include "sink.h"
#include "tally.h"

enum {
    TALLY_WRITE_ROWS_MAX = 256,   /* rows, flows and ICE sessions that are written; the others are
                                     counted */
    TALLY_WRITE_PAIRS_MAX = 1024, /* of all ICE sessions, in JSON */
};

/* packets: that were read, STUN or not. t: after tally_finish(). */
void tally_write_text(struct sink *s, const struct tally *t, uint64_t packets);
void tally_write_json(struct sink *s, struct tally *t, uint64_t packets);

#endif
