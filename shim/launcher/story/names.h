/*
 * Which host name an address was looked up by, learned from the run's own name lookups and DNS
 * answers.
 *
 * A name is what a process asked for, so it is a stranger's word: a hostile process can give any
 * address any name. It is shown beside addresses and decides nothing.
 */
#ifndef RTCSHIM_LAUNCHER_NAMES_H
#define RTCSHIM_LAUNCHER_NAMES_H

#include "netaddr.h"

enum { NAMES_MAX = 4096, NAMES_TEXT_BYTES = 256 };

struct names;

struct names *names_new(void);
void names_free(struct names *names);

/* The address was the answer for name; the latest name wins, the oldest address is forgotten past
 * NAMES_MAX. Addresses that are no host's (NONE, unspecified) and empty names are left out. */
void names_learn(struct names *names, const struct netaddr *addr, const char *name);

/* NULL where no name is known; borrowed until the next names_learn(). Ports are not looked at. */
const char *names_find(const struct names *names, const struct netaddr *addr);

/* The addresses that were the answer for name, in any case of letters and with or without its last
 * dot; up to max of them, returns how many. */
size_t names_addresses(const struct names *names, const char *name, struct netaddr *out,
                       size_t max);

/* Moves whenever something was learned. */
uint64_t names_learned(const struct names *names);

#endif
