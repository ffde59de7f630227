/* What the policy in force hides. */
#include "hides.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

bool hides_index(uint32_t ifindex)
{
    return (policy_hidden_index(shim.policy, ifindex) & POLICY_HIDDEN_LINK) != 0;
}

bool hides_name(const char *name, size_t len)
{
    return (policy_hidden_name(shim.policy, name, len) & POLICY_HIDDEN_LINK) != 0;
}

bool hides_addr(const struct netaddr *addr)
{
    return policy_known_addr(shim.policy, addr) == POLICY_ADDR_HIDDEN;
}

bool hides_addr_on(const char *name, size_t len, const struct netaddr *addr)
{
    unsigned bits = POLICY_HIDDEN_LINK | (addr->family == NETADDR_IPV4   ? POLICY_HIDDEN_INET
                                          : addr->family == NETADDR_IPV6 ? POLICY_HIDDEN_INET6
                                                                         : 0u);

    return (policy_hidden_name(shim.policy, name, len) & bits) != 0 ||
           (addr->family != NETADDR_NONE && hides_addr(addr));
}

bool hides_by_mask(const char *name, size_t len, uint8_t family)
{
    unsigned bit = family == NETADDR_IPV4   ? POLICY_MASKED_INET
                   : family == NETADDR_IPV6 ? POLICY_MASKED_INET6
                                            : 0u;

    return (policy_hidden_name(shim.policy, name, len) & bit) != 0;
}

void hides_mask(struct sockaddr *addr)
{
    struct netaddr decoy;

    if (addr && addr->sa_family == AF_INET) {
        decoy = policy_decoy(NETADDR_IPV4);
        memcpy((char *)addr + offsetof(struct sockaddr_in, sin_addr), decoy.ip, 4);
    } else if (addr && addr->sa_family == AF_INET6) {
        decoy = policy_decoy(NETADDR_IPV6);
        memcpy((char *)addr + offsetof(struct sockaddr_in6, sin6_addr), decoy.ip, 16);
    }
}

void hides_netmask(struct sockaddr *mask)
{
    if (mask && mask->sa_family == AF_INET)
        memset((char *)mask + offsetof(struct sockaddr_in, sin_addr), 0xff, 4);
    else if (mask && mask->sa_family == AF_INET6)
        memset((char *)mask + offsetof(struct sockaddr_in6, sin6_addr), 0xff, 16);
}

static unsigned by_index(const void *ctx, uint32_t ifindex)
{
    (void)ctx;
    return policy_hidden_index(shim.policy, ifindex);
}

static unsigned by_name(const void *ctx, const char *name, size_t len)
{
    (void)ctx;
    return policy_hidden_name(shim.policy, name, len);
}

static bool by_prefix(const void *ctx, const struct netaddr *addr, unsigned bits)
{
    (void)ctx;
    if (bits < (addr->family == NETADDR_IPV4 ? 32u : 128u))
        return policy_hidden_within(shim.policy, addr, bits);
    return hides_addr(addr);
}

static uint32_t port_of(const void *ctx)
{
    struct sockaddr_nl own = {0};
    socklen_t len = sizeof own;
    const int *fd = ctx;
    int saved = errno;
    int result = REAL(getsockname)(*fd, (struct sockaddr *)&own, &len);

    errno = saved;
    return result == 0 && own.nl_family == AF_NETLINK ? own.nl_pid : 0;
}

struct rtnl_hides hides_for_netlink(const int *fd)
{
    return (struct rtnl_hides){
        .ctx = fd, .index = by_index, .name = by_name, .prefix = by_prefix, .port = port_of};
}

void hides_note(struct event *event, int error)
{
    event->action = POLICY_HIDE;
    event->rule = POLICY_RULE_DEFAULT;
    event->generation = atomic_load_explicit(&shim.policy->generation, memory_order_relaxed);
    if (error) {
        event->flags |= EVENT_REFUSED | EVENT_FAILED;
        event->error = error;
        event->result = -1;
    }
}
