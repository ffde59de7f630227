/*
 * From an object's tokens to a struct's members, by a table: one row a field, in the order in which
 * a run writes them, because the search for a key begins behind the row that matched last.
 */
#ifndef RTCSHIM_ANALYZER_EVENT_FIELDS_H
#define RTCSHIM_ANALYZER_EVENT_FIELDS_H

#include "event_line.h"

#define JSMN_PARENT_LINKS /* linear time whatever the nesting */
#define JSMN_STRICT
#ifndef EVENT_FIELDS_JSMN
#define JSMN_HEADER
#else
#define JSMN_STATIC
#endif
#include <jsmn.h>

/* How a value is read, and what it is stored in. */
enum field_form {
    FIELD_TEXT,    /* struct event_text */
    FIELD_LIST,    /* struct event_list */
    FIELD_IP,      /* struct netaddr, its port left alone */
    FIELD_PORT,    /* struct netaddr's port */
    FIELD_ADDRESS, /* struct netaddr, of {"ip","port"} */
    FIELD_TIME,    /* uint64_t */
    FIELD_U64,
    FIELD_U32,
    FIELD_U16,
    FIELD_I64,
    FIELD_I32,
    FIELD_TRUE,  /* bool */
    FIELD_TRUTH, /* enum event_line_truth */
    FIELD_WORD,  /* uint8_t: position in words, which end with NULL; 0 for another */
    FIELD_HEX,   /* uint16_t, of "0x..." */
    FIELD_BYTES, /* uint8_t[16], of hexadecimal digits, and their number in the byte before it */
    FIELD_TABLE, /* an object: fields, relative to the same struct as the table it is in */
};

struct field {
    const char *name;
    size_t offset;
    const void *more; /* WORD: const char *const *; TABLE: struct field_table */
    uint8_t len;      /* of name */
    uint8_t form;
};

struct field_table {
    const struct field *fields;
    size_t count;
};

struct event_parser {
    jsmntok_t *tokens;
    unsigned room, count;
    char *text;
    struct event_line_fault *fault;
    struct event_line_fault unasked; /* for callers that want none */
};

/* text[0..len) into p->tokens. */
bool event_tokens(struct event_parser *p, char *text, size_t len);
/* The members of the object at token, into *into; *next is the token behind it. false: damaged. */
bool event_fields(struct event_parser *p, unsigned token, const struct field_table *table,
                  void *into, unsigned *next);
/* The token behind the value at token. */
unsigned event_skip(const struct event_parser *p, unsigned token);
/* A string, its escapes resolved; absent where it is none. */
struct event_text event_text_of(struct event_parser *p, unsigned token);
struct netaddr event_ip_of(const struct event_text *text);
bool event_fault(struct event_parser *p, int offset, const char *reason);

#endif
