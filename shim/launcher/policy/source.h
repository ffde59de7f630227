/*
 * The text of a policy: a built-in one, a file, standard input.
 */
#ifndef RTCSHIM_LAUNCHER_SOURCE_H
#define RTCSHIM_LAUNCHER_SOURCE_H

#include <stdio.h>

#include "parser.h"
#include "policy.h"

struct source_builtin {
    const char *name, *summary, *text;
    size_t len;
};

/* All of them; *count says how many. */
const struct source_builtin *source_builtins(size_t *count);
/* NULL where there is none of that name. */
const struct source_builtin *source_builtin(const char *name);

struct policy_source {
    char name[POLICY_NAME_BYTES]; /* the built-in's, or the file's without folder and ".policy" */
    char *text;                   /* owned; with a NUL behind it */
    size_t len;
    struct program program;
};

enum source_status {
    SOURCE_OK,
    SOURCE_UNREADABLE, /* told on standard error */
    SOURCE_WRONG,      /* report has errors */
};

/*
 * Load and parse NAME, a path, or "-" for standard input. A built-in's name comes first; a file of
 * that name is "./NAME". *out is the caller's to source_free() whatever is returned; its text is
 * there where the status is not SOURCE_UNREADABLE.
 */
enum source_status source_load(const char *what, struct policy_source *out,
                               struct parser_report *report);

/* The same from a text that is at hand. */
enum source_status source_from_text(const char *name, const char *text, size_t len,
                                    struct policy_source *out, struct parser_report *report);

/* There is something of that name to read. */
bool source_is_file(const char *what);

void source_free(struct policy_source *source);

/* Write errors and warnings for people, each with its line and a caret under the place. file: what
 * it is called in front of LINE:COLUMN. */
void source_print_report(const struct policy_source *source, const char *file,
                         const struct parser_report *report, FILE *out);

#endif
