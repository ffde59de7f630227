/*
 * A small STUN server over UDP and TCP (RFC 8489, binding only) for demos and tests on one machine.
 * It is no server for the open internet: no rate limit, no authentication, a handful of
 * connections.
 */
#ifndef RTCSHIM_LAB_STUN_SERVER_H
#define RTCSHIM_LAB_STUN_SERVER_H

#include "netaddr.h"

struct stun_server;

/*
 * Listen on address, UDP and TCP with the same port; port 0 takes a free one. *bound gets the
 * address in use. NULL and errno on failure.
 */
struct stun_server *stun_server_new(const struct netaddr *address, struct netaddr *bound);
void stun_server_free(struct stun_server *server);

/* A descriptor that polls readable when there is work; then call stun_server_ready(), which never
 * blocks. */
int stun_server_fd(const struct stun_server *server);
void stun_server_ready(struct stun_server *server);

/*
 * The answer to the STUN message in in[0..len), which came from `from`, into out[0..size). Returns
 * its length, 0 for what is to be left unanswered: no STUN, no request, a FINGERPRINT that does not
 * match. Pure.
 *
 * Success carries XOR-MAPPED-ADDRESS, SOFTWARE and FINGERPRINT. A request with a
 * comprehension-required attribute that is not registered is answered 420, one with another method
 * 400 (RFC 8489 sections 6.3.1 and 14.9).
 */
size_t stun_server_answer(const uint8_t *in, size_t len, const struct netaddr *from, uint8_t *out,
                          size_t size);

#endif
