/*
 * Fuzz the ring's reader: the input becomes the file of a ring, the reader drains it, and
 * event_view() takes the records apart.
 *
 * byte 0: bit 0 the file's header is the input's, else it is valid and what follows tells the rest:
 *   8 bytes tail, 8 bytes head, then one step for each 12 bytes {op, process, cell (2), word (8)}:
 *   op & 7: 0, 1 the word as it is; 2, 3 with the right lap; 4 a byte of data; 5 an honest record;
 * 6 time goes on and one read; 7 head moves Aborts where the reader does not come to an end, or
 * where the ring carries no records afterwards.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "ring.h"
#include "ring_word.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

enum {
    CELLS = RING_CELLS_MIN,
    STEP_BYTES = 12,
    FILE_BYTES = 4096 + CELLS * 72,
};

static _Alignas(4096) uint8_t file[FILE_BYTES];
static uint8_t buf[RING_RECORD_BYTES_MAX];
static volatile uint64_t sink;

static bool alive(uint32_t process, void *ctx)
{
    (void)ctx;
    return (process & 1) != 0;
}

static void look_at(const uint8_t *bytes, size_t len)
{
    struct event_interface interface;
    struct netaddr addrs[16];
    struct event_view view;
    const char *name;

    if (!event_view(bytes, len, &view))
        return;
    for (size_t i = 0; i < view.head.data_len; i++)
        sink += view.data[i];
    if (event_name_unpack(&view, &name, addrs, 16) >= 0)
        sink += strlen(name);
    for (size_t i = 0; event_interface_at(&view, i, &interface); i++)
        sink += interface.index;
    sink += strlen(event_call_name(view.head.call)) + strlen(event_kind_name(view.head.kind));
}

static enum ring_next read_one(struct ring_reader *reader, uint64_t now_ms)
{
    uint32_t process;
    size_t len;
    enum ring_next got = ring_read(reader, now_ms, buf, sizeof(buf), &len, &process);

    if (got == RING_RECORD)
        look_at(buf, len);
    return got;
}

static void must_end(struct ring_reader *reader, uint64_t *now_ms)
{
    unsigned calls = 0;

    for (unsigned empty = 0; empty < 8; *now_ms += 300) {
        empty = read_one(reader, *now_ms) == RING_EMPTY ? empty + 1 : 0;
        if (++calls > 16 * CELLS) {
            fprintf(stderr, "the reader does not come to an end\n");
            abort();
        }
    }
}

static bool write_one(struct ring *ring, const uint8_t *bytes, size_t len)
{
    struct ring_slot slot;

    if (!ring_reserve(ring, 1, len, &slot))
        return false;
    if (slot.data < ring->data ||
        len > ring->cells * RING_CELL_BYTES - (size_t)(slot.data - ring->data))
        abort();
    memcpy(slot.data, bytes, len);
    ring_commit(ring, &slot);
    return true;
}

/* What a living process holds may block the ring for ever, so recovery is asked for only after
 * everybody is dead. */
static bool nobody_alive(uint32_t process, void *ctx)
{
    (void)process;
    (void)ctx;
    return false;
}

static void must_carry_records(struct ring *ring, uint64_t now_ms)
{
    static const uint8_t mark[148] = "the mark";
    struct ring_reader *reader = ring_reader_new(ring, nobody_alive, NULL);
    bool through = false;

    if (reader == NULL)
        abort();
    must_end(reader, &now_ms);
    for (unsigned tries = 0; tries < 64 && !through; tries++) {
        write_one(ring, mark, sizeof(mark));
        for (unsigned i = 0; i < 64 && !through; i++)
            through =
                read_one(reader, now_ms) == RING_RECORD && memcmp(buf, mark, sizeof(mark)) == 0;
    }
    ring_reader_free(reader);
    if (!through) {
        fprintf(stderr, "the ring carries no records any more\n");
        abort();
    }
}

static uint64_t take64(const uint8_t *in)
{
    uint64_t value;

    memcpy(&value, in, sizeof(value));
    return value;
}

static void play(struct ring *ring, struct ring_reader *reader, const uint8_t *in, size_t len,
                 uint64_t *now_ms)
{
    for (; len >= STEP_BYTES; in += STEP_BYTES, len -= STEP_BYTES) {
        uint64_t tail = atomic_load(&ring->shared->tail);
        uint64_t position = tail + (uint64_t)(in[2] | in[3] << 8) % CELLS;
        uint64_t word = take64(in + 4);
        uint64_t low = (UINT64_C(1) << RING_LAP_SHIFT) - 1;

        switch (in[0] & 7) {
        case 0:
        case 1:
            atomic_store(ring_header(ring, position), word);
            break;
        case 2:
        case 3:
            atomic_store(ring_header(ring, position),
                         ring_word_free(ring, position) | (word & low));
            break;
        case 4:
            ring->data[word % (CELLS * RING_CELL_BYTES)] = in[1];
            break;
        case 5:
            write_one(ring, in, len < 1 + word % 400 ? len : 1 + word % 400);
            break;
        case 6:
            *now_ms += in[1];
            read_one(reader, *now_ms);
            break;
        default:
            atomic_store(&ring->shared->head, tail + word % (2 * CELLS) - CELLS / 2);
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    struct ring_reader *reader;
    struct ring ring;
    uint64_t now_ms = 0;

    if (len < 17)
        return 0;
    memset(file, 0, sizeof(file));
    if ((in[0] & 1) != 0) {
        memcpy(file, in + 1, len - 1 < sizeof(file) ? len - 1 : sizeof(file));
        if (ring_attach(file, sizeof(file), &ring) && ring.cells != CELLS)
            abort();
        len = 0;
    }
    if (!ring_format(file, CELLS) || !ring_attach(file, sizeof(file), &ring))
        abort();
    if (len > 0) {
        atomic_store(&ring.shared->tail, take64(in + 1));
        atomic_store(&ring.shared->head, take64(in + 1) + (in[0] & 2 ? 0 : take64(in + 9)));
        atomic_store(&ring.shared->processes, 100);
        for (uint64_t i = 0; i < CELLS; i++)
            atomic_store(ring_header(&ring, take64(in + 1) + i),
                         ring_word_free(&ring, take64(in + 1) + i));
    }
    reader = ring_reader_new(&ring, alive, NULL);
    if (reader == NULL)
        abort();
    if (len > 0)
        play(&ring, reader, in + 17, len - 17, &now_ms);
    must_end(reader, &now_ms);
    ring_reader_free(reader);
    must_carry_records(&ring, now_ms);
    return 0;
}
