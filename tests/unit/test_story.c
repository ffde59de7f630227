/* Records of every kind go into a story; the events that come out are looked at whole.
 * RTCSHIM_TEST_EVENTS=FILE keeps them as NDJSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fake_process.h"
#include "policy.h"
#include "stun_integrity.h"
#include "tell.h"

static json_t *events; /* array of copies */
static struct story *story;

static void keep(const json_t *event, void *ctx)
{
    const char *path = getenv("RTCSHIM_TEST_EVENTS");
    FILE *file = path ? fopen(path, "a") : NULL;

    (void)ctx;
    json_array_append_new(events, json_deep_copy(event));
    if (file) {
        json_dumpf(event, file, JSON_COMPACT);
        fputc('\n', file);
        fclose(file);
    }
}

static int set_up(void **state)
{
    struct story_options options = {.policy = "observe", .event = keep};
    struct network *network = network_new_offline();

    (void)state;
    events = json_array();
    story = story_new_on(&options, network);
    return story ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    story_free(story);
    json_decref(events);
    return 0;
}

static struct netaddr ip(const char *text, uint16_t port)
{
    struct netaddr addr = {0};

    assert_true(netaddr_parse_ip(text, &addr));
    addr.port = port;
    return addr;
}

static struct event head_of(enum event_kind kind, enum event_call call, uint32_t flags)
{
    struct event head = {
        .kind = (uint16_t)kind,
        .call = (uint16_t)call,
        .flags = flags,
        .process = 1,
        .tid = 7636,
        .time_ns = UINT64_C(1795219958123456789),
        .caller = 0x2a1f0,
        .fd = 26,
        .rule = POLICY_RULE_DEFAULT,
    };

    return head;
}

/* Through event_view(), as in a run: a record that it refuses would never come here. */
static void record(struct event head, const void *data, size_t len)
{
    static uint8_t bytes[EVENT_RECORD_MAX];
    struct event_view view;

    head.data_len = (uint32_t)len;
    if (head.full_len < len)
        head.full_len = (uint32_t)len;
    memcpy(bytes, &head, sizeof head);
    if (len)
        memcpy(bytes + sizeof head, data, len);
    assert_true(event_view(bytes, sizeof head + len, &view));
    story_record(story, &view, &fake_process);
}

static json_t *event_at(size_t i)
{
    assert_true(i < json_array_size(events));
    return json_array_get(events, i);
}

static const char *text_at(size_t i, const char *object, const char *key)
{
    const json_t *o = object ? json_object_get(event_at(i), object) : event_at(i);
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "(none)";
}

static size_t binding_request(uint8_t buf[static 64])
{
    static const uint8_t txid[12] = {0xb7, 0x1d, 0xa6, 0x55, 0x15, 0x11,
                                     0x69, 0x3c, 0xbe, 0xb0, 0x5c, 0x12};
    struct stun_builder b;

    assert_int_equal(stun_build(&b, buf, 64, STUN_METHOD_BINDING, STUN_REQUEST, txid), STUN_OK);
    return b.len;
}

static size_t binding_success(uint8_t *buf, size_t size, const char *mapped)
{
    static const uint8_t txid[12] = {0xb7, 0x1d};
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS, .as.address = ip(mapped, 40000)};
    struct stun_builder b;

    stun_build(&b, buf, size, STUN_METHOD_BINDING, STUN_SUCCESS_RESPONSE, txid);
    assert_int_equal(stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &value), STUN_OK);
    stun_add_fingerprint(&b);
    return b.len;
}

static void tells_a_request_exactly_as_the_interface_document_shows_it(void **state)
{
    uint8_t message[64];
    size_t len = binding_request(message);
    struct event head = head_of(EVENT_STUN, EVENT_CALL_sendto, EVENT_OUT | EVENT_UDP);

    (void)state;
    head.local = ip("10.8.0.2", 59361);
    head.remote = ip("198.51.100.10", 3478);
    head.result = 20;
    record(head, message, len);

    char *text = json_dumps(event_at(0), JSON_COMPACT);
    assert_string_equal(
        text,
        "{\"timestamp\":\"2026-11-21T00:12:38.123456+0000\",\"event_type\":\"stun\",\"witness\":"
        "\"shim\",\"seq\":1,\"src_ip\":\"10.8.0.2\",\"src_port\":59361,\"dest_ip\":\"198.51.100."
        "10\",\"dest_port\":3478,\"proto\":\"UDP\",\"direction\":\"out\",\"in_iface\":null,"
        "\"iface_source\":\"unknown\",\"process\":{\"pid\":7610,\"tid\":8636,\"name\":\"firefox-"
        "esr\",\"thread\":\"Socket Thread\",\"role\":\"socket\"},\"hook\":{\"call\":\"sendto\","
        "\"fd\":26,\"result\":20,\"errno\":null,\"caller\":\"libnss3.so+0x2a1f0\"},\"stun\":{"
        "\"class\":\"request\",\"method\":\"binding\",\"txid\":\"b71da6551511693cbeb05c12\","
        "\"length\":0,\"attributes\":[]},\"verdict\":{\"action\":\"allow\",\"rule\":\"observe:"
        "default\"}}");
    free(text);
}

static void swaps_the_ends_of_what_came_in_and_tells_what_the_server_learned(void **state)
{
    uint8_t message[128];
    size_t len = binding_success(message, sizeof message, "203.0.113.9");
    struct event head = head_of(EVENT_STUN, EVENT_CALL_recvmsg, EVENT_IN | EVENT_UDP);

    (void)state;
    head.local = ip("10.8.0.2", 59361);
    head.remote = ip("198.51.100.10", 3478);
    record(head, message, len);
    assert_string_equal(text_at(0, NULL, "src_ip"), "198.51.100.10");
    assert_string_equal(text_at(0, NULL, "dest_ip"), "10.8.0.2");
    assert_string_equal(text_at(0, NULL, "direction"), "in");
    assert_string_equal(text_at(0, "stun", "fingerprint"), "ok");

    json_t *verdict = story_verdict_json(story);
    json_t *server = json_array_get(json_object_get(verdict, "servers"), 0);
    json_t *learned = json_array_get(json_object_get(server, "learned"), 0);
    assert_string_equal(json_string_value(json_object_get(server, "server")), "198.51.100.10:3478");
    assert_string_equal(json_string_value(json_object_get(learned, "ip")), "203.0.113.9");
    assert_string_equal(json_string_value(json_object_get(learned, "kind")), "public");
    json_decref(verdict);
}

static void names_a_server_after_the_lookup_that_found_it(void **state)
{
    static const char name[] = "stun.example.org";
    uint8_t data[24 + sizeof(struct netaddr)] = {0}, message[64];
    struct netaddr found = ip("198.51.100.10", 0);
    struct event head = head_of(EVENT_NAME, EVENT_CALL_getaddrinfo, EVENT_IN);

    (void)state;
    memcpy(data, name, sizeof name);
    memcpy(data + 24, &found, sizeof found);
    head.arg = 1;
    record(head, data, sizeof data);
    assert_string_equal(text_at(0, NULL, "event_type"), "dns");
    assert_string_equal(text_at(0, "dns", "via"), "getaddrinfo");
    assert_string_equal(text_at(0, "dns", "question"), name);

    head = head_of(EVENT_STUN, EVENT_CALL_send, EVENT_OUT | EVENT_UDP);
    head.remote = ip("198.51.100.10", 3478);
    record(head, message, binding_request(message));
    assert_string_equal(text_at(1, NULL, "dest_name"), name);
}

static void tells_a_probe_with_its_answer_and_a_failed_one_without(void **state)
{
    struct event head = head_of(EVENT_PROBE, EVENT_CALL_getsockname, EVENT_UDP);
    const json_t *probe;

    (void)state;
    head.local = ip("192.168.1.23", 40001);
    head.remote = ip("8.8.8.8", 53);
    record(head, NULL, 0);
    probe = json_object_get(event_at(0), "probe");
    assert_string_equal(json_string_value(json_object_get(json_object_get(probe, "answer"), "ip")),
                        "192.168.1.23");

    head = head_of(EVENT_CONNECT, EVENT_CALL_connect, EVENT_UDP | EVENT_FAILED);
    head.remote = ip("2001:4860:4860::8888", 53);
    head.result = -1;
    head.error = ENETUNREACH;
    record(head, NULL, 0);
    assert_true(json_is_null(json_object_get(json_object_get(event_at(1), "probe"), "answer")));
    assert_string_equal(text_at(1, "hook", "errno"), "ENETUNREACH");
}

static void says_nothing_of_a_connect_that_went_well_or_went_to_a_private_host(void **state)
{
    struct event head = head_of(EVENT_CONNECT, EVENT_CALL_connect, EVENT_UDP);

    (void)state;
    head.remote = ip("8.8.8.8", 53);
    record(head, NULL, 0);
    head.flags |= EVENT_FAILED;
    head.error = ENETUNREACH;
    head.result = -1;
    head.remote = ip("192.168.1.1", 53);
    record(head, NULL, 0);
    head.remote = ip("8.8.8.8", 4000);
    record(head, NULL, 0);
    assert_int_equal(json_array_size(events), 0);
}

static void tells_every_connect_that_a_policy_refused(void **state)
{
    struct event head =
        head_of(EVENT_CONNECT, EVENT_CALL_connect, EVENT_TCP | EVENT_FAILED | EVENT_REFUSED);

    (void)state;
    head.remote = ip("192.168.1.1", 3478);
    head.result = -1;
    head.error = ENETUNREACH;
    head.action = POLICY_DENY;
    record(head, NULL, 0);
    assert_string_equal(text_at(0, NULL, "event_type"), "connect");
    assert_string_equal(text_at(0, "verdict", "action"), "deny");
    assert_string_equal(text_at(0, NULL, "dest_ip"), "192.168.1.1");
    head.flags = EVENT_UDP | EVENT_FAILED | EVENT_REFUSED;
    record(head, NULL, 0);
    assert_string_equal(text_at(1, NULL, "event_type"), "probe");
    assert_string_equal(text_at(1, "verdict", "action"), "deny");
    head.flags = EVENT_TCP | EVENT_FAILED; /* nobody's business */
    head.action = POLICY_ALLOW;
    record(head, NULL, 0);
    assert_int_equal(json_array_size(events), 2);
}

static void tells_each_channel_once_and_counts_the_rest(void **state)
{
    uint8_t data[12] = {0x40, 0x01, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    struct event head = head_of(EVENT_CHANNEL_DATA, EVENT_CALL_sendto, EVENT_OUT | EVENT_UDP);

    (void)state;
    head.remote = ip("198.51.100.10", 3478);
    for (int i = 0; i < 5; i++)
        record(head, data, sizeof data);
    assert_int_equal(json_array_size(events), 1);
    story_flush(story, true);
    assert_int_equal(json_array_size(events), 2);
    const json_t *counted = json_object_get(event_at(1), "channel_data");
    assert_int_equal(json_integer_value(json_object_get(counted, "packets")), 4);
    assert_int_equal(json_integer_value(json_object_get(counted, "bytes")), 32);
    assert_int_equal(json_integer_value(json_object_get(event_at(1), "seq")), 2);
    story_flush(story, true);
    assert_int_equal(json_array_size(events), 2);
}

static void tells_stun_inside_a_channel_every_time(void **state)
{
    uint8_t data[4 + 64] = {0x40, 0x02};
    struct event head = head_of(EVENT_CHANNEL_DATA, EVENT_CALL_recv, EVENT_IN | EVENT_UDP);
    size_t len = binding_request(data + 4);

    (void)state;
    data[3] = (uint8_t)len;
    record(head, data, len + 4);
    record(head, data, len + 4);
    assert_int_equal(json_array_size(events), 2);
    const json_t *nested = json_object_get(json_object_get(event_at(1), "channel_data"), "nested");
    assert_string_equal(json_string_value(json_object_get(nested, "method")), "binding");
    story_flush(story, true);
    assert_int_equal(json_array_size(events), 2);
}

static void tells_getifaddrs_ioctl_files_and_socket_options(void **state)
{
    struct event_interface list[2] = {{.name = "lo", .index = 1}, {.name = "tun0", .index = 4}};
    struct ifreq request = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    struct event head = head_of(EVENT_INTERFACES, EVENT_CALL_getifaddrs, EVENT_IN);

    (void)state;
    list[0].addr = ip("127.0.0.1", 0);
    list[1].addr = ip("10.8.0.2", 0);
    head.arg = 2;
    record(head, list, sizeof list);
    assert_string_equal(text_at(0, "enumeration", "via"), "getifaddrs");
    const json_t *shown = json_object_get(json_object_get(event_at(0), "enumeration"), "shown");
    assert_int_equal(json_array_size(shown), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(shown, 1), "iface")),
                        "tun0");

    snprintf(request.ifr_name, sizeof request.ifr_name, "eth0");
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(0xc0a80117);
    head = head_of(EVENT_IOCTL, EVENT_CALL_ioctl, EVENT_IN);
    head.arg = SIOCGIFADDR;
    record(head, &request, sizeof request);
    assert_string_equal(text_at(1, "enumeration", "request"), "SIOCGIFADDR");
    shown = json_object_get(json_object_get(event_at(1), "enumeration"), "shown");
    assert_string_equal(json_string_value(json_object_get(json_array_get(shown, 0), "ip")),
                        "192.168.1.23");

    head = head_of(EVENT_FILE, EVENT_CALL_open, 0);
    record(head, "/proc/net/if_inet6", 18);
    assert_string_equal(text_at(2, "enumeration", "path"), "/proc/net/if_inet6");

    head = head_of(EVENT_SOCKOPT, EVENT_CALL_setsockopt, EVENT_UDP);
    head.arg = SOL_SOCKET << 16 | SO_BINDTODEVICE;
    record(head, "tun0", 5);
    assert_string_equal(text_at(3, NULL, "event_type"), "socket");
    assert_string_equal(text_at(3, "socket", "iface"), "tun0");
}

static void tells_dns_and_mdns_and_learns_from_answers(void **state)
{
    static const uint8_t answer[] = {
        0x12, 0x34, 0x81, 0x80, 0,    1,  0, 1, 0, 0, 0, 0, 4, 's', 't', 'u', 'n', 1,  'x', 0,
        0,    1,    0,    1,    0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60,  0,   4,   198, 51, 100, 10};
    static const uint8_t announce[] = {0, 0,   0x84, 0,   0,   0,   0,   1,   0,   0, 0, 0,
                                       1, 'a', 5,    'l', 'o', 'c', 'a', 'l', 0,   0, 1, 0x80,
                                       1, 0,   0,    0,   120, 0,   4,   192, 168, 1, 23};
    struct event head = head_of(EVENT_DNS, EVENT_CALL_recvfrom, EVENT_IN | EVENT_UDP);

    (void)state;
    head.remote = ip("10.8.0.1", 53);
    record(head, answer, sizeof answer);
    assert_string_equal(text_at(0, "dns", "question"), "stun.x");
    assert_string_equal(text_at(0, "dns", "server"), "10.8.0.1");
    struct netaddr server = ip("198.51.100.10", 0);
    assert_string_equal(names_find(story->names, &server), "stun.x");

    head = head_of(EVENT_MDNS, EVENT_CALL_sendto, EVENT_OUT | EVENT_UDP);
    head.remote = ip("224.0.0.251", 5353);
    record(head, announce, sizeof announce);
    assert_string_equal(text_at(1, NULL, "event_type"), "mdns");
    const json_t *answers = json_object_get(json_object_get(event_at(1), "mdns"), "answers");
    assert_string_equal(json_string_value(json_object_get(json_array_get(answers, 0), "data")),
                        "192.168.1.23");
}

static void numbers_events_without_gaps_and_tells_losses_among_them(void **state)
{
    uint8_t message[64];
    size_t len = binding_request(message);
    struct process hidden = {.pid = 99, .name = "stat\xff", .coverage = COVERAGE_STATIC};

    (void)state;
    record(head_of(EVENT_STUN, EVENT_CALL_send, EVENT_OUT | EVENT_UDP), message, len);
    story_lost(story, 12, "ring full");
    story_lost(story, 0, "ring full");
    story_process(story, &hidden);
    story_lost(story, 3, "writer killed");
    assert_int_equal(json_array_size(events), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_integer_value(json_object_get(event_at(i), "seq")), i + 1);
    assert_int_equal(story_lost_total(story), 15);
    assert_string_equal(text_at(1, "stats", "reason"), "ring full");
    assert_string_equal(text_at(2, "process", "name"), "stat\xef\xbf\xbd");
    json_t *counts = story_counts_json(story);
    assert_int_equal(json_integer_value(json_object_get(counts, "stats")), 2);
    json_decref(counts);
}

static void tells_a_message_that_does_not_decode_too(void **state)
{
    static const uint8_t rubbish[20] = {0xff, 0xff, 0xff};

    (void)state;
    record(head_of(EVENT_STUN, EVENT_CALL_send, EVENT_OUT | EVENT_UDP), rubbish, sizeof rubbish);
    assert_int_equal(json_array_size(events), 1);
    assert_string_not_equal(text_at(0, "stun", "damaged"), "(none)");
}

/* Everything a person reads at the end fits a screen, however much there was. */
static void keeps_the_summary_to_a_screenful(void **state)
{
    uint8_t message[128];
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    struct process hidden = {.pid = 99, .name = "st\033[2Jatic", .coverage = COVERAGE_STATIC};
    struct process *uncovered[41] = {0};

    (void)state;
    for (int i = 0; i < 40; i++) {
        char server[32], mapped[32];
        struct event head = head_of(EVENT_STUN, EVENT_CALL_recv, EVENT_IN | EVENT_UDP);
        snprintf(server, sizeof server, "198.51.100.%d", i);
        snprintf(mapped, sizeof mapped, "203.0.113.%d", i);
        head.remote = ip(server, 3478);
        record(head, message, binding_success(message, sizeof message, mapped));
        head = head_of(EVENT_PROBE, EVENT_CALL_getsockname, EVENT_UDP);
        head.local = ip("192.168.1.23", 40001);
        head.remote = ip(server, 53);
        record(head, NULL, 0);
        snprintf(server, sizeof server, "/proc/net/%d", i);
        record(head_of(EVENT_FILE, EVENT_CALL_open, 0), server, strlen(server));
        uncovered[i] = &hidden;
    }
    story_summary(story, out, uncovered, false, "/tmp/run");
    fclose(out);
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    assert_true(lines > 10 && lines <= 50);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "198.51.100.0:3478"));
    assert_non_null(strstr(text, "203.0.113.0"));
    assert_non_null(strstr(text, "NOT COVERED"));
    assert_non_null(strstr(text, "0 lost"));
    free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tells_a_request_exactly_as_the_interface_document_shows_it),
        TEST(swaps_the_ends_of_what_came_in_and_tells_what_the_server_learned),
        TEST(names_a_server_after_the_lookup_that_found_it),
        TEST(tells_a_probe_with_its_answer_and_a_failed_one_without),
        TEST(tells_every_connect_that_a_policy_refused),
        TEST(says_nothing_of_a_connect_that_went_well_or_went_to_a_private_host),
        TEST(tells_each_channel_once_and_counts_the_rest),
        TEST(tells_stun_inside_a_channel_every_time),
        TEST(tells_getifaddrs_ioctl_files_and_socket_options),
        TEST(tells_dns_and_mdns_and_learns_from_answers),
        TEST(numbers_events_without_gaps_and_tells_losses_among_them),
        TEST(tells_a_message_that_does_not_decode_too),
        TEST(keeps_the_summary_to_a_screenful),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
