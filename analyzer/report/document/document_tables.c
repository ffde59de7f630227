/* The document's tables that others point into: processes, interfaces, servers. */
#include "document_private.h"

#include <stdlib.h>
#include <string.h>

/* --- processes: the join's, then those of the run that had no part in it --- */

uint32_t document_process(const struct documenting *d, uint32_t pid)
{
    for (size_t i = d->join->process_count; pid != 0 && i-- > 0;)
        if (d->join->processes[i].pid == pid)
            return i < DOCUMENT_ROWS_MAX ? (uint32_t)i : JOIN_NONE;
    return JOIN_NONE;
}

static const struct run_process *run_process_of(const struct documenting *d, uint32_t pid)
{
    for (size_t i = 0; pid != 0 && i < d->run->process_count && i < JOIN_PROCESSES_MAX; i++)
        if (d->run->processes[i].pid == pid)
            return &d->run->processes[i];
    return NULL;
}

static const char *nothing_for_empty(const char *text)
{
    return text && text[0] ? text : NULL;
}

static json_t *process_row(struct documenting *d, uint32_t pid, const char *name, const char *role,
                           const char *coverage, enum join_belongs belongs, bool by_kernel)
{
    json_t *o = json_object();
    document_set(d, o, "pid", pid ? document_number(d, pid) : json_null());
    document_set(d, o, "name", document_text(d, name));
    document_set(d, o, "role", document_text(d, nothing_for_empty(role)));
    document_set(d, o, "coverage", document_text(d, coverage));
    document_set(d, o, "of_run",
                 belongs == JOIN_BELONGS_UNKNOWN ? json_null()
                                                 : json_boolean(belongs == JOIN_BELONGS));
    document_set(d, o, "by_kernel", json_boolean(by_kernel));
    return o;
}

static bool is_uncovered(const struct run_process *p)
{
    return p && !p->covered && p->used_socket != 0;
}

static void add_uncovered(struct documenting *d, json_t *uncovered, const struct run_process *p,
                          size_t row)
{
    json_t *o = json_object();
    document_set(d, o, "process", document_number(d, row));
    document_set(d, o, "reason", document_text(d, p->reason ? p->reason : p->coverage));
    document_set(d, o, "used_socket",
                 p->used_socket < 0 ? json_null() : json_boolean(p->used_socket));
    document_add_bounded(d, uncovered, o);
}

json_t *document_processes(struct documenting *d, json_t **uncovered)
{
    json_t *rows = json_array();
    *uncovered = json_array();
    for (size_t i = 0; i < d->join->process_count; i++) {
        const struct join_process *p = &d->join->processes[i];
        const struct run_process *known = run_process_of(d, p->pid);
        if (i >= DOCUMENT_ROWS_MAX) {
            d->left_out++;
            continue;
        }
        /* The shim and the kernel may both have named it: once is enough. */
        if (is_uncovered(known) && document_process(d, p->pid) == i)
            add_uncovered(d, *uncovered, known, i);
        document_add(d, rows,
                     process_row(d, p->pid, join_text(d->join, p->name),
                                 join_text(d->join, p->role), known ? known->coverage : NULL,
                                 (enum join_belongs)p->belongs, p->by_kernel));
    }
    /* Of the others those count that may have sent something: a shell's many helpers do not. */
    for (size_t i = 0; i < d->run->process_count; i++) {
        const struct run_process *p = &d->run->processes[i];
        if (!is_uncovered(p) || document_process(d, p->pid) != JOIN_NONE)
            continue;
        if (json_array_size(rows) >= DOCUMENT_ROWS_MAX) {
            d->left_out++;
            continue;
        }
        add_uncovered(d, *uncovered, p, json_array_size(rows));
        document_add(d, rows,
                     process_row(d, p->pid, p->name, p->role, p->coverage, JOIN_BELONGS, false));
    }
    return rows;
}

/* --- interfaces --- */

uint32_t document_iface(struct documenting *d, const char *name)
{
    uint64_t word = document_word(d, name);
    bool fresh;
    uint32_t row;
    if (!name)
        return JOIN_NONE;
    row = document_row(d, &d->ifaces, &word, 1, &fresh);
    if (fresh) {
        const struct run_iface *iface = network_at_find_iface(d->verdict->network, name);
        bool hidden = false;
        json_t *o = json_object();
        for (size_t i = 0; i < d->run->hidden_count; i++)
            hidden =
                hidden || (d->run->hidden[i].iface && strcmp(d->run->hidden[i].iface, name) == 0);
        document_set(d, o, "name", document_text(d, name));
        document_set(d, o, "kind", document_text(d, iface ? iface->kind : NULL));
        document_set(d, o, "link_type", document_text(d, iface ? iface->link_type : NULL));
        document_set(d, o, "wanted", json_boolean(wanted_names(&d->verdict->wanted, name)));
        document_set(d, o, "captured", json_false());
        document_set(d, o, "hidden", json_boolean(hidden));
        document_set(d, o, "addresses", json_array());
        document_set(d, o, "exchanges", json_integer(0));
        document_set(d, o, "messages", json_integer(0));
        document_add(d, d->iface_rows, o);
    }
    return row;
}

static void add_addresses(struct documenting *d)
{
    const struct run_address *a;
    for (size_t i = 0; (a = network_at_address(d->verdict->network, i)); i++) {
        json_t *iface = json_array_get(d->iface_rows, document_iface(d, a->iface));
        json_t *o = iface ? json_object() : NULL;
        if (!iface)
            continue;
        document_set(d, o, "ip", document_ip(d, &a->ip));
        document_set(d, o, "kind", document_kind(d, &a->ip));
        document_add(d, json_object_get(iface, "addresses"), o);
    }
}

static void mark_captured(struct documenting *d, const char *name)
{
    json_t *iface = json_array_get(d->iface_rows, document_iface(d, name));
    if (iface)
        document_set(d, iface, "captured", json_true());
}

static void count_exchanges(struct documenting *d)
{
    uint64_t(*counts)[2] = calloc(DOCUMENT_ROWS_MAX + 1, sizeof(*counts));
    if (!counts) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < d->join->exchange_count; i++) {
        const struct join_exchange *x = &d->join->exchanges[i];
        uint32_t row;
        if (x->iface >= d->join->text_count)
            continue;
        if (d->text_iface[x->iface] == JOIN_NONE)
            d->text_iface[x->iface] = document_iface(d, join_text(d->join, x->iface));
        row = d->text_iface[x->iface];
        if (row == JOIN_NONE)
            continue;
        counts[row][0]++;
        counts[row][1] += x->messages;
    }
    for (uint32_t i = 0; i < json_array_size(d->iface_rows); i++) {
        json_t *iface = json_array_get(d->iface_rows, i);
        document_set(d, iface, "exchanges", document_number(d, counts[i][0]));
        document_set(d, iface, "messages", document_number(d, counts[i][1]));
    }
    free(counts);
}

static void make_ifaces(struct documenting *d)
{
    const char *name;
    for (size_t i = 0; i < d->verdict->wanted.count; i++)
        if (network_at_find_iface(d->verdict->network, d->verdict->wanted.names[i]))
            (void)document_iface(d, d->verdict->wanted.names[i]);
    for (size_t i = 0; (name = network_at_iface(d->verdict->network, i)); i++)
        (void)document_iface(d, name);
    add_addresses(d);
    for (size_t i = 0; i < d->run->capture.iface_count; i++)
        if (d->run->capture.ifaces[i])
            mark_captured(d, d->run->capture.ifaces[i]);
    /* A capture that was put into the folder by hand is not in run.json. */
    for (size_t i = 0; !d->run->capture.there && i < d->join->flow_count; i++)
        if (d->join->flows[i].wire_iface != JOIN_NONE)
            mark_captured(d, join_text(d->join, d->join->flows[i].wire_iface));
    count_exchanges(d);
}

/* --- servers: who was asked --- */

/* run.json knows which ones were asked as peers. */
static const char *role_of(const struct documenting *d, const struct join_flow *f, bool turn)
{
    const json_t *rows = json_object_get(json_object_get(d->run->root, "verdict"), "servers");
    char text[NETADDR_TEXT_BYTES];
    size_t count = json_array_size(rows);
    (void)netaddr_format(&f->remote, text, sizeof(text));
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *server = json_string_value(json_object_get(row, "server"));
        const char *proto = json_string_value(json_object_get(row, "proto"));
        const char *role = json_string_value(json_object_get(row, "role"));
        if (server && proto && role && strcmp(server, text) == 0 &&
            strcmp(proto, document_proto(f->protocol)) == 0 &&
            (strcmp(role, "turn") == 0 || strcmp(role, "peer") == 0))
            return strcmp(role, "peer") == 0 ? "peer" : "turn";
    }
    return turn ? "turn" : "stun";
}

struct server_count {
    uint64_t asked, answered;
    uint32_t flow;
    uint32_t software; /* text, as in join_flow */
    bool turn;
};

static uint32_t server_of(struct documenting *d, uint32_t flow, struct server_count *counts)
{
    const struct join_flow *f = &d->join->flows[flow];
    uint64_t words[4] = {f->protocol, (uint64_t)f->remote.family << 32 | f->remote.port};
    bool fresh;
    memcpy(words + 2, f->remote.ip, 16);
    if (d->flow_server[flow] != JOIN_NONE)
        return d->flow_server[flow];
    d->flow_server[flow] = document_row(d, &d->servers, words, 4, &fresh);
    if (fresh) {
        counts[d->flow_server[flow]].flow = flow;
        counts[d->flow_server[flow]].software = JOIN_NONE;
    }
    return d->flow_server[flow];
}

/* Allocate, refresh, send, data, create permission, channel bind, connect ... */
static bool is_turn(uint16_t type)
{
    unsigned method = (type & 0x000fu) | (type & 0x00e0u) >> 1 | (type & 0x3e00u) >> 2;
    return type == 0 || (method >= 0x003 && method <= 0x00c);
}

static void make_servers(struct documenting *d)
{
    struct server_count *counts = calloc(DOCUMENT_ROWS_MAX + 1, sizeof(*counts));
    if (!counts) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < d->join->exchange_count; i++) {
        const struct join_exchange *x = &d->join->exchanges[i];
        uint32_t row = server_of(d, x->flow, counts);
        if (row == JOIN_NONE)
            continue;
        if (x->out && x->requests > 0) {
            counts[row].asked++;
            counts[row].answered += x->answers > 0;
        }
        counts[row].turn = counts[row].turn || is_turn(x->type);
        if (counts[row].software == JOIN_NONE)
            counts[row].software = d->join->flows[x->flow].software;
    }
    for (uint32_t i = 0; i < d->servers.count; i++) {
        const struct join_flow *f = &d->join->flows[counts[i].flow];
        json_t *o = json_object();
        document_set(d, o, "ip", document_ip(d, &f->remote));
        document_set(d, o, "port", document_number(d, f->remote.port));
        document_set(d, o, "proto", document_text(d, document_proto(f->protocol)));
        document_set(d, o, "name", document_text(d, join_text(d->join, f->remote_name)));
        document_set(d, o, "software", document_text(d, join_text(d->join, counts[i].software)));
        document_set(d, o, "role", document_text(d, role_of(d, f, counts[i].turn)));
        document_set(d, o, "kind", document_kind(d, &f->remote));
        document_set(d, o, "geo", json_null());
        document_set(d, o, "asked", document_number(d, counts[i].asked));
        document_set(d, o, "answered", document_number(d, counts[i].answered));
        document_add(d, d->server_rows, o);
    }
    free(counts);
}

void document_tables(struct documenting *d, json_t *document)
{
    d->iface_rows = json_array();
    d->server_rows = json_array();
    document_set(d, document, "interfaces", d->iface_rows);
    document_set(d, document, "servers", d->server_rows);
    make_ifaces(d);
    make_servers(d);
}
