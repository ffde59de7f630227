/*
 * Where the next unit of a stream ends: a STUN message, ChannelData, or a frame of RFC 4571 or
 * MS-TURN.
 */
#ifndef RTCSHIM_ANALYZER_TCP_FRAME_H
#define RTCSHIM_ANALYZER_TCP_FRAME_H

#include "tcp.h"

enum tcp_framing {
    TCP_FRAMING_OPEN, /* not decided: nothing was read yet */
    TCP_FRAMING_BARE,
    TCP_FRAMING_RFC4571,
    TCP_FRAMING_MS_TURN,
    TCP_FRAMING_NONE, /* this stream is something else */
};

struct tcp_measure {
    uint32_t want;   /* bytes to have before asking again; of a known unit its whole length */
    uint32_t offset; /* of the unit in them: 2 or 4 behind a frame's length */
    uint32_t len;    /* of the unit, without padding */
    enum tcp_unit_kind kind;
    bool known; /* the unit's length is known */
};

/* The unit at in[0..len), len at least 1. Decides *framing while it is open; makes it NONE where
 * the bytes are no unit. */
struct tcp_measure tcp_measure(enum tcp_framing *framing, const uint8_t *in, uint32_t len);

/* A whole header of a STUN message stands at the beginning, bare or framed. */
bool tcp_starts_message(const uint8_t *in, uint32_t len);

#endif
