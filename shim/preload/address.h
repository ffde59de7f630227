/*
 * The local and remote addresses of a socket, asked of the kernel once and remembered until the
 * socket is bound, connected or closed.
 *
 * Only events ask: a STUN message, a probe, a DNS question. Async-signal-safe, errno kept.
 */
#ifndef RTCSHIM_PRELOAD_ADDRESS_H
#define RTCSHIM_PRELOAD_ADDRESS_H

#include "fdtab.h"
#include "netaddr.h"

/* NETADDR_NONE where the kernel knows none. */
struct netaddr address_local(int fd);
struct netaddr address_peer(int fd);

/* dup and kin: the copy has the same addresses. Called before to's word is set. */
void address_copy(int from, int to);

#endif
