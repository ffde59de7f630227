/* A run's folder: what run.json says, and what is damaged, missing or hostile in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event_reader.h"
#include "run_files.h"

static const char run_json[] =
    "{\"schema\":1,\"rtcshim\":\"0.1.0\",\"command\":[\"x\"],\"start\":\"2026-11-21T12:24:29.569220Z\","
    "\"end\":null,\"complete\":false,\"exit_status\":null,\"events\":3,\"events_lost\":2,"
    "\"policy\":{\"name\":\"vpn\",\"vpn\":\"tun0\",\"rules\":[{\"line\":7,\"rule\":\"deny stun via !tun0\"}],"
    "\"hidden\":[{\"iface\":\"eth0\",\"what\":\"interface\"}],\"default\":\"allow\",\"changes\":[]},"
    "\"network\":{\"start\":{\"interfaces\":[{\"iface\":\"lo\",\"index\":1,\"kind\":null,\"up\":true,\"loopback\":true},"
    "{\"iface\":\"tun0\",\"index\":3,\"kind\":\"tun\",\"link_type\":\"none\",\"up\":true}],"
    "\"addresses\":[{\"iface\":\"tun0\",\"ip\":\"10.8.0.2\",\"prefix\":24},{\"iface\":\"tun0\",\"ip\":\"rubbish\"}],"
    "\"routes\":[{\"to\":\"0.0.0.0/0\",\"via\":\"10.8.0.1\",\"iface\":\"tun0\",\"src\":null,\"table\":254,\"metric\":0},"
    "{\"to\":\"fe80::%2/64\",\"iface\":\"eth0\"},{\"to\":\"1.2.3.4/x\"},{\"to\":\"::/129\"}]},\"changes\":[{}]},"
    "\"processes\":[{\"pid\":7,\"name\":\"a\",\"coverage\":\"covered\"},"
    "{\"pid\":8,\"name\":null,\"coverage\":\"static\",\"reason\":\"a static program\",\"used_socket\":true},3],"
    "\"capture\":{\"file\":\"wire.pcapng\",\"interfaces\":[\"eth0\",\"tun0\"],\"started\":\"2026-11-21T12:24:29Z\","
    "\"ended\":\"2026-11-21T12:24:39Z\",\"packets\":273,\"dropped\":1,\"status\":\"failed\",\"reason\":\"disk full\"}}";

static void run_json_is_taken_apart(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    run_files_put(&f, RUN_JSON_FILE, run_json);
    struct run_folder *run = run_files_open(&f);
    assert_true(run->has_json);
    assert_false(run->complete);
    assert_int_equal(run->start_ns, UINT64_C(1795263869569220000));
    assert_int_equal(run->end_ns, 0);
    assert_int_equal(run->exit_status, -1);
    assert_int_equal(run->events_lost, 2);
    assert_string_equal(run->policy_vpn, "tun0");
    assert_int_equal(run->rule_count, 1);
    assert_int_equal(run->rules[0].line, 7);
    assert_string_equal(run->hidden[0].iface, "eth0");
    assert_int_equal(run->iface_count, 2);
    assert_true(run->ifaces[0].loopback);
    assert_null(run->ifaces[0].link_type);
    assert_string_equal(run->ifaces[1].link_type, "none");
    assert_int_equal(run->address_count, 1);
    assert_int_equal(run->route_count, 2);
    assert_int_equal(run->routes[0].via.ip[3], 1);
    assert_int_equal(run->routes[1].prefix, 64);
    assert_int_equal(run->process_count, 3);
    assert_true(run->processes[0].covered);
    assert_int_equal(run->processes[0].used_socket, -1);
    assert_int_equal(run->processes[1].used_socket, 1);
    assert_null(run->processes[1].name);
    assert_true(run->capture.there);
    assert_false(run->capture.complete);
    assert_int_equal(run->capture.iface_count, 2);
    assert_int_equal(run->capture.dropped, 1);
    assert_int_equal(run->capture.ended_ns - run->capture.started_ns, UINT64_C(10000000000));
    assert_int_equal(json_array_size(run->network_changes), 1);
    assert_int_equal(run->damage_count, 0);
    run_folder_free(run);
    run_files_free(&f);
}

static void every_prefix_of_run_json_is_damage_and_no_more(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    for (size_t len = 0; len < sizeof(run_json) - 1; len += 7) {
        run_files_put_bytes(&f, RUN_JSON_FILE, run_json, len);
        struct run_folder *run = run_files_open(&f);
        assert_false(run->has_json);
        assert_int_equal(run->damage_count, 1);
        assert_string_equal(run->damages[0].file, RUN_JSON_FILE);
        assert_true(run->damages[0].offset <= len);
        run_folder_free(run);
    }
    run_files_free(&f);
}

static void the_place_of_damage_in_run_json_is_told(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    run_files_put(&f, RUN_JSON_FILE, "{\n \"schema\": 1,\n \"x\": \x1b}\n");
    struct run_folder *run = run_files_open(&f);
    assert_int_equal(run->damage_count, 1);
    assert_int_equal(run->damages[0].line, 3);
    assert_null(strchr(run->damages[0].reason, '\x1b'));
    run_folder_free(run);
    run_files_free(&f);
}

static void another_schema_is_told(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    run_files_put(&f, RUN_JSON_FILE, "{\"schema\":2}");
    struct run_folder *run = run_files_open(&f);
    assert_int_equal(run->damage_count, 1);
    run_folder_free(run);
    run_files_put(&f, RUN_JSON_FILE, "[]");
    run = run_files_open(&f);
    assert_false(run->has_json);
    assert_int_equal(run->damage_count, 1);
    run_folder_free(run);
    run_files_free(&f);
}

static void a_folder_without_run_json_still_opens(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    struct run_folder *run = run_files_open(&f);
    assert_int_equal(run->damage_count, 1);
    assert_non_null(strstr(run->damages[0].reason, "No such file"));
    run_folder_free(run);
    run_files_free(&f);
}

static void what_is_no_folder_does_not_open(void **state)
{
    (void)state;
    const char *reason = NULL;
    assert_null(run_folder_open("/dev/null", &reason));
    assert_non_null(reason);
    assert_null(run_folder_open("/nowhere/at/all", &reason));
}

static void links_pipes_and_folders_in_place_of_files_are_refused(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    char path[128], target[128];
    run_files_put(&f, "target", run_json);
    run_files_path(&f, "target", target);
    run_files_path(&f, RUN_JSON_FILE, path);
    assert_int_equal(symlink(target, path), 0);
    run_files_path(&f, RUN_EVENTS_FILE, path);
    assert_int_equal(mkfifo(path, 0600), 0);
    run_files_path(&f, RUN_WIRE_FILE, path);
    assert_int_equal(mkdir(path, 0700), 0);
    struct run_folder *run = run_files_open(&f);
    struct event_totals totals;
    assert_false(run->has_json);
    assert_int_equal(run->damage_count, 1);
    assert_string_equal(run->damages[0].reason, "it can't be opened: it is a symbolic link");
    assert_false(event_reader_run(run, NULL, NULL, &totals));
    assert_int_equal(run->damage_count, 2);
    assert_int_equal(run_folder_file(run, RUN_WIRE_FILE), -1);
    run_folder_free(run);
    run_files_free(&f);
}

/* --- the events ------------------------------------------------------------------------------- */

struct told {
    unsigned count;
    uint64_t last_seq, last_line, last_offset;
};

static void tell(const struct event_line *line, void *context)
{
    struct told *told = context;
    told->count++;
    assert_true(line->line > told->last_line);
    told->last_seq = line->seq;
    told->last_line = line->line;
    told->last_offset = line->offset;
}

struct reading {
    struct run_files f;
    struct run_folder *run;
    struct told told;
    struct event_totals totals;
};

static struct reading read_events(const char *json, const char *events, size_t len)
{
    struct reading r = {.f = run_files_new()};
    run_files_put(&r.f, RUN_JSON_FILE, json);
    run_files_put_bytes(&r.f, RUN_EVENTS_FILE, events, len);
    r.run = run_files_open(&r.f);
    assert_true(event_reader_run(r.run, tell, &r.told, &r.totals));
    return r;
}

static void read_done(struct reading *r)
{
    run_folder_free(r->run);
    run_files_free(&r->f);
}

static void a_damaged_line_is_told_and_the_rest_is_read_on(void **state)
{
    (void)state;
    static const char text[] = "{\"seq\":1}\n{\"seq\":2,\"x\n{\"seq\":3}\n";
    struct reading r = read_events("{\"schema\":1}", text, sizeof(text) - 1);
    assert_int_equal(r.told.count, 2);
    assert_int_equal(r.told.last_seq, 3);
    assert_int_equal(r.totals.damaged, 1);
    assert_int_equal(r.totals.missing, 0); /* the damaged one was the second */
    assert_int_equal(r.run->damage_count, 1);
    assert_int_equal(r.run->damages[0].line, 2);
    assert_int_equal(r.run->damages[0].offset, 21);
    read_done(&r);
}

static void half_a_last_line_is_told_with_its_offset(void **state)
{
    (void)state;
    static const char text[] = "{\"seq\":1}\n{\"se";
    struct reading r = read_events("{\"schema\":1}", text, sizeof(text) - 1);
    assert_int_equal(r.told.count, 1);
    assert_int_equal(r.run->damage_count, 1);
    assert_int_equal(r.run->damages[0].offset, 14);
    assert_string_equal(r.run->damages[0].reason, "it ends in the middle");
    read_done(&r);
}

static void gaps_in_the_numbers_are_found(void **state)
{
    (void)state;
    static const char text[] = "{\"seq\":1}\n{\"seq\":5}\n{\"seq\":4}\n{\"seq\":6}\n";
    struct reading r = read_events("{\"schema\":1}", text, sizeof(text) - 1);
    assert_int_equal(r.told.count, 4);
    assert_int_equal(r.totals.missing, 3);
    assert_int_equal(r.run->damage_count, 2);
    assert_int_equal(r.run->damages[0].line, 2);
    assert_int_equal(r.run->damages[1].line, 3);
    read_done(&r);
}

static void a_file_that_ends_too_early_is_found(void **state)
{
    (void)state;
    static const char text[] = "{\"seq\":1}\n{\"seq\":2}\n";
    struct reading r =
        read_events("{\"schema\":1,\"complete\":true,\"events\":5}", text, sizeof(text) - 1);
    assert_int_equal(r.totals.missing, 3);
    assert_int_equal(r.run->damage_count, 1);
    read_done(&r);
    r = read_events("{\"schema\":1,\"complete\":false,\"events\":5}", text, sizeof(text) - 1);
    assert_int_equal(r.run->damage_count, 0);
    read_done(&r);
}

static void many_lines_come_in_order_across_batches(void **state)
{
    (void)state;
    enum { LINES = 40000, BYTES = LINES * 80 };
    char *text = malloc(BYTES);
    size_t len = 0;
    assert_non_null(text);
    for (unsigned i = 1; i <= LINES; i++)
        len += (size_t)snprintf(text + len, BYTES - len, "{\"seq\":%u,\"x\":\"%0*u\"}\n", i,
                                (int)(i * 31 % 50), i);
    struct reading r = read_events("{\"schema\":1}", text, len);
    assert_int_equal(r.told.count, LINES);
    assert_int_equal(r.totals.lines, LINES);
    assert_int_equal(r.totals.bytes, len);
    assert_int_equal(r.run->damage_count, 0);
    assert_int_equal(r.told.last_offset, strrchr(text, '{') - text);
    read_done(&r);
    free(text);
}

static void a_line_that_is_too_long_costs_itself_alone(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        /* As long as a line may be, longer, and longer than what is read at once. */
        size_t filler = k == 0   ? EVENT_LINE_BYTES_MAX - 20
                        : k == 1 ? EVENT_LINE_BYTES_MAX
                                 : 5 << 20;
        char *text = calloc(1, filler + 1000 * 450);
        if (!text)
            abort();
        size_t len = (size_t)sprintf(text, "{\"seq\":1}\n{\"seq\":2,\"x\":\"");
        memset(text + len, 'y', filler);
        len += filler;
        len += (size_t)sprintf(text + len, "\"}\n");
        for (unsigned i = 3; i < 1000; i++)
            len += (size_t)sprintf(text + len, "{\"seq\":%u,\"x\":\"%0400u\"}\n", i, i);
        len += (size_t)sprintf(text + len, "{\"seq\":1000}\n");
        struct reading r = read_events("{\"schema\":1}", text, len);
        assert_int_equal(r.told.last_seq, 1000);
        assert_int_equal(r.told.last_line, 1000);
        assert_int_equal(r.told.last_offset, len - strlen("{\"seq\":1000}\n"));
        assert_int_equal(r.told.count, k == 0 ? 1000 : 999);
        assert_int_equal(r.run->damage_count, k == 0 ? 0 : 1);
        read_done(&r);
        free(text);
    }
}

static void damages_are_bounded_and_counted(void **state)
{
    (void)state;
    char *text = malloc(10000);
    assert_non_null(text);
    for (unsigned i = 0; i < 5000; i++)
        memcpy(text + 2 * i, "x\n", 2);
    struct reading r = read_events("{\"schema\":1}", text, 10000);
    assert_int_equal(r.totals.damaged, 5000);
    assert_int_equal(r.run->damage_count, RUN_DAMAGES_MAX);
    assert_int_equal(r.run->damages_left_out, 4000);
    read_done(&r);
    free(text);
}

static void an_empty_file_has_no_events(void **state)
{
    (void)state;
    struct reading r = read_events("{\"schema\":1}", "", 0);
    assert_int_equal(r.told.count, 0);
    assert_int_equal(r.run->damage_count, 0);
    read_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_json_is_taken_apart),
        cmocka_unit_test(every_prefix_of_run_json_is_damage_and_no_more),
        cmocka_unit_test(the_place_of_damage_in_run_json_is_told),
        cmocka_unit_test(another_schema_is_told),
        cmocka_unit_test(a_folder_without_run_json_still_opens),
        cmocka_unit_test(what_is_no_folder_does_not_open),
        cmocka_unit_test(links_pipes_and_folders_in_place_of_files_are_refused),
        cmocka_unit_test(a_damaged_line_is_told_and_the_rest_is_read_on),
        cmocka_unit_test(half_a_last_line_is_told_with_its_offset),
        cmocka_unit_test(gaps_in_the_numbers_are_found),
        cmocka_unit_test(a_file_that_ends_too_early_is_found),
        cmocka_unit_test(many_lines_come_in_order_across_batches),
        cmocka_unit_test(a_line_that_is_too_long_costs_itself_alone),
        cmocka_unit_test(damages_are_bounded_and_counted),
        cmocka_unit_test(an_empty_file_has_no_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
