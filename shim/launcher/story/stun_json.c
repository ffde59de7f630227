/* Writes STUN messages, their attributes and what is nested in them as JSON. */
#include "stun_json.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "event_json.h"
#include "stun_integrity.h"
#include "text.h"

static json_t *stun_json_nested(const uint8_t *in, size_t len, bool classic, bool cut,
                                struct stun_msg *msg, int depth);

static void set_text(json_t *o, const char *key, const char *text, size_t len)
{
    json_object_set_new_nocheck(o, key, text_json(text, len));
}

/* Not json_sprintf(): it validates and allocates twice, and these are the most frequent strings. */
static json_t *hex16(unsigned value)
{
    char text[8];

    snprintf(text, sizeof text, "0x%04x", value & 0xffffu);
    return json_string_nocheck(text);
}

static json_t *hex64(uint64_t value, int digits)
{
    char text[24];

    snprintf(text, sizeof text, "0x%0*llx", digits, (unsigned long long)value);
    return json_string_nocheck(text);
}

static void set_bytes(json_t *o, const uint8_t *bytes, size_t len)
{
    if (len)
        json_object_set_new_nocheck(o, "bytes", text_json_hex(bytes, len, STUN_JSON_BYTES_MAX));
}

static json_t *family_json(unsigned family)
{
    if (family == NETADDR_NONE)
        return json_null();
    return json_string_nocheck(family == NETADDR_IPV6 ? "IPv6" : "IPv4");
}

static json_t *error_json(const struct stun_value *value)
{
    json_t *o = json_object();

    json_object_set_new_nocheck(o, "code", json_integer(value->as.error.code));
    set_text(o, "reason", value->as.error.reason, value->as.error.reason_len);
    return o;
}

static void add_types(json_t *o, const struct stun_value *value)
{
    json_t *types = json_array();
    size_t count = value->as.types.count;

    for (size_t i = 0; i < count && i < STUN_JSON_ATTRS_MAX; i++)
        json_array_append_new(types, hex16(be16(value->as.types.bytes + 2 * i)));
    json_object_set_new_nocheck(o, "types", types);
}

static void add_protocol(json_t *o, uint8_t protocol)
{
    json_object_set_new_nocheck(o, "protocol",
                                protocol == 17  ? json_string_nocheck("UDP")
                                : protocol == 6 ? json_string_nocheck("TCP")
                                                : json_sprintf("%u", protocol));
}

/* The fields of one decoded value, by its form; docs/events.md lists them. */
static void add_value(json_t *o, const struct stun_attr *attr, const struct stun_value *value,
                      int depth)
{
    struct stun_msg inner;

    switch (value->form) {
    case STUN_FORM_ADDRESS:
    case STUN_FORM_XOR_ADDRESS:
        json_object_set_new_nocheck(o, "ip", event_json_ip(&value->as.address));
        json_object_set_new_nocheck(o, "port", json_integer(value->as.address.port));
        break;
    case STUN_FORM_TEXT:
        set_text(o, "text", value->as.text.bytes, value->as.text.len);
        break;
    case STUN_FORM_U32:
        json_object_set_new_nocheck(o, "value", json_integer(value->as.u32));
        break;
    case STUN_FORM_U64:
        json_object_set_new_nocheck(o, "value", hex64(value->as.u64, 16));
        break;
    case STUN_FORM_CRC:
        json_object_set_new_nocheck(o, "value", hex64(value->as.u32, 8));
        break;
    case STUN_FORM_ADDRESS_ERROR:
        json_object_set_new_nocheck(o, "family", family_json(value->as.error.family));
        /* fall through */
    case STUN_FORM_ERROR_CODE:
        json_object_set_new_nocheck(o, "code", json_integer(value->as.error.code));
        set_text(o, "reason", value->as.error.reason, value->as.error.reason_len);
        break;
    case STUN_FORM_TYPE_LIST:
        add_types(o, value);
        break;
    case STUN_FORM_CHANNEL:
        json_object_set_new_nocheck(o, "channel", hex16(value->as.channel));
        break;
    case STUN_FORM_TRANSPORT:
        add_protocol(o, value->as.protocol);
        break;
    case STUN_FORM_FAMILY:
        json_object_set_new_nocheck(o, "family", family_json(value->as.family));
        break;
    case STUN_FORM_EVEN_PORT:
        json_object_set_new_nocheck(o, "reserve_next", json_boolean(value->as.reserve_next));
        break;
    case STUN_FORM_ICMP:
        json_object_set_new_nocheck(o, "icmp_type", json_integer(value->as.icmp.type));
        json_object_set_new_nocheck(o, "icmp_code", json_integer(value->as.icmp.code));
        json_object_set_new_nocheck(o, "icmp_data", json_integer(value->as.icmp.data));
        break;
    case STUN_FORM_NETWORK_INFO:
        json_object_set_new_nocheck(o, "network_id", json_integer(value->as.network.id));
        json_object_set_new_nocheck(o, "network_cost", json_integer(value->as.network.cost));
        break;
    case STUN_FORM_DATA: {
        json_t *nested = stun_json_nested(attr->value, attr->len, false, false, &inner, depth + 1);
        if (nested)
            json_object_set_new_nocheck(o, "nested", nested);
        else
            set_bytes(o, attr->value, attr->len);
        break;
    }
    case STUN_FORM_FLAG:
        break;
    case STUN_FORM_OPAQUE:
    case STUN_FORM_RESERVATION:
    case STUN_FORM_HMAC:
    case STUN_FORM_ALGORITHM:
    case STUN_FORM_ALGORITHMS:
    case STUN_FORM_COUNT:
        set_bytes(o, attr->value, attr->len);
        break;
    }
}

static json_t *attr_json(const struct stun_msg *msg, const struct stun_attr *attr, int depth)
{
    const struct stun_attr_info *info = stun_attr_info(attr->type);
    struct stun_value value;
    json_t *o = json_object();

    json_object_set_new_nocheck(o, "type", hex16(attr->type));
    json_object_set_new_nocheck(o, "name", info ? json_string_nocheck(info->name) : json_null());
    json_object_set_new_nocheck(o, "length", json_integer(attr->len));
    if (stun_decode_value(msg, attr, &value) == STUN_OK) {
        add_value(o, attr, &value, depth);
    } else {
        json_object_set_new_nocheck(o, "damaged", json_true());
        set_bytes(o, attr->value, attr->len);
    }
    return o;
}

/* Every attribute; the status that ended the walk. */
static enum stun_status add_attributes(json_t *o, const struct stun_msg *msg, int depth)
{
    json_t *attrs = json_array();
    struct stun_attr attr;
    enum stun_status status;
    size_t pos = 0, left_out = 0;

    while ((status = stun_next_attr(msg, &pos, &attr)) == STUN_OK) {
        if (json_array_size(attrs) >= STUN_JSON_ATTRS_MAX)
            left_out++;
        else
            json_array_append_new(attrs, attr_json(msg, &attr, depth));
    }
    json_object_set_new_nocheck(o, "attributes", attrs);
    if (left_out)
        json_object_set_new_nocheck(o, "attributes_left_out", json_integer((json_int_t)left_out));
    return status;
}

/* What a reader asks for first, beside the list that it is taken from. */
static void add_facts(json_t *o, const struct stun_msg *msg, bool cut)
{
    struct netaddr addr;
    struct stun_attr attr;
    struct stun_value value;
    enum stun_check check;

    if (stun_mapped_address(msg, &addr))
        json_object_set_new_nocheck(o, "mapped", event_json_address(&addr));
    if (stun_relayed_address(msg, &addr))
        json_object_set_new_nocheck(o, "xor_relayed", event_json_address(&addr));
    if (stun_find_attr(msg, STUN_ATTR_USERNAME, &attr))
        set_text(o, "username", (const char *)attr.value, attr.len);
    if (stun_find_attr(msg, STUN_ATTR_SOFTWARE, &attr))
        set_text(o, "software", (const char *)attr.value, attr.len);
    if (stun_find_attr(msg, STUN_ATTR_ERROR_CODE, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK)
        json_object_set_new_nocheck(o, "error", error_json(&value));
    check = cut ? STUN_CHECK_ABSENT : stun_check_fingerprint(msg);
    if (check != STUN_CHECK_ABSENT)
        json_object_set_new_nocheck(o, "fingerprint",
                                    json_string_nocheck(check == STUN_CHECK_OK ? "ok" : "bad"));
}

static json_t *stun_json_nested(const uint8_t *in, size_t len, bool classic, bool cut,
                                struct stun_msg *msg, int depth)
{
    enum stun_status header, walk;
    const char *method;
    json_t *o;

    if (depth > STUN_JSON_DEPTH_MAX || len < STUN_HEADER_BYTES)
        return NULL;
    header = stun_decode(in, len, classic, msg);
    if (header != STUN_OK && header != STUN_TRUNCATED)
        return NULL;
    o = json_object();
    method = stun_msg_method_name(msg);
    json_object_set_new_nocheck(o, "class", json_string_nocheck(stun_class_name(msg->cls)));
    json_object_set_new_nocheck(o, "method",
                                method ? json_string_nocheck(method) : hex16(msg->method));
    json_object_set_new_nocheck(o, "txid",
                                text_json_hex(msg->txid, msg->txid_len, sizeof msg->txid));
    /* The length that the message claims; what is there may be less. */
    json_object_set_new_nocheck(o, "length", json_integer(be16(in + 2)));
    if (!msg->has_cookie)
        json_object_set_new_nocheck(o, "classic", json_true());
    walk = add_attributes(o, msg, depth);
    add_facts(o, msg, cut || header == STUN_TRUNCATED);
    if (cut)
        json_object_set_new_nocheck(o, "cut", json_true());
    else if (header != STUN_OK || walk != STUN_END)
        json_object_set_new_nocheck(
            o, "damaged", json_string_nocheck(stun_status_text(header != STUN_OK ? header : walk)));
    return o;
}

json_t *stun_json(const uint8_t *in, size_t len, bool classic, bool cut, struct stun_msg *msg)
{
    return stun_json_nested(in, len, classic, cut, msg, 0);
}

bool stun_json_channel(const uint8_t *in, size_t len, size_t full_len, uint16_t *channel,
                       size_t *payload, json_t **nested)
{
    struct stun_msg msg;

    *nested = NULL;
    if (len < STUN_CHANNEL_HEADER_BYTES || (in[0] & 0xf0) != 0x40)
        return false;
    *channel = be16(in);
    *payload = be16(in + 2);
    in += STUN_CHANNEL_HEADER_BYTES;
    len -= STUN_CHANNEL_HEADER_BYTES;
    if (len > *payload)
        len = *payload;
    if (len >= STUN_HEADER_BYTES && be32(in + 4) == STUN_COOKIE)
        *nested = stun_json_nested(
            in, len, false, full_len > len + STUN_CHANNEL_HEADER_BYTES && len < *payload, &msg, 1);
    return true;
}
