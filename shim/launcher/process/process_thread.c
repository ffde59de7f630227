/* True ids and names of threads, remembered so that a thread that has ended is still named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "process_private.h"
#include "procfs.h"

enum {
    THREADS_MAX = 4096,   /* names kept a process; a hostile one may make up any number of ids */
    NAME_STALE_MS = 1000, /* a thread is often named a moment after it starts */
    SCAN_PAUSE_MS = 100,  /* between two walks over all threads of a process */
};

struct thread {
    uint32_t ns_tid;
    pid_t tid;
    int64_t read_ms;
    char name[PROCFS_COMM_BYTES];
    UT_hash_handle hh;
};

struct process_threads {
    struct thread *table;
    int64_t scanned_ms;
};

void process_threads_free(struct process_threads *threads)
{
    struct thread *thread, *next;

    if (!threads)
        return;
    HASH_ITER(hh, threads->table, thread, next)
    {
        /* The analyzer does not see that the list moves on.
         * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(threads->table, thread);
        free(thread);
    }
    free(threads);
}

static struct thread *thread_find(struct process_threads *threads, uint32_t ns_tid)
{
    struct thread *thread;

    HASH_FIND(hh, threads->table, &ns_tid, sizeof(ns_tid), thread);
    return thread;
}

static struct thread *thread_get(struct process_threads *threads, uint32_t ns_tid)
{
    struct thread *thread = thread_find(threads, ns_tid);

    if (thread)
        return thread;
    /* Insertion order: the first of the table is the one that has been known longest. */
    if (HASH_COUNT(threads->table) >= THREADS_MAX) {
        struct thread *oldest = threads->table;
        HASH_DEL(threads->table, oldest);
        free(oldest);
    }
    thread = calloc(1, sizeof(*thread));
    if (!thread)
        return NULL;
    thread->ns_tid = ns_tid;
    /* As above. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    HASH_ADD(hh, threads->table, ns_tid, sizeof(thread->ns_tid), thread);
    return thread;
}

/* Learn all threads of a process in a pid namespace of its own: their ids there stand in their
 * status files only. */
static void scan(struct process *p, struct process_threads *threads, int64_t now)
{
    size_t count = 0;
    pid_t *tids = procfs_threads(p->pid, &count);

    threads->scanned_ms = now;
    for (size_t i = 0; tids && i < count; i++) {
        struct procfs_status status;
        struct thread *thread;
        if (!procfs_status(p->pid, tids[i], &status))
            continue;
        thread = thread_get(threads, (uint32_t)status.ns_pid[status.depth - 1]);
        if (!thread)
            continue;
        thread->tid = tids[i];
        thread->read_ms = now;
        (void)procfs_comm(p->pid, tids[i], thread->name, sizeof(thread->name));
    }
    free(tids);
}

static void refresh(struct process *p, uint32_t ns_tid, int64_t now)
{
    struct process_threads *threads = p->priv->threads;
    struct thread *thread = thread_find(threads, ns_tid);
    char name[PROCFS_COMM_BYTES];

    if (p->ended || p->pid <= 0 || (thread && now - thread->read_ms < NAME_STALE_MS))
        return;
    /* One look at the clock of the process tells that the pid is still the same one's. */
    if (p->start_ticks != 0 && !procfs_alive(p->pid, p->start_ticks))
        return;
    if (p->priv->depth > 1 && !(thread && thread->tid)) {
        if (now - threads->scanned_ms >= SCAN_PAUSE_MS)
            scan(p, threads, now);
        return;
    }
    if (!thread) {
        thread = thread_get(threads, ns_tid);
        if (!thread)
            return;
    }
    thread->read_ms = now;
    pid_t tid = thread->tid ? thread->tid : (pid_t)ns_tid;
    if (procfs_comm(p->pid, tid, name, sizeof(name))) {
        thread->tid = tid;
        memcpy(thread->name, name, sizeof(name));
    }
}

void process_thread(struct process *p, uint32_t ns_tid, pid_t *tid, char *name, size_t size)
{
    struct process_private *priv = p->priv;
    struct thread *thread = NULL;

    *tid = 0;
    if (size > 0)
        name[0] = '\0';
    process_look_again(p);
    if (ns_tid == 0 || ns_tid > INT32_MAX)
        return;
    if (!priv->threads)
        priv->threads = calloc(1, sizeof(*priv->threads));
    if (!priv->threads)
        return;
    refresh(p, ns_tid, process_clock_ms());
    thread = thread_find(priv->threads, ns_tid);
    if (!thread)
        return;
    *tid = thread->tid;
    (void)snprintf(name, size, "%s", thread->name);
}
