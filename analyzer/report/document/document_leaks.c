/* Leaks, faults, strangers and DNS questions as parts of the document. */
#include "document_private.h"

#include <stdio.h>
#include <string.h>

#include "advice.h"

/* --- leaks --- */

/* The command as a person would type it again, without the long tail. */
static void command_text(const struct documenting *d, char *out, size_t size)
{
    const json_t *command = json_object_get(d->run->root, "command");
    const char *program = json_string_value(json_array_get(command, 0));
    (void)snprintf(out, size, "%s%s", program ? program : "COMMAND",
                   json_array_size(command) > 1 ? " ..." : "");
}

static enum advice_browser browser_of(const struct documenting *d, uint32_t process)
{
    const json_t *browser = json_object_get(d->run->root, "browser");
    const char *exe = json_string_value(json_object_get(browser, "exe"));
    const char *name = json_string_value(json_object_get(browser, "name"));
    enum advice_browser found = ADVICE_NO_BROWSER;
    if (process < d->join->process_count)
        found = advice_browser_of(join_text(d->join, d->join->processes[process].name));
    if (found == ADVICE_NO_BROWSER)
        found = advice_browser_of(name);
    return found == ADVICE_NO_BROWSER ? advice_browser_of(exe) : found;
}

static json_t *advice_list(struct documenting *d, const struct verdict_leak *leak)
{
    char command[512], text[1024];
    struct advice_words words = {
        .vpn = d->verdict->wanted.names[0], .command = command, .iface = leak->iface};
    enum advice_browser browser = browser_of(d, leak->process);
    const struct advice *a;
    json_t *list = json_array();
    size_t at = 0;
    command_text(d, command, sizeof(command));
    while ((a = advice_next((enum reason)leak->reason, browser, &at))) {
        json_t *o = json_object();
        document_set(d, o, "where", document_text(d, advice_where_name(a->where)));
        document_set(d, o, "text", document_text(d, advice_text(a, &words, text, sizeof(text))));
        document_add(d, list, o);
    }
    return list;
}

static uint32_t server_row(const struct documenting *d, const struct verdict_leak *leak)
{
    uint64_t words[4] = {leak->protocol, (uint64_t)leak->server.family << 32 | leak->server.port};
    uint64_t hash;
    memcpy(words + 2, leak->server.ip, 16);
    hash = siphash_words(&d->key, words, 4) | 1;
    for (size_t slot = (size_t)(hash >> 1) % DOCUMENT_SLOTS; d->servers.slots[slot].hash;
         slot = (slot + 1) % DOCUMENT_SLOTS)
        if (d->servers.slots[slot].hash == hash)
            return d->servers.slots[slot].row;
    return JOIN_NONE;
}

static void server_sentence(const struct documenting *d, const struct verdict_leak *leak,
                            uint32_t row, char *out, size_t size)
{
    const char *role =
        json_string_value(json_object_get(json_array_get(d->server_rows, row), "role"));
    const char *name = join_text(d->join, leak->server_name);
    const char *what = "STUN server";
    char text[NETADDR_TEXT_BYTES];
    if (role && strcmp(role, "turn") == 0)
        what = "TURN server";
    else if (role && strcmp(role, "peer") == 0)
        what = "peer";
    (void)netaddr_format(&leak->server, text, sizeof(text));
    if (name)
        (void)snprintf(out, size, "the %s %.255s (%s, %s)", what, name, text,
                       document_proto(leak->protocol));
    else
        (void)snprintf(out, size, "the %s %s (%s)", what, text, document_proto(leak->protocol));
}

static json_t *learned_by(struct documenting *d, const struct verdict_leak *leak)
{
    json_t *o = json_object();
    uint32_t row = JOIN_NONE;
    char sentence[512] = "";
    switch ((enum verdict_learner)leak->who) {
    case VERDICT_SERVER:
        row = server_row(d, leak);
        server_sentence(d, leak, row, sentence, sizeof(sentence));
        break;
    case VERDICT_PAGE:
        (void)snprintf(sentence, sizeof(sentence), "%s",
                       browser_of(d, leak->process) == ADVICE_NO_BROWSER
                           ? "the program, which offers it to its peers"
                           : "the page, if it may use the microphone");
        break;
    case VERDICT_NETWORK:
        (void)snprintf(sentence, sizeof(sentence), "the local network, by multicast DNS");
        break;
    }
    document_set(d, o, "who",
                 document_text(d, verdict_learner_name((enum verdict_learner)leak->who)));
    document_set(d, o, "server", document_index_or_null(d, row));
    document_set(d, o, "sentence", document_text(d, sentence));
    return o;
}

json_t *document_leaks(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->verdict->leak_count; i++) {
        const struct verdict_leak *leak = &d->verdict->leaks[i];
        json_t *o = json_object();
        document_set(d, o, "address", document_ip(d, &leak->address));
        document_set(d, o, "kind",
                     leak->address.family == NETADDR_NONE ? document_text(d, "public")
                                                          : document_kind(d, &leak->address));
        document_set(d, o, "geo", json_null());
        document_set(d, o, "learned_by", learned_by(d, leak));
        document_set(d, o, "iface", document_text(d, leak->iface));
        document_set(d, o, "iface_source",
                     document_text(d, document_iface_source(leak->iface_source)));
        document_set(d, o, "process",
                     document_index_or_null(d, leak->process < DOCUMENT_ROWS_MAX ? leak->process
                                                                                 : JOIN_NONE));
        document_set(d, o, "call", document_text(d, leak->call));
        document_set(d, o, "reason", document_text(d, reason_name((enum reason)leak->reason)));
        document_set(d, o, "why", document_text(d, leak->why));
        document_set(d, o, "certainty", document_text(d, leak->sure ? "sure" : "likely"));
        document_set(d, o, "basis", document_text(d, leak->basis));
        document_set(d, o, "count", document_number(d, leak->count));
        document_set(d, o, "first_us", document_us(d, leak->first_ns));
        document_set(d, o, "advice", advice_list(d, leak));
        document_set(d, o, "evidence", document_evidence(d, &leak->evidence));
        document_set(d, o, "outcome",
                     document_text(d, join_outcome_name((enum join_outcome)leak->outcome)));
        document_add(d, list, o);
    }
    return list;
}

/* --- where the witnesses disagree --- */

static json_t *process_index(struct documenting *d, uint32_t process)
{
    return document_index_or_null(d, process < DOCUMENT_ROWS_MAX ? process : JOIN_NONE);
}

json_t *document_faults(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->verdict->fault_count; i++) {
        const struct verdict_fault *f = &d->verdict->faults[i];
        json_t *o = json_object();
        document_set(d, o, "outcome",
                     document_text(d, join_outcome_name((enum join_outcome)f->outcome)));
        document_set(d, o, "sentence", document_text(d, f->sentence));
        /* As a number of the run's exchanges: the rows may leave some out. */
        document_set(d, o, "exchange", document_index_or_null(d, f->exchange));
        document_set(d, o, "process", process_index(d, f->process));
        document_set(d, o, "iface", document_text(d, f->iface));
        document_set(d, o, "evidence", document_evidence(d, &f->evidence));
        document_add(d, list, o);
    }
    return list;
}

static json_t *server_list(struct documenting *d, const struct verdict_stranger *s)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < s->flow_count; i++)
        if (d->flow_server[s->flows[i]] != JOIN_NONE)
            document_add(d, list, document_number(d, d->flow_server[s->flows[i]]));
    return list;
}

json_t *document_strangers(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->verdict->stranger_count; i++) {
        const struct verdict_stranger *s = &d->verdict->strangers[i];
        json_t *o = json_object();
        document_set(d, o, "sentence", document_text(d, s->sentence));
        document_set(d, o, "process", process_index(d, s->process));
        document_set(d, o, "of_run",
                     s->belongs == JOIN_BELONGS_UNKNOWN ? json_null()
                                                        : json_boolean(s->belongs == JOIN_BELONGS));
        document_set(d, o, "uncovered", json_boolean(s->uncovered));
        document_set(d, o, "iface", document_text(d, s->iface));
        document_set(d, o, "servers", server_list(d, s));
        document_set(d, o, "messages", document_number(d, s->messages));
        document_set(d, o, "first_us", document_us(d, s->first_ns));
        document_set(d, o, "evidence", document_evidence(d, &s->evidence));
        document_add(d, list, o);
    }
    return list;
}

json_t *document_dns(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->verdict->dns_count; i++) {
        const struct verdict_dns *q = &d->verdict->dns[i];
        json_t *o = json_object();
        document_set(d, o, "question", document_text(d, q->question));
        document_set(d, o, "server", document_ip(d, &q->server));
        document_set(d, o, "iface", document_text(d, q->iface));
        document_set(d, o, "iface_source",
                     document_text(d, document_iface_source(q->iface_source)));
        document_set(d, o, "certainty", document_text(d, q->sure ? "sure" : "likely"));
        document_set(d, o, "process", process_index(d, q->process));
        document_set(d, o, "count", document_number(d, q->count));
        document_set(d, o, "evidence", document_evidence(d, &q->evidence));
        document_add(d, list, o);
    }
    return list;
}
