/* Builds the common part of an event's JSON object. */
#include "event_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy.h"
#include "text.h"

const char *event_type_name(enum event_type type)
{
    static const char *const names[] = {
#define EVENT_TYPE(name) #name,
#include "event_types.def"
#undef EVENT_TYPE
    };

    return names[type];
}

json_t *event_json_time(uint64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / UINT64_C(1000000000));
    unsigned micros = (unsigned)(time_ns % UINT64_C(1000000000) / 1000);
    struct tm tm;
    char text[64];

    if (!gmtime_r(&seconds, &tm))
        memset(&tm, 0, sizeof tm);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, sizeof text - len, ".%06u+0000", micros);
    return json_string_nocheck(text);
}

json_t *event_json_begin(enum event_type type, uint64_t time_ns)
{
    json_t *event = json_object();

    json_object_set_new_nocheck(event, "timestamp", event_json_time(time_ns));
    json_object_set_new_nocheck(event, "event_type", json_string_nocheck(event_type_name(type)));
    json_object_set_new_nocheck(event, "witness", json_string_nocheck("shim"));
    json_object_set_new_nocheck(event, "seq", json_integer(0));
    return event;
}

void event_json_number(json_t *event, uint64_t seq)
{
    /* A new integer: events copied from one common part share their members. */
    json_object_set_new_nocheck(event, "seq", json_integer((json_int_t)seq));
}

json_t *event_json_ip(const struct netaddr *addr)
{
    char text[NETADDR_IP_TEXT_BYTES];

    if (addr->family == NETADDR_NONE)
        return json_null();
    return json_string_nocheck(netaddr_format_ip(addr, text, sizeof text));
}

json_t *event_json_address(const struct netaddr *addr)
{
    json_t *o;

    if (addr->family == NETADDR_NONE)
        return json_null();
    o = json_object();
    json_object_set_new_nocheck(o, "ip", event_json_ip(addr));
    json_object_set_new_nocheck(o, "port", json_integer(addr->port));
    return o;
}

json_t *event_json_errno(int error)
{
    const char *name;

    if (error == 0)
        return json_null();
    name = strerrorname_np(error);
    return name ? json_string_nocheck(name) : json_sprintf("E%u", (unsigned)error);
}

static void add_end(json_t *event, const char *ip_key, const char *port_key,
                    const struct netaddr *addr)
{
    if (addr->family == NETADDR_NONE)
        return;
    json_object_set_new_nocheck(event, ip_key, event_json_ip(addr));
    json_object_set_new_nocheck(event, port_key, json_integer(addr->port));
}

void event_json_add_flow(json_t *event, const struct event *head, const struct carrier *carrier,
                         const struct network *network, const struct names *names)
{
    bool in = (head->flags & EVENT_IN) != 0;
    const char *name;

    add_end(event, "src_ip", "src_port", in ? &head->remote : &carrier->local);
    add_end(event, "dest_ip", "dest_port", in ? &carrier->local : &head->remote);
    name = head->remote.family == NETADDR_NONE ? NULL : names_find(names, &head->remote);
    if (name)
        json_object_set_new_nocheck(event, in ? "src_name" : "dest_name",
                                    text_json(name, strlen(name)));
    if (carrier->wildcard)
        json_object_set_new_nocheck(event, "bound_ip", event_json_ip(&head->local));
    if (head->flags & (EVENT_UDP | EVENT_TCP))
        json_object_set_new_nocheck(event, "proto",
                                    json_string_nocheck(head->flags & EVENT_TCP ? "TCP" : "UDP"));
    if (head->flags & (EVENT_IN | EVENT_OUT))
        json_object_set_new_nocheck(event, "direction", json_string_nocheck(in ? "in" : "out"));
    if (head->remote.family == NETADDR_NONE && head->local.family == NETADDR_NONE)
        return;
    json_object_set_new_nocheck(event, "in_iface",
                                text_json_or_null(network_name_of(network, carrier->ifindex)));
    json_object_set_new_nocheck(event, "iface_source",
                                json_string_nocheck(iface_source_name(carrier->source)));
    if (carrier->address_ifindex)
        json_object_set_new_nocheck(
            event, "address_iface",
            text_json_or_null(network_name_of(network, carrier->address_ifindex)));
}

json_t *event_json_process(struct process *p, uint32_t ns_tid)
{
    json_t *o = json_object();
    char thread[64] = "";
    pid_t tid = 0;

    if (p && ns_tid)
        process_thread(p, ns_tid, &tid, thread, sizeof thread);
    json_object_set_new_nocheck(o, "pid", p && p->pid > 0 ? json_integer(p->pid) : json_null());
    json_object_set_new_nocheck(o, "tid", tid > 0 ? json_integer(tid) : json_null());
    json_object_set_new_nocheck(o, "name", p ? text_json_or_null(p->name) : json_null());
    json_object_set_new_nocheck(o, "thread", text_json_or_null(thread));
    json_object_set_new_nocheck(o, "role", p ? text_json_or_null(p->role) : json_null());
    return o;
}

json_t *event_json_hook(const struct event *head, struct process *p)
{
    json_t *o = json_object();
    char caller[256] = "";

    if (p && head->caller)
        process_caller(p, head->caller, caller, sizeof caller);
    json_object_set_new_nocheck(o, "call", text_json_or_null(event_call_name(head->call)));
    json_object_set_new_nocheck(o, "fd", head->fd >= 0 ? json_integer(head->fd) : json_null());
    json_object_set_new_nocheck(o, "result", json_integer(head->result));
    json_object_set_new_nocheck(o, "errno", event_json_errno(head->error));
    json_object_set_new_nocheck(o, "caller", text_json_or_null(caller));
    return o;
}

json_t *event_json_verdict(const struct event *head, const char *policy, const char *named)
{
    json_t *o = json_object();
    char rule[POLICY_NAME_BYTES + 16];

    if (head->rule == POLICY_RULE_DEFAULT)
        snprintf(rule, sizeof rule, "%.*s:default", POLICY_NAME_BYTES, policy);
    else
        snprintf(rule, sizeof rule, "%.*s:%u", POLICY_NAME_BYTES, policy, head->rule);
    const char *action = policy_action_name(head->action);
    json_object_set_new_nocheck(o, "action", json_string_nocheck(action[0] ? action : "allow"));
    json_object_set_new_nocheck(
        o, "rule", text_json(named[0] ? named : rule, strlen(named[0] ? named : rule)));
    return o;
}
