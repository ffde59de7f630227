/*
 * The bytes of an input in order: a plain descriptor, or a compressed stream. The formats' readers
 * see one window that they walk with `at`.
 */
#ifndef RTCSHIM_ANALYZER_SOURCE_H
#define RTCSHIM_ANALYZER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SOURCE_ERROR_BYTES = 160,
    SOURCE_BUFFER_BYTES = 256 << 10, /* at first; grows to what a block needs */
};

struct source_unpack;

struct source {
    const uint8_t *at;    /* the next byte; callers move it forward, never past end */
    const uint8_t *end;   /* behind the last byte at hand, not of the input */
    const uint8_t *start; /* of the window, at start_offset in the input */
    uint64_t start_offset;
    int fd;
    bool own_fd;
    uint8_t *buffer;
    size_t buffer_size;
    struct source_unpack *unpack;   /* NULL: not compressed */
    bool at_end;                    /* nothing more comes */
    char error[SOURCE_ERROR_BYTES]; /* why nothing more comes, "" where that is the input's end */
};

/* Open path, or standard input for "-". On false, source->error says why and nothing is left open.
 */
bool source_open(struct source *source, const char *path);
void source_close(struct source *source);

/* The slow half of source_has(). */
bool source_fill(struct source *source, size_t n);

/*
 * n bytes are there at source->at, or come to be. All pointers into the window die with a call that
 * has to fetch. false: the input ends, or can't be read any further (source->error), before that;
 * what is left stands at source->at.
 */
static inline bool source_has(struct source *source, size_t n)
{
    return (size_t)(source->end - source->at) >= n || source_fill(source, n);
}

static inline size_t source_left(const struct source *source)
{
    return (size_t)(source->end - source->at);
}

static inline uint64_t source_offset(const struct source *source)
{
    return source->start_offset + (uint64_t)(source->at - source->start);
}

/* source_unpack.c: decompression, by the first bytes. */

/* "gzip", or NULL where these first bytes are not a known compression's. */
const char *source_unpack_format(const uint8_t *first, size_t len);

/* Takes the bytes that were read from fd already. NULL: error[] says why. */
struct source_unpack *source_unpack_open(int fd, const uint8_t *first, size_t len, char *error);

/* Up to size bytes, size > 0; 0 at the end, or with error[] set where the stream is damaged. All
 * that comes before a damage is given; of lz4 and bzip2, whole blocks. */
size_t source_unpack_read(struct source_unpack *unpack, uint8_t *to, size_t size, char *error);
void source_unpack_close(struct source_unpack *unpack);

#endif
