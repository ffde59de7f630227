/* Decoding rtnetlink's link, address and route messages. */
#include "rtnl.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static bool attr_u32(const struct rtnl_attr *attr, uint32_t *out)
{
    if (attr->len < sizeof(*out))
        return false;
    memcpy(out, attr->value, sizeof(*out));
    return true;
}

/* Text up to its NUL or the attribute's end, cut to what out holds. */
static void attr_text(const struct rtnl_attr *attr, char *out, size_t size)
{
    size_t len = 0;

    while (len < attr->len && len < size - 1 && attr->value[len] != 0)
        len++;
    memset(out, 0, size);
    memcpy(out, attr->value, len);
}

static uint8_t family_of(uint8_t af)
{
    return af == AF_INET ? NETADDR_IPV4 : af == AF_INET6 ? NETADDR_IPV6 : NETADDR_NONE;
}

static size_t family_bytes(uint8_t family)
{
    return family == NETADDR_IPV4 ? 4 : family == NETADDR_IPV6 ? 16 : 0;
}

/* An address of the message's family; scope goes with a link-local one, as netaddr.h has it. */
static bool attr_addr(const struct rtnl_attr *attr, uint8_t family, uint32_t scope_id,
                      struct netaddr *out)
{
    if (attr->len == 0 || attr->len != family_bytes(family))
        return false;
    *out = netaddr_from_bytes(attr->value, attr->len, 0);
    if (out->family == NETADDR_IPV6 && out->ip[0] == 0xfe && (out->ip[1] & 0xc0) == 0x80)
        out->scope_id = scope_id;
    return true;
}

static bool link_kind(const struct rtnl_attr *info, struct rtnl_link *link)
{
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = 0;

    while ((status = rtnl_next_attr(info->value, info->len, &pos, &attr)) == RTNL_OK)
        if (attr.type == IFLA_INFO_KIND)
            attr_text(&attr, link->kind, sizeof(link->kind));
    return status == RTNL_END;
}

bool rtnl_decode_link(const struct rtnl_msg *msg, struct rtnl_link *out)
{
    struct ifinfomsg head;
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = sizeof(head);

    if ((msg->type != RTM_NEWLINK && msg->type != RTM_DELLINK) || msg->body_len < sizeof(head))
        return false;
    memcpy(&head, msg->body, sizeof(head));
    struct rtnl_link link = {
        .index = (uint32_t)head.ifi_index, .flags = head.ifi_flags, .type = head.ifi_type};

    while ((status = rtnl_next_attr(msg->body, msg->body_len, &pos, &attr)) == RTNL_OK) {
        bool good = true;
        switch (attr.type) {
        case IFLA_IFNAME:
            attr_text(&attr, link.name, sizeof(link.name));
            break;
        case IFLA_MASTER:
            good = attr_u32(&attr, &link.master);
            break;
        case IFLA_MTU:
            good = attr_u32(&attr, &link.mtu);
            break;
        case IFLA_LINKINFO:
            good = link_kind(&attr, &link);
            break;
        default:
            break;
        }
        if (!good)
            return false;
    }
    if (status != RTNL_END)
        return false;
    *out = link;
    return true;
}

bool rtnl_decode_addr(const struct rtnl_msg *msg, struct rtnl_addr *out)
{
    struct ifaddrmsg head;
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = sizeof(head);
    bool has_local = false;

    if ((msg->type != RTM_NEWADDR && msg->type != RTM_DELADDR) || msg->body_len < sizeof(head))
        return false;
    memcpy(&head, msg->body, sizeof(head));
    uint8_t family = family_of(head.ifa_family);
    if (family == NETADDR_NONE || head.ifa_prefixlen > 8 * family_bytes(family))
        return false;
    struct rtnl_addr addr = {
        .index = head.ifa_index,
        .prefix_bits = head.ifa_prefixlen,
        .scope = head.ifa_scope,
        .flags = head.ifa_flags,
    };

    while ((status = rtnl_next_attr(msg->body, msg->body_len, &pos, &attr)) == RTNL_OK) {
        bool good = true;
        switch (attr.type) {
        case IFA_LOCAL:
            good = attr_addr(&attr, family, addr.index, &addr.local);
            has_local = true;
            break;
        case IFA_ADDRESS: /* the peer's on a point-to-point link, where IFA_LOCAL is the one that is
                             ours */
            if (!has_local)
                good = attr_addr(&attr, family, addr.index, &addr.local);
            break;
        case IFA_FLAGS:
            good = attr_u32(&attr, &addr.flags);
            break;
        default:
            break;
        }
        if (!good)
            return false;
    }
    if (status != RTNL_END || addr.local.family == NETADDR_NONE)
        return false;
    *out = addr;
    return true;
}

/* RTA_VIA: a next hop of another family than the route's. */
static bool route_via(const struct rtnl_attr *via, struct netaddr *gateway)
{
    uint16_t af;

    if (via->len < sizeof(af))
        return false;
    memcpy(&af, via->value, sizeof(af));
    uint8_t family = af <= UINT8_MAX ? family_of((uint8_t)af) : NETADDR_NONE;
    if (family == NETADDR_NONE) /* MPLS and the like: no address to show */
        return true;
    struct rtnl_attr addr = {.value = via->value + sizeof(af), .len = via->len - sizeof(af)};
    return attr_addr(&addr, family, 0, gateway);
}

/* The attributes that a route and a hop of a multipath route share. */
static bool route_hop_attr(const struct rtnl_attr *attr, struct rtnl_route *route)
{
    switch (attr->type) {
    case RTA_GATEWAY:
        return attr_addr(attr, route->family, 0, &route->gateway);
    case RTA_VIA:
        return route_via(attr, &route->gateway);
    default:
        return true;
    }
}

static bool route_first_hop(const struct rtnl_attr *hops, struct rtnl_route *route)
{
    struct rtnexthop hop;
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = sizeof(hop);

    if (hops->len < sizeof(hop))
        return false;
    memcpy(&hop, hops->value, sizeof(hop));
    if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > hops->len)
        return false;
    route->oif = (uint32_t)hop.rtnh_ifindex;
    while ((status = rtnl_next_attr(hops->value, hop.rtnh_len, &pos, &attr)) == RTNL_OK)
        if (!route_hop_attr(&attr, route))
            return false;
    return status == RTNL_END;
}

static bool route_attr(const struct rtnl_attr *attr, struct rtnl_route *route)
{
    switch (attr->type) {
    case RTA_DST:
        return attr_addr(attr, route->family, 0, &route->dst);
    case RTA_SRC:
        return attr_addr(attr, route->family, 0, &route->src);
    case RTA_PREFSRC:
        return attr_addr(attr, route->family, 0, &route->prefsrc);
    case RTA_OIF:
        return attr_u32(attr, &route->oif);
    case RTA_PRIORITY:
        return attr_u32(attr, &route->metric);
    case RTA_TABLE:
        return attr_u32(attr, &route->table);
    case RTA_MULTIPATH:
        return route_first_hop(attr, route);
    default:
        return route_hop_attr(attr, route);
    }
}

static void scope_to(struct netaddr *addr, uint32_t ifindex)
{
    if (addr->family == NETADDR_IPV6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80)
        addr->scope_id = ifindex;
}

bool rtnl_decode_route(const struct rtnl_msg *msg, struct rtnl_route *out)
{
    struct rtmsg head;
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = sizeof(head);

    if ((msg->type != RTM_NEWROUTE && msg->type != RTM_DELROUTE) || msg->body_len < sizeof(head))
        return false;
    memcpy(&head, msg->body, sizeof(head));
    struct rtnl_route route = {
        .family = family_of(head.rtm_family),
        .dst_bits = head.rtm_dst_len,
        .src_bits = head.rtm_src_len,
        .type = head.rtm_type,
        .protocol = head.rtm_protocol,
        .scope = head.rtm_scope,
        .table = head.rtm_table,
    };
    size_t width = 8 * family_bytes(route.family);
    if (width == 0 || route.dst_bits > width || route.src_bits > width)
        return false;

    while ((status = rtnl_next_attr(msg->body, msg->body_len, &pos, &attr)) == RTNL_OK)
        if (!route_attr(&attr, &route))
            return false;
    if (status != RTNL_END)
        return false;
    scope_to(&route.gateway, route.oif); /* the interface may come after the address */
    scope_to(&route.dst, route.oif);
    scope_to(&route.prefsrc, route.oif);
    *out = route;
    return true;
}
