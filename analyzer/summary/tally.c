/* Takes each message to the parts of the summary that it concerns. */
#include "tally_private.h"

#include <stdlib.h>

enum {
    LINKTYPE_LINUX_SLL = 113,
};

static struct place place_of(const struct found *found, uint32_t iface, uint32_t file)
{
    return (struct place){
        .src = found->src,
        .dst = found->dst,
        .time_ns = found->time_ns,
        .number = found->frame,
        .link = iface,
        .file = file,
        .protocol = found->protocol,
        .direction = found->direction,
        .carriage = PLACE_DIRECT,
        .any = found->iface->link_type == LINKTYPE_LINUX_SLL && found->ifindex == 0,
    };
}

/* What a message is once copies are known. */
struct sight {
    struct message_id id;
    struct place place;
    enum sighting seen;
};

static bool is_copy(enum sighting seen)
{
    return seen == SIGHTING_COPY || seen == SIGHTING_TRANSLATED;
}

/* What was seen at first was seen at copy too. */
static void join(struct tally *s, const struct place *copy, const struct place *first)
{
    if (!legs_join(s->legs, copy, first))
        return;
    struct place root = legs_first(s->legs, first);
    ice_join(s->ice, copy, &root);
}

static struct sight see(struct tally *s, const struct stun_msg *msg, const struct place *place)
{
    struct sight sight = {.id = sightings_id(s->sightings, msg), .place = *place};
    struct place first;
    sight.seen = sightings_see(s->sightings, &sight.id, place, &first);
    if (is_copy(sight.seen))
        join(s, place, &first);
    return sight;
}

/* The parts of a request that concern ICE, when its transaction is known. */
static void take_check(struct tally *s, const struct stun_msg *msg, const struct sight *sight,
                       const struct relayed *relayed, enum transactions_asked asked,
                       struct transaction *t)
{
    const struct place *inside;
    if (!t || t->translated)
        return;
    if (asked == TRANSACTIONS_AGAIN || asked == TRANSACTIONS_MOVED)
        ice_request_again(s->ice, t);
    if (asked != TRANSACTIONS_NEW)
        return;
    /* What a relay sends on is told as relayed, where it went to the relay. */
    inside = relayed ? NULL
                     : sightings_elsewhere(s->sightings, &sight->id, &sight->place, PLACE_RELAYED);
    if (inside) {
        join(s, &sight->place, inside);
        return;
    }
    struct place first = legs_first(s->legs, &sight->place);
    ice_request(s->ice, msg, &first, relayed, t);
    if (t->answer != TRANSACTION_UNANSWERED) /* it stood before its request */
        ice_answer(s->ice, t);
}

static void take_request(struct tally *s, const struct stun_msg *msg, const struct sight *sight)
{
    struct transaction *t;
    enum transactions_asked asked =
        transactions_ask(s->transactions, msg, &sight->id, &sight->place, sight->seen, &t);
    if (asked == TRANSACTIONS_COPY)
        tally_count_copy(s, &sight->place, false);
    if (asked == TRANSACTIONS_MOVED)
        tally_count_copy(s, &sight->place, true);
    take_check(s, msg, sight, NULL, asked, t);
    if (asked == TRANSACTIONS_NEW)
        t->use |= (uint8_t)(tally_role_in(msg) << TALLY_USE_ROLE_SHIFT);
}

static void take_answer(struct tally *s, const struct stun_msg *msg, const struct sight *sight)
{
    struct transaction *t =
        transactions_answer(s->transactions, msg, &sight->id, &sight->place, sight->seen);
    if (!t)
        return;
    /* Only servers: what a peer sees may be a peer-reflexive address. */
    if (t->asked && t->use >> TALLY_USE_ROLE_SHIFT != TALLY_ROLE_PEER)
        ice_learn(s->ice, &t->client, &t->mapped, &t->relayed);
    ice_answer(s->ice, t);
}

static void take_relayed(struct tally *s, const struct relayed *relayed);
static void match_tunnel(struct tally *s, const struct sight *sight, uint8_t other);

static void take_message(struct tally *s, const struct stun_msg *msg, const struct place *place)
{
    struct tally_iface *on = &s->ifaces[place->link];
    struct sight sight = see(s, msg, place);
    struct relayed relayed;
    on->out += place->direction == PACKET_OUT;
    on->in += place->direction == PACKET_IN;
    on->copies += is_copy(sight.seen);
    s->copies += is_copy(sight.seen);
    s->translated += sight.seen == SIGHTING_TRANSLATED;
    if (s->tunnelled > 0)
        match_tunnel(s, &sight, PLACE_TUNNELLED);
    relays_learn(s->relays, msg, place);
    switch (msg->cls) {
    case STUN_REQUEST:
        on->requests++;
        take_request(s, msg, &sight);
        break;
    case STUN_SUCCESS_RESPONSE:
    case STUN_ERROR_RESPONSE:
        on->answers++;
        take_answer(s, msg, &sight);
        break;
    case STUN_INDICATION:
        on->indications++;
        if (relays_open(s->relays, msg, place, &relayed)) {
            take_relayed(s, &relayed);
        } else if (msg->method == STUN_METHOD_BINDING && !is_copy(sight.seen)) {
            struct place first = legs_first(s->legs, place);
            ice_indication(s->ice, &first);
        }
        break;
    }
}

static void take_relayed_message(struct tally *s, const struct relayed *relayed,
                                 const struct stun_msg *msg)
{
    struct sight sight = see(s, msg, &relayed->place);
    const struct place *direct;
    struct transaction *t;
    if (is_copy(sight.seen)) {
        /* Both agents are clients of relays: this is the other one's leg of the same path. */
        struct place first = legs_first(s->legs, &relayed->place);
        ice_mark_relayed(s->ice, &first, relayed);
        return;
    }
    s->relayed++;
    direct = sightings_elsewhere(s->sightings, &sight.id, &sight.place, PLACE_DIRECT);
    if (msg->cls == STUN_REQUEST && direct) {
        /* It was captured on its way to the relay, and is counted: both are legs of one path. */
        struct place first = legs_first(s->legs, direct);
        join(s, &relayed->place, direct);
        ice_mark_relayed(s->ice, &first, relayed);
    } else if (msg->cls == STUN_REQUEST) {
        enum transactions_asked asked =
            transactions_ask(s->transactions, msg, &sight.id, &sight.place, sight.seen, &t);
        take_check(s, msg, &sight, relayed, asked, t);
    } else if (msg->cls != STUN_INDICATION) {
        t = transactions_answer(s->transactions, msg, &sight.id, &sight.place, sight.seen);
        if (t)
            ice_answer(s->ice, t);
    }
}

/* What a relay carries is a message, or media. */
static void take_relayed(struct tally *s, const struct relayed *relayed)
{
    struct stun_msg msg;
    if (relayed->bytes && stun_has_cookie(relayed->bytes, relayed->len) &&
        stun_decode(relayed->bytes, relayed->len, false, &msg) == STUN_OK) {
        take_relayed_message(s, relayed, &msg);
        return;
    }
    if (relayed->bytes && relayed->len > 0) {
        uint32_t len = (uint32_t)relayed->len;
        ice_media(s->ice, &relayed->place, flow_kind_of(relayed->bytes, len, len), 1);
    }
}

static void take_channel(struct tally *s, const struct found *found, const struct place *place)
{
    struct tally_iface *on = &s->ifaces[place->link];
    struct relayed relayed;
    s->channel_packets += found->packets;
    on->channel_packets += found->packets;
    on->channel_bytes += found->channel_bytes;
    relays_open_channel(s->relays, found, place, &relayed);
    if (relayed.bytes)
        take_relayed(s, &relayed);
    else
        ice_media(s->ice, &relayed.place, FLOW_CHANNEL_DATA, found->packets);
}

/* A message inside a tunnel that is also captured outside of it is the same one; either may come
 * first. */
static void match_tunnel(struct tally *s, const struct sight *sight, uint8_t other)
{
    const struct place *there =
        is_copy(sight->seen) ? NULL
                             : sightings_elsewhere(s->sightings, &sight->id, &sight->place, other);
    if (there)
        s->ifaces[other == PLACE_DIRECT ? sight->place.link : there->link].tunnelled_copies++;
}

static void take_tunnelled(struct tally *s, const struct found *found, const struct stun_msg *msg,
                           struct place *place)
{
    if (!msg) {
        s->ifaces[place->link].tunnelled_channel += found->packets;
        return;
    }
    s->tunnelled++;
    s->ifaces[place->link].tunnelled++;
    place->carriage = PLACE_TUNNELLED;
    struct sight sight = {.id = sightings_id(s->sightings, msg), .place = *place};
    struct place first;
    sight.seen = sightings_see(s->sightings, &sight.id, place, &first);
    match_tunnel(s, &sight, PLACE_DIRECT);
}

static void take(const struct found *found, const struct stun_msg *msg, enum stun_check fingerprint,
                 uint32_t file, void *tally)
{
    struct tally *s = tally;
    uint32_t iface = tally_iface_of(s, file, found->iface, found->ifindex, found->iface_name);
    struct place place = place_of(found, iface, file);
    if (s->first_ns == 0 || found->time_ns < s->first_ns)
        s->first_ns = found->time_ns;
    if (found->time_ns > s->last_ns)
        s->last_ns = found->time_ns;
    if (found->label == DATAGRAM_QUOTED) {
        s->quoted++;
        s->ifaces[iface].quoted++;
        return;
    }
    if (found->label == DATAGRAM_TUNNELLED) {
        take_tunnelled(s, found, msg, &place);
        return;
    }
    s->unsynced += found->unsynced;
    if (!msg) {
        take_channel(s, found, &place);
        return;
    }
    s->messages++;
    s->classic += !msg->has_cookie;
    s->fingerprints_ok += fingerprint == STUN_CHECK_OK;
    s->fingerprints_bad += fingerprint == STUN_CHECK_BAD;
    take_message(s, msg, &place);
}

struct tally *tally_new(void)
{
    struct tally *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->ifaces = calloc(TALLY_IFACES_MAX, sizeof(*s->ifaces));
    s->rows = calloc(TALLY_ROWS_MAX, sizeof(*s->rows));
    s->flows = calloc(TALLY_FLOWS_MAX, sizeof(*s->flows));
    s->row_index = table_new(TALLY_ROWS_MAX, sizeof(uint32_t), NULL, NULL);
    s->in_order = in_order_new(take, s);
    s->sightings = sightings_new();
    s->legs = legs_new();
    s->relays = relays_new();
    s->ice = ice_new();
    if (s->sightings)
        s->transactions = transactions_new(s->sightings, tally_settle, s);
    if (!s->ifaces || !s->rows || !s->flows || !s->row_index || !s->transactions || !s->legs ||
        !s->relays || !s->ice || !s->in_order) {
        tally_free(s);
        return NULL;
    }
    return s;
}

void tally_free(struct tally *s)
{
    if (!s)
        return;
    free(s->ifaces);
    free(s->rows);
    free(s->flows);
    free(s->rtts);
    table_free(s->row_index);
    transactions_free(s->transactions);
    sightings_free(s->sightings);
    legs_free(s->legs);
    relays_free(s->relays);
    ice_free(s->ice);
    in_order_free(s->in_order);
    free(s);
}

void tally_take_layers(struct tally *s, const struct layers_counts *counts)
{
    s->unread[TALLY_MALFORMED] += counts->results[LAYERS_MALFORMED];
    s->unread[TALLY_CUT] += counts->results[LAYERS_CUT];
    s->unread[TALLY_FRAGMENT_REFUSED] += counts->results[LAYERS_FRAGMENT_REFUSED];
    s->unread[TALLY_UNFINISHED] += counts->datagrams_unfinished;
    s->unread[TALLY_TOO_DEEP] += counts->results[LAYERS_TOO_DEEP];
    s->unread[TALLY_UNKNOWN_LINK] += counts->results[LAYERS_UNKNOWN_LINK];
}

void tally_take(struct tally *s, const struct found *found, const struct stun_msg *msg,
                enum stun_check fingerprint, uint32_t file)
{
    in_order_put(s->in_order, found, msg, fingerprint, file);
}

void tally_finish(struct tally *s)
{
    in_order_flush(s->in_order);
    s->forgotten = transactions_forgotten(s->transactions);
    s->reused = transactions_reused(s->transactions);
    transactions_finish(s->transactions);
    tally_finish_rows(s);
    tally_finish_flows(s);
    ice_finish(s->ice);
}
