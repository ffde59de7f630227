/* Breaks text into lines and makes it harmless. */
#include "paragraph.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text_escape.h"

static void put(struct paragraphs *p, const char *text, size_t len)
{
    if (len > 0 && fwrite(text, 1, len, p->out) != len)
        p->failed = true;
}

static void blanks(struct paragraphs *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(p, " ", 1);
}

static void begin_style(struct paragraphs *p, enum paragraph_style style)
{
    static const char *const codes[] = {"",         "\x1b[1m",  "\x1b[1;31m",
                                        "\x1b[33m", "\x1b[32m", "\x1b[2m"};
    if (p->colour && style != PLAIN)
        put(p, codes[style], strlen(codes[style]));
}

static void end_style(struct paragraphs *p, enum paragraph_style style)
{
    if (p->colour && style != PLAIN)
        put(p, "\x1b[0m", 4);
}

/* Harmless text; NULL, noted, where memory is out. */
static char *harmless(struct paragraphs *p, const char *text)
{
    size_t len = strlen(text);
    char *out = malloc(10 * len + 1);
    if (!out) {
        p->failed = true;
        return NULL;
    }
    return text_escape(text, len, out, 10 * len + 1);
}

/* Columns: characters, as far as that is one column each. */
static size_t columns_of(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static void put_words(struct paragraphs *p, size_t from, const char *text)
{
    size_t column = from;
    bool begins = true;
    while (*text) {
        size_t len = strcspn(text, " "), wide = columns_of(text, len);
        if (!begins && p->width > 0 && column + 1 + wide > p->width) {
            put(p, "\n", 1);
            blanks(p, from);
            column = from;
        } else if (!begins) {
            put(p, " ", 1);
            column++;
        }
        put(p, text, len);
        column += wide;
        begins = false;
        text += len;
        text += *text == ' ';
    }
}

void paragraph(struct paragraphs *p, unsigned indent, enum paragraph_style style, const char *label,
               const char *text)
{
    char *safe_label = harmless(p, label), *safe = harmless(p, text);
    size_t from = indent;
    if (safe_label && safe) {
        blanks(p, indent);
        if (safe_label[0] != '\0') {
            begin_style(p, style);
            put(p, safe_label, strlen(safe_label));
            end_style(p, style);
            from += columns_of(safe_label, strlen(safe_label));
            if (safe[0] != '\0')
                put(p, " ", 1);
            from++;
        }
        put_words(p, from, safe);
        put(p, "\n", 1);
    }
    free(safe_label);
    free(safe);
}

void paragraph_format(struct paragraphs *p, unsigned indent, enum paragraph_style style,
                      const char *label, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        p->failed = true;
        return;
    }
    paragraph(p, indent, style, label, text);
    free(text);
}

void paragraph_heading(struct paragraphs *p, const char *text)
{
    paragraph_blank(p);
    paragraph(p, 0, STRONG, text, "");
}

void paragraph_blank(struct paragraphs *p)
{
    put(p, "\n", 1);
}
