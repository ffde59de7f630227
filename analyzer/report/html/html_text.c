/* Makes text of strangers harmless: for an HTML page's reader, and for its parser. */
#include "html_private.h"

#include "text_escape.h"

#include <stdlib.h>
#include <string.h>

enum {
    ESCAPED_MOST = 4, /* bytes that text_escape() makes of one: \xNN */
    SHORT_TEXT = 256,
    LONG_WORD = 40,
};

void html_put(struct page *page, const char *markup)
{
    (void)fputs(markup, page->out);
}

static void put_references(struct page *page, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '<':
            (void)fputs("&lt;", page->out);
            break;
        case '>':
            (void)fputs("&gt;", page->out);
            break;
        case '&':
            (void)fputs("&amp;", page->out);
            break;
        case '"':
            (void)fputs("&quot;", page->out);
            break;
        case '\'':
            (void)fputs("&#39;", page->out);
            break;
        default:
            (void)putc(*c, page->out);
        }
    }
}

void html_text(struct page *page, const char *text, size_t len)
{
    char small[SHORT_TEXT * ESCAPED_MOST + 1];
    size_t size = len * ESCAPED_MOST + 1;
    char *buffer = len <= SHORT_TEXT ? small : malloc(size);

    if (!buffer) {
        page->failed = true;
        return;
    }
    put_references(page, text_escape(text, len, buffer, size));
    if (buffer != small)
        free(buffer);
}

/* A text that has no place to break for so long may break anywhere. */
static bool has_long_word(const json_t *value)
{
    size_t run = 0;

    for (const char *c = json_string_value(value); *c && run <= LONG_WORD; c++)
        run = *c == ' ' ? 0 : run + 1;
    return run > LONG_WORD;
}

void html_value(struct page *page, const json_t *value)
{
    if (json_is_string(value)) {
        html_put(page, has_long_word(value) ? "<bdi class=\"long\">" : "<bdi>");
        html_text(page, json_string_value(value), json_string_length(value));
        html_put(page, "</bdi>");
    } else if (json_is_integer(value)) {
        (void)fprintf(page->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else {
        html_put(page, "&ndash;");
    }
}

/* Digits in groups of three, with the space that doesn't break. */
void html_number(struct page *page, json_int_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, number);

    for (int i = 0; i < len; i++) {
        (void)putc(digits[i], page->out);
        if (len - i > 1 && (len - i) % 3 == 1 && digits[i] != '-')
            html_put(page, "&#8239;");
    }
}

void html_seconds(struct page *page, json_int_t us)
{
    const json_int_t second = 1000000;

    (void)fprintf(page->out, "%s%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT,
                  us < 0 ? "-" : "", llabs(us / second), llabs(us % second));
}

/*
 * In JSON these three stand in strings alone, where an escape means the same. So neither "</script"
 * nor "<!--" can come about, whatever the strings hold.
 */
static int put_json(const char *buffer, size_t size, void *data)
{
    struct page *page = data;

    for (size_t i = 0; i < size; i++) {
        if (buffer[i] == '<' || buffer[i] == '>' || buffer[i] == '&')
            (void)fprintf(page->out, "\\u%04x", (unsigned)buffer[i]);
        else
            (void)putc(buffer[i], page->out);
    }
    return ferror(page->out) ? -1 : 0;
}

void html_document(struct page *page)
{
    /* ASCII alone: who reads the source in an editor is not deceived by direction marks either. */
    if (json_dump_callback(page->document, put_json, page, JSON_COMPACT | JSON_ENSURE_ASCII) != 0)
        page->failed = true;
}

const char *html_string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

json_int_t html_integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}
