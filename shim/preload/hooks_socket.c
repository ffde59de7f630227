/* Hooks of the calls that make sockets, give them addresses and set what decides their way. */
#include "after.h"
#include "enforce.h"
#include "enforce_netlink.h"
#include "hides.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

enum {
    PORT_DNS = 53,
    PORT_MDNS = 5353,
};

void after_socket(int fd, int domain, int type, int protocol)
{
    fdtab_set(fd, fd_word_of_socket(domain, type, protocol));
}

void after_accept(int listener, int fd)
{
    fd_word word = fdtab_get(listener);
    enum fd_kind kind = fd_kind(word);

    fdtab_set(fd, kind == FD_TCP || kind == FD_OTHER
                      ? word & (FD_KIND_MASK | FD_IPV6 | FD_BOUND | FD_PINNED | FD_IFINDEX_MASK)
                      : 0);
}

/* The calls below are given addresses that the kernel has just read, so they can be read here. */

void after_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    bool mdns =
        fd_kind(fdtab_get(fd)) == FD_UDP && netaddr_from_sockaddr(addr, len).port == PORT_MDNS;
    fdtab_change(fd, FD_LOCAL, mdns ? FD_MDNS : 0);
}

/* After a refusal only the kernel can say whether addr can be read: a filter refuses before anybody
 * has looked at it. */
static bool address_was_read(int result, const struct sockaddr *addr, socklen_t len)
{
    return result == 0 ||
           (errno != EFAULT && errno != EBADF && errno != ENOTSOCK && errno != EINVAL &&
            memory_readable(addr,
                            len < sizeof(struct sockaddr_in6) ? len : sizeof(struct sockaddr_in6)));
}

void after_connect(enum event_call call, int fd, const struct sockaddr *addr, socklen_t len,
                   int *returned, uint64_t caller)
{
    fd_word word = fdtab_get(fd);
    int result = *returned;

    if (fd_kind(word) == FD_TCP)
        fdtab_change(fd, FD_LOCAL | FD_PEER, 0);
    if (result == 0 && enforcing_addresses() &&
        enforce_probe(call, fd, addr, len, caller, returned))
        return;
    if (fd_kind(word) != FD_UDP || !address_was_read(result, addr, len))
        return;
    struct netaddr peer = netaddr_from_sockaddr(addr, len);
    if (result == 0) {
        fd_word set = peer.family == NETADDR_NONE ? 0 : FD_CONNECTED; /* AF_UNSPEC dissolves */
        if (peer.port == PORT_DNS)
            set |= FD_DNS;
        if (peer.port == PORT_MDNS)
            set |= FD_MDNS;
        fdtab_change(fd, FD_CONNECTED | FD_DNS | FD_PROBED | FD_SENT | FD_LOCAL | FD_PEER, set);
    }
    if (!shim.active || peer.family == NETADDR_NONE)
        return;
    struct seen seen = {
        .call = call,
        .fd = fd,
        .word = word,
        .caller = caller,
        .result = result,
        .error = result == 0 ? 0 : errno,
        .flags = EVENT_OUT | (result == 0 ? 0 : EVENT_FAILED),
        .remote = peer,
    };
    struct event event = emit_head(EVENT_CONNECT, &seen);
    emit_judge(&event, POLICY_PROBE, 0);
    emit_bytes(&event, NULL, 0);
}

void after_getsockname(enum event_call call, int fd, struct sockaddr *addr, socklen_t *len,
                       socklen_t room, uint64_t caller)
{
    fd_word word = fdtab_get(fd);

    if (enforcing_addresses() && enforce_getsockname(call, fd, addr, len, room, caller))
        return;
    if (likely((word & (FD_KIND_MASK | FD_CONNECTED | FD_SENT | FD_PROBED)) !=
               (FD_UDP | FD_CONNECTED)) ||
        !shim.active)
        return;
    fdtab_change(fd, 0, FD_PROBED);
    struct seen seen = {.call = call, .fd = fd, .word = word, .caller = caller, .flags = EVENT_OUT};
    struct event event = emit_head(EVENT_PROBE, &seen);
    emit_addresses(&event, &seen);
    emit_judge(&event, POLICY_PROBE, 0);
    emit_bytes(&event, NULL, 0);
}

/* The interface that fd is now pinned to, 0 none. */
static uint32_t pinned_to(int fd, int level, int name, const void *value, socklen_t len)
{
    uint32_t ifindex = 0;
    int index = 0, saved = errno;
    socklen_t index_len = sizeof index;

    if (level == SOL_SOCKET) { /* asked back, so that the device's name needs no look-up */
        if (getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &index_len) == 0)
            ifindex = (uint32_t)index;
        errno = saved;
    } else if (level == IPPROTO_IPV6 && name == IPV6_PKTINFO) {
        struct in6_pktinfo info; /* the kernel took no less */
        memcpy(&info, value, sizeof info);
        ifindex = info.ipi6_ifindex;
    } else if ((name == IP_UNICAST_IF || name == IPV6_UNICAST_IF) && len >= sizeof ifindex) {
        ifindex = be32(value);
    }
    return ifindex;
}

void after_setsockopt(enum event_call call, int fd, int level, int name, const void *value,
                      socklen_t len, uint64_t caller)
{
    if (level == IPPROTO_UDP && (name == UDP_SEGMENT || name == UDP_CORK) && len >= sizeof(int)) {
        int number;
        memcpy(&number, value, sizeof number);
        if (name == UDP_SEGMENT)
            fdtab_change(fd, FD_SEGMENT_MASK, (fd_word)(number & 0xffff) << FD_SEGMENT_SHIFT);
        else
            fdtab_change(fd, FD_CORKED, number ? FD_CORKED : 0);
        return;
    }
    if (likely(!chooses_way(level, name)))
        return;
    bool chose = true;
    if (level == SOL_SOCKET && name == SO_MARK) {
        uint32_t mark;
        memcpy(&mark, value, sizeof mark); /* the kernel took no less */
        chose = mark != 0;
        fdtab_change(fd, 0, FD_MARKED);
    } else if (level == SOL_SOCKET) {
        uint32_t ifindex = pinned_to(fd, level, name, value, len);
        chose = ifindex != 0;
        fdtab_change(fd, FD_IFINDEX_MASK | FD_BOUND | FD_PINNED,
                     ifindex ? fd_word_of_ifindex(ifindex) | FD_BOUND : 0);
    } else {
        uint32_t ifindex = pinned_to(fd, level, name, value, len);
        chose = ifindex != 0;
        if (!(fdtab_get(fd) & FD_BOUND)) /* to which this gives way */
            fdtab_change(fd, FD_IFINDEX_MASK, fd_word_of_ifindex(ifindex));
    }
    if (!shim.active)
        return;
    struct seen seen = {
        .call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller, .flags = EVENT_OUT};
    struct event event = emit_head(EVENT_SOCKOPT, &seen);
    event.arg = (uint32_t)level << 16 | (uint32_t)(name & 0xffff);
    emit_addresses(&event, &seen);
    if (chose) /* taking a choice back is nobody's business */
        emit_judge(&event, POLICY_DEVICE, 0);
    /* A length beyond what the option takes is allowed, and the kernel has not read that far. */
    socklen_t takes = choice_bytes(level, name);
    emit_bytes(&event, value, len < takes ? len : takes);
}

EXPORT int socket(int domain, int type, int protocol)
{
    if (enforce_netlink_socket(EVENT_CALL_socket, domain, type, protocol, CALLER()))
        return -1;
    int fd = REAL(socket)(domain, type, protocol);
    if (likely(fd >= 0))
        after_socket(fd, domain, type, protocol);
    return fd;
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
    int result = REAL(socketpair)(domain, type, protocol, fds);
    if (likely(result == 0)) {
        fdtab_set(fds[0], FD_OTHER);
        fdtab_set(fds[1], FD_OTHER);
    }
    return result;
}

EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (hides_anything() && enforce_bind_hidden(fd, addr, len))
        return -1;
    int result = REAL(bind)(fd, addr, len);
    if (unlikely(result != 0) && hides_anything())
        result = enforce_bind(fd, addr, len);
    if (likely(result == 0))
        after_bind(fd, addr, len);
    return result;
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int result;
    if (!before_connect(EVENT_CALL_connect, fd, addr, len, CALLER(), &result))
        return result;
    result = REAL(connect)(fd, addr, len);
    after_connect(EVENT_CALL_connect, fd, addr, len, &result, CALLER());
    return result;
}

EXPORT int __connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    int result;
    if (!before_connect(EVENT_CALL___connect, fd, addr, len, CALLER(), &result))
        return result;
    result = REAL(__connect)(fd, addr, len);
    after_connect(EVENT_CALL___connect, fd, addr, len, &result, CALLER());
    return result;
}

EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    socklen_t room = getsockname_room(len);
    int result = REAL(getsockname)(fd, addr, len);
    if (result == 0)
        after_getsockname(EVENT_CALL_getsockname, fd, addr, len, room, CALLER());
    return result;
}

/* Stands here so that a policy can answer it; nothing is told. */
EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    return REAL(getpeername)(fd, addr, len);
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    int result;
    if (!before_setsockopt(EVENT_CALL_setsockopt, fd, level, name, value, len, CALLER(), &result))
        return result;
    result = REAL(setsockopt)(fd, level, name, value, len);
    if (result == 0)
        after_setsockopt(EVENT_CALL_setsockopt, fd, level, name, value, len, CALLER());
    return result;
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    int made = REAL(accept)(fd, addr, len);
    if (made >= 0)
        after_accept(fd, made);
    return made;
}

EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int made = REAL(accept4)(fd, addr, len, flags);
    if (made >= 0)
        after_accept(fd, made);
    return made;
}
