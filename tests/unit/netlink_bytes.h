/*
 * Builds rtnetlink messages for tests: what a kernel with eth0 (192.168.1.23, index 2) and tun0
 * (10.8.0.2, index 4) would send.
 */
#ifndef RTCSHIM_TESTS_NETLINK_BYTES_H
#define RTCSHIM_TESTS_NETLINK_BYTES_H

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>

struct netlink_bytes {
    uint8_t data[8192];
    size_t len;
};

static inline void netlink_put(struct netlink_bytes *b, const void *bytes, size_t len)
{
    if (len > 0) /* bytes may be NULL otherwise, which memcpy() does not take */
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    while (b->len % 4)
        b->data[b->len++] = 0;
}

static inline size_t netlink_begin(struct netlink_bytes *b, uint16_t type, uint16_t flags,
                                   uint32_t seq)
{
    struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq};
    size_t at = b->len;

    netlink_put(b, &header, sizeof header);
    return at;
}

static inline void netlink_end(struct netlink_bytes *b, size_t at)
{
    uint32_t len = (uint32_t)(b->len - at);

    memcpy(b->data + at, &len, sizeof len);
}

static inline void netlink_attr(struct netlink_bytes *b, uint16_t type, const void *value,
                                size_t len)
{
    struct rtattr attr = {.rta_len = (uint16_t)(sizeof attr + len), .rta_type = type};

    netlink_put(b, &attr, sizeof attr);
    netlink_put(b, value, len);
}

static inline void netlink_link(struct netlink_bytes *b, uint16_t type, uint16_t flags,
                                uint32_t seq, int index, const char *name)
{
    struct ifinfomsg info = {.ifi_index = index};
    size_t at = netlink_begin(b, type, flags, seq);

    netlink_put(b, &info, sizeof info);
    netlink_attr(b, IFLA_IFNAME, name, strlen(name) + 1);
    netlink_end(b, at);
}

static inline void netlink_addr(struct netlink_bytes *b, uint16_t type, uint16_t flags,
                                uint32_t seq, uint32_t index, const char *ip)
{
    struct ifaddrmsg info = {.ifa_index = index, .ifa_prefixlen = 24};
    size_t at = netlink_begin(b, type, flags, seq);
    uint8_t raw[16];
    size_t width = inet_pton(AF_INET, ip, raw) == 1 ? 4 : 16;

    info.ifa_family = width == 4 ? AF_INET : AF_INET6;
    if (width == 16)
        inet_pton(AF_INET6, ip, raw);
    netlink_put(b, &info, sizeof info);
    netlink_attr(b, IFA_ADDRESS, raw, width);
    if (width == 4)
        netlink_attr(b, IFA_LOCAL, raw, width);
    netlink_end(b, at);
}

/* A default route of IPv4. */
static inline void netlink_route(struct netlink_bytes *b, uint16_t type, uint16_t flags,
                                 uint32_t seq, uint32_t oif)
{
    struct rtmsg info = {
        .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
    size_t at = netlink_begin(b, type, flags, seq);

    netlink_put(b, &info, sizeof info);
    netlink_attr(b, RTA_OIF, &oif, sizeof oif);
    netlink_end(b, at);
}

/* A request for a dump, RTM_GET*. */
static inline void netlink_request(struct netlink_bytes *b, uint16_t type, uint16_t flags,
                                   uint32_t seq)
{
    uint8_t family[8] = {0};
    size_t at = netlink_begin(b, type, flags, seq);

    netlink_put(b, family, sizeof family);
    netlink_end(b, at);
}

static inline void netlink_done(struct netlink_bytes *b, uint16_t type, uint32_t seq, int32_t error)
{
    size_t at = netlink_begin(b, type, NLM_F_MULTI, seq);

    netlink_put(b, &error, sizeof error);
    netlink_end(b, at);
}

#endif
