/* The exchanges as rows, and the paths that they took. */
#include "document_private.h"

#include <stdlib.h>
#include <string.h>

#include "stun.h"

enum {
    EVIDENCE_MAX = 8, /* events, and frames, of a row */
    LEARNED_MAX = 16, /* addresses of a path */
};

static json_t *evidence_of(struct documenting *d, const struct join_exchange *x, bool frames)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < x->messages && json_array_size(list) < EVIDENCE_MAX; i++) {
        const struct join_message *m = &d->join->messages[x->first_message + i];
        uint32_t number = frames ? m->frame : m->seq;
        if (number != 0)
            document_add(d, list, document_number(d, number));
    }
    return list;
}

static json_t *addr_at(struct documenting *d, uint32_t index)
{
    return index < d->join->addr_count ? document_addr(d, &d->join->addrs[index]) : json_null();
}

static uint16_t method_of(uint16_t type)
{
    return (uint16_t)((type & 0x000fu) | (type & 0x00e0u) >> 1 | (type & 0x3e00u) >> 2);
}

static const char *method_name(uint16_t type)
{
    const char *name = type == 0 ? "channel_data" : stun_method_name(method_of(type));
    return name ? name : "other";
}

static uint32_t iface_row(struct documenting *d, uint32_t text)
{
    return text < d->join->text_count ? d->text_iface[text] : JOIN_NONE;
}

static uint32_t process_row(uint32_t process)
{
    return process < DOCUMENT_ROWS_MAX ? process : JOIN_NONE;
}

static json_t *row_of(struct documenting *d, uint32_t number)
{
    const struct join_exchange *x = &d->join->exchanges[number];
    const struct join_flow *f = &d->join->flows[x->flow];
    const struct join_act *act = &d->join->acts[x->act];
    char error[8] = "";
    json_t *row = json_array();
    document_add(d, row, document_us(d, join_first_ns(d->join, x)));
    document_add(d, row, document_us(d, join_last_ns(d->join, x)));
    document_add(d, row, document_index_or_null(d, iface_row(d, x->iface)));
    document_add(d, row, document_index_or_null(d, d->flow_server[x->flow]));
    document_add(d, row, document_index_or_null(d, process_row(act->process)));
    document_add(d, row, document_addr(d, &f->local));
    document_add(d, row, document_text(d, method_name(x->type)));
    document_add(d, row, document_text(d, join_outcome_name((enum join_outcome)x->outcome)));
    document_add(d, row, addr_at(d, x->mapped));
    document_add(d, row, addr_at(d, x->relayed));
    if (x->error_code != 0)
        (void)snprintf(error, sizeof(error), "%u", x->error_code);
    document_add(d, row, document_text(d, error[0] ? error : NULL));
    document_add(d, row, document_number(d, x->requests));
    document_add(d, row, document_number(d, x->answers));
    document_add(d, row, document_text(d, join_text(d->join, act->rule)));
    document_add(d, row, document_text(d, join_text(d->join, act->call)));
    document_add(d, row, document_index_or_null(d, d->verdict->leak_of[number]));
    document_add(d, row, evidence_of(d, x, false));
    document_add(d, row, evidence_of(d, x, true));
    return row;
}

static bool matters(const struct documenting *d, uint32_t number)
{
    uint8_t outcome = d->join->exchanges[number].outcome;
    return d->verdict->leak_of[number] != JOIN_NONE || outcome == JOIN_UNSEEN ||
           outcome == JOIN_BLOCKED_ON_WIRE;
}

/*
 * Those that matter first: leaks, faults, what went around the shim. What room is left goes to the
 * others, evenly over the run. Rows stay in the order of time.
 */
json_t *document_exchanges(struct documenting *d)
{
    static const char *const columns[] = {
        "start_us", "end_us",  "iface",   "server",  "process", "source",
        "method",   "outcome", "learned", "relayed", "error",   "requests",
        "answers",  "rule",    "call",    "leak",    "events",  "frames",
    };
    json_t *o = json_object(), *names = json_array(), *rows = json_array();
    size_t total = d->join->exchange_count, first = 0, others, room, step_at = 0;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        document_add(d, names, document_text(d, columns[i]));
    for (uint32_t i = 0; i < total; i++)
        first += matters(d, i);
    others = total - first;
    room = first < DOCUMENT_EXCHANGES_MAX ? DOCUMENT_EXCHANGES_MAX - first : 0;
    size_t first_room = first < DOCUMENT_EXCHANGES_MAX ? first : DOCUMENT_EXCHANGES_MAX;
    size_t first_at = 0;
    for (uint32_t i = 0; i < total && !d->failed; i++) {
        bool first_one = matters(d, i);
        size_t *at = first_one ? &first_at : &step_at;
        size_t all = first_one ? first : others, have = first_one ? first_room : room;
        /* The n-th of all is taken where n * have / all becomes the next whole number. */
        bool taken = have >= all || (*at + 1) * have / all > *at * have / all;
        ++*at;
        if (taken)
            document_add(d, rows, row_of(d, i));
    }
    document_set(d, o, "columns", names);
    document_set(d, o, "left_out", document_number(d, total - json_array_size(rows)));
    document_set(d, o, "rows", rows);
    return o;
}

/* --- paths: process, interface, server, and what was learned --- */

struct path {
    uint32_t process, iface, server, leak, outcome;
    uint64_t exchanges;
    uint32_t learned[LEARNED_MAX];
    unsigned learned_count;
};

static void learn(const struct documenting *d, struct path *p, uint32_t mapped)
{
    if (mapped >= d->join->addr_count || p->learned_count == LEARNED_MAX)
        return;
    for (unsigned i = 0; i < p->learned_count; i++)
        if (netaddr_same_ip(&d->join->addrs[p->learned[i]], &d->join->addrs[mapped]))
            return;
    p->learned[p->learned_count++] = mapped;
}

static json_t *learned_list(struct documenting *d, const struct path *p)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < p->learned_count; i++) {
        const struct netaddr *a = &d->join->addrs[p->learned[i]];
        bool wanted = false;
        json_t *o = json_object();
        for (size_t k = 0; k < d->verdict->exit_count; k++)
            wanted = wanted || netaddr_same_ip(&d->verdict->exits[k], a);
        document_set(d, o, "address", document_ip(d, a));
        document_set(d, o, "kind", document_kind(d, a));
        document_set(d, o, "wanted", json_boolean(wanted));
        document_add(d, list, o);
    }
    return list;
}

static json_t *path_json(struct documenting *d, const struct path *p)
{
    json_t *o = json_object();
    document_set(d, o, "process", document_index_or_null(d, p->process));
    document_set(d, o, "iface", document_index_or_null(d, p->iface));
    document_set(d, o, "server", document_index_or_null(d, p->server));
    document_set(d, o, "learned", learned_list(d, p));
    document_set(d, o, "exchanges", document_number(d, p->exchanges));
    document_set(d, o, "outcome",
                 document_text(d, join_outcome_name((enum join_outcome)p->outcome)));
    document_set(d, o, "leak", document_index_or_null(d, p->leak));
    return o;
}

json_t *document_paths(struct documenting *d)
{
    struct path *paths = calloc(DOCUMENT_ROWS_MAX + 1, sizeof(*paths));
    json_t *list = json_array();
    if (!paths) {
        d->failed = true;
        return list;
    }
    for (uint32_t i = 0; i < d->join->exchange_count; i++) {
        const struct join_exchange *x = &d->join->exchanges[i];
        uint64_t words[3] = {process_row(d->join->acts[x->act].process), iface_row(d, x->iface),
                             d->flow_server[x->flow]};
        bool fresh;
        uint32_t row = document_row(d, &d->paths, words, 3, &fresh);
        struct path *p = row == JOIN_NONE ? NULL : &paths[row];
        if (!p)
            continue;
        if (fresh)
            *p = (struct path){.process = (uint32_t)words[0],
                               .iface = (uint32_t)words[1],
                               .server = (uint32_t)words[2],
                               .leak = JOIN_NONE};
        p->exchanges++;
        p->outcome = x->outcome > p->outcome ? x->outcome : p->outcome;
        /* The first one is the gravest: they are sorted. */
        if (d->verdict->leak_of[i] < p->leak)
            p->leak = d->verdict->leak_of[i];
        if (x->out)
            learn(d, p, x->mapped);
    }
    for (uint32_t i = 0; i < d->paths.count; i++)
        document_add(d, list, path_json(d, &paths[i]));
    free(paths);
    return list;
}
