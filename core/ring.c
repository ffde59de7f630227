/* The shared ring: its format, attaching to it, and the writer's side. Linked into the preload
 * library: libc's memcpy alone, no system call. */
#include "ring.h"

#include <string.h>

#include "event.h"
#include "ring_word.h"

/*
 * Why this is correct, on any machine that keeps C11's promises (arm64 included).
 *
 * Terms. A boundary is a position where a record starts or will start. Position p is taken once its
 * word is BUSY, READY or PAD of p's lap.
 *
 * 1. Head holds boundaries only, and all positions below it are taken. It moves from p to p+n only
 * by a compare-and-swap of somebody who saw p taken with n cells. Positions are 64 bits and never
 * come again, so a helper that slept can't move it wrongly. Writers go from head along taken words,
 * so they only ever try boundaries; the words inside a record are never looked at.
 * 2. A record is taken by one compare-and-swap of {lap of p, FREE}. It succeeds for one writer.
 * Where it succeeds, nothing above p is taken (by 1, nobody gets past p before it is taken), so
 * p..p+n-1 belong to the winner, as long as the reader is done with those cells.
 * 3. The reader is done with them: the writer saw a tail with p+n-tail <= cells. Tail is stored
 * with release after the reader's last look at the cells below it and after their words were set to
 * FREE of the next lap; the writer loads it with acquire before it loads the word. An old tail only
 * says "full" too early. A tail that passes p while the writer sleeps means that p was taken, and
 * the compare-and-swap fails: the word is of a later lap by then. It would succeed wrongly only for
 * a writer that sleeps a whole number of 2^20 laps between two instructions; the damage would be
 * one record that fails its length or the reader's checks.
 * 4. A false "full" or "garbage" must not come from weak ordering. Whoever moves head or takes a
 * word has seen a tail that allowed it, and does so with release; all loads of head and words are
 * acquire, so the tail loaded next is at least that new. A word of a later lap than p's was stored
 * with release by the reader, which moves head past p first, so loading head again shows a newer
 * one. An unchanged head beside an impossible word is therefore damage, not bad luck.
 * 5. Commit releases the record's bytes; the reader's acquire load of READY gets them. The
 * compare-and-swap that takes a word is also a release: when the reader sees a thread's second
 * record in any state, it also sees that the first one is READY, which is what keeps each thread's
 * records in order when the reader has passed over one.
 * 6. Every loop has a constant bound. Indices are masked with the private copy of cells, and a
 * record never crosses the end of the data, so garbage in the file can make a writer lose its
 * record or overwrite another's, but not leave the mapping.
 * 7. The record before the end: where rest < n cells are left, the writer takes the rest as PAD in
 * the same way (one compare-and-swap, final at once, nobody waits for it) and goes on at the next
 * lap's first cell. rest == n needs no PAD. PAD is taken even if the record will not fit behind it:
 * else a large record could find no room for ever in an empty ring whose head is near the end.
 */

enum {
    HEADERS_AT = 4096,
    STEPS_MAX = 1024, /* steps of a reservation; each one lost to another writer is a record that
                         the other one placed */
};
_Static_assert(sizeof(struct ring_shared) <= HEADERS_AT, "the headers follow the counters");

size_t ring_bytes(uint64_t cells)
{
    if (cells < RING_CELLS_MIN || cells > RING_CELLS_MAX || (cells & (cells - 1)) != 0)
        return 0;
    return (size_t)(HEADERS_AT + cells * (sizeof(uint64_t) + RING_CELL_BYTES));
}

bool ring_format(void *mem, uint64_t cells)
{
    struct ring_shared *shared = mem;
    size_t bytes = ring_bytes(cells);

    if (bytes == 0)
        return false;
    shared->magic = RING_MAGIC;
    shared->ring_version = RING_VERSION;
    shared->event_version = EVENT_LAYOUT_VERSION;
    shared->cells = cells;
    shared->headers_at = HEADERS_AT;
    shared->data_at = HEADERS_AT + cells * sizeof(uint64_t);
    shared->bytes = bytes;
    return true;
}

bool ring_attach(void *mem, size_t bytes, struct ring *out)
{
    /* Another process may change the fields meanwhile; volatile makes each of them be read once. */
    const volatile struct ring_shared *shared = mem;
    uint64_t cells;

    if (mem == NULL || (uintptr_t)mem % RING_CELL_BYTES != 0 || bytes < sizeof(struct ring_shared))
        return false;
    if (shared->magic != RING_MAGIC || shared->ring_version != RING_VERSION ||
        shared->event_version != EVENT_LAYOUT_VERSION)
        return false;
    cells = shared->cells;
    size_t need = ring_bytes(cells);
    if (need == 0 || bytes < need || shared->bytes != need)
        return false;
    uint64_t data_at = HEADERS_AT + cells * sizeof(uint64_t);
    if (shared->headers_at != HEADERS_AT || shared->data_at != data_at)
        return false;

    uint8_t *base = mem;
    void *headers = base + HEADERS_AT;
    *out = (struct ring){.shared = mem, .headers = headers, .data = base + data_at, .cells = cells};
    return true;
}

uint32_t ring_new_process(struct ring *ring)
{
    uint32_t before = atomic_fetch_add_explicit(&ring->shared->processes, 1, memory_order_relaxed);

    if (before == UINT32_MAX) /* 0 is no process */
        before = atomic_fetch_add_explicit(&ring->shared->processes, 1, memory_order_relaxed);
    return before + 1;
}

void ring_count_lost(struct ring *ring)
{
    atomic_fetch_add_explicit(&ring->shared->lost, 1, memory_order_relaxed);
}

/* Move head from position past a record that was seen there. Returns the farthest boundary known,
 * where the next try belongs. */
static uint64_t help_head(struct ring *ring, uint64_t position, uint64_t cells)
{
    uint64_t head = position;
    uint64_t next = position + cells;

    if (atomic_compare_exchange_strong_explicit(&ring->shared->head, &head, next,
                                                memory_order_acq_rel, memory_order_acquire))
        return next;
    return (int64_t)(head - next) > 0 ? head : next;
}

/*
 * Take cells at position for state. Returns true if they are the caller's now; else *word is what
 * stands there instead.
 */
static bool take(struct ring *ring, uint64_t position, enum ring_state state, uint64_t cells,
                 uint32_t process, uint64_t *word)
{
    _Atomic uint64_t *header = ring_header(ring, position);
    uint64_t expected = ring_word_free(ring, position);

    *word = atomic_load_explicit(header, memory_order_acquire);
    if (*word != expected)
        return false;
    return atomic_compare_exchange_strong_explicit(header, word,
                                                   ring_word_make(expected, state, cells, process),
                                                   memory_order_acq_rel, memory_order_acquire);
}

bool ring_reserve(struct ring *ring, uint32_t process, size_t len, struct ring_slot *slot)
{
    if (len == 0 || len > RING_RECORD_BYTES_MAX)
        goto lost;

    uint64_t need = ring_record_cells(len);
    uint64_t position = atomic_load_explicit(&ring->shared->head, memory_order_acquire);

    for (unsigned step = 0; step < STEPS_MAX; step++) {
        uint64_t rest = ring->cells - (position & (ring->cells - 1));
        bool pad = rest < need;
        uint64_t cells = pad ? rest : need;
        uint64_t tail = atomic_load_explicit(&ring->shared->tail, memory_order_acquire);
        uint64_t word;

        if ((int64_t)(position - tail) < 0) {
            /* The position is old. Head can be behind tail only after damage; moving it up repairs
             * that. */
            uint64_t head = position;
            if (atomic_compare_exchange_strong_explicit(&ring->shared->head, &head, tail,
                                                        memory_order_acq_rel, memory_order_acquire))
                head = tail;
            position = head;
            continue;
        }
        if (position - tail > ring->cells - cells)
            goto lost;

        if (take(ring, position, pad ? RING_PAD : RING_BUSY, cells, process, &word)) {
            uint64_t next = help_head(ring, position, cells);
            if (pad) {
                position = next;
                continue;
            }
            uint32_t stored_len = (uint32_t)len;
            uint8_t *data = ring_cell(ring, position);
            memcpy(data + cells * RING_CELL_BYTES - RING_LENGTH_BYTES, &stored_len,
                   sizeof(stored_len));
            slot->data = data;
            slot->position = position;
            slot->ready =
                ring_word_make(ring_word_free(ring, position), RING_READY, cells, process);
            return true;
        }

        uint64_t taken = ring_word_cells(word);
        if (ring_word_same_lap(word, ring_word_free(ring, position)) &&
            ring_word_state(word) != RING_FREE && taken > 0 && taken <= rest) {
            position = help_head(ring, position, taken);
            continue;
        }
        uint64_t head = atomic_load_explicit(&ring->shared->head, memory_order_acquire);
        if (head == position) /* damage, see 4 above; the reader repairs it */
            goto lost;
        position = head;
    }
lost:
    ring_count_lost(ring);
    return false;
}

void ring_commit(struct ring *ring, const struct ring_slot *slot)
{
    /* Not a plain store: where the reader took this process for dead, the word may be another
     * writer's by now. */
    uint64_t busy = slot->ready ^ (uint64_t)(RING_READY ^ RING_BUSY) << RING_STATE_SHIFT;

    atomic_compare_exchange_strong_explicit(ring_header(ring, slot->position), &busy, slot->ready,
                                            memory_order_release, memory_order_relaxed);
}
