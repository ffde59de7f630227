/*
 * The table of processes: by the ring's number, and by pid in the launcher's namespace.
 *
 * One struct process is one program image: a process that runs another program is a new entry with
 * the same pid, and the old one has ended. Entries stay until proctab_free(), so pointers to them
 * are good for the run. What records claim is checked against procfs where the process still lives;
 * where it is gone, its own word about its pid is all there is.
 */
#ifndef RTCSHIM_LAUNCHER_PROCTAB_H
#define RTCSHIM_LAUNCHER_PROCTAB_H

#include <stddef.h>

#include "event.h"
#include "lineage.h"
#include "process.h"

enum {
    PROCTAB_MAX = 65536,
    PROCTAB_TOLD_MAX = 64512, /* entries that a record may add; beyond, writers share one without a
                                 name. The rest is for what is found by looking */
};

struct proctab;

/*
 * launcher: the process whose descendants are meant. changed is called when an entry is first told
 * of, when its coverage changes and when it ends. NULL and errno on lack of memory.
 */
struct proctab *proctab_new(pid_t launcher, void (*changed)(const struct process *p, void *ctx),
                            void *ctx);
void proctab_free(struct proctab *tab);

/* EVENT_PROCESS: returns the entry, covered from now on, or NULL where the record makes no sense or
 * memory is out. */
struct process *proctab_report(struct proctab *tab, const struct event_view *ev);
/* EVENT_FORK. */
void proctab_fork(struct proctab *tab, const struct event_view *ev);
/* The writer of any other record; never NULL except on lack of memory. It is told of before its
 * first record is. */
struct process *proctab_writer(struct proctab *tab, uint32_t number);
/* May a process with that number still commit a record? For ring_reader_new(); ctx is the table. */
bool proctab_writer_alive(uint32_t number, void *ctx);

struct process *proctab_find_number(struct proctab *tab, uint32_t number);
/* The newest image of the process with this pid and start time (0: any); NULL if there is none. */
struct process *proctab_find_pid(struct proctab *tab, pid_t pid, uint64_t start_ticks);

/* A process found by looking: an entry without a number, COVERAGE_UNKNOWN. An older image of the
 * pid has then ended. */
struct process *proctab_add_kin(struct proctab *tab, const struct kin *kin);
/* A program that was started and is gone without a trace in procfs; pid 0 where it is not known. It
 * has ended. */
struct process *proctab_add_gone(struct proctab *tab, pid_t pid, const char *path);

void proctab_set_coverage(struct proctab *tab, struct process *p, enum coverage coverage);
void proctab_set_ended(struct proctab *tab, struct process *p);
/* Tell of an entry that has not been told of yet. */
void proctab_tell(struct proctab *tab, struct process *p);
/* Try again to find the pid of an entry that has none; bounded. */
void proctab_retry(struct proctab *tab, struct process *p);

/* A process that was found by looking had no room: the table no longer says whether all are
 * covered. */
bool proctab_overflowed(const struct proctab *tab);
size_t proctab_count(const struct proctab *tab);
struct process *proctab_at(const struct proctab *tab, size_t i);

struct lineage *proctab_lineage(struct proctab *tab);

#endif
