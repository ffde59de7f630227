/*
 * What a capture's messages add up to: transactions, who was asked over which interface, what each
 * learned through it, and ICE sessions.
 *
 * Only what was sent as such on a link counts (DATAGRAM_DIRECT); quoted and tunnelled messages have
 * counters of their own. A packet that was captured on a second interface too, translated by a NAT
 * or not, is a copy: it counts where it was seen first, and the second interface has it as a copy.
 * Memory is bounded by the constants below and by those of the parts.
 */
#ifndef RTCSHIM_ANALYZER_TALLY_H
#define RTCSHIM_ANALYZER_TALLY_H

#include "flow.h"
#include "found.h"
#include "ice.h"
#include "in_order.h"
#include "layers.h"
#include "legs.h"
#include "stun_integrity.h"

enum {
    TALLY_ROWS_MAX = 4096, /* couples of client and server on an interface */
    TALLY_IFACES_MAX = 512,
    TALLY_LEARNED_MAX = 8, /* addresses a row */
    TALLY_FLOWS_MAX = 4096,
    TALLY_RTTS_MAX = 1 << 20,
    TALLY_NAME_BYTES = 256,
};

/* Weakest first: a server that does more is called by the most. */
enum tally_role {
    TALLY_ROLE_STUN,
    TALLY_ROLE_PEER, /* asked with a USERNAME and a PRIORITY: an ICE check */
    TALLY_ROLE_TURN,
};

struct tally_iface {
    char name[TALLY_NAME_BYTES]; /* a stranger's; empty where the capture does not say */
    uint32_t file, number, ifindex;
    /* What was captured there, copies among it. */
    uint64_t requests, answers, indications, channel_packets, channel_bytes;
    uint64_t out, in;           /* messages whose direction the capture knows */
    uint64_t copies;            /* messages that were seen elsewhere before */
    uint64_t quoted, tunnelled; /* not counted above */
    uint64_t tunnelled_copies;  /* of the tunnelled: captured outside the tunnel too */
    uint64_t tunnelled_channel; /* ChannelData inside tunnels */
};

struct tally_learned {
    struct netaddr addr; /* without its port */
    uint64_t count;
    bool relayed; /* XOR-RELAYED-ADDRESS */
};

/* One client address asking one server over one interface. */
struct tally_row {
    struct netaddr server, client; /* client without its port */
    uint64_t first_ns;             /* of its first transaction */
    uint32_t iface;                /* index into ifaces */
    uint8_t protocol;
    uint8_t role; /* enum tally_role */
    uint64_t transactions, retransmissions, answered, failed;
    uint64_t answered_again; /* further answers to one transaction */
    uint64_t unasked;        /* answers whose question was not seen */
    uint64_t copies;         /* requests that were seen elsewhere before */
    uint64_t moved;          /* of retransmissions: the first try left over another interface */
    uint32_t rtt_min_us, rtt_median_us, rtt_max_us; /* median: after tally_finish() */
    uint64_t rtts;
    struct tally_learned learned[TALLY_LEARNED_MAX];
    uint32_t learned_count;
    uint64_t learned_left_out;
};

struct tally_flow {
    struct flow flow;
    uint32_t iface;
};

struct rtt {
    uint32_t row, us;
};

/* Packets in which nothing could be looked for: identifier, name in JSON, words. */
#define TALLY_UNREAD(ROW)                                                                          \
    ROW(MALFORMED, "malformed", "malformed")                                                       \
    ROW(CUT, "cut", "cut by the snapshot length")                                                  \
    ROW(FRAGMENT_REFUSED, "fragments_refused", "fragments refused")                                \
    ROW(UNFINISHED, "datagrams_unfinished", "fragmented and never whole")                          \
    ROW(TOO_DEEP, "too_deep", "nested too deep")                                                   \
    ROW(UNKNOWN_LINK, "unknown_link_type", "of a link type that is not decoded")

enum tally_unread {
#define TALLY_UNREAD_ROW(ident, name, words) TALLY_##ident,
    TALLY_UNREAD(TALLY_UNREAD_ROW)
#undef TALLY_UNREAD_ROW
        TALLY_UNREAD_COUNT
};

struct tally {
    uint64_t unread[TALLY_UNREAD_COUNT];
    struct tally_iface *ifaces;
    uint32_t iface_count;
    struct tally_row *rows; /* after tally_finish() by interface; servers before peers */
    uint32_t row_count;
    uint64_t rows_left_out; /* transactions that found no room among rows */
    struct tally_flow
        *flows; /* the ones with the most packets that are not STUN, after tally_finish() */
    uint32_t flow_count;
    uint64_t flows_left_out;
    struct rtt *rtts;
    uint32_t rtt_count, rtt_room;
    uint32_t rtt_min_us, rtt_median_us, rtt_max_us;
    uint64_t first_ns, last_ns;
    uint64_t messages, classic, quoted, tunnelled, fingerprints_ok, fingerprints_bad, unsynced;
    uint64_t copies, translated; /* of messages; translated: with other addresses */
    uint64_t relayed;            /* messages inside TURN, not among messages */
    uint64_t channel_packets;
    uint64_t forgotten, reused; /* after tally_finish(): transactions_forgotten(), _reused() */
    struct ice *ice;
    struct in_order *in_order;
    struct table *row_index;
    struct sightings *sightings;
    struct legs *legs;
    struct relays *relays;
    struct transactions *transactions;
};

/* NULL where memory is out. */
struct tally *tally_new(void);
/* file: number of the input, 0... msg: what found->bytes were decoded to, NULL for ChannelData.
 * What found borrows must live until tally_take_flows() of that file, except its bytes. */
void tally_take(struct tally *s, const struct found *found, const struct stun_msg *msg,
                enum stun_check fingerprint, uint32_t file);
/* What the layers made of a file's packets, once it has been read. */
void tally_take_layers(struct tally *s, const struct layers_counts *counts);
/* The flows of a file that has been read. */
void tally_take_flows(struct tally *s, struct table *flows, uint32_t file);
/* Sort and add up, once, before it is written. */
void tally_finish(struct tally *s);
/* Transactions of a row that were never answered. */
uint64_t tally_unanswered(const struct tally_row *row);
const char *tally_role_name(const struct tally_row *row); /* "stun", "turn", "peer"; static */
/* Takes NULL. */
void tally_free(struct tally *s);

#endif
