/* Counts TURN ChannelData messages per channel. */
#include "channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "event_json.h"

struct channel_key {
    struct netaddr remote;
    uint32_t process;
    int32_t fd;
    uint16_t channel;
    uint16_t in;
};

struct channel {
    struct channel_key key;
    json_t *common; /* NULL until described */
    uint64_t packets, bytes, last_ns;
    UT_hash_handle hh;
};

struct channels {
    channel_done_fn *done;
    void *ctx;
    struct channel *table; /* in the order of first sight */
    uint64_t told_ms;
    bool timed;
};

struct channels *channels_new(channel_done_fn *done, void *ctx)
{
    struct channels *channels = calloc(1, sizeof *channels);

    if (channels) {
        channels->done = done;
        channels->ctx = ctx;
    }
    return channels;
}

static void channel_drop(struct channels *channels, struct channel *channel)
{
    /* The analyzer does not see that HASH_DEL moves the head on. */
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    HASH_DEL(channels->table, channel);
    json_decref(channel->common);
    free(channel);
}

void channels_free(struct channels *channels)
{
    struct channel *channel, *next;

    if (!channels)
        return;
    HASH_ITER(hh, channels->table, channel, next)
    {
        /* cppcheck-suppress uninitvar ; it can't expand HASH_ITER */
        channel_drop(channels, channel);
    }
    free(channels);
}

static struct channel *channel_find(struct channels *channels, const struct event *head,
                                    uint16_t number, struct channel_key *key)
{
    struct channel *channel;

    memset(key, 0, sizeof *key);
    key->remote = head->remote;
    key->process = head->process;
    key->fd = head->fd;
    key->channel = number;
    key->in = (head->flags & EVENT_IN) != 0;
    HASH_FIND(hh, channels->table, key, sizeof *key, channel);
    return channel;
}

json_t *channel_json(uint16_t channel, uint64_t packets, uint64_t bytes)
{
    char number[8];
    json_t *o = json_object();

    snprintf(number, sizeof number, "0x%04x", channel);
    json_object_set_new_nocheck(o, "channel", json_string_nocheck(number));
    json_object_set_new_nocheck(o, "packets", json_integer((json_int_t)packets));
    json_object_set_new_nocheck(o, "bytes", json_integer((json_int_t)bytes));
    return o;
}

static void channel_tell(struct channels *channels, struct channel *channel)
{
    json_t *event;

    if (channel->packets == 0 || !channel->common)
        return;
    event = json_copy(channel->common);
    json_object_set_new_nocheck(event, "timestamp", event_json_time(channel->last_ns));
    json_object_set_new_nocheck(
        event, "channel_data",
        channel_json(channel->key.channel, channel->packets, channel->bytes));
    channel->packets = channel->bytes = 0;
    channels->done(event, channels->ctx);
}

bool channels_count(struct channels *channels, const struct event *head, uint16_t number,
                    size_t payload, bool told)
{
    struct channel_key key;
    struct channel *channel = channel_find(channels, head, number, &key);

    if (channel) {
        if (told)
            return false;
        channel->packets++;
        channel->bytes += payload;
        channel->last_ns = head->time_ns;
        return false;
    }
    if (HASH_COUNT(channels->table) >= CHANNEL_MAX) {
        channel_tell(channels, channels->table);
        channel_drop(channels, channels->table);
    }
    channel = calloc(1, sizeof *channel);
    if (channel) {
        channel->key = key;
        /* The analyzer does not see that HASH_DEL moves the head on. */
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_ADD(hh, channels->table, key, sizeof channel->key, channel);
    }
    return true;
}

void channels_describe(struct channels *channels, const struct event *head, uint16_t number,
                       const json_t *common)
{
    struct channel_key key;
    struct channel *channel = channel_find(channels, head, number, &key);

    if (!channel)
        return;
    json_decref(channel->common);
    channel->common = json_copy((json_t *)(uintptr_t)common);
    /* The counts come from many calls; those of the first would be taken for theirs. */
    json_object_del(channel->common, "hook");
}

void channels_flush(struct channels *channels, uint64_t now_ms, bool all)
{
    struct channel *channel, *next;

    if (!channels->timed) {
        channels->timed = true;
        channels->told_ms = now_ms;
    }
    if (!all && now_ms - channels->told_ms < CHANNEL_TELL_MS)
        return;
    channels->told_ms = now_ms;
    HASH_ITER(hh, channels->table, channel, next)
    {
        /* cppcheck-suppress uninitvar ; it can't expand HASH_ITER */
        channel_tell(channels, channel);
    }
}
