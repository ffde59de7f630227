/* The parser's place in a line. For parser.c and parser_values.c alone. */
#ifndef RTCSHIM_LAUNCHER_PARSER_PRIVATE_H
#define RTCSHIM_LAUNCHER_PARSER_PRIVATE_H

#include "lexer.h"
#include "parser.h"
#include "words.h"

struct parser {
    struct lexer_line line;
    size_t at; /* token */
    unsigned number;
    unsigned given[WORDS_QUALIFIER_COUNT]; /* column where each qualifier stands, 0 not given */
    struct program *program;
    struct parser_report *report;
};

const struct token *parser_peek(const struct parser *p);
/* The token here; moves on unless it is TOKEN_END. */
const struct token *parser_take(struct parser *p);

/* Tell an error at a token or column; hint may be NULL. Returns false. */
__attribute__((format(printf, 4, 5))) bool parser_fail(struct parser *p, unsigned column,
                                                       const char *hint, const char *format, ...);
__attribute__((format(printf, 4, 5))) void parser_warn(struct parser *p, unsigned column,
                                                       const char *hint, const char *format, ...);

/* The token is none of the words: says so, with what was probably meant. Returns false. */
bool parser_fail_word(struct parser *p, const struct token *token, const struct words *words);

/* The values behind a qualifier, or behind `hide interface`. `behind` is the qualifier. */
bool parser_bits(struct parser *p, const struct token *behind, const struct words *words,
                 uint32_t *out);
bool parser_methods(struct parser *p, const struct token *behind, struct program_statement *s);
bool parser_servers(struct parser *p, const struct token *behind, struct program_statement *s);
bool parser_ports(struct parser *p, const struct token *behind, struct program_statement *s);
bool parser_ifaces(struct parser *p, const struct token *behind, struct program_statement *s);
bool parser_refusal(struct parser *p, const struct token *behind, int32_t *out);

#endif
