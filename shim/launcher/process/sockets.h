/* Which kinds of sockets a process has open, for processes that the library does not see. */
#ifndef RTCSHIM_LAUNCHER_SOCKETS_H
#define RTCSHIM_LAUNCHER_SOCKETS_H

#include <sys/types.h>

enum sockets_answer {
    SOCKETS_NONE,
    SOCKETS_OPEN, /* an internet, netlink or packet socket is open, or one whose kind is not told */
    SOCKETS_UNREADABLE, /* the kernel does not let us look */
};

enum sockets_answer sockets_look(pid_t pid);

#endif
