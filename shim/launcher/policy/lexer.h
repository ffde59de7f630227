/*
 * One line of a policy, cut into tokens. A word ends at a blank, a comma, a quote or the line's
 * end; `!` counts as a token at a word's start, `#` starts a comment there.
 */
#ifndef RTCSHIM_LAUNCHER_LEXER_H
#define RTCSHIM_LAUNCHER_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum { LEXER_TOKENS_MAX = 1024 };

enum token_kind {
    TOKEN_WORD,
    TOKEN_STRING, /* text without its quotes */
    TOKEN_COMMA,
    TOKEN_NOT,
    TOKEN_END, /* of the line */
};

struct token {
    enum token_kind kind;
    const char *text; /* borrowed from the source */
    size_t len;
    unsigned column; /* from 1, in characters */
};

struct lexer_line {
    struct token token[LEXER_TOKENS_MAX + 1]; /* TOKEN_END is the last */
    size_t count;                             /* without TOKEN_END */
    const char *error;                        /* static; NULL none */
    const char *hint;                         /* static; NULL none */
    unsigned error_column;
};

/* Cut text[0..len), which has no newline. false: error, hint and error_column are set. */
bool lexer_cut(const char *text, size_t len, struct lexer_line *out);

#endif
