/* One process: its names and role, read from procfs while they can be. */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "process_private.h"
#include "procfs.h"
#include "role_text.h"

enum { LOOK_AGAIN_MS = 200, LOOK_AT_NETWORK_MS = 20 };

int64_t process_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct process *process_new(void)
{
    struct process *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->priv = calloc(1, sizeof(*p->priv));
    if (!p->priv) {
        free(p);
        return NULL;
    }
    p->priv->self = p;
    p->priv->first_seen_ms = process_clock_ms();
    return p;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    process_threads_free(p->priv->threads);
    process_code_free(p->priv->code);
    free(p->priv);
    free(p->exe);
    free(p->cmdline);
    free(p);
}

static void take_string(char **slot, char *value)
{
    if (!value)
        return;
    free(*slot);
    *slot = value;
}

void process_look(struct process *p)
{
    char comm[PROCFS_COMM_BYTES] = "";
    struct process_private *priv = p->priv;
    struct procfs_stat stat;
    struct procfs_status status;

    priv->looked_ms = process_clock_ms();
    if (p->pid <= 0 || !procfs_stat(p->pid, &stat))
        return;
    /* The pid may have been given to another process since. */
    if (p->start_ticks != 0 && stat.start_ticks != p->start_ticks)
        return;
    p->start_ticks = stat.start_ticks;
    if (p->parent == 0)
        p->parent = stat.ppid;
    if (procfs_status(p->pid, p->pid, &status)) {
        priv->depth = status.depth;
        if (p->ns_pid == 0)
            p->ns_pid = status.ns_pid[status.depth - 1];
    }
    take_string(&p->exe, procfs_exe(p->pid));
    take_string(&p->cmdline, procfs_cmdline(p->pid));
    if (!p->exe && p->by_fork && priv->copied_from && priv->copied_from->exe)
        p->exe = strdup(priv->copied_from->exe);
    role_of(p->exe, p->cmdline, p->role);
    if (procfs_comm(p->pid, p->pid, comm, sizeof(comm)) && comm[0])
        (void)snprintf(p->name, sizeof(p->name), "%s", comm);
    /* A browser names its main thread after what it does; the program's name is the steadier one,
     * and the role says the rest. */
    if (p->exe && (p->role[0] || p->name[0] == '\0'))
        (void)snprintf(p->name, sizeof(p->name), "%.63s", role_base_name(p->exe));
}

void process_look_again(struct process *p)
{
    struct process_private *priv = p->priv;

    /* Only what was copied from a zygote or a fork server turns into something else; and what could
     * not be read at first may be readable now. */
    if (p->ended || p->pid == 0 || ((!p->by_fork || !role_is_generic(p->role)) && p->cmdline) ||
        process_clock_ms() - priv->looked_ms < LOOK_AGAIN_MS)
        return;
    process_look(p);
}

bool process_look_at_network(struct process *p)
{
    int64_t now = process_clock_ms();
    struct stat its, ours;
    char path[48];

    if (p->other_network || p->pid == 0 || p->ended ||
        (p->priv->looked_at_network_ms != 0 &&
         now - p->priv->looked_at_network_ms < LOOK_AT_NETWORK_MS))
        return p->other_network;
    p->priv->looked_at_network_ms = now;
    (void)snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)p->pid);
    /* One that has ended, or that we may not look at, is taken to be where we are. */
    if (stat(path, &its) == 0 && stat("/proc/self/ns/net", &ours) == 0)
        p->other_network = its.st_ino != ours.st_ino || its.st_dev != ours.st_dev;
    return p->other_network;
}
