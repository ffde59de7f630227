/* What proctab.c, census.c and process.c keep about a process beside what struct process shows. */
#ifndef RTCSHIM_LAUNCHER_PROCESS_PRIVATE_H
#define RTCSHIM_LAUNCHER_PROCESS_PRIVATE_H

#include <uthash.h>

#include "process.h"

struct process_threads;
struct process_code;

struct process_private {
    struct process *self;
    UT_hash_handle by_number;
    UT_hash_handle by_pid; /* only the newest image of a pid is in that table */
    bool in_pid_table;
    struct process
        *copied_from; /* the process whose memory this one started with; NULL after exec */
    unsigned depth;   /* pid namespaces seen in NSpid; 0 not known */
    int64_t first_seen_ms;
    int64_t looked_ms;            /* when name, arguments and role were last read */
    int64_t looked_at_network_ms; /* 0 never */
    uint64_t records;             /* told to the story */
    bool told;                    /* the story knows of it */
    bool told_ended;
    bool superseded;        /* its pid is in another entry's name now */
    bool looked_at_sockets; /* and the kernel let us */
    bool verified;          /* looked into its memory map after it reported */
    int64_t bare_since_ms;  /* reported, but the library was not in its map; 0 not so */
    bool missed;            /* the census did not find it any more, but has not judged it yet */
    unsigned resolve_tries;
    pid_t child_pid; /* what its parent called it at fork; 0 not told */
    struct process_threads *threads;
    struct process_code *code;
};

/* NULL on lack of memory. */
struct process *process_new(void);
void process_free(struct process *p);

/* Monotonic milliseconds. */
int64_t process_clock_ms(void);

/* Read what procfs knows of p->pid: start time, parent, name, exe, arguments, role. What is known
 * stays where nothing can be read. */
void process_look(struct process *p);
/* Again, where the role is one that changes soon and the last look is some time ago. */
void process_look_again(struct process *p);

/* Read the memory map now, while it is allowed: a sandbox closes it later. */
void process_code_remember(struct process *p);

void process_threads_free(struct process_threads *threads);
void process_code_free(struct process_code *code);

#endif
