/* How STUN messages and what is between them are framed on TCP, for those who follow a stream. */
#ifndef RTCSHIM_PRELOAD_STREAM_FRAME_H
#define RTCSHIM_PRELOAD_STREAM_FRAME_H

#include <string.h>

#include "stream_pool.h"

/* Can bytes[0..len) be the start of a STUN message whose cookie stands at `at`? Enough bytes make
 * it a certainty. */
static inline bool may_start(const uint8_t *bytes, size_t len, size_t at)
{
    static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};
    size_t type = at - COOKIE_RAW;

    if (len > type && (bytes[type] & 0xc0) != 0)
        return false;
    if (at == COOKIE_FRAMED && len >= 2 && be16(bytes) < STUN_HEADER_BYTES)
        return false;
    return len <= at || memcmp(bytes + at, cookie, len - at < 4 ? len - at : 4) == 0;
}

static inline bool may_be(const uint8_t *bytes, size_t len, enum framing framing)
{
    return (framing != FRAMING_LENGTH && may_start(bytes, len, COOKIE_RAW)) ||
           (framing != FRAMING_RAW && may_start(bytes, len, COOKIE_FRAMED));
}

/* Bytes that tell a unit's length. */
static inline size_t header_bytes(enum framing framing)
{
    return framing == FRAMING_LENGTH ? STUN_FRAME_HEADER_BYTES : STUN_CHANNEL_HEADER_BYTES;
}

/* Bytes of the unit that starts with the header at start; 0 where none can. */
static inline uint32_t unit_bytes(const uint8_t *start, enum framing framing)
{
    if (framing == FRAMING_LENGTH)
        return (uint32_t)be16(start) + STUN_FRAME_HEADER_BYTES;

    uint32_t length = be16(start + 2);
    if ((start[0] & 0xc0) == 0)
        return length % 4 == 0 ? length + STUN_HEADER_BYTES : 0;
    if ((start[0] & 0xf0) == 0x40) /* RFC 8656 section 12.5: padded on TCP */
        return ((length + 3) & ~UINT32_C(3)) + STUN_CHANNEL_HEADER_BYTES;
    return 0;
}

#endif
