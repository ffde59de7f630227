/* Recognise a STUN message, take its header apart and walk its attributes. */
#include "stun.h"

#include <string.h>

#include "bytes.h"

enum {
    ATTR_HEADER_BYTES = 4,
    PAD_TO_BYTES = 4,
    MS_DATA_INDICATION = 0x0115, /* by its bits it would be an error */
};

/* Class and method are interleaved in the type, RFC 8489 section 5: 0b00MMMMM C MMM C MMMM. */
static enum stun_class type_class(uint16_t type)
{
    return (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
}

static uint16_t type_method(uint16_t type)
{
    return (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
}

/* The types that RFC 3489 section 11.1 defines: without a cookie, any other number proves nothing.
 */
static bool type_is_classic(uint16_t type)
{
    switch (type) {
    case 0x0001: /* binding request, response, error response */
    case 0x0101:
    case 0x0111:
    case 0x0002: /* shared secret, likewise */
    case 0x0102:
    case 0x0112:
        return true;
    default:
        return false;
    }
}

enum stun_look stun_look_datagram(const uint8_t *in, size_t len)
{
    if (len < STUN_CHANNEL_HEADER_BYTES)
        return STUN_LOOK_OTHER;
    size_t length = be16(in + 2);
    if ((in[0] & 0xc0) == 0) {
        if (len < STUN_HEADER_BYTES || length % PAD_TO_BYTES != 0)
            return STUN_LOOK_OTHER;
        if (stun_has_cookie(in, len))
            return length <= len - STUN_HEADER_BYTES ? STUN_LOOK_MESSAGE : STUN_LOOK_OTHER;
        if (length == len - STUN_HEADER_BYTES && type_is_classic(be16(in)))
            return STUN_LOOK_CLASSIC;
        return STUN_LOOK_OTHER;
    }
    if ((in[0] & 0xf0) == 0x40 && length <= len - STUN_CHANNEL_HEADER_BYTES)
        return STUN_LOOK_CHANNEL_DATA;
    return STUN_LOOK_OTHER;
}

/* What both decoders do once the first bytes have been found good. */
static enum stun_status decode_header(const uint8_t *in, size_t len, struct stun_msg *out)
{
    struct stun_msg msg = {
        .type = be16(in),
        .length = be16(in + 2),
        .has_cookie = stun_has_cookie(in, len),
        .start = in,
        .attrs = in + STUN_HEADER_BYTES,
    };
    msg.method = type_method(msg.type);
    msg.cls = type_class(msg.type);
    msg.ms_turn = !msg.has_cookie && stun_has_ms_cookie(in, len);
    if (msg.ms_turn && msg.type == MS_DATA_INDICATION)
        msg.cls = STUN_INDICATION;
    msg.txid_len = msg.has_cookie ? STUN_TXID_BYTES : 16;
    memcpy(msg.txid, in + STUN_HEADER_BYTES - msg.txid_len, msg.txid_len);

    enum stun_status status = STUN_OK;
    if (msg.length > len - STUN_HEADER_BYTES) {
        msg.length = (uint16_t)(len - STUN_HEADER_BYTES);
        status = STUN_TRUNCATED;
    }
    *out = msg;
    return status;
}

enum stun_status stun_decode(const uint8_t *in, size_t len, bool classic, struct stun_msg *out)
{
    /* A stream's reader asks before it has 20 bytes: what a short prefix proves is told. */
    if (len >= 1 && (in[0] & 0xc0) != 0)
        return STUN_NOT_STUN;
    if (len >= 8 && !classic && !stun_has_cookie(in, len))
        return STUN_NOT_STUN;
    if (len >= 4 && be16(in + 2) % PAD_TO_BYTES != 0)
        return STUN_BAD_LENGTH;
    if (len < STUN_HEADER_BYTES)
        return STUN_TRUNCATED;
    return decode_header(in, len, out);
}

enum stun_status stun_decode_unpadded(const uint8_t *in, size_t len, struct stun_msg *out)
{
    if (len < STUN_HEADER_BYTES)
        return STUN_TRUNCATED;
    if ((in[0] & 0xc0) != 0 || !(stun_has_cookie(in, len) || stun_has_ms_cookie(in, len)))
        return STUN_NOT_STUN;
    return decode_header(in, len, out);
}

enum stun_status stun_next_attr(const struct stun_msg *msg, size_t *pos, struct stun_attr *out)
{
    if (*pos >= msg->length)
        return STUN_END;
    size_t left = msg->length - *pos;
    if (left < ATTR_HEADER_BYTES)
        return STUN_TRUNCATED;
    const uint8_t *header = msg->attrs + *pos;
    uint16_t len = be16(header + 2);
    if (len > left - ATTR_HEADER_BYTES) {
        /* stun_decode() cut the length of a message whose end is missing: then the bytes are at
         * fault, else the sender is. */
        bool cut = be16(msg->start + 2) > msg->length;
        return cut ? STUN_TRUNCATED : STUN_BAD_LENGTH;
    }
    *out = (struct stun_attr){
        .type = be16(header),
        .len = len,
        .value = header + ATTR_HEADER_BYTES,
        .offset = STUN_HEADER_BYTES + *pos,
    };
    /* A message whose length is no multiple of 4 pads nothing: see stun_decode_unpadded(). */
    size_t pad_to = be16(msg->start + 2) % PAD_TO_BYTES != 0 ? 1 : PAD_TO_BYTES;
    /* Only a cut message can end between a value and its padding; nothing is lost then. */
    size_t whole = ATTR_HEADER_BYTES + ((size_t)len + pad_to - 1) / pad_to * pad_to;
    *pos += whole < left ? whole : left;
    return STUN_OK;
}

bool stun_find_attr(const struct stun_msg *msg, uint16_t type, struct stun_attr *out)
{
    struct stun_attr attr;
    for (size_t pos = 0; stun_next_attr(msg, &pos, &attr) == STUN_OK;) {
        if (attr.type == type) {
            *out = attr;
            return true;
        }
    }
    return false;
}
