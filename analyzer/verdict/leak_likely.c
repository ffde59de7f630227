/* What a page or the local network has likely learned: addresses that ICE offers of itself. */
#include "verdict_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct likely {
    struct netaddr address;
    enum verdict_learner who;
    enum reason reason;
    const char *iface, *call, *basis;
    uint32_t process;
    uint8_t iface_source, outcome;
    uint64_t first_ns;
};

/* The address is of an interface that is not wanted, and says something about this machine. *iface
 * is that interface. */
static bool is_anothers(const struct judging *g, const struct netaddr *address, const char **iface)
{
    enum netaddr_kind kind = netaddr_kind_of(address);
    *iface = judging_owner(g, address);
    return *iface && !wanted_includes(&g->verdict->wanted, *iface) &&
           kind != NETADDR_KIND_LOOPBACK && kind != NETADDR_KIND_LINK_LOCAL;
}

static bool has_iface(const json_t *hidden, const char *iface)
{
    const json_t *item;
    size_t i;
    json_array_foreach(hidden, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "iface"));
        if (name && strcmp(name, iface) == 0)
            return true;
    }
    return false;
}

static uint64_t change_ns(const struct judging *g, size_t index)
{
    const json_t *change = json_array_get(g->run->policy_changes, index);
    const char *time = json_string_value(json_object_get(change, "timestamp"));
    return time ? run_time_ns(time, strlen(time)) : 0;
}

/* What the policy of that time hides from programs is no address that they can offer. Cheap while
 * time goes forward. */
static bool is_hidden(struct judging *g, const char *iface, uint64_t at)
{
    const struct run_folder *run = g->run;
    size_t changes = json_array_size(run->policy_changes);
    if (changes == 0 && !run->policy_first_hidden) {
        for (size_t i = 0; i < run->hidden_count; i++)
            if (run->hidden[i].iface && strcmp(run->hidden[i].iface, iface) == 0)
                return true;
        return false;
    }
    while (g->policy_epoch < changes && change_ns(g, g->policy_epoch) <= at)
        g->policy_epoch++;
    while (g->policy_epoch > 0 && change_ns(g, g->policy_epoch - 1) > at)
        g->policy_epoch--;
    if (g->policy_epoch == 0)
        return has_iface(run->policy_first_hidden, iface);
    return has_iface(
        json_object_get(json_array_get(run->policy_changes, g->policy_epoch - 1), "hidden"), iface);
}

static struct verdict_leak *add(struct judging *g, const struct likely *l, const char *why)
{
    struct verdict *v = g->verdict;
    uint64_t words[7] = {l->who, l->process, l->reason, judging_text_word(g, l->iface)};
    struct netaddr address = l->address;
    bool fresh;
    address.port = 0;
    address.scope_id = 0;
    judging_address_words(&address, false, words + 4);
    size_t i = judging_find(g, JUDGING_LEAK, words, 7, v->leak_count, &fresh);
    if (i == SIZE_MAX)
        return NULL;
    if (!fresh)
        return &v->leaks[i];
    if (!judging_room(g, &v->leaks, v->leak_count, sizeof(*v->leaks)))
        return NULL;
    v->leaks[v->leak_count] = (struct verdict_leak){
        .address = address,
        .who = (uint8_t)l->who,
        .reason = (uint8_t)l->reason,
        .outcome = l->outcome,
        .iface_source = l->iface_source,
        .server_name = JOIN_NONE,
        .iface = l->iface,
        .call = l->call,
        .process = l->process,
        .first_ns = l->first_ns,
        .why = judging_text(g, "%s", why),
        .basis = judging_text(g, "%s", l->basis),
    };
    return &v->leaks[v->leak_count++];
}

/* --- host candidates: sockets that are bound to one address --- */

static void judge_candidate(struct judging *g, const struct join_exchange *x)
{
    const struct join_flow *f = &g->join->flows[x->flow];
    const struct join_act *act = &g->join->acts[x->act];
    struct flow_fact *fact = &g->facts[x->flow];
    struct likely l = {.who = VERDICT_PAGE,
                       .reason = REASON_HOST_CANDIDATE,
                       .address = f->local,
                       .call = join_text(g->join, act->call),
                       .process = act->process,
                       .iface_source = JOIN_ADDRESS,
                       .outcome = x->outcome,
                       .first_ns = join_first_ns(g->join, x)};
    char who[32], ip[NETADDR_IP_TEXT_BYTES], why[REASON_WHY_BYTES];
    struct verdict_leak *leak;
    if (fact->candidate || !f->asked || f->wildcard || f->protocol != 17 ||
        x->outcome == JOIN_UNSEEN || x->outcome == JOIN_UNREAD || judging_is_elsewhere(g, x))
        return;
    fact->candidate = true;
    network_at_move(g->network, l.first_ns);
    if (!is_anothers(g, &f->local, &l.iface) || is_hidden(g, l.iface, l.first_ns))
        return;
    (void)snprintf(why, sizeof(why),
                   "%s bound a socket for ICE to %s's address %s. ICE offers such an address as a "
                   "host candidate: a page that may use the microphone reads it, others a .local "
                   "name.",
                   judging_who(g, act->process, who, sizeof(who)), l.iface,
                   netaddr_format_ip(&f->local, ip, sizeof(ip)));
    l.basis = "the socket is bound to the address; what the page read was not recorded";
    leak = add(g, &l, why);
    if (!leak)
        return;
    leak->count++;
    judging_evidence(g, x, &leak->evidence);
}

/* --- probes: which address would be used? --- */

/* Browsers probe for other ends too (is there IPv6, in which order to try a server's addresses).
 * Those of ICE ask for the default address: towards port 53 of a public resolver. In Firefox ICE
 * has a process of its own, and asks for the way to the page's server too. */
static bool is_of_ice(const struct judging *g, const struct sights_probe *p)
{
    uint32_t process = judging_process(g, p->pid);
    const char *role =
        process == JOIN_NONE ? NULL : join_text(g->join, g->join->processes[process].role);
    return p->target.port == 53 || (role && strcmp(role, "socket") == 0);
}

static void judge_probe(struct judging *g, const struct sights_probe *p)
{
    struct likely l = {.who = VERDICT_PAGE,
                       .address = p->answer,
                       .call = p->call,
                       .basis =
                           "the system's answer to the probe; what the page read was not recorded",
                       .process = judging_process(g, p->pid),
                       .iface_source = JOIN_ADDRESS,
                       .outcome = JOIN_NOT_CAPTURED,
                       .first_ns = p->events.first_ns};
    char who[32], ip[NETADDR_IP_TEXT_BYTES], target[NETADDR_TEXT_BYTES];
    char because[REASON_WHY_BYTES], why[2 * REASON_WHY_BYTES];
    struct verdict_leak *leak;
    network_at_move(g->network, l.first_ns);
    if (p->action == EVENT_LINE_DENY || !is_of_ice(g, p) || !is_anothers(g, &p->answer, &l.iface))
        return;
    struct reason_case c = {.who = judging_who(g, l.process, who, sizeof(who)),
                            .remote = p->target,
                            .left = l.iface,
                            .owner = l.iface,
                            .wanted = g->verdict->wanted.list,
                            .wanted_count = g->verdict->wanted.count,
                            .wildcard = true};
    l.reason = reason_find(&c, g->network, because);
    (void)snprintf(
        why, sizeof(why),
        "%s asked the system from which address it would reach %s, and was told %s's %s: "
        "ICE's default host candidate. %s",
        c.who, netaddr_format(&p->target, target, sizeof(target)), l.iface,
        netaddr_format_ip(&p->answer, ip, sizeof(ip)), because);
    leak = add(g, &l, why);
    if (!leak)
        return;
    leak->count += p->events.total;
    judging_evidence_events(&p->events, &leak->evidence);
}

/* --- multicast DNS: a .local name is made known with its address --- */

static void judge_announcement(struct judging *g, const struct sights_announcement *a)
{
    struct likely l = {.who = VERDICT_NETWORK,
                       .reason = REASON_HOST_CANDIDATE,
                       .address = a->address,
                       .call = a->call,
                       .basis =
                           "the call that sent it; multicast DNS is not looked for in captures",
                       .process = judging_process(g, a->pid),
                       .iface_source = a->iface_source,
                       .outcome = JOIN_NOT_CAPTURED,
                       .first_ns = a->events.first_ns};
    char who[32], ip[NETADDR_IP_TEXT_BYTES], why[REASON_WHY_BYTES];
    struct verdict_leak *leak;
    network_at_move(g->network, l.first_ns);
    if (!is_anothers(g, &a->address, &l.iface) || is_hidden(g, l.iface, l.first_ns))
        return;
    (void)snprintf(why, sizeof(why),
                   "%s told the local network by multicast DNS which .local name stands for %s's "
                   "address %s.",
                   judging_who(g, l.process, who, sizeof(who)), l.iface,
                   netaddr_format_ip(&a->address, ip, sizeof(ip)));
    leak = add(g, &l, why);
    if (!leak)
        return;
    leak->count += a->events.total;
    judging_evidence_events(&a->events, &leak->evidence);
}

void judge_candidates(struct judging *g)
{
    if (g->verdict->wanted.count == 0)
        return;
    for (size_t i = 0; i < g->join->exchange_count && !g->failed; i++)
        judge_candidate(g, &g->join->exchanges[i]);
    for (size_t i = 0; i < g->sights->probe_count && !g->failed; i++)
        judge_probe(g, &g->sights->probes[i]);
    for (size_t i = 0; i < g->sights->announcement_count && !g->failed; i++)
        judge_announcement(g, &g->sights->announcements[i]);
}
