/* Event records: names, and the one way to take a record from a stranger apart. */
#include "event.h"

#include <string.h>

#include "policy.h"

static const char *const call_names[] = {
    [EVENT_CALL_NONE] = "",
#define HOOK(name, ret, params) [EVENT_CALL_##name] = #name,
#include "hooks.def"
#undef HOOK
};
_Static_assert(sizeof(call_names) / sizeof(call_names[0]) == EVENT_CALL_COUNT,
               "a name for each call");

/* A kind's name and how much data it takes; a record whose call failed or whose stream lost its
 * framing may carry less. */
struct kind_row {
    const char *name;
    uint32_t data_min;
    uint32_t data_max;
};

static const struct kind_row kinds[EVENT_KIND_COUNT] = {
    [EVENT_NONE] = {"", 0, 0},
    [EVENT_PROCESS] = {"process", sizeof(struct event_process), sizeof(struct event_process)},
    [EVENT_FORK] = {"fork", sizeof(struct event_fork), sizeof(struct event_fork)},
    [EVENT_EXEC] = {"exec", 0, EVENT_DATA_MAX},
    [EVENT_STUN] = {"stun", 20, EVENT_DATA_MAX},
    [EVENT_CHANNEL_DATA] = {"channel-data", 4, EVENT_DATA_MAX},
    [EVENT_DNS] = {"dns", 0, EVENT_DATA_MAX},
    [EVENT_MDNS] = {"mdns", 0, EVENT_DATA_MAX},
    [EVENT_CONNECT] = {"connect", 0, 0},
    [EVENT_PROBE] = {"probe", 0, 0},
    [EVENT_NETLINK] = {"netlink", 0, EVENT_DATA_MAX},
    [EVENT_INTERFACES] = {"interfaces", 0, EVENT_DATA_MAX},
    [EVENT_INTERFACE_NAME] = {"interface-name", sizeof(struct event_interface),
                              sizeof(struct event_interface)},
    [EVENT_IOCTL] = {"ioctl", 0, EVENT_DATA_MAX},
    [EVENT_FILE] = {"file", 0, EVENT_DATA_MAX},
    [EVENT_NAME] = {"name", 0, EVENT_DATA_MAX},
    [EVENT_SOCKOPT] = {"sockopt", 0, EVENT_DATA_MAX},
};

enum {
    FLAGS_KNOWN = EVENT_OUT | EVENT_IN | EVENT_UDP | EVENT_TCP | EVENT_FRAMED | EVENT_CUT |
                  EVENT_FAILED | EVENT_CLASSIC | EVENT_UNKNOWN_FD | EVENT_REFUSED |
                  EVENT_SOURCE_PINNED | EVENT_ENV_REPAIRED | EVENT_UNSYNCED | EVENT_HIDDEN,
};

/*
 * Bring an address into the one form that netaddr.h promises, so that memcmp and prefix tests mean
 * what they say: no stray bytes, no IPv4-mapped IPv6. false where the family is unknown.
 */
static bool addr_settle(struct netaddr *addr)
{
    struct netaddr settled;

    if (addr->family == NETADDR_NONE)
        settled = (struct netaddr){.family = NETADDR_NONE};
    else if (addr->family == NETADDR_IPV4)
        settled = netaddr_from_bytes(addr->ip, 4, addr->port);
    else if (addr->family == NETADDR_IPV6)
        settled = netaddr_from_bytes(addr->ip, 16, addr->port);
    else
        return false;
    if (settled.family == NETADDR_IPV6)
        settled.scope_id = addr->scope_id;
    *addr = settled;
    return true;
}

/*
 * EVENT_NAME: name, NUL, zeros to a multiple of 8, addresses. On success *addrs_at is where they
 * start, and *count how many are there.
 */
static bool name_layout(const struct event *head, const uint8_t *data, size_t *addrs_at,
                        size_t *count)
{
    size_t len = head->data_len;
    size_t at = 0;

    while (at < len && data[at] != 0)
        at++;
    if (at == len)
        return false;
    do {
        if (data[at++] != 0)
            return false;
    } while (at % 8 != 0 && at < len);
    if (at % 8 != 0 && head->arg > 0)
        return false;

    size_t there = (len - at) / sizeof(struct netaddr);
    if ((head->flags & EVENT_CUT) != 0) {
        *count = there < head->arg ? there : head->arg;
    } else {
        if ((len - at) % sizeof(struct netaddr) != 0 || there != head->arg)
            return false;
        *count = there;
    }
    *addrs_at = at;
    return true;
}

static bool data_fits_kind(const struct event *head, const uint8_t *data)
{
    const struct kind_row *row = &kinds[head->kind];
    bool may_lack =
        head->data_len == 0 && (head->flags & (EVENT_FAILED | EVENT_UNSYNCED | EVENT_REFUSED)) != 0;
    size_t addrs_at;
    size_t count;

    if (head->data_len > row->data_max)
        return false;
    if (may_lack)
        return true;
    if (head->data_len < row->data_min)
        return false;
    if (head->kind == EVENT_INTERFACES)
        return head->data_len % sizeof(struct event_interface) == 0;
    if (head->kind == EVENT_NAME)
        return name_layout(head, data, &addrs_at, &count);
    return true;
}

bool event_view(const void *bytes, size_t len, struct event_view *out)
{
    struct event head;

    if (bytes == NULL || len < sizeof(head))
        return false;
    memcpy(&head, bytes, sizeof(head));
    const uint8_t *data = (const uint8_t *)bytes + sizeof(head);

    if (head.kind == EVENT_NONE || head.kind >= EVENT_KIND_COUNT || head.call >= EVENT_CALL_COUNT)
        return false;
    if ((head.flags & ~(uint32_t)FLAGS_KNOWN) != 0 || head.reserved != 0)
        return false;
    if (head.data_len > EVENT_DATA_MAX || head.data_len != len - sizeof(head) ||
        head.full_len < head.data_len)
        return false;
    if (((head.flags & EVENT_CUT) != 0) != (head.data_len < head.full_len))
        return false;
    if (head.action >= POLICY_ACTION_COUNT ||
        (head.rule >= POLICY_RULES_MAX && head.rule != POLICY_RULE_DEFAULT &&
         head.rule != POLICY_RULE_DOUBT))
        return false;
    if (!addr_settle(&head.local) || !addr_settle(&head.remote))
        return false;
    if (!data_fits_kind(&head, data))
        return false;

    out->head = head;
    out->data = data;
    return true;
}

const char *event_call_name(unsigned call)
{
    return call < EVENT_CALL_COUNT ? call_names[call] : "";
}

const char *event_kind_name(unsigned kind)
{
    return kind < EVENT_KIND_COUNT ? kinds[kind].name : "";
}

int event_name_unpack(const struct event_view *ev, const char **name, struct netaddr *addrs,
                      size_t max)
{
    size_t at;
    size_t count;
    int copied = 0;

    if (ev->head.kind != EVENT_NAME || !name_layout(&ev->head, ev->data, &at, &count))
        return -1;
    for (size_t i = 0; i < count && i < max; i++, at += sizeof(*addrs)) {
        memcpy(&addrs[i], ev->data + at, sizeof(*addrs));
        if (!addr_settle(&addrs[i]))
            return -1;
        copied++;
    }
    *name = (const char *)ev->data;
    return copied;
}

bool event_interface_at(const struct event_view *ev, size_t i, struct event_interface *out)
{
    struct event_interface entry;

    if (ev->head.kind != EVENT_INTERFACES && ev->head.kind != EVENT_INTERFACE_NAME)
        return false;
    if (i >= ev->head.data_len / sizeof(entry))
        return false;
    memcpy(&entry, ev->data + i * sizeof(entry), sizeof(entry));
    if (!addr_settle(&entry.addr))
        entry.addr = (struct netaddr){.family = NETADDR_NONE};
    *out = entry;
    return true;
}
