/* What is copied from a pcapng file stays as it is, and what is added stands where readers look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_bytes.h"
#include "order.h"
#include "pcapng_copy.h"

struct copying {
    struct pcapng_writer *w;
    const struct pcapng_notes *notes; /* on each packet; NULL none */
    size_t packets, refused;
};

static void copy(const struct pcapng_block *block, void *context)
{
    struct copying *c = context;
    static const struct pcapng_notes none;
    bool is_packet = block->type == PCAPNG_PACKET || block->type == PCAPNG_PACKET_OLD ||
                     block->type == PCAPNG_PACKET_SIMPLE;
    if (block->type == PCAPNG_SECTION) {
        pcapng_copy_section(c->w, block);
    } else if (!is_packet) {
        pcapng_copy_block(c->w, block);
    } else {
        c->packets++;
        if (!pcapng_copy_packet(c->w, block, c->notes ? c->notes : &none)) {
            c->refused++;
            pcapng_copy_block(c->w, block);
        }
    }
}

static struct bytes copied(const struct bytes *in, const struct pcapng_notes *notes,
                           struct copying *did)
{
    struct packet p;
    struct bytes out = {.big = in->big};
    char buf[65536];
    ssize_t n;
    int in_fd, fd = memfd_create("copied", MFD_CLOEXEC);
    struct reader *r = open_bytes(in->at, in->len, &in_fd);
    *did = (struct copying){.w = pcapng_writer_new(fd), .notes = notes};
    assert_non_null(did->w);
    assert_true(reader_show_blocks(r, copy, did));
    while (reader_next(r, &p) == READ_PACKET)
        continue;
    assert_null(reader_damage_of(r));
    assert_int_equal(pcapng_flush(did->w), 0);
    reader_close(r);
    pcapng_writer_free(did->w);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        put(&out, buf, (size_t)n);
    close(fd);
    close(in_fd);
    return out;
}

static void put_block(struct bytes *b, uint32_t type, const char *body)
{
    block_start(b, type);
    put(b, body, strlen(body));
    block_end(b);
}

/* A section with a block of each kind and packets of all three. */
static void put_one_of_each(struct bytes *b)
{
    put_section(b, UINT64_MAX);
    iface_start(b, 1, 0);
    put_option(b, 9, "\x83", 1);
    put_option(b, 0x8123, "local", 5);
    put_option(b, 0, "", 0);
    block_end(b);
    put_block(b, 4, "names of hosts..");
    put_block(b, 10, "secrets");
    put_packet(b, 0, 1000, "one");
    put_block(b, 0xbad, "a custom block");
    packet_start(b, 0, 1001, 9, "with", 4);
    put_option(b, 1, "a comment that was there", 24);
    put_option(b, 2, "\1\0\0\0", 4);
    put_option(b, 2988, "\0\0\x7e\xd9 text", 9);
    put_option(b, 0, "", 0);
    block_end(b);
    block_start(b, 2);
    put16(b, 0);
    put16(b, 7);
    put64(b, 1002);
    put32(b, 3);
    put32(b, 3);
    put(b, "old\0", 4);
    block_end(b);
    block_start(b, 3);
    put32(b, 6);
    put(b, "simple\0\0", 8);
    block_end(b);
    put_block(b, 9, "__REALTIME_TIMESTAMP=1\n");
    put_block(b, 0x0badf00d, "from the future");
    put_block(b, 5, "\0\0\0\0statistics");
}

static void without_notes_every_byte_is_the_same_in_both_orders(void **state)
{
    struct copying did;
    (void)state;
    struct bytes in = {0};
    for (int i = 0; i < 4; i++) {
        in.big = i % 2;
        put_one_of_each(&in);
    }
    struct bytes out = copied(&in, NULL, &did);
    assert_int_equal(did.packets, 16);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.at, in.at, in.len);
    bytes_free(&in);
    bytes_free(&out);
}

static void a_sections_length_is_given_up_because_it_would_be_wrong(void **state)
{
    struct copying did;
    struct bytes in = {.big = true};
    (void)state;
    put_section(&in, 0);
    set32(&in, 20, (uint32_t)in.len);
    struct bytes out = copied(&in, NULL, &did);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.at, in.at, 16);
    assert_memory_equal(out.at + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_memory_equal(out.at + 24, in.at + 24, in.len - 24);
    bytes_free(&in);
    bytes_free(&out);
}

/* Remove the notes again, where the specification says that they are: out is then as in. */
static void take_out(struct bytes *b, size_t block, size_t notes, bool only_options)
{
    size_t at = block + 28 + ((order32(b->big, b->at + block + 20) + 3) & ~(size_t)3);
    size_t len = notes + (only_options ? 4 : 0);
    uint32_t total = order32(b->big, b->at + block + 4) - (uint32_t)len;
    memmove(b->at + at, b->at + at + len, b->len - at - len);
    b->len -= len;
    set32(b, block + 4, total);
    set32(b, block + total - 4, total);
}

static void notes_stand_before_a_packets_own_options_and_nothing_else_changes(void **state)
{
    static const struct pcapng_notes notes = {.comments = {"rtcshim: one", "rtcshim: two\xc3\xa4"},
                                              .count = 2,
                                              .has_process = true,
                                              .process = 5};
    const size_t len = 4 + 12 + 4 + 16 + 8;
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct copying did;
        struct bytes in = {.big = big};
        put_one_of_each(&in);
        struct bytes out = copied(&in, &notes, &did);
        assert_int_equal(did.packets, 4);
        assert_int_equal(did.refused, 1); /* the simple one */
        for (size_t at = 0; at < out.len; at += order32(big, out.at + at + 4)) {
            uint32_t type = order32(big, out.at + at);
            if (type != PCAPNG_PACKET && type != PCAPNG_PACKET_OLD)
                continue;
            size_t o = at + 28 + ((order32(big, out.at + at + 20) + 3) & ~(size_t)3);
            assert_int_equal(order16(big, out.at + o), 1);
            assert_int_equal(order16(big, out.at + o + 2), 12);
            assert_memory_equal(out.at + o + 4, "rtcshim: one", 12);
            assert_int_equal(order16(big, out.at + o + 18), 14);
            assert_memory_equal(out.at + o + 20, "rtcshim: two\xc3\xa4", 14);
            assert_int_equal(order16(big, out.at + o + 36), 0x8001);
            assert_int_equal(order32(big, out.at + o + 40), 5);
            size_t options = order32(big, out.at + at + 4) - (o - at) - 4;
            take_out(&out, at, len, options == len + 4);
        }
        assert_int_equal(out.len, in.len);
        assert_memory_equal(out.at, in.at, in.len);
        bytes_free(&in);
        bytes_free(&out);
    }
}

/* Larger than the writer's buffer, so that its parts leave by themselves. */
static void a_packet_of_ten_megabytes_gets_its_note(void **state)
{
    static const struct pcapng_notes notes = {.comments = {"large"}, .count = 1};
    const uint32_t size = 10 << 20;
    struct copying did;
    struct bytes in = {.big = true};
    char *data = malloc(size);
    (void)state;
    assert_non_null(data);
    for (uint32_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 >> 3);
    put_section(&in, UINT64_MAX);
    put_iface(&in, 1, NULL);
    packet_start(&in, 0, 1, size, data, size);
    put_option(&in, 0, "", 0);
    block_end(&in);
    struct bytes out = copied(&in, &notes, &did);
    assert_int_equal(out.len, in.len + 12);
    take_out(&out, 28 + 24, 12, false);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.at, in.at, in.len);
    bytes_free(&in);
    bytes_free(&out);
    free(data);
}

static void a_block_that_would_be_too_large_for_readers_gets_no_note(void **state)
{
    static const struct pcapng_notes notes = {.comments = {"note"}, .count = 1};
    const uint32_t size = READER_BLOCK_MAX - 32;
    struct copying did;
    struct bytes in = {0};
    char *data = calloc(1, size);
    (void)state;
    put_section(&in, UINT64_MAX);
    put_iface(&in, 1, NULL);
    packet_start(&in, 0, 1, size, data, size);
    block_end(&in);
    struct bytes out = copied(&in, &notes, &did);
    assert_int_equal(did.refused, 1);
    assert_int_equal(out.len, in.len);
    bytes_free(&in);
    bytes_free(&out);
    free(data);
}

static struct bytes written(void (*write_it)(struct pcapng_writer *w))
{
    struct bytes out = {0};
    char buf[65536];
    ssize_t n;
    int fd = memfd_create("written", MFD_CLOEXEC);
    struct pcapng_writer *w = pcapng_writer_new(fd);
    write_it(w);
    assert_int_equal(pcapng_flush(w), 0);
    pcapng_writer_free(w);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        put(&out, buf, (size_t)n);
    close(fd);
    return out;
}

static char long_text[3 * PCAPNG_TEXT_MAX + 1];

static void write_extremes(struct pcapng_writer *w)
{
    struct pcapng_field fields[20];
    for (size_t i = 0; i < 20; i++)
        fields[i] = (struct pcapng_field){"FIELD", i == 1 ? NULL : long_text};
    pcapng_write_record(w, UINT64_C(1795263811157960999), fields, 20);
    pcapng_write_process(w, 117, long_text);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(long_text) - 1; i += 3)
        memcpy(long_text + i, "\xe2\x82\xac", 3); /* 4096 is no multiple of 3 */
    struct bytes out = written(write_extremes);
    const size_t kept = PCAPNG_TEXT_MAX / 3 * 3;
    const char head[] = "__REALTIME_TIMESTAMP=1795263811157960\nFIELD=";
    uint32_t total = order32(false, out.at + 4);
    assert_int_equal(order32(false, out.at), 9);
    assert_memory_equal(out.at + 8, head, sizeof(head) - 1);
    assert_int_equal(out.at[8 + sizeof(head) - 1 + kept], '\n');
    assert_int_equal(order32(false, out.at + total - 4), total);
    assert_int_equal(order32(false, out.at + total), 0x80000001);
    assert_int_equal(order32(false, out.at + total + 8), 117);
    assert_int_equal(order16(false, out.at + total + 12), 2);
    assert_int_equal(order16(false, out.at + total + 14), kept);
    bytes_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_notes_every_byte_is_the_same_in_both_orders),
        cmocka_unit_test(a_sections_length_is_given_up_because_it_would_be_wrong),
        cmocka_unit_test(notes_stand_before_a_packets_own_options_and_nothing_else_changes),
        cmocka_unit_test(a_packet_of_ten_megabytes_gets_its_note),
        cmocka_unit_test(a_block_that_would_be_too_large_for_readers_gets_no_note),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
