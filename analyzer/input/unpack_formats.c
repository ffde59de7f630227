/* One step of decompression for each format, with that format's own library. */
#include "unpack_formats.h"

#include <errno.h>
#include <lz4frame.h>
#include <string.h>
#include <zstd.h>

/* The largest window that is taken: 64 MiB are xz -9's, and zstd's without --long has 8 MiB. A
 * header may ask for gigabytes. */
enum {
    WINDOW_LOG_MAX = 26,
    XZ_MEMORY_MAX = (1 << WINDOW_LOG_MAX) + (16 << 20),
    GZIP_WINDOW_BITS = 15 + 16, /* with gzip's header and trailer */
};

/* --- gzip ------------------------------------------------------------------------------------- */

static bool gzip_start(union unpack_state *u)
{
    u->gzip = (z_stream){0};
    return inflateInit2(&u->gzip, GZIP_WINDOW_BITS) == Z_OK;
}

static enum unpacked gzip_step(union unpack_state *u, struct bytes_left *left, const char **reason)
{
    z_stream *z = &u->gzip;
    z->next_in = (Bytef *)(uintptr_t)left->in;
    z->avail_in = (uInt)left->in_len;
    z->next_out = left->out;
    z->avail_out = (uInt)left->out_len;
    int status = inflate(z, Z_NO_FLUSH);
    *left = (struct bytes_left){z->next_in, z->avail_in, z->next_out, z->avail_out};
    if (status == Z_STREAM_END)
        return inflateReset(z) == Z_OK ? UNPACKED_END : UNPACKED_DAMAGE;
    if (status == Z_OK || status == Z_BUF_ERROR)
        return UNPACKED_SOME;
    *reason = z->msg ? z->msg : "the stream is damaged";
    return UNPACKED_DAMAGE;
}

static void gzip_stop(union unpack_state *u)
{
    inflateEnd(&u->gzip);
}

/* --- xz --------------------------------------------------------------------------------------- */

static bool xz_start(union unpack_state *u)
{
    u->xz = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&u->xz, XZ_MEMORY_MAX, 0) == LZMA_OK;
}

static enum unpacked xz_step(union unpack_state *u, struct bytes_left *left, const char **reason)
{
    lzma_stream *x = &u->xz;
    x->next_in = left->in;
    x->avail_in = left->in_len;
    x->next_out = left->out;
    x->avail_out = left->out_len;
    lzma_ret status = lzma_code(x, LZMA_RUN);
    *left = (struct bytes_left){x->next_in, x->avail_in, x->next_out, x->avail_out};
    switch (status) {
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        return UNPACKED_SOME;
    case LZMA_STREAM_END:
        /* As good as new, and with the same limit. */
        if (lzma_stream_decoder(x, XZ_MEMORY_MAX, 0) == LZMA_OK)
            return UNPACKED_END;
        *reason = strerror(ENOMEM);
        return UNPACKED_DAMAGE;
    case LZMA_MEMLIMIT_ERROR:
        *reason = "it needs more than 64 MiB of window; decompress it beforehand";
        return UNPACKED_DAMAGE;
    case LZMA_FORMAT_ERROR:
        *reason = "no header where a stream should start";
        return UNPACKED_DAMAGE;
    case LZMA_OPTIONS_ERROR:
        *reason = "its options are not known";
        return UNPACKED_DAMAGE;
    default:
        *reason = "the stream is damaged";
        return UNPACKED_DAMAGE;
    }
}

static void xz_stop(union unpack_state *u)
{
    lzma_end(&u->xz);
}

/* --- bzip2 ------------------------------------------------------------------------------------ */

static bool bzip2_start(union unpack_state *u)
{
    u->bzip2 = (bz_stream){0};
    return BZ2_bzDecompressInit(&u->bzip2, 0, 0) == BZ_OK;
}

static enum unpacked bzip2_step(union unpack_state *u, struct bytes_left *left, const char **reason)
{
    bz_stream *b = &u->bzip2;
    b->next_in = (char *)(uintptr_t)left->in;
    b->avail_in = (unsigned)left->in_len;
    b->next_out = (char *)left->out;
    b->avail_out = (unsigned)left->out_len;
    int status = BZ2_bzDecompress(b);
    *left = (struct bytes_left){(const uint8_t *)b->next_in, b->avail_in, (uint8_t *)b->next_out,
                                b->avail_out};
    if (status == BZ_OK)
        return UNPACKED_SOME;
    if (status == BZ_STREAM_END) {
        BZ2_bzDecompressEnd(b);
        return bzip2_start(u) ? UNPACKED_END : UNPACKED_DAMAGE;
    }
    *reason = status == BZ_MEM_ERROR ? strerror(ENOMEM) : "a block is damaged";
    return UNPACKED_DAMAGE;
}

static void bzip2_stop(union unpack_state *u)
{
    BZ2_bzDecompressEnd(&u->bzip2);
}

/* --- zstd and lz4 ------------------------------------------------------------------------------
 */

/*
 * Both forget what a call has put out where that call comes to a damage behind it. They say how
 * much they want next: a block and the header of the one behind it. Without that header a block is
 * out before the next one can be bad.
 */
static size_t feed_of(const struct hinted *h, const struct bytes_left *left, size_t next_header)
{
    size_t feed = h->hint > next_header ? h->hint - next_header : 1;

    return feed < left->in_len ? feed : left->in_len;
}

static enum unpacked moved(struct hinted *h, struct bytes_left *left, size_t in, size_t out,
                           size_t status)
{
    left->in += in;
    left->in_len -= in;
    left->out += out;
    left->out_len -= out;
    h->hint = status;
    return status == 0 ? UNPACKED_END : UNPACKED_SOME;
}

static bool zstd_start(union unpack_state *u)
{
    u->zstd.at = ZSTD_createDStream();
    return u->zstd.at &&
           !ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd.at, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

static enum unpacked zstd_step(union unpack_state *u, struct bytes_left *left, const char **reason)
{
    enum { BLOCK_HEADER_BYTES = 3 };
    ZSTD_inBuffer in = {left->in, feed_of(&u->zstd, left, BLOCK_HEADER_BYTES), 0};
    ZSTD_outBuffer out = {left->out, left->out_len, 0};
    size_t status = ZSTD_decompressStream(u->zstd.at, &out, &in);
    if (!ZSTD_isError(status))
        return moved(&u->zstd, left, in.pos, out.pos, status);
    *reason = ZSTD_getErrorName(status);
    return UNPACKED_DAMAGE;
}

static void zstd_stop(union unpack_state *u)
{
    ZSTD_freeDStream(u->zstd.at);
}

static bool lz4_start(union unpack_state *u)
{
    LZ4F_dctx *lz4;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)))
        return false;
    u->lz4.at = lz4;
    return true;
}

static enum unpacked lz4_step(union unpack_state *u, struct bytes_left *left, const char **reason)
{
    enum { BLOCK_HEADER_BYTES = 4 };
    size_t in = feed_of(&u->lz4, left, BLOCK_HEADER_BYTES);
    size_t out = left->out_len;
    size_t status = LZ4F_decompress(u->lz4.at, left->out, &out, left->in, &in, NULL);
    if (!LZ4F_isError(status))
        return moved(&u->lz4, left, in, out, status);
    *reason = LZ4F_getErrorName(status);
    return UNPACKED_DAMAGE;
}

static void lz4_stop(union unpack_state *u)
{
    LZ4F_freeDecompressionContext(u->lz4.at);
}

/* ---------------------------------------------------------------------------------------------- */

static const struct unpack_format formats[] = {
    {"gzip", "\x1f\x8b", 2, gzip_start, gzip_step, gzip_stop},
    {"zstd", "\x28\xb5\x2f\xfd", 4, zstd_start, zstd_step, zstd_stop},
    {"xz",
     "\xfd"
     "7zXZ",
     6, xz_start, xz_step, xz_stop},
    {"lz4", "\x04\x22\x4d\x18", 4, lz4_start, lz4_step, lz4_stop},
    {"bzip2", "BZh", 3, bzip2_start, bzip2_step, bzip2_stop},
};

const struct unpack_format *unpack_format_of(const uint8_t *first, size_t len)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (len >= formats[i].magic_len &&
            memcmp(first, formats[i].magic, formats[i].magic_len) == 0)
            return &formats[i];
    return NULL;
}
