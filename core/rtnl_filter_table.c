/* Where rtnetlink messages name interfaces and addresses, from the kernel's headers. Linked into
 * the preload library. */
#include "rtnl_filter_private.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addrlabel.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

/* Newer than the oldest headers that this is built with. */
enum {
    KIND_MULTICAST = 56,
    KIND_ANYCAST = 60,
    KIND_VLAN = 112,
    KIND_BUCKET = 116,
    KIND_TUNNEL = 120,
    DCB_NAME = 1, /* DCB_ATTR_IFNAME */
    ATTR_PERM_ADDRESS = 54,
    ADDR_TARGET_NETNSID = 10,
    VLAN_MESSAGE_BYTES = 8,
    TUNNEL_MESSAGE_BYTES = 8,
    DCB_MESSAGE_BYTES = 4,
};

static const struct rtnl_attr_row link_attrs[] = {
    {IFLA_ADDRESS, RTNL_HOLDS_HWADDR, NULL},
    {IFLA_BROADCAST, RTNL_HOLDS_HWADDR, NULL},
    {ATTR_PERM_ADDRESS, RTNL_HOLDS_HWADDR, NULL},
    {IFLA_LINK, RTNL_HOLDS_LOCAL_INDEX, NULL},
    {IFLA_MASTER, RTNL_HOLDS_INDEX, NULL},
    {IFLA_NEW_IFINDEX, RTNL_HOLDS_INDEX, NULL},
    {IFLA_IFNAME, RTNL_HOLDS_NAME_KEY, NULL},
    {IFLA_LINKINFO, RTNL_HOLDS_LINKINFO, NULL},
    {IFLA_AF_SPEC, RTNL_HOLDS_FAMILIES, NULL},
    {IFLA_TARGET_NETNSID, RTNL_HOLDS_ANOTHER_NET, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row addr_attrs[] = {
    {IFA_ADDRESS, RTNL_HOLDS_ADDR_KEY, NULL},
    {IFA_LOCAL, RTNL_HOLDS_ADDR_KEY, NULL},
    {IFA_ANYCAST, RTNL_HOLDS_ADDR_KEY, NULL},
    {ADDR_TARGET_NETNSID, RTNL_HOLDS_ANOTHER_NET, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row route_attrs[] = {
    {RTA_DST, RTNL_HOLDS_ADDR_KEY, NULL},     {RTA_IIF, RTNL_HOLDS_INDEX_KEY, NULL},
    {RTA_OIF, RTNL_HOLDS_INDEX_KEY, NULL},    {RTA_PREFSRC, RTNL_HOLDS_ADDR, NULL},
    {RTA_MULTIPATH, RTNL_HOLDS_HOPS, NULL},   {RTA_ENCAP, RTNL_HOLDS_ADDRS, NULL},
    {RTA_NH_ID, RTNL_HOLDS_NEXTHOP_ID, NULL}, {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row neigh_attrs[] = {
    {NDA_IFINDEX, RTNL_HOLDS_INDEX, NULL},
    {NDA_MASTER, RTNL_HOLDS_INDEX, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row neightbl_parms[] = {
    {NDTPA_IFINDEX, RTNL_HOLDS_INDEX_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};
static const struct rtnl_attr_row neightbl_attrs[] = {
    {NDTA_PARMS, RTNL_HOLDS_NESTED, neightbl_parms},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row rule_attrs[] = {
    {FRA_DST, RTNL_HOLDS_DST_KEY, NULL},
    {FRA_SRC, RTNL_HOLDS_SRC_KEY, NULL},
    {FRA_IIFNAME, RTNL_HOLDS_NAME_KEY, NULL},
    {FRA_OIFNAME, RTNL_HOLDS_NAME_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row netconf_attrs[] = {
    {NETCONFA_IFINDEX, RTNL_HOLDS_INDEX_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row nexthop_attrs[] = {
    {NHA_OIF, RTNL_HOLDS_INDEX_KEY, NULL},
    {NHA_MASTER, RTNL_HOLDS_INDEX, NULL},
    {NHA_ENCAP, RTNL_HOLDS_ADDRS, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row addrlabel_attrs[] = {
    {IFAL_ADDRESS, RTNL_HOLDS_ADDR_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

/* The entry of a port starts with its index. */
static const struct rtnl_attr_row mdb_infos[] = {
    {MDBA_MDB_ENTRY_INFO, RTNL_HOLDS_INDEX_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};
static const struct rtnl_attr_row mdb_entries[] = {
    {MDBA_MDB_ENTRY, RTNL_HOLDS_NESTED, mdb_infos},
    {0, RTNL_HOLDS_END, NULL},
};
static const struct rtnl_attr_row mdb_routers[] = {
    {MDBA_ROUTER_PORT, RTNL_HOLDS_INDEX_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};
static const struct rtnl_attr_row mdb_attrs[] = {
    {MDBA_MDB, RTNL_HOLDS_NESTED, mdb_entries},
    {MDBA_ROUTER, RTNL_HOLDS_NESTED, mdb_routers},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row dcb_attrs[] = {
    {DCB_NAME, RTNL_HOLDS_NAME_KEY, NULL},
    {0, RTNL_HOLDS_END, NULL},
};

static const struct rtnl_attr_row no_attrs[] = {{0, RTNL_HOLDS_END, NULL}};

#define NO               RTNL_NOWHERE
#define AT(type, member) offsetof(struct type, member)
#define HEAD(type)       NLMSG_ALIGN(sizeof(struct type))

/* Not in the list, and so taken out while anything is hidden: RTM_*ACTION (a mirred action names an
 * interface in data of its own kind), RTM_NEWCACHEREPORT (multicast routing daemons), and whatever
 * a later kernel adds. RTM_*NSID tells of other namespaces by number only. */
static const struct rtnl_kind kinds[] = {
    {RTM_NEWLINK, HEAD(ifinfomsg), AT(ifinfomsg, ifi_index), NO, NO, true, ENODEV, link_attrs},
    {RTM_NEWADDR, HEAD(ifaddrmsg), AT(ifaddrmsg, ifa_index), NO, NO, true, EADDRNOTAVAIL,
     addr_attrs},
    {RTM_NEWROUTE, HEAD(rtmsg), NO, NO, NO, true, ENETUNREACH, route_attrs},
    {RTM_NEWNEIGH, HEAD(ndmsg), AT(ndmsg, ndm_ifindex), NO, NO, true, ENODEV, neigh_attrs},
    {RTM_NEWRULE, HEAD(fib_rule_hdr), NO, AT(fib_rule_hdr, dst_len), AT(fib_rule_hdr, src_len),
     true, ENOENT, rule_attrs},
    {RTM_NEWQDISC, HEAD(tcmsg), AT(tcmsg, tcm_ifindex), NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWTCLASS, HEAD(tcmsg), AT(tcmsg, tcm_ifindex), NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWTFILTER, HEAD(tcmsg), AT(tcmsg, tcm_ifindex), NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWCHAIN, HEAD(tcmsg), AT(tcmsg, tcm_ifindex), NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWPREFIX, HEAD(prefixmsg), AT(prefixmsg, prefix_ifindex), NO, NO, true, ENODEV, no_attrs},
    {KIND_MULTICAST, HEAD(ifaddrmsg), AT(ifaddrmsg, ifa_index), NO, NO, true, ENODEV, no_attrs},
    {KIND_ANYCAST, HEAD(ifaddrmsg), AT(ifaddrmsg, ifa_index), NO, NO, true, ENODEV, addr_attrs},
    {RTM_NEWNEIGHTBL, HEAD(ndtmsg), NO, NO, NO, true, ENODEV, neightbl_attrs},
    {RTM_NEWNDUSEROPT, HEAD(nduseroptmsg), AT(nduseroptmsg, nduseropt_ifindex), NO, NO, false,
     ENODEV, no_attrs},
    {RTM_NEWADDRLABEL, HEAD(ifaddrlblmsg), AT(ifaddrlblmsg, ifal_index), NO, NO, true, ENODEV,
     addrlabel_attrs},
    {RTM_GETDCB - 2, DCB_MESSAGE_BYTES, NO, NO, NO, true, ENODEV, dcb_attrs},
    {RTM_NEWNETCONF, HEAD(netconfmsg), NO, NO, NO, true, ENODEV, netconf_attrs},
    {RTM_NEWMDB, HEAD(br_port_msg), AT(br_port_msg, ifindex), NO, NO, true, ENODEV, mdb_attrs},
    {RTM_NEWNSID, HEAD(rtgenmsg), NO, NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWSTATS, HEAD(if_stats_msg), AT(if_stats_msg, ifindex), NO, NO, true, ENODEV, no_attrs},
    {RTM_NEWNEXTHOP, HEAD(nhmsg), NO, NO, NO, true, ENOENT, nexthop_attrs},
    {RTM_NEWLINKPROP, HEAD(ifinfomsg), AT(ifinfomsg, ifi_index), NO, NO, true, ENODEV, link_attrs},
    {KIND_VLAN, VLAN_MESSAGE_BYTES, 4, NO, NO, true, ENODEV, no_attrs},
    {KIND_BUCKET, HEAD(nhmsg), NO, NO, NO, true, ENOENT, nexthop_attrs},
    {KIND_TUNNEL, TUNNEL_MESSAGE_BYTES, 4, NO, NO, true, ENODEV, no_attrs},
};

const struct rtnl_kind *rtnl_kind_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if ((type & ~3) == (kinds[i].first & ~3))
            return &kinds[i];
    return NULL;
}

static const struct {
    const char *kind;
    uint16_t attr;
} link_kinds[] = {
    {"ipip", IFLA_IPTUN_LINK},        {"sit", IFLA_IPTUN_LINK},    {"ip6tnl", IFLA_IPTUN_LINK},
    {"gre", IFLA_GRE_LINK},           {"gretap", IFLA_GRE_LINK},   {"ip6gre", IFLA_GRE_LINK},
    {"ip6gretap", IFLA_GRE_LINK},     {"erspan", IFLA_GRE_LINK},   {"ip6erspan", IFLA_GRE_LINK},
    {"vti", IFLA_VTI_LINK},           {"vti6", IFLA_VTI_LINK},     {"xfrm", IFLA_XFRM_LINK},
    {"hsr", IFLA_HSR_SLAVE1},         {"hsr", IFLA_HSR_SLAVE2},    {"vxlan", IFLA_VXLAN_LINK},
    {"bond", IFLA_BOND_ACTIVE_SLAVE}, {"bond", IFLA_BOND_PRIMARY},
};

uint16_t rtnl_link_kind_index(const char *kind, size_t len, unsigned nth)
{
    for (size_t i = 0; i < sizeof(link_kinds) / sizeof(link_kinds[0]); i++)
        if (strlen(link_kinds[i].kind) == len && memcmp(link_kinds[i].kind, kind, len) == 0 &&
            nth-- == 0)
            return link_kinds[i].attr;
    return 0;
}
