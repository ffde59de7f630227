/* A buffered writer: numbers, addresses, times, and strangers' strings for JSON or a terminal. */
#include "sink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "text_escape.h"

static const char hex_digits[] = "0123456789abcdef";

bool sink_open(struct sink *s, int fd)
{
    *s = (struct sink){.fd = fd, .size = SINK_BYTES};
    s->buf = malloc(s->size);
    return s->buf != NULL;
}

bool sink_flush(struct sink *s)
{
    size_t done = 0;
    if (s->fd < 0)
        return true;
    while (done < s->len && s->error == 0) {
        ssize_t n = write(s->fd, s->buf + done, s->len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            s->error = errno;
    }
    s->len = 0;
    return s->error == 0;
}

bool sink_close(struct sink *s)
{
    bool good = sink_flush(s);
    free(s->buf);
    s->buf = NULL;
    return good;
}

void sink_make_room(struct sink *s, size_t len)
{
    if (s->fd >= 0) {
        sink_flush(s);
        return;
    }
    size_t size = s->size * 2 + len;
    char *grown = realloc(s->buf, size);
    if (grown) {
        s->buf = grown;
        s->size = size;
    } else {
        s->error = ENOMEM;
        s->len = 0;
    }
}

void sink_uint(struct sink *s, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    sink_put(s, digits + at, sizeof(digits) - at);
}

void sink_hex(struct sink *s, uint64_t value, unsigned digits)
{
    char text[16];
    for (unsigned i = 0; i < digits; i++)
        text[i] = hex_digits[value >> (4 * (digits - 1 - i)) & 15];
    sink_put(s, text, digits);
}

void sink_hex_bytes(struct sink *s, const uint8_t *bytes, size_t len)
{
    char text[256];
    while (len > 0) {
        size_t n = len < sizeof(text) / 2 ? len : sizeof(text) / 2;
        for (size_t i = 0; i < n; i++) {
            text[2 * i] = hex_digits[bytes[i] >> 4];
            text[2 * i + 1] = hex_digits[bytes[i] & 15];
        }
        sink_put(s, text, 2 * n);
        bytes += n;
        len -= n;
    }
}

void sink_ip(struct sink *s, const struct netaddr *addr)
{
    char text[NETADDR_IP_TEXT_BYTES];
    sink_put(s, text, netaddr_put_ip(addr, text));
}

void sink_printf(struct sink *s, const char *format, ...)
{
    char text[1001];
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0)
        sink_put(s, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void sink_time(struct sink *s, uint64_t time_ns)
{
    /* Captures go through seconds slowly: the date is made once for each. */
    static _Thread_local time_t made_for = -1;
    static _Thread_local char date[32];
    static _Thread_local size_t date_len;
    time_t seconds = (time_t)(time_ns / UINT64_C(1000000000));
    unsigned micros = (unsigned)(time_ns % UINT64_C(1000000000) / 1000);
    char fraction[7];
    if (seconds != made_for) {
        struct tm tm = {0};
        gmtime_r(&seconds, &tm);
        date_len = strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
        made_for = seconds;
    }
    sink_put(s, date, date_len);
    fraction[0] = '.';
    for (int i = 6; i > 0; i--) {
        fraction[i] = (char)('0' + micros % 10);
        micros /= 10;
    }
    sink_put(s, fraction, sizeof(fraction));
}

/* The bytes from in that stand for themselves in a JSON string. */
static size_t json_run(const char *in, size_t len)
{
    size_t n = 0;
    while (n < len) {
        uint8_t c = (uint8_t)in[n];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            break;
        n++;
    }
    return n;
}

/* Outside of ASCII as UTF-16 has it; the halves of a pair are 0xd800 + 10 bits, 0xdc00 + 10 bits.
 */
static void json_unicode(struct sink *s, uint32_t code)
{
    if (code > 0xffff) {
        sink_lit(s, "\\u");
        sink_hex(s, 0xd800 + ((code - 0x10000) >> 10), 4);
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    sink_lit(s, "\\u");
    sink_hex(s, code, 4);
}

static size_t json_escape(struct sink *s, const uint8_t *in, size_t len)
{
    uint32_t code;
    size_t n = text_next_char(in, len, &code);
    if (n == 0) {
        sink_lit(s, "\\ufffd");
        return 1;
    }
    switch (in[0]) {
    case '"':
        sink_lit(s, "\\\"");
        break;
    case '\\':
        sink_lit(s, "\\\\");
        break;
    case '\b':
        sink_lit(s, "\\b");
        break;
    case '\f':
        sink_lit(s, "\\f");
        break;
    case '\n':
        sink_lit(s, "\\n");
        break;
    case '\r':
        sink_lit(s, "\\r");
        break;
    case '\t':
        sink_lit(s, "\\t");
        break;
    default:
        json_unicode(s, code);
    }
    return n;
}

void sink_json_string(struct sink *s, const char *in, size_t len)
{
    sink_char(s, '"');
    while (len > 0) {
        size_t n = json_run(in, len);
        if (n > 0)
            sink_put(s, in, n);
        else
            n = json_escape(s, (const uint8_t *)in, len);
        in += n;
        len -= n;
    }
    sink_char(s, '"');
}

void sink_plain(struct sink *s, const char *in, size_t len, size_t max)
{
    char text[512];
    size_t size = max + 1 < sizeof(text) ? max + 1 : sizeof(text);
    sink_text(s, text_escape(in, len, text, size));
}
