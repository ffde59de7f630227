/* Keeps tables of interfaces, addresses and routes current from rtnetlink messages, and writes them
 * as JSON. */
#include "network_table.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void network_table_free(struct network_table *table)
{
    free(table->link);
    free(table->addr);
    free(table->route);
    memset(table, 0, sizeof *table);
}

/* Room for one more element; false at the limit or where memory is out, which counts as left out.
 */
static bool table_reserve(struct network_table *table, void **array, size_t used, size_t *room,
                          size_t element, size_t limit)
{
    if (used < *room)
        return true;
    size_t want = *room ? *room * 2 : 32;
    if (want > limit)
        want = limit;
    void *bigger = used < want ? reallocarray(*array, want, element) : NULL;
    if (!bigger) {
        table->left_out++;
        return false;
    }
    *array = bigger;
    *room = want;
    return true;
}

static bool same_link(const struct rtnl_link *a, const struct rtnl_link *b)
{
    /* Of the flags only what a person would call a change: up, running, point-to-point. */
    const uint32_t told = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT | IFF_LOOPBACK;

    return a->type == b->type && ((a->flags ^ b->flags) & told) == 0 && a->master == b->master &&
           a->mtu == b->mtu && strcmp(a->name, b->name) == 0 && strcmp(a->kind, b->kind) == 0;
}

static bool apply_link(struct network_table *table, const struct rtnl_link *link, bool gone,
                       struct network_difference *out)
{
    size_t i = 0;

    while (i < table->links && table->link[i].link.index != link->index)
        i++;
    out->what = NETWORK_INTERFACE;
    out->as.link = *link;
    if (gone) {
        if (i == table->links)
            return false;
        out->as.link = table->link[i].link;
        table->link[i] = table->link[--table->links];
        out->verb = NETWORK_REMOVED;
        return true;
    }
    if (i == table->links) {
        if (!table_reserve(table, (void **)&table->link, table->links, &table->link_room,
                           sizeof *table->link, NETWORK_LINKS_MAX))
            return false;
        table->links++;
        out->verb = NETWORK_ADDED;
    } else {
        table->link[i].round = table->round;
        if (same_link(&table->link[i].link, link))
            return false;
        out->verb = NETWORK_CHANGED;
    }
    table->link[i] = (struct network_entry_link){*link, table->round};
    return true;
}

static bool apply_addr(struct network_table *table, const struct rtnl_addr *addr, bool gone,
                       struct network_difference *out)
{
    size_t i = 0;

    while (i < table->addrs && !(table->addr[i].addr.index == addr->index &&
                                 netaddr_same_ip(&table->addr[i].addr.local, &addr->local)))
        i++;
    out->what = NETWORK_ADDRESS;
    out->as.addr = *addr;
    if (gone) {
        if (i == table->addrs)
            return false;
        table->addr[i] = table->addr[--table->addrs];
        out->verb = NETWORK_REMOVED;
        return true;
    }
    if (i == table->addrs) {
        if (!table_reserve(table, (void **)&table->addr, table->addrs, &table->addr_room,
                           sizeof *table->addr, NETWORK_ADDRS_MAX))
            return false;
        table->addrs++;
        out->verb = NETWORK_ADDED;
    } else {
        table->addr[i].round = table->round;
        if (table->addr[i].addr.prefix_bits == addr->prefix_bits)
            return false;
        out->verb = NETWORK_CHANGED;
    }
    table->addr[i] = (struct network_entry_addr){*addr, table->round};
    return true;
}

static bool same_route(const struct rtnl_route *a, const struct rtnl_route *b)
{
    return a->family == b->family && a->dst_bits == b->dst_bits && a->table == b->table &&
           a->metric == b->metric && a->oif == b->oif && a->type == b->type &&
           netaddr_same_ip(&a->dst, &b->dst) && netaddr_same_ip(&a->gateway, &b->gateway) &&
           netaddr_same_ip(&a->prefsrc, &b->prefsrc);
}

static bool apply_route(struct network_table *table, const struct rtnl_route *route, bool gone,
                        struct network_difference *out)
{
    size_t i = 0;

    if (route->table == RT_TABLE_LOCAL || route->type == RTN_LOCAL ||
        route->type == RTN_BROADCAST || route->type == RTN_MULTICAST || route->type == RTN_ANYCAST)
        return false;
    while (i < table->routes && !same_route(&table->route[i].route, route))
        i++;
    out->what = NETWORK_ROUTE;
    out->as.route = *route;
    if (gone) {
        if (i == table->routes)
            return false;
        table->route[i] = table->route[--table->routes];
        out->verb = NETWORK_REMOVED;
        return true;
    }
    if (i < table->routes) {
        table->route[i].round = table->round;
        return false;
    }
    if (!table_reserve(table, (void **)&table->route, table->routes, &table->route_room,
                       sizeof *table->route, NETWORK_ROUTES_MAX))
        return false;
    table->route[table->routes++] = (struct network_entry_route){*route, table->round};
    out->verb = NETWORK_ADDED;
    return true;
}

bool network_table_apply(struct network_table *table, const struct rtnl_msg *msg,
                         struct network_difference *out)
{
    struct rtnl_link link;
    struct rtnl_addr addr;
    struct rtnl_route route;

    memset(out, 0, sizeof *out);
    switch (msg->type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        /* A bridge's port is told in family AF_BRIDGE too, and that is no other interface. */
        if (msg->body_len == 0 || msg->body[0] != AF_UNSPEC)
            return false;
        return rtnl_decode_link(msg, &link) &&
               apply_link(table, &link, msg->type == RTM_DELLINK, out);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return rtnl_decode_addr(msg, &addr) && addr.local.family != NETADDR_NONE &&
               apply_addr(table, &addr, msg->type == RTM_DELADDR, out);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return rtnl_decode_route(msg, &route) &&
               apply_route(table, &route, msg->type == RTM_DELROUTE, out);
    default:
        return false;
    }
}

bool network_table_drop_route(struct network_table *table, uint32_t ifindex,
                              struct network_difference *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < table->routes; i++)
        if (table->route[i].route.oif == ifindex) {
            out->what = NETWORK_ROUTE;
            out->verb = NETWORK_REMOVED;
            out->as.route = table->route[i].route;
            table->route[i] = table->route[--table->routes];
            return true;
        }
    return false;
}

bool network_table_expire(struct network_table *table, struct network_difference *out)
{
    memset(out, 0, sizeof *out);
    out->verb = NETWORK_REMOVED;
    for (size_t i = 0; i < table->routes; i++)
        if (table->route[i].round != table->round) {
            out->what = NETWORK_ROUTE;
            out->as.route = table->route[i].route;
            table->route[i] = table->route[--table->routes];
            return true;
        }
    for (size_t i = 0; i < table->addrs; i++)
        if (table->addr[i].round != table->round) {
            out->what = NETWORK_ADDRESS;
            out->as.addr = table->addr[i].addr;
            table->addr[i] = table->addr[--table->addrs];
            return true;
        }
    for (size_t i = 0; i < table->links; i++)
        if (table->link[i].round != table->round) {
            out->what = NETWORK_INTERFACE;
            out->as.link = table->link[i].link;
            table->link[i] = table->link[--table->links];
            return true;
        }
    return false;
}

const char *network_table_name_of(const struct network_table *table, uint32_t ifindex)
{
    if (ifindex == 0)
        return NULL;
    for (size_t i = 0; i < table->links; i++)
        if (table->link[i].link.index == ifindex)
            return table->link[i].link.name;
    return NULL;
}

static json_t *ip_json(const struct netaddr *addr)
{
    char text[NETADDR_IP_TEXT_BYTES];

    return addr->family == NETADDR_NONE
               ? json_null()
               : json_string_nocheck(netaddr_format_ip(addr, text, sizeof text));
}

/* ARPHRD_* in words, as in linux/if_arp.h; a number has none where it is rare. */
static json_t *link_type_json(uint16_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } words[] = {
        {ARPHRD_ETHER, "ether"},
        {ARPHRD_NONE, "none"},
        {ARPHRD_PPP, "ppp"},
        {ARPHRD_LOOPBACK, "loopback"},
        {ARPHRD_TUNNEL, "tunnel"},
        {ARPHRD_TUNNEL6, "tunnel6"},
        {ARPHRD_SIT, "sit"},
        {ARPHRD_IPGRE, "ipgre"},
        {ARPHRD_RAWIP, "rawip"},
        {ARPHRD_SLIP, "slip"},
        {ARPHRD_INFINIBAND, "infiniband"},
        {ARPHRD_IEEE80211, "ieee80211"},
        {ARPHRD_CAN, "can"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].type == type)
            return json_string_nocheck(words[i].name);
    return json_sprintf("%u", type);
}

static json_t *link_json(const struct rtnl_link *link)
{
    json_t *o = json_object();

    json_object_set_new_nocheck(o, "iface", text_json_or_null(link->name));
    json_object_set_new_nocheck(o, "index", json_integer(link->index));
    json_object_set_new_nocheck(o, "kind", text_json_or_null(link->kind));
    json_object_set_new_nocheck(o, "link_type", link_type_json(link->type));
    json_object_set_new_nocheck(o, "up", json_boolean(link->flags & IFF_UP));
    json_object_set_new_nocheck(o, "running", json_boolean(link->flags & IFF_RUNNING));
    json_object_set_new_nocheck(o, "loopback", json_boolean(link->flags & IFF_LOOPBACK));
    json_object_set_new_nocheck(o, "mtu", json_integer(link->mtu));
    return o;
}

static json_t *addr_json(const struct network_table *table, const struct rtnl_addr *addr)
{
    json_t *o = json_object();

    json_object_set_new_nocheck(o, "iface",
                                text_json_or_null(network_table_name_of(table, addr->index)));
    json_object_set_new_nocheck(o, "ip", ip_json(&addr->local));
    json_object_set_new_nocheck(o, "prefix", json_integer(addr->prefix_bits));
    return o;
}

static json_t *route_json(const struct network_table *table, const struct rtnl_route *route)
{
    json_t *o = json_object();
    char text[NETADDR_IP_TEXT_BYTES];
    const char *any = route->family == NETADDR_IPV6 ? "::" : "0.0.0.0";

    json_object_set_new_nocheck(
        o, "to",
        json_sprintf("%s/%u",
                     route->dst.family == NETADDR_NONE
                         ? any
                         : netaddr_format_ip(&route->dst, text, sizeof text),
                     route->dst_bits));
    json_object_set_new_nocheck(o, "via", ip_json(&route->gateway));
    json_object_set_new_nocheck(o, "iface",
                                text_json_or_null(network_table_name_of(table, route->oif)));
    json_object_set_new_nocheck(o, "src", ip_json(&route->prefsrc));
    json_object_set_new_nocheck(o, "table", json_integer(route->table));
    json_object_set_new_nocheck(o, "metric", json_integer(route->metric));
    return o;
}

json_t *network_difference_json(const struct network_table *table,
                                const struct network_difference *difference)
{
    static const char *const verbs[] = {"added", "changed", "removed"};
    static const char *const whats[] = {"interface", "address", "route"};
    json_t *o = json_object();
    json_t *subject = NULL;

    switch (difference->what) {
    case NETWORK_INTERFACE:
        subject = link_json(&difference->as.link);
        break;
    case NETWORK_ADDRESS:
        subject = addr_json(table, &difference->as.addr);
        break;
    case NETWORK_ROUTE:
        subject = route_json(table, &difference->as.route);
        break;
    }
    json_object_set_new_nocheck(o, "change", json_string_nocheck(verbs[difference->verb]));
    json_object_set_new_nocheck(o, "what", json_string_nocheck(whats[difference->what]));
    json_object_set_new_nocheck(o, whats[difference->what], subject);
    return o;
}

json_t *network_table_json(const struct network_table *table)
{
    json_t *o = json_object();
    json_t *links = json_array(), *addrs = json_array(), *routes = json_array();

    for (size_t i = 0; i < table->links; i++)
        json_array_append_new(links, link_json(&table->link[i].link));
    for (size_t i = 0; i < table->addrs; i++)
        json_array_append_new(addrs, addr_json(table, &table->addr[i].addr));
    for (size_t i = 0; i < table->routes; i++)
        json_array_append_new(routes, route_json(table, &table->route[i].route));
    json_object_set_new_nocheck(o, "interfaces", links);
    json_object_set_new_nocheck(o, "addresses", addrs);
    json_object_set_new_nocheck(o, "routes", routes);
    return o;
}
