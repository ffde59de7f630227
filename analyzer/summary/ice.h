/*
 * ICE (RFC 8445, RFC 5245): sessions by their username fragments, the candidate pairs in each,
 * which pair was nominated, and consent (RFC 7675).
 *
 * A check's USERNAME is "receiver's fragment:sender's fragment", so checks of both directions name
 * the same two fragments: that unordered couple is a session. A pair is a five-tuple in a session;
 * the same five-tuple on another interface is another pair, unless copies showed that both are legs
 * of one path (legs.h).
 *
 * Memory is bounded by the constants below. Fragments are a stranger's bytes. One thread.
 */
#ifndef RTCSHIM_ANALYZER_ICE_H
#define RTCSHIM_ANALYZER_ICE_H

#include "flow.h"
#include "relays.h"
#include "transactions.h"

enum {
    ICE_SESSIONS_MAX = 4096,
    ICE_PAIRS_MAX = 16384,
    ICE_CANDIDATES_MAX = 16384, /* addresses that are known to be reflexive or relayed */
    ICE_UFRAG_BYTES = 64,       /* that are kept; RFC 8839 allows 256 */
};

/* RFC 7675 section 5.1. */
#define ICE_CONSENT_NS UINT64_C(30000000000)

enum ice_role {
    ICE_ROLE_UNKNOWN,
    ICE_CONTROLLING,
    ICE_CONTROLLED,
};

/* One of the two agents of a session. */
struct ice_agent {
    char ufrag[ICE_UFRAG_BYTES];
    uint16_t ufrag_len; /* bytes that are kept */
    bool ufrag_cut;
    uint8_t role;    /* enum ice_role, in its latest check */
    bool left, came; /* its checks went out or came in, where the capture knows */
    uint64_t tie_breaker;
    uint64_t role_changes, conflicts; /* conflicts: answers of 487 that it was sent */
};

/* How its controlling agent nominates. */
enum ice_nomination {
    ICE_NOMINATION_NONE,
    ICE_NOMINATION_UNCLEAR,      /* its first check that was captured nominates: aggressive, or the
                                    capture began later */
    ICE_NOMINATION_AGGRESSIVE,   /* several pairs, each with its first check */
    ICE_NOMINATION_REGULAR,      /* after a check that did not */
    ICE_NOMINATION_RENOMINATION, /* libwebrtc's NOMINATION with a number */
};

/* How it is known that a pair is the selected one, weakest first. */
enum ice_selection {
    ICE_NOT_SELECTED,
    ICE_SELECTED_BY_CHECKS, /* the only one of its component whose checks were answered */
    ICE_SELECTED_BY_MEDIA,
    ICE_SELECTED_BY_REQUEST, /* nominated, but no answer to that was captured */
    ICE_SELECTED_BY_NOMINATION,
};

struct ice_consent {
    uint64_t asked, answered, longest_gap_ns; /* between answers, until the last question */
    uint64_t lost;                            /* times that none came for ICE_CONSENT_NS */
    uint64_t lost_ns;                         /* when it expired first */
    /* What goes on. */
    uint64_t begin_ns, last_ns;
    bool waiting, expired;
};

/* What one agent does on a pair. */
struct ice_side {
    struct netaddr addr;   /* as it stands in the packets on the pair's leg */
    struct netaddr mapped; /* what the other agent said it sees; NETADDR_NONE before */
    struct netaddr turn_client, turn_server; /* of its relay; NETADDR_NONE where it uses none */
    uint64_t checks, pings, succeeded, failed, again, keepalives;
    uint64_t nominating; /* checks with USE-CANDIDATE or NOMINATION */
    uint64_t rtts, rtt_sum_ns, rtt_min_ns, rtt_max_ns;
    uint64_t media[FLOW_KIND_COUNT]; /* packets that are not STUN, by kind */
    struct ice_consent consent;
    uint32_t priority; /* of its latest check; 0 none */
    uint16_t network_id, network_cost;
    bool has_network;
    bool first_nominates, plain_success;
};

struct ice_pair {
    uint32_t session;
    uint32_t merged_into; /* the pair that this one turned out to be a leg of, from 1; 0 none */
    uint64_t link;        /* the caller's number of the interface */
    uint64_t first_ns, last_ns, success_ns, nominated_ns, nominated_last_ns;
    struct ice_side side[2]; /* of agent[0] and agent[1] of the session */
    uint32_t nomination;     /* NOMINATION's number, the highest that succeeded */
    uint16_t component;      /* 1.., from PRIORITY; 0 unknown */
    uint8_t protocol;
    uint8_t selection; /* enum ice_selection, after ice_finish() */
    bool is_fresh;     /* nominated when others of its component no longer were */
    bool numbered;     /* nominated with NOMINATION */
};

struct ice_session {
    struct ice_agent agent[2];
    uint64_t first_ns, last_ns;
    uint32_t pairs, first_pair; /* in ice->order, after ice_finish() */
    uint8_t nomination;         /* enum ice_nomination, after ice_finish() */
    bool in_key_order;          /* agent[0] is the one that stands first in the table's key */
};

struct ice {
    struct ice_session *sessions;
    struct ice_pair *pairs;
    uint32_t
        *order; /* pairs by session and component, the selected one first; after ice_finish() */
    uint32_t session_count, pair_count, order_count; /* merged pairs are not in order */
    uint64_t left_out;                               /* checks that found no room */
    uint64_t reflexive_found; /* addresses of answers that were not known before */
    struct siphash_key *keys;
    struct table *session_index, *pair_index, *candidates;
};

/* NULL where memory is out. */
struct ice *ice_new(void);

/* What is known of an address: a server's answer to base said mapped, or relayed. */
void ice_learn(struct ice *ice, const struct netaddr *base, const struct netaddr *mapped,
               const struct netaddr *relayed);

/*
 * msg, a request, was sent at place, which legs_first() has been through. relayed: it was inside
 * TURN, else NULL. t: its transaction, whose owner and use are set if it is a check.
 */
void ice_request(struct ice *ice, const struct stun_msg *msg, const struct place *place,
                 const struct relayed *relayed, struct transaction *t);
/* The same request once more. */
void ice_request_again(struct ice *ice, const struct transaction *t);
/* t, whose request was told before, has its answer. */
void ice_answer(struct ice *ice, const struct transaction *t);
/* copy turned out to be a leg of the path at first, which legs_first() has been through: pairs that
 * were begun at both are one. */
void ice_join(struct ice *ice, const struct place *copy, const struct place *first);
/* The pair at place leads over a relay, or over a second one. */
void ice_mark_relayed(struct ice *ice, const struct place *place, const struct relayed *relayed);
/* Keepalives. */
void ice_indication(struct ice *ice, const struct place *place);
/* count packets that are no STUN were sent at place. */
void ice_media(struct ice *ice, const struct place *place, enum flow_kind kind, uint64_t count);

/* Choose the selected pairs. Once. */
void ice_finish(struct ice *ice);

/* "srflx", "relay": what addr is known to be; NULL where it is not. static. */
const char *ice_candidate_kind(struct ice *ice, const struct netaddr *addr);
/* Media packets of a side. */
uint64_t ice_side_media(const struct ice_side *side);

/* Names that reports show; static. NULL for UNKNOWN, NONE and NOT_SELECTED. */
const char *ice_role_name(enum ice_role role);
const char *ice_nomination_name(enum ice_nomination nomination);
const char *ice_selection_name(enum ice_selection selection);

/* Takes NULL. */
void ice_free(struct ice *ice);

#endif
