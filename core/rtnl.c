/* Walking netlink messages and attributes in a buffer that may hold anything. */
#include "rtnl.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum {
    MSG_HEADER_BYTES = sizeof(struct nlmsghdr),
    ATTR_HEADER_BYTES = sizeof(struct rtattr),
};

/* Where the next one starts: after the padding to 4 bytes, or at the end where the last one's
 * padding was left out. */
static size_t padded(size_t len, size_t left)
{
    size_t full = (len + 3) & ~(size_t)3;

    return full < left ? full : left;
}

enum rtnl_status rtnl_next(const uint8_t *in, size_t len, size_t *pos, struct rtnl_msg *out)
{
    struct nlmsghdr header;

    if (*pos >= len)
        return RTNL_END;
    size_t left = len - *pos;
    if (left < MSG_HEADER_BYTES)
        return RTNL_MALFORMED;
    memcpy(&header, in + *pos, sizeof(header));
    if (header.nlmsg_len < MSG_HEADER_BYTES || header.nlmsg_len > left)
        return RTNL_MALFORMED;

    *out = (struct rtnl_msg){
        .len = header.nlmsg_len,
        .type = header.nlmsg_type,
        .flags = header.nlmsg_flags,
        .seq = header.nlmsg_seq,
        .pid = header.nlmsg_pid,
        .body = in + *pos + MSG_HEADER_BYTES,
        .body_len = header.nlmsg_len - MSG_HEADER_BYTES,
    };
    *pos += padded(header.nlmsg_len, left);
    return RTNL_OK;
}

enum rtnl_status rtnl_next_attr(const uint8_t *in, size_t len, size_t *pos, struct rtnl_attr *out)
{
    struct rtattr header;

    if (*pos >= len)
        return RTNL_END;
    size_t left = len - *pos;
    if (left < ATTR_HEADER_BYTES)
        return RTNL_MALFORMED;
    memcpy(&header, in + *pos, sizeof(header));
    if (header.rta_len < ATTR_HEADER_BYTES || header.rta_len > left)
        return RTNL_MALFORMED;

    *out = (struct rtnl_attr){
        .type = header.rta_type & (uint16_t)NLA_TYPE_MASK,
        .value = in + *pos + ATTR_HEADER_BYTES,
        .len = header.rta_len - (size_t)ATTR_HEADER_BYTES,
    };
    *pos += padded(header.rta_len, left);
    return RTNL_OK;
}

/* What a dump or a notification can carry, by linux/netlink.h and linux/rtnetlink.h. */
static const struct {
    uint16_t type;
    const char *name;
} type_names[] = {
#define ROW(constant)                                                                              \
    {                                                                                              \
        constant, #constant                                                                        \
    }
    ROW(NLMSG_NOOP),       ROW(NLMSG_ERROR),      ROW(NLMSG_DONE),       ROW(NLMSG_OVERRUN),
    ROW(RTM_NEWLINK),      ROW(RTM_DELLINK),      ROW(RTM_GETLINK),      ROW(RTM_SETLINK),
    ROW(RTM_NEWADDR),      ROW(RTM_DELADDR),      ROW(RTM_GETADDR),      ROW(RTM_NEWROUTE),
    ROW(RTM_DELROUTE),     ROW(RTM_GETROUTE),     ROW(RTM_NEWNEIGH),     ROW(RTM_DELNEIGH),
    ROW(RTM_GETNEIGH),     ROW(RTM_NEWRULE),      ROW(RTM_DELRULE),      ROW(RTM_GETRULE),
    ROW(RTM_NEWQDISC),     ROW(RTM_DELQDISC),     ROW(RTM_GETQDISC),     ROW(RTM_NEWPREFIX),
    ROW(RTM_GETMULTICAST), ROW(RTM_GETANYCAST),   ROW(RTM_NEWNEIGHTBL),  ROW(RTM_GETNEIGHTBL),
    ROW(RTM_SETNEIGHTBL),  ROW(RTM_NEWNDUSEROPT), ROW(RTM_NEWADDRLABEL), ROW(RTM_DELADDRLABEL),
    ROW(RTM_GETADDRLABEL), ROW(RTM_NEWNETCONF),   ROW(RTM_DELNETCONF),   ROW(RTM_GETNETCONF),
    ROW(RTM_NEWNSID),      ROW(RTM_DELNSID),      ROW(RTM_GETNSID),      ROW(RTM_NEWSTATS),
    ROW(RTM_GETSTATS),     ROW(RTM_NEWNEXTHOP),   ROW(RTM_DELNEXTHOP),   ROW(RTM_GETNEXTHOP),
    ROW(RTM_NEWLINKPROP),  ROW(RTM_DELLINKPROP),  ROW(RTM_GETLINKPROP),
#undef ROW
};

const char *rtnl_type_name(uint16_t type)
{
    for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
        if (type_names[i].type == type)
            return type_names[i].name;
    return "";
}
