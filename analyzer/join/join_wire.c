/* Walks a capture once: messages, questions, what flows carried. */
#include "join_wire.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "event_write.h"
#include "finder.h"
#include "in_order.h"
#include "layers.h"

enum {
    PORT_DNS = 53,
    DNS_HEADER_BYTES = 12,
    QUESTIONS_RECENT = 256,
};

/* Within this time the same question on another interface is the same packet. */
#define QUESTION_COPY_NS UINT64_C(50000000)

struct walk {
    struct join *join;
    struct reader *reader;
    struct layers *layers;
    struct finder *finder;
    struct in_order *in_order;
    /* Questions that were just seen. */
    struct asked {
        struct netaddr client, server;
        uint64_t time_ns;
        uint16_t id;
    } asked[QUESTIONS_RECENT];
};

/* --- messages --------------------------------------------------------------------------------- */

static void take_found(const struct found *found, void *context)
{
    struct walk *walk = context;
    struct decoded decoded;
    struct found named = *found;
    const struct stun_msg *msg = NULL;
    if (found->kind == FOUND_MESSAGE) {
        if (!event_decode(found, &decoded))
            return;
        msg = &decoded.msg;
    }
    named.iface_name = reader_carrier_name(walk->reader, found->iface, found->ifindex);
    in_order_put(walk->in_order, &named, msg, STUN_CHECK_ABSENT, 0);
}

static void take_in_order(const struct found *found, const struct stun_msg *msg,
                          enum stun_check fingerprint, uint32_t file, void *context)
{
    struct walk *walk = context;
    (void)fingerprint;
    (void)file;
    join_take_found(walk->join, found, msg);
}

/* --- questions -------------------------------------------------------------------------------- */

/* A packet that was carried on by another interface. */
static bool is_copy(struct walk *walk, const struct datagram *d, uint16_t id)
{
    struct asked *slot = &walk->asked[(id ^ d->src.port) % QUESTIONS_RECENT];
    bool same = slot->id == id && netaddr_same(&slot->client, &d->src) &&
                netaddr_same(&slot->server, &d->dst) &&
                d->packet->time_ns - slot->time_ns < QUESTION_COPY_NS;
    if (!same)
        *slot = (struct asked){d->src, d->dst, d->packet->time_ns, id};
    return same;
}

static void take_question(struct walk *walk, const struct datagram *d)
{
    char name[NS_MAXDNAME];
    ns_msg message;
    ns_rr rr;
    const char *known = NULL;
    struct join_question question = {
        .server = d->dst,
        .client = d->src,
        .protocol = d->protocol,
        .first_ns = d->packet->time_ns,
        .first_frame = d->packet->frame,
    };
    if (d->payload_len < DNS_HEADER_BYTES || (d->payload[2] & 0x80) != 0 ||
        is_copy(walk, d, be16(d->payload)))
        return;
    if (ns_initparse(d->payload, (int)d->payload_len, &message) == 0 &&
        ns_parserr(&message, ns_s_qd, 0, &rr) == 0) {
        (void)snprintf(name, sizeof(name), "%s", ns_rr_name(rr));
        known = name;
        question.qtype = ns_rr_type(rr);
    }
    join_take_question(walk->join, &question, known,
                       reader_carrier_name(walk->reader, d->packet->iface, d->ifindex));
}

/* --- the walk --------------------------------------------------------------------------------- */

static void take_packet(struct walk *walk, const struct packet *packet)
{
    struct datagram d;
    struct join_wire *wire = &walk->join->wire;
    wire->packets++;
    if (packet->time_ns != 0 && (wire->first_ns == 0 || packet->time_ns < wire->first_ns))
        wire->first_ns = packet->time_ns;
    if (packet->time_ns > wire->last_ns)
        wire->last_ns = packet->time_ns;
    if (!layers_datagram(walk->layers, packet, &d))
        return;
    if (d.protocol == DATAGRAM_UDP && d.dst.port == PORT_DNS && d.label == DATAGRAM_DIRECT &&
        join_is_own(walk->join, &d.src))
        take_question(walk, &d);
    finder_take(walk->finder, &d);
}

static void take_flows(struct walk *walk)
{
    uint32_t position = 0;
    const struct flow *flow;
    while ((flow = table_at(finder_flows(walk->finder), &position)) != NULL)
        join_take_flow(walk->join, flow,
                       reader_carrier_name(walk->reader, flow->iface, flow->ifindex));
}

static bool note_span(const struct reader *reader, struct join_span *span)
{
    size_t count;
    const struct packet_iface *const *ifaces = reader_ifaces(reader, &count);
    const struct reader_damage *damage = reader_damage_of(reader);
    if (damage) {
        span->damaged = true;
        span->damage_offset = damage->offset;
        memcpy(span->damage, damage->reason, sizeof(span->damage));
    }
    span->ifaces = calloc(count + 1, sizeof(*span->ifaces));
    if (!span->ifaces)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!ifaces[i]->name)
            continue;
        span->ifaces[span->iface_count] = strdup(ifaces[i]->name);
        if (!span->ifaces[span->iface_count])
            return false;
        span->iface_count++;
    }
    return true;
}

void join_span_free(struct join_span *span)
{
    for (size_t i = 0; i < span->iface_count; i++)
        free(span->ifaces[i]);
    free(span->ifaces);
    *span = (struct join_span){0};
}

static bool walk_all(struct walk *walk, struct join_span *span)
{
    struct packet packet;
    walk->layers = layers_new();
    walk->finder = finder_new(take_found, walk, true);
    walk->in_order = in_order_new(take_in_order, walk);
    if (!walk->layers || !walk->finder || !walk->in_order)
        return false;
    while (reader_next(walk->reader, &packet) == READ_PACKET)
        take_packet(walk, &packet);
    finder_end(walk->finder);
    in_order_flush(walk->in_order);
    take_flows(walk);
    return note_span(walk->reader, span);
}

bool join_wire_read(struct join *j, int fd, struct join_span *span)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    struct reader_damage why;
    char path[32];
    bool good = false;
    if (!walk)
        return false;
    /* The reader takes names; this one is the file that was looked at, whatever has its name now.
     */
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    walk->join = j;
    walk->reader = reader_open(path, &why);
    if (walk->reader) {
        good = walk_all(walk, span);
    } else {
        span->damaged = true;
        (void)snprintf(span->damage, sizeof(span->damage), "%s", why.reason);
        good = true;
    }
    in_order_free(walk->in_order);
    finder_free(walk->finder);
    layers_free(walk->layers);
    reader_close(walk->reader);
    free(walk);
    return good;
}
