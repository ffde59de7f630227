/*
 * What each descriptor is, remembered from the calls that made it, so that no hook has to ask the
 * kernel.
 *
 * A flat table of atomic words, one a descriptor: lookups are one load. Descriptors past the table,
 * inherited, received over a Unix socket or made by a call that has no hook are unknown, which is
 * always a safe answer: their bytes are still looked at for the STUN cookie. All functions are
 * async-signal-safe and keep errno.
 */
#ifndef RTCSHIM_PRELOAD_FDTAB_H
#define RTCSHIM_PRELOAD_FDTAB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FDTAB_SIZE = 65536 };

enum fd_kind {
    FD_UNKNOWN = 0,
    FD_OTHER, /* no socket, or one that carries neither STUN nor rtnetlink */
    FD_UDP,
    FD_TCP,
    FD_ROUTE,     /* AF_NETLINK, NETLINK_ROUTE */
    FD_DIRECTORY, /* a directory in or just above /proc/net or /sys/class/net */
};

/* The word: kind in the low 3 bits, flags above, then the stream tracker, the segment size and the
 * interface. */
typedef uint64_t fd_word;

#define FD_KIND_MASK UINT64_C(0x7)
#define FD_BOUND     (UINT64_C(1) << 3) /* bound to the device FD_IFINDEX: the kernel keeps to it */
#define FD_IPV6                                                                                    \
    (UINT64_C(1) << 4) /* socket of family AF_INET6; its packets may be IPv4 all the same */
#define FD_CONNECTED     (UINT64_C(1) << 5)
#define FD_SENT          (UINT64_C(1) << 6) /* something has been sent: getsockname is no probe any more */
#define FD_PROBED        (UINT64_C(1) << 7)  /* this connect's probe has been told */
#define FD_STUN          (UINT64_C(1) << 8)  /* STUN was seen: ChannelData means something */
#define FD_DNS           (UINT64_C(1) << 9)  /* the peer is port 53 */
#define FD_MDNS          (UINT64_C(1) << 10) /* bound to or talking to port 5353 */
#define FD_MARKED        (UINT64_C(1) << 11) /* SO_MARK was set */
#define FD_BEGUN_OUT     (UINT64_C(1) << 12) /* TCP: bytes have been sent */
#define FD_BEGUN_IN      (UINT64_C(1) << 13) /* TCP: bytes have been received */
#define FD_STREAM_SHIFT  14                  /* 8 bits: stream tracker + 1 */
#define FD_STREAM_MASK   (UINT64_C(0xff) << FD_STREAM_SHIFT)
#define FD_PINNED        (UINT64_C(1) << 22) /* FD_BOUND, and by the policy */
#define FD_SHARED        (UINT64_C(1) << 23) /* dup: what is done through the copy is not known here */
#define FD_SEGMENT_SHIFT 24                  /* 16 bits: UDP_SEGMENT */
#define FD_SEGMENT_MASK  (UINT64_C(0xffff) << FD_SEGMENT_SHIFT)
#define FD_LOCAL         (UINT64_C(1) << 40) /* the local address is remembered, see address.h */
#define FD_PEER          (UINT64_C(1) << 41) /* the remote one too */
#define FD_IFINDEX_SHIFT 42 /* 21 bits: interface that the socket was told to use */
#define FD_IFINDEX_MASK  (UINT64_C(0x1fffff) << FD_IFINDEX_SHIFT)
#define FD_DECOY         (UINT64_C(1) << 63) /* UDP: bound by the decoy of a masked address */
/* Bits that say one thing of a TCP socket and another of a UDP socket. */
#define FD_CORKED  FD_BEGUN_OUT /* UDP: UDP_CORK is set */
#define FD_ASKED   FD_BEGUN_IN  /* UDP: STUN was sent, what follows belongs to a call */
#define FD_PROXIED FD_PROBED    /* TCP: something else was sent before the first STUN message */

static inline enum fd_kind fd_kind(fd_word word)
{
    return (enum fd_kind)(word & FD_KIND_MASK);
}

static inline unsigned fd_stream(fd_word word)
{
    return (unsigned)((word & FD_STREAM_MASK) >> FD_STREAM_SHIFT);
}

static inline unsigned fd_segment(fd_word word)
{
    return (unsigned)((word & FD_SEGMENT_MASK) >> FD_SEGMENT_SHIFT);
}

/* An index that has no room here becomes one that no interface has. */
static inline fd_word fd_word_of_ifindex(uint32_t ifindex)
{
    return (fd_word)(ifindex < 0x1fffff ? ifindex : 0x1fffff) << FD_IFINDEX_SHIFT;
}

static inline uint32_t fd_ifindex(fd_word word)
{
    return (uint32_t)((word & FD_IFINDEX_MASK) >> FD_IFINDEX_SHIFT);
}

extern _Atomic fd_word fdtab[FDTAB_SIZE];

/* 0, which is FD_UNKNOWN without flags, for any descriptor that is not in the table. */
static inline fd_word fdtab_get(int fd)
{
    return (unsigned)fd < FDTAB_SIZE ? atomic_load_explicit(&fdtab[fd], memory_order_relaxed) : 0;
}

/* In a vfork child the four below do nothing: the table there is the parent's, the descriptors are
 * not. */
void fdtab_set(int fd, fd_word word); /* a new descriptor; releases what the old word held */
void fdtab_copy(int from, int to);    /* dup and kin */
void fdtab_forget(
    int fd); /* close, before the call: the number may be reused the moment it returns */
void fdtab_forget_range(unsigned first, unsigned last);

/* Change bits of a descriptor that is there: word = (word & ~clear) | set. */
void fdtab_change(int fd, fd_word clear, fd_word set);

/*
 * Let fd name a stream tracker, unless it names one already or is no TCP socket any more; returns
 * the number that it names then, 0 none. The reference that the name needs is the caller's to take
 * before and to give back where it got another number.
 */
unsigned fdtab_attach_stream(int fd, unsigned number);
/* fd names that tracker no more; false where it did not. The reference becomes the caller's. */
bool fdtab_detach_stream(int fd, unsigned number);

/* The word for a socket() call's arguments. */
fd_word fd_word_of_socket(int domain, int type, int protocol);

_Static_assert(FD_DIRECTORY <= FD_KIND_MASK, "a kind fits its bits");

#endif
