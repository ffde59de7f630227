/*
 * ADDR:PORT as the lab's options take it ("127.0.0.1:0", "[::1]:3478"), and netaddr as the socket
 * address that bind() wants.
 */
#ifndef RTCSHIM_LAB_ENDPOINT_H
#define RTCSHIM_LAB_ENDPOINT_H

#include <sys/socket.h>

#include "netaddr.h"

/* false, *out unchanged, where text is not a numeric address and a port of 0 to 65535. */
bool endpoint_parse(const char *text, struct netaddr *out);

/* addr must not be NETADDR_NONE. Returns the length to give to bind(). */
socklen_t endpoint_to_sockaddr(const struct netaddr *addr, struct sockaddr_storage *out);

/* The address that fd is bound to; NETADDR_NONE and errno on failure. */
struct netaddr endpoint_of_socket(int fd);

#endif
