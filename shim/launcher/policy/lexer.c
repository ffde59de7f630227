/* Cuts a line into words, strings, commas and negations. */
#include "lexer.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_word(char c)
{
    return is_blank(c) || c == ',' || c == '"';
}

/* Bytes that continue a character in UTF-8 are no columns of their own. */
static unsigned columns(const char *text, size_t len)
{
    unsigned n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static bool fail(struct lexer_line *out, unsigned column, const char *error, const char *hint)
{
    out->error = error;
    out->hint = hint;
    out->error_column = column;
    return false;
}

bool lexer_cut(const char *text, size_t len, struct lexer_line *out)
{
    unsigned column = 1;
    size_t pos = 0;

    out->count = 0;
    out->error = NULL;
    out->hint = NULL;
    for (;;) {
        struct token token = {.kind = TOKEN_END};
        size_t end;

        while (pos < len && is_blank(text[pos])) {
            pos++;
            column++;
        }
        token.text = text + pos;
        token.column = column;
        if (pos == len || text[pos] == '#') {
            out->token[out->count] = token;
            return true;
        }
        if (out->count == LEXER_TOKENS_MAX)
            return fail(out, column, "this line is too long",
                        "write it as several lines: the first one that matches counts");
        end = pos + 1;
        if ((unsigned char)text[pos] < 0x20 || text[pos] == 0x7f) {
            return fail(out, column, "a control character",
                        "a policy is plain text; its words are parted by blanks or tabs");
        } else if (text[pos] == ',') {
            token.kind = TOKEN_COMMA;
        } else if (text[pos] == '!') {
            token.kind = TOKEN_NOT;
        } else if (text[pos] == '"') {
            while (end < len && text[end] != '"' && (unsigned char)text[end] >= 0x20)
                end++;
            if (end == len || text[end] != '"')
                return fail(out, column, "this quote is never closed",
                            "put a '\"' behind the last letter of the name");
            token.kind = TOKEN_STRING;
            token.text = text + pos + 1;
            end++;
        } else {
            token.kind = TOKEN_WORD;
            while (end < len && !ends_word(text[end]) && (unsigned char)text[end] >= 0x20 &&
                   text[end] != 0x7f)
                end++;
        }
        token.len = token.kind == TOKEN_STRING ? end - pos - 2 : end - pos;
        out->token[out->count++] = token;
        column += columns(text + pos, end - pos);
        pos = end;
    }
}
