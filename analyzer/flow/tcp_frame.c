/* Recognises and measures the units of a TCP stream that carries STUN. */
#include "tcp_frame.h"

#include "bytes.h"
#include "stun.h"

enum {
    COOKIE_END_BYTES = 8, /* of a message: enough to be sure */
    MS_CONTROL = 2,       /* types of MS-TURN's frames */
    MS_DATA = 3,
    MS_SURE_BYTES = STUN_MS_FRAME_HEADER_BYTES + STUN_MS_COOKIE_END_BYTES,
};

/* The first bytes of a STUN message, as many as there are. */
static bool may_be_message(const uint8_t *in, uint32_t len)
{
    if (len >= 1 && (in[0] & 0xc0) != 0)
        return false;
    if (len >= 4 && be16(in + 2) % 4 != 0)
        return false;
    for (uint32_t i = 4; i < len && i < COOKIE_END_BYTES; i++)
        if (in[i] != (uint8_t)(STUN_COOKIE >> (8 * (7 - i))))
            return false;
    return true;
}

/* RFC 4571's length, with a message that fills its frame. */
static bool may_be_frame(const uint8_t *in, uint32_t len)
{
    if (len < STUN_FRAME_HEADER_BYTES)
        return true;
    uint32_t frame = be16(in);
    const uint8_t *inner = in + STUN_FRAME_HEADER_BYTES;
    uint32_t inner_len = len - STUN_FRAME_HEADER_BYTES;
    if (frame < STUN_HEADER_BYTES || !may_be_message(inner, inner_len))
        return false;
    return inner_len < 4 || frame == (uint32_t)be16(inner + 2) + STUN_HEADER_BYTES;
}

/* Behind MS-TURN's header, a message with either cookie fills its frame. */
static bool is_ms_message(const uint8_t *in, uint32_t len, uint32_t frame)
{
    return len >= COOKIE_END_BYTES && (in[0] & 0xc0) == 0 &&
           frame == (uint32_t)be16(in + 2) + STUN_HEADER_BYTES &&
           (stun_has_cookie(in, len) || stun_has_ms_cookie(in, len));
}

/*
 * The first frame of MS-TURN: control, a reserved zero, the length, the message.
 *
 *    0                   1                   2                   3
 *   +---------------+---------------+-------------------------------+
 *   | 2, or 3: data | 0             | length                        |
 *   +---------------+---------------+-------------------------------+
 */
static bool may_be_ms_frame(const uint8_t *in, uint32_t len)
{
    if (in[0] != MS_CONTROL || (len >= 2 && in[1] != 0))
        return false;
    if (len < STUN_MS_FRAME_HEADER_BYTES + 4)
        return true;
    const uint8_t *inner = in + STUN_MS_FRAME_HEADER_BYTES;
    if ((inner[0] & 0xc0) != 0 || be16(in + 2) != (uint32_t)be16(inner + 2) + STUN_HEADER_BYTES)
        return false;
    return len < MS_SURE_BYTES ||
           is_ms_message(inner, len - STUN_MS_FRAME_HEADER_BYTES, be16(in + 2));
}

static bool decide(enum tcp_framing *framing, const uint8_t *in, uint32_t len)
{
    bool bare = may_be_message(in, len);
    bool frame = may_be_frame(in, len);
    bool ms = may_be_ms_frame(in, len);
    if (bare && len >= COOKIE_END_BYTES)
        *framing = TCP_FRAMING_BARE;
    else if (frame && len >= STUN_FRAME_HEADER_BYTES + COOKIE_END_BYTES)
        *framing = TCP_FRAMING_RFC4571;
    else if (ms && len >= MS_SURE_BYTES)
        *framing = TCP_FRAMING_MS_TURN;
    else if (!bare && !frame && !ms)
        *framing = TCP_FRAMING_NONE;
    return *framing != TCP_FRAMING_OPEN;
}

static struct tcp_measure measure_bare(enum tcp_framing *framing, const uint8_t *in, uint32_t len)
{
    struct tcp_measure m = {.want = STUN_CHANNEL_HEADER_BYTES};
    if ((in[0] & 0xf0) == 0x40) {
        if (len < STUN_CHANNEL_HEADER_BYTES)
            return m;
        m.known = true;
        m.kind = TCP_UNIT_CHANNEL_DATA;
        m.len = STUN_CHANNEL_HEADER_BYTES + (uint32_t)be16(in + 2);
        /* RFC 8656 section 12.5: over TCP, padded to a multiple of 4. */
        m.want = (m.len + 3) / 4 * 4;
        return m;
    }
    if (!may_be_message(in, len)) {
        *framing = TCP_FRAMING_NONE;
        return m;
    }
    m.want = COOKIE_END_BYTES;
    if (len < COOKIE_END_BYTES)
        return m;
    m.known = true;
    m.kind = TCP_UNIT_MESSAGE;
    m.want = m.len = STUN_HEADER_BYTES + (uint32_t)be16(in + 2);
    return m;
}

static struct tcp_measure measure_frame(const uint8_t *in, uint32_t len)
{
    struct tcp_measure m = {.want = STUN_FRAME_HEADER_BYTES, .offset = STUN_FRAME_HEADER_BYTES};
    if (len < STUN_FRAME_HEADER_BYTES)
        return m;
    m.known = true;
    m.len = be16(in);
    m.want = STUN_FRAME_HEADER_BYTES + m.len;
    m.kind = TCP_UNIT_FRAME;
    if (m.len >= STUN_HEADER_BYTES) {
        /* What the frame holds is asked again when all of it is there. */
        uint32_t inner = len - STUN_FRAME_HEADER_BYTES;
        if (inner >= COOKIE_END_BYTES && may_be_message(in + STUN_FRAME_HEADER_BYTES, inner) &&
            (uint32_t)be16(in + STUN_FRAME_HEADER_BYTES + 2) + STUN_HEADER_BYTES == m.len)
            m.kind = TCP_UNIT_MESSAGE;
    }
    return m;
}

static struct tcp_measure measure_ms_frame(enum tcp_framing *framing, const uint8_t *in,
                                           uint32_t len)
{
    struct tcp_measure m = {.want = STUN_MS_FRAME_HEADER_BYTES,
                            .offset = STUN_MS_FRAME_HEADER_BYTES};
    if ((in[0] != MS_CONTROL && in[0] != MS_DATA) || (len >= 2 && in[1] != 0)) {
        *framing = TCP_FRAMING_NONE;
        return m;
    }
    if (len < STUN_MS_FRAME_HEADER_BYTES)
        return m;
    m.known = true;
    m.len = be16(in + 2);
    m.want = STUN_MS_FRAME_HEADER_BYTES + m.len;
    m.kind = is_ms_message(in + STUN_MS_FRAME_HEADER_BYTES, len - STUN_MS_FRAME_HEADER_BYTES, m.len)
                 ? TCP_UNIT_MESSAGE
                 : TCP_UNIT_FRAME;
    return m;
}

struct tcp_measure tcp_measure(enum tcp_framing *framing, const uint8_t *in, uint32_t len)
{
    if (*framing == TCP_FRAMING_OPEN && !decide(framing, in, len))
        return (struct tcp_measure){
            .want = len < STUN_FRAME_HEADER_BYTES + COOKIE_END_BYTES
                        ? STUN_FRAME_HEADER_BYTES + COOKIE_END_BYTES
                        : MS_SURE_BYTES, /* nothing else is open by then */
        };
    if (*framing == TCP_FRAMING_BARE)
        return measure_bare(framing, in, len);
    if (*framing == TCP_FRAMING_RFC4571)
        return measure_frame(in, len);
    if (*framing == TCP_FRAMING_MS_TURN)
        return measure_ms_frame(framing, in, len);
    return (struct tcp_measure){.want = 0};
}

bool tcp_starts_message(const uint8_t *in, uint32_t len)
{
    if (len >= STUN_HEADER_BYTES && may_be_message(in, len))
        return true;
    if (len >= STUN_FRAME_HEADER_BYTES + STUN_HEADER_BYTES && may_be_frame(in, len))
        return true;
    return len >= MS_SURE_BYTES && may_be_ms_frame(in, len);
}
