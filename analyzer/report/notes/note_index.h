/*
 * Which note belongs to which packet, and which are records of their own, in the order of time.
 *
 * 8 bytes a message that has a packet, 16 bytes a record: texts are made when they are written, of
 * events from their lines in events.ndjson.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_NOTE_INDEX_H
#define RTCSHIM_ANALYZER_REPORT_NOTE_INDEX_H

#include "join.h"
#include "run_folder.h"
#include "verdict.h"

struct note_frame {
    uint32_t frame, message; /* index into join->messages */
};

struct note_record {
    uint64_t time_ns;
    uint64_t where; /* offset in events.ndjson; with NOTE_OF_MESSAGE, index into join->messages */
};
#define NOTE_OF_MESSAGE (UINT64_C(1) << 63)

/* A leak that an event or a packet shows which is no message of the join. */
struct note_evidence {
    uint32_t number, leak; /* event or frame; index into verdict->leaks */
};

struct note_index {
    struct note_frame *frames; /* by frame */
    size_t frame_count;
    struct note_record *records; /* by time, then as they came */
    size_t record_count, record_room;
    struct note_evidence *events, *packets; /* by number */
    size_t event_count, packet_count;
    bool out_of_memory;
};

/* Reads the run's events (none is no fault). false: no memory. */
bool note_index_make(struct note_index *index, struct run_folder *run, const struct join *join,
                     const struct verdict *verdict);
void note_index_free(struct note_index *index);

/* The messages of this frame: index->frames[result..], as long as the frame is the same. */
size_t note_index_frame(const struct note_index *index, uint64_t frame);
/* The first evidence of this number, among count that are sorted; JOIN_NONE none. */
uint32_t note_index_leak(const struct note_evidence *evidence, size_t count, uint64_t number);

#endif
