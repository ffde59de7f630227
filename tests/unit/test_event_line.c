/* One line of events.ndjson: what is taken from it, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_line.h"
#include "run_folder.h"

static const char stun_line[] =
    "{\"timestamp\":\"2026-11-21T12:24:31.917150+0000\",\"event_type\":\"stun\",\"witness\":\"shim\","
    "\"seq\":112,\"src_ip\":\"10.8.0.2\",\"src_port\":57777,\"dest_ip\":\"198.51.100.20\",\"dest_port\":3478,"
    "\"dest_name\":\"stun.example.org\",\"bound_ip\":\"0.0.0.0\",\"proto\":\"UDP\",\"direction\":\"out\","
    "\"in_iface\":\"tun0\",\"iface_source\":\"pinned\",\"address_iface\":\"eth0\","
    "\"process\":{\"pid\":1725,\"tid\":1736,\"name\":\"firefox-esr\",\"thread\":\"Socket Thread\",\"role\":\"socket\"},"
    "\"hook\":{\"call\":\"sendto\",\"fd\":28,\"result\":20,\"errno\":null,\"caller\":\"libnspr4.so+0x27789\"},"
    "\"stun\":{\"class\":\"success\",\"method\":\"allocate\",\"txid\":\"265734f22d93685b481f932c\",\"length\":44,"
    "\"attributes\":[{\"type\":\"0x0020\",\"name\":\"XOR-MAPPED-ADDRESS\",\"length\":8,\"ip\":\"1.2.3.4\",\"port\":1}],"
    "\"mapped\":{\"ip\":\"203.0.113.8\",\"port\":57777},\"xor_relayed\":{\"ip\":\"2001:db8::1\",\"port\":9},"
    "\"software\":\"x\",\"error\":{\"code\":401,\"reason\":\"Unauthorized\"},\"fingerprint\":\"ok\"},"
    "\"verdict\":{\"action\":\"pin\",\"rule\":\"vpn:7\"}}";

static bool text_is(const struct event_text *text, const char *expected)
{
    return text->at && text->len == strlen(expected) && memcmp(text->at, expected, text->len) == 0;
}

/* A line, its memory exactly as long as it is, so that a sanitizer sees what reads past it. */
struct taken {
    struct event_parser *p;
    char *text;
    struct event_line line;
    struct event_line_fault fault;
    bool good;
};

static struct taken take_bytes(const char *text, size_t len)
{
    struct taken t = {.p = event_parser_new(), .text = malloc(len ? len : 1)};
    assert_non_null(t.p);
    assert_non_null(t.text);
    memcpy(t.text, text, len);
    t.good = event_line_parse(t.p, t.text, len, &t.line, &t.fault);
    return t;
}

static struct taken take(const char *text)
{
    return take_bytes(text, strlen(text));
}

static void done(struct taken *t)
{
    event_parser_free(t->p);
    free(t->text);
}

static void a_stun_line_gives_what_the_join_needs(void **state)
{
    (void)state;
    static const uint8_t txid[16] = {0x26, 0x57, 0x34, 0xf2, 0x2d, 0x93,
                                     0x68, 0x5b, 0x48, 0x1f, 0x93, 0x2c};
    struct taken t = take(stun_line);
    struct netaddr mapped;
    assert_true(t.good);
    assert_int_equal(t.line.type, EVENT_LINE_STUN);
    assert_int_equal(t.line.time_ns, UINT64_C(1795263871917150000));
    assert_int_equal(t.line.seq, 112);
    assert_false(t.line.wire);
    assert_int_equal(t.line.src.port, 57777);
    assert_int_equal(t.line.dst.port, 3478);
    assert_int_equal(t.line.dst.ip[3], 20);
    assert_int_equal(t.line.bound.family, NETADDR_IPV4);
    assert_true(text_is(&t.line.dest_name, "stun.example.org"));
    assert_int_equal(t.line.protocol, 17);
    assert_int_equal(t.line.direction, EVENT_LINE_OUT);
    assert_int_equal(t.line.iface_source, EVENT_LINE_PINNED);
    assert_true(text_is(&t.line.iface, "tun0"));
    assert_true(text_is(&t.line.address_iface, "eth0"));
    assert_int_equal(t.line.process.pid, 1725);
    assert_true(text_is(&t.line.process.thread, "Socket Thread"));
    assert_true(t.line.hook.there);
    assert_false(t.line.hook.failed);
    assert_int_equal(t.line.hook.result, 20);
    assert_int_equal(t.line.stun.type, 0x0103);
    assert_int_equal(t.line.stun.txid_len, 12);
    assert_memory_equal(t.line.stun.txid, txid, 16);
    assert_true(netaddr_parse_ip("203.0.113.8", &mapped));
    mapped.port = 57777;
    assert_true(netaddr_same(&t.line.stun.mapped, &mapped));
    assert_int_equal(t.line.stun.relayed.family, NETADDR_IPV6);
    assert_int_equal(t.line.stun.error_code, 401);
    assert_int_equal(t.line.action, EVENT_LINE_PIN);
    assert_true(text_is(&t.line.rule, "vpn:7"));
    done(&t);
}

static void every_prefix_of_a_line_is_damaged(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(stun_line) - 1; len++) {
        struct taken t = take_bytes(stun_line, len);
        assert_false(t.good);
        assert_non_null(t.fault.reason);
        assert_true(t.fault.offset <= len);
        done(&t);
    }
}

static void a_line_with_one_byte_changed_is_read_or_refused(void **state)
{
    (void)state;
    static const char bytes[] = "\"{}[]:,\\0\x01\xff";
    char text[sizeof(stun_line)];
    for (size_t at = 0; at < sizeof(stun_line) - 1; at++)
        for (size_t k = 0; k < sizeof(bytes); k++) {
            memcpy(text, stun_line, sizeof(text));
            text[at] = bytes[k];
            struct taken t = take_bytes(text, sizeof(text) - 1);
            assert_true(t.good || t.fault.reason);
            done(&t);
        }
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        " ",
        "[]",
        "\"x\"",
        "{} {}",
        "{}x",
        "{\"seq\":1}}",
        "{\"seq\" 1}",
        "{\"a\":1,\"b\"}",
        "{1:2}",
        "{\"seq\":1 \"x\":2}",
        "{\"a\":}",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct taken t = take(lines[i]);
        if (t.good)
            print_message("accepted: %s\n", lines[i]);
        assert_false(t.good);
        done(&t);
    }
    static const char zero[] = "{\"seq\":1}\0";
    struct taken t = take_bytes(zero, sizeof(zero));
    assert_false(t.good);
    done(&t);
}

static void the_offset_of_the_damage_is_told(void **state)
{
    (void)state;
    struct taken t = take("{\"seq\":1,\"event_type\":\"st\\xun\"}");
    assert_false(t.good);
    assert_int_equal(t.fault.offset, 22);
    done(&t);
}

static void escapes_are_resolved_and_other_bytes_do_nothing(void **state)
{
    (void)state;
    struct taken t =
        take("{\"process\":{\"pid\":1,\"name\":\"a\\u001b[31m\\n\\\"\\\\\\/\\u00fc\\ud83d\\ude00"
             "\\ud800x\\ud83d\\u0041\\u0000\xff\x01\"}}");
    assert_true(t.good);
    assert_true(text_is(&t.line.process.name,
                        "a\x1b[31m\n\"\\/\xc3\xbc\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd"
                        "A\xef\xbf\xbd??"));
    done(&t);
}

static void null_and_values_of_another_type_are_absent(void **state)
{
    (void)state;
    struct taken t =
        take("{\"seq\":\"7\",\"in_iface\":null,\"src_ip\":5,\"dest_ip\":\"300.1.1.1\","
             "\"process\":[1],\"hook\":{\"call\":{\"x\":1},\"result\":1e3,\"fd\":null},"
             "\"src_port\":65536,\"timestamp\":\"yesterday\"}");
    assert_true(t.good);
    assert_int_equal(t.line.seq, 0);
    assert_null(t.line.iface.at);
    assert_int_equal(t.line.src.family, NETADDR_NONE);
    assert_int_equal(t.line.src.port, 0);
    assert_int_equal(t.line.dst.family, NETADDR_NONE);
    assert_int_equal(t.line.process.pid, 0);
    assert_false(t.line.hook.there);
    assert_int_equal(t.line.hook.fd, -1);
    assert_int_equal(t.line.time_ns, 0);
    done(&t);
    t = take("{\"dest_ip\":\"010.1.1.1\",\"src_ip\":\"1.2.3\"}");
    assert_int_equal(t.line.dst.family, NETADDR_NONE);
    assert_int_equal(t.line.src.family, NETADDR_NONE);
    done(&t);
}

static void a_failed_call_is_known(void **state)
{
    (void)state;
    struct taken t =
        take("{\"hook\":{\"call\":\"sendto\",\"fd\":3,\"result\":-1,\"errno\":\"EPERM\"}}");
    assert_true(t.good);
    assert_true(t.line.hook.failed);
    assert_true(text_is(&t.line.hook.error, "EPERM"));
    done(&t);
}

static void message_types_follow_from_class_and_method(void **state)
{
    (void)state;
    static const struct {
        const char *cls, *method;
        uint16_t type;
    } rows[] = {
        {"request", "binding", 0x0001},         {"indication", "send", 0x0016},
        {"error", "create-permission", 0x0118}, {"success", "channel-bind", 0x0109},
        {"request", "goog-ping", 0x0200},       {"request", "0x0abc", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "{\"event_type\":\"stun\",\"stun\":{\"class\":\"%s\",\"method\":\"%s\",\"txid\":"
                 "\"000000000000000000000000\"}}",
                 rows[i].cls, rows[i].method);
        struct taken t = take(text);
        assert_true(t.good);
        if (i < 5)
            assert_int_equal(t.line.stun.type, rows[i].type);
        else /* bits 0 to 3, 4 to 6 and 7 to 11 of the method stand apart */
            assert_int_equal(t.line.stun.type,
                             (0xabc & 0xf) | (0xabc & 0x70) << 1 | (0xabc & 0xf80) << 2);
        done(&t);
    }
}

static void an_id_of_another_length_is_no_message(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "26", "265734f22d93685b481f932",
                                      "xx5734f22d93685b481f932c",
                                      "265734f22d93685b481f932c265734f22d93685b481f932c"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{\"event_type\":\"stun\",\"stun\":{\"txid\":\"%s\"}}",
                 ids[i]);
        struct taken t = take(text);
        assert_true(t.good);
        assert_false(t.line.stun.there);
        done(&t);
    }
    struct taken t = take("{\"event_type\":\"stun\",\"stun\":{\"txid\":"
                          "\"00112233445566778899aabbccddeeff\",\"classic\":true}}");
    assert_true(t.line.stun.there);
    assert_int_equal(t.line.stun.txid_len, 16);
    assert_int_equal(t.line.stun.txid[15], 0xff);
    done(&t);
}

static void channel_data_gives_its_number(void **state)
{
    (void)state;
    struct taken t = take("{\"event_type\":\"stun\",\"channel_data\":{\"channel\":\"0x4001\","
                          "\"packets\":3,\"bytes\":99}}");
    assert_true(t.line.channel.there);
    assert_int_equal(t.line.channel.channel, 0x4001);
    assert_int_equal(t.line.channel.packets, 3);
    done(&t);
}

static void an_owner_names_a_process_and_whether_it_is_of_the_run(void **state)
{
    (void)state;
    struct taken t = take(
        "{\"event_type\":\"owner\",\"witness\":\"wire\",\"process\":{\"pid\":9,\"name\":\"x\"},"
        "\"owner\":{\"inode\":77,\"uid\":1000,\"source\":\"sock_diag\",\"of_run\":false}}");
    assert_true(t.good);
    assert_int_equal(t.line.type, EVENT_LINE_OWNER);
    assert_true(t.line.wire);
    assert_int_equal(t.line.changed.of_run, EVENT_LINE_FALSE);
    assert_int_equal(t.line.changed.uid, 1000);
    done(&t);
    t = take("{\"event_type\":\"owner\",\"owner\":{\"of_run\":null}}");
    assert_int_equal(t.line.changed.of_run, EVENT_LINE_NULL);
    done(&t);
}

static void network_and_stats_lines_give_what_changed(void **state)
{
    (void)state;
    struct taken t = take(
        "{\"event_type\":\"network\",\"network\":{\"change\":\"added\",\"what\":\"address\",\"address\":{"
        "\"iface\":\"tun1\",\"ip\":\"10.9.0.2\",\"prefix\":24}}}");
    assert_true(text_is(&t.line.changed.change, "added"));
    assert_true(text_is(&t.line.changed.iface, "tun1"));
    assert_int_equal(t.line.changed.ip.ip[0], 10);
    assert_int_equal(t.line.changed.value, 24);
    done(&t);
    t = take(
        "{\"event_type\":\"stats\",\"stats\":{\"lost\":4,\"lost_total\":9,\"reason\":\"full\"}}");
    assert_int_equal(t.line.changed.lost, 4);
    assert_int_equal(t.line.changed.lost_total, 9);
    done(&t);
}

static void an_unknown_type_keeps_the_common_fields(void **state)
{
    (void)state;
    struct taken t = take("{\"event_type\":\"weather\",\"seq\":5,\"src_ip\":\"::1\"}");
    assert_true(t.good);
    assert_int_equal(t.line.type, EVENT_LINE_OTHER);
    assert_int_equal(t.line.seq, 5);
    assert_int_equal(t.line.src.family, NETADDR_IPV6);
    done(&t);
}

struct list {
    unsigned count;
    char text[512];
};

static void add_entry(const struct event_entry *entry, void *context)
{
    struct list *list = context;
    char ip[NETADDR_IP_TEXT_BYTES];
    size_t at = strlen(list->text);
    list->count++;
    snprintf(list->text + at, sizeof(list->text) - at, "%.*s%.*s=%s;", (int)entry->iface.len,
             entry->iface.at ? entry->iface.at : "", (int)entry->name.len,
             entry->name.at ? entry->name.at : "", netaddr_format_ip(&entry->ip, ip, sizeof(ip)));
}

static void lists_of_addresses_and_records_are_walked(void **state)
{
    (void)state;
    struct list list = {0};
    struct taken t =
        take("{\"event_type\":\"enumeration\",\"enumeration\":{\"via\":\"netlink\",\"shown\":["
             "{\"iface\":\"lo\",\"ip\":\"127.0.0.1\"},{\"iface\":\"eth0\",\"ip\":null},"
             "{\"iface\":\"eth0\",\"ip\":\"fe80::1%2\"}],\"hidden\":[]},"
             "\"dns\":{\"answers\":[{\"name\":\"a.b\",\"data\":\"192.0.2.1\"}]}}");
    assert_true(t.good);
    assert_true(event_line_list(t.p, &t.line.looks.shown, add_entry, &list));
    assert_int_equal(list.count, 3);
    assert_string_equal(list.text, "lo=127.0.0.1;eth0=-;eth0=fe80::1%2;");
    list = (struct list){0};
    assert_true(event_line_list(t.p, &t.line.names.answers, add_entry, &list));
    assert_string_equal(list.text, "a.b=192.0.2.1;");
    list = (struct list){0};
    assert_true(event_line_list(t.p, &t.line.looks.hidden, add_entry, &list));
    assert_int_equal(list.count, 0);
    done(&t);
}

/* n times s, between two others. */
static char *repeated(const char *before, const char *s, size_t n, const char *after)
{
    size_t len = strlen(s), at = strlen(before);
    char *text = malloc(at + n * len + strlen(after) + 1);
    assert_non_null(text);
    memcpy(text, before, at);
    for (size_t i = 0; i < n; i++, at += len)
        memcpy(text + at, s, len);
    strcpy(text + at, after);
    return text;
}

static void hostile_nesting_and_length_are_bounded(void **state)
{
    (void)state;
    /* Each of these takes no time worth telling, or is refused. */
    char *text = repeated("{\"x\":", "[", 500000, "");
    struct taken t = take(text);
    assert_false(t.good);
    done(&t);
    free(text);
    text = repeated("{\"x\":[{}", ",{}", 60000, "],\"seq\":3}");
    t = take(text);
    assert_true(t.good);
    assert_int_equal(t.line.seq, 3);
    done(&t);
    free(text);
    text = repeated("{\"x\":[1", ",1", EVENT_LINE_TOKENS_MAX, "]}");
    t = take(text);
    assert_false(t.good);
    assert_string_equal(t.fault.reason, "it has too many values");
    done(&t);
    free(text);
    text = repeated("{\"x\":\"", "y", EVENT_LINE_BYTES_MAX, "\"}");
    t = take(text);
    assert_false(t.good);
    assert_string_equal(t.fault.reason, "it is too long");
    done(&t);
    free(text);
}

static void times_are_read_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } rows[] = {
        {"1970-01-01T00:00:01.000000+0000", UINT64_C(1000000000)},
        {"2026-11-21T12:24:29.569220Z", UINT64_C(1795263869569220000)},
        {"2000-02-29T23:59:59Z", UINT64_C(951868799000000000)},
        {"2026-11-21T12:24:29.569220+0100", 0},
        {"2026-13-21T12:24:29Z", 0},
        {"2026-11-21 12:24:29Z", 0},
        {"2026-11-21T12:24:29.Z", 0},
        {"2026-11-21T12:24:29", 0},
        {"9999-11-21T12:24:29Z", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(run_time_ns(rows[i].text, strlen(rows[i].text)), rows[i].ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stun_line_gives_what_the_join_needs),
        cmocka_unit_test(every_prefix_of_a_line_is_damaged),
        cmocka_unit_test(a_line_with_one_byte_changed_is_read_or_refused),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(the_offset_of_the_damage_is_told),
        cmocka_unit_test(escapes_are_resolved_and_other_bytes_do_nothing),
        cmocka_unit_test(null_and_values_of_another_type_are_absent),
        cmocka_unit_test(a_failed_call_is_known),
        cmocka_unit_test(message_types_follow_from_class_and_method),
        cmocka_unit_test(an_id_of_another_length_is_no_message),
        cmocka_unit_test(channel_data_gives_its_number),
        cmocka_unit_test(an_owner_names_a_process_and_whether_it_is_of_the_run),
        cmocka_unit_test(network_and_stats_lines_give_what_changed),
        cmocka_unit_test(an_unknown_type_keeps_the_common_fields),
        cmocka_unit_test(lists_of_addresses_and_records_are_walked),
        cmocka_unit_test(hostile_nesting_and_length_are_bounded),
        cmocka_unit_test(times_are_read_to_the_nanosecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
