/*
 * The keys of the analyzer's tables: a flow (a five-tuple on one interface), one direction of it, a
 * channel or a transaction on it.
 */
#ifndef RTCSHIM_ANALYZER_FLOW_KEY_H
#define RTCSHIM_ANALYZER_FLOW_KEY_H

#include "datagram.h"

enum {
    FLOW_KEY_WORDS_MAX = 7,
};

struct flow_key {
    unsigned count;                    /* words that are there */
    uint64_t word[FLOW_KEY_WORDS_MAX]; /* [0] ports, protocol, family, label */
};

/*
 * The flow that d belongs to, the same for both directions. *way: 0 or 1, which of the two d
 * travels. Copies of a packet on two interfaces belong to two flows, and so do a datagram and one
 * of the same addresses inside a tunnel.
 */
struct flow_key flow_key_of(const struct datagram *d, unsigned *way);

/* One direction of d's flow, or with reversed the other one. */
struct flow_key flow_key_one_way(const struct datagram *d, bool reversed);

/* A transaction of classic STUN: its client's address and port, whoever answers. */
struct flow_key flow_key_classic(const struct netaddr *client, uint8_t protocol,
                                 const uint8_t txid[static 16]);

/* A transaction between two addresses, whichever way its message goes and on whatever interface. */
struct flow_key flow_key_transaction(const struct netaddr *src, const struct netaddr *dst,
                                     uint8_t protocol, const uint8_t txid[static 16]);

/* The same for one direction: what src sent to dst. */
struct flow_key flow_key_ordered(const struct netaddr *src, const struct netaddr *dst,
                                 uint8_t protocol, const uint8_t txid[static 16]);

#endif
