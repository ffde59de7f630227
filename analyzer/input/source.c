/*
 * Where a capture's bytes come from: one buffer, filled by read() or by the decompressor.
 *
 * Files are not mapped. Walking 1.2 GB of packets in a map took 0.21 s, with the pages fetched
 * ahead or not, and 0.11 s through a buffer that stays in the processor's cache: the kernel's copy
 * runs at the speed of memory, while in a map each packet waits for its own header. A file that is
 * cut short meanwhile is a short read too, not SIGBUS.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SNIFF_BYTES = 16,
};

static void source_fail(struct source *source, const char *attempt, int error)
{
    snprintf(source->error, sizeof(source->error), "%s: %s", attempt, strerror(error));
}

static size_t source_read(struct source *source, uint8_t *to, size_t size)
{
    ssize_t got;

    if (source->unpack)
        return source_unpack_read(source->unpack, to, size, source->error);
    do
        got = read(source->fd, to, size);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        source_fail(source, "cannot read", errno);
        return 0;
    }
    return (size_t)got;
}

/* Room for n bytes from `at` on: what is left moves to the front, and the buffer grows where that
 * is not enough. */
static bool source_make_room(struct source *source, size_t n)
{
    size_t left = source_left(source);
    uint8_t *buffer = source->buffer;
    size_t size = source->buffer_size;

    source->start_offset += (uint64_t)(source->at - source->start);
    memmove(buffer, source->at, left);
    if (n > size) {
        while (size < n)
            size *= 2;
        buffer = realloc(buffer, size);
        if (buffer == NULL)
            buffer = source->buffer;
        else
            source->buffer_size = size;
    }
    source->buffer = buffer;
    source->start = source->at = buffer;
    source->end = buffer + left;
    if (n <= source->buffer_size)
        return true;
    source_fail(source, "cannot keep a block in memory", ENOMEM);
    source->at_end = true;
    return false;
}

bool source_fill(struct source *source, size_t n)
{
    if (source->at_end || !source_make_room(source, n))
        return false;
    /* After one huge block the buffer is larger than the cache; no more of it is used than is
     * needed. */
    size_t fill = n > SOURCE_BUFFER_BYTES ? n : SOURCE_BUFFER_BYTES;
    while (source_left(source) < n) {
        size_t have = source_left(source);
        size_t got = source_read(source, source->buffer + have, fill - have);
        if (got == 0) {
            source->at_end = true;
            return false;
        }
        source->end += got;
    }
    return true;
}

/* The decompressor takes over the descriptor and the bytes that are here already. What it refuses
 * is damage, and the input ends there. */
static void source_decompress(struct source *source)
{
    source->unpack = source_unpack_open(source->fd, source->at, source_left(source), source->error);
    source->at = source->end = source->start = source->buffer;
    source->at_end = source->unpack == NULL;
}

static bool source_start(struct source *source)
{
    struct stat st;

    if (fstat(source->fd, &st) != 0) {
        source_fail(source, "cannot look at it", errno);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        source_fail(source, "cannot read", EISDIR);
        return false;
    }
    source->buffer_size = SOURCE_BUFFER_BYTES;
    source->buffer = malloc(source->buffer_size);
    if (source->buffer == NULL) {
        source_fail(source, "cannot take a buffer", errno);
        return false;
    }
    source->start = source->at = source->end = source->buffer;
    /* Doubles the kernel's readahead; pipes refuse it. */
    (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    (void)source_fill(source, SNIFF_BYTES);
    if (source_unpack_format(source->at, source_left(source)))
        source_decompress(source);
    return true;
}

bool source_open(struct source *source, const char *path)
{
    *source = (struct source){.fd = STDIN_FILENO};
    if (strcmp(path, "-") != 0) {
        source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (source->fd < 0) {
            source_fail(source, "cannot open", errno);
            return false;
        }
        source->own_fd = true;
    }
    if (source_start(source))
        return true;
    source_close(source);
    return false;
}

void source_close(struct source *source)
{
    source_unpack_close(source->unpack);
    source->unpack = NULL;
    free(source->buffer);
    source->buffer = NULL;
    if (source->own_fd)
        close(source->fd);
    source->own_fd = false;
}
