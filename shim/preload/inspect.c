/* Recognising STUN, ChannelData, DNS and rtnetlink in what a call carried. */
#include "inspect.h"

#include <errno.h>

#include "enforce_answer.h"
#include "stream.h"

enum {
    DNS_HEADER_BYTES = 12,
    DNS_PORT = 53,
    MDNS_PORT = 5353,
    CHANNEL_DATA_TOLD = 20, /* of a ChannelData message that carries no STUN: its header and the
                               start of what it carries */
    DATAGRAM_MAX = 65535,
    ANSWER_LOOK = 2048, /* of a STUN answer that may show a hidden address */
    CHANNEL_LOOK = STUN_CHANNEL_HEADER_BYTES + STUN_HEADER_BYTES,
};

bool inspect_failure_tells(const struct seen *seen)
{
    switch (seen->error) {
    case EAGAIN:
    case EINTR:
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
        return false;
    }
    return shim.active && fd_kind(seen->word) == FD_UDP;
}

bool inspect_learn(struct seen *seen)
{
    int domain = 0, type = 0, protocol = 0, saved = errno;
    socklen_t len = sizeof(int);
    fd_word word = FD_OTHER;

    if (getsockopt(seen->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
        getsockopt(seen->fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
        getsockopt(seen->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0)
        word = fd_word_of_socket(domain, type, protocol);
    else if (errno != ENOTSOCK)
        word = FD_UNKNOWN; /* nothing is open there, or nobody may ask */
    errno = saved;
    if (fd_kind(word) == FD_UDP || fd_kind(word) == FD_TCP) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        if (REAL(getpeername)(seen->fd, (struct sockaddr *)&peer, &peer_len) == 0)
            word |= FD_CONNECTED;
        word |= FD_SHARED; /* whoever made it may still have it */
        errno = saved;
        /* A stream has one peer, whatever destination the call named. */
        if (fd_kind(word) == FD_TCP)
            seen->remote = (struct netaddr){.family = NETADDR_NONE};
        word |= seen->word &
                (FD_SEGMENT_MASK | FD_IFINDEX_MASK | FD_BOUND | FD_PINNED | FD_SHARED | FD_MARKED);
        fdtab_set(seen->fd, word);
        seen->word = word;
        seen->flags |= EVENT_UNKNOWN_FD;
        return true;
    }
    fdtab_set(seen->fd, word);
    return false;
}

/* An answer that the policy made one to nothing is told as it came. false: it is none. */
static bool tell_hidden(struct event *event, const struct span *span)
{
    uint8_t bytes[ANSWER_LOOK];
    size_t have = span_copy(span, 0, bytes, sizeof bytes);

    if (!enforce_answer_was_hidden(bytes, have))
        return false;
    for (size_t i = STUN_HEADER_BYTES - STUN_TXID_BYTES; i < STUN_HEADER_BYTES; i++)
        bytes[i] = (uint8_t)~bytes[i];
    event->action = POLICY_HIDE;
    event->full_len = event->full_len > span->len ? event->full_len : (uint32_t)span->len;
    emit_bytes(event, bytes, have);
    return true;
}

static void tell_stun(const struct seen *seen, const struct span *span, bool classic, unsigned type,
                      size_t full_len)
{
    struct event event = emit_head(EVENT_STUN, seen);

    if (classic)
        event.flags |= EVENT_CLASSIC;
    if (full_len > span->len)
        event.full_len = (uint32_t)full_len;
    emit_addresses(&event, seen);
    emit_judge(&event, POLICY_STUN, type);
    if (!hiding() || !(seen->flags & EVENT_IN) || !tell_hidden(&event, span))
        emit(&event, span);
    fdtab_change(seen->fd, 0,
                 FD_STUN |
                     (fd_kind(seen->word) == FD_UDP && (seen->flags & EVENT_OUT) ? FD_ASKED : 0));
}

static void tell_channel_data(const struct seen *seen, const struct span *span)
{
    uint8_t start[CHANNEL_LOOK];
    size_t have = span_copy(span, 0, start, sizeof start);
    struct event event = emit_head(EVENT_CHANNEL_DATA, seen);
    struct span told = *span;

    event.full_len = (uint32_t)span->len;
    if (!cookie_at(start, have, STUN_CHANNEL_HEADER_BYTES + COOKIE_RAW) &&
        told.len > CHANNEL_DATA_TOLD)
        told.len = CHANNEL_DATA_TOLD;
    emit_addresses(&event, seen);
    emit_judge(&event, POLICY_STUN, STUN_TYPE_NONE);
    emit(&event, &told);
}

static bool has_stun_header(const uint8_t *start, size_t have)
{
    return have >= STUN_HEADER_BYTES && (start[0] & 0xc0) == 0 &&
           cookie_at(start, have, COOKIE_RAW);
}

void inspect_stun(const struct seen *seen, const struct span *span, size_t full_len)
{
    uint8_t start[STUN_HEADER_BYTES];
    size_t have = span_copy(span, 0, start, sizeof start);

    /* A datagram that was cut, by its receiver's short buffer or by its sender's mistake, is STUN
     * all the same. */
    if (has_stun_header(start, have)) {
        tell_stun(seen, span, false, be16(start), full_len);
        return;
    }
    if (have < STUN_CHANNEL_HEADER_BYTES)
        return;
    /* Without the cookie only the exact length speaks for it, and only on UDP. */
    if ((start[0] & 0xc0) == 0 && fd_kind(seen->word) == FD_UDP && have >= STUN_HEADER_BYTES &&
        stun_look_datagram(start, full_len) == STUN_LOOK_CLASSIC)
        tell_stun(seen, span, true, be16(start), full_len);
    else if ((seen->word & FD_STUN) && (start[0] & 0xf0) == 0x40 &&
             be16(start + 2) + (size_t)STUN_CHANNEL_HEADER_BYTES <= full_len)
        tell_channel_data(seen, span);
}

static void tell_dns(const struct seen *seen, const struct span *span, enum event_kind kind)
{
    struct event event = emit_head(kind, seen);

    emit_addresses(&event, seen);
    emit_judge(&event, kind == EVENT_DNS ? POLICY_DNS : POLICY_MDNS, 0);
    emit(&event, span);
}

static void inspect_datagram(struct seen *seen, const struct span *span, size_t full_len)
{
    uint16_t port = seen->remote.port;
    bool mdns = port == MDNS_PORT || (seen->word & FD_MDNS);
    bool dns = port == DNS_PORT || (seen->word & FD_DNS);
    uint8_t start[STUN_HEADER_BYTES];

    /* TURN servers listen on port 53 too, where firewalls let it pass: the cookie decides, the port
     * comes after it. */
    if ((!mdns && !dns) || (seen->word & FD_STUN) ||
        has_stun_header(start, span_copy(span, 0, start, sizeof start)))
        inspect_stun(seen, span, full_len);
    else if (span->len >= DNS_HEADER_BYTES)
        tell_dns(seen, span, mdns ? EVENT_MDNS : EVENT_DNS);
}

static void inspect_udp(struct seen *seen, const struct span *span, unsigned segment,
                        size_t full_len)
{
    if ((seen->flags & EVENT_OUT) && !(seen->word & FD_SENT))
        fdtab_change(seen->fd, 0, FD_SENT);
    if (segment == 0 || segment >= span->len) {
        inspect_datagram(seen, span, full_len);
        return;
    }
    for (size_t at = 0; at < span->len; at += segment) {
        struct span part = *span;
        part.skip += at;
        part.len = span->len - at < segment ? span->len - at : segment;
        inspect_datagram(seen, &part, part.len);
        seen->word = fdtab_get(seen->fd);
    }
}

void inspect_bytes(struct seen *seen, const struct span *span, unsigned segment, size_t full_len)
{
    if (fd_kind(seen->word) == FD_UNKNOWN) {
        uint8_t start[COOKIE_FRAMED + 4];
        size_t have = span_copy(span, 0, start, sizeof start);
        if (!cookie_at(start, have, COOKIE_RAW) && !cookie_at(start, have, COOKIE_FRAMED))
            return;
        if (!inspect_learn(seen))
            return;
    }
    switch (fd_kind(seen->word)) {
    case FD_UDP:
        inspect_udp(seen, span, segment, full_len);
        break;
    case FD_TCP:
        stream_bytes(seen, span);
        break;
    case FD_ROUTE: {
        struct event event = emit_head(EVENT_NETLINK, seen);
        event.full_len = (uint32_t)full_len;
        emit_judge(&event, POLICY_ENUMERATION, 0);
        emit(&event, span);
        break;
    }
    case FD_UNKNOWN:
    case FD_OTHER:
    case FD_DIRECTORY:
        break;
    }
}

void inspect_failed(struct seen *seen, const struct iovec *iov, size_t count)
{
    struct span span = {iov, count, 0, 0};

    if (!inspect_failure_tells(seen))
        return;
    for (size_t i = 0; i < count; i++) {
        if (iov[i].iov_len >
                DATAGRAM_MAX - span.len || /* no datagram: not worth a walk over its pages */
            !memory_readable(iov[i].iov_base, iov[i].iov_len))
            return;
        span.len += iov[i].iov_len;
    }
    seen->flags |= EVENT_FAILED;
    seen->remote = emit_name(seen);
    inspect_datagram(seen, &span, span.len);
    errno = seen->error;
}
