/*
 * The list of interfaces and addresses that one look at the network showed to a process, each pair
 * once.
 */
#ifndef RTCSHIM_LAUNCHER_SHOWN_H
#define RTCSHIM_LAUNCHER_SHOWN_H

#include <jansson.h>

#include "event.h"
#include "network.h"

enum { SHOWN_MAX = 512 };

struct shown_item {
    uint32_t ifindex;              /* 0 unknown */
    char name[EVENT_IFNAME_BYTES]; /* as the process was told, not terminated where it fills the
                                      array; "" where only an index was told */
    struct netaddr ip;             /* NETADDR_NONE for an interface without address; port 0 */
};

/* Zeroed is empty. */
struct shown {
    struct shown_item *item;
    size_t count, room;
    size_t left_out; /* past SHOWN_MAX, or no memory */
};

void shown_free(struct shown *shown);

/* name: EVENT_IFNAME_BYTES bytes at most, NULL unknown. ip may be NULL. */
void shown_add(struct shown *shown, uint32_t ifindex, const char *name, const struct netaddr *ip);

/*
 * [{"iface","ip"}...]. An interface that was told by index alone gets the name that the same list
 * gives it elsewhere, else network's; one that nobody can name gets "iface":null and its "ifindex".
 * An interface with addresses is not listed without one. New reference.
 */
json_t *shown_json(const struct shown *shown, const struct network *network);

#endif
