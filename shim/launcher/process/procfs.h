/*
 * Reading /proc: what the kernel says about a process, in the pid namespace of the /proc that is
 * mounted here.
 *
 * Every function may find the process gone at any moment and then says so (false, NULL, 0). Text
 * that a process can choose (comm, cmdline, environ) is returned raw. See proc(5).
 */
#ifndef RTCSHIM_LAUNCHER_PROCFS_H
#define RTCSHIM_LAUNCHER_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROCFS_NS_MAX = 33,     /* the kernel nests 32 pid namespaces below the first */
    PROCFS_COMM_BYTES = 64, /* a comm has 15 bytes; kernel threads' names may be longer */
};

struct procfs_stat {
    char state; /* 'R', 'S', 'Z', ... */
    pid_t ppid;
    uint64_t start_ticks; /* since boot; with the pid it names a process for good */
};

struct procfs_status {
    pid_t tgid, pid, ppid;
    uid_t real_uid, effective_uid;
    gid_t real_gid, effective_gid;
    unsigned depth;              /* columns in ns_pid */
    pid_t ns_pid[PROCFS_NS_MAX]; /* [0] as seen from here, [depth - 1] as the process sees itself */
};

/* Parse the text of /proc/PID/stat and /proc/PID/status; false, *out unchanged, where a field is
 * missing or is no number. */
bool procfs_stat_parse(const char *text, struct procfs_stat *out);
bool procfs_status_parse(const char *text, struct procfs_status *out);

bool procfs_stat(pid_t pid, struct procfs_stat *out);
/* tid may be any thread of pid, or pid itself. */
bool procfs_status(pid_t pid, pid_t tid, struct procfs_status *out);

/* The process that had this start time still runs (a zombie does not). */
bool procfs_alive(pid_t pid, uint64_t start_ticks);

bool procfs_comm(pid_t pid, pid_t tid, char *out, size_t size);
/* The program's path without " (deleted)", or NULL where it can't be read. Caller frees. */
char *procfs_exe(pid_t pid);
/* Arguments joined by single spaces, or NULL where there are none. Caller frees. */
char *procfs_cmdline(pid_t pid);
/* A whole file below /proc/PID, cut at max bytes, with a NUL after it; NULL and errno. Caller
 * frees. */
char *procfs_read(pid_t pid, const char *name, size_t max, size_t *len);

/* What the environment that the process was started with says; ENVIRON_UNREADABLE where it can't be
 * read. */
enum procfs_environ { PROCFS_ENVIRON_UNREADABLE, PROCFS_ENVIRON_LACKS, PROCFS_ENVIRON_HAS };
/* Has a variable `name` whose value is value, or, where part is true, contains it. */
enum procfs_environ procfs_environ(pid_t pid, const char *name, const char *value, bool part);

/* A file with this inode number (0: any) and this last path component is mapped. -1 can't be read,
 * 0 no, 1 yes. */
int procfs_maps(pid_t pid, ino_t inode, const char *file_name);

/* All process ids, ascending, or NULL and errno. Caller frees. */
pid_t *procfs_pids(size_t *count);
/* All thread ids of a process, likewise. */
pid_t *procfs_threads(pid_t pid, size_t *count);

/* /proc is mounted and shows this process under its own pid; where it does not, no pid in it means
 * anything here. */
bool procfs_usable(void);

#endif
