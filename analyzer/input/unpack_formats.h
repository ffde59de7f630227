/*
 * The compressions that capture files come in, each as a start, a step and a stop around its own
 * library's state.
 */
#ifndef RTCSHIM_ANALYZER_UNPACK_FORMATS_H
#define RTCSHIM_ANALYZER_UNPACK_FORMATS_H

#include <bzlib.h>
#include <lzma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct hinted {
    void *at;    /* the library's */
    size_t hint; /* bytes that it wants next */
};

union unpack_state {
    z_stream gzip;
    lzma_stream xz;
    bz_stream bzip2;
    struct hinted zstd, lz4;
};

/* What a step has left over: it moves both on. */
struct bytes_left {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
};

enum unpacked {
    UNPACKED_SOME, /* or nothing: it needs more bytes, or more room */
    UNPACKED_END,  /* of a member or frame; the state is ready for another one */
    UNPACKED_DAMAGE,
};

struct unpack_format {
    const char *name;
    const char *magic;
    size_t magic_len;
    /* u is all zero. false: no memory; there is nothing to stop. */
    bool (*start)(union unpack_state *u);
    /* Decompress as far as input and room go; what came before a damage is there. reason: static,
     * set with DAMAGE. */
    enum unpacked (*step)(union unpack_state *u, struct bytes_left *left, const char **reason);
    void (*stop)(union unpack_state *u);
};

/* NULL where these first bytes are not a known compression's. static */
const struct unpack_format *unpack_format_of(const uint8_t *first, size_t len);

#endif
