/* Follows consent on a pair. */
#include "ice_consent.h"

void ice_consent_begin(struct ice_consent *c, uint64_t now_ns)
{
    *c = (struct ice_consent){.begin_ns = now_ns, .last_ns = now_ns};
}

/* Since the last answer, or since the beginning. */
static uint64_t gap_at(struct ice_consent *c, uint64_t now_ns)
{
    uint64_t gap = c->last_ns != 0 && now_ns > c->last_ns ? now_ns - c->last_ns : 0;
    if (gap > c->longest_gap_ns)
        c->longest_gap_ns = gap;
    return gap;
}

void ice_consent_asked(struct ice_consent *c, uint64_t now_ns)
{
    uint64_t gap = gap_at(c, now_ns);
    c->asked++;
    if (c->last_ns == 0)
        c->last_ns = now_ns;
    /* A side that was silent did not lose what it did not ask for. */
    if (c->waiting && !c->expired && gap >= ICE_CONSENT_NS) {
        c->expired = true;
        if (c->lost++ == 0)
            c->lost_ns = c->last_ns + ICE_CONSENT_NS;
    }
    c->waiting = true;
}

void ice_consent_answered(struct ice_consent *c, uint64_t asked_ns, uint64_t now_ns)
{
    gap_at(c, now_ns);
    c->answered += asked_ns >= c->begin_ns;
    if (now_ns > c->last_ns)
        c->last_ns = now_ns;
    c->waiting = false;
    c->expired = false;
}
