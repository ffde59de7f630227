/* Build a STUN message in a caller's buffer, attribute by attribute. */
#include <string.h>

#include "bytes.h"
#include "stun.h"

enum {
    ATTR_HEADER_BYTES = 4,
    ATTRS_BYTES_MAX = 65532, /* the header's length field, a multiple of 4 */
    WIRE_IPV4 = 1,
    WIRE_IPV6 = 2,
};

/* The fixed start of a value and the borrowed bytes that follow it. */
struct encoded {
    uint8_t head[20];
    size_t head_len;
    const void *tail;
    size_t tail_len;
};

typedef bool encode_fn(const struct stun_builder *b, const struct stun_value *value,
                       struct encoded *out);

static enum stun_status fail(struct stun_builder *b, enum stun_status status)
{
    b->status = status;
    return status;
}

enum stun_status stun_build(struct stun_builder *b, uint8_t *buf, size_t size, uint16_t method,
                            enum stun_class cls, const uint8_t txid[static STUN_TXID_BYTES])
{
    *b = (struct stun_builder){.buf = buf, .size = size};
    unsigned c = (unsigned)cls;
    unsigned m = method;
    if (m > 0xfff || c > STUN_ERROR_RESPONSE)
        return fail(b, STUN_BAD_VALUE);
    if (size < STUN_HEADER_BYTES)
        return fail(b, STUN_NO_ROOM);
    /* RFC 8489 section 5: two class bits between the bits of the method. */
    unsigned type = (m & 0x00f) | (m & 0x070) << 1 | (m & 0xf80) << 2 | (c & 1) << 4 | (c & 2) << 7;
    put_be16(buf, (uint16_t)type);
    put_be16(buf + 2, 0);
    put_be32(buf + 4, STUN_COOKIE);
    memcpy(buf + 8, txid, STUN_TXID_BYTES);
    b->len = STUN_HEADER_BYTES;
    return STUN_OK;
}

static enum stun_status append(struct stun_builder *b, uint16_t type, const struct encoded *value)
{
    if (b->status != STUN_OK)
        return b->status;
    /* Each sum is checked before it is made, so that no length can wrap. */
    size_t room = b->size - b->len;
    size_t attrs_room = ATTRS_BYTES_MAX - (b->len - STUN_HEADER_BYTES);
    if (room > attrs_room)
        room = attrs_room;
    if (room < ATTR_HEADER_BYTES)
        return fail(b, STUN_NO_ROOM);
    room -= ATTR_HEADER_BYTES;
    if (value->head_len > room || value->tail_len > room - value->head_len)
        return fail(b, STUN_NO_ROOM);
    size_t len = value->head_len + value->tail_len;
    size_t pad = (4 - len % 4) % 4;
    if (pad > room - len)
        return fail(b, STUN_NO_ROOM);

    uint8_t *out = b->buf + b->len;
    put_be16(out, type);
    put_be16(out + 2, (uint16_t)len);
    out += ATTR_HEADER_BYTES;
    memcpy(out, value->head, value->head_len);
    if (value->tail_len > 0)
        memcpy(out + value->head_len, value->tail, value->tail_len);
    memset(out + len, b->pad, pad);
    b->len += ATTR_HEADER_BYTES + len + pad;
    put_be16(b->buf + 2, (uint16_t)(b->len - STUN_HEADER_BYTES));
    return STUN_OK;
}

enum stun_status stun_add_bytes(struct stun_builder *b, uint16_t type, const void *value,
                                size_t len)
{
    struct encoded e = {.tail = value, .tail_len = len};
    return append(b, type, &e);
}

static bool family_to_wire(uint8_t family, uint8_t *wire)
{
    if (family != NETADDR_IPV4 && family != NETADDR_IPV6)
        return false;
    *wire = family == NETADDR_IPV4 ? WIRE_IPV4 : WIRE_IPV6;
    return true;
}

static bool encode_address_masked(const struct netaddr *addr, const uint8_t mask[static 16],
                                  struct encoded *out)
{
    if (!family_to_wire(addr->family, &out->head[1]))
        return false;
    size_t ip_len = addr->family == NETADDR_IPV4 ? 4 : 16;
    put_be16(out->head + 2, (uint16_t)(addr->port ^ be16(mask)));
    for (size_t i = 0; i < ip_len; i++)
        out->head[4 + i] = addr->ip[i] ^ mask[i];
    out->head_len = 4 + ip_len;
    return true;
}

static bool encode_address(const struct stun_builder *b, const struct stun_value *value,
                           struct encoded *out)
{
    (void)b;
    static const uint8_t no_mask[16];
    return encode_address_masked(&value->as.address, no_mask, out);
}

/* Cookie and transaction id, the mask, stand in the header as they are needed. */
static bool encode_xor_address(const struct stun_builder *b, const struct stun_value *value,
                               struct encoded *out)
{
    return encode_address_masked(&value->as.address, b->buf + 4, out);
}

static bool encode_bytes(const struct stun_builder *b, const struct stun_value *value,
                         struct encoded *out)
{
    (void)b;
    out->tail = value->as.bytes.bytes;
    out->tail_len = value->as.bytes.len;
    return true;
}

static bool encode_text(const struct stun_builder *b, const struct stun_value *value,
                        struct encoded *out)
{
    (void)b;
    out->tail = value->as.text.bytes;
    out->tail_len = value->as.text.len;
    return true;
}

static bool encode_u32(const struct stun_builder *b, const struct stun_value *value,
                       struct encoded *out)
{
    (void)b;
    put_be32(out->head, value->as.u32);
    out->head_len = 4;
    return true;
}

static bool encode_u64(const struct stun_builder *b, const struct stun_value *value,
                       struct encoded *out)
{
    (void)b;
    put_be64(out->head, value->as.u64);
    out->head_len = 8;
    return true;
}

static bool encode_error(const struct stun_builder *b, const struct stun_value *value,
                         struct encoded *out)
{
    (void)b;
    if (value->as.error.code < 300 || value->as.error.code > 699)
        return false;
    out->head[2] = (uint8_t)(value->as.error.code / 100);
    out->head[3] = (uint8_t)(value->as.error.code % 100);
    out->head_len = 4;
    out->tail = value->as.error.reason;
    out->tail_len = value->as.error.reason_len;
    return true;
}

static bool encode_address_error(const struct stun_builder *b, const struct stun_value *value,
                                 struct encoded *out)
{
    return family_to_wire(value->as.error.family, &out->head[0]) && encode_error(b, value, out);
}

static bool encode_type_list(const struct stun_builder *b, const struct stun_value *value,
                             struct encoded *out)
{
    (void)b;
    if (value->as.types.count > ATTRS_BYTES_MAX / 2)
        return false;
    out->tail = value->as.types.bytes;
    out->tail_len = value->as.types.count * 2;
    return true;
}

static bool encode_channel(const struct stun_builder *b, const struct stun_value *value,
                           struct encoded *out)
{
    (void)b;
    put_be16(out->head, value->as.channel);
    out->head_len = 4;
    return true;
}

static bool encode_transport(const struct stun_builder *b, const struct stun_value *value,
                             struct encoded *out)
{
    (void)b;
    out->head[0] = value->as.protocol;
    out->head_len = 4;
    return true;
}

static bool encode_family(const struct stun_builder *b, const struct stun_value *value,
                          struct encoded *out)
{
    (void)b;
    out->head_len = 4;
    return family_to_wire(value->as.family, &out->head[0]);
}

static bool encode_even_port(const struct stun_builder *b, const struct stun_value *value,
                             struct encoded *out)
{
    (void)b;
    out->head[0] = value->as.reserve_next ? 0x80 : 0;
    out->head_len = 1;
    return true;
}

static bool encode_flag(const struct stun_builder *b, const struct stun_value *value,
                        struct encoded *out)
{
    (void)b;
    (void)value;
    (void)out;
    return true;
}

static bool encode_icmp(const struct stun_builder *b, const struct stun_value *value,
                        struct encoded *out)
{
    (void)b;
    out->head[2] = value->as.icmp.type;
    out->head[3] = value->as.icmp.code;
    put_be32(out->head + 4, value->as.icmp.data);
    out->head_len = 8;
    return true;
}

static bool encode_network_info(const struct stun_builder *b, const struct stun_value *value,
                                struct encoded *out)
{
    (void)b;
    put_be16(out->head, value->as.network.id);
    put_be16(out->head + 2, value->as.network.cost);
    out->head_len = 4;
    return true;
}

static encode_fn *const encoders[STUN_FORM_COUNT] = {
    [STUN_FORM_OPAQUE] = encode_bytes,
    [STUN_FORM_ADDRESS] = encode_address,
    [STUN_FORM_XOR_ADDRESS] = encode_xor_address,
    [STUN_FORM_TEXT] = encode_text,
    [STUN_FORM_U32] = encode_u32,
    [STUN_FORM_U64] = encode_u64,
    [STUN_FORM_ERROR_CODE] = encode_error,
    [STUN_FORM_TYPE_LIST] = encode_type_list,
    [STUN_FORM_CHANNEL] = encode_channel,
    [STUN_FORM_TRANSPORT] = encode_transport,
    [STUN_FORM_FAMILY] = encode_family,
    [STUN_FORM_EVEN_PORT] = encode_even_port,
    [STUN_FORM_RESERVATION] = encode_bytes,
    [STUN_FORM_FLAG] = encode_flag,
    [STUN_FORM_HMAC] = encode_bytes,
    [STUN_FORM_CRC] = encode_u32,
    [STUN_FORM_DATA] = encode_bytes,
    [STUN_FORM_ALGORITHM] = encode_bytes,
    [STUN_FORM_ALGORITHMS] = encode_bytes,
    [STUN_FORM_ICMP] = encode_icmp,
    [STUN_FORM_ADDRESS_ERROR] = encode_address_error,
    [STUN_FORM_NETWORK_INFO] = encode_network_info,
};

/* Whether the decoder takes the attribute that begins at offset: the forms' rules then stand in one
 * place only. */
static bool attr_decodes(const struct stun_builder *b, size_t offset)
{
    struct stun_msg msg;
    struct stun_attr attr;
    struct stun_value value;
    size_t pos = offset - STUN_HEADER_BYTES;
    return stun_decode(b->buf, b->len, false, &msg) == STUN_OK &&
           stun_next_attr(&msg, &pos, &attr) == STUN_OK &&
           stun_decode_value(&msg, &attr, &value) == STUN_OK;
}

enum stun_status stun_add_value(struct stun_builder *b, uint16_t type,
                                const struct stun_value *value)
{
    if (b->status != STUN_OK)
        return b->status;
    const struct stun_attr_info *info = stun_attr_info(type);
    enum stun_form form = info ? info->form : STUN_FORM_OPAQUE;
    struct encoded e = {.head_len = 0};
    if (value->form != form || !encoders[form](b, value, &e))
        return fail(b, STUN_BAD_VALUE);

    size_t before = b->len;
    enum stun_status status = append(b, type, &e);
    if (status == STUN_OK && !attr_decodes(b, before)) {
        b->len = before;
        put_be16(b->buf + 2, (uint16_t)(before - STUN_HEADER_BYTES));
        status = fail(b, STUN_BAD_VALUE);
    }
    return status;
}
