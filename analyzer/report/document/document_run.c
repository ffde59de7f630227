/* What the document says about the run itself, and what was looked at beside STUN. */
#include "document_private.h"

#include <stdio.h>
#include <string.h>

#include "advice.h"

/* --- run --- */

static json_t *copy_of(struct documenting *d, const json_t *from, const char *key)
{
    return document_text(d, json_string_value(json_object_get(from, key)));
}

static json_t *command(struct documenting *d)
{
    const json_t *from = json_object_get(d->run->root, "command");
    json_t *list = json_array();
    size_t count = json_array_size(from);
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(from, i));
        if (word)
            document_add_bounded(d, list, document_text(d, word));
    }
    return list;
}

static json_t *browser(struct documenting *d)
{
    const json_t *from = json_object_get(d->run->root, "browser");
    json_t *o;
    if (!json_is_object(from))
        return json_null();
    o = json_object();
    document_set(d, o, "name", copy_of(d, from, "name"));
    document_set(d, o, "exe", copy_of(d, from, "exe"));
    document_set(d, o, "version", copy_of(d, from, "version"));
    return o;
}

static json_t *host(struct documenting *d)
{
    const json_t *from = json_object_get(d->run->root, "host");
    json_t *o = json_object();
    document_set(d, o, "kernel", copy_of(d, from, "kernel"));
    document_set(d, o, "machine", copy_of(d, from, "machine"));
    document_set(d, o, "libc", copy_of(d, from, "libc"));
    return o;
}

static json_t *policy(struct documenting *d)
{
    json_t *o = json_object();
    document_set(d, o, "name", document_text(d, d->run->policy_name));
    document_set(d, o, "vpn", document_text(d, d->run->policy_vpn));
    document_set(d, o, "changes", document_number(d, json_array_size(d->run->policy_changes)));
    return o;
}

static json_t *capture(struct documenting *d)
{
    const struct run_capture *c = &d->run->capture;
    const struct join_wire *w = &d->join->wire;
    json_t *o, *names;
    if (!c->there && w->packets == 0)
        return json_null();
    o = json_object();
    names = json_array();
    document_set(d, o, "file", document_text(d, c->there && c->file ? c->file : RUN_WIRE_FILE));
    for (size_t i = 0; i < c->iface_count; i++)
        document_add_bounded(d, names, document_text(d, c->ifaces[i]));
    for (size_t i = 0; !c->there && i < json_array_size(d->iface_rows); i++) {
        const json_t *row = json_array_get(d->iface_rows, i);
        if (json_is_true(json_object_get(row, "captured")))
            document_add(d, names, copy_of(d, row, "name"));
    }
    document_set(d, o, "interfaces", names);
    document_set(d, o, "packets", document_number(d, w->packets ? w->packets : c->packets));
    document_set(d, o, "dropped", document_number(d, c->dropped));
    return o;
}

static json_t *damage(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->run->damage_count; i++) {
        const struct run_damage *from = &d->run->damages[i];
        json_t *o = json_object();
        document_set(d, o, "file", document_text(d, from->file));
        document_set(d, o, "line", from->line ? document_number(d, from->line) : json_null());
        document_set(d, o, "offset", document_number(d, from->offset));
        document_set(d, o, "reason", document_text(d, from->reason));
        document_add(d, list, o);
    }
    return list;
}

json_t *document_run(struct documenting *d, const struct event_totals *totals)
{
    json_t *o = json_object();
    document_set(d, o, "command", command(d));
    document_set(d, o, "browser", browser(d));
    document_set(d, o, "start", copy_of(d, d->run->root, "start"));
    document_set(d, o, "start_us", document_number(d, d->run->start_ns / 1000));
    document_set(d, o, "end", copy_of(d, d->run->root, "end"));
    document_set(d, o, "complete", json_boolean(d->run->complete));
    document_set(d, o, "exit_status",
                 d->run->exit_status < 0 ? json_null()
                                         : document_number(d, (uint64_t)d->run->exit_status));
    document_set(d, o, "host", host(d));
    document_set(d, o, "policy", policy(d));
    document_set(d, o, "events", document_number(d, totals->lines));
    document_set(d, o, "events_lost", document_number(d, d->join->events_lost));
    document_set(d, o, "capture", capture(d));
    document_set(d, o, "damage", damage(d));
    document_set(d, o, "left_out", json_integer(0)); /* filled in at the end */
    document_set(d, o, "redacted", json_false());
    document_set(d, o, "geo", json_null());
    return o;
}

/* --- looks and probes --- */

static json_t *shown(struct documenting *d, const struct sights_shown *list, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *o = json_object();
        document_set(d, o, "iface", document_text(d, list[i].iface));
        document_set(d, o, "ip", document_ip(d, &list[i].ip));
        document_add(d, array, o);
    }
    return array;
}

static json_t *process_of(struct documenting *d, uint32_t pid)
{
    return document_index_or_null(d, document_process(d, pid));
}

json_t *document_enumerations(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->sights->look_count; i++) {
        const struct sights_look *look = &d->sights->looks[i];
        json_t *o = json_object();
        document_set(d, o, "process", process_of(d, look->pid));
        document_set(d, o, "via", document_text(d, look->via));
        document_set(d, o, "request", document_text(d, look->request));
        document_set(d, o, "count", document_number(d, look->events.total));
        document_set(d, o, "shown", shown(d, look->shown, look->shown_count));
        document_set(d, o, "hidden", shown(d, look->hidden, look->hidden_count));
        document_add_bounded(d, list, o);
        d->left_out += look->left_out;
    }
    return list;
}

/* The leak that this probe's answer is, if any. */
static uint32_t leak_of(const struct documenting *d, const struct sights_probe *p)
{
    uint32_t process = document_process(d, p->pid);
    for (uint32_t i = 0; i < d->verdict->leak_count; i++) {
        const struct verdict_leak *leak = &d->verdict->leaks[i];
        if (leak->who == VERDICT_PAGE && leak->process == process && process != JOIN_NONE &&
            p->answer.family != NETADDR_NONE && netaddr_same_ip(&leak->address, &p->answer))
            return i;
    }
    return JOIN_NONE;
}

json_t *document_probes(struct documenting *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->sights->probe_count; i++) {
        const struct sights_probe *p = &d->sights->probes[i];
        const char *iface = network_at_owner(d->verdict->network, &p->answer);
        json_t *o = json_object();
        document_set(d, o, "process", process_of(d, p->pid));
        document_set(d, o, "target", document_addr(d, &p->target));
        document_set(d, o, "answer", document_ip(d, &p->answer));
        document_set(d, o, "iface", document_text(d, iface ? iface : p->iface));
        document_set(d, o, "count", document_number(d, p->events.total));
        document_set(d, o, "leak", document_index_or_null(d, leak_of(d, p)));
        document_add_bounded(d, list, o);
    }
    return list;
}
