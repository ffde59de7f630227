/*
 * libFuzzer target: recognise, decode and walk any bytes as a STUN message, read every value and
 * nested datagram, check integrity, and build the same message again from what was read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stun_integrity.h"

/* A DATA attribute may hold a datagram that holds one again; each is smaller than the last, this
 * bounds the work. */
enum { NESTING_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Reads each borrowed byte, so that a sanitizer sees one that lies outside. */
static void touch(const void *bytes, size_t len)
{
    const volatile uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++)
        (void)p[i];
}

static bool borrows_bytes(enum stun_form form)
{
    switch (form) {
    case STUN_FORM_OPAQUE:
    case STUN_FORM_HMAC:
    case STUN_FORM_DATA:
    case STUN_FORM_RESERVATION:
    case STUN_FORM_ALGORITHM:
    case STUN_FORM_ALGORITHMS:
        return true;
    default:
        return false;
    }
}

static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_value(const struct stun_value *a, const struct stun_value *b)
{
    if (a->form != b->form)
        return false;
    if (borrows_bytes(a->form))
        return same_bytes(a->as.bytes.bytes, a->as.bytes.len, b->as.bytes.bytes, b->as.bytes.len);
    switch (a->form) {
    case STUN_FORM_TEXT:
        return same_bytes(a->as.text.bytes, a->as.text.len, b->as.text.bytes, b->as.text.len);
    case STUN_FORM_TYPE_LIST:
        return same_bytes(a->as.types.bytes, a->as.types.count * 2, b->as.types.bytes,
                          b->as.types.count * 2);
    case STUN_FORM_ERROR_CODE:
    case STUN_FORM_ADDRESS_ERROR:
        return a->as.error.code == b->as.error.code && a->as.error.family == b->as.error.family &&
               same_bytes(a->as.error.reason, a->as.error.reason_len, b->as.error.reason,
                          b->as.error.reason_len);
    case STUN_FORM_ADDRESS:
    case STUN_FORM_XOR_ADDRESS:
        return netaddr_same(&a->as.address, &b->as.address);
    case STUN_FORM_U64:
        return a->as.u64 == b->as.u64;
    case STUN_FORM_CHANNEL:
        return a->as.channel == b->as.channel;
    case STUN_FORM_TRANSPORT:
        return a->as.protocol == b->as.protocol;
    case STUN_FORM_FAMILY:
        return a->as.family == b->as.family;
    case STUN_FORM_EVEN_PORT:
        return a->as.reserve_next == b->as.reserve_next;
    case STUN_FORM_ICMP:
        return a->as.icmp.type == b->as.icmp.type && a->as.icmp.code == b->as.icmp.code &&
               a->as.icmp.data == b->as.icmp.data;
    case STUN_FORM_NETWORK_INFO:
        return a->as.network.id == b->as.network.id && a->as.network.cost == b->as.network.cost;
    case STUN_FORM_FLAG:
        return true;
    case STUN_FORM_U32:
    case STUN_FORM_CRC:
        return a->as.u32 == b->as.u32;
    default: /* a form that is new here */
        return false;
    }
}

static void touch_value(const struct stun_value *value)
{
    if (borrows_bytes(value->form))
        touch(value->as.bytes.bytes, value->as.bytes.len);
    else if (value->form == STUN_FORM_TEXT)
        touch(value->as.text.bytes, value->as.text.len);
    else if (value->form == STUN_FORM_TYPE_LIST)
        touch(value->as.types.bytes, value->as.types.count * 2);
    else if (value->form == STUN_FORM_ERROR_CODE || value->form == STUN_FORM_ADDRESS_ERROR)
        touch(value->as.error.reason, value->as.error.reason_len);
}

/* What was read goes through the encoder and is read again: the same values in the same order. */
static void build_again(const struct stun_msg *msg)
{
    static uint8_t buf[STUN_HEADER_BYTES + 65536 + 64];
    struct stun_builder b;
    struct stun_attr attr;
    struct stun_value value;
    uint8_t txid[STUN_TXID_BYTES];
    memcpy(txid, msg->txid, sizeof(txid));
    require(stun_build(&b, buf, sizeof(buf), msg->method, msg->cls, txid) == STUN_OK);
    require((msg->type & 0x3fff) == (buf[0] << 8 | buf[1]));

    size_t added = 0;
    for (size_t pos = 0; stun_next_attr(msg, &pos, &attr) == STUN_OK;) {
        if (stun_decode_value(msg, &attr, &value) != STUN_OK)
            continue;
        require(stun_add_value(&b, attr.type, &value) == STUN_OK);
        added++;
    }
    struct stun_msg again;
    require(stun_decode(buf, b.len, false, &again) == STUN_OK);
    require(stun_look_datagram(buf, b.len) == STUN_LOOK_MESSAGE);
    require(again.method == msg->method && again.cls == msg->cls);

    size_t again_pos = 0;
    for (size_t pos = 0; stun_next_attr(msg, &pos, &attr) == STUN_OK;) {
        struct stun_attr again_attr;
        struct stun_value again_value;
        if (stun_decode_value(msg, &attr, &value) != STUN_OK)
            continue;
        require(stun_next_attr(&again, &again_pos, &again_attr) == STUN_OK);
        require(again_attr.type == attr.type);
        require(stun_decode_value(&again, &again_attr, &again_value) == STUN_OK);
        require(same_value(&value, &again_value));
        added--;
    }
    require(added == 0 && stun_next_attr(&again, &again_pos, &attr) == STUN_END);
}

static void read_message(const uint8_t *data, size_t size, bool classic, int nesting)
{
    struct stun_msg msg;
    enum stun_status status = stun_decode(data, size, classic, &msg);
    require(status == STUN_OK || status == STUN_TRUNCATED || status == STUN_BAD_LENGTH ||
            status == STUN_NOT_STUN);
    if (status != STUN_OK && (status != STUN_TRUNCATED || size < STUN_HEADER_BYTES))
        return;
    require(msg.start == data && (size_t)msg.length <= size - STUN_HEADER_BYTES);

    struct stun_attr attr;
    struct stun_value value;
    size_t pos = 0;
    size_t before = 0;
    while (stun_next_attr(&msg, &pos, &attr) == STUN_OK) {
        require(pos > before && pos <= msg.length);
        require(attr.offset == STUN_HEADER_BYTES + before);
        require(attr.value == data + attr.offset + 4);
        before = pos;
        touch(attr.value, attr.len);
        if (stun_decode_value(&msg, &attr, &value) != STUN_OK)
            continue;
        touch_value(&value);
        if (value.form == STUN_FORM_DATA && nesting < NESTING_MAX) {
            stun_look_datagram(value.as.bytes.bytes, value.as.bytes.len);
            read_message(value.as.bytes.bytes, value.as.bytes.len, false, nesting + 1);
        }
    }

    struct netaddr addr;
    char text[NETADDR_TEXT_BYTES];
    if (stun_mapped_address(&msg, &addr))
        require(strlen(netaddr_format(&addr, text, sizeof(text))) > 0);
    stun_relayed_address(&msg, &addr);
    stun_check_fingerprint(&msg);
    stun_check_integrity(&msg, (const uint8_t *)"key", 3);
    stun_check_integrity_sha256(&msg, (const uint8_t *)"key", 3);
    /* The type's two highest bits are 0 in every message that was decoded, so that it can be built;
     * but the encoder does not speak MS-TURN, in which some numbers mean something else. */
    if (!msg.ms_turn)
        build_again(&msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of its own length: a read one byte past the end is seen, also before the first. */
    uint8_t *copy = malloc(size);
    if (!copy)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    enum stun_look look = stun_look_datagram(copy, size);
    struct stun_msg msg;
    if (look == STUN_LOOK_MESSAGE)
        require(stun_decode(copy, size, false, &msg) == STUN_OK);
    if (look == STUN_LOOK_CLASSIC)
        require(stun_decode(copy, size, true, &msg) == STUN_OK && !msg.has_cookie);
    read_message(copy, size, false, 0);
    read_message(copy, size, true, 0);
    free(copy);
    return 0;
}
