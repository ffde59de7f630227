/* What a policy takes out of bytes that a program has received, by kind of descriptor. */
#include "enforce_receive.h"

#include "enforce_answer.h"
#include "enforce_netlink.h"

bool enforce_received(struct received *received)
{
    int saved = errno;
    bool again = false;

    switch (fd_kind(fdtab_get(received->fd))) {
    case FD_UDP:
    case FD_TCP:
        enforce_answer(received);
        break;
    case FD_ROUTE:
        again = enforce_netlink(received);
        break;
    case FD_UNKNOWN:
        if (enforce_netlink_likely(received))
            again = enforce_netlink(received);
        else
            enforce_answer(received);
        break;
    case FD_OTHER:
    case FD_DIRECTORY:
        break;
    }
    errno = saved;
    return again;
}
