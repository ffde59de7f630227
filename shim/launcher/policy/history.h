/*
 * The tables that were in force lately, by generation: enough to say by which line of which policy
 * an event was decided, also where the policy has changed since.
 */
#ifndef RTCSHIM_LAUNCHER_HISTORY_H
#define RTCSHIM_LAUNCHER_HISTORY_H

#include "policy.h"

enum { HISTORY_MAX = 64, HISTORY_HIDE_LINES_MAX = 8, HISTORY_RULE_BYTES = POLICY_NAME_BYTES + 64 };

struct history {
    struct history_entry {
        bool used;
        uint32_t generation;
        uint32_t rules;
        char name[POLICY_NAME_BYTES];
        uint16_t line[POLICY_RULES_MAX];
        uint16_t hide_line[HISTORY_HIDE_LINES_MAX]; /* ascending, 0 unused */
    } entry[HISTORY_MAX];
    size_t next;
};

void history_add(struct history *history, uint32_t generation, const struct policy_table *table);

/*
 * "vpn:3" for a rule that stands in line 3; "vpn:default" where no rule matched, "vpn:doubt" where
 * something could not be known. What is hidden is decided by no rule but by lines that hide:
 * "vpn:24", or "vpn:24,25". Where the generation is not remembered the policy is called "unknown",
 * and the rule by its number: "unknown:rule 3".
 */
void history_name(const struct history *history, uint32_t generation, uint16_t rule,
                  uint16_t action, char out[static HISTORY_RULE_BYTES]);

bool history_knows(const struct history *history, uint32_t generation);

#endif
