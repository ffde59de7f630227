/* Asking a picture of the network; pure. */
#include "netview.h"

#include <net/if_arp.h>
#include <string.h>

const struct netview_iface *netview_by_index(const struct netview *view, uint32_t ifindex)
{
    for (size_t i = 0; ifindex != 0 && i < view->ifaces; i++)
        if (view->iface[i].ifindex == ifindex)
            return &view->iface[i];
    return NULL;
}

const struct netview_iface *netview_by_name(const struct netview *view, const char *name)
{
    for (size_t i = 0; i < view->ifaces; i++)
        if (strcmp(view->iface[i].name, name) == 0)
            return &view->iface[i];
    return NULL;
}

bool netview_is_kind(const struct netview_iface *iface, const char *kind)
{
    static const char *const tunnels[] = {"tun",    "wireguard", "ipip",   "sit",       "gre",
                                          "ip6tnl", "ip6gre",    "gretap", "ip6gretap", "vti",
                                          "vti6",   "xfrm",      "ovpn",   "ppp"};

    if (strcmp(kind, "loopback") == 0)
        return iface->loopback;
    if (strcmp(kind, "ethernet") == 0)
        return iface->kind[0] == '\0' && iface->type == ARPHRD_ETHER && !iface->wireless;
    if (strcmp(kind, "wifi") == 0)
        return iface->wireless;
    if (strcmp(kind, "ppp") == 0)
        return iface->type == ARPHRD_PPP || strcmp(iface->kind, "ppp") == 0;
    if (strcmp(kind, "tunnel") == 0) {
        for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++)
            if (strcmp(iface->kind, tunnels[i]) == 0)
                return true;
        return iface->type == ARPHRD_PPP || iface->type == ARPHRD_NONE;
    }
    return strcmp(iface->kind, kind) == 0;
}
