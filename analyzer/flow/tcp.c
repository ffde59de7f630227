/* Puts the segments of TCP streams in order and cuts them into STUN messages. */
#include "tcp.h"

#include <stdlib.h>
#include <string.h>

#include "segments.h"
#include "table.h"
#include "tcp_frame.h"

enum {
    FLAG_SYN = 2,
    FLAG_ACK = 16,
};

/* One direction of a connection. */
struct stream {
    uint8_t *begun;          /* a unit whose end has not come, NULL none */
    struct segments waiting; /* behind a gap */
    uint32_t have, room;     /* of begun */
    uint32_t next;           /* sequence number of the next byte in order */
    uint32_t first;          /* sequence number of the SYN */
    uint32_t skip;           /* bytes of a unit that was told cut; they mean nothing */
    enum tcp_framing framing;
    bool syn_seen, unsynced;
};

struct tcp {
    struct table *streams;
    size_t budget;
    uint32_t gaps; /* streams with something waiting */
    tcp_unit_fn *tell;
    void *context;
};

static void drop_begun(struct tcp *tcp, struct stream *s)
{
    tcp->budget += s->room;
    free(s->begun);
    s->begun = NULL;
    s->have = s->room = 0;
}

static void drop_waiting(struct tcp *tcp, struct stream *s)
{
    if (s->waiting.first)
        tcp->gaps--;
    segments_free(&s->waiting, &tcp->budget);
}

static void evict_stream(void *value, void *context)
{
    struct tcp *tcp = context;
    struct stream *s = value;
    drop_begun(tcp, s);
    drop_waiting(tcp, s);
}

struct tcp *tcp_new(tcp_unit_fn *tell, void *context)
{
    struct tcp *tcp = calloc(1, sizeof(*tcp));
    if (!tcp)
        return NULL;
    tcp->budget = TCP_BUFFER_BYTES_MAX;
    tcp->tell = tell;
    tcp->context = context;
    tcp->streams = table_new(TCP_STREAMS_MAX, sizeof(struct stream), evict_stream, tcp);
    if (!tcp->streams) {
        free(tcp);
        return NULL;
    }
    return tcp;
}

/* The framing is lost; a later segment may find it again. */
static void lose(struct tcp *tcp, struct stream *s)
{
    drop_begun(tcp, s);
    s->skip = 0;
    s->framing = TCP_FRAMING_NONE;
    s->unsynced = true;
}

static void find_again(struct tcp *tcp, struct stream *s)
{
    drop_begun(tcp, s);
    s->skip = 0;
    s->framing = TCP_FRAMING_OPEN;
}

static bool keep(struct tcp *tcp, struct stream *s, const uint8_t *bytes, uint32_t len,
                 uint32_t want)
{
    if (want > s->room) {
        if (want - s->room > tcp->budget)
            return false;
        uint8_t *grown = realloc(s->begun, want);
        if (!grown)
            return false;
        tcp->budget -= want - s->room;
        s->begun = grown;
        s->room = want;
    }
    memcpy(s->begun + s->have, bytes, len);
    s->have += len;
    return true;
}

static void tell_unit(struct tcp *tcp, struct stream *s, const struct datagram *d,
                      const uint8_t *in, uint32_t have, const struct tcp_measure *m)
{
    struct tcp_unit unit = {
        .bytes = in + m->offset,
        .len = have - m->offset < m->len ? have - m->offset : m->len,
        .full_len = m->len,
        .kind = m->kind,
        .framed = s->framing != TCP_FRAMING_BARE,
        .unsynced = s->unsynced,
    };
    if (m->len == 0) /* RFC 4571 allows empty frames */
        return;
    s->unsynced = false;
    tcp->tell(&unit, d, tcp->context);
}

/* Bytes in order: cut into units, what is left over is kept. */
static void feed(struct tcp *tcp, struct stream *s, const struct datagram *d, const uint8_t *bytes,
                 uint32_t len)
{
    while (s->framing != TCP_FRAMING_NONE) {
        uint32_t skipped = s->skip < len ? s->skip : len;
        s->skip -= skipped;
        bytes += skipped;
        len -= skipped;
        const uint8_t *in = s->have > 0 ? s->begun : bytes;
        uint32_t have = s->have > 0 ? s->have : len;
        if (have == 0)
            return;
        struct tcp_measure m = tcp_measure(&s->framing, in, have);
        if (s->framing == TCP_FRAMING_NONE) {
            lose(tcp, s);
            return;
        }
        if (m.known && have >= m.want) {
            tell_unit(tcp, s, d, in, have, &m);
            if (s->have > 0) {
                drop_begun(tcp, s);
            } else {
                bytes += m.want;
                len -= m.want;
            }
            continue;
        }
        if (len == 0)
            return;
        uint32_t n = m.want - s->have < len ? m.want - s->have : len;
        if (!keep(tcp, s, bytes, n, m.want)) {
            lose(tcp, s);
            return;
        }
        bytes += n;
        len -= n;
    }
}

/* n bytes of the stream will not come. A message that they belong to is told as far as it is there.
 */
static void feed_missing(struct tcp *tcp, struct stream *s, const struct datagram *d, uint32_t n)
{
    uint32_t skipped = s->skip < n ? s->skip : n;
    s->skip -= skipped;
    n -= skipped;
    if (n == 0 || s->framing == TCP_FRAMING_NONE)
        return;
    if (s->have > 0) {
        struct tcp_measure m = tcp_measure(&s->framing, s->begun, s->have);
        if (m.known) {
            uint32_t rest = m.want - s->have;
            tell_unit(tcp, s, d, s->begun, s->have, &m);
            drop_begun(tcp, s);
            uint32_t taken = rest < n ? rest : n;
            s->skip = rest - taken;
            n -= taken;
        }
    }
    if (n > 0)
        lose(tcp, s);
}

/* A segment whose first byte is the next one. */
static void take_segment(struct tcp *tcp, struct stream *s, const struct datagram *d,
                         const uint8_t *bytes, uint32_t len, uint32_t full_len)
{
    bool in_the_middle = s->have > 0 || s->skip > 0;
    bool starts = tcp_starts_message(bytes, len);
    if (s->framing == TCP_FRAMING_NONE && starts) {
        find_again(tcp, s);
        in_the_middle = false;
    }
    feed(tcp, s, d, bytes, len);
    if (s->framing == TCP_FRAMING_NONE && in_the_middle && starts) {
        /* What was begun was no message, but this segment is one. */
        find_again(tcp, s);
        feed(tcp, s, d, bytes, len);
    }
    feed_missing(tcp, s, d, full_len - len);
    s->next += full_len;
}

/* Take what waits and is in order now. */
static void drain(struct tcp *tcp, struct stream *s)
{
    bool had = s->waiting.first != NULL;
    while (s->waiting.first && (int32_t)(s->waiting.first->seq - s->next) <= 0) {
        struct segment *segment = segments_take(&s->waiting);
        uint32_t old = s->next - segment->seq;
        if (old < segment->len)
            take_segment(tcp, s, &segment->datagram, segment->bytes + old, segment->len - old,
                         segment->len - old);
        segments_free_one(segment, &tcp->budget);
    }
    if (had && !s->waiting.first)
        tcp->gaps--;
}

/* The bytes before the first waiting segment are given up. */
static void pass_gap(struct tcp *tcp, struct stream *s)
{
    struct segment *first = s->waiting.first;
    uint32_t gap = first->seq - s->next;
    feed_missing(tcp, s, &first->datagram, gap);
    s->unsynced = true;
    s->next = first->seq;
    drain(tcp, s);
}

/* The other direction's acknowledgement shows which of our gaps the receiver does not have. */
static void take_ack(struct tcp *tcp, const struct datagram *d)
{
    struct flow_key key = flow_key_one_way(d, true);
    struct stream *s = table_find(tcp->streams, &key);
    while (s && s->waiting.first && (int32_t)(d->ack - s->waiting.first->seq) >= 0 &&
           (int32_t)(d->ack - s->next) > 0)
        pass_gap(tcp, s);
}

static void wait_for_gap(struct tcp *tcp, struct stream *s, const struct datagram *d, uint32_t seq)
{
    bool had = s->waiting.first != NULL;
    bool kept = segments_insert(&s->waiting, d, s->next, seq, &tcp->budget);
    if (!had && s->waiting.first)
        tcp->gaps++;
    if (kept)
        return;
    while (s->waiting.first)
        pass_gap(tcp, s);
    if ((int32_t)(seq - s->next) >= 0) {
        feed_missing(tcp, s, d, seq - s->next);
        s->unsynced = true;
        s->next = seq;
        take_segment(tcp, s, d, d->payload, d->payload_len, d->payload_full);
    }
}

static void restart(struct tcp *tcp, struct stream *s, uint32_t next)
{
    drop_waiting(tcp, s);
    find_again(tcp, s);
    s->next = next;
}

static void take_payload(struct tcp *tcp, struct stream *s, const struct datagram *d, uint32_t seq)
{
    int32_t ahead = (int32_t)(seq - s->next);
    if (ahead > TCP_WINDOW_BYTES || ahead < -TCP_WINDOW_BYTES) {
        if (!tcp_starts_message(d->payload, d->payload_len))
            return;
        restart(tcp, s, seq);
        s->unsynced = true;
        ahead = 0;
    }
    if (s->framing == TCP_FRAMING_NONE && ahead > 0) {
        /* Nobody waits for the gap of a stream that is not followed. */
        s->next = seq;
        ahead = 0;
    }
    if (ahead > 0) {
        wait_for_gap(tcp, s, d, seq);
        return;
    }
    uint32_t old = (uint32_t)-ahead;
    if (old >= d->payload_full)
        return;
    struct datagram fresh = *d;
    fresh.payload_len = d->payload_len > old ? d->payload_len - old : 0;
    fresh.payload_full -= old;
    fresh.payload += d->payload_len - fresh.payload_len;
    /* Bytes that wait already came first: only what is missing between them is taken. */
    bool overlaps = s->waiting.first && s->waiting.first->seq - s->next < fresh.payload_len;
    if (!overlaps || !segments_insert(&s->waiting, &fresh, s->next, s->next, &tcp->budget))
        take_segment(tcp, s, &fresh, fresh.payload, fresh.payload_len, fresh.payload_full);
    drain(tcp, s);
}

static struct stream *take_syn(struct tcp *tcp, struct stream *s, const struct flow_key *key,
                               const struct datagram *d)
{
    if (s && s->syn_seen && s->first == d->seq)
        return s;
    if (!s)
        s = table_add(tcp->streams, key);
    restart(tcp, s, d->seq + 1);
    s->unsynced = false;
    s->syn_seen = true;
    s->first = d->seq;
    return s;
}

void tcp_segment(struct tcp *tcp, const struct datagram *d)
{
    struct flow_key key = flow_key_one_way(d, false);
    struct stream *s = table_find(tcp->streams, &key);
    uint32_t seq = d->seq;
    if (tcp->gaps > 0 && (d->tcp_flags & FLAG_ACK))
        take_ack(tcp, d);
    if (d->tcp_flags & FLAG_SYN) {
        s = take_syn(tcp, s, &key, d);
        seq++;
    }
    if (d->payload_full == 0)
        return;
    if (!s) {
        if (!tcp_starts_message(d->payload, d->payload_len))
            return;
        s = table_add(tcp->streams, &key);
        s->next = seq;
    }
    take_payload(tcp, s, d, seq);
}

void tcp_end(struct tcp *tcp)
{
    uint32_t position = 0;
    struct stream *s;
    while (tcp->gaps > 0 && (s = table_at(tcp->streams, &position)))
        while (s->waiting.first)
            pass_gap(tcp, s);
}

void tcp_free(struct tcp *tcp)
{
    uint32_t position = 0;
    struct stream *s;
    if (!tcp)
        return;
    while ((s = table_at(tcp->streams, &position)))
        evict_stream(s, tcp);
    table_free(tcp->streams);
    free(tcp);
}
