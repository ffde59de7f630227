/* Decompression of a descriptor's bytes: what came before a damage comes out to the last byte that
 * the format can give. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unpack_formats.h"

struct source_unpack {
    const struct unpack_format *format;
    union unpack_state state;
    int fd;
    const uint8_t *in;
    size_t in_len;
    bool inside; /* a member or frame has begun and not ended */
    bool more;   /* the last step filled all its room: the state may hold more */
    bool ended;
    const char *damage; /* found, and told when what came before it has been taken */
    uint8_t chunk[SOURCE_BUFFER_BYTES];
};

const char *source_unpack_format(const uint8_t *first, size_t len)
{
    const struct unpack_format *format = unpack_format_of(first, len);

    return format ? format->name : NULL;
}

struct source_unpack *source_unpack_open(int fd, const uint8_t *first, size_t len, char *error)
{
    const struct unpack_format *format = unpack_format_of(first, len);
    struct source_unpack *u = calloc(1, sizeof(*u));

    if (u && format && len <= sizeof(u->chunk) && format->start(&u->state)) {
        u->format = format;
        u->fd = fd;
        u->in = u->chunk;
        u->in_len = len;
        u->inside = true;
        memcpy(u->chunk, first, len);
        return u;
    }
    snprintf(error, SOURCE_ERROR_BYTES, "cannot decompress: %s", strerror(ENOMEM));
    free(u);
    return NULL;
}

/* false: nothing more comes. */
static bool refill(struct source_unpack *u, char *error)
{
    ssize_t got;

    do
        got = read(u->fd, u->chunk, sizeof(u->chunk));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        snprintf(error, SOURCE_ERROR_BYTES, "cannot read: %s", strerror(errno));
    u->in = u->chunk;
    u->in_len = got > 0 ? (size_t)got : 0;
    return got > 0;
}

/*
 * Behind a member: another one, compressed the same way, or the end. Zeros fill files up on tapes
 * and disks; anything else is damage.
 */
static bool next_member(struct source_unpack *u, char *error)
{
    for (;;) {
        while (u->in_len > 0 && u->in[0] == 0) {
            u->in++;
            u->in_len--;
        }
        if (u->in_len > 0)
            return true;
        if (!refill(u, error))
            return false;
    }
}

/* How many bytes came; 0 where none did and none will, or the step has to be repeated. */
static size_t step(struct source_unpack *u, uint8_t *to, size_t size)
{
    const char *reason = "the stream is damaged";
    struct bytes_left left = {u->in, u->in_len, to, size};
    enum unpacked result = u->format->step(&u->state, &left, &reason);

    u->in = left.in;
    u->in_len = left.in_len;
    u->more = left.out_len == 0;
    if (result == UNPACKED_END)
        u->inside = false;
    if (result == UNPACKED_DAMAGE)
        u->damage = reason;
    return size - left.out_len;
}

size_t source_unpack_read(struct source_unpack *u, uint8_t *to, size_t size, char *error)
{
    while (!u->ended && !u->damage) {
        bool dry = false;
        if (!u->inside) {
            u->inside = next_member(u, error);
            u->ended = !u->inside;
            continue;
        }
        if (u->in_len == 0 && !u->more)
            dry = !refill(u, error);
        size_t in_len = u->in_len;
        size_t got = step(u, to, size);
        if (got > 0)
            return got;
        if (dry && u->inside && error[0] == '\0' && !u->damage)
            u->damage = "the stream is cut off";
        else if (dry && u->inside)
            u->ended = true;
        else if (in_len > 0 && u->in_len == in_len && u->inside && !u->damage)
            u->damage = "the stream is damaged";
    }
    if (u->damage && !u->ended)
        snprintf(error, SOURCE_ERROR_BYTES, "cannot decompress (%s): %s", u->format->name,
                 u->damage);
    u->ended = true;
    return 0;
}

void source_unpack_close(struct source_unpack *u)
{
    if (u == NULL)
        return;
    u->format->stop(&u->state);
    free(u);
}
