/* Writes the summary of a capture as text for people. */
#include "tally_parts.h"
#include "tally_write.h"

static void write_rtts(struct sink *s, uint32_t min_us, uint32_t median_us, uint32_t max_us)
{
    sink_lit(s, "; round trip ");
    text_thousandths(s, min_us);
    sink_lit(s, " / ");
    text_thousandths(s, median_us);
    sink_lit(s, " / ");
    text_thousandths(s, max_us);
    sink_lit(s, " ms (least, median, most)");
}

static void write_ip(struct sink *s, const struct netaddr *addr)
{
    sink_ip(s, addr);
    sink_lit(s, " (");
    sink_text(s, netaddr_kind_name(netaddr_kind_of(addr)));
    sink_char(s, ')');
}

/* What is told apart from what was sent. */
static void write_apart(struct sink *s, const struct tally *t)
{
    const struct {
        uint64_t n;
        const char *text;
    } apart[] = {
        {t->quoted, " quoted in ICMP errors"},
        {t->tunnelled, " inside tunnels"},
        {t->relayed, " inside TURN"},
    };
    const char *before = "not counted above: ";
    for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
        if (apart[i].n == 0)
            continue;
        sink_text(s, before);
        sink_uint(s, apart[i].n);
        sink_text(s, apart[i].text);
        before = ", ";
    }
    if (t->quoted + t->tunnelled + t->relayed > 0)
        sink_char(s, '\n');
    if (t->copies > 0) {
        text_count(s, t->copies, "message is a copy", "messages are copies");
        sink_lit(s, " of what another interface carried");
        text_if(s, t->translated, "of them with other addresses");
        sink_char(s, '\n');
    }
    if (t->unsynced > 0) {
        text_count(s, t->unsynced, "gap in TCP streams", "gaps in TCP streams");
        sink_char(s, '\n');
    }
}

/* Packets that may have held more than is told. */
static void write_unread(struct sink *s, const struct tally *t)
{
    static const char *const words[TALLY_UNREAD_COUNT] = {
#define TALLY_UNREAD_ROW(ident, name, words) [TALLY_##ident] = (words),
        TALLY_UNREAD(TALLY_UNREAD_ROW)
#undef TALLY_UNREAD_ROW
    };
    const char *before = "packets not decoded: ";
    for (unsigned i = 0; i < TALLY_UNREAD_COUNT; i++) {
        if (t->unread[i] == 0)
            continue;
        sink_text(s, before);
        sink_uint(s, t->unread[i]);
        sink_char(s, ' ');
        sink_text(s, words[i]);
        before = ", ";
    }
    if (before[0] == ',')
        sink_char(s, '\n');
}

static void write_totals(struct sink *s, const struct tally *t, uint64_t packets)
{
    text_count(s, packets, "packet", "packets");
    sink_lit(s, ", ");
    text_count(s, t->messages, "STUN message", "STUN messages");
    text_if(s, t->classic, "of them classic (RFC 3489)");
    text_if(s, t->fingerprints_ok, "with a good fingerprint");
    text_if(s, t->fingerprints_bad, "with a bad fingerprint");
    text_if(s, t->channel_packets, "ChannelData");
    sink_char(s, '\n');
    if (t->messages + t->channel_packets + t->quoted + t->tunnelled > 0) {
        sink_lit(s, "from ");
        sink_time(s, t->first_ns);
        sink_lit(s, " to ");
        sink_time(s, t->last_ns);
        sink_lit(s, " UTC\n");
    }
    write_apart(s, t);
    write_unread(s, t);
}

static void write_transactions(struct sink *s, const struct tally *t)
{
    uint64_t transactions = 0, again = 0, answered = 0, failed = 0, unanswered = 0;
    for (uint32_t i = 0; i < t->row_count; i++) {
        const struct tally_row *row = &t->rows[i];
        transactions += row->transactions;
        again += row->retransmissions;
        answered += row->answered;
        failed += row->failed;
        unanswered += tally_unanswered(row);
    }
    sink_lit(s, "\ntransactions\n  ");
    sink_uint(s, transactions);
    sink_lit(s, " asked, ");
    sink_uint(s, answered);
    sink_lit(s, " answered, ");
    sink_uint(s, failed);
    sink_lit(s, " refused, ");
    sink_uint(s, unanswered);
    sink_lit(s, " without answer, ");
    text_count(s, again, "retransmission", "retransmissions");
    text_if(s, t->forgotten, "forgotten before an answer, for want of room");
    text_if(s, t->reused, "with an id that was used before");
    if (t->rtt_count > 0)
        write_rtts(s, t->rtt_min_us, t->rtt_median_us, t->rtt_max_us);
    sink_char(s, '\n');
}

static void write_learned(struct sink *s, const struct tally_row *row)
{
    for (uint32_t i = 0; i < row->learned_count; i++) {
        const struct tally_learned *l = &row->learned[i];
        sink_text(s, l->relayed ? "      relays as " : "      learned ");
        write_ip(s, &l->addr);
        sink_lit(s, ", ");
        text_count(s, l->count, "time", "times");
        sink_char(s, '\n');
    }
    if (row->learned_left_out) {
        sink_lit(s, "      and others, ");
        text_count(s, row->learned_left_out, "time", "times");
        sink_char(s, '\n');
    }
}

static void write_row(struct sink *s, const struct tally_row *row)
{
    sink_lit(s, "    ");
    write_ip(s, &row->client);
    sink_lit(s, " -> ");
    text_address(s, &row->server);
    sink_text(s, row->protocol == DATAGRAM_TCP ? " TCP, " : " UDP, ");
    sink_text(s, tally_role_name(row));
    sink_lit(s, ": ");
    sink_uint(s, row->transactions);
    sink_lit(s, " asked, ");
    sink_uint(s, row->answered);
    sink_lit(s, " answered");
    text_if(s, row->failed, "refused");
    text_if(s, tally_unanswered(row), "without answer");
    text_if(s, row->retransmissions, "sent again");
    text_if(s, row->moved, "of those first sent over another interface");
    text_if(s, row->answered_again, "answers more than one");
    text_if(s, row->copies, "copies of what another interface carried");
    text_if(s, row->unasked, "answers whose question was not seen");
    if (row->rtts > 0)
        write_rtts(s, row->rtt_min_us, row->rtt_median_us, row->rtt_max_us);
    sink_char(s, '\n');
    write_learned(s, row);
}

static void write_iface(struct sink *s, const struct tally *t, uint32_t iface, uint32_t *written)
{
    const struct tally_iface *i = &t->ifaces[iface];
    sink_lit(s, "  ");
    text_iface(s, t, iface);
    sink_lit(s, ": ");
    text_count(s, i->requests, "request", "requests");
    text_if(s, i->answers, i->answers == 1 ? "answer" : "answers");
    text_if(s, i->indications, i->indications == 1 ? "indication" : "indications");
    text_if(s, i->channel_packets, "ChannelData");
    if (i->out + i->in > 0)
        sink_printf(s, "; %llu left, %llu came in", (unsigned long long)i->out,
                    (unsigned long long)i->in);
    text_if(s, i->copies, "of all these copies of what another interface carried");
    text_if(s, i->quoted, "quoted in ICMP errors");
    text_if(s, i->tunnelled, "inside tunnels");
    text_if(s, i->tunnelled_copies, "of those captured outside of it too");
    text_if(s, i->tunnelled_channel, "ChannelData inside tunnels");
    sink_char(s, '\n');
    for (uint32_t r = 0; r < t->row_count; r++)
        if (t->rows[r].iface == iface && (*written)++ < TALLY_WRITE_ROWS_MAX)
            write_row(s, &t->rows[r]);
}

static void write_flow(struct sink *s, const struct tally *t, const struct tally_flow *f)
{
    const struct flow *flow = &f->flow;
    bool first = true;
    sink_lit(s, "  ");
    text_iface(s, t, f->iface);
    sink_text(s, flow->protocol == DATAGRAM_TCP ? " TCP " : " UDP ");
    text_address(s, &flow->ends[0]);
    sink_lit(s, " <-> ");
    text_address(s, &flow->ends[1]);
    sink_lit(s, ":");
    for (unsigned kind = 0; kind < FLOW_KIND_COUNT; kind++) {
        uint32_t there = flow->packets[0][kind], back = flow->packets[1][kind];
        if (there + (uint64_t)back == 0)
            continue;
        sink_printf(s, "%s %s %u -> %u <-", first ? "" : ",", flow_kind_name((enum flow_kind)kind),
                    there, back);
        first = false;
    }
    sink_char(s, '\n');
}

void tally_write_text(struct sink *s, const struct tally *t, uint64_t packets)
{
    uint32_t rows = 0, flows = t->flow_count;
    write_totals(s, t, packets);
    if (t->row_count > 0)
        write_transactions(s, t);
    if (t->iface_count > 0)
        sink_lit(s, "\ninterfaces, and who was asked over them\n");
    for (uint32_t i = 0; i < t->iface_count; i++)
        write_iface(s, t, i, &rows);
    if (rows > TALLY_WRITE_ROWS_MAX)
        sink_printf(s, "  ... and %u more\n", rows - TALLY_WRITE_ROWS_MAX);
    if (t->rows_left_out)
        sink_printf(s, "  %llu transactions of still others were not counted\n",
                    (unsigned long long)t->rows_left_out);
    text_ice(s, t);
    if (flows > 0)
        sink_lit(s, "\nwhat else the flows with STUN carried, in packets\n");
    for (uint32_t i = 0; i < flows && i < TALLY_WRITE_ROWS_MAX; i++)
        write_flow(s, t, &t->flows[i]);
    uint64_t more =
        t->flows_left_out + (flows > TALLY_WRITE_ROWS_MAX ? flows - TALLY_WRITE_ROWS_MAX : 0);
    if (more > 0)
        sink_printf(s, "  ... and %llu more\n", (unsigned long long)more);
}
