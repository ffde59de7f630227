/*
 * What the parts of the tally share.
 */
#ifndef RTCSHIM_ANALYZER_TALLY_PRIVATE_H
#define RTCSHIM_ANALYZER_TALLY_PRIVATE_H

#include "tally.h"

/* The index of an interface, made where it is new; the last one takes what finds no room. */
uint32_t tally_iface_of(struct tally *s, uint32_t file, const struct packet_iface *iface,
                        uint32_t ifindex, const char *name);

/* The role of a server that is asked this. */
enum tally_role tally_role_in(const struct stun_msg *msg);

/* A settled transaction goes to its row; a transactions_settle_fn, context is the tally. The role
 * is in bits TALLY_USE_ROLE of its use. */
void tally_settle(const struct transaction *t, void *tally);
/* A request at place was seen elsewhere before; or, moved, was sent elsewhere before. */
void tally_count_copy(struct tally *s, const struct place *place, bool moved);

/* Medians, and the order in which rows and flows are shown. */
void tally_finish_rows(struct tally *s);
void tally_finish_flows(struct tally *s);

enum {
    TALLY_USE_ROLE_SHIFT = 6, /* the bits below are the ICE part's */
};

#endif
