/* Classic pcap files: byte orders, resolutions, odd dialects, and where damage is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "capture_bytes.h"

enum { HEADER = 24, RECORD = 16 };
static const uint32_t MICRO = 0xa1b2c3d4, NANO = 0xa1b23c4d, KUZNETZOV = 0xa1b2cd34;

static struct bytes two_packets(bool big, uint32_t magic)
{
    struct bytes b = {.big = big};

    put_pcap_header(&b, magic, 1);
    put_pcap_record(&b, 1700000000, 123456, 3, "abc", 3);
    put_pcap_record(&b, 1700000001, 5, 90, "defgh", 5);
    return b;
}

static void expect_two_packets(bool big, uint32_t magic, uint64_t unit_ns)
{
    struct bytes b = two_packets(big, magic);
    struct packet p;
    size_t ifaces;
    int fd;
    struct reader *r = open_bytes(b.at, b.len, &fd);

    assert_non_null(r);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_true(p.time_ns == UINT64_C(1700000000000000000) + 123456 * unit_ns);
    assert_int_equal(p.frame, 1);
    assert_int_equal(p.offset, HEADER);
    assert_int_equal(p.caplen, 3);
    assert_int_equal(p.len, 3);
    assert_memory_equal(p.data, "abc", 3);
    assert_int_equal(p.direction, PACKET_DIRECTION_UNKNOWN);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_true(p.time_ns == UINT64_C(1700000001000000000) + 5 * unit_ns);
    assert_int_equal(p.frame, 2);
    assert_int_equal(p.offset, HEADER + RECORD + 3);
    assert_int_equal(p.caplen, 5);
    assert_int_equal(p.len, 90);
    assert_memory_equal(p.data, "defgh", 5);
    assert_int_equal(p.iface->link_type, 1);
    assert_int_equal(p.iface->snaplen, 262144);
    assert_null(p.iface->name);
    assert_int_equal(reader_next(r, &p), READ_END);
    assert_int_equal(reader_next(r, &p), READ_END);
    assert_null(reader_damage_of(r));
    assert_ptr_equal(reader_ifaces(r, &ifaces)[0], p.iface);
    assert_int_equal(ifaces, 1);
    reader_close(r);
    close(fd);
    bytes_free(&b);
}

static void reads_microseconds_and_nanoseconds_in_both_byte_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        expect_two_packets(big, MICRO, 1000);
        expect_two_packets(big, NANO, 1);
    }
}

static void every_prefix_gives_the_packets_before_its_end(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct bytes b = two_packets(big, MICRO);
        const size_t ends[] = {HEADER, HEADER + RECORD + 3, HEADER + 2 * RECORD + 8};
        for (size_t n = 0; n <= b.len; n++) {
            struct outcome out = read_all(b.at, n);
            size_t packets = (n >= ends[1]) + (size_t)(n >= ends[2]);
            bool whole = n == ends[0] || n == ends[1] || n == ends[2];
            assert_int_equal(out.packets, packets);
            assert_int_equal(out.status, whole ? READ_END : READ_DAMAGED);
            if (!whole)
                assert_int_equal(out.offset, n < HEADER ? 0 : ends[packets]);
        }
        bytes_free(&b);
    }
}

static void says_what_is_missing(void **state)
{
    struct bytes b = two_packets(false, MICRO);

    (void)state;
    assert_string_equal(read_all(b.at, b.len - 2).reason,
                        "the file ends 3 bytes into a packet of 5");
    assert_string_equal(read_all(b.at, HEADER + 7).reason,
                        "the file ends 7 bytes into a record header of 16");
    assert_string_equal(read_all(b.at, 0).reason,
                        "it is empty, without a header of pcap or pcapng");
    bytes_free(&b);
}

static void says_how_something_else_starts(void **state)
{
    struct outcome out = read_all("\x7f"
                                  "ELF0123456789abcdef",
                                  20);

    (void)state;
    assert_int_equal(out.status, READ_DAMAGED);
    assert_int_equal(out.offset, 0);
    assert_string_equal(out.reason,
                        "neither pcap nor pcapng: it starts with the bytes 7f 45 4c 46");
}

static void refuses_a_version_that_it_does_not_know(void **state)
{
    struct bytes b = two_packets(false, MICRO);

    (void)state;
    b.at[4] = 3;
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_non_null(strstr(out.reason, "version 3.4"));
    bytes_free(&b);
}

static void refuses_a_packet_of_more_than_16_mib(void **state)
{
    struct bytes b = two_packets(false, MICRO);
    size_t second = HEADER + RECORD + 3;

    (void)state;
    set32(&b, second + 8, READER_BLOCK_MAX + 1);
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.packets, 1);
    assert_int_equal(out.status, READ_DAMAGED);
    assert_int_equal(out.offset, second);
    assert_non_null(strstr(out.reason, "more than 16 MiB"));
    bytes_free(&b);
}

static void a_packet_of_16_mib_passes_and_so_does_the_next(void **state)
{
    struct bytes b = {0};
    uint8_t *huge = calloc(1, READER_BLOCK_MAX);
    struct packet p;
    int fd;

    (void)state;
    assert_non_null(huge);
    huge[READER_BLOCK_MAX - 1] = 77;
    put_pcap_header(&b, MICRO, 1);
    for (int i = 0; i < 3; i++) {
        put_pcap_record(&b, 1, 2, 3, "abc", 3);
        put_pcap_record(&b, 1, 2, READER_BLOCK_MAX, huge, READER_BLOCK_MAX);
    }
    struct reader *r = open_bytes(b.at, b.len, &fd);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_memory_equal(p.data, "abc", 3);
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_int_equal(p.caplen, READER_BLOCK_MAX);
        assert_int_equal(p.data[READER_BLOCK_MAX - 1], 77);
    }
    assert_int_equal(reader_next(r, &p), READ_END);
    reader_close(r);
    close(fd);
    free(huge);
    bytes_free(&b);
}

static void packets_that_straddle_the_buffer_are_whole(void **state)
{
    struct bytes b = {.big = true};
    enum { PACKETS = 3000 };
    uint8_t data[997];
    struct packet p;
    int fd;

    (void)state;
    put_pcap_header(&b, MICRO, 1);
    for (unsigned i = 0; i < PACKETS; i++) {
        uint32_t len = 1 + i % sizeof(data);
        memset(data, (int)(i & 0xff), sizeof(data));
        put_pcap_record(&b, i, 0, len, data, len);
    }
    struct reader *r = open_bytes(b.at, b.len, &fd);
    uint64_t offset = HEADER;
    for (unsigned i = 0; i < PACKETS; i++) {
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_int_equal(p.caplen, 1 + i % sizeof(data));
        assert_int_equal(p.offset, offset);
        memset(data, (int)(i & 0xff), sizeof(data));
        assert_memory_equal(p.data, data, p.caplen);
        offset += RECORD + p.caplen;
    }
    assert_int_equal(reader_next(r, &p), READ_END);
    reader_close(r);
    close(fd);
    bytes_free(&b);
}

static void the_length_on_the_wire_is_never_less_than_what_is_there(void **state)
{
    struct bytes b = {0};
    struct packet p;
    int fd;

    (void)state;
    put_pcap_header(&b, MICRO, 1);
    put_pcap_record(&b, 1, 2, 1, "abc", 3);
    struct reader *r = open_bytes(b.at, b.len, &fd);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_int_equal(p.caplen, 3);
    assert_int_equal(p.len, 3);
    reader_close(r);
    close(fd);
    bytes_free(&b);
}

static uint16_t link_type_read(uint32_t field)
{
    struct bytes b = {0};
    size_t count;
    int fd;

    put_pcap_header(&b, MICRO, field);
    struct reader *r = open_bytes(b.at, b.len, &fd);
    uint16_t link_type = reader_ifaces(r, &count)[0]->link_type;
    reader_close(r);
    close(fd);
    bytes_free(&b);
    return link_type;
}

static void the_link_type_stands_beside_fcs_bits_and_class(void **state)
{
    (void)state;
    assert_int_equal(link_type_read(276), 276);
    assert_int_equal(link_type_read(0x24000001), 1); /* 2 units of FCS, and the bit that says so */
    assert_int_equal(link_type_read(0x02240001), UINT16_MAX); /* a class of its own: not Ethernet */
}

static void old_versions_have_their_lengths_the_other_way_round(void **state)
{
    static const struct {
        uint8_t major_low, major_high, minor;
        bool swapped;
    } rows[] = {{2, 0, 2, true}, {2, 0, 3, true}, {0x1f, 2, 0, true}, {2, 0, 4, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes b = {0};
        struct packet p;
        int fd;
        put_pcap_header(&b, MICRO, 1);
        b.at[4] = rows[i].major_low;
        b.at[5] = rows[i].major_high;
        b.at[6] = rows[i].minor;
        put_pcap_record(&b, 1, 2, 60, "abc", 3);
        if (rows[i].swapped) {
            set32(&b, HEADER + 8, 60);
            set32(&b, HEADER + 12, 3);
        }
        struct reader *r = open_bytes(b.at, b.len, &fd);
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_int_equal(p.caplen, 3);
        assert_int_equal(p.len, 60);
        assert_int_equal(reader_next(r, &p), READ_END);
        reader_close(r);
        close(fd);
        bytes_free(&b);
    }
}

static void kuznetzov_records_tell_the_direction(void **state)
{
    static const struct {
        uint8_t type, direction;
    } rows[] = {{0, PACKET_IN}, {4, PACKET_OUT}, {3, PACKET_DIRECTION_UNKNOWN}};
    struct bytes b = {0};
    struct packet p;
    int fd;

    (void)state;
    put_pcap_header(&b, KUZNETZOV, 1);
    for (size_t i = 0; i < 3; i++) {
        put_pcap_record(&b, 1, 2, 2, NULL, 0);
        set32(&b, b.len - 8, 2);
        put32(&b, 7);      /* ifindex */
        put16(&b, 0x0800); /* protocol */
        put8(&b, rows[i].type);
        put8(&b, 0);
        put(&b, "hi", 2);
    }
    struct reader *r = open_bytes(b.at, b.len, &fd);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_int_equal(p.caplen, 2);
        assert_memory_equal(p.data, "hi", 2);
        assert_int_equal(p.direction, rows[i].direction);
    }
    assert_int_equal(reader_next(r, &p), READ_END);
    reader_close(r);
    close(fd);
    bytes_free(&b);
}

static void reads_standard_input_that_comes_byte_by_byte(void **state)
{
    struct bytes b = two_packets(false, NANO);
    struct reader_damage why;
    struct packet p;
    int pipe_fds[2];
    int status;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    int saved = dup(STDIN_FILENO);
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < b.len; i++)
            if (write(pipe_fds[1], b.at + i, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(pipe_fds[1]);
    assert_true(dup2(pipe_fds[0], STDIN_FILENO) >= 0);
    struct reader *r = reader_open("-", &why);
    assert_non_null(r);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_memory_equal(p.data, "abc", 3);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_memory_equal(p.data, "defgh", 5);
    assert_int_equal(p.offset, HEADER + RECORD + 3);
    assert_int_equal(reader_next(r, &p), READ_END);
    reader_close(r);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(pipe_fds[0]);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
    bytes_free(&b);
}

static void a_file_that_is_cut_short_while_it_is_read_is_damaged(void **state)
{
    struct bytes b = {0};
    uint8_t data[1000] = {0};
    struct packet p;
    enum read_status status;
    size_t packets = 0;
    int fd;

    (void)state;
    put_pcap_header(&b, MICRO, 1);
    for (int i = 0; i < 1000; i++)
        put_pcap_record(&b, 1, 2, sizeof(data), data, sizeof(data));
    struct reader *r = open_bytes(b.at, b.len, &fd);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_int_equal(ftruncate(fd, 500000), 0);
    while ((status = reader_next(r, &p)) == READ_PACKET)
        packets++;
    assert_int_equal(status, READ_DAMAGED);
    assert_true(packets < 999);
    reader_close(r);
    close(fd);
    bytes_free(&b);
}

static void what_cannot_be_opened_says_why(void **state)
{
    struct reader_damage why;

    (void)state;
    assert_null(reader_open("/nonexistent/capture.pcap", &why));
    assert_string_equal(why.file, "/nonexistent/capture.pcap");
    assert_string_equal(why.reason, "cannot open: No such file or directory");
    assert_null(reader_open("/", &why));
    assert_string_equal(why.reason, "cannot read: Is a directory");
    reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_microseconds_and_nanoseconds_in_both_byte_orders),
        cmocka_unit_test(every_prefix_gives_the_packets_before_its_end),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(says_how_something_else_starts),
        cmocka_unit_test(refuses_a_version_that_it_does_not_know),
        cmocka_unit_test(refuses_a_packet_of_more_than_16_mib),
        cmocka_unit_test(a_packet_of_16_mib_passes_and_so_does_the_next),
        cmocka_unit_test(packets_that_straddle_the_buffer_are_whole),
        cmocka_unit_test(the_length_on_the_wire_is_never_less_than_what_is_there),
        cmocka_unit_test(the_link_type_stands_beside_fcs_bits_and_class),
        cmocka_unit_test(old_versions_have_their_lengths_the_other_way_round),
        cmocka_unit_test(kuznetzov_records_tell_the_direction),
        cmocka_unit_test(reads_standard_input_that_comes_byte_by_byte),
        cmocka_unit_test(a_file_that_is_cut_short_while_it_is_read_is_damaged),
        cmocka_unit_test(what_cannot_be_opened_says_why),
    };
    return cmocka_run_group_tests_name("pcap", tests, NULL, NULL);
}
