/* Judging what a send would put on the network, message by message, before it is made. */
#include "enforce_judge.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "after.h"
#include "hides.h"

enum {
    DNS_HEADER_BYTES = 12,
    PIECES_MAX = 1024, /* UIO_MAXIOV: more the kernel refuses */
    CONTROL_MAX = 65536,
};

struct sending {
    struct seen seen;
    struct span span;
    unsigned segment;
    int flags;
    bool named;            /* the call names a destination, which is in seen.remote */
    struct netaddr source; /* by PKTINFO */
};

/* --- datagrams -------------------------------------------------------------------------------- */

/* What one datagram is; topic 0: nothing that a policy speaks of. */
struct look {
    uint16_t topic;
    enum event_kind kind;
    unsigned type; /* of the STUN message, or STUN_TYPE_NONE */
    bool doubt;    /* it may be the start of a STUN message, of which too little is here */
    bool media;    /* it is none, but what a call goes on with */
};

/* More parts of the datagram may follow. An unknown descriptor or a copy may have been corked by
 * somebody else. */
static bool is_corked(const struct sending *s)
{
    int corked = 0, saved = errno;
    socklen_t len = sizeof corked;

    if ((s->flags & MSG_MORE) || (s->seen.word & FD_CORKED))
        return true;
    if (!(s->seen.word & (FD_SHARED)) && !(s->seen.flags & EVENT_UNKNOWN_FD))
        return false;
    if (getsockopt(s->seen.fd, IPPROTO_UDP, UDP_CORK, &corked, &len) != 0)
        corked = 0;
    errno = saved;
    return corked != 0;
}

static struct look look_at_part(const uint8_t *start, size_t have)
{
    static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};
    size_t of_cookie = have > COOKIE_RAW ? have - COOKIE_RAW : 0;

    if (have == 0 || (start[0] & 0xc0) != 0 ||
        memcmp(start + COOKIE_RAW, cookie, of_cookie < 4 ? of_cookie : 4) != 0)
        return (struct look){0};
    if (have >= COOKIE_RAW + 4)
        return (struct look){.topic = POLICY_STUN, .kind = EVENT_STUN, .type = be16(start)};
    return (struct look){
        .topic = POLICY_STUN, .kind = EVENT_STUN, .type = STUN_TYPE_NONE, .doubt = true};
}

static struct look look_at_datagram(const struct sending *s, const struct span *span)
{
    fd_word word = s->seen.word;
    uint16_t port = s->seen.remote.port;
    uint8_t start[STUN_HEADER_BYTES] = {0};
    size_t have = span_copy(span, 0, start, sizeof start);

    if (have == sizeof start && (start[0] & 0xc0) == 0 && cookie_at(start, have, COOKIE_RAW))
        return (struct look){.topic = POLICY_STUN, .kind = EVENT_STUN, .type = be16(start)};
    if (have < sizeof start && is_corked(s))
        return look_at_part(start, have);
    if ((word & FD_STUN) && have >= STUN_CHANNEL_HEADER_BYTES && (start[0] & 0xf0) == 0x40 &&
        be16(start + 2) + (size_t)STUN_CHANNEL_HEADER_BYTES <= span->len)
        return (struct look){
            .topic = POLICY_STUN, .kind = EVENT_CHANNEL_DATA, .type = STUN_TYPE_NONE};
    if (port == ENFORCE_PORT_MDNS || (!s->named && (word & FD_MDNS)))
        return (struct look){.topic = POLICY_MDNS, .kind = EVENT_MDNS};
    if (port == ENFORCE_PORT_DNS || (!s->named && (word & FD_DNS)))
        return (struct look){.topic = POLICY_DNS, .kind = EVENT_DNS};
    if (have == sizeof start && stun_look_datagram(start, span->len) == STUN_LOOK_CLASSIC)
        return (struct look){.topic = POLICY_STUN, .kind = EVENT_STUN, .type = be16(start)};
    if (enforce_unsettled(s->seen.fd, word))
        return (struct look){
            .topic = POLICY_STUN, .kind = EVENT_STUN, .type = STUN_TYPE_NONE, .media = true};
    return (struct look){0};
}

_Atomic uint32_t enforce_settled[FDTAB_SIZE];

/* Media that is refused is told once for each socket and policy. */
static bool told_before(int fd)
{
    uint32_t mark = enforce_settled_mark() + 1;
    return atomic_exchange_explicit(&enforce_settled[(unsigned)fd % FDTAB_SIZE], mark,
                                    memory_order_relaxed) == mark;
}

static int refusal_of_stun(const struct policy_verdict *verdict, fd_word word,
                           const struct look *look, const struct span *span)
{
    uint8_t txid[STUN_TXID_BYTES];

    if (span_copy(span, STUN_HEADER_BYTES - sizeof txid, txid, sizeof txid) < sizeof txid)
        return enforce_refusal(verdict, POLICY_STUN, word);
    return enforce_refusal_of_datagram(verdict, word, look->type, txid);
}

/* Where this datagram comes from: PKTINFO, the socket's own address, or what IP_MULTICAST_IF gave
 * to its multicasts. */
static struct netaddr source_of(const struct sending *s)
{
    struct netaddr local = s->source;
    struct in_addr given;
    socklen_t len = sizeof given;
    int saved = errno;

    if (local.family == NETADDR_NONE)
        local = enforce_local(s->seen.fd, s->seen.word);
    enum netaddr_kind kind = netaddr_kind_of(&local);
    if ((kind == NETADDR_KIND_UNSPECIFIED || kind == NETADDR_KIND_NONE) &&
        s->seen.remote.family == NETADDR_IPV4 &&
        netaddr_kind_of(&s->seen.remote) == NETADDR_KIND_MULTICAST &&
        getsockopt(s->seen.fd, IPPROTO_IP, IP_MULTICAST_IF, &given, &len) == 0 &&
        given.s_addr != INADDR_ANY)
        local = netaddr_from_bytes((const uint8_t *)&given, sizeof given, 0);
    errno = saved;
    return local;
}

/* ENFORCE_GO, or the refusal, which has been told. */
static int judge_datagram(struct sending *s, const struct span *span)
{
    struct look look = look_at_datagram(s, span);
    struct seen *seen = &s->seen;
    struct policy_verdict verdict;

    if (look.topic == 0 || !enforcing(look.topic))
        return ENFORCE_GO;
    if (!s->named && seen->remote.family == NETADDR_NONE)
        seen->remote = enforce_peer(seen->fd, seen->word);
    seen->local = source_of(s);
    struct policy_subject subject;
    enforce_subject(&subject, look.topic, seen->word, look.type, &seen->local, &seen->remote,
                    seen->ifindex);
    bool allowed = enforce_judge_socket(seen->fd, &subject, &verdict);
    if (allowed && look.doubt) {
        /* What the rest will say is not known. */
        allowed = false;
        verdict = enforce_doubt();
    }
    if (allowed) {
        if (look.topic == POLICY_STUN)
            atomic_store_explicit(&enforce_settled[(unsigned)seen->fd % FDTAB_SIZE],
                                  verdict.generation * 2 + 2, memory_order_relaxed);
        shim_thread.allowed.topic = look.topic;
        shim_thread.allowed.type = look.type;
        shim_thread.allowed.verdict = verdict;
        shim_thread.allowed.fd_and_one = seen->fd + 1;
        seen->word = fd_kind(fdtab_get(seen->fd)) == FD_UNKNOWN ? seen->word : fdtab_get(seen->fd);
        return ENFORCE_GO;
    }
    int refusal = look.topic == POLICY_STUN && look.kind == EVENT_STUN
                      ? refusal_of_stun(&verdict, seen->word, &look, span)
                      : enforce_refusal(&verdict, look.topic, seen->word);
    if (!look.media)
        enforce_tell(look.kind, seen, &verdict, refusal, span, 0, 0);
    else if (!told_before(seen->fd))
        enforce_tell(look.kind, seen, &verdict, refusal, NULL, span->len, 0);
    return refusal;
}

/* Each datagram of a train: one that is refused stops them all. */
static int judge_datagrams(struct sending *s)
{
    int fate = ENFORCE_GO;

    if (s->segment == 0 || s->segment >= s->span.len)
        return judge_datagram(s, &s->span);
    for (size_t at = 0; at < s->span.len && fate == ENFORCE_GO; at += s->segment) {
        struct span part = s->span;
        part.skip += at;
        part.len = s->span.len - at < s->segment ? s->span.len - at : s->segment;
        fate = judge_datagram(s, &part);
    }
    return fate;
}

/* --- TCP -------------------------------------------------------------------------------------- */

static int judge_fastopen(struct sending *s, const struct sockaddr *to, socklen_t to_len)
{
    int result;

    if (!(s->flags & MSG_FASTOPEN) || !to)
        return ENFORCE_GO;
    s->seen.remote = netaddr_from_sockaddr(to, to_len);
    return enforce_connect(s->seen.call, s->seen.fd, to, to_len, s->seen.caller, &result)
               ? ENFORCE_GO
               : errno;
}

/* --- one send, whatever it was called --------------------------------------------------------- */

/* The bytes that are looked at can be read: all of a train or of a stream, else the start. */
static bool readable(const struct sending *s)
{
    size_t wanted = s->segment || fd_kind(s->seen.word) == FD_TCP ? s->span.len : STUN_HEADER_BYTES;
    size_t seen = 0;

    for (size_t i = 0; i < s->span.count && seen < wanted; i++) {
        size_t len = s->span.iov[i].iov_len;
        size_t need = len < wanted - seen ? len : wanted - seen;
        if (!enforce_readable(s->span.iov[i].iov_base, need))
            return false;
        seen += need;
    }
    return true;
}

static int judge_send(struct sending *s, const struct sockaddr *to, socklen_t to_len)
{
    struct seen *seen = &s->seen;
    socklen_t name_len =
        to_len < sizeof(struct sockaddr_in6) ? to_len : sizeof(struct sockaddr_in6);

    if (!readable(s) || (to && !enforce_readable(to, name_len)))
        return ENFORCE_GO; /* to its EFAULT */
    switch (fd_kind(enforce_word(seen))) {
    case FD_UDP:
        if (to) {
            seen->remote = emit_destination(seen->word, to, to_len);
            s->named = seen->remote.family != NETADDR_NONE;
            sa_family_t family = AF_UNSPEC;
            if (to_len >= sizeof family)
                memcpy(&family, to, sizeof family);
            /* An IPv6 socket takes AF_UNSPEC for no name at all; everything else that is no
             * address fails in the kernel. */
            if (!s->named && !((seen->word & FD_IPV6) && family == AF_UNSPEC))
                return ENFORCE_GO;
        }
        return judge_datagrams(s);
    case FD_TCP: {
        int fate = judge_fastopen(s, to, to_len);
        if (fate != ENFORCE_GO)
            return fate;
        return enforcing(POLICY_STUN) ? enforce_stream(seen, &s->span) : ENFORCE_GO;
    }
    case FD_UNKNOWN:
    case FD_OTHER:
    case FD_ROUTE:
    case FD_DIRECTORY:
        break;
    }
    return ENFORCE_GO;
}

static struct sending sending_of(enum event_call call, int fd, int flags, uint64_t caller)
{
    return (struct sending){
        .seen =
            {.call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller, .flags = EVENT_OUT},
        .flags = flags,
        .segment = fd_segment(fdtab_get(fd)),
    };
}

/* What the hook returns for a fate. len: what a send that is dropped pretends to have sent. */
static bool goes(int fate, size_t len, ssize_t *result)
{
    if (fate == ENFORCE_GO)
        return true;
    *result = fate == ENFORCE_DROP ? (ssize_t)len : -1;
    if (fate != ENFORCE_DROP)
        errno = fate;
    return false;
}

bool enforce_send(enum event_call call, int fd, const void *buf, size_t len, int flags,
                  const struct sockaddr *to, socklen_t to_len, uint64_t caller, ssize_t *result)
{
    struct sending s = sending_of(call, fd, flags, caller);
    struct iovec iov = {(void *)(uintptr_t)buf, len};

    s.span = (struct span){&iov, 1, 0, len};
    return goes(judge_send(&s, to, to_len), len, result);
}

/* The iovecs' bytes together; false where the kernel refuses them. */
static bool pieces(const struct iovec *iov, size_t count, struct span *span)
{
    *span = (struct span){iov, count, 0, 0};
    if (count == 0 || count > PIECES_MAX || !enforce_readable(iov, count * sizeof *iov))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (iov[i].iov_len > (size_t)SSIZE_MAX - span->len)
            return false;
        span->len += iov[i].iov_len;
    }
    return span->len > 0;
}

/* The inline test, with the first piece that has bytes. */
static bool wanted(int fd, const struct span *span, int flags, const struct sockaddr *to,
                   socklen_t to_len)
{
    size_t i = 0;

    while (i < span->count && span->iov[i].iov_len == 0)
        i++;
    return enforce_wanted(fd, span->iov[i].iov_base, span->iov[i].iov_len, span->len, flags, to,
                          to_len);
}

bool enforce_writev(enum event_call call, int fd, const struct iovec *iov, int count,
                    uint64_t caller, ssize_t *result)
{
    struct sending s = sending_of(call, fd, 0, caller);

    if (fd_kind(s.seen.word) == FD_OTHER || count <= 0 || !pieces(iov, (size_t)count, &s.span) ||
        !wanted(fd, &s.span, 0, NULL, 0))
        return true;
    return goes(judge_send(&s, NULL, 0), s.span.len, result);
}

/* --- messages --------------------------------------------------------------------------------- */

/* PKTINFO's name among the options. */
static uint32_t option_of(const struct send_control *control)
{
    return control->ipv6 ? (uint32_t)IPPROTO_IPV6 << 16 | IPV6_PKTINFO
                         : (uint32_t)IPPROTO_IP << 16 | IP_PKTINFO;
}

/* The message names an interface that is hidden: the kernel's answer where there is none. IPv6 asks
 * first whether it is the one that the socket is bound to. */
static int find_none(struct sending *s, const struct send_control *control)
{
    int error = control->ipv6 && (s->seen.word & FD_BOUND) ? EINVAL : ENODEV;
    struct event event = emit_head(EVENT_SOCKOPT, &s->seen);

    event.arg = option_of(control);
    hides_note(&event, error);
    emit_bytes(&event, &control->ifindex, sizeof control->ifindex);
    return error;
}

/* A message that names its own interface or mark. */
static int judge_control(struct sending *s, const struct send_control *control)
{
    struct policy_verdict verdict;
    const struct netaddr none = {0};

    bool hidden = control->ifindex != 0 && hides_anything() && hides_index(control->ifindex);
    if (control->ifindex == 0 && !control->marked)
        return ENFORCE_GO;
    if (!enforcing(POLICY_DEVICE))
        return hidden ? find_none(s, control) : ENFORCE_GO;
    struct policy_subject subject;
    enforce_subject(&subject, POLICY_DEVICE, s->seen.word, 0, &none, &none,
                    hidden ? ENFORCE_NO_INTERFACE : control->ifindex);
    verdict = policy_judge(shim.policy, &subject);
    if (verdict.action == POLICY_ALLOW)
        return hidden ? find_none(s, control) : ENFORCE_GO;
    if (verdict.action == POLICY_PIN)
        verdict = enforce_doubt();
    int refusal = enforce_refusal(&verdict, POLICY_DEVICE, s->seen.word);
    struct iovec iov = {(void *)(uintptr_t)&control->ifindex, sizeof control->ifindex};
    struct span data = {&iov, 1, 0, sizeof control->ifindex};
    enforce_tell(EVENT_SOCKOPT, &s->seen, &verdict, refusal, &data, 0,
                 control->ifindex == 0 ? (uint32_t)SOL_SOCKET << 16 | SO_MARK : option_of(control));
    return refusal;
}

static int judge_message(enum event_call call, int fd, const struct msghdr *msg, int flags,
                         uint64_t caller, size_t *len)
{
    struct sending s = sending_of(call, fd, flags, caller);
    enum fd_kind kind = fd_kind(s.seen.word);

    if (kind == FD_OTHER || kind == FD_ROUTE || kind == FD_DIRECTORY ||
        !enforce_readable(msg, sizeof *msg) || !pieces(msg->msg_iov, msg->msg_iovlen, &s.span))
        return ENFORCE_GO;
    *len = s.span.len;
    const struct sockaddr *to = (int)msg->msg_namelen > 0 ? msg->msg_name : NULL;
    bool control = kind != FD_TCP && msg->msg_control && msg->msg_controllen > 0 &&
                   msg->msg_controllen <= CONTROL_MAX &&
                   enforce_readable(msg->msg_control, msg->msg_controllen);
    if (control) {
        struct send_control c = read_send_control(msg);
        int fate = judge_control(&s, &c);
        if (fate != ENFORCE_GO)
            return fate;
        s.seen.ifindex = c.ifindex;
        s.source = c.source;
        if (c.segment)
            s.segment = c.segment;
    }
    if (!s.segment && !wanted(fd, &s.span, flags, to, msg->msg_namelen))
        return ENFORCE_GO;
    return judge_send(&s, to, msg->msg_namelen);
}

bool enforce_sendmsg(enum event_call call, int fd, const struct msghdr *msg, int flags,
                     uint64_t caller, ssize_t *result)
{
    size_t len = 0;
    int fate = judge_message(call, fd, msg, flags, caller, &len);

    return goes(fate, len, result);
}

int enforce_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags,
                     enforce_sendmmsg_real *real_call, enum event_call call, uint64_t caller)
{
    unsigned done = 0; /* of those that went or were dropped */

    if (count > PIECES_MAX)
        count = PIECES_MAX; /* as the kernel does */
    do {
        unsigned end = done;
        int fate = ENFORCE_GO;
        size_t len = 0;
        while (end < count && enforce_readable(&msgs[end], sizeof *msgs) &&
               (fate = judge_message(call, fd, &msgs[end].msg_hdr, flags, caller, &len)) ==
                   ENFORCE_GO)
            end++;
        /* Where the array can't be read the kernel finds out. */
        unsigned ask = fate == ENFORCE_GO ? count - done : end - done;
        if (ask > 0 || fate == ENFORCE_GO) {
            int n = real_call(fd, msgs + done, ask, flags);
            after_sendmmsg(call, fd, msgs + done, n, caller);
            if (n < 0)
                return done > 0 ? (int)done : n;
            done += (unsigned)n;
            if (fate == ENFORCE_GO || (unsigned)n < ask)
                return (int)done;
        }
        if (fate != ENFORCE_DROP) {
            /* An error in the middle is not told, as in the kernel; the program comes again. */
            if (done > 0)
                return (int)done;
            errno = fate;
            return -1;
        }
        msgs[done++].msg_len = (unsigned)len;
    } while (done < count);
    return (int)done;
}
