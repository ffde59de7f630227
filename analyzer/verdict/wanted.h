/* The wanted path: the interfaces through which everything should go. */
#ifndef RTCSHIM_ANALYZER_WANTED_H
#define RTCSHIM_ANALYZER_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "network_at.h"
#include "run_folder.h"

enum {
    WANTED_MAX = 8,
    WANTED_NAME_BYTES = 16, /* IFNAMSIZ */
};

enum wanted_source { WANTED_NONE, WANTED_OPTION, WANTED_POLICY, WANTED_TUNNEL };

struct wanted {
    char names[WANTED_MAX][WANTED_NAME_BYTES];
    const char *list[WANTED_MAX]; /* the same */
    size_t count;
    enum wanted_source source;
    const char *policy; /* that names them, of several the first; NULL unknown. Borrowed */
    bool missing;       /* a name is no interface that the run had at any time */
    char sentence[512]; /* for people: what is wanted, and how that is known */
};

/*
 * From the option (NULL none; a longer name than an interface can have is cut), else the policy
 * (its vpn, else its rules: "via !tun0"), else the tunnels that have a default route, else the only
 * tunnel. network is moved to the run's start. wanted must stay where it is: list points into it.
 */
void wanted_find(const struct run_folder *run, struct network_at *network, const char *option,
                 struct wanted *wanted);

/* iface is one of the wanted interfaces. */
bool wanted_names(const struct wanted *wanted, const char *iface);
/* iface is on the wanted path. Loopback always is, since it tells nobody anything; NULL is not. */
bool wanted_includes(const struct wanted *wanted, const char *iface);

const char *wanted_source_name(enum wanted_source source); /* "option"; static */

#endif
