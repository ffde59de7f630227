/* Flows of the wire without events of the library's, their sockets and processes. */
#include "owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "process_private.h"
#include "procfs.h"
#include "sock_owner.h"
#include "sockets_find.h"

struct seen {
    char txid[WIRE_TXID_BYTES];
    UT_hash_handle hh;
};

struct flow_key {
    struct netaddr src, dest;
    uint64_t tcp;
};

struct flow {
    struct flow_key key;
    UT_hash_handle hh;
    struct flow *next; /* of those that wait */
    int64_t since_ms;  /* when its first message came that waits */
    int64_t last_ms;   /* when its last one came */
    unsigned pending;  /* messages that wait for an event of the library's */
    bool waits, told;
    bool wanted;               /* its socket's process is looked for */
    struct wire_message first; /* of those pending */
    char txids[OWNERS_PENDING_MAX][WIRE_TXID_BYTES];
    bool found;
    struct sock_owner_found socket;
    pid_t pid;
    struct process *process;
    char name[PROCFS_COMM_BYTES];
    enum owner_belongs belongs;
};

struct owners {
    struct owners_options options;
    struct sock_owner *kernel; /* NULL: it answers no questions */
    struct seen *seen;
    struct flow *flows;
    struct flow *waiting;
    int64_t next_scan_ms;
    int64_t asked_since_ms;
    unsigned asked;
    uint64_t told, left_out;
};

struct owners *owners_new(const struct owners_options *options)
{
    struct owners *owners = calloc(1, sizeof(*owners));

    if (!owners)
        return NULL;
    owners->options = *options;
    owners->kernel = sock_owner_new();
    return owners;
}

void owners_free(struct owners *owners)
{
    struct seen *seen;
    struct flow *flow;

    if (!owners)
        return;
    /* HASH_CLEAR() leaves the elements and their order. */
    seen = owners->seen;
    HASH_CLEAR(hh, owners->seen);
    while (seen) {
        struct seen *next = seen->hh.next;
        free(seen);
        seen = next;
    }
    flow = owners->flows;
    HASH_CLEAR(hh, owners->flows);
    while (flow) {
        struct flow *next = flow->hh.next;
        free(flow);
        flow = next;
    }
    sock_owner_free(owners->kernel);
    free(owners);
}

uint64_t owners_left_out(const struct owners *owners)
{
    return owners->left_out;
}

/* --- what the library has seen ---------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "";
}

static struct seen *find_seen(struct owners *owners, const char *txid)
{
    struct seen *seen;

    HASH_FIND_STR(owners->seen, txid, seen);
    return seen;
}

void owners_take_event(struct owners *owners, const json_t *event)
{
    const char *txid = text_of(json_object_get(event, "stun"), "txid");
    struct seen *seen;

    /* What a policy refused did not leave: if the wire has it, somebody else sent it. */
    if (txid[0] == '\0' || strlen(txid) >= WIRE_TXID_BYTES ||
        strcmp(text_of(event, "direction"), "out") != 0 ||
        strcmp(text_of(json_object_get(event, "verdict"), "action"), "deny") == 0 ||
        find_seen(owners, txid))
        return;
    if (HASH_COUNT(owners->seen) >= OWNERS_SEEN_MAX) {
        seen = owners->seen; /* the oldest: uthash keeps the order of adding */
        HASH_DEL(owners->seen, seen);
    } else {
        seen = malloc(sizeof(*seen));
    }
    if (!seen)
        return;
    memset(seen, 0, sizeof(*seen));
    (void)snprintf(seen->txid, sizeof(seen->txid), "%s", txid);
    HASH_ADD_STR(owners->seen, txid, seen);
}

/* --- telling ---------------------------------------------------------------------------------- */

static void tell(struct owners *owners, const struct flow *flow, const char *txid)
{
    struct owner owner = {
        .timestamp = flow->first.timestamp,
        .txid = txid,
        .iface = flow->first.iface,
        .src = flow->key.src,
        .dest = flow->key.dest,
        .tcp = flow->key.tcp,
        .found = flow->found,
        .inode = flow->socket.inode,
        .uid = flow->socket.uid,
        .pid = flow->pid,
        .process = flow->process,
        .name = flow->name,
        .belongs = flow->belongs,
    };

    if (owners->told >= OWNERS_TOLD_MAX) {
        owners->left_out++;
        return;
    }
    owners->told++;
    owners->options.tell(&owner, owners->options.ctx);
}

/* The flow's time is over: what of it has got an event by now is forgotten, the rest told. */
static void settle(struct owners *owners, struct flow *flow)
{
    flow->waits = false;
    flow->wanted = false;
    for (unsigned i = 0; i < flow->pending && !flow->told; i++)
        if (!find_seen(owners, flow->txids[i])) {
            flow->told = true;
            tell(owners, flow, flow->txids[i]);
        }
    flow->pending = 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool may_ask(struct owners *owners, int64_t now_ms)
{
    if (now_ms - owners->asked_since_ms >= 1000) {
        owners->asked_since_ms = now_ms;
        owners->asked = 0;
    }
    return owners->asked++ < OWNERS_ASKED_MAX;
}

static bool ask(struct owners *owners, const struct flow *flow, struct sock_owner_found *out)
{
    return owners->kernel && sock_owner_ask(owners->kernel, &flow->key.src, &flow->key.dest,
                                            flow->key.tcp, flow->first.ifindex, out);
}

static struct flow *add_flow(struct owners *owners, const struct flow_key *key)
{
    struct flow *flow = NULL;

    if (HASH_COUNT(owners->flows) < OWNERS_FLOWS_MAX) {
        flow = malloc(sizeof(*flow));
    } else {
        /* The oldest that does not wait. */
        for (flow = owners->flows; flow && flow->waits;)
            flow = flow->hh.next;
        if (flow)
            HASH_DEL(owners->flows, flow);
    }
    if (!flow)
        return NULL;
    memset(flow, 0, sizeof(*flow));
    flow->key = *key;
    HASH_ADD(hh, owners->flows, key, sizeof(flow->key), flow);
    return flow;
}

static void begin_wait(struct owners *owners, struct flow *flow, const struct wire_message *message,
                       int64_t now_ms)
{
    flow->waits = true;
    flow->told = false;
    flow->since_ms = now_ms;
    flow->first = *message;
    flow->process = NULL;
    flow->pid = 0;
    flow->name[0] = '\0';
    flow->belongs = OWNER_UNKNOWN;
    flow->found = ask(owners, flow, &flow->socket);
    flow->wanted = flow->found && flow->socket.inode != 0;
    flow->next = owners->waiting;
    owners->waiting = flow;
}

/* In the form of the network's tables, which know link-local addresses by their link. */
static struct netaddr scoped(struct netaddr addr, uint32_t ifindex)
{
    if (addr.family == NETADDR_IPV6 && netaddr_kind_of(&addr) == NETADDR_KIND_LINK_LOCAL)
        addr.scope_id = ifindex;
    return addr;
}

void owners_take_message(struct owners *owners, const struct wire_message *message, int64_t now_ms)
{
    struct flow_key key = {.src = message->src, .dest = message->dest, .tcp = message->tcp};
    struct netaddr src = scoped(message->src, message->ifindex);
    struct flow *flow;

    /* Ethernet has no direction: what has this machine's address as its source was sent here. */
    if (message->came_in || network_owner_of(owners->options.network, &src) == 0 ||
        find_seen(owners, message->txid))
        return;
    HASH_FIND(hh, owners->flows, &key, sizeof(key), flow);
    if (flow && flow->told && now_ms - flow->last_ms < OWNERS_FORGET_MS) {
        flow->last_ms = now_ms;
        return;
    }
    if (!flow || !flow->waits) {
        if (!may_ask(owners, now_ms) || !(flow = flow ? flow : add_flow(owners, &key))) {
            owners->left_out++;
            return;
        }
        begin_wait(owners, flow, message, now_ms);
    }
    flow->last_ms = now_ms;
    if (flow->pending < OWNERS_PENDING_MAX)
        memcpy(flow->txids[flow->pending++], message->txid, sizeof(message->txid));
}

/* --- looking for processes -------------------------------------------------------------------- */

struct scan {
    struct flow *flows[OWNERS_SCANNED_AT_ONCE];
    struct socket_wanted sockets[OWNERS_SCANNED_AT_ONCE];
    size_t count;
};

static bool all_found(const struct scan *scan)
{
    for (size_t i = 0; i < scan->count; i++)
        if (scan->sockets[i].pid == 0)
            return false;
    return true;
}

static void gather(const struct owners *owners, struct scan *scan)
{
    scan->count = 0;
    for (struct flow *flow = owners->waiting; flow; flow = flow->next) {
        if (!flow->wanted || scan->count == OWNERS_SCANNED_AT_ONCE)
            continue;
        scan->flows[scan->count] = flow;
        scan->sockets[scan->count++] = (struct socket_wanted){.inode = flow->socket.inode};
    }
}

/* The run's own processes first. true: each of them could be looked into. */
static bool scan_run(const struct owners *owners, struct scan *scan)
{
    struct lineage *lineage = proctab_lineage(owners->options.tab);
    bool whole = lineage_refresh(lineage);
    size_t count;
    const struct kin *kin = lineage_kin(lineage, &count);

    for (size_t i = 0; i < count; i++) {
        enum sockets_answer answer = sockets_find(kin[i].pid, scan->sockets, scan->count);
        /* A process that has ended has no socket, and is no gap. */
        if (answer == SOCKETS_UNREADABLE && !kin[i].zombie &&
            procfs_alive(kin[i].pid, kin[i].start_ticks))
            whole = false;
    }
    return whole;
}

static void scan_others(struct scan *scan)
{
    size_t count = 0;
    pid_t *pids = procfs_pids(&count);

    for (size_t i = 0; pids && i < count && !all_found(scan); i++)
        (void)sockets_find(pids[i], scan->sockets, scan->count);
    free(pids);
}

static void take_result(struct owners *owners, struct flow *flow, pid_t pid, bool whole)
{
    struct sock_owner_found again;

    flow->wanted = false;
    if (pid == 0) {
        /* Still there, and none of the run's processes had it: somebody's whom we may not look at.
         */
        if (whole && ask(owners, flow, &again) && again.inode == flow->socket.inode)
            flow->belongs = OWNER_STRANGER;
        return;
    }
    flow->pid = pid;
    flow->process = census_look_at(owners->options.census, pid);
    flow->belongs = flow->process ? OWNER_OF_RUN : OWNER_STRANGER;
    if (flow->process)
        flow->process->used_socket = true;
    else
        (void)procfs_comm(pid, pid, flow->name, sizeof(flow->name));
}

static void look_for_processes(struct owners *owners, int64_t now_ms)
{
    struct scan scan;
    bool whole;

    if (now_ms < owners->next_scan_ms)
        return;
    gather(owners, &scan);
    if (scan.count == 0)
        return;
    whole = scan_run(owners, &scan);
    if (!all_found(&scan))
        scan_others(&scan);
    for (size_t i = 0; i < scan.count; i++)
        take_result(owners, scan.flows[i], scan.sockets[i].pid, whole);
    int64_t end_ms = process_clock_ms();
    int64_t pause_ms = (end_ms - now_ms) * OWNERS_SCAN_SHARE;
    owners->next_scan_ms = end_ms + (pause_ms > OWNERS_SCAN_MS ? pause_ms : OWNERS_SCAN_MS);
}

void owners_tick(struct owners *owners, int64_t now_ms, bool all)
{
    struct flow **link = &owners->waiting;

    if (!*link)
        return;
    if (all)
        owners->next_scan_ms = 0;
    look_for_processes(owners, now_ms);
    while (*link) {
        struct flow *flow = *link;
        bool over = all || (now_ms - flow->since_ms >= OWNERS_GRACE_MS && !flow->wanted);
        if (!over) {
            link = &flow->next;
            continue;
        }
        *link = flow->next;
        settle(owners, flow);
    }
}
