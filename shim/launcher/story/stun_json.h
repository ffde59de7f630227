/*
 * STUN messages and ChannelData as JSON: every attribute by name, and the facts that a reader asks
 * for first on top.
 */
#ifndef RTCSHIM_LAUNCHER_STUN_JSON_H
#define RTCSHIM_LAUNCHER_STUN_JSON_H

#include <jansson.h>

#include "stun.h"

enum {
    STUN_JSON_ATTRS_MAX = 128, /* told of one message; "attributes_left_out" counts the others */
    STUN_JSON_BYTES_MAX = 64, /* of an opaque value, as hexadecimal; "length" says how long it is */
    STUN_JSON_DEPTH_MAX = 3,  /* STUN inside DATA inside ChannelData ... */
};

/*
 * Decode the STUN message in in[0..len) into the "stun" object of docs/events.md.
 *
 * classic  the writer took it for an RFC 3489 message (EVENT_CLASSIC)
 * cut      in[] is known to hold less than the message had (EVENT_CUT): its end is not called
 * damaged, and no fingerprint is judged msg      the decoded header, borrowing in; filled where not
 * NULL is returned
 *
 * New reference; NULL where the bytes are no STUN header.
 */
json_t *stun_json(const uint8_t *in, size_t len, bool classic, bool cut, struct stun_msg *msg);

/*
 * The ChannelData header in in[0..len) of a message of full_len bytes, RFC 8656 section 12.4:
 * channel and payload length. *nested is a new reference to the STUN message inside, NULL where
 * there is none. false: no ChannelData.
 */
bool stun_json_channel(const uint8_t *in, size_t len, size_t full_len, uint16_t *channel,
                       size_t *payload, json_t **nested);

#endif
