/* Why a packet or an address went past the wanted path. */
#ifndef RTCSHIM_ANALYZER_REASON_H
#define RTCSHIM_ANALYZER_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "netaddr.h"
#include "network_at.h"

enum reason {
#define REASON(ident, name, words) REASON_##ident,
#include "reasons.def"
#undef REASON
    REASON_COUNT
};

const char *reason_name(enum reason reason);  /* "bound_address"; static */
const char *reason_words(enum reason reason); /* what it means; static */

enum { REASON_WHY_BYTES = 512 };

/* A packet, or a probe, that went past the wanted path; strings may be NULL where unknown. */
struct reason_case {
    const char *who;      /* "firefox-esr" */
    struct netaddr local; /* the socket's address; NETADDR_NONE or wildcard true: not bound */
    struct netaddr remote;
    const char *left;          /* interface that it left over, or would have */
    const char *owner;         /* interface that the address belongs to */
    const char *option;        /* socket option that chose left */
    const char *const *wanted; /* the wanted path's interfaces, wanted_count of them, at least 1 */
    size_t wanted_count;
    bool wildcard;
    bool marked;      /* the process has set a mark (SO_MARK), which rules may route by */
    bool went_around; /* on the wire without an event of the shim */
    bool uncovered;   /* who runs without the shim */
    bool nobody;      /* who is not known, nor whether it is the run's */
};

/*
 * Which reason it was, from the network as it then stood, and a sentence for people that names the
 * very route or address in why.
 */
enum reason reason_find(const struct reason_case *c, const struct network_at *network,
                        char why[static REASON_WHY_BYTES]);

#endif
