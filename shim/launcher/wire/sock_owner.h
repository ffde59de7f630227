/*
 * Which socket of this network namespace a message on the wire belongs to: asked of the kernel
 * through sock_diag(7), one exact question for each.
 */
#ifndef RTCSHIM_LAUNCHER_SOCK_OWNER_H
#define RTCSHIM_LAUNCHER_SOCK_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "netaddr.h"

struct sock_owner;

struct sock_owner_found {
    uint64_t inode; /* as in /proc/PID/fd; 0: the kernel keeps the port, no process the socket */
    uid_t uid;      /* who made the socket */
};

/* NULL and errno where the kernel does not answer such questions. */
struct sock_owner *sock_owner_new(void);
/* Takes NULL. */
void sock_owner_free(struct sock_owner *owner);

/*
 * The socket that sends from local to remote: connected, or bound to the port alone, also an IPv6
 * one that speaks IPv4.
 *
 * tcp      else UDP
 * ifindex  over which it was seen, for sockets that are bound to an interface; 0 unknown
 *
 * false: there is none (any more). What a raw or packet socket sent has none; then, or where the
 * sender has gone and another socket has the port, the answer is the socket that an answer would
 * reach.
 */
bool sock_owner_ask(struct sock_owner *owner, const struct netaddr *local,
                    const struct netaddr *remote, bool tcp, uint32_t ifindex,
                    struct sock_owner_found *out);

#endif
