/* The wanted path: the interfaces through which everything should go. */
#ifndef RTCSHIM_ANALYZER_WANTED_H
#define RTCSHIM_ANALYZER_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "run_folder.h"

enum { WANTED_MAX = 8 };

enum wanted_source { WANTED_NONE, WANTED_OPTION, WANTED_POLICY, WANTED_TUNNEL };

struct wanted {
    const char *names[WANTED_MAX]; /* borrowed */
    size_t count;
    enum wanted_source source;
    bool missing; /* a name is no interface of the run's */
    char sentence[256];
    char text[WANTED_MAX][16]; /* names that are not terminated elsewhere */
};

/*
 * From the option (may be NULL), else the policy (its vpn, else its rules: "via !tun0"), else the
 * tunnels that have a default route, else the only tunnel.
 */
void wanted_find(const struct run_folder *run, const char *option, struct wanted *wanted);

/* Loopback is on every wanted path. */
bool wanted_includes(const struct wanted *wanted, const char *iface);

const char *wanted_source_name(enum wanted_source source); /* "option"; static */

#endif
