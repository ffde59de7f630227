/* Walks a line's tokens and stores what the tables name. */
#include "event_fields.h"

#include <string.h>

#include "run_folder.h"

/* --- values ----------------------------------------------------------------------------------- */

/* The usual case, without inet_pton(): "10.8.0.2". */
static bool parse_ipv4(const struct event_text *text, struct netaddr *out)
{
    uint8_t ip[4];
    unsigned part = 0, digits = 0, value = 0;
    for (uint32_t i = 0; i <= text->len; i++) {
        int c = i < text->len ? text->at[i] : '.';
        if (c >= '0' && c <= '9' && digits < 3 && !(digits == 1 && value == 0)) {
            value = value * 10 + (unsigned)(c - '0');
            digits++;
            continue;
        }
        if (c != '.' || digits == 0 || value > 255 || part == 4)
            return false;
        ip[part++] = (uint8_t)value;
        digits = value = 0;
    }
    if (part != 4)
        return false;
    *out = netaddr_from_bytes(ip, sizeof(ip), 0);
    return true;
}

struct netaddr event_ip_of(const struct event_text *text)
{
    struct netaddr ip = {0};
    char buf[NETADDR_IP_TEXT_BYTES];
    if (!text->at || text->len >= sizeof(buf) || parse_ipv4(text, &ip))
        return ip;
    memcpy(buf, text->at, text->len);
    buf[text->len] = '\0';
    (void)netaddr_parse_ip(buf, &ip);
    return ip;
}

/* A whole number; false for anything else, and for what is larger than 63 bits. */
static bool number_of(const struct event_parser *p, unsigned token, int64_t *out)
{
    const jsmntok_t *t = &p->tokens[token];
    const char *at = p->text + t->start, *end = p->text + t->end;
    int64_t value = 0;
    bool negative = at < end && *at == '-';
    if (t->type != JSMN_PRIMITIVE)
        return false;
    at += negative;
    if (at == end || end - at > 18)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        value = value * 10 + (*at - '0');
    }
    *out = negative ? -value : value;
    return true;
}

static void store_number(const struct event_parser *p, unsigned token, uint8_t form, void *to)
{
    int64_t value;
    if (!number_of(p, token, &value))
        return;
    if (form == FIELD_I64)
        *(int64_t *)to = value;
    else if (form == FIELD_I32 && value >= INT32_MIN && value <= INT32_MAX)
        *(int32_t *)to = (int32_t)value;
    else if (form == FIELD_U64 && value >= 0)
        *(uint64_t *)to = (uint64_t)value;
    else if (form == FIELD_U32 && value >= 0 && value <= UINT32_MAX)
        *(uint32_t *)to = (uint32_t)value;
    else if (form == FIELD_U16 && value >= 0 && value <= UINT16_MAX)
        *(uint16_t *)to = (uint16_t)value;
}

static void store_truth(const struct event_parser *p, unsigned token, uint8_t form, void *to)
{
    const jsmntok_t *t = &p->tokens[token];
    char first = p->text[t->start];
    if (t->type != JSMN_PRIMITIVE || (first != 't' && first != 'f'))
        return;
    if (form == FIELD_TRUE)
        *(bool *)to = first == 't';
    else
        *(enum event_line_truth *)to = first == 't' ? EVENT_LINE_TRUE : EVENT_LINE_FALSE;
}

static uint8_t word_of(const struct event_text *text, const char *const *words)
{
    for (uint8_t i = 0; text->at && words[i]; i++)
        if (strlen(words[i]) == text->len && memcmp(words[i], text->at, text->len) == 0)
            return i;
    return 0;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void store_bytes(const struct event_text *text, uint8_t *to)
{
    if (text->len % 2 != 0 || text->len > 32)
        return;
    for (uint32_t i = 0; i < text->len; i += 2) {
        int high = nibble(text->at[i]), low = nibble(text->at[i + 1]);
        if (high < 0 || low < 0) {
            memset(to, 0, 16);
            return;
        }
        to[i / 2] = (uint8_t)(high << 4 | low);
    }
    to[-1] = (uint8_t)(text->len / 2);
}

static void store_hex(const struct event_text *text, uint16_t *to)
{
    unsigned value = 0;
    if (!text->at || text->len < 3 || text->len > 6 || memcmp(text->at, "0x", 2) != 0)
        return;
    for (uint32_t i = 2; i < text->len; i++) {
        int digit = nibble(text->at[i]);
        if (digit < 0)
            return;
        value = value << 4 | (unsigned)digit;
    }
    *to = (uint16_t)value;
}

static void store_ip(const struct event_text *text, struct netaddr *to)
{
    uint16_t port = to->port;
    *to = event_ip_of(text);
    to->port = port;
}

static bool store_address(struct event_parser *p, unsigned token, struct netaddr *to)
{
    static const struct field fields[] = {
        {.name = "ip", .len = 2, .form = FIELD_IP},
        {.name = "port", .len = 4, .form = FIELD_PORT},
    };
    static const struct field_table table = {fields, 2};
    unsigned next;
    return p->tokens[token].type != JSMN_OBJECT || event_fields(p, token, &table, to, &next);
}

static void store_list(const struct event_parser *p, unsigned token, struct event_list *to)
{
    const jsmntok_t *t = &p->tokens[token];
    if (t->type == JSMN_ARRAY)
        *to = (struct event_list){p->text + t->start, (uint32_t)(t->end - t->start)};
}

static bool store(struct event_parser *p, unsigned token, const struct field *field, void *into)
{
    void *to = (char *)into + field->offset;
    struct event_text text;
    unsigned next;
    switch ((enum field_form)field->form) {
    case FIELD_TEXT:
        *(struct event_text *)to = event_text_of(p, token);
        return true;
    case FIELD_LIST:
        store_list(p, token, to);
        return true;
    case FIELD_ADDRESS:
        return store_address(p, token, to);
    case FIELD_PORT:
        store_number(p, token, FIELD_U16, &((struct netaddr *)to)->port);
        return true;
    case FIELD_U64:
    case FIELD_U32:
    case FIELD_U16:
    case FIELD_I64:
    case FIELD_I32:
        store_number(p, token, field->form, to);
        return true;
    case FIELD_TRUE:
    case FIELD_TRUTH:
        store_truth(p, token, field->form, to);
        return true;
    case FIELD_TABLE:
        return p->tokens[token].type != JSMN_OBJECT ||
               event_fields(p, token, field->more, into, &next);
    case FIELD_IP:
    case FIELD_TIME:
    case FIELD_WORD:
    case FIELD_HEX:
    case FIELD_BYTES:
        break;
    }
    text = event_text_of(p, token);
    if (field->form == FIELD_IP)
        store_ip(&text, to);
    else if (field->form == FIELD_TIME)
        *(uint64_t *)to = run_time_ns(text.at, text.len);
    else if (field->form == FIELD_WORD)
        *(uint8_t *)to = word_of(&text, field->more);
    else if (field->form == FIELD_HEX)
        store_hex(&text, to);
    else if (text.at)
        store_bytes(&text, to);
    return true;
}

/* --- objects ---------------------------------------------------------------------------------- */

static const struct field *find(const struct field_table *table, size_t *hint, const char *name,
                                size_t len)
{
    size_t at = *hint;
    for (size_t i = 0; i < table->count; i++, at++) {
        if (at >= table->count)
            at = 0;
        const struct field *field = &table->fields[at];
        if (field->len == len && memcmp(field->name, name, len) == 0) {
            *hint = at + 1;
            return field;
        }
    }
    return NULL;
}

bool event_fields(struct event_parser *p, unsigned token, const struct field_table *table,
                  void *into, unsigned *next)
{
    int end = p->tokens[token].end;
    size_t hint = 0;
    unsigned at = token + 1;
    while (at < p->count && p->tokens[at].start < end) {
        const jsmntok_t *key = &p->tokens[at];
        if (key->type != JSMN_STRING || key->size != 1)
            return event_fault(p, key->start, "a name and its value are expected here");
        const struct field *field =
            find(table, &hint, p->text + key->start, (size_t)(key->end - key->start));
        if (field && !store(p, at + 1, field, into))
            return false;
        at = event_skip(p, at + 1);
    }
    *next = at;
    return true;
}
