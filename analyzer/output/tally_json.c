/* Writes the summary of a capture as one JSON object. */
#include "tally_write.h"

static void write_number(struct sink *s, const char *key, uint64_t value)
{
    sink_char(s, '"');
    sink_text(s, key);
    sink_lit(s, "\":");
    sink_uint(s, value);
}

static void write_next(struct sink *s, const char *key, uint64_t value)
{
    sink_char(s, ',');
    write_number(s, key, value);
}

static void write_address(struct sink *s, const struct netaddr *addr)
{
    sink_lit(s, "{\"ip\":\"");
    sink_ip(s, addr);
    sink_lit(s, "\",\"port\":");
    sink_uint(s, addr->port);
    sink_char(s, '}');
}

static void write_name(struct sink *s, const struct tally *t, uint32_t iface)
{
    const char *name = t->ifaces[iface].name;
    if (name[0])
        sink_json_string(s, name, strlen(name));
    else
        sink_lit(s, "null");
}

static void write_iface(struct sink *s, const struct tally *t, uint32_t iface)
{
    const struct tally_iface *i = &t->ifaces[iface];
    sink_lit(s, "{\"in_iface\":");
    write_name(s, t, iface);
    write_next(s, "file", i->file);
    write_next(s, "interface_id", i->number);
    if (i->ifindex)
        write_next(s, "ifindex", i->ifindex);
    write_next(s, "requests", i->requests);
    write_next(s, "answers", i->answers);
    write_next(s, "indications", i->indications);
    write_next(s, "channel_packets", i->channel_packets);
    write_next(s, "channel_bytes", i->channel_bytes);
    write_next(s, "out", i->out);
    write_next(s, "in", i->in);
    write_next(s, "quoted", i->quoted);
    write_next(s, "tunnelled", i->tunnelled);
    sink_char(s, '}');
}

static void write_learned(struct sink *s, const struct tally_row *row, bool relayed)
{
    bool first = true;
    sink_text(s, relayed ? ",\"relayed\":[" : ",\"learned\":[");
    for (uint32_t i = 0; i < row->learned_count; i++) {
        const struct tally_learned *l = &row->learned[i];
        if (l->relayed != relayed)
            continue;
        sink_text(s, first ? "{\"ip\":\"" : ",{\"ip\":\"");
        sink_ip(s, &l->addr);
        sink_lit(s, "\",\"kind\":\"");
        sink_text(s, netaddr_kind_name(netaddr_kind_of(&l->addr)));
        sink_lit(s, "\"");
        write_next(s, "count", l->count);
        sink_char(s, '}');
        first = false;
    }
    sink_char(s, ']');
}

static void write_rtts(struct sink *s, uint32_t min_us, uint32_t median_us, uint32_t max_us)
{
    sink_lit(s, ",\"rtt_us\":{");
    write_number(s, "min", min_us);
    write_next(s, "median", median_us);
    write_next(s, "max", max_us);
    sink_char(s, '}');
}

static void write_row(struct sink *s, const struct tally *t, const struct tally_row *row)
{
    sink_lit(s, "{\"server\":");
    write_address(s, &row->server);
    sink_lit(s, ",\"client_ip\":\"");
    sink_ip(s, &row->client);
    sink_text(s, row->protocol == DATAGRAM_TCP ? "\",\"proto\":\"TCP\"" : "\",\"proto\":\"UDP\"");
    sink_lit(s, ",\"role\":\"");
    sink_text(s, tally_role_name(row));
    sink_lit(s, "\",\"in_iface\":");
    write_name(s, t, row->iface);
    write_next(s, "interface", row->iface);
    write_next(s, "asked", row->transactions);
    write_next(s, "answered", row->answered);
    write_next(s, "failed", row->failed);
    write_next(s, "unanswered", tally_unanswered(row));
    write_next(s, "retransmissions", row->retransmissions);
    write_next(s, "unasked", row->unasked);
    if (row->rtts > 0)
        write_rtts(s, row->rtt_min_us, row->rtt_median_us, row->rtt_max_us);
    write_learned(s, row, false);
    write_learned(s, row, true);
    if (row->learned_left_out)
        write_next(s, "learned_left_out", row->learned_left_out);
    sink_char(s, '}');
}

static void write_flow(struct sink *s, const struct tally_flow *f)
{
    const struct flow *flow = &f->flow;
    sink_text(s, flow->protocol == DATAGRAM_TCP ? "{\"proto\":\"TCP\"" : "{\"proto\":\"UDP\"");
    write_next(s, "interface", f->iface);
    sink_lit(s, ",\"ends\":[");
    for (unsigned way = 0; way < 2; way++) {
        if (way)
            sink_char(s, ',');
        write_address(s, &flow->ends[way]);
    }
    sink_lit(s, "],\"sent\":[");
    for (unsigned way = 0; way < 2; way++) {
        sink_text(s, way ? ",{" : "{");
        write_number(s, "bytes", flow->bytes[way]);
        for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++)
            if (flow->packets[way][kind])
                write_next(s, flow_kind_name((enum flow_kind)kind), flow->packets[way][kind]);
        sink_char(s, '}');
    }
    sink_lit(s, "]}");
}

void tally_write_json(struct sink *s, const struct tally *t, uint64_t packets)
{
    uint32_t rows = t->row_count < TALLY_WRITE_ROWS_MAX ? t->row_count : TALLY_WRITE_ROWS_MAX;
    uint32_t flows = t->flow_count < TALLY_WRITE_ROWS_MAX ? t->flow_count : TALLY_WRITE_ROWS_MAX;
    sink_char(s, '{');
    write_number(s, "packets", packets);
    write_next(s, "messages", t->messages);
    write_next(s, "classic", t->classic);
    write_next(s, "fingerprint_ok", t->fingerprints_ok);
    write_next(s, "fingerprint_bad", t->fingerprints_bad);
    write_next(s, "channel_packets", t->channel_packets);
    write_next(s, "quoted", t->quoted);
    write_next(s, "tunnelled", t->tunnelled);
    write_next(s, "copies", t->copies);
    write_next(s, "unsynced", t->unsynced);
    if (t->rtt_count > 0)
        write_rtts(s, t->rtt_min_us, t->rtt_median_us, t->rtt_max_us);
    sink_lit(s, ",\"interfaces\":[");
    for (uint32_t i = 0; i < t->iface_count; i++) {
        if (i)
            sink_char(s, ',');
        write_iface(s, t, i);
    }
    sink_lit(s, "],\"servers\":[");
    for (uint32_t i = 0; i < rows; i++) {
        if (i)
            sink_char(s, ',');
        write_row(s, t, &t->rows[i]);
    }
    sink_lit(s, "],\"flows\":[");
    for (uint32_t i = 0; i < flows; i++) {
        if (i)
            sink_char(s, ',');
        write_flow(s, &t->flows[i]);
    }
    sink_lit(s, "],\"left_out\":{");
    write_number(s, "servers", t->row_count - rows);
    write_next(s, "messages", t->rows_left_out);
    write_next(s, "flows", t->flows_left_out + (t->flow_count - flows));
    sink_lit(s, "}}\n");
}
