/* Takes a picture of the network for the policy compiler. */
#include "netview.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "network.h"
#include "network_table.h"

static bool is_wireless(const char *name)
{
    char path[64];

    /* A name can't hold a slash, but "." and ".." would be other folders. */
    if (name[0] == '.' || name[0] == '\0')
        return false;
    (void)snprintf(path, sizeof path, "/sys/class/net/%.15s/phy80211", name);
    return access(path, F_OK) == 0;
}

static void take_links(struct netview *out, const struct network_table *table)
{
    for (size_t i = 0; i < table->links && out->ifaces < NETVIEW_IFACES_MAX; i++) {
        const struct rtnl_link *link = &table->link[i].link;
        struct netview_iface *iface = &out->iface[out->ifaces++];
        iface->ifindex = link->index;
        (void)snprintf(iface->name, sizeof iface->name, "%s", link->name);
        (void)snprintf(iface->kind, sizeof iface->kind, "%s", link->kind);
        iface->type = link->type;
        iface->loopback = (link->flags & IFF_LOOPBACK) != 0;
        iface->wireless = link->kind[0] == '\0' && is_wireless(link->name);
    }
}

static void take_addrs(struct netview *out, const struct network_table *table)
{
    for (size_t i = 0; i < table->addrs && out->addrs < NETVIEW_ADDRS_MAX; i++) {
        const struct rtnl_addr *addr = &table->addr[i].addr;
        struct netview_addr *to = &out->addr[out->addrs++];
        to->addr = addr->local;
        to->addr.port = 0;
        to->addr.scope_id = 0;
        to->prefix_bits = addr->prefix_bits;
        to->ifindex = addr->index;
    }
}

/* The main table's best default route, where the kernel could not be asked. */
static uint32_t default_of_table(const struct network_table *table, uint8_t family)
{
    uint32_t best = 0;
    uint32_t metric = UINT32_MAX;

    for (size_t i = 0; i < table->routes; i++) {
        const struct rtnl_route *route = &table->route[i].route;
        if (route->family == family && route->dst_bits == 0 && route->table == RT_TABLE_MAIN &&
            route->type == RTN_UNICAST && route->oif != 0 &&
            (best == 0 || route->metric < metric)) {
            best = route->oif;
            metric = route->metric;
        }
    }
    return best;
}

/*
 * A VPN's default route need not be one: it may be two halves (0.0.0.0/1), or stand in a table that
 * a rule chooses. So the question is which way a packet to a public host would go.
 */
static uint32_t way_to(struct network *network, const char *ip)
{
    struct network_lookup lookup = {0};
    struct network_answer answer;

    if (!netaddr_parse_ip(ip, &lookup.dest))
        return 0;
    network_route(network, &lookup, &answer);
    return answer.found ? answer.oif : 0;
}

static void take_resolvers(struct netview *out, const char *resolv_conf)
{
    FILE *file = fopen(resolv_conf, "re");
    char line[256];

    while (file && fgets(line, sizeof line, file) && out->resolvers < POLICY_RESOLVERS_MAX) {
        char ip[NETADDR_IP_TEXT_BYTES];
        struct netaddr addr;
        if (sscanf(line, "nameserver %63s", ip) != 1)
            continue;
        /* A scope may be a name here. */
        ip[strcspn(ip, "%")] = '\0';
        if (netaddr_parse_ip(ip, &addr))
            out->resolver[out->resolvers++] = addr;
    }
    if (file)
        (void)fclose(file);
}

void netview_take(struct netview *out, struct network *network, const char *resolv_conf)
{
    const struct network_table *table = network_table_of(network);
    char ip[NETADDR_IP_TEXT_BYTES];

    memset(out, 0, sizeof *out);
    take_links(out, table);
    take_addrs(out, table);
    out->default_inet = way_to(network, "8.8.8.8");
    out->default_inet6 = way_to(network, "2001:4860:4860::8888");
    if (out->default_inet == 0)
        out->default_inet = default_of_table(table, NETADDR_IPV4);
    if (out->default_inet6 == 0)
        out->default_inet6 = default_of_table(table, NETADDR_IPV6);
    take_resolvers(out, resolv_conf);
    if (out->resolvers > 0)
        out->dns_ifindex = way_to(network, netaddr_format_ip(&out->resolver[0], ip, sizeof ip));
}
