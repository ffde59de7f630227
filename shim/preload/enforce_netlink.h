/*
 * What is hidden, taken out of rtnetlink answers and notifications.
 *
 * The caller's buffers are edited in place after the real call, by core/rtnl_filter.h. A datagram
 * of which nothing is left has never come. A peek is judged by the whole datagram, however little
 * room the caller gave, and one that is all hidden is taken off the socket, so that the peek tells
 * of the datagram that the next call will get. The length that MSG_TRUNC reports is the datagram's
 * own: an upper bound of what can be read.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_NETLINK_H
#define RTCSHIM_PRELOAD_ENFORCE_NETLINK_H

#include "enforce_receive.h"
#include "rtnl_filter.h"

/* true: nothing is left, and the call is to be made again. Async-signal-safe. */
bool enforce_netlink(struct received *received);

/*
 * A descriptor that was not seen made received what can only be links, addresses or routes by
 * rtnetlink. The kernel is not asked: in a sandbox the question kills.
 */
bool enforce_netlink_likely(const struct received *received);

/* recvmmsg on a rtnetlink socket while something is hidden: one message a call, so that no slot
 * stays empty. count > 0. */
int enforce_netlink_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
                             struct timespec *timeout);

/*
 * A socket of another kind that shows interfaces or addresses in a form that is not taken apart:
 * NETLINK_SOCK_DIAG (every socket's own address), NETLINK_GENERIC (nl80211, ethtool, WireGuard),
 * NETLINK_NETFILTER, NETLINK_XFRM, packet sockets, AF_KEY. true: refused as a kernel without it
 * refuses, and told. ss, ethtool and iw then ask by other roads.
 */
bool enforce_netlink_socket_slow(enum event_call call, int domain, int type, int protocol,
                                 uint64_t caller);

enum { SOCKET_TYPE = 0xf }; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

static inline bool enforce_netlink_socket(enum event_call call, int domain, int type, int protocol,
                                          uint64_t caller)
{
    return unlikely(domain == AF_NETLINK || domain == AF_PACKET || domain == AF_KEY ||
                    (type & SOCKET_TYPE) == SOCK_PACKET) &&
           hiding() && enforce_netlink_socket_slow(call, domain, type, protocol, caller);
}

static inline bool enforce_netlink_one_by_one(int fd, unsigned int count)
{
    return hiding() && count > 0 && fd_kind(fdtab_get(fd)) == FD_ROUTE;
}

#endif
