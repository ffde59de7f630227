/*
 * A run's folder: what run.json says, and where the other files are.
 *
 * The folder may be anybody's. Its files are opened inside it without following a symbolic link,
 * and must be regular files. What is missing or damaged is listed; everything else still works: a
 * run that was killed has an early run.json (complete: false) and perhaps half a last line.
 */
#ifndef RTCSHIM_ANALYZER_RUN_FOLDER_H
#define RTCSHIM_ANALYZER_RUN_FOLDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

enum {
    RUN_JSON_BYTES_MAX = 64 << 20,
    RUN_DAMAGES_MAX = 1000, /* more are counted */
    RUN_REASON_BYTES = 240,
};

#define RUN_JSON_FILE   "run.json"
#define RUN_EVENTS_FILE "events.ndjson"
#define RUN_WIRE_FILE   "wire.pcapng"

struct run_damage {
    const char *file;              /* one of the names above; static */
    uint64_t line;                 /* 0 unknown */
    uint64_t offset;               /* in the file */
    char reason[RUN_REASON_BYTES]; /* for people, printable */
};

/* A row of the network at the start. Strings are run.json's, NULL where it has none. */
struct run_iface {
    const char *name, *kind, *link_type;
    uint32_t index;
    bool up, running, loopback;
};
struct run_address {
    const char *iface;
    struct netaddr ip;
    unsigned prefix;
};
struct run_route {
    const char *iface;
    struct netaddr to, via, src; /* NETADDR_NONE where null */
    unsigned prefix;
    uint32_t table, metric;
};
struct run_process {
    uint32_t pid, ns_pid, parent; /* 0 null */
    const char *name, *role, *exe, *cmdline, *coverage, *reason;
    bool by_fork, ended, covered;
    bool other_network; /* seen in another network namespace than the run's */
    int used_socket;    /* -1 not said */
};
struct run_rule {
    unsigned line;
    const char *text; /* as compiled: "deny stun via !lo,!tun0 with best" */
};
struct run_hidden {
    const char *iface, *what;
};

/* run.json's "capture". */
struct run_capture {
    bool there; /* stands in run.json and is not null */
    bool complete;
    bool later; /* interfaces that came up later were captured from then on */
    const char *file, *reason;
    const char **ifaces;
    size_t iface_count;
    uint64_t started_ns, ended_ns; /* 0 null */
    uint64_t packets, dropped;
};

struct run_folder {
    const char *path; /* as given; borrowed */
    int dir;          /* descriptor */
    json_t *root;     /* run.json, or an empty object */
    bool has_json, complete, processes_complete;
    uint64_t start_ns, end_ns; /* 0 unknown */
    const char *rtcshim;       /* version that made it */
    int exit_status;           /* -1 null */
    uint64_t events, events_lost, events_unwritten;

    const char *policy_name, *policy_vpn, *policy_default;
    struct run_rule *rules;
    size_t rule_count;
    struct run_hidden *hidden;
    size_t hidden_count;
    /* As at the start of the run; the above is as at its end. NULL where not recorded. */
    const char *policy_first_name, *policy_first_vpn;
    json_t *policy_first_rules;  /* borrowed array: objects with "rule" */
    json_t *policy_first_hidden; /* borrowed array: objects with "iface" */
    json_t *policy_changes;      /* borrowed array or NULL: events "policy" with their timestamp */

    struct run_iface *ifaces;
    size_t iface_count;
    struct run_address *addresses;
    size_t address_count;
    struct run_route *routes;
    size_t route_count;
    json_t *network_changes; /* borrowed array or NULL: events "network" with their timestamp */

    struct run_process *processes;
    size_t process_count;
    struct run_capture capture;

    struct run_damage *damages;
    size_t damage_count;
    uint64_t damages_left_out;
};

/* NULL: there is no such folder, or no memory; *reason (static or strerror's) says why. */
struct run_folder *run_folder_open(const char *path, const char **reason);
/* Takes NULL. */
void run_folder_free(struct run_folder *run);

/* A descriptor of a file in the folder for reading, -1 with errno: ENOENT, ELOOP for a symbolic
 * link, EINVAL for what is no regular file. */
int run_folder_file(const struct run_folder *run, const char *name);

/* Note damage; file is static. reason is made printable. */
__attribute__((format(printf, 5, 6))) void run_folder_damage(struct run_folder *run,
                                                             const char *file, uint64_t line,
                                                             uint64_t offset, const char *format,
                                                             ...);

/* The same of run_folder_file() that has just failed. */
void run_folder_not_opened(struct run_folder *run, const char *file);

/* "2026-11-21T12:24:29.569220Z" or "...+0000" in ns since the epoch; 0 where it is none. */
uint64_t run_time_ns(const char *text, size_t len);

#endif
