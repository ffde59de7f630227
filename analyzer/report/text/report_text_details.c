/* The sections below the verdict. */
#include "report_text_private.h"

#include <string.h>

enum {
    WORDS_BYTES = 512,
    ROWS_MAX = 200, /* of a section; the others are counted */
};

/* How many rows of a section are shown; says so if those are not all. */
static size_t shown_rows(struct paragraphs *p, const json_t *list)
{
    size_t count = json_array_size(list);
    char words[64];
    if (count <= ROWS_MAX)
        return count;
    paragraph_format(p, 2, FAINT, "", "the first %d; %s", ROWS_MAX,
                     counted(count - ROWS_MAX, "more stands in --json", "more stand in --json",
                             words, sizeof(words)));
    return ROWS_MAX;
}

/* --- leaks --- */

static void tell_leak(struct paragraphs *p, const json_t *document, const json_t *leak)
{
    char address[WORDS_BYTES], process[WORDS_BYTES], evidence[WORDS_BYTES], times[64];
    const char *call = text_at(leak, "call");
    paragraph_format(p, 2, STRONG, address_words(leak, address, sizeof(address)), "of %s (%s)",
                     text_at(leak, "iface"), text_at(leak, "reason"));
    paragraph_format(p, 4, FAINT, "learned by", "%s, %s",
                     text_at(part_at(leak, "learned_by"), "sentence"),
                     counted(number_at(leak, "count"), "time", "times", times, sizeof(times)));
    paragraph_format(p, 4, FAINT, "from      ", "%s%s%s",
                     process_words(document, leak, process, sizeof(process)),
                     call[0] ? ", by " : "", call);
    paragraph(p, 4, FAINT, "why       ", text_at(leak, "why"));
    paragraph_format(p, 4, FAINT, "known from", "%s%s%s%s", text_at(leak, "basis"),
                     evidence_words(leak, evidence, sizeof(evidence))[0] ? " (" : "", evidence,
                     evidence[0] ? ")" : "");
}

static void tell_leaks(struct paragraphs *p, const json_t *document, const char *certainty,
                       const char *heading)
{
    const json_t *leaks = part_at(document, "leaks");
    size_t told = 0, left = 0;
    for (size_t i = 0; i < json_array_size(leaks); i++) {
        const json_t *leak = json_array_get(leaks, i);
        if (strcmp(text_at(leak, "certainty"), certainty) != 0)
            continue;
        if (told == ROWS_MAX) {
            left++;
            continue;
        }
        if (told++ == 0)
            paragraph_heading(p, heading);
        tell_leak(p, document, leak);
    }
    if (left > 0)
        paragraph_format(p, 2, FAINT, "", "and %zu more, in --json", left);
}

/* --- faults, strangers --- */

static void tell_sentences(struct paragraphs *p, const json_t *document, const char *table,
                           const char *heading)
{
    const json_t *list = part_at(document, table);
    char evidence[WORDS_BYTES];
    size_t count;
    if (json_array_size(list) == 0)
        return;
    paragraph_heading(p, heading);
    count = shown_rows(p, list);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(list, i);
        (void)evidence_words(row, evidence, sizeof(evidence));
        paragraph_format(p, 2, PLAIN, "", "%s%s%s%s", text_at(row, "sentence"),
                         evidence[0] ? " (" : "", evidence, evidence[0] ? ")" : "");
    }
}

/* --- DNS --- */

static void tell_dns(struct paragraphs *p, const json_t *document)
{
    const json_t *list = part_at(document, "dns");
    char process[WORDS_BYTES], times[64];
    size_t count;
    if (json_array_size(list) == 0)
        return;
    paragraph_heading(p, "DNS past the wanted path");
    count = shown_rows(p, list);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(list, i);
        const char *question = text_at(row, "question"), *server = text_at(row, "server");
        bool known = json_is_integer(part_at(row, "process"));
        paragraph_format(p, 2, PLAIN, "", "%s, asked of %s over %s, %s%s%s%s",
                         question[0] ? question : "a question that can't be read",
                         server[0] ? server : "an unknown server", text_at(row, "iface"),
                         counted(number_at(row, "count"), "time", "times", times, sizeof(times)),
                         known ? ", for " : "",
                         known ? process_words(document, row, process, sizeof(process)) : "",
                         strcmp(text_at(row, "certainty"), "sure") == 0 ? "" : " (likely)");
    }
}

/* --- what both witnesses say --- */

static const struct {
    const char *name, *words;
} outcome_words[] = {
    {"confirmed", "seen by the shim and on the wire"},
    {"not_captured", "seen by the shim alone; the wire was not captured there"},
    {"blocked", "refused by the policy; the wire was not captured there"},
    {"blocked_absent", "refused by the policy, and absent from the wire"},
    {"not_on_wire",
     "taken by the system, and not on the wire (a firewall, or no neighbour answered)"},
    {"unread", "came in on the wire, and nothing read it"},
    {"unseen", "on the wire without the shim's knowledge"},
    {"blocked_on_wire", "refused by the policy, yet on the wire"},
};

/* A call that failed sent nothing: that it is not on the wire has another reason. */
static const char *not_captured_words(const json_t *one, const char *otherwise, char *buf,
                                      size_t size)
{
    const json_t *errors = part_at(one, "errors");
    uint64_t failed = number_at(one, "failed");
    char names[WORDS_BYTES / 4] = "";
    size_t len = 0;
    if (failed == 0)
        return otherwise;
    for (size_t i = 0; i < json_array_size(errors) && len + 32 < sizeof(names); i++)
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%.24s", i ? ", " : " (",
                                json_string_value(json_array_get(errors, i)));
    if (len > 0)
        (void)snprintf(names + len, sizeof(names) - len, ")");
    if (failed == number_at(one, "messages"))
        (void)snprintf(buf, size, "seen by the shim; the call failed%s, and nothing was sent",
                       names);
    else
        (void)snprintf(buf, size,
                       "seen by the shim alone; the call failed%s for %llu, the wire was not "
                       "captured for the others",
                       names, (unsigned long long)failed);
    return buf;
}

static void tell_outcomes(struct paragraphs *p, const json_t *document)
{
    const json_t *outcomes = part_at(document, "outcomes");
    const json_t *clock = part_at(document, "clock");
    char messages[64], label[64], failed[WORDS_BYTES];
    paragraph_heading(p, "STUN messages");
    size_t told = 0;
    for (size_t i = 0; i < sizeof(outcome_words) / sizeof(outcome_words[0]); i++) {
        const json_t *one = part_at(outcomes, outcome_words[i].name);
        uint64_t count = number_at(one, "messages");
        if (count == 0)
            continue;
        (void)snprintf(label, sizeof(label), "%6llu", (unsigned long long)count);
        (void)counted(number_at(one, "exchanges"), "exchange", "exchanges", messages,
                      sizeof(messages));
        /* An exchange is counted under the worst of its messages. */
        paragraph_format(p, 2, PLAIN, label, "%s%s%s",
                         not_captured_words(one, outcome_words[i].words, failed, sizeof(failed)),
                         number_at(one, "exchanges") ? "; " : "",
                         number_at(one, "exchanges") ? messages : "");
        told++;
    }
    if (told == 0)
        paragraph(p, 2, PLAIN, "", "There were none.");
    if (json_is_object(part_at(part_at(document, "run"), "capture")))
        paragraph(p, 2, PLAIN, "", text_at(clock, "sentence"));
}

static void tell_ifaces(struct paragraphs *p, const json_t *document)
{
    const json_t *list = part_at(document, "interfaces");
    size_t count;
    if (json_array_size(list) == 0)
        return;
    paragraph_heading(p, "Interfaces");
    count = shown_rows(p, list);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(list, i), *addresses = part_at(row, "addresses");
        char label[64], known[WORDS_BYTES] = "", exchanges[64];
        size_t len = 0;
        for (size_t k = 0; k < json_array_size(addresses) && len + 80 < sizeof(known); k++)
            len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%.64s", k ? " " : "",
                                    text_at(json_array_get(addresses, k), "ip"));
        (void)snprintf(label, sizeof(label), "%-10.40s", text_at(row, "name"));
        paragraph_format(p, 2, PLAIN, label, "%s%s%s%s%s",
                         counted(number_at(row, "exchanges"), "exchange", "exchanges", exchanges,
                                 sizeof(exchanges)),
                         json_is_true(part_at(row, "wanted")) ? ", wanted" : "",
                         json_is_true(part_at(row, "captured")) ? ", captured" : ", not captured",
                         json_is_true(part_at(row, "hidden")) ? ", hidden from programs; " : "; ",
                         known);
    }
}

/* --- who learned what --- */

static void tell_paths(struct paragraphs *p, const json_t *document)
{
    const json_t *list = part_at(document, "paths");
    char process[WORDS_BYTES];
    size_t count;
    if (json_array_size(list) == 0)
        return;
    paragraph_heading(p, "Paths");
    count = shown_rows(p, list);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(list, i);
        const json_t *server = row_at(document, "servers", row, "server");
        const char *iface = text_at(row_at(document, "interfaces", row, "iface"), "name");
        char known[WORDS_BYTES];
        (void)learned_words(row, known, sizeof(known));
        paragraph_format(p, 2, PLAIN, "", "%s over %s to %s port %llu %s: %s%s",
                         process_words(document, row, process, sizeof(process)),
                         iface[0] ? iface : "an unknown interface", text_at(server, "ip"),
                         (unsigned long long)number_at(server, "port"), text_at(server, "proto"),
                         known[0] ? "learned " : "learned nothing", known);
    }
}

/* --- what was not seen --- */

static void tell_missing(struct paragraphs *p, const json_t *document)
{
    const json_t *run = part_at(document, "run"), *list = part_at(document, "uncovered");
    const json_t *damage = part_at(run, "damage");
    char process[WORDS_BYTES], words[96];
    size_t count;
    if (json_array_size(list) == 0 && number_at(run, "events_lost") == 0 &&
        json_array_size(damage) == 0 && number_at(run, "left_out") == 0)
        return;
    paragraph_heading(p, "What was not covered");
    count = shown_rows(p, list);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(list, i);
        const char *used = json_is_true(part_at(row, "used_socket"))
                               ? "; it used a socket"
                               : "; whether it used a socket is not known";
        paragraph_format(p, 2, PLAIN, "", "%s: %s%s",
                         process_words(document, row, process, sizeof(process)),
                         text_at(row, "reason"), used);
    }
    if (number_at(run, "events_lost") > 0)
        paragraph_format(p, 2, PLAIN, "", "%s lost.",
                         counted(number_at(run, "events_lost"), "event was", "events were", words,
                                 sizeof(words)));
    count = shown_rows(p, damage);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(damage, i);
        paragraph_format(p, 2, PLAIN, "", "%s is damaged at byte %llu: %s", text_at(row, "file"),
                         (unsigned long long)number_at(row, "offset"), text_at(row, "reason"));
    }
    if (number_at(run, "left_out") > 0)
        paragraph_format(
            p, 2, PLAIN, "", "%s no room in this report.",
            counted(number_at(run, "left_out"), "entry had", "entries had", words, sizeof(words)));
}

void report_text_details(struct paragraphs *p, const json_t *document)
{
    tell_leaks(p, document, "sure", "Leaks");
    tell_leaks(p, document, "likely", "Likely leaks");
    tell_sentences(p, document, "faults", "Faults");
    tell_sentences(p, document, "strangers", "Around the shim");
    tell_dns(p, document);
    tell_paths(p, document);
    tell_outcomes(p, document);
    tell_ifaces(p, document);
    tell_missing(p, document);
}
