/*
 * From a program to the flat table that the library judges by, for one state of the network.
 */
#ifndef RTCSHIM_LAUNCHER_COMPILER_H
#define RTCSHIM_LAUNCHER_COMPILER_H

#include "netview.h"
#include "program.h"

enum { COMPILER_NOTES_MAX = 8, COMPILER_NOTE_BYTES = 256, COMPILER_NAME_ADDRS_MAX = 32 };

/* The addresses of a host's name as far as they are known; up to max of them, returns how many. */
typedef size_t compiler_resolve_fn(const char *name, struct netaddr *out, size_t max, void *ctx);

struct compiler_options {
    const char *name; /* the policy's */
    const char *vpn;  /* the interface that $vpn stands for; NULL none */
    const struct netview *view;
    compiler_resolve_fn *resolve; /* NULL: names are known by no address */
    void *ctx;
};

struct compiler_report {
    /* What a person should know: a pattern that no interface has, a name without address. */
    char note[COMPILER_NOTES_MAX][COMPILER_NOTE_BYTES];
    size_t notes;
    char error[COMPILER_NOTE_BYTES]; /* with its line; "" none */
};

/*
 * Compile into *out, which policy_valid() accepts. false where it does not fit: report->error says
 * which limit, and what can be done.
 */
bool compiler_run(const struct program *program, const struct compiler_options *options,
                  struct policy_table *out, struct compiler_report *report);

#endif
