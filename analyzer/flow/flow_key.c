/* Packs addresses, ports and what else tells flows apart into words that are hashed and compared.
 */
#include "flow_key.h"

#include <string.h>

#include "bytes.h"

/* Word 0, and the addresses behind the `count` words that are there. */
static void add_ends(struct flow_key *key, const struct netaddr *a, const struct netaddr *b,
                     uint8_t protocol, uint8_t label)
{
    key->word[0] = (uint64_t)a->port << 48 | (uint64_t)b->port << 32 | (uint64_t)protocol << 24 |
                   (uint64_t)a->family << 16 | (uint64_t)label << 8;
    if (a->family == NETADDR_IPV4) {
        key->word[key->count++] = (uint64_t)be32(a->ip) << 32 | be32(b->ip);
        return;
    }
    key->word[key->count++] = be64(a->ip);
    key->word[key->count++] = be64(a->ip + 8);
    key->word[key->count++] = be64(b->ip);
    key->word[key->count++] = be64(b->ip + 8);
}

static bool in_order(const struct netaddr *a, const struct netaddr *b)
{
    int order = memcmp(a->ip, b->ip, sizeof(a->ip));
    return order < 0 || (order == 0 && a->port <= b->port);
}

static uint64_t link_word(const struct datagram *d)
{
    return (uint64_t)d->packet->iface->number << 32 | d->ifindex;
}

struct flow_key flow_key_of(const struct datagram *d, unsigned *way)
{
    struct flow_key key = {.count = 2};
    bool forward = in_order(&d->src, &d->dst);
    *way = forward ? 0 : 1;
    key.word[1] = link_word(d);
    add_ends(&key, forward ? &d->src : &d->dst, forward ? &d->dst : &d->src, d->protocol, d->label);
    return key;
}

struct flow_key flow_key_one_way(const struct datagram *d, bool reversed)
{
    struct flow_key key = {.count = 2};
    key.word[1] = link_word(d);
    add_ends(&key, reversed ? &d->dst : &d->src, reversed ? &d->src : &d->dst, d->protocol,
             d->label);
    return key;
}

struct flow_key flow_key_classic(const struct netaddr *client, uint8_t protocol,
                                 const uint8_t txid[static 16])
{
    struct flow_key key = {.count = 5};
    key.word[0] =
        (uint64_t)client->port << 48 | (uint64_t)protocol << 24 | (uint64_t)client->family << 16;
    key.word[1] = be64(client->ip);
    key.word[2] = be64(client->ip + 8);
    key.word[3] = be64(txid);
    key.word[4] = be64(txid + 8);
    return key;
}

struct flow_key flow_key_transaction(const struct netaddr *src, const struct netaddr *dst,
                                     uint8_t protocol, const uint8_t txid[static 16])
{
    struct flow_key key = {.count = 3};
    bool forward = in_order(src, dst);
    key.word[1] = be64(txid);
    key.word[2] = be64(txid + 8);
    add_ends(&key, forward ? src : dst, forward ? dst : src, protocol, 0);
    return key;
}

struct flow_key flow_key_ordered(const struct netaddr *src, const struct netaddr *dst,
                                 uint8_t protocol, const uint8_t txid[static 16])
{
    struct flow_key key = {.count = 3};
    key.word[1] = be64(txid);
    key.word[2] = be64(txid + 8);
    add_ends(&key, src, dst, protocol, 0);
    return key;
}
