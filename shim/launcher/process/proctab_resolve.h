/* From pids that processes tell in their own namespaces to pids in the launcher's: the NSpid lines
 * of procfs. */
#ifndef RTCSHIM_LAUNCHER_PROCTAB_RESOLVE_H
#define RTCSHIM_LAUNCHER_PROCTAB_RESOLVE_H

#include "proctab.h"

/* What is known of a fork child; one of the two pids is 0. */
struct proctab_wanted {
    pid_t ns_pid;           /* as it sees itself */
    pid_t child_pid;        /* as its parent sees it */
    struct process *parent; /* NULL unknown */
};

struct proctab_found {
    pid_t pid;            /* 0: not found */
    uint64_t start_ticks; /* 0 where gone */
    bool gone;            /* the process has ended; the pid is what it was told as */
};

struct proctab_found proctab_resolve(struct proctab *tab, const struct proctab_wanted *wanted);

/*
 * The pid that a constructor read from /proc/self, if procfs bears it out: a descendant that sees
 * itself as ns_pid. Where it does not, the procfs may have been another one's, of a pid namespace
 * below: then a descendant in such a namespace that calls itself so. A process that is gone can't
 * be checked, its word is taken. 0: refuted, or not told and not found.
 */
pid_t proctab_check_pid(struct proctab *tab, uint32_t proc_pid, uint32_t ns_pid);

#endif
