/*
 * The network as a policy is compiled against it: interfaces with their kinds, addresses, which
 * interface the default route takes, and which resolvers the system asks.
 *
 * A plain value, so that a policy can be compiled against a network that does not exist.
 */
#ifndef RTCSHIM_LAUNCHER_NETVIEW_H
#define RTCSHIM_LAUNCHER_NETVIEW_H

#include "policy.h"

struct network;

enum { NETVIEW_IFACES_MAX = 1024, NETVIEW_ADDRS_MAX = 4096, NETVIEW_KIND_BYTES = 32 };

struct netview_iface {
    uint32_t ifindex;
    char name[POLICY_IFNAME_BYTES];
    char kind[NETVIEW_KIND_BYTES]; /* IFLA_INFO_KIND; "" where the link has none */
    uint16_t type;                 /* ARPHRD_* */
    bool loopback;
    bool wireless;
};

struct netview_addr {
    struct netaddr addr; /* without port and scope */
    uint8_t prefix_bits;
    uint32_t ifindex;
};

struct netview {
    struct netview_iface iface[NETVIEW_IFACES_MAX];
    struct netview_addr addr[NETVIEW_ADDRS_MAX];
    struct netaddr resolver[POLICY_RESOLVERS_MAX];
    size_t ifaces, addrs, resolvers;
    uint32_t default_inet, default_inet6; /* ifindex, 0 none */
    uint32_t dns_ifindex;                 /* the way to the first resolver, 0 unknown */
};

/* What there is now. resolv_conf: the file that names the resolvers, "/etc/resolv.conf". The kernel
 * is asked for the way to a public address of each family (no packet leaves) and to the resolver.
 */
void netview_take(struct netview *out, struct network *network, const char *resolv_conf);

/* NULL where there is none. */
const struct netview_iface *netview_by_index(const struct netview *view, uint32_t ifindex);
const struct netview_iface *netview_by_name(const struct netview *view, const char *name);

/* The link is of that kind: words_kinds of words.h, or what the kernel calls it. */
bool netview_is_kind(const struct netview_iface *iface, const char *kind);

#endif
