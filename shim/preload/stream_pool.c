/* The pool of stream trackers: who may use one, and for how long. */
#include "stream_pool.h"

enum {
    STREAMS = 128, /* TURN connections of one process at a time; of more, what stands whole in a
                      segment is told */
};

enum { HALF_FREE, HALF_TAKEN, HALF_COLLIDED };

_Static_assert(STREAMS <= FD_STREAM_MASK >> FD_STREAM_SHIFT, "a tracker's number fits the word");

static struct stream streams[STREAMS];

bool stream_hold(unsigned number)
{
    unsigned refs = atomic_load(&streams[number - 1].refs);

    while (refs != 0)
        if (atomic_compare_exchange_weak(&streams[number - 1].refs, &refs, refs + 1))
            return true;
    return false;
}

void stream_release(unsigned number)
{
    atomic_fetch_sub(&streams[number - 1].refs, 1);
}

void half_reset(struct half *half)
{
    half->synced = false;
    half->have = 0;
    half->need = half->done = 0;
}

bool half_take(struct half *half)
{
    int state = HALF_FREE;

    while (!atomic_compare_exchange_weak(&half->state, &state,
                                         state == HALF_FREE ? HALF_TAKEN : HALF_COLLIDED))
        ;
    return state == HALF_FREE;
}

void half_leave(struct half *half)
{
    int state = HALF_TAKEN;

    while (!atomic_compare_exchange_strong(&half->state, &state, HALF_FREE)) {
        half_reset(half);
        atomic_store(&half->state, HALF_TAKEN);
        state = HALF_TAKEN;
    }
}

/* A free tracker's number, held once; 0 if there is none. */
static unsigned stream_take(void)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        unsigned none = 0;
        if (atomic_load_explicit(&streams[i].refs, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&streams[i].refs, &none, 1)) {
            atomic_store(&streams[i].framing, FRAMING_OPEN);
            for (int d = 0; d < 2; d++) {
                atomic_store(&streams[i].half[d].state, HALF_FREE);
                half_reset(&streams[i].half[d]);
            }
            return i + 1;
        }
    }
    return 0;
}

/* A thread may have closed fd, or given it a tracker, meanwhile. */
unsigned stream_find(int fd, fd_word word)
{
    unsigned number = fd_stream(word);

    if (number == 0) {
        unsigned mine = stream_take();
        if (mine == 0)
            return 0;
        stream_hold(mine); /* for the table */
        number = fdtab_attach_stream(fd, mine);
        if (number == mine)
            return mine;
        stream_release(mine);
        stream_release(mine);
    }
    if (number == 0 || !stream_hold(number))
        return 0;
    if (fd_stream(fdtab_get(fd)) == number)
        return number;
    stream_release(number);
    return 0;
}

struct stream *stream_at(unsigned number)
{
    return &streams[number - 1];
}

bool stream_is_idle(struct stream *stream, const struct half *half)
{
    struct half *other = &stream->half[half == &stream->half[0]];
    int state = HALF_FREE;

    if (atomic_load(&stream->framing) != FRAMING_OPEN || half->have != 0 ||
        !atomic_compare_exchange_strong(&other->state, &state, HALF_TAKEN))
        return false;
    bool idle = other->have == 0;
    half_leave(other);
    return idle;
}
