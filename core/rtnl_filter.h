/*
 * Hiding interfaces and addresses in rtnetlink data (linux/rtnetlink.h) that a process has
 * received: the bytes of one datagram are edited in place, and stay what a strict reader expects.
 *
 * A message about something hidden is taken out; an attribute that merely points to something
 * hidden (IFLA_MASTER, RTA_PREFSRC, one next hop of several) is taken out of its message. Lengths,
 * alignment, NLM_F_MULTI, NLMSG_DONE, sequence and port numbers stay valid. The answer to a request
 * for one object becomes an NLMSG_ERROR, as if the object did not exist.
 *
 * An address of an interface that is masked (POLICY_MASKED_INET, POLICY_MASKED_INET6) stays as a
 * message about policy_decoy(); routes, neighbours and the like go as if it were hidden.
 *
 * A message of a type that is not in the table (rtnl_filter_table.c) is taken out: nobody knows
 * what it tells. So is one that is malformed, cut, or about another network namespace.
 *
 * Pure, async-signal-safe, no allocation; the buffer need not be aligned. Linked into the preload
 * library.
 */
#ifndef RTCSHIM_CORE_RTNL_FILTER_H
#define RTCSHIM_CORE_RTNL_FILTER_H

#include "rtnl.h"

/* What is hidden; asked for each message. All functions must be given. The bits are enum
 * policy_hidden's. */
struct rtnl_hides {
    const void *ctx;
    unsigned (*index)(const void *ctx, uint32_t ifindex);
    unsigned (*name)(const void *ctx, const char *name, size_t len);
    /* A hidden address lies in this prefix; bits is the family's width where one address is meant.
     */
    bool (*prefix)(const void *ctx, const struct netaddr *addr, unsigned bits);
    /* The port number of the socket that received it, 0 unknown. Asked only where a message outside
     * a dump about something hidden bears a port number. */
    uint32_t (*port)(const void *ctx);
    bool multicast; /* the datagram was sent to a group: nothing in it is an answer */
};

enum rtnl_fate {
    RTNL_SHOWN,  /* goes on as it came */
    RTNL_EDITED, /* an attribute goes, or an address in it becomes another */
    RTNL_REMOVED,
    RTNL_REFUSED, /* the answer to a request for one object: becomes an error */
};

struct rtnl_filtered {
    size_t len; /* bytes of the datagram now */
    uint32_t removed, edited, refused;
};

/*
 * Edit the datagram in bytes[0..len).
 *
 * room  bytes that may be written there, at least len: an error may take more room than the message
 *       that it stands for. out->len may be larger than room; what lies beyond is lost, as the
 *       kernel cuts a datagram.
 *
 * out->len 0: nothing is left. Bytes between the new and the old length are zeros. Editing an
 * edited datagram again changes nothing.
 */
void rtnl_filter(uint8_t *bytes, size_t len, size_t room, const struct rtnl_hides *hides,
                 struct rtnl_filtered *out);

/* What rtnl_filter() would do with this one message. */
enum rtnl_fate rtnl_filter_fate(const struct rtnl_msg *msg, const struct rtnl_hides *hides);

#endif
