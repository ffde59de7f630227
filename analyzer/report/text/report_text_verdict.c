/* The verdict as text: what matters, in a screenful. */
#include "report_text_private.h"

#include <string.h>

enum {
    ADDRESSES_MAX = 2, /* that are told about one by one; the others are counted */
    LIKELY_MAX = 5,
    LEARNED_MAX = 8,
    STRANGERS_MAX = 2,
    ADVICE_MAX = 3,
    WORDS_BYTES = 512,
};

static enum paragraph_style style_of(const char *result)
{
    if (strcmp(result, "clean") == 0)
        return GOOD;
    return strcmp(result, "unknown") == 0 ? DOUBTFUL : BAD;
}

static const char *title_of(const char *result)
{
    if (strcmp(result, "clean") == 0)
        return "CLEAN:";
    if (strcmp(result, "leak") == 0)
        return "LEAK:";
    return strcmp(result, "fault") == 0 ? "FAULT:" : "UNKNOWN:";
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(text_at(a, key), text_at(b, key)) == 0;
}

/* What is told as one: an address that different ends learned. */
static bool same_address(const json_t *a, const json_t *b)
{
    return same_text(a, b, "address") && same_text(a, b, "iface");
}

static bool is_sure(const json_t *leak)
{
    return strcmp(text_at(leak, "certainty"), "sure") == 0;
}

/* A leak of this address came before. */
static bool is_told(const json_t *leaks, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (same_address(json_array_get(leaks, i), json_array_get(leaks, index)))
            return true;
    return false;
}

static void who_learned(const json_t *leaks, size_t index, char *buf, size_t size)
{
    const json_t *leak = json_array_get(leaks, index);
    const json_t *by = part_at(leak, "learned_by");
    size_t others = 0, count = json_array_size(leaks), len;
    for (size_t i = index + 1; i < count; i++)
        others += same_address(json_array_get(leaks, i), leak) &&
                  same_text(json_array_get(leaks, i), leak, "certainty") &&
                  !same_text(part_at(json_array_get(leaks, i), "learned_by"), by, "sentence");
    (void)snprintf(buf, size, "%s", text_at(by, "sentence"));
    len = strlen(buf);
    if (others > 0)
        (void)snprintf(buf + len, size - len, " and %zu more", others);
}

static void tell_leak(struct paragraphs *p, const json_t *document, size_t index)
{
    const json_t *leaks = part_at(document, "leaks"), *leak = json_array_get(leaks, index);
    char address[WORDS_BYTES], who[WORDS_BYTES], process[WORDS_BYTES];
    who_learned(leaks, index, who, sizeof(who));
    paragraph_format(p, 2, BAD, "sure  ", "%s of %s, learned by %s, from %s",
                     address_words(leak, address, sizeof(address)), text_at(leak, "iface"), who,
                     process_words(document, leak, process, sizeof(process)));
    paragraph(p, 9, PLAIN, "", text_at(leak, "why"));
}

/* Sure ones one by one. */
static void tell_sure(struct paragraphs *p, const json_t *document)
{
    const json_t *leaks = part_at(document, "leaks");
    size_t count = json_array_size(leaks), told = 0, more = 0;
    char words[64];
    for (size_t i = 0; i < count; i++) {
        if (!is_sure(json_array_get(leaks, i)) || is_told(leaks, i))
            continue;
        if (told == ADDRESSES_MAX) {
            more++;
            continue;
        }
        if (told++ == 0)
            paragraph_blank(p);
        tell_leak(p, document, i);
    }
    if (more > 0)
        paragraph_format(p, 9, PLAIN, "", "and %s",
                         counted(more, "more address", "more addresses", words, sizeof(words)));
}

/* Likely ones in one list: who learns them, and why, is much the same. */
static void tell_likely(struct paragraphs *p, const json_t *document)
{
    uint64_t sure = number_at(part_at(document, "verdict"), "sure");
    const json_t *leaks = part_at(document, "leaks"), *first = NULL;
    size_t count = json_array_size(leaks), told = 0, more = 0, len = 0;
    char list[WORDS_BYTES] = "", words[64];
    for (size_t i = 0; i < count; i++) {
        const json_t *leak = json_array_get(leaks, i);
        if (is_sure(leak) || is_told(leaks, i))
            continue;
        if (told == LIKELY_MAX) {
            more++;
            continue;
        }
        first = first ? first : leak;
        len += (size_t)snprintf(
            list + len, sizeof(list) - len, "%s%.48s of %.40s", told > 0 ? ", " : "",
            text_at(leak, "address")[0] ? text_at(leak, "address") : "an address",
            text_at(leak, "iface"));
        told++;
    }
    if (told == 0)
        return;
    if (sure == 0)
        paragraph_blank(p);
    paragraph_format(p, 2, DOUBTFUL, "likely", "%s%s%s: learned by %s", list,
                     more > 0 ? " and " : "",
                     more > 0 ? counted(more, "more", "more", words, sizeof(words)) : "",
                     text_at(part_at(first, "learned_by"), "sentence"));
    if (sure == 0)
        paragraph(p, 9, PLAIN, "", text_at(first, "why"));
}

/* Nothing is a leak without a wanted path. What servers learned is worth telling all the same. */
static void tell_learned(struct paragraphs *p, const json_t *document)
{
    const json_t *paths = part_at(document, "paths");
    size_t told = 0, more = 0;
    char process[WORDS_BYTES];
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const json_t *path = json_array_get(paths, i);
        char learned[WORDS_BYTES];
        const json_t *server = row_at(document, "servers", path, "server");
        if (learned_words(path, learned, sizeof(learned))[0] == '\0')
            continue;
        if (told == LEARNED_MAX) {
            more++;
            continue;
        }
        if (told++ == 0)
            paragraph_heading(p, "What servers learned:");
        paragraph_format(p, 2, PLAIN, "", "%s, over %s: %s port %llu, from %s", learned,
                         text_at(row_at(document, "interfaces", path, "iface"), "name"),
                         text_at(server, "ip"), (unsigned long long)number_at(server, "port"),
                         process_words(document, path, process, sizeof(process)));
    }
    if (more > 0)
        paragraph_format(p, 2, PLAIN, "", "and %zu more", more);
}

/* The advice of all leaks, each piece once, the gravest leak's first. */
static void tell_advice(struct paragraphs *p, const json_t *document)
{
    const json_t *leaks = part_at(document, "leaks");
    const json_t *told[ADVICE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(leaks) && count < ADVICE_MAX; i++) {
        const json_t *list = part_at(json_array_get(leaks, i), "advice");
        for (size_t k = 0; k < json_array_size(list) && count < ADVICE_MAX; k++) {
            const json_t *one = json_array_get(list, k);
            bool again = false;
            for (size_t n = 0; n < count && !again; n++)
                again = same_text(told[n], one, "text") && same_text(told[n], one, "where");
            if (!again)
                told[count++] = one;
        }
    }
    if (count > 0)
        paragraph_heading(p, "What to do:");
    for (size_t i = 0; i < count; i++) {
        char where[64];
        (void)snprintf(where, sizeof(where), "%-8.40s", text_at(told[i], "where"));
        paragraph(p, 2, PLAIN, where, text_at(told[i], "text"));
    }
}

static void tell_faults(struct paragraphs *p, const json_t *document)
{
    const json_t *faults = part_at(document, "faults");
    char words[64];
    if (json_array_size(faults) == 0)
        return;
    paragraph_blank(p);
    paragraph(p, 2, BAD, "fault ", text_at(json_array_get(faults, 0), "sentence"));
    if (json_array_size(faults) > 1)
        paragraph_format(p, 2, PLAIN, "", "and %s",
                         counted(json_array_size(faults) - 1, "more fault", "more faults", words,
                                 sizeof(words)));
}

/* Who went around the shim. Other programs of the machine are not this run's business. */
static void tell_strangers(struct paragraphs *p, const json_t *document)
{
    const json_t *list = part_at(document, "strangers");
    size_t told = 0, more = 0;
    char words[64];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (json_is_false(part_at(row, "of_run")))
            continue;
        if (told == STRANGERS_MAX) {
            more++;
            continue;
        }
        told++;
        paragraph(p, 0, DOUBTFUL, "Note:", text_at(row, "sentence"));
    }
    if (more > 0)
        paragraph_format(
            p, 0, DOUBTFUL, "Note:", "%s went around the shim.",
            counted(more, "more sender of STUN", "more senders of STUN", words, sizeof(words)));
}

/* What else a reader must know before he believes the verdict. */
static void tell_reservations(struct paragraphs *p, const json_t *document)
{
    const json_t *run = part_at(document, "run"), *verdict = part_at(document, "verdict");
    const json_t *capture = part_at(run, "capture");
    uint64_t lost = number_at(run, "events_lost");
    uint64_t uncovered = number_at(verdict, "uncovered");
    size_t dns = json_array_size(part_at(document, "dns"));
    size_t damage = json_array_size(part_at(run, "damage"));
    char words[96];
    paragraph_blank(p);
    tell_strangers(p, document);
    if (dns > 0)
        paragraph_format(p, 0, DOUBTFUL, "Note:", "%s went past the wanted path.",
                         counted(dns, "DNS question", "DNS questions", words, sizeof(words)));
    if (uncovered > 0)
        paragraph_format(p, 0, DOUBTFUL, "Note:", "%s without the shim.",
                         counted(uncovered, "process that may use sockets ran",
                                 "processes that may use sockets ran", words, sizeof(words)));
    if (lost > 0)
        paragraph_format(p, 0, DOUBTFUL, "Note:", "%s lost.",
                         counted(lost, "event was", "events were", words, sizeof(words)));
    if (damage > 0)
        paragraph_format(p, 0, DOUBTFUL, "Note:", "the folder is damaged in %s.",
                         counted(damage, "place", "places", words, sizeof(words)));
    if (json_is_object(capture)) {
        const json_t *confirmed = part_at(part_at(document, "outcomes"), "confirmed");
        char packets[96];
        paragraph_format(
            p, 0, PLAIN, "", "The wire was captured (%s); %s confirmed by both witnesses.",
            counted(number_at(capture, "packets"), "packet", "packets", packets, sizeof(packets)),
            counted(number_at(confirmed, "messages"), "STUN message is", "STUN messages are", words,
                    sizeof(words)));
    } else {
        paragraph(
            p, 0, PLAIN, "",
            "The wire was not captured: interfaces are known from the program's sockets and the "
            "kernel's routes alone.");
    }
}

static void tell_path(struct paragraphs *p, const json_t *path)
{
    const json_t *exits = part_at(path, "addresses");
    const char *first = json_string_value(json_array_get(exits, 0));
    char more[64] = "";
    if (json_array_size(exits) > 1)
        (void)snprintf(more, sizeof(more), " and %zu more", json_array_size(exits) - 1);
    paragraph_format(p, 0, PLAIN, "", "%s%s%s%s%s", text_at(path, "sentence"),
                     first ? " Servers saw " : "", first ? first : "", more,
                     first ? " there." : "");
}

void report_text_verdict(struct paragraphs *p, const json_t *document)
{
    const json_t *verdict = part_at(document, "verdict"), *path = part_at(document, "path");
    const char *result = text_at(verdict, "result");
    paragraph(p, 0, style_of(result), title_of(result), text_at(verdict, "sentence"));
    if (strcmp(text_at(path, "source"), "none") == 0)
        tell_learned(p, document);
    else
        tell_path(p, path);
    tell_faults(p, document);
    tell_sure(p, document);
    tell_likely(p, document);
    tell_advice(p, document);
    tell_reservations(p, document);
}
