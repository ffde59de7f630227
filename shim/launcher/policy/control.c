/* Keeps a session's policy in force: compiles, publishes, and follows what changes. */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event_json.h"
#include "hosts.h"
#include "printer.h"
#include "say.h"
#include "session_file.h"
#include "session_sysfs.h"
#include "words.h"

enum {
    LOCK_START_MS = 1000,
    RESOLVERS_LOOK_MS = 200,
    CHANGES_MAX = 1000, /* told in run.json */
};

#define RESOLV_CONF "/etc/resolv.conf"

struct control {
    struct control_options options;
    struct policy_source source;
    char *vpn, *folder;
    struct network *network;
    const struct names *names;
    struct hosts hosts;
    struct history history;
    struct policy_table table; /* what was last compiled or seen in force */
    struct netview view;
    struct compiler_report report;
    json_t *first; /* as at the start of the run */
    json_t *changes;
    uint64_t changes_left_out;
    uint64_t network_seen, names_seen;
    uint32_t generation, source_seen;
    struct timespec resolvers_seen;
    uint64_t resolvers_at_ms;
    int lock_fd;
    bool pending; /* something changed, and the lock was not to be had */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void control_warn(const struct compiler_report *report)
{
    for (size_t i = 0; i < report->notes; i++)
        say_warning("policy: %s", report->note[i]);
}

static json_t *topics_json(uint16_t topics)
{
    json_t *list = json_array();

    for (size_t i = 0; i < words_topics.rows; i++)
        if (topics & words_topics.row[i].value)
            json_array_append_new(list, json_string(words_topics.row[i].text));
    return list;
}

static json_t *hidden_json(const struct policy_table *table)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < table->ifaces; i++) {
        const struct policy_iface *iface = &table->iface[i];
        const char *what = iface->hidden & POLICY_HIDDEN_LINK    ? "interface"
                           : iface->hidden & POLICY_HIDDEN_INET  ? "inet"
                           : iface->hidden & POLICY_HIDDEN_INET6 ? "inet6"
                                                                 : NULL;
        if (what)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s}", "iface", iface->name, "what", what));
    }
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *notes_json(const struct compiler_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->notes; i++)
        json_array_append_new(list, json_string(report->note[i]));
    return list;
}

static json_t *rules_json(const struct control *c)
{
    json_t *rules = json_array();
    char text[PRINTER_LINE_BYTES];

    for (uint32_t i = 0; i < c->table.rules; i++)
        json_array_append_new(rules,
                              json_pack("{s:i, s:s}", "line", (int)c->table.rule[i].line, "rule",
                                        printer_rule(&c->table, i, text, sizeof text)));
    return rules;
}

static json_t *first_json(const struct control *c)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "name", c->source.name, "vpn", text_or_null(c->vpn),
                     "hidden", hidden_json(&c->table), "rules", rules_json(c));
}

static void tell(struct control *c, const char *reason)
{
    struct timespec now;
    json_t *change = json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:o}", "name", c->source.name,
                               "generation", (json_int_t)c->generation, "reason", reason, "vpn",
                               text_or_null(c->vpn), "enforced", topics_json(c->table.enforced),
                               "hidden", hidden_json(&c->table), "notes", notes_json(&c->report));

    if (!change)
        return;
    if (c->options.changed)
        c->options.changed(change, c->options.ctx);
    if (json_array_size(c->changes) >= CHANGES_MAX) {
        c->changes_left_out++;
        json_decref(change);
        return;
    }
    json_t *kept = json_copy(change);
    json_decref(change);
    clock_gettime(CLOCK_REALTIME, &now);
    json_object_set_new(
        kept, "timestamp",
        event_json_time((uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec));
    json_array_append_new(c->changes, kept);
}

static bool compile(struct control *c, struct policy_table *out)
{
    const struct compiler_options options = {.name = c->source.name,
                                             .vpn = c->vpn,
                                             .view = &c->view,
                                             .resolve = hosts_resolve,
                                             .ctx = &c->hosts};

    netview_take(&c->view, c->network, RESOLV_CONF);
    c->network_seen = network_version(c->network);
    return compiler_run(&c->source.program, &options, out, &c->report);
}

static void keep_sysfs(const struct control *c)
{
    if (!session_sysfs_update(c->folder, &c->table))
        say_warning("policy: cannot keep '%s/" SESSION_SYSFS "': %s; programs are refused "
                    "/sys/class/net where interfaces are hidden",
                    c->folder, strerror(errno));
}

/* Under the lock. */
static void publish(struct control *c, const struct policy_table *table)
{
    c->table = *table;
    policy_publish(c->options.shared, &c->table);
    keep_sysfs(c);
    c->generation = atomic_load(&c->options.shared->generation);
    history_add(&c->history, c->generation, &c->table);
}

/* Remember the table of that generation, which must be in force, or under the lock the one before
 * that. false where it was changed meanwhile. */
static bool learn(struct control *c, uint32_t generation, bool locked)
{
    const struct policy_shared *shared = c->options.shared;
    struct policy_table *copy = malloc(sizeof *copy);
    bool whole = false;

    if (copy) {
        *copy = shared->table[generation & 1];
        atomic_thread_fence(memory_order_acquire);
        whole = (locked || atomic_load(&shared->generation) == generation) &&
                memchr(copy->name, '\0', sizeof copy->name) != NULL;
    }
    if (whole && !history_knows(&c->history, generation))
        history_add(&c->history, generation, copy);
    free(copy);
    return whole;
}

/* Another program has published since: what it did is known by what is in force. The table before
 * is still there too, so that of two changes none is missed. Under the lock. */
static void follow(struct control *c)
{
    uint32_t generation = atomic_load(&c->options.shared->generation);

    if (generation == c->generation)
        return;
    if (generation - c->generation > 1)
        (void)learn(c, generation - 1, true);
    c->generation = generation;
    if (!learn(c, generation, true) || !policy_valid(c->options.shared, sizeof *c->options.shared))
        return;
    c->table = c->options.shared->table[generation & 1];
    keep_sysfs(c);
}

/* The source that was left in the folder; the old one stays where the new one is no good. */
static void take_source(struct control *c)
{
    json_t *json = session_file_read(c->folder, SESSION_FILE_POLICY);
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *vpn = json_string_value(json_object_get(json, "vpn"));
    const json_t *text = json_object_get(json, "source");
    struct parser_report *report = malloc(sizeof *report);
    struct policy_source fresh = {0};

    if (report && name && json_is_string(text) &&
        source_from_text(name, json_string_value(text), json_string_length(text), &fresh, report) ==
            SOURCE_OK) {
        source_free(&c->source);
        c->source = fresh;
        free(c->vpn);
        c->vpn = vpn ? strdup(vpn) : NULL;
        hosts_free(&c->hosts);
        /* Asking would hold up the run; `policy set` has asked. */
        hosts_take(&c->hosts, &c->source.program, c->names, false);
        hosts_add_json(&c->hosts, json_object_get(json, "hosts"));
    } else {
        source_free(&fresh);
    }
    free(report);
    json_decref(json);
}

static bool resolvers_moved(struct control *c)
{
    uint64_t now = now_ms();
    struct stat st;
    bool moved;

    if (now - c->resolvers_at_ms < RESOLVERS_LOOK_MS)
        return false;
    c->resolvers_at_ms = now;
    if (stat(RESOLV_CONF, &st) != 0)
        return false;
    moved = st.st_mtim.tv_sec != c->resolvers_seen.tv_sec ||
            st.st_mtim.tv_nsec != c->resolvers_seen.tv_nsec;
    c->resolvers_seen = st.st_mtim;
    return moved;
}

static bool names_moved(struct control *c)
{
    uint64_t learned = names_learned(c->names);

    if (c->hosts.count == 0 || learned == c->names_seen)
        return false;
    c->names_seen = learned;
    return hosts_learn(&c->hosts);
}

static void compile_again(struct control *c, const char *reason, bool always_tell)
{
    struct policy_table *table = malloc(sizeof *table);
    bool differs = false;

    if (table && compile(c, table)) {
        differs = memcmp(table, &c->table, sizeof *table) != 0;
        if (differs)
            publish(c, table);
    } else if (table) {
        /* What is in force stays in force; new interfaces are none of those that it names. */
        say_warning("policy: %s", c->report.error);
    }
    free(table);
    if (always_tell || (differs && program_restricts(&c->source.program)))
        tell(c, reason);
}

void control_tick(struct control *c)
{
    bool network = network_version(c->network) != c->network_seen;
    bool names = names_moved(c);
    bool resolvers = resolvers_moved(c);
    uint32_t source = atomic_load(&c->options.shared->source);
    bool set = source != c->source_seen;

    if (!network && !names && !resolvers && !set && !c->pending &&
        atomic_load(&c->options.shared->generation) == c->generation)
        return;
    /* A moment later is soon enough where `policy set` holds it. */
    c->pending = !session_policy_lock(c->lock_fd, 0);
    if (c->pending)
        return;
    set = (source = atomic_load(&c->options.shared->source)) != c->source_seen;
    follow(c);
    if (set) {
        c->source_seen = source;
        take_source(c);
    }
    compile_again(c, set ? "set" : names ? "names" : "network", set);
    session_policy_unlock(c->lock_fd);
}

static bool start(struct control *c)
{
    struct policy_table *table = malloc(sizeof *table);
    int error;
    bool ok = false;

    if (!table)
        say_error("out of memory");
    else if (!compile(c, table))
        say_error("policy '%s': %s", c->source.name, c->report.error);
    else if (!session_policy_lock(c->lock_fd, LOCK_START_MS))
        say_error("another process holds the session's policy locked");
    else {
        publish(c, table);
        error = session_file_write(c->folder, SESSION_FILE_POLICY,
                                   json_pack("{s:s, s:o, s:s, s:o}", "name", c->source.name, "vpn",
                                             text_or_null(c->vpn), "source", c->source.text,
                                             "hosts", hosts_json(&c->hosts)));
        session_policy_unlock(c->lock_fd);
        if (error != 0)
            say_error("cannot write '%s/" SESSION_FILE_POLICY "': %s", c->folder, strerror(error));
        ok = error == 0;
    }
    free(table);
    return ok;
}

struct control *control_new(const struct control_options *options, struct network *network,
                            const struct names *names)
{
    struct control *c = calloc(1, sizeof *c);

    if (!c) {
        say_error("out of memory");
        source_free(options->source);
        return NULL;
    }
    c->options = *options;
    c->source = *options->source;
    memset(options->source, 0, sizeof *options->source);
    c->vpn = options->vpn ? strdup(options->vpn) : NULL;
    c->folder = strdup(options->folder);
    c->network = network;
    c->names = names;
    c->changes = json_array();
    c->source_seen = atomic_load(&options->shared->source);
    c->lock_fd = session_policy_open(options->folder);
    (void)resolvers_moved(c);
    hosts_take(&c->hosts, &c->source.program, names, true);
    if (c->lock_fd < 0)
        say_error("cannot open '%s/policy': %s", options->folder, strerror(errno));
    else if (c->folder && c->changes && start(c)) {
        control_warn(&c->report);
        c->first = first_json(c);
        return c;
    }
    control_free(c);
    return NULL;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    hosts_free(&c->hosts);
    source_free(&c->source);
    json_decref(c->first);
    json_decref(c->changes);
    free(c->vpn);
    free(c->folder);
    free(c);
}

const char *control_name(const struct control *c)
{
    return c->source.name;
}

void control_name_rule(struct control *c, const struct event *head,
                       char out[static HISTORY_RULE_BYTES])
{
    /* The record may be quicker than the tick that would have seen the change. */
    if (!history_knows(&c->history, head->generation) &&
        atomic_load(&c->options.shared->generation) != c->generation) {
        if (session_policy_lock(c->lock_fd, 0)) {
            follow(c);
            session_policy_unlock(c->lock_fd);
        } else {
            (void)learn(c, atomic_load(&c->options.shared->generation), false);
        }
    }
    history_name(&c->history, head->generation, head->rule, head->action, out);
}

json_t *control_json(const struct control *c)
{
    return json_pack("{s:s, s:I, s:o, s:s, s:o, s:o, s:o, s:s, s:O, s:I, s:O?}", "name",
                     c->source.name, "generation", (json_int_t)c->generation, "vpn",
                     text_or_null(c->vpn), "source", c->source.text, "enforced",
                     topics_json(c->table.enforced), "hidden", hidden_json(&c->table), "rules",
                     rules_json(c), "default", policy_action_name(c->table.fallback), "changes",
                     c->changes, "changes_left_out", (json_int_t)c->changes_left_out, "first",
                     c->first);
}
