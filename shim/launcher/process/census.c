/* Every descendant is found by looking, and is covered or has a reason why not. */
#include "census.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec_notes.h"
#include "process_private.h"
#include "procfs.h"
#include "role_text.h"
#include "sockets.h"

enum {
    GRACE_MS = 700, /* for the loader to get to our constructor on a busy machine */
    CERTAIN_GRACE_MS =
        250, /* where the program can't report in anyhow: only for an exec that fails after all */
};

struct census {
    struct census_options options;
    struct exec_notes notes;
    ino_t library_inode;
    ino_t ring_inode;
};

struct census *census_new(const struct census_options *options)
{
    struct census *census = calloc(1, sizeof(*census));
    char ring[PATH_MAX];
    struct stat st;

    if (!census)
        return NULL;
    census->options = *options;
    if (stat(options->library, &st) == 0)
        census->library_inode = st.st_ino;
    if (snprintf(ring, sizeof(ring), "%s/ring", options->session) < (int)sizeof(ring) &&
        stat(ring, &st) == 0)
        census->ring_inode = st.st_ino;
    return census;
}

void census_free(struct census *census)
{
    free(census);
}

void census_expect(struct census *census, pid_t pid, const char *path)
{
    char culprit[PATH_MAX];
    struct exec_note *note = exec_notes_add(&census->notes);

    note->target = pid;
    (void)snprintf(note->path, sizeof(note->path), "%s", path);
    note->forecast = coverage_inspect(census->options.host, path, culprit, sizeof(culprit));
}

/* Make a path as the process wrote it one that can be opened from here; "" where that can't be. */
static void locate(const char *said, const struct process *p, char out[static PATH_MAX])
{
    char found[PATH_MAX];
    int n = 0;

    if (strncmp(said, "/proc/self/", 11) == 0)
        n = p->pid ? snprintf(out, PATH_MAX, "/proc/%d/%s", (int)p->pid, said + 11) : 0;
    else if (said[0] == '/')
        n = snprintf(out, PATH_MAX, "%s", said);
    else if (strchr(said, '/'))
        n = p->pid ? snprintf(out, PATH_MAX, "/proc/%d/cwd/%s", (int)p->pid, said) : 0;
    else if (coverage_find_program(said, found))
        n = snprintf(out, PATH_MAX, "%s", found);
    if (n <= 0 || n >= PATH_MAX)
        out[0] = '\0';
    /* What a magic link names now, before the process is gone or another program. */
    if (strncmp(out, "/proc/", 6) == 0 && realpath(out, found))
        memcpy(out, found, strlen(found) + 1);
}

/* A thread of p, by its id in p's namespace? Else it is a child made by vfork, which runs in p's
 * memory and speaks in its name. */
static bool is_own_thread(const struct process *p, uint32_t ns_tid)
{
    char path[64];

    if ((uint32_t)p->ns_pid == ns_tid || p->pid == 0)
        return true;
    if (p->priv->depth > 1)
        return true;
    (void)snprintf(path, sizeof(path), "/proc/%d/task/%u", (int)p->pid, ns_tid);
    return access(path, F_OK) == 0;
}

void census_exec(struct census *census, const struct event_view *ev, struct process *p)
{
    char said[PATH_MAX];
    char culprit[PATH_MAX];
    size_t len = ev->head.data_len < sizeof(said) - 1 ? ev->head.data_len : sizeof(said) - 1;
    struct exec_note *note;

    if (ev->head.flags & EVENT_FAILED) {
        exec_notes_failed(&census->notes, ev->head.process, ev->head.tid);
        return;
    }
    memcpy(said, ev->data, len);
    said[len] = '\0';
    note = exec_notes_add(&census->notes);
    note->number = ev->head.process;
    note->tid = ev->head.tid;
    note->announcer = p->pid;
    locate(said, p, note->path);
    if (note->path[0])
        note->forecast =
            coverage_inspect(census->options.host, note->path, culprit, sizeof(culprit));
    if (ev->head.call == EVENT_CALL_posix_spawn || ev->head.call == EVENT_CALL_posix_spawnp)
        return;
    if (is_own_thread(p, ev->head.tid))
        note->target = p->pid;
    else if (p->priv->depth <= 1 && ev->head.tid <= INT32_MAX)
        note->target = (pid_t)ev->head.tid;
}

void census_reported(struct census *census, struct process *p)
{
    const struct exec_note *note = exec_notes_answered(&census->notes, p);

    if (note && p->parent == 0 && note->target != note->announcer)
        p->parent = note->announcer;
    if (!note || !note->path[0] || p->exe)
        return;
    p->exe = strdup(note->path);
    role_of(p->exe, p->cmdline, p->role);
    if (p->name[0] == '\0')
        (void)snprintf(p->name, sizeof(p->name), "%.63s", role_base_name(p->exe));
}

/* What a process that the library is not in has against it. */
static enum coverage explain(const struct census *census, const struct process *p, bool patient)
{
    const struct coverage_host *host = census->options.host;
    struct procfs_status status;
    char path[PATH_MAX];
    char culprit[PATH_MAX];
    enum coverage found;

    (void)snprintf(path, sizeof(path), "/proc/%d/root/.flatpak-info", (int)p->pid);
    if (access(path, F_OK) == 0)
        return COVERAGE_FLATPAK;
    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)p->pid);
    found = coverage_inspect(host, path, culprit, sizeof(culprit));
    if (found != COVERAGE_UNKNOWN)
        return found;
    if (p->exe && strncmp(p->exe, "/snap/", 6) == 0)
        return COVERAGE_SNAP;
    if (procfs_status(p->pid, p->pid, &status) &&
        (status.real_uid != status.effective_uid || status.real_gid != status.effective_gid))
        return COVERAGE_SETUID;
    if (patient)
        return COVERAGE_UNKNOWN;
    if (procfs_environ(p->pid, "LD_PRELOAD", census->options.library, true) ==
            PROCFS_ENVIRON_LACKS ||
        procfs_environ(p->pid, "RTCSHIM_SESSION", census->options.session, false) ==
            PROCFS_ENVIRON_LACKS)
        return COVERAGE_ENVIRONMENT;
    return COVERAGE_UNEXPLAINED;
}

/* Nothing of the process can be looked at (it has closed its sandbox, changed its user, or ended):
 * what its parent is decides. */
static enum coverage infer(struct census *census, const struct process *p, bool patient)
{
    const struct process *parent = proctab_find_pid(census->options.tab, p->parent, 0);
    const struct exec_note *note = exec_notes_for(&census->notes, p->pid);
    struct procfs_status status;

    if (note && coverage_is_certain(note->forecast))
        return note->forecast;
    if (procfs_status(p->pid, p->pid, &status) && status.real_uid != status.effective_uid)
        return COVERAGE_SETUID;
    if (note)
        return patient ? COVERAGE_UNKNOWN : COVERAGE_UNEXPLAINED;
    /* An exec out of a covered process would have been announced. */
    if (parent && parent->coverage == COVERAGE_COVERED)
        return COVERAGE_COVERED;
    if (parent && coverage_is_missing(parent->coverage))
        return parent->coverage;
    return patient ? COVERAGE_UNKNOWN : COVERAGE_UNEXPLAINED;
}

static void judge(struct census *census, struct process *p, bool last)
{
    struct proctab *tab = census->options.tab;
    int64_t age = process_clock_ms() - p->priv->first_seen_ms;
    bool patient = !last && age < GRACE_MS;
    enum coverage found = COVERAGE_UNKNOWN;
    int loaded = p->ended ? -1
                          : procfs_maps(p->pid, census->library_inode,
                                        role_base_name(census->options.library));

    if (loaded == 1) {
        int attached = procfs_maps(p->pid, census->ring_inode, "ring");
        if (attached == 1) {
            found = COVERAGE_COVERED;
            p->by_fork = true;
        } else if (!patient) {
            found = COVERAGE_NO_SESSION;
        }
    } else if (loaded == 0) {
        found = explain(census, p, patient);
    } else if (p->ended || !patient || age >= CERTAIN_GRACE_MS) {
        found = infer(census, p, patient);
        if (found == COVERAGE_COVERED)
            p->by_fork = true;
    }
    if (found != COVERAGE_UNKNOWN)
        proctab_set_coverage(tab, p, found);
}

static void look_at_sockets(struct process *p)
{
    if (p->used_socket || p->ended || !coverage_is_missing(p->coverage))
        return;
    enum sockets_answer answer = sockets_look(p->pid);
    p->used_socket = answer == SOCKETS_OPEN;
    p->priv->looked_at_sockets = answer != SOCKETS_UNREADABLE;
}

/* The process runs another program than the one that reported. */
static bool image_changed(const struct process *p)
{
    char *exe = p->exe ? procfs_exe(p->pid) : NULL;
    bool changed = exe && strcmp(exe, p->exe) != 0;

    free(exe);
    return changed;
}

/* An exec was announced, time has passed, and what can't be looked at has not reported. */
static bool image_hidden(struct census *census, const struct process *p, int64_t now)
{
    const struct exec_note *note = exec_notes_for(&census->notes, p->pid);
    char *exe;

    if (!note || !coverage_is_certain(note->forecast) || now - note->since_ms < CERTAIN_GRACE_MS)
        return false;
    exe = procfs_exe(p->pid);
    free(exe);
    return exe == NULL;
}

/*
 * Any process of the run can write a report for another one. Once, the kernel is asked whether the
 * library is in the process at all; twice in a row, since a process that just runs its own program
 * again has an empty map for a moment.
 */
static void verify(const struct census *census, struct process *p, int64_t now)
{
    struct process_private *priv = p->priv;

    if (priv->verified || p->coverage != COVERAGE_COVERED || p->ended ||
        now - priv->first_seen_ms < GRACE_MS)
        return;
    if (procfs_maps(p->pid, 0, role_base_name(census->options.library)) != 0) {
        priv->verified = true;
    } else if (priv->bare_since_ms == 0) {
        priv->bare_since_ms = now;
    } else if (now - priv->bare_since_ms >= CERTAIN_GRACE_MS) {
        priv->verified = true;
        proctab_set_coverage(census->options.tab, p, explain(census, p, false));
    }
}

static void visit(struct census *census, const struct kin *kin, bool last)
{
    struct proctab *tab = census->options.tab;
    struct process *p = proctab_find_pid(tab, kin->pid, kin->start_ticks);

    if (kin->zombie)
        return;
    if (!p || p->ended || image_changed(p) ||
        (p->coverage == COVERAGE_COVERED && image_hidden(census, p, process_clock_ms())))
        p = proctab_add_kin(tab, kin);
    if (!p)
        return;
    process_look_again(p);
    if (p->coverage == COVERAGE_UNKNOWN)
        judge(census, p, last);
    verify(census, p, process_clock_ms());
    if (p->coverage != COVERAGE_UNKNOWN)
        proctab_tell(tab, p);
    look_at_sockets(p);
}

struct process *census_look_at(struct census *census, pid_t pid)
{
    const struct kin *kin = lineage_find(proctab_lineage(census->options.tab), pid);
    struct process *p;

    if (!kin)
        return NULL;
    visit(census, kin, false);
    p = proctab_find_pid(census->options.tab, pid, kin->start_ticks);
    return p && !p->ended ? p : NULL;
}

static void mark_ended(struct census *census, struct process *p, bool last)
{
    const struct kin *kin = lineage_find(proctab_lineage(census->options.tab), p->pid);

    if (kin && !kin->zombie && kin->start_ticks == p->start_ticks)
        return;
    if (p->coverage == COVERAGE_UNKNOWN) {
        /* Its report may have been written since the ring was drained: judged at the next look. */
        if (!last && !p->priv->missed) {
            p->priv->missed = true;
            return;
        }
        p->ended = true;
        judge(census, p, true);
        p->ended = false;
    }
    proctab_set_ended(census->options.tab, p);
}

/* The census has listed what the note is about, or seen that it is covered. An image from before
 * the exec does not count. */
static bool is_listed(const struct exec_note *note, const struct process *p)
{
    if (!p || (note->number != 0 && p->number == note->number))
        return false;
    if (coverage_is_missing(p->coverage) || !coverage_is_certain(note->forecast))
        return true;
    return p->exe && strcmp(p->exe, note->path) == 0;
}

/* An announced program did not report. If the census has it, that entry speaks for itself; else it
 * has come and gone. */
static void settle(struct census *census, struct exec_note *note, bool last, int64_t now)
{
    struct proctab *tab = census->options.tab;
    struct process *p = note->target ? proctab_find_pid(tab, note->target, 0) : NULL;
    bool certain = coverage_is_certain(note->forecast);
    int64_t age = now - note->since_ms;
    bool gone = note->target != 0 && (!p || p->ended);

    if (!last && age < (certain || gone ? CERTAIN_GRACE_MS : 2 * GRACE_MS))
        return;
    note->used = false;
    if (is_listed(note, p)) {
        if (!p->exe && note->path[0])
            p->exe = strdup(note->path);
        return;
    }
    /* The announcer still runs: the exec took place in a child that can't be told, or failed
     * unheard. Only a certain forecast counts. */
    if (!certain && !gone)
        return;
    p = proctab_add_gone(tab, note->target, note->path[0] ? note->path : "?");
    if (!p)
        return;
    p->parent = note->target == note->announcer ? 0 : note->announcer;
    proctab_set_coverage(tab, p, certain ? note->forecast : COVERAGE_UNEXPLAINED);
}

void census_take(struct census *census, bool last)
{
    struct proctab *tab = census->options.tab;
    struct lineage *lineage = proctab_lineage(tab);
    int64_t now = process_clock_ms();
    size_t count = 0;

    if (!lineage_refresh(lineage))
        return;
    const struct kin *kin = lineage_kin(lineage, &count);
    for (size_t i = 0; i < count; i++)
        visit(census, &kin[i], last);
    for (size_t i = 0; i < proctab_count(tab); i++) {
        struct process *p = proctab_at(tab, i);
        if (p->ended)
            continue;
        if (p->pid == 0)
            proctab_retry(tab, p);
        else
            mark_ended(census, p, last);
        if (!p->ended && p->coverage != COVERAGE_UNKNOWN &&
            now - p->priv->first_seen_ms >= CENSUS_INTERVAL_MS)
            proctab_tell(tab, p);
    }
    for (size_t i = 0; i < EXEC_NOTES_MAX; i++)
        if (census->notes.note[i].used)
            settle(census, &census->notes.note[i], last, now);
}

bool census_may_have_used_socket(const struct process *p)
{
    return coverage_is_missing(p->coverage) && (p->used_socket || !p->priv->looked_at_sockets);
}

size_t census_living(const struct census *census, pid_t except)
{
    size_t living = 0;

    for (size_t i = 0; i < proctab_count(census->options.tab); i++) {
        const struct process *p = proctab_at(census->options.tab, i);
        if (!p->ended && p->pid != 0 && p->pid != except && p->coverage == COVERAGE_COVERED)
            living++;
    }
    return living;
}
