/* Writes the summary of a capture as one JSON object. */
#include "tally_parts.h"
#include "tally_write.h"

static void write_address(struct sink *s, const struct netaddr *addr)
{
    sink_char(s, '{');
    json_address(s, addr);
    sink_char(s, '}');
}

static void write_iface(struct sink *s, const struct tally *t, uint32_t iface)
{
    const struct tally_iface *i = &t->ifaces[iface];
    sink_lit(s, "{\"in_iface\":");
    json_iface(s, t, iface);
    json_next(s, "file", i->file);
    json_next(s, "interface_id", i->number);
    if (i->ifindex)
        json_next(s, "ifindex", i->ifindex);
    json_next(s, "requests", i->requests);
    json_next(s, "answers", i->answers);
    json_next(s, "indications", i->indications);
    json_next(s, "channel_packets", i->channel_packets);
    json_next(s, "channel_bytes", i->channel_bytes);
    json_next(s, "out", i->out);
    json_next(s, "in", i->in);
    json_next(s, "copies", i->copies);
    json_next(s, "quoted", i->quoted);
    json_next(s, "tunnelled", i->tunnelled);
    json_next(s, "tunnelled_copies", i->tunnelled_copies);
    json_next(s, "tunnelled_channel", i->tunnelled_channel);
    sink_char(s, '}');
}

/* All of them, so that a reader need not know what absence means. */
static void write_unread(struct sink *s, const struct tally *t)
{
    static const char *const names[TALLY_UNREAD_COUNT] = {
#define TALLY_UNREAD_ROW(ident, name, words) [TALLY_##ident] = (name),
        TALLY_UNREAD(TALLY_UNREAD_ROW)
#undef TALLY_UNREAD_ROW
    };
    sink_lit(s, ",\"not_decoded\":{");
    json_number(s, names[0], t->unread[0]);
    for (unsigned i = 1; i < TALLY_UNREAD_COUNT; i++)
        json_next(s, names[i], t->unread[i]);
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
        json_next(s, "count", l->count);
        sink_char(s, '}');
        first = false;
    }
    sink_char(s, ']');
}

static void write_rtts(struct sink *s, uint32_t min_us, uint32_t median_us, uint32_t max_us)
{
    sink_lit(s, ",\"rtt_us\":{");
    json_number(s, "min", min_us);
    json_next(s, "median", median_us);
    json_next(s, "max", max_us);
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
    json_iface(s, t, row->iface);
    json_next(s, "interface", row->iface);
    json_next(s, "asked", row->transactions);
    json_next(s, "answered", row->answered);
    json_next(s, "failed", row->failed);
    json_next(s, "unanswered", tally_unanswered(row));
    json_next(s, "retransmissions", row->retransmissions);
    json_next(s, "moved", row->moved);
    json_next(s, "answered_again", row->answered_again);
    json_next(s, "unasked", row->unasked);
    json_next(s, "copies", row->copies);
    if (row->rtts > 0)
        write_rtts(s, row->rtt_min_us, row->rtt_median_us, row->rtt_max_us);
    write_learned(s, row, false);
    write_learned(s, row, true);
    if (row->learned_left_out)
        json_next(s, "learned_left_out", row->learned_left_out);
    sink_char(s, '}');
}

static void write_flow(struct sink *s, const struct tally_flow *f)
{
    const struct flow *flow = &f->flow;
    sink_text(s, flow->protocol == DATAGRAM_TCP ? "{\"proto\":\"TCP\"" : "{\"proto\":\"UDP\"");
    json_next(s, "interface", f->iface);
    sink_lit(s, ",\"ends\":[");
    for (unsigned way = 0; way < 2; way++) {
        if (way)
            sink_char(s, ',');
        write_address(s, &flow->ends[way]);
    }
    sink_lit(s, "],\"sent\":[");
    for (unsigned way = 0; way < 2; way++) {
        sink_text(s, way ? ",{" : "{");
        json_number(s, "bytes", flow->bytes[way]);
        for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++)
            if (flow->packets[way][kind])
                json_next(s, flow_kind_name((enum flow_kind)kind), flow->packets[way][kind]);
        sink_char(s, '}');
    }
    sink_lit(s, "]}");
}

void tally_write_json(struct sink *s, struct tally *t, uint64_t packets)
{
    uint32_t rows = t->row_count < TALLY_WRITE_ROWS_MAX ? t->row_count : TALLY_WRITE_ROWS_MAX;
    uint32_t flows = t->flow_count < TALLY_WRITE_ROWS_MAX ? t->flow_count : TALLY_WRITE_ROWS_MAX;
    sink_char(s, '{');
    json_number(s, "packets", packets);
    json_next(s, "messages", t->messages);
    json_next(s, "classic", t->classic);
    json_next(s, "fingerprint_ok", t->fingerprints_ok);
    json_next(s, "fingerprint_bad", t->fingerprints_bad);
    json_next(s, "channel_packets", t->channel_packets);
    json_next(s, "quoted", t->quoted);
    json_next(s, "tunnelled", t->tunnelled);
    json_next(s, "copies", t->copies);
    json_next(s, "translated", t->translated);
    json_next(s, "unsynced", t->unsynced);
    write_unread(s, t);
    json_next(s, "forgotten", t->forgotten);
    json_next(s, "reused_ids", t->reused);
    if (t->first_ns != 0) {
        json_time(s, "first", t->first_ns);
        json_time(s, "last", t->last_ns);
    }
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
    sink_char(s, ']');
    json_ice(s, t);
    sink_lit(s, ",\"left_out\":{");
    json_number(s, "servers", t->row_count - rows);
    json_next(s, "transactions", t->rows_left_out);
    json_next(s, "flows", t->flows_left_out + (t->flow_count - flows));
    sink_lit(s, "}}\n");
}
