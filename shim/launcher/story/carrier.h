/*
 * Which interface carries a message, and how that is known.
 *
 * In this order: the socket or message is pinned to an interface; its local address belongs to one;
 * the kernel's route lookup names one. What goes to a loopback address or to an address of this
 * machine stays on lo. A local address says where an answer is expected, not which way a packet
 * leaves: Linux routes by destination, so a socket bound to eth0's address sends through tun0 where
 * the route leads there. Where the lookup, asked with that source, contradicts the address, the
 * lookup is right, and the address's interface is kept beside it. What comes in is described by the
 * way that the flow goes out. Only a capture knows for certain.
 */
#ifndef RTCSHIM_LAUNCHER_CARRIER_H
#define RTCSHIM_LAUNCHER_CARRIER_H

#include "event.h"
#include "network.h"

enum iface_source {
    IFACE_UNKNOWN,
    IFACE_PINNED,
    IFACE_ADDRESS,
    IFACE_ROUTE,
};

struct carrier {
    enum iface_source source;
    uint32_t ifindex;         /* 0 unknown */
    uint32_t address_ifindex; /* where the route lookup contradicts the local address: the interface
                                 that has it; else 0 */
    struct netaddr local; /* the record's local address; for a socket bound to the wildcard what the
                             kernel would choose */
    bool wildcard; /* the socket is bound to 0.0.0.0 or ::, and local is a guess or, where no route
                      is known, the wildcard */
};

/* "pinned", "address", "route", "unknown"; static. */
const char *iface_source_name(enum iface_source source);

/* head: flags, local, remote, ifindex and mark are looked at. Asks the kernel for a route, whose
 * answer the network remembers. */
void carrier_find(struct network *network, const struct event *head, struct carrier *out);

/* The same of a process in another network namespace, of which nothing is known here. */
void carrier_elsewhere(const struct event *head, struct carrier *out);

#endif
