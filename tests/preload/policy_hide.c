/* Makes a policy that hides interfaces, from what this machine has. */
#include "policy_hide.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool in_list(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

void policy_hide_all_but(struct policy_shared *policy, const char *shown)
{
    static struct policy_table table;
    struct if_nameindex *names = if_nameindex();
    struct ifaddrs *list = NULL;

    table = policy->table[0];
    strcpy(table.name, "hide");
    table.hides = 1;
    table.enforced = POLICY_ENUMERATION;
    table.hidden_unknown = POLICY_HIDDEN_LINK;
    for (struct if_nameindex *i = names; i && i->if_index; i++) {
        struct policy_iface *iface = &table.iface[table.ifaces++];
        iface->ifindex = i->if_index;
        strncpy(iface->name, i->if_name, sizeof iface->name - 1);
        iface->hidden = in_list(shown, i->if_name) ? 0 : POLICY_HIDDEN_LINK;
    }
    if_freenameindex(names);
    if (getifaddrs(&list) != 0)
        abort();
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr ||
            (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
            continue;
        struct policy_addr *addr = &table.addr[table.addrs++];
        addr->addr = netaddr_from_sockaddr(i->ifa_addr, i->ifa_addr->sa_family == AF_INET
                                                            ? sizeof(struct sockaddr_in)
                                                            : sizeof(struct sockaddr_in6));
        for (uint32_t k = 0; k < table.ifaces; k++)
            if (strcmp(table.iface[k].name, i->ifa_name) == 0)
                addr->slot = (uint8_t)k;
        addr->hidden = table.iface[addr->slot].hidden != 0;
    }
    freeifaddrs(list);
    policy_publish(policy, &table);
}
