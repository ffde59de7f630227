/*
 * Keeping a policy: what is asked before the real call.
 *
 * Each before_... function answers whether the real call may be made. false: *result is what the
 * hook returns, errno is set, and the refusal has been told. While the policy in force says nothing
 * about the topic each costs one load, and the hook is what it is without a policy. While it does,
 * the inline tests let go what can't be meant: media cost a few comparisons.
 *
 * The bytes of a send are looked at before the kernel has found that they can be read. So they are
 * asked for first, a page at a time, and the answer is remembered by the thread: memory that can't
 * be read is left to the kernel, which says EFAULT.
 *
 * All functions are async-signal-safe and keep errno where the call goes on.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_H
#define RTCSHIM_PRELOAD_ENFORCE_H

#include <errno.h>

#include "inspect.h"

enum {
    ENFORCE_PORT_DNS = 53,
    ENFORCE_PORT_MDNS = 5353,
    ENFORCE_NAME_BYTES = 8, /* of a socket address: its family and its port */
    ENFORCE_SENDS = POLICY_STUN | POLICY_DNS | POLICY_MDNS | POLICY_DEVICE | POLICY_CONNECT,
};

/* Something of these topics (enum policy_topic bits) may be refused. */
static inline bool enforcing(unsigned topics)
{
    return unlikely(shim.active && (policy_enforced(shim.policy) & topics) != 0);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Asks the kernel about pages that this thread has not seen, and remembers them. */
bool enforce_readable_slow(const void *bytes, size_t len);

static inline bool enforce_readable(const void *bytes, size_t len)
{
    uintptr_t at = (uintptr_t)bytes, page = at / PAGE_MIN;
    const uintptr_t *ways = shim_thread.readable[page % SHIM_READABLE];

    return (len > 0 && len <= PAGE_MIN && (at + len - 1) / PAGE_MIN == page &&
            (ways[0] == page + 1 || ways[1] == page + 1)) ||
           enforce_readable_slow(bytes, len);
}

/* --- sends ------------------------------------------------------------------------------------ */

/* The call names a DNS or mDNS port: byte order and place are the same in both families. */
static inline bool enforce_names_dns(const struct sockaddr *to, socklen_t to_len)
{
    if (!to || to_len < ENFORCE_NAME_BYTES || !enforce_readable(to, ENFORCE_NAME_BYTES))
        return false;
    uint16_t port = be16((const uint8_t *)to + 2);
    return port == ENFORCE_PORT_DNS || port == ENFORCE_PORT_MDNS;
}

/*
 * A call that was made before a policy forbade it goes on with media. So the first datagram after
 * each change on a socket that has sent STUN is judged too, as STUN of no class and no method; a
 * socket that was allowed is settled until the next change.
 */
extern _Atomic uint32_t enforce_settled[FDTAB_SIZE];

/* What a settled socket has there: never 0. */
static inline uint32_t enforce_settled_mark(void)
{
    return atomic_load_explicit(&shim.policy->generation, memory_order_relaxed) * 2 + 2;
}

static inline bool enforce_unsettled(int fd, fd_word word)
{
    return (word & FD_ASKED) &&
           ((word & FD_SHARED) ||
            atomic_load_explicit(&enforce_settled[(unsigned)fd % FDTAB_SIZE],
                                 memory_order_relaxed) != enforce_settled_mark());
}

/* May a policy have to say something about a send with these bytes? first is where its first
 * first_len bytes are, of len; not known to be readable. */
static inline bool enforce_wanted(int fd, const uint8_t *first, size_t first_len, size_t len,
                                  int flags, const struct sockaddr *to, socklen_t to_len)
{
    fd_word word = fdtab_get(fd);

    switch (fd_kind(word)) {
    case FD_UDP:
        if ((word & (FD_DNS | FD_MDNS | FD_CORKED | FD_SEGMENT_MASK)) || (flags & MSG_MORE) ||
            enforce_unsettled(fd, word) || enforce_names_dns(to, to_len))
            return true;
        if (first_len < STUN_HEADER_BYTES)
            return first_len < len || (word & (FD_STUN | FD_SHARED));
        return enforce_readable(first, STUN_HEADER_BYTES) &&
               ((first[0] & 0xc0) == 0 ? cookie_at(first, first_len, COOKIE_RAW) ||
                                             be16(first + 2) + (size_t)STUN_HEADER_BYTES == len
                                       : (word & FD_STUN) && (first[0] & 0xf0) == 0x40);
    case FD_TCP:
        if (fd_stream(word) || (flags & MSG_FASTOPEN))
            return true;
        break;
    case FD_UNKNOWN:
        if (enforce_names_dns(to, to_len))
            return true;
        break;
    case FD_ROUTE:
    case FD_OTHER:
    case FD_DIRECTORY:
        return false;
    }
    if (first_len < COOKIE_FRAMED + 4)
        return first_len < len;
    return enforce_readable(first, COOKIE_FRAMED + 4) &&
           (cookie_at(first, first_len, COOKIE_RAW) || cookie_at(first, first_len, COOKIE_FRAMED));
}

/* The slow halves. */
bool enforce_send(enum event_call call, int fd, const void *buf, size_t len, int flags,
                  const struct sockaddr *to, socklen_t to_len, uint64_t caller, ssize_t *result);
bool enforce_sendmsg(enum event_call call, int fd, const struct msghdr *msg, int flags,
                     uint64_t caller, ssize_t *result);
bool enforce_writev(enum event_call call, int fd, const struct iovec *iov, int count,
                    uint64_t caller, ssize_t *result);

static inline bool before_send(enum event_call call, int fd, const void *buf, size_t len, int flags,
                               const struct sockaddr *to, socklen_t to_len, uint64_t caller,
                               ssize_t *result)
{
    return likely(!enforcing(ENFORCE_SENDS)) ||
           !enforce_wanted(fd, buf, len, len, flags, to, to_len) ||
           enforce_send(call, fd, buf, len, flags, to, to_len, caller, result);
}

/* A socket or a message may name an interface that it is not to know of, or not to choose. */
static inline bool enforcing_ways(void)
{
    return unlikely(shim.active && ((policy_enforced(shim.policy) & ENFORCE_SENDS) != 0 ||
                                    policy_hides(shim.policy)));
}

static inline bool before_sendmsg(enum event_call call, int fd, const struct msghdr *msg, int flags,
                                  uint64_t caller, ssize_t *result)
{
    return likely(!enforcing_ways()) || enforce_sendmsg(call, fd, msg, flags, caller, result);
}

static inline bool before_writev(enum event_call call, int fd, const struct iovec *iov, int count,
                                 uint64_t caller, ssize_t *result)
{
    return likely(!enforcing(ENFORCE_SENDS)) ||
           enforce_writev(call, fd, iov, count, caller, result);
}

/* sendmmsg as a whole, real calls and events included: some of its messages may go and others not.
 * real_call is libc's function or the same by number. */
typedef int enforce_sendmmsg_real(int fd, struct mmsghdr *msgs, unsigned count, int flags);
int enforce_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags,
                     enforce_sendmmsg_real *real_call, enum event_call call, uint64_t caller);

/* --- sockets ---------------------------------------------------------------------------------- */

/* Before a connect: TCP (topics connect, dns), which may pin the socket. */
bool enforce_connect(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                     uint64_t caller, int *result);
/* Before a bind while something is hidden: true, and errno is set, where it names a hidden address.
 * Nobody here has that one: which addresses a machine has could be tried out otherwise. */
bool enforce_bind_hidden(int fd, const struct sockaddr *addr, socklen_t len);
/* After a bind that failed: to the decoy of a masked address, which a program has from an
 * enumeration, it is made again to the wildcard address. Returns what bind() does. */
int enforce_bind(int fd, const struct sockaddr *addr, socklen_t len);
/* After a datagram connect: true where the policy denies it and it has been undone and told. */
bool enforce_probe(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                   uint64_t caller, int *result);
/* Before setsockopt: topic device, the pins that the policy itself has set, and interfaces that are
 * hidden: to name one is as if there were none. */
bool enforce_setsockopt(enum event_call call, int fd, int level, int name, const void *value,
                        socklen_t len, uint64_t caller, int *result);
/* After getsockname: a hidden address in the answer is replaced; room is what *len was before. true
 * where that was done and told. */
bool enforce_getsockname(enum event_call call, int fd, struct sockaddr *addr, socklen_t *len,
                         socklen_t room, uint64_t caller);

static inline bool before_connect(enum event_call call, int fd, const struct sockaddr *addr,
                                  socklen_t len, uint64_t caller, int *result)
{
    return likely(!enforcing(POLICY_CONNECT | POLICY_DNS)) ||
           enforce_connect(call, fd, addr, len, caller, result);
}

/* Local addresses are not what they are. */
static inline bool enforcing_addresses(void)
{
    return unlikely(shim.active && (policy_hides(shim.policy) ||
                                    (policy_enforced(shim.policy) & POLICY_PROBE) != 0));
}

/* What a caller of getsockname gave room for. */
static inline socklen_t getsockname_room(const socklen_t *len)
{
    return enforcing_addresses() && enforce_readable(len, sizeof *len) ? *len : 0;
}

static inline bool before_setsockopt(enum event_call call, int fd, int level, int name,
                                     const void *value, socklen_t len, uint64_t caller, int *result)
{
    return likely(!enforcing_ways()) ||
           enforce_setsockopt(call, fd, level, name, value, len, caller, result);
}

/* A socket option by which a socket chooses its own interface or routing table. */
bool chooses_way(int level, int name);
/* How many bytes of its value count. */
socklen_t choice_bytes(int level, int name);

/* --- names ------------------------------------------------------------------------------------ */

/* How a call takes a name: which texts it answers by itself. */
enum enforce_text {
    TEXT_IS_NAME, /* none: res_query asks for "192.0.2.1" as well */
    TEXT_IS_HOST, /* addresses: gethostbyname */
    TEXT_IS_NODE, /* with scopes, too: getaddrinfo */
};

/* May this name be asked for (topic dns)? Names that need no question always may. */
bool enforce_name(const char *name, enum enforce_text text, struct policy_verdict *verdict);

static inline bool before_name(const char *name, enum enforce_text text,
                               struct policy_verdict *verdict)
{
    return likely(!enforcing(POLICY_DNS)) || enforce_name(name, text, verdict);
}

#endif
