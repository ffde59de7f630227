/* The shared ring in one process: format, reservation, order, loss, laps, and repair of what no
 * honest writer makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"
#include "ring.h"
#include "ring_word.h"

enum { CELLS = RING_CELLS_MIN };

/* The processes that alive() calls dead, and how often it was asked. */
struct owners {
    bool dead[8];
    unsigned asked;
};

struct fixture {
    void *mem;
    struct ring ring;
    struct ring_reader *reader;
    struct owners owners;
    uint64_t now_ms;
    size_t len;
    uint32_t process;
    uint8_t buf[RING_RECORD_BYTES_MAX];
};

static bool alive(uint32_t process, void *ctx)
{
    struct owners *owners = ctx;

    owners->asked++;
    return process < 8 && !owners->dead[process];
}

/* A ring whose head and tail stand at position, as after a long run. */
static void start_at(struct fixture *f, uint64_t position)
{
    memset(f->mem, 0, ring_bytes(CELLS));
    assert_true(ring_format(f->mem, CELLS));
    assert_true(ring_attach(f->mem, ring_bytes(CELLS), &f->ring));
    atomic_store(&f->ring.shared->head, position);
    atomic_store(&f->ring.shared->tail, position);
    atomic_store(&f->ring.shared->processes, 7);
    for (uint64_t i = 0; i < CELLS; i++)
        atomic_store(ring_header(&f->ring, position + i), ring_word_free(&f->ring, position + i));
    ring_reader_free(f->reader);
    f->reader = ring_reader_new(&f->ring, alive, &f->owners);
    assert_non_null(f->reader);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->mem = aligned_alloc(4096, ring_bytes(CELLS));
    assert_non_null(f->mem);
    start_at(f, 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ring_reader_free(f->reader);
    free(f->mem);
    free(f);
    return 0;
}

static enum ring_next next(struct fixture *f)
{
    return ring_read(f->reader, f->now_ms, f->buf, sizeof(f->buf), &f->len, &f->process);
}

static bool write_record(struct fixture *f, uint32_t process, size_t len, uint8_t fill)
{
    struct ring_slot slot;

    if (!ring_reserve(&f->ring, process, len, &slot))
        return false;
    memset(slot.data, fill, len);
    ring_commit(&f->ring, &slot);
    return true;
}

static void expect_record(struct fixture *f, uint32_t process, size_t len, uint8_t fill)
{
    assert_int_equal(next(f), RING_RECORD);
    assert_int_equal(f->process, process);
    assert_int_equal(f->len, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(f->buf[i], fill);
}

static uint64_t tail_of(const struct fixture *f)
{
    return atomic_load(&f->ring.shared->tail);
}

static uint64_t head_of(const struct fixture *f)
{
    return atomic_load(&f->ring.shared->head);
}

/* Read until there is nothing, with time going on; fails where that takes more calls than damage
 * can explain. */
static unsigned drain(struct fixture *f)
{
    unsigned records = 0;
    unsigned empty = 0;

    for (unsigned calls = 0; calls < 16 * CELLS; calls++) {
        enum ring_next got = next(f);
        records += got == RING_RECORD;
        empty = got == RING_EMPTY ? empty + 1 : 0;
        if (empty == 8)
            return records;
        f->now_ms += 300;
    }
    fail_msg("the ring never runs empty");
    return 0;
}

/* After any damage the ring must carry records again, within a few tries. */
static void expect_recovery(struct fixture *f)
{
    drain(f);
    for (unsigned i = 0; i < 64; i++) {
        bool written = write_record(f, 1, 148, 0x5a);
        bool found = false;
        for (unsigned calls = 0; calls < 64 && !found; calls++) {
            enum ring_next got = next(f);
            found = got == RING_RECORD && f->len == 148 && f->buf[0] == 0x5a && f->buf[147] == 0x5a;
            if (got == RING_EMPTY)
                break;
        }
        if (written && found)
            return;
    }
    fail_msg("no record goes through after the damage");
}

static void sizes_are_powers_of_two_in_range(void **state)
{
    (void)state;
    assert_int_equal(ring_bytes(0), 0);
    assert_int_equal(ring_bytes(RING_CELLS_MIN - 1), 0);
    assert_int_equal(ring_bytes(RING_CELLS_MIN / 2), 0);
    assert_int_equal(ring_bytes(RING_CELLS_MIN + 1), 0);
    assert_int_equal(ring_bytes(UINT64_C(1) << 63), 0);
    assert_int_equal(ring_bytes(RING_CELLS_MAX * UINT64_C(2)), 0);
    assert_true(ring_bytes(RING_CELLS_DEFAULT) >= (size_t)RING_CELLS_DEFAULT * RING_CELL_BYTES);
    assert_true(ring_bytes(RING_CELLS_MAX) > ring_bytes(RING_CELLS_DEFAULT));
}

static void attach_refuses_each_wrong_field(void **state)
{
    struct fixture *f = *state;
    size_t bytes = ring_bytes(CELLS);
    struct ring ring;

    assert_true(ring_attach(f->mem, bytes, &ring));
    assert_true(ring_attach(f->mem, bytes + 4096, &ring));
    assert_false(ring_attach(f->mem, bytes - 1, &ring));
    assert_false(ring_attach(f->mem, 0, &ring));
    assert_false(ring_attach(NULL, bytes, &ring));
    assert_false(ring_attach((uint8_t *)f->mem + 8, bytes - 8, &ring));
    for (size_t i = 0; i < offsetof(struct ring_shared, bytes) + sizeof(uint64_t); i++) {
        uint8_t *byte = (uint8_t *)f->mem + i;
        *byte ^= 0x40;
        if (ring_attach(f->mem, bytes, &ring))
            fail_msg("byte %zu of the header is not checked", i);
        *byte ^= 0x40;
    }
}

static void process_numbers_start_at_one_and_skip_zero(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->ring.shared->processes, 0);
    assert_int_equal(ring_new_process(&f->ring), 1);
    assert_int_equal(ring_new_process(&f->ring), 2);
    atomic_store(&f->ring.shared->processes, UINT32_MAX);
    assert_int_equal(ring_new_process(&f->ring), 1);
}

static void every_length_comes_back_intact(void **state)
{
    struct fixture *f = *state;

    for (size_t len = 1; len < 400; len++) {
        assert_true(write_record(f, 1, len, (uint8_t)len));
        expect_record(f, 1, len, (uint8_t)len);
    }
    for (size_t len = RING_RECORD_BYTES_MAX; len > RING_RECORD_BYTES_MAX - 130; len--) {
        /* The first try may find too little room before the end; it leaves a PAD and the next one
         * fits. */
        if (!write_record(f, 2, len, (uint8_t)len)) {
            assert_int_equal(next(f), RING_EMPTY);
            assert_true(write_record(f, 2, len, (uint8_t)len));
        }
        expect_record(f, 2, len, (uint8_t)len);
    }
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
}

static void slots_are_aligned_and_refuse_bad_lengths(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_false(ring_reserve(&f->ring, 1, 0, &slot));
    assert_false(ring_reserve(&f->ring, 1, RING_RECORD_BYTES_MAX + 1, &slot));
    assert_false(ring_reserve(&f->ring, 1, SIZE_MAX, &slot));
    assert_int_equal(ring_reader_counts(f->reader).lost, 3);
    assert_true(ring_reserve(&f->ring, 1, 65, &slot));
    assert_int_equal((uintptr_t)slot.data % RING_CELL_BYTES, 0);
}

static void a_full_ring_loses_with_a_count_and_then_takes_more(void **state)
{
    struct fixture *f = *state;
    unsigned written = 0;

    while (write_record(f, 1, 148, (uint8_t)written))
        written++;
    assert_int_equal(written, CELLS / 3);
    assert_false(write_record(f, 1, 148, 0));
    assert_int_equal(ring_reader_counts(f->reader).lost, 2);
    for (unsigned i = 0; i < written; i++)
        expect_record(f, 1, 148, (uint8_t)i);
    assert_int_equal(next(f), RING_EMPTY);
    assert_true(write_record(f, 1, 148, 7));
    expect_record(f, 1, 148, 7);
}

static void a_record_needs_all_of_its_cells(void **state)
{
    struct fixture *f = *state;

    start_at(f, 100);
    for (unsigned i = 0; i < CELLS; i++)
        assert_true(write_record(f, 1, 20, (uint8_t)i));
    assert_false(write_record(f, 1, 20, 0));
    expect_record(f, 1, 20, 0);
    expect_record(f, 1, 20, 1);
    assert_false(write_record(f, 1, 148, 0xdd)); /* two of the three cells that it takes are free */
    expect_record(f, 1, 20, 2);
    assert_true(write_record(f, 1, 148, 0xdd));
    assert_false(write_record(f, 1, 20, 0));
    for (unsigned i = 3; i < CELLS; i++)
        expect_record(f, 1, 20, (uint8_t)i);
    expect_record(f, 1, 148, 0xdd);
    assert_int_equal(next(f), RING_EMPTY);
}

static void a_record_that_ends_exactly_at_the_end_needs_no_pad(void **state)
{
    struct fixture *f = *state;

    assert_true(write_record(f, 1, (CELLS - 3) * RING_CELL_BYTES - 4, 1));
    expect_record(f, 1, (CELLS - 3) * RING_CELL_BYTES - 4, 1);
    assert_true(write_record(f, 1, 3 * RING_CELL_BYTES - 4, 2));
    expect_record(f, 1, 3 * RING_CELL_BYTES - 4, 2);
    assert_int_equal(head_of(f), CELLS);
    assert_int_equal(ring_word_state(atomic_load(ring_header(&f->ring, CELLS - 3))), RING_FREE);
}

static void a_record_that_would_cross_the_end_leaves_a_pad(void **state)
{
    struct fixture *f = *state;

    start_at(f, CELLS - 2);
    assert_true(write_record(f, 1, 3 * RING_CELL_BYTES - 4, 2));
    assert_int_equal(ring_word_state(atomic_load(ring_header(&f->ring, CELLS - 2))), RING_PAD);
    assert_int_equal(head_of(f), CELLS + 3);
    expect_record(f, 1, 3 * RING_CELL_BYTES - 4, 2);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(tail_of(f), CELLS + 3);
    assert_int_equal(ring_reader_counts(f->reader).seen, 1);
}

static void laps_wrap_where_their_bits_end(void **state)
{
    struct fixture *f = *state;
    const uint64_t starts[] = {
        (UINT64_C(1) << 20) * CELLS - CELLS / 2, /* the lap's 20 bits */
        (UINT64_C(1) << 32) * CELLS - CELLS / 2,
        (UINT64_C(1) << 32) - CELLS / 2,
        (UINT64_C(1) << 63) - CELLS / 2,
        UINT64_MAX - CELLS / 2 + 1, /* the position's own 64 */
    };

    for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
        start_at(f, starts[s]);
        for (unsigned i = 0; i < 2 * CELLS; i++) {
            assert_true(write_record(f, 1, 148, (uint8_t)i));
            assert_true(write_record(f, 2, 20, (uint8_t)i));
            expect_record(f, 1, 148, (uint8_t)i);
            expect_record(f, 2, 20, (uint8_t)i);
        }
        assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
        assert_int_equal(ring_reader_counts(f->reader).lost, 0);
    }
}

static void a_stale_head_is_walked_forward(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 10; i++)
        assert_true(write_record(f, 1, 20, (uint8_t)i));
    /* As if the writers of the last seven had been killed before they moved it. */
    atomic_store(&f->ring.shared->head, 3);
    assert_true(write_record(f, 1, 20, 10));
    assert_int_equal(head_of(f), 11);
    for (unsigned i = 0; i <= 10; i++)
        expect_record(f, 1, 20, (uint8_t)i);
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
}

static void the_reader_moves_a_head_that_its_writer_left_behind(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 1, 20, &slot));
    atomic_store(&f->ring.shared->head, slot.position); /* killed right after it took the record */
    f->owners.dead[1] = true;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(head_of(f), slot.position + 1);
    f->now_ms += 1000;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(ring_reader_counts(f->reader).torn, 1);
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
    assert_true(write_record(f, 2, 20, 9));
    expect_record(f, 2, 20, 9);
}

static void a_busy_record_is_passed_over_and_read_when_committed(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 1, 20, &slot));
    memset(slot.data, 1, 20);
    assert_true(write_record(f, 2, 20, 2));
    expect_record(f, 2, 20, 2);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(tail_of(f), 0);
    ring_commit(&f->ring, &slot);
    expect_record(f, 1, 20, 1);
    assert_int_equal(tail_of(f), 2);
    assert_int_equal(next(f), RING_EMPTY);
}

static void a_passed_record_comes_before_the_next_one_of_its_thread(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 1, 20, &slot));
    memset(slot.data, 1, 20);
    assert_int_equal(next(f), RING_EMPTY); /* passes over it */
    ring_commit(&f->ring, &slot);
    assert_true(write_record(f, 1, 20, 2));
    expect_record(f, 1, 20, 1);
    expect_record(f, 1, 20, 2);
}

static void a_dead_writer_gives_its_space_back_and_counts_as_torn(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 3, 200, &slot));
    assert_true(write_record(f, 2, 20, 2));
    expect_record(f, 2, 20, 2);
    f->now_ms += 50;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(f->owners.asked, 0);
    f->now_ms += 60;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(f->owners.asked, 1);
    assert_int_equal(tail_of(f), 0);
    f->owners.dead[3] = true;
    f->now_ms += 300;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(f->owners.asked, 2);
    assert_int_equal(ring_reader_counts(f->reader).torn, 1);
    assert_int_equal(tail_of(f), head_of(f));
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
}

static void a_commit_after_the_reader_gave_up_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 3, 20, &slot));
    assert_int_equal(next(f), RING_EMPTY);
    f->owners.dead[3] = true;
    f->now_ms += 200;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(ring_reader_counts(f->reader).torn, 1);
    ring_commit(&f->ring, &slot);
    for (unsigned i = 0; i < 3 * CELLS; i++) {
        assert_true(write_record(f, 1, 20, (uint8_t)i));
        expect_record(f, 1, 20, (uint8_t)i);
    }
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
}

static void owners_that_were_never_given_out_are_dead(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, UINT32_MAX, 20, &slot));
    assert_true(ring_reserve(&f->ring, 0, 20, &slot));
    assert_int_equal(next(f), RING_EMPTY);
    f->now_ms += 200;
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(f->owners.asked, 0);
    assert_int_equal(ring_reader_counts(f->reader).torn, 2);
}

static void a_held_record_survives_a_whole_turn_of_the_ring(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 1, 20, &slot));
    memset(slot.data, 1, 20);
    for (unsigned i = 1; i < CELLS; i++) {
        assert_true(write_record(f, 2, 20, (uint8_t)i));
        expect_record(f, 2, 20, (uint8_t)i);
    }
    assert_false(write_record(f, 2, 20, 0));
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 0);
    ring_commit(&f->ring, &slot);
    expect_record(f, 1, 20, 1);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(tail_of(f), CELLS);
    assert_true(write_record(f, 2, 20, 3));
    expect_record(f, 2, 20, 3);
}

static void more_busy_records_than_the_reader_holds_only_make_it_wait(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slots[400];

    for (size_t i = 0; i < 400; i++) {
        assert_true(ring_reserve(&f->ring, 1, 20, &slots[i]));
        memset(slots[i].data, (int)i, 20);
    }
    assert_true(write_record(f, 2, 20, 0xee));
    assert_int_equal(next(f), RING_EMPTY);
    for (size_t i = 400; i-- > 0;)
        ring_commit(&f->ring, &slots[i]);
    for (size_t i = 0; i < 400; i++)
        expect_record(f, 1, 20, (uint8_t)i);
    expect_record(f, 2, 20, 0xee);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(tail_of(f), 401);
}

/* Damage: a word at the reader's position, with a good record behind it; the reader must find that
 * one. */
static void expect_skip_to_next(struct fixture *f, uint64_t word)
{
    start_at(f, 5 * CELLS);
    assert_true(write_record(f, 1, 148, 1));
    assert_true(write_record(f, 2, 148, 2));
    atomic_store(ring_header(&f->ring, 5 * CELLS), word);
    assert_int_equal(next(f), RING_CORRUPT);
    assert_int_equal(ring_reader_counts(f->reader).corrupt, 1);
    expect_record(f, 2, 148, 2);
    assert_int_equal(next(f), RING_EMPTY);
    expect_recovery(f);
}

static void impossible_words_are_skipped(void **state)
{
    struct fixture *f = *state;
    uint64_t lap = ring_word_free(&f->ring, 5 * CELLS);
    uint64_t wrong = ring_word_free(&f->ring, 6 * CELLS);

    expect_skip_to_next(f, ring_word_make(lap, RING_READY, 0, 1)); /* no length */
    expect_skip_to_next(f, ring_word_make(lap, RING_BUSY, 0, 1));
    expect_skip_to_next(f, ring_word_make(lap, RING_PAD, 3, 1));     /* a PAD in the middle */
    expect_skip_to_next(f, ring_word_make(lap, RING_FREE, 3, 1));    /* FREE with a length */
    expect_skip_to_next(f, ring_word_make(wrong, RING_READY, 3, 1)); /* another lap */
    expect_skip_to_next(f, lap);                                     /* FREE below head */
    expect_skip_to_next(f, 0);
    expect_skip_to_next(f, UINT64_MAX);
}

static void a_length_past_the_end_is_damage(void **state)
{
    struct fixture *f = *state;
    uint64_t at = 6 * CELLS - 3;

    start_at(f, at);
    assert_true(write_record(f, 1, 148, 1));
    atomic_store(ring_header(&f->ring, at),
                 ring_word_make(ring_word_free(&f->ring, at), RING_READY, 4, 1));
    assert_int_equal(next(f), RING_CORRUPT);
    expect_recovery(f);
}

static void a_byte_length_that_contradicts_the_cells_is_damage(void **state)
{
    struct fixture *f = *state;
    const uint32_t lengths[] = {0, 1, 124, 189, RING_RECORD_BYTES_MAX, UINT32_MAX, 1u << 31};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        start_at(f, 0);
        assert_true(write_record(f, 1, 148, 1));
        assert_true(write_record(f, 1, 148, 2));
        memcpy(f->ring.data + 3 * RING_CELL_BYTES - 4, &lengths[i], 4);
        assert_int_equal(next(f), RING_CORRUPT);
        expect_record(f, 1, 148, 2);
        assert_int_equal(next(f), RING_EMPTY);
    }
}

static void a_head_that_cannot_be_is_put_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t at = 7 * CELLS + 100;
    const uint64_t heads[] = {0,
                              at - 1,
                              at - 50,
                              at + 1,
                              at + 50,
                              at + CELLS,
                              at + CELLS + 1,
                              UINT64_MAX,
                              at + (UINT64_C(1) << 40)};

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        start_at(f, at);
        atomic_store(&f->ring.shared->head, heads[i]);
        expect_recovery(f);
        start_at(f, at);
        assert_true(write_record(f, 1, 148, 1));
        assert_true(write_record(f, 1, 148, 2));
        atomic_store(&f->ring.shared->head, heads[i]);
        expect_record(f, 1, 148, 1);
        expect_record(f, 1, 148, 2);
        expect_recovery(f);
    }
}

static void a_tail_that_cannot_be_is_put_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t at = 7 * CELLS + 100;
    const uint64_t tails[] = {0, at - CELLS, at - 1, at + 1, at + CELLS, UINT64_MAX};

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        start_at(f, at);
        atomic_store(&f->ring.shared->tail, tails[i]);
        write_record(f, 1, 148, 1);
        expect_recovery(f);
        assert_int_equal(tail_of(f), head_of(f));
    }
}

static void a_held_record_whose_word_changes_to_nonsense_is_given_back(void **state)
{
    struct fixture *f = *state;
    struct ring_slot slot;

    assert_true(ring_reserve(&f->ring, 1, 148, &slot));
    assert_true(write_record(f, 2, 20, 2));
    expect_record(f, 2, 20, 2);
    atomic_store(ring_header(&f->ring, 0), ring_word_make(0, RING_READY, 1000, 1));
    assert_int_equal(next(f), RING_CORRUPT);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(tail_of(f), 4);
    expect_recovery(f);
}

static void a_loss_counter_that_runs_backwards_never_lowers_the_sum(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->ring.shared->lost, 100);
    assert_int_equal(next(f), RING_EMPTY);
    atomic_store(&f->ring.shared->lost, 3);
    assert_int_equal(ring_reader_counts(f->reader).lost, 100);
    assert_int_equal(next(f), RING_CORRUPT);
    ring_count_lost(&f->ring);
    assert_int_equal(next(f), RING_EMPTY);
    assert_int_equal(ring_reader_counts(f->reader).lost, 101);
}

static void one_look_heals_the_words_ahead(void **state)
{
    struct fixture *f = *state;

    start_at(f, 5 * CELLS);
    for (uint64_t i = 0; i < CELLS; i++)
        atomic_store(ring_header(&f->ring, i), UINT64_MAX - i);
    assert_false(write_record(f, 1, 148, 0));
    assert_int_equal(next(f), RING_CORRUPT);
    assert_int_equal(next(f), RING_EMPTY);
    for (unsigned i = 0; i < CELLS / 3; i++)
        assert_true(write_record(f, 1, 148, (uint8_t)i));
    for (unsigned i = 0; i < CELLS / 3; i++)
        expect_record(f, 1, 148, (uint8_t)i);
}

static uint64_t random_word(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void a_ring_of_random_bytes_ends_and_recovers(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 0x9e3779b97f4a7c15;

    for (unsigned round = 0; round < 200; round++) {
        start_at(f, round % 2 == 0 ? 0 : random_word(&seed));
        for (uint64_t i = 0; i < CELLS; i++) {
            uint64_t word = random_word(&seed);
            if (round % 4 >= 2) /* with the right lap, so that more of it looks plausible */
                word = ring_word_free(&f->ring, tail_of(f) + i) |
                       (word >> (64 - RING_LAP_SHIFT) & ~(UINT64_C(0x3f0) << 32));
            atomic_store(ring_header(&f->ring, tail_of(f) + i), word);
        }
        for (size_t i = 0; i < CELLS * RING_CELL_BYTES; i++)
            f->ring.data[i] = (uint8_t)random_word(&seed);
        if (round % 3 != 0)
            atomic_store(&f->ring.shared->head, random_word(&seed));
        if (round % 5 == 0)
            atomic_store(&f->ring.shared->tail, random_word(&seed));
        atomic_store(&f->ring.shared->lost, random_word(&seed));
        for (unsigned i = 0; i < 8; i++)
            write_record(f, 1, 148, 0xaa);
        expect_recovery(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_two_in_range),
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(attach_refuses_each_wrong_field),
        T(process_numbers_start_at_one_and_skip_zero),
        T(every_length_comes_back_intact),
        T(slots_are_aligned_and_refuse_bad_lengths),
        T(a_full_ring_loses_with_a_count_and_then_takes_more),
        T(a_record_needs_all_of_its_cells),
        T(a_record_that_ends_exactly_at_the_end_needs_no_pad),
        T(a_record_that_would_cross_the_end_leaves_a_pad),
        T(laps_wrap_where_their_bits_end),
        T(a_stale_head_is_walked_forward),
        T(the_reader_moves_a_head_that_its_writer_left_behind),
        T(a_busy_record_is_passed_over_and_read_when_committed),
        T(a_passed_record_comes_before_the_next_one_of_its_thread),
        T(a_dead_writer_gives_its_space_back_and_counts_as_torn),
        T(a_commit_after_the_reader_gave_up_harms_nobody),
        T(owners_that_were_never_given_out_are_dead),
        T(a_held_record_survives_a_whole_turn_of_the_ring),
        T(more_busy_records_than_the_reader_holds_only_make_it_wait),
        T(impossible_words_are_skipped),
        T(a_length_past_the_end_is_damage),
        T(a_byte_length_that_contradicts_the_cells_is_damage),
        T(a_head_that_cannot_be_is_put_back),
        T(a_tail_that_cannot_be_is_put_back),
        T(a_held_record_whose_word_changes_to_nonsense_is_given_back),
        T(a_loss_counter_that_runs_backwards_never_lowers_the_sum),
        T(one_look_heals_the_words_ahead),
        T(a_ring_of_random_bytes_ends_and_recovers),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
