/*
 * Which interface carries a message, and how that is known.
 *
 * In this order: the socket or message is pinned to an interface; its local address belongs to one; the kernel's route lookup names one.
 * What goes to a loopback address or to an address of this machine stays on lo. Only a capture knows for certain; see iface_source.
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
    uint32_t ifindex;        /* 0 unknown */
    uint32_t route_ifindex;  /* where source is IFACE_ADDRESS and the route lookup names another interface: that one; else 0 */
    struct netaddr local;    /* the record's local address; for a socket bound to the wildcard what the kernel would choose */
    bool wildcard;           /* the socket is bound to 0.0.0.0 or ::, and local is a guess or, where no route is known, the wildcard */
};

/* "pinned", "address", "route", "unknown"; static. */
const char *iface_source_name(enum iface_source source);

/* head: flags, local, remote, ifindex and mark are looked at. Asks the kernel for a route, whose answer the network remembers. */
void carrier_find(struct network *network, const struct event *head, struct carrier *out);

#endif
