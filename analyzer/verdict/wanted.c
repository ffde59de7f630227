/* Finds out which interfaces were meant to carry everything. */
#include "wanted.h"

#include <stdio.h>
#include <string.h>

const char *wanted_source_name(enum wanted_source source)
{
    static const char *const names[] = {"none", "option", "policy", "tunnel"};
    return names[source];
}

bool wanted_names(const struct wanted *wanted, const char *iface)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (strcmp(wanted->names[i], iface) == 0)
            return true;
    return false;
}

static void add_name(struct wanted *wanted, const char *name, size_t len)
{
    char *to;
    if (wanted->count == WANTED_MAX || len == 0)
        return;
    to = wanted->names[wanted->count];
    (void)snprintf(to, WANTED_NAME_BYTES, "%.*s", (int)(len < WANTED_NAME_BYTES ? len : 15), name);
    if (wanted_names(wanted, to))
        return;
    wanted->list[wanted->count++] = to;
}

bool wanted_includes(const struct wanted *wanted, const char *iface)
{
    return iface && (strcmp(iface, "lo") == 0 || wanted_names(wanted, iface));
}

/* "deny stun via !lo,!tun0 with best": what is refused everywhere but there is wanted there. */
static void from_rule(struct wanted *wanted, const char *rule)
{
    const char *at = strstr(rule, " via ");
    if (strncmp(rule, "deny stun", 9) != 0 || !at)
        return;
    at += 5;
    for (;;) {
        size_t len = strcspn(at, ", ");
        if (at[0] == '!' && !(len == 3 && strncmp(at, "!lo", 3) == 0))
            add_name(wanted, at + 1, len - 1);
        if (at[len] != ',')
            return;
        at += len + 1;
    }
}

static void from_policy(struct wanted *wanted, const char *policy, const char *vpn)
{
    if (!vpn)
        return;
    if (wanted->count == 0)
        wanted->policy = policy;
    add_name(wanted, vpn, strlen(vpn));
}

/* Of the policies of a run all that name an interface: to take a policy away in the middle is not
 * to want another path. */
static void from_policies(struct wanted *wanted, const struct run_folder *run)
{
    const json_t *item;
    size_t i;
    from_policy(wanted, run->policy_first_name, run->policy_first_vpn);
    json_array_foreach(run->policy_changes, i, item)
    {
        from_policy(wanted, json_string_value(json_object_get(item, "name")),
                    json_string_value(json_object_get(item, "vpn")));
    }
    from_policy(wanted, run->policy_name, run->policy_vpn);
    if (wanted->count > 0)
        return;
    wanted->policy = run->policy_first_name;
    json_array_foreach(run->policy_first_rules, i, item)
    {
        const char *rule = json_string_value(json_object_get(item, "rule"));
        if (rule)
            from_rule(wanted, rule);
    }
    if (wanted->count > 0)
        return;
    wanted->policy = run->policy_name;
    for (i = 0; i < run->rule_count; i++)
        if (run->rules[i].text)
            from_rule(wanted, run->rules[i].text);
}

/* Links that are tunnels by what they are. A tap (kind tun, Ethernet) is one too; those of virtual
 * machines have no default route. */
static bool is_tunnel(const struct run_iface *iface)
{
    static const char *const kinds[] = {"tun", "wireguard", "ppp",    "ipip",   "gre",  "sit",
                                        "vti", "vti6",      "ip6tnl", "ip6gre", "xfrm", "ovpn"};
    static const char *const types[] = {"none", "ppp", "tunnel", "tunnel6", "ipgre"};
    for (size_t i = 0; iface->kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(iface->kind, kinds[i]) == 0)
            return true;
    for (size_t i = 0; iface->link_type && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(iface->link_type, types[i]) == 0)
            return true;
    return false;
}

/* A default route in any table counts, since wg-quick uses one of its own, and at any time: many
 * tunnels come up late. One that never was up is none: sit0, tunl0 and others come with their
 * modules. */
static void from_tunnels(struct wanted *wanted, const struct network_at *network, bool with_default)
{
    const char *name;
    for (size_t i = 0; (name = network_at_iface(network, i)); i++) {
        const struct run_iface *iface = network_at_find_iface(network, name);
        if (iface && !iface->loopback && is_tunnel(iface) && network_at_ever_up(network, name) &&
            (!with_default || network_at_ever_default(network, name)))
            add_name(wanted, name, strlen(name));
    }
}

/* An interface that is given another name is still the one that is wanted. */
static void add_later_names(struct wanted *wanted, const struct network_at *network)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = network_at_renamed(network, wanted->names[i]);
        if (name)
            add_name(wanted, name, strlen(name));
    }
}

static void name_list(const struct wanted *wanted, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < wanted->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0                   ? ""
                                 : i + 1 == wanted->count ? " or "
                                                          : ", ",
                                 wanted->names[i]);
}

static void say(const struct network_at *network, struct wanted *wanted)
{
    char names[WANTED_MAX * (WANTED_NAME_BYTES + 4)], how[192] = "", missing[120] = "";
    name_list(wanted, names, sizeof(names));
    switch (wanted->source) {
    case WANTED_NONE:
        (void)snprintf(
            wanted->sentence, sizeof(wanted->sentence),
            "No tunnel was named, set by a policy or found, so nothing is called a leak; "
            "--vpn IFACE names it.");
        return;
    case WANTED_OPTION:
        (void)snprintf(how, sizeof(how), "--vpn %s", names);
        break;
    case WANTED_POLICY:
        (void)snprintf(how, sizeof(how), "the policy %.100s", wanted->policy ? wanted->policy : "");
        break;
    case WANTED_TUNNEL:
        (void)snprintf(how, sizeof(how), "%s",
                       network_at_ever_default(network, wanted->names[0])
                           ? "a tunnel that has a default route"
                           : "the only tunnel of the machine");
        break;
    }
    for (size_t i = 0; i < wanted->count; i++)
        if (network_at_find_iface(network, wanted->names[i]) == NULL) {
            wanted->missing = true;
            (void)snprintf(missing, sizeof(missing), " The run had no interface %s.",
                           wanted->names[i]);
        }
    (void)snprintf(wanted->sentence, sizeof(wanted->sentence),
                   "Wanted: everything through %s (%s).%s", names, how, missing);
}

void wanted_find(const struct run_folder *run, struct network_at *network, const char *option,
                 struct wanted *wanted)
{
    memset(wanted, 0, sizeof(*wanted));
    network_at_move(network, run->start_ns);
    if (option) {
        add_name(wanted, option, strlen(option));
        wanted->source = WANTED_OPTION;
    } else {
        from_policies(wanted, run);
        wanted->source = WANTED_POLICY;
    }
    if (wanted->count == 0) {
        from_tunnels(wanted, network, true);
        if (wanted->count == 0) {
            from_tunnels(wanted, network, false);
            /* Several, and nothing says which. */
            if (wanted->count > 1)
                wanted->count = 0;
        }
        wanted->source = wanted->count > 0 ? WANTED_TUNNEL : WANTED_NONE;
    }
    add_later_names(wanted, network);
    say(network, wanted);
}
