/*
 * The policy of a running session: compiled against the network as it is, compiled anew when that
 * changes or another source is left in the session's folder, and put in force for every process.
 */
#ifndef RTCSHIM_LAUNCHER_CONTROL_H
#define RTCSHIM_LAUNCHER_CONTROL_H

#include <jansson.h>

#include "compiler.h"
#include "event.h"
#include "history.h"
#include "names.h"
#include "network.h"
#include "source.h"

struct control;

struct control_options {
    struct policy_source *source; /* taken over; left empty */
    const char *vpn;              /* NULL none */
    const char *folder;           /* the session's */
    struct policy_shared *shared; /* its mapping */
    /* Another table is in force. change: {"name","generation","reason","vpn","enforced","hidden",
     * "notes"} of docs/events.md; borrowed. reason "start" is not told. */
    void (*changed)(const json_t *change, void *ctx);
    void *ctx;
};

/* network and names are the story's, and outlive the control. Compiles, publishes, and leaves
 * policy.json in the folder. NULL after a message on standard error. */
struct control *control_new(const struct control_options *options, struct network *network,
                            const struct names *names);
void control_free(struct control *control);

/* Look for what has changed: the network, the resolvers, the addresses of names, the source in the
 * folder. Cheap where nothing has; to be called often, at once after a network change. */
void control_tick(struct control *control);

/* How the rule that decided an event is called: history_name(). */
void control_name_rule(struct control *control, const struct event *head,
                       char out[static HISTORY_RULE_BYTES]);

/* The name of the policy in force; borrowed until the next tick. */
const char *control_name(const struct control *control);

/* For run.json: {"name","generation","vpn","source","enforced","hidden","rules","changes"}. New
 * reference. */
json_t *control_json(const struct control *control);

/* Say on standard error what compiling had to say. */
void control_warn(const struct compiler_report *report);

#endif
