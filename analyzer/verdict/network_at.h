/*
 * The machine's network as run.json tells it, at any time of the run: the state at the start with
 * the changes up to then applied.
 */
#ifndef RTCSHIM_ANALYZER_NETWORK_AT_H
#define RTCSHIM_ANALYZER_NETWORK_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run_folder.h"

enum {
    NETWORK_TABLE_MAIN = 254,
    NETWORK_AT_EVER_MAX = 1024, /* names, and addresses, that are listed */
};

struct network_at;

/* Borrows from run, which must outlive it. NULL: memory is out. */
struct network_at *network_at_new(const struct run_folder *run);
void network_at_free(struct network_at *network); /* takes NULL */

/* Make it the state at time_ns (since the epoch). Cheap while time goes forward. */
void network_at_move(struct network_at *network, uint64_t time_ns);

/* How many changes there were until now: while it stays the same, so does every answer. */
size_t network_at_epoch(const struct network_at *network);

/* The interface that has this address now, else that had or gets it at any time of the run; NULL
 * none. Borrowed from run. */
const char *network_at_owner(const struct network_at *network, const struct netaddr *ip);
/* The interface has this address now. */
bool network_at_has_address(const struct network_at *network, const char *iface,
                            const struct netaddr *ip);
/* It was up at any time of the run. */
bool network_at_ever_up(const struct network_at *network, const char *iface);
/* It had a default route at any time of the run, in any table. Half of all addresses is one too:
 * VPNs add 0.0.0.0/1 and 128.0.0.0/1 beside the one that is there. */
bool network_at_ever_default(const struct network_at *network, const char *iface);
/* The name that the interface of this name was given next while it stayed the same; NULL none. The
 * first that had the name, if there were several. */
const char *network_at_renamed(const struct network_at *network, const char *iface);
/* The interface is there, up, and has an address. */
bool network_at_up(const struct network_at *network, const char *iface);
/* It has an address of that family that is neither link-local nor loopback. */
bool network_at_has_family(const struct network_at *network, const char *iface, uint8_t family);
/* A route of table main that leads to remote: longest prefix, then lowest metric. NULL none. */
const struct run_route *network_at_route(const struct network_at *network,
                                         const struct netaddr *remote);
/* A default route over iface in any table but main; NULL none. For "a rule leads there". */
const struct run_route *network_at_other_table(const struct network_at *network, const char *iface,
                                               const struct netaddr *remote);
/* The interface has a default route for the family, in table main. */
bool network_at_has_default(const struct network_at *network, const char *iface, uint8_t family);

/* Every interface there ever was, one after another; NULL at the end. */
const char *network_at_iface(const struct network_at *network, size_t number);
/* Its row as it stands now, or as it last stood; NULL none. */
const struct run_iface *network_at_find_iface(const struct network_at *network, const char *name);
/* Addresses there ever were; NULL at the end. */
const struct run_address *network_at_address(const struct network_at *network, size_t number);

#endif
