/*
 * What a policy takes out of bytes that a program has received, before the program and the events
 * see them.
 *
 * Every receiving hook asks these functions between the real call and after_recv(). They edit the
 * caller's buffers, which the kernel has just written, and may change *n. true: nothing of it may
 * be handed on, and the real call is made again, as if the datagram had never come; the caller's
 * value-result fields are as they were then. errno is kept. While nothing is hidden each costs one
 * load.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_RECEIVE_H
#define RTCSHIM_PRELOAD_ENFORCE_RECEIVE_H

#include <errno.h>

#include "enforce.h"

/* What the caller gave room for, read before the call where it may be asked for again. */
struct received_room {
    socklen_t name;
    size_t control;
};

/* What arrived, however the hook was called. */
struct received {
    int fd;
    int flags;
    const struct iovec *iov;
    size_t count;
    size_t room;        /* bytes of the iovecs, SIZE_MAX not counted */
    struct msghdr *msg; /* NULL: the call has none */
    ssize_t n;          /* what the call returned, > 0; may be changed */
};

/* enforce_receive.c: true, the call is to be made again. The slow half, for all descriptors. */
bool enforce_received(struct received *received);

static inline bool hiding(void)
{
    return unlikely(shim.active && policy_hides(shim.policy));
}

static inline bool received(int fd, void *buf, size_t size, int flags, ssize_t *n)
{
    if (likely(!hiding()) || *n <= 0)
        return false;
    size_t have = (size_t)*n < size ? (size_t)*n : size;
    if (fd_kind(fdtab_get(fd)) == FD_UDP && !cookie_at(buf, have, COOKIE_RAW))
        return false; /* media; an answer without the cookie is none to any browser */
    struct iovec iov = {buf, size};
    struct received what = {
        .fd = fd, .flags = flags, .iov = &iov, .count = 1, .room = size, .n = *n};
    bool again = enforce_received(&what);
    *n = what.n;
    return again;
}

static inline bool received_pieces(int fd, const struct iovec *iov, int count, ssize_t *n)
{
    if (likely(!hiding()) || *n <= 0)
        return false;
    struct received what = {
        .fd = fd, .iov = iov, .count = (size_t)count, .room = SIZE_MAX, .n = *n};
    bool again = enforce_received(&what);
    *n = what.n;
    return again;
}

/* recvfrom's length is the caller's memory, which only the kernel may find unreadable: it is read
 * for a netlink socket alone. */
static inline struct received_room received_room_of_name(int fd, const socklen_t *name_len)
{
    struct received_room room = {0};
    if (hiding() && fd_kind(fdtab_get(fd)) == FD_ROUTE &&
        memory_readable(name_len, sizeof *name_len))
        room.name = *name_len;
    return room;
}

static inline bool received_from(int fd, void *buf, size_t size, int flags, socklen_t *name_len,
                                 const struct received_room *room, ssize_t *n)
{
    bool again = received(fd, buf, size, flags, n);
    if (again && name_len)
        *name_len = room->name;
    return again;
}

static inline struct received_room received_room_of(int fd, const struct msghdr *msg)
{
    struct received_room room = {0};
    if (hiding() && fd_kind(fdtab_get(fd)) == FD_ROUTE && memory_readable(msg, sizeof *msg)) {
        room.name = msg->msg_namelen;
        room.control = msg->msg_controllen;
    }
    return room;
}

static inline bool received_msg(int fd, struct msghdr *msg, int flags,
                                const struct received_room *room, ssize_t *n)
{
    if (likely(!hiding()) || *n <= 0)
        return false;
    struct received what = {.fd = fd,
                            .flags = flags,
                            .iov = msg->msg_iov,
                            .count = msg->msg_iovlen,
                            .room = SIZE_MAX,
                            .msg = msg,
                            .n = *n};
    bool again = enforce_received(&what);
    *n = what.n;
    if (again) {
        msg->msg_namelen = room->name;
        msg->msg_controllen = room->control;
    }
    return again;
}

/* recvmmsg: each message is edited. One of which nothing is left is handed on with no bytes: the
 * later ones can't be moved, because each has buffers of its own. */
static inline void received_msgs(int fd, struct mmsghdr *msgs, int flags, int n)
{
    if (likely(!hiding()))
        return;
    for (int i = 0; i < n; i++) {
        struct received what = {.fd = fd,
                                .flags = flags,
                                .iov = msgs[i].msg_hdr.msg_iov,
                                .count = msgs[i].msg_hdr.msg_iovlen,
                                .room = SIZE_MAX,
                                .msg = &msgs[i].msg_hdr,
                                .n = msgs[i].msg_len};
        if (what.n > 0)
            msgs[i].msg_len = enforce_received(&what) ? 0 : (unsigned)what.n;
    }
}

#endif
