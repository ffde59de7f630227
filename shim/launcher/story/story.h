/*
 * The story of a run: ring records, processes and network changes go in, events in the schema of
 * docs/events.md, live lines and the summary come out.
 *
 * Single-threaded; everything is called from the launcher's loop. Strings that came from a program
 * or the network stay raw in here and are escaped where they are written.
 */
#ifndef RTCSHIM_LAUNCHER_STORY_H
#define RTCSHIM_LAUNCHER_STORY_H

#include <jansson.h>
#include <stdio.h>

#include "event.h"
#include "process.h"

struct story;
struct names;
struct network;

enum { STORY_RULE_BYTES = 128 };

struct story_options {
    FILE *live; /* live lines and the summary, NULL for none (--quiet silences the lines, not the
                   summary: quiet) */
    bool quiet;
    bool colour;
    const char *policy; /* name of the policy, where name_rule is NULL: "observe" */
    /* What a rule is called in events, "vpn:3"; out holds STORY_RULE_BYTES. */
    void (*name_rule)(const struct event *head, char *out, void *ctx);
    uid_t uid; /* for route lookups */
    /* Called for each finished event; borrows it. The story has given it its seq. */
    void (*event)(const json_t *event, void *ctx);
    void *ctx;
};

/* NULL and errno on failure; the network is read once here. */
struct story *story_new(const struct story_options *options);
void story_free(struct story *story);

/* What the story knows of the network and of names; borrowed. */
struct network *story_network(struct story *story);
const struct names *story_names(const struct story *story);

/* Another policy, or the same one compiled anew, is in force: {"name","generation","reason",...} of
 * docs/events.md. */
void story_policy(struct story *story, const json_t *change);

/* A file descriptor to poll for input; call story_network_ready() when it has some. -1 where
 * interfaces can't be watched. */
int story_network_fd(const struct story *story);
void story_network_ready(struct story *story);

/* One record. ev was checked by event_view(). EVENT_PROCESS, EVENT_FORK and EVENT_EXEC are the
 * process table's and not passed here. */
void story_record(struct story *story, const struct event_view *ev, struct process *p);

/* A process was seen for the first time, its coverage changed, or it ended. */
void story_process(struct story *story, const struct process *p);

/* lost more records were lost, for the reason ("ring full", "writer killed", "malformed record").
 */
void story_lost(struct story *story, uint64_t lost, const char *reason);

/* Time passed: finish what waits for more (a netlink dump without its end, ChannelData counts).
 * all: nothing more will come. */
void story_flush(struct story *story, bool all);

uint64_t story_lost_total(const struct story *story);

/* For run.json: interfaces, addresses, routes at start and every change; counts by event type; what
 * each server learned. New references. */
json_t *story_network_json(const struct story *story);
json_t *story_counts_json(const struct story *story);
json_t *story_verdict_json(const struct story *story);

/* The end-of-run summary, at most a screenful. uncovered: processes that were not covered,
 * NULL-terminated; partial: there may be more, too many to list. folder: the run's. */
void story_summary(const struct story *story, FILE *out, struct process *const *uncovered,
                   bool partial, const char *folder);

#endif
