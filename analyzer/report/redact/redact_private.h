/* What the sources of redaction share. */
#ifndef RTCSHIM_ANALYZER_REPORT_REDACT_PRIVATE_H
#define RTCSHIM_ANALYZER_REPORT_REDACT_PRIVATE_H

#include "redact.h"

enum { REDACT_WORD_MAX = 300 }; /* a longer name is not looked for in sentences */

struct redactor {
    const struct pseudonym *names;
    json_t *words;     /* original name -> pseudonym, where they differ */
    json_t *addresses; /* address as text -> pseudonym as text */
    json_t *allowed;   /* pseudonym as text -> true: what may stand in what is shown */
    size_t longest;    /* of the words */
};

/* What a run of text means to redact_scan(). */
enum redact_piece {
    REDACT_PLAIN,   /* nobody's */
    REDACT_ADDRESS, /* an IP address without port, brackets and scope */
    REDACT_WORD,    /* one of the redactor's words */
    REDACT_SCOPE,   /* what stands behind an address's % */
    REDACT_FILE,    /* a path of the file system that no word names */
    REDACT_HOST,    /* a name of multicast DNS that no word names */
};

/* Called for each piece, in order; together they are the text. false ends the scan. */
typedef bool redact_visit(void *context, enum redact_piece piece, const char *text, size_t len);

/* true: visit was content with all. */
bool redact_scan(const struct redactor *redactor, const char *text, redact_visit *visit,
                 void *context);

/* The pseudonym of the address text[0..len), which reads as one; out has NETADDR_IP_TEXT_BYTES. */
bool redact_address(const struct redactor *redactor, const char *text, size_t len, char *out);

/* Knows no name yet. NULL: no memory. */
struct redactor *redact_empty(const struct pseudonym *names);

/* An address with what belongs to one (port, brackets, scope, prefix length), and nothing else. */
bool redact_is_address(const struct redactor *redactor, const char *text);
/* Short, of letters that rtcshim's own words have, without an address. */
bool redact_is_safe(const struct redactor *redactor, const char *text);
/* After redact_allow_pseudonyms(): no name is left in text, and no address but pseudonyms. */
bool redact_is_clean(const struct redactor *redactor, const char *text);
bool redact_allow_pseudonyms(struct redactor *redactor);

#endif
