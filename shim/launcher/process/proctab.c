/* The table of processes: entries, their numbers and pids, and what is told about them. */
#include "proctab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "process_private.h"
#include "procfs.h"
#include "proctab_resolve.h"
#include "role_text.h"

enum {
    STRANGERS_MAX = 64,
    STRANGER_PATIENCE_MS =
        5000, /* a number that nothing is known of may belong to a live writer for so long */
    RESOLVE_TRIES_MAX = 8,
};

struct stranger {
    uint32_t number;
    int64_t since_ms;
};

struct proctab {
    void (*changed)(const struct process *p, void *ctx);
    void *ctx;
    struct lineage *lineage;
    struct process **entries;
    size_t count, room;
    bool overflowed; /* a process found by looking had no room */
    struct process_private *numbers;
    struct process_private *pids;
    struct process *nameless; /* shared by writers beyond PROCTAB_MAX */
    struct stranger strangers[STRANGERS_MAX];
    size_t stranger_next;
};

struct proctab *proctab_new(pid_t launcher, void (*changed)(const struct process *p, void *ctx),
                            void *ctx)
{
    struct proctab *tab = calloc(1, sizeof(*tab));

    if (!tab)
        return NULL;
    tab->changed = changed;
    tab->ctx = ctx;
    tab->lineage = lineage_new(launcher);
    tab->nameless = process_new();
    if (!tab->lineage || !tab->nameless) {
        proctab_free(tab);
        return NULL;
    }
    tab->nameless->coverage = COVERAGE_COVERED;
    tab->nameless->priv->told = true;
    return tab;
}

void proctab_free(struct proctab *tab)
{
    if (!tab)
        return;
    HASH_CLEAR(by_number, tab->numbers);
    HASH_CLEAR(by_pid, tab->pids);
    for (size_t i = 0; i < tab->count; i++)
        process_free(tab->entries[i]);
    free(tab->entries);
    process_free(tab->nameless);
    lineage_free(tab->lineage);
    free(tab);
}

struct lineage *proctab_lineage(struct proctab *tab)
{
    return tab->lineage;
}

bool proctab_overflowed(const struct proctab *tab)
{
    return tab->overflowed;
}

size_t proctab_count(const struct proctab *tab)
{
    return tab->count;
}

struct process *proctab_at(const struct proctab *tab, size_t i)
{
    return tab->entries[i];
}

/* limit: entries from records stop before those that the kernel vouches for. */
static struct process *add(struct proctab *tab, size_t limit)
{
    struct process *p;

    if (tab->count >= limit)
        return NULL;
    if (tab->count == tab->room) {
        size_t room = tab->room ? tab->room * 2 : 64;
        struct process **more = realloc(tab->entries, room * sizeof(struct process *));
        if (!more)
            return NULL;
        tab->entries = more;
        tab->room = room;
    }
    p = process_new();
    if (p)
        tab->entries[tab->count++] = p;
    return p;
}

struct process *proctab_find_number(struct proctab *tab, uint32_t number)
{
    struct process_private *priv;

    HASH_FIND(by_number, tab->numbers, &number, sizeof(number), priv);
    return priv ? priv->self : NULL;
}

struct process *proctab_find_pid(struct proctab *tab, pid_t pid, uint64_t start_ticks)
{
    struct process_private *priv;

    HASH_FIND(by_pid, tab->pids, &pid, sizeof(pid), priv);
    if (!priv || (start_ticks != 0 && priv->self->start_ticks != 0 &&
                  priv->self->start_ticks != start_ticks))
        return NULL;
    return priv->self;
}

static void set_number(struct proctab *tab, struct process *p, uint32_t number)
{
    p->number = number;
    HASH_ADD_KEYPTR(by_number, tab->numbers, &p->number, sizeof(p->number), p->priv);
}

void proctab_tell(struct proctab *tab, struct process *p)
{
    struct process_private *priv = p->priv;

    if (priv->told && (!p->ended || priv->told_ended))
        return;
    priv->told = true;
    priv->told_ended = p->ended;
    tab->changed(p, tab->ctx);
}

void proctab_set_coverage(struct proctab *tab, struct process *p, enum coverage coverage)
{
    bool differs = p->coverage != coverage;

    p->coverage = coverage;
    if (p->priv->told && differs)
        tab->changed(p, tab->ctx);
    else if (!p->priv->told && coverage_is_missing(coverage))
        proctab_tell(tab, p);
}

void proctab_set_ended(struct proctab *tab, struct process *p)
{
    if (p->ended)
        return;
    p->ended = true;
    /* What lived too shortly to be told of, and did nothing, ends unheard: the moment between fork
     * and exec. */
    if (p->priv->told)
        proctab_tell(tab, p);
}

/* p is the newest image of its pid; the one before it has ended. */
static void set_pid(struct proctab *tab, struct process *p, pid_t pid)
{
    struct process *old = proctab_find_pid(tab, pid, 0);

    p->pid = pid;
    if (old == p)
        return;
    if (old) {
        if (!old->ended && old->start_ticks != 0 && procfs_alive(pid, old->start_ticks))
            old->replaced = true;
        if (p->parent == 0 && p->start_ticks == 0)
            p->parent = old->parent;
        old->priv->superseded = true;
        HASH_DELETE(by_pid, tab->pids, old->priv);
        old->priv->in_pid_table = false;
        proctab_set_ended(tab, old);
    }
    HASH_ADD_KEYPTR(by_pid, tab->pids, &p->pid, sizeof(p->pid), p->priv);
    p->priv->in_pid_table = true;
}

/* Before it reported, the process may have been found by looking; that entry is then the same
 * process, if it runs the same program. */
static struct process *find_adoptable(struct proctab *tab, pid_t pid)
{
    struct process *p = proctab_find_pid(tab, pid, 0);
    struct procfs_stat stat;
    bool same;
    char *exe;

    if (!p || p->number != 0 || p->priv->superseded || coverage_is_certain(p->coverage))
        return NULL;
    if (p->start_ticks != 0 && procfs_stat(pid, &stat) && stat.start_ticks != p->start_ticks)
        return NULL;
    exe = procfs_exe(pid);
    /* Where the program can't be read any more, an entry that was covered already was the image
     * before. */
    if (exe && p->exe)
        same = strcmp(exe, p->exe) == 0;
    else
        same = !p->exe || (!exe && p->coverage != COVERAGE_COVERED);
    free(exe);
    return same ? p : NULL;
}

/* A child that fork, clone or a zygote made. */
static struct process *fork_child(struct proctab *tab, uint32_t number, struct process *parent)
{
    struct process *p = proctab_find_number(tab, number);

    if (!p) {
        p = add(tab, PROCTAB_TOLD_MAX);
        if (!p)
            return NULL;
        set_number(tab, p, number);
    }
    p->by_fork = true;
    p->coverage = COVERAGE_COVERED;
    if (parent && parent != p && !p->priv->copied_from)
        p->priv->copied_from = parent;
    if (parent && parent != p && p->name[0] == '\0') {
        memcpy(p->name, parent->name, sizeof(p->name));
        memcpy(p->role, parent->role, sizeof(p->role));
        if (parent->exe && !p->exe)
            p->exe = strdup(parent->exe);
    }
    return p;
}

/* Put a fork child that has a number at its pid, once that is known. */
static void settle_child(struct proctab *tab, struct process *p,
                         const struct proctab_wanted *wanted)
{
    struct proctab_found found = proctab_resolve(tab, wanted);
    struct process *seen = found.pid ? proctab_find_pid(tab, found.pid, found.start_ticks) : NULL;

    if (found.pid == 0)
        return;
    if (seen && seen != p && seen->number != 0) {
        /* It has run another program since and that one reported first: this was the short time
         * before. */
        p->pid = found.pid;
        p->start_ticks = found.start_ticks;
        p->priv->superseded = true;
        p->replaced = !p->ended;
        proctab_set_ended(tab, p);
        return;
    }
    if (seen && seen != p) {
        /* Found by looking before: that entry knew no number. This one has it, and says all the
         * other did. */
        p->parent = seen->parent;
        seen->priv->told = false;
    }
    set_pid(tab, p, found.pid);
    p->start_ticks = found.start_ticks;
    process_look(p);
    if (found.gone) {
        p->priv->depth = 1;
        proctab_set_ended(tab, p);
    }
}

void proctab_retry(struct proctab *tab, struct process *p)
{
    if (p->pid != 0 || p->ended || !p->by_fork || p->priv->resolve_tries++ >= RESOLVE_TRIES_MAX)
        return;
    settle_child(tab, p,
                 &(struct proctab_wanted){.ns_pid = p->priv->child_pid ? 0 : p->ns_pid,
                                          .child_pid = p->priv->child_pid,
                                          .parent = p->priv->copied_from});
}

struct process *proctab_report(struct proctab *tab, const struct event_view *ev)
{
    uint32_t number = ev->head.process;
    struct event_process said;
    struct process *p;
    pid_t pid;

    if (number == 0 || ev->head.data_len < sizeof(said))
        return NULL;
    memcpy(&said, ev->data, sizeof(said));
    if (said.ns_pid == 0 || said.ns_pid > INT32_MAX)
        return NULL;
    if (said.by_fork) {
        p = fork_child(tab, number, proctab_find_number(tab, said.parent));
        if (!p)
            return NULL;
        p->ns_pid = (pid_t)said.ns_pid;
        if (p->pid == 0)
            settle_child(
                tab, p,
                &(struct proctab_wanted){.ns_pid = p->ns_pid, .parent = p->priv->copied_from});
        return p;
    }
    p = proctab_find_number(tab, number);
    /* A second report under one number is nothing that the library makes. */
    if (p && p->pid != 0)
        return p;
    pid = proctab_check_pid(tab, said.proc_pid, said.ns_pid);
    if (!p && pid != 0)
        p = find_adoptable(tab, pid);
    if (!p) {
        p = add(tab, PROCTAB_TOLD_MAX);
        if (!p)
            return NULL;
    }
    if (p->number == 0)
        set_number(tab, p, number);
    p->ns_pid = (pid_t)said.ns_pid;
    p->by_fork = false;
    /* Gone before it could be looked at: that procfs calls it what it calls itself tells its
     * namespace well enough. */
    if (p->priv->depth == 0 && said.proc_pid == said.ns_pid)
        p->priv->depth = 1;
    if (pid != 0) {
        set_pid(tab, p, pid);
        process_look(p);
        process_code_remember(p);
    }
    proctab_set_coverage(tab, p, COVERAGE_COVERED);
    return p;
}

void proctab_fork(struct proctab *tab, const struct event_view *ev)
{
    struct process *parent = proctab_find_number(tab, ev->head.process);
    struct event_fork said;
    struct process *p;

    if (ev->head.data_len < sizeof(said) || (ev->head.flags & EVENT_FAILED))
        return;
    memcpy(&said, ev->data, sizeof(said));
    if (said.child == 0 || said.child_pid <= 0 || said.child == ev->head.process)
        return;
    p = fork_child(tab, said.child, parent);
    if (p)
        p->priv->child_pid = said.child_pid;
    if (p && p->pid == 0)
        settle_child(tab, p,
                     &(struct proctab_wanted){.child_pid = said.child_pid, .parent = parent});
}

struct process *proctab_writer(struct proctab *tab, uint32_t number)
{
    struct process *p = number ? proctab_find_number(tab, number) : tab->nameless;

    if (!p) {
        /* Its report was lost with a full ring; what it says counts all the same. */
        p = add(tab, PROCTAB_TOLD_MAX);
        if (!p)
            return tab->nameless;
        set_number(tab, p, number);
        p->coverage = COVERAGE_COVERED;
    }
    p->priv->records++;
    process_look_again(p);
    proctab_tell(tab, p);
    return p;
}

/* Nothing is known of the number: patience, but not for ever. */
static bool stranger_alive(struct proctab *tab, uint32_t number)
{
    int64_t now = process_clock_ms();

    for (size_t i = 0; i < STRANGERS_MAX; i++)
        if (tab->strangers[i].number == number && tab->strangers[i].since_ms != 0)
            return now - tab->strangers[i].since_ms < STRANGER_PATIENCE_MS;
    tab->strangers[tab->stranger_next] = (struct stranger){.number = number, .since_ms = now};
    tab->stranger_next = (tab->stranger_next + 1) % STRANGERS_MAX;
    return true;
}

bool proctab_writer_alive(uint32_t number, void *ctx)
{
    struct proctab *tab = ctx;
    struct process *p = proctab_find_number(tab, number);

    if (!p || p->pid == 0)
        return stranger_alive(tab, number);
    return !p->ended && procfs_alive(p->pid, p->start_ticks);
}

struct process *proctab_add_kin(struct proctab *tab, const struct kin *kin)
{
    struct process *p = add(tab, PROCTAB_MAX);

    if (!p) {
        tab->overflowed = true;
        return NULL;
    }
    p->start_ticks = kin->start_ticks;
    p->parent = kin->ppid;
    set_pid(tab, p, kin->pid);
    process_look(p);
    return p;
}

struct process *proctab_add_gone(struct proctab *tab, pid_t pid, const char *path)
{
    struct process *p = add(tab, PROCTAB_MAX);

    if (!p) {
        tab->overflowed = true;
        return NULL;
    }
    p->pid = pid;
    p->ended = true;
    p->exe = strdup(path);
    (void)snprintf(p->name, sizeof(p->name), "%.63s", role_base_name(path));
    role_of(path, NULL, p->role);
    return p;
}
