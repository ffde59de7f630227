/* Walks a report document by the table of its fields. */
#include "redact_private.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 256,
    DEPTH_MAX = 16,
};

/* What a field holds. First the kinds of names, under their own numbers. */
enum holds {
    HOLDS_HOST = PSEUDONYM_HOST,
    HOLDS_IFACE = PSEUDONYM_IFACE,
    HOLDS_PROGRAM = PSEUDONYM_PROGRAM,
    HOLDS_PATH = PSEUDONYM_PATH,
    HOLDS_POLICY = PSEUDONYM_POLICY,
    HOLDS_ARGUMENT = PSEUDONYM_ARGUMENT,
    HOLDS_OTHER = PSEUDONYM_OTHER,
    HOLDS_SAFE = PSEUDONYM_KIND_COUNT,
    HOLDS_VERSION,
    HOLDS_ADDRESS,
    HOLDS_SENTENCE,
    HOLDS_GONE,
};

static const struct field {
    const char *path;
    enum holds holds;
} fields[] = {
#define FIELD(path, holds) {path, HOLDS_##holds},
#include "redact_fields.def"
#undef FIELD
};

enum step { STEP_LEARN, STEP_REPLACE, STEP_CHECK };

struct walk {
    const struct redactor *redactor;
    struct redactor *learner; /* STEP_LEARN */
    json_t *table;            /* path -> what it holds */
    const json_t *columns;    /* of the exchanges */
    enum step step;
    char path[PATH_BYTES];
    char *why;
    size_t why_size;
};

static bool fail(struct walk *walk, const char *what)
{
    (void)snprintf(walk->why, walk->why_size, "%s: %s", walk->path[0] ? walk->path : "the report",
                   what);
    return false;
}

static bool no_memory(struct walk *walk)
{
    return fail(walk, "no memory");
}

/* The pseudonym of a name; an address in a name's place becomes the address's. */
static json_t *replace_name(const struct redactor *redactor, enum holds holds, const char *text)
{
    char name[PSEUDONYM_NAME_BYTES];
    if (redact_is_address(redactor, text)) {
        char *address = redactor_text(redactor, text);
        json_t *result = address ? json_string(address) : NULL;
        free(address);
        return result;
    }
    /* Checked by the table. */
    return json_string(
        pseudonym_name(redactor->names, (enum pseudonym_kind)holds, text, strlen(text), name));
}

/* 6.18.44-acme is 6.18.44. */
static json_t *replace_version(const char *text)
{
    size_t len = strspn(text, "0123456789.");
    return len ? json_stringn(text, len) : json_string("unknown");
}

static json_t *replace(const struct redactor *redactor, enum holds holds, const char *text)
{
    char *sentence;
    json_t *result;
    switch (holds) {
    case HOLDS_SAFE:
        if (redact_is_safe(redactor, text))
            return json_string(text);
        return replace_name(redactor, HOLDS_OTHER, text);
    case HOLDS_VERSION:
        return replace_version(text);
    case HOLDS_GONE:
        return json_null();
    case HOLDS_ADDRESS:
        return replace_name(redactor, HOLDS_HOST, text);
    case HOLDS_SENTENCE:
        sentence = redactor_text(redactor, text);
        result = sentence ? json_string(sentence) : NULL;
        free(sentence);
        return result;
    default:
        return replace_name(redactor, holds, text);
    }
}

static bool learn(struct walk *walk, enum holds holds, const char *text)
{
    enum pseudonym_kind kind;
    if (holds == HOLDS_ADDRESS)
        kind = PSEUDONYM_HOST;
    else if (holds < HOLDS_SAFE)
        kind = (enum pseudonym_kind)holds;
    else
        return true;
    /* Sentences name a program without its folder. */
    if (kind == PSEUDONYM_PATH && strrchr(text, '/') &&
        !redactor_learn(walk->learner, PSEUDONYM_PROGRAM, strrchr(text, '/') + 1))
        return no_memory(walk);
    return redactor_learn(walk->learner, kind, text) || no_memory(walk);
}

static bool holds_what(struct walk *walk, enum holds *holds)
{
    const json_t *row = json_object_get(walk->table, walk->path);
    if (!row)
        return fail(walk, "a field that redaction does not know");
    *holds = (enum holds)json_integer_value(row);
    return true;
}

/* *slot NULL: it stays as it is. */
static bool visit_text(struct walk *walk, const char *text, json_t **slot)
{
    enum holds holds = HOLDS_GONE;
    *slot = NULL;
    if (!holds_what(walk, &holds))
        return false;
    switch (walk->step) {
    case STEP_LEARN:
        return learn(walk, holds, text);
    case STEP_CHECK:
        return holds == HOLDS_SAFE || holds == HOLDS_VERSION ||
               redact_is_clean(walk->redactor, text) || fail(walk, "an address or a name is left");
    case STEP_REPLACE:
        *slot = replace(walk->redactor, holds, text);
        return *slot || no_memory(walk);
    }
    return true;
}

static bool visit(struct walk *walk, json_t *value, unsigned depth);

static bool visit_object(struct walk *walk, json_t *object, unsigned depth)
{
    size_t len = strlen(walk->path);
    void *iter = json_object_iter(object);
    for (; iter; iter = json_object_iter_next(object, iter)) {
        json_t *value = json_object_iter_value(iter), *slot = NULL;
        int written = snprintf(walk->path + len, PATH_BYTES - len, "%s%s", len ? "." : "",
                               json_object_iter_key(iter));
        bool ok = written > 0 && (size_t)written < PATH_BYTES - len;
        /* Numbers have no row in the table, but their names are as all of the report's are. */
        if (!ok ||
            strspn(walk->path + len, ".abcdefghijklmnopqrstuvwxyz0123456789_") != (size_t)written)
            return fail(walk, "a field that redaction does not know");
        if (json_is_string(value))
            ok = visit_text(walk, json_string_value(value), &slot);
        else
            ok = visit(walk, value, depth);
        if (ok && slot && json_object_iter_set_new(object, iter, slot) != 0)
            ok = no_memory(walk);
        if (!ok)
            return false;
        walk->path[len] = '\0';
    }
    return true;
}

static bool visit_array(struct walk *walk, json_t *array, unsigned depth)
{
    size_t len = strlen(walk->path);
    bool is_row = depth == 4 && strcmp(walk->path, "exchanges.rows") == 0;
    bool is_command = strcmp(walk->path, "run.command") == 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *value = json_array_get(array, i), *slot = NULL;
        bool ok;
        if (is_row) {
            const char *column = json_string_value(json_array_get(walk->columns, i));
            (void)snprintf(walk->path + len, PATH_BYTES - len, ".%s", column ? column : "?");
        } else if (is_command && i == 0) {
            (void)snprintf(walk->path + len, PATH_BYTES - len, ".program");
        }
        if (json_is_string(value))
            ok = visit_text(walk, json_string_value(value), &slot);
        else
            ok = visit(walk, value, depth);
        if (ok && slot && json_array_set_new(array, i, slot) != 0)
            ok = no_memory(walk);
        if (!ok)
            return false;
        walk->path[len] = '\0';
    }
    return true;
}

static bool visit(struct walk *walk, json_t *value, unsigned depth)
{
    if (depth >= DEPTH_MAX)
        return fail(walk, "nested too deeply");
    if (json_is_object(value))
        return visit_object(walk, value, depth + 1);
    if (json_is_array(value))
        return visit_array(walk, value, depth + 1);
    return true; /* numbers, true, false, null */
}

static bool walk_through(struct walk *walk, json_t *document, enum step step)
{
    bool ok = true;
    walk->step = step;
    walk->path[0] = '\0';
    walk->columns = json_object_get(json_object_get(document, "exchanges"), "columns");
    walk->table = json_object();
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        ok = ok && json_object_set_new(walk->table, fields[i].path,
                                       json_integer((json_int_t)fields[i].holds)) == 0;
    ok = ok ? json_is_object(document) && visit(walk, document, 0) : no_memory(walk);
    json_decref(walk->table);
    return ok;
}

struct redactor *redactor_new(const json_t *document, const struct pseudonym *names, char *why,
                              size_t size)
{
    struct redactor *redactor = redact_empty(names);
    struct walk walk = {.learner = redactor, .redactor = redactor, .why = why, .why_size = size};
    if (!redactor) {
        (void)no_memory(&walk);
        return NULL;
    }
    /* Nothing is changed while learning. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast) */
    if (!walk_through(&walk, (json_t *)(uintptr_t)document, STEP_LEARN)) {
        redactor_free(redactor);
        return NULL;
    }
    return redactor;
}

bool redactor_apply(struct redactor *redactor, json_t *document, char *why, size_t size)
{
    struct walk walk = {.redactor = redactor, .why = why, .why_size = size};
    json_t *run = json_object_get(document, "run");
    if (!walk_through(&walk, document, STEP_REPLACE))
        return false;
    if (!redact_allow_pseudonyms(redactor))
        return no_memory(&walk);
    if (!walk_through(&walk, document, STEP_CHECK))
        return false;
    return json_object_set_new(run, "redacted", json_true()) == 0 || no_memory(&walk);
}

bool redact_document(json_t *document, const struct pseudonym *names, char *why, size_t size)
{
    struct redactor *redactor = redactor_new(document, names, why, size);
    bool ok = redactor && redactor_apply(redactor, document, why, size);
    redactor_free(redactor);
    return ok;
}
