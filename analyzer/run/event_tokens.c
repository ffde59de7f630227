/* A line's tokens, and text without its escapes. */
#define EVENT_FIELDS_JSMN
#include "event_fields.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_FIRST = 1024 };

struct event_parser *event_parser_new(void)
{
    struct event_parser *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->room = TOKENS_FIRST;
    p->tokens = malloc(p->room * sizeof(*p->tokens));
    if (!p->tokens) {
        free(p);
        return NULL;
    }
    return p;
}

void event_parser_free(struct event_parser *p)
{
    if (!p)
        return;
    free(p->tokens);
    free(p);
}

bool event_fault(struct event_parser *p, int offset, const char *reason)
{
    p->fault->offset = offset < 0 ? 0 : (uint32_t)offset;
    p->fault->reason = reason;
    return false;
}

static bool grow(struct event_parser *p)
{
    jsmntok_t *tokens;
    if (p->room >= EVENT_LINE_TOKENS_MAX)
        return false;
    tokens = realloc(p->tokens, (size_t)p->room * 2 * sizeof(*tokens));
    if (!tokens)
        return false;
    p->tokens = tokens;
    p->room *= 2;
    return true;
}

bool event_tokens(struct event_parser *p, char *text, size_t len)
{
    jsmn_parser jsmn;
    int count;
    p->text = text;
    do {
        jsmn_init(&jsmn);
        count = jsmn_parse(&jsmn, text, len, p->tokens, p->room);
    } while (count == JSMN_ERROR_NOMEM && grow(p));
    if (count == JSMN_ERROR_NOMEM)
        return event_fault(p, (int)jsmn.pos, "it has too many values");
    if (count == JSMN_ERROR_PART)
        return event_fault(p, (int)len, "it ends in the middle");
    if (count < 0)
        return event_fault(p, (int)jsmn.pos, "it is no JSON here");
    if (jsmn.pos < len)
        return event_fault(p, (int)jsmn.pos, "a byte of zero is in it");
    if (count == 0)
        return event_fault(p, 0, "it is empty");
    p->count = (unsigned)count;
    return true;
}

unsigned event_skip(const struct event_parser *p, unsigned token)
{
    int end = p->tokens[token].end;
    do
        token++;
    while (token < p->count && p->tokens[token].start < end);
    return token;
}

/* --- text ------------------------------------------------------------------------------------- */

static unsigned hex4(const char *text)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)text[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static size_t put_utf8(char *out, unsigned c)
{
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(first[len] | c);
    return len;
}

/* The character of the escape at text[0..left), which jsmn has checked; *used of its bytes. A half
 * pair of surrogates and NUL become U+FFFD. */
static unsigned unescape(const char *text, size_t left, size_t *used)
{
    static const char plain[] = "b\bf\fn\nr\rt\t";
    unsigned c, low;
    if (text[1] != 'u') {
        const char *found = strchr(plain, text[1]);
        *used = 2;
        return (unsigned char)(found ? found[1] : text[1]);
    }
    c = hex4(text + 2);
    *used = 6;
    if (c >= 0xd800 && c < 0xdc00 && left >= 12 && text[6] == '\\' && text[7] == 'u') {
        low = hex4(text + 8);
        if (low >= 0xdc00 && low < 0xe000) {
            *used = 12;
            return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return c == 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c;
}

static size_t resolve(char *text, size_t len)
{
    size_t out = 0, used;
    for (size_t in = 0; in < len;) {
        unsigned char c = (unsigned char)text[in];
        if (c == '\\') {
            /* Never longer than what it stands for. */
            unsigned value = unescape(text + in, len - in, &used);
            out += put_utf8(text + out, value);
            in += used;
        } else {
            if (c >= 0x20 && c <= 0x7e)
                text[out] = text[in];
            else
                text[out] = '?';
            out++;
            in++;
        }
    }
    return out;
}

struct event_text event_text_of(struct event_parser *p, unsigned token)
{
    const jsmntok_t *t = &p->tokens[token];
    char *at = p->text + t->start;
    size_t len = (size_t)(t->end - t->start);
    if (t->type != JSMN_STRING)
        return (struct event_text){0};
    for (size_t i = 0; i < len; i++)
        if (at[i] == '\\' || at[i] < 0x20 || at[i] > 0x7e)
            return (struct event_text){at, (uint32_t)(i + resolve(at + i, len - i))};
    return (struct event_text){at, (uint32_t)len};
}
