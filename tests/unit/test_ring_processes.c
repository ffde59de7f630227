/*
 * The shared ring between processes: full speed, writers that are killed, and one that fills the
 * mapping with random bytes.
 *
 * Sizes come from the environment: RING_TEST_SECONDS (10), RING_TEST_KILLS (1000),
 * RING_TEST_HOSTILE_SECONDS (3), RING_TEST_CELLS (2^18 for the first test, 2^13 for the others).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring.h"

enum {
    WRITERS = 4,
    RECORD_BYTES = 148, /* an event head and a STUN header */
    RECORD_BYTES_MAX = 400,
    KILLED_MAX = 1 << 16,
};

struct record {
    uint32_t writer;
    uint32_t len;
    uint64_t number; /* 1.. in each writer */
    uint64_t check;
};

/* What the processes of a test share beside the ring. */
struct board {
    _Atomic uint32_t stop;
    _Atomic uint64_t tried[WRITERS + 1];
    _Atomic uint64_t placed[WRITERS + 1];
};

struct fixture {
    struct ring ring;
    struct board *board;
    struct ring_reader *reader;
    uint64_t cells;
    bool *dead; /* by process number */
    uint64_t now_ms;
    size_t len;
    uint32_t process;
    uint8_t buf[RING_RECORD_BYTES_MAX];
};

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *share(size_t bytes)
{
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(mem != MAP_FAILED);
    return mem;
}

static bool alive(uint32_t process, void *ctx)
{
    const struct fixture *f = ctx;

    return process < KILLED_MAX && !f->dead[process];
}

static int setup_cells(void **state, uint64_t cells)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->cells = from_environment("RING_TEST_CELLS", cells);
    assert_true(ring_bytes(f->cells) != 0);
    f->board = share(sizeof(*f->board));
    f->dead = calloc(KILLED_MAX, sizeof(*f->dead));
    assert_non_null(f->dead);
    void *mem = share(ring_bytes(f->cells));
    assert_true(ring_format(mem, f->cells));
    assert_true(ring_attach(mem, ring_bytes(f->cells), &f->ring));
    f->reader = ring_reader_new(&f->ring, alive, f);
    assert_non_null(f->reader);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_cells(state, RING_CELLS_DEFAULT);
}

/* Many laps in a short time. */
static int setup_small(void **state)
{
    return setup_cells(state, 1 << 13);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ring_reader_free(f->reader);
    munmap(f->ring.shared, ring_bytes(f->cells));
    munmap(f->board, sizeof(*f->board));
    free(f->dead);
    free(f);
    return 0;
}

static enum ring_next next(struct fixture *f)
{
    return ring_read(f->reader, f->now_ms, f->buf, sizeof(f->buf), &f->len, &f->process);
}

/* FNV-1a over the head without its check, and the bytes behind it. */
static uint64_t check_of(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < len; i++)
        if (i < offsetof(struct record, check) || i >= sizeof(struct record))
            hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static size_t record_build(uint8_t *bytes, uint32_t writer, uint64_t number)
{
    uint32_t len =
        number % 16 == 0
            ? (uint32_t)(sizeof(struct record) + number / 16 % (RECORD_BYTES_MAX - RECORD_BYTES))
            : (uint32_t)RECORD_BYTES;
    struct record record = {.writer = writer, .len = len, .number = number};

    for (size_t i = sizeof(record); i < len; i++)
        bytes[i] = (uint8_t)(number * 31 + i * 7 + writer);
    memcpy(bytes, &record, sizeof(record));
    record.check = check_of(bytes, len);
    memcpy(bytes, &record, sizeof(record));
    return len;
}

/* Is this, byte for byte, a record that writer made? */
static bool record_intact(const struct fixture *f, struct record *record)
{
    if (f->len < sizeof(*record))
        return false;
    memcpy(record, f->buf, sizeof(*record));
    return record->len == f->len && record->check == check_of(f->buf, f->len);
}

/* The life of a writer: numbered records until the board says stop, or for ever. slot of the board.
 */
static void write_for_ever(struct fixture *f, uint32_t process, size_t place)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    struct ring_slot slot;

    for (uint64_t number = 1; atomic_load_explicit(&f->board->stop, memory_order_relaxed) == 0;
         number++) {
        size_t len = record_build(bytes, process, number);
        atomic_store_explicit(&f->board->tried[place], number, memory_order_relaxed);
        if (!ring_reserve(&f->ring, process, len, &slot))
            continue;
        memcpy(slot.data, bytes, len);
        ring_commit(&f->ring, &slot);
        atomic_fetch_add_explicit(&f->board->placed[place], 1, memory_order_relaxed);
    }
}

/* fork; a child that outlives a failed test would write for ever, so it dies with its parent. */
static pid_t start_child(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

static pid_t start_writer(struct fixture *f, uint32_t process, size_t place)
{
    pid_t pid = start_child();

    if (pid == 0) {
        write_for_ever(f, process, place);
        _exit(0);
    }
    return pid;
}

static void wait_for(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        assert_int_equal(errno, EINTR);
}

static void expect_clean_exit(pid_t pid)
{
    int status;

    wait_for(pid, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void four_writers_at_full_speed_lose_nothing_in_silence(void **state)
{
    struct fixture *f = *state;
    uint64_t last[WRITERS + 1] = {0};
    uint64_t seen[WRITERS + 1] = {0};
    pid_t pids[WRITERS];
    unsigned empty = 0;
    bool stopped = false;

    for (uint32_t i = 0; i < WRITERS; i++) {
        uint32_t process = ring_new_process(&f->ring);
        assert_int_equal(process, i + 1);
        pids[i] = start_writer(f, process, process);
    }
    double end = seconds_now() + (double)from_environment("RING_TEST_SECONDS", 10);
    while (empty < 2) {
        enum ring_next got = next(f);
        if (got == RING_EMPTY) {
            if (stopped)
                empty++;
            else
                sched_yield();
        }
        if (!stopped && seconds_now() >= end) {
            atomic_store(&f->board->stop, 1);
            for (size_t i = 0; i < WRITERS; i++)
                expect_clean_exit(pids[i]);
            stopped = true;
        }
        if (got != RING_RECORD) {
            assert_int_equal(got, RING_EMPTY);
            continue;
        }
        struct record record;
        assert_true(record_intact(f, &record));
        assert_int_equal(record.writer, f->process);
        assert_in_range(record.writer, 1, WRITERS);
        assert_true(record.number > last[record.writer]); /* in order, and none twice */
        last[record.writer] = record.number;
        seen[record.writer]++;
    }

    struct ring_counts counts = ring_reader_counts(f->reader);
    uint64_t tried = 0;
    for (size_t i = 1; i <= WRITERS; i++) {
        tried += f->board->tried[i];
        assert_int_equal(seen[i], f->board->placed[i]); /* what was placed was read */
        assert_true(seen[i] > 0);
    }
    print_message("           tried %llu, seen %llu, lost %llu, torn %llu\n",
                  (unsigned long long)tried, (unsigned long long)counts.seen,
                  (unsigned long long)counts.lost, (unsigned long long)counts.torn);
    assert_int_equal(counts.seen + counts.lost + counts.torn, tried);
    assert_int_equal(counts.torn, 0);
    assert_int_equal(counts.corrupt, 0);
}

/* State of the kill test's check on what comes in. */
struct kill_check {
    uint64_t survivor_last;
    uint64_t survivor_seen;
    uint64_t victim_last;
    uint32_t victim;
    uint64_t victims_seen;
};

static bool check_next(struct fixture *f, struct kill_check *check)
{
    struct record record;
    enum ring_next got = next(f);

    if (got == RING_EMPTY)
        return false;
    assert_int_equal(got, RING_RECORD);
    assert_true(record_intact(f, &record));
    assert_int_equal(record.writer, f->process);
    if (record.writer == 1) {
        assert_true(record.number > check->survivor_last);
        check->survivor_last = record.number;
        check->survivor_seen++;
    } else {
        assert_int_equal(record.writer, check->victim);
        assert_true(record.number > check->victim_last);
        check->victim_last = record.number;
        check->victims_seen++;
    }
    return true;
}

static void a_thousand_killed_writers_stall_nobody(void **state)
{
    struct fixture *f = *state;
    uint64_t kills = from_environment("RING_TEST_KILLS", 1000);
    struct kill_check check = {0};
    uint64_t tried_by_victims = 0;
    uint32_t random = 12345;

    assert_in_range(kills, 1, KILLED_MAX - 2);
    assert_int_equal(ring_new_process(&f->ring), 1);
    pid_t survivor = start_writer(f, 1, 1);
    for (uint64_t i = 0; i < kills; i++) {
        check.victim = ring_new_process(&f->ring);
        check.victim_last = 0;
        atomic_store(&f->board->tried[2], 0);
        pid_t pid = start_writer(f, check.victim, 2);

        /* Let it come to life, then kill it after a random spin, at whatever instruction it is. */
        while (atomic_load(&f->board->tried[2]) == 0)
            if (!check_next(f, &check))
                sched_yield();
        random = random * 1103515245 + 12345;
        for (uint32_t spin = random >> 16 & 0x3ff; spin > 0; spin--)
            check_next(f, &check);
        int status;
        assert_int_equal(kill(pid, SIGKILL), 0);
        wait_for(pid, &status);
        assert_true(WIFSIGNALED(status));
        f->dead[check.victim] = true;
        tried_by_victims += atomic_load(&f->board->tried[2]);

        /* All that was in the ring when it died is behind the tail within one look at each record
         * and a few questions for its owner. */
        uint64_t head = atomic_load(&f->ring.shared->head);
        uint64_t reads = 0;
        while ((int64_t)(head - atomic_load(&f->ring.shared->tail)) > 0) {
            if (!check_next(f, &check)) {
                sched_yield(); /* the survivor may be in the middle of a record */
                f->now_ms += 300;
            }
            if (++reads > 4 * f->cells)
                fail_msg("the reader is stuck after kill %llu", (unsigned long long)i);
        }
    }
    atomic_store(&f->board->stop, 1);
    expect_clean_exit(survivor);
    for (unsigned empty = 0; empty < 4;) {
        if (!check_next(f, &check)) {
            f->now_ms += 300;
            empty++;
        }
    }

    struct ring_counts counts = ring_reader_counts(f->reader);
    uint64_t tried = tried_by_victims + f->board->tried[1];
    uint64_t known = counts.seen + counts.lost + counts.torn;
    print_message(
        "           %llu kills: tried %llu, seen %llu (%llu of the killed), lost %llu, torn %llu\n",
        (unsigned long long)kills, (unsigned long long)tried, (unsigned long long)counts.seen,
        (unsigned long long)check.victims_seen, (unsigned long long)counts.lost,
        (unsigned long long)counts.torn);
    assert_int_equal(counts.corrupt, 0);
    assert_int_equal(check.survivor_seen, f->board->placed[1]);
    assert_true(counts.torn <= kills);
    /* A victim says "tried" before it reserves and may die in between: up to one a kill is in no
     * count. */
    assert_true(known <= tried && tried - known <= kills);
    assert_int_equal(atomic_load(&f->ring.shared->tail), atomic_load(&f->ring.shared->head));
}

static void fill_with_noise(struct fixture *f, uint64_t seed)
{
    size_t words = ring_bytes(f->cells) / sizeof(uint64_t);
    volatile uint64_t *at = (volatile uint64_t *)(void *)f->ring.shared;

    while (atomic_load_explicit((_Atomic uint32_t *)&f->board->stop, memory_order_relaxed) == 0) {
        for (size_t i = 0; i < words; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            /* Every other turn keeps laps and counts likely, so that more of the noise gets past
             * the first check. */
            at[i] = (seed & 1) != 0 ? seed : seed & UINT64_C(0x00000c0700000007);
        }
    }
}

static void random_bytes_from_a_hostile_process_crash_and_hang_nobody(void **state)
{
    struct fixture *f = *state;
    uint64_t got[3] = {0};
    pid_t pids[3];

    pids[0] = start_writer(f, ring_new_process(&f->ring), 1);
    pids[1] = start_writer(f, ring_new_process(&f->ring), 2);
    pids[2] = start_child();
    if (pids[2] == 0) {
        fill_with_noise(f, (uint64_t)getpid() * 0x9e3779b97f4a7c15 | 1);
        _exit(0);
    }

    double end = seconds_now() + (double)from_environment("RING_TEST_HOSTILE_SECONDS", 3);
    while (seconds_now() < end) {
        got[next(f)]++;
        f->now_ms += 10;
    }
    atomic_store(&f->board->stop, 1);
    for (size_t i = 0; i < 3; i++)
        expect_clean_exit(pids[i]);
    /* The noise is over: the reader comes to an end, and records go through again. */
    for (size_t i = 0; i < KILLED_MAX; i++)
        f->dead[i] = true;
    uint64_t calls = 0;
    for (unsigned empty = 0; empty < 4; calls++) {
        assert_true(calls < 16 * f->cells);
        empty = next(f) == RING_EMPTY ? empty + 1 : 0;
        f->now_ms += 300;
    }
    bool through = false;
    for (unsigned tries = 0; tries < 64 && !through; tries++) {
        uint8_t bytes[RECORD_BYTES_MAX];
        struct record record;
        struct ring_slot slot;
        size_t len = record_build(bytes, 1, 77);
        if (ring_reserve(&f->ring, 1, len, &slot)) {
            memcpy(slot.data, bytes, len);
            ring_commit(&f->ring, &slot);
        }
        for (unsigned i = 0; i < 64 && !through; i++)
            through = next(f) == RING_RECORD && record_intact(f, &record) && record.number == 77;
    }
    print_message(
        "           %llu records, %llu times empty, %llu times damage; %llu + %llu tries by the honest\n",
        (unsigned long long)got[RING_RECORD], (unsigned long long)got[RING_EMPTY],
        (unsigned long long)got[RING_CORRUPT], (unsigned long long)f->board->tried[1],
        (unsigned long long)f->board->tried[2]);
    assert_true(through);
    assert_true(f->board->tried[1] > 0 && f->board->tried[2] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(four_writers_at_full_speed_lose_nothing_in_silence, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_thousand_killed_writers_stall_nobody, setup_small,
                                        teardown),
        cmocka_unit_test_setup_teardown(random_bytes_from_a_hostile_process_crash_and_hang_nobody,
                                        setup_small, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
