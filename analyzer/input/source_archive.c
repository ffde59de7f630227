/* Decompression through libarchive: one library for five formats, its raw reader and no archive
 * format at all. */
#include "source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct source_archive {
    struct archive *archive;
    const char *format;
    int fd;
    size_t first_len;     /* bytes of chunk that were read before */
    const uint8_t *block; /* of libarchive's, what is not taken of it yet */
    size_t block_len;
    bool ended;
    uint8_t chunk[SOURCE_BUFFER_BYTES];
};

/*
 * Magic bytes at the start, and the one filter that reads them. libarchive could look for itself,
 * but would then also try filters that run a program.
 */
static const struct compression {
    const char *name;
    const char *magic;
    size_t magic_len;
    int (*support)(struct archive *);
} compressions[] = {
    {"gzip", "\x1f\x8b", 2, archive_read_support_filter_gzip},
    {"zstd", "\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd},
    {"xz",
     "\xfd"
     "7zXZ",
     6, archive_read_support_filter_xz},
    {"lz4", "\x04\x22\x4d\x18", 4, archive_read_support_filter_lz4},
    {"bzip2", "BZh", 3, archive_read_support_filter_bzip2},
};

static const struct compression *compression_of(const uint8_t *first, size_t len)
{
    for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++)
        if (len >= compressions[i].magic_len &&
            memcmp(first, compressions[i].magic, compressions[i].magic_len) == 0)
            return &compressions[i];
    return NULL;
}

const char *source_archive_format(const uint8_t *first, size_t len)
{
    const struct compression *compression = compression_of(first, len);

    return compression ? compression->name : NULL;
}

static void archive_fail(const struct source_archive *a, char *error)
{
    const char *why = archive_error_string(a->archive);

    snprintf(error, SOURCE_ERROR_BYTES, "cannot decompress (%s): %s", a->format,
             why ? why : "no reason given");
}

static la_ssize_t on_read(struct archive *archive, void *ctx, const void **bytes)
{
    struct source_archive *a = ctx;
    ssize_t got;

    *bytes = a->chunk;
    if (a->first_len > 0) {
        got = (ssize_t)a->first_len;
        a->first_len = 0;
        return got;
    }
    do
        got = read(a->fd, a->chunk, sizeof(a->chunk));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        archive_set_error(archive, errno, "cannot read: %s", strerror(errno));
    return got;
}

struct source_archive *source_archive_open(int fd, const uint8_t *first, size_t len, char *error)
{
    const struct compression *compression = compression_of(first, len);
    struct source_archive *a = calloc(1, sizeof(*a));
    struct archive_entry *entry;
    int got;

    if (a == NULL || compression == NULL || len > sizeof(a->chunk)) {
        snprintf(error, SOURCE_ERROR_BYTES, "cannot decompress: %s", strerror(ENOMEM));
        free(a);
        return NULL;
    }
    a->fd = fd;
    a->format = compression->name;
    memcpy(a->chunk, first, len);
    a->first_len = len;
    a->archive = archive_read_new();
    if (a->archive == NULL) {
        snprintf(error, SOURCE_ERROR_BYTES, "cannot decompress: %s", strerror(ENOMEM));
        free(a);
        return NULL;
    }
    /* ARCHIVE_WARN: libarchive was built without this library and would run a program. */
    if (compression->support(a->archive) != ARCHIVE_OK) {
        snprintf(error, SOURCE_ERROR_BYTES,
                 "cannot decompress: this libarchive has no %s; decompress it beforehand",
                 a->format);
        goto fail;
    }
    if (archive_read_support_format_raw(a->archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(a->archive) != ARCHIVE_OK ||
        archive_read_open(a->archive, a, NULL, on_read, NULL) != ARCHIVE_OK) {
        archive_fail(a, error);
        goto fail;
    }
    got = archive_read_next_header(a->archive, &entry);
    if (got != ARCHIVE_OK && got != ARCHIVE_EOF) {
        archive_fail(a, error);
        goto fail;
    }
    a->ended = got == ARCHIVE_EOF;
    return a;
fail:
    source_archive_close(a);
    return NULL;
}

/* By blocks: archive_read_data() would fill the whole buffer first, and drop what it has where an
 * error follows. */
size_t source_archive_read(struct source_archive *a, uint8_t *to, size_t size, char *error)
{
    while (a->block_len == 0 && !a->ended) {
        const void *block = NULL;
        size_t len = 0;
        la_int64_t offset;
        int got = archive_read_data_block(a->archive, &block, &len, &offset);
        if (got != ARCHIVE_OK)
            a->ended = true;
        if (got != ARCHIVE_OK && got != ARCHIVE_EOF)
            archive_fail(a, error);
        if (got == ARCHIVE_OK) {
            a->block = block;
            a->block_len = len;
        }
    }
    if (size > a->block_len)
        size = a->block_len;
    if (size == 0)
        return 0;
    memcpy(to, a->block, size);
    a->block += size;
    a->block_len -= size;
    return size;
}

void source_archive_close(struct source_archive *a)
{
    if (a == NULL)
        return;
    archive_read_free(a->archive);
    free(a);
}
