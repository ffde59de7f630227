/* rtnetlink: walking messages and attributes, decoding links, addresses and routes, and what is cut
 * or wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rtnl.h"

/* A buffer in which messages are built as the kernel builds them. */
struct built {
    uint8_t bytes[65536];
    size_t len;
    size_t msg; /* where the last message starts */
};

static void put(struct built *b, const void *bytes, size_t len)
{
    assert_true(sizeof(b->bytes) - b->len >= len + 3);
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    while (b->len % 4 != 0)
        b->bytes[b->len++] = 0;
    uint32_t msg_len = (uint32_t)(b->len - b->msg);
    memcpy(b->bytes + b->msg, &msg_len, sizeof(msg_len));
}

static void put_msg(struct built *b, uint16_t type, const void *body, size_t len)
{
    struct nlmsghdr header = {
        .nlmsg_type = type, .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = 7, .nlmsg_pid = 99};

    b->msg = b->len;
    put(b, &header, sizeof(header));
    put(b, body, len);
}

static void put_attr(struct built *b, uint16_t type, const void *value, size_t len)
{
    struct rtattr header = {.rta_len = (uint16_t)(sizeof(header) + len), .rta_type = type};

    put(b, &header, sizeof(header));
    put(b, value, len);
}

static void put_attr_u32(struct built *b, uint16_t type, uint32_t value)
{
    put_attr(b, type, &value, sizeof(value));
}

static struct rtnl_msg only(const struct built *b)
{
    struct rtnl_msg msg;
    size_t pos = 0;

    assert_int_equal(rtnl_next(b->bytes, b->len, &pos, &msg), RTNL_OK);
    assert_int_equal(pos, b->len);
    return msg;
}

static const uint8_t v4[4] = {192, 168, 1, 23};
static const uint8_t v4_peer[4] = {192, 168, 1, 1};
static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23};
static const uint8_t v6_local[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

static void put_link(struct built *b)
{
    struct ifinfomsg head = {
        .ifi_type = ARPHRD_ETHER, .ifi_index = 5, .ifi_flags = IFF_UP | IFF_RUNNING};
    struct {
        struct rtattr header;
        char kind[8];
    } info = {{sizeof(struct rtattr) + 5, IFLA_INFO_KIND}, "veth"};

    put_msg(b, RTM_NEWLINK, &head, sizeof(head));
    put_attr(b, IFLA_IFNAME, "eth0", 5);
    put_attr_u32(b, IFLA_MTU, 1500);
    put_attr_u32(b, IFLA_MASTER, 4);
    put_attr(b, IFLA_LINKINFO | NLA_F_NESTED, &info, sizeof(struct rtattr) + 5);
}

static void put_addr4(struct built *b)
{
    struct ifaddrmsg head = {.ifa_family = AF_INET,
                             .ifa_prefixlen = 24,
                             .ifa_flags = IFA_F_PERMANENT,
                             .ifa_scope = RT_SCOPE_UNIVERSE,
                             .ifa_index = 5};

    put_msg(b, RTM_NEWADDR, &head, sizeof(head));
    put_attr(b, IFA_ADDRESS, v4_peer, 4);
    put_attr(b, IFA_LOCAL, v4, 4);
    put_attr(b, IFA_LABEL, "eth0", 5);
    put_attr_u32(b, IFA_FLAGS, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
}

static void messages_and_attributes_are_walked(void **state)
{
    static struct built b;
    struct rtnl_msg msg;
    struct rtnl_attr attr;
    size_t pos = 0;

    (void)state;
    b.len = 0;
    put_link(&b);
    size_t second = b.len;
    put_msg(&b, NLMSG_DONE, "\0\0\0\0", 4);
    assert_int_equal(rtnl_next(b.bytes, b.len, &pos, &msg), RTNL_OK);
    assert_int_equal(msg.type, RTM_NEWLINK);
    assert_int_equal(msg.flags, NLM_F_MULTI);
    assert_int_equal(msg.seq, 7);
    assert_int_equal(msg.pid, 99);
    assert_int_equal(msg.body_len, msg.len - 16);
    assert_ptr_equal(msg.body, b.bytes + 16);
    assert_int_equal(pos, second);
    size_t at = sizeof(struct ifinfomsg);
    assert_int_equal(rtnl_next_attr(msg.body, msg.body_len, &at, &attr), RTNL_OK);
    assert_int_equal(attr.type, IFLA_IFNAME);
    assert_int_equal(attr.len, 5);
    assert_memory_equal(attr.value, "eth0", 5);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rtnl_next_attr(msg.body, msg.body_len, &at, &attr), RTNL_OK);
    assert_int_equal(attr.type, IFLA_LINKINFO); /* without its flag */
    assert_int_equal(rtnl_next_attr(msg.body, msg.body_len, &at, &attr), RTNL_END);
    assert_int_equal(rtnl_next(b.bytes, b.len, &pos, &msg), RTNL_OK);
    assert_int_equal(msg.type, NLMSG_DONE);
    assert_int_equal(rtnl_next(b.bytes, b.len, &pos, &msg), RTNL_END);
}

static void a_17_byte_request_is_a_message(void **state)
{
    uint8_t request[17] = {17, 0, 0, 0, RTM_GETADDR, 0, 1, 3};
    struct rtnl_msg msg;
    size_t pos = 0;

    (void)state;
    assert_int_equal(rtnl_next(request, sizeof(request), &pos, &msg), RTNL_OK);
    assert_int_equal(msg.type, RTM_GETADDR);
    assert_int_equal(msg.body_len, 1);
    assert_int_equal(pos, 17);
    assert_int_equal(rtnl_next(request, sizeof(request), &pos, &msg), RTNL_END);
}

static void wrong_lengths_are_malformed_and_change_nothing(void **state)
{
    static const uint32_t msg_lengths[] = {0, 1, 15, 65, UINT32_MAX, UINT32_MAX - 2, 1u << 31};
    static const uint16_t attr_lengths[] = {0, 3, 13, UINT16_MAX};
    uint8_t bytes[64] = {0};
    struct rtnl_msg msg;
    struct rtnl_attr attr;

    (void)state;
    for (size_t i = 0; i < sizeof(msg_lengths) / sizeof(msg_lengths[0]); i++) {
        struct rtnl_msg before;
        size_t pos = 0;
        memcpy(bytes, &msg_lengths[i], 4);
        memset(&msg, 0x33, sizeof(msg));
        memcpy(&before, &msg, sizeof(msg));
        assert_int_equal(rtnl_next(bytes, sizeof(bytes), &pos, &msg), RTNL_MALFORMED);
        assert_int_equal(pos, 0);
        assert_memory_equal(&msg, &before, sizeof(msg));
    }
    for (size_t i = 0; i < sizeof(attr_lengths) / sizeof(attr_lengths[0]); i++) {
        size_t pos = 0;
        memcpy(bytes, &attr_lengths[i], 2);
        assert_int_equal(rtnl_next_attr(bytes, 12, &pos, &attr), RTNL_MALFORMED);
        assert_int_equal(pos, 0);
    }
    size_t past = SIZE_MAX;
    assert_int_equal(rtnl_next(bytes, sizeof(bytes), &past, &msg), RTNL_END);
    assert_int_equal(rtnl_next_attr(bytes, sizeof(bytes), &past, &attr), RTNL_END);
}

static void a_chunk_cut_anywhere_is_malformed_or_ends(void **state)
{
    static struct built b;

    (void)state;
    b.len = 0;
    put_link(&b);
    size_t first = b.len;
    put_addr4(&b);
    for (size_t cut = 0; cut <= b.len; cut++) {
        uint8_t *copy =
            malloc(cut + 1); /* its own block, so that a sanitizer sees a read past the cut */
        struct rtnl_msg msg;
        enum rtnl_status status;
        size_t pos = 0;
        size_t whole = 0;
        assert_non_null(copy);
        memcpy(copy, b.bytes, cut);
        while ((status = rtnl_next(copy, cut, &pos, &msg)) == RTNL_OK)
            whole++;
        assert_int_equal(whole, cut == b.len ? 2 : cut >= first ? 1 : 0);
        assert_int_equal(status,
                         cut == 0 || cut == first || cut == b.len ? RTNL_END : RTNL_MALFORMED);
        free(copy);
    }
}

static void links_are_decoded(void **state)
{
    static struct built b;
    struct rtnl_link link;

    (void)state;
    b.len = 0;
    put_link(&b);
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_link(&msg, &link));
    assert_int_equal(link.index, 5);
    assert_int_equal(link.flags, IFF_UP | IFF_RUNNING);
    assert_int_equal(link.type, ARPHRD_ETHER);
    assert_string_equal(link.name, "eth0");
    assert_string_equal(link.kind, "veth");
    assert_int_equal(link.master, 4);
    assert_int_equal(link.mtu, 1500);
    msg.type = RTM_NEWADDR;
    assert_false(rtnl_decode_link(&msg, &link));
}

static void names_without_end_are_cut(void **state)
{
    static struct built b;
    struct ifinfomsg head = {.ifi_index = 1};
    struct rtnl_link link;

    (void)state;
    b.len = 0;
    put_msg(&b, RTM_DELLINK, &head, sizeof(head));
    put_attr(&b, IFLA_IFNAME, "abcdefghijklmnopqrstuvwxyz", 26);
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_link(&msg, &link));
    assert_string_equal(link.name, "abcdefghijklmno");
    assert_string_equal(link.kind, "");
}

static void addresses_are_decoded(void **state)
{
    static struct built b;
    struct ifaddrmsg head = {
        .ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_scope = RT_SCOPE_LINK, .ifa_index = 6};
    struct rtnl_addr addr;

    (void)state;
    b.len = 0;
    put_addr4(&b);
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_addr(&msg, &addr));
    assert_int_equal(addr.index, 5);
    assert_int_equal(addr.prefix_bits, 24);
    assert_int_equal(addr.flags, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE);
    assert_int_equal(addr.local.family, NETADDR_IPV4);
    assert_memory_equal(addr.local.ip, v4, 4); /* IFA_LOCAL, not the peer */

    b.len = 0;
    put_msg(&b, RTM_NEWADDR, &head, sizeof(head));
    put_attr(&b, IFA_ADDRESS, v6_local, 16);
    msg = only(&b);
    assert_true(rtnl_decode_addr(&msg, &addr));
    assert_int_equal(addr.local.family, NETADDR_IPV6);
    assert_memory_equal(addr.local.ip, v6_local, 16);
    assert_int_equal(addr.local.scope_id, 6);
    assert_int_equal(addr.scope, RT_SCOPE_LINK);

    b.len = 0;
    put_msg(&b, RTM_NEWADDR, &head, sizeof(head));
    put_attr(&b, IFA_ADDRESS, v6, 16);
    msg = only(&b);
    assert_true(rtnl_decode_addr(&msg, &addr));
    assert_int_equal(addr.local.scope_id, 0);
}

static void addresses_of_the_wrong_size_are_refused(void **state)
{
    static struct built b;
    struct ifaddrmsg head = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 6};
    struct rtnl_addr addr;
    struct rtnl_addr before;
    struct rtnl_msg msg;

    (void)state;
    memset(&addr, 0x55, sizeof(addr));
    memcpy(&before, &addr, sizeof(addr));
    for (size_t len = 0; len <= 16; len++) {
        b.len = 0;
        put_msg(&b, RTM_NEWADDR, &head, sizeof(head));
        put_attr(&b, IFA_LOCAL, v6, len);
        msg = only(&b);
        if (len == 4)
            continue;
        assert_false(rtnl_decode_addr(&msg, &addr));
        assert_memory_equal(&addr, &before, sizeof(addr));
    }
    head.ifa_prefixlen = 33;
    b.len = 0;
    put_msg(&b, RTM_NEWADDR, &head, sizeof(head));
    put_attr(&b, IFA_LOCAL, v4, 4);
    msg = only(&b);
    assert_false(rtnl_decode_addr(&msg, &addr));
    head.ifa_prefixlen = 24;
    head.ifa_family = AF_UNIX;
    b.len = 0;
    put_msg(&b, RTM_NEWADDR, &head, sizeof(head));
    put_attr(&b, IFA_LOCAL, v4, 4);
    msg = only(&b);
    assert_false(rtnl_decode_addr(&msg, &addr));
}

static void routes_are_decoded(void **state)
{
    static struct built b;
    struct rtmsg head = {.rtm_family = AF_INET,
                         .rtm_dst_len = 24,
                         .rtm_table = RT_TABLE_COMPAT,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_type = RTN_UNICAST};
    const uint8_t dst[4] = {198, 51, 100, 0};
    struct rtnl_route route;

    (void)state;
    b.len = 0;
    put_msg(&b, RTM_NEWROUTE, &head, sizeof(head));
    put_attr_u32(&b, RTA_TABLE, 1234);
    put_attr(&b, RTA_DST, dst, 4);
    put_attr_u32(&b, RTA_PRIORITY, 100);
    put_attr(&b, RTA_PREFSRC, v4, 4);
    put_attr(&b, RTA_GATEWAY, v4_peer, 4);
    put_attr_u32(&b, RTA_OIF, 3);
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_route(&msg, &route));
    assert_int_equal(route.family, NETADDR_IPV4);
    assert_int_equal(route.dst_bits, 24);
    assert_int_equal(route.table, 1234);
    assert_int_equal(route.type, RTN_UNICAST);
    assert_int_equal(route.protocol, RTPROT_BOOT);
    assert_memory_equal(route.dst.ip, dst, 4);
    assert_memory_equal(route.gateway.ip, v4_peer, 4);
    assert_memory_equal(route.prefsrc.ip, v4, 4);
    assert_int_equal(route.src.family, NETADDR_NONE);
    assert_int_equal(route.oif, 3);
    assert_int_equal(route.metric, 100);
}

static void a_multipath_route_has_its_first_hop(void **state)
{
    static struct built b;
    struct rtmsg head = {
        .rtm_family = AF_INET6, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
    struct rtnl_route route;
    uint8_t hops[2 * (8 + 20)] = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rtnexthop hop = {.rtnh_len = 28, .rtnh_ifindex = (int)(8 + i)};
        struct rtattr gateway = {.rta_len = 20, .rta_type = RTA_GATEWAY};
        memcpy(hops + 28 * i, &hop, sizeof(hop));
        memcpy(hops + 28 * i + 8, &gateway, sizeof(gateway));
        memcpy(hops + 28 * i + 12, v6_local, 16);
    }
    b.len = 0;
    put_msg(&b, RTM_NEWROUTE, &head, sizeof(head));
    put_attr(&b, RTA_MULTIPATH, hops, sizeof(hops));
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_route(&msg, &route));
    assert_int_equal(route.oif, 8);
    assert_memory_equal(route.gateway.ip, v6_local, 16);
    assert_int_equal(route.gateway.scope_id, 8);
    assert_int_equal(route.table, RT_TABLE_MAIN);

    static const uint16_t bad[] = {0, 7, 57, UINT16_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memcpy(hops, &bad[i], 2);
        b.len = 0;
        put_msg(&b, RTM_NEWROUTE, &head, sizeof(head));
        put_attr(&b, RTA_MULTIPATH, hops, sizeof(hops));
        msg = only(&b);
        assert_false(rtnl_decode_route(&msg, &route));
    }
}

static void a_gateway_may_be_of_another_family(void **state)
{
    static struct built b;
    struct rtmsg head = {
        .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
    struct rtnl_route route;
    uint8_t via[18] = {AF_INET6};

    (void)state;
    memcpy(via + 2, v6_local, 16);
    b.len = 0;
    put_msg(&b, RTM_NEWROUTE, &head, sizeof(head));
    put_attr(&b, RTA_VIA, via, sizeof(via));
    put_attr_u32(&b, RTA_OIF, 3);
    struct rtnl_msg msg = only(&b);
    assert_true(rtnl_decode_route(&msg, &route));
    assert_int_equal(route.gateway.family, NETADDR_IPV6);
    assert_int_equal(route.gateway.scope_id, 3);
}

/* Cut the message's body anywhere: never a read past it, and no half-decoded answer where an
 * attribute is cut. */
static void cut_bodies_are_refused(void **state)
{
    static struct built b;

    (void)state;
    b.len = 0;
    put_addr4(&b);
    struct rtnl_msg msg = only(&b);
    for (size_t cut = 0; cut < msg.body_len; cut++) {
        uint8_t *copy = malloc(cut + 1);
        struct rtnl_addr addr;
        struct rtnl_msg shorter = msg;
        assert_non_null(copy);
        memcpy(copy, msg.body, cut);
        shorter.body = copy;
        shorter.body_len = cut;
        /* Between two attributes, after an address, the rest is whole (the label's padding may
         * lack); elsewhere it is not. */
        bool between = cut == 16 || cut == 24 || (cut >= 33 && cut <= 36);
        assert_int_equal(rtnl_decode_addr(&shorter, &addr), between);
        free(copy);
    }
}

/* Real dumps of this machine's own namespace, which every process may ask for. */
static void the_kernels_own_dumps_are_decoded(void **state)
{
    static const struct {
        uint16_t request;
        uint16_t answer;
        size_t body;
    } dumps[] = {{RTM_GETLINK, RTM_NEWLINK, 16},
                 {RTM_GETADDR, RTM_NEWADDR, 8},
                 {RTM_GETROUTE, RTM_NEWROUTE, 12}};
    static uint8_t buf[1 << 17];

    (void)state;
    for (size_t d = 0; d < 3; d++) {
        struct {
            struct nlmsghdr header;
            uint8_t body[16];
        } request = {
            {(uint32_t)(16 + dumps[d].body), dumps[d].request, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
            {0}};
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        bool done = false;
        size_t decoded = 0;
        assert_true(fd >= 0);
        assert_true(send(fd, &request, request.header.nlmsg_len, 0) > 0);
        while (!done) {
            struct rtnl_msg msg;
            enum rtnl_status status;
            size_t pos = 0;
            ssize_t got = recv(fd, buf, sizeof(buf), 0);
            assert_true(got > 0);
            while ((status = rtnl_next(buf, (size_t)got, &pos, &msg)) == RTNL_OK) {
                struct rtnl_link link;
                struct rtnl_addr addr;
                struct rtnl_route route;
                done = done || msg.type == NLMSG_DONE || msg.type == NLMSG_ERROR;
                if (msg.type != dumps[d].answer)
                    continue;
                if (d == 0) {
                    char name[IF_NAMESIZE] = "";
                    assert_true(rtnl_decode_link(&msg, &link));
                    assert_non_null(if_indextoname(link.index, name));
                    assert_string_equal(link.name, name);
                } else if (d == 1) {
                    assert_true(rtnl_decode_addr(&msg, &addr));
                } else if (msg.body[0] == AF_INET || msg.body[0] == AF_INET6) {
                    assert_true(rtnl_decode_route(&msg, &route));
                }
                decoded++;
            }
            assert_int_equal(status, RTNL_END);
        }
        close(fd);
        assert_true(d != 0 || decoded > 0); /* loopback at least */
    }
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(rtnl_type_name(RTM_GETADDR), "RTM_GETADDR");
    assert_string_equal(rtnl_type_name(NLMSG_DONE), "NLMSG_DONE");
    assert_string_equal(rtnl_type_name(0), "");
    assert_string_equal(rtnl_type_name(UINT16_MAX), "");
    for (unsigned a = 1; a < 200; a++)
        for (unsigned b = 1; b < a && rtnl_type_name((uint16_t)a)[0] != '\0'; b++)
            assert_string_not_equal(rtnl_type_name((uint16_t)a), rtnl_type_name((uint16_t)b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_attributes_are_walked),
        cmocka_unit_test(a_17_byte_request_is_a_message),
        cmocka_unit_test(wrong_lengths_are_malformed_and_change_nothing),
        cmocka_unit_test(a_chunk_cut_anywhere_is_malformed_or_ends),
        cmocka_unit_test(links_are_decoded),
        cmocka_unit_test(names_without_end_are_cut),
        cmocka_unit_test(addresses_are_decoded),
        cmocka_unit_test(addresses_of_the_wrong_size_are_refused),
        cmocka_unit_test(routes_are_decoded),
        cmocka_unit_test(a_multipath_route_has_its_first_hop),
        cmocka_unit_test(a_gateway_may_be_of_another_family),
        cmocka_unit_test(cut_bodies_are_refused),
        cmocka_unit_test(the_kernels_own_dumps_are_decoded),
        cmocka_unit_test(types_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
