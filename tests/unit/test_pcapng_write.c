/* What the writer of pcapng puts down, read back; and what is left when there is no more room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "capture_bytes.h"
#include "pcapng_write.h"

static const struct packet_iface eth0 = {
    .number = 0, .link_type = 1, .snaplen = 262144, .name = "eth0", .ifindex = 2};
static const struct packet_iface tun0 = {
    .number = 1, .link_type = 101, .snaplen = 96, .name = "tun0", .ifindex = 2147483647};
static const struct pcapng_iface_options no_options;

static struct pcapng_writer *start(int *fd)
{
    *fd = memfd_create("written", MFD_CLOEXEC);
    assert_true(*fd >= 0);
    struct pcapng_writer *w = pcapng_writer_new(*fd);
    assert_non_null(w);
    pcapng_write_section(w, "x86_64", "Linux 6.1", "test");
    pcapng_write_iface(w, &eth0, &no_options);
    pcapng_write_iface(w, &tun0, &no_options);
    return w;
}

static struct packet packet_of(const struct packet_iface *iface, uint64_t time_ns, const void *data,
                               uint32_t len)
{
    return (struct packet){
        .time_ns = time_ns, .data = data, .caplen = len, .len = len, .iface = iface};
}

static struct reader *read_back(int fd)
{
    static char path[64];
    struct reader_damage why;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct reader *r = reader_open(path, &why);
    assert_non_null(r);
    return r;
}

static void what_is_written_is_read_back(void **state)
{
    static const uint64_t time_ns = UINT64_C(1795224358123456789);
    static const char data[] = "12345";
    int fd;
    struct packet p;
    (void)state;
    struct pcapng_writer *w = start(&fd);
    for (uint32_t len = 0; len <= 5; len++) {
        struct packet out = packet_of(len % 2 ? &tun0 : &eth0, time_ns + len, data, len);
        out.len = 1500;
        out.direction = (enum packet_direction)(len % 3);
        pcapng_write_packet(w, &out);
    }
    assert_int_equal(pcapng_iface_count(w), 2);
    assert_int_equal(pcapng_flush(w), 0);
    struct reader *r = read_back(fd);
    for (uint32_t len = 0; len <= 5; len++) {
        assert_int_equal(reader_next(r, &p), READ_PACKET);
        assert_int_equal(p.caplen, len);
        assert_memory_equal(p.data, data, len);
        assert_int_equal(p.len, 1500);
        assert_true(p.time_ns == time_ns + len);
        assert_int_equal(p.direction, len % 3);
        assert_string_equal(p.iface->name, len % 2 ? "tun0" : "eth0");
        assert_int_equal(p.iface->link_type, len % 2 ? 101 : 1);
        assert_int_equal(p.iface->snaplen, len % 2 ? 96 : 262144);
    }
    assert_int_equal(reader_next(r, &p), READ_END);
    assert_string_equal(reader_iface_by_index(r, 0, 2)->name, "eth0");
    assert_string_equal(reader_iface_by_index(r, 0, 2147483647)->name, "tun0");
    reader_close(r);
    pcapng_writer_free(w);
    close(fd);
}

/* The value of an option in the first block of this type; NULL none. The bytes are in b. */
static const uint8_t *option_of(const struct bytes *b, uint32_t type, size_t fixed, uint16_t code,
                                uint16_t *len)
{
    uint32_t head[2];
    for (size_t at = 0; at < b->len; at += head[1]) {
        memcpy(head, b->at + at, sizeof(head));
        if (head[0] != type)
            continue;
        for (size_t o = at + 8 + fixed; o < at + head[1] - 4;) {
            uint16_t option[2];
            memcpy(option, b->at + o, sizeof(option));
            *len = option[1];
            if (option[0] == code)
                return b->at + o + 4;
            o += 4 + (((size_t)option[1] + 3) & ~(size_t)3);
        }
    }
    return NULL;
}

static void expect_text(const struct bytes *b, uint32_t type, size_t fixed, uint16_t code,
                        const char *text)
{
    uint16_t len;
    const uint8_t *value = option_of(b, type, fixed, code, &len);
    assert_non_null(value);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(value, text, len);
}

static void expect_number(const struct bytes *b, uint16_t code, uint64_t number)
{
    uint16_t len;
    uint64_t read;
    const uint8_t *value = option_of(b, 5, 12, code, &len);
    assert_non_null(value);
    assert_int_equal(len, 8);
    memcpy(&read, value, sizeof(read));
    assert_true(read == number);
}

static struct bytes bytes_of(int fd)
{
    struct bytes b = {0};
    char buf[4096];
    ssize_t n;
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        put(&b, buf, (size_t)n);
    return b;
}

static void options_and_statistics_stand_where_the_specification_says(void **state)
{
    static const struct pcapng_iface_options options = {.filter = "udp", .os = "Linux 6.1"};
    static const struct pcapng_stats stats = {.start_ns = UINT64_C(0x1111111122222222),
                                              .end_ns = UINT64_C(0x1111111133333333),
                                              .received = UINT64_MAX,
                                              .dropped = 3,
                                              .accepted = 10,
                                              .dropped_by_os = 4,
                                              .delivered = 6};
    int fd = memfd_create("written", MFD_CLOEXEC);
    uint16_t len;
    (void)state;
    struct pcapng_writer *w = pcapng_writer_new(fd);
    assert_non_null(w);
    pcapng_write_section(w, "x86_64", "Linux 6.1", "test");
    pcapng_write_iface(w, &eth0, &options);
    pcapng_write_stats(w, 0, &stats);
    assert_int_equal(pcapng_flush(w), 0);
    struct bytes b = bytes_of(fd);
    expect_text(&b, 0x0a0d0d0a, 16, 2, "x86_64");
    expect_text(&b, 0x0a0d0d0a, 16, 3, "Linux 6.1");
    expect_text(&b, 0x0a0d0d0a, 16, 4, "test");
    expect_text(&b, 1, 8, 1, "ifindex=2");
    expect_text(&b, 1, 8, 2, "eth0");
    expect_text(&b, 1, 8, 12, "Linux 6.1");
    assert_memory_equal(option_of(&b, 1, 8, 11, &len), "\0udp", 4);
    assert_int_equal(len, 4);
    assert_int_equal(*option_of(&b, 1, 8, 9, &len), 9);
    /* The high half of a time comes first. */
    expect_number(&b, 2, UINT64_C(0x2222222211111111));
    expect_number(&b, 3, UINT64_C(0x3333333311111111));
    assert_null(option_of(&b, 5, 12, 4, &len));
    expect_number(&b, 5, 3);
    expect_number(&b, 6, 10);
    expect_number(&b, 7, 4);
    expect_number(&b, 8, 6);
    assert_int_equal(read_all(b.at, b.len).status, READ_END);
    bytes_free(&b);
    pcapng_writer_free(w);
    close(fd);
}

static void large_packets_and_long_texts_stay_within_the_buffer(void **state)
{
    size_t size = 2 * PCAPNG_PACKET_MAX;
    uint8_t *data = calloc(1, size);
    char *text = malloc(100001);
    int fd;
    (void)state;
    assert_true(data && text);
    memset(text, 'x', 100000);
    text[100000] = '\0';
    struct pcapng_writer *w = start(&fd);
    struct pcapng_iface_options options = {.filter = text, .os = text};
    pcapng_write_iface(w, &eth0, &options);
    for (uint32_t len = PCAPNG_PACKET_MAX - 8; len < PCAPNG_PACKET_MAX + 8; len++) {
        struct packet p = packet_of(&eth0, 1, data, len);
        p.direction = PACKET_OUT;
        pcapng_write_packet(w, &p);
    }
    assert_int_equal(pcapng_flush(w), 0);
    struct bytes b = bytes_of(fd);
    struct outcome out = read_all(b.at, b.len);
    assert_int_equal(out.status, READ_END);
    assert_int_equal(out.packets, 16);
    bytes_free(&b);
    free(text);
    free(data);
    pcapng_writer_free(w);
    close(fd);
}

static void a_full_disk_leaves_whole_blocks(void **state)
{
    struct rlimit before;
    uint8_t data[1000] = {0};
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t limit = 5000; limit < 5000 + 1100; limit += 7) {
        struct rlimit small = {.rlim_cur = limit, .rlim_max = before.rlim_max};
        int fd;
        struct pcapng_writer *w = start(&fd);
        for (int i = 0; i < 10; i++) {
            struct packet p = packet_of(&eth0, 1, data, sizeof(data));
            pcapng_write_packet(w, &p);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(pcapng_flush(w), EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(pcapng_error(w), EFBIG);
        struct packet more = packet_of(&eth0, 1, data, sizeof(data));
        pcapng_write_packet(w, &more);
        assert_int_equal(pcapng_flush(w), EFBIG);
        struct bytes b = bytes_of(fd);
        struct outcome out = read_all(b.at, b.len);
        assert_int_equal(out.status, READ_END);
        assert_in_range(out.packets, 4, 5);
        assert_true(b.len <= limit && b.len + 1036 > limit);
        bytes_free(&b);
        pcapng_writer_free(w);
        close(fd);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(options_and_statistics_stand_where_the_specification_says),
        cmocka_unit_test(large_packets_and_long_texts_stay_within_the_buffer),
        cmocka_unit_test(a_full_disk_leaves_whole_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
