/*
 * The addresses of the hosts that a policy names: looked up once at the start, and learned from
 * what the run's own processes were told.
 *
 * The second makes `to NAME` follow a name whose addresses change; it also lets a process that lies
 * about its DNS answers widen a rule to its own addresses. docs/policy.md says so.
 */
#ifndef RTCSHIM_LAUNCHER_HOSTS_H
#define RTCSHIM_LAUNCHER_HOSTS_H

#include <jansson.h>

#include "names.h"
#include "program.h"

enum { HOSTS_MAX = 64, HOSTS_ADDRS_MAX = 32 };

struct hosts {
    struct host {
        char *name;
        struct netaddr addr[HOSTS_ADDRS_MAX];
        size_t addrs;
    } host[HOSTS_MAX];
    size_t count;
    const struct names *names; /* NULL none */
};

/* Those of the program. ask: look them up now, which takes as long as the resolver takes. */
void hosts_take(struct hosts *hosts, const struct program *program, const struct names *names,
                bool ask);
void hosts_free(struct hosts *hosts);

/* {"stun.example.org":["192.0.2.1"]}: for another process. New reference. */
json_t *hosts_json(const struct hosts *hosts);
/* Add the addresses of such an object to the hosts that are known. */
void hosts_add_json(struct hosts *hosts, const json_t *json);

/* Learn from names; true where an address is new. */
bool hosts_learn(struct hosts *hosts);

/* For compiler_options.resolve; ctx is a struct hosts. */
size_t hosts_resolve(const char *name, struct netaddr *out, size_t max, void *ctx);

#endif
