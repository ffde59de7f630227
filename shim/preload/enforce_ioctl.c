/* Refusing and answering ioctl requests about hidden interfaces. */
#include "enforce_ioctl.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <string.h>

#include "inspect.h"

enum {
    CONF_ENTRIES =
        64, /* of SIOCGIFCONF, on the stack; with more the caller's own buffer is edited */
    VLAN_NAME_AT = 4,  /* struct vlan_ioctl_args: int cmd, then the device's name */
    WIRELESS = 0x8b00, /* linux/wireless.h: SIOCSIWCOMMIT and all the others */
};

/* Where a request's argument has the interface's name. */
enum place { NOWHERE, AT_START, IN_VLAN, IN_ARP, LISTS_BRIDGES };

static const struct {
    unsigned short first, last;
    unsigned char place;
} requests[] = {
    {SIOCSIFLINK, SIOCSIFLINK, AT_START},
    {SIOCGIFFLAGS, SIOCGIFCOUNT, AT_START},
    {SIOCGIFBR, SIOCSIFBR, LISTS_BRIDGES},
    {SIOCGIFTXQLEN, SIOCSIFTXQLEN, AT_START},
    {SIOCETHTOOL, SIOCWANDEV, AT_START},
    {SIOCDARP, SIOCSARP, IN_ARP},
    {SIOCGIFMAP, SIOCSIFMAP, AT_START},
    {SIOCGIFVLAN, SIOCSIFVLAN, IN_VLAN},
    {SIOCBONDENSLAVE, SIOCBRADDIF + 1, AT_START},
    {0x89b0 /* SIOCSHWTSTAMP */, 0x89b1, AT_START},
    {SIOCDEVPRIVATE, SIOCDEVPRIVATE + 15, AT_START},
    {WIRELESS, WIRELESS + 0xff, AT_START},
};

static enum place place_of(unsigned long request)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (request >= requests[i].first && request <= requests[i].last)
            return (enum place)requests[i].place;
    return NOWHERE;
}

/* The request asks for an IPv4 address of the interface. */
static bool asks_address(unsigned long request)
{
    return request == SIOCGIFADDR || request == SIOCGIFDSTADDR || request == SIOCGIFBRDADDR ||
           request == SIOCGIFNETMASK;
}

static struct seen seen_ioctl(enum event_call call, int fd, uint64_t caller)
{
    return (struct seen){
        .call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller, .flags = EVENT_IN};
}

static int refuse(enum event_call call, int fd, unsigned long request, const char *name, int error,
                  uint64_t caller)
{
    struct seen seen = seen_ioctl(call, fd, caller);
    struct event event = emit_head(EVENT_IOCTL, &seen);
    struct ifreq entry = {0};

    if (name)
        memcpy(entry.ifr_name, name, strnlen(name, sizeof entry.ifr_name));
    event.arg = (uint32_t)request;
    hides_note(&event, error);
    emit_bytes(&event, &entry, sizeof entry);
    errno = error;
    return -1;
}

/* --- SIOCGIFCONF ------------------------------------------------------------------------------ */

static bool entry_hidden(const struct ifreq *entry)
{
    struct netaddr addr = netaddr_from_sockaddr(&entry->ifr_addr, sizeof entry->ifr_addr);

    return hides_addr_on(entry->ifr_name, sizeof entry->ifr_name, &addr);
}

/* Tell the whole list with what is hidden of it, then close the gaps; returns what is left. */
static size_t edit_list(struct ifreq *list, size_t count, const struct seen *seen)
{
    struct event_interface told[CONF_ENTRIES];
    size_t shown = 0;

    for (size_t i = 0; i < count; i++) {
        bool hidden = entry_hidden(&list[i]);
        if (i < CONF_ENTRIES) {
            told[i] = (struct event_interface){.hidden = hidden};
            memcpy(told[i].name, list[i].ifr_name, sizeof told[i].name);
            told[i].addr = netaddr_from_sockaddr(&list[i].ifr_addr, sizeof list[i].ifr_addr);
        }
        if (hidden && hides_by_mask(list[i].ifr_name, sizeof list[i].ifr_name, NETADDR_IPV4)) {
            hides_mask(&list[i].ifr_addr);
            hidden = false;
        }
        if (!hidden)
            list[shown++] = list[i];
    }
    memset(&list[shown], 0, (count - shown) * sizeof *list);

    struct event event = emit_head(EVENT_INTERFACES, seen);
    event.arg = (uint32_t)count;
    hides_note(&event, 0);
    emit_bytes(&event, told, (count < CONF_ENTRIES ? count : CONF_ENTRIES) * sizeof *told);
    return shown;
}

static enum enforce_ioctl list_interfaces(enum event_call call, int fd, struct ifconf *arg,
                                          int *result, uint64_t caller)
{
    struct ifreq list[CONF_ENTRIES];
    struct ifconf conf, mine = {.ifc_len = sizeof list, .ifc_req = list};
    struct seen seen = seen_ioctl(call, fd, caller);

    if (!memory_readable(arg, sizeof *arg))
        return IOCTL_PASSES;
    memcpy(&conf, arg, sizeof conf);
    *result = REAL(ioctl)(fd, SIOCGIFCONF, &mine);
    if (*result != 0)
        return IOCTL_IS_DONE;
    if (mine.ifc_len >= (int)sizeof list) {
        *result = REAL(ioctl)(fd, SIOCGIFCONF, arg);
        if (*result == 0 && arg->ifc_buf && arg->ifc_len > 0)
            arg->ifc_len =
                (int)(edit_list(arg->ifc_req, (size_t)arg->ifc_len / sizeof *list, &seen) *
                      sizeof *list);
        return IOCTL_IS_DONE;
    }
    size_t shown = edit_list(list, (size_t)mine.ifc_len / sizeof *list, &seen);
    size_t room = conf.ifc_len > 0 ? (size_t)conf.ifc_len / sizeof *list : 0;
    if (conf.ifc_buf) {
        shown = shown < room ? shown : room;
        if (!memory_readable(conf.ifc_buf, shown * sizeof *list)) {
            errno = EFAULT;
            *result = -1;
            return IOCTL_IS_DONE;
        }
        memcpy(conf.ifc_buf, list, shown * sizeof *list);
    }
    arg->ifc_len = (int)(shown * sizeof *list);
    return IOCTL_IS_DONE;
}

/* --- requests with a name -----------------------------------------------------------------------
 */

enum enforce_ioctl enforce_ioctl_before(enum event_call call, int fd, unsigned long request,
                                        void *arg, int *result, uint64_t caller)
{
    const char *name = arg;
    unsigned bits;

    if (request == SIOCGIFCONF)
        return list_interfaces(call, fd, arg, result, caller);
    switch (place_of(request)) {
    case NOWHERE:
        return IOCTL_PASSES;
    case LISTS_BRIDGES:
        *result = refuse(call, fd, request, NULL, EOPNOTSUPP, caller);
        return IOCTL_IS_DONE;
    case IN_VLAN:
        name += VLAN_NAME_AT;
        break;
    case IN_ARP:
        name += offsetof(struct arpreq, arp_dev);
        break;
    case AT_START:
        break;
    }
    if (!arg || !memory_readable(name, IFNAMSIZ) || name[0] == '\0')
        return IOCTL_PASSES;
    bits = policy_hidden_name(shim.policy, name, IFNAMSIZ);
    if (bits & POLICY_HIDDEN_LINK)
        *result = refuse(call, fd, request, name, ENODEV, caller);
    else if ((bits & (POLICY_HIDDEN_INET | POLICY_MASKED_INET)) == POLICY_HIDDEN_INET &&
             asks_address(request))
        *result = refuse(call, fd, request, name, EADDRNOTAVAIL, caller);
    else
        return IOCTL_PASSES;
    return IOCTL_IS_DONE;
}

/* A tunnel's hardware address is its IP address. */
static void blank_tunnel(struct ifreq *answer)
{
    struct netaddr addr = netaddr_from_bytes((const uint8_t *)answer->ifr_hwaddr.sa_data, 4, 0);

    if (answer->ifr_hwaddr.sa_family >= ARPHRD_TUNNEL && hides_addr(&addr))
        memset(answer->ifr_hwaddr.sa_data, 0, sizeof answer->ifr_hwaddr.sa_data);
}

void enforce_ioctl_after(enum event_call call, int fd, unsigned long request, void *arg,
                         int *result, uint64_t caller)
{
    if (*result < 0 || !arg)
        return;
    if (request == SIOCGIFNAME) {
        struct ifreq *answer = arg;
        if (!hides_index((uint32_t)answer->ifr_ifindex))
            return;
        *result = refuse(call, fd, request, answer->ifr_name, ENODEV, caller);
        memset(answer->ifr_name, 0, sizeof answer->ifr_name);
    } else if (asks_address(request)) {
        struct ifreq *answer = arg;
        if (!hides_by_mask(answer->ifr_name, sizeof answer->ifr_name, NETADDR_IPV4))
            return;
        if (request == SIOCGIFNETMASK)
            hides_netmask(&answer->ifr_netmask);
        else
            hides_mask(&answer->ifr_addr);
    } else if (request == SIOCGIFHWADDR) {
        blank_tunnel(arg);
    } else if (request == SIOCGARP) {
        struct arpreq *answer = arg;
        if (!answer->arp_dev[0] || !hides_name(answer->arp_dev, sizeof answer->arp_dev))
            return;
        *result = refuse(call, fd, request, answer->arp_dev, ENXIO, caller);
        memset(&answer->arp_ha, 0, sizeof answer->arp_ha);
        memset(answer->arp_dev, 0, sizeof answer->arp_dev);
    }
}
