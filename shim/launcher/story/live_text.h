/*
 * Finished events in words, for a terminal: who, and what happened. Strings of the event come out
 * escaped.
 */
#ifndef RTCSHIM_LAUNCHER_LIVE_TEXT_H
#define RTCSHIM_LAUNCHER_LIVE_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* "firefox-esr[7610] socket", "" where the event has no process. Takes an event or anything else
 * with a "process" object. */
void live_text_who(const json_t *event, char *out, size_t size);

/* What happened; false where it is worth no line. */
bool live_text_what(const json_t *event, char *out, size_t size);

/* The string member key of o, escaped, "" where there is none. Returns out. */
char *live_text_field(const json_t *o, const char *key, char *out, size_t size);

/* {"ip","port"} as 192.0.2.1:3478 or [2001:db8::1]:3478; "none" for null. Returns out. */
char *live_text_address(const json_t *address, char *out, size_t size);

#endif
