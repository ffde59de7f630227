/* A difference as text for people. */
#include "diff.h"

#include <string.h>

#include "diff_private.h"
#include "text_escape.h"

enum {
    WHAT_COLUMNS = 27,
    VISIBLE_BYTES = 4 * DIFF_TEXT_BYTES,
};

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

static void put(FILE *out, const char *text)
{
    char visible[VISIBLE_BYTES];
    (void)fputs(text_escape(text, strlen(text), visible, sizeof(visible)), out);
}

static void put_side(const json_t *diff, const char *letter, const char *mark, FILE *out)
{
    static const char *const fields[] = {"browser", "version", "policy", "start", "result"};
    char name[2] = {(char)(letter[0] | 0x20), '\0'};
    const json_t *side = json_object_get(diff, name);
    (void)fprintf(out, "%s %s: ", mark, letter);
    put(out, diff_text(side, "name"));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *text = diff_text(side, fields[i]);
        if (!text[0])
            continue;
        (void)fputs(i == 1 ? " " : "  ", out);
        if (strcmp(fields[i], "policy") == 0)
            (void)fputs("policy ", out);
        put(out, text);
    }
    (void)fputc('\n', out);
}

static void put_context(const json_t *diff, const char *heading, const char *plain, FILE *out)
{
    size_t i;
    const json_t *row;
    const json_t *context = json_object_get(diff, "context");
    if (json_array_size(context) == 0)
        return;
    (void)fprintf(out, "\n%sWhat is different around them%s\n", heading, plain);
    json_array_foreach(context, i, row)
    {
        const char *what = diff_text(row, "what"), *a = diff_text(row, "a"),
                   *b = diff_text(row, "b");
        (void)fputs("    ", out);
        put(out, what);
        for (size_t column = strlen(what); column < WHAT_COLUMNS; column++)
            (void)fputc(' ', out);
        (void)fputc(' ', out);
        put(out, a[0] ? a : "-");
        (void)fputs(" -> ", out);
        put(out, b[0] ? b : "-");
        (void)fputc('\n', out);
    }
}

/* "events 78 79, frames 114": where to look. */
static void put_evidence(const json_t *fact, FILE *out)
{
    static const char *const kinds[] = {"events", "frames"};
    const json_t *evidence = json_object_get(fact, "evidence");
    for (size_t k = 0; k < 2; k++) {
        const json_t *numbers = json_object_get(evidence, kinds[k]);
        size_t count = json_array_size(numbers);
        for (size_t i = 0; i < count && i < 3; i++)
            (void)fprintf(out, "%s%s %" JSON_INTEGER_FORMAT, i ? "" : ", ", i ? "" : kinds[k],
                          json_integer_value(json_array_get(numbers, i)));
    }
}

static void put_facts(const json_t *facts, const char *mark, const char *colour, const char *plain,
                      FILE *out)
{
    size_t i;
    const json_t *fact;
    json_array_foreach(facts, i, fact)
    {
        (void)fprintf(out, "%s%s%s ", colour, mark, plain);
        put(out, diff_text(fact, "sentence"));
        if (json_is_true(json_object_get(fact, "was_likely")))
            (void)fputs("; sure here, only likely there", out);
        else if (strcmp(diff_text(fact, "certainty"), "likely") == 0)
            (void)fputs("; likely", out);
        put_evidence(fact, out);
        (void)fputc('\n', out);
    }
}

bool diff_print(const json_t *diff, bool colour, FILE *out)
{
    const json_t *more = json_object_get(diff, "reveals"), *note;
    const json_t *less = json_object_get(diff, "no_longer");
    const char *bold = colour ? BOLD : "", *plain = colour ? PLAIN : "";
    size_t i;
    put_side(diff, "A", "---", out);
    put_side(diff, "B", "+++", out);
    json_array_foreach(json_object_get(diff, "notes"), i, note)
    {
        (void)fputs("note: ", out);
        put(out, json_is_string(note) ? json_string_value(note) : "");
        (void)fputc('\n', out);
    }
    put_context(diff, bold, plain, out);
    if (json_array_size(more) > 0)
        (void)fprintf(out, "\n%sB reveals, and A did not%s\n", bold, plain);
    put_facts(more, "+", colour ? RED : "", plain, out);
    if (json_array_size(less) > 0)
        (void)fprintf(out, "\n%sA revealed, and B does not%s\n", bold, plain);
    put_facts(less, "-", colour ? GREEN : "", plain, out);
    (void)fprintf(out, "\n%zu more, %zu less, %" JSON_INTEGER_FORMAT " the same\n",
                  json_array_size(more), json_array_size(less),
                  json_integer_value(json_object_get(diff, "same")));
    return fflush(out) == 0 && !ferror(out);
}
