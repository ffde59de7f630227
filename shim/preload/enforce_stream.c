/* Judging STUN messages in a TCP stream before their bytes are sent: the walk of stream.c over a
 * copy of its place, so that a send that is refused leaves no trace. */
#include "enforce_stream.h"

bool stream_place(const struct seen *seen, bool in, struct place *place, uint8_t *kept,
                  size_t *have)
{
    unsigned number = fd_stream(seen->word);

    *place = (struct place){.framing = FRAMING_OPEN};
    if (kept)
        *have = 0;
    if (number == 0 || !stream_hold(number))
        return true;
    struct stream *stream = stream_at(number);
    struct half *half = &stream->half[in];
    bool mine = half_take(half);
    if (mine) {
        place->framing = (enum framing)atomic_load(&stream->framing);
        place->synced = half->synced;
        place->need = half->need;
        place->done = half->done;
        place->have = half->have < sizeof place->keep ? half->have : sizeof place->keep;
        memcpy(place->keep, half->keep, place->have);
        if (kept) {
            *have = half->have;
            memcpy(kept, half->keep, half->have);
        }
        half_leave(half);
    }
    stream_release(number);
    return mine;
}

static bool at_border(const struct place *place)
{
    return place->need == 0 && place->have == 0;
}

/* Does the span hold whole units and nothing else? */
static bool is_whole(const struct walk *walk)
{
    struct walk dry = {.span = walk->span, .place = walk->start};

    if (!at_border(&dry.place))
        return false;
    stream_walk(&dry);
    return dry.place.synced && at_border(&dry.place);
}

/* Its first bytes may have been sent before: they are kept, and the rest follows at pos. */
static void tell_unit(const struct walk *walk, size_t pos, unsigned type,
                      const struct policy_verdict *verdict, int refusal)
{
    const struct place *place = &walk->place;
    size_t skip = place->framing == FRAMING_LENGTH ? STUN_FRAME_HEADER_BYTES : 0;
    size_t full = place->need - skip, kept = place->have - skip;
    uint8_t bytes[STREAM_KEEP];
    struct iovec iov = {bytes, full < sizeof bytes ? full : sizeof bytes};

    memcpy(bytes, place->keep + skip, kept);
    pos -= place->done - place->have;
    iov.iov_len = kept + span_copy(walk->span, pos, bytes + kept, iov.iov_len - kept);
    if (skip)
        walk->seen->flags |= EVENT_FRAMED;
    enforce_tell(type == STUN_TYPE_NONE ? EVENT_CHANNEL_DATA : EVENT_STUN, walk->seen, verdict,
                 refusal, &(struct span){&iov, 1, 0, iov.iov_len}, full, 0);
}

static int judge_unit(struct walk *walk, size_t pos)
{
    const struct place *place = &walk->place;
    struct seen *seen = walk->seen;
    const uint8_t *start = place->keep;
    struct policy_verdict verdict;
    unsigned type = STUN_TYPE_NONE;

    if (place->framing == FRAMING_LENGTH) {
        start += STUN_FRAME_HEADER_BYTES;
        if ((start[0] & 0xc0) != 0 || be32(start + COOKIE_RAW) != STUN_COOKIE)
            return ENFORCE_GO; /* a frame of media */
    }
    if ((start[0] & 0xc0) == 0)
        type = be16(start);
    if (seen->remote.family == NETADDR_NONE)
        seen->remote = enforce_peer(seen->fd, seen->word);
    seen->local = enforce_local(seen->fd, seen->word);
    struct policy_subject subject;
    enforce_subject(&subject, POLICY_STUN, seen->word, type, &seen->local, &seen->remote, 0);
    if (enforce_judge_socket(seen->fd, &subject, &verdict))
        return ENFORCE_GO;
    int refusal = enforce_refusal(&verdict, POLICY_STUN, seen->word);
    /* Part of a stream can't be left out without breaking it: only whole messages are dropped. */
    if (refusal == ENFORCE_DROP && !is_whole(walk))
        refusal = ECONNRESET;
    tell_unit(walk, pos, type, &verdict, refusal);
    return refusal;
}

int stream_walk(struct walk *walk)
{
    struct place *p = &walk->place;
    const struct span *span = walk->span;

    for (size_t pos = 0; pos < span->len;) {
        bool shown = false; /* that it is STUN */
        if (!p->synced) {
            size_t before = p->have;
            size_t took = span_copy(span, pos, p->keep + before, STREAM_DECIDE - before);
            p->have += took;
            pos += took;
            if (!may_be(p->keep, p->have, p->framing)) {
                p->have = 0;
                if (!before)
                    return ENFORCE_GO; /* a message that is looked for starts with a call */
                pos -= took;
                continue;
            }
            if (p->have < STREAM_DECIDE)
                return ENFORCE_GO; /* judged when there is more of it */
            if (p->framing == FRAMING_OPEN)
                p->framing = may_start(p->keep, p->have, COOKIE_RAW) ? FRAMING_RAW : FRAMING_LENGTH;
            p->synced = shown = true;
            p->done = STREAM_DECIDE;
            p->need = unit_bytes(p->keep, p->framing);
        } else if (p->need == 0) {
            size_t took =
                span_copy(span, pos, p->keep + p->have, header_bytes(p->framing) - p->have);
            p->have += took;
            pos += took;
            if (p->have < header_bytes(p->framing))
                return ENFORCE_GO;
            p->done = (uint32_t)p->have;
            p->need = unit_bytes(p->keep, p->framing);
            shown = p->framing == FRAMING_RAW;
        } else {
            size_t take = span->len - pos < p->need - p->done ? span->len - pos : p->need - p->done;
            if (p->done < STREAM_DECIDE) {
                p->have = p->done + span_copy(span, pos, p->keep + p->done,
                                              take < STREAM_DECIDE - p->done
                                                  ? take
                                                  : (size_t)STREAM_DECIDE - p->done);
                shown = p->framing == FRAMING_LENGTH && p->have == STREAM_DECIDE;
            }
            p->done += (uint32_t)take;
            pos += take;
        }
        if (p->need < p->done) {
            *p = (struct place){.framing = p->framing};
            return ENFORCE_GO; /* the framing is lost, which is told afterwards */
        }
        int fate = shown && walk->unit ? walk->unit(walk, pos) : ENFORCE_GO;
        if (fate != ENFORCE_GO)
            return fate;
        if (p->done == p->need) {
            p->need = p->done = 0;
            p->have = 0;
        }
    }
    return ENFORCE_GO;
}

int enforce_stream(struct seen *seen, const struct span *span)
{
    struct walk walk = {.seen = seen, .span = span, .unit = judge_unit};

    if (fd_stream(seen->word) == 0 && span->len < STREAM_DECIDE && (seen->word & FD_BEGUN_OUT))
        return ENFORCE_GO;
    if (!stream_place(seen, false, &walk.place, NULL, NULL)) {
        /* The order of the two sends is not known. */
        struct policy_verdict verdict = enforce_doubt();
        int refusal = enforce_refusal(&verdict, POLICY_STUN, seen->word);
        enforce_tell(EVENT_STUN, seen, &verdict, refusal, NULL, 0, 0);
        return refusal;
    }
    walk.start = walk.place;
    return stream_walk(&walk);
}
