/* What servers and peers learned that the wanted path does not include. */
#include "verdict_private.h"

#include <stdlib.h>
#include <string.h>

/* One exchange, as far as it tells of a leak. */
struct told {
    struct netaddr address; /* NETADDR_NONE: the public address of iface */
    const char *iface;      /* that the address belongs to */
    const char *left;       /* that it left over; NULL unknown */
    const char *basis;
    bool sure;
};

static bool on_wire(const struct join_exchange *x)
{
    return x->iface_source == JOIN_CAPTURE;
}

static bool past(const struct judging *g, const char *iface)
{
    return iface && !wanted_includes(&g->verdict->wanted, iface);
}

/* Anyone can use it to reach this machine, so whoever sees it as a source has learned it. */
static bool is_reachable(const struct netaddr *addr)
{
    enum netaddr_kind kind = netaddr_kind_of(addr);
    return kind == NETADDR_KIND_PUBLIC || kind == NETADDR_KIND_GLOBAL_IPV6;
}

static struct netaddr without_port(struct netaddr addr)
{
    addr.port = 0;
    addr.scope_id = 0;
    return addr;
}

/* The answer was captured: the address is of the interface that it came in over. */
static bool told_by_answer(const struct judging *g, const char *answer, const char *left,
                           struct told *t)
{
    if (!past(g, answer))
        return false;
    t->iface = answer;
    t->sure = true;
    if (left && strcmp(left, answer) != 0)
        t->basis = "the request was seen leaving over another interface, but its answer came in "
                   "over this one";
    else
        t->basis = t->address.family == NETADDR_NONE
                       ? "question and answer were seen on the wire; the answer tells no address"
                       : "seen on the wire, and the answer says it";
    return true;
}

static bool told_by_request(const struct judging *g, const struct join_flow *f, const char *owner,
                            struct told *t)
{
    if (!past(g, t->left))
        return false;
    t->iface = t->left;
    t->sure = true;
    if (t->address.family != NETADDR_NONE) {
        t->basis = "seen on the wire, and the answer that the program read says it";
    } else if (is_reachable(&f->local) && owner && strcmp(owner, t->left) == 0) {
        t->address = without_port(f->local);
        t->basis = "seen on the wire as the packet's source; no answer was seen";
    } else {
        t->basis = "seen on the wire; no answer tells the address";
    }
    return true;
}

/* The shim alone. */
static bool told_by_shim(const struct judging *g, const struct join_exchange *x,
                         const struct join_flow *f, const char *owner, struct told *t)
{
    bool own = t->address.family != NETADDR_NONE && past(g, judging_owner(g, &t->address));
    t->iface = past(g, owner) ? owner : t->left;
    if (!past(g, t->left) && !past(g, owner))
        return false;
    if (t->address.family == NETADDR_NONE) {
        if (!past(g, t->left))
            return false;
        if (is_reachable(&f->local))
            t->address = without_port(f->local);
        t->basis = "the system took the request; neither an answer nor a capture shows what became "
                   "of it";
        return true;
    }
    if (past(g, t->left) && (x->iface_source == JOIN_PINNED || x->iface_source == JOIN_ROUTE)) {
        t->sure = true;
        t->basis =
            x->iface_source == JOIN_PINNED
                ? "the socket was bound to the interface, and the server's answer says it"
                : "the kernel named the interface as the route, and the server's answer says it";
    } else if (own) {
        t->sure = true;
        t->basis = "the server's answer says it, and it is an address of that interface";
    } else {
        /* The tunnel may have carried it all the same, and have more exits than were seen. */
        t->basis = "the server's answer says it, and the socket was bound to that interface's "
                   "address; where it left was not captured";
    }
    return true;
}

/* The request never left, or nobody learned anything from it. */
static bool tells_nothing(const struct judging *g, const struct join_exchange *x)
{
    const struct join_flow *f = &g->join->flows[x->flow];
    const struct join_act *act = &g->join->acts[x->act];
    enum netaddr_kind kind = netaddr_kind_of(&f->remote);
    if (!x->out || kind == NETADDR_KIND_LOOPBACK || kind == NETADDR_KIND_NONE ||
        network_at_owner(g->network, &f->remote) || judging_is_elsewhere(g, x))
        return true;
    if (on_wire(x) || x->answers > 0)
        return x->outcome == JOIN_UNREAD;
    /* No message of it was captured and none was answered: did the system take one? */
    return x->outcome != JOIN_NOT_CAPTURED || act->failed;
}

/* Whose was it? A bystander's is no leak of this run; nobody's is not sure. */
static bool is_of_run(const struct judging *g, const struct join_exchange *x, struct told *t)
{
    uint32_t process = g->join->acts[x->act].process;
    uint64_t at = join_first_ns(g->join, x);
    if (x->outcome != JOIN_UNSEEN)
        return true;
    enum join_belongs belongs = process < g->join->process_count
                                    ? (enum join_belongs)g->join->processes[process].belongs
                                    : JOIN_BELONGS_UNKNOWN;
    if (belongs == JOIN_BELONGS)
        return true;
    if (belongs == JOIN_BELONGS_NOT || (g->run->start_ns && at < g->run->start_ns) ||
        (g->run->end_ns && at > g->run->end_ns))
        return false;
    t->sure = false;
    t->basis = "seen on the wire; which program sent it is not known";
    return true;
}

static bool tells(const struct judging *g, const struct join_exchange *x, struct told *t)
{
    const struct join_flow *f = &g->join->flows[x->flow];
    const char *answer, *owner;
    uint32_t iface, mapped;
    bool yes;
    memset(t, 0, sizeof(*t));
    t->left = join_text(g->join, x->iface);
    judging_answer(g, x, &iface, &mapped);
    answer = join_text(g->join, iface);
    /* A socket that is bound to nothing has the address of the way that it last went. */
    owner = t->left && f->wildcard ? t->left : judging_owner(g, &f->local);
    if (tells_nothing(g, x))
        return false;
    if (mapped != JOIN_NONE)
        t->address = without_port(g->join->addrs[mapped]);
    if (t->address.family != NETADDR_NONE && judging_is_wanted(g, &t->address))
        return false;
    if (answer)
        yes = told_by_answer(g, answer, t->left, t);
    else if (on_wire(x))
        yes = told_by_request(g, f, owner, t);
    else
        yes = told_by_shim(g, x, f, owner, t);
    return yes && is_of_run(g, x, t);
}

/* A socket option of the process that chose the interface; NULL none. marked: it used SO_MARK. */
static const char *option_of(const struct judging *g, uint32_t process, const char *iface,
                             bool *marked)
{
    uint32_t pid = process < g->join->process_count ? g->join->processes[process].pid : 0;
    *marked = false;
    for (size_t i = 0; pid != 0 && iface && i < g->sights->option_count; i++) {
        const struct sights_option *o = &g->sights->options[i];
        const struct run_iface *row = network_at_find_iface(g->network, iface);
        if (o->pid != pid || !o->option)
            continue;
        *marked = *marked || strcmp(o->option, "SO_MARK") == 0;
        if ((o->iface && strcmp(o->iface, iface) == 0) ||
            (!o->iface && o->ifindex != 0 && row && row->index == o->ifindex))
            return o->option;
    }
    return NULL;
}

static enum reason explain(const struct judging *g, const struct join_exchange *x,
                           const struct told *t, char why[static REASON_WHY_BYTES])
{
    const struct join_flow *f = &g->join->flows[x->flow];
    const struct join_act *act = &g->join->acts[x->act];
    char who[32];
    struct reason_case c = {
        .who = judging_who(g, act->process, who, sizeof(who)),
        .local = f->local,
        .remote = f->remote,
        .left = t->left,
        .owner = t->iface,
        .wanted = g->verdict->wanted.list,
        .wanted_count = g->verdict->wanted.count,
        /* Of a socket that the shim has not seen, nobody knows what it is bound to. */
        .wildcard = f->wildcard || !f->asked,
        .went_around = x->outcome == JOIN_UNSEEN && !x->doubtful,
        .uncovered = judging_uncovered(g, act->process),
        .nobody = act->process >= g->join->process_count ||
                  g->join->processes[act->process].belongs == JOIN_BELONGS_UNKNOWN,
    };
    c.option = option_of(g, act->process, t->left, &c.marked);
    if (!c.option && act->iface_source == JOIN_PINNED && past(g, t->left))
        c.option = "a socket option";
    if (c.option && !past(g, t->left))
        c.option = NULL;
    return reason_find(&c, g->network, why);
}

/* The row of this exchange's leak; NULL: there is no room. */
static struct verdict_leak *leak_of(struct judging *g, const struct join_exchange *x,
                                    const struct told *t)
{
    struct verdict *v = g->verdict;
    struct flow_fact *fact = &g->facts[x->flow];
    const struct join_flow *f = &g->join->flows[x->flow];
    const struct join_act *act = &g->join->acts[x->act];
    char why[REASON_WHY_BYTES] = "";
    uint64_t words[13];
    bool fresh;
    uint32_t epoch = (uint32_t)network_at_epoch(g->network);
    if (!fact->explained || fact->epoch != epoch || fact->left != t->left) {
        fact->reason = (uint8_t)explain(g, x, t, why);
        fact->explained = true;
        fact->epoch = epoch;
        fact->left = t->left;
    }
    words[0] = VERDICT_SERVER;
    words[1] = act->process;
    words[2] = f->protocol;
    words[3] = fact->reason;
    words[4] = judging_text_word(g, t->iface);
    words[5] = judging_text_word(g, t->left);
    words[6] = x->outcome == JOIN_UNSEEN;
    judging_address_words(&t->address, false, words + 7);
    judging_address_words(&f->remote, true, words + 10);
    size_t i = judging_find(g, JUDGING_LEAK, words, 13, v->leak_count, &fresh);
    if (i == SIZE_MAX)
        return NULL;
    if (!fresh)
        return &v->leaks[i];
    if (!judging_room(g, &v->leaks, v->leak_count, sizeof(*v->leaks)))
        return NULL;
    if (why[0] == '\0')
        (void)explain(g, x, t, why);
    struct verdict_leak *leak = &v->leaks[v->leak_count++];
    *leak = (struct verdict_leak){
        .address = t->address,
        .who = VERDICT_SERVER,
        .reason = fact->reason,
        .why = judging_text(g, "%s", why),
        .outcome = x->outcome,
        .iface_source = on_wire(x) ? JOIN_CAPTURE : x->iface_source,
        .sure = t->sure,
        .server = f->remote,
        .protocol = f->protocol,
        .server_name = f->remote_name,
        .iface = t->iface,
        .left = t->left && t->iface && strcmp(t->left, t->iface) != 0 ? t->left : NULL,
        .call = join_text(g->join, act->call),
        .process = act->process,
        .first_ns = join_first_ns(g->join, x),
        .basis = judging_text(g, "%s", t->basis),
    };
    return leak;
}

static void judge(struct judging *g, size_t number)
{
    const struct join_exchange *x = &g->join->exchanges[number];
    struct verdict_leak *leak = NULL;
    struct told t;
    network_at_move(g->network, join_first_ns(g->join, x));
    judging_note_answer(g, x);
    if (!tells(g, x, &t))
        return;
    leak = leak_of(g, x, &t);
    if (!leak)
        return;
    g->verdict->leak_of[number] = (uint32_t)(leak - g->verdict->leaks);
    leak->count++;
    if (t.sure && !leak->sure && t.basis) {
        char *basis = judging_text(g, "%s", t.basis);
        if (basis) {
            free(leak->basis);
            leak->basis = basis;
            leak->sure = true;
        }
    }
    if (x->outcome > leak->outcome)
        leak->outcome = x->outcome;
    judging_evidence(g, x, &leak->evidence);
}

void judge_exchanges(struct judging *g)
{
    if (g->verdict->wanted.count == 0)
        return;
    for (size_t i = 0; i < g->join->exchange_count && !g->failed; i++)
        judge(g, i);
}
