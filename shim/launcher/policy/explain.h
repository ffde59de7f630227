/*
 * Which rule meets an event: events of events.ndjson as subjects of the judge, and its verdicts in
 * words.
 */
#ifndef RTCSHIM_LAUNCHER_EXPLAIN_H
#define RTCSHIM_LAUNCHER_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include "netview.h"
#include "source.h"

enum { EXPLAIN_TEXT_BYTES = 512 };

struct explain {
    const struct policy_source *source;
    const char *vpn;
    struct netview view; /* of this machine, with the interfaces that an event names */
    uint32_t next_ifindex;
    struct policy_shared shared;
    struct policy_table table;
};

/* The subject, with the interface by name, where one is said. */
struct explain_what {
    struct policy_subject subject;
    char iface[POLICY_IFNAME_BYTES];   /* certain: "" none */
    char carried[POLICY_IFNAME_BYTES]; /* that carried it then, "" unknown */
    char text[EXPLAIN_TEXT_BYTES];     /* "stun binding request to 198.51.100.10:3478 over UDP" */
};

/* The network must have been taken into view before. */
void explain_init(struct explain *explain, const struct policy_source *source, const char *vpn);

/* From one event; false where no rule speaks of such events, *why (static) says so. */
bool explain_of_event(const json_t *event, struct explain_what *out, const char **why);

/* Put the subject in words. */
void explain_describe(struct explain_what *what);

/* Judge and print. An interface that this machine lacks is taken as one of no known kind. false
 * after a message on standard error. */
bool explain_print(struct explain *explain, struct explain_what *what, FILE *out);

#endif
