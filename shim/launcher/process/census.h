/*
 * The census: every descendant of the launcher is found by looking at /proc now and then, and is
 * covered or has a reason why not.
 *
 * Programs that live too shortly to be found are known from the exec that a covered process
 * announced: what was announced and did not report in is listed too.
 */
#ifndef RTCSHIM_LAUNCHER_CENSUS_H
#define RTCSHIM_LAUNCHER_CENSUS_H

#include "coverage.h"
#include "proctab.h"

enum { CENSUS_INTERVAL_MS = 250 };

struct census;

struct census_options {
    struct proctab *tab;
    const struct coverage_host *host;
    const char *library; /* path of librtcshim.so */
    const char *session; /* the session's folder */
};

/* Borrows all that options points to. NULL and errno on failure. */
struct census *census_new(const struct census_options *options);
void census_free(struct census *census);

/* A process is about to run path (the first one, which nobody announces). */
void census_expect(struct census *census, pid_t pid, const char *path);
/* EVENT_EXEC from p. */
void census_exec(struct census *census, const struct event_view *ev, struct process *p);
/* p reported in from a constructor. Where it is gone already, what was announced tells its program.
 */
void census_reported(struct census *census, struct process *p);

/* Look. last: nothing more will come, what is undecided is decided. Drain the ring before, so that
 * reports are not overtaken. */
void census_take(struct census *census, bool last);

/* Look at one process now, of those that the last lineage_refresh() found: it may run another
 * program since the census passed by. Its entry; NULL: it is no descendant, or has ended. */
struct process *census_look_at(struct census *census, pid_t pid);

/* Not covered, and a network socket was seen open in it, or nobody could look. */
bool census_may_have_used_socket(const struct process *p);

/* Processes that live, other than the one with this pid, and are covered. */
size_t census_living(const struct census *census, pid_t except);

#endif
