/* Editing what arrives on rtnetlink sockets. */
#include "enforce_netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/syscall.h>

#include "hides.h"

enum {
    SCRATCH_BYTES = 65536, /* dumps come in datagrams of 32 KiB at most */
    SCRATCHES = 8,
    PIECES = 16, /* hidden messages told in one record */
};

/*
 * Room for a datagram in one piece. It is held between calls that don't wait, so a holder needs no
 * more than its processor. A child by fork may find one held by a thread that it has not: the
 * number in it is the parent's.
 */
static struct {
    _Atomic uint32_t holder; /* process number, 0 none */
    uint8_t bytes[SCRATCH_BYTES];
} scratch[SCRATCHES];

static uint8_t *scratch_take(void)
{
    uint32_t mine = identity_process();

    for (size_t i = 0; i < SCRATCHES; i++) {
        uint32_t held = atomic_load(&scratch[i].holder);
        if (held != mine && atomic_compare_exchange_strong(&scratch[i].holder, &held, mine))
            return scratch[i].bytes;
    }
    return NULL;
}

static void scratch_give(const uint8_t *bytes)
{
    for (size_t i = 0; i < SCRATCHES; i++)
        if (scratch[i].bytes == bytes)
            atomic_store(&scratch[i].holder, 0);
}

/* recvfrom() that neither waits nor can be cancelled. */
static ssize_t receive_now(int fd, void *buf, size_t size, int flags)
{
    return REAL(syscall)(SYS_recvfrom, (long)fd, buf, size, (long)(flags | MSG_DONTWAIT), 0L, 0L);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* Tell the messages that go, as they came. */
static void tell_hidden(int fd, const uint8_t *bytes, size_t len, const struct rtnl_hides *hides)
{
    struct iovec piece[PIECES];
    struct rtnl_msg msg;
    size_t count = 0, all = 0, pos = 0;
    struct seen seen = {.fd = fd, .word = fdtab_get(fd), .flags = EVENT_IN | EVENT_HIDDEN};

    for (bool more = true; more;) {
        size_t at = pos;
        more = rtnl_next(bytes, len, &pos, &msg) == RTNL_OK;
        enum rtnl_fate fate = more ? rtnl_filter_fate(&msg, hides) : RTNL_SHOWN;
        if (fate == RTNL_REMOVED || fate == RTNL_REFUSED) {
            piece[count++] = (struct iovec){(void *)(uintptr_t)(bytes + at), pos - at};
            all += pos - at;
        }
        if (count == PIECES || (!more && count > 0)) {
            struct event event = emit_head(EVENT_NETLINK, &seen);
            seen.result = event.result = (int64_t)all;
            hides_note(&event, 0);
            emit(&event, &(struct span){piece, count, 0, all});
            count = all = 0;
        }
    }
}

/* --- editing ---------------------------------------------------------------------------------- */

static size_t room_of(const struct iovec *iov, size_t count)
{
    size_t room = 0;

    for (size_t i = 0; i < count; i++)
        room += iov[i].iov_len;
    return room;
}

/* Put bytes[0..len) into the caller's pieces, and zeros up to `old`, which the kernel has written.
 */
static void hand_out(const struct received *r, const uint8_t *bytes, size_t len, size_t old)
{
    size_t done = 0;

    for (size_t i = 0; i < r->count && done < old; i++) {
        size_t take = r->iov[i].iov_len < old - done ? r->iov[i].iov_len : old - done;
        size_t filled = len > done ? len - done : 0;
        if (filled > take)
            filled = take;
        if (filled > 0)
            memcpy(r->iov[i].iov_base, bytes + done, filled);
        memset((char *)r->iov[i].iov_base + filled, 0, take - filled);
        done += take;
    }
}

/* The whole datagram, or what is here of it, is in the caller's pieces: `have` bytes. Returns how
 * many are left; SIZE_MAX: it could not be judged. */
static size_t edit_here(struct received *r, size_t have, bool tell, const struct rtnl_hides *hides)
{
    struct rtnl_filtered out;
    uint8_t *bytes;

    if (r->count > 0 && r->iov[0].iov_len >= have) {
        if (tell)
            tell_hidden(r->fd, r->iov[0].iov_base, have, hides);
        rtnl_filter(r->iov[0].iov_base, have, r->iov[0].iov_len, hides, &out);
        return out.len < r->iov[0].iov_len ? out.len : r->iov[0].iov_len;
    }
    bytes = have <= SCRATCH_BYTES ? scratch_take() : NULL;
    if (!bytes)
        return SIZE_MAX;
    span_copy(&(struct span){r->iov, r->count, 0, have}, 0, bytes, have);
    if (tell)
        tell_hidden(r->fd, bytes, have, hides);
    size_t room = room_of(r->iov, r->count);
    rtnl_filter(bytes, have, SCRATCH_BYTES, hides, &out);
    size_t len = out.len < room ? out.len : room;
    hand_out(r, bytes, len, len > have ? len : have);
    scratch_give(bytes);
    return len;
}

/* A peek with less room than the datagram has: judged in a place of our own. Returns how much of it
 * the caller's pieces now show, SIZE_MAX: not judged; *nothing: all of it is hidden. */
static size_t edit_peeked(struct received *r, size_t have, const struct rtnl_hides *hides,
                          bool *nothing)
{
    struct rtnl_filtered out = {0};
    uint8_t *bytes = scratch_take();

    if (!bytes)
        return SIZE_MAX;
    ssize_t full = receive_now(r->fd, bytes, SCRATCH_BYTES, MSG_PEEK | MSG_TRUNC);
    if (full > 0 && full <= SCRATCH_BYTES)
        rtnl_filter(bytes, (size_t)full, SCRATCH_BYTES, hides, &out);
    *nothing = out.len == 0;
    size_t len = out.len < have ? out.len : have;
    hand_out(r, bytes, len, have);
    scratch_give(bytes);
    return full > 0 && full <= SCRATCH_BYTES ? len : SIZE_MAX;
}

/* All of the next datagram is hidden, but for its length it has not been told yet. */
static void take_off(int fd, const struct rtnl_hides *hides)
{
    uint8_t *bytes = scratch_take();
    ssize_t n = receive_now(fd, bytes, bytes ? SCRATCH_BYTES : 0, 0);

    if (bytes && n > 0)
        tell_hidden(fd, bytes, (size_t)n, hides);
    if (bytes)
        scratch_give(bytes);
}

bool enforce_netlink(struct received *r)
{
    struct rtnl_hides hides = hides_for_netlink(&r->fd);
    size_t room = room_of(r->iov, r->count);
    size_t have = (size_t)r->n < room ? (size_t)r->n : room;
    bool peek = (r->flags & MSG_PEEK) != 0, nothing = false;
    size_t left;

    if (r->flags & MSG_ERRQUEUE)
        return false;
    if (r->msg && r->msg->msg_name && r->msg->msg_namelen >= sizeof(struct sockaddr_nl)) {
        struct sockaddr_nl from;
        memcpy(&from, r->msg->msg_name, sizeof from);
        hides.multicast = from.nl_family == AF_NETLINK && from.nl_groups != 0;
    }
    /* A peek that filled its room may have met more than that. */
    if (peek && (size_t)r->n >= room) {
        left = edit_peeked(r, have, &hides, &nothing);
    } else {
        left = edit_here(r, have, !peek, &hides);
        nothing = left == 0;
    }
    if (left == SIZE_MAX) { /* any doubt: the datagram is lost, as in an overrun */
        hand_out(r, NULL, 0, have);
        nothing = true;
    }
    if (nothing) {
        if (peek)
            take_off(r->fd, &hides);
        return true;
    }
    /* A length past the room tells the caller how much room it takes, or that something was cut. */
    if ((size_t)r->n <= room)
        r->n = (ssize_t)left;
    return false;
}

/* Attributes to the message's end, at least one, and none of type 0: what other protocols put
 * behind a length and a small number is seldom that. Chromium's own messages between its processes
 * start with their length and 16, which is RTM_NEWLINK, and go on with lengths and zeros. */
static bool has_attributes(const struct rtnl_msg *msg, size_t head)
{
    struct rtnl_attr attr;
    enum rtnl_status status;
    size_t pos = head, count = 0;

    if (msg->body_len <= head)
        return false;
    while ((status = rtnl_next_attr(msg->body, msg->body_len, &pos, &attr)) == RTNL_OK) {
        if (attr.type == 0)
            return false;
        count++;
    }
    return status == RTNL_END && count > 0;
}

bool enforce_netlink_likely(const struct received *r)
{
    struct rtnl_msg msg;
    enum rtnl_status status;
    size_t pos = 0;
    bool any = false;

    if (r->count == 0 || (size_t)r->n > r->iov[0].iov_len)
        return false;
    while ((status = rtnl_next(r->iov[0].iov_base, (size_t)r->n, &pos, &msg)) == RTNL_OK) {
        switch (msg.type) {
        case NLMSG_DONE:
        case NLMSG_ERROR:
            continue;
        case RTM_NEWLINK:
        case RTM_DELLINK:
            any = has_attributes(&msg, sizeof(struct ifinfomsg));
            break;
        case RTM_NEWADDR:
        case RTM_DELADDR:
            any = has_attributes(&msg, sizeof(struct ifaddrmsg));
            break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
            any = has_attributes(&msg, sizeof(struct rtmsg));
            break;
        default:
            any = false;
        }
        if (!any)
            return false;
    }
    return any && status == RTNL_END;
}

int enforce_netlink_recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
                             struct timespec *timeout)
{
    int one_flags = flags & ~MSG_WAITFORONE;
    unsigned int done = 0;

    while (done < count) {
        struct msghdr before;
        bool readable = memory_readable(&msgs[done], sizeof msgs[done]);
        if (readable)
            before = msgs[done].msg_hdr;
        int n = REAL(recvmmsg)(fd, &msgs[done], 1, one_flags, timeout);
        if (n <= 0)
            return done > 0 ? (int)done : n;
        struct received what = {.fd = fd,
                                .flags = flags,
                                .iov = msgs[done].msg_hdr.msg_iov,
                                .count = msgs[done].msg_hdr.msg_iovlen,
                                .room = SIZE_MAX,
                                .msg = &msgs[done].msg_hdr,
                                .n = msgs[done].msg_len};
        if (what.n > 0 && readable && enforce_received(&what)) {
            msgs[done].msg_hdr = before;
        } else {
            msgs[done++].msg_len = (unsigned)what.n;
            if (flags & MSG_WAITFORONE)
                one_flags |= MSG_DONTWAIT;
        }
        if (timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0)
            break;
    }
    return (int)done;
}

bool enforce_netlink_socket_slow(enum event_call call, int domain, int type, int protocol,
                                 uint64_t caller)
{
    /* socket(AF_INET, SOCK_PACKET) is what packet sockets were called in Linux 2.0. */
    bool packet = domain == AF_PACKET || (domain == AF_INET && (type & SOCKET_TYPE) == SOCK_PACKET);
    struct seen seen = {.call = call, .fd = -1, .caller = caller, .flags = EVENT_OUT};
    bool shows =
        packet || domain == AF_KEY ||
        (domain == AF_NETLINK && (protocol == NETLINK_SOCK_DIAG || protocol == NETLINK_GENERIC ||
                                  protocol == NETLINK_NETFILTER || protocol == NETLINK_XFRM));
    int error = packet ? EPERM : domain == AF_KEY ? EAFNOSUPPORT : EPROTONOSUPPORT;

    if (!shows)
        return false;
    struct event event = emit_head(EVENT_NETLINK, &seen);
    event.arg = packet ? EVENT_ARG_PACKET : (uint32_t)protocol;
    hides_note(&event, error);
    emit_bytes(&event, NULL, 0);
    errno = error;
    return true;
}
