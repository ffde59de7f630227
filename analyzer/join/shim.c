/* The shim's side: what was asked for. */
#include <string.h>

#include "bytes.h"
#include "event_line.h"
#include "join_private.h"

/* Places of join_text_of()'s cache. */
enum {
    CACHE_NAME,
    CACHE_ROLE,
    CACHE_CALL,
    CACHE_RULE,
    CACHE_ERROR,
    CACHE_IFACE,
    CACHE_ADDRESS,
    CACHE_REMOTE,
    CACHE_SOFTWARE,
};

_Static_assert((int)JOIN_PINNED == (int)EVENT_LINE_PINNED &&
                   (int)JOIN_ROUTE == (int)EVENT_LINE_ROUTE &&
                   (int)JOIN_ADDRESS == (int)EVENT_LINE_ADDRESS,
               "the sources have the same numbers");
_Static_assert((int)JOIN_DENY == (int)EVENT_LINE_DENY && (int)JOIN_HIDE == (int)EVENT_LINE_HIDE &&
                   (int)JOIN_PIN == (int)EVENT_LINE_PIN,
               "and the actions");

static uint32_t text_of(struct join *j, const struct event_text *text, unsigned cache)
{
    return join_text_of(j, text->at, text->len, cache);
}

/* One of the run's. */
static uint32_t process_of(struct join *j, const struct event_process *process)
{
    uint32_t index;
    if (process->pid == 0)
        return JOIN_NONE;
    index = join_process_of(j, process->pid, text_of(j, &process->name, CACHE_NAME), false,
                            JOIN_BELONGS);
    if (index != JOIN_NONE && process->role.at)
        j->processes[index].role = text_of(j, &process->role, CACHE_ROLE);
    return index;
}

void join_set_elsewhere(struct join *j, uint32_t pid)
{
    for (size_t i = 0; i < j->process_count; i++)
        if (j->processes[i].pid == pid)
            j->processes[i].elsewhere = true;
}

static uint32_t act_of(struct join *j, const struct event_line *line)
{
    struct join_act act = {
        .process = process_of(j, &line->process),
        .call = text_of(j, &line->hook.call, CACHE_CALL),
        .rule = text_of(j, &line->rule, CACHE_RULE),
        .error = text_of(j, &line->hook.error, CACHE_ERROR),
        .iface = text_of(j, &line->iface, CACHE_IFACE),
        .address_iface = text_of(j, &line->address_iface, CACHE_ADDRESS),
        .iface_source = line->iface_source,
        .action = line->action,
        .failed = line->hook.failed,
    };
    return join_act_add(j, &act);
}

static struct message_key ends_of(const struct event_line *line)
{
    bool in = line->direction == EVENT_LINE_IN;
    return (struct message_key){
        .local = in ? line->dst : line->src,
        .remote = in ? line->src : line->dst,
        .protocol = line->protocol,
        .wildcard = line->bound.family != NETADDR_NONE,
    };
}

static uint32_t flow_of(struct join *j, const struct event_line *line,
                        const struct message_key *key)
{
    const struct event_text *name =
        line->direction == EVENT_LINE_IN ? &line->src_name : &line->dest_name;
    uint32_t flow = join_flow_find(j, key, AGREE_WILDCARD);
    if (flow == JOIN_NONE)
        flow = join_flow_add(j, key);
    if (flow == JOIN_NONE)
        return flow;
    j->flows[flow].asked = true;
    if (name->at && j->flows[flow].remote_name == JOIN_NONE)
        j->flows[flow].remote_name = text_of(j, name, CACHE_REMOTE);
    if (line->direction == EVENT_LINE_IN && j->flows[flow].software == JOIN_NONE)
        j->flows[flow].software = text_of(j, &line->stun.software, CACHE_SOFTWARE);
    return flow;
}

/* What the message itself says, for ChannelData its channel. */
static void identify(const struct event_line *line, struct message_key *key)
{
    if (line->stun.there) {
        memcpy(key->txid, line->stun.txid, sizeof(key->txid));
        key->classic = line->stun.txid_len == sizeof(key->txid);
        return;
    }
    key->channel = true;
    put_be16(key->txid, line->channel.channel);
}

static void take_message(struct join *j, const struct event_line *line)
{
    struct message_key key = ends_of(line);
    uint32_t flow, exchange;
    if (key.remote.family == NETADDR_NONE || line->seq == 0 || line->seq > UINT32_MAX) {
        j->left_out++;
        return;
    }
    identify(line, &key);
    join_add_local(j, &key.local);
    j->work->portless = j->work->portless || key.local.port == 0;
    flow = flow_of(j, line, &key);
    if (flow == JOIN_NONE)
        return;
    exchange = join_exchange_find(j, &key, AGREE_WILDCARD);
    if (exchange == JOIN_NONE)
        exchange = join_exchange_add(j, &key, flow);
    struct join_message *m = exchange == JOIN_NONE ? NULL : join_message_add(j, exchange);
    if (!m)
        return;
    m->time_ns = line->time_ns;
    m->seq = (uint32_t)line->seq;
    m->act = act_of(j, line);
    m->out = line->direction != EVENT_LINE_IN;
    m->type = line->stun.type;
    m->error_code = line->stun.error_code;
    m->mapped = join_addr_of(j, &line->stun.mapped);
    m->relayed = join_addr_of(j, &line->stun.relayed);
    m->state[0] = (uint8_t)((line->hook.failed ? MESSAGE_FAILED : 0) |
                            (line->action == EVENT_LINE_DENY ? MESSAGE_DENIED : 0));
}

/* The kernel's word on who owns a socket that the wire showed. */
static void take_owner(struct join *j, const struct event_line *line)
{
    static const uint8_t belongs[] = {
        [EVENT_LINE_NULL] = JOIN_BELONGS_UNKNOWN,
        [EVENT_LINE_FALSE] = JOIN_BELONGS_NOT,
        [EVENT_LINE_TRUE] = JOIN_BELONGS,
    };
    struct message_key key = ends_of(line);
    uint8_t whose = belongs[line->changed.of_run];
    uint32_t flow, process;
    if (key.remote.family == NETADDR_NONE ||
        (line->process.pid == 0 && whose == JOIN_BELONGS_UNKNOWN))
        return;
    process = join_process_of(j, line->process.pid, text_of(j, &line->process.name, CACHE_NAME),
                              true, whose);
    if (process == JOIN_NONE)
        return;
    j->processes[process].belongs = whose;
    j->processes[process].role = text_of(j, &line->process.role, CACHE_ROLE);
    join_add_local(j, &key.local);
    flow = join_flow_find(j, &key, AGREE_SAME);
    if (flow == JOIN_NONE)
        flow = join_flow_add(j, &key);
    if (flow != JOIN_NONE)
        j->flows[flow].owner = process;
}

static bool is_text(const struct event_text *text, const char *word)
{
    return text->at && text->len == strlen(word) && memcmp(text->at, word, text->len) == 0;
}

static void take_network(struct join *j, const struct event_line *line)
{
    bool removed = is_text(&line->changed.change, "removed");
    uint32_t iface = text_of(j, &line->changed.iface, CACHE_IFACE);
    if (is_text(&line->changed.what, "address") && !removed)
        join_add_local(j, &line->changed.ip);
    if (!is_text(&line->changed.what, "interface") || iface == JOIN_NONE)
        return;
    if (removed)
        join_note_gone(j, iface, line->time_ns);
    else if (line->changed.up && !line->changed.loopback)
        join_add_later_cover(j, iface, line->time_ns);
}

void join_take_event(struct join *j, const struct event_line *line)
{
    switch ((enum event_line_type)line->type) {
    case EVENT_LINE_STUN:
        /* ChannelData that was only counted has no call. */
        if (!line->wire && (line->stun.there || (line->channel.there && line->hook.there)))
            take_message(j, line);
        break;
    case EVENT_LINE_OWNER:
        take_owner(j, line);
        break;
    case EVENT_LINE_NETWORK:
        take_network(j, line);
        break;
    case EVENT_LINE_STATS:
        j->events_lost += line->changed.lost;
        break;
    case EVENT_LINE_PROCESS:
        (void)process_of(j, &line->process);
        break;
    default:
        break;
    }
}
