/* From the ring to the process table and the story; nothing in the ring is trusted. */
#include "collector.h"

#include <stdlib.h>

#include "process_private.h"

struct collector {
    struct ring_reader *reader;
    struct proctab *tab;
    struct census *census;
    struct story *story;
    struct ring_counts told;
    uint64_t malformed; /* records that event_view() refused, since the story was last told */
    uint64_t buffer[RING_RECORD_BYTES_MAX / sizeof(uint64_t) + 1];
};

struct collector *collector_new(const struct ring *ring, struct proctab *tab, struct census *census,
                                struct story *story)
{
    struct collector *collector = calloc(1, sizeof(*collector));

    if (!collector)
        return NULL;
    collector->reader = ring_reader_new(ring, proctab_writer_alive, tab);
    if (!collector->reader) {
        free(collector);
        return NULL;
    }
    collector->tab = tab;
    collector->census = census;
    collector->story = story;
    return collector;
}

void collector_free(struct collector *collector)
{
    if (!collector)
        return;
    ring_reader_free(collector->reader);
    free(collector);
}

struct ring_counts collector_counts(const struct collector *collector)
{
    return ring_reader_counts(collector->reader);
}

static void hand_on(struct collector *collector, const struct event_view *ev)
{
    struct process *p;

    switch (ev->head.kind) {
    case EVENT_PROCESS:
        p = proctab_report(collector->tab, ev);
        /* A fork child is told of with its first event: mostly it is about to run a program, and
         * that is what counts. */
        if (p && !p->by_fork) {
            census_reported(collector->census, p);
            proctab_tell(collector->tab, p);
        }
        if (!p)
            collector->malformed++;
        break;
    case EVENT_FORK:
        proctab_fork(collector->tab, ev);
        break;
    case EVENT_EXEC:
        p = proctab_find_number(collector->tab, ev->head.process);
        if (p)
            census_exec(collector->census, ev, p);
        break;
    default:
        p = proctab_writer(collector->tab, ev->head.process);
        story_record(collector->story, ev, p);
    }
}

/* Counters in the ring are writable by every process: what goes backwards is no loss. */
static void tell_lost(struct collector *collector, uint64_t now, uint64_t *told, const char *reason)
{
    if (now > *told)
        story_lost(collector->story, now - *told, reason);
    *told = now;
}

size_t collector_drain(struct collector *collector, size_t max)
{
    struct ring_counts counts;
    uint32_t process;
    size_t done = 0;
    size_t len = 0;

    while (done < max) {
        struct event_view ev;
        enum ring_next next =
            ring_read(collector->reader, (uint64_t)process_clock_ms(), collector->buffer,
                      sizeof(collector->buffer), &len, &process);
        if (next == RING_EMPTY)
            break;
        done++;
        if (next == RING_CORRUPT)
            continue;
        if (event_view(collector->buffer, len, &ev))
            hand_on(collector, &ev);
        else
            collector->malformed++;
    }
    counts = ring_reader_counts(collector->reader);
    tell_lost(collector, counts.lost, &collector->told.lost, "ring full");
    tell_lost(collector, counts.torn, &collector->told.torn, "writer killed");
    tell_lost(collector, counts.corrupt, &collector->told.corrupt, "malformed record");
    if (collector->malformed > 0)
        story_lost(collector->story, collector->malformed, "malformed record");
    collector->malformed = 0;
    return done;
}
