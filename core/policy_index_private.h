/* What the making of the index and the looking up share. For policy_index*.c alone. */
#ifndef RTCSHIM_CORE_POLICY_INDEX_PRIVATE_H
#define RTCSHIM_CORE_POLICY_INDEX_PRIVATE_H

#include "bytes.h"
#include "policy_index.h"

/* Reserved (RFC 8489 section 18.2), and so "not known". */
enum { POLICY_METHOD_NONE = 0 };

static inline uint32_t at_most(uint32_t count, uint32_t max)
{
    return count < max ? count : max;
}

/* In policy_index.family. */
static inline unsigned place_of_family(uint8_t family)
{
    return family == NETADDR_IPV4 ? 1 : family == NETADDR_IPV6 ? 2 : 0;
}

/* An address, IPv4 in the upper bits. */
struct number {
    uint64_t high, low;
};

static inline struct number number_of(const struct netaddr *addr)
{
    if (addr->family == NETADDR_IPV4)
        return (struct number){(uint64_t)be32(addr->ip) << 32, 0};
    return (struct number){be64(addr->ip), be64(addr->ip + 8)};
}

static inline bool below(uint64_t high, uint64_t low, struct number n)
{
    return high < n.high || (high == n.high && low < n.low);
}

/* Where the search for an address begins in policy_index.own. */
static inline unsigned place_of_own(uint8_t family, struct number n)
{
    uint64_t mixed = ((n.high ^ n.low) + family) * UINT64_C(0x9e3779b97f4a7c15);

    return (unsigned)(mixed >> 32) % POLICY_OWN_PLACES;
}

#endif
