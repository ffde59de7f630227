/*
 * Recognises a message that was captured more than once: on tun0 and on eth0, on both sides of a
 * bridge or a NAT, coming in and going out in a capture on "any".
 *
 * Such copies are the same bytes: what forwards or translates a packet changes its headers, and
 * STUN is made so that its own bytes survive that. A client that sends the same bytes again does so
 * on the same interface or later (RFC 8489 section 6.2.1), so time tells a copy from a
 * retransmission; SIGHTINGS_COPY_NS is shorter than any first retransmission and longer than any
 * host takes to forward.
 *
 * Memory is bounded by SIGHTINGS_MAX; what is forgotten can't be recognised. One thread.
 */
#ifndef RTCSHIM_ANALYZER_SIGHTINGS_H
#define RTCSHIM_ANALYZER_SIGHTINGS_H

#include "place.h"
#include "stun.h"

enum {
    SIGHTINGS_MAX = 65536,
};

#define SIGHTINGS_COPY_NS UINT64_C(50000000)

enum sighting {
    SIGHTING_FIRST,
    SIGHTING_AGAIN, /* the same addresses and link: sent or delivered once more */
    SIGHTING_MOVED, /* the same addresses on another link, too late for a copy: sent again there */
    SIGHTING_COPY,  /* the same addresses on another link, or passing through this one */
    SIGHTING_TRANSLATED, /* other addresses on another link: a NAT, a relay, or a client that sends
                            the same bytes twice, which only the answers tell apart */
};

/* The identity of a message: its transaction id, and a keyed hash of all its bytes. */
struct message_id {
    uint64_t word[3];
};

struct sightings;

/* NULL where memory is out. */
struct sightings *sightings_new(void);

struct message_id sightings_id(const struct sightings *s, const struct stun_msg *msg);

/*
 * A message is seen at now. *first: of a COPY or TRANSLATED the place that it was first seen at, in
 * the order of the file; else now.
 */
enum sighting sightings_see(struct sightings *s, const struct message_id *id,
                            const struct place *now, struct place *first);

/* Where the same message was seen in another carriage at about the same time; NULL if it was not.
 * Borrowed until the next call. */
const struct place *sightings_elsewhere(struct sightings *s, const struct message_id *id,
                                        const struct place *now, uint8_t carriage);

/* request was answered with answer. */
void sightings_answered(struct sightings *s, const struct message_id *request,
                        const struct message_id *answer);
/* request had answers that differ: it was sent more than once, not translated. */
bool sightings_answers_differ(struct sightings *s, const struct message_id *request);

/* Takes NULL. */
void sightings_free(struct sightings *s);

#endif
