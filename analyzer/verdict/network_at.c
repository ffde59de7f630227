/* The network at a time: rows that are there from one time to another. */
#include "network_at.h"

#include <stdlib.h>
#include <string.h>

#define FOREVER UINT64_MAX

/* A row is there while from <= time < until. A changed row ends, and another begins. */
struct span {
    uint64_t from, until;
};
struct iface_row {
    struct span span;
    struct run_iface iface;
};
struct address_row {
    struct span span;
    struct run_address address;
};
struct route_row {
    struct span span;
    struct run_route route;
};

struct network_at {
    struct iface_row *ifaces;
    struct address_row *addresses;
    struct route_row *routes;
    size_t iface_count, address_count, route_count;
    /* Each name and each address once. */
    const char *names[NETWORK_AT_EVER_MAX];
    const struct run_address *ever[NETWORK_AT_EVER_MAX];
    size_t name_count, ever_count;
    uint64_t *times; /* of the changes, in order */
    size_t time_count, epoch;
    uint64_t now;
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool there(const struct network_at *n, const struct span *span)
{
    return span->from <= n->now && n->now < span->until;
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static struct netaddr ip_of(const json_t *o, const char *key)
{
    struct netaddr ip = {0};
    const char *text = text_of(o, key);
    if (text)
        (void)netaddr_parse_ip(text, &ip);
    return ip;
}

static uint32_t number_of(const json_t *o, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(o, key));
    return value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

/* --- changes --- */

static void change_iface(struct network_at *n, const json_t *o, bool removed, uint64_t at)
{
    struct run_iface iface = {
        .name = text_of(o, "iface"),
        .kind = text_of(o, "kind"),
        .link_type = text_of(o, "link_type"),
        .index = number_of(o, "index"),
        .up = json_is_true(json_object_get(o, "up")),
        .running = json_is_true(json_object_get(o, "running")),
        .loopback = json_is_true(json_object_get(o, "loopback")),
    };
    for (size_t i = 0; i < n->iface_count; i++) {
        struct iface_row *row = &n->ifaces[i];
        if (row->span.until == FOREVER && row->iface.index == iface.index)
            row->span.until = at;
    }
    if (!removed && iface.name)
        n->ifaces[n->iface_count++] = (struct iface_row){{at, FOREVER}, iface};
}

static void change_address(struct network_at *n, const json_t *o, bool removed, uint64_t at)
{
    struct run_address address = {
        .iface = text_of(o, "iface"), .ip = ip_of(o, "ip"), .prefix = number_of(o, "prefix")};
    for (size_t i = 0; i < n->address_count; i++) {
        struct address_row *row = &n->addresses[i];
        if (row->span.until == FOREVER && netaddr_same_ip(&row->address.ip, &address.ip) &&
            same_text(row->address.iface, address.iface))
            row->span.until = at;
    }
    if (!removed && address.iface && address.ip.family != NETADDR_NONE)
        n->addresses[n->address_count++] = (struct address_row){{at, FOREVER}, address};
}

/* "198.51.100.20/32" */
static bool prefix_of(const char *text, struct netaddr *to, unsigned *bits)
{
    char ip[NETADDR_IP_TEXT_BYTES];
    const char *slash = text ? strchr(text, '/') : NULL;
    if (!slash || (size_t)(slash - text) >= sizeof(ip))
        return false;
    memcpy(ip, text, (size_t)(slash - text));
    ip[slash - text] = '\0';
    *bits = (unsigned)strtoul(slash + 1, NULL, 10);
    return *bits <= 128 && netaddr_parse_ip(ip, to);
}

static void change_route(struct network_at *n, const json_t *o, bool removed, uint64_t at)
{
    struct run_route route = {.iface = text_of(o, "iface"),
                              .via = ip_of(o, "via"),
                              .src = ip_of(o, "src"),
                              .table = number_of(o, "table"),
                              .metric = number_of(o, "metric")};
    if (!prefix_of(text_of(o, "to"), &route.to, &route.prefix))
        return;
    for (size_t i = 0; i < n->route_count; i++) {
        struct route_row *row = &n->routes[i];
        const struct run_route *r = &row->route;
        if (row->span.until == FOREVER && r->table == route.table && r->metric == route.metric &&
            r->prefix == route.prefix && netaddr_same_ip(&r->to, &route.to) &&
            same_text(r->iface, route.iface))
            row->span.until = at;
    }
    if (!removed)
        n->routes[n->route_count++] = (struct route_row){{at, FOREVER}, route};
}

static void take_change(struct network_at *n, const json_t *change)
{
    const char *time = text_of(change, "timestamp"), *verb = text_of(change, "change");
    const char *what = text_of(change, "what");
    uint64_t at = time ? run_time_ns(time, strlen(time)) : 0;
    bool removed = same_text(verb, "removed");
    const json_t *subject = what ? json_object_get(change, what) : NULL;
    if (!subject)
        return;
    /* They are recorded in order. A file that says otherwise is taken by its own word. */
    if (n->time_count > 0 && at < n->times[n->time_count - 1])
        at = n->times[n->time_count - 1];
    n->times[n->time_count++] = at;
    if (strcmp(what, "interface") == 0)
        change_iface(n, subject, removed, at);
    else if (strcmp(what, "address") == 0)
        change_address(n, subject, removed, at);
    else if (strcmp(what, "route") == 0)
        change_route(n, subject, removed, at);
}

static void list_name(struct network_at *n, const char *name)
{
    size_t i = 0;
    while (i < n->name_count && strcmp(n->names[i], name) != 0)
        i++;
    if (i == n->name_count && i < NETWORK_AT_EVER_MAX)
        n->names[n->name_count++] = name;
}

static void list_address(struct network_at *n, const struct run_address *address)
{
    size_t i = 0;
    while (i < n->ever_count && !(netaddr_same_ip(&n->ever[i]->ip, &address->ip) &&
                                  same_text(n->ever[i]->iface, address->iface)))
        i++;
    if (i == n->ever_count && i < NETWORK_AT_EVER_MAX)
        n->ever[n->ever_count++] = address;
}

struct network_at *network_at_new(const struct run_folder *run)
{
    size_t changes = run->network_changes ? json_array_size(run->network_changes) : 0;
    struct network_at *n = calloc(1, sizeof(*n));
    if (!n)
        return NULL;
    /* Each change adds one row at most. One more, since calloc(0) may be NULL. */
    n->ifaces = calloc(run->iface_count + changes + 1, sizeof(*n->ifaces));
    n->addresses = calloc(run->address_count + changes + 1, sizeof(*n->addresses));
    n->routes = calloc(run->route_count + changes + 1, sizeof(*n->routes));
    n->times = calloc(changes + 1, sizeof(*n->times));
    if (!n->ifaces || !n->addresses || !n->routes || !n->times) {
        network_at_free(n);
        return NULL;
    }
    for (size_t i = 0; i < run->iface_count; i++)
        if (run->ifaces[i].name)
            n->ifaces[n->iface_count++] = (struct iface_row){{0, FOREVER}, run->ifaces[i]};
    for (size_t i = 0; i < run->address_count; i++)
        if (run->addresses[i].iface)
            n->addresses[n->address_count++] =
                (struct address_row){{0, FOREVER}, run->addresses[i]};
    for (size_t i = 0; i < run->route_count; i++)
        n->routes[n->route_count++] = (struct route_row){{0, FOREVER}, run->routes[i]};
    for (size_t i = 0; i < changes; i++)
        take_change(n, json_array_get(run->network_changes, i));
    for (size_t i = 0; i < n->iface_count; i++)
        list_name(n, n->ifaces[i].iface.name);
    for (size_t i = 0; i < n->address_count; i++)
        list_address(n, &n->addresses[i].address);
    return n;
}

void network_at_free(struct network_at *network)
{
    if (!network)
        return;
    free(network->ifaces);
    free(network->addresses);
    free(network->routes);
    free(network->times);
    free(network);
}

void network_at_move(struct network_at *network, uint64_t time_ns)
{
    network->now = time_ns;
    while (network->epoch < network->time_count && network->times[network->epoch] <= time_ns)
        network->epoch++;
    while (network->epoch > 0 && network->times[network->epoch - 1] > time_ns)
        network->epoch--;
}

size_t network_at_epoch(const struct network_at *network)
{
    return network->epoch;
}

/* --- questions --- */

const char *network_at_owner(const struct network_at *network, const struct netaddr *ip)
{
    const char *ever = NULL;
    if (ip->family == NETADDR_NONE)
        return NULL;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct address_row *row = &network->addresses[i];
        if (!netaddr_same_ip(&row->address.ip, ip))
            continue;
        if (there(network, &row->span))
            return row->address.iface;
        ever = row->address.iface;
    }
    return ever;
}

bool network_at_has_family(const struct network_at *network, const char *iface, uint8_t family)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct address_row *row = &network->addresses[i];
        enum netaddr_kind kind = netaddr_kind_of(&row->address.ip);
        if (there(network, &row->span) && row->address.ip.family == family &&
            kind != NETADDR_KIND_LINK_LOCAL && kind != NETADDR_KIND_LOOPBACK &&
            same_text(row->address.iface, iface))
            return true;
    }
    return false;
}

bool network_at_has_address(const struct network_at *network, const char *iface,
                            const struct netaddr *ip)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct address_row *row = &network->addresses[i];
        if (there(network, &row->span) && netaddr_same_ip(&row->address.ip, ip) &&
            same_text(row->address.iface, iface))
            return true;
    }
    return false;
}

bool network_at_ever_up(const struct network_at *network, const char *iface)
{
    for (size_t i = 0; i < network->iface_count; i++)
        if (network->ifaces[i].iface.up && same_text(network->ifaces[i].iface.name, iface))
            return true;
    return false;
}

bool network_at_ever_default(const struct network_at *network, const char *iface)
{
    for (size_t i = 0; i < network->route_count; i++)
        if (network->routes[i].route.iface && network->routes[i].route.prefix <= 1 &&
            same_text(network->routes[i].route.iface, iface))
            return true;
    return false;
}

const char *network_at_renamed(const struct network_at *network, const char *iface)
{
    const struct iface_row *was = NULL;
    for (size_t i = 0; i < network->iface_count; i++) {
        const struct iface_row *row = &network->ifaces[i];
        if (!was) {
            if (row->iface.index != 0 && same_text(row->iface.name, iface))
                was = row;
        } else if (row->iface.index == was->iface.index) {
            /* A gap between the two: the index was used again. */
            if (row->span.from != was->span.until)
                return NULL;
            if (!same_text(row->iface.name, iface))
                return row->iface.name;
            was = row;
        }
    }
    return NULL;
}

bool network_at_up(const struct network_at *network, const char *iface)
{
    for (size_t i = 0; i < network->iface_count; i++) {
        const struct iface_row *row = &network->ifaces[i];
        if (there(network, &row->span) && same_text(row->iface.name, iface) && row->iface.up)
            return network_at_has_family(network, iface, NETADDR_IPV4) ||
                   network_at_has_family(network, iface, NETADDR_IPV6);
    }
    return false;
}

static bool leads_to(const struct network_at *n, const struct route_row *row,
                     const struct netaddr *remote)
{
    return there(n, &row->span) && row->route.iface &&
           netaddr_in_prefix(remote, &row->route.to, row->route.prefix);
}

const struct run_route *network_at_route(const struct network_at *network,
                                         const struct netaddr *remote)
{
    const struct run_route *best = NULL;
    for (size_t i = 0; i < network->route_count; i++) {
        const struct run_route *r = &network->routes[i].route;
        if (r->table != NETWORK_TABLE_MAIN || !leads_to(network, &network->routes[i], remote))
            continue;
        if (!best || r->prefix > best->prefix ||
            (r->prefix == best->prefix && r->metric < best->metric))
            best = r;
    }
    return best;
}

const struct run_route *network_at_other_table(const struct network_at *network, const char *iface,
                                               const struct netaddr *remote)
{
    for (size_t i = 0; i < network->route_count; i++) {
        const struct run_route *r = &network->routes[i].route;
        if (r->table != NETWORK_TABLE_MAIN && leads_to(network, &network->routes[i], remote) &&
            same_text(r->iface, iface))
            return r;
    }
    return NULL;
}

bool network_at_has_default(const struct network_at *network, const char *iface, uint8_t family)
{
    for (size_t i = 0; i < network->route_count; i++) {
        const struct route_row *row = &network->routes[i];
        if (there(network, &row->span) && row->route.table == NETWORK_TABLE_MAIN &&
            row->route.prefix <= 1 && row->route.to.family == family &&
            same_text(row->route.iface, iface))
            return true;
    }
    return false;
}

const char *network_at_iface(const struct network_at *network, size_t number)
{
    return number < network->name_count ? network->names[number] : NULL;
}

const struct run_iface *network_at_find_iface(const struct network_at *network, const char *name)
{
    const struct run_iface *last = NULL;
    for (size_t i = 0; i < network->iface_count; i++) {
        const struct iface_row *row = &network->ifaces[i];
        if (!same_text(row->iface.name, name))
            continue;
        last = &row->iface;
        if (there(network, &row->span))
            break;
    }
    return last;
}

const struct run_address *network_at_address(const struct network_at *network, size_t number)
{
    return number < network->ever_count ? network->ever[number] : NULL;
}
