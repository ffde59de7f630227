/* STUN messages without addresses and names, in place: every attribute by the form of its value. */
#include <string.h>

#include <zlib.h>

#include "bytes.h"
#include "pcapng_redact.h"
#include "pseudonym_private.h"
#include "stun_integrity.h"

#define FINGERPRINT_MASK UINT32_C(0x5354554e) /* RFC 8489 section 14.7 */

enum {
    NESTED_MAX = 3, /* messages one in another */
    MASK_AT = 4,    /* in the header: cookie and transaction id, or 16 bytes of RFC 3489's */
    MASK_BYTES = 16,
    ATTR_HEADER_BYTES = 4,
    WIRE_IPV4 = 1,
    WIRE_IPV6 = 2,
};

struct redacting {
    const struct pseudonym *names;
    struct stun_msg msg;
    uint8_t old_mask[MASK_BYTES], new_mask[MASK_BYTES];
    unsigned depth;
};

/* A digest of the bytes in their place. */
static void digest(const struct redacting *r, const char *use, uint8_t *bytes, size_t len)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    pseudonym_digest(r->names, use, bytes, len, sum);
    for (size_t i = 0; i < len; i++)
        bytes[i] = sum[i % sizeof(sum)];
}

/* The same in hexadecimal digits, for what readers show as text. */
static void digest_text(const struct redacting *r, uint8_t *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum[SHA256_DIGEST_SIZE];
    pseudonym_digest(r->names, "stun text", text, len, sum);
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)digits[sum[i / 2 % sizeof(sum)] >> (i % 2 ? 0 : 4) & 0xf];
}

/* ICE's "theirs:ours": each fragment by itself, so that both ways of a check are seen to belong
 * together. */
static void digest_fragments(const struct redacting *r, uint8_t *text, size_t len)
{
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != ':')
            continue;
        digest_text(r, text + start, i - start);
        start = i + 1;
    }
}

static void replace_address(const struct redacting *r, uint8_t *value, size_t len, bool masked)
{
    uint8_t ip[16] = {0};
    size_t ip_len = len == 4 + 4 && value[1] == WIRE_IPV4    ? 4
                    : len == 4 + 16 && value[1] == WIRE_IPV6 ? 16
                                                             : 0;
    if (ip_len == 0) {
        memset(value, 0, len);
        return;
    }
    for (size_t i = 0; i < ip_len; i++)
        ip[i] = value[4 + i] ^ (masked ? r->old_mask[i] : 0);
    if (ip_len == 4)
        pseudonym_ipv4(r->names, ip);
    else
        pseudonym_ipv6(r->names, ip);
    value[0] = 0;
    for (size_t i = 0; masked && i < 2; i++)
        value[2 + i] ^= r->old_mask[i] ^ r->new_mask[i];
    for (size_t i = 0; i < ip_len; i++)
        value[4 + i] = ip[i] ^ (masked ? r->new_mask[i] : 0);
}

/* The registered reason in place of the server's own words. */
static void replace_reason(uint8_t *value, size_t len)
{
    if (len < 4) {
        memset(value, 0, len);
        return;
    }
    const char *name = stun_error_name((uint16_t)((value[2] & 7) * 100 + value[3]));
    size_t known = name ? strlen(name) : 0;
    for (size_t i = 4; i < len; i++)
        value[i] = (uint8_t)(i - 4 < known ? name[i - 4] : ' ');
    value[1] = 0;
    value[2] &= 7;
}

static void keep(uint8_t *value, size_t len, size_t kept)
{
    if (len > kept)
        memset(value + kept, 0, len - kept);
}

/* UNKNOWN-ATTRIBUTES: those that have a name. */
static void keep_types(uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i += 2)
        if (len - i < 2 || !stun_attr_info(be16(value + i)))
            memset(value + i, 0, len - i < 2 ? len - i : 2);
}

/* PASSWORD-ALGORITHMS: number and length of each, where none has parameters. */
static void keep_algorithms(uint8_t *value, size_t len)
{
    bool plain = len % 4 == 0;
    for (size_t i = 0; plain && i < len; i += 4)
        plain = be16(value + i + 2) == 0;
    if (!plain)
        memset(value, 0, len);
}

static bool redact(const struct pseudonym *names, uint8_t *bytes, size_t len, unsigned depth);

static void replace_nested(const struct redacting *r, uint8_t *value, size_t len)
{
    if (r->depth + 1 >= NESTED_MAX || !stun_has_cookie(value, len) ||
        !redact(r->names, value, len, r->depth + 1))
        memset(value, 0, len);
}

static void replace_value(const struct redacting *r, const struct stun_attr *attr, uint8_t *value)
{
    const struct stun_attr_info *info = stun_msg_attr_info(&r->msg, attr->type);
    const size_t len = attr->len;
    switch (info ? info->form : STUN_FORM_OPAQUE) {
    case STUN_FORM_ADDRESS:
        replace_address(r, value, len, false);
        break;
    case STUN_FORM_XOR_ADDRESS:
        replace_address(r, value, len, true);
        break;
    case STUN_FORM_TEXT:
        if (attr->type == STUN_ATTR_USERNAME)
            digest_fragments(r, value, len);
        else
            digest_text(r, value, len);
        break;
    case STUN_FORM_ERROR_CODE:
    case STUN_FORM_ADDRESS_ERROR:
        replace_reason(value, len);
        break;
    case STUN_FORM_U64:
    case STUN_FORM_RESERVATION:
        digest(r, "stun token", value, len);
        break;
    case STUN_FORM_U32:
    case STUN_FORM_CHANNEL:
    case STUN_FORM_TRANSPORT:
    case STUN_FORM_FAMILY:
    case STUN_FORM_NETWORK_INFO:
    case STUN_FORM_ICMP:
    case STUN_FORM_CRC: /* until it is made anew */
        keep(value, len, 4);
        break;
    case STUN_FORM_EVEN_PORT:
        keep(value, len, 1);
        break;
    case STUN_FORM_TYPE_LIST:
        keep_types(value, len);
        break;
    case STUN_FORM_ALGORITHM:
    case STUN_FORM_ALGORITHMS:
        keep_algorithms(value, len);
        break;
    case STUN_FORM_DATA:
        replace_nested(r, value, len);
        break;
    case STUN_FORM_OPAQUE:
    case STUN_FORM_FLAG:
    case STUN_FORM_HMAC:
    case STUN_FORM_COUNT:
        memset(value, 0, len);
    }
}

/* The attribute covers what is before it, under a length that reaches to its own end. One that was
 * wrong stays wrong. */
static void renew_fingerprint(const struct stun_msg *msg, uint8_t *bytes, enum stun_check was)
{
    struct stun_attr attr;
    uint8_t head[4];
    if (!stun_find_attr(msg, STUN_ATTR_FINGERPRINT, &attr) || attr.len != 4)
        return;
    memcpy(head, bytes, 2);
    put_be16(head + 2, (uint16_t)(attr.offset + 8 - STUN_HEADER_BYTES));
    uLong crc = crc32(0, head, sizeof(head));
    crc = crc32(crc, bytes + 4, (uInt)(attr.offset - 4));
    uint32_t right = (uint32_t)crc ^ FINGERPRINT_MASK;
    put_be32(bytes + attr.offset + ATTR_HEADER_BYTES, was == STUN_CHECK_BAD ? ~right : right);
}

static bool redact(const struct pseudonym *names, uint8_t *bytes, size_t len, unsigned depth)
{
    struct redacting r = {.names = names, .depth = depth};
    struct stun_attr attr;
    enum stun_status status = stun_decode(bytes, len, true, &r.msg);
    size_t pos = 0;

    if (status == STUN_BAD_LENGTH)
        status = stun_decode_unpadded(bytes, len, &r.msg);
    if (status != STUN_OK || (size_t)r.msg.length + STUN_HEADER_BYTES != len)
        return false;
    enum stun_check fingerprint = stun_check_fingerprint(&r.msg);
    memcpy(r.old_mask, bytes + MASK_AT, MASK_BYTES);
    memcpy(r.new_mask, r.old_mask, MASK_BYTES);
    size_t id = MASK_BYTES - r.msg.txid_len;
    digest(&r, "stun transaction", r.new_mask + id, r.msg.txid_len);

    for (;;) {
        size_t before = pos;
        status = stun_next_attr(&r.msg, &pos, &attr);
        if (status != STUN_OK)
            break;
        uint8_t *value = bytes + attr.offset + ATTR_HEADER_BYTES;
        replace_value(&r, &attr, value);
        memset(value + attr.len, 0, pos - before - ATTR_HEADER_BYTES - attr.len);
    }
    if (status != STUN_END)
        return false;
    memcpy(bytes + MASK_AT, r.new_mask, MASK_BYTES);
    renew_fingerprint(&r.msg, bytes, fingerprint);
    return true;
}

bool pcapng_redact_message(const struct pseudonym *names, uint8_t *bytes, size_t len)
{
    return redact(names, bytes, len, 0);
}
