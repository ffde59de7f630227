/* Prints what a run showed: servers and what they learned, looks at the interfaces, probes,
 * coverage, losses. */
#include "summary.h"

#include <string.h>

#include "live_text.h"
#include "text.h"

enum { FIELD_BYTES = 128 };

static long long number_of(const json_t *o, const char *key)
{
    return (long long)json_integer_value(json_object_get(o, key));
}

static void print_more(FILE *out, size_t all, size_t told)
{
    if (all > told)
        fprintf(out, "  and %zu more\n", all - told);
}

static void print_learned(FILE *out, const json_t *entry, const char *verb)
{
    char ip[FIELD_BYTES], kind[32], iface[FIELD_BYTES], source[32], who[80];

    live_text_field(entry, "ip", ip, sizeof ip);
    live_text_field(entry, "kind", kind, sizeof kind);
    live_text_field(entry, "in_iface", iface, sizeof iface);
    live_text_field(entry, "iface_source", source, sizeof source);
    live_text_who(entry, who, sizeof who);
    fprintf(out, "    %s %-22s %-12s over %s (%s), %s, %lld time%s\n", verb, ip, kind,
            iface[0] ? iface : "an unknown interface", source, who, number_of(entry, "count"),
            number_of(entry, "count") == 1 ? "" : "s");
}

static void print_server(FILE *out, const json_t *server, size_t *lines)
{
    const json_t *learned = json_object_get(server, "learned");
    const json_t *relayed = json_object_get(server, "relayed");
    char text[FIELD_BYTES], name[FIELD_BYTES], proto[16], role[16];
    size_t i, left_out = 0;
    json_t *entry;

    live_text_field(server, "server", text, sizeof text);
    live_text_field(server, "name", name, sizeof name);
    live_text_field(server, "proto", proto, sizeof proto);
    live_text_field(server, "role", role, sizeof role);
    fprintf(out, "  %s %s%s%s%s%s%s: %lld asked, %lld answered", text, proto, name[0] ? " (" : "",
            name, name[0] ? ")" : "", role[0] ? ", " : "", role, number_of(server, "asked"),
            number_of(server, "answered"));
    if (number_of(server, "failed"))
        fprintf(out, ", %lld failed", number_of(server, "failed"));
    if (number_of(server, "refused"))
        fprintf(out, ", %lld refused", number_of(server, "refused"));
    fputc('\n', out);
    json_array_foreach(learned, i, entry)
    {
        if (*lines < SUMMARY_LEARNED_MAX && ++*lines)
            print_learned(out, entry, "learned");
        else
            left_out++;
    }
    json_array_foreach(relayed, i, entry)
    {
        if (*lines < SUMMARY_LEARNED_MAX && ++*lines)
            print_learned(out, entry, "relays ");
        else
            left_out++;
    }
    if (left_out)
        fprintf(out, "    and %zu more addresses\n", left_out);
}

/* Servers first, then peers: a server is a third party that learned something. */
static void print_servers(FILE *out, const json_t *servers)
{
    size_t all = json_array_size(servers), told = 0, lines = 0, i;
    json_t *server;

    if (all == 0) {
        fputs("No STUN server was asked.\n", out);
        return;
    }
    fputs("STUN and TURN servers, and what they learned:\n", out);
    for (int peers = 0; peers < 2; peers++) {
        json_array_foreach(servers, i, server)
        {
            const char *role = json_string_value(json_object_get(server, "role"));
            int peer = role && strcmp(role, "peer") == 0;
            if (peer == peers && told < SUMMARY_SERVERS_MAX) {
                print_server(out, server, &lines);
                told++;
            }
        }
    }
    print_more(out, all, told);
}

static void print_looks(FILE *out, const json_t *looks)
{
    size_t all = json_array_size(looks), i;
    json_t *look;

    if (all == 0) {
        fputs("Nobody looked at the interfaces.\n", out);
        return;
    }
    fputs("Looks at the interfaces:\n", out);
    json_array_foreach(looks, i, look)
    {
        char via[32], request[FIELD_BYTES], who[80];
        if (i == SUMMARY_LOOKS_MAX)
            break;
        live_text_field(look, "via", via, sizeof via);
        live_text_field(look, "request", request, sizeof request);
        live_text_who(look, who, sizeof who);
        fprintf(out, "  %-32s %s%s%s, %lld time%s, shown %zu\n", who, via, request[0] ? " " : "",
                request, number_of(look, "count"), number_of(look, "count") == 1 ? "" : "s",
                json_array_size(json_object_get(look, "shown")));
    }
    print_more(out, all, i);
}

static void print_probes(FILE *out, const json_t *probes)
{
    size_t all = json_array_size(probes), i;
    json_t *probe;

    if (all == 0)
        return;
    fputs("Address probes:\n", out);
    json_array_foreach(probes, i, probe)
    {
        char target[FIELD_BYTES + 16], answer[FIELD_BYTES], who[80];
        if (i == SUMMARY_PROBES_MAX)
            break;
        live_text_address(json_object_get(probe, "target"), target, sizeof target);
        live_text_field(probe, "answer", answer, sizeof answer);
        live_text_who(probe, who, sizeof who);
        fprintf(out, "  %-32s %s: %s, %lld time%s\n", who, target, answer[0] ? answer : "no answer",
                number_of(probe, "count"), number_of(probe, "count") == 1 ? "" : "s");
    }
    print_more(out, all, i);
}

/* What the policy did, by rule. */
static void print_rules(FILE *out, const json_t *rules)
{
    static const struct {
        const char *action, *word;
    } words[] = {{"deny", "refused"}, {"hide", "hid something from"}, {"pin", "pinned"}};
    size_t all = json_array_size(rules), i;
    json_t *rule;

    if (all == 0)
        return;
    fputs("What the policy did:\n", out);
    json_array_foreach(rules, i, rule)
    {
        char name[FIELD_BYTES], action[32], type[32];
        const char *word = "";
        if (i == SUMMARY_RULES_MAX)
            break;
        live_text_field(rule, "rule", name, sizeof name);
        live_text_field(rule, "action", action, sizeof action);
        live_text_field(rule, "event_type", type, sizeof type);
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            if (strcmp(words[k].action, action) == 0)
                word = words[k].word;
        fprintf(out, "  %-32s %s %lld %s event%s\n", name, word, number_of(rule, "count"), type,
                number_of(rule, "count") == 1 ? "" : "s");
    }
    print_more(out, all, i);
}

static void print_uncovered(FILE *out, struct process *const *uncovered, bool partial)
{
    size_t all = 0, i;

    while (uncovered && uncovered[all])
        all++;
    if (partial)
        fputs("Too many processes to list; whether the others were covered is not known.\n", out);
    else if (all == 0)
        fputs("Every process was covered.\n", out);
    if (all == 0)
        return;
    fputs("NOT COVERED:\n", out);
    for (i = 0; i < all && i < SUMMARY_UNCOVERED_MAX; i++) {
        const struct process *p = uncovered[i];
        char name[FIELD_BYTES];
        text_escape(p->name, strnlen(p->name, sizeof p->name), name, sizeof name);
        fprintf(out, "  %s[%ld]: %s%s\n", name, (long)p->pid, coverage_sentence(p->coverage),
                p->used_socket ? "; it used a socket" : "");
    }
    print_more(out, all, i);
}

void summary_print(FILE *out, const json_t *sums, uint64_t events, uint64_t lost,
                   struct process *const *uncovered, bool partial, const char *folder)
{
    fputc('\n', out);
    print_servers(out, json_object_get(sums, "servers"));
    print_looks(out, json_object_get(sums, "enumerations"));
    print_probes(out, json_object_get(sums, "probes"));
    print_rules(out, json_object_get(sums, "rules"));
    print_uncovered(out, uncovered, partial);
    fprintf(out, "Events: %llu told, %llu lost.\n", (unsigned long long)events,
            (unsigned long long)lost);
    if (folder) {
        char text[4200];
        text_escape(folder, strlen(folder), text, sizeof text);
        fprintf(out, "Run: %s\n", text);
    }
    fflush(out);
}
