/* Adds up events: what servers learned, who looked at the interfaces, which probes were answered.
 */
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netaddr.h"

struct ledger {
    json_t *sums;                                                 /* what ledger_json() hands out */
    json_t *servers, *looks, *probes, *rules;                     /* its arrays, borrowed */
    json_t *server_index, *look_index, *probe_index, *rule_index; /* key to entry */
};

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    if (!ledger)
        return NULL;
    ledger->sums = json_object();
    ledger->servers = json_array();
    ledger->looks = json_array();
    ledger->probes = json_array();
    ledger->rules = json_array();
    ledger->server_index = json_object();
    ledger->look_index = json_object();
    ledger->probe_index = json_object();
    ledger->rule_index = json_object();
    json_object_set_new(ledger->sums, "servers", ledger->servers);
    json_object_set_new(ledger->sums, "enumerations", ledger->looks);
    json_object_set_new(ledger->sums, "probes", ledger->probes);
    json_object_set_new(ledger->sums, "rules", ledger->rules);
    json_object_set_new(ledger->sums, "refused", json_integer(0));
    json_object_set_new(ledger->sums, "left_out", json_integer(0));
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    json_decref(ledger->sums);
    json_decref(ledger->server_index);
    json_decref(ledger->look_index);
    json_decref(ledger->probe_index);
    json_decref(ledger->rule_index);
    free(ledger);
}

const json_t *ledger_json(const struct ledger *ledger)
{
    return ledger->sums;
}

static const char *string_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static void count_up(json_t *o, const char *key)
{
    json_t *number = json_object_get(o, key);

    if (number)
        json_integer_set(number, json_integer_value(number) + 1);
    else
        json_object_set_new(o, key, json_integer(1));
}

/* The entry of that key; a new empty one, *fresh true, where there is none; NULL at the limit,
 * which is counted. */
static json_t *entry_of(struct ledger *ledger, json_t *array, json_t *index, const char *key,
                        size_t limit, bool *fresh)
{
    json_t *entry = json_object_get(index, key);

    *fresh = false;
    if (entry)
        return entry;
    if (json_array_size(array) >= limit) {
        count_up(ledger->sums, "left_out");
        return NULL;
    }
    entry = json_object();
    /* Not checked: a key may be cut inside a character. */
    if (json_object_set_nocheck(index, key, entry) == 0 && json_array_append(array, entry) == 0)
        *fresh = true;
    json_decref(entry);
    return *fresh ? entry : NULL;
}

static void set_from(json_t *to, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);

    json_object_set_new(to, key, value ? json_incref(value) : json_null());
}

static void set_process(json_t *to, const json_t *event)
{
    json_t *process = json_object();
    const json_t *from = json_object_get(event, "process");

    set_from(process, from, "pid");
    set_from(process, from, "name");
    set_from(process, from, "role");
    json_object_set_new(to, "process", process);
}

static json_int_t pid_of(const json_t *o)
{
    return json_integer_value(json_object_get(json_object_get(o, "process"), "pid"));
}

/* Add an address that a server told its client to a list of such. */
static void learn(struct ledger *ledger, json_t *list, const json_t *event, const json_t *address)
{
    const char *ip = string_of(address, "ip");
    struct netaddr addr = {0};
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        if (strcmp(string_of(entry, "ip"), ip) == 0 && pid_of(entry) == pid_of(event) &&
            strcmp(string_of(entry, "in_iface"), string_of(event, "in_iface")) == 0) {
            count_up(entry, "count");
            return;
        }
    }
    if (json_array_size(list) >= LEDGER_LEARNED_MAX) {
        count_up(ledger->sums, "left_out");
        return;
    }
    netaddr_parse_ip(ip, &addr);
    entry = json_object();
    set_from(entry, address, "ip");
    json_object_set_new(entry, "kind", json_string(netaddr_kind_name(netaddr_kind_of(&addr))));
    set_from(entry, event, "in_iface");
    set_from(entry, event, "iface_source");
    set_process(entry, event);
    json_object_set_new(entry, "count", json_integer(1));
    json_array_append_new(list, entry);
}

/* "turn" for its methods, "peer" for an ICE connectivity check, else "stun"; what is known stays.
 */
static void set_role(json_t *server, const json_t *stun)
{
    const char *method = string_of(stun, "method");
    const char *known = string_of(server, "role");
    const char *role = "stun";
    json_t *attr;
    size_t i;

    json_array_foreach(json_object_get(stun, "attributes"), i, attr)
    {
        const char *name = string_of(attr, "name");
        if (strcmp(name, "PRIORITY") == 0 || strcmp(name, "ICE-CONTROLLING") == 0 ||
            strcmp(name, "ICE-CONTROLLED") == 0)
            role = "peer";
    }
    if (strcmp(method, "binding") != 0)
        role = "turn";
    if (known[0] == '\0' || strcmp(role, "stun") != 0)
        json_object_set_new(server, "role", json_string(role));
}

static json_t *server_of(struct ledger *ledger, const json_t *event, bool in)
{
    const char *ip = string_of(event, in ? "src_ip" : "dest_ip");
    json_int_t port = json_integer_value(json_object_get(event, in ? "src_port" : "dest_port"));
    const char *proto = string_of(event, "proto");
    const char *name = string_of(event, in ? "src_name" : "dest_name");
    char key[128];
    bool fresh;
    json_t *server;

    if (ip[0] == '\0')
        return NULL;
    snprintf(key, sizeof key, "%s%s%s:%lld %s", strchr(ip, ':') ? "[" : "", ip,
             strchr(ip, ':') ? "]" : "", (long long)port, proto);
    server =
        entry_of(ledger, ledger->servers, ledger->server_index, key, LEDGER_SERVERS_MAX, &fresh);
    if (fresh) {
        *strchr(key, ' ') = '\0';
        json_object_set_new(server, "server", json_string(key));
        json_object_set_new(server, "proto", proto[0] ? json_string(proto) : json_null());
        json_object_set_new(server, "name", json_null());
        json_object_set_new(server, "role", json_string(""));
        json_object_set_new(server, "asked", json_integer(0));
        json_object_set_new(server, "answered", json_integer(0));
        json_object_set_new(server, "failed", json_integer(0));
        json_object_set_new(server, "refused", json_integer(0));
        json_object_set_new(server, "learned", json_array());
        json_object_set_new(server, "relayed", json_array());
    }
    if (server && name[0])
        json_object_set(server, "name", json_object_get(event, in ? "src_name" : "dest_name"));
    return server;
}

static void ledger_stun(struct ledger *ledger, const json_t *event)
{
    const json_t *stun = json_object_get(event, "stun");
    const char *cls = string_of(stun, "class");
    bool in = strcmp(string_of(event, "direction"), "in") == 0;
    bool request = strcmp(cls, "request") == 0;
    bool success = strcmp(cls, "success") == 0;
    const json_t *address;
    json_t *server;

    /* Servers are those that are asked and those that answer; a peer that asks us is neither. */
    if (!stun || in == (request || strcmp(cls, "indication") == 0) ||
        !(server = server_of(ledger, event, in)))
        return;
    if (!in) {
        if (request)
            set_role(server, stun);
        if (strcmp(string_of(json_object_get(event, "verdict"), "action"), "deny") == 0)
            count_up(server, "refused");
        else if (json_is_null(json_object_get(json_object_get(event, "hook"), "errno")))
            count_up(server, "asked");
        else
            count_up(server, "failed");
        return;
    }
    count_up(server, "answered");
    if (success && (address = json_object_get(stun, "mapped")))
        learn(ledger, json_object_get(server, "learned"), event, address);
    if (success && (address = json_object_get(stun, "xor_relayed")))
        learn(ledger, json_object_get(server, "relayed"), event, address);
}

static void ledger_enumeration(struct ledger *ledger, const json_t *event)
{
    const json_t *enumeration = json_object_get(event, "enumeration");
    const char *via = string_of(enumeration, "via");
    const char *asked = "request";
    char key[512];
    bool fresh;
    json_t *look;

    if (json_object_get(enumeration, "path"))
        asked = "path";
    else if (json_object_get(enumeration, "notification"))
        asked = "notification";
    snprintf(key, sizeof key, "%lld %s %s", (long long)pid_of(event), via,
             string_of(enumeration, asked));
    look = entry_of(ledger, ledger->looks, ledger->look_index, key, LEDGER_LOOKS_MAX, &fresh);
    if (!look)
        return;
    if (fresh) {
        set_from(look, enumeration, "via");
        json_t *what = json_object_get(enumeration, asked);
        json_object_set_new(look, "request", what ? json_incref(what) : json_null());
        set_process(look, event);
    }
    count_up(look, "count");
    set_from(look, enumeration, "shown"); /* the latest */
}

static void ledger_probe(struct ledger *ledger, const json_t *event)
{
    const json_t *probe = json_object_get(event, "probe");
    const json_t *target = json_object_get(probe, "target");
    const json_t *answer = json_object_get(probe, "answer");
    char key[256];
    bool fresh;
    json_t *entry;

    snprintf(key, sizeof key, "%lld %s %lld %s", (long long)pid_of(event), string_of(target, "ip"),
             (long long)json_integer_value(json_object_get(target, "port")),
             string_of(answer, "ip"));
    entry = entry_of(ledger, ledger->probes, ledger->probe_index, key, LEDGER_PROBES_MAX, &fresh);
    if (!entry)
        return;
    if (fresh) {
        json_object_set_new(entry, "target", json_deep_copy(target));
        /* The port is another one each time and says nothing. */
        json_t *ip = json_object_get(answer, "ip");
        json_object_set_new(entry, "answer", ip ? json_incref(ip) : json_null());
        set_from(entry, event, "in_iface");
        set_process(entry, event);
    }
    count_up(entry, "count");
}

/* What a policy did that is not to let pass: by rule, action and kind of event. */
static void ledger_rule(struct ledger *ledger, const json_t *event)
{
    const json_t *verdict = json_object_get(event, "verdict");
    const char *action = string_of(verdict, "action");
    char key[256];
    bool fresh;
    json_t *entry;

    if (action[0] == '\0' || strcmp(action, "allow") == 0)
        return;
    snprintf(key, sizeof key, "%s %s %s", string_of(verdict, "rule"), action,
             string_of(event, "event_type"));
    entry = entry_of(ledger, ledger->rules, ledger->rule_index, key, LEDGER_RULES_MAX, &fresh);
    if (!entry)
        return;
    if (fresh) {
        set_from(entry, verdict, "rule");
        set_from(entry, verdict, "action");
        set_from(entry, event, "event_type");
    }
    count_up(entry, "count");
}

void ledger_event(struct ledger *ledger, const json_t *event)
{
    const char *type = string_of(event, "event_type");

    if (strcmp(string_of(json_object_get(event, "verdict"), "action"), "deny") == 0)
        count_up(ledger->sums, "refused");
    ledger_rule(ledger, event);
    if (strcmp(type, "stun") == 0)
        ledger_stun(ledger, event);
    else if (strcmp(type, "enumeration") == 0)
        ledger_enumeration(ledger, event);
    else if (strcmp(type, "probe") == 0)
        ledger_probe(ledger, event);
}
