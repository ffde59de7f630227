/* From the join and the events to where each note stands. */
#include "note_index.h"

#include <stdlib.h>
#include <string.h>

#include "event_reader.h"
#include "note.h"

static int by_frame(const void *a, const void *b)
{
    const struct note_frame *x = a, *y = b;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->message < y->message ? -1 : x->message > y->message;
}

static int by_time(const void *a, const void *b)
{
    const struct note_record *x = a, *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->where < y->where ? -1 : x->where > y->where;
}

static int by_number(const void *a, const void *b)
{
    const struct note_evidence *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->leak < y->leak ? -1 : x->leak > y->leak;
}

static void add_record(struct note_index *index, uint64_t time_ns, uint64_t where)
{
    if (index->record_count == index->record_room) {
        size_t room = index->record_room ? 2 * index->record_room : 1024;
        struct note_record *grown = reallocarray(index->records, room, sizeof(*grown));
        if (!grown) {
            index->out_of_memory = true;
            return;
        }
        index->records = grown;
        index->record_room = room;
    }
    index->records[index->record_count++] = (struct note_record){time_ns, where};
}

static void take_event(const struct event_line *line, void *context)
{
    if (note_is_record(line))
        add_record(context, line->time_ns, line->offset);
}

static bool take_messages(struct note_index *index, const struct join *join)
{
    index->frames = calloc(join->message_count + 1, sizeof(*index->frames));
    if (!index->frames)
        return false;
    for (size_t i = 0; i < join->message_count; i++) {
        const struct join_message *message = &join->messages[i];
        if (message->frame != 0)
            index->frames[index->frame_count++] = (struct note_frame){message->frame, (uint32_t)i};
        else if (message->time_ns != 0)
            add_record(index, message->time_ns, NOTE_OF_MESSAGE | i);
    }
    qsort(index->frames, index->frame_count, sizeof(*index->frames), by_frame);
    return true;
}

static bool take_evidence(struct note_index *index, const struct verdict *verdict)
{
    size_t room = verdict->leak_count * VERDICT_EVIDENCE_MAX + 1;
    index->events = calloc(room, sizeof(*index->events));
    index->packets = calloc(room, sizeof(*index->packets));
    if (!index->events || !index->packets)
        return false;
    for (size_t i = 0; i < verdict->leak_count; i++) {
        const struct verdict_evidence *evidence = &verdict->leaks[i].evidence;
        for (unsigned k = 0; k < evidence->event_count; k++)
            index->events[index->event_count++] =
                (struct note_evidence){evidence->events[k], (uint32_t)i};
        for (unsigned k = 0; k < evidence->frame_count; k++)
            index->packets[index->packet_count++] =
                (struct note_evidence){evidence->frames[k], (uint32_t)i};
    }
    qsort(index->events, index->event_count, sizeof(*index->events), by_number);
    qsort(index->packets, index->packet_count, sizeof(*index->packets), by_number);
    return true;
}

bool note_index_make(struct note_index *index, struct run_folder *run, const struct join *join,
                     const struct verdict *verdict)
{
    struct event_totals totals = {0};
    *index = (struct note_index){0};
    if (!take_messages(index, join) || !take_evidence(index, verdict))
        goto fail;
    /* What is wrong with the events has been said when the join read them. */
    (void)event_reader_run(run, take_event, index, &totals);
    if (index->out_of_memory)
        goto fail;
    if (index->record_count > 0)
        qsort(index->records, index->record_count, sizeof(*index->records), by_time);
    return true;
fail:
    note_index_free(index);
    return false;
}

void note_index_free(struct note_index *index)
{
    free(index->frames);
    free(index->records);
    free(index->events);
    free(index->packets);
    *index = (struct note_index){0};
}

size_t note_index_frame(const struct note_index *index, uint64_t frame)
{
    size_t low = 0, high = index->frame_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->frames[middle].frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t note_index_leak(const struct note_evidence *evidence, size_t count, uint64_t number)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (evidence[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && evidence[low].number == number ? evidence[low].leak : JOIN_NONE;
}
