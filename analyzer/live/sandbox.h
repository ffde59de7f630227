/*
 * Closes the process in before it reads a byte from the network.
 */
#ifndef RTCSHIM_ANALYZER_SANDBOX_H
#define RTCSHIM_ANALYZER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum { SANDBOX_WRITE_FDS_MAX = 8 };

struct sandbox {
    int write_fds[SANDBOX_WRITE_FDS_MAX]; /* may be written to */
    size_t write_fd_count;
    int read_fd;    /* may be read */
    int netlink_fd; /* may be asked for interfaces */
};

/*
 * Install a seccomp filter in all threads that the process has (and no_new_privs with it): an
 * allow-list, sandbox.def. A call that is on the list with other arguments, or not on it, ends the
 * process with SIGSYS; to open a file fails with EACCES, because libraries try that and do without.
 *
 * false, said on standard error: the kernel has no seccomp filters, or this one can't be installed.
 */
bool sandbox_enter(const struct sandbox *sandbox);

#endif
