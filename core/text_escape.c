/* Takes UTF-8 apart, and makes strangers' text harmless for a terminal. */
#include "text_escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t text_next_char(const uint8_t *in, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = in[0];
    size_t need;
    uint32_t value;

    if (first < 0x80) {
        *code = first;
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        need = 2;
        value = first & 0x1fu;
    } else if (first >= 0xe0 && first <= 0xef) {
        need = 3;
        value = first & 0x0fu;
    } else if (first >= 0xf0 && first <= 0xf4) {
        need = 4;
        value = first & 0x07u;
    } else {
        return 0;
    }
    if (len < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (in[i] & 0x3fu);
    }
    if (value < least[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return need;
}

/*
 * Characters that act on a terminal or deceive its reader: C0, DEL, C1, soft hyphen, direction
 * marks, zero-width ones, line and paragraph separators, annotation and tag characters.
 */
static bool text_acts(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

/* The escape for one character of n bytes at in, n 0 for a byte that is no UTF-8; returns its
 * length. */
static size_t text_one(const uint8_t *in, size_t n, uint32_t code, char piece[static 12])
{
    int len;

    if (n == 0)
        len = snprintf(piece, 12, "\\x%02x", in[0]);
    else if (code == '\\')
        len = snprintf(piece, 12, "\\\\");
    else if (code == '\n')
        len = snprintf(piece, 12, "\\n");
    else if (code == '\t')
        len = snprintf(piece, 12, "\\t");
    else if (code == '\r')
        len = snprintf(piece, 12, "\\r");
    else if (!text_acts(code)) {
        memcpy(piece, in, n);
        return n;
    } else if (code < 0x80)
        len = snprintf(piece, 12, "\\x%02x", (unsigned)code);
    else if (code <= 0xffff)
        len = snprintf(piece, 12, "\\u%04x", (unsigned)code);
    else
        len = snprintf(piece, 12, "\\U%08x", (unsigned)code);
    return len > 0 ? (size_t)len : 0;
}

char *text_escape(const char *in, size_t len, char *out, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)in;
    size_t used = 0;
    size_t fits = 0; /* the most that leaves room for the dots */

    if (size == 0)
        return out;
    for (size_t pos = 0; pos < len;) {
        char piece[12];
        uint32_t code = 0;
        size_t n = text_next_char(bytes + pos, len - pos, &code);
        size_t add = text_one(bytes + pos, n, code, piece);

        if (size - 1 - used < add) {
            size_t dots = size - 1 < 3 ? size - 1 : 3;
            memcpy(out + fits, "...", dots);
            used = fits + dots;
            break;
        }
        memcpy(out + used, piece, add);
        used += add;
        if (size - 1 - used >= 3)
            fits = used;
        pos += n ? n : 1;
    }
    out[used] = '\0';
    return out;
}
