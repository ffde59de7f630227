/* An array of interfaces that never move, and a hash from index to the one that has it now. */
#include "catalog.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct entry {
    struct packet_iface shown;
    UT_hash_handle hh; /* in by_index, of those that are there */
    char name[];
};

struct catalog {
    struct entry **entries;
    uint32_t count, room, max;
    struct entry *by_index;
};

struct catalog *catalog_new(uint32_t max)
{
    struct catalog *c = calloc(1, sizeof(*c));
    if (c)
        c->max = max;
    return c;
}

static struct entry *add(struct catalog *c, const char *name)
{
    size_t size = strlen(name) + 1;
    struct entry *entry;
    if (c->count == c->max)
        return NULL;
    if (c->count == c->room) {
        uint32_t room = c->room ? 2 * c->room : 16;
        struct entry **grown = realloc((void *)c->entries, room * sizeof(struct entry *));
        if (!grown)
            return NULL;
        c->entries = grown;
        c->room = room;
    }
    entry = calloc(1, sizeof(*entry) + size);
    if (!entry)
        return NULL;
    memcpy(entry->name, name, size);
    entry->shown.name = entry->name;
    entry->shown.number = c->count;
    c->entries[c->count++] = entry;
    return entry;
}

const struct packet_iface *catalog_add(struct catalog *c, const char *name, uint32_t ifindex,
                                       uint16_t link_type, uint32_t snaplen)
{
    struct entry *entry = add(c, name);
    if (!entry)
        return NULL;
    entry->shown.ifindex = ifindex;
    entry->shown.link_type = link_type;
    entry->shown.snaplen = snaplen;
    return &entry->shown;
}

const struct packet_iface *catalog_add_index(struct catalog *c, const char *name, uint32_t ifindex,
                                             uint16_t link_type, uint32_t snaplen)
{
    const struct packet_iface *iface = catalog_add(c, name, ifindex, link_type, snaplen);
    struct entry *entry;
    if (!iface)
        return NULL;
    catalog_forget_index(c, ifindex);
    entry = c->entries[iface->number];
    HASH_ADD(hh, c->by_index, shown.ifindex, sizeof(ifindex), entry);
    return iface;
}

const struct packet_iface *catalog_at(const struct catalog *c, uint32_t number)
{
    return number < c->count ? &c->entries[number]->shown : NULL;
}

const struct packet_iface *catalog_of_index(const struct catalog *c, uint32_t ifindex)
{
    struct entry *entry;
    HASH_FIND(hh, c->by_index, &ifindex, sizeof(ifindex), entry);
    return entry ? &entry->shown : NULL;
}

void catalog_forget_index(struct catalog *c, uint32_t ifindex)
{
    struct entry *entry;
    HASH_FIND(hh, c->by_index, &ifindex, sizeof(ifindex), entry);
    if (entry)
        HASH_DEL(c->by_index, entry);
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    HASH_CLEAR(hh, c->by_index);
    for (uint32_t i = 0; i < c->count; i++)
        free(c->entries[i]);
    free((void *)c->entries);
    free(c);
}
