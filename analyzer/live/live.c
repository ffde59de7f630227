/* Several taps read as one, in the order of time, with the interface of each packet. */
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "analyzer.h"
#include "bytes.h"
#include "live_private.h"

enum {
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_LINUX_SLL2 = 276,
    SLL_BYTES = 16,
    SLL2_BYTES = 20,
    SLL_OTHERHOST = 3, /* packet types in both headers, as in linux/if_packet.h */
    SLL_OUTGOING = 4,
    /* With several taps a packet waits this long for earlier ones that the kernel has not shown. */
    RING_OVERHEAD_BYTES = 100, /* of a packet in the kernel's buffer: header, address, padding */
    HOLD_MS = TAP_DELAY_MS + 5,
    HELD_LOOK_MS = 4,    /* how often it is asked whether their buffer fills meanwhile */
    DOWN_CHECK_MS = 100, /* how often an interface that is down is asked whether it is gone */
};

/* --- news of interfaces ----------------------------------------------------------------------- */

/* By index first: an interface that is captured may have another name by now. */
static const struct source *source_of(const struct live *live, const struct link *link)
{
    const struct source *named = NULL;
    for (size_t i = 0; i < live->count; i++) {
        const struct source *source = &live->sources[i];
        if (!source->over && source->iface->ifindex == link->index)
            return source;
        if (strcmp(tap_name(source->tap), link->name) == 0)
            named = source;
    }
    return named;
}

static void take_news(const struct link *link, enum links_event event, void *context)
{
    struct live *live = context;
    const struct source *source = source_of(live, link);
    const struct packet_iface *known = catalog_of_index(live->catalog, link->index);
    bool captured = source && !source->over && source->iface->ifindex == link->index;
    live->unknown_index = 0;
    /* It has another name now, or is another one with the index of one that has gone. The packets
     * of one that has gone may still wait in the ring: so not then. */
    if (event != LINKS_GONE && known && strcmp(known->name, link->name) != 0)
        catalog_forget_index(live->catalog, link->index);
    if (live->quiet)
        return;
    if (captured && event == LINKS_RENAMED)
        analyzer_complain("%s is called %s now; its packets stay with the name that it had",
                          tap_name(source->tap), link->name);
    else if (captured && event == LINKS_DOWN)
        analyzer_complain("%s went down", link->name);
    else if (captured && event == LINKS_UP)
        analyzer_complain("%s is up again", link->name);
    else if (event == LINKS_UP && !captured && !live->any && !(link->flags & IFF_LOOPBACK) &&
             (live->by_default || source))
        analyzer_complain("%s came up and is not captured; '-i any' captures interfaces that come "
                          "up later, too",
                          link->name);
}

static int sooner(int timeout_ms, int ms)
{
    return timeout_ms < 0 || timeout_ms > ms ? ms : timeout_ms;
}

/* What waits in its buffer takes more than a quarter of it, as far as packets so far tell. */
static bool fills(const struct live *live, const struct source *source)
{
    uint64_t accepted, dropped, waiting;
    if (live->count == 1 || !source->have || source->taken == 0)
        return false;
    tap_counts(source->tap, &accepted, &dropped);
    waiting = accepted - dropped > source->taken ? accepted - dropped - source->taken : 0;
    return waiting * (source->taken_bytes / source->taken + RING_OVERHEAD_BYTES) >
           live->buffer_bytes / 4;
}

bool live_wait(struct live *live, int fd, int timeout_ms)
{
    struct pollfd fds[LIVE_TAPS_MAX + 2];
    nfds_t n = 0;
    for (size_t i = 0; i < live->count; i++) {
        const struct source *source = &live->sources[i];
        /* A packet that is held would end each wait at once. */
        bool ask = !source->over && !source->have;
        fds[n++] = (struct pollfd){.fd = ask ? tap_fd(source->tap) : -1, .events = POLLIN};
        if (source->have)
            timeout_ms = sooner(timeout_ms, HELD_LOOK_MS);
        else if (!source->over && tap_is_down(source->tap))
            timeout_ms = sooner(timeout_ms, DOWN_CHECK_MS);
    }
    fds[n++] = (struct pollfd){.fd = links_fd(live->links), .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (poll(fds, n, timeout_ms) < 0)
        return false;
    for (size_t i = 0; i < live->count; i++) {
        struct source *source = &live->sources[i];
        source->look |= !source->over && (fds[i].revents != 0 || tap_is_down(source->tap));
        source->hurry = fills(live, source);
    }
    if (fds[n - 2].revents != 0)
        links_update(live->links, take_news, live);
    return fds[n - 1].revents != 0;
}

/* --- packets ---------------------------------------------------------------------------------- */

static void end_source(struct live *live, struct source *source)
{
    size_t left = 0;
    links_update(live->links, take_news, live);
    const struct link *link = links_by_index(live->links, source->iface->ifindex);
    /* libpcap asks for it by the name that it had. */
    bool renamed = link && strcmp(link->name, tap_name(source->tap)) != 0;
    source->over = true;
    for (size_t i = 0; i < live->count; i++)
        left += !live->sources[i].over;
    analyzer_complain("%s is no longer captured: %s%s", tap_name(source->tap),
                      renamed ? "it was renamed, and went down" : tap_reason(source->tap),
                      left ? "; the others go on" : "");
}

static void look(struct live *live, struct source *source)
{
    switch (tap_next(source->tap, &source->next)) {
    case TAP_PACKET:
        source->have = true;
        source->taken++;
        source->taken_bytes += source->next.caplen;
        break;
    case TAP_NONE:
        source->look = false;
        break;
    case TAP_ENDED:
        source->look = false;
        end_source(live, source);
        break;
    }
}

/* The machine's interface that a packet of "any" passed. */
static const struct packet_iface *iface_of_index(struct live *live, const struct packet_iface *any,
                                                 uint32_t index)
{
    const struct packet_iface *iface = catalog_of_index(live->catalog, index);
    const struct link *link;
    if (iface || index == 0 || index == live->unknown_index)
        return iface ? iface : any;
    links_update(live->links, take_news, live);
    link = links_by_index(live->links, index);
    if (link)
        iface = catalog_add_index(live->catalog, link->name, index, any->link_type, live->snaplen);
    if (!iface)
        live->unknown_index = index;
    return iface ? iface : any;
}

static enum packet_direction direction_of(unsigned type)
{
    if (type == SLL_OUTGOING)
        return PACKET_OUT;
    return type < SLL_OTHERHOST ? PACKET_IN : PACKET_DIRECTION_UNKNOWN;
}

/* What a cooked header says beside the packet. Of an Ethernet frame libpcap knows no direction. */
static void look_at_header(struct live *live, struct packet *packet)
{
    const struct packet_iface *iface = packet->iface;
    if (iface->link_type == LINKTYPE_LINUX_SLL2 && packet->caplen >= SLL2_BYTES) {
        packet->iface = iface_of_index(live, iface, be32(packet->data + 4));
        packet->direction = direction_of(packet->data[10]);
    } else if (iface->link_type == LINKTYPE_LINUX_SLL && packet->caplen >= SLL_BYTES) {
        packet->direction = direction_of(be16(packet->data));
    }
}

/* No tap can show an earlier one any more. After a step of the clock times say nothing. */
static bool is_ripe(uint64_t time_ns)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t now = (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
    return time_ns + HOLD_MS * UINT64_C(1000000) <= now || time_ns > now + UINT64_C(1000000000);
}

enum live_status live_next(struct live *live, struct packet *out)
{
    struct source *first = NULL;
    bool left = false, all = true, hurry = false;
    for (size_t i = 0; i < live->count; i++) {
        struct source *source = &live->sources[i];
        if (!source->have && source->look)
            look(live, source);
        left |= !source->over;
        all &= source->have || source->over;
        hurry |= source->hurry;
        if (source->have && (!first || source->next.time_ns < first->next.time_ns))
            first = source;
    }
    if (!first)
        return left ? LIVE_IDLE : LIVE_OVER;
    if (!all && live->count > 1 && !hurry && !is_ripe(first->next.time_ns))
        return LIVE_IDLE;
    first->have = false;
    *out = (struct packet){.time_ns = first->next.time_ns,
                           .data = first->next.data,
                           .caplen = first->next.caplen,
                           .len = first->next.len,
                           .iface = first->iface};
    look_at_header(live, out);
    return LIVE_PACKET;
}

/* --- what is known ---------------------------------------------------------------------------- */

const char *live_names(const struct live *live)
{
    return live->names;
}

const char *live_name(const struct live *live, size_t i)
{
    return i < live->count - live->later ? tap_name(live->sources[i].tap) : NULL;
}

int live_links_fd(const struct live *live)
{
    return links_fd(live->links);
}

const struct packet_iface *live_iface(const struct live *live, uint32_t number)
{
    return catalog_at(live->catalog, number);
}

const struct packet_iface *live_iface_by_index(const void *live, uint32_t section, uint32_t ifindex)
{
    const struct live *l = live;
    return section == 0 ? catalog_of_index(l->catalog, ifindex) : NULL;
}

void live_count(struct live *live)
{
    links_refresh(live->links);
    for (size_t i = 0; i < live->count; i++) {
        struct source *source = &live->sources[i];
        const struct link *link = links_by_index(live->links, source->iface->ifindex);
        tap_counts(source->tap, &source->counts.accepted, &source->counts.dropped);
        source->counts.dropped_by_iface = link && link->dropped >= source->dropped_before
                                              ? link->dropped - source->dropped_before
                                              : UINT64_MAX;
    }
}

bool live_counts(const struct live *live, size_t tap, struct live_counts *out,
                 const struct packet_iface **iface)
{
    if (tap >= live->count)
        return false;
    *out = live->sources[tap].counts;
    *iface = live->sources[tap].iface;
    return true;
}
