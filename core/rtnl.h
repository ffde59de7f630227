/*
 * Walking rtnetlink messages (linux/netlink.h, linux/rtnetlink.h) in a buffer that may hold
 * anything.
 *
 * Pure and async-signal-safe. No pointer cast over the buffer: it need not be aligned.
 */
#ifndef RTCSHIM_CORE_RTNL_H
#define RTCSHIM_CORE_RTNL_H

#include "netaddr.h"

struct rtnl_msg {
    uint32_t len;   /* nlmsg_len */
    uint16_t type;  /* RTM_NEWADDR, NLMSG_DONE, ... */
    uint16_t flags; /* NLM_F_* */
    uint32_t seq, pid;
    const uint8_t *body; /* after the 16-byte header; borrowed */
    size_t body_len;
};

enum rtnl_status {
    RTNL_OK,
    RTNL_END,       /* no more messages */
    RTNL_MALFORMED, /* a length runs past the end or is shorter than its header */
};

/* The message at *pos of in[0..len); moves *pos past it and its padding. On RTNL_END and
 * RTNL_MALFORMED *out and *pos are unchanged. */
enum rtnl_status rtnl_next(const uint8_t *in, size_t len, size_t *pos, struct rtnl_msg *out);

struct rtnl_attr {
    uint16_t type; /* without NLA_F_NESTED and NLA_F_NET_BYTEORDER */
    const uint8_t *value;
    size_t len;
};

/* The same for attributes in in[0..len). */
enum rtnl_status rtnl_next_attr(const uint8_t *in, size_t len, size_t *pos, struct rtnl_attr *out);

struct rtnl_link {
    uint32_t index;
    uint32_t flags;  /* IFF_* */
    uint16_t type;   /* ARPHRD_* */
    char name[16];   /* NUL-terminated, "" where absent */
    char kind[32];   /* IFLA_INFO_KIND: "tun", "wireguard", "veth"...; "" where absent */
    uint32_t master; /* IFLA_MASTER, 0 none */
    uint32_t mtu;
};

struct rtnl_addr {
    uint32_t index;
    struct netaddr local; /* IFA_LOCAL, or IFA_ADDRESS where absent; port 0 */
    uint8_t prefix_bits;
    uint8_t scope;  /* RT_SCOPE_* */
    uint32_t flags; /* IFA_F_* */
};

struct rtnl_route {
    uint8_t family; /* enum netaddr_family */
    uint8_t dst_bits, src_bits;
    uint8_t type;     /* RTN_* */
    uint8_t protocol; /* RTPROT_* */
    uint8_t scope;
    uint32_t table;
    struct netaddr dst, src, gateway, prefsrc;
    uint32_t oif; /* 0 none; of a multipath route the first hop's */
    uint32_t metric;
};

/* Decode the body of RTM_NEWLINK/DELLINK, NEWADDR/DELADDR, NEWROUTE/DELROUTE. false: too short or
 * malformed, *out unchanged. */
bool rtnl_decode_link(const struct rtnl_msg *msg, struct rtnl_link *out);
bool rtnl_decode_addr(const struct rtnl_msg *msg, struct rtnl_addr *out);
bool rtnl_decode_route(const struct rtnl_msg *msg, struct rtnl_route *out);

/* "RTM_GETADDR", "NLMSG_DONE", ...; "" where unknown; static. */
const char *rtnl_type_name(uint16_t type);

#endif
