/* Writes one find as a row of text for people. */
#include "event_write.h"

#include <stdio.h>

#include "text_escape.h"

enum {
    IFACE_COLUMNS = 10,
    ADDRESS_COLUMNS = 22,
    STRANGERS_TEXT_MAX = 120,
};

/* text, and spaces up to columns; one space at least stands behind it. */
static void write_padded(struct sink *s, const char *text, size_t columns)
{
    size_t len = strlen(text);
    sink_put(s, text, len);
    do
        sink_char(s, ' ');
    while (++len <= columns);
}

static void write_address(struct sink *s, const struct netaddr *addr)
{
    char text[NETADDR_TEXT_BYTES];
    write_padded(s, netaddr_format(addr, text, sizeof(text)), ADDRESS_COLUMNS);
}

void event_write_head(struct sink *s)
{
    sink_lit(s, " frame time (UTC)                 interface  proto source                 "
                "destination            message\n");
}

static void write_text_attr(struct sink *s, const struct stun_msg *msg, uint16_t type,
                            const char *label)
{
    struct stun_attr attr;
    if (!stun_find_attr(msg, type, &attr))
        return;
    sink_text(s, label);
    sink_plain(s, (const char *)attr.value, attr.len, STRANGERS_TEXT_MAX);
}

static void write_fact(struct sink *s, const char *label, const struct netaddr *addr)
{
    char text[NETADDR_TEXT_BYTES];
    sink_text(s, label);
    sink_text(s, netaddr_format(addr, text, sizeof(text)));
}

static void write_numbers(struct sink *s, const struct stun_msg *msg)
{
    struct stun_attr attr;
    struct stun_value value;
    if (stun_find_attr(msg, STUN_ATTR_ERROR_CODE, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        sink_lit(s, "  error ");
        sink_uint(s, value.as.error.code);
        sink_char(s, ' ');
        sink_plain(s, value.as.error.reason, value.as.error.reason_len, STRANGERS_TEXT_MAX);
    }
    if (stun_find_attr(msg, STUN_ATTR_PRIORITY, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        const char *type = stun_candidate_type(value.as.u32);
        if (type) {
            sink_lit(s, "  priority of ");
            sink_text(s, type);
        }
    }
    if (stun_find_attr(msg, STUN_ATTR_USE_CANDIDATE, &attr))
        sink_lit(s, "  use-candidate");
    if (stun_find_attr(msg, STUN_ATTR_GOOG_NETWORK_INFO, &attr) &&
        stun_decode_value(msg, &attr, &value) == STUN_OK) {
        sink_lit(s, "  network ");
        sink_uint(s, value.as.network.id);
        sink_lit(s, " cost ");
        sink_uint(s, value.as.network.cost);
    }
}

/* The kind of a message that stands inside another one; nothing where there is none. */
static void write_inner(struct sink *s, const uint8_t *in, size_t len)
{
    struct stun_msg msg;
    enum stun_status status;
    if (len < STUN_HEADER_BYTES)
        return;
    status = stun_decode(in, len, false, &msg);
    if (status != STUN_OK && status != STUN_TRUNCATED)
        return;
    const char *method = stun_msg_method_name(&msg);
    sink_lit(s, "  holds ");
    sink_text(s, method ? method : "unknown");
    sink_char(s, ' ');
    sink_text(s, stun_class_name(msg.cls));
}

static void write_message(struct sink *s, const struct stun_msg *msg)
{
    const char *method = stun_msg_method_name(msg);
    struct netaddr addr;
    struct stun_attr attr;
    if (method) {
        sink_text(s, method);
    } else {
        sink_lit(s, "method 0x");
        sink_hex(s, msg->method, 4);
    }
    sink_char(s, ' ');
    sink_text(s, stun_class_name(msg->cls));
    sink_char(s, ' ');
    sink_hex_bytes(s, msg->txid, msg->txid_len);
    if (stun_mapped_address(msg, &addr))
        write_fact(s, "  mapped ", &addr);
    if (stun_relayed_address(msg, &addr))
        write_fact(s, "  relayed ", &addr);
    write_text_attr(s, msg, STUN_ATTR_USERNAME, "  user ");
    write_numbers(s, msg);
    write_text_attr(s, msg, STUN_ATTR_SOFTWARE, "  software ");
    if (stun_find_attr(msg, STUN_ATTR_DATA, &attr))
        write_inner(s, attr.value, attr.len);
}

/* Its attributes end before it does, or one runs past its end. */
static bool is_damaged(const struct stun_msg *msg)
{
    struct stun_attr attr;
    enum stun_status status;
    size_t pos = 0;
    do
        status = stun_next_attr(msg, &pos, &attr);
    while (status == STUN_OK);
    return status != STUN_END;
}

/* What keeps a find from being an ordinary one. */
static void write_doubts(struct sink *s, const struct found *found, const struct decoded *decoded)
{
    if (found->label == DATAGRAM_QUOTED)
        sink_lit(s, "  [quoted in an ICMP error]");
    if (found->label == DATAGRAM_TUNNELLED)
        sink_lit(s, "  [tunnelled]");
    if (found->cut)
        sink_lit(s, "  [cut]");
    if (found->unsynced)
        sink_lit(s, "  [bytes before it are missing or no STUN]");
    if (!decoded)
        return;
    if (found->trailing)
        sink_printf(s, "  [%u bytes behind it]", found->trailing);
    if (!found->cut && (decoded->status != STUN_OK || is_damaged(&decoded->msg)))
        sink_lit(s, "  [damaged]");
    if (decoded->fingerprint == STUN_CHECK_BAD)
        sink_lit(s, "  [bad fingerprint]");
    if (decoded->confidence == FOUND_MATCHED)
        sink_lit(s, "  [classic]");
    if (decoded->confidence == FOUND_UNANSWERED)
        sink_lit(s, "  [classic, unanswered]");
}

void event_write_row(struct sink *s, const struct found *found, const struct decoded *decoded,
                     const char *file)
{
    char iface[64];
    if (file) {
        sink_plain(s, file, strlen(file), STRANGERS_TEXT_MAX);
        sink_char(s, ':');
    }
    sink_printf(s, "%6llu ", (unsigned long long)found->frame);
    sink_time(s, found->time_ns);
    sink_char(s, ' ');
    if (found->iface_name) {
        text_escape(found->iface_name, strlen(found->iface_name), iface, sizeof(iface));
    } else {
        snprintf(iface, sizeof(iface), found->ifindex ? "index %u" : "-", found->ifindex);
    }
    write_padded(s, iface, IFACE_COLUMNS);
    sink_text(s, found->protocol == DATAGRAM_TCP ? "TCP   " : "UDP   ");
    write_address(s, &found->src);
    write_address(s, &found->dst);
    if (decoded) {
        write_message(s, &decoded->msg);
    } else {
        sink_lit(s, "channel data 0x");
        sink_hex(s, found->channel, 4);
        sink_printf(s, " %llu packet%s, %llu bytes", (unsigned long long)found->packets,
                    found->packets == 1 ? "" : "s", (unsigned long long)found->channel_bytes);
        if (found->len > STUN_CHANNEL_HEADER_BYTES)
            write_inner(s, found->bytes + STUN_CHANNEL_HEADER_BYTES,
                        found->len - STUN_CHANNEL_HEADER_BYTES);
    }
    write_doubts(s, found, decoded);
    sink_char(s, '\n');
}
