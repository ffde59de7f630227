/* Finds out between whom a relayed message went. */
#include "relays.h"

#include <stdlib.h>

#include "bytes.h"
#include "table.h"

/* Of the flow between a client and its relay. */
struct allocation {
    struct netaddr client, server, relayed;
};

struct relays {
    struct table *allocations; /* struct allocation, by five-tuple */
    struct table *channels;    /* struct netaddr of the peer, by five-tuple and channel */
};

struct relays *relays_new(void)
{
    struct relays *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->allocations = table_new(RELAYS_ALLOCATIONS_MAX, sizeof(struct allocation), NULL, NULL);
    r->channels = table_new(RELAYS_CHANNELS_MAX, sizeof(struct netaddr), NULL, NULL);
    if (!r->allocations || !r->channels) {
        relays_free(r);
        return NULL;
    }
    return r;
}

void relays_free(struct relays *r)
{
    if (!r)
        return;
    table_free(r->allocations);
    table_free(r->channels);
    free(r);
}

static struct flow_key flow_key(const struct place *place, uint16_t channel)
{
    const uint8_t number[16] = {(uint8_t)(channel >> 8), (uint8_t)channel};
    return flow_key_transaction(&place->src, &place->dst, place->protocol, number);
}

static void *value_of(struct table *t, const struct flow_key *key)
{
    void *value = table_find(t, key);
    return value ? value : table_add(t, key);
}

static bool peer_in(const struct stun_msg *msg, struct netaddr *peer)
{
    struct stun_attr attr;
    struct stun_value value;
    if (!stun_find_attr(msg, STUN_ATTR_XOR_PEER_ADDRESS, &attr) ||
        stun_decode_value(msg, &attr, &value) != STUN_OK)
        return false;
    *peer = value.as.address;
    return true;
}

void relays_learn(struct relays *r, const struct stun_msg *msg, const struct place *place)
{
    struct netaddr addr;
    struct stun_attr attr;
    struct stun_value value;
    if (msg->method == STUN_METHOD_ALLOCATE && msg->cls == STUN_SUCCESS_RESPONSE &&
        stun_relayed_address(msg, &addr)) {
        struct flow_key key = flow_key(place, 0);
        struct allocation *a = value_of(r->allocations, &key);
        *a = (struct allocation){.client = place->dst, .server = place->src, .relayed = addr};
    } else if (msg->method == STUN_METHOD_CHANNEL_BIND && msg->cls == STUN_REQUEST &&
               peer_in(msg, &addr) && stun_find_attr(msg, STUN_ATTR_CHANNEL_NUMBER, &attr) &&
               stun_decode_value(msg, &attr, &value) == STUN_OK) {
        struct flow_key key = flow_key(place, value.as.channel);
        *(struct netaddr *)value_of(r->channels, &key) = addr;
        /* The request says who the client is, also where the allocation was not captured. */
        key = flow_key(place, 0);
        struct allocation *a = value_of(r->allocations, &key);
        a->client = place->src;
        a->server = place->dst;
    }
}

/* Tells the clients of one relay apart; two of them may talk to each other. */
static uint32_t hop_of(const struct netaddr *client)
{
    uint32_t hop = client->port;
    for (size_t i = 0; i < sizeof(client->ip); i += 4)
        hop = hop * 0x9e3779b1u ^ be32(client->ip + i);
    return hop;
}

/* from_client: where only the message itself can say it. */
static void fill(struct relays *r, const struct place *place, const struct netaddr *peer,
                 bool from_client, struct relayed *out)
{
    struct flow_key key = flow_key(place, 0);
    const struct allocation *a = table_find(r->allocations, &key);
    struct netaddr relayed = {0};
    if (a) {
        from_client = netaddr_same(&a->client, &place->src);
        relayed = a->relayed;
    }
    out->from_client = from_client;
    out->client = from_client ? place->src : place->dst;
    out->server = from_client ? place->dst : place->src;
    out->place = *place;
    out->place.carriage = PLACE_RELAYED;
    out->place.protocol = DATAGRAM_UDP;
    out->place.hop = hop_of(&out->client);
    out->place.src = from_client ? relayed : *peer;
    out->place.dst = from_client ? *peer : relayed;
}

bool relays_open(struct relays *r, const struct stun_msg *msg, const struct place *place,
                 struct relayed *out)
{
    struct stun_attr data;
    struct netaddr peer;
    bool from_client = msg->method == STUN_METHOD_SEND;
    if (msg->cls != STUN_INDICATION || (!from_client && msg->method != STUN_METHOD_DATA) ||
        !peer_in(msg, &peer) || !stun_find_attr(msg, STUN_ATTR_DATA, &data))
        return false;
    fill(r, place, &peer, from_client, out);
    out->bytes = data.value;
    out->len = data.len;
    return true;
}

void relays_open_channel(struct relays *r, const struct found *found, const struct place *place,
                         struct relayed *out)
{
    struct flow_key key = flow_key(place, found->channel);
    const struct netaddr *bound = table_find(r->channels, &key);
    struct netaddr peer = {0};
    bool has_bytes = found->len > STUN_CHANNEL_HEADER_BYTES;
    if (bound)
        peer = *bound;
    /* Servers have the well-known port more often than clients have. */
    fill(r, place, &peer, place->dst.port < place->src.port, out);
    out->bytes = has_bytes ? found->bytes + STUN_CHANNEL_HEADER_BYTES : NULL;
    out->len = has_bytes ? found->len - STUN_CHANNEL_HEADER_BYTES : 0;
}
