/* Puts the segments of TCP streams in order and cuts them into STUN messages. */
#include "tcp.h"

#include <stdlib.h>
#include <string.h>

#include "segments.h"
#include "table.h"
#include "units.h"

enum {
    FLAG_SYN = 2,
    FLAG_ACK = 16,
};

/* One direction of a connection. */
struct stream {
    struct units units;
    struct segments waiting;      /* behind a gap */
    struct stream *older, *newer; /* of those that keep something, while listed */
    uint32_t next;                /* sequence number of the next byte in order */
    uint32_t first;               /* sequence number of the SYN */
    bool syn_seen, listed;
};

struct tcp {
    struct units_shared shared; /* first: what units.c gives back is this */
    struct table *streams;
    struct stream *oldest, *newest;
    const struct stream *at_work; /* keeps what it has */
    uint32_t gaps;                /* streams with something waiting */
    bool giving_up;               /* one stream at a time */
};

static void pass_gap(struct tcp *tcp, struct stream *s);

static void unlist(struct tcp *tcp, struct stream *s)
{
    if (!s->listed)
        return;
    if (s->older)
        s->older->newer = s->newer;
    else
        tcp->oldest = s->newer;
    if (s->newer)
        s->newer->older = s->older;
    else
        tcp->newest = s->older;
    s->older = s->newer = NULL;
    s->listed = false;
}

/* After anything that may have changed whether s keeps bytes. */
static void list(struct tcp *tcp, struct stream *s)
{
    bool keeps = s->units.begun || s->waiting.first;
    if (!keeps)
        unlist(tcp, s);
    if (!keeps || s->listed)
        return;
    s->older = tcp->newest;
    if (tcp->newest)
        tcp->newest->newer = s;
    else
        tcp->oldest = s;
    tcp->newest = s;
    s->listed = true;
}

/* Nobody waits for the rest of s any longer: what there is of it is told. */
static void give_up(struct tcp *tcp, struct stream *s)
{
    unlist(tcp, s);
    while (s->waiting.first)
        pass_gap(tcp, s);
    units_end(&s->units, &tcp->shared);
}

/*
 * The streams that have kept something for longest give it up. Otherwise whoever fills the budget
 * with beginnings would hide everybody else's messages.
 */
static void make_room(struct units_shared *shared, size_t bytes)
{
    struct tcp *tcp = (struct tcp *)(void *)shared;
    if (tcp->giving_up)
        return;
    tcp->giving_up = true;
    for (struct stream *s = tcp->oldest; s && shared->budget < bytes;) {
        struct stream *newer = s->newer;
        if (s != tcp->at_work)
            give_up(tcp, s);
        s = newer;
    }
    tcp->giving_up = false;
}

static void evict_stream(void *value, void *context)
{
    give_up(context, value);
}

struct tcp *tcp_new(tcp_unit_fn *tell, void *context)
{
    struct tcp *tcp = calloc(1, sizeof(*tcp));
    if (!tcp)
        return NULL;
    tcp->shared = (struct units_shared){
        .budget = TCP_BUFFER_BYTES_MAX, .tell = tell, .context = context, .make_room = make_room};
    tcp->streams = table_new(TCP_STREAMS_MAX, sizeof(struct stream), evict_stream, tcp);
    if (!tcp->streams) {
        free(tcp);
        return NULL;
    }
    return tcp;
}

/* A segment whose first byte is the next one. */
static void take_segment(struct tcp *tcp, struct stream *s, const struct datagram *d,
                         const uint8_t *bytes, uint32_t len, uint32_t full_len)
{
    bool in_the_middle = s->units.have > 0 || s->units.skip > 0;
    bool starts = tcp_starts_message(bytes, len);
    if (s->units.framing == TCP_FRAMING_NONE && starts) {
        units_find_again(&s->units, &tcp->shared);
        in_the_middle = false;
    }
    units_feed(&s->units, &tcp->shared, d, bytes, len);
    if (s->units.framing == TCP_FRAMING_NONE && in_the_middle && starts) {
        /* What was begun was no message, but this segment is one. */
        units_find_again(&s->units, &tcp->shared);
        units_feed(&s->units, &tcp->shared, d, bytes, len);
    }
    units_missing(&s->units, &tcp->shared, d, full_len - len);
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
        segments_free_one(segment, &tcp->shared.budget);
    }
    if (had && !s->waiting.first)
        tcp->gaps--;
}

/* The bytes before the first waiting segment are given up. */
static void pass_gap(struct tcp *tcp, struct stream *s)
{
    struct segment *first = s->waiting.first;
    uint32_t gap = first->seq - s->next;
    units_missing(&s->units, &tcp->shared, &first->datagram, gap);
    s->units.unsynced = true;
    s->next = first->seq;
    drain(tcp, s);
}

/* The other direction's acknowledgement shows which of our gaps the receiver does not have. */
static void take_ack(struct tcp *tcp, const struct datagram *d)
{
    struct flow_key key = flow_key_one_way(d, true);
    struct stream *s = table_find(tcp->streams, &key);
    if (!s)
        return;
    tcp->at_work = s;
    while (s->waiting.first && (int32_t)(d->ack - s->waiting.first->seq) >= 0 &&
           (int32_t)(d->ack - s->next) > 0)
        pass_gap(tcp, s);
    list(tcp, s);
    tcp->at_work = NULL;
}

static void wait_for_gap(struct tcp *tcp, struct stream *s, const struct datagram *d, uint32_t seq)
{
    bool had = s->waiting.first != NULL;
    make_room(&tcp->shared, sizeof(struct segment) + d->payload_len);
    bool kept = segments_insert(&s->waiting, d, s->next, seq, &tcp->shared.budget);
    if (!had && s->waiting.first)
        tcp->gaps++;
    if (kept)
        return;
    while (s->waiting.first)
        pass_gap(tcp, s);
    if ((int32_t)(seq - s->next) >= 0) {
        units_missing(&s->units, &tcp->shared, d, seq - s->next);
        s->units.unsynced = true;
        s->next = seq;
        take_segment(tcp, s, d, d->payload, d->payload_len, d->payload_full);
    }
}

static void restart(struct tcp *tcp, struct stream *s, uint32_t next)
{
    give_up(tcp, s);
    units_find_again(&s->units, &tcp->shared);
    s->next = next;
}

static void take_payload(struct tcp *tcp, struct stream *s, const struct datagram *d, uint32_t seq)
{
    int32_t ahead = (int32_t)(seq - s->next);
    if (ahead > TCP_WINDOW_BYTES || ahead < -TCP_WINDOW_BYTES) {
        if (!tcp_starts_message(d->payload, d->payload_len))
            return;
        restart(tcp, s, seq);
        s->units.unsynced = true;
        ahead = 0;
    }
    if (s->units.framing == TCP_FRAMING_NONE && ahead > 0) {
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
    if (!overlaps || !segments_insert(&s->waiting, &fresh, s->next, s->next, &tcp->shared.budget))
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
    s->units.unsynced = false;
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
    tcp->at_work = s;
    take_payload(tcp, s, d, seq);
    list(tcp, s);
    tcp->at_work = NULL;
}

void tcp_end(struct tcp *tcp)
{
    while (tcp->oldest)
        give_up(tcp, tcp->oldest);
}

void tcp_free(struct tcp *tcp)
{
    if (!tcp)
        return;
    for (struct stream *s = tcp->oldest; s; s = s->newer) {
        free(s->units.begun);
        segments_free(&s->waiting, &tcp->shared.budget);
    }
    table_free(tcp->streams);
    free(tcp);
}
