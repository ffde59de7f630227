/* Following STUN message borders in TCP streams. */
#include "stream.h"

#include <string.h>

#include "inspect.h"

enum {
    STREAMS = 128,          /* TURN connections of one process at a time; more are looked at segment by segment */
    STREAM_KEEP = 2048,     /* bytes kept of a message that comes in pieces; a longer one is told cut */
    STREAM_DECIDE = COOKIE_FRAMED + 4,
};

enum framing {
    FRAMING_OPEN,           /* not decided */
    FRAMING_RAW,            /* RFC 8489: STUN and ChannelData back to back */
    FRAMING_LENGTH,         /* RFC 4571: a 16-bit length before each packet */
};

/* One direction. */
struct half {
    atomic_flag busy;
    bool synced;            /* the next byte's place in its message is known */
    uint16_t have;          /* bytes in keep */
    uint32_t need;          /* of the message under way with its frame and padding, 0: its header is not complete */
    uint32_t done;          /* of need */
    uint8_t keep[STREAM_KEEP];
};

struct stream {
    _Atomic unsigned refs;  /* 0 free */
    _Atomic int framing;
    struct half half[2];    /* out, in */
};

static struct stream streams[STREAMS];

void stream_share(unsigned number)
{
    atomic_fetch_add(&streams[number - 1].refs, 1);
}

void stream_release(unsigned number)
{
    atomic_fetch_sub(&streams[number - 1].refs, 1);
}

/* A free tracker's number, 0 if there is none. */
static unsigned stream_take(void)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        unsigned none = 0;
        if (atomic_load_explicit(&streams[i].refs, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&streams[i].refs, &none, 1)) {
            atomic_store(&streams[i].framing, FRAMING_OPEN);
            for (int d = 0; d < 2; d++) {
                struct half *half = &streams[i].half[d];
                atomic_flag_clear(&half->busy);
                half->synced = false;
                half->have = 0;
                half->need = half->done = 0;
            }
            return i + 1;
        }
    }
    return 0;
}

/* Can bytes[0..len) be the start of a STUN message whose cookie stands at `at`? Enough bytes make it a certainty. */
static bool may_start(const uint8_t *bytes, size_t len, size_t at)
{
    static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};
    size_t type = at - COOKIE_RAW;

    if (len > type && (bytes[type] & 0xc0) != 0)
        return false;
    if (at == COOKIE_FRAMED && len >= 2 && be16(bytes) < STUN_HEADER_BYTES)
        return false;
    return len <= at || memcmp(bytes + at, cookie, len - at < 4 ? len - at : 4) == 0;
}

static bool may_be(const uint8_t *bytes, size_t len, enum framing framing)
{
    return (framing != FRAMING_LENGTH && may_start(bytes, len, COOKIE_RAW)) ||
           (framing != FRAMING_RAW && may_start(bytes, len, COOKIE_FRAMED));
}

/* Bytes of the unit that starts with the four bytes at start; 0 where none can. */
static uint32_t unit_bytes(const uint8_t *start, enum framing framing)
{
    uint32_t length = be16(start + 2);

    if (framing == FRAMING_LENGTH)
        return (uint32_t)be16(start) + STUN_FRAME_HEADER_BYTES;
    if ((start[0] & 0xc0) == 0)
        return length % 4 == 0 ? length + STUN_HEADER_BYTES : 0;
    if ((start[0] & 0xf0) == 0x40) /* RFC 8656 section 12.5: padded on TCP */
        return ((length + 3) & ~UINT32_C(3)) + STUN_CHANNEL_HEADER_BYTES;
    return 0;
}

/* A unit is there, its bytes in span; told is less than unit where its middle was not kept. */
static void tell_unit(struct seen *seen, struct span span, uint32_t unit, enum framing framing)
{
    uint8_t start[STUN_CHANNEL_HEADER_BYTES];
    size_t full = unit;

    if (framing == FRAMING_LENGTH) {
        span.skip += STUN_FRAME_HEADER_BYTES;
        span.len -= STUN_FRAME_HEADER_BYTES;
        full -= STUN_FRAME_HEADER_BYTES;
        seen->flags |= EVENT_FRAMED;
    } else if (span_copy(&span, 0, start, sizeof start) == sizeof start &&
               (start[0] & 0xf0) == 0x40) {
        full = be16(start + 2) + (size_t)STUN_CHANNEL_HEADER_BYTES; /* without the padding */
        if (span.len > full)
            span.len = full;
    }
    seen->word |= FD_STUN;
    inspect_stun(seen, &span, full);
}

/* The border was lost: say so once, with the bytes that are no header, and wait for a segment that starts with one. */
static void lose_sync(struct seen *seen, struct half *half, const uint8_t *bytes, size_t len)
{
    struct event event = emit_head(EVENT_STUN, seen);

    half->synced = false;
    half->have = 0;
    half->need = half->done = 0;
    event.flags |= EVENT_UNSYNCED;
    emit_addresses(&event, seen);
    emit_bytes(&event, bytes, len);
}

/* Decide from the first bytes whether this direction carries STUN. Takes bytes from span at *pos. */
static void decide(struct stream *stream, struct half *half, const struct span *span, size_t *pos)
{
    enum framing framing = (enum framing)atomic_load(&stream->framing);
    size_t room = STREAM_DECIDE - half->have;
    size_t took = span_copy(span, *pos, half->keep + half->have, room);

    half->have = (uint16_t)(half->have + took);
    *pos += took;
    if (!may_be(half->keep, half->have, framing)) {
        half->have = 0;
        *pos = span->len; /* a message may start at the next call */
    } else if (half->have == STREAM_DECIDE) {
        if (framing == FRAMING_OPEN) {
            framing = may_start(half->keep, half->have, COOKIE_RAW) ? FRAMING_RAW : FRAMING_LENGTH;
            atomic_store(&stream->framing, framing);
        }
        half->synced = true;
        half->done = half->have;
        half->need = unit_bytes(half->keep, framing);
    }
}

/* Take what span has of the unit under way; true when it is complete. */
static bool collect(struct half *half, const struct span *span, size_t *pos)
{
    size_t take = span->len - *pos < half->need - half->done ? span->len - *pos
                                                              : half->need - half->done;
    if (half->have < STREAM_KEEP)
        half->have = (uint16_t)(half->have + span_copy(span, *pos, half->keep + half->have,
                                                       take < (size_t)STREAM_KEEP - half->have
                                                           ? take
                                                           : (size_t)STREAM_KEEP - half->have));
    half->done += (uint32_t)take;
    *pos += take;
    return half->done == half->need;
}

static void follow(struct stream *stream, struct half *half, struct seen *seen,
                   const struct span *span)
{
    size_t pos = 0;

    while (pos < span->len) {
        enum framing framing = (enum framing)atomic_load(&stream->framing);
        if (!half->synced) {
            decide(stream, half, span, &pos);
            if (!half->synced)
                continue;
            framing = (enum framing)atomic_load(&stream->framing);
        } else if (half->need == 0) {
            uint8_t start[4];
            size_t kept = half->have;
            memcpy(start, half->keep, kept);
            size_t more = span_copy(span, pos, start + kept, sizeof start - kept);
            if (kept + more == sizeof start) {
                half->need = unit_bytes(start, framing);
                if (half->need == 0) {
                    lose_sync(seen, half, start, sizeof start);
                    return;
                }
                if (kept == 0 && span->len - pos >= half->need) {
                    /* All of it is here: no copy, no limit. */
                    tell_unit(seen, (struct span){span->iov, span->count, span->skip + pos, half->need},
                              half->need, framing);
                    pos += half->need;
                    half->need = 0;
                    continue;
                }
                half->done = (uint32_t)kept;
            } else {
                memcpy(half->keep + kept, start + kept, more);
                half->have = (uint16_t)(kept + more);
                return;
            }
        }
        if (half->need == 0 || half->need < half->done) {
            lose_sync(seen, half, half->keep, half->have);
            return;
        }
        if (collect(half, span, &pos)) {
            struct iovec iov = {half->keep, half->have};
            tell_unit(seen, (struct span){&iov, 1, 0, half->have}, half->need, framing);
            half->have = 0;
            half->need = half->done = 0;
        }
    }
}

void stream_drop(int fd)
{
    unsigned number = fd_stream(fdtab_get(fd));

    if (number == 0 || atomic_flag_test_and_set(&streams[number - 1].half[1].busy))
        return;
    struct half *half = &streams[number - 1].half[1];
    half->synced = false;
    half->have = 0;
    half->need = half->done = 0;
    atomic_flag_clear(&half->busy);
}

/* Should a stream without tracker get one? */
static bool starts_stun(const struct seen *seen, const struct span *span, fd_word begun)
{
    uint8_t start[STREAM_DECIDE];
    size_t have = span_copy(span, 0, start, sizeof start);

    /* A short first segment may be the start of a header; later ones only count whole. */
    if (have < STREAM_DECIDE && (seen->word & begun))
        return false;
    return may_be(start, have, FRAMING_OPEN);
}

void stream_bytes(struct seen *seen, const struct span *span)
{
    bool in = (seen->flags & EVENT_IN) != 0;
    fd_word begun = in ? FD_BEGUN_IN : FD_BEGUN_OUT;
    unsigned number = fd_stream(seen->word);

    if (!(seen->word & begun))
        fdtab_change(seen->fd, 0, begun);
    if (number == 0) {
        if (!starts_stun(seen, span, begun) || (unsigned)seen->fd >= FDTAB_SIZE ||
            shim_thread.borrowed || (number = stream_take()) == 0)
            return;
        fdtab_change(seen->fd, FD_STREAM_MASK, (fd_word)number << FD_STREAM_SHIFT);
    }
    struct stream *stream = &streams[number - 1];
    struct half *half = &stream->half[in];
    /* Two threads, or a thread and its signal handler, on one stream: their bytes' order is not known. */
    if (atomic_flag_test_and_set(&half->busy)) {
        struct event event = emit_head(EVENT_STUN, seen);
        event.flags |= EVENT_UNSYNCED;
        emit_bytes(&event, NULL, 0);
        return;
    }
    follow(stream, half, seen, span);
    bool nothing = !half->synced && half->have == 0 && atomic_load(&stream->framing) == FRAMING_OPEN;
    atomic_flag_clear(&half->busy);
    if (nothing) {
        fdtab_change(seen->fd, FD_STREAM_MASK, 0);
        stream_release(number);
    }
}
