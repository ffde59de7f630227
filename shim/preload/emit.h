/*
 * Writing event records into the ring.
 *
 * Nothing here fails visibly: without a session, or with a full ring, the event is not written (and
 * in the second case counted). errno is kept, nothing is allocated, async-signal-safe. The system
 * calls that an event may cost are made here: gettid once a thread, and emit_addresses' questions
 * about a socket.
 */
#ifndef RTCSHIM_PRELOAD_EMIT_H
#define RTCSHIM_PRELOAD_EMIT_H

#include "event.h"
#include "fdtab.h"
#include "shim.h"
#include "span.h"

/* A call as its hook saw it; what every event about it shares. */
struct seen {
    enum event_call call;
    int fd;
    fd_word word; /* fdtab's, at the time of the call */
    uint64_t caller;
    int64_t result;
    int error;            /* errno where the call failed, else 0 */
    uint32_t flags;       /* EVENT_OUT or EVENT_IN, EVENT_FAILED */
    struct netaddr local; /* NETADDR_NONE: not told by the call */
    struct netaddr remote;
    const struct sockaddr *name; /* where the call has the peer's address, read only for an event:
                                    NULL, or maybe not readable */
    socklen_t name_len;
    uint32_t ifindex; /* told by the call's PKTINFO; 0 none */
};

/* Fill the head of an event from what was seen. */
struct event emit_head(enum event_kind kind, const struct seen *seen);

/* The address at seen->name, after the kernel has been asked whether it can be read; NETADDR_NONE
 * otherwise. */
struct netaddr emit_name(const struct seen *seen);

/* Where a send goes that names a destination. A stream's bytes go to its peer whatever the call
 * says; an IPv4 datagram socket takes AF_UNSPEC for AF_INET. */
struct netaddr emit_destination(fd_word word, const struct sockaddr *to, socklen_t len);

/* Ask the kernel for what the event still lacks: local and remote address, mark. The call's own
 * name for the peer comes first. */
void emit_addresses(struct event *event, const struct seen *seen);

/* In place of a STUN message's type: the bytes are TURN's and have none (ChannelData). */
#define STUN_TYPE_NONE 0x10000u

/*
 * Note what the policy in force says of a call that was made: refused ones are told where they are
 * refused (enforce_judge.h). POLICY_DENY here means that it got past: the policy has changed since,
 * or the call was not recognised before it was made. What was received, and probes, are not judged
 * here. stun_type: as on the wire, or STUN_TYPE_NONE.
 */
void emit_judge(struct event *event, uint16_t topic, unsigned stun_type);

/* Write it. data is cut at EVENT_DATA_MAX; full_len may be set before to a length beyond data's,
 * and is data's otherwise. */
void emit(struct event *event, const struct span *data);
void emit_bytes(struct event *event, const void *data, size_t len);

void emit_process(const struct event_process *process);

#endif
