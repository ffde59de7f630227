/* What a redactor knows: the names of a run and their pseudonyms. */
#include "redact_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text_escape.h"

enum {
    WORD_MAX = REDACT_WORD_MAX,
    SAFE_CHARS = 64,
};

struct redactor *redact_empty(const struct pseudonym *names)
{
    struct redactor *redactor = calloc(1, sizeof(*redactor));
    if (!redactor)
        return NULL;
    redactor->names = names;
    redactor->words = json_object();
    redactor->addresses = json_object();
    redactor->allowed = json_object();
    if (redactor->words && redactor->addresses && redactor->allowed)
        return redactor;
    redactor_free(redactor);
    return NULL;
}

void redactor_free(struct redactor *redactor)
{
    if (!redactor)
        return;
    json_decref(redactor->words);
    json_decref(redactor->addresses);
    json_decref(redactor->allowed);
    free(redactor);
}

static bool learn_word(struct redactor *redactor, const char *name, const char *pseudonym)
{
    char visible[WORD_MAX + 1];
    size_t len = strlen(name);
    if (len == 0 || len > WORD_MAX || strcmp(name, pseudonym) == 0)
        return true;
    if (json_object_set_new(redactor->words, name, json_string(pseudonym)) != 0)
        return false;
    /* Sentences may show it as a terminal would be shown it. */
    (void)text_escape(name, len, visible, sizeof(visible));
    if (strcmp(visible, name) != 0 &&
        json_object_set_new(redactor->words, visible, json_string(pseudonym)) != 0)
        return false;
    len = strlen(visible) > len ? strlen(visible) : len;
    if (len > redactor->longest)
        redactor->longest = len;
    return true;
}

/* One character or a number would be found all over the sentences, and says nothing. */
static bool worth_learning(const char *name)
{
    return name[0] && name[1] && name[strspn(name, "0123456789.-")] != '\0';
}

/* 203.0.113.8, 203.0.113.8:3478, [2001:db8::1]:3478, fe80::1%eth0, 10.0.0.0/24: an address with
 * what belongs to one, and nothing else. */
static bool only_an_address(void *context, enum redact_piece piece, const char *text, size_t len)
{
    unsigned *addresses = context;
    if (piece == REDACT_ADDRESS)
        return ++*addresses == 1;
    return piece == REDACT_SCOPE ||
           (piece == REDACT_PLAIN && strspn(text, "[]%:/0123456789") >= len);
}

bool redact_is_address(const struct redactor *redactor, const char *text)
{
    unsigned addresses = 0;
    return redact_scan(redactor, text, only_an_address, &addresses) && addresses == 1;
}

bool redactor_learn(struct redactor *redactor, enum pseudonym_kind kind, const char *name)
{
    char pseudonym[PSEUDONYM_NAME_BYTES];
    if (!worth_learning(name) || redact_is_address(redactor, name))
        return true;
    (void)pseudonym_name(redactor->names, kind, name, strlen(name), pseudonym);
    return learn_word(redactor, name, pseudonym);
}

static bool no_address(void *context, enum redact_piece piece, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
    return piece != REDACT_ADDRESS;
}

bool redact_is_safe(const struct redactor *redactor, const char *text)
{
    for (const char *c = text; *c; c++)
        if ((size_t)(c - text) >= SAFE_CHARS ||
            !((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(" _.:+-", *c)))
            return false;
    return redact_scan(redactor, text, no_address, NULL);
}

/* In what is shown each address is a pseudonym, and no name is left: but for names that pseudonyms
 * are made of ("host", "org"), which stand there without saying anything. */
static bool is_clean_piece(void *context, enum redact_piece piece, const char *text, size_t len)
{
    const struct redactor *redactor = context;
    char key[WORD_MAX + 1];
    if (piece == REDACT_FILE)
        return false;
    if (piece != REDACT_ADDRESS && piece != REDACT_WORD)
        return true;
    memcpy(key, text, len);
    key[len] = '\0';
    return json_object_get(redactor->allowed, key) != NULL;
}

bool redact_is_clean(const struct redactor *redactor, const char *text)
{
    return redact_scan(redactor, text, is_clean_piece, (void *)(uintptr_t)redactor);
}

/* Pieces of pseudonyms that are names of the run themselves are not what the check looks for. */
static bool allow_word(void *context, enum redact_piece piece, const char *text, size_t len)
{
    struct redactor *redactor = context;
    char key[WORD_MAX + 1];
    if (piece != REDACT_WORD)
        return true;
    memcpy(key, text, len);
    key[len] = '\0';
    return json_object_set_new(redactor->allowed, key, json_true()) == 0;
}

bool redact_allow_pseudonyms(struct redactor *redactor)
{
    const char *key;
    json_t *value;
    json_object_foreach(redactor->words, key, value)
    {
        if (!redact_scan(redactor, json_string_value(value), allow_word, redactor))
            return false;
    }
    return true;
}
