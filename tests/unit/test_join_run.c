/* A whole folder joined: its events, its capture, and what run.json says of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_bytes.h"
#include "join_run.h"
#include "run_files.h"
#include "stun.h"

enum { LINKTYPE_RAW = 101, SECONDS = 1795263869 };

/* IPv4 and UDP around payload, from 10.8.0.2:5000 to 198.51.100.10:port, or back. */
static void put_udp(struct bytes *capture, uint32_t iface, uint64_t us, bool back, uint16_t port,
                    const uint8_t *payload, size_t len)
{
    static const uint8_t here[] = {10, 8, 0, 2}, there[] = {198, 51, 100, 10};
    struct bytes p = {.big = true};
    put16(&p, 0x4500);
    put16(&p, (unsigned)(28 + len));
    put32(&p, 0);
    put16(&p, 0x4011);
    put16(&p, 0);
    put(&p, back ? there : here, 4);
    put(&p, back ? here : there, 4);
    put16(&p, back ? port : 5000);
    put16(&p, back ? 5000 : port);
    put16(&p, (unsigned)(8 + len));
    put16(&p, 0);
    put(&p, payload, len);
    packet_start(capture, iface, UINT64_C(1000000) * SECONDS + us, (uint32_t)p.len, p.at,
                 (uint32_t)p.len);
    block_end(capture);
    bytes_free(&p);
}

static void put_stun(struct bytes *capture, uint32_t iface, uint64_t us, uint8_t id)
{
    uint8_t bytes[STUN_HEADER_BYTES];
    struct stun_builder b;
    stun_build(&b, bytes, sizeof(bytes), STUN_METHOD_BINDING, STUN_REQUEST,
               (const uint8_t[STUN_TXID_BYTES]){[11] = id});
    put_udp(capture, iface, us, false, 3478, bytes, b.len);
}

static struct bytes capture_begin(void)
{
    struct bytes capture = {0};
    put_section(&capture, UINT64_MAX);
    put_iface(&capture, LINKTYPE_RAW, "eth0");
    put_iface(&capture, LINKTYPE_RAW, "tun0");
    return capture;
}

static void put_event(char *text, unsigned seq, unsigned us, unsigned id, const char *verdict)
{
    size_t at = strlen(text);
    snprintf(
        text + at, 4096 - at,
        "{\"timestamp\":\"2026-11-21T12:24:29.%06u+0000\",\"event_type\":\"stun\",\"seq\":%u,"
        "\"src_ip\":\"10.8.0.2\",\"src_port\":5000,\"dest_ip\":\"198.51.100.10\",\"dest_port\":3478,"
        "\"proto\":\"UDP\",\"direction\":\"out\",\"in_iface\":\"tun0\",\"iface_source\":\"address\","
        "\"hook\":{\"call\":\"sendto\",\"fd\":3,\"result\":20,\"errno\":null},"
        "\"stun\":{\"class\":\"request\",\"method\":\"binding\",\"txid\":\"%024x\"},"
        "\"verdict\":{\"action\":\"%s\",\"rule\":\"x:1\"}}\n",
        us, seq, id, verdict);
}

static void put_json(const struct run_files *f, const char *capture)
{
    char text[1024];
    snprintf(
        text, sizeof(text),
        "{\"schema\":1,\"start\":\"2026-11-21T12:24:29Z\",\"network\":{\"start\":{\"interfaces\":["
        "{\"iface\":\"lo\",\"up\":true,\"loopback\":true},{\"iface\":\"tun0\",\"up\":true},"
        "{\"iface\":\"eth0\",\"up\":true}],\"addresses\":[{\"iface\":\"tun0\",\"ip\":\"10.8.0.2\"}]}},"
        "\"capture\":%s}",
        capture);
    run_files_put(f, RUN_JSON_FILE, text);
}

static const char covered[] =
    "{\"interfaces\":[\"eth0\",\"tun0\"],\"started\":\"2026-11-21T12:24:28Z\",\"ended\":\"2026-11-21T12:24:31Z\","
    "\"status\":\"complete\",\"dropped\":0}";

static void take_also(const struct event_line *line, void *context)
{
    *(unsigned *)context += line->type == EVENT_LINE_STUN;
}

static void a_folder_gives_every_outcome(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    char events[4096] = "";
    struct bytes capture = capture_begin();
    struct event_totals totals;
    unsigned also = 0;
    put_json(&f, covered);
    put_event(events, 1, 100000, 1, "allow");
    put_event(events, 2, 200000, 2, "deny");
    put_event(events, 3, 300000, 3, "deny");
    put_event(events, 4, 400000, 4, "allow");
    run_files_put(&f, RUN_EVENTS_FILE, events);
    put_stun(&capture, 1, 99970, 1);
    put_stun(&capture, 0, 200010, 2);
    put_stun(&capture, 0, 500000, 5);
    run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, take_also, &also, &totals);
    assert_non_null(j);
    assert_int_equal(run->damage_count, 0);
    assert_int_equal(also, 4);
    assert_int_equal(j->outcomes[JOIN_CONFIRMED], 1);
    assert_int_equal(j->outcomes[JOIN_BLOCKED_ON_WIRE], 1);
    assert_int_equal(j->outcomes[JOIN_BLOCKED_ABSENT], 1);
    assert_int_equal(j->outcomes[JOIN_NOT_ON_WIRE], 1);
    assert_int_equal(j->outcomes[JOIN_UNSEEN], 1);
    assert_int_equal(j->wire.packets, 3);
    assert_int_equal(j->clock.median_us, 30);
    assert_int_equal(j->messages[4].frame, 3);
    join_free(j);
    run_folder_free(run);
    bytes_free(&capture);
    run_files_free(&f);
}

/* What became of one message that was let go and never seen, and of one that was refused. */
static void absent_under(const char *capture_json, bool with_file, enum join_outcome let_go,
                         enum join_outcome refused)
{
    struct run_files f = run_files_new();
    char events[4096] = "";
    struct bytes capture = capture_begin();
    struct event_totals totals;
    put_json(&f, capture_json);
    put_event(events, 1, 500000, 1, "allow");
    put_event(events, 2, 500000, 2, "deny");
    run_files_put(&f, RUN_EVENTS_FILE, events);
    put_udp(&capture, 0, 0, false, 9, (const uint8_t *)"x", 1);
    put_udp(&capture, 0, 900000, false, 9, (const uint8_t *)"x", 1);
    if (with_file)
        run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(j->outcomes[let_go], 1);
    assert_int_equal(j->outcomes[refused], 1);
    join_free(j);
    run_folder_free(run);
    bytes_free(&capture);
    run_files_free(&f);
}

static void absence_means_something_only_where_the_capture_was_whole(void **state)
{
    (void)state;
    absent_under(covered, true, JOIN_NOT_ON_WIRE, JOIN_BLOCKED_ABSENT);
    /* Without a word in run.json the file speaks for itself: from its first packet to its last. */
    absent_under("null", true, JOIN_NOT_ON_WIRE, JOIN_BLOCKED_ABSENT);
    absent_under("null", false, JOIN_NOT_CAPTURED, JOIN_BLOCKED);
    absent_under("{\"interfaces\":[\"eth0\"],\"started\":\"2026-11-21T12:24:28Z\",\"ended\":"
                 "\"2026-11-21T12:24:31Z\",\"status\":\"complete\",\"dropped\":0}",
                 true, JOIN_NOT_CAPTURED, JOIN_BLOCKED);
    absent_under("{\"interfaces\":[\"any\"],\"started\":\"2026-11-21T12:24:28Z\",\"ended\":"
                 "\"2026-11-21T12:24:31Z\",\"status\":\"complete\",\"dropped\":0}",
                 true, JOIN_NOT_ON_WIRE, JOIN_BLOCKED_ABSENT);
    absent_under(
        "{\"interfaces\":[\"eth0\",\"tun0\"],\"started\":\"2026-11-21T12:24:28Z\",\"ended\":"
        "\"2026-11-21T12:24:31Z\",\"status\":\"complete\",\"dropped\":1}",
        true, JOIN_NOT_CAPTURED, JOIN_BLOCKED);
    absent_under(
        "{\"interfaces\":[\"eth0\",\"tun0\"],\"started\":\"2026-11-21T12:24:29.7Z\",\"ended\":"
        "\"2026-11-21T12:24:31Z\",\"status\":\"complete\",\"dropped\":0}",
        true, JOIN_NOT_CAPTURED, JOIN_BLOCKED);
}

static void a_capture_that_failed_may_have_lost_anything(void **state)
{
    (void)state;
    absent_under(
        "{\"interfaces\":[\"eth0\",\"tun0\"],\"started\":\"2026-11-21T12:24:28Z\",\"ended\":"
        "\"2026-11-21T12:24:31Z\",\"status\":\"failed\",\"dropped\":null}",
        true, JOIN_NOT_CAPTURED, JOIN_BLOCKED);
}

/* Two messages, of an interface that came up 1.5 s before, and of none that is known. */
static void under_a_new_interface(const char *later, enum join_outcome known,
                                  enum join_outcome unknown)
{
    struct run_files f = run_files_new();
    char events[4096], capture[256];
    struct bytes empty = capture_begin();
    struct event_totals totals;
    snprintf(
        capture, sizeof(capture),
        "{\"interfaces\":[\"eth0\",\"tun0\"],\"later\":%s,\"started\":\"2026-11-21T12:24:28Z\","
        "\"ended\":\"2026-11-21T12:24:31Z\",\"status\":\"complete\",\"dropped\":0}",
        later);
    put_json(&f, capture);
    snprintf(
        events, sizeof(events),
        "{\"timestamp\":\"2026-11-21T12:24:28.500000+0000\",\"event_type\":\"network\",\"seq\":1,\"network\":{"
        "\"change\":\"added\",\"what\":\"interface\",\"interface\":{\"iface\":\"wlan0\",\"index\":9,"
        "\"up\":true,\"loopback\":false}}}\n");
    for (unsigned i = 0; i < 2; i++)
        snprintf(
            events + strlen(events), sizeof(events) - strlen(events),
            "{\"timestamp\":\"2026-11-21T12:24:30.000000+0000\",\"event_type\":\"stun\",\"seq\":%u,"
            "\"src_ip\":\"10.8.0.2\",\"src_port\":5000,\"dest_ip\":\"198.51.100.10\",\"dest_port\":3478,"
            "\"proto\":\"UDP\",\"direction\":\"out\",\"in_iface\":%s,\"iface_source\":\"unknown\","
            "\"hook\":{\"call\":\"sendto\",\"fd\":3,\"result\":20,\"errno\":null},"
            "\"stun\":{\"class\":\"request\",\"method\":\"binding\",\"txid\":\"%024x\"}}\n",
            i + 2, i == 0 ? "\"wlan0\"" : "null", i);
    run_files_put(&f, RUN_EVENTS_FILE, events);
    put_udp(&empty, 0, 0, false, 9, (const uint8_t *)"x", 1);
    run_files_put_bytes(&f, RUN_WIRE_FILE, empty.at, empty.len);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(run->damage_count, 0);
    assert_int_equal(j->exchange_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(j->exchanges[i].outcome, j->messages[i].seq == 2 ? known : unknown);
    join_free(j);
    run_folder_free(run);
    bytes_free(&empty);
    run_files_free(&f);
}

static void a_new_interface_is_covered_only_by_a_capture_that_takes_them(void **state)
{
    (void)state;
    under_a_new_interface("true", JOIN_NOT_ON_WIRE, JOIN_NOT_ON_WIRE);
    under_a_new_interface("false", JOIN_NOT_CAPTURED, JOIN_NOT_CAPTURED);
}

static void a_capture_that_is_cut_is_damage_and_covers_up_to_there(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    char events[4096] = "";
    struct bytes capture = capture_begin();
    struct event_totals totals;
    put_json(&f, covered);
    put_event(events, 1, 100000, 1, "allow");
    put_event(events, 2, 200000, 2, "allow");
    put_event(events, 3, 900000, 3, "allow");
    run_files_put(&f, RUN_EVENTS_FILE, events);
    put_stun(&capture, 1, 100000, 1);
    put_stun(&capture, 1, 600000, 9);
    run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len);
    size_t whole = capture.len;
    put_stun(&capture, 1, 900000, 3);
    run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len - 5);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(run->damage_count, 1);
    assert_string_equal(run->damages[0].file, RUN_WIRE_FILE);
    assert_int_equal(run->damages[0].offset, whole);
    assert_int_equal(j->outcomes[JOIN_CONFIRMED], 1);
    assert_int_equal(j->outcomes[JOIN_NOT_ON_WIRE], 1);  /* the second */
    assert_int_equal(j->outcomes[JOIN_NOT_CAPTURED], 1); /* the third */
    join_free(j);
    run_folder_free(run);
    bytes_free(&capture);
    run_files_free(&f);
}

static void a_capture_that_is_missing_or_no_capture_is_damage(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    struct event_totals totals;
    put_json(&f, covered);
    run_files_put(&f, RUN_EVENTS_FILE, "");
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(run->damage_count, 1);
    join_free(j);
    run_folder_free(run);
    run_files_put(&f, RUN_WIRE_FILE, "this is no capture at all");
    run = run_files_open(&f);
    j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(run->damage_count, 1);
    assert_string_equal(run->damages[0].file, RUN_WIRE_FILE);
    join_free(j);
    run_folder_free(run);
    run_files_free(&f);
}

static void questions_on_the_wire_are_counted_once(void **state)
{
    (void)state;
    static const uint8_t question[] = "\0\7\1\0\0\1\0\0\0\0\0\0\4stun\7example\0\0\1\0\1";
    static const uint8_t answer[] = "\0\7\x81\x80\0\1\0\0\0\0\0\0\4stun\7example\0\0\1\0\1";
    static const uint8_t rubbish[] = "\0\x08\1\0\0\1\0\0\0\0\0\0\xff\xff\xff";
    struct run_files f = run_files_new();
    struct bytes capture = capture_begin();
    struct event_totals totals;
    put_json(&f, "null");
    run_files_put(&f, RUN_EVENTS_FILE, "");
    put_udp(&capture, 0, 0, false, 53, question, sizeof(question) - 1);
    put_udp(&capture, 1, 30, false, 53, question, sizeof(question) - 1); /* carried on */
    put_udp(&capture, 0, 900, true, 53, answer, sizeof(answer) - 1);
    put_udp(&capture, 0, 500000, false, 53, question, sizeof(question) - 1); /* asked again */
    put_udp(&capture, 0, 600000, false, 53, rubbish, sizeof(rubbish) - 1);
    put_udp(&capture, 0, 700000, false, 53, answer, sizeof(answer) - 1); /* of a server here */
    run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(j->question_count, 2);
    assert_string_equal(join_text(j, j->questions[0].name), "stun.example");
    assert_string_equal(join_text(j, j->questions[0].iface), "eth0");
    assert_int_equal(j->questions[0].count, 2);
    assert_int_equal(j->questions[0].first_frame, 1);
    assert_int_equal(j->questions[0].qtype, 1);
    assert_int_equal(j->questions[1].name, JOIN_NONE);
    join_free(j);
    run_folder_free(run);
    /* Somebody else's. */
    run_files_put(&f, RUN_JSON_FILE, "{\"schema\":1}");
    run = run_files_open(&f);
    j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(j->question_count, 0);
    join_free(j);
    run_folder_free(run);
    bytes_free(&capture);
    run_files_free(&f);
}

static void what_left_before_the_run_is_doubtful(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    struct bytes capture = capture_begin();
    struct event_totals totals;
    put_json(&f, covered);
    run_files_put(&f, RUN_EVENTS_FILE, "");
    put_stun(&capture, 0, (uint64_t)-500000, 1);
    put_stun(&capture, 0, 500000, 2);
    run_files_put_bytes(&f, RUN_WIRE_FILE, capture.at, capture.len);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(j->outcomes[JOIN_UNSEEN], 2);
    assert_true(j->exchanges[0].doubtful);
    assert_false(j->exchanges[1].doubtful);
    join_free(j);
    run_folder_free(run);
    bytes_free(&capture);
    run_files_free(&f);
}

static void events_that_are_missing_from_the_file_count_as_lost(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    char events[4096] = "";
    struct event_totals totals;
    put_json(&f, "null");
    put_event(events, 1, 100000, 1, "allow");
    put_event(events, 5, 100000, 2, "allow");
    run_files_put(&f, RUN_EVENTS_FILE, events);
    struct run_folder *run = run_files_open(&f);
    struct join *j = join_run(run, NULL, NULL, &totals);
    assert_non_null(j);
    assert_int_equal(j->events_lost, 3);
    join_free(j);
    run_folder_free(run);
    run_files_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_gives_every_outcome),
        cmocka_unit_test(absence_means_something_only_where_the_capture_was_whole),
        cmocka_unit_test(a_capture_that_failed_may_have_lost_anything),
        cmocka_unit_test(a_new_interface_is_covered_only_by_a_capture_that_takes_them),
        cmocka_unit_test(a_capture_that_is_cut_is_damage_and_covers_up_to_there),
        cmocka_unit_test(a_capture_that_is_missing_or_no_capture_is_damage),
        cmocka_unit_test(questions_on_the_wire_are_counted_once),
        cmocka_unit_test(what_left_before_the_run_is_doubtful),
        cmocka_unit_test(events_that_are_missing_from_the_file_count_as_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
