/* Finds addresses and names in text, and replaces them. */
#include "redact_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESS_CHARS = 45, /* the longest text of an IPv6 address with an IPv4 address in it */
    WORD_CHARS = REDACT_WORD_MAX,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

/* What stands before and behind does not belong to the address: a digit always would, a letter
 * where it is one of an IPv6 address's. "std::map" has no digit, and so no address. */
static bool stands_alone(const struct netaddr *addr, const char *text, size_t pos, size_t len)
{
    char before = '\0', next = text[pos + len];
    if (pos > 0)
        before = text[pos - 1];
    if (addr->family == NETADDR_IPV4 && memchr(text + pos, '.', len))
        return !is_digit(next);
    if (is_hex(next))
        return false;
    return !is_letter(before) || (!is_hex(before) && strcspn(text + pos, "0123456789") < len);
}

/* Length of the longest address that starts at text[pos], 0 if none does. */
static size_t address_at(const char *text, size_t pos)
{
    char part[ADDRESS_CHARS + 1];
    size_t len = 0;
    if (pos > 0 && is_digit(text[pos - 1]))
        return 0;
    while (len < ADDRESS_CHARS &&
           (is_hex(text[pos + len]) || text[pos + len] == ':' || text[pos + len] == '.'))
        len++;
    for (; len >= 2; len--) {
        struct netaddr addr;
        memcpy(part, text + pos, len);
        part[len] = '\0';
        if (netaddr_parse_ip(part, &addr) && stands_alone(&addr, text, pos, len))
            return len;
    }
    return 0;
}

/* Length of the longest known word that starts at text[pos]: nothing that belongs to it may stand
 * before or behind. */
static size_t word_at(const struct redactor *redactor, const char *text, size_t pos)
{
    char part[WORD_CHARS + 1];
    size_t len = strnlen(text + pos, redactor->longest);
    if (pos > 0 && is_word(text[pos - 1]) && is_word(text[pos]))
        return 0;
    memcpy(part, text + pos, len);
    for (; len > 0; len--) {
        if (is_word(text[pos + len - 1]) && is_word(text[pos + len]))
            continue;
        part[len] = '\0';
        if (json_object_get(redactor->words, part))
            return len;
    }
    return 0;
}

static bool is_in(const char *text, size_t len, const char *folder)
{
    size_t part = strlen(folder);
    return len >= part && memcmp(text, folder, part) == 0 && (len == part || text[part] == '/');
}

/* Length of a path that starts here and that is not the same on every machine. */
static size_t file_at(const char *text, size_t pos)
{
    static const char *const everybodys[] = {"/proc", "/sys", "/dev", "/etc/resolv.conf",
                                             "/etc/hosts"};
    size_t len = 0;
    if (text[pos] != '/' || !(is_word(text[pos + 1]) || text[pos + 1] == '.') ||
        (pos > 0 && is_word(text[pos - 1])))
        return 0;
    while (text[pos + len] && !strchr(" \t\n\"',;()<>", text[pos + len]))
        len++;
    for (size_t i = 0; i < sizeof(everybodys) / sizeof(everybodys[0]); i++)
        if (is_in(text + pos, len, everybodys[i]))
            return 0;
    return len;
}

/* Length of a name of multicast DNS that starts here. */
static size_t local_at(const char *text, size_t pos)
{
    static const char local[] = ".local";
    size_t len = 0;
    if (pos > 0 && (is_word(text[pos - 1]) || text[pos - 1] == '.'))
        return 0;
    while (is_word(text[pos + len]) || (text[pos + len] == '.' && is_word(text[pos + len + 1])))
        len++;
    return len > strlen(local) &&
                   memcmp(text + pos + len - strlen(local), local, strlen(local)) == 0
               ? len
               : 0;
}

bool redact_scan(const struct redactor *redactor, const char *text, redact_visit *visit,
                 void *context)
{
    size_t start = 0, pos = 0;
    bool behind_address = false;
    while (text[pos]) {
        enum redact_piece piece = REDACT_PLAIN;
        size_t len = 0;
        if (behind_address && text[pos] == '%' && is_word(text[pos + 1])) {
            if (!visit(context, REDACT_PLAIN, "%", 1))
                return false;
            start = ++pos;
            while (is_word(text[pos + len]))
                len++;
            piece = REDACT_SCOPE;
        } else if (behind_address && text[pos] == '/' && is_digit(text[pos + 1])) {
            len = 0; /* a prefix length, no path */
        } else if ((len = address_at(text, pos)) > 0) {
            piece = REDACT_ADDRESS;
        } else if ((len = word_at(redactor, text, pos)) > 0) {
            piece = REDACT_WORD;
        } else if ((len = local_at(text, pos)) > 0) {
            piece = REDACT_HOST;
        } else if ((len = file_at(text, pos)) > 0) {
            piece = REDACT_FILE;
        }
        behind_address = piece == REDACT_ADDRESS;
        if (piece == REDACT_PLAIN) {
            pos++;
            continue;
        }
        if (pos > start && !visit(context, REDACT_PLAIN, text + start, pos - start))
            return false;
        if (!visit(context, piece, text + pos, len))
            return false;
        pos += len;
        start = pos;
    }
    return pos == start || visit(context, REDACT_PLAIN, text + start, pos - start);
}

bool redact_address(const struct redactor *redactor, const char *text, size_t len, char *out)
{
    char key[ADDRESS_CHARS + 1];
    struct netaddr addr;
    const json_t *known;
    if (len > ADDRESS_CHARS)
        return false;
    memcpy(key, text, len);
    key[len] = '\0';
    known = json_object_get(redactor->addresses, key);
    if (known) {
        (void)snprintf(out, NETADDR_IP_TEXT_BYTES, "%s", json_string_value(known));
        return true;
    }
    if (!netaddr_parse_ip(key, &addr))
        return false;
    addr = pseudonym_addr(redactor->names, &addr);
    (void)netaddr_format_ip(&addr, out, NETADDR_IP_TEXT_BYTES);
    return json_object_set_new(redactor->addresses, key, json_string(out)) == 0 &&
           json_object_set_new(redactor->allowed, out, json_true()) == 0;
}

struct output {
    const struct redactor *redactor;
    char *text;
    size_t len, size;
};

static bool put(struct output *out, const char *text, size_t len)
{
    if (out->size - out->len <= len) {
        size_t size = out->size * 2 + len + 1;
        char *larger = realloc(out->text, size);
        if (!larger)
            return false;
        out->text = larger;
        out->size = size;
    }
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = '\0';
    return true;
}

static bool put_word(struct output *out, const char *text, size_t len)
{
    char key[WORD_CHARS + 1];
    const char *pseudonym;
    memcpy(key, text, len);
    key[len] = '\0';
    pseudonym = json_string_value(json_object_get(out->redactor->words, key));
    return pseudonym && put(out, pseudonym, strlen(pseudonym));
}

static bool put_piece(void *context, enum redact_piece piece, const char *text, size_t len)
{
    struct output *out = context;
    char address[NETADDR_IP_TEXT_BYTES], name[PSEUDONYM_NAME_BYTES];
    switch (piece) {
    case REDACT_PLAIN:
        break;
    case REDACT_ADDRESS:
        return redact_address(out->redactor, text, len, address) &&
               put(out, address, strlen(address));
    case REDACT_WORD:
        return put_word(out, text, len);
    case REDACT_SCOPE:
        if (strspn(text, "0123456789") >= len)
            break; /* an index */
        (void)pseudonym_name(out->redactor->names, PSEUDONYM_IFACE, text, len, name);
        return put(out, name, strlen(name));
    case REDACT_FILE:
    case REDACT_HOST:
        (void)pseudonym_name(out->redactor->names,
                             piece == REDACT_HOST ? PSEUDONYM_HOST : PSEUDONYM_PATH, text, len,
                             name);
        return put(out, name, strlen(name));
    }
    return put(out, text, len);
}

char *redactor_text(const struct redactor *redactor, const char *text)
{
    struct output out = {.redactor = redactor};
    if (!put(&out, "", 0) || !redact_scan(redactor, text, put_piece, &out)) {
        free(out.text);
        return NULL;
    }
    return out.text;
}
