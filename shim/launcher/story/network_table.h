/*
 * The tables behind network.h: which interfaces, addresses and routes there are, kept current from
 * single rtnetlink messages.
 */
#ifndef RTCSHIM_LAUNCHER_NETWORK_TABLE_H
#define RTCSHIM_LAUNCHER_NETWORK_TABLE_H

#include "network.h"

struct network_entry_link {
    struct rtnl_link link;
    uint32_t round;
};
struct network_entry_addr {
    struct rtnl_addr addr;
    uint32_t round;
};
struct network_entry_route {
    struct rtnl_route route;
    uint32_t round;
};

/* round: the reading that last confirmed the entry; what a new reading does not confirm is gone. */
struct network_table {
    struct network_entry_link *link;
    struct network_entry_addr *addr;
    struct network_entry_route *route;
    size_t links, addrs, routes;
    size_t link_room, addr_room, route_room;
    uint64_t left_out; /* entries past the limits */
    uint32_t round;
};

struct network_difference {
    enum network_what what;
    enum network_verb verb;
    union {
        struct rtnl_link link;
        struct rtnl_addr addr;
        struct rtnl_route route;
    } as;
};

void network_table_free(struct network_table *table);

/* true and *out where the message altered the table. Routes of the table `local` and cloned ones
 * are not kept: addresses say the same. */
bool network_table_apply(struct network_table *table, const struct rtnl_msg *msg,
                         struct network_difference *out);

/* Remove one route over that interface; false when there is none left. */
bool network_table_drop_route(struct network_table *table, uint32_t ifindex,
                              struct network_difference *out);

/* Remove one entry that the present round has not confirmed; false when there is none left. */
bool network_table_expire(struct network_table *table, struct network_difference *out);

json_t *network_difference_json(const struct network_table *table,
                                const struct network_difference *difference);
/* {"interfaces","addresses","routes"} */
json_t *network_table_json(const struct network_table *table);

const char *network_table_name_of(const struct network_table *table, uint32_t ifindex);

#endif
