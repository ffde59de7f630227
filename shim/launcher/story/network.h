/*
 * The interfaces, addresses and routes of this network namespace: read at the start, watched for
 * changes, and asked which way a packet goes.
 *
 * Everything comes from rtnetlink. Only the launcher's own namespace is known; a process in another
 * one is described wrongly or not at all.
 */
#ifndef RTCSHIM_LAUNCHER_NETWORK_H
#define RTCSHIM_LAUNCHER_NETWORK_H

#include <jansson.h>
#include <sys/types.h>

#include "rtnl.h"

enum {
    NETWORK_LINKS_MAX = 4096,
    NETWORK_ADDRS_MAX = 16384,
    NETWORK_ROUTES_MAX =
        2048, /* further ones are counted; a full BGP table is no use in run.json */
    NETWORK_LOOKUPS_MAX = 4096, /* remembered route lookups */
    NETWORK_CHANGES_MAX = 10000,
};

struct network;
struct network_table;

enum network_what {
    NETWORK_INTERFACE,
    NETWORK_ADDRESS,
    NETWORK_ROUTE,
};

enum network_verb {
    NETWORK_ADDED,
    NETWORK_CHANGED,
    NETWORK_REMOVED,
};

/*
 * Told once for each change that alters something here; repeats (renewed lifetimes, link
 * statistics) are not told. change  {"change","what","interface"|"address"|"route"}; borrowed
 */
typedef void network_change_fn(const json_t *change, void *ctx);

/* Opens the monitor, then reads everything once. uid: whose packets are looked up. NULL and errno
 * where rtnetlink can't be used. */
struct network *network_new(uid_t uid);

/* Without sockets: knows what network_apply() and network_remember() tell it. For tests and for
 * going on where rtnetlink is refused. */
struct network *network_new_offline(void);
void network_free(struct network *network);

/* To poll for input; -1 where offline. */
int network_fd(const struct network *network);

/* Take in what the monitor has. Does not block. After an overrun everything is read anew and the
 * differences are told. */
void network_ready(struct network *network, network_change_fn *tell, void *ctx);

/* Read everything anew where a change took more with it than it said; else nothing. To be called
 * now and then. */
void network_settle(struct network *network, network_change_fn *tell, void *ctx);

/* Take in rtnetlink messages from in[0..len); tell may be NULL. */
void network_apply(struct network *network, const uint8_t *in, size_t len, network_change_fn *tell,
                   void *ctx);

/* NULL where unknown; borrowed until the next change. */
const char *network_name_of(const struct network *network, uint32_t ifindex);

/* Index of the interface that has this address (scope looked at for link-local ones), 0 none. */
uint32_t network_owner_of(const struct network *network, const struct netaddr *addr);

struct network_lookup {
    struct netaddr dest,
        source; /* ports are ignored; source NETADDR_NONE or unspecified: the kernel chooses */
    uint32_t mark;
    uint32_t oif; /* pinned to this interface, 0 none */
};

struct network_answer {
    bool found; /* false: no route, or the kernel could not be asked */
    uint32_t oif;
    struct netaddr
        prefsrc; /* the source the kernel would choose; NETADDR_NONE where it does not say */
};

/* Ask the kernel (RTM_GETROUTE), or the memory of earlier answers, which any change of the network
 * empties. */
void network_route(struct network *network, const struct network_lookup *lookup,
                   struct network_answer *out);

/* Put an answer in the memory, as if the kernel had given it. */
void network_remember(struct network *network, const struct network_lookup *lookup,
                      const struct network_answer *answer);

/* The tables themselves (network_table.h); borrowed until the next change. */
const struct network_table *network_table_of(const struct network *network);

/* Moves whenever interfaces, addresses, routes or rules did. */
uint64_t network_version(const struct network *network);

/* How many times the kernel was asked. For tests. */
uint64_t network_asked(const struct network *network);

/* {"start":{"interfaces","addresses","routes"},"changes":[...],"left_out":N}. New reference. */
json_t *network_json(const struct network *network);

#endif
