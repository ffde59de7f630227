/* Whether the shim's clock and the capture's are one. */
#include <stdlib.h>

#include "join_private.h"

void join_pair_note(struct join *j, int64_t difference_ns)
{
    struct join_work *w = j->work;
    struct join_clock *clock = &j->clock;
    int64_t us = difference_ns / 1000;
    if (clock->pairs == 0 || us < clock->least_us)
        clock->least_us = us;
    if (clock->pairs == 0 || us > clock->most_us)
        clock->most_us = us;
    clock->pairs++;
    clock->apart += us > JOIN_CLOCK_SKEW_MAX_US || us < -JOIN_CLOCK_SKEW_MAX_US;
    /* A packet may wait for long, but none leaves before its call. */
    w->early = w->early || us > JOIN_CLOCK_SKEW_MAX_US;
    if (w->pair_count >= JOIN_PAIRS_MAX ||
        !join_room(j, &w->pairs, &w->pair_room, w->pair_count, sizeof(*w->pairs)))
        return;
    w->pairs[w->pair_count++] = (int32_t)(us > INT32_MAX   ? INT32_MAX
                                          : us < INT32_MIN ? INT32_MIN
                                                           : us);
}

static int compare(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void join_clock_finish(struct join *j)
{
    struct join_work *w = j->work;
    if (w->pair_count == 0)
        return;
    qsort(w->pairs, w->pair_count, sizeof(*w->pairs), compare);
    j->clock.median_us = w->pairs[w->pair_count / 2];
    /* A clock that steps while the run goes on parts all pairs from then on. */
    j->clock.agrees = !w->early && 10 * j->clock.apart <= j->clock.pairs &&
                      llabs(j->clock.median_us) <= JOIN_CLOCK_SKEW_MAX_US;
}
