/* Turns a run's records, processes and network changes into events, and hands them on. */
#include "tell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "summary.h"
#include "text.h"

uint64_t tell_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t story_time_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

struct story *story_new_on(const struct story_options *options, struct network *network)
{
    struct story *story = calloc(1, sizeof *story);
    bool lines = options->live && !options->quiet;

    if (!story) {
        network_free(network);
        return NULL;
    }
    story->options = *options;
    story->network = network;
    story->policy = strdup(options->policy ? options->policy : "observe");
    story->names = names_new();
    story->enumeration = enumeration_new(network, tell_enumeration_done, story);
    story->channels = channels_new(tell_channel_done, story);
    story->ledger = ledger_new();
    story->live = lines ? live_new(options->live, options->colour) : NULL;
    if (story->policy && story->names && story->enumeration && story->channels && story->ledger &&
        (!lines || story->live))
        return story;
    story_free(story);
    errno = ENOMEM;
    return NULL;
}

struct story *story_new(const struct story_options *options)
{
    struct network *network = network_new(options->uid);

    /* A sandbox may allow everything but rtnetlink: who asks whom is still worth seeing. */
    if (!network &&
        (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == EACCES || errno == EPERM))
        network = network_new_offline();
    return network ? story_new_on(options, network) : NULL;
}

void story_free(struct story *story)
{
    if (!story)
        return;
    enumeration_free(story->enumeration);
    channels_free(story->channels);
    ledger_free(story->ledger);
    live_free(story->live);
    names_free(story->names);
    network_free(story->network);
    free(story->policy);
    free(story);
}

json_t *tell_begin(struct story *story, enum event_type type, const struct event_view *ev,
                   struct process *p)
{
    const struct event *head = &ev->head;
    json_t *event = event_json_begin(type, head->time_ns);

    if (head->remote.family != NETADDR_NONE || head->local.family != NETADDR_NONE) {
        struct carrier carrier;
        if (p && process_look_at_network(p))
            carrier_elsewhere(head, &carrier);
        else
            carrier_find(story->network, head, &carrier);
        event_json_add_flow(event, head, &carrier, story->network, story->names);
    }
    json_object_set_new_nocheck(event, "process", event_json_process(p, head->tid));
    json_object_set_new_nocheck(event, "hook", event_json_hook(head, p));
    return event;
}

json_t *tell_verdict(struct story *story, const struct event_view *ev)
{
    char rule[STORY_RULE_BYTES] = "";

    if (story->options.name_rule)
        story->options.name_rule(&ev->head, rule, story->options.ctx);
    return event_json_verdict(&ev->head, story->policy, rule);
}

void tell_payload(struct story *story, json_t *event, const struct event_view *ev, const char *key,
                  json_t *payload)
{
    json_object_set_new_nocheck(event, key, payload);
    json_object_set_new_nocheck(event, "verdict", tell_verdict(story, ev));
}

void tell_emit(struct story *story, enum event_type type, json_t *event)
{
    event_json_number(event, ++story->seq);
    story->counts[type]++;
    ledger_event(story->ledger, event);
    if (story->live)
        live_event(story->live, event, tell_now_ms());
    if (story->options.event)
        story->options.event(event, story->options.ctx);
    json_decref(event);
}

void story_record(struct story *story, const struct event_view *ev, struct process *p)
{
    /* NULL: a kind that belongs to the process table. */
    static tell_fn *const tellers[EVENT_KIND_COUNT] = {
        [EVENT_STUN] = tell_stun,
        [EVENT_CHANNEL_DATA] = tell_channel_data,
        [EVENT_DNS] = tell_dns,
        [EVENT_MDNS] = tell_mdns,
        [EVENT_CONNECT] = tell_connect,
        [EVENT_PROBE] = tell_probe,
        [EVENT_NETLINK] = tell_netlink,
        [EVENT_INTERFACES] = tell_interfaces,
        [EVENT_INTERFACE_NAME] = tell_interface_name,
        [EVENT_IOCTL] = tell_ioctl,
        [EVENT_FILE] = tell_file,
        [EVENT_NAME] = tell_name,
        [EVENT_SOCKOPT] = tell_sockopt,
    };

    if (ev->head.kind < EVENT_KIND_COUNT && tellers[ev->head.kind])
        tellers[ev->head.kind](story, ev, p);
}

struct network *story_network(struct story *story)
{
    return story->network;
}

const struct names *story_names(const struct story *story)
{
    return story->names;
}

void story_policy(struct story *story, const json_t *change)
{
    json_t *event = event_json_begin(EVENT_TYPE_policy, story_time_ns());

    json_object_set_nocheck(event, "policy", (json_t *)(uintptr_t)change);
    tell_emit(story, EVENT_TYPE_policy, event);
}

int story_network_fd(const struct story *story)
{
    return network_fd(story->network);
}

static void story_network_changed(const json_t *change, void *ctx)
{
    json_t *event = event_json_begin(EVENT_TYPE_network, story_time_ns());

    json_object_set_nocheck(event, "network", (json_t *)(uintptr_t)change);
    tell_emit(ctx, EVENT_TYPE_network, event);
}

void story_network_ready(struct story *story)
{
    network_ready(story->network, story_network_changed, story);
}

static const char *state_of(const struct process *p)
{
    if (p->replaced)
        return "replaced";
    return p->ended ? "ended" : "running";
}

void story_process(struct story *story, const struct process *p)
{
    json_t *event = event_json_begin(EVENT_TYPE_process, story_time_ns());
    json_t *process = json_object();
    bool reasoned = p->coverage != COVERAGE_COVERED && p->coverage != COVERAGE_UNKNOWN;

    json_object_set_new_nocheck(process, "pid", p->pid > 0 ? json_integer(p->pid) : json_null());
    json_object_set_new_nocheck(process, "tid", json_null());
    json_object_set_new_nocheck(process, "name", text_json_or_null(p->name));
    json_object_set_new_nocheck(process, "thread", json_null());
    json_object_set_new_nocheck(process, "role", text_json_or_null(p->role));
    json_object_set_new_nocheck(process, "ns_pid",
                                p->ns_pid > 0 ? json_integer(p->ns_pid) : json_null());
    json_object_set_new_nocheck(process, "parent",
                                p->parent > 0 ? json_integer(p->parent) : json_null());
    json_object_set_new_nocheck(process, "exe", text_json_or_null(p->exe));
    json_object_set_new_nocheck(process, "cmdline", text_json_or_null(p->cmdline));
    json_object_set_new_nocheck(process, "by_fork", json_boolean(p->by_fork));
    json_object_set_new_nocheck(process, "coverage",
                                json_string_nocheck(coverage_word(p->coverage)));
    json_object_set_new_nocheck(process, "reason",
                                reasoned ? json_string_nocheck(coverage_sentence(p->coverage))
                                         : json_null());
    json_object_set_new_nocheck(process, "state", json_string_nocheck(state_of(p)));
    json_object_set_new_nocheck(event, "process", process);
    tell_emit(story, EVENT_TYPE_process, event);
}

void story_lost(struct story *story, uint64_t lost, const char *reason)
{
    json_t *event, *stats;

    if (lost == 0)
        return;
    story->lost += lost;
    event = event_json_begin(EVENT_TYPE_stats, story_time_ns());
    stats = json_object();
    json_object_set_new_nocheck(stats, "lost", json_integer((json_int_t)lost));
    json_object_set_new_nocheck(stats, "lost_total", json_integer((json_int_t)story->lost));
    json_object_set_new_nocheck(stats, "reason", text_json(reason, strlen(reason)));
    json_object_set_new_nocheck(event, "stats", stats);
    tell_emit(story, EVENT_TYPE_stats, event);
}

void story_flush(struct story *story, bool all)
{
    uint64_t now_ms = tell_now_ms();

    network_settle(story->network, story_network_changed, story);
    enumeration_flush(story->enumeration, now_ms, all);
    channels_flush(story->channels, now_ms, all);
    if (story->live)
        live_flush(story->live, now_ms, all);
}

uint64_t story_lost_total(const struct story *story)
{
    return story->lost;
}

json_t *story_network_json(const struct story *story)
{
    return network_json(story->network);
}

json_t *story_counts_json(const struct story *story)
{
    json_t *counts = json_object();

    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        json_object_set_new(counts, event_type_name((enum event_type)i),
                            json_integer((json_int_t)story->counts[i]));
    return counts;
}

json_t *story_verdict_json(const struct story *story)
{
    return json_deep_copy(ledger_json(story->ledger));
}

void story_summary(const struct story *story, FILE *out, struct process *const *uncovered,
                   bool partial, const char *folder)
{
    summary_print(out, ledger_json(story->ledger), story->seq, story->lost, uncovered, partial,
                  folder);
}
