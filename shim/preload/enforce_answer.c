/* Taking hidden addresses out of STUN answers. */
#include "enforce_answer.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "after.h"
#include "enforce_stream.h"

enum {
    LOOK_BYTES = STREAM_KEEP, /* of a message; addresses stand before what may be long */
    TXID_AT = STUN_HEADER_BYTES - STUN_TXID_BYTES,
    ADDRESS_AT = 4,                 /* in an address attribute's value: after its family and port */
    XOR_MAPPED_ADDRESS_MS = 0x8020, /* as Microsoft and early drafts number it */
};

/* Write to where a span's bytes are. */
static void span_write(const struct span *span, size_t at, const uint8_t *bytes, size_t n)
{
    size_t skip = span->skip + at, done = 0;

    for (size_t i = 0; i < span->count && done < n; i++) {
        size_t have = span->iov[i].iov_len;
        if (skip >= have) {
            skip -= have;
            continue;
        }
        size_t take = have - skip < n - done ? have - skip : n - done;
        memcpy((char *)span->iov[i].iov_base + skip, bytes + done, take);
        done += take;
        skip = 0;
    }
}

static bool is_local_kind(uint16_t type, bool *masked)
{
    switch (type) {
    case STUN_ATTR_XOR_MAPPED_ADDRESS:
    case STUN_ATTR_XOR_RELAYED_ADDRESS:
    case STUN_ATTR_XOR_REFLECTED_FROM:
    case XOR_MAPPED_ADDRESS_MS:
        *masked = true;
        return true;
    case STUN_ATTR_MAPPED_ADDRESS:
    case STUN_ATTR_REFLECTED_FROM:
        *masked = false;
        return true;
    }
    return false;
}

/* Does this attribute show a hidden address? flip: the id that masks IPv6 addresses is inverted. */
static bool shows_hidden(const struct stun_msg *msg, const struct stun_attr *attr, bool flip)
{
    uint8_t ip[16], mask[16] = {0};
    bool masked = false;

    if (!is_local_kind(attr->type, &masked) || attr->len < ADDRESS_AT + 4)
        return false;
    size_t len = attr->value[1] == 1 ? 4 : attr->value[1] == 2 ? 16 : 0;
    if (len == 0 || attr->len < ADDRESS_AT + len)
        return false;
    if (masked) {
        memcpy(mask, msg->start + COOKIE_RAW, sizeof mask); /* cookie and id stand side by side */
        for (size_t i = 4; flip && i < sizeof mask; i++)
            mask[i] = (uint8_t)~mask[i];
    }
    for (size_t i = 0; i < len; i++)
        ip[i] = attr->value[ADDRESS_AT + i] ^ mask[i];
    struct netaddr addr = netaddr_from_bytes(ip, len, 0);
    return policy_hidden_answer(shim.policy, &addr);
}

/* The first attribute that does, in a message of which len bytes are here. */
static bool find_hidden(const uint8_t *bytes, size_t len, bool flip, struct stun_attr *found)
{
    struct stun_msg msg;
    size_t pos = 0;
    enum stun_status status = stun_decode(bytes, len, false, &msg);

    if (status == STUN_BAD_LENGTH)
        status = stun_decode_unpadded(bytes, len, &msg);
    if (len < STUN_HEADER_BYTES || (status != STUN_OK && status != STUN_TRUNCATED))
        return false;
    while (stun_next_attr(&msg, &pos, found) == STUN_OK)
        if (shows_hidden(&msg, found, flip))
            return true;
    return false;
}

bool enforce_answer_was_hidden(const uint8_t *bytes, size_t len)
{
    struct stun_attr attr;
    return find_hidden(bytes, len, true, &attr);
}

/* One message that begins in the span, at `at`. */
static void hide_in(const struct span *span, size_t at, size_t len)
{
    uint8_t bytes[LOOK_BYTES];
    struct stun_attr attr;
    size_t have = span_copy(span, at, bytes, STUN_HEADER_BYTES);

    if (len < STUN_HEADER_BYTES || have < STUN_HEADER_BYTES || (bytes[0] & 0xc0) != 0)
        return; /* media */
    have = span_copy(span, at, bytes, len < sizeof bytes ? len : sizeof bytes);
    if (!find_hidden(bytes, have, false, &attr))
        return;
    for (size_t i = TXID_AT; i < STUN_HEADER_BYTES; i++)
        bytes[i] = (uint8_t)~bytes[i];
    span_write(span, at + TXID_AT, bytes + TXID_AT, STUN_TXID_BYTES);
}

/* --- TCP -------------------------------------------------------------------------------------- */

/* A unit begins here. */
static int unit_received(struct walk *walk, size_t pos)
{
    size_t at, frame = walk->place.framing == FRAMING_LENGTH ? STUN_FRAME_HEADER_BYTES : 0;

    if (unit_start(walk, pos, &at) && walk->place.need > frame && walk->span->len - at > frame) {
        size_t len =
            walk->span->len - at < walk->place.need ? walk->span->len - at : walk->place.need;
        hide_in(walk->span, at + frame, len - frame);
    }
    return ENFORCE_GO;
}

/* A unit of which the first have bytes, in kept, were handed on before, and more is here: what has
 * gone can't be called back, an address that ends here is blanked. */
static void hide_rest(const struct span *span, const struct place *place, uint8_t *kept,
                      size_t have)
{
    static const uint8_t blank[16];
    size_t frame = place->framing == FRAMING_LENGTH ? STUN_FRAME_HEADER_BYTES : 0;
    size_t old = have;
    struct stun_attr attr;

    have += span_copy(span, 0, kept + have, STREAM_KEEP - have);
    if (place->need != 0 && have > place->need)
        have = place->need;
    if (have < frame + STUN_HEADER_BYTES || !find_hidden(kept + frame, have - frame, false, &attr))
        return;
    size_t from = frame + attr.offset + 4 + ADDRESS_AT, to = frame + attr.offset + 4 + attr.len;
    if (from < old)
        from = old;
    if (to > from && to - from <= sizeof blank)
        span_write(span, from - old, blank, to - from);
}

static void stream_received(struct seen *seen, const struct span *span)
{
    uint8_t kept[STREAM_KEEP];
    size_t have;
    struct walk walk = {.seen = seen, .span = span, .unit = unit_received};

    if (!stream_place(seen, true, &walk.place, kept, &have))
        return;
    if (have > 0)
        hide_rest(span, &walk.place, kept, have);
    walk.start = walk.place;
    stream_walk(&walk);
}

/* --- what was received ------------------------------------------------------------------------ */

static size_t group_size(const struct msghdr *msg)
{
    if (!msg || !msg->msg_control || msg->msg_controllen < sizeof(struct cmsghdr))
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = control_next(msg, c))
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO &&
            control_len(msg, c) >= sizeof(int)) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    return 0;
}

void enforce_answer(const struct received *received)
{
    struct seen seen = {.fd = received->fd, .word = fdtab_get(received->fd), .flags = EVENT_IN};
    struct span span = {received->iov, received->count, 0, 0};
    size_t n = (size_t)received->n;
    uint8_t start[COOKIE_FRAMED + 4];

    for (size_t i = 0; i < span.count && span.len < n; i++)
        span.len += span.iov[i].iov_len;
    if (span.len > n)
        span.len = n;
    if (fd_kind(seen.word) == FD_UNKNOWN) {
        size_t have = span_copy(&span, 0, start, sizeof start);
        if ((!cookie_at(start, have, COOKIE_RAW) && !cookie_at(start, have, COOKIE_FRAMED)) ||
            !inspect_learn(&seen))
            return;
    }
    if (fd_kind(seen.word) == FD_TCP) {
        if ((received->flags & MSG_TRUNC) == 0 && (received->flags & MSG_OOB) == 0)
            stream_received(&seen, &span);
        return;
    }
    size_t segment = group_size(received->msg);
    if (segment == 0)
        segment = span.len;
    for (size_t at = 0; at < span.len; at += segment)
        hide_in(&span, at, span.len - at < segment ? span.len - at : segment);
}
