/* Hooks of the calls that take bytes off a descriptor. */
#include "after.h"
#include "enforce_netlink.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

static struct seen seen_recv(enum event_call call, int fd, ssize_t n, uint64_t caller)
{
    return (struct seen){
        .call = call,
        .fd = fd,
        .word = fdtab_get(fd),
        .caller = caller,
        .result = n,
        .flags = EVENT_IN,
    };
}

void after_recv_slow(enum event_call call, int fd, const void *buf, size_t size, ssize_t n,
                     const struct sockaddr *from, socklen_t from_len, uint64_t caller)
{
    struct seen seen = seen_recv(call, fd, n, caller);
    struct iovec iov = {(void *)(uintptr_t)buf, size};
    size_t have = (size_t)n < size ? (size_t)n : size;

    seen.name = from_len ? from : NULL;
    seen.name_len = from_len;
    inspect_bytes(&seen, &(struct span){&iov, 1, 0, have}, 0, (size_t)n);
}

static bool has_control(const struct msghdr *msg)
{
    return msg->msg_control && msg->msg_controllen >= sizeof(struct cmsghdr);
}

/* Descriptors that came over a Unix socket: another process made them, and a number may have been
 * closed in here by a call that has no hook. */
static void forget_passed_descriptors(const struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = control_next(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0, len = control_len(msg, c); len - at >= sizeof(int); at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
            fdtab_forget(fd);
        }
    }
}

/* Where a datagram arrived, and into how many it was grouped; returns the size of each, 0 one. */
static unsigned read_control(const struct msghdr *msg, struct seen *seen)
{
    unsigned segment = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = control_next(msg, c)) {
        size_t len = control_len(msg, c);
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO && len >= sizeof(int)) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            segment = size > 0 ? (unsigned)size : 0;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
                   len >= sizeof(struct in_pktinfo)) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            seen->ifindex = (uint32_t)info.ipi_ifindex;
            seen->local = netaddr_from_bytes((uint8_t *)&info.ipi_addr, 4, 0);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
                   len >= sizeof(struct in6_pktinfo)) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            seen->ifindex = info.ipi6_ifindex;
            seen->local = netaddr_from_bytes(info.ipi6_addr.s6_addr, 16, 0);
        }
    }
    return segment;
}

/* How many bytes of n the buffers hold, and their first piece. */
static size_t bytes_here(const struct iovec *iov, size_t count, size_t n, const void **first,
                         size_t *first_len)
{
    size_t room = 0;

    *first = NULL;
    *first_len = 0;
    for (size_t i = 0; i < count && room < n; i++) {
        if (!*first && iov[i].iov_len) {
            *first = iov[i].iov_base;
            *first_len = iov[i].iov_len < n ? iov[i].iov_len : n;
        }
        room += iov[i].iov_len;
    }
    return room < n ? room : n;
}

void after_recvmsg(enum event_call call, int fd, const struct msghdr *msg, int flags, ssize_t n,
                   uint64_t caller)
{
    fd_word word = fdtab_get(fd);
    bool udp = fd_kind(word) == FD_UDP;
    unsigned segment = 0;
    const void *first;
    size_t first_len;

    if (!shim.active || n < 0)
        return;
    if (!udp && has_control(msg))
        forget_passed_descriptors(msg);
    if (n == 0 || fd_kind(word) == FD_OTHER || !inspect_receives(fd, flags))
        return;
    size_t have = bytes_here(msg->msg_iov, msg->msg_iovlen, (size_t)n, &first, &first_len);
    bool wanted = inspect_wanted(word, first, first_len, (size_t)n, FD_BEGUN_IN);
    if (!wanted && !(udp && has_control(msg)))
        return;

    struct seen seen = seen_recv(call, fd, n, caller);
    if (udp && has_control(msg))
        segment = read_control(msg, &seen);
    if (!wanted && segment == 0)
        return;
    seen.name = msg->msg_namelen ? msg->msg_name : NULL;
    seen.name_len = msg->msg_namelen;
    size_t full = (size_t)n;
    if ((msg->msg_flags & MSG_TRUNC) && full == have && udp)
        full = have + 1; /* longer than that, the kernel did not say by how much */
    inspect_bytes(&seen, &(struct span){msg->msg_iov, msg->msg_iovlen, 0, have}, segment, full);
}

void after_recvmmsg(enum event_call call, int fd, const struct mmsghdr *msgs, int flags, int n,
                    uint64_t caller)
{
    for (int i = 0; i < n; i++)
        after_recvmsg(call, fd, &msgs[i].msg_hdr, flags, msgs[i].msg_len, caller);
}

void after_readv(enum event_call call, int fd, const struct iovec *iov, int count, ssize_t n,
                 uint64_t caller)
{
    fd_word word = fdtab_get(fd);
    const void *first;
    size_t first_len;

    if (!shim.active || n <= 0 || fd_kind(word) == FD_OTHER)
        return;
    size_t have = bytes_here(iov, (size_t)count, (size_t)n, &first, &first_len);
    if (!inspect_wanted(word, first, first_len, (size_t)n, FD_BEGUN_IN))
        return;
    struct seen seen = seen_recv(call, fd, n, caller);
    inspect_bytes(&seen, &(struct span){iov, (size_t)count, 0, have}, 0, (size_t)n);
}

EXPORT ssize_t recv(int fd, void *buf, size_t size, int flags)
{
    ssize_t n;
    do
        n = REAL(recv)(fd, buf, size, flags);
    while (received(fd, buf, size, flags, &n));
    after_recv(EVENT_CALL_recv, fd, buf, size, flags, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
    ssize_t n;
    do
        n = REAL(__recv_chk)(fd, buf, len, size, flags);
    while (received(fd, buf, len, flags, &n));
    after_recv(EVENT_CALL___recv_chk, fd, buf, len, flags, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
                        socklen_t *from_len)
{
    struct received_room room = received_room_of_name(fd, from_len);
    ssize_t n;
    do
        n = REAL(recvfrom)(fd, buf, size, flags, from, from_len);
    while (received_from(fd, buf, size, flags, from_len, &room, &n));
    after_recv(EVENT_CALL_recvfrom, fd, buf, size, flags, n, from, from && n >= 0 ? *from_len : 0,
               CALLER());
    return n;
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
                              struct sockaddr *from, socklen_t *from_len)
{
    struct received_room room = received_room_of_name(fd, from_len);
    ssize_t n;
    do
        n = REAL(__recvfrom_chk)(fd, buf, len, size, flags, from, from_len);
    while (received_from(fd, buf, len, flags, from_len, &room, &n));
    after_recv(EVENT_CALL___recvfrom_chk, fd, buf, len, flags, n, from,
               from && n >= 0 ? *from_len : 0, CALLER());
    return n;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    struct received_room room = received_room_of(fd, msg);
    ssize_t n;
    do
        n = REAL(recvmsg)(fd, msg, flags);
    while (received_msg(fd, msg, flags, &room, &n));
    after_recvmsg(EVENT_CALL_recvmsg, fd, msg, flags, n, CALLER());
    return n;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
                    struct timespec *timeout)
{
    int n;
    if (enforce_netlink_one_by_one(fd, count)) {
        n = enforce_netlink_recvmmsg(fd, msgs, count, flags, timeout);
    } else {
        n = REAL(recvmmsg)(fd, msgs, count, flags, timeout);
        received_msgs(fd, msgs, flags, n);
    }
    after_recvmmsg(EVENT_CALL_recvmmsg, fd, msgs, flags, n, CALLER());
    return n;
}

EXPORT ssize_t read(int fd, void *buf, size_t size)
{
    ssize_t n;
    do
        n = REAL(read)(fd, buf, size);
    while (received(fd, buf, size, 0, &n));
    after_recv(EVENT_CALL_read, fd, buf, size, 0, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t __read(int fd, void *buf, size_t size)
{
    ssize_t n;
    do
        n = REAL(__read)(fd, buf, size);
    while (received(fd, buf, size, 0, &n));
    after_recv(EVENT_CALL___read, fd, buf, size, 0, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
    ssize_t n;
    do
        n = REAL(__read_chk)(fd, buf, len, size);
    while (received(fd, buf, len, 0, &n));
    after_recv(EVENT_CALL___read_chk, fd, buf, len, 0, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int count)
{
    ssize_t n;
    do
        n = REAL(readv)(fd, iov, count);
    while (received_pieces(fd, iov, count, &n));
    after_readv(EVENT_CALL_readv, fd, iov, count, n, CALLER());
    return n;
}

EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
    ssize_t n;
    do
        n = REAL(preadv2)(fd, iov, count, at, flags);
    while (received_pieces(fd, iov, count, &n));
    after_readv(EVENT_CALL_preadv2, fd, iov, count, n, CALLER());
    return n;
}

EXPORT ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
{
    ssize_t n;
    do
        n = REAL(preadv64v2)(fd, iov, count, at, flags);
    while (received_pieces(fd, iov, count, &n));
    after_readv(EVENT_CALL_preadv64v2, fd, iov, count, n, CALLER());
    return n;
}
