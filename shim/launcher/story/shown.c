/* Collects which interfaces and addresses a process was shown. */
#include "shown.h"

#include <stdlib.h>
#include <string.h>

#include "event_json.h"
#include "text.h"

void shown_free(struct shown *shown)
{
    free(shown->item);
    memset(shown, 0, sizeof *shown);
}

void shown_add(struct shown *shown, uint32_t ifindex, const char *name, const struct netaddr *ip)
{
    struct shown_item item;

    memset(&item, 0, sizeof item);
    item.ifindex = ifindex;
    if (name)
        memcpy(item.name, name, strnlen(name, sizeof item.name));
    if (ip) {
        item.ip = *ip;
        item.ip.port = 0;
    }
    for (size_t i = 0; i < shown->count; i++)
        if (memcmp(&shown->item[i], &item, sizeof item) == 0)
            return;
    if (shown->count == shown->room) {
        size_t want = shown->room ? shown->room * 2 : 16;
        struct shown_item *bigger =
            want <= SHOWN_MAX ? reallocarray(shown->item, want, sizeof *bigger) : NULL;
        if (!bigger) {
            shown->left_out++;
            return;
        }
        shown->item = bigger;
        shown->room = want;
    }
    shown->item[shown->count++] = item;
}

static bool same_interface(const struct shown_item *a, const struct shown_item *b)
{
    if (a->ifindex && b->ifindex)
        return a->ifindex == b->ifindex;
    return a->name[0] && memcmp(a->name, b->name, sizeof a->name) == 0;
}

/* The name of item's interface; *len 0 where nobody knows it. */
static const char *item_name(const struct shown *shown, const struct network *network,
                             const struct shown_item *item, size_t *len)
{
    const char *name = item->name;

    for (size_t i = 0; name[0] == '\0' && i < shown->count; i++)
        if (shown->item[i].name[0] && same_interface(&shown->item[i], item))
            name = shown->item[i].name;
    *len = strnlen(name, EVENT_IFNAME_BYTES);
    if (*len == 0) {
        name = network_name_of(network, item->ifindex);
        *len = name ? strlen(name) : 0;
    }
    return name;
}

/* An entry without address says nothing that one with an address does not say too. */
static bool item_is_said(const struct shown *shown, const struct shown_item *item)
{
    if (item->ip.family != NETADDR_NONE)
        return false;
    for (size_t i = 0; i < shown->count; i++)
        if (shown->item[i].ip.family != NETADDR_NONE && same_interface(&shown->item[i], item))
            return true;
    return false;
}

json_t *shown_json(const struct shown *shown, const struct network *network)
{
    json_t *array = json_array();

    for (size_t i = 0; i < shown->count; i++) {
        const struct shown_item *item = &shown->item[i];
        size_t len;
        const char *name = item_name(shown, network, item, &len);

        if (item_is_said(shown, item))
            continue;
        json_t *o = json_object();
        json_object_set_new_nocheck(o, "iface", len ? text_json(name, len) : json_null());
        if (len == 0 && item->ifindex)
            json_object_set_new_nocheck(o, "ifindex", json_integer(item->ifindex));
        json_object_set_new_nocheck(o, "ip", event_json_ip(&item->ip));
        json_array_append_new(array, o);
    }
    return array;
}
