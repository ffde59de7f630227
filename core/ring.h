/*
 * The shared ring: variable-length records from many processes to one reader, in a file that all of
 * them map.
 *
 *   offset 0        struct ring_shared      counters, each on a cache line of its own
 *   headers_at      uint64_t header[cells]  one word a cell
 *   data_at         uint8_t  data[cells][RING_CELL_BYTES]
 *
 * A record takes n consecutive cells. The word of its first cell is its reservation: a writer takes
 * the record by one compare-and-swap of {lap, FREE} to {lap, BUSY, n, process}, so there is no
 * moment at which space is taken and its length or owner is unknown. The data words never hold
 * state, so what a record carries can't be mistaken for a header. `lap` makes a writer that slept
 * through a whole turn fail its compare-and-swap. Commit turns the same word from BUSY to READY,
 * with release; it does nothing where the reader has given the record up. The reader copies the
 * record out, sets all its words to {lap+1, FREE} and moves the tail.
 *
 * A writer killed between reserve and commit leaves a BUSY word with its process number. The reader
 * passes over it, goes on with what follows, and asks for its owner: the space comes back when the
 * record is committed or its process is gone, and then counts as lost. A full ring loses the record
 * and counts it. Writers make no system call, take no lock and never wait; a writer gives up, and
 * counts a loss, after a bounded number of steps, so that a ring full of garbage can't hang a
 * browser.
 *
 * The reader trusts nothing in the file: positions, laps, lengths and process numbers are checked
 * before they are used.
 */
#ifndef RTCSHIM_CORE_RING_H
#define RTCSHIM_CORE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RING_VERSION = 1,
    RING_CELL_BYTES = 64,
    RING_CELLS_MIN = 1024,
    RING_CELLS_DEFAULT = 1 << 18, /* 16 MiB of data */
    RING_CELLS_MAX = 1 << 24,
    RING_RECORD_CELLS_MAX = 1023,
    RING_RECORD_BYTES_MAX = RING_RECORD_CELLS_MAX * RING_CELL_BYTES - 4,
};

/* Padding keeps the counters apart. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding) */
struct ring_shared {
    uint64_t magic; /* RING_MAGIC */
    uint32_t ring_version;
    uint32_t event_version;       /* EVENT_LAYOUT_VERSION of the tree that made it */
    uint64_t cells;               /* a power of two */
    uint64_t headers_at, data_at; /* offsets in the file */
    uint64_t bytes;               /* the file's length */
    _Alignas(
        64) _Atomic uint64_t head; /* in cells, ever growing; a hint that writers help forward */
    _Alignas(64) _Atomic uint64_t tail;      /* in cells; the reader's, never larger than head */
    _Alignas(64) _Atomic uint64_t lost;      /* records that writers could not place */
    _Alignas(64) _Atomic uint32_t processes; /* process numbers given out */
};

#define RING_MAGIC UINT64_C(0x676e69724d434852)

/* A view of a mapped ring; the writer's whole state. Copy it freely. */
struct ring {
    struct ring_shared *shared;
    _Atomic uint64_t *headers;
    uint8_t *data;
    uint64_t cells;
};

/* Bytes that a ring of that many cells takes; 0 where cells is no power of two or out of range. */
size_t ring_bytes(uint64_t cells);

/* Make an empty ring in zeroed memory of ring_bytes(cells). Returns false where ring_bytes() is 0.
 */
bool ring_format(void *mem, uint64_t cells);

/* Attach to memory of bytes length that claims to be a ring; every field is checked.
 * Async-signal-safe. */
bool ring_attach(void *mem, size_t bytes, struct ring *out);

/* A number for a new process, 1..; never twice in a session (wraps after 2^32). Async-signal-safe.
 */
uint32_t ring_new_process(struct ring *ring);

/* Count a loss that a writer saw by itself. Async-signal-safe. */
void ring_count_lost(struct ring *ring);

struct ring_slot {
    uint8_t *data; /* where the record's len bytes go, 64-byte aligned */
    uint64_t position;
    uint64_t ready; /* the word to store at commit */
};

/* Take room for len bytes. false: no room (or len is 0 or too large); the loss has been counted.
 * Async-signal-safe, lock-free, bounded. */
bool ring_reserve(struct ring *ring, uint32_t process, size_t len, struct ring_slot *slot);
/* Hand the record to the reader; the slot is used up. Async-signal-safe, wait-free. */
void ring_commit(struct ring *ring, const struct ring_slot *slot);

/* The reader. */
struct ring_reader;

enum ring_next {
    RING_RECORD,  /* a record was copied out */
    RING_EMPTY,   /* nothing now */
    RING_CORRUPT, /* a word that no honest writer makes was found; what it hid has been skipped and
                     counted, go on reading */
};

struct ring_counts {
    uint64_t seen;    /* records handed out */
    uint64_t lost;    /* records that writers could not place, as they counted them */
    uint64_t torn;    /* records whose writer died before commit */
    uint64_t corrupt; /* times that state in the ring was impossible and was repaired */
};

/*
 * alive(process, ctx) says whether the process with that number may still commit; called for
 * records that stay BUSY, at most a few times a second each. It is not asked about numbers that
 * were never given out: they can't be alive. A record whose owner is never found dead blocks its
 * space for ever, so a number that nobody can name (its first record is the one that is stuck) must
 * count as dead after a while; so must the number of a program that has been replaced by exec.
 * NULL: all are alive.
 *
 * Returns NULL and errno on lack of memory. The ring must outlive the reader. One reader a ring.
 */
struct ring_reader *ring_reader_new(const struct ring *ring,
                                    bool (*alive)(uint32_t process, void *ctx), void *ctx);
void ring_reader_free(struct ring_reader *reader);

/* Copy the next record into buf (size at least RING_RECORD_BYTES_MAX); *len its bytes, *process its
 * number as reserved. now_ms: any monotonic clock. */
enum ring_next ring_read(struct ring_reader *reader, uint64_t now_ms, void *buf, size_t size,
                         size_t *len, uint32_t *process);

/* seen + lost + torn is the number of records that honest writers tried to write, once they have
 * stopped and the ring is drained. */
struct ring_counts ring_reader_counts(const struct ring_reader *reader);

#endif
