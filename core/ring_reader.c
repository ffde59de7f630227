/* The shared ring: the one reader. For programs; everything in the file is checked before it is
 * used, and what is impossible is repaired. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#include "ring_word.h"

enum {
    HELD_MAX = 256, /* records passed over because they are not committed yet */
    STEPS_MAX = HELD_MAX + 8,
    ASK_FIRST_MS = 100, /* a record stays BUSY that long before its owner is asked for */
    ASK_AGAIN_MS = 250,
    HEAL_CELLS = 4096, /* words ahead of damage that are looked at */
};
#define LOST_STEP_MAX (UINT64_C(1) << 48) /* no honest counter moves that far between two looks */

/* A record that was BUSY when the reader came to it. The word is the reader's own copy: the file
 * may say something else later. */
struct held {
    uint64_t position;
    uint64_t word;
    uint64_t ask_at_ms;
};

/*
 * Positions below tail are given back. From tail to position everything is either held (in order in
 * held[], held[0] is at tail) or already FREE for the next lap, which no writer can take before
 * tail moves.
 */
struct ring_reader {
    struct ring ring;
    bool (*alive)(uint32_t process, void *ctx);
    void *ctx;
    uint64_t position;
    uint64_t tail;
    uint64_t
        head_seen; /* head was at least that; saves looking at the writers' busiest cache line */
    uint64_t lost_seen; /* the shared counter when last looked at */
    struct ring_counts counts;
    size_t held_count;
    struct held held[HELD_MAX];
};

/* What stands at a position, as far as it can be true. */
enum found {
    FOUND_FREE,
    FOUND_BUSY,
    FOUND_READY,
    FOUND_PAD,
    FOUND_DAMAGE,
};

struct ring_reader *ring_reader_new(const struct ring *ring,
                                    bool (*alive)(uint32_t process, void *ctx), void *ctx)
{
    struct ring_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    reader->ring = *ring;
    reader->alive = alive;
    reader->ctx = ctx;
    reader->tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
    reader->position = reader->tail;
    reader->head_seen = reader->tail;
    return reader;
}

void ring_reader_free(struct ring_reader *reader)
{
    free(reader);
}

static uint64_t load_word(const struct ring_reader *reader, uint64_t position)
{
    return atomic_load_explicit(ring_header(&reader->ring, position), memory_order_acquire);
}

static enum found classify(const struct ring_reader *reader, uint64_t position, uint64_t word)
{
    uint64_t cells = ring_word_cells(word);
    uint64_t rest = reader->ring.cells - (position & (reader->ring.cells - 1));
    uint64_t room = reader->ring.cells - (position - reader->tail);

    /* room is 0 where a held record at tail is all that is left of a full turn: the word is its,
     * and nothing can come here yet. */
    if (room == 0 || word == ring_word_free(&reader->ring, position))
        return FOUND_FREE;
    if (!ring_word_same_lap(word, ring_word_free(&reader->ring, position)) || cells == 0 ||
        cells > rest || cells > room)
        return FOUND_DAMAGE;
    switch (ring_word_state(word)) {
    case RING_BUSY:
        return FOUND_BUSY;
    case RING_READY:
        return FOUND_READY;
    case RING_PAD:
        return cells == rest ? FOUND_PAD : FOUND_DAMAGE;
    case RING_FREE:
        break;
    }
    return FOUND_DAMAGE;
}

static void free_cells(struct ring_reader *reader, uint64_t position, uint64_t cells)
{
    for (uint64_t i = 0; i < cells; i++)
        atomic_store_explicit(ring_header(&reader->ring, position + i),
                              ring_word_free(&reader->ring, position + i + reader->ring.cells),
                              memory_order_release);
}

static void publish_tail(struct ring_reader *reader)
{
    uint64_t tail = reader->held_count > 0 ? reader->held[0].position : reader->position;

    if (tail != reader->tail) {
        reader->tail = tail;
        atomic_store_explicit(&reader->ring.shared->tail, tail, memory_order_release);
    }
}

/*
 * See that head is past the record at the reader's position, before its words are set free: a
 * writer that was killed right after it took the record may not have moved it, and no writer can
 * get past a FREE word of the next lap.
 */
static void help_head(struct ring_reader *reader, uint64_t cells)
{
    uint64_t next = reader->position + cells;

    if (reader->head_seen - next <= reader->ring.cells)
        return;
    uint64_t head = atomic_load_explicit(&reader->ring.shared->head, memory_order_acquire);
    if (head - next <= reader->ring.cells) {
        reader->head_seen = head;
        return;
    }
    if (head - reader->position > cells)
        reader->counts.corrupt++; /* behind the reader, or farther ahead than the ring is long */
    if (atomic_compare_exchange_strong_explicit(&reader->ring.shared->head, &head, next,
                                                memory_order_acq_rel, memory_order_acquire))
        reader->head_seen = next;
}

/* The record's length as its writer stored it; read once, a byte at a time through volatile, since
 * it may change under the reader. */
static uint32_t read_length(const volatile uint8_t *at)
{
    uint8_t bytes[RING_LENGTH_BYTES] = {0};
    uint32_t len;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = at[i];
    memcpy(&len, bytes, sizeof(len));
    return len;
}

/* Copy out the READY record at position; its cells stay as they are. */
static bool copy_record(struct ring_reader *reader, uint64_t position, uint64_t word, void *buf,
                        size_t size, size_t *len, uint32_t *process)
{
    const uint8_t *data = ring_cell(&reader->ring, position);
    uint64_t cells = ring_word_cells(word);
    uint32_t bytes = read_length(data + cells * RING_CELL_BYTES - RING_LENGTH_BYTES);

    if (bytes == 0 || bytes > size || ring_record_cells(bytes) != cells)
        return false;
    memcpy(buf, data, bytes);
    *len = bytes;
    *process = ring_word_process(word);
    return true;
}

static void held_remove(struct ring_reader *reader, size_t i)
{
    reader->held_count--;
    memmove(&reader->held[i], &reader->held[i + 1],
            (reader->held_count - i) * sizeof(reader->held[0]));
}

/* Give back held record i, whatever its word says now. */
static void held_give_back(struct ring_reader *reader, size_t i)
{
    free_cells(reader, reader->held[i].position, ring_word_cells(reader->held[i].word));
    held_remove(reader, i);
    publish_tail(reader);
}

/* The first held record whose word is not as it was when it was held; held_count if there is none.
 */
static size_t held_find_changed(const struct ring_reader *reader)
{
    size_t i = 0;

    while (i < reader->held_count &&
           load_word(reader, reader->held[i].position) == reader->held[i].word)
        i++;
    return i;
}

static bool owner_gone(const struct ring_reader *reader, uint32_t process)
{
    if (process == 0 ||
        process > atomic_load_explicit(&reader->ring.shared->processes, memory_order_relaxed))
        return true;
    return reader->alive != NULL && !reader->alive(process, reader->ctx);
}

/* Ask for the owners of records that have been BUSY for long, and give back what the dead have
 * left. */
static void held_ask(struct ring_reader *reader, uint64_t now_ms)
{
    for (size_t i = 0; i < reader->held_count;) {
        struct held *held = &reader->held[i];
        bool due = (int64_t)(now_ms - held->ask_at_ms) >= 0;

        if (due)
            held->ask_at_ms = now_ms + ASK_AGAIN_MS;
        /* The word is looked at after the question: its owner may have committed and then died. */
        if (due && owner_gone(reader, ring_word_process(held->word)) &&
            load_word(reader, held->position) == held->word) {
            reader->counts.torn++;
            held_give_back(reader, i);
        } else {
            i++;
        }
    }
}

/* Hand out held record i, whose word has changed. */
static enum ring_next held_read(struct ring_reader *reader, size_t i, void *buf, size_t size,
                                size_t *len, uint32_t *process)
{
    uint64_t position = reader->held[i].position;
    uint64_t busy = reader->held[i].word;
    uint64_t ready = busy ^ (uint64_t)(RING_READY ^ RING_BUSY) << RING_STATE_SHIFT;
    bool good = load_word(reader, position) == ready &&
                copy_record(reader, position, ready, buf, size, len, process);

    if (good)
        reader->counts.seen++;
    else
        reader->counts.corrupt++;
    held_give_back(reader, i);
    return good ? RING_RECORD : RING_CORRUPT;
}

/* Step over cells at the reader's position and give them back. */
static void step_over(struct ring_reader *reader, uint64_t cells)
{
    free_cells(reader, reader->position, cells);
    reader->position += cells;
    publish_tail(reader);
}

/*
 * The word at the reader's position, which was seen as bad, can't be: go on at the next one that
 * can, or at head, or, where head can't be either, right here with head put back to it. Then words
 * ahead that are of no possible lap are set free, so that writers get through.
 */
static enum ring_next repair(struct ring_reader *reader, uint64_t bad)
{
    struct ring *ring = &reader->ring;
    uint64_t room = ring->cells - (reader->position - reader->tail);
    uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_acquire);
    bool head_possible = head - reader->position <= room;
    uint64_t end = head_possible ? head - reader->position : room;
    uint64_t skip = 1;

    reader->counts.corrupt++;
    while (skip < end) {
        uint64_t at = reader->position + skip;
        enum found found = classify(reader, at, load_word(reader, at));
        if (found != FOUND_FREE && found != FOUND_DAMAGE)
            break;
        skip++;
    }
    if (skip < end || (head_possible && end > 0)) {
        step_over(reader, skip);
    } else {
        atomic_compare_exchange_strong_explicit(ring_header(ring, reader->position), &bad,
                                                ring_word_free(ring, reader->position),
                                                memory_order_acq_rel, memory_order_acquire);
        atomic_compare_exchange_strong_explicit(&ring->shared->head, &head, reader->position,
                                                memory_order_acq_rel, memory_order_acquire);
    }
    reader->head_seen = reader->position;

    room = ring->cells - (reader->position - reader->tail);
    for (uint64_t i = 0; i < room && i < HEAL_CELLS; i++) {
        uint64_t at = reader->position + i;
        uint64_t word = load_word(reader, at);
        if (!ring_word_same_lap(word, ring_word_free(ring, at)))
            atomic_compare_exchange_strong_explicit(ring_header(ring, at), &word,
                                                    ring_word_free(ring, at), memory_order_acq_rel,
                                                    memory_order_acquire);
    }
    return RING_CORRUPT;
}

/* Add up what writers counted, so that the sum only grows even if somebody writes to their counter.
 */
static uint64_t lost_since(const struct ring_reader *reader, uint64_t *now)
{
    *now = atomic_load_explicit(&reader->ring.shared->lost, memory_order_relaxed);
    return *now - reader->lost_seen;
}

/* Nothing is left to read: look after the counters. */
static enum ring_next rest(struct ring_reader *reader)
{
    enum ring_next next = RING_EMPTY;
    uint64_t now;
    uint64_t lost = lost_since(reader, &now);

    reader->lost_seen = now;
    if (lost < LOST_STEP_MAX) {
        reader->counts.lost += lost;
    } else {
        reader->counts.corrupt++;
        next = RING_CORRUPT;
    }
    if (atomic_load_explicit(&reader->ring.shared->tail, memory_order_relaxed) != reader->tail) {
        atomic_store_explicit(&reader->ring.shared->tail, reader->tail, memory_order_release);
        reader->counts.corrupt++;
        next = RING_CORRUPT;
    }
    return next;
}

enum ring_next ring_read(struct ring_reader *reader, uint64_t now_ms, void *buf, size_t size,
                         size_t *len, uint32_t *process)
{
    held_ask(reader, now_ms);
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        uint64_t word = load_word(reader, reader->position);
        uint64_t cells = ring_word_cells(word);
        enum found found = classify(reader, reader->position, word);

        if (found == FOUND_BUSY && reader->held_count < HELD_MAX) {
            help_head(reader, cells);
            reader->held[reader->held_count++] = (struct held){
                .position = reader->position, .word = word, .ask_at_ms = now_ms + ASK_FIRST_MS};
            reader->position += cells;
            continue;
        }
        if (found == FOUND_PAD) {
            help_head(reader, cells);
            step_over(reader, cells);
            continue;
        }

        /* Held records first, and only now: what was committed before this word was written is seen
         * as READY from here on. */
        size_t changed = held_find_changed(reader);
        if (changed < reader->held_count)
            return held_read(reader, changed, buf, size, len, process);
        if (found == FOUND_BUSY)
            return rest(reader);
        if (found == FOUND_DAMAGE)
            return repair(reader, word);
        if (found == FOUND_READY) {
            bool good = copy_record(reader, reader->position, word, buf, size, len, process);
            help_head(reader, cells);
            step_over(reader, cells);
            if (good)
                reader->counts.seen++;
            else
                reader->counts.corrupt++;
            return good ? RING_RECORD : RING_CORRUPT;
        }
        /* FREE is the end, if head agrees. Head moves after the word, so the word is looked at
         * again. */
        if (atomic_load_explicit(&reader->ring.shared->head, memory_order_acquire) ==
            reader->position)
            return rest(reader);
        if (load_word(reader, reader->position) == word)
            return repair(reader, word);
    }
    return rest(reader);
}

struct ring_counts ring_reader_counts(const struct ring_reader *reader)
{
    struct ring_counts counts = reader->counts;
    uint64_t now;
    uint64_t lost = lost_since(reader, &now);

    if (lost < LOST_STEP_MAX)
        counts.lost += lost;
    return counts;
}
