/* A run's capture with its notes: what stands where, and that nothing else has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "noted_run.h"
#include "pcapng_block.h"

#define OURS "rtcshim-analyzer 0.1.0"

static const uint32_t block_process = 0x80000001;

/* What each block says, a line each: "packet: comment | comment", "record: message". */
static char *described(const struct bytes *b)
{
    static char text[16384];
    bool big = b->big;
    size_t len = 0;
    text[0] = '\0';
    for (size_t at = 0; at < b->len; at += order32(big, b->at + at + 4)) {
        uint32_t type = order32(big, b->at + at);
        size_t end = at + order32(big, b->at + at + 4) - 4;
        assert_int_equal(order32(big, b->at + end), end + 4 - at);
        if (type == PCAPNG_SECTION)
            len += (size_t)sprintf(text + len, "section\n");
        if (type == block_process)
            len += (size_t)sprintf(text + len, "process %u %.*s\n", order32(big, b->at + at + 8),
                                   order16(big, b->at + at + 14), (const char *)b->at + at + 16);
        if (type == PCAPNG_JOURNAL) {
            const char *message = memmem(b->at + at, end - at, "\nMESSAGE=", 9);
            assert_non_null(message);
            message += 9;
            const char *stop = strchr(message, '\n');
            len += (size_t)sprintf(text + len, "record %.*s\n", (int)(stop - message), message);
        }
        if (type != PCAPNG_PACKET)
            continue;
        len += (size_t)sprintf(text + len, "packet");
        size_t o = at + 28 + ((order32(big, b->at + at + 20) + 3) & ~3u);
        while (o < end) {
            uint16_t code = order16(big, b->at + o), size = order16(big, b->at + o + 2);
            if (code == 1)
                len += (size_t)sprintf(text + len, " | %.*s", size, (const char *)b->at + o + 4);
            if (code == 0x8001)
                len += (size_t)sprintf(text + len, " | process %u", order32(big, b->at + o + 4));
            o += 4 + ((size + 3u) & ~3u);
        }
        len += (size_t)sprintf(text + len, "\n");
    }
    return text;
}

#define SENT "firefox-esr[117 socket] sendto"

static void packets_have_comments_and_what_did_not_leave_stands_between_them(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, "firefox-esr", "pin", NULL);
    noted_request(&t, 2000, 2, 2, "firefox-esr", "deny", "ENETUNREACH");
    noted_event(&t, 2500,
                "\"event_type\":\"probe\",\"witness\":\"shim\",\"seq\":3,\"process\":{\"pid\":117,"
                "\"tid\":1,\"name\":\"firefox-esr\",\"thread\":null,\"role\":\"socket\"},\"hook\":{"
                "\"call\":\"connect\",\"fd\":3,\"result\":0,\"errno\":null,\"caller\":null},"
                "\"probe\":{\"target\":{\"ip\":\"8.8.8.8\",\"port\":53},\"answer\":{\"ip\":"
                "\"10.0.0.1\",\"port\":0}},\"verdict\":{\"action\":\"allow\",\"rule\":"
                "\"vpn:default\"}");
    noted_request(&t, 3000, 4, 3, "firefox-esr", "pin", NULL);
    noted_event(&t, 4000,
                "\"event_type\":\"stats\",\"witness\":\"shim\",\"seq\":9,\"stats\":{"
                "\"lost\":4,\"lost_total\":4}");
    noted_packet(&t.wire, 90, 1);
    noted_packet(&t.wire, 2990, 3);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    assert_string_equal(
        described(&out),
        "section\n"
        "process 117 firefox-esr\n"
        "packet | rtcshim: " SENT ", confirmed (event 1, frame 1), policy vpn:7 pin | process 0\n"
        "record rtcshim: " SENT ", blocked (event 2), policy vpn:7 deny, ENETUNREACH: binding "
        "request 10.0.0.1:5000 > 192.0.2.9:3478 UDP, eth0\n"
        "record rtcshim: firefox-esr[117 socket] connect, probe of 8.8.8.8:53 answered 10.0.0.1, "
        "policy vpn:default allow (event 3)\n"
        "packet | rtcshim: " SENT ", confirmed (event 4, frame 2), policy vpn:7 pin | process 0\n"
        "record rtcshim: 4 events were lost here (event 9)\n");
    bytes_free(&out);
    noted_free(&t);
}

static void a_leak_is_said_on_each_packet_and_record_that_shows_it(void **state)
{
    static const char leak[] =
        "rtcshim: LEAK 203.0.113.23 learned by 192.0.2.9:3478 UDP over eth0, "
        "sure (bound_address)";
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, "another program");
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_request(&t, 200, 2, 2, "firefox-esr", "deny", "EPERM");
    noted_packet(&t.wire, 90, 1);
    noted_join(&t, true);
    struct bytes out = noted_write(&t, NULL);
    char *text = described(&out);
    char *packet = strstr(text, "packet | ");
    assert_non_null(packet);
    assert_non_null(strstr(packet, leak));
    char *record = strstr(packet, "record rtcshim: LEAK");
    assert_non_null(record);
    assert_memory_equal(record + 7, leak, sizeof(leak) - 1);
    /* Others' captures may have process blocks: ours would change their numbers. */
    assert_null(strstr(text, "process"));
    bytes_free(&out);
    noted_free(&t);
}

static void what_went_around_the_shim_is_called_unseen(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_packet(&t.wire, 90, 1);
    noted_packet(&t.wire, 300, 7);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    char *unseen = strstr(described(&out), "UNSEEN");
    assert_non_null(unseen);
    assert_non_null(strstr(unseen, "(frame 2), from unknown process"));
    bytes_free(&out);
    noted_free(&t);
}

static void what_was_refused_and_is_on_the_wire_is_called_a_fault(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, "firefox-esr", "deny", "EPERM");
    noted_packet(&t.wire, 90, 1);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    assert_non_null(strstr(described(&out), "packet | rtcshim: FAULT, " SENT
                                            ", blocked_on_wire (event 1, frame 1), policy vpn:7 "
                                            "deny, EPERM"));
    bytes_free(&out);
    noted_free(&t);
}

/* A name with line breaks would begin fields of its own in a record; a name with controls would
 * speak to a terminal. */
static void names_of_hostile_processes_only_appear(void **state)
{
    struct noted_run t = noted_new();
    const char name[] = "a\\nPRIORITY=0\\n__REALTIME_TIMESTAMP=1\\u001b[31m\\u202ex";
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, name, "deny", "EPERM");
    noted_request(&t, 200, 2, 2, name, "allow", NULL);
    noted_packet(&t.wire, 190, 2);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    assert_non_null(
        strstr(described(&out), "a\\nPRIORITY=0\\n__REALTIME_TIMESTAMP=1\\x1b[31m\\u202ex"));
    assert_null(memmem(out.at, out.len, "\nPRIORITY=0", 11));
    assert_null(memmem(out.at, out.len, "\n__REALTIME", 11));
    assert_null(memmem(out.at, out.len, "\x1b[31m", 5));
    bytes_free(&out);
    noted_free(&t);
}

static void a_damaged_capture_is_copied_up_to_the_damage_and_the_records_follow(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_packet(&t.wire, 90, 1);
    size_t good = t.wire.len;
    noted_packet(&t.wire, 200, 2);
    t.wire.len -= 5;
    noted_request(&t, 900, 2, 3, "firefox-esr", "deny", "EPERM");
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    char *text = described(&out);
    assert_non_null(strstr(text, "(event 1, frame 1)"));
    assert_null(strstr(text, "frame 2"));
    assert_non_null(strstr(text, "record"));
    assert_true(out.len > good);
    bytes_free(&out);
    noted_free(&t);
}

static void a_pcap_file_becomes_pcapng_with_its_times(void **state)
{
    struct noted_run t = noted_new();
    struct pkt p;
    struct packet read;
    int fd;
    (void)state;
    put_pcap_header(&t.wire, 0xa1b2c3d4, 1);
    noted_message(&p, 1);
    put_pcap_record(&t.wire, (uint32_t)NOTED_START_S, 90, pkt_len(&p) + 10, pkt_at(&p),
                    pkt_len(&p));
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    assert_non_null(strstr(described(&out), "packet | rtcshim: " SENT));
    struct reader *r = open_bytes(out.at, out.len, &fd);
    assert_int_equal(reader_next(r, &read), READ_PACKET);
    assert_true(read.time_ns == NOTED_START_S * 1000000000 + 90000);
    assert_int_equal(read.caplen, pkt_len(&p));
    assert_int_equal(read.len, pkt_len(&p) + 10);
    assert_memory_equal(read.data, pkt_at(&p), pkt_len(&p));
    reader_close(r);
    close(fd);
    bytes_free(&out);
    noted_free(&t);
}

static void without_a_capture_there_are_records_alone(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    assert_string_equal(described(&out),
                        "section\nrecord rtcshim: " SENT
                        ", not_captured (event 1), policy vpn:7 allow: binding request "
                        "10.0.0.1:5000 > 192.0.2.9:3478 UDP, eth0\n");
    bytes_free(&out);
    noted_free(&t);
}

/* Events are written by several threads and come nearly in order; a capture of several interfaces
 * too. */
static void records_are_in_the_order_of_time_whatever_the_file_has(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    noted_section(&t.wire, OURS);
    for (unsigned i = 0; i < 500; i++)
        noted_request(&t, (i * 7919) % 500 * 10, i + 1, 1 + i % 200, "firefox-esr", "deny",
                      "EPERM");
    for (unsigned i = 0; i < 10; i++)
        noted_packet(&t.wire, i * 500 + 5, 201 + i);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    uint64_t last = 0, records = 0;
    for (size_t at = 0; at < out.len; at += order32(false, out.at + at + 4)) {
        uint64_t time = 0;
        uint32_t type = order32(false, out.at + at);
        if (type == PCAPNG_PACKET)
            time = ((uint64_t)order32(false, out.at + at + 12) << 32 |
                    order32(false, out.at + at + 16)) /
                   1000;
        else if (type == PCAPNG_JOURNAL)
            time = strtoull((const char *)out.at + at + 8 + 21, NULL, 10);
        else
            continue;
        records += type == PCAPNG_JOURNAL;
        assert_true(time >= last);
        last = time;
    }
    assert_int_equal(records, 500);
    bytes_free(&out);
    noted_free(&t);
}

static void
a_block_that_must_not_be_copied_is_not_and_frames_keep_the_captures_numbers(void **state)
{
    struct noted_run t = noted_new();
    (void)state;
    t.wire.big = true;
    noted_section(&t.wire, OURS);
    block_start(&t.wire, PCAPNG_CUSTOM_NO_COPY);
    put32(&t.wire, 32473);
    put(&t.wire, "do not copy.", 12);
    block_end(&t.wire);
    block_start(&t.wire, PCAPNG_CUSTOM);
    put32(&t.wire, 32473);
    put(&t.wire, "copy it then", 12);
    block_end(&t.wire);
    noted_request(&t, 100, 1, 1, "firefox-esr", "allow", NULL);
    noted_packet(&t.wire, 90, 1);
    noted_join(&t, false);
    struct bytes out = noted_write(&t, NULL);
    out.big = true;
    assert_non_null(strstr(described(&out), "(event 1, frame 3)"));
    assert_null(memmem(out.at, out.len, "do not copy", 11));
    assert_non_null(memmem(out.at, out.len, "copy it then", 12));
    bytes_free(&out);
    noted_free(&t);
}

/* --- redacted --------------------------------------------------------------------------------- */

static uint32_t sum16(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void a_redacted_capture_has_whole_packets_and_no_address_or_name(void **state)
{
    static const uint8_t key[PSEUDONYM_KEY_BYTES] = {9, 8, 7};
    static const char *const gone[] = {"10.0.0.1",      "192.0.2.9",        "203.0.113.23",
                                       "alices-client", "\x0a\0\0\x01\xc0", "\xc0\0\x02\x09"};
    static const size_t lens[] = {8, 9, 12, 13, 5, 4};
    struct pseudonym *names = pseudonym_new(key);
    struct noted_run t = noted_new();
    struct packet p;
    int fd;
    (void)state;
    noted_section(&t.wire, OURS);
    noted_request(&t, 100, 1, 1, "alices-client", "allow", NULL);
    noted_request(&t, 200, 2, 2, "alices-client", "deny", "EPERM");
    noted_packet(&t.wire, 90, 1);
    noted_join(&t, true);
    struct bytes out = noted_write(&t, names);
    for (size_t i = 0; i < 6; i++)
        assert_null(memmem(out.at, out.len, gone[i], lens[i]));
    char *text = described(&out);
    assert_non_null(strstr(text, "sendto, confirmed (event 1, frame 1), policy vpn:7 allow"));
    assert_non_null(strstr(text, "record rtcshim: program-"));
    struct reader *r = open_bytes(out.at, out.len, &fd);
    assert_int_equal(reader_next(r, &p), READ_PACKET);
    assert_int_equal(p.iface->link_type, 1);
    assert_string_equal(p.iface->name, "eth0");
    assert_int_equal(p.caplen, 14 + 20 + 8 + 20);
    assert_memory_equal(p.data, "\0\0\0\0\0\0\0\0\0\0\0\0\x08", 14);
    assert_int_equal(folded(sum16(p.data + 14, 20)), 0xffff);
    assert_int_equal(folded(sum16(p.data + 26, 8) + 17 + 28 + sum16(p.data + 34, 28)), 0xffff);
    struct netaddr server = netaddr_from_bytes((const uint8_t[]){192, 0, 2, 9}, 4, 0);
    struct netaddr shown = pseudonym_addr(names, &server);
    assert_memory_equal(p.data + 30, shown.ip, 4);
    assert_int_equal(reader_next(r, &p), READ_END);
    reader_close(r);
    close(fd);
    bytes_free(&out);
    noted_free(&t);
    pseudonym_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_have_comments_and_what_did_not_leave_stands_between_them),
        cmocka_unit_test(a_leak_is_said_on_each_packet_and_record_that_shows_it),
        cmocka_unit_test(what_went_around_the_shim_is_called_unseen),
        cmocka_unit_test(what_was_refused_and_is_on_the_wire_is_called_a_fault),
        cmocka_unit_test(names_of_hostile_processes_only_appear),
        cmocka_unit_test(a_damaged_capture_is_copied_up_to_the_damage_and_the_records_follow),
        cmocka_unit_test(a_pcap_file_becomes_pcapng_with_its_times),
        cmocka_unit_test(without_a_capture_there_are_records_alone),
        cmocka_unit_test(records_are_in_the_order_of_time_whatever_the_file_has),
        cmocka_unit_test(
            a_block_that_must_not_be_copied_is_not_and_frames_keep_the_captures_numbers),
        cmocka_unit_test(a_redacted_capture_has_whole_packets_and_no_address_or_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
