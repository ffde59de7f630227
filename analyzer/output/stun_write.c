/* Writes STUN messages, their attributes and what is nested in them as JSON, straight into the
 * output. */
#include "stun_write.h"

#include "bytes.h"

static void write_method(struct sink *s, const struct stun_msg *msg)
{
    const char *name = stun_msg_method_name(msg);
    if (name) {
        sink_text(s, name);
        return;
    }
    sink_lit(s, "0x");
    sink_hex(s, msg->method, 4);
}

static void write_bytes(struct sink *s, const struct stun_attr *attr)
{
    if (attr->len == 0)
        return;
    sink_lit(s, ",\"bytes\":\"");
    sink_hex_bytes(s, attr->value,
                   attr->len < STUN_WRITE_BYTES_MAX ? attr->len : STUN_WRITE_BYTES_MAX);
    sink_char(s, '"');
}

static void write_address(struct sink *s, const struct netaddr *addr)
{
    sink_lit(s, "\"ip\":\"");
    sink_ip(s, addr);
    sink_lit(s, "\",\"port\":");
    sink_uint(s, addr->port);
}

static void write_family(struct sink *s, uint8_t family)
{
    if (family == NETADDR_NONE)
        sink_lit(s, ",\"family\":null");
    else if (family == NETADDR_IPV6)
        sink_lit(s, ",\"family\":\"IPv6\"");
    else
        sink_lit(s, ",\"family\":\"IPv4\"");
}

static void write_error(struct sink *s, const struct stun_value *value)
{
    sink_lit(s, "\"code\":");
    sink_uint(s, value->as.error.code);
    sink_lit(s, ",\"reason\":");
    sink_json_string(s, value->as.error.reason, value->as.error.reason_len);
}

static void write_types(struct sink *s, const struct stun_value *value)
{
    sink_lit(s, ",\"types\":[");
    for (size_t i = 0; i < value->as.types.count && i < STUN_WRITE_ATTRS_MAX; i++) {
        if (i > 0)
            sink_char(s, ',');
        sink_lit(s, "\"0x");
        sink_hex(s, be16(value->as.types.bytes + 2 * i), 4);
        sink_char(s, '"');
    }
    sink_char(s, ']');
}

static void write_protocol(struct sink *s, uint8_t protocol)
{
    if (protocol == 17) {
        sink_lit(s, ",\"protocol\":\"UDP\"");
    } else if (protocol == 6) {
        sink_lit(s, ",\"protocol\":\"TCP\"");
    } else {
        sink_lit(s, ",\"protocol\":\"");
        sink_uint(s, protocol);
        sink_char(s, '"');
    }
}

static void write_number(struct sink *s, const struct stun_attr *attr, uint32_t value)
{
    const char *candidate;
    sink_lit(s, ",\"value\":");
    sink_uint(s, value);
    if (attr->type != STUN_ATTR_PRIORITY)
        return;
    candidate = stun_candidate_type(value);
    if (!candidate)
        return;
    sink_lit(s, ",\"candidate_type\":\"");
    sink_text(s, candidate);
    sink_char(s, '"');
}

/* The fields of one decoded value, by its form; docs/events.md lists them. */
static void write_value(struct sink *s, const struct stun_attr *attr,
                        const struct stun_value *value, int depth)
{
    switch (value->form) {
    case STUN_FORM_ADDRESS:
    case STUN_FORM_XOR_ADDRESS:
        sink_char(s, ',');
        write_address(s, &value->as.address);
        break;
    case STUN_FORM_TEXT:
        sink_lit(s, ",\"text\":");
        sink_json_string(s, value->as.text.bytes, value->as.text.len);
        break;
    case STUN_FORM_U32:
        write_number(s, attr, value->as.u32);
        break;
    case STUN_FORM_U64:
        sink_lit(s, ",\"value\":\"0x");
        sink_hex(s, value->as.u64, 16);
        sink_char(s, '"');
        break;
    case STUN_FORM_CRC:
        sink_lit(s, ",\"value\":\"0x");
        sink_hex(s, value->as.u32, 8);
        sink_char(s, '"');
        break;
    case STUN_FORM_ADDRESS_ERROR:
        write_family(s, value->as.error.family);
        sink_char(s, ',');
        write_error(s, value);
        break;
    case STUN_FORM_ERROR_CODE:
        sink_char(s, ',');
        write_error(s, value);
        break;
    case STUN_FORM_TYPE_LIST:
        write_types(s, value);
        break;
    case STUN_FORM_CHANNEL:
        sink_lit(s, ",\"channel\":\"0x");
        sink_hex(s, value->as.channel, 4);
        sink_char(s, '"');
        break;
    case STUN_FORM_TRANSPORT:
        write_protocol(s, value->as.protocol);
        break;
    case STUN_FORM_FAMILY:
        write_family(s, value->as.family);
        break;
    case STUN_FORM_EVEN_PORT:
        sink_lit(s, ",\"reserve_next\":");
        sink_text(s, value->as.reserve_next ? "true" : "false");
        break;
    case STUN_FORM_ICMP:
        sink_lit(s, ",\"icmp_type\":");
        sink_uint(s, value->as.icmp.type);
        sink_lit(s, ",\"icmp_code\":");
        sink_uint(s, value->as.icmp.code);
        sink_lit(s, ",\"icmp_data\":");
        sink_uint(s, value->as.icmp.data);
        break;
    case STUN_FORM_NETWORK_INFO:
        sink_lit(s, ",\"network_id\":");
        sink_uint(s, value->as.network.id);
        sink_lit(s, ",\"network_cost\":");
        sink_uint(s, value->as.network.cost);
        break;
    case STUN_FORM_DATA:
        if (!stun_write_nested(s, ",\"nested\":", attr->value, attr->len, false, depth + 1))
            write_bytes(s, attr);
        break;
    case STUN_FORM_FLAG:
        break;
    case STUN_FORM_OPAQUE:
    case STUN_FORM_RESERVATION:
    case STUN_FORM_HMAC:
    case STUN_FORM_ALGORITHM:
    case STUN_FORM_ALGORITHMS:
    case STUN_FORM_COUNT:
        write_bytes(s, attr);
        break;
    }
}

static void write_attr(struct sink *s, const struct stun_msg *msg, const struct stun_attr *attr,
                       int depth)
{
    const struct stun_attr_info *info = stun_msg_attr_info(msg, attr->type);
    struct stun_value value;
    sink_lit(s, "{\"type\":\"0x");
    sink_hex(s, attr->type, 4);
    if (info) {
        sink_lit(s, "\",\"name\":\"");
        sink_text(s, info->name);
        sink_lit(s, "\",\"length\":");
    } else {
        sink_lit(s, "\",\"name\":null,\"length\":");
    }
    sink_uint(s, attr->len);
    if (stun_decode_value(msg, attr, &value) == STUN_OK) {
        write_value(s, attr, &value, depth);
    } else {
        sink_lit(s, ",\"damaged\":true");
        write_bytes(s, attr);
    }
    sink_char(s, '}');
}

/* Every attribute; the status that ended the walk. */
static enum stun_status write_attributes(struct sink *s, const struct stun_msg *msg, int depth)
{
    struct stun_attr attr;
    enum stun_status status;
    size_t pos = 0, written = 0, left_out = 0;
    sink_lit(s, ",\"attributes\":[");
    while ((status = stun_next_attr(msg, &pos, &attr)) == STUN_OK) {
        if (written >= STUN_WRITE_ATTRS_MAX) {
            left_out++;
            continue;
        }
        if (written++ > 0)
            sink_char(s, ',');
        write_attr(s, msg, &attr, depth);
    }
    sink_char(s, ']');
    if (left_out) {
        sink_lit(s, ",\"attributes_left_out\":");
        sink_uint(s, left_out);
    }
    return status;
}

/* What a reader asks for first, beside the list that it is taken from. */
static void write_facts(struct sink *s, const struct stun_msg *msg, enum stun_check fingerprint)
{
    struct netaddr addr;
    struct stun_attr attr;
    struct stun_value value;
    if (stun_mapped_address(msg, &addr)) {
        sink_lit(s, ",\"mapped\":{");
        write_address(s, &addr);
        sink_char(s, '}');
    }
    if (stun_relayed_address(msg, &addr)) {
        sink_lit(s, ",\"xor_relayed\":{");
        write_address(s, &addr);
        sink_char(s, '}');
    }
    if (stun_find_attr(msg, STUN_ATTR_USERNAME, &attr)) {
        sink_lit(s, ",\"username\":");
        sink_json_string(s, (const char *)attr.value, attr.len);
    }
    if (stun_find_attr(msg, STUN_ATTR_SOFTWARE, &attr)) {
        sink_lit(s, ",\"software\":");
        sink_json_string(s, (const char *)attr.value, attr.len);
    }
    if (stun_find_attr(msg, STUN_ATTR_ERROR_CODE, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        sink_lit(s, ",\"error\":{");
        write_error(s, &value);
        sink_char(s, '}');
    }
    if (fingerprint == STUN_CHECK_OK)
        sink_lit(s, ",\"fingerprint\":\"ok\"");
    else if (fingerprint == STUN_CHECK_BAD)
        sink_lit(s, ",\"fingerprint\":\"bad\"");
}

static void write_message(struct sink *s, const struct stun_msg *msg, enum stun_status status,
                          enum stun_check fingerprint, const struct stun_write *how, int depth)
{
    enum stun_status walk;
    sink_lit(s, "{\"class\":\"");
    sink_text(s, stun_class_name(msg->cls));
    sink_lit(s, "\",\"method\":\"");
    write_method(s, msg);
    sink_lit(s, "\",\"txid\":\"");
    sink_hex_bytes(s, msg->txid, msg->txid_len);
    /* The length that the message claims; what is there may be less. */
    sink_lit(s, "\",\"length\":");
    sink_uint(s, be16(msg->start + 2));
    if (!msg->has_cookie)
        sink_lit(s, ",\"classic\":true");
    walk = write_attributes(s, msg, depth);
    write_facts(s, msg, fingerprint);
    if (how->cut) {
        sink_lit(s, ",\"cut\":true");
    } else if (status != STUN_OK || walk != STUN_END) {
        sink_lit(s, ",\"damaged\":\"");
        sink_text(s, stun_status_text(status != STUN_OK ? status : walk));
        sink_char(s, '"');
    }
    if (how->framed)
        sink_lit(s, ",\"framed\":true");
    if (how->unsynced)
        sink_lit(s, ",\"unsynced\":true");
    sink_char(s, '}');
}

enum stun_status stun_write_decode(const uint8_t *in, size_t len, bool classic,
                                   struct stun_msg *out)
{
    enum stun_status status;
    if (len < STUN_HEADER_BYTES)
        return STUN_NOT_STUN;
    status = stun_decode(in, len, classic, out);
    return status == STUN_BAD_LENGTH ? stun_decode_unpadded(in, len, out) : status;
}

void stun_write_message(struct sink *s, const struct stun_msg *msg, enum stun_status status,
                        enum stun_check fingerprint, const struct stun_write *how)
{
    write_message(s, msg, status, fingerprint, how, 0);
}

bool stun_write_nested(struct sink *s, const char *key, const uint8_t *in, size_t len, bool cut,
                       int depth)
{
    struct stun_write how = {.cut = cut};
    struct stun_msg msg;
    enum stun_status status;
    if (depth > STUN_WRITE_DEPTH_MAX || len < STUN_HEADER_BYTES)
        return false;
    status = stun_decode(in, len, false, &msg);
    if (status != STUN_OK && status != STUN_TRUNCATED)
        return false;
    sink_text(s, key);
    write_message(s, &msg, status,
                  cut || status == STUN_TRUNCATED ? STUN_CHECK_ABSENT
                                                  : stun_check_fingerprint(&msg),
                  &how, depth);
    return true;
}
