/* Decides at the end which pair of each session and component is the selected one. */
#include "ice.h"

#include <stdlib.h>

/* Shorter than the time between two checks of a pair in use, longer than a burst of first ones. */
#define FRESH_NS UINT64_C(2000000000)

static uint64_t media_of(const struct ice_pair *pair)
{
    return ice_side_media(&pair->side[0]) + ice_side_media(&pair->side[1]);
}

/* Without looking at other pairs. */
static enum ice_selection claim_of(const struct ice_pair *pair)
{
    if (pair->nominated_ns != 0)
        return ICE_SELECTED_BY_NOMINATION;
    if (pair->side[0].nominating + pair->side[1].nominating > 0)
        return ICE_SELECTED_BY_REQUEST;
    if (media_of(pair) > 0)
        return ICE_SELECTED_BY_MEDIA;
    if (pair->success_ns != 0)
        return ICE_SELECTED_BY_CHECKS;
    return ICE_NOT_SELECTED;
}

static int falling(uint64_t left, uint64_t right)
{
    return left > right ? -1 : left < right;
}

/*
 * Of several nominated pairs: the highest number (libwebrtc's controlled agent takes that). Then
 * those that were nominated when the others no longer were: an agent that changes its mind, and one
 * that nominated all at first, goes on with the one it uses. Then the one that carries most.
 * Priorities can't decide: those of checks all have the preference of peer-reflexive candidates
 * (RFC 8445 section 7.1.1), so they don't rank a relay below a host.
 */
static int compare(const struct ice_pair *a, const struct ice_pair *b)
{
    int order;
    if ((order = -falling(a->session, b->session)) != 0 ||
        (order = -falling(a->component, b->component)) != 0 ||
        (order = falling(claim_of(a), claim_of(b))) != 0 ||
        (order = falling(a->nomination, b->nomination)) != 0 ||
        (order = falling(a->is_fresh, b->is_fresh)) != 0 ||
        (order = falling(media_of(a), media_of(b))) != 0 ||
        (order = falling(a->nominated_last_ns, b->nominated_last_ns)) != 0)
        return order;
    return -falling(a->first_ns, b->first_ns);
}

static int by_rank(const void *left, const void *right, void *context)
{
    const struct ice *ice = context;
    uint32_t l = *(const uint32_t *)left, r = *(const uint32_t *)right;
    int order = compare(&ice->pairs[l], &ice->pairs[r]);
    return order != 0 ? order : l < r ? -1 : l > r;
}

static enum ice_nomination nomination_of(const struct ice_pair *pair)
{
    bool first = pair->side[0].first_nominates || pair->side[1].first_nominates;
    if (pair->side[0].nominating + pair->side[1].nominating == 0)
        return ICE_NOMINATION_NONE;
    if (pair->numbered)
        return ICE_NOMINATION_RENOMINATION;
    return first ? ICE_NOMINATION_UNCLEAR : ICE_NOMINATION_REGULAR;
}

/* Pairs order[begin..end) are one component's. */
typedef void component_fn(struct ice *ice, uint32_t begin, uint32_t end);

static void judge_nomination(struct ice *ice, uint32_t begin, uint32_t end)
{
    struct ice_session *session = &ice->sessions[ice->pairs[ice->order[begin]].session];
    enum ice_nomination strongest = ICE_NOMINATION_NONE;
    uint64_t last_ns = 0;
    uint32_t unclear = 0;
    for (uint32_t i = begin; i < end; i++) {
        const struct ice_pair *pair = &ice->pairs[ice->order[i]];
        last_ns = pair->nominated_last_ns > last_ns ? pair->nominated_last_ns : last_ns;
    }
    for (uint32_t i = begin; i < end; i++) {
        struct ice_pair *pair = &ice->pairs[ice->order[i]];
        pair->is_fresh = last_ns - pair->nominated_last_ns <= FRESH_NS;
    }
    for (uint32_t i = begin; i < end; i++) {
        enum ice_nomination nomination = nomination_of(&ice->pairs[ice->order[i]]);
        unclear += nomination == ICE_NOMINATION_UNCLEAR;
        if (nomination > strongest)
            strongest = nomination;
    }
    if (strongest == ICE_NOMINATION_UNCLEAR && unclear > 1)
        strongest = ICE_NOMINATION_AGGRESSIVE;
    if (strongest > session->nomination)
        session->nomination = (uint8_t)strongest;
}

/* The best one stands first. */
static void select_one(struct ice *ice, uint32_t begin, uint32_t end)
{
    struct ice_pair *best = &ice->pairs[ice->order[begin]];
    enum ice_selection claim = claim_of(best);
    if (begin == 0 || ice->pairs[ice->order[begin - 1]].session != best->session)
        ice->sessions[best->session].first_pair = begin;
    /* That checks are answered says something only where one pair's are. */
    if (claim == ICE_SELECTED_BY_CHECKS && end - begin > 1 &&
        claim_of(&ice->pairs[ice->order[begin + 1]]) == ICE_SELECTED_BY_CHECKS)
        claim = ICE_NOT_SELECTED;
    best->selection = (uint8_t)claim;
}

static void for_each_component(struct ice *ice, component_fn *visit)
{
    if (ice->order_count > 0)
        qsort_r(ice->order, ice->order_count, sizeof(*ice->order), by_rank, ice);
    for (uint32_t begin = 0, end; begin < ice->order_count; begin = end) {
        const struct ice_pair *first = &ice->pairs[ice->order[begin]];
        for (end = begin + 1; end < ice->order_count; end++) {
            const struct ice_pair *next = &ice->pairs[ice->order[end]];
            if (next->session != first->session || next->component != first->component)
                break;
        }
        visit(ice, begin, end);
    }
}

void ice_finish(struct ice *ice)
{
    for (uint32_t i = 0; i < ice->pair_count; i++)
        if (ice->pairs[i].merged_into == 0)
            ice->order[ice->order_count++] = i;
    for_each_component(ice, judge_nomination);
    for_each_component(ice, select_one);
}

const char *ice_role_name(enum ice_role role)
{
    static const char *const names[] = {NULL, "controlling", "controlled"};
    return names[role];
}

const char *ice_nomination_name(enum ice_nomination nomination)
{
    static const char *const names[] = {NULL, "unclear", "aggressive", "regular", "renomination"};
    return names[nomination];
}

const char *ice_selection_name(enum ice_selection selection)
{
    static const char *const names[] = {NULL, "checks", "media", "use_candidate", "nomination"};
    return names[selection];
}
