/* Hooks of the calls that put bytes on a descriptor. */
#include "after.h"
#include "enforce.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

struct send_control read_send_control(const struct msghdr *msg)
{
    struct send_control control = {0};

    if (!msg->msg_control)
        return control;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = control_next(msg, c)) {
        size_t len = control_len(msg, c);
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT && len >= 2) {
            uint16_t segment;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            control.segment = segment;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
                   len >= sizeof(struct in_pktinfo)) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            if (info.ipi_ifindex) /* of several the last one that names an interface */
                control.ifindex = (uint32_t)info.ipi_ifindex;
            if (info.ipi_spec_dst.s_addr)
                control.source = netaddr_from_bytes((uint8_t *)&info.ipi_spec_dst, 4, 0);
        } else if (c->cmsg_level == IPPROTO_IPV6 &&
                   (c->cmsg_type == IPV6_PKTINFO || c->cmsg_type == IPV6_2292PKTINFO) &&
                   len >= sizeof(struct in6_pktinfo)) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            if (info.ipi6_ifindex) {
                control.ifindex = info.ipi6_ifindex;
                control.ipv6 = true;
            }
            if (!IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
                control.source = netaddr_from_bytes(info.ipi6_addr.s6_addr, 16, 0);
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_MARK) {
            control.marked = true;
        }
    }
    return control;
}

static struct seen seen_send(enum event_call call, int fd, ssize_t n, uint64_t caller)
{
    return (struct seen){
        .call = call,
        .fd = fd,
        .word = fdtab_get(fd),
        .caller = caller,
        .result = n,
        .error = n < 0 ? errno : 0,
        .flags = EVENT_OUT,
    };
}

void after_send_slow(enum event_call call, int fd, const void *buf, size_t len, ssize_t n,
                     const struct sockaddr *to, socklen_t to_len, uint64_t caller)
{
    struct seen seen = seen_send(call, fd, n, caller);
    struct iovec iov = {(void *)(uintptr_t)buf, len};

    if (n < 0) {
        seen.name = to;
        seen.name_len = to_len;
        inspect_failed(&seen, &iov, 1);
        return;
    }
    seen.remote = emit_destination(seen.word, to, to_len);
    inspect_bytes(&seen, &(struct span){&iov, 1, 0, (size_t)n}, fd_segment(seen.word), (size_t)n);
}

/* The bytes of the first iovec that has some, at most n. */
static const void *first_piece(const struct iovec *iov, size_t count, size_t n, size_t *len)
{
    for (size_t i = 0; i < count; i++)
        if (iov[i].iov_len) {
            *len = iov[i].iov_len < n ? iov[i].iov_len : n;
            return iov[i].iov_base;
        }
    *len = 0;
    return NULL;
}

/* A failed call's iovecs: more than these the kernel refuses without a look, and a filter refuses
 * before the kernel looks. */
static bool pieces_readable(const struct iovec *iov, size_t count)
{
    enum { PIECES_MAX = 1024 }; /* UIO_MAXIOV */
    return count <= PIECES_MAX && memory_readable(iov, count * sizeof *iov);
}

void after_sendmsg(enum event_call call, int fd, const struct msghdr *msg, ssize_t n,
                   uint64_t caller)
{
    fd_word word = fdtab_get(fd);
    size_t len;

    if (!shim.active || n == 0 || fd_kind(word) == FD_OTHER)
        return;
    if (n < 0) {
        struct seen seen = seen_send(call, fd, n, caller);
        if (!inspect_failure_tells(&seen) || !memory_readable(msg, sizeof *msg) ||
            !pieces_readable(msg->msg_iov, msg->msg_iovlen))
            return;
        seen.name = msg->msg_name;
        seen.name_len = msg->msg_namelen;
        inspect_failed(&seen, msg->msg_iov, msg->msg_iovlen);
        return;
    }
    const void *first = first_piece(msg->msg_iov, msg->msg_iovlen, (size_t)n, &len);
    if (!inspect_wanted(word, first, len, (size_t)n, FD_SENT | FD_BEGUN_OUT) &&
        (fd_kind(word) != FD_UDP || (!msg->msg_name && !msg->msg_control)))
        return;

    struct seen seen = seen_send(call, fd, n, caller);
    struct send_control control = read_send_control(msg);
    seen.ifindex = control.ifindex;
    seen.local = control.source;
    seen.remote = emit_destination(word, msg->msg_name, msg->msg_namelen);
    inspect_bytes(&seen, &(struct span){msg->msg_iov, msg->msg_iovlen, 0, (size_t)n},
                  control.segment ? control.segment : fd_segment(word), (size_t)n);
}

void after_sendmmsg(enum event_call call, int fd, const struct mmsghdr *msgs, int n,
                    uint64_t caller)
{
    if (!shim.active || fd_kind(fdtab_get(fd)) == FD_OTHER)
        return;
    if (n < 0) /* the first one failed; of those behind a success the kernel does not tell */
        after_sendmsg(call, fd, &msgs->msg_hdr, n, caller);
    for (int i = 0; i < n; i++)
        after_sendmsg(call, fd, &msgs[i].msg_hdr, msgs[i].msg_len, caller);
}

void after_writev(enum event_call call, int fd, const struct iovec *iov, int count, ssize_t n,
                  uint64_t caller)
{
    fd_word word = fdtab_get(fd);
    size_t len;

    if (!shim.active || n == 0 || fd_kind(word) == FD_OTHER)
        return;
    struct seen seen = seen_send(call, fd, n, caller);
    if (n < 0) {
        if (inspect_failure_tells(&seen) && pieces_readable(iov, (size_t)count))
            inspect_failed(&seen, iov, (size_t)count);
        return;
    }
    const void *first = first_piece(iov, (size_t)count, (size_t)n, &len);
    if (inspect_wanted(word, first, len, (size_t)n, FD_SENT | FD_BEGUN_OUT))
        inspect_bytes(&seen, &(struct span){iov, (size_t)count, 0, (size_t)n}, fd_segment(word),
                      (size_t)n);
}

EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    ssize_t n;
    if (!before_send(EVENT_CALL_send, fd, buf, len, flags, NULL, 0, CALLER(), &n))
        return n;
    n = REAL(send)(fd, buf, len, flags);
    after_send(EVENT_CALL_send, fd, buf, len, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t __send(int fd, const void *buf, size_t len, int flags)
{
    ssize_t n;
    if (!before_send(EVENT_CALL___send, fd, buf, len, flags, NULL, 0, CALLER(), &n))
        return n;
    n = REAL(__send)(fd, buf, len, flags);
    after_send(EVENT_CALL___send, fd, buf, len, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
                      socklen_t to_len)
{
    ssize_t n;
    if (!before_send(EVENT_CALL_sendto, fd, buf, len, flags, to, to_len, CALLER(), &n))
        return n;
    n = REAL(sendto)(fd, buf, len, flags, to, to_len);
    after_send(EVENT_CALL_sendto, fd, buf, len, n, to, to_len, CALLER());
    return n;
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    ssize_t n;
    if (!before_sendmsg(EVENT_CALL_sendmsg, fd, msg, flags, CALLER(), &n))
        return n;
    n = REAL(sendmsg)(fd, msg, flags);
    after_sendmsg(EVENT_CALL_sendmsg, fd, msg, n, CALLER());
    return n;
}

EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
    if (enforcing_ways())
        return enforce_sendmmsg(fd, msgs, count, flags, REAL(sendmmsg), EVENT_CALL_sendmmsg,
                                CALLER());
    int n = REAL(sendmmsg)(fd, msgs, count, flags);
    after_sendmmsg(EVENT_CALL_sendmmsg, fd, msgs, n, CALLER());
    return n;
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
    ssize_t n;
    if (!before_send(EVENT_CALL_write, fd, buf, len, 0, NULL, 0, CALLER(), &n))
        return n;
    n = REAL(write)(fd, buf, len);
    after_send(EVENT_CALL_write, fd, buf, len, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t __write(int fd, const void *buf, size_t len)
{
    ssize_t n;
    if (!before_send(EVENT_CALL___write, fd, buf, len, 0, NULL, 0, CALLER(), &n))
        return n;
    n = REAL(__write)(fd, buf, len);
    after_send(EVENT_CALL___write, fd, buf, len, n, NULL, 0, CALLER());
    return n;
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
    ssize_t n;
    if (!before_writev(EVENT_CALL_writev, fd, iov, count, CALLER(), &n))
        return n;
    n = REAL(writev)(fd, iov, count);
    after_writev(EVENT_CALL_writev, fd, iov, count, n, CALLER());
    return n;
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
    ssize_t n;
    if (at == -1 && /* at another place a socket is not written to */
        !before_writev(EVENT_CALL_pwritev2, fd, iov, count, CALLER(), &n))
        return n;
    n = REAL(pwritev2)(fd, iov, count, at, flags);
    after_writev(EVENT_CALL_pwritev2, fd, iov, count, n, CALLER());
    return n;
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
{
    ssize_t n;
    if (at == -1 && /* at another place a socket is not written to */
        !before_writev(EVENT_CALL_pwritev64v2, fd, iov, count, CALLER(), &n))
        return n;
    n = REAL(pwritev64v2)(fd, iov, count, at, flags);
    after_writev(EVENT_CALL_pwritev64v2, fd, iov, count, n, CALLER());
    return n;
}
