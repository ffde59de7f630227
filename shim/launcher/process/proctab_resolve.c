/* Finding a process by what it calls itself, among the descendants of the launcher. */
#include "proctab_resolve.h"

#include <unistd.h>

#include "process_private.h"
#include "procfs.h"

/* Does this status fit? The parent's namespace is the parent_depth-th column, the process's own the
 * last. */
static bool fits(const struct procfs_status *status, const struct proctab_wanted *wanted,
                 unsigned parent_depth)
{
    if (status->depth < parent_depth)
        return false;
    if (wanted->child_pid != 0)
        return parent_depth > 0 && status->ns_pid[parent_depth - 1] == wanted->child_pid;
    return status->ns_pid[status->depth - 1] == wanted->ns_pid;
}

/* Higher is likelier; 0 is out. A child whose parent has ended has another parent now, so that is
 * no ground to exclude it. */
static int rank(struct proctab *tab, const struct kin *kin, const struct proctab_wanted *wanted)
{
    const struct process *parent = wanted->parent;
    const struct process *seen = proctab_find_pid(tab, kin->pid, kin->start_ticks);
    int score = 1;

    if (parent && parent->start_ticks != 0 && kin->start_ticks < parent->start_ticks)
        return 0;
    if (parent && kin->pid == parent->pid)
        return 0;
    if (seen && seen->number != 0) {
        /* Another fork child has it. A program that reported from its constructor may be what the
         * child has become. */
        if (seen->by_fork)
            return 0;
    } else {
        score += 1;
    }
    if (parent && parent->pid != 0 && kin->ppid == parent->pid)
        score += 2;
    return score;
}

/*
 * The usual case without a walk over /proc: the parent lives in the launcher's own namespace, so
 * what the child was called there is its pid. true: *found is the answer.
 */
static bool resolve_directly(const struct proctab_wanted *wanted, pid_t launcher,
                             struct proctab_found *found)
{
    const struct process *parent = wanted->parent;
    pid_t claimed = wanted->child_pid ? wanted->child_pid : wanted->ns_pid;
    struct procfs_status status;
    struct procfs_stat stat;

    /* 1 is what a child sees itself as in a new namespace. */
    if (!parent || parent->priv->depth != 1 || parent->pid == 0 || claimed <= 1)
        return false;
    if (!procfs_status(claimed, claimed, &status) || !procfs_stat(claimed, &stat))
        return false;
    /* A child whose parent has ended is the launcher's, the nearest subreaper. */
    if (status.tgid != claimed || (status.ppid != parent->pid && status.ppid != launcher) ||
        !fits(&status, wanted, 1))
        return false;
    *found = (struct proctab_found){.pid = claimed, .start_ticks = stat.start_ticks};
    return true;
}

struct proctab_found proctab_resolve(struct proctab *tab, const struct proctab_wanted *wanted)
{
    struct lineage *lineage = proctab_lineage(tab);
    const struct process *parent = wanted->parent;
    unsigned parent_depth = parent ? parent->priv->depth : 0;
    struct proctab_found found = {0};
    struct procfs_stat stat;
    size_t count = 0;
    int best = 0;

    if (resolve_directly(wanted, getpid(), &found))
        return found;
    (void)lineage_refresh(lineage);
    const struct kin *kin = lineage_kin(lineage, &count);
    for (size_t i = 0; i < count; i++) {
        struct procfs_status status;
        int score = rank(tab, &kin[i], wanted);
        /* Of two that fit equally the younger: the record was written when the child was new. */
        if (score == 0 || score < best || (score == best && kin[i].start_ticks < found.start_ticks))
            continue;
        if (!procfs_status(kin[i].pid, kin[i].pid, &status) || !fits(&status, wanted, parent_depth))
            continue;
        best = score;
        found = (struct proctab_found){.pid = kin[i].pid, .start_ticks = kin[i].start_ticks};
    }
    if (found.pid != 0)
        return found;
    /* Gone already. In the launcher's own namespace, what it was called there was its pid. */
    pid_t claimed = wanted->child_pid ? wanted->child_pid : wanted->ns_pid;
    if (parent_depth == 1 && claimed > 1 && !procfs_stat(claimed, &stat))
        found = (struct proctab_found){.pid = claimed, .gone = true};
    return found;
}

/* A descendant in a pid namespace below the launcher's that sees itself as ns_pid; 0 if there is
 * none. */
static pid_t find_deeper(struct proctab *tab, pid_t ns_pid)
{
    size_t count = 0;
    uint64_t start_ticks = 0;
    pid_t found = 0;
    int best = 0;

    const struct kin *kin = lineage_kin(proctab_lineage(tab), &count);
    for (size_t i = 0; i < count; i++) {
        const struct process *seen = proctab_find_pid(tab, kin[i].pid, kin[i].start_ticks);
        struct procfs_status status;
        /* A program that reported already may run another one now, but less likely so. */
        int score = !seen || seen->number == 0 || seen->by_fork ? 2 : 1;
        if (kin[i].zombie || (seen && seen->priv->depth == 1) || score < best ||
            (score == best && kin[i].start_ticks < start_ticks))
            continue;
        if (!procfs_status(kin[i].pid, kin[i].pid, &status) || status.depth < 2 ||
            status.ns_pid[status.depth - 1] != ns_pid)
            continue;
        best = score;
        start_ticks = kin[i].start_ticks;
        found = kin[i].pid;
    }
    return found;
}

/* proc_pid, if it is a descendant's that sees itself as ns_pid; *gone: it lives no more and is
 * believed. 0: refuted. */
static pid_t check_told_pid(struct proctab *tab, pid_t proc_pid, pid_t ns_pid, bool *gone)
{
    struct lineage *lineage = proctab_lineage(tab);
    struct procfs_status status;
    struct procfs_stat stat;

    *gone = false;
    /* The pids of a process that is being released read as 0: gone, too. */
    if (!procfs_status(proc_pid, proc_pid, &status) || status.tgid == 0 ||
        status.ns_pid[status.depth - 1] == 0) {
        *gone = true;
        return proc_pid;
    }
    if (status.tgid != proc_pid || status.ns_pid[status.depth - 1] != ns_pid)
        return 0;
    /* Twice: a parent that ends while /proc is read leaves its child without a family for a moment.
     */
    for (int tries = 0; !lineage_find(lineage, proc_pid); tries++) {
        if (!procfs_stat(proc_pid, &stat)) {
            *gone = true;
            return proc_pid;
        }
        if (tries == 2)
            return 0;
        (void)lineage_refresh(lineage);
    }
    return proc_pid;
}

pid_t proctab_check_pid(struct proctab *tab, uint32_t proc_pid, uint32_t ns_pid)
{
    pid_t pid, deeper;
    bool gone;

    if (proc_pid == 0 || proc_pid > INT32_MAX) {
        struct proctab_wanted wanted = {.ns_pid = (pid_t)ns_pid};
        struct proctab_found found = proctab_resolve(tab, &wanted);
        return found.gone ? 0 : found.pid;
    }
    pid = check_told_pid(tab, (pid_t)proc_pid, (pid_t)ns_pid, &gone);
    if (pid != 0 && !gone)
        return pid;
    if (proc_pid != ns_pid)
        return pid;
    if (!gone)
        (void)lineage_refresh(proctab_lineage(tab));
    deeper = find_deeper(tab, (pid_t)ns_pid);
    return deeper ? deeper : pid;
}
