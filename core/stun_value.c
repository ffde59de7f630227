/* Decode an attribute's value by the form that its row of stun_attrs.def names. */
#include <string.h>

#include "bytes.h"
#include "stun.h"

enum {
    WIRE_IPV4 = 1, /* RFC 8489 section 14.1 */
    WIRE_IPV6 = 2,
    HMAC_BYTES_MAX = 32,
};

typedef enum stun_status decode_fn(const struct stun_msg *msg, const struct stun_attr *attr,
                                   struct stun_value *out);

static bool family_from_wire(uint8_t wire, uint8_t *family)
{
    if (wire != WIRE_IPV4 && wire != WIRE_IPV6)
        return false;
    *family = wire == WIRE_IPV4 ? NETADDR_IPV4 : NETADDR_IPV6;
    return true;
}

/*
 * The 16 bytes that XOR addresses are masked with, RFC 8489 section 14.2: cookie and transaction
 * id. A message without the cookie has 16 bytes of transaction id in the same place.
 */
static void xor_mask(const struct stun_msg *msg, uint8_t mask[static 16])
{
    if (!msg->has_cookie) {
        memcpy(mask, msg->txid, 16);
        return;
    }
    put_be32(mask, STUN_COOKIE);
    memcpy(mask + 4, msg->txid, STUN_TXID_BYTES);
}

/*
 *    0                   1                   2                   3
 *   +-------------------------------+-------------------------------+
 *   | ignored       | family        | port                          |
 *   +-------------------------------+-------------------------------+
 *   | address, 4 or 16 bytes                                        |
 */
static enum stun_status decode_address_masked(const struct stun_attr *attr,
                                              const uint8_t mask[static 16], struct stun_value *out)
{
    uint8_t family;
    if (attr->len < 4 || !family_from_wire(attr->value[1], &family))
        return STUN_BAD_VALUE;
    size_t ip_len = family == NETADDR_IPV4 ? 4 : 16;
    if (attr->len != 4 + ip_len)
        return STUN_BAD_VALUE;
    uint16_t port = be16(attr->value + 2) ^ be16(mask);
    uint8_t ip[16] = {0};
    for (size_t i = 0; i < ip_len; i++)
        ip[i] = attr->value[4 + i] ^ mask[i];
    out->as.address = netaddr_from_bytes(ip, ip_len, port);
    return STUN_OK;
}

static enum stun_status decode_address(const struct stun_msg *msg, const struct stun_attr *attr,
                                       struct stun_value *out)
{
    (void)msg;
    static const uint8_t no_mask[16];
    return decode_address_masked(attr, no_mask, out);
}

static enum stun_status decode_xor_address(const struct stun_msg *msg, const struct stun_attr *attr,
                                           struct stun_value *out)
{
    uint8_t mask[16];
    xor_mask(msg, mask);
    return decode_address_masked(attr, mask, out);
}

static enum stun_status decode_bytes(const struct stun_msg *msg, const struct stun_attr *attr,
                                     struct stun_value *out)
{
    (void)msg;
    out->as.bytes.bytes = attr->value;
    out->as.bytes.len = attr->len;
    return STUN_OK;
}

static enum stun_status decode_text(const struct stun_msg *msg, const struct stun_attr *attr,
                                    struct stun_value *out)
{
    (void)msg;
    out->as.text.bytes = (const char *)attr->value;
    out->as.text.len = attr->len;
    return STUN_OK;
}

static enum stun_status decode_u32(const struct stun_msg *msg, const struct stun_attr *attr,
                                   struct stun_value *out)
{
    (void)msg;
    if (attr->len != 4)
        return STUN_BAD_VALUE;
    out->as.u32 = be32(attr->value);
    return STUN_OK;
}

static enum stun_status decode_u64(const struct stun_msg *msg, const struct stun_attr *attr,
                                   struct stun_value *out)
{
    (void)msg;
    if (attr->len != 8)
        return STUN_BAD_VALUE;
    out->as.u64 = be64(attr->value);
    return STUN_OK;
}

/* 21 reserved bits, 3 bits hundreds (3 to 6), 8 bits the rest (0 to 99), reason: RFC 8489
 * section 14.8. */
static enum stun_status decode_error(const struct stun_msg *msg, const struct stun_attr *attr,
                                     struct stun_value *out)
{
    (void)msg;
    if (attr->len < 4)
        return STUN_BAD_VALUE;
    unsigned hundreds = attr->value[2] & 7u;
    unsigned rest = attr->value[3];
    if (hundreds < 3 || hundreds > 6 || rest > 99)
        return STUN_BAD_VALUE;
    out->as.error.code = (uint16_t)(hundreds * 100 + rest);
    out->as.error.reason = (const char *)attr->value + 4;
    out->as.error.reason_len = attr->len - 4u;
    return STUN_OK;
}

/* The same with the address family in the first byte: RFC 8656 section 18.12. */
static enum stun_status decode_address_error(const struct stun_msg *msg,
                                             const struct stun_attr *attr, struct stun_value *out)
{
    enum stun_status status = decode_error(msg, attr, out);
    if (status == STUN_OK && !family_from_wire(attr->value[0], &out->as.error.family))
        status = STUN_BAD_VALUE;
    return status;
}

static enum stun_status decode_type_list(const struct stun_msg *msg, const struct stun_attr *attr,
                                         struct stun_value *out)
{
    (void)msg;
    if (attr->len % 2 != 0)
        return STUN_BAD_VALUE;
    out->as.types.bytes = attr->value;
    out->as.types.count = attr->len / 2u;
    return STUN_OK;
}

static enum stun_status decode_channel(const struct stun_msg *msg, const struct stun_attr *attr,
                                       struct stun_value *out)
{
    (void)msg;
    if (attr->len != 4)
        return STUN_BAD_VALUE;
    out->as.channel = be16(attr->value);
    return STUN_OK;
}

static enum stun_status decode_transport(const struct stun_msg *msg, const struct stun_attr *attr,
                                         struct stun_value *out)
{
    (void)msg;
    if (attr->len != 4)
        return STUN_BAD_VALUE;
    out->as.protocol = attr->value[0];
    return STUN_OK;
}

static enum stun_status decode_family(const struct stun_msg *msg, const struct stun_attr *attr,
                                      struct stun_value *out)
{
    (void)msg;
    if (attr->len != 4 || !family_from_wire(attr->value[0], &out->as.family))
        return STUN_BAD_VALUE;
    return STUN_OK;
}

static enum stun_status decode_even_port(const struct stun_msg *msg, const struct stun_attr *attr,
                                         struct stun_value *out)
{
    (void)msg;
    if (attr->len != 1)
        return STUN_BAD_VALUE;
    out->as.reserve_next = (attr->value[0] & 0x80) != 0;
    return STUN_OK;
}

static enum stun_status decode_reservation(const struct stun_msg *msg, const struct stun_attr *attr,
                                           struct stun_value *out)
{
    return attr->len == 8 ? decode_bytes(msg, attr, out) : STUN_BAD_VALUE;
}

static enum stun_status decode_flag(const struct stun_msg *msg, const struct stun_attr *attr,
                                    struct stun_value *out)
{
    (void)msg;
    (void)out;
    return attr->len == 0 ? STUN_OK : STUN_BAD_VALUE;
}

/* 20 bytes of SHA-1, 16 to 32 of SHA-256, 4 of libwebrtc's short form: which of them a type may
 * have is the integrity check's concern. */
static enum stun_status decode_hmac(const struct stun_msg *msg, const struct stun_attr *attr,
                                    struct stun_value *out)
{
    if (attr->len == 0 || attr->len % 4 != 0 || attr->len > HMAC_BYTES_MAX)
        return STUN_BAD_VALUE;
    return decode_bytes(msg, attr, out);
}

/* Algorithm, length of parameters, parameters, padded to 4 but for the last: RFC 8489
 * sections 14.11 and 14.12. */
static bool algorithms_are_whole(const uint8_t *in, size_t len, size_t *count)
{
    size_t pos = 0;
    for (*count = 0; len - pos >= 4; ++*count) {
        size_t params = be16(in + pos + 2);
        pos += 4;
        if (params > len - pos)
            return false;
        size_t padded = (params + 3) / 4 * 4;
        pos += padded < len - pos ? padded : len - pos;
    }
    return pos == len;
}

static enum stun_status decode_algorithms(const struct stun_msg *msg, const struct stun_attr *attr,
                                          struct stun_value *out)
{
    size_t count;
    if (!algorithms_are_whole(attr->value, attr->len, &count))
        return STUN_BAD_VALUE;
    return decode_bytes(msg, attr, out);
}

static enum stun_status decode_algorithm(const struct stun_msg *msg, const struct stun_attr *attr,
                                         struct stun_value *out)
{
    size_t count;
    if (!algorithms_are_whole(attr->value, attr->len, &count) || count != 1)
        return STUN_BAD_VALUE;
    return decode_bytes(msg, attr, out);
}

static enum stun_status decode_icmp(const struct stun_msg *msg, const struct stun_attr *attr,
                                    struct stun_value *out)
{
    (void)msg;
    if (attr->len != 8)
        return STUN_BAD_VALUE;
    out->as.icmp.type = attr->value[2];
    out->as.icmp.code = attr->value[3];
    out->as.icmp.data = be32(attr->value + 4);
    return STUN_OK;
}

static enum stun_status decode_network_info(const struct stun_msg *msg,
                                            const struct stun_attr *attr, struct stun_value *out)
{
    (void)msg;
    if (attr->len != 4)
        return STUN_BAD_VALUE;
    out->as.network.id = be16(attr->value);
    out->as.network.cost = be16(attr->value + 2);
    return STUN_OK;
}

static decode_fn *const decoders[STUN_FORM_COUNT] = {
    [STUN_FORM_OPAQUE] = decode_bytes,
    [STUN_FORM_ADDRESS] = decode_address,
    [STUN_FORM_XOR_ADDRESS] = decode_xor_address,
    [STUN_FORM_TEXT] = decode_text,
    [STUN_FORM_U32] = decode_u32,
    [STUN_FORM_U64] = decode_u64,
    [STUN_FORM_ERROR_CODE] = decode_error,
    [STUN_FORM_TYPE_LIST] = decode_type_list,
    [STUN_FORM_CHANNEL] = decode_channel,
    [STUN_FORM_TRANSPORT] = decode_transport,
    [STUN_FORM_FAMILY] = decode_family,
    [STUN_FORM_EVEN_PORT] = decode_even_port,
    [STUN_FORM_RESERVATION] = decode_reservation,
    [STUN_FORM_FLAG] = decode_flag,
    [STUN_FORM_HMAC] = decode_hmac,
    [STUN_FORM_CRC] = decode_u32,
    [STUN_FORM_DATA] = decode_bytes,
    [STUN_FORM_ALGORITHM] = decode_algorithm,
    [STUN_FORM_ALGORITHMS] = decode_algorithms,
    [STUN_FORM_ICMP] = decode_icmp,
    [STUN_FORM_ADDRESS_ERROR] = decode_address_error,
    [STUN_FORM_NETWORK_INFO] = decode_network_info,
};

enum stun_status stun_decode_value(const struct stun_msg *msg, const struct stun_attr *attr,
                                   struct stun_value *out)
{
    const struct stun_attr_info *info = stun_msg_attr_info(msg, attr->type);
    struct stun_value value;
    memset(&value, 0, sizeof(value));
    value.form = info ? info->form : STUN_FORM_OPAQUE;
    enum stun_status status = decoders[value.form](msg, attr, &value);
    if (status == STUN_OK)
        *out = value;
    return status;
}

static bool find_address(const struct stun_msg *msg, uint16_t type, struct netaddr *out)
{
    struct stun_attr attr;
    struct stun_value value;
    if (!stun_find_attr(msg, type, &attr) || stun_decode_value(msg, &attr, &value) != STUN_OK)
        return false;
    *out = value.as.address;
    return true;
}

bool stun_mapped_address(const struct stun_msg *msg, struct netaddr *out)
{
    return find_address(msg, STUN_ATTR_XOR_MAPPED_ADDRESS, out) ||
           find_address(msg, STUN_ATTR_MS_XOR_MAPPED_ADDRESS, out) ||
           (!msg->ms_turn && find_address(msg, STUN_ATTR_MAPPED_ADDRESS, out));
}

bool stun_relayed_address(const struct stun_msg *msg, struct netaddr *out)
{
    return find_address(
        msg, msg->ms_turn ? STUN_ATTR_MAPPED_ADDRESS : STUN_ATTR_XOR_RELAYED_ADDRESS, out);
}
