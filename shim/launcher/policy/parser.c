/* Parses a policy line by line: what each starts with, which qualifiers go with what. */
#include "parser_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_escape.h"

#define WIDTH(token) (int)((token)->len < 40 ? (token)->len : 40), (token)->text

const struct token *parser_peek(const struct parser *p)
{
    return &p->line.token[p->at];
}

const struct token *parser_take(struct parser *p)
{
    const struct token *token = parser_peek(p);

    if (token->kind != TOKEN_END)
        p->at++;
    return token;
}

__attribute__((format(printf, 5, 0))) static void note(struct parser *p, unsigned column,
                                                       bool warning, const char *hint,
                                                       const char *format, va_list args)
{
    struct parser_note *n;

    if (p->report->notes == PARSER_NOTES_MAX)
        return;
    n = &p->report->note[p->report->notes++];
    n->line = p->number;
    n->column = column;
    n->warning = warning;
    /* Callers have started args. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(n->message, sizeof n->message, format, args);
    (void)snprintf(n->hint, sizeof n->hint, "%s", hint ? hint : "");
}

bool parser_fail(struct parser *p, unsigned column, const char *hint, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(p, column, false, hint, format, args);
    va_end(args);
    p->report->errors++;
    return false;
}

void parser_warn(struct parser *p, unsigned column, const char *hint, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    note(p, column, true, hint, format, args);
    va_end(args);
}

bool parser_fail_word(struct parser *p, const struct token *token, const struct words *words)
{
    const char *guess = words_guess(words, token->text, token->len);
    char hint[PARSER_NOTE_BYTES];
    char list[PARSER_NOTE_BYTES - 16];

    if (guess)
        (void)snprintf(hint, sizeof hint, "did you mean '%s'?", guess);
    else
        (void)snprintf(hint, sizeof hint, "one of: %s", words_list(words, list, sizeof list));
    return parser_fail(p, token->column, hint, "'%.*s' is not %s", WIDTH(token), words->what);
}

/* A word of that table, or an error. */
static const struct word *take_word(struct parser *p, const struct words *words, const char *after)
{
    const struct token *token = parser_peek(p);
    const struct word *word;
    char hint[PARSER_NOTE_BYTES];
    char list[PARSER_NOTE_BYTES - 16];

    if (token->kind != TOKEN_WORD) {
        (void)snprintf(hint, sizeof hint, "one of: %s", words_list(words, list, sizeof list));
        parser_fail(p, token->column, hint, "%s is missing after '%s'", words->what, after);
        return NULL;
    }
    word = words_find(words, token->text, token->len);
    if (!word) {
        parser_fail_word(p, token, words);
        return NULL;
    }
    parser_take(p);
    return word;
}

/* The line has been understood; whatever is left is too much. */
static bool at_end(struct parser *p, const char *what)
{
    const struct token *token = parser_peek(p);

    if (token->kind == TOKEN_END)
        return true;
    if (token->kind == TOKEN_COMMA)
        return parser_fail(p, token->column, NULL, "a comma that nothing goes before");
    return parser_fail(p, token->column, "one rule a line", "nothing may stand behind %s", what);
}

static bool parse_qualifier(struct parser *p, struct program_statement *s,
                            const struct token *token, enum words_qualifier which)
{
    uint32_t bits = 0;
    bool ok = true;

    switch (which) {
    case WORDS_CLASS:
        ok = parser_bits(p, token, &words_classes, &bits);
        s->classes = (uint8_t)bits;
        return ok;
    case WORDS_METHOD:
        return parser_methods(p, token, s);
    case WORDS_TO:
        return parser_servers(p, token, s);
    case WORDS_PORT:
        return parser_ports(p, token, s);
    case WORDS_OVER:
        ok = parser_bits(p, token, &words_transports, &bits);
        s->transports = (uint8_t)bits;
        return ok;
    case WORDS_VIA:
        return parser_ifaces(p, token, s);
    case WORDS_FAMILY: {
        const struct word *word = take_word(p, &words_families, "family");
        s->family = word ? (uint8_t)word->value : 0;
        return word != NULL;
    }
    case WORDS_BY:
        return parser_bits(p, token, &words_roles, &s->roles);
    case WORDS_PROXIED:
        s->proxied |= POLICY_PROXIED;
        return true;
    case WORDS_DIRECT:
        s->proxied |= POLICY_DIRECT;
        return true;
    case WORDS_WITH:
        s->refusal_given = true;
        return parser_refusal(p, token, &s->refusal);
    case WORDS_QUALIFIER_COUNT:
        break;
    }
    return false;
}

static bool parse_qualifiers(struct parser *p, struct program_statement *s)
{
    while (parser_peek(p)->kind != TOKEN_END) {
        const struct token *token = parser_take(p);
        const struct word *word;

        if (token->kind == TOKEN_COMMA)
            return parser_fail(p, token->column, "qualifiers are parted by blanks, not by commas",
                               "a comma that nothing goes before");
        if (token->kind == TOKEN_NOT)
            return parser_fail(p, token->column, "write: via !tun0, to !192.0.2.0/24",
                               "'!' stands before an interface or a server");
        word = token->kind == TOKEN_WORD ? words_find(&words_qualifiers, token->text, token->len)
                                         : NULL;
        if (!word)
            return parser_fail_word(p, token, &words_qualifiers);
        if (p->given[word->value])
            return parser_fail(p, token->column, "several values make one list, parted by commas",
                               "'%s' was given before, at column %u", word->text,
                               p->given[word->value]);
        p->given[word->value] = token->column;
        if (!parse_qualifier(p, s, token, (enum words_qualifier)word->value))
            return false;
    }
    return true;
}

static bool parse_topics(struct parser *p, struct program_statement *s, const char *verb)
{
    bool any = false;
    unsigned column = parser_peek(p)->column;

    for (;;) {
        const struct word *word = take_word(p, &words_topics, verb);
        if (!word)
            return false;
        any |= word->value == 0;
        s->topics |= (uint16_t)word->value;
        if (parser_peek(p)->kind != TOKEN_COMMA)
            break;
        parser_take(p);
    }
    if (any)
        s->topics = 0;
    if ((s->topics & POLICY_ENUMERATION) && s->topics != POLICY_ENUMERATION)
        return parser_fail(p, column, "write a line for enumeration, one for the others",
                           "'enumeration' stands alone");
    return true;
}

/* Qualifiers that can say nothing of a topic would make a rule that never matches. */
static bool check_qualifiers(struct parser *p, const struct program_statement *s)
{
    static const struct {
        enum words_qualifier which;
        uint16_t topics; /* that have it */
        const char *hint;
    } needs[] = {
        {WORDS_CLASS, POLICY_STUN, "only STUN messages have a class"},
        {WORDS_METHOD, POLICY_STUN, "only STUN messages have a method"},
        {WORDS_PROXIED, POLICY_STUN, "whether a proxy is used is known of STUN messages alone"},
        {WORDS_DIRECT, POLICY_STUN, "whether a proxy is used is known of STUN messages alone"},
        {WORDS_TO, POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS | POLICY_CONNECT,
         "a socket that chooses its interface has no server yet"},
        {WORDS_PORT, POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS | POLICY_CONNECT,
         "a socket that chooses its interface has no server yet"},
    };

    if (s->topics == POLICY_ENUMERATION)
        for (unsigned i = 0; i < WORDS_QUALIFIER_COUNT; i++)
            if (p->given[i])
                return parser_fail(p, p->given[i],
                                   "'hide interface' and 'show interface' choose which ones",
                                   "'enumeration' has no qualifiers: every process sees the same "
                                   "interfaces");
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (p->given[needs[i].which] && s->topics != 0 && (s->topics & needs[i].topics) == 0)
            return parser_fail(p, p->given[needs[i].which], needs[i].hint,
                               "'%s' goes with another topic",
                               words_of_value(&words_qualifiers, needs[i].which)->text);
    if (p->given[WORDS_WITH] && s->verb == PROGRAM_ALLOW)
        return parser_fail(p, p->given[WORDS_WITH], "leave it out, or write 'deny'",
                           "'with' says how something is refused, and this rule allows");
    if (s->topics == POLICY_CONNECT && s->transports == POLICY_UDP)
        return parser_fail(p, p->given[WORDS_OVER],
                           "a datagram socket that is connected is a 'probe'",
                           "'connect' is about TCP");
    if ((s->topics == POLICY_PROBE || s->topics == POLICY_MDNS) && s->transports == POLICY_TCP)
        return parser_fail(p, p->given[WORDS_OVER], NULL, "this topic is about UDP");
    return true;
}

static bool parse_rule(struct parser *p, struct program_statement *s, const char *verb)
{
    return parse_topics(p, s, verb) && parse_qualifiers(p, s) && check_qualifiers(p, s);
}

static bool parse_hide(struct parser *p, struct program_statement *s, const char *verb)
{
    static const struct word what[] = {{"interface", 0, NULL}, {"address", 1, NULL}};
    static const struct words words_hide = {what, 2, "the word 'interface' or 'address'"};
    static const struct words words_show = {what, 1, "the word 'interface'"};
    const struct token *behind = parser_peek(p);
    const struct word *word =
        take_word(p, s->verb == PROGRAM_HIDE ? &words_hide : &words_show, verb);

    if (!word || !parser_ifaces(p, behind, s))
        return false;
    s->masks = word->value != 0;
    if (parser_peek(p)->kind == TOKEN_WORD && parser_peek(p)->len == 6 &&
        memcmp(parser_peek(p)->text, "family", 6) == 0) {
        parser_take(p);
        word = take_word(p, &words_families, "family");
        if (!word)
            return false;
        s->family = (uint8_t)word->value;
    }
    if (parser_peek(p)->kind == TOKEN_WORD &&
        words_find(&words_qualifiers, parser_peek(p)->text, parser_peek(p)->len))
        return parser_fail(p, parser_peek(p)->column,
                           "every process sees the same interfaces; only 'family' goes with them",
                           "'%.*s' does not go with '%s'", WIDTH(parser_peek(p)), verb);
    return at_end(p, "the interfaces");
}

static bool parse_default(struct parser *p, struct program_statement *s)
{
    const struct word *word = take_word(p, &words_defaults, "default");

    if (!word)
        return false;
    s->action = (enum policy_action)word->value;
    if (parser_peek(p)->kind == TOKEN_WORD && parser_peek(p)->len == 4 &&
        memcmp(parser_peek(p)->text, "with", 4) == 0) {
        const struct token *with = parser_take(p);
        if (s->action == POLICY_ALLOW)
            return parser_fail(p, with->column, "leave it out, or write 'default deny'",
                               "'with' says how something is refused, and this rule allows");
        s->refusal_given = true;
        if (!parser_refusal(p, with, &s->refusal))
            return false;
    }
    for (size_t i = 0; i + 1 < p->program->count; i++)
        if (p->program->statement[i].verb == PROGRAM_DEFAULT)
            return parser_fail(p, 1, NULL, "there is a default already, in line %u",
                               p->program->statement[i].line);
    return at_end(p, "the default");
}

static bool parse_refuse(struct parser *p, struct program_statement *s)
{
    static const struct word with[] = {{"with", 0, NULL}};
    static const struct words words_with = {with, 1, "the word 'with'"};
    const struct token *behind = parser_peek(p);

    s->refusal_given = true;
    return take_word(p, &words_with, "refuse") && parser_refusal(p, behind, &s->refusal) &&
           at_end(p, "the refusal");
}

/* A rule that an earlier one without qualifiers leaves nothing to. */
static void warn_if_unreachable(struct parser *p, const struct program_statement *s)
{
    for (size_t i = 0; i + 1 < p->program->count; i++) {
        const struct program_statement *before = &p->program->statement[i];
        if ((before->verb != PROGRAM_ALLOW && before->verb != PROGRAM_DENY) ||
            program_is_qualified(before))
            continue;
        if (before->topics == 0 || (s->topics != 0 && (s->topics & ~before->topics) == 0)) {
            parser_warn(p, s->column, "the first rule that matches counts: put this one before it",
                        "nothing comes to this rule, line %u takes it all", before->line);
            return;
        }
    }
}

static bool parse_statement(struct parser *p, struct program_statement *s, const char *verb)
{
    switch (s->verb) {
    case PROGRAM_ALLOW:
    case PROGRAM_DENY:
        if (!parse_rule(p, s, verb))
            return false;
        warn_if_unreachable(p, s);
        return true;
    case PROGRAM_HIDE:
    case PROGRAM_SHOW:
        return parse_hide(p, s, verb);
    case PROGRAM_DEFAULT:
        return parse_default(p, s);
    case PROGRAM_REFUSE:
        return parse_refuse(p, s);
    }
    return false;
}

static bool parse_line(struct parser *p)
{
    const struct token *first = parser_peek(p);
    struct program_statement *s;
    const struct word *word;

    if (first->kind == TOKEN_END)
        return true;
    if (p->program->count == PROGRAM_STATEMENTS_MAX)
        return parser_fail(p, first->column, NULL, "a policy has at most %d rules",
                           PROGRAM_STATEMENTS_MAX);
    word = first->kind == TOKEN_WORD ? words_find(&words_actions, first->text, first->len) : NULL;
    if (!word)
        return parser_fail_word(p, first, &words_actions);
    parser_take(p);
    s = reallocarray(p->program->statement, p->program->count + 1, sizeof *s);
    if (!s)
        return parser_fail(p, first->column, NULL, "out of memory");
    p->program->statement = s;
    s = &s[p->program->count++];
    *s = (struct program_statement){
        .verb = (enum program_verb)word->value, .line = p->number, .column = first->column};
    if (parse_statement(p, s, word->text))
        return true;
    /* What was half understood must not count against the lines below. */
    program_drop_last(p->program);
    return false;
}

/* The text goes into run.json and onto terminals: comments too are UTF-8. */
static bool check_text(struct parser *p, const char *text, size_t len)
{
    unsigned column = 1;
    uint32_t code;

    for (size_t pos = 0; pos < len; column++) {
        size_t n = text_next_char((const uint8_t *)text + pos, len - pos, &code);
        if (n == 0)
            return parser_fail(p, column, "save the file as UTF-8", "this byte is no UTF-8");
        if (code == 0)
            return parser_fail(p, column, "a policy is plain text", "a NUL byte");
        pos += n;
    }
    return true;
}

size_t parser_line(const char *text, size_t len, unsigned line, const char **start)
{
    const char *end = text + len;

    for (; line > 1; line--) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline)
            return 0;
        text = newline + 1;
    }
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t n = (size_t)((newline ? newline : end) - text);
    if (n > 0 && text[n - 1] == '\r')
        n--;
    *start = text;
    return n;
}

bool parser_parse(const char *text, size_t len, struct program *out, struct parser_report *report)
{
    struct parser *p = calloc(1, sizeof *p);
    const char *at = text;
    const char *end = text + len;

    memset(report, 0, sizeof *report);
    memset(out, 0, sizeof *out);
    if (!p) {
        report->errors = 1;
        return false;
    }
    p->report = report;
    p->program = out;
    p->number = 1;
    if (len > PROGRAM_BYTES_MAX) {
        parser_fail(p, 1, NULL, "a policy has at most %d KiB", PROGRAM_BYTES_MAX / 1024);
        at = end;
    }
    /* A byte order mark says nothing here. */
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (; at < end; p->number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);

        p->at = 0;
        memset(p->given, 0, sizeof p->given);
        if (!check_text(p, at, n))
            ;
        else if (lexer_cut(at, n > 0 && at[n - 1] == '\r' ? n - 1 : n, &p->line))
            (void)parse_line(p);
        else
            parser_fail(p, p->line.error_column, p->line.hint, "%s", p->line.error);
        at = newline ? newline + 1 : end;
    }
    if (report->errors > 0)
        program_free(out);
    free(p);
    return report->errors == 0;
}
