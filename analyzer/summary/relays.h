/*
 * What travels inside TURN (RFC 8656): which relayed address an allocation has, which peer a
 * channel leads to, and so between whom a relayed message went.
 *
 * Memory is bounded by RELAYS_ALLOCATIONS_MAX and RELAYS_CHANNELS_MAX. One thread.
 */
#ifndef RTCSHIM_ANALYZER_RELAYS_H
#define RTCSHIM_ANALYZER_RELAYS_H

#include "found.h"
#include "place.h"
#include "stun.h"

enum {
    RELAYS_ALLOCATIONS_MAX = 8192,
    RELAYS_CHANNELS_MAX = 16384,
};

/* What a message to or from a relay carries. */
struct relayed {
    struct place place; /* between the relayed address and the peer; the family of one that is not
                           known is NETADDR_NONE */
    struct netaddr client, server; /* of the relay */
    const uint8_t *bytes;          /* borrowed */
    size_t len;
    bool from_client;
};

struct relays;

/* NULL where memory is out. */
struct relays *relays_new(void);
/* Learn from an Allocate's answer or a ChannelBind request at place. */
void relays_learn(struct relays *r, const struct stun_msg *msg, const struct place *place);
/* What a Send or Data indication at place carries; false where it is none. */
bool relays_open(struct relays *r, const struct stun_msg *msg, const struct place *place,
                 struct relayed *out);
/* The same of ChannelData; bytes is NULL where they were only counted. */
void relays_open_channel(struct relays *r, const struct found *found, const struct place *place,
                         struct relayed *out);
/* Takes NULL. */
void relays_free(struct relays *r);

#endif
