/* Writes one find as a line of JSON. */
#include "event_write.h"

#include "bytes.h"
#include "stun_write.h"

bool event_decode(const struct found *found, struct decoded *out)
{
    bool classic = !stun_has_cookie(found->bytes, found->len);
    out->status = stun_write_decode(found->bytes, found->len, classic, &out->msg);
    if (out->status != STUN_OK && out->status != STUN_TRUNCATED)
        return false;
    out->fingerprint = found->cut || out->status != STUN_OK ? STUN_CHECK_ABSENT
                                                            : stun_check_fingerprint(&out->msg);
    out->confidence = (enum found_confidence)found->confidence;
    if (out->confidence == FOUND_EXACT && out->fingerprint == STUN_CHECK_OK)
        out->confidence = FOUND_FINGERPRINT;
    return true;
}

static void write_end(struct sink *s, const char *ip_key, const char *port_key,
                      const struct netaddr *addr)
{
    sink_text(s, ip_key);
    sink_ip(s, addr);
    sink_text(s, port_key);
    sink_uint(s, addr->port);
}

static void write_iface(struct sink *s, const struct found *found)
{
    if (!found->iface_name) {
        sink_lit(s, ",\"in_iface\":null,\"iface_source\":\"unknown\"");
        return;
    }
    sink_lit(s, ",\"in_iface\":");
    sink_json_string(s, found->iface_name, strlen(found->iface_name));
    sink_lit(s, ",\"iface_source\":\"capture\"");
}

static const char *label_name(uint8_t label)
{
    return label == DATAGRAM_QUOTED      ? "quoted"
           : label == DATAGRAM_TUNNELLED ? "tunnelled"
                                         : "direct";
}

/* What only a capture knows. */
static void write_wire(struct sink *s, const struct found *found, const struct decoded *decoded)
{
    sink_lit(s, ",\"wire\":{\"label\":\"");
    sink_text(s, label_name(found->label));
    sink_char(s, '"');
    if (decoded) {
        sink_lit(s, ",\"confidence\":\"");
        sink_text(s, found_confidence_name(decoded->confidence));
        sink_char(s, '"');
    }
    sink_lit(s, ",\"offset\":");
    sink_uint(s, found->offset);
    sink_lit(s, ",\"interface_id\":");
    sink_uint(s, found->iface->number);
    if (found->ifindex) {
        sink_lit(s, ",\"ifindex\":");
        sink_uint(s, found->ifindex);
    }
    if (found->trailing) {
        sink_lit(s, ",\"trailing\":");
        sink_uint(s, found->trailing);
    }
    if (found->reassembled)
        sink_lit(s, ",\"reassembled\":true");
    sink_char(s, '}');
}

static void write_channel(struct sink *s, const struct found *found)
{
    sink_lit(s, ",\"channel_data\":{\"channel\":\"0x");
    sink_hex(s, found->channel, 4);
    sink_lit(s, "\",\"packets\":");
    sink_uint(s, found->packets);
    sink_lit(s, ",\"bytes\":");
    sink_uint(s, found->channel_bytes);
    if (found->len > STUN_CHANNEL_HEADER_BYTES)
        stun_write_nested(s, ",\"nested\":", found->bytes + STUN_CHANNEL_HEADER_BYTES,
                          found->len - STUN_CHANNEL_HEADER_BYTES, found->cut, 1);
    sink_char(s, '}');
}

void event_write_json(struct sink *s, const struct found *found, const struct decoded *decoded,
                      uint64_t seq, const char *file)
{
    sink_lit(s, "{\"timestamp\":\"");
    sink_time(s, found->time_ns);
    sink_lit(s, "+0000\",\"event_type\":\"stun\",\"witness\":\"wire\",\"seq\":");
    sink_uint(s, seq);
    sink_lit(s, ",\"pcap_cnt\":");
    sink_uint(s, found->frame);
    if (file) {
        sink_lit(s, ",\"pcap_filename\":");
        sink_json_string(s, file, strlen(file));
    }
    if (found->vlan) {
        sink_lit(s, ",\"vlan\":[");
        sink_uint(s, found->vlan);
        sink_char(s, ']');
    }
    write_end(s, ",\"src_ip\":\"", "\",\"src_port\":", &found->src);
    write_end(s, ",\"dest_ip\":\"", "\",\"dest_port\":", &found->dst);
    sink_text(s, found->protocol == DATAGRAM_TCP ? ",\"proto\":\"TCP\"" : ",\"proto\":\"UDP\"");
    if (found->direction == PACKET_OUT)
        sink_lit(s, ",\"direction\":\"out\"");
    else if (found->direction == PACKET_IN)
        sink_lit(s, ",\"direction\":\"in\"");
    write_iface(s, found);
    if (decoded) {
        struct stun_write how = {
            .cut = found->cut,
            .framed = found->framed,
            .unsynced = found->unsynced,
        };
        sink_lit(s, ",\"stun\":");
        stun_write_message(s, &decoded->msg, decoded->status, decoded->fingerprint, &how);
    } else {
        write_channel(s, found);
    }
    write_wire(s, found, decoded);
    sink_lit(s, "}\n");
}
