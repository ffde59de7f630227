/* Counts ChannelData, which may be all of a call's media, and tells what is worth a line. */
#include "channels.h"

#include <stdlib.h>

#include "stun.h"
#include "table.h"

struct channel {
    struct found last;       /* without its bytes */
    uint64_t packets, bytes; /* not told yet */
};

struct channels {
    struct table *table;
    found_fn *tell;
    void *context;
};

static void tell_count(void *value, void *context)
{
    struct channels *c = context;
    struct channel *channel = value;
    if (channel->packets == 0)
        return;
    channel->last.kind = FOUND_CHANNEL_COUNT;
    channel->last.packets = channel->packets;
    channel->last.channel_bytes = channel->bytes;
    c->tell(&channel->last, c->context);
    channel->packets = channel->bytes = 0;
}

struct channels *channels_new(uint32_t max, found_fn *tell, void *context)
{
    struct channels *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->tell = tell;
    c->context = context;
    c->table = table_new(max, sizeof(struct channel), tell_count, c);
    if (!c->table) {
        free(c);
        return NULL;
    }
    return c;
}

void channels_take(struct channels *c, const struct found *found, const struct datagram *d)
{
    struct flow_key key = flow_key_one_way(d, false);
    const uint8_t *inner = found->bytes + STUN_CHANNEL_HEADER_BYTES;
    bool nested = found->len >= STUN_CHANNEL_HEADER_BYTES + STUN_HEADER_BYTES &&
                  (inner[0] & 0xc0) == 0 &&
                  stun_has_cookie(inner, found->len - STUN_CHANNEL_HEADER_BYTES);
    key.word[key.count++] = found->channel;
    struct channel *channel = table_find(c->table, &key);
    bool first = !channel;
    if (first)
        channel = table_add(c->table, &key);
    if (first || nested) {
        struct found told = *found;
        told.kind = FOUND_CHANNEL_DATA;
        told.packets = 1;
        c->tell(&told, c->context);
        return;
    }
    channel->last = *found;
    channel->last.bytes = NULL;
    channel->last.len = 0;
    channel->packets++;
    channel->bytes += found->channel_bytes;
}

void channels_end(struct channels *c)
{
    uint32_t position = 0;
    void *value;
    while ((value = table_at(c->table, &position)))
        tell_count(value, c);
}

void channels_free(struct channels *c)
{
    if (!c)
        return;
    table_free(c->table);
    free(c);
}
