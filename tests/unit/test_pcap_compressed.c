/* Compressed captures: every format, members that follow each other, cut and damaged streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>

#include <cmocka.h>

#include "capture_bytes.h"

enum { PACKETS = 2000, HEADER = 24, RECORD = 16, PACKET = 500 };

static const struct {
    const char *name;
    int (*add)(struct archive *);
} formats[] = {
    {"gzip", archive_write_add_filter_gzip},   {"zstd", archive_write_add_filter_zstd},
    {"xz", archive_write_add_filter_xz},       {"lz4", archive_write_add_filter_lz4},
    {"bzip2", archive_write_add_filter_bzip2},
};
enum { FORMATS = sizeof(formats) / sizeof(formats[0]), LARGE_BLOCKS = 3 };

/* Bytes that do not compress away, so that half of the file is half of the packets. */
static struct bytes capture(void)
{
    struct bytes b = {0};
    uint32_t v = 1;
    uint8_t data[PACKET];

    put_pcap_header(&b, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        for (size_t k = 0; k < sizeof(data); k++) {
            v = v * 1664525 + 1013904223;
            data[k] = (uint8_t)(v >> 24);
        }
        put_pcap_record(&b, i, 0, PACKET, data, PACKET);
    }
    return b;
}

static struct bytes compress(const struct bytes *plain, size_t format)
{
    size_t size = plain->len * 2 + 100000;
    struct bytes out = {.at = malloc(size), .room = size};
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();

    assert_non_null(out.at);
    assert_int_equal(formats[format].add(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_per_block(a, 0), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, out.at, size, &out.len), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "data");
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, plain->at, plain->len), (la_ssize_t)plain->len);
    archive_entry_free(entry);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return out;
}

static void every_format_gives_what_went_in(void **state)
{
    struct bytes plain = capture();

    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct bytes packed = compress(&plain, i);
        struct packet p;
        int fd;
        struct reader *r = open_bytes(packed.at, packed.len, &fd);
        assert_non_null(r);
        for (size_t k = 0; k < PACKETS; k++) {
            size_t offset = HEADER + k * (RECORD + PACKET);
            assert_int_equal(reader_next(r, &p), READ_PACKET);
            assert_int_equal(p.offset, offset);
            assert_memory_equal(p.data, plain.at + offset + RECORD, PACKET);
        }
        assert_int_equal(reader_next(r, &p), READ_END);
        reader_close(r);
        close(fd);
        bytes_free(&packed);
    }
    bytes_free(&plain);
}

static void a_cut_stream_gives_what_came_before_and_says_so(void **state)
{
    struct bytes plain = capture();

    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct bytes packed = compress(&plain, i);
        struct outcome out = read_all(packed.at, packed.len * 9 / 10);
        assert_int_equal(out.status, READ_DAMAGED);
        assert_true(out.packets < PACKETS);
        /* The blocks of lz4 and bzip2 are about as large as this file, and give nothing before they
         * are whole. */
        if (i < LARGE_BLOCKS)
            assert_true(out.packets > PACKETS / 2);
        assert_int_equal(out.offset, out.packets ? HEADER + out.packets * (RECORD + PACKET) : 0);
        char expected[64];
        snprintf(expected, sizeof(expected), "cannot decompress (%s): ", formats[i].name);
        assert_memory_equal(out.reason, expected, strlen(expected));
        bytes_free(&packed);
    }
    bytes_free(&plain);
}

static void gzip_members_one_after_the_other_are_one_input(void **state)
{
    struct bytes plain = capture();
    struct bytes first = plain;
    struct bytes rest = plain;
    size_t half = HEADER + (PACKETS / 2) * (RECORD + PACKET) + 7;

    (void)state;
    first.len = half;
    rest.at += half;
    rest.len -= half;
    struct bytes packed = compress(&first, 0);
    struct bytes second = compress(&rest, 0);
    put(&packed, second.at, second.len);
    struct outcome out = read_all(packed.at, packed.len);
    assert_int_equal(out.packets, PACKETS);
    assert_int_equal(out.status, READ_END);
    bytes_free(&packed);
    bytes_free(&second);
    bytes_free(&plain);
}

static void every_short_prefix_ends_without_a_packet_too_many(void **state)
{
    struct bytes plain = {0};

    (void)state;
    put_pcap_header(&plain, 0xa1b2c3d4, 1);
    put_pcap_record(&plain, 1, 2, 3, "abc", 3);
    for (size_t i = 0; i < FORMATS; i++) {
        struct bytes packed = compress(&plain, i);
        for (size_t n = 0; n <= packed.len; n++) {
            int fd;
            struct packet p;
            struct reader *r = open_bytes(packed.at, n, &fd);
            size_t packets = 0;
            enum read_status status;
            assert_non_null(r);
            while ((status = reader_next(r, &p)) == READ_PACKET)
                packets++;
            assert_true(packets <= 1);
            if (n < packed.len / 2)
                assert_int_equal(status, READ_DAMAGED);
            if (n == packed.len) {
                assert_int_equal(packets, 1);
                assert_int_equal(status, READ_END);
            }
            reader_close(r);
            close(fd);
        }
        bytes_free(&packed);
    }
    bytes_free(&plain);
}

static void compressed_nothing_is_an_empty_file(void **state)
{
    struct bytes nothing = {0};

    (void)state;
    put(&nothing, "", 0);
    struct bytes packed = compress(&nothing, 0);
    struct outcome out = read_all(packed.at, packed.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_string_equal(out.reason, "it is empty, without a header of pcap or pcapng");
    bytes_free(&packed);
    bytes_free(&nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_what_went_in),
        cmocka_unit_test(a_cut_stream_gives_what_came_before_and_says_so),
        cmocka_unit_test(gzip_members_one_after_the_other_are_one_input),
        cmocka_unit_test(every_short_prefix_ends_without_a_packet_too_many),
        cmocka_unit_test(compressed_nothing_is_an_empty_file),
    };
    return cmocka_run_group_tests_name("compressed captures", tests, NULL, NULL);
}
