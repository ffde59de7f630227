/* Compressed captures that are cut or overwritten: everything before the damage is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "capture_bytes.h"

enum { PACKETS = 300, HEADER = 24, RECORD = 16, PACKET = 100, ROOM = 200000 };

static struct bytes capture(void)
{
    struct bytes b = {0};
    char data[PACKET];

    put_pcap_header(&b, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        memset(data, (int)i, sizeof(data));
        put_pcap_record(&b, i, 0, PACKET, data, PACKET);
    }
    return b;
}

/* Each writes the first bytes of a stream that ends nowhere: what was put in is in there. */
static void write_gzip(const struct bytes *plain, struct bytes *out)
{
    z_stream z = {.next_in = plain->at, .avail_in = (uInt)plain->len};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out->at;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    out->len = ROOM - z.avail_out;
    deflateEnd(&z);
}

static void write_xz(const struct bytes *plain, struct bytes *out)
{
    lzma_stream x = LZMA_STREAM_INIT;

    assert_int_equal(lzma_easy_encoder(&x, 6, LZMA_CHECK_CRC32), LZMA_OK);
    x.next_in = plain->at;
    x.avail_in = plain->len;
    x.next_out = out->at;
    x.avail_out = ROOM;
    assert_int_equal(lzma_code(&x, LZMA_SYNC_FLUSH), LZMA_STREAM_END);
    out->len = ROOM - x.avail_out;
    lzma_end(&x);
}

static void write_zstd(const struct bytes *plain, struct bytes *out)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    ZSTD_inBuffer in = {plain->at, plain->len, 0};
    ZSTD_outBuffer to = {out->at, ROOM, 0};

    assert_int_equal(ZSTD_compressStream2(z, &to, &in, ZSTD_e_flush), 0);
    out->len = to.pos;
    ZSTD_freeCCtx(z);
}

static void write_lz4(const struct bytes *plain, struct bytes *out)
{
    LZ4F_cctx *l;

    assert_false(LZ4F_isError(LZ4F_createCompressionContext(&l, LZ4F_VERSION)));
    out->len = LZ4F_compressBegin(l, out->at, ROOM, NULL);
    out->len +=
        LZ4F_compressUpdate(l, out->at + out->len, ROOM - out->len, plain->at, plain->len, NULL);
    out->len += LZ4F_flush(l, out->at + out->len, ROOM - out->len, NULL);
    LZ4F_freeCompressionContext(l);
}

static const struct {
    const char *name;
    void (*write)(const struct bytes *plain, struct bytes *out);
    const char *garbage; /* that can follow in no stream of the format */
    const char *reason;  /* that it gives */
} formats[] = {
    {"gzip", write_gzip, "\xff\xff\xff\xff\xff\xff\xff\xff", "invalid block type"},
    {"xz", write_xz, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f", "the stream is damaged"},
    {"zstd", write_zstd, "\xff\xff\xff\xff\xff\xff\xff\xff", "Data corruption detected"},
    {"lz4", write_lz4, "\xff\xff\xff\x7f\xff\xff\xff\xff", "ERROR_maxBlockSize_invalid"},
};
enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

static void every_packet_before(const struct bytes *stream, const char *name, const char *reason)
{
    char expected[128];
    struct outcome out = read_all(stream->at, stream->len);

    snprintf(expected, sizeof(expected), "cannot decompress (%s): %s", name, reason);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_int_equal(out.packets, PACKETS);
    assert_int_equal(out.offset, HEADER + PACKETS * (RECORD + PACKET));
    assert_string_equal(out.reason, expected);
}

static void a_cut_stream_gives_every_packet_before_the_cut(void **state)
{
    struct bytes plain = capture();
    struct bytes stream = {.at = malloc(ROOM), .room = ROOM};

    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        formats[i].write(&plain, &stream);
        every_packet_before(&stream, formats[i].name, "the stream is cut off");
    }
    bytes_free(&stream);
    bytes_free(&plain);
}

static void an_overwritten_stream_gives_every_packet_before_the_damage(void **state)
{
    struct bytes plain = capture();
    struct bytes stream = {.at = malloc(ROOM), .room = ROOM};

    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        formats[i].write(&plain, &stream);
        put(&stream, formats[i].garbage, 8);
        every_packet_before(&stream, formats[i].name, formats[i].reason);
    }
    bytes_free(&stream);
    bytes_free(&plain);
}

static void what_follows_the_last_member_is_damage_unless_it_is_zeros(void **state)
{
    struct bytes plain = capture();
    struct bytes stream = {.at = malloc(ROOM), .room = ROOM};
    z_stream z = {.next_in = plain.at, .avail_in = (uInt)plain.len};
    struct outcome out;

    (void)state;
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_out = stream.at;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    stream.len = ROOM - z.avail_out;
    deflateEnd(&z);
    put_zeros(&stream, 512);
    out = read_all(stream.at, stream.len);
    assert_int_equal(out.status, READ_END);
    assert_int_equal(out.packets, PACKETS);
    put(&stream, "xyz", 3);
    every_packet_before(&stream, "gzip", "incorrect header check");
    bytes_free(&stream);
    bytes_free(&plain);
}

/* xz names its dictionary in three bits and a half of the block header, before a byte of data. */
static void a_window_of_gigabytes_is_refused(void **state)
{
    struct bytes plain = capture();
    struct bytes stream = {.at = malloc(ROOM), .room = ROOM};
    lzma_options_lzma options;
    lzma_stream x = LZMA_STREAM_INIT;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_inBuffer in = {plain.at, plain.len, 0};
    ZSTD_outBuffer to = {stream.at, ROOM, 0};
    struct outcome out;

    (void)state;
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 128 << 20;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    assert_int_equal(lzma_stream_encoder(&x, filters, LZMA_CHECK_CRC32), LZMA_OK);
    x.next_in = plain.at;
    x.avail_in = plain.len;
    x.next_out = stream.at;
    x.avail_out = ROOM;
    assert_int_equal(lzma_code(&x, LZMA_FINISH), LZMA_STREAM_END);
    stream.len = ROOM - x.avail_out;
    lzma_end(&x);
    out = read_all(stream.at, stream.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_non_null(strstr(out.reason, "more than 64 MiB"));

    /* Without a content size zstd writes the window as it was asked for. */
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, 27);
    assert_false(ZSTD_isError(ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_flush)));
    stream.len = to.pos;
    ZSTD_freeCCtx(zstd);
    out = read_all(stream.at, stream.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_non_null(strstr(out.reason, "too much memory"));
    bytes_free(&stream);
    bytes_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_stream_gives_every_packet_before_the_cut),
        cmocka_unit_test(an_overwritten_stream_gives_every_packet_before_the_damage),
        cmocka_unit_test(what_follows_the_last_member_is_damage_unless_it_is_zeros),
        cmocka_unit_test(a_window_of_gigabytes_is_refused),
    };
    return cmocka_run_group_tests_name("damaged compressed captures", tests, NULL, NULL);
}
