/*
 * Asking the policy, and refusing by its answer; shared by the enforcing files and by events.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_JUDGE_H
#define RTCSHIM_PRELOAD_ENFORCE_JUDGE_H

#include "enforce.h"

enum {
    ENFORCE_GO = -1,  /* the real call is made */
    ENFORCE_DROP = 0, /* pretend that it was; above: the errno to return */
    /* What a message without STUN header says of its class: none. */
    ENFORCE_NO_CLASS = 4,
    ENFORCE_NO_INTERFACE = 0x7fffffff, /* an index that no interface has */
};

/*
 * Fill in what the fields of an event or a call say. remote is the server, local may be
 * NETADDR_NONE. In place and field by field: a copy of what was just written in pieces waits for
 * the pieces, and this is on the way of every STUN message.
 */
static inline void enforce_subject(struct policy_subject *out, uint16_t topic, fd_word word,
                                   unsigned stun_type, const struct netaddr *local,
                                   const struct netaddr *remote, uint32_t ifindex)
{
    bool message = topic == POLICY_STUN && !(stun_type & STUN_TYPE_NONE);

    out->topic = topic;
    out->transport = fd_kind(word) == FD_TCP ? POLICY_TCP : POLICY_UDP;
    out->family = remote->family != NETADDR_NONE ? remote->family
                  : word & FD_IPV6               ? NETADDR_IPV6
                                                 : NETADDR_IPV4;
    out->stun_class =
        message ? (uint8_t)((stun_type >> 7 & 2) | (stun_type >> 4 & 1)) : ENFORCE_NO_CLASS;
    out->proxied = fd_kind(word) == FD_TCP && (word & FD_PROXIED) ? POLICY_PROXIED : POLICY_DIRECT;
    out->stun_method =
        message ? (uint16_t)((stun_type >> 2 & 0xf80) | (stun_type >> 1 & 0x70) | (stun_type & 0xf))
                : 0;
    out->role = shim.role;
    out->ifindex = ifindex;
    out->local = *local;
    out->server = *remote;
}

/* A verdict that refuses because something could not be known. */
struct policy_verdict enforce_doubt(void);

/* What the refusal is: ENFORCE_DROP or an errno. */
int enforce_refusal(const struct policy_verdict *verdict, uint16_t topic, fd_word word);

/*
 * The same for a datagram with STUN of this type. Where the policy leaves it to the library, a
 * request is lost when it is sent first and gets an errno when it is sent again. Chromium closes a
 * socket for that errno; where it does so at once, TURN on the same socket has not begun to listen
 * for the end, and gathering waits out 40 s of repetitions. They start after 250 ms.
 */
int enforce_refusal_of_datagram(const struct policy_verdict *verdict, fd_word word,
                                unsigned stun_type, const uint8_t txid[static STUN_TXID_BYTES]);

/*
 * Judge what fd is about to do, and pin it where that is the condition. true: allowed. subject's
 * ifindex is what is certain of this call (0: fd's own pin is looked at).
 */
bool enforce_judge_socket(int fd, struct policy_subject *subject, struct policy_verdict *verdict);

/* enforce_pin.c: bind fd to ifindex; 0, or the interface that it is bound to already in *bound with
 * EPERM, or another errno. Remembered in the table. */
int enforce_pin(int fd, uint32_t ifindex, uint32_t *bound);

/* Tell a refusal: seen's flags, result and error are set by it. data may be NULL; full_len: where
 * the message has more bytes than data, else 0. */
void enforce_tell(enum event_kind kind, struct seen *seen, const struct policy_verdict *verdict,
                  int refusal, const struct span *data, size_t full_len, uint32_t arg);

/* Where a call without destination goes to, and from where: as emit_addresses, but never from
 * memory where another descriptor may have changed the socket. */
struct netaddr enforce_peer(int fd, fd_word word);
struct netaddr enforce_local(int fd, fd_word word);

/* The descriptor's word; asks the kernel where the table does not know it and ask is true. */
fd_word enforce_word(struct seen *seen);

/* enforce_stream.c: judge the STUN messages that start in this part of a TCP stream. ENFORCE_GO, or
 * the refusal of the first one that is refused, which has been told. */
int enforce_stream(struct seen *seen, const struct span *span);

#endif
