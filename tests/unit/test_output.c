/* The analyzer's lines: the same objects as the launcher's, whole JSON whatever the bytes, nothing
 * that acts on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "datagram_bytes.h"
#include "event_write.h"
#include "filter.h"
#include "pipeline.h"
#include "stun_json.h"
#include "stun_vectors.h"
#include "stun_write.h"
#include "tally_write.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    const uint8_t *bytes;
    size_t len;
} vectors[] = {
    {vector_request, sizeof(vector_request)},
    {vector_response_ipv4, sizeof(vector_response_ipv4)},
    {vector_response_ipv6, sizeof(vector_response_ipv6)},
    {vector_request_long_term, sizeof(vector_request_long_term)},
    {vector_request_sha256, sizeof(vector_request_sha256)},
};

/* What only the analyzer writes. */
static void drop_candidate_types(json_t *stun)
{
    json_t *attr;
    size_t i;
    json_array_foreach(json_object_get(stun, "attributes"), i, attr)
    {
        json_object_del(attr, "candidate_type");
        if (json_object_get(attr, "nested"))
            drop_candidate_types(json_object_get(attr, "nested"));
    }
}

/* Both writers say the same of in[0..len); false where it is no message. */
static bool agrees(const uint8_t *in, size_t len, bool classic, bool cut)
{
    struct sink s;
    struct stun_msg msg;
    json_t *theirs = stun_json(in, len, classic, cut, &msg);
    enum stun_status status = stun_decode(in, len, classic, &msg);
    bool is_message = len >= STUN_HEADER_BYTES && (status == STUN_OK || status == STUN_TRUNCATED);
    assert_int_equal(theirs != NULL, is_message);
    if (!is_message)
        return false;
    assert_true(sink_open(&s, -1));
    struct stun_write how = {.cut = cut};
    stun_write_message(&s, &msg, status,
                       cut || status != STUN_OK ? STUN_CHECK_ABSENT : stun_check_fingerprint(&msg),
                       &how);
    json_error_t error;
    json_t *ours = json_loadb(s.buf, s.len, JSON_ALLOW_NUL, &error);
    if (!ours)
        fail_msg("no JSON: %s: %.*s", error.text, (int)s.len, s.buf);
    drop_candidate_types(ours);
    if (!json_equal(ours, theirs))
        fail_msg("analyzer: %.*s\nlauncher: %s", (int)s.len, s.buf,
                 json_dumps(theirs, JSON_COMPACT));
    json_decref(ours);
    json_decref(theirs);
    sink_close(&s);
    return true;
}

static void a_message_is_written_as_the_launcher_writes_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        assert_true(agrees(vectors[i].bytes, vectors[i].len, false, false));
        for (size_t len = 0; len < vectors[i].len; len++) {
            agrees(vectors[i].bytes, len, false, false);
            agrees(vectors[i].bytes, len, false, true);
        }
    }
}

static void random_attributes_are_written_as_the_launcher_writes_them(void **state)
{
    static const uint16_t types[] = {0x0001, 0x0003, 0x0006, 0x0008, 0x0009, 0x000a, 0x000c,
                                     0x000d, 0x0012, 0x0013, 0x0016, 0x0017, 0x0018, 0x0019,
                                     0x001a, 0x001d, 0x0020, 0x0022, 0x0024, 0x8001, 0x8002,
                                     0x8004, 0x8020, 0x8022, 0x8028, 0x8029, 0xc057, 0xc0de};
    uint8_t bytes[600], value[64], inner[64];
    const uint8_t txid[STUN_TXID_BYTES] = {1, 2, 3};
    uint32_t seed = 4711;
    size_t messages = 0;
    (void)state;
    size_t inner_len = test_message(inner, sizeof(inner), STUN_REQUEST, 7, 11);
    for (int round = 0; round < 20000; round++) {
        struct stun_builder b;
        stun_build(&b, bytes, sizeof(bytes), (uint16_t)(round % 4096), (enum stun_class)(round % 4),
                   txid);
        for (int i = 0; i < 6; i++) {
            seed = seed * 1664525 + 1013904223;
            size_t len = seed >> 8 & 15;
            len = seed >> 28 == 0 ? 60 : len;
            for (size_t n = 0; n < len; n++) {
                seed = seed * 1664525 + 1013904223;
                value[n] = (uint8_t)(seed >> 24);
                /* Small numbers are what most values must have to be good. */
                if (seed >> 20 & 1)
                    value[n] &= 3;
            }
            if (types[seed % COUNT(types)] == STUN_ATTR_DATA && seed >> 31)
                stun_add_bytes(&b, STUN_ATTR_DATA, inner, inner_len);
            else
                stun_add_bytes(&b, types[seed % COUNT(types)], value, len);
        }
        bytes[20 + seed % (b.len - 20)] ^= (uint8_t)(seed >> 16 & 1);
        messages += agrees(bytes, b.len, false, false);
        messages += agrees(bytes, b.len, true, false);
    }
    assert_true(messages == 40000);
}

static void the_finder_s_view_is_decoded_and_judged(void **state)
{
    struct test_datagram t;
    struct decoded decoded;
    (void)state;
    struct found found = found_on(test_udp(&t, 1, 2, NULL, 0));
    found.bytes = vector_request;
    found.len = sizeof(vector_request);
    found.confidence = FOUND_EXACT;
    assert_true(event_decode(&found, &decoded));
    assert_int_equal(decoded.confidence, FOUND_FINGERPRINT);
    assert_int_equal(decoded.fingerprint, STUN_CHECK_OK);
    uint8_t wrong[sizeof(vector_request)];
    memcpy(wrong, vector_request, sizeof(wrong));
    wrong[sizeof(wrong) - 1] ^= 1;
    found.bytes = wrong;
    assert_true(event_decode(&found, &decoded));
    assert_int_equal(decoded.confidence, FOUND_EXACT);
    assert_int_equal(decoded.fingerprint, STUN_CHECK_BAD);
}

/* A message of a hostile stranger. */
static size_t make_hostile(uint8_t *out, size_t size)
{
    static const char text[] = "\x1b]0;x\a\"\\\n\xff\xe2\x80\xae</script>";
    const uint8_t txid[STUN_TXID_BYTES] = {9};
    struct stun_builder b;
    stun_build(&b, out, size, STUN_METHOD_BINDING, STUN_REQUEST, txid);
    stun_add_bytes(&b, STUN_ATTR_USERNAME, text, sizeof(text) - 1);
    stun_add_bytes(&b, STUN_ATTR_SOFTWARE, text, sizeof(text) - 1);
    stun_add_bytes(&b, STUN_ATTR_PRIORITY, "\x6e\x7f\x1e\xff", 4);
    return b.len;
}

static void a_line_is_one_json_object_with_what_the_capture_knows(void **state)
{
    static const struct packet_iface hostile = {.number = 3, .name = "tun\"0\xff\n"};
    uint8_t bytes[256];
    struct test_datagram t;
    struct decoded decoded;
    struct sink s;
    (void)state;
    struct found found = found_on(test_udp(&t, 1, 2, NULL, 0));
    found.bytes = bytes;
    found.len = (uint32_t)make_hostile(bytes, sizeof(bytes));
    found.iface = &hostile;
    found.iface_name = hostile.name;
    found.vlan = 12;
    found.direction = PACKET_OUT;
    found.label = DATAGRAM_TUNNELLED;
    found.trailing = 2;
    found.confidence = FOUND_LOOSE;
    assert_true(event_decode(&found, &decoded));
    assert_true(sink_open(&s, -1));
    event_write_json(&s, &found, &decoded, 5, "a file\n");
    assert_ptr_equal(memchr(s.buf, '\n', s.len), s.buf + s.len - 1);
    json_t *event = json_loadb(s.buf, s.len, 0, NULL);
    assert_non_null(event);
    assert_int_equal(json_integer_value(json_object_get(event, "seq")), 5);
    assert_string_equal(json_string_value(json_object_get(event, "witness")), "wire");
    assert_string_equal(json_string_value(json_object_get(event, "in_iface")),
                        "tun\"0\xef\xbf\xbd\n");
    assert_string_equal(json_string_value(json_object_get(event, "direction")), "out");
    assert_string_equal(json_string_value(json_object_get(event, "pcap_filename")), "a file\n");
    json_t *wire = json_object_get(event, "wire");
    assert_string_equal(json_string_value(json_object_get(wire, "label")), "tunnelled");
    assert_string_equal(json_string_value(json_object_get(wire, "confidence")), "loose");
    assert_int_equal(json_integer_value(json_object_get(wire, "trailing")), 2);
    json_t *attrs = json_object_get(json_object_get(event, "stun"), "attributes");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(attrs, 2), "candidate_type")), "prflx");
    json_decref(event);
    sink_close(&s);
}

static void a_row_is_one_line_that_a_terminal_only_prints(void **state)
{
    static const struct packet_iface hostile = {.name = "\x1b[2Jeth0"};
    uint8_t bytes[256];
    struct test_datagram t;
    struct decoded decoded;
    struct sink s;
    (void)state;
    struct found found = found_on(test_udp(&t, 1, 2, NULL, 0));
    found.bytes = bytes;
    found.len = (uint32_t)make_hostile(bytes, sizeof(bytes));
    found.iface = &hostile;
    found.iface_name = hostile.name;
    found.confidence = FOUND_EXACT;
    assert_true(event_decode(&found, &decoded));
    assert_true(sink_open(&s, -1));
    event_write_row(&s, &found, &decoded, "file\x1b");
    for (size_t i = 0; i < s.len - 1; i++)
        assert_true((uint8_t)s.buf[i] >= 0x20 && (uint8_t)s.buf[i] < 0x7f);
    assert_int_equal(s.buf[s.len - 1], '\n');
    sink_char(&s, '\0');
    assert_non_null(strstr(s.buf, "192.0.2.1:5001"));
    assert_non_null(strstr(s.buf, "binding request"));
    assert_non_null(strstr(s.buf, "priority of prflx"));
    sink_close(&s);
}

static void a_row_says_that_an_attribute_runs_past_the_end(void **state)
{
    /* A request with one attribute, of a length that is right, and of one that is not. */
    uint8_t bytes[28] = {0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, [20] = 0x80, 0x22, 0, 4};
    struct test_datagram t;
    struct decoded decoded;
    struct sink s;
    (void)state;
    for (int bad = 0; bad < 2; bad++) {
        struct found found = found_on(test_udp(&t, 1, 2, NULL, 0));
        bytes[22] = bad ? 0xff : 0;
        found.bytes = bytes;
        found.len = sizeof(bytes);
        found.confidence = FOUND_EXACT;
        assert_true(event_decode(&found, &decoded));
        assert_true(sink_open(&s, -1));
        event_write_row(&s, &found, &decoded, NULL);
        sink_char(&s, '\0');
        assert_int_equal(strstr(s.buf, "[damaged]") != NULL, bad);
        sink_close(&s);
    }
}

static void channel_counts_are_lines_too(void **state)
{
    struct test_datagram t;
    struct sink s;
    (void)state;
    struct found found = found_on(test_udp(&t, 1, 2, NULL, 0));
    found.kind = FOUND_CHANNEL_COUNT;
    found.channel = 0x4001;
    found.packets = 1000;
    found.channel_bytes = 120000;
    assert_true(sink_open(&s, -1));
    event_write_json(&s, &found, NULL, 1, NULL);
    json_t *event = json_loadb(s.buf, s.len, 0, NULL);
    assert_non_null(event);
    json_t *channel = json_object_get(event, "channel_data");
    assert_int_equal(json_integer_value(json_object_get(channel, "packets")), 1000);
    json_decref(event);
    sink_close(&s);
}

static void the_summary_is_json_whatever_the_names(void **state)
{
    static const struct packet_iface hostile = {.name = "tun\"0\xff\x1b"};
    uint8_t bytes[64];
    struct test_datagram t;
    struct stun_msg msg;
    struct sink s;
    struct tally *tally = tally_new();
    (void)state;
    size_t len = test_message(bytes, sizeof(bytes), STUN_REQUEST, 1, 0);
    assert_int_equal(stun_decode(bytes, len, false, &msg), STUN_OK);
    struct found found = found_on(test_udp(&t, 1, 2, bytes, len));
    found.iface = &hostile;
    found.iface_name = hostile.name;
    found.bytes = bytes;
    found.len = (uint32_t)len;
    tally_take(tally, &found, &msg, STUN_CHECK_ABSENT, 0);
    tally_finish(tally);
    assert_true(sink_open(&s, -1));
    tally_write_json(&s, tally, 1);
    json_t *summary = json_loadb(s.buf, s.len, 0, NULL);
    assert_non_null(summary);
    assert_int_equal(json_array_size(json_object_get(summary, "servers")), 1);
    json_decref(summary);
    s.len = 0;
    tally_write_text(&s, tally, 1);
    assert_null(memchr(s.buf, 0x1b, s.len));
    sink_close(&s);
    tally_free(tally);
}

static void times_are_utc_with_microseconds(void **state)
{
    struct sink s;
    (void)state;
    assert_true(sink_open(&s, -1));
    sink_time(&s, UINT64_C(1763683958123456789));
    sink_char(&s, ' ');
    sink_time(&s, 0);
    sink_char(&s, '\0');
    assert_string_equal(s.buf, "2025-11-21T00:12:38.123456 1970-01-01T00:00:00.000000");
    sink_close(&s);
}

static void check_order(const struct found *found, void *context)
{
    uint64_t *next = context;
    assert_true(found->frame == (*next)++);
    for (uint32_t i = 0; i < found->len; i++)
        assert_true(found->bytes[i] == (uint8_t)found->frame);
}

static void a_json_string_is_printable_ascii_that_reads_as_what_it_was(void **state)
{
    /* DEL, C1's CSI, a mark that changes direction, one beyond the basic plane, the last character
     */
    static const char text[] =
        "a\x7f\xc2\x9b[31m\xe2\x80\xae\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"\\\x1b";
    struct sink s;
    (void)state;
    assert_true(sink_open(&s, -1));
    sink_json_string(&s, text, sizeof(text) - 1);
    for (size_t i = 0; i < s.len; i++)
        assert_in_range((unsigned char)s.buf[i], ' ', '~');
    json_t *read = json_loadb(s.buf, s.len, JSON_DECODE_ANY, NULL);
    assert_string_equal(json_string_value(read), text);
    json_decref(read);
    sink_close(&s);
}

static void idle(void *context)
{
    (void)context;
}

static void the_pipeline_keeps_the_order_and_the_bytes(void **state)
{
    static uint8_t bytes[65555];
    uint64_t next = 1;
    (void)state;
    for (int prompt = 0; prompt < 2; prompt++) {
        next = 1;
        struct pipeline *p = pipeline_new(check_order, idle, &next, prompt);
        assert_non_null(p);
        for (uint64_t frame = 1; frame <= 2000; frame++) {
            struct found found = {.frame = frame, .bytes = bytes};
            found.len = frame % 100 == 0 ? sizeof(bytes) : (uint32_t)(frame % 300);
            memset(bytes, (int)(frame & 0xff), found.len);
            pipeline_put(&found, p);
            if (frame == 1000) {
                pipeline_drain(p);
                assert_true(next == 1001);
            }
        }
        pipeline_free(p);
        assert_true(next == 2001);
    }
}

static void a_filter_is_compiled_for_each_link_type(void **state)
{
    static const struct packet_iface ethernet = {.link_type = 1}, raw = {.link_type = 101};
    uint8_t frame[14 + 28] = {
        [12] = 8, [14] = 0x45, [17] = 28, [23] = 17, [36] = 0x0d, [37] = 0x96};
    char reason[FILTER_REASON_BYTES];
    const char *why;
    (void)state;
    struct packet packet = {.data = frame, .caplen = sizeof(frame), .len = sizeof(frame)};
    struct filter *f = filter_new("udp dst port 3478", reason);
    assert_non_null(f);
    packet.iface = &ethernet;
    assert_true(filter_passes(f, &packet, &why));
    packet.iface = &raw;
    assert_false(filter_passes(f, &packet, &why));
    packet.data = frame + 14;
    packet.caplen = packet.len = sizeof(frame) - 14;
    assert_true(filter_passes(f, &packet, &why));
    frame[37]++;
    assert_false(filter_passes(f, &packet, &why));
    assert_null(why);
    filter_free(f);

    f = filter_new("ether host 02:00:00:00:00:01", reason);
    assert_non_null(f);
    assert_false(filter_passes(f, &packet, &why));
    assert_non_null(why);
    assert_false(filter_passes(f, &packet, &why));
    assert_null(why);
    filter_free(f);
    assert_null(filter_new("this is no filter", reason));
    assert_true(strlen(reason) > 0);
}

static void a_filter_knows_every_system_s_loopback(void **state)
{
    enum { IPV6_NETBSD = 24, IPV6_FREEBSD = 28, IPV6_DARWIN = 30 };
    static const uint8_t families[] = {IPV6_NETBSD, IPV6_FREEBSD, IPV6_DARWIN};
    static const struct packet_iface null = {.link_type = 0}, loop = {.link_type = 108};
    static const struct packet_iface raw = {.link_type = 14};
    uint8_t frame[4 + 40 + 8] = {[4] = 0x60, [9] = 8, [10] = 17, [46] = 0x0d, [47] = 0x96};
    char reason[FILTER_REASON_BYTES];
    const char *why;
    (void)state;
    struct packet packet = {.data = frame, .caplen = sizeof(frame), .len = sizeof(frame)};
    struct filter *f = filter_new("ip6 and udp dst port 3478", reason);
    assert_non_null(f);
    for (size_t i = 0; i < COUNT(families); i++) {
        frame[0] = families[i];
        packet.iface = &null;
        assert_true(filter_passes(f, &packet, &why));
        frame[0] = 0;
        frame[3] = families[i];
        assert_true(filter_passes(f, &packet, &why));
        packet.iface = &loop;
        assert_true(filter_passes(f, &packet, &why));
        frame[3] = 2;
        assert_false(filter_passes(f, &packet, &why));
        frame[3] = 0;
    }
    packet.iface = &raw;
    packet.data = frame + 4;
    packet.caplen = packet.len = sizeof(frame) - 4;
    assert_true(filter_passes(f, &packet, &why));
    filter_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_written_as_the_launcher_writes_it),
        cmocka_unit_test(random_attributes_are_written_as_the_launcher_writes_them),
        cmocka_unit_test(the_finder_s_view_is_decoded_and_judged),
        cmocka_unit_test(a_line_is_one_json_object_with_what_the_capture_knows),
        cmocka_unit_test(a_row_is_one_line_that_a_terminal_only_prints),
        cmocka_unit_test(a_row_says_that_an_attribute_runs_past_the_end),
        cmocka_unit_test(channel_counts_are_lines_too),
        cmocka_unit_test(a_json_string_is_printable_ascii_that_reads_as_what_it_was),
        cmocka_unit_test(the_summary_is_json_whatever_the_names),
        cmocka_unit_test(times_are_utc_with_microseconds),
        cmocka_unit_test(the_pipeline_keeps_the_order_and_the_bytes),
        cmocka_unit_test(a_filter_is_compiled_for_each_link_type),
        cmocka_unit_test(a_filter_knows_every_system_s_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
