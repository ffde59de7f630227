/* Opens the taps of a live capture, or says why they can't be. */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer.h"
#include "live_private.h"

enum {
    BUFFER_BYTES_DEFAULT = 8 << 20,
    BUFFERS_BYTES_MAX = 128 << 20, /* together */
};

static void say_no_permission(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    analyzer_complain("capturing needs the capability cap_net_raw: run it with sudo, or give it to "
                      "the program once with: sudo setcap cap_net_raw=ep %s",
                      n > 0 ? self : "rtcshim-analyzer");
}

/* The interface with this name, or with this alternative name. */
static const struct link *link_named(const struct live *live, const char *name)
{
    const struct link *link = links_by_name(live->links, name);
    return link ? link : links_by_index(live->links, if_nametoindex(name));
}

static void say_failure(const struct live *live, const char *name, enum tap_failure failure,
                        const char *reason)
{
    const struct link *link = link_named(live, name);
    if (failure == TAP_NO_PERMISSION)
        say_no_permission();
    else if (failure == TAP_NO_SUCH_INTERFACE && !link)
        analyzer_complain("there is no interface '%s'; 'rtcshim capture -D' lists them", name);
    else if (link && !(link->flags & IFF_UP))
        analyzer_complain("the interface %s is down", name);
    else
        analyzer_complain("cannot capture on %s: %s", name, reason);
}

/* All interfaces of the machine have a name in an "any" capture, whether packets come or not. */
static bool add_all_links(struct live *live, uint16_t link_type)
{
    const struct link *link;
    for (size_t i = 0; (link = links_at(live->links, i)) != NULL; i++)
        if (!catalog_add_index(live->catalog, link->name, link->index, link_type, live->snaplen))
            return false;
    return true;
}

static bool is_captured(const struct live *live, const struct link *link)
{
    for (size_t i = 0; i < live->count; i++)
        if (live->sources[i].iface->ifindex == link->index)
            return true;
    return false;
}

static enum tap_failure add_source(struct live *live, const char *name,
                                   const struct tap_options *options,
                                   char reason[static TAP_REASON_BYTES])
{
    struct source *source = &live->sources[live->count];
    const struct link *link = link_named(live, name);
    enum tap_failure failure;
    /* libpcap has names for other things too: "nflog", "dbus-system". */
    if (!link && strcmp(name, TAP_ANY) != 0)
        return TAP_NO_SUCH_INTERFACE;
    if (link && is_captured(live, link)) {
        (void)snprintf(reason, TAP_REASON_BYTES, "it is %s, which is named twice", link->name);
        return TAP_FAILED;
    }
    if (link)
        name = link->name;
    source->tap = tap_open(name, options, &failure, reason);
    if (!source->tap)
        return failure;
    source->iface = catalog_add(live->catalog, name, link ? link->index : 0,
                                tap_link_type(source->tap), live->snaplen);
    /* Beside taps of their own the others get a name with their first packet. */
    if (!source->iface || (tap_is_any(source->tap) && !live->by_default &&
                           !add_all_links(live, tap_link_type(source->tap)))) {
        tap_close(source->tap);
        (void)snprintf(reason, TAP_REASON_BYTES, "out of memory");
        return TAP_FAILED;
    }
    source->look = true;
    source->dropped_before = link ? link->dropped : 0;
    live->count++;
    live->any |= tap_is_any(source->tap);
    return TAP_OPENED;
}

static bool open_named(struct live *live, const struct live_options *options)
{
    char reason[TAP_REASON_BYTES];
    for (size_t i = 0; i < options->count; i++) {
        enum tap_failure failure;
        if (live->count == LIVE_TAPS_MAX) {
            analyzer_complain("more than %d interfaces; 'any' captures all at once", LIVE_TAPS_MAX);
            return false;
        }
        failure = add_source(live, options->names[i], &options->tap, reason);
        if (failure != TAP_OPENED) {
            say_failure(live, options->names[i], failure, reason);
            return false;
        }
    }
    return true;
}

static bool is_wanted(const struct link *link)
{
    return (link->flags & IFF_UP) && !(link->flags & IFF_LOOPBACK);
}

/* The kernel's memory for buffers has a limit where nobody chose the interfaces: a machine full of
 * containers has hundreds. */
static uint32_t default_buffer(const struct live *live)
{
    uint32_t wanted = 0;
    const struct link *link;
    for (size_t i = 0; live->by_default && (link = links_at(live->links, i)) != NULL; i++)
        wanted += is_wanted(link) && wanted < LIVE_TAPS_MAX;
    return wanted > BUFFERS_BYTES_MAX / BUFFER_BYTES_DEFAULT ? BUFFERS_BYTES_MAX / wanted
                                                             : BUFFER_BYTES_DEFAULT;
}

/*
 * One tap for all that has none, loopback excepted: interfaces that come up later. Which packets
 * those are is decided in the kernel, by index, so that none is seen twice.
 */
static bool open_later(struct live *live, const struct live_options *options)
{
    char filter[(size_t)LIVE_TAPS_MAX * 2 * sizeof("ifindex 4294967295 or ")] = "";
    char reason[TAP_REASON_BYTES];
    struct tap_options tap = options->tap;
    enum tap_failure failure;
    char *both = NULL;
    size_t at = 0;
    const struct link *link;
    for (size_t i = 0; (link = links_at(live->links, i)) != NULL; i++) {
        if (!is_captured(live, link) && !(link->flags & IFF_LOOPBACK))
            continue;
        int n = snprintf(filter + at, sizeof(filter) - at, "%sifindex %u", at ? " or " : "",
                         link->index);
        if (n < 0 || (size_t)n >= sizeof(filter) - at)
            break;
        at += (size_t)n;
    }
    if (at > 0 && asprintf(&both, "%s%s%snot (%s)", tap.filter ? "(" : "",
                           tap.filter ? tap.filter : "", tap.filter ? ") and " : "", filter) < 0) {
        analyzer_complain("cannot capture: out of memory");
        return false;
    }
    if (at > 0)
        tap.filter = both;
    failure = add_source(live, TAP_ANY, &tap, reason);
    free(both);
    live->later = failure == TAP_OPENED;
    if (failure == TAP_NO_PERMISSION)
        say_no_permission();
    else if (failure != TAP_OPENED)
        analyzer_complain("cannot capture interfaces that come up later: %s", reason);
    return failure == TAP_OPENED;
}

/* Of those that nobody named, one that can't be captured is told and left out. */
static bool open_default(struct live *live, const struct live_options *options)
{
    char reason[TAP_REASON_BYTES];
    const struct link *link;
    for (size_t i = 0; (link = links_at(live->links, i)) != NULL; i++) {
        enum tap_failure failure;
        if (!is_wanted(link))
            continue;
        if (options->later && live->count == LIVE_TAPS_MAX - 1)
            break;
        if (live->count == LIVE_TAPS_MAX) {
            analyzer_complain("more than %d interfaces are up: %s and those after it are not "
                              "captured; 'any' captures all at once",
                              LIVE_TAPS_MAX, link->name);
            return true;
        }
        failure = add_source(live, link->name, &options->tap, reason);
        if (failure == TAP_OPENED)
            continue;
        say_failure(live, link->name, failure, reason);
        if (failure == TAP_NO_PERMISSION || failure == TAP_BAD_FILTER)
            return false;
    }
    if (options->later)
        return open_later(live, options);
    if (live->count == 0)
        analyzer_complain("no interface is up, except loopback; '-i lo' captures that one");
    return live->count > 0;
}

static void list_names(struct live *live)
{
    size_t at = 0;
    for (size_t i = 0; i < live->count; i++) {
        bool later = live->later && i == live->count - 1;
        int n = snprintf(live->names + at, sizeof(live->names) - at, "%s%s", i ? ", " : "",
                         later ? "what comes up later" : tap_name(live->sources[i].tap));
        if (n < 0 || (size_t)n >= sizeof(live->names) - at)
            return;
        at += (size_t)n;
    }
}

struct live *live_open(const struct live_options *options)
{
    struct live *live = calloc(1, sizeof(*live));
    bool good;
    if (!live || !(live->catalog = catalog_new(LIVE_IFACES_MAX))) {
        analyzer_complain("cannot capture: out of memory");
        live_close(live);
        return NULL;
    }
    live->by_default = options->count == 0;
    live->quiet = options->quiet;
    live->snaplen = options->tap.snaplen;
    live->links = links_open();
    if (!live->links) {
        analyzer_complain("cannot list the interfaces: %s", strerror(errno));
        live_close(live);
        return NULL;
    }
    struct live_options chosen = *options;
    if (chosen.tap.buffer_bytes == 0)
        chosen.tap.buffer_bytes = default_buffer(live);
    live->buffer_bytes = chosen.tap.buffer_bytes;
    good = live->by_default ? open_default(live, &chosen) : open_named(live, &chosen);
    if (!good) {
        live_close(live);
        return NULL;
    }
    list_names(live);
    return live;
}

void live_close(struct live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i < live->count; i++)
        tap_close(live->sources[i].tap);
    links_close(live->links);
    catalog_free(live->catalog);
    free(live);
}
