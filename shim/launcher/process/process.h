/*
 * The processes of a run: who they truly are, what they do in the browser, and whether the preload
 * library sees them.
 *
 * A record names its writer by a number that the ring gave out (see core/ring.h) and by pids in the
 * writer's own namespace. This table turns both into pids of the launcher's namespace, through
 * procfs. A compromised browser process may lie in its records: what is read from procfs here is
 * the kernel's word, the rest is the process's.
 */
#ifndef RTCSHIM_LAUNCHER_PROCESS_H
#define RTCSHIM_LAUNCHER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "event.h"

enum coverage {
    COVERAGE_UNKNOWN, /* started, has not reported in yet */
    COVERAGE_COVERED, /* the library reported in, or the memory was copied from a covered process */
    COVERAGE_STATIC,  /* NOT COVERED from here on: no dynamic loader in the program */
    COVERAGE_SETUID,
    COVERAGE_FILE_CAPS,
    COVERAGE_ENVIRONMENT,  /* LD_PRELOAD or RTCSHIM_SESSION is not in its environment */
    COVERAGE_FOREIGN_LIBC, /* another loader than the library was built for */
    COVERAGE_FOREIGN_ARCH, /* a program for another machine or word size */
    COVERAGE_SNAP,
    COVERAGE_FLATPAK,
    COVERAGE_NO_SESSION,  /* loaded, but the session's folder can't be reached from where it runs */
    COVERAGE_UNEXPLAINED, /* ran long enough to report in and did not */
};
/* "covered", "static", "setuid", ...: the words of run.json; and a sentence for people. static. */
const char *coverage_word(enum coverage c);
const char *coverage_sentence(enum coverage c);

struct process {
    pid_t pid;            /* in the launcher's pid namespace; 0 where it could not be found out */
    pid_t ns_pid;         /* as the process sees itself */
    pid_t parent;         /* launcher's namespace, as first seen */
    uint32_t number;      /* the ring's; 0 for a process that never reported in */
    uint64_t start_ticks; /* /proc/PID/stat field 22, tells a reused pid */
    char name[64];        /* comm, or the file name of the program where comm is a thread's */
    char role[32]; /* "browser", "network", "socket", "renderer", "gpu", "zygote", "forkserver",
                      "utility"...; "" for other programs */
    char *exe;     /* path of the program, NULL unknown; owned */
    char *cmdline; /* arguments joined by spaces, NULL unknown; owned */
    enum coverage coverage;
    bool by_fork;     /* no exec of its own: a fork, clone or zygote child */
    bool used_socket; /* not covered, and an internet, netlink or packet socket was seen open in it
                       */
    bool other_network; /* was seen in another network namespace than the launcher's, when it had
                           something told that has to do with the network */
    bool ended;
    bool replaced; /* ended by exec: the process goes on as another program, which has an entry of
                      its own */
    struct process_private *priv;
};

/* Look where p is, at most every few milliseconds; other_network, once set, stays. Returns it. */
bool process_look_at_network(struct process *p);

/*
 * Name a thread: *tid gets its true tid (0 unknown), name (size bytes, NUL-terminated) its comm, ""
 * unknown. The answer is remembered, so that a thread that has ended since is still named.
 */
void process_thread(struct process *p, uint32_t ns_tid, pid_t *tid, char *name, size_t size);

/* The code at address as "libnss3.so+0x2a1f0", from the process's memory map; "" where the map
 * can't be read or holds no such address. */
void process_caller(struct process *p, uint64_t address, char *text, size_t size);

#endif
