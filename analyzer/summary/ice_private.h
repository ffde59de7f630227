/*
 * What the files of the ICE part share.
 */
#ifndef RTCSHIM_ANALYZER_ICE_PRIVATE_H
#define RTCSHIM_ANALYZER_ICE_PRIVATE_H

#include "ice.h"

/* A check's username; borrowed. */
struct ice_ufrags {
    const uint8_t *receiver, *sender;
    size_t receiver_len, sender_len;
};

/* false: msg is no check. */
bool ice_read_ufrags(const struct stun_msg *msg, struct ice_ufrags *out);

/* The session's number, made where it is new, or -1 for no room. *sender: which of its agents sent
 * this. */
int64_t ice_session_of(struct ice *ice, const struct ice_ufrags *u, uint64_t now_ns,
                       unsigned *sender);

/* The pair that sender's message at place belongs to, made where it is new; NULL for no room. */
struct ice_pair *ice_pair_of(struct ice *ice, const struct place *place, uint32_t session,
                             unsigned sender);
/* The pair that a transaction's owner names. */
struct ice_pair *ice_owner(struct ice *ice, uint32_t owner);
/* The same as ice_latest_pair(), but of this leg alone, merged or not. */
struct ice_pair *ice_pair_at(struct ice *ice, const struct place *place);
/* The pair of the latest session on place's five-tuple; NULL if there is none. */
struct ice_pair *ice_latest_pair(struct ice *ice, const struct place *place);

#endif
