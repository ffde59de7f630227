/*
 * What was found as a line: NDJSON in the schema that the shim's events have (witness "wire"), or a
 * row of text for people.
 */
#ifndef RTCSHIM_ANALYZER_EVENT_WRITE_H
#define RTCSHIM_ANALYZER_EVENT_WRITE_H

#include "found.h"
#include "sink.h"
#include "stun_integrity.h"

/* A found message, decoded once for all outputs. */
struct decoded {
    struct stun_msg msg;
    enum stun_status status;     /* STUN_OK, or STUN_TRUNCATED; msg is filled */
    enum stun_check fingerprint; /* ABSENT where the message is not whole */
    enum found_confidence confidence;
};

/* false: the bytes are no STUN header after all. A FOUND_MESSAGE only. */
bool event_decode(const struct found *found, struct decoded *out);

/* One line of JSON. decoded: NULL for ChannelData. file: NULL where there is only one. */
void event_write_json(struct sink *s, const struct found *found, const struct decoded *decoded,
                      uint64_t seq, const char *file);

/* The names of the text's columns, and a row of it. */
void event_write_head(struct sink *s);
void event_write_row(struct sink *s, const struct found *found, const struct decoded *decoded,
                     const char *file);

#endif
