/*
 * The policy's answers about what is hidden, as the parts of the library ask for them. errno is
 * kept, async-signal-safe.
 */
#ifndef RTCSHIM_PRELOAD_HIDES_H
#define RTCSHIM_PRELOAD_HIDES_H

#include "emit.h"
#include "rtnl_filter.h"

/* Something is hidden by the policy in force. */
static inline bool hides_anything(void)
{
    return unlikely(shim.active && policy_hides(shim.policy));
}

/* The interface is hidden; a name is at most len bytes or up to its NUL. */
bool hides_index(uint32_t ifindex);
bool hides_name(const char *name, size_t len);
/* An address on an interface of that name, whose family may be hidden by itself. */
bool hides_addr_on(const char *name, size_t len, const struct netaddr *addr);
bool hides_addr(const struct netaddr *addr);
/* Addresses of that family on that interface are hidden by the decoy being shown instead. */
bool hides_by_mask(const char *name, size_t len, uint8_t family);
/* Write the decoy, or the mask of a single address, over this socket address, if it is one of IP.
 * NULL is none. */
void hides_mask(struct sockaddr *addr);
void hides_netmask(struct sockaddr *mask);

/* For core/rtnl_filter.h: what fd's messages are judged by. fd must stay where it is. */
struct rtnl_hides hides_for_netlink(const int *fd);

/* Note on an event that something was hidden, or (with error) that the call was refused for it. */
void hides_note(struct event *event, int error);

#endif
