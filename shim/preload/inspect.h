/*
 * Looking at bytes that went through a descriptor: is it STUN, ChannelData, DNS or rtnetlink.
 *
 * Called after the real call has succeeded, so the kernel has just read or written those bytes and
 * they can be read here. The inline test decides for all other traffic, in a few instructions and
 * without a call.
 */
#ifndef RTCSHIM_PRELOAD_INSPECT_H
#define RTCSHIM_PRELOAD_INSPECT_H

#include "bytes.h"
#include "emit.h"
#include "stream.h"
#include "stun.h"

static inline bool cookie_at(const uint8_t *bytes, size_t len, size_t at)
{
    return len >= at + 4 && be32(bytes + at) == STUN_COOKIE;
}

enum {
    COOKIE_RAW = 4,    /* where the cookie stands in a STUN message */
    COOKIE_FRAMED = 6, /* and after RFC 4571's length */
    PAGE_MIN = 4096,   /* no page is smaller, and none is mapped at 0 */
};

/*
 * May these bytes matter? first points at first_len readable bytes (all of them, or the first
 * piece), len is what the call carried. direction: FD_SENT | FD_BEGUN_OUT for sends, FD_BEGUN_IN
 * for receives. A word lacking the bit that its kind knows must be looked at once, to set it.
 */
static inline bool inspect_wanted(fd_word word, const uint8_t *first, size_t first_len, size_t len,
                                  fd_word direction)
{
    if (!shim.active || len == 0)
        return false;
    switch (fd_kind(word)) {
    case FD_UDP:
        if ((word & (FD_DNS | FD_MDNS)) ||
            ((direction & FD_SENT) && (!(word & FD_SENT) || (word & FD_SEGMENT_MASK))))
            return true;
        if (first_len < STUN_HEADER_BYTES && first_len < len) /* the header is in pieces */
            return true;
        if ((word & FD_STUN) &&
            (first[0] & 0xf0) == 0x40) /* ChannelData; media and DTLS stay out */
            return true;
        return first_len >= STUN_HEADER_BYTES && (first[0] & 0xc0) == 0 &&
               (cookie_at(first, first_len, COOKIE_RAW) ||
                be16(first + 2) + STUN_HEADER_BYTES == (int)len);
    case FD_TCP:
        if (fd_stream(word) || (direction & (FD_BEGUN_OUT | FD_BEGUN_IN) & ~word))
            return true;
        return first_len >= COOKIE_FRAMED + 4 ? cookie_at(first, first_len, COOKIE_RAW) ||
                                                    cookie_at(first, first_len, COOKIE_FRAMED)
                                              : first_len < len;
    case FD_ROUTE:
        return true;
    case FD_UNKNOWN:
        /* Not every file reads what is written to it: /dev/null takes any pointer. */
        if ((uintptr_t)first < PAGE_MIN)
            return false;
        return first_len >= STUN_HEADER_BYTES ? cookie_at(first, first_len, COOKIE_RAW) ||
                                                    cookie_at(first, first_len, COOKIE_FRAMED)
                                              : first_len < len && len >= STUN_HEADER_BYTES;
    case FD_OTHER:
    case FD_DIRECTORY:
        break;
    }
    return false;
}

/*
 * Did a receive with these flags take bytes off fd and put them into its buffers? A peek takes
 * none, the error queue holds copies of what was sent, an urgent byte stands beside its stream, and
 * MSG_TRUNC makes TCP drop them unread: a stream that is being followed then loses its place.
 */
static inline bool inspect_receives(int fd, int flags)
{
    if (likely((flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB | MSG_TRUNC)) == 0))
        return true;
    if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB))
        return false;
    enum fd_kind kind = fd_kind(fdtab_get(fd));
    if (kind == FD_TCP)
        stream_drop(fd);
    return kind == FD_UDP || kind == FD_ROUTE;
}

/*
 * Look at what a call carried and tell what is worth telling. segment: bytes of each datagram where
 * the call carried several (UDP_SEGMENT, UDP_GRO), 0 one. full_len: what the datagram had, more
 * than span->len where the receiver's buffer was short.
 */
void inspect_bytes(struct seen *seen, const struct span *span, unsigned segment, size_t full_len);

/*
 * An unknown descriptor carries what looks like STUN: now the kernel may be asked what it is. Fills
 * in seen->word and the table. false: no UDP or TCP socket.
 */
bool inspect_learn(struct seen *seen);

/* One complete message or datagram that may be STUN or ChannelData; full_len as above. */
void inspect_stun(const struct seen *seen, const struct span *span, size_t full_len);

/* Is a failed send worth a look? Not where nothing was asked of the network, or where the same
 * bytes come again. */
bool inspect_failure_tells(const struct seen *seen);

/* The same as inspect_bytes() for a send that failed, with its destination in seen->name: nothing
 * says that they can be read, so the kernel is asked first. The iovecs themselves are checked by
 * the caller. UDP sockets only. */
void inspect_failed(struct seen *seen, const struct iovec *iov, size_t count);

#endif
