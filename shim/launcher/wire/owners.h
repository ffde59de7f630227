/*
 * Messages that the wire shows and the library did not: whose are they?
 *
 * The wire shows a message 10 to 25 ms after it was sent; the library's event is in the ring then.
 * So what has none when it arrives is asked about at once, because sockets are short-lived: the
 * kernel is asked for the socket, /proc for the process. It is told after a grace, if no event has
 * come by then, once for each flow. Single-threaded.
 */
#ifndef RTCSHIM_LAUNCHER_OWNERS_H
#define RTCSHIM_LAUNCHER_OWNERS_H

#include <jansson.h>

#include "census.h"
#include "network.h"
#include "proctab.h"
#include "tell_owner.h"
#include "wire_message.h"

enum {
    OWNERS_GRACE_MS = 150,
    OWNERS_FLOWS_MAX = 4096,  /* remembered; the oldest is forgotten for a new one */
    OWNERS_SEEN_MAX = 16384,  /* transaction ids of the library's events, likewise */
    OWNERS_PENDING_MAX = 8,   /* messages of a flow that wait together */
    OWNERS_ASKED_MAX = 500,   /* questions to the kernel a second; further messages are counted */
    OWNERS_TOLD_MAX = 10000,  /* events a run; further ones are counted */
    OWNERS_FORGET_MS = 30000, /* a flow that was silent for so long is asked about anew */
    OWNERS_SCAN_MS = 100,     /* between two looks at all of /proc, at least; */
    OWNERS_SCAN_SHARE = 10,   /* and this many times as long as the last look took */
    OWNERS_SCANNED_AT_ONCE = 64, /* sockets looked for in one look */
};

struct owners;

struct owners_options {
    const struct network *network; /* which addresses are this machine's */
    struct proctab *tab;
    struct census *census; /* of tab */
    void (*tell)(const struct owner *owner,
                 void *ctx); /* an owner is known, or is not to be known */
    void *ctx;
};

/* Borrows what options point to. NULL and errno where memory is out. Where the kernel answers no
 * questions about sockets, every owner stays unknown. */
struct owners *owners_new(const struct owners_options *options);
/* Takes NULL. */
void owners_free(struct owners *owners);

/* Any event of the library's; those of STUN messages that were sent count. */
void owners_take_event(struct owners *owners, const json_t *event);
/* A message on the wire. */
void owners_take_message(struct owners *owners, const struct wire_message *message, int64_t now_ms);
/*
 * Time passed: look for processes, tell what has waited long enough. To be called when the ring is
 * empty, so that no event of the library's is overtaken. all: nothing more will come.
 */
void owners_tick(struct owners *owners, int64_t now_ms, bool all);

/* Messages without an event that were not asked about, or not told, for their number. */
uint64_t owners_left_out(const struct owners *owners);

#endif
