/* How fast the shared ring is: records of 148 bytes from 1 and from N processes at once, and the
 * reader alone. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <signal.h>

#include "ring.h"

enum {
    RECORD_BYTES = 148, /* an event head and a STUN header */
    BATCH = 50000,
    PROCESSES_MAX = 64,
};

struct board {
    _Atomic uint32_t go;
    _Atomic uint32_t stop;
    _Atomic uint64_t tried[PROCESSES_MAX];
};

static uint8_t record[RECORD_BYTES];
static uint8_t buf[RING_RECORD_BYTES_MAX];

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *share(size_t bytes)
{
    void *mem =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (mem == MAP_FAILED) {
        fprintf(stderr, "bench_ring: mapping %zu bytes of shared memory: %s\n", bytes,
                strerror(errno));
        exit(1);
    }
    return mem;
}

static bool write_record(struct ring *ring, uint32_t process)
{
    struct ring_slot slot;

    if (!ring_reserve(ring, process, sizeof(record), &slot))
        return false;
    memcpy(slot.data, record, sizeof(record));
    ring_commit(ring, &slot);
    return true;
}

static bool read_record(struct ring_reader *reader)
{
    uint32_t process;
    size_t len;

    return ring_read(reader, 0, buf, sizeof(buf), &len, &process) == RING_RECORD;
}

static struct ring_reader *open_ring(struct ring *ring)
{
    void *mem = share(ring_bytes(RING_CELLS_DEFAULT));
    struct ring_reader *reader = NULL;

    if (ring_format(mem, RING_CELLS_DEFAULT) &&
        ring_attach(mem, ring_bytes(RING_CELLS_DEFAULT), ring))
        reader = ring_reader_new(ring, NULL, NULL);
    if (reader == NULL) {
        fprintf(stderr, "bench_ring: making a ring of %d cells: %s\n", RING_CELLS_DEFAULT,
                strerror(errno));
        exit(1);
    }
    return reader;
}

/* One process, in turns of writing and reading, each timed alone; the best turn is what the code
 * costs when nothing else runs. */
static void bench_alone(void)
{
    struct ring ring;
    struct ring_reader *reader = open_ring(&ring);
    double write_best = 1e9;
    double read_best = 1e9;
    double write_sum = 0;
    unsigned rounds = 40;

    for (unsigned round = 0; round < rounds; round++) {
        double start = seconds_now();
        for (unsigned i = 0; i < BATCH; i++)
            write_record(&ring, 1);
        double middle = seconds_now();
        while (read_record(reader))
            ;
        double end = seconds_now();
        if (middle - start < write_best)
            write_best = middle - start;
        if (end - middle < read_best)
            read_best = end - middle;
        write_sum += middle - start;
    }
    printf(
        "1 writer, uncontended: %.1f ns a record (best of %u turns; mean %.1f); reader %.1f ns a record; lost %llu\n",
        write_best / BATCH * 1e9, rounds, write_sum / rounds / BATCH * 1e9, read_best / BATCH * 1e9,
        (unsigned long long)ring_reader_counts(reader).lost);
    ring_reader_free(reader);
    munmap(ring.shared, ring_bytes(ring.cells));
}

/* N processes write at once into a ring that has room for all of it: what a record costs its writer
 * when others write too. */
static int bench_burst(unsigned processes)
{
    enum { ROUNDS = 20, RECORD_CELLS = 3 };
    struct ring ring;
    struct ring_reader *reader = open_ring(&ring);
    struct board *board = share(sizeof(*board));
    uint64_t each = ring.cells / RECORD_CELLS / processes - 1;
    double sum_ns = 0;
    double best_ns = 1e9;

    for (unsigned round = 0; round < ROUNDS; round++) {
        pid_t pids[PROCESSES_MAX];
        unsigned started = 0;
        double round_ns = 0;
        atomic_store(&board->go, 0);
        for (; started < processes; started++) {
            pids[started] = fork();
            if (pids[started] < 0)
                break;
            if (pids[started] > 0)
                continue;
            struct timespec from, to;
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            /* A new process meets each page of the ring with a fault; they are not what is
             * measured. */
            madvise(ring.shared, ring_bytes(ring.cells), MADV_POPULATE_WRITE);
            while (atomic_load(&board->go) == 0)
                sched_yield();
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
            for (uint64_t i = 0; i < each; i++)
                write_record(&ring, started + 1);
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
            atomic_store(&board->tried[started], (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000 +
                                                     (uint64_t)to.tv_nsec - (uint64_t)from.tv_nsec);
            _exit(0);
        }
        atomic_store(&board->go, 1);
        for (unsigned i = 0; i < started; i++) {
            waitpid(pids[i], NULL, 0);
            round_ns += (double)atomic_load(&board->tried[i]) / (double)each / processes;
        }
        if (started < processes) {
            fprintf(stderr, "bench_ring: starting writer %u: %s\n", started + 1, strerror(errno));
            return 1;
        }
        while (read_record(reader))
            ;
        sum_ns += round_ns;
        if (round_ns < best_ns)
            best_ns = round_ns;
    }
    printf(
        "%u writers at once, room for all: %.1f ns of a writer's processor time a record (best of %d turns; mean %.1f); "
        "lost %llu\n",
        processes, best_ns, ROUNDS, sum_ns / ROUNDS,
        (unsigned long long)ring_reader_counts(reader).lost);
    ring_reader_free(reader);
    munmap(ring.shared, ring_bytes(ring.cells));
    munmap(board, sizeof(*board));
    return 0;
}

static void writer(struct ring *ring, struct board *board, unsigned me)
{
    uint64_t tried = 0;

    while (atomic_load(&board->go) == 0)
        sched_yield();
    while (atomic_load_explicit(&board->stop, memory_order_relaxed) == 0) {
        write_record(ring, me + 1);
        tried++;
    }
    atomic_store(&board->tried[me], tried);
}

static int bench_together(unsigned processes, double seconds)
{
    struct ring ring;
    struct ring_reader *reader = open_ring(&ring);
    struct board *board = share(sizeof(*board));
    pid_t pids[PROCESSES_MAX];
    uint64_t tried = 0;

    for (unsigned i = 0; i < processes; i++) {
        ring_new_process(&ring);
        pids[i] = fork();
        if (pids[i] < 0) {
            fprintf(stderr, "bench_ring: starting writer %u: %s\n", i + 1, strerror(errno));
            atomic_store(&board->stop, 1);
            atomic_store(&board->go, 1);
            return 1;
        }
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            writer(&ring, board, i);
            _exit(0);
        }
    }
    double start = seconds_now();
    atomic_store(&board->go, 1);
    do {
        for (unsigned i = 0; i < 1000; i++)
            if (!read_record(reader))
                sched_yield();
    } while (seconds_now() - start < seconds);
    atomic_store(&board->stop, 1);
    for (unsigned i = 0; i < processes; i++)
        waitpid(pids[i], NULL, 0);
    double took = seconds_now() - start;
    while (read_record(reader))
        ;

    for (unsigned i = 0; i < processes; i++)
        tried += atomic_load(&board->tried[i]);
    struct ring_counts counts = ring_reader_counts(reader);
    double placed = (double)(tried - counts.lost);
    printf(
        "%u writers and the reader, %.1f s: %.2f million tries/s, %.2f million records/s placed and read, %.1f ns a try "
        "over all; seen %llu, lost %llu, torn %llu, corrupt %llu; %s\n",
        processes, took, (double)tried / took / 1e6, placed / took / 1e6,
        took / (double)tried * 1e9, (unsigned long long)counts.seen,
        (unsigned long long)counts.lost, (unsigned long long)counts.torn,
        (unsigned long long)counts.corrupt,
        counts.seen + counts.lost + counts.torn == tried ? "the sum is exact" : "THE SUM IS WRONG");
    ring_reader_free(reader);
    munmap(ring.shared, ring_bytes(ring.cells));
    munmap(board, sizeof(*board));
    return counts.seen + counts.lost + counts.torn == tried ? 0 : 1;
}

int main(int argc, char **argv)
{
    unsigned long processes = argc > 1 ? strtoul(argv[1], NULL, 10) : 4;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;

    if (processes < 1 || processes > PROCESSES_MAX || seconds <= 0) {
        fprintf(stderr, "usage: bench_ring [PROCESSES 1..%d [SECONDS]]\n", PROCESSES_MAX);
        return 2;
    }
    bench_alone();
    int failed = bench_burst((unsigned)processes);
    failed |= bench_together(1, seconds);
    if (processes > 1)
        failed |= bench_together((unsigned)processes, seconds);
    return failed;
}
