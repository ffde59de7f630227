/*
 * A STUN message as the "stun" object of docs/events.md, the same object that the launcher writes.
 */
#ifndef RTCSHIM_ANALYZER_STUN_WRITE_H
#define RTCSHIM_ANALYZER_STUN_WRITE_H

#include "sink.h"
#include "stun_integrity.h"

enum {
    STUN_WRITE_ATTRS_MAX = 128, /* "attributes_left_out" counts the others */
    STUN_WRITE_BYTES_MAX = 64,  /* of an opaque value */
    STUN_WRITE_DEPTH_MAX = 3,   /* STUN inside DATA inside ChannelData ... */
};

/* How a message is written. */
struct stun_write {
    bool classic; /* the finder took it for one without the cookie */
    bool cut;     /* its end was not captured: that is no damage of its own, and no fingerprint is
                     judged */
    bool framed, unsynced; /* TCP */
};

/* The header of a message that was found: padded, unpadded (MS-TURN) or classic. STUN_OK, or
 * STUN_TRUNCATED with *out filled; else it is none. */
enum stun_status stun_write_decode(const uint8_t *in, size_t len, bool classic,
                                   struct stun_msg *out);

/* msg: what stun_write_decode() made of it, and the status that it returned. */
void stun_write_message(struct sink *s, const struct stun_msg *msg, enum stun_status status,
                        enum stun_check fingerprint, const struct stun_write *how);

/* The message nested in in[0..len); cut: there was more of it. false: there is none, and nothing
 * was written. key: what stands before it. */
bool stun_write_nested(struct sink *s, const char *key, const uint8_t *in, size_t len, bool cut,
                       int depth);

#endif
