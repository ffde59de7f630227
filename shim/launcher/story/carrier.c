/* Finds the interface that carries a message: by pin, by local address, by route lookup. */
#include "carrier.h"

#include <string.h>

const char *iface_source_name(enum iface_source source)
{
    static const char *const names[] = {
        [IFACE_UNKNOWN] = "unknown",
        [IFACE_PINNED] = "pinned",
        [IFACE_ADDRESS] = "address",
        [IFACE_ROUTE] = "route",
    };

    return names[source];
}

static uint32_t carrier_loopback(const struct network *network)
{
    struct netaddr four = netaddr_from_bytes((const uint8_t[]){127, 0, 0, 1}, 4, 0);
    struct netaddr six = netaddr_from_bytes(
        (const uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, 0);
    uint32_t owner = network_owner_of(network, &four);

    return owner ? owner : network_owner_of(network, &six);
}

/* Fill in the address that the kernel chooses for a socket bound to the wildcard. */
static void carrier_choose_local(const struct event *head, const struct network_answer *answer,
                                 struct carrier *out)
{
    if (!answer->found || answer->prefsrc.family == NETADDR_NONE)
        return;
    out->local = answer->prefsrc;
    out->local.port = head->local.port;
}

void carrier_find(struct network *network, const struct event *head, struct carrier *out)
{
    enum netaddr_kind local = netaddr_kind_of(&head->local);
    enum netaddr_kind remote = netaddr_kind_of(&head->remote);
    struct network_lookup lookup = {.dest = head->remote, .mark = head->mark};
    struct network_answer answer = {0};
    /* Bound to a group, as for multicast DNS: what comes in was sent to it, nothing goes out from
     * it. */
    bool group = local == NETADDR_KIND_MULTICAST;
    bool to_group = group && (head->flags & EVENT_IN);
    uint32_t owner = 0; /* of the local address */
    bool here;

    memset(out, 0, sizeof *out);
    out->local = head->local;
    out->wildcard = local == NETADDR_KIND_UNSPECIFIED || (group && !to_group);
    if (to_group)
        lookup.dest = head->local;
    if (head->flags & EVENT_SOURCE_PINNED)
        lookup.oif = head->ifindex;
    if (local != NETADDR_KIND_NONE && !out->wildcard && !group)
        lookup.source = head->local;
    if (lookup.source.family != NETADDR_NONE)
        owner = network_owner_of(network, &lookup.source);
    if (remote != NETADDR_KIND_NONE && remote != NETADDR_KIND_UNSPECIFIED)
        network_route(network, &lookup, &answer);

    if (local == NETADDR_KIND_NONE || out->wildcard)
        carrier_choose_local(head, &answer, out);

    here = remote == NETADDR_KIND_LOOPBACK || (remote != NETADDR_KIND_NONE && !to_group &&
                                               network_owner_of(network, &head->remote) != 0);
    if (lookup.oif) {
        out->source = IFACE_PINNED;
        out->ifindex = lookup.oif;
    } else if (here) {
        out->ifindex = carrier_loopback(network);
        out->source = out->ifindex ? IFACE_ROUTE : IFACE_UNKNOWN;
    } else if (owner && (!answer.found || answer.oif == owner)) {
        out->source = IFACE_ADDRESS;
        out->ifindex = owner;
    } else if (answer.found) {
        out->source = IFACE_ROUTE;
        out->ifindex = answer.oif;
        out->address_ifindex = owner;
    }
}

void carrier_elsewhere(const struct event *head, struct carrier *out)
{
    *out = (struct carrier){.local = head->local,
                            .wildcard = netaddr_kind_of(&head->local) == NETADDR_KIND_UNSPECIFIED};
}
