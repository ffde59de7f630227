/*
 * What happens after a real call, shared by the hooks of one family and by syscall(): the hook has
 * the result, these look at it.
 *
 * Inline so that a call that is no event costs a table lookup and a few comparisons. None of them
 * changes errno.
 */
#ifndef RTCSHIM_PRELOAD_AFTER_H
#define RTCSHIM_PRELOAD_AFTER_H

#include <errno.h>

#include "inspect.h"

/* The slow halves, called only when something may have to be told. */
void after_send_slow(enum event_call call, int fd, const void *buf, size_t len, ssize_t n,
                     const struct sockaddr *to, socklen_t to_len, uint64_t caller);
void after_recv_slow(enum event_call call, int fd, const void *buf, size_t size, ssize_t n,
                     const struct sockaddr *from, socklen_t from_len, uint64_t caller);

/* What a message's control data say that matters here. */
struct send_control {
    unsigned segment;      /* UDP_SEGMENT */
    uint32_t ifindex;      /* IP_PKTINFO, IPV6_PKTINFO: the interface asked for */
    bool ipv6;             /* by the latter */
    bool marked;           /* SO_MARK */
    struct netaddr source; /* and the source address */
};

/* msg's control buffer can be read. */
struct send_control read_send_control(const struct msghdr *msg);

void after_sendmsg(enum event_call call, int fd, const struct msghdr *msg, ssize_t n,
                   uint64_t caller);
void after_sendmmsg(enum event_call call, int fd, const struct mmsghdr *msgs, int n,
                    uint64_t caller);
void after_writev(enum event_call call, int fd, const struct iovec *iov, int count, ssize_t n,
                  uint64_t caller);

void after_recvmsg(enum event_call call, int fd, const struct msghdr *msg, int flags, ssize_t n,
                   uint64_t caller);
void after_recvmmsg(enum event_call call, int fd, const struct mmsghdr *msgs, int flags, int n,
                    uint64_t caller);
void after_readv(enum event_call call, int fd, const struct iovec *iov, int count, ssize_t n,
                 uint64_t caller);

/* send, sendto, write: len is what was asked, n what was sent. to may be NULL. */
static inline void after_send(enum event_call call, int fd, const void *buf, size_t len, ssize_t n,
                              const struct sockaddr *to, socklen_t to_len, uint64_t caller)
{
    fd_word word = fdtab_get(fd);

    if (likely(n > 0) ? (inspect_wanted(word, buf, (size_t)n, (size_t)n, FD_SENT | FD_BEGUN_OUT) ||
                         (to && fd_kind(word) == FD_UDP && shim.active && n >= 12))
                      : n < 0 && fd_kind(word) == FD_UDP && shim.active)
        after_send_slow(call, fd, buf, len, n, to, to_len, caller);
}

/* recv, recvfrom, read: size is the buffer's, n the result, which MSG_TRUNC can make larger. from
 * may be NULL. */
static inline void after_recv(enum event_call call, int fd, const void *buf, size_t size, int flags,
                              ssize_t n, const struct sockaddr *from, socklen_t from_len,
                              uint64_t caller)
{
    if (n <= 0 || !inspect_receives(fd, flags))
        return;
    size_t have = (size_t)n < size ? (size_t)n : size;
    if (inspect_wanted(fdtab_get(fd), buf, have, (size_t)n, FD_BEGUN_IN))
        after_recv_slow(call, fd, buf, size, n, from, from_len, caller);
}

/*
 * The bytes of one control message's payload, never past the control buffer's end, and the message
 * after it. CMSG_NXTHDR alone trusts cmsg_len, which the kernel does not look at in the later parts
 * of a corked datagram.
 */
static inline size_t control_room(const struct msghdr *msg, const struct cmsghdr *c)
{
    return msg->msg_controllen - (size_t)((const char *)c - (const char *)msg->msg_control);
}

static inline size_t control_len(const struct msghdr *msg, const struct cmsghdr *c)
{
    size_t room = control_room(msg, c);
    size_t len = c->cmsg_len < room ? c->cmsg_len : room;
    return len < CMSG_LEN(0) ? 0 : len - CMSG_LEN(0);
}

static inline struct cmsghdr *control_next(const struct msghdr *msg, struct cmsghdr *c)
{
    return c->cmsg_len <= control_room(msg, c) ? CMSG_NXTHDR((struct msghdr *)(uintptr_t)msg, c)
                                               : NULL;
}

/* hooks_socket.c */
void after_socket(int fd, int domain, int type, int protocol);
void after_accept(int listener, int fd);
void after_bind(int fd, const struct sockaddr *addr, socklen_t len);
/* *result may become a failure: a probe that the policy refuses is undone. */
void after_connect(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                   int *result, uint64_t caller);
/* room: what *len was before the call; it is only used where the policy changes answers. */
void after_getsockname(enum event_call call, int fd, struct sockaddr *addr, socklen_t *len,
                       socklen_t room, uint64_t caller);
void after_setsockopt(enum event_call call, int fd, int level, int name, const void *value,
                      socklen_t len, uint64_t caller);

/* hooks_enum.c; result is not -1 */
void after_ioctl(enum event_call call, int fd, unsigned long request, void *arg, int result,
                 uint64_t caller);

/* hooks_file.c; fd is the new descriptor, dir the one that a relative path starts from or AT_FDCWD
 */
void after_open(enum event_call call, int dir, const char *path, int fd, uint64_t caller);

/* hooks_fd.c; before: an entry goes before its descriptor does. A call that fails has made its
 * range unknown, which is safe. */
void before_close_range(unsigned first, unsigned last, unsigned flags);
void after_fcntl(int fd, int command, int result);

#endif
