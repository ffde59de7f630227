/*
 * The parts that every event of docs/events.md has in common, as JSON objects whose fields keep the
 * documented order.
 */
#ifndef RTCSHIM_LAUNCHER_EVENT_JSON_H
#define RTCSHIM_LAUNCHER_EVENT_JSON_H

#include <jansson.h>

#include "carrier.h"
#include "event.h"
#include "names.h"
#include "process.h"

enum event_type {
#define EVENT_TYPE(name) EVENT_TYPE_##name,
#include "event_types.def"
#undef EVENT_TYPE
    EVENT_TYPE_COUNT
};

/* "stun", ...; static. */
const char *event_type_name(enum event_type type);

/* "2026-11-21T00:12:38.123456+0000", UTC, from nanoseconds since 1970. New reference. */
json_t *event_json_time(uint64_t time_ns);

/* timestamp, event_type, witness, and seq, which is 0 until event_json_number(). New reference. */
json_t *event_json_begin(enum event_type type, uint64_t time_ns);
void event_json_number(json_t *event, uint64_t seq);

/*
 * src_ip to iface_source. carrier is what carrier_find() said of the same head. Fields that are not
 * known are left out, in_iface and iface_source stand whenever an address does.
 */
void event_json_add_flow(json_t *event, const struct event *head, const struct carrier *carrier,
                         const struct network *network, const struct names *names);

/* {"pid","tid","name","thread","role"}; p may be NULL. New reference. */
json_t *event_json_process(struct process *p, uint32_t ns_tid);

/* {"call","fd","result","errno","caller"}. New reference. */
json_t *event_json_hook(const struct event *head, struct process *p);

/* {"action","rule"}; named is what the rule is called, "" for POLICY:INDEX. New reference. */
json_t *event_json_verdict(const struct event *head, const char *policy, const char *named);

/* {"ip","port"}, JSON null for NETADDR_NONE. New reference. */
json_t *event_json_address(const struct netaddr *addr);
/* The address alone as a string, JSON null for NETADDR_NONE. New reference. */
json_t *event_json_ip(const struct netaddr *addr);
/* "ECONNREFUSED"; JSON null for 0; a number that has no name as "E1234". New reference. */
json_t *event_json_errno(int error);

#endif
