/* Finds why something went past the wanted path, and says it with the route or address that did it.
 */
#include "reason.h"

#include <stdio.h>
#include <string.h>

const char *reason_name(enum reason reason)
{
    static const char *const names[] = {
#define REASON(ident, name, words) name,
#include "reasons.def"
#undef REASON
    };
    return names[reason];
}

const char *reason_words(enum reason reason)
{
    static const char *const words_of[] = {
#define REASON(ident, name, words) words,
#include "reasons.def"
#undef REASON
    };
    return words_of[reason];
}

static bool is_wanted(const struct reason_case *c, const char *iface)
{
    for (size_t i = 0; iface && i < c->wanted_count; i++)
        if (strcmp(c->wanted[i], iface) == 0)
            return true;
    return false;
}

static bool any_wanted_up(const struct reason_case *c, const struct network_at *network)
{
    for (size_t i = 0; i < c->wanted_count; i++)
        if (network_at_up(network, c->wanted[i]))
            return true;
    return false;
}

/* The tunnel has no way for IPv6: no route beyond its own link, or no address to send from. */
static bool tunnel_has_ipv6(const struct reason_case *c, const struct network_at *network)
{
    for (size_t i = 0; i < c->wanted_count; i++)
        if (network_at_has_default(network, c->wanted[i], NETADDR_IPV6) &&
            network_at_has_family(network, c->wanted[i], NETADDR_IPV6))
            return true;
    return false;
}

static char *ip_text(const struct netaddr *addr, char buf[static NETADDR_IP_TEXT_BYTES])
{
    return netaddr_format_ip(addr, buf, NETADDR_IP_TEXT_BYTES);
}

/* "198.51.100.20/32 via 192.168.1.1 over eth0" */
static void route_text(const struct run_route *r, char *out, size_t size)
{
    char to[NETADDR_IP_TEXT_BYTES], via[NETADDR_IP_TEXT_BYTES];
    if (r->via.family == NETADDR_NONE)
        (void)snprintf(out, size, "%s/%u over %s", ip_text(&r->to, to), r->prefix, r->iface);
    else
        (void)snprintf(out, size, "%s/%u via %s over %s", ip_text(&r->to, to), r->prefix,
                       ip_text(&r->via, via), r->iface);
}

/* The interface is not the one that table main would have chosen: the socket's own address was. */
static enum reason by_address(const struct reason_case *c, const struct network_at *network,
                              char why[static REASON_WHY_BYTES])
{
    char local[NETADDR_IP_TEXT_BYTES], route[256];
    const struct run_route *other = NULL;
    (void)ip_text(&c->local, local);
    if (is_wanted(c, c->left)) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s bound a socket to %s's address %s. Packets from it left over %s all "
                       "the same, and the answers go to %s.",
                       c->who, c->owner, local, c->left, c->owner);
        return REASON_BOUND_ADDRESS;
    }
    if (c->left)
        other = network_at_other_table(network, c->left, &c->remote);
    if (other) {
        route_text(other, route, sizeof(route));
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s bound a socket to %s's address %s, and a rule routes packets from it by "
                       "table %u: %s.",
                       c->who, c->owner, local, (unsigned)other->table, route);
    } else {
        (void)snprintf(why, REASON_WHY_BYTES, "%s bound a socket to %s's address %s%s%s.", c->who,
                       c->owner, local, c->left ? ", and its packets left over " : "",
                       c->left ? c->left : "");
    }
    return REASON_BOUND_ADDRESS;
}

/* Table main itself leads round the tunnel. */
static enum reason by_route(const struct reason_case *c, const struct network_at *network,
                            const struct run_route *route, char why[static REASON_WHY_BYTES])
{
    char text[256], remote[NETADDR_IP_TEXT_BYTES];
    const char *vpn = c->wanted[0];
    const struct run_route *other = network_at_other_table(network, vpn, &c->remote);
    route_text(route, text, sizeof(text));
    (void)ip_text(&c->remote, remote);
    if (route->prefix > 0 && route->via.family == NETADDR_NONE) {
        (void)snprintf(why, REASON_WHY_BYTES, "%s is on the link of %s (route %s).", remote,
                       c->left, text);
        return REASON_ON_LINK;
    }
    if (c->remote.family == NETADDR_IPV6 && !tunnel_has_ipv6(c, network)) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s carries no IPv6 (it has no %s), and %s is reached by the route %s.", vpn,
                       network_at_has_family(network, vpn, NETADDR_IPV6) ? "IPv6 default route"
                                                                         : "IPv6 address",
                       remote, text);
        return REASON_NO_IPV6_IN_TUNNEL;
    }
    if (route->prefix > 0) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s is reached by a route of its own, which goes before %s's: %s.", remote,
                       vpn, text);
        return REASON_MORE_SPECIFIC_ROUTE;
    }
    if (other) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s's default route is in table %u, which no rule chose here; that of table "
                       "main is %s.",
                       vpn, (unsigned)other->table, text);
        return REASON_DEFAULT_ROUTE_ELSEWHERE;
    }
    (void)snprintf(why, REASON_WHY_BYTES, "The default route is not %s's but %s (metric %u).", vpn,
                   text, (unsigned)route->metric);
    return REASON_DEFAULT_ROUTE_ELSEWHERE;
}

enum reason reason_find(const struct reason_case *c, const struct network_at *network,
                        char why[static REASON_WHY_BYTES])
{
    const struct run_route *route = network_at_route(network, &c->remote);
    bool bound = !c->wildcard && c->local.family != NETADDR_NONE;
    if (c->went_around) {
        if (c->nobody)
            (void)snprintf(
                why, REASON_WHY_BYTES,
                "Which program sent it is not known; none did through rtcshim's library, "
                "which so could not have held it back.");
        else if (c->uncovered)
            (void)snprintf(why, REASON_WHY_BYTES,
                           "%s runs without rtcshim's library, which so neither saw it nor could "
                           "have held it back.",
                           c->who);
        else
            (void)snprintf(
                why, REASON_WHY_BYTES,
                "%s sent it without the C library's functions, so rtcshim neither saw it nor "
                "could have held it back.",
                c->who);
        return REASON_STRANGER;
    }
    if (c->left && !is_wanted(c, c->left) && !any_wanted_up(c, network)) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s was down, or had no address, when this left over %s.", c->wanted[0],
                       c->left);
        return REASON_TUNNEL_DOWN;
    }
    if (c->option) {
        (void)snprintf(why, REASON_WHY_BYTES, "%s chose %s for the socket, by %s.", c->who, c->left,
                       c->option);
        return REASON_BOUND_DEVICE;
    }
    if (c->left && !is_wanted(c, c->left) && route && strcmp(route->iface, c->left) == 0)
        return by_route(c, network, route, why);
    if (bound && c->owner)
        return by_address(c, network, why);
    if (c->marked && c->left) {
        (void)snprintf(why, REASON_WHY_BYTES,
                       "%s has marked a socket (SO_MARK), and rules that look at marks may have "
                       "chosen %s.",
                       c->who, c->left);
        return REASON_BOUND_DEVICE;
    }
    (void)snprintf(why, REASON_WHY_BYTES,
                   "It left over %s; the routes and socket options that were recorded do not say "
                   "why.",
                   c->left ? c->left : "an interface that is not known");
    return REASON_UNKNOWN;
}
