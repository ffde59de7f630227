/*
 * STUN (RFC 8489, with the forms of RFC 5389 and RFC 3489), TURN (RFC 8656) and ICE (RFC 8445):
 * recognise, decode, encode.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |0 0|     type (method+class)   |            length             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                magic cookie 0x2112A442                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                transaction id (96 bits)                       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Attributes, methods and error codes are rows of stun_attrs.def, stun_methods.def and
 * stun_errors.def. Decoders borrow their input. Everything here is pure and async-signal-safe. HMAC
 * and CRC, which need a library, are in stun_integrity.h.
 */
#ifndef RTCSHIM_CORE_STUN_H
#define RTCSHIM_CORE_STUN_H

#include "bytes.h"
#include "netaddr.h"

#define STUN_COOKIE         UINT32_C(0x2112a442)
#define STUN_MS_COOKIE      UINT32_C(0x72c64bc6)
#define STUN_MS_COOKIE_ATTR UINT32_C(0x000f0004) /* MAGIC-COOKIE, four bytes */

enum {
    STUN_HEADER_BYTES = 20,
    STUN_TXID_BYTES = 12, /* RFC 3489: 16, of which the cookie's place holds the first four */
    STUN_CHANNEL_HEADER_BYTES = 4,
    STUN_FRAME_HEADER_BYTES = 2,    /* RFC 4571 */
    STUN_MS_FRAME_HEADER_BYTES = 4, /* MS-TURN section 2.1.4 */
    STUN_MS_COOKIE_END_BYTES = 28,  /* of a message */
};

enum stun_status {
    STUN_OK,
    STUN_TRUNCATED,  /* the bytes end before the message or attribute does */
    STUN_BAD_LENGTH, /* a length field contradicts its surroundings: no multiple of 4, or runs past
                        the message */
    STUN_NOT_STUN,   /* the first bits or the cookie's place say that it is something else */
    STUN_BAD_VALUE,  /* an attribute's value is malformed for its type */
    STUN_NO_ROOM,    /* encoding: the caller's buffer is full */
    STUN_END,        /* no more attributes */
};
const char *stun_status_text(enum stun_status status); /* a sentence for people; static */

/* ---- recognising
 * ------------------------------------------------------------------------------------------------------------
 */

/* What a datagram, or the start of a stream, looks like, from its first bytes alone (RFC 7983
 * demultiplexing, refined). */
enum stun_look {
    STUN_LOOK_OTHER,
    STUN_LOOK_MESSAGE, /* first two bits 00, magic cookie, length a multiple of 4 */
    STUN_LOOK_CLASSIC, /* RFC 3489: known type, no cookie, length exactly that of the datagram */
    STUN_LOOK_CHANNEL_DATA, /* first byte 0x40..0x4f and the length fits; means something only after
                               STUN on that flow */
};

/* len: bytes of the datagram. For MESSAGE the datagram must hold the whole message; trailing bytes
 * are tolerated. */
enum stun_look stun_look_datagram(const uint8_t *in, size_t len);

/* The cheapest question, for a caller's fast path: are there 8 bytes, and is the second word the
 * magic cookie? No proof of a whole message. */
static inline bool stun_has_cookie(const uint8_t *in, size_t len)
{
    return len >= 8 && be32(in + 4) == STUN_COOKIE;
}

/*
 * MS-TURN (and Google's first relays: both follow draft-rosenberg-midcom-turn-08) has a cookie too,
 * as its first attribute, which every message must have.
 */
static inline bool stun_has_ms_cookie(const uint8_t *in, size_t len)
{
    return len >= STUN_MS_COOKIE_END_BYTES && be32(in + 20) == STUN_MS_COOKIE_ATTR &&
           be32(in + 24) == STUN_MS_COOKIE;
}

/* ---- decoding
 * ---------------------------------------------------------------------------------------------------------------
 */

enum stun_class {
    STUN_REQUEST = 0,
    STUN_INDICATION = 1,
    STUN_SUCCESS_RESPONSE = 2,
    STUN_ERROR_RESPONSE = 3,
};

struct stun_msg {
    uint16_t type;   /* as on the wire */
    uint16_t method; /* 12 bits, RFC 8489 section 5 */
    enum stun_class cls;
    uint16_t length;      /* of the attributes */
    bool has_cookie;      /* false: RFC 3489 */
    bool ms_turn;         /* no cookie, but MS-TURN's: some numbers mean something else in it */
    uint8_t txid[16];     /* with cookie the last STUN_TXID_BYTES as txid[0..12), else all 16 */
    uint8_t txid_len;     /* 12 or 16 */
    const uint8_t *start; /* borrowed: the header's first byte */
    const uint8_t *attrs; /* borrowed: the length bytes after the header */
};

/*
 * Decode the header in in[0..len). classic: accept a message without the cookie.
 * STUN_OK; STUN_NOT_STUN; STUN_TRUNCATED (fewer than 20 bytes, or fewer than the length says: *out
 * is filled in the second case and out->length cut to what is there, so that a damaged message can
 * still be shown); STUN_BAD_LENGTH (no multiple of 4; RFC 3489 messages too).
 */
enum stun_status stun_decode(const uint8_t *in, size_t len, bool classic, struct stun_msg *out);

/*
 * The same for a message with either cookie whose length may be no multiple of 4: Microsoft's TURN
 * (MS-TURN) has the unpadded attributes of RFC 3489. Only for datagrams
 * that end where the message does; nothing else vouches for such a length.
 */
enum stun_status stun_decode_unpadded(const uint8_t *in, size_t len, struct stun_msg *out);

struct stun_attr {
    uint16_t type;
    uint16_t len;         /* of the value, without padding */
    const uint8_t *value; /* borrowed */
    size_t offset;        /* of the attribute's header from the message's first byte */
};

/* The attribute at *pos (offset into msg->attrs, 0 first); moves *pos past value and padding.
 * STUN_OK, STUN_END, STUN_TRUNCATED or STUN_BAD_LENGTH (*pos, *out unchanged). */
enum stun_status stun_next_attr(const struct stun_msg *msg, size_t *pos, struct stun_attr *out);

/* First attribute of that type, false if absent or only after a malformed one. */
bool stun_find_attr(const struct stun_msg *msg, uint16_t type, struct stun_attr *out);

/* How an attribute's value is laid out. */
enum stun_form {
    STUN_FORM_OPAQUE,
    STUN_FORM_ADDRESS, /* MAPPED-ADDRESS: family, port, address */
    STUN_FORM_XOR_ADDRESS,
    STUN_FORM_TEXT, /* UTF-8, from a stranger */
    STUN_FORM_U32,
    STUN_FORM_U64,
    STUN_FORM_ERROR_CODE,
    STUN_FORM_TYPE_LIST, /* UNKNOWN-ATTRIBUTES */
    STUN_FORM_CHANNEL,   /* CHANNEL-NUMBER: 16 bits, 16 reserved */
    STUN_FORM_TRANSPORT, /* REQUESTED-TRANSPORT: protocol, 24 reserved */
    STUN_FORM_FAMILY,    /* REQUESTED-/ADDITIONAL-ADDRESS-FAMILY */
    STUN_FORM_EVEN_PORT,
    STUN_FORM_RESERVATION, /* 8-byte token */
    STUN_FORM_FLAG,        /* no value */
    STUN_FORM_HMAC,        /* MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 */
    STUN_FORM_CRC,         /* FINGERPRINT */
    STUN_FORM_DATA,        /* DATA: a nested datagram */
    STUN_FORM_ALGORITHM,   /* PASSWORD-ALGORITHM */
    STUN_FORM_ALGORITHMS,
    STUN_FORM_ICMP,          /* RFC 8656 ICMP: type, code, data */
    STUN_FORM_ADDRESS_ERROR, /* ADDRESS-ERROR-CODE */
    STUN_FORM_NETWORK_INFO,  /* GOOG-NETWORK-INFO: network id, network cost */
    STUN_FORM_COUNT
};

struct stun_attr_info {
    uint16_t type;
    enum stun_form form;
    const char *name;   /* IANA's or libwebrtc's: "XOR-MAPPED-ADDRESS" */
    const char *source; /* "RFC 8489" */
};
/* Row of stun_attrs.def, NULL for a type that is not registered. */
const struct stun_attr_info *stun_attr_info(uint16_t type);
/* What it means in this message: the row of stun_ms.def first where that is msg's dialect. */
const struct stun_attr_info *stun_msg_attr_info(const struct stun_msg *msg, uint16_t type);

struct stun_value {
    enum stun_form form;
    union {
        struct netaddr address;
        struct {
            const char *bytes;
            size_t len;
        } text; /* not terminated */
        uint32_t u32;
        uint64_t u64;
        struct {
            uint16_t code;
            uint8_t family;
            const char *reason;
            size_t reason_len;
        } error; /* family: ADDRESS-ERROR-CODE only */
        struct {
            const uint8_t *bytes;
            size_t count;
        } types; /* big-endian 16-bit */
        uint16_t channel;
        uint8_t protocol;  /* 17 UDP, 6 TCP */
        uint8_t family;    /* enum netaddr_family */
        bool reserve_next; /* EVEN-PORT's R bit */
        struct {
            const uint8_t *bytes;
            size_t len;
        } bytes; /* OPAQUE, HMAC, DATA, RESERVATION, ALGORITHM(S) */
        /* STUN_FORM_CRC is in u32, as on the wire; STUN_FORM_FLAG has nothing. */
        struct {
            uint8_t type;
            uint8_t code;
            uint32_t data;
        } icmp;
        struct {
            uint16_t id;
            uint16_t cost;
        } network;
    } as;
};

/* Decode attr of msg by its table row (unregistered: OPAQUE). STUN_OK, STUN_BAD_VALUE; on failure
 * *out unchanged. XOR addresses use msg's transaction id. */
enum stun_status stun_decode_value(const struct stun_msg *msg, const struct stun_attr *attr,
                                   struct stun_value *out);

/* The address that the message says its receiver has: XOR-MAPPED-ADDRESS (also type 0x8020 of old
 * servers), else MAPPED-ADDRESS. In MS-TURN that one is the relayed address. */
bool stun_mapped_address(const struct stun_msg *msg, struct netaddr *out);
bool stun_relayed_address(const struct stun_msg *msg, struct netaddr *out);

/*
 * The kind of candidate that a PRIORITY attribute's value is made for, by its type preference (RFC
 * 8445 section 5.1.2.2 and libwebrtc's own for relays and TCP): "host", "srflx", "prflx", "relay";
 * NULL for another preference. static.
 */
const char *stun_candidate_type(uint32_t priority);

/* "binding", "allocate", ...; NULL for an unregistered method. static. */
const char *stun_method_name(uint16_t method);
/* The same in msg's dialect. */
const char *stun_msg_method_name(const struct stun_msg *msg);
/* "request", "indication", "success", "error"; static. */
const char *stun_class_name(enum stun_class cls);
/* "Unauthenticated" for 401, IANA's reason; NULL if unregistered. static. */
const char *stun_error_name(uint16_t code);

/* ---- encoding
 * ---------------------------------------------------------------------------------------------------------------
 */

/* Builds a message in a caller's buffer. After the first failure every call returns that failure
 * and the buffer's message stays valid without it. */
struct stun_builder {
    uint8_t *buf;
    size_t size;
    size_t len; /* of the message so far */
    enum stun_status status;
    uint8_t pad; /* the byte that padding is filled with; stun_build() sets 0, which RFC 8489
                    section 14 asks for */
};

/* Start a message in buf[0..size), which is the caller's. STUN_OK; STUN_NO_ROOM; STUN_BAD_VALUE
 * where method has more than 12 bits or cls is none. */
enum stun_status stun_build(struct stun_builder *b, uint8_t *buf, size_t size, uint16_t method,
                            enum stun_class cls, const uint8_t txid[static STUN_TXID_BYTES]);
enum stun_status stun_add_bytes(struct stun_builder *b, uint16_t type, const void *value,
                                size_t len);
/*
 * Encodes value by type's table row (unregistered: OPAQUE); value->form must be that row's form,
 * else STUN_BAD_VALUE. What stun_decode_value() would refuse is refused here too. Borrowed bytes in
 * value must not lie in the builder's buffer.
 */
enum stun_status stun_add_value(struct stun_builder *b, uint16_t type,
                                const struct stun_value *value);

/* ---- names used in code; the table holds them all
 * --------------------------------------------------------------------------- */

enum stun_attr_type {
#define STUN_ATTR(ident, number, name, form, source) STUN_ATTR_##ident = (number),
#include "stun_attrs.def"
#undef STUN_ATTR
};

enum stun_method_number {
#define STUN_METHOD(ident, number, name, source) STUN_METHOD_##ident = (number),
#include "stun_methods.def"
#undef STUN_METHOD
};

#endif
