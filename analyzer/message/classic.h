/*
 * Classic STUN (RFC 3489) has no cookie: a request is held until a message of another type with the
 * same 16 bytes comes back to where it was sent from, which proves both. It may come from another
 * address and port than were asked: that is what CHANGE-REQUEST is for. What is never answered is
 * told at the end if it is plausible, as the weakest kind of find.
 */
#ifndef RTCSHIM_ANALYZER_CLASSIC_H
#define RTCSHIM_ANALYZER_CLASSIC_H

#include "found.h"

enum {
    CLASSIC_HELD_MAX = 16384,    /* transactions */
    CLASSIC_BYTES_MAX = 4 << 20, /* of all that is held */
    CLASSIC_REQUEST_BYTES_MAX =
        512, /* of one request; RFC 3489's have no more than one attribute or two */
};

struct classic;

/* tell: of what was held, and of what came at once. NULL where memory is out. */
struct classic *classic_new(found_fn *tell, void *context);
/* d looks like a classic message (STUN_LOOK_CLASSIC). true: it was told as matched, and perhaps
 * others before it. */
bool classic_take(struct classic *c, const struct datagram *d);
/* The capture is over. */
void classic_end(struct classic *c);
/* Takes NULL. */
void classic_free(struct classic *c);

#endif
