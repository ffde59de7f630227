/*
 * The words of the policy language: a table for each place where one of a few may stand, looked up
 * in both directions, and what was probably meant where none of them stands.
 */
#ifndef RTCSHIM_LAUNCHER_WORDS_H
#define RTCSHIM_LAUNCHER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
    const char *text;
    uint32_t value;
    const char *meaning; /* for people; NULL none */
};

struct words {
    const struct word *row;
    size_t rows;
    const char *what; /* "a topic" */
};

extern const struct words words_actions;    /* enum program_verb */
extern const struct words words_topics;     /* enum policy_topic bits; 0 is `any` */
extern const struct words words_qualifiers; /* enum words_qualifier */
extern const struct words words_classes;    /* bits 1 << STUN class */
extern const struct words words_methods;    /* STUN method */
extern const struct words words_transports;
extern const struct words words_families;
extern const struct words words_roles;    /* bits 1 << enum role */
extern const struct words words_kinds;    /* of interfaces; value counts them */
extern const struct words words_defaults; /* enum policy_action */
extern const struct words words_refusals; /* int32_t, `drop`, `error` and `best` */

enum words_qualifier {
    WORDS_CLASS,
    WORDS_METHOD,
    WORDS_TO,
    WORDS_PORT,
    WORDS_OVER,
    WORDS_VIA,
    WORDS_FAMILY,
    WORDS_BY,
    WORDS_PROXIED,
    WORDS_DIRECT,
    WORDS_WITH,
    WORDS_QUALIFIER_COUNT
};

/* The row of a word, NULL where there is none. */
const struct word *words_find(const struct words *words, const char *text, size_t len);

/* The first row with that value, NULL. */
const struct word *words_of_value(const struct words *words, uint32_t value);

/* What was probably meant: a word of the table that differs in a letter or two, or that people
 * write for it in other languages. NULL where nothing is near. */
const char *words_guess(const struct words *words, const char *text, size_t len);

/* "stun, probe, dns, ..."; cut where it does not fit. */
char *words_list(const struct words *words, char *out, size_t size);

/* The number of an errno's name ("ECONNREFUSED"); 0 where there is none. */
int words_errno(const char *text, size_t len);

#endif
