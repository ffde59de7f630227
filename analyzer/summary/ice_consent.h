/*
 * Consent to send (RFC 7675): the checks of one agent on a pair that go on while it is used, and
 * whether they are answered.
 */
#ifndef RTCSHIM_ANALYZER_ICE_CONSENT_H
#define RTCSHIM_ANALYZER_ICE_CONSENT_H

#include "ice.h"

/* The pair is used from now on: count anew. */
void ice_consent_begin(struct ice_consent *c, uint64_t now_ns);
void ice_consent_asked(struct ice_consent *c, uint64_t now_ns);
/* asked_ns: when the question left; one that left before ice_consent_begin() is not counted. */
void ice_consent_answered(struct ice_consent *c, uint64_t asked_ns, uint64_t now_ns);

#endif
