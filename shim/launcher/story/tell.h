/*
 * Turning one record into an event: a teller for each kind of record, and what they share. Private
 * to story.c and the tell_*.c files.
 */
#ifndef RTCSHIM_LAUNCHER_TELL_H
#define RTCSHIM_LAUNCHER_TELL_H

#include "carrier.h"
#include "channel.h"
#include "enumeration.h"
#include "event_json.h"
#include "ledger.h"
#include "live.h"
#include "names.h"
#include "network.h"
#include "story.h"

struct story {
    struct story_options options;
    char *policy;
    struct network *network;
    struct names *names;
    struct enumeration *enumeration;
    struct channels *channels;
    struct ledger *ledger;
    struct live *live; /* NULL: no lines */
    uint64_t seq, lost;
    uint64_t counts[EVENT_TYPE_COUNT];
};

/* story_new() with a network of the caller's, which the story then owns. For tests. */
struct story *story_new_on(const struct story_options *options, struct network *network);

/* Milliseconds of a steady clock. */
uint64_t tell_now_ms(void);

/* An event with its common part: flow where the record has addresses, process, hook. New reference.
 */
json_t *tell_begin(struct story *story, enum event_type type, const struct event_view *ev,
                   struct process *p);

/* The verdict of a record. New reference. */
json_t *tell_verdict(struct story *story, const struct event_view *ev);

/* Put payload under key and the verdict after it; takes payload. */
void tell_payload(struct story *story, json_t *event, const struct event_view *ev, const char *key,
                  json_t *payload);

/* Number the event, count it, and hand it on; takes event. */
void tell_emit(struct story *story, enum event_type type, json_t *event);

/* The tellers. p may be NULL. */
typedef void tell_fn(struct story *story, const struct event_view *ev, struct process *p);
tell_fn tell_stun, tell_channel_data;                                              /* tell_stun.c */
tell_fn tell_dns, tell_mdns, tell_name;                                            /* tell_name.c */
tell_fn tell_netlink, tell_interfaces, tell_interface_name, tell_ioctl, tell_file; /* tell_enum.c */
tell_fn tell_connect, tell_probe, tell_sockopt; /* tell_socket.c */

/* Receivers of the parts that finish events later. */
void tell_enumeration_done(json_t *event, void *story);
void tell_channel_done(json_t *event, void *story);

#endif
