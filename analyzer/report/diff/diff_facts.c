/* What a run revealed, one fact each, under a key that another run has for the same thing. */
#include "diff_private.h"

#include <stdio.h>
#include <string.h>

#include "netaddr.h"

struct fact {
    const char *category;
    char key[DIFF_TEXT_BYTES], sentence[DIFF_TEXT_BYTES];
    const char *role, *address, *iface; /* NULL: none */
    const char *certainty;              /* "sure", "likely" */
    const json_t *evidence;             /* NULL none */
};

static void begin(struct fact *fact, const char *category)
{
    memset(fact, 0, sizeof(*fact));
    fact->category = category;
    fact->certainty = "sure";
    diff_append(fact->key, "%s|", category);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

/* The surer one of two that say the same stays. */
static bool add(json_t *facts, const struct fact *fact)
{
    const json_t *known = json_object_get(facts, fact->key);
    json_t *row;
    if (known && strcmp(diff_text(known, "certainty"), "sure") == 0)
        return true;
    if (known && strcmp(fact->certainty, "sure") != 0)
        return true;
    row = json_pack("{ss,so,so,so,so,ss,sO?}", "category", fact->category, "sentence",
                    text_or_null(fact->sentence), "role", text_or_null(fact->role), "address",
                    text_or_null(fact->address), "iface", text_or_null(fact->iface), "certainty",
                    fact->certainty, "evidence", fact->evidence);
    return row && json_object_set_new(facts, fact->key, row) == 0;
}

/* Names of hosts end with a dot or not, as somebody happened to write them. */
static void put_host(char out[static DIFF_TEXT_BYTES], const char *name)
{
    size_t len = strlen(name);
    diff_append(out, "%.*s", (int)(len > 1 && name[len - 1] == '.' ? len - 1 : len), name);
}

/* The browser is called that in both runs, whichever it is. */
static const char *process_key(const struct diff_run *run, const json_t *process)
{
    const json_t *browser = json_object_get(json_object_get(run->document, "run"), "browser");
    const char *name = diff_text(process, "name");
    return name[0] && strcmp(name, diff_text(browser, "name")) == 0 ? "the browser" : name;
}

static const char *learner_words(const char *who)
{
    if (strcmp(who, "page") == 0)
        return "the page";
    return strcmp(who, "network") == 0 ? "the local network" : "a server";
}

static bool add_learned(const struct diff_run *run, json_t *facts, const char *who,
                        const char *address, const char *kind, const char *iface,
                        const char *certainty, const json_t *evidence)
{
    struct diff_role role;
    struct fact fact;
    diff_role_of(run, address, kind, iface, &role);
    begin(&fact, "address");
    diff_append(fact.key, "%s|%s|%s", who, role.key, diff_iface_role(run, iface));
    diff_append(fact.sentence, "%s", role.words);
    if (address[0])
        diff_append(fact.sentence, " (%s)", address);
    diff_append(fact.sentence, ", learned by %s", learner_words(who));
    if (iface[0] && strcmp(who, "page") != 0)
        diff_append(fact.sentence, " over %s", iface);
    fact.role = role.words;
    fact.address = address;
    fact.iface = iface;
    fact.certainty = certainty;
    fact.evidence = evidence;
    return add(facts, &fact);
}

static bool leaks(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *leak;
    json_array_foreach(json_object_get(run->document, "leaks"), i, leak)
    {
        const json_t *by = json_object_get(leak, "learned_by");
        const char *certainty = diff_text(leak, "certainty");
        if (!add_learned(run, facts, diff_text(by, "who"), diff_text(leak, "address"),
                         diff_text(leak, "kind"), diff_text(leak, "iface"),
                         strcmp(certainty, "likely") == 0 ? "likely" : "sure",
                         json_object_get(leak, "evidence")))
            return false;
    }
    return true;
}

/* A leak tells of its address already, with the interface that it belongs to; a path has the one
 * that the requests left over. */
static bool is_leak(const struct diff_run *run, const char *address)
{
    size_t i;
    const json_t *leak;
    json_array_foreach(json_object_get(run->document, "leaks"), i, leak)
    {
        if (strcmp(diff_text(json_object_get(leak, "learned_by"), "who"), "server") == 0 &&
            strcmp(diff_text(leak, "address"), address) == 0)
            return true;
    }
    return false;
}

static bool paths(const struct diff_run *run, json_t *facts)
{
    size_t i, k;
    const json_t *path, *learned;
    json_array_foreach(json_object_get(run->document, "paths"), i, path)
    {
        const json_t *iface = diff_row(run, "interfaces", path, "iface");
        json_array_foreach(json_object_get(path, "learned"), k, learned)
        {
            if (!is_leak(run, diff_text(learned, "address")) &&
                !add_learned(run, facts, "server", diff_text(learned, "address"),
                             diff_text(learned, "kind"), diff_text(iface, "name"), "sure", NULL))
                return false;
        }
    }
    return true;
}

static bool interfaces(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *iface;
    json_array_foreach(json_object_get(run->document, "interfaces"), i, iface)
    {
        const char *name = diff_text(iface, "name");
        struct fact fact;
        if (json_integer_value(json_object_get(iface, "messages")) == 0)
            continue;
        begin(&fact, "interface");
        diff_append(fact.key, "%s", diff_iface_role(run, name));
        diff_append(fact.sentence, "STUN over %s", name);
        fact.iface = name;
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

static bool servers(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *server;
    json_array_foreach(json_object_get(run->document, "servers"), i, server)
    {
        const char *name = diff_text(server, "name"), *ip = diff_text(server, "ip");
        const char *proto = diff_text(server, "proto");
        json_int_t port = json_integer_value(json_object_get(server, "port"));
        bool is_ipv6 = strchr(ip, ':') != NULL;
        struct fact fact;
        begin(&fact, "server");
        /* A name stays where its address changes. */
        put_host(fact.key, name[0] ? name : ip);
        diff_append(fact.key, "|%s|%" JSON_INTEGER_FORMAT, proto, port);
        diff_append(fact.sentence, "asked ");
        put_host(fact.sentence, name);
        diff_append(fact.sentence, "%s%s%s%s:%" JSON_INTEGER_FORMAT "%s over %s",
                    name[0] ? " (" : "", is_ipv6 ? "[" : "", ip, is_ipv6 ? "]" : "", port,
                    name[0] ? ")" : "", proto);
        fact.address = ip;
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

static bool dns(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(run->document, "dns"), i, row)
    {
        const char *question = diff_text(row, "question"), *iface = diff_text(row, "iface");
        struct fact fact;
        begin(&fact, "dns");
        put_host(fact.key, question);
        diff_append(fact.key, "|%s", diff_iface_role(run, iface));
        diff_append(fact.sentence, "asked DNS for %s over %s",
                    question[0] ? question : "a name that can't be read",
                    iface[0] ? iface : "an unknown interface");
        fact.iface = iface;
        fact.certainty = strcmp(diff_text(row, "certainty"), "likely") == 0 ? "likely" : "sure";
        fact.evidence = json_object_get(row, "evidence");
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

static bool add_road(const struct diff_run *run, json_t *facts, const json_t *road)
{
    const char *via = diff_text(road, "via"), *request = diff_text(road, "request");
    struct fact fact;
    begin(&fact, "enumeration");
    diff_append(fact.key, "%s|%s", via, request);
    diff_append(fact.sentence, "%s enumerated by %s%s%s",
                diff_text(diff_row(run, "processes", road, "process"), "name"), via,
                request[0] ? " " : "", request);
    return add(facts, &fact);
}

/* By whatever road: each of them shows the same, but for what a policy hides. */
static bool add_shown(const struct diff_run *run, json_t *facts, const json_t *road,
                      const json_t *shown)
{
    const char *iface = diff_text(shown, "iface"), *ip = diff_text(shown, "ip");
    struct netaddr addr;
    struct diff_role role;
    struct fact fact;
    if (strcmp(iface, "lo") == 0 ||
        (netaddr_parse_ip(ip, &addr) && netaddr_kind_of(&addr) == NETADDR_KIND_LOOPBACK))
        return true; /* all machines have it */
    begin(&fact, "shown");
    diff_role_of(run, ip, "", iface, &role);
    diff_append(fact.key, "%s", ip[0] ? role.key : diff_iface_role(run, iface));
    diff_append(fact.sentence, "%s", ip[0] ? role.words : iface);
    if (ip[0])
        diff_append(fact.sentence, " (%s)", ip);
    diff_append(fact.sentence, ", shown to %s by %s",
                diff_text(diff_row(run, "processes", road, "process"), "name"),
                diff_text(road, "via"));
    fact.role = ip[0] ? role.words : NULL;
    fact.iface = iface;
    fact.address = ip;
    return add(facts, &fact);
}

static bool enumerations(const struct diff_run *run, json_t *facts)
{
    size_t i, k;
    const json_t *road, *shown;
    json_array_foreach(json_object_get(run->document, "enumerations"), i, road)
    {
        if (!add_road(run, facts, road))
            return false;
        json_array_foreach(json_object_get(road, "shown"), k, shown)
        {
            if (!add_shown(run, facts, road, shown))
                return false;
        }
    }
    return true;
}

static bool probes(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *probe;
    json_array_foreach(json_object_get(run->document, "probes"), i, probe)
    {
        const char *answer = diff_text(probe, "answer");
        const json_t *process = diff_row(run, "processes", probe, "process");
        struct diff_role role;
        struct fact fact;
        struct netaddr addr;
        /* The unspecified address says nothing. */
        if (!netaddr_parse_ip(answer, &addr) || netaddr_kind_of(&addr) == NETADDR_KIND_UNSPECIFIED)
            continue;
        diff_role_of(run, answer, "", diff_text(probe, "iface"), &role);
        begin(&fact, "probe");
        diff_append(fact.key, "%s", role.key);
        diff_append(fact.sentence, "%s was told %s (%s) by connect and getsockname",
                    diff_text(process, "name"), role.words, answer);
        fact.role = role.words;
        fact.address = answer;
        fact.iface = diff_text(probe, "iface");
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

/* Faults, strangers: what a sentence of the report tells, by process and interface. */
static bool told(const struct diff_run *run, json_t *facts, const char *array, const char *category)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(run->document, array), i, row)
    {
        const char *iface = diff_text(row, "iface");
        struct fact fact;
        begin(&fact, category);
        diff_append(fact.key, "%s|%s|%s", diff_text(row, "outcome"),
                    process_key(run, diff_row(run, "processes", row, "process")),
                    diff_iface_role(run, iface));
        diff_append(fact.sentence, "%s", diff_text(row, "sentence"));
        fact.iface = iface;
        fact.evidence = json_object_get(row, "evidence");
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

static bool uncovered(const struct diff_run *run, json_t *facts)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(run->document, "uncovered"), i, row)
    {
        const json_t *process = diff_row(run, "processes", row, "process");
        struct fact fact;
        begin(&fact, "uncovered");
        diff_append(fact.key, "%s|%s", process_key(run, process), diff_text(row, "reason"));
        diff_append(fact.sentence, "not covered: %s (%s)", diff_text(process, "name"),
                    diff_text(row, "reason"));
        if (!add(facts, &fact))
            return false;
    }
    return true;
}

json_t *diff_facts(const struct diff_run *run)
{
    json_t *facts = json_object();
    if (facts && leaks(run, facts) && paths(run, facts) && told(run, facts, "faults", "fault") &&
        told(run, facts, "strangers", "stranger") && dns(run, facts) && probes(run, facts) &&
        interfaces(run, facts) && servers(run, facts) && enumerations(run, facts) &&
        uncovered(run, facts))
        return facts;
    json_decref(facts);
    return NULL;
}
