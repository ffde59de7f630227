/* Lines of the capture as the launcher reads them: cut out of a pipe, and taken for messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipe_lines.h"
#include "wire_message.h"

/* --- lines ------------------------------------------------------------------------------------ */

struct taken {
    unsigned count;
    size_t longest;
    char all[4096];
};

static void take(const char *line, size_t len, void *ctx)
{
    struct taken *taken = ctx;
    taken->count++;
    if (len > taken->longest)
        taken->longest = len;
    size_t used = strlen(taken->all);
    if (len < sizeof(taken->all) - used - 1)
        (void)snprintf(taken->all + used, sizeof(taken->all) - used, "%.*s|", (int)len, line);
}

static int open_pair(struct pipe_lines *lines)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    pipe_lines_open(lines, ends[0]);
    return ends[1];
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void a_line_is_handed_on_once_its_end_has_come(void **state)
{
    struct pipe_lines lines;
    struct taken taken = {0};
    int fd = open_pair(&lines);
    (void)state;
    put(fd, "one\ntw");
    pipe_lines_read(&lines, take, &taken);
    assert_string_equal(taken.all, "one|");
    put(fd, "o\n\nthree\n");
    pipe_lines_read(&lines, take, &taken);
    assert_string_equal(taken.all, "one|two||three|");
    close(fd);
    pipe_lines_read(&lines, take, &taken);
    assert_int_equal(lines.fd, -1);
    assert_int_equal(taken.count, 4);
    pipe_lines_close(&lines);
}

static void a_last_line_without_its_end_counts(void **state)
{
    struct pipe_lines lines;
    struct taken taken = {0};
    int fd = open_pair(&lines);
    (void)state;
    put(fd, "last words");
    close(fd);
    pipe_lines_read(&lines, take, &taken);
    assert_string_equal(taken.all, "last words|");
    assert_int_equal(lines.fd, -1);
}

static void a_line_without_end_takes_no_more_than_its_bound(void **state)
{
    struct pipe_lines lines;
    struct taken taken = {0};
    int fd = open_pair(&lines);
    char block[64 * 1024];
    (void)state;
    memset(block, 'x', sizeof(block));
    for (size_t sent = 0; sent < 3 * (size_t)PIPE_LINES_LINE_MAX; sent += sizeof(block)) {
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
        pipe_lines_read(&lines, take, &taken);
        assert_true(lines.room <= 4 * (size_t)PIPE_LINES_LINE_MAX);
    }
    put(fd, "\nnext\n");
    pipe_lines_read(&lines, take, &taken);
    assert_string_equal(taken.all, "next|");
    close(fd);
    pipe_lines_close(&lines);
}

static void nothing_is_waited_for(void **state)
{
    struct pipe_lines lines;
    struct taken taken = {0};
    int fd = open_pair(&lines);
    (void)state;
    pipe_lines_read(&lines, take, &taken);
    assert_int_equal(taken.count, 0);
    assert_true(lines.fd >= 0);
    close(fd);
    pipe_lines_close(&lines);
}

/* --- messages --------------------------------------------------------------------------------- */

#define GOOD                                                                                       \
    "{\"timestamp\":\"2026-11-21T13:08:45.634433+0000\",\"event_type\":\"stun\",\"witness\":"      \
    "\"wire\",\"src_ip\":\"192.0.2.1\",\"src_port\":54852,\"dest_ip\":\"2001:db8::9\","            \
    "\"dest_port\":3478,\"proto\":\"UDP\",\"in_iface\":\"eth0\",\"wire\":{\"label\":\"direct\","   \
    "\"ifindex\":3},\"stun\":{\"class\":\"request\",\"txid\":\"000000000000000000000001\"}}"

static void a_line_of_the_capture_is_a_message(void **state)
{
    struct wire_message message;
    (void)state;
    assert_true(wire_message_read(GOOD, strlen(GOOD), &message));
    assert_int_equal(message.src.family, NETADDR_IPV4);
    assert_int_equal(message.src.port, 54852);
    assert_int_equal(message.dest.family, NETADDR_IPV6);
    assert_int_equal(message.ifindex, 3);
    assert_false(message.tcp);
    assert_false(message.came_in);
    assert_string_equal(message.iface, "eth0");
    assert_string_equal(message.txid, "000000000000000000000001");
    assert_string_equal(message.timestamp, "2026-11-21T13:08:45.634433+0000");
}

/* GOOD with one word in place of another. */
static bool reads_with(const char *old, const char *new)
{
    static struct wire_message message;
    char line[2048];
    const char *at = strstr(GOOD, old);
    assert_non_null(at);
    int n = snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - GOOD), GOOD, new, at + strlen(old));
    assert_true(n > 0 && (size_t)n < sizeof(line));
    return wire_message_read(line, (size_t)n, &message);
}

static void copies_in_icmp_errors_and_tunnels_are_none(void **state)
{
    (void)state;
    assert_true(reads_with("direct", "direct"));
    assert_false(reads_with("direct", "quoted"));
    assert_false(reads_with("direct", "tunnelled"));
    assert_false(reads_with("\"stun\":{", "\"channel_data\":{"));
}

static void fields_that_make_no_sense_make_no_message(void **state)
{
    (void)state;
    assert_false(reads_with("192.0.2.1", "192.0.2.256"));
    assert_false(reads_with("192.0.2.1", ""));
    assert_false(reads_with("54852", "0"));
    assert_false(reads_with("54852", "65536"));
    assert_false(reads_with("54852", "-1"));
    assert_false(reads_with("54852", "\"1\""));
    assert_false(reads_with("UDP", "SCTP"));
    assert_false(reads_with("000000000000000000000001", ""));
    assert_false(
        reads_with("000000000000000000000001", "0123456789012345678901234567890123456789"));
    assert_false(reads_with("{\"label\"", "[\"label\""));
    assert_true(reads_with("\"ifindex\":3", "\"ifindex\":-3"));
    assert_true(reads_with("\"in_iface\":\"eth0\"", "\"in_iface\":null"));
}

static void no_prefix_of_a_line_is_a_message(void **state)
{
    struct wire_message message;
    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++) {
        char *copy = malloc(len + 1); /* so that a read past it is seen */
        assert_non_null(copy);
        memcpy(copy, GOOD, len);
        assert_false(wire_message_read(copy, len, &message));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_handed_on_once_its_end_has_come),
        cmocka_unit_test(a_last_line_without_its_end_counts),
        cmocka_unit_test(a_line_without_end_takes_no_more_than_its_bound),
        cmocka_unit_test(nothing_is_waited_for),
        cmocka_unit_test(a_line_of_the_capture_is_a_message),
        cmocka_unit_test(copies_in_icmp_errors_and_tunnels_are_none),
        cmocka_unit_test(fields_that_make_no_sense_make_no_message),
        cmocka_unit_test(no_prefix_of_a_line_is_a_message),
    };
    return cmocka_run_group_tests_name("lines of a capture", tests, NULL, NULL);
}
