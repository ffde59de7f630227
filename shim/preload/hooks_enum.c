/* Hooks of libc's ways of looking at the local interfaces. */
#include "after.h"
#include "enforce_ioctl.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static struct seen seen_enum(enum event_call call, int fd, int64_t result, uint64_t caller)
{
    return (struct seen){
        .call = call,
        .fd = fd,
        .word = fd < 0 ? 0 : fdtab_get(fd),
        .caller = caller,
        .result = result,
        .flags = EVENT_IN,
    };
}

static void name_copy(char to[static EVENT_IFNAME_BYTES], const char *name)
{
    for (size_t i = 0; i < EVENT_IFNAME_BYTES && name[i]; i++)
        to[i] = name[i];
}

static uint32_t prefix_bits(const struct sockaddr *mask)
{
    const uint8_t *bytes;
    size_t len;
    uint32_t bits = 0;

    if (!mask)
        return 0;
    if (mask->sa_family == AF_INET) {
        bytes = (const uint8_t *)mask + offsetof(struct sockaddr_in, sin_addr);
        len = 4;
    } else if (mask->sa_family == AF_INET6) {
        bytes = (const uint8_t *)mask + offsetof(struct sockaddr_in6, sin6_addr);
        len = 16;
    } else {
        return 0;
    }
    for (size_t i = 0; i < len; i++)
        bits += (uint32_t)__builtin_popcount(bytes[i]);
    return bits;
}

/* The answer is too large for a thread's small stack to hold twice, so it is written into the event
 * piece by piece. */
enum { PIECES = 32 };

static void tell_interfaces(const struct seen *seen, const struct event_interface *piece, size_t n,
                            uint32_t all)
{
    struct event event = emit_head(EVENT_INTERFACES, seen);

    event.arg = all;
    emit_judge(&event, POLICY_ENUMERATION, 0);
    for (size_t i = 0; i < n; i++)
        if (piece[i].hidden)
            hides_note(&event, 0);
    emit_bytes(&event, piece, n * sizeof *piece);
}

static struct netaddr addr_of(const struct ifaddrs *i)
{
    if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
        return netaddr_from_sockaddr(i->ifa_addr, sizeof(struct sockaddr_in));
    if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
        return netaddr_from_sockaddr(i->ifa_addr, sizeof(struct sockaddr_in6));
    return (struct netaddr){.family = NETADDR_NONE};
}

static bool entry_hidden(const struct ifaddrs *i)
{
    struct netaddr addr = addr_of(i);

    return hides_anything() && hides_addr_on(i->ifa_name, IF_NAMESIZE, &addr);
}

/* A hidden entry that stays in the list, with another address. */
static bool mask_entry(struct ifaddrs *i)
{
    struct netaddr addr = addr_of(i);

    if (netaddr_kind_of(&addr) == NETADDR_KIND_LINK_LOCAL ||
        !hides_by_mask(i->ifa_name, IF_NAMESIZE, addr.family))
        return false;
    hides_mask(i->ifa_addr);
    hides_netmask(i->ifa_netmask);
    hides_mask(i->ifa_dstaddr);
    return true;
}

/*
 * Take the hidden entries out of the list, so that freeifaddrs() still frees all of it: glibc frees
 * one block, which starts with the first entry; others free each entry.
 */
static struct ifaddrs *hide_entries(struct ifaddrs *list)
{
    struct ifaddrs *shown = NULL, **tail = &shown;

    for (struct ifaddrs *i = list, *next; i; i = next) {
        next = i->ifa_next;
        if (!entry_hidden(i) || mask_entry(i)) {
            *tail = i;
            tail = &i->ifa_next;
            continue;
        }
#ifndef __GLIBC__
        i->ifa_next = NULL;
        freeifaddrs(i);
#endif
    }
    *tail = NULL;
#ifdef __GLIBC__
    if (!shown) {
        freeifaddrs(list);
    } else if (shown != list) {
        *list = *shown;
        shown = list;
    }
#endif
    return shown;
}

EXPORT int getifaddrs(struct ifaddrs **list)
{
    int result = REAL(getifaddrs)(list);
    struct event_interface piece[PIECES];
    uint32_t all = 0;
    size_t n = 0;

    if (!shim.active || result != 0)
        return result;
    struct seen seen = seen_enum(EVENT_CALL_getifaddrs, -1, result, CALLER());
    for (const struct ifaddrs *i = *list; i; i = i->ifa_next)
        all++;
    for (const struct ifaddrs *i = *list; i; i = i->ifa_next) {
        piece[n] = (struct event_interface){.flags = i->ifa_flags};
        name_copy(piece[n].name, i->ifa_name);
        piece[n].addr = addr_of(i);
        piece[n].hidden = entry_hidden(i);
        piece[n].prefix_bits = prefix_bits(i->ifa_netmask);
        if (++n == PIECES && i->ifa_next) {
            tell_interfaces(&seen, piece, n, all);
            n = 0;
        }
    }
    tell_interfaces(&seen, piece, n, all);
    if (hides_anything()) {
        int saved = errno;
        *list = hide_entries(*list);
        errno = saved;
    }
    return result;
}

/* The same for if_freenameindex(): glibc frees each name and the array, others one block. */
static void hide_names(struct if_nameindex *list)
{
    struct if_nameindex *out = list;
    int saved = errno;

    for (; list->if_index || list->if_name; list++) {
        if (!hides_index(list->if_index)) {
            *out++ = *list;
            continue;
        }
#ifdef __GLIBC__
        free(list->if_name);
#endif
    }
    *out = (struct if_nameindex){0};
    errno = saved;
}

EXPORT struct if_nameindex *if_nameindex(void)
{
    struct if_nameindex *list = REAL(if_nameindex)();
    struct event_interface piece[PIECES];
    uint32_t all = 0;
    size_t n = 0;

    if (!shim.active || !list)
        return list;
    struct seen seen = seen_enum(EVENT_CALL_if_nameindex, -1, 0, CALLER());
    while (list[all].if_index || list[all].if_name)
        all++;
    for (uint32_t i = 0; i < all; i++) {
        piece[n] = (struct event_interface){
            .index = list[i].if_index,
            .hidden = hides_anything() && hides_index(list[i].if_index),
        };
        name_copy(piece[n].name, list[i].if_name);
        if (++n == PIECES && i + 1 < all) {
            tell_interfaces(&seen, piece, n, all);
            n = 0;
        }
    }
    tell_interfaces(&seen, piece, n, all);
    if (hides_anything())
        hide_names(list);
    return list;
}

/* error: what the call fails with for a hidden interface, 0 it is shown. */
static void tell_name(enum event_call call, const char *name, uint32_t index, int64_t result,
                      int error, uint64_t caller)
{
    struct event_interface one = {.index = index, .hidden = error != 0};
    struct seen seen = seen_enum(call, -1, result, caller);

    if (!shim.active)
        return;
    name_copy(one.name, name);
    struct event event = emit_head(EVENT_INTERFACE_NAME, &seen);
    event.arg = 1;
    emit_judge(&event, POLICY_ENUMERATION, 0);
    if (error)
        hides_note(&event, error);
    emit_bytes(&event, &one, sizeof one);
}

EXPORT unsigned int if_nametoindex(const char *name)
{
    unsigned int index = REAL(if_nametoindex)(name);
    bool hidden = index && hides_anything() && hides_index(index);
    if (index)
        tell_name(EVENT_CALL_if_nametoindex, name, index, index, hidden ? ENODEV : 0, CALLER());
    if (!hidden)
        return index;
    errno = ENODEV;
    return 0;
}

EXPORT char *if_indextoname(unsigned int index, char name[IF_NAMESIZE])
{
    char *result = REAL(if_indextoname)(index, name);
    bool hidden = result && hides_anything() && hides_index(index);
    if (result)
        tell_name(EVENT_CALL_if_indextoname, name, index, 0, hidden ? ENXIO : 0, CALLER());
    if (!hidden)
        return result;
    memset(name, 0, IF_NAMESIZE);
    errno = ENXIO;
    return NULL;
}

/* SIOCGIF* and SIOCETHTOOL: questions about interfaces. */
static bool asks_interface(unsigned long request)
{
    switch (request) {
    case SIOCGIFNAME:
    case SIOCGIFCONF:
    case SIOCGIFFLAGS:
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR:
    case SIOCGIFBRDADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFMETRIC:
    case SIOCGIFMTU:
    case SIOCGIFHWADDR:
    case SIOCGIFINDEX:
    case SIOCGIFTXQLEN:
    case SIOCGIFMAP:
    case SIOCETHTOOL:
        return true;
    }
    return false;
}

void after_ioctl(enum event_call call, int fd, unsigned long request, void *arg, int result,
                 uint64_t caller)
{
    if (likely(!asks_interface(request)) || result < 0 || !arg || !shim.active)
        return;
    struct seen seen = seen_enum(call, fd, result, caller);
    struct event event = emit_head(EVENT_IOCTL, &seen);
    event.arg = (uint32_t)request;
    emit_judge(&event, POLICY_ENUMERATION, 0);
    if (request == SIOCGIFCONF) {
        struct ifconf conf;
        memcpy(&conf, arg, sizeof conf);
        emit_bytes(&event, conf.ifc_buf,
                   conf.ifc_buf && conf.ifc_len > 0 ? (size_t)conf.ifc_len : 0);
    } else {
        emit_bytes(&event, arg, sizeof(struct ifreq));
    }
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);

    int result;
    if (enforce_ioctl_wanted(request)) {
        if (enforce_ioctl_before(EVENT_CALL_ioctl, fd, request, arg, &result, CALLER()) ==
            IOCTL_IS_DONE)
            return result;
        result = REAL(ioctl)(fd, request, arg);
        enforce_ioctl_after(EVENT_CALL_ioctl, fd, request, arg, &result, CALLER());
    } else {
        result = REAL(ioctl)(fd, request, arg);
    }
    after_ioctl(EVENT_CALL_ioctl, fd, request, arg, result, CALLER());
    return result;
}
