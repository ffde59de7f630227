/*
 * The verdict on a run: which addresses leaked, to whom, over what, why, and what to do about it.
 *
 * A leak is an address that a server, a page or the local network learned although the wanted path
 * (wanted.h) does not include it. *Sure* is what the wire or a server's answer shows; *likely* is
 * what follows from how browsers use what they asked the system for. Without a wanted path nothing
 * is a leak.
 *
 * An address belongs to the interface over which packets to it come in. So it is the answer's
 * interface that counts where the answer was captured; else that of the socket's own address, else
 * the request's. A packet with eth0's address as its source may well leave over tun0: what a server
 * learns from it is eth0's.
 */
#ifndef RTCSHIM_ANALYZER_VERDICT_H
#define RTCSHIM_ANALYZER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "join.h"
#include "reason.h"
#include "run_folder.h"
#include "sights.h"
#include "wanted.h"

enum {
    VERDICT_LEAKS_MAX = 2048,  /* as many faults, strangers and questions */
    VERDICT_FLOWS_MAX = 8,     /* of a stranger */
    VERDICT_EVIDENCE_MAX = 16, /* events, and as many frames, that are named one by one */
};

enum verdict_result { VERDICT_CLEAN, VERDICT_LEAK, VERDICT_FAULT, VERDICT_UNKNOWN };
enum verdict_learner { VERDICT_SERVER, VERDICT_PAGE, VERDICT_NETWORK };

struct verdict_evidence {
    uint32_t events[VERDICT_EVIDENCE_MAX], frames[VERDICT_EVIDENCE_MAX];
    unsigned event_count, frame_count;
    uint64_t more; /* events and frames that found no room */
};

struct verdict_leak {
    struct netaddr address; /* no port; NETADDR_NONE: "the public address of iface" */
    uint8_t who;            /* enum verdict_learner */
    uint8_t reason;         /* enum reason */
    uint8_t outcome;        /* enum join_outcome, the worst of what shows it */
    uint8_t iface_source;   /* enum join_iface_source */
    bool sure;
    struct netaddr server; /* with port; NETADDR_NONE where who is no server */
    uint8_t protocol;
    uint32_t server_name; /* join text; JOIN_NONE */
    const char *iface;    /* that the address belongs to; NULL unknown */
    const char *left;     /* where the packets left, if it was another; else NULL */
    const char *call;     /* NULL unknown */
    uint32_t process;     /* index into join->processes; JOIN_NONE */
    char *why, *basis;    /* sentences */
    uint64_t count, first_ns;
    struct verdict_evidence evidence;
};

struct verdict_fault {
    char *sentence;
    uint32_t exchange, process; /* JOIN_NONE */
    const char *iface;
    uint8_t outcome;
    struct verdict_evidence evidence;
};

/* Messages on the wire that no event of the shim stands for. */
struct verdict_stranger {
    char *sentence;
    uint32_t process;                  /* JOIN_NONE: nobody knows */
    uint8_t belongs;                   /* enum join_belongs */
    bool uncovered;                    /* a process of the run that the shim is not in */
    const char *iface;                 /* NULL unknown */
    uint32_t flows[VERDICT_FLOWS_MAX]; /* different other ends */
    unsigned flow_count;
    uint64_t messages, first_ns;
    struct verdict_evidence evidence;
};

/* A DNS question that went past the wanted path. */
struct verdict_dns {
    const char *question; /* NULL unreadable */
    struct netaddr server;
    const char *iface;
    uint8_t iface_source;
    bool sure;
    uint32_t process; /* JOIN_NONE */
    uint64_t count;
    struct verdict_evidence evidence;
};

struct verdict {
    enum verdict_result result;
    char *sentence;
    struct wanted wanted;
    /* What servers learned over the wanted path. */
    struct netaddr *exits;
    size_t exit_count;
    struct verdict_leak *leaks; /* sure ones first, then by time */
    size_t leak_count;
    struct verdict_fault *faults;
    size_t fault_count;
    struct verdict_stranger *strangers;
    size_t stranger_count;
    struct verdict_dns *dns;
    size_t dns_count;
    size_t sure, likely; /* different addresses; one that is sure is not counted as likely */
    size_t around;       /* strangers that are not another program's of this machine */
    size_t uncovered;    /* processes of the run that used a socket and were not covered */
    uint64_t left_out;
    struct network_at *network; /* of the run; owned */
    uint32_t *leak_of; /* for each exchange of the join, the leak that it shows, or JOIN_NONE */
};

/*
 * option: --vpn's interface or NULL. The result borrows from run, join and sights. NULL: memory is
 * out.
 */
struct verdict *verdict_make(const struct run_folder *run, const struct join *join,
                             const struct sights *sights, const char *option);
/* Takes NULL. */
void verdict_free(struct verdict *verdict);

const char *verdict_result_name(enum verdict_result result); /* "leak"; static */
const char *verdict_learner_name(enum verdict_learner who);  /* "server"; static */

#endif
