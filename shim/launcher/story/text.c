/* Makes strings from programs, pages and the network valid for JSON. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

json_t *text_json(const char *in, size_t len)
{
    const uint8_t *bytes = (const uint8_t *)in;
    size_t bad = 0;
    uint32_t code;

    for (size_t pos = 0; pos < len;) {
        size_t n = text_next_char(bytes + pos, len - pos, &code);
        bad += n == 0;
        pos += n ? n : 1;
    }
    if (bad == 0)
        return json_stringn_nocheck(len ? in : "", len);

    char *clean = malloc(len + 2 * bad);
    size_t used = 0;
    if (!clean)
        return NULL;
    for (size_t pos = 0; pos < len;) {
        size_t n = text_next_char(bytes + pos, len - pos, &code);
        if (n) {
            memcpy(clean + used, bytes + pos, n);
            used += n;
            pos += n;
        } else {
            clean[used++] = '\xef';
            clean[used++] = '\xbf';
            clean[used++] = '\xbd';
            pos++;
        }
    }
    json_t *string = json_stringn_nocheck(clean, used);
    free(clean);
    return string;
}

json_t *text_json_or_null(const char *in)
{
    return in && in[0] ? text_json(in, strlen(in)) : json_null();
}

json_t *text_json_hex(const uint8_t *in, size_t len, size_t max)
{
    static const char digits[] = "0123456789abcdef";
    char hex[512];
    size_t n = len < max ? len : max;

    if (n > sizeof hex / 2)
        n = sizeof hex / 2;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[in[i] >> 4];
        hex[2 * i + 1] = digits[in[i] & 15];
    }
    return json_stringn_nocheck(hex, 2 * n);
}
