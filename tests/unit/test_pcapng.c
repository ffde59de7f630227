/* pcapng: sections, interfaces, every kind of packet block, options, and damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_bytes.h"

static const uint64_t unknown_length = UINT64_MAX;

static struct reader *open_it(const struct bytes *b, int *fd)
{
    struct reader *r = open_bytes(b->at, b->len, fd);

    assert_non_null(r);
    return r;
}

static void expect_packet(struct reader *r, struct packet *p, const char *data)
{
    assert_int_equal(reader_next(r, p), READ_PACKET);
    assert_int_equal(p->caplen, strlen(data));
    assert_memory_equal(p->data, data, strlen(data));
}

static void done(struct reader *r, int fd, struct bytes *b)
{
    reader_close(r);
    close(fd);
    bytes_free(b);
}

static void mixed_interfaces_keep_their_link_types_names_and_snapshot_lengths(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct bytes b = {.big = big};
        struct packet p;
        size_t count;
        int fd;
        put_section(&b, unknown_length);
        put_iface(&b, 1, "eth0");
        iface_start(&b, 101, 96);
        put_option(&b, 2, "tun0", 4);
        block_end(&b);
        put_packet(&b, 1, 1000000, "raw");
        put_packet(&b, 0, 2000001, "frame");
        struct reader *r = open_it(&b, &fd);
        expect_packet(r, &p, "raw");
        assert_string_equal(p.iface->name, "tun0");
        assert_int_equal(p.iface->link_type, 101);
        assert_int_equal(p.iface->snaplen, 96);
        assert_int_equal(p.iface->number, 1);
        assert_true(p.time_ns == 1000000000);
        assert_int_equal(p.frame, 1);
        expect_packet(r, &p, "frame");
        assert_string_equal(p.iface->name, "eth0");
        assert_int_equal(p.iface->link_type, 1);
        assert_int_equal(p.iface->snaplen, 0);
        assert_true(p.time_ns == 2000001000);
        assert_int_equal(p.frame, 2);
        assert_int_equal(reader_next(r, &p), READ_END);
        assert_non_null(reader_ifaces(r, &count));
        assert_int_equal(count, 2);
        done(r, fd, &b);
    }
}

static void sections_of_either_order_have_interfaces_of_their_own(void **state)
{
    struct bytes b = {.big = true};
    struct packet p;
    size_t count;
    int fd;

    (void)state;
    put_section(&b, unknown_length);
    put_iface(&b, 1, "a");
    put_packet(&b, 0, 1, "one");
    b.big = false;
    put_section(&b, 0x1234); /* wrong, and of no use */
    put_iface(&b, 101, "b");
    put_packet(&b, 0, 1, "two");
    b.big = true;
    put_section(&b, unknown_length);
    put_packet(&b, 0, 1, "of no interface");
    struct reader *r = open_it(&b, &fd);
    expect_packet(r, &p, "one");
    assert_string_equal(p.iface->name, "a");
    assert_int_equal(p.iface->section, 0);
    expect_packet(r, &p, "two");
    assert_string_equal(p.iface->name, "b");
    assert_int_equal(p.iface->section, 1);
    assert_int_equal(p.iface->number, 1);
    assert_int_equal(p.frame, 2);
    assert_int_equal(reader_next(r, &p), READ_DAMAGED);
    assert_string_equal(reader_damage_of(r)->reason,
                        "a packet of interface 0, but its section has described 0 so far");
    assert_non_null(reader_ifaces(r, &count));
    assert_int_equal(count, 2);
    done(r, fd, &b);
}

static void times_follow_resolution_and_offset(void **state)
{
    static const struct {
        uint8_t tsresol;
        uint64_t units;
        int64_t offset;
        uint64_t ns;
    } rows[] = {
        {9, 1700000000123456789, 0, 1700000000123456789},
        {3, 1700000000123, 0, 1700000000123000000},
        {0, 1700000000, 0, 1700000000000000000},
        {12, 1700000000123456, 0, 1700000000123},
        {6, 5, 100, 100000005000},
        {6, 5000000, -3, 2000000000},
        {6, 5, -1, 0},
        {0x80 | 10, 1024 + 512, 0, 1500000000},
        {0x80 | 32, UINT64_C(1) << 32 | UINT64_C(1) << 31, 7, 8500000000},
        {0x80 | 63, UINT64_C(3) << 62, 0, 1500000000},
        {0x80 | 64, UINT64_C(1) << 63, 0, 500000000},
        {0x80 | 127, UINT64_MAX, 0, 0},
        {127, UINT64_MAX, 0, 0},
        {28, UINT64_MAX, 0, 1},
        {0, UINT64_MAX, 0, UINT64_MAX},
        {9, UINT64_MAX, INT64_MAX, UINT64_MAX},
        {9, UINT64_MAX, INT64_MIN, 0},
    };

    (void)state;
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct bytes b = {.big = big};
            struct bytes offset = {.big = big};
            struct packet p;
            int fd;
            put64(&offset, (uint64_t)rows[i].offset);
            put_section(&b, unknown_length);
            iface_start(&b, 1, 0);
            put_option(&b, 9, &rows[i].tsresol, 1);
            if (rows[i].offset != 0)
                put_option(&b, 14, offset.at, 8);
            block_end(&b);
            put_packet(&b, 0, rows[i].units, "x");
            struct reader *r = open_it(&b, &fd);
            expect_packet(r, &p, "x");
            if (p.time_ns != rows[i].ns)
                fail_msg("row %zu: %llu", i, (unsigned long long)p.time_ns);
            bytes_free(&offset);
            done(r, fd, &b);
        }
    }
}

static void flags_tell_the_direction(void **state)
{
    static const uint8_t expected[4] = {PACKET_DIRECTION_UNKNOWN, PACKET_IN, PACKET_OUT,
                                        PACKET_DIRECTION_UNKNOWN};

    (void)state;
    for (int big = 0; big < 2; big++) {
        for (uint32_t bits = 0; bits < 4; bits++) {
            struct bytes b = {.big = big};
            struct bytes flags = {.big = big};
            struct packet p;
            int fd;
            put32(&flags, 0x1f00fffcU | bits);
            put_section(&b, unknown_length);
            put_iface(&b, 1, NULL);
            packet_start(&b, 0, 0, 5, "hello", 5);
            put_option(&b, 1, "a comment", 9);
            put_option(&b, 2, flags.at, 4);
            put_option(&b, 0, "", 0);
            block_end(&b);
            put_packet(&b, 0, 0, "next"); /* says nothing, and does not inherit it */
            struct reader *r = open_it(&b, &fd);
            expect_packet(r, &p, "hello");
            assert_int_equal(p.direction, expected[bits]);
            expect_packet(r, &p, "next");
            assert_int_equal(p.direction, PACKET_DIRECTION_UNKNOWN);
            bytes_free(&flags);
            done(r, fd, &b);
        }
    }
}

static void old_packet_blocks_have_a_short_interface_number(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct bytes b = {.big = big};
        struct packet p;
        int fd;
        put_section(&b, unknown_length);
        put_iface(&b, 1, NULL);
        put_iface(&b, 101, NULL);
        block_start(&b, 2);
        put16(&b, 1);
        put16(&b, 0xffff); /* drops, unknown */
        put32(&b, 0);
        put32(&b, 7);
        put32(&b, 3);
        put32(&b, 1500);
        put(&b, "old", 3);
        put8(&b, 0);
        block_end(&b);
        struct reader *r = open_it(&b, &fd);
        expect_packet(r, &p, "old");
        assert_int_equal(p.iface->link_type, 101);
        assert_true(p.time_ns == 7000);
        assert_int_equal(p.len, 1500);
        done(r, fd, &b);
    }
}

static void simple_packets_are_cut_where_the_first_interface_cuts(void **state)
{
    struct bytes b = {0};
    struct packet p;
    int fd;

    (void)state;
    put_section(&b, unknown_length);
    iface_start(&b, 101, 6);
    block_end(&b);
    put_iface(&b, 1, NULL);
    block_start(&b, 3);
    put32(&b, 4);
    put(&b, "abcd", 4);
    block_end(&b);
    block_start(&b, 3);
    put32(&b, 900);
    put(&b, "abcdef", 6);
    block_end(&b);
    size_t third = b.len;
    block_start(&b, 3);
    put32(&b, 5);
    put(&b, "abcd", 4);
    block_end(&b);
    struct reader *r = open_it(&b, &fd);
    expect_packet(r, &p, "abcd");
    assert_int_equal(p.len, 4);
    assert_true(p.time_ns == 0);
    assert_int_equal(p.iface->link_type, 101);
    expect_packet(r, &p, "abcdef");
    assert_int_equal(p.len, 900);
    assert_int_equal(reader_next(r, &p), READ_DAMAGED);
    assert_int_equal(reader_damage_of(r)->offset, third);
    done(r, fd, &b);
}

static void other_blocks_are_passed_over(void **state)
{
    /* names, statistics, journal, secrets, custom twice, sysdig twice, one that is not invented */
    static const uint32_t types[] = {4, 5, 9, 10, 0x00000bad, 0x40000bad, 0x216, 0x221, 0x7fffffff};
    struct bytes b = {0};
    struct packet p;
    int fd;

    (void)state;
    put_section(&b, unknown_length);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        block_start(&b, types[i]);
        put_zeros(&b, i * 8);
        block_end(&b);
    }
    put_iface(&b, 1, "late");
    put_packet(&b, 0, 0, "it");
    struct reader *r = open_it(&b, &fd);
    expect_packet(r, &p, "it");
    assert_string_equal(p.iface->name, "late");
    assert_int_equal(p.frame, 6); /* Wireshark numbers the journal, custom and sysdig's */
    assert_int_equal(reader_next(r, &p), READ_END);
    done(r, fd, &b);
}

static void an_index_has_a_name_only_where_the_file_says_it(void **state)
{
    static const struct {
        const char *comment;
        uint32_t ifindex;
    } rows[] = {{"ifindex=3", 3},  {"ifindex=2147483647", 2147483647},
                {"ifindex=", 0},   {"ifindex=2147483648", 0},
                {"ifindex=3 ", 0}, {"the ifindex=3", 0}};
    struct bytes b = {0};
    struct packet p;
    size_t count;
    int fd;

    (void)state;
    put_section(&b, unknown_length);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        iface_start(&b, 1, 0);
        put_option(&b, 1, rows[i].comment, strlen(rows[i].comment));
        put_option(&b, 2, "tun0", 4);
        block_end(&b);
    }
    put_section(&b, unknown_length);
    struct reader *r = open_it(&b, &fd);
    assert_int_equal(reader_next(r, &p), READ_END);
    const struct packet_iface *const *ifaces = reader_ifaces(r, &count);
    assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ifaces[i]->ifindex, rows[i].ifindex);
    assert_ptr_equal(reader_iface_by_index(r, 0, 3), ifaces[0]);
    assert_ptr_equal(reader_iface_by_index(r, 0, 2147483647), ifaces[1]);
    assert_null(reader_iface_by_index(r, 0, 2));
    assert_null(reader_iface_by_index(r, 1, 3));
    done(r, fd, &b);
}

static void names_end_where_they_should(void **state)
{
    char longer[600];
    struct bytes b = {0};
    struct packet p;
    size_t count;
    int fd;

    (void)state;
    memset(longer, 'n', sizeof(longer));
    put_section(&b, unknown_length);
    iface_start(&b, 1, 0);
    put_option(&b, 2, longer, sizeof(longer));
    block_end(&b);
    iface_start(&b, 1, 0);
    put_option(&b, 2, "eth\0hidden", 10);
    block_end(&b);
    struct reader *r = open_it(&b, &fd);
    assert_int_equal(reader_next(r, &p), READ_END);
    const struct packet_iface *const *ifaces = reader_ifaces(r, &count);
    assert_int_equal(strlen(ifaces[0]->name), READER_IFACE_NAME_MAX);
    assert_string_equal(ifaces[1]->name, "eth");
    done(r, fd, &b);
}

static struct bytes small_file(bool big, size_t *first, size_t *second)
{
    struct bytes b = {.big = big};

    put_section(&b, unknown_length);
    put_iface(&b, 1, "eth0");
    *first = b.len;
    put_packet(&b, 0, 1, "first");
    *second = b.len;
    put_packet(&b, 0, 2, "second");
    return b;
}

static void every_prefix_gives_the_packets_before_its_end(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        size_t first;
        size_t second;
        struct bytes b = small_file(big, &first, &second);
        for (size_t n = 0; n <= b.len; n++) {
            struct outcome out = read_all(b.at, n);
            bool boundary = n == 28 || n == first || n == second || n == b.len;
            assert_int_equal(out.packets, (n >= second) + (n == b.len));
            assert_int_equal(out.status, boundary ? READ_END : READ_DAMAGED);
            if (!boundary)
                assert_int_equal(out.offset, n < 28       ? 0
                                             : n < first  ? 28
                                             : n < second ? first
                                                          : second);
        }
        bytes_free(&b);
    }
}

static void a_length_that_no_block_has_is_damage(void **state)
{
    static const struct {
        uint32_t total;
        const char *reason;
    } rows[] = {{0, "no block can have"},
                {8, "no block can have"},
                {41, "no block can have"},
                {44, "by its trailer"},
                {READER_BLOCK_MAX + 4, "more than 16 MiB"},
                {0xfffffffc, "more than 16 MiB"},
                {READER_BLOCK_MAX, "the file ends"}};
    size_t first;
    size_t second;

    (void)state;
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct bytes b = small_file(big, &first, &second);
            put_zeros(&b, 64);
            set32(&b, second + 4, rows[i].total);
            struct outcome out = read_all(b.at, b.len);
            assert_int_equal(out.packets, 1);
            assert_int_equal(out.status, READ_DAMAGED);
            assert_int_equal(out.offset, second);
            if (strstr(out.reason, rows[i].reason) == NULL)
                fail_msg("%s, not: %s", out.reason, rows[i].reason);
            bytes_free(&b);
        }
    }
}

static void a_trailer_that_contradicts_is_damage(void **state)
{
    size_t first;
    size_t second;
    struct bytes b = small_file(false, &first, &second);

    (void)state;
    b.at[second - 4]++;
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.packets, 0);
    assert_int_equal(out.offset, first);
    assert_string_equal(
        out.reason, "a block of type 0x00000006 has 40 bytes by its header and 41 by its trailer");
    bytes_free(&b);
}

static void a_packet_longer_than_its_block_is_damage(void **state)
{
    size_t first;
    size_t second;
    struct bytes b = small_file(false, &first, &second);

    (void)state;
    set32(&b, first + 20, 9);
    assert_int_equal(read_all(b.at, b.len).offset, first);
    assert_int_equal(read_all(b.at, b.len).packets, 0);
    set32(&b, first + 20, 0xffffffff);
    assert_int_equal(read_all(b.at, b.len).packets, 0);
    set32(&b, first + 20, 8);
    assert_int_equal(read_all(b.at, b.len).packets, 2);
    bytes_free(&b);
}

static void options_that_run_past_the_end_are_damage(void **state)
{
    struct bytes b = {0};

    (void)state;
    put_section(&b, unknown_length);
    size_t at = b.len;
    iface_start(&b, 1, 0);
    put16(&b, 2);
    put16(&b, 5);
    put(&b, "eth0", 4);
    block_end(&b);
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_int_equal(out.offset, at);

    b.len = at;
    put_iface(&b, 1, NULL);
    at = b.len;
    packet_start(&b, 0, 0, 4, "data", 4);
    put16(&b, 2);
    put16(&b, 0xffff);
    block_end(&b);
    out = read_all(b.at, b.len);
    assert_int_equal(out.packets, 0);
    assert_int_equal(out.offset, at);
    bytes_free(&b);
}

static void sections_that_can_not_be_read_are_damage(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *reason;
    } rows[] = {
        {8, 0x4e, "without the byte-order magic"}, {12, 2, "version 2.0"}, {14, 7, "version 1.7"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t first;
        size_t second;
        struct bytes b = small_file(false, &first, &second);
        b.at[rows[i].at] = rows[i].byte;
        struct outcome out = read_all(b.at, b.len);
        assert_int_equal(out.status, READ_DAMAGED);
        assert_int_equal(out.offset, 0);
        assert_non_null(strstr(out.reason, rows[i].reason));
        bytes_free(&b);
    }
}

static void interfaces_without_end_are_damage(void **state)
{
    struct bytes b = {0};

    (void)state;
    put_section(&b, unknown_length);
    for (int i = 0; i <= READER_IFACES_MAX; i++)
        put_iface(&b, 1, NULL);
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_non_null(strstr(out.reason, "more interfaces than 65536"));
    bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixed_interfaces_keep_their_link_types_names_and_snapshot_lengths),
        cmocka_unit_test(sections_of_either_order_have_interfaces_of_their_own),
        cmocka_unit_test(times_follow_resolution_and_offset),
        cmocka_unit_test(flags_tell_the_direction),
        cmocka_unit_test(old_packet_blocks_have_a_short_interface_number),
        cmocka_unit_test(simple_packets_are_cut_where_the_first_interface_cuts),
        cmocka_unit_test(other_blocks_are_passed_over),
        cmocka_unit_test(an_index_has_a_name_only_where_the_file_says_it),
        cmocka_unit_test(names_end_where_they_should),
        cmocka_unit_test(every_prefix_gives_the_packets_before_its_end),
        cmocka_unit_test(a_length_that_no_block_has_is_damage),
        cmocka_unit_test(a_trailer_that_contradicts_is_damage),
        cmocka_unit_test(a_packet_longer_than_its_block_is_damage),
        cmocka_unit_test(options_that_run_past_the_end_are_damage),
        cmocka_unit_test(sections_that_can_not_be_read_are_damage),
        cmocka_unit_test(interfaces_without_end_are_damage),
    };
    return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
