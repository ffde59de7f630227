/*
 * What a run's events add up to: what each server learned, who looked at the interfaces by which
 * road, which probes were answered.
 *
 * It reads finished events only (docs/events.md), so that the same sums can be made again from a
 * run's folder.
 */
#ifndef RTCSHIM_LAUNCHER_LEDGER_H
#define RTCSHIM_LAUNCHER_LEDGER_H

#include <jansson.h>

enum {
    LEDGER_SERVERS_MAX = 256,
    LEDGER_LEARNED_MAX = 64, /* of one server */
    LEDGER_LOOKS_MAX = 256,
    LEDGER_PROBES_MAX = 256,
    LEDGER_RULES_MAX = 256,
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

void ledger_event(struct ledger *ledger, const json_t *event);

/*
 * {"servers":[{"server","proto","name","role","asked","answered","failed","refused",
 *              "learned":[{"ip","kind","in_iface","iface_source","process":{"pid","name","role"},"count"}],
 *              "relayed":[the same]}],
 *  "enumerations":[{"via","request","process","count","shown"}],"probes":[{"target","answer","process","count"}],
 *  "rules":[{"rule","action","event_type","count"}],"refused","left_out"}; docs/events.md describes
 * them. Borrowed.
 */
const json_t *ledger_json(const struct ledger *ledger);

#endif
