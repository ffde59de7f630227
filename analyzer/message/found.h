/*
 * A STUN message or ChannelData that was found in a capture, on its way from the finder to decoding
 * and output.
 */
#ifndef RTCSHIM_ANALYZER_FOUND_H
#define RTCSHIM_ANALYZER_FOUND_H

#include "datagram.h"

enum found_kind {
    FOUND_MESSAGE,
    FOUND_CHANNEL_DATA,  /* one, with its bytes */
    FOUND_CHANNEL_COUNT, /* ChannelData that was only counted: packets, channel_bytes; no bytes */
};

/* How sure it is that the bytes are STUN, weakest first. */
enum found_confidence {
    FOUND_UNANSWERED, /* classic, whole and plausible, but no answer was seen */
    FOUND_MATCHED,    /* classic, request and answer to its sender with the same 16 bytes */
    FOUND_LOOSE, /* cookie, but bytes behind the message, or its end was not captured, or a length
                    that is no multiple of 4 */
    FOUND_EXACT, /* cookie, and the length is the datagram's, or the frame's or the stream's rest
                    agrees */
    FOUND_FINGERPRINT, /* the same with a good FINGERPRINT; said by the decoder, not by the finder
                        */
};
const char *found_confidence_name(enum found_confidence confidence); /* static */

struct found {
    uint64_t time_ns, frame, offset;  /* of the packet that completed it */
    const struct packet_iface *iface; /* borrowed from the reader */
    const char
        *iface_name; /* of the interface that carried it, borrowed from the reader; NULL unknown */
    struct netaddr src, dst;
    const uint8_t *bytes; /* borrowed; of a message, the whole or what was captured of it */
    uint64_t packets, channel_bytes; /* CHANNEL_COUNT: how many, and their payload */
    uint32_t len;                    /* bytes that are there */
    uint32_t trailing;               /* bytes of the datagram behind the message */
    uint32_t ifindex;                /* 0 unknown */
    uint16_t vlan;                   /* 0 none */
    uint16_t channel;
    uint8_t kind;                       /* enum found_kind */
    uint8_t confidence;                 /* enum found_confidence */
    uint8_t protocol, label, direction; /* as in struct datagram */
    bool cut;                           /* the capture holds less of it than the wire did */
    bool framed;                        /* TCP, behind a length: RFC 4571, MS-TURN */
    bool unsynced;    /* TCP: something before it on this stream was missing or was not STUN */
    bool reassembled; /* of IP fragments */
};

/* context is the receiver's. found and its bytes are borrowed for the call. */
typedef void found_fn(const struct found *found, void *context);

/* What every found thing on d has in common; the rest zero. */
struct found found_on(const struct datagram *d);

#endif
