/*
 * What is hidden. The first of hide, show, `enumeration` and the default that speaks of an
 * interface and a family decides. An interface is hidden altogether where both its families are:
 * one whose IPv4 is shown must be there to have it. So must one whose addresses alone are hidden.
 */
#include <string.h>

#include "compiler_private.h"

struct decision {
    bool hidden;
    bool masked;
    uint16_t line;
};

static uint16_t line_of(const struct program_statement *s)
{
    return (uint16_t)(s->line < UINT16_MAX ? s->line : UINT16_MAX);
}

static bool is_loopback(const struct netview_iface *iface)
{
    return iface && iface->loopback;
}

/* What one statement says of an interface; false: nothing. */
static bool decide(const struct compiler *c, const struct program_statement *s, uint8_t family,
                   const struct netview_iface *iface, struct decision *out)
{
    bool hides = s->verb == PROGRAM_HIDE || s->verb == PROGRAM_DENY;

    *out = (struct decision){hides, s->masks && iface, line_of(s)};
    switch (s->verb) {
    case PROGRAM_HIDE:
    case PROGRAM_SHOW:
        if (s->family != 0 && s->family != family)
            return false;
        /* An interface that nobody knows yet may be one of those that are hidden, and is taken for
         * none of those that are shown by name. */
        if (!iface && hides)
            return true;
        return compiler_iface_matches(c, s, family, iface);
    case PROGRAM_ALLOW:
    case PROGRAM_DENY:
        if (s->topics == POLICY_ENUMERATION || (s->topics == 0 && !program_is_qualified(s)))
            return !(hides && is_loopback(iface));
        return false;
    case PROGRAM_DEFAULT:
    case PROGRAM_REFUSE:
        return false;
    }
    return false;
}

static struct decision decide_all(const struct compiler *c, uint8_t family,
                                  const struct netview_iface *iface)
{
    const struct program *program = c->program;
    struct decision out = {false, false, 0};

    for (size_t i = 0; i < program->count; i++)
        if (decide(c, &program->statement[i], family, iface, &out))
            return out;
    for (size_t i = 0; i < program->count; i++)
        if (program->statement[i].verb == PROGRAM_DEFAULT)
            return (struct decision){program->statement[i].action == POLICY_DENY &&
                                         !is_loopback(iface),
                                     false, line_of(&program->statement[i])};
    return (struct decision){false, false, 0};
}

static uint8_t hidden_bits(const struct compiler *c, const struct netview_iface *iface,
                           uint16_t *line)
{
    struct decision inet = decide_all(c, NETADDR_IPV4, iface);
    struct decision inet6 = decide_all(c, NETADDR_IPV6, iface);

    *line = inet.hidden ? inet.line : inet6.hidden ? inet6.line : 0;
    return (
        uint8_t)((inet.hidden ? POLICY_HIDDEN_INET : 0) | (inet6.hidden ? POLICY_HIDDEN_INET6 : 0) |
                 (inet.masked ? POLICY_MASKED_INET : 0) | (inet6.masked ? POLICY_MASKED_INET6 : 0) |
                 (inet.hidden && inet6.hidden && !inet.masked && !inet6.masked ? POLICY_HIDDEN_LINK
                                                                               : 0));
}

void compiler_put_hidden(struct compiler *c)
{
    struct policy_table *t = c->table;
    uint16_t line;

    t->hidden_unknown = hidden_bits(c, NULL, &line);
    t->hides = t->hidden_unknown != 0;
    for (uint32_t i = 0; i < t->ifaces; i++) {
        struct policy_iface *slot = &t->iface[i];
        slot->hidden =
            hidden_bits(c, netview_by_index(c->options->view, slot->ifindex), &slot->line);
        t->hides |= slot->hidden != 0;
    }
    for (uint32_t i = 0; i < t->addrs; i++) {
        struct policy_addr *addr = &t->addr[i];
        uint8_t bit = addr->addr.family == NETADDR_IPV6 ? POLICY_HIDDEN_INET6 : POLICY_HIDDEN_INET;
        uint8_t mask = addr->addr.family == NETADDR_IPV6 ? POLICY_MASKED_INET6 : POLICY_MASKED_INET;
        addr->hidden = (t->iface[addr->slot].hidden & (bit | POLICY_HIDDEN_LINK)) != 0;
        addr->masked = addr->hidden && (t->iface[addr->slot].hidden & mask) != 0;
    }
    if (t->hides)
        t->enforced |= POLICY_ENUMERATION;
}
