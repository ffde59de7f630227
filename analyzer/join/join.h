/*
 * What the shim was asked and what the wire carried, put together: one entry for each STUN message,
 * whoever saw it, with an outcome and its evidence.
 *
 * Pure: takes events and finds, reads no file. Owns all it holds. One thread at a time. Memory is
 * bounded by the number of messages (JOIN_MESSAGE_BYTES each) and by the constants below; whatever
 * finds no room is counted in left_out.
 */
#ifndef RTCSHIM_ANALYZER_JOIN_H
#define RTCSHIM_ANALYZER_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

/* Identifier, name in JSON, what it means. Worst last: an exchange has the worst of its messages. */
#define JOIN_OUTCOMES(ROW)                                                                         \
    ROW(CONFIRMED, "confirmed", "seen by the shim and on the wire: the interface is proven")       \
    ROW(NOT_CAPTURED, "not_captured", "seen by the shim; nothing captured where it would have been") \
    ROW(BLOCKED, "blocked", "refused by the policy; nothing captured where it would have been")    \
    ROW(BLOCKED_ABSENT, "blocked_absent", "refused by the policy, and absent from the wire")       \
    ROW(NOT_ON_WIRE, "not_on_wire", "the system took it, and it did not leave: dropped before the wire") \
    ROW(UNSEEN, "unseen", "on the wire without an event of the shim: something went around it")    \
    ROW(BLOCKED_ON_WIRE, "blocked_on_wire", "refused by the policy, yet on the wire")

enum join_outcome {
#define JOIN_OUTCOME_ROW(ident, name, words) JOIN_##ident,
    JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
        JOIN_OUTCOME_COUNT
};

enum {
    JOIN_NONE = UINT32_MAX, /* no index */
    JOIN_TEXTS_MAX = 65536, /* different names, calls, rules ... */
    JOIN_FLOWS_MAX = 1 << 20,
    JOIN_CLOCK_SKEW_MAX_US = 250000, /* a pair further apart in time is no pair */
};

/* Local and remote as this machine sees them; a flow between two strangers (a router's capture) has
 * the sender of its first message as local. */
struct join_flow {
    struct netaddr local, remote;
    uint32_t remote_name; /* text: as the run saw it looked up; JOIN_NONE unknown */
    uint8_t protocol;     /* 17, 6 */
};

/* One message, or ChannelData told as one. */
struct join_message {
    uint64_t time_ns;     /* since the epoch: the wire's where it was captured, else the call's */
    uint64_t seq;         /* the shim's event, 0 none */
    uint64_t frame;       /* the packet in wire.pcapng, 0 none */
    uint8_t txid[16];     /* 12 with cookie, the rest zero */
    uint32_t flow;        /* index */
    uint32_t exchange;    /* index */
    uint32_t process;     /* index into processes; JOIN_NONE unknown */
    uint32_t call, rule, error; /* texts: "sendto", "vpn:7", errno's name; JOIN_NONE */
    uint32_t mapped, relayed;   /* index into addrs: what an answer tells; JOIN_NONE */
    uint32_t shim_iface, wire_iface; /* texts; JOIN_NONE */
    uint16_t type;        /* as on the wire; 0 ChannelData */
    uint16_t error_code;  /* of an error response */
    uint8_t iface_source; /* enum join_iface_source, of shim_iface */
    uint8_t action;       /* enum join_action */
    uint8_t outcome;      /* enum join_outcome */
    bool out;             /* away from this machine */
    bool classic;         /* RFC 3489: txid has 16 bytes */
};

enum join_iface_source { JOIN_UNKNOWN, JOIN_ROUTE, JOIN_ADDRESS, JOIN_PINNED, JOIN_CAPTURE };
enum join_action { JOIN_ALLOW, JOIN_DENY, JOIN_PIN, JOIN_HIDE };

/* A request with its repetitions and answers, an indication, or a channel's data. */
struct join_exchange {
    uint64_t first_ns, last_ns;
    uint32_t flow, process, call, rule, iface; /* iface: text, the wire's where it is known */
    uint32_t mapped, relayed;
    uint32_t first_message, messages;          /* in the order of time, all of one exchange together
                                                  after join_finish() */
    uint16_t type;                             /* of its request */
    uint16_t error_code;
    uint16_t requests, answers;
    uint8_t outcome, iface_source; /* JOIN_CAPTURE where the wire names it */
    bool out;                      /* this machine asked */
};

/* Who did it: one row a process of the run, or an owner that the kernel named (sock_diag). */
struct join_process {
    uint32_t pid;      /* 0 unknown */
    uint32_t name, role; /* texts; JOIN_NONE */
    bool of_run;         /* a process of the run, covered or not */
    bool by_kernel;      /* named by sock_diag, not by the shim */
};

struct join_clock {
    uint64_t pairs;
    int64_t least_us, median_us, most_us; /* shim's time less the wire's, over confirmed pairs */
    uint64_t apart; /* same message by id and flow, but further apart than JOIN_CLOCK_SKEW_MAX_US */
};

struct join {
    struct join_message *messages; /* in the order of exchanges, after join_finish() */
    size_t message_count;
    struct join_exchange *exchanges; /* in the order of first_ns */
    size_t exchange_count;
    struct join_flow *flows;
    size_t flow_count;
    struct join_process *processes;
    size_t process_count;
    struct netaddr *addrs;
    size_t addr_count;
    const char **texts; /* terminated; a stranger's */
    size_t text_count;
    uint64_t outcomes[JOIN_OUTCOME_COUNT]; /* of messages */
    struct join_clock clock;
    uint64_t left_out;
};
