/* Following STUN message borders in TCP streams. */
#include "stream.h"

#include <string.h>

#include "stream_frame.h"

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

static void tell_unsynced(const struct seen *seen)
{
    struct event event = emit_head(EVENT_STUN, seen);

    event.flags |= EVENT_UNSYNCED;
    emit_addresses(&event, seen);
    emit_bytes(&event, NULL, 0);
}

/* The border was lost: say so once, and wait for a segment that starts with a header. */
static void lose_sync(const struct seen *seen, struct half *half)
{
    half_reset(half);
    tell_unsynced(seen);
}

/* Decide from the first bytes whether this direction carries STUN. Takes bytes from span at *pos.
 */
static void decide(struct stream *stream, struct half *half, const struct span *span, size_t *pos)
{
    enum framing framing = (enum framing)atomic_load(&stream->framing);
    size_t before = half->have, room = STREAM_DECIDE - before;
    size_t took = span_copy(span, *pos, half->keep + half->have, room);

    half->have = (uint16_t)(half->have + took);
    *pos += took;
    if (!may_be(half->keep, half->have, framing)) {
        half->have = 0;
        /* A message may start with this call, if what was kept of the last one was none's start;
         * else with the next. */
        *pos = before ? *pos - took : span->len;
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
    size_t take =
        span->len - *pos < half->need - half->done ? span->len - *pos : half->need - half->done;
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
            uint8_t start[STUN_CHANNEL_HEADER_BYTES] = {0};
            size_t header = header_bytes(framing), kept = half->have;
            memcpy(start, half->keep, kept);
            size_t more = span_copy(span, pos, start + kept, header - kept);
            if (kept + more == header) {
                half->need = unit_bytes(start, framing);
                if (half->need == 0) {
                    lose_sync(seen, half);
                    return;
                }
                if (kept == 0 && span->len - pos >= half->need) {
                    /* All of it is here: no copy, no limit. */
                    tell_unit(seen,
                              (struct span){span->iov, span->count, span->skip + pos, half->need},
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
            lose_sync(seen, half);
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

/* No tracker is free, or fd has no place in the table: the messages that stand in this segment are
 * told, the last one cut where the segment ends. */
static void tell_segment(struct seen *seen, const struct span *span)
{
    uint8_t start[STREAM_DECIDE];

    if (span_copy(span, 0, start, sizeof start) < sizeof start)
        return;
    enum framing framing =
        may_start(start, sizeof start, COOKIE_RAW) ? FRAMING_RAW : FRAMING_LENGTH;
    size_t header = header_bytes(framing);
    for (size_t pos = 0; span_copy(span, pos, start, header) == header;) {
        uint32_t unit = unit_bytes(start, framing);
        size_t here = span->len - pos < unit ? span->len - pos : unit;
        if (unit == 0)
            return;
        tell_unit(seen, (struct span){span->iov, span->count, span->skip + pos, here}, unit,
                  framing);
        pos += here;
    }
}

void stream_bytes(struct seen *seen, const struct span *span)
{
    bool in = (seen->flags & EVENT_IN) != 0;
    fd_word begun = in ? FD_BEGUN_IN : FD_BEGUN_OUT;

    bool nothing = fd_stream(seen->word) == 0 && !starts_stun(seen, span, begun);
    if (!(seen->word & begun))
        fdtab_change(seen->fd, 0, begun | (nothing && !in ? FD_PROXIED : 0));
    if (nothing)
        return;
    unsigned number = stream_find(seen->fd, seen->word);
    if (number == 0) {
        tell_segment(seen, span);
        return;
    }
    struct stream *stream = stream_at(number);
    struct half *half = &stream->half[in];
    if (!half_take(half)) {
        tell_unsynced(seen);
        stream_release(number);
        return;
    }
    follow(stream, half, seen, span);
    if (!in && half->have == 0 && atomic_load(&stream->framing) == FRAMING_OPEN)
        fdtab_change(seen->fd, 0, FD_PROXIED);
    bool idle = stream_is_idle(stream, half);
    half_leave(half);
    if (idle && fdtab_detach_stream(seen->fd, number))
        stream_release(number);
    stream_release(number);
}

void stream_drop(int fd)
{
    unsigned number = fd_stream(fdtab_get(fd));

    if (number == 0 || !stream_hold(number))
        return;
    struct half *half = &stream_at(number)->half[1];
    if (half_take(half)) {
        half_reset(half);
        half_leave(half);
    }
    stream_release(number);
}
