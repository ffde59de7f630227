/*
 * One line about a packet or an event, for a capture's comments and records: UTF-8, printable,
 * bounded. Strings from programs and the network are escaped (text_escape.h), or replaced by
 * pseudonyms.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_NOTE_TEXT_H
#define RTCSHIM_ANALYZER_REPORT_NOTE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "netaddr.h"
#include "pseudonym.h"

enum { NOTE_BYTES = 1200 };

struct note {
    const struct pseudonym *names; /* NULL: everything as it is */
    size_t len;
    char text[NOTE_BYTES]; /* terminated; what found no room ends in "..." */
};

void note_start(struct note *note, const struct pseudonym *names);

/* Our own words; nothing of a stranger's. */
void note_say(struct note *note, const char *words);
/* The same with numbers. */
__attribute__((format(printf, 2, 3))) void note_add(struct note *note, const char *format, ...);

/* A name. */
void note_name(struct note *note, enum pseudonym_kind kind, const char *text, size_t len);

/* What should be a word of rtcshim's or the system's ("sendto", "ENETUNREACH", "RTM_GETADDR"). One
 * that is not known becomes a pseudonym where there are pseudonyms: the file it comes from may be
 * anybody's. */
void note_word(struct note *note, const char *text, size_t len);

void note_ip(struct note *note, const struct netaddr *addr);
/* With its port. */
void note_address(struct note *note, const struct netaddr *addr);

#endif
