/*
 * What the shim was asked and what the wire carried, put together: one entry for each STUN message,
 * whoever saw it, with an outcome and its evidence.
 *
 * Pure: takes events and finds, reads no file (join_run.h does). Owns all it holds. One thread at a
 * time. Memory is bounded by JOIN_MESSAGES_MAX and the other constants below; whatever finds no
 * room is counted in left_out.
 *
 * A message is known by its transaction id, the remote end and the local port, then by the local
 * address, then by time. The wire may have a message some microseconds before the shim (which
 * writes after the call has returned) or much later (queues, ARP, a stream's window).
 */
#ifndef RTCSHIM_ANALYZER_JOIN_H
#define RTCSHIM_ANALYZER_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

/* Identifier, name in JSON, what it means. Worst last: an exchange has the worst of its messages.
 */
#define JOIN_OUTCOMES(ROW)                                                                         \
    ROW(UNREAD, "unread", "came in on the wire, and no process of the run has read it")            \
    ROW(CONFIRMED, "confirmed", "seen by the shim and on the wire: the interface is proven")       \
    ROW(NOT_CAPTURED, "not_captured",                                                              \
        "seen by the shim; not captured there, or the call failed and nothing was sent")           \
    ROW(BLOCKED, "blocked", "refused by the policy; nothing captured where it would have been")    \
    ROW(BLOCKED_ABSENT, "blocked_absent", "refused by the policy, and absent from the wire")       \
    ROW(NOT_ON_WIRE, "not_on_wire",                                                                \
        "the system took it, and it is not on the wire: dropped, or no neighbour answered")        \
    ROW(UNSEEN, "unseen", "on the wire without an event of the shim: something went around it")    \
    ROW(BLOCKED_ON_WIRE, "blocked_on_wire", "refused by the policy, yet on the wire")

enum join_outcome {
#define JOIN_OUTCOME_ROW(ident, name, words) JOIN_##ident,
    JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
        JOIN_OUTCOME_COUNT
};

#define JOIN_NONE UINT32_MAX /* no index */

enum {
    JOIN_MESSAGES_MAX = 1 << 22,
    JOIN_TEXTS_MAX = 65536,     /* different names, calls, rules ... */
    JOIN_TEXT_BYTES_MAX = 1024, /* longer ones are cut */
    JOIN_ACTS_MAX = 65536,
    JOIN_PROCESSES_MAX = 65536,
    JOIN_FLOWS_MAX = 1 << 19,
    JOIN_QUESTIONS_MAX = 4096,
    JOIN_LOCALS_MAX = 4096,
    JOIN_COVERS_MAX = 1024,
    JOIN_CLOCK_SKEW_MAX_US = 250000, /* a pair further apart in time counts as apart */
};

enum join_iface_source { JOIN_UNKNOWN, JOIN_ROUTE, JOIN_ADDRESS, JOIN_PINNED, JOIN_CAPTURE };
enum join_action { JOIN_ALLOW, JOIN_DENY, JOIN_PIN, JOIN_HIDE };
enum join_belongs { JOIN_BELONGS_UNKNOWN, JOIN_BELONGS_NOT, JOIN_BELONGS };

/*
 * A way in which messages were asked for: who, by which call, what the policy said. Many messages
 * share one. acts[0] is that of messages of which the shim knows nothing.
 */
struct join_act {
    uint32_t process;              /* index; JOIN_NONE unknown */
    uint32_t call, rule, error;    /* texts: "sendto", "vpn:7", errno's name; JOIN_NONE */
    uint32_t iface, address_iface; /* texts: the shim's word; JOIN_NONE */
    uint8_t iface_source;          /* enum join_iface_source, of iface */
    uint8_t action;                /* enum join_action */
    bool failed;                   /* the call returned an error */
};

/* Local and remote as this machine sees them. */
struct join_flow {
    struct netaddr local, remote;
    struct netaddr wire_local; /* as on the wire, where that is another one: a wildcard, a NAT here;
                                  else NETADDR_NONE */
    uint32_t remote_name;      /* text: as the run saw it looked up; JOIN_NONE unknown */
    uint32_t software;         /* text: the first SOFTWARE of its answers; JOIN_NONE none */
    uint32_t wire_iface;       /* text: where its messages leave; JOIN_NONE not seen */
    uint32_t further_iface;    /* text: another interface that carried the same packets on, as a
                                  bridge's port does; JOIN_NONE */
    uint32_t owner;            /* process that the kernel named; JOIN_NONE */
    uint32_t media_out, media_in; /* packets that are neither STUN nor ChannelData, on the wire */
    uint8_t protocol;             /* 17, 6 */
    bool wildcard; /* the socket is bound to no address: local is the route's choice */
    bool asked;    /* the shim has events of it */
};

/* One message, or the first ChannelData of a channel. */
struct join_message {
    uint64_t time_ns;  /* since the epoch: the wire's where it was captured, else the call's */
    uint32_t seq;      /* the shim's event, 0 none */
    uint32_t frame;    /* the packet in wire.pcapng, 0 none */
    uint32_t exchange; /* index */
    uint32_t act;      /* index */
    uint32_t mapped, relayed; /* index into addrs: what an answer tells; JOIN_NONE */
    uint32_t wire_iface;      /* text; JOIN_NONE */
    uint16_t type;            /* as on the wire; 0 ChannelData */
    uint16_t error_code;      /* of an error response */
    uint8_t outcome;          /* enum join_outcome */
    bool out;                 /* away from this machine */
    uint8_t state[2];         /* join.c's */
    uint32_t next;            /* join.c's */
};

/* A request with its repetitions and answers, an indication, or a channel's data. */
struct join_exchange {
    uint8_t txid[16]; /* 12 with cookie, the rest zero; of ChannelData the channel's number */
    uint32_t flow;
    uint32_t act;   /* of the first message that the shim saw, else acts[0] or the owner's */
    uint32_t iface; /* text, the wire's where it is known, else the shim's */
    uint32_t mapped, relayed;         /* of the first answer that tells */
    uint32_t first_message, messages; /* after join_finish(): all together, in the order of time */
    uint16_t type;                    /* of its request; else of its first message */
    uint16_t error_code;              /* of an answer, where no success came */
    uint16_t requests, answers;
    uint8_t outcome, iface_source; /* JOIN_CAPTURE where the wire names iface */
    bool out;                      /* this machine asked */
    bool classic;                  /* RFC 3489: txid has 16 bytes */
    bool doubtful; /* UNSEEN, but events were lost, or it was before or after the run: it may well
                      have been asked through the shim, or by something that was there before */
};

/* Who did it: one row a process of the run, or an owner that the kernel named (sock_diag). */
struct join_process {
    uint32_t pid;        /* 0 unknown: nobody was found, but perhaps whether it belongs */
    uint32_t name, role; /* texts; JOIN_NONE */
    uint8_t belongs;     /* enum join_belongs: to the run, covered or not */
    bool by_kernel;      /* named by sock_diag, not by the shim */
    bool elsewhere;      /* in another network namespace: its interfaces and addresses are not ours,
                            and what it sends is not in the capture as such */
};

/* Shim's time less the wire's, over confirmed UDP messages that left: what comes in is read
 * whenever the program likes, and a stream sends when it may. */
struct join_clock {
    uint64_t pairs;
    int64_t least_us, median_us, most_us; /* of all, those apart too */
    uint64_t apart; /* further apart than JOIN_CLOCK_SKEW_MAX_US. A few with the wire late: queues,
                       ARP */
    bool agrees;    /* there are pairs, the median is near, and none was on the wire long before */
};

/* A question on the wire that this machine sent. */
struct join_question {
    uint32_t name;  /* text: printable, as ns_name_uncompress() writes it; JOIN_NONE unreadable */
    uint32_t iface; /* text; JOIN_NONE */
    struct netaddr server, client; /* client without port */
    uint16_t qtype;
    uint8_t protocol;
    uint64_t count, first_ns, first_frame;
};

/* Of what is on the wire. */
struct join_wire {
    uint64_t packets, messages; /* messages: sent as such on a link, copies not counted */
    uint64_t copies;            /* of the same message on another interface */
    uint64_t quoted, tunnelled; /* in ICMP errors, inside tunnels that can be read: not joined */
    uint64_t foreign;           /* messages that neither came from this machine nor were for it */
    uint64_t weak; /* RFC 3489 by the look of it, unanswered, and the shim knows nothing of it */
    uint64_t first_ns, last_ns; /* of its packets */
    bool whole; /* every interface of the machine was captured, and nothing was dropped: what is not
                   there did not leave */
};

struct join {
    struct join_message *messages; /* in the order of exchanges, after join_finish() */
    size_t message_count;
    struct join_exchange *exchanges; /* in the order of their first message's time */
    size_t exchange_count;
    struct join_flow *flows;
    size_t flow_count;
    struct join_act *acts;
    size_t act_count;
    struct join_process *processes;
    size_t process_count;
    struct netaddr *addrs; /* with ports */
    size_t addr_count;
    const char **texts; /* terminated; a stranger's */
    size_t text_count;
    struct join_question *questions;
    size_t question_count;
    uint64_t outcomes[JOIN_OUTCOME_COUNT];          /* of messages */
    uint64_t exchange_outcomes[JOIN_OUTCOME_COUNT]; /* of exchanges */
    struct join_clock clock;
    struct join_wire wire;
    uint64_t events_lost; /* by the ring, as "stats" said, or missing from the file */
    uint64_t left_out;
    struct join_work *work; /* while it is being made */
};

struct event_line;
struct found;
struct stun_msg;

/* NULL where memory is out. */
struct join *join_new(void);

/* --- before anything else; covers at any time --- */

/* An address of this machine's, at any time of the run. */
void join_add_local(struct join *j, const struct netaddr *addr);
/* The run's process pid is in another network namespace. After all events. */
void join_set_elsewhere(struct join *j, uint32_t pid);
/* The run's time; 0 unknown. */
void join_set_run(struct join *j, uint64_t start_ns, uint64_t end_ns);
/*
 * iface was captured from start to end (ns since the epoch), with no packet dropped. NULL: all
 * interfaces. A capture that dropped packets covers nothing.
 */
void join_add_cover(struct join *j, const char *iface, uint64_t start_ns, uint64_t end_ns);
/* All interfaces of the machine that were up, except loopback, are among those covered: what has no
 * interface by the shim's word was captured too, had it left. */
void join_set_all_covered(struct join *j);
/* Interfaces that came up later, by the "network" events, were captured from then on to end_ns. */
void join_set_later_covered(struct join *j, uint64_t end_ns);

/* --- then all events, then all of the wire, in order --- */

/* All types may come; the ones that mean nothing here are passed over. */
void join_take_event(struct join *j, const struct event_line *line);
/* msg: found's bytes decoded, NULL for ChannelData. */
void join_take_found(struct join *j, const struct found *found, const struct stun_msg *msg);
/* What a flow carried beside. iface_name as in found; NULL unknown. */
struct flow;
void join_take_flow(struct join *j, const struct flow *flow, const char *iface_name);
/* A DNS question that was sent over iface: name as text, NULL where it can't be read. */
void join_take_question(struct join *j, const struct join_question *question, const char *name,
                        const char *iface);

/* One of the addresses that this machine has or had, as far as is known by now. */
bool join_is_own(const struct join *j, const struct netaddr *addr);

/* Outcomes, order and counts, once. false: memory was out somewhere, and the join is not whole. */
bool join_finish(struct join *j);
/* Takes NULL. */
void join_free(struct join *j);

/* --- reading it --- */

const char *join_outcome_name(enum join_outcome outcome); /* "confirmed"; static */
const char *join_outcome_words(enum join_outcome outcome);
/* texts[index], or NULL for JOIN_NONE. */
const char *join_text(const struct join *j, uint32_t index);
uint64_t join_first_ns(const struct join *j, const struct join_exchange *x);
uint64_t join_last_ns(const struct join *j, const struct join_exchange *x);
static inline const struct join_act *join_act_of(const struct join *j, const struct join_message *m)
{
    return &j->acts[m->act];
}

#endif
