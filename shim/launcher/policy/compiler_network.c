/* The network in the table: slots for interfaces, and which of them a list means. */
#include <fnmatch.h>
#include <string.h>

#include "compiler_private.h"

/* --- lists of interfaces ---------------------------------------------------------------------- */

static bool item_matches(const struct compiler *c, const struct program_iface *item, uint8_t family,
                         const struct netview_iface *iface)
{
    const struct netview *view = c->options->view;

    switch (item->kind) {
    case PROGRAM_IFACE_NAME:
        return strcmp(item->text, iface->name) == 0;
    case PROGRAM_IFACE_GLOB:
        return fnmatch(item->text, iface->name, 0) == 0;
    case PROGRAM_IFACE_KIND:
        return netview_is_kind(iface, item->text);
    case PROGRAM_IFACE_DEFAULT:
        return (family != NETADDR_IPV6 && iface->ifindex == view->default_inet) ||
               (family != NETADDR_IPV4 && iface->ifindex == view->default_inet6);
    case PROGRAM_IFACE_VPN:
        return c->options->vpn && strcmp(c->options->vpn, iface->name) == 0;
    }
    return false;
}

bool compiler_iface_matches(const struct compiler *c, const struct program_statement *s,
                            uint8_t family, const struct netview_iface *iface)
{
    bool wanted = false;
    bool found = false;

    for (size_t i = 0; i < s->ifaces; i++) {
        bool matches = iface && item_matches(c, &s->iface[i], family, iface);
        if (s->iface[i].is_not && matches)
            return false;
        wanted |= !s->iface[i].is_not;
        found |= !s->iface[i].is_not && matches;
    }
    return found || !wanted;
}

bool compiler_ifaces_by_family(const struct compiler *c, const struct program_statement *s)
{
    if (c->options->view->default_inet == c->options->view->default_inet6)
        return false;
    for (size_t i = 0; i < s->ifaces; i++)
        if (s->iface[i].kind == PROGRAM_IFACE_DEFAULT)
            return true;
    return false;
}

static void note_missing(struct compiler *c, const struct program_statement *s)
{
    for (size_t i = 0; i < s->ifaces; i++) {
        const struct program_iface *item = &s->iface[i];
        const char *name = item->kind == PROGRAM_IFACE_VPN    ? c->options->vpn
                           : item->kind == PROGRAM_IFACE_NAME ? item->text
                                                              : NULL;
        if (name && !netview_by_name(c->options->view, name))
            compiler_note(c, "there is no interface '%s' now", name);
    }
}

void compiler_put_ifaces(struct compiler *c, const struct program_statement *s, uint8_t family,
                         struct policy_rule *rule)
{
    const struct policy_table *t = c->table;

    note_missing(c, s);
    /* An interface that the table does not know is none of those that are named. */
    rule->iface_not = compiler_iface_matches(c, s, family, NULL);
    memset(&rule->ifaces, 0, sizeof rule->ifaces);
    for (uint32_t slot = 0; slot < t->ifaces; slot++) {
        const struct netview_iface *iface =
            netview_by_index(c->options->view, t->iface[slot].ifindex);
        if (compiler_iface_matches(c, s, family, iface) != (rule->iface_not != 0))
            rule->ifaces.bit[slot / 64] |= UINT64_C(1) << slot % 64;
    }
}

/* --- slots ------------------------------------------------------------------------------------ */

/* Interfaces that must not fall off a full table: those that the rules name, and those that decide
 * where packets go. */
static bool is_important(const struct compiler *c, const struct netview_iface *iface)
{
    const struct netview *view = c->options->view;

    if (iface->loopback || iface->ifindex == view->default_inet ||
        iface->ifindex == view->default_inet6 || iface->ifindex == view->dns_ifindex)
        return true;
    for (size_t i = 0; i < c->program->count; i++) {
        const struct program_statement *s = &c->program->statement[i];
        for (size_t k = 0; k < s->ifaces; k++)
            if (item_matches(c, &s->iface[k], 0, iface) && s->iface[k].kind != PROGRAM_IFACE_GLOB)
                return true;
    }
    return false;
}

static void put_iface(struct compiler *c, const struct netview_iface *iface)
{
    const struct netview *view = c->options->view;
    struct policy_iface *slot = &c->table->iface[c->table->ifaces++];

    slot->ifindex = iface->ifindex;
    memcpy(slot->name, iface->name, sizeof slot->name);
    slot->name[sizeof slot->name - 1] = '\0';
    slot->flags =
        (uint8_t)((iface->loopback ? POLICY_IFACE_LOOPBACK : 0) |
                  (iface->ifindex == view->default_inet ? POLICY_IFACE_DEFAULT_INET : 0) |
                  (iface->ifindex == view->default_inet6 ? POLICY_IFACE_DEFAULT_INET6 : 0));
}

static uint8_t slot_of(const struct policy_table *t, uint32_t ifindex)
{
    for (uint32_t i = 0; i < t->ifaces; i++)
        if (t->iface[i].ifindex == ifindex && ifindex != 0)
            return (uint8_t)i;
    return POLICY_SLOT_NONE;
}

void compiler_put_network(struct compiler *c)
{
    const struct netview *view = c->options->view;
    struct policy_table *t = c->table;
    size_t left_out = 0;

    for (int important = 1; important >= 0; important--)
        for (size_t i = 0; i < view->ifaces; i++) {
            if (view->iface[i].ifindex == 0 || is_important(c, &view->iface[i]) != (important != 0))
                continue;
            if (t->ifaces < POLICY_IFACES_MAX)
                put_iface(c, &view->iface[i]);
            else
                left_out++;
        }
    if (left_out > 0)
        compiler_note(c,
                      "%zu interfaces past the first %d are known to no rule: they are none of "
                      "those that are named, and hidden where any is",
                      left_out, POLICY_IFACES_MAX);
    for (uint32_t slot = 0; slot < t->ifaces; slot++)
        for (size_t i = 0; i < view->addrs && t->addrs < POLICY_ADDRS_MAX; i++) {
            const struct netview_addr *addr = &view->addr[i];
            if (addr->ifindex != t->iface[slot].ifindex)
                continue;
            t->addr[t->addrs++] = (struct policy_addr){
                .addr = addr->addr, .slot = (uint8_t)slot, .prefix_bits = addr->prefix_bits};
        }
    t->resolvers = (uint32_t)view->resolvers;
    memcpy(t->resolver, view->resolver, sizeof t->resolver);
    t->dns_slot = slot_of(t, view->dns_ifindex);
}
