/* Hiding in rtnetlink datagrams: eth0 (2, 192.168.1.23, 2001:db8:1::23) and docker0 (3) are hidden,
 * lo (1) and tun0 (4, 10.8.0.2) are shown, of wg0 (6) only IPv4, of masked0 (8) no address; what is
 * not listed is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/nexthop.h>
#include <sys/socket.h>

#include "netlink_bytes.h"
#include "policy.h"
#include "rtnl_filter.h"

enum { LO = 1, ETH0, DOCKER0, TUN0, WG0 = 6, MASKED0 = 8, PORT = 4711 };

static unsigned hidden_index(const void *ctx, uint32_t index)
{
    (void)ctx;
    return index == LO || index == TUN0 ? 0
           : index == WG0               ? POLICY_HIDDEN_INET6
           : index == MASKED0
               ? POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET | POLICY_MASKED_INET6
               : POLICY_HIDDEN_LINK;
}

static unsigned hidden_name(const void *ctx, const char *name, size_t len)
{
    (void)ctx;
    size_t n = strnlen(name, len);
    return (n == 2 && memcmp(name, "lo", 2) == 0) || (n == 4 && memcmp(name, "tun0", 4) == 0)
               ? 0
               : POLICY_HIDDEN_LINK;
}

static bool hidden_prefix(const void *ctx, const struct netaddr *addr, unsigned bits)
{
    static const char *const hidden[] = {"192.168.1.23", "2001:db8:1::23", "172.17.0.1"};
    (void)ctx;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        struct netaddr one;
        assert_true(netaddr_parse_ip(hidden[i], &one));
        if (netaddr_in_prefix(&one, addr, bits))
            return true;
    }
    return false;
}

static uint32_t port(const void *ctx)
{
    (void)ctx;
    return PORT;
}

static const struct rtnl_hides hides = {
    .index = hidden_index, .name = hidden_name, .prefix = hidden_prefix, .port = port};

static struct netlink_bytes in, out;
static struct rtnl_filtered result;

static void filter_with(const struct rtnl_hides *h)
{
    struct rtnl_filtered again;
    static struct netlink_bytes twice;

    out = in;
    rtnl_filter(out.data, in.len, sizeof out.data, h, &result);
    out.len = result.len;
    for (size_t i = out.len; i < in.len; i++)
        assert_int_equal(out.data[i], 0);
    twice = out;
    rtnl_filter(twice.data, twice.len, sizeof twice.data, h, &again);
    assert_int_equal(again.len, out.len);
    assert_memory_equal(twice.data, out.data, out.len);
}

static void filter(void)
{
    filter_with(&hides);
}

static int empty(void **state)
{
    (void)state;
    in.len = out.len = 0;
    return 0;
}

static size_t begin(uint16_t type, uint16_t flags, const void *head, size_t len)
{
    size_t at = netlink_begin(&in, type, flags, 7);

    netlink_put(&in, head, len);
    return at;
}

static void put_u32(uint16_t type, uint32_t value)
{
    netlink_attr(&in, type, &value, sizeof value);
}

static void put_ip(uint16_t type, const char *text)
{
    struct netaddr addr;

    assert_true(netaddr_parse_ip(text, &addr));
    netlink_attr(&in, type, addr.ip, addr.family == NETADDR_IPV4 ? 4 : 16);
}

static size_t nest(uint16_t type)
{
    size_t at = in.len;

    netlink_attr(&in, type, NULL, 0);
    return at;
}

static void nest_end(size_t at)
{
    uint16_t len = (uint16_t)(in.len - at);

    memcpy(in.data + at, &len, sizeof len);
}

/* The attribute of message number `n` of the output. */
static bool find(unsigned n, size_t head, uint16_t type, struct rtnl_attr *attr)
{
    struct rtnl_msg msg;
    size_t pos = 0, at = head;

    do
        if (rtnl_next(out.data, out.len, &pos, &msg) != RTNL_OK)
            return false;
    while (n-- > 0);
    while (rtnl_next_attr(msg.body, msg.body_len, &at, attr) == RTNL_OK)
        if (attr->type == type)
            return true;
    return false;
}

static void takes_hidden_links_out_of_a_dump_and_keeps_its_end(void **state)
{
    struct rtnl_msg msg;
    size_t pos = 0;
    (void)state;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, LO, "lo");
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, ETH0, "eth0");
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, TUN0, "tun0");
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, DOCKER0, "docker0");
    netlink_done(&in, NLMSG_DONE, 7, 0);
    filter();
    static const uint16_t types[] = {RTM_NEWLINK, RTM_NEWLINK, NLMSG_DONE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(rtnl_next(out.data, out.len, &pos, &msg), RTNL_OK);
        assert_int_equal(msg.type, types[i]);
        assert_int_equal(msg.seq, 7);
        assert_int_equal(msg.flags, NLM_F_MULTI);
    }
    assert_int_equal(rtnl_next(out.data, out.len, &pos, &msg), RTNL_END);
    assert_int_equal(result.removed, 2);
    assert_int_equal(result.edited, 0);
}

static void leaves_nothing_of_a_datagram_about_hidden_links(void **state)
{
    (void)state;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, ETH0, "eth0");
    netlink_addr(&in, RTM_NEWADDR, NLM_F_MULTI, 7, ETH0, "192.168.1.23");
    netlink_addr(&in, RTM_DELADDR, 0, 0, DOCKER0, "172.17.0.1");
    filter();
    assert_int_equal(out.len, 0);
}

static void leaves_a_shown_datagram_alone_to_the_byte(void **state)
{
    (void)state;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, TUN0, "tun0");
    netlink_addr(&in, RTM_NEWADDR, NLM_F_MULTI, 7, TUN0, "10.8.0.2");
    netlink_route(&in, RTM_NEWROUTE, NLM_F_MULTI, 7, TUN0);
    netlink_done(&in, NLMSG_DONE, 7, 0);
    filter();
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.data, in.data, in.len);
    assert_int_equal(result.removed + result.edited + result.refused, 0);
}

static void hides_one_family_of_an_interface(void **state)
{
    (void)state;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, WG0, "lo"); /* the link itself is shown */
    netlink_addr(&in, RTM_NEWADDR, NLM_F_MULTI, 7, WG0, "10.9.0.2");
    netlink_addr(&in, RTM_NEWADDR, NLM_F_MULTI, 7, WG0, "2001:db8:6::2");
    filter();
    assert_int_equal(result.removed, 1);
}

static void shows_a_decoy_for_the_addresses_of_a_masked_interface(void **state)
{
    const struct netaddr inet = policy_decoy(NETADDR_IPV4), inet6 = policy_decoy(NETADDR_IPV6);
    const uint8_t broadcast[4] = {172, 20, 255, 255};
    struct ifaddrmsg head = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = MASKED0};
    struct rtnl_attr attr;
    (void)state;
    size_t at = begin(RTM_NEWADDR, NLM_F_MULTI, &head, sizeof head);
    netlink_attr(&in, IFA_ADDRESS, (const uint8_t[]){172, 20, 1, 2}, 4);
    netlink_attr(&in, IFA_LOCAL, (const uint8_t[]){172, 20, 1, 2}, 4);
    netlink_attr(&in, IFA_BROADCAST, broadcast, 4);
    netlink_attr(&in, IFA_LABEL, "masked0", 8);
    netlink_end(&in, at);
    netlink_addr(&in, RTM_NEWADDR, NLM_F_MULTI, 7, MASKED0, "2001:db8:8::2");
    filter();
    assert_int_equal(result.edited, 2);
    assert_int_equal(result.removed, 0);
    assert_true(find(0, sizeof head, IFA_ADDRESS, &attr));
    assert_memory_equal(attr.value, inet.ip, 4);
    assert_true(find(0, sizeof head, IFA_LOCAL, &attr));
    assert_memory_equal(attr.value, inet.ip, 4);
    assert_false(find(0, sizeof head, IFA_BROADCAST, &attr));
    assert_true(find(0, sizeof head, IFA_LABEL, &attr));
    assert_int_equal(out.data[sizeof(struct nlmsghdr) + 1], 32); /* ifa_prefixlen */
    assert_true(find(1, sizeof head, IFA_ADDRESS, &attr));
    assert_memory_equal(attr.value, inet6.ip, 16);
}

static void leaves_out_what_a_masked_interface_tells_otherwise(void **state)
{
    struct ifaddrmsg link_local = {.ifa_family = AF_INET6,
                                   .ifa_prefixlen = 64,
                                   .ifa_scope = RT_SCOPE_LINK,
                                   .ifa_index = MASKED0};
    (void)state;
    size_t at = begin(RTM_NEWADDR, NLM_F_MULTI, &link_local, sizeof link_local);
    netlink_attr(&in, IFA_ADDRESS, policy_decoy(NETADDR_IPV6).ip, 16);
    netlink_end(&in, at);
    netlink_route(&in, RTM_NEWROUTE, NLM_F_MULTI, 7, MASKED0);
    filter();
    assert_int_equal(out.len, 0);
    assert_int_equal(result.removed, 2);
}

static void cuts_the_pointer_to_a_hidden_master_and_keeps_the_link(void **state)
{
    struct ifinfomsg head = {.ifi_index = TUN0};
    struct rtnl_attr attr;
    (void)state;
    size_t at = begin(RTM_NEWLINK, 0, &head, sizeof head);
    netlink_attr(&in, IFLA_IFNAME, "tun0", 5);
    put_u32(IFLA_LINK, ETH0);
    put_u32(IFLA_MASTER, DOCKER0);
    put_u32(IFLA_MTU, 1420);
    netlink_end(&in, at);
    netlink_done(&in, NLMSG_DONE, 7, 0);
    filter();
    assert_int_equal(result.edited, 1);
    assert_false(find(0, sizeof head, IFLA_LINK, &attr));
    assert_false(find(0, sizeof head, IFLA_MASTER, &attr));
    assert_true(find(0, sizeof head, IFLA_MTU, &attr));
    assert_true(find(0, sizeof head, IFLA_IFNAME, &attr));
    assert_int_equal(out.len, in.len - 16);
}

static void keeps_an_index_that_belongs_to_another_namespace(void **state)
{
    struct ifinfomsg head = {.ifi_index = TUN0};
    struct rtnl_attr attr;
    (void)state;
    size_t at = begin(RTM_NEWLINK, 0, &head, sizeof head);
    put_u32(IFLA_LINK, ETH0);
    put_u32(IFLA_LINK_NETNSID, 0);
    netlink_end(&in, at);
    filter();
    assert_true(find(0, sizeof head, IFLA_LINK, &attr));
}

static void blanks_the_address_of_a_tunnel_and_cuts_it_from_its_details(void **state)
{
    struct ifinfomsg head = {.ifi_index = TUN0, .ifi_type = 768 /* ARPHRD_TUNNEL */};
    struct rtnl_attr attr, data, one;
    size_t pos = 0;
    (void)state;
    size_t at = begin(RTM_NEWLINK, 0, &head, sizeof head);
    put_ip(IFLA_ADDRESS, "192.168.1.23");
    size_t info = nest(IFLA_LINKINFO);
    netlink_attr(&in, IFLA_INFO_KIND, "ipip", 5);
    size_t inner = nest(IFLA_INFO_DATA);
    put_u32(IFLA_IPTUN_LINK, ETH0);
    put_ip(IFLA_IPTUN_LOCAL, "192.168.1.23");
    put_ip(IFLA_IPTUN_REMOTE, "198.51.100.7");
    nest_end(inner);
    nest_end(info);
    put_u32(IFLA_MTU, 1480);
    netlink_end(&in, at);
    filter();
    assert_true(find(0, sizeof head, IFLA_ADDRESS, &attr));
    assert_memory_equal(attr.value, "\0\0\0\0", 4);
    assert_true(find(0, sizeof head, IFLA_LINKINFO, &attr));
    pos = 0;
    assert_int_equal(rtnl_next_attr(attr.value, attr.len, &pos, &data), RTNL_OK);
    assert_int_equal(rtnl_next_attr(attr.value, attr.len, &pos, &data), RTNL_OK);
    assert_int_equal(data.type, IFLA_INFO_DATA);
    pos = 0;
    assert_int_equal(rtnl_next_attr(data.value, data.len, &pos, &one), RTNL_OK);
    assert_int_equal(one.type, IFLA_IPTUN_REMOTE);
    assert_int_equal(rtnl_next_attr(data.value, data.len, &pos, &one), RTNL_END);
    assert_true(find(0, sizeof head, IFLA_MTU, &attr));
}

static size_t route_begin(uint8_t family)
{
    struct rtmsg head = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN};
    return begin(RTM_NEWROUTE, NLM_F_MULTI, &head, sizeof head);
}

static void put_hop(int index, const char *gateway)
{
    struct rtnexthop hop = {.rtnh_ifindex = index};
    size_t at = in.len;

    netlink_put(&in, &hop, sizeof hop);
    put_ip(RTA_GATEWAY, gateway);
    hop.rtnh_len = (uint16_t)(in.len - at);
    memcpy(in.data + at, &hop, sizeof hop);
}

static void cuts_the_hidden_hops_of_a_route_over_several(void **state)
{
    struct rtnl_attr attr;
    struct rtnexthop hop;
    (void)state;
    size_t at = route_begin(AF_INET);
    size_t hops = nest(RTA_MULTIPATH);
    put_hop(ETH0, "192.168.1.1");
    put_hop(TUN0, "10.8.0.1");
    put_hop(DOCKER0, "172.17.0.9");
    nest_end(hops);
    put_u32(RTA_PRIORITY, 100);
    netlink_end(&in, at);
    filter();
    assert_true(find(0, sizeof(struct rtmsg), RTA_MULTIPATH, &attr));
    assert_int_equal(attr.len, 16);
    memcpy(&hop, attr.value, sizeof hop);
    assert_int_equal(hop.rtnh_ifindex, TUN0);
    assert_true(find(0, sizeof(struct rtmsg), RTA_PRIORITY, &attr));
}

static void removes_a_route_whose_hops_are_all_hidden(void **state)
{
    (void)state;
    size_t at = route_begin(AF_INET);
    size_t hops = nest(RTA_MULTIPATH);
    put_hop(ETH0, "192.168.1.1");
    put_hop(DOCKER0, "172.17.0.9");
    nest_end(hops);
    netlink_end(&in, at);
    filter();
    assert_int_equal(out.len, 0);
}

static void cuts_a_hidden_source_from_a_shown_route(void **state)
{
    struct rtnl_attr attr;
    (void)state;
    size_t at = route_begin(AF_INET);
    put_u32(RTA_OIF, TUN0);
    put_ip(RTA_PREFSRC, "192.168.1.23");
    netlink_end(&in, at);
    filter();
    assert_false(find(0, sizeof(struct rtmsg), RTA_PREFSRC, &attr));
    assert_true(find(0, sizeof(struct rtmsg), RTA_OIF, &attr));
}

static void removes_routes_to_a_hidden_address_and_by_an_unnamed_next_hop(void **state)
{
    (void)state;
    size_t at = route_begin(AF_INET6);
    put_u32(RTA_OIF, LO); /* older kernels keep a machine's own addresses on lo */
    put_ip(RTA_DST, "2001:db8:1::23");
    netlink_end(&in, at);
    at = route_begin(AF_INET);
    put_ip(RTA_DST, "192.168.1.0");
    put_u32(RTA_NH_ID, 1);
    netlink_end(&in, at);
    at = route_begin(AF_INET);
    put_u32(RTA_OIF, TUN0);
    put_u32(RTA_IIF, ETH0);
    netlink_end(&in, at);
    filter();
    assert_int_equal(result.removed, 3);
    assert_int_equal(out.len, 0);
}

static void keeps_a_route_without_an_interface(void **state)
{
    (void)state;
    size_t at = route_begin(AF_INET);
    put_ip(RTA_DST, "203.0.113.0");
    netlink_end(&in, at);
    filter();
    assert_int_equal(out.len, in.len);
}

static void removes_rules_that_name_hidden_interfaces_or_addresses(void **state)
{
    struct fib_rule_hdr head = {.family = AF_INET, .src_len = 24};
    (void)state;
    size_t at = begin(RTM_NEWRULE, NLM_F_MULTI, &head, sizeof head);
    put_ip(FRA_SRC, "192.168.1.0");
    netlink_end(&in, at);
    head.src_len = 0;
    at = begin(RTM_NEWRULE, NLM_F_MULTI, &head, sizeof head);
    netlink_attr(&in, FRA_IIFNAME, "eth0", 5);
    netlink_end(&in, at);
    at = begin(RTM_NEWRULE, NLM_F_MULTI, &head, sizeof head);
    netlink_attr(&in, FRA_OIFNAME, "tun0", 5);
    netlink_end(&in, at);
    filter();
    assert_int_equal(result.removed, 2);
    assert_true(out.len > 0);
}

static void removes_neighbours_statistics_settings_and_next_hops_of_hidden_links(void **state)
{
    (void)state;
    for (int hidden = 0; hidden < 2; hidden++) {
        uint32_t index = hidden ? ETH0 : TUN0;
        struct ndmsg neigh = {.ndm_family = AF_INET, .ndm_ifindex = (int)index};
        struct if_stats_msg stats = {.ifindex = index};
        struct tcmsg tc = {.tcm_ifindex = (int)index};
        struct nhmsg hop = {.nh_family = AF_INET};
        struct prefixmsg prefix = {.prefix_family = AF_INET6, .prefix_ifindex = (int)index};
        struct nduseroptmsg option = {.nduseropt_family = AF_INET6,
                                      .nduseropt_ifindex = (int)index};
        uint32_t conf = AF_INET;
        size_t at;

        empty(NULL);
        netlink_end(&in, (at = begin(RTM_NEWNEIGH, 0, &neigh, sizeof neigh)));
        netlink_end(&in, (at = begin(RTM_NEWSTATS, 0, &stats, sizeof stats)));
        netlink_end(&in, (at = begin(RTM_NEWQDISC, 0, &tc, sizeof tc)));
        netlink_end(&in, (at = begin(RTM_NEWPREFIX, 0, &prefix, sizeof prefix)));
        netlink_end(&in, (at = begin(RTM_NEWNDUSEROPT, 0, &option, sizeof option)));
        at = begin(RTM_NEWNEXTHOP, 0, &hop, sizeof hop);
        put_u32(NHA_OIF, index);
        netlink_end(&in, at);
        at = begin(RTM_NEWNETCONF, 0, &conf, sizeof conf);
        put_u32(NETCONFA_IFINDEX, index);
        netlink_end(&in, at);
        filter();
        assert_int_equal(result.removed, hidden ? 7 : 0);
        assert_int_equal(out.len, hidden ? 0 : in.len);
    }
}

static void keeps_the_settings_for_all_interfaces(void **state)
{
    uint32_t conf = AF_INET;
    (void)state;
    size_t at = begin(RTM_NEWNETCONF, 0, &conf, sizeof conf);
    put_u32(NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
    netlink_end(&in, at);
    filter();
    assert_int_equal(out.len, in.len);
}

static void removes_a_bridges_groups_where_a_port_is_hidden(void **state)
{
    struct br_port_msg head = {.family = AF_BRIDGE, .ifindex = TUN0};
    struct br_mdb_entry entry = {.ifindex = ETH0};
    (void)state;
    size_t at = begin(RTM_NEWMDB, 0, &head, sizeof head);
    size_t mdb = nest(MDBA_MDB), one = nest(MDBA_MDB_ENTRY);
    netlink_attr(&in, MDBA_MDB_ENTRY_INFO, &entry, sizeof entry);
    nest_end(one);
    nest_end(mdb);
    netlink_end(&in, at);
    filter();
    assert_int_equal(out.len, 0);
}

static void removes_what_it_does_not_know_and_what_it_can_not_read(void **state)
{
    struct ifinfomsg head = {.ifi_index = TUN0};
    uint32_t body = 0;
    (void)state;
    netlink_end(&in, begin(RTM_BASE + 400, 0, &body, sizeof body));
    netlink_end(&in, begin(RTM_NEWLINK, 0, &body, sizeof body)); /* shorter than its head */
    size_t at = begin(RTM_NEWLINK, 0, &head, sizeof head);
    struct rtattr wild = {.rta_len = 400, .rta_type = IFLA_MTU};
    netlink_put(&in, &wild, sizeof wild);
    netlink_end(&in, at);
    filter();
    assert_int_equal(result.removed, 3);
    assert_int_equal(out.len, 0);
}

static void takes_off_a_message_that_the_kernel_cut(void **state)
{
    (void)state;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, TUN0, "tun0");
    size_t whole = in.len;
    netlink_link(&in, RTM_NEWLINK, NLM_F_MULTI, 7, TUN0, "tun0");
    for (size_t len = whole + 1; len < whole + 40; len++) {
        in.len = len;
        filter();
        assert_int_equal(out.len, whole);
    }
}

static void answers_a_question_for_a_hidden_thing_with_an_error(void **state)
{
    static const struct {
        uint16_t type, request;
        int error;
    } rows[] = {{RTM_NEWLINK, RTM_GETLINK, -ENODEV},
                {RTM_NEWADDR, RTM_GETADDR, -EADDRNOTAVAIL},
                {RTM_NEWROUTE, RTM_GETROUTE, -ENETUNREACH}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint32_t pid = PORT;

        empty(NULL);
        if (rows[i].type == RTM_NEWLINK)
            netlink_link(&in, RTM_NEWLINK, 0, 99, ETH0, "eth0");
        else if (rows[i].type == RTM_NEWADDR)
            netlink_addr(&in, RTM_NEWADDR, 0, 99, ETH0, "192.168.1.23");
        else
            netlink_route(&in, RTM_NEWROUTE, 0, 99, ETH0);
        memcpy(in.data + offsetof(struct nlmsghdr, nlmsg_pid), &pid, sizeof pid);
        filter();
        assert_int_equal(result.refused, 1);
        assert_int_equal(out.len, sizeof header + sizeof error);
        memcpy(&header, out.data, sizeof header);
        memcpy(&error, out.data + sizeof header, sizeof error);
        assert_int_equal(header.nlmsg_len, out.len);
        assert_int_equal(header.nlmsg_type, NLMSG_ERROR);
        assert_int_equal(header.nlmsg_seq, 99);
        assert_int_equal(header.nlmsg_pid, PORT);
        assert_int_equal(header.nlmsg_flags & NLM_F_ACK_TLVS, 0);
        assert_int_equal(error.error, rows[i].error);
        assert_int_equal(error.msg.nlmsg_type, rows[i].request);
        assert_int_equal(error.msg.nlmsg_seq, 99);
        /* The same as a notification is no answer. */
        struct rtnl_hides group = hides;
        group.multicast = true;
        filter_with(&group);
        assert_int_equal(out.len, 0);
    }
}

static void an_error_larger_than_its_message_stays_in_the_buffer(void **state)
{
    uint8_t family[4] = {AF_INET};
    uint32_t pid = PORT, tail = 0x11223344;
    (void)state;
    size_t at = begin(RTM_NEWNETCONF, 0, family, sizeof family);
    put_u32(NETCONFA_IFINDEX, ETH0);
    netlink_end(&in, at);
    memcpy(in.data + offsetof(struct nlmsghdr, nlmsg_pid), &pid, sizeof pid);
    assert_int_equal(in.len, 28);
    for (size_t room = 28; room <= 40; room++) {
        out = in;
        memcpy(out.data + room, &tail, sizeof tail);
        rtnl_filter(out.data, in.len, room, &hides, &result);
        assert_int_equal(result.len, 36);
        assert_memory_equal(out.data + room, &tail, sizeof tail);
    }
    /* With more behind it, that moves. */
    netlink_link(&in, RTM_NEWLINK, 0, 8, TUN0, "tun0");
    filter();
    assert_int_equal(out.len, 36 + in.len - 28);
    struct rtnl_attr attr;
    assert_true(find(1, sizeof(struct ifinfomsg), IFLA_IFNAME, &attr));
    assert_memory_equal(attr.value, "tun0", 5);
}

static void tells_the_fate_without_touching_the_message(void **state)
{
    struct netlink_bytes before;
    struct rtnl_msg msg;
    size_t pos = 0;
    (void)state;
    size_t at = route_begin(AF_INET);
    put_u32(RTA_OIF, TUN0);
    put_ip(RTA_PREFSRC, "192.168.1.23");
    netlink_end(&in, at);
    before = in;
    assert_int_equal(rtnl_next(in.data, in.len, &pos, &msg), RTNL_OK);
    assert_int_equal(rtnl_filter_fate(&msg, &hides), RTNL_EDITED);
    assert_memory_equal(before.data, in.data, in.len);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        TEST(takes_hidden_links_out_of_a_dump_and_keeps_its_end),
        TEST(leaves_nothing_of_a_datagram_about_hidden_links),
        TEST(leaves_a_shown_datagram_alone_to_the_byte),
        TEST(hides_one_family_of_an_interface),
        TEST(shows_a_decoy_for_the_addresses_of_a_masked_interface),
        TEST(leaves_out_what_a_masked_interface_tells_otherwise),
        TEST(cuts_the_pointer_to_a_hidden_master_and_keeps_the_link),
        TEST(keeps_an_index_that_belongs_to_another_namespace),
        TEST(blanks_the_address_of_a_tunnel_and_cuts_it_from_its_details),
        TEST(cuts_the_hidden_hops_of_a_route_over_several),
        TEST(removes_a_route_whose_hops_are_all_hidden),
        TEST(cuts_a_hidden_source_from_a_shown_route),
        TEST(removes_routes_to_a_hidden_address_and_by_an_unnamed_next_hop),
        TEST(keeps_a_route_without_an_interface),
        TEST(removes_rules_that_name_hidden_interfaces_or_addresses),
        TEST(removes_neighbours_statistics_settings_and_next_hops_of_hidden_links),
        TEST(keeps_the_settings_for_all_interfaces),
        TEST(removes_a_bridges_groups_where_a_port_is_hidden),
        TEST(removes_what_it_does_not_know_and_what_it_can_not_read),
        TEST(takes_off_a_message_that_the_kernel_cut),
        TEST(answers_a_question_for_a_hidden_thing_with_an_error),
        TEST(an_error_larger_than_its_message_stays_in_the_buffer),
        TEST(tells_the_fate_without_touching_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
