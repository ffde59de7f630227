/*
 * The descendants of this process, as /proc shows them.
 *
 * A pid that is no descendant is looked at once and remembered: a process of another family never
 * becomes one of ours. The launcher is a child subreaper, so a descendant whose parent ends stays
 * one.
 */
#ifndef RTCSHIM_LAUNCHER_LINEAGE_H
#define RTCSHIM_LAUNCHER_LINEAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lineage;

struct kin {
    pid_t pid;
    pid_t ppid;
    uint64_t start_ticks;
    bool zombie;
};

/* root: the process whose descendants are wanted, not itself one of them. NULL and errno on lack of
 * memory. */
struct lineage *lineage_new(pid_t root);
void lineage_free(struct lineage *lineage);

/* This process is not meant, nor are its descendants: a helper of the root's own. 0 none. */
void lineage_leave_out(struct lineage *lineage, pid_t pid);

/* Look at /proc again; false, and the old picture stays, where it can't be read. */
bool lineage_refresh(struct lineage *lineage);

/* The picture of the last refresh, ascending by pid; valid until the next. */
const struct kin *lineage_kin(const struct lineage *lineage, size_t *count);
const struct kin *lineage_find(const struct lineage *lineage, pid_t pid);

#endif
