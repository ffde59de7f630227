/* Which process has a socket, by the socket's inode number: a look into /proc/PID/fd. */
#ifndef RTCSHIM_LAUNCHER_SOCKETS_FIND_H
#define RTCSHIM_LAUNCHER_SOCKETS_FIND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockets.h"

struct socket_wanted {
    uint64_t inode;
    pid_t pid; /* 0 until it is found */
};

/*
 * Look into one process; wanted[i].pid becomes pid where it has that socket and nobody was found
 * before. SOCKETS_OPEN: it has at least one of them; SOCKETS_UNREADABLE: the kernel does not let us
 * look, or the process has gone.
 */
enum sockets_answer sockets_find(pid_t pid, struct socket_wanted *wanted, size_t count);

#endif
