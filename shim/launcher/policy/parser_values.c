/* Parses what stands behind a qualifier: lists of words, numbers, servers and interfaces. */
#include "parser_private.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_NAME_MAX_BYTES = 253, METHOD_MAX = 0xfff };

#define WIDTH(token) (int)((token)->len < 40 ? (token)->len : 40), (token)->text

/* Room for one more item. */
static bool grow(struct parser *p, const struct token *token, void **list, size_t count,
                 size_t size)
{
    void *bigger;

    if (count >= PROGRAM_LIST_MAX)
        return parser_fail(p, token->column, "write it as two rules", "a list has at most %d items",
                           PROGRAM_LIST_MAX);
    /* Lists are short: one more item each time. */
    bigger = reallocarray(*list, count + 1, size);
    if (!bigger)
        return parser_fail(p, token->column, NULL, "out of memory");
    *list = bigger;
    memset((char *)bigger + count * size, 0, size);
    return true;
}

/* A comma goes on with the list; anything else ends it. */
static bool more(struct parser *p)
{
    if (parser_peek(p)->kind != TOKEN_COMMA)
        return false;
    parser_take(p);
    return true;
}

/* A word or a string, or nothing where there ought to be one. */
static const struct token *value(struct parser *p, const struct token *behind, const char *example)
{
    const struct token *token = parser_peek(p);
    char hint[128];

    if (token->kind == TOKEN_WORD || token->kind == TOKEN_STRING) {
        if (token->len > 0)
            return parser_take(p);
        parser_fail(p, token->column, NULL, "an empty name");
        return NULL;
    }
    snprintf(hint, sizeof hint, "for example: %.*s %s", WIDTH(behind), example);
    if (token->kind == TOKEN_COMMA)
        parser_fail(p, token->column, hint, "a value is missing before this comma");
    else if (token->kind == TOKEN_NOT)
        parser_fail(p, token->column, hint, "'%.*s' can't be negated", WIDTH(behind));
    else
        parser_fail(p, token->column, hint, "'%.*s' needs a value", WIDTH(behind));
    return NULL;
}

bool parser_bits(struct parser *p, const struct token *behind, const struct words *words,
                 uint32_t *out)
{
    do {
        const struct token *token = value(p, behind, words->row[0].text);
        const struct word *word;
        if (!token)
            return false;
        word = words_find(words, token->text, token->len);
        if (!word)
            return parser_fail_word(p, token, words);
        *out |= word->value;
    } while (more(p));
    return true;
}

/* A number of digits alone; false: it is none, or larger than max. */
static bool number(const char *text, size_t len, unsigned long max, unsigned long *out)
{
    bool hex = len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char digits[24];
    char *end;

    if (len == 0 || len >= sizeof digits || text[0] < '0' || text[0] > '9')
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    errno = 0;
    *out = strtoul(digits, &end, hex ? 16 : 10);
    return *end == '\0' && errno == 0 && *out <= max;
}

bool parser_methods(struct parser *p, const struct token *behind, struct program_statement *s)
{
    do {
        const struct token *token = value(p, behind, "binding");
        const struct word *word;
        unsigned long n;
        if (!token)
            return false;
        word = words_find(&words_methods, token->text, token->len);
        if (word)
            n = word->value;
        else if (token->text[0] < '0' || token->text[0] > '9')
            return parser_fail_word(p, token, &words_methods);
        else if (!number(token->text, token->len, METHOD_MAX, &n) || n == 0)
            return parser_fail(p, token->column, "a STUN method is 0x001 to 0xfff, or a name",
                               "'%.*s' is no STUN method", WIDTH(token));
        if (!grow(p, token, (void **)&s->method, s->methods, sizeof *s->method))
            return false;
        s->method[s->methods++] = (uint16_t)n;
    } while (more(p));
    return true;
}

bool parser_ports(struct parser *p, const struct token *behind, struct program_statement *s)
{
    do {
        const struct token *token = value(p, behind, "3478");
        const char *dash;
        size_t first;
        unsigned long low, high;
        if (!token)
            return false;
        dash = memchr(token->text, '-', token->len);
        first = dash ? (size_t)(dash - token->text) : token->len;
        if (!number(token->text, first, UINT16_MAX, &low) || low == 0 ||
            (dash && (!number(dash + 1, token->len - first - 1, UINT16_MAX, &high) || high == 0)))
            return parser_fail(p, token->column, "a port is 1 to 65535, a range 3478-3481",
                               "'%.*s' is no port", WIDTH(token));
        if (!dash)
            high = low;
        if (high < low)
            return parser_fail(p, token->column, "write the lower port first",
                               "'%.*s' runs backwards", WIDTH(token));
        if (!grow(p, token, (void **)&s->port, s->ports, sizeof *s->port))
            return false;
        s->port[s->ports++] = (struct program_ports){(uint16_t)low, (uint16_t)high};
    } while (more(p));
    return true;
}

/* --- servers ---------------------------------------------------------------------------------- */

static void clear_behind(struct netaddr *addr, unsigned bits)
{
    for (unsigned i = bits; i < sizeof(addr->ip) * 8; i++)
        addr->ip[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static bool is_host_name(const char *text, size_t len)
{
    bool letter = false;
    bool dot = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        letter |= alpha;
        dot |= c == '.';
        if (!alpha && !(c >= '0' && c <= '9') && c != '.' && c != '-')
            return false;
    }
    return letter && len <= HOST_NAME_MAX_BYTES && text[0] != '.' && text[0] != '-' &&
           (dot || (len == 9 && memcmp(text, "localhost", 9) == 0));
}

/* An address or prefix; *error stays NULL where it is neither and may be a name. */
static bool parse_prefix(struct parser *p, const struct token *token, struct program_server *out,
                         bool *failed)
{
    char text[NETADDR_IP_TEXT_BYTES];
    const char *slash = memchr(token->text, '/', token->len);
    size_t ip_len = slash ? (size_t)(slash - token->text) : token->len;
    unsigned long bits;

    *failed = false;
    if (ip_len == 0 || ip_len >= sizeof text)
        return false;
    memcpy(text, token->text, ip_len);
    text[ip_len] = '\0';
    if (strchr(text, '%') || !netaddr_parse_ip(text, &out->prefix))
        return false;
    unsigned width = out->prefix.family == NETADDR_IPV6 ? 128 : 32;
    /* ::ffff:192.0.2.0/120 is IPv4, whose bits are counted from the 96th. */
    unsigned before = width == 32 && strchr(text, ':') ? 96 : 0;
    bits = before + width;
    if (slash && !number(slash + 1, token->len - ip_len - 1, before + width, &bits)) {
        *failed = true;
        return parser_fail(p, token->column + (unsigned)ip_len + 1, NULL,
                           "a prefix of %s is 0 to %u bits long", width == 32 ? "IPv4" : "IPv6",
                           before + width);
    }
    if (bits < before) {
        *failed = true;
        return parser_fail(p, token->column + (unsigned)ip_len + 1,
                           "write ::/0 for all of IPv6, 0.0.0.0/0 for IPv4",
                           "this prefix holds both IPv4 and IPv6");
    }
    out->bits = (uint8_t)(bits - before);
    struct netaddr whole = out->prefix;
    clear_behind(&out->prefix, out->bits);
    if (!netaddr_same_ip(&whole, &out->prefix)) {
        char ip[NETADDR_IP_TEXT_BYTES], hint[PARSER_NOTE_BYTES];
        snprintf(hint, sizeof hint, "read as %s/%u", netaddr_format_ip(&out->prefix, ip, sizeof ip),
                 out->bits);
        parser_warn(p, token->column, hint, "'%.*s' has bits set behind its prefix", WIDTH(token));
    }
    return true;
}

static bool fail_server(struct parser *p, const struct token *token)
{
    const char *colon = memrchr(token->text, ':', token->len);
    char hint[PARSER_NOTE_BYTES] = "an address, a prefix (198.51.100.0/24) or a host's name";
    size_t len = colon ? (size_t)(colon - token->text) : 0;
    const char *start = token->text;
    char ip[NETADDR_IP_TEXT_BYTES];
    struct netaddr addr;
    unsigned long port;

    if (len > 2 && start[0] == '[' && start[len - 1] == ']') {
        start++;
        len -= 2;
    }
    if (len > 0 && len < sizeof ip &&
        number(colon + 1, token->len - (size_t)(colon - token->text) - 1, UINT16_MAX, &port)) {
        memcpy(ip, start, len);
        ip[len] = '\0';
        if (netaddr_parse_ip(ip, &addr) || is_host_name(start, len))
            snprintf(hint, sizeof hint, "did you mean: to %s port %lu", ip, port);
    } else if (memchr(token->text, '*', token->len)) {
        snprintf(hint, sizeof hint, "patterns are for interfaces; a server is named in full");
    }
    return parser_fail(p, token->column, hint, "'%.*s' is no server", WIDTH(token));
}

bool parser_servers(struct parser *p, const struct token *behind, struct program_statement *s)
{
    do {
        struct program_server server = {0};
        const struct token *token;
        bool failed;

        if (parser_peek(p)->kind == TOKEN_NOT) {
            parser_take(p);
            server.is_not = true;
        }
        token = value(p, behind, "198.51.100.0/24");
        if (!token)
            return false;
        if (!parse_prefix(p, token, &server, &failed)) {
            if (failed)
                return false;
            if (!is_host_name(token->text, token->len))
                return fail_server(p, token);
        }
        if (!grow(p, token, (void **)&s->server, s->servers, sizeof *s->server))
            return false;
        if (server.prefix.family == NETADDR_NONE) {
            server.name = strndup(token->text, token->len);
            if (!server.name)
                return parser_fail(p, token->column, NULL, "out of memory");
        }
        s->server[s->servers++] = server;
    } while (more(p));
    return true;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static bool token_is(const struct token *token, const char *text)
{
    return token->kind == TOKEN_WORD && token->len == strlen(text) &&
           memcmp(token->text, text, token->len) == 0;
}

static bool add_iface(struct parser *p, const struct token *token, struct program_statement *s,
                      enum program_iface_kind kind, bool is_not)
{
    struct program_iface *item;

    if (!grow(p, token, (void **)&s->iface, s->ifaces, sizeof *s->iface))
        return false;
    item = &s->iface[s->ifaces];
    item->kind = kind;
    item->is_not = is_not;
    item->quoted = token->kind == TOKEN_STRING;
    if (kind != PROGRAM_IFACE_DEFAULT && kind != PROGRAM_IFACE_VPN) {
        item->text = strndup(token->text, token->len);
        if (!item->text)
            return parser_fail(p, token->column, NULL, "out of memory");
    }
    s->ifaces++;
    return true;
}

static bool parse_kind(struct parser *p, const struct token *token, struct program_statement *s,
                       bool is_not)
{
    if (token->kind == TOKEN_WORD && !words_find(&words_kinds, token->text, token->len)) {
        const char *guess = words_guess(&words_kinds, token->text, token->len);
        char hint[PARSER_NOTE_BYTES];
        snprintf(hint, sizeof hint,
                 guess
                     ? "did you mean '%s'? A kind that rtcshim has no word for is written in quotes"
                     : "a kind that rtcshim has no word for is written in quotes; "
                       "'ip -d link' shows kinds%s",
                 guess ? guess : "");
        return parser_fail(p, token->column, hint, "'%.*s' is no kind of interface that is known",
                           WIDTH(token));
    }
    return add_iface(p, token, s, PROGRAM_IFACE_KIND, is_not);
}

/* The text may not end in a NUL. */
static bool is_pattern(const struct token *token)
{
    return memchr(token->text, '*', token->len) || memchr(token->text, '?', token->len) ||
           memchr(token->text, '[', token->len);
}

/* Where the brackets that open before text[at] are closed, len where they are not. A ']' that comes
 * first, or behind their '!', is one of the letters; so is one of a class, [:digit:]. */
static size_t bracket_end(const char *text, size_t len, size_t at)
{
    size_t first;

    if (at < len && (text[at] == '!' || text[at] == '^'))
        at++;
    for (first = at; at < len && (text[at] != ']' || at == first);) {
        if (text[at] == '[' && at + 1 < len && text[at + 1] == ':') {
            const char *end = memmem(text + at + 2, len - at - 2, ":]", 2);
            if (!end)
                return len;
            at = (size_t)(end - text) + 2;
        } else {
            at += text[at] == '\\' ? 2 : 1;
        }
    }
    return at < len ? at : len;
}

/* Where a '[' stands that is never closed, which fnmatch(3) takes for a letter; len: nowhere. */
static size_t unclosed_bracket(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == '[') {
            size_t end = bracket_end(text, len, i + 1);
            if (end == len)
                return i;
            i = end;
        }
    }
    return len;
}

static bool parse_pattern(struct parser *p, const struct token *token, struct program_statement *s,
                          bool is_not)
{
    size_t bracket = unclosed_bracket(token->text, token->len);
    unsigned column = token->column;

    if (bracket == token->len)
        return add_iface(p, token, s, PROGRAM_IFACE_GLOB, is_not);
    for (size_t i = 0; i < bracket; i++) /* in characters */
        column += ((unsigned char)token->text[i] & 0xc0) != 0x80;
    return parser_fail(p, column,
                       "letters of which one is meant stand in brackets: eth[01]. A comma ends the "
                       "pattern, and a name with a bracket in it stands in quotes",
                       "the '[' in '%.*s' is never closed", WIDTH(token));
}

static bool parse_iface(struct parser *p, const struct token *token, struct program_statement *s,
                        bool is_not)
{
    if (token_is(token, "default"))
        return add_iface(p, token, s, PROGRAM_IFACE_DEFAULT, is_not);
    if (token_is(token, "$vpn")) {
        p->program->uses_vpn = true;
        return add_iface(p, token, s, PROGRAM_IFACE_VPN, is_not);
    }
    if (token->kind == TOKEN_WORD && token->text[0] == '$')
        return parser_fail(p, token->column, "the only variable is $vpn, the interface of --vpn",
                           "'%.*s' is no variable", WIDTH(token));
    if (token->kind == TOKEN_WORD && is_pattern(token))
        return parse_pattern(p, token, s, is_not);
    if (token->len >= IF_NAMESIZE)
        return parser_fail(p, token->column, NULL,
                           "an interface's name has at most %d letters; '%.*s' can't be one",
                           IF_NAMESIZE - 1, WIDTH(token));
    if (memchr(token->text, '/', token->len) || memchr(token->text, ':', token->len))
        return parser_fail(p, token->column,
                           "an address is written behind 'to'; an alias (eth0:1) is its interface",
                           "'%.*s' can't be an interface's name", WIDTH(token));
    return add_iface(p, token, s, PROGRAM_IFACE_NAME, is_not);
}

bool parser_ifaces(struct parser *p, const struct token *behind, struct program_statement *s)
{
    bool kinds = false;
    bool kinds_not = false;

    do {
        const struct token *token;
        bool is_not = parser_peek(p)->kind == TOKEN_NOT;

        if (is_not)
            parser_take(p);
        if (token_is(parser_peek(p), "kind") && !kinds) {
            parser_take(p);
            kinds = true;
            kinds_not = is_not;
            is_not = false;
        }
        if (kinds && is_not)
            return parser_fail(p, parser_peek(p)->column - 1, "'!kind tun,wireguard' is neither",
                               "the '!' of kinds stands before 'kind'");
        token = value(p, behind, kinds ? "kind tun" : "tun0");
        if (!token)
            return false;
        if (kinds ? !parse_kind(p, token, s, kinds_not) : !parse_iface(p, token, s, is_not))
            return false;
    } while (more(p));
    return true;
}

/* --- refusals --------------------------------------------------------------------------------- */

bool parser_refusal(struct parser *p, const struct token *behind, int32_t *out)
{
    const struct token *token = value(p, behind, "ECONNREFUSED");
    const struct word *word;
    char upper[24];
    int error;

    if (!token)
        return false;
    word = words_find(&words_refusals, token->text, token->len);
    if (word) {
        *out = (int32_t)word->value;
        return true;
    }
    error = words_errno(token->text, token->len);
    if (error == EINTR || error == EAGAIN || error == EINPROGRESS)
        return parser_fail(p, token->column, "ECONNREFUSED, EPERM and ENETUNREACH are understood",
                           "'%.*s' makes programs try again at once, without end", WIDTH(token));
    if (error != 0) {
        *out = error;
        return true;
    }
    for (size_t i = 0; i < token->len && i + 1 < sizeof upper; i++) {
        char c = token->text[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    if (token->len < sizeof upper && words_errno(upper, token->len) != 0) {
        char hint[64];
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)token->len, upper);
        return parser_fail(p, token->column, hint, "'%.*s' is no way to refuse", WIDTH(token));
    }
    if (!words_guess(&words_refusals, token->text, token->len))
        return parser_fail(p, token->column, "drop, error, best, or an errno's name (ECONNREFUSED)",
                           "'%.*s' is no way to refuse", WIDTH(token));
    return parser_fail_word(p, token, &words_refusals);
}
