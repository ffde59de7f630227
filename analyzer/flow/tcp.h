/*
 * STUN in TCP streams: segments are put in order, and the messages in them are told one by one.
 *
 * Three framings are followed, each direction by itself: bare (RFC 8489 section 6.2.2, with the
 * ChannelData of RFC 8656 between), behind a length (RFC 4571, ICE-TCP), and behind a type and a
 * length (MS-TURN section 2.1.4). A stream is STUN from
 * its first bytes on, or from any later segment that starts with a message: behind a proxy's
 * handshake, after loss, in a capture that began in the middle. Ports say nothing.
 *
 * Retransmissions are told once. Where copies of a byte differ, the first one counts. A gap is
 * waited for until its bytes come, the other side acknowledges them (they were sent, but not
 * captured), or more waits behind it than SEGMENTS_BYTES_MAX or SEGMENTS_COUNT_MAX. Where
 * TCP_BUFFER_BYTES_MAX are used up, what has waited for longest gives way. A unit whose end never
 * comes is told as far as it is there.
 */
#ifndef RTCSHIM_ANALYZER_TCP_H
#define RTCSHIM_ANALYZER_TCP_H

#include "datagram.h"

enum {
    TCP_STREAMS_MAX = 262144,        /* directions of connections that are remembered */
    TCP_BUFFER_BYTES_MAX = 32 << 20, /* waiting segments and begun messages of all streams */
    TCP_WINDOW_BYTES =
        1 << 20, /* a segment farther away from the expected one is not the same stream */
};

enum tcp_unit_kind {
    TCP_UNIT_MESSAGE, /* a STUN message */
    TCP_UNIT_CHANNEL_DATA,
    TCP_UNIT_FRAME, /* RFC 4571, MS-TURN: media, DTLS */
};

struct tcp_unit {
    const uint8_t *bytes; /* borrowed for the call; without the frame's length */
    uint32_t len;         /* bytes that are there */
    uint32_t full_len;    /* without the padding of ChannelData */
    enum tcp_unit_kind kind;
    bool framed;
    bool unsynced; /* bytes before it on this stream are missing or were no STUN */
};

/* d is the segment that completed the unit; of one that never was, a segment that holds a part. */
typedef void tcp_unit_fn(const struct tcp_unit *unit, const struct datagram *d, void *context);

struct tcp;

/* NULL where memory is out. */
struct tcp *tcp_new(tcp_unit_fn *tell, void *context);
void tcp_segment(struct tcp *tcp, const struct datagram *d);
/* The capture is over: tell what waits behind gaps, and what has begun. */
void tcp_end(struct tcp *tcp);
/* Takes NULL. */
void tcp_free(struct tcp *tcp);

#endif
