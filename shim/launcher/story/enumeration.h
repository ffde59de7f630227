/*
 * rtnetlink requests and the answers to them, put together into one enumeration event each;
 * notifications as events of their own.
 *
 * An answer comes in pieces, read by any thread, cut where the reader's buffer was short, mixed
 * with other answers. It belongs to the request of the same process, descriptor and sequence
 * number, and ends with NLMSG_DONE, with an error, with a message that is not part of a dump, or
 * when nothing more came for ENUMERATION_WAIT_MS.
 */
#ifndef RTCSHIM_LAUNCHER_ENUMERATION_H
#define RTCSHIM_LAUNCHER_ENUMERATION_H

#include <jansson.h>

#include "event.h"
#include "network.h"

enum {
    ENUMERATION_OPEN_MAX = 128, /* requests waited for; past it the oldest is told as it is */
    ENUMERATION_WAIT_MS = 3000,
};

struct enumeration;

/* A finished event: the common part that was given, with its "enumeration" object. The receiver
 * owns event. */
typedef void enumeration_done_fn(json_t *event, void *ctx);

struct enumeration *enumeration_new(const struct network *network, enumeration_done_fn *done,
                                    void *ctx);
void enumeration_free(struct enumeration *enumeration);

/* One EVENT_NETLINK record. common: the event without its "enumeration" object; borrowed, copied
 * for each event made of it. now_ms: any steady clock. */
void enumeration_netlink(struct enumeration *enumeration, const struct event_view *ev,
                         const json_t *common, uint64_t now_ms);

/* Tell what has waited long enough; all: everything. */
void enumeration_flush(struct enumeration *enumeration, uint64_t now_ms, bool all);

#endif
