/*
 * The ring's header words and positions, for ring.c and ring_reader.c alone.
 *
 *    63            44 43 42 41        32 31                             0
 *   +----------------+-----+------------+-------------------------------+
 *   |      lap       |state|   cells    |            process            |
 *   +----------------+-----+------------+-------------------------------+
 *
 * A position counts cells since the ring was made and never wraps in practice (64 bits); its cell
 * is position mod cells, its lap the rest, cut to 20 bits. A FREE word has cells and process 0. The
 * last four bytes of a record's last cell hold its length in bytes, native byte order; they are the
 * writer's word until they have been checked against the cells.
 */
#ifndef RTCSHIM_CORE_RING_WORD_H
#define RTCSHIM_CORE_RING_WORD_H

#include "ring.h"

enum ring_state {
    RING_FREE = 0,
    RING_BUSY = 1,
    RING_READY = 2,
    RING_PAD = 3, /* nothing is in it; it fills the data area up to its end */
};

enum {
    RING_LAP_SHIFT = 44,
    RING_STATE_SHIFT = 42,
    RING_WORD_CELLS_SHIFT = 32,
    RING_LENGTH_BYTES = 4,
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
               "the ring needs 64-bit atomics that work between processes");
_Static_assert(RING_RECORD_CELLS_MAX < RING_CELLS_MIN, "a record leaves room for its neighbour");
_Static_assert(RING_RECORD_CELLS_MAX < 1 << (RING_STATE_SHIFT - RING_WORD_CELLS_SHIFT),
               "the count fits its bits");

static inline uint64_t ring_word_free(const struct ring *ring, uint64_t position)
{
    return position >> __builtin_ctzll(ring->cells) << RING_LAP_SHIFT;
}

static inline uint64_t ring_word_make(uint64_t free_word, enum ring_state state, uint64_t cells,
                                      uint32_t process)
{
    return free_word | (uint64_t)state << RING_STATE_SHIFT | cells << RING_WORD_CELLS_SHIFT |
           process;
}

static inline bool ring_word_same_lap(uint64_t a, uint64_t b)
{
    return (a ^ b) >> RING_LAP_SHIFT == 0;
}

static inline enum ring_state ring_word_state(uint64_t word)
{
    return (enum ring_state)(word >> RING_STATE_SHIFT & 3);
}

static inline uint64_t ring_word_cells(uint64_t word)
{
    return word >> RING_WORD_CELLS_SHIFT & 1023;
}

static inline uint32_t ring_word_process(uint64_t word)
{
    return (uint32_t)word;
}

static inline uint64_t ring_record_cells(uint64_t len)
{
    return (len + RING_LENGTH_BYTES + RING_CELL_BYTES - 1) / RING_CELL_BYTES;
}

static inline _Atomic uint64_t *ring_header(const struct ring *ring, uint64_t position)
{
    return &ring->headers[position & (ring->cells - 1)];
}

static inline uint8_t *ring_cell(const struct ring *ring, uint64_t position)
{
    return ring->data + (position & (ring->cells - 1)) * RING_CELL_BYTES;
}

#endif
