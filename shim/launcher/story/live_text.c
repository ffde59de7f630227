/* Puts finished events into words for a terminal. */
#include "live_text.h"

#include <stdio.h>
#include <string.h>

#include "dns.h"
#include "text.h"

enum { FIELD_BYTES = 128, SHOWN_TOLD_MAX = 8 };

char *live_text_field(const json_t *o, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(o, key);

    if (!json_is_string(value)) {
        out[0] = '\0';
        return out;
    }
    return text_escape(json_string_value(value), json_string_length(value), out, size);
}

static bool field_is(const json_t *o, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(o, key));

    return value && strcmp(value, text) == 0;
}

static void end_text(const char *ip, const json_t *port, char *out, size_t size)
{
    long long number = json_integer_value(port);

    if (ip[0] == '\0')
        snprintf(out, size, "none");
    else
        snprintf(out, size, strchr(ip, ':') ? "[%s]:%lld" : "%s:%lld", ip, number);
}

char *live_text_address(const json_t *address, char *out, size_t size)
{
    char ip[FIELD_BYTES];

    live_text_field(address, "ip", ip, sizeof ip);
    end_text(ip, json_object_get(address, "port"), out, size);
    return out;
}

void live_text_who(const json_t *event, char *out, size_t size)
{
    const json_t *process = json_object_get(event, "process");
    const json_t *pid = json_object_get(process, "pid");
    char name[40], role[24], number[24] = "?";

    out[0] = '\0';
    if (!process)
        return;
    live_text_field(process, "name", name, sizeof name);
    live_text_field(process, "role", role, sizeof role);
    if (json_is_integer(pid))
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(pid));
    snprintf(out, size, "%s[%s]%s%s", name[0] ? name : "?", number, role[0] ? " " : "", role);
}

/* " over tun0", and what is not certain about it. */
static void carrier_text(const json_t *event, char *out, size_t size)
{
    char iface[FIELD_BYTES], address[FIELD_BYTES];

    live_text_field(event, "in_iface", iface, sizeof iface);
    live_text_field(event, "address_iface", address, sizeof address);
    if (iface[0] == '\0')
        snprintf(out, size, " over an unknown interface");
    else if (address[0])
        snprintf(out, size, " over %s (from %s's address)", iface, address);
    else
        snprintf(out, size, " over %s", iface);
}

/* ", refused by vpn:3" or ", failed: ENETUNREACH"; "" where all went well. */
static void outcome_text(const json_t *event, char *out, size_t size)
{
    const json_t *verdict = json_object_get(event, "verdict");
    char text[FIELD_BYTES];

    out[0] = '\0';
    if (field_is(verdict, "action", "deny")) {
        live_text_field(verdict, "rule", text, sizeof text);
        snprintf(out, size, ", refused by %s", text);
        return;
    }
    live_text_field(json_object_get(event, "hook"), "errno", text, sizeof text);
    if (text[0])
        snprintf(out, size, ", failed: %s", text);
    else if (field_is(verdict, "action", "pin"))
        snprintf(out, size, ", pinned to it");
    else if (field_is(verdict, "action", "hide")) {
        live_text_field(verdict, "rule", text, sizeof text);
        snprintf(out, size, ", some hidden by %s", text);
    }
}

/* "198.51.100.10:3478 (stun.example.org)": the other end of the event's flow. */
static void peer_text(const json_t *event, char *out, size_t size)
{
    bool in = field_is(event, "direction", "in");
    char ip[FIELD_BYTES], name[FIELD_BYTES], end[FIELD_BYTES + 16];

    live_text_field(event, in ? "src_ip" : "dest_ip", ip, sizeof ip);
    live_text_field(event, in ? "src_name" : "dest_name", name, sizeof name);
    end_text(ip, json_object_get(event, in ? "src_port" : "dest_port"), end, sizeof end);
    snprintf(out, size, name[0] ? "%s (%s)" : "%s", end, name);
}

static bool stun_text(const json_t *event, char *out, size_t size)
{
    const json_t *stun = json_object_get(event, "stun");
    const json_t *channel = json_object_get(event, "channel_data");
    bool in = field_is(event, "direction", "in");
    char peer[384], carrier[320], outcome[192];
    char method[48], cls[32], extra[384] = "";

    peer_text(event, peer, sizeof peer);
    carrier_text(event, carrier, sizeof carrier);
    outcome_text(event, outcome, sizeof outcome);
    if (channel) {
        live_text_field(channel, "channel", method, sizeof method);
        if (json_integer_value(json_object_get(channel, "packets")) > 1)
            return false;
        snprintf(out, size, "channel data %s %s %s%s%s", method, in ? "from" : "to", peer, carrier,
                 outcome);
        return true;
    }
    live_text_field(stun, "method", method, sizeof method);
    live_text_field(stun, "class", cls, sizeof cls);
    if (json_object_get(stun, "mapped")) {
        char address[FIELD_BYTES + 16];
        snprintf(extra, sizeof extra, in ? ": it sees %s" : ": tells it %s",
                 live_text_address(json_object_get(stun, "mapped"), address, sizeof address));
    }
    if (json_object_get(stun, "xor_relayed")) {
        char address[FIELD_BYTES + 16];
        size_t used = strlen(extra);
        snprintf(extra + used, sizeof extra - used, ", relays at %s",
                 live_text_address(json_object_get(stun, "xor_relayed"), address, sizeof address));
    }
    if (json_object_get(stun, "error")) {
        char reason[64];
        const json_t *error = json_object_get(stun, "error");
        snprintf(extra, sizeof extra, ": %lld %s",
                 (long long)json_integer_value(json_object_get(error, "code")),
                 live_text_field(error, "reason", reason, sizeof reason));
    }
    snprintf(out, size, "%s %s %s %s%s%s%s", method, cls, in ? "from" : "to", peer, carrier, extra,
             outcome);
    return true;
}

static bool enumeration_text(const json_t *event, char *out, size_t size)
{
    const json_t *enumeration = json_object_get(event, "enumeration");
    const json_t *shown = json_object_get(enumeration, "shown");
    char via[32], what[FIELD_BYTES], outcome[192], list[320] = "";
    size_t i, used = 0;
    json_t *item;

    live_text_field(enumeration, "via", via, sizeof via);
    if (json_object_get(enumeration, "notification")) {
        /* A neighbour that comes and goes is news to nobody. */
        if (!field_is(enumeration, "notification", "RTM_NEWADDR") &&
            !field_is(enumeration, "notification", "RTM_DELADDR"))
            return false;
        live_text_field(enumeration, "notification", what, sizeof what);
    } else if (json_object_get(enumeration, "path")) {
        live_text_field(enumeration, "path", what, sizeof what);
    } else {
        live_text_field(enumeration, "request", what, sizeof what);
    }
    outcome_text(event, outcome, sizeof outcome);
    json_array_foreach(shown, i, item)
    {
        char iface[40], ip[64];
        if (i == SHOWN_TOLD_MAX) {
            snprintf(list + used, sizeof list - used, ", ...");
            break;
        }
        live_text_field(item, "iface", iface, sizeof iface);
        live_text_field(item, "ip", ip, sizeof ip);
        int n = snprintf(list + used, sizeof list - used, "%s%s%s%s", i ? ", " : ": ",
                         iface[0] ? iface : "?", ip[0] ? " " : "", ip);
        if (n < 0 || (size_t)n >= sizeof list - used) {
            list[used] = '\0';
            break;
        }
        used += (size_t)n;
    }
    snprintf(out, size, "%s%s%s%s%s", via, what[0] ? " " : "", what, list, outcome);
    return true;
}

static bool probe_text(const json_t *event, char *out, size_t size)
{
    const json_t *probe = json_object_get(event, "probe");
    char target[FIELD_BYTES + 16], answer[FIELD_BYTES], outcome[192];

    live_text_address(json_object_get(probe, "target"), target, sizeof target);
    live_text_field(json_object_get(probe, "answer"), "ip", answer, sizeof answer);
    outcome_text(event, outcome, sizeof outcome);
    snprintf(out, size, "route to %s: %s%s", target, answer[0] ? answer : "no answer", outcome);
    return true;
}

static bool connect_text(const json_t *event, char *out, size_t size)
{
    const json_t *connect = json_object_get(event, "connect");
    char target[FIELD_BYTES + 16], outcome[192];

    live_text_address(json_object_get(connect, "target"), target, sizeof target);
    outcome_text(event, outcome, sizeof outcome);
    snprintf(out, size, "TCP connection to %s%s", target, outcome);
    return true;
}

/* Only names of STUN and TURN services. */
static bool dns_text(const json_t *event, char *out, size_t size)
{
    const json_t *dns = json_object_get(event, "dns");
    const char *question = json_string_value(json_object_get(dns, "question"));
    char name[FIELD_BYTES], data[64], list[256] = "";
    size_t i, used = 0;
    json_t *answer;

    if (!question || !dns_name_is_stun(question))
        return false;
    live_text_field(dns, "question", name, sizeof name);
    json_array_foreach(json_object_get(dns, "answers"), i, answer)
    {
        live_text_field(answer, "data", data, sizeof data);
        int n = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : ": ", data);
        if (n < 0 || (size_t)n >= sizeof list - used) {
            list[used] = '\0';
            break;
        }
        used += (size_t)n;
    }
    snprintf(out, size, "%s %s%s", field_is(dns, "type", "query") ? "asks for" : "finds", name,
             list);
    return true;
}

/* A host candidate's name is made known in an answer that is sent out. */
static bool mdns_text(const json_t *event, char *out, size_t size)
{
    const json_t *mdns = json_object_get(event, "mdns");
    const json_t *answer = json_array_get(json_object_get(mdns, "answers"), 0);
    char name[FIELD_BYTES], data[64], carrier[320];

    if (!answer || !field_is(event, "direction", "out"))
        return false;
    live_text_field(answer, "name", name, sizeof name);
    live_text_field(answer, "data", data, sizeof data);
    carrier_text(event, carrier, sizeof carrier);
    snprintf(out, size, "announces %s as %s%s", data, name, carrier);
    return true;
}

static bool socket_text(const json_t *event, char *out, size_t size)
{
    const json_t *socket = json_object_get(event, "socket");
    char option[48], iface[FIELD_BYTES], outcome[192];

    live_text_field(socket, "option", option, sizeof option);
    live_text_field(socket, "iface", iface, sizeof iface);
    outcome_text(event, outcome, sizeof outcome);
    snprintf(out, size, "%s%s%s%s", option, iface[0] ? " " : "", iface, outcome);
    return true;
}

/* Something went around the library. */
static bool owner_text(const json_t *event, char *out, size_t size)
{
    const json_t *owner = json_object_get(event, "owner");
    const json_t *uid = json_object_get(owner, "uid");
    const json_t *of_run = json_object_get(owner, "of_run");
    char peer[2 * FIELD_BYTES + 32], carrier[320], who[64] = "";
    const char *whose = json_is_true(of_run)    ? "by a process of the run"
                        : json_is_false(of_run) ? "by another program on this machine"
                                                : "by somebody unknown";

    peer_text(event, peer, sizeof peer);
    carrier_text(event, carrier, sizeof carrier);
    if (json_is_null(json_object_get(event, "process")) && json_is_integer(uid))
        snprintf(who, sizeof who, " (user %lld)", (long long)json_integer_value(uid));
    snprintf(out, size, "NOT SEEN by the library: STUN to %s%s, %s%s", peer, carrier, whose, who);
    return true;
}

/* A process is worth a line when the library can't see it. */
static bool process_text(const json_t *event, char *out, size_t size)
{
    const json_t *process = json_object_get(event, "process");
    char reason[FIELD_BYTES], exe[FIELD_BYTES];

    if (field_is(process, "coverage", "covered") || field_is(process, "coverage", "unknown") ||
        !field_is(process, "state", "running"))
        return false;
    live_text_field(process, "reason", reason, sizeof reason);
    live_text_field(process, "exe", exe, sizeof exe);
    snprintf(out, size, "NOT COVERED: %s%s%s", reason, exe[0] ? ": " : "", exe);
    return true;
}

static bool network_text(const json_t *event, char *out, size_t size)
{
    const json_t *network = json_object_get(event, "network");
    char what[32], change[32], iface[FIELD_BYTES], detail[FIELD_BYTES];
    const json_t *subject;

    live_text_field(network, "what", what, sizeof what);
    live_text_field(network, "change", change, sizeof change);
    subject = json_object_get(network, what);
    live_text_field(subject, "iface", iface, sizeof iface);
    live_text_field(subject, strcmp(what, "route") == 0 ? "to" : "ip", detail, sizeof detail);
    snprintf(out, size, "%s %s: %s%s%s", what, change, detail, detail[0] ? " on " : "",
             iface[0] ? iface : "?");
    return true;
}

static bool policy_text(const json_t *event, char *out, size_t size)
{
    const json_t *policy = json_object_get(event, "policy");
    char name[FIELD_BYTES], reason[32];
    const char *why = "set anew";

    live_text_field(policy, "name", name, sizeof name);
    live_text_field(policy, "reason", reason, sizeof reason);
    if (strcmp(reason, "network") == 0)
        why = "follows the network";
    else if (strcmp(reason, "names") == 0)
        why = "follows a host's name";
    snprintf(out, size, "%s: %s, hides %zu of the interfaces", name, why,
             json_array_size(json_object_get(policy, "hidden")));
    return true;
}

static bool stats_text(const json_t *event, char *out, size_t size)
{
    const json_t *stats = json_object_get(event, "stats");
    char reason[FIELD_BYTES];

    live_text_field(stats, "reason", reason, sizeof reason);
    snprintf(out, size, "%lld events lost: %s",
             (long long)json_integer_value(json_object_get(stats, "lost")), reason);
    return true;
}

bool live_text_what(const json_t *event, char *out, size_t size)
{
    static const struct {
        const char *type;
        bool (*text)(const json_t *event, char *out, size_t size);
    } texts[] = {
        {"stun", stun_text},       {"enumeration", enumeration_text},
        {"probe", probe_text},     {"connect", connect_text},
        {"dns", dns_text},         {"mdns", mdns_text},
        {"socket", socket_text},   {"process", process_text},
        {"network", network_text}, {"policy", policy_text},
        {"stats", stats_text},     {"owner", owner_text},
    };

    out[0] = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (field_is(event, "event_type", texts[i].type))
            return texts[i].text(event, out, size);
    return false;
}
