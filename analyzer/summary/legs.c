/* Remembers which leg of a path stands for which. */
#include "legs.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

struct leg {
    struct netaddr src, dst; /* of the first leg, for a message in the direction of the key */
    uint64_t link;
    uint32_t hop;
    uint8_t carriage, protocol;
};

struct legs {
    struct table *table;
};

struct legs *legs_new(void)
{
    struct legs *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->table = table_new(LEGS_MAX, sizeof(struct leg), NULL, NULL);
    if (!l->table) {
        free(l);
        return NULL;
    }
    return l;
}

void legs_free(struct legs *l)
{
    if (!l)
        return;
    table_free(l->table);
    free(l);
}

static struct flow_key key_of(const struct place *place)
{
    uint8_t where[16] = {0};
    memcpy(where, &place->link, sizeof(place->link));
    where[8] = place->carriage;
    memcpy(where + 12, &place->hop, sizeof(place->hop));
    return flow_key_ordered(&place->src, &place->dst, place->protocol, where);
}

static struct place turned(const struct place *place)
{
    struct place back = *place;
    back.src = place->dst;
    back.dst = place->src;
    return back;
}

static void remember(struct legs *l, const struct place *copy, const struct place *first)
{
    struct flow_key key = key_of(copy);
    struct leg *leg = table_find(l->table, &key);
    if (leg) /* the first that was learned stays: what was counted was counted there */
        return;
    leg = table_add(l->table, &key);
    *leg = (struct leg){.src = first->src,
                        .dst = first->dst,
                        .link = first->link,
                        .hop = first->hop,
                        .carriage = first->carriage,
                        .protocol = first->protocol};
}

bool legs_join(struct legs *l, const struct place *copy, const struct place *first)
{
    struct place root = legs_first(l, first);
    struct place self = legs_first(l, copy);
    /* Already one path, or they would stand for each other. */
    if (self.link == root.link && self.hop == root.hop && self.carriage == root.carriage &&
        netaddr_same(&self.src, &root.src) && netaddr_same(&self.dst, &root.dst))
        return false;
    struct place copy_back = turned(copy), root_back = turned(&root);
    remember(l, copy, &root);
    remember(l, &copy_back, &root_back);
    return true;
}

struct place legs_first(struct legs *l, const struct place *place)
{
    struct flow_key key = key_of(place);
    const struct leg *leg = table_find(l->table, &key);
    struct place first = *place;
    if (!leg)
        return first;
    first.src = leg->src;
    first.dst = leg->dst;
    first.link = leg->link;
    first.hop = leg->hop;
    first.carriage = leg->carriage;
    first.protocol = leg->protocol;
    return first;
}
