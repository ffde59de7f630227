/* Building: every form there and back, and a builder that stays valid whatever fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stun_integrity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t txid[STUN_TXID_BYTES] = {0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* Builds a message of one value, decodes it, and hands back what came out. */
static struct stun_value there_and_back(uint8_t *buf, size_t size, uint16_t type,
                                        const struct stun_value *in)
{
    struct stun_builder b;
    struct stun_msg msg;
    struct stun_attr attr;
    struct stun_value out;
    stun_build(&b, buf, size, STUN_METHOD_ALLOCATE, STUN_ERROR_RESPONSE, txid);
    assert_int_equal(stun_add_value(&b, type, in), STUN_OK);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    assert_int_equal(msg.length, b.len - STUN_HEADER_BYTES);
    assert_true(stun_find_attr(&msg, type, &attr));
    assert_int_equal(stun_decode_value(&msg, &attr, &out), STUN_OK);
    assert_int_equal(out.form, in->form);
    return out;
}

static enum stun_status try_value(uint16_t type, const struct stun_value *value)
{
    uint8_t buf[128];
    struct stun_builder b;
    struct stun_msg msg;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
    enum stun_status status = stun_add_value(&b, type, value);
    if (status != STUN_OK) {
        assert_int_equal(b.len, STUN_HEADER_BYTES);
        assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
        assert_int_equal(msg.length, 0);
    }
    return status;
}

static void addresses_of_both_families_survive_plain_and_masked(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "fe80::1"};
    static const struct {
        uint16_t type;
        enum stun_form form;
    } rows[] = {
        {STUN_ATTR_MAPPED_ADDRESS, STUN_FORM_ADDRESS},
        {STUN_ATTR_XOR_MAPPED_ADDRESS, STUN_FORM_XOR_ADDRESS},
        {STUN_ATTR_XOR_PEER_ADDRESS, STUN_FORM_XOR_ADDRESS},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; j < COUNT(texts); j++) {
            uint8_t buf[64];
            struct stun_value in = {.form = rows[i].form};
            assert_true(netaddr_parse_ip(texts[j], &in.as.address));
            in.as.address.port = (uint16_t)(65535 - j);
            struct stun_value out = there_and_back(buf, sizeof(buf), rows[i].type, &in);
            assert_memory_equal(&out.as.address, &in.as.address, sizeof(in.as.address));
        }
    }
}

static void borrowed_bytes_survive_at_every_padding(void **state)
{
    (void)state;
    static const char bytes[] = "0123456789abcdef0123456789abcdef";
    static const uint16_t types[] = {STUN_ATTR_DATA, STUN_ATTR_USERHASH, 0x7abc};
    for (size_t i = 0; i < COUNT(types); i++) {
        for (size_t len = 0; len <= 9; len++) {
            uint8_t buf[64];
            struct stun_value in = {.form = types[i] == STUN_ATTR_DATA ? STUN_FORM_DATA
                                                                       : STUN_FORM_OPAQUE};
            in.as.bytes.bytes = (const uint8_t *)bytes;
            in.as.bytes.len = len;
            struct stun_value out = there_and_back(buf, sizeof(buf), types[i], &in);
            assert_int_equal(out.as.bytes.len, len);
            assert_memory_equal(out.as.bytes.bytes, bytes, len);
        }
    }
    for (size_t len = 0; len <= 9; len++) {
        uint8_t buf[64];
        struct stun_value in = {.form = STUN_FORM_TEXT, .as.text = {bytes, len}};
        struct stun_value out = there_and_back(buf, sizeof(buf), STUN_ATTR_SOFTWARE, &in);
        assert_int_equal(out.as.text.len, len);
        assert_memory_equal(out.as.text.bytes, bytes, len);
    }
}

static void numbers_and_flags_survive(void **state)
{
    (void)state;
    uint8_t buf[64];
    struct stun_value in = {.form = STUN_FORM_U32, .as.u32 = 0xfedcba98};
    struct stun_value out = there_and_back(buf, sizeof(buf), STUN_ATTR_LIFETIME, &in);
    assert_int_equal(out.as.u32, 0xfedcba98);
    in = (struct stun_value){.form = STUN_FORM_CRC, .as.u32 = 0x01020304};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_FINGERPRINT, &in);
    assert_int_equal(out.as.u32, 0x01020304);
    in = (struct stun_value){.form = STUN_FORM_U64, .as.u64 = UINT64_C(0xfedcba9876543210)};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_ICE_CONTROLLING, &in);
    assert_true(out.as.u64 == UINT64_C(0xfedcba9876543210));
    in = (struct stun_value){.form = STUN_FORM_CHANNEL, .as.channel = 0x4fff};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_CHANNEL_NUMBER, &in);
    assert_int_equal(out.as.channel, 0x4fff);
    in = (struct stun_value){.form = STUN_FORM_TRANSPORT, .as.protocol = 6};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_REQUESTED_TRANSPORT, &in);
    assert_int_equal(out.as.protocol, 6);
    in = (struct stun_value){.form = STUN_FORM_FAMILY, .as.family = NETADDR_IPV6};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_REQUESTED_ADDRESS_FAMILY, &in);
    assert_int_equal(out.as.family, NETADDR_IPV6);
    in = (struct stun_value){.form = STUN_FORM_EVEN_PORT, .as.reserve_next = true};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_EVEN_PORT, &in);
    assert_true(out.as.reserve_next);
    in = (struct stun_value){.form = STUN_FORM_FLAG};
    there_and_back(buf, sizeof(buf), STUN_ATTR_USE_CANDIDATE, &in);
    in = (struct stun_value){.form = STUN_FORM_ICMP, .as.icmp = {3, 4, 1400}};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_ICMP, &in);
    assert_memory_equal(&out.as.icmp, &in.as.icmp, sizeof(in.as.icmp));
    in = (struct stun_value){.form = STUN_FORM_NETWORK_INFO, .as.network = {2, 900}};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_GOOG_NETWORK_INFO, &in);
    assert_int_equal(out.as.network.id, 2);
    assert_int_equal(out.as.network.cost, 900);
}

static void errors_and_lists_survive(void **state)
{
    (void)state;
    uint8_t buf[64];
    for (uint16_t code = 300; code <= 699; code++) {
        struct stun_value in = {.form = STUN_FORM_ERROR_CODE};
        in.as.error.code = code;
        in.as.error.reason = "because";
        in.as.error.reason_len = 7;
        struct stun_value out = there_and_back(buf, sizeof(buf), STUN_ATTR_ERROR_CODE, &in);
        assert_int_equal(out.as.error.code, code);
        assert_int_equal(out.as.error.reason_len, 7);
        assert_memory_equal(out.as.error.reason, "because", 7);
    }
    struct stun_value in = {.form = STUN_FORM_ADDRESS_ERROR};
    in.as.error.code = 440;
    in.as.error.family = NETADDR_IPV6;
    struct stun_value out = there_and_back(buf, sizeof(buf), STUN_ATTR_ADDRESS_ERROR_CODE, &in);
    assert_int_equal(out.as.error.code, 440);
    assert_int_equal(out.as.error.family, NETADDR_IPV6);
    assert_int_equal(out.as.error.reason_len, 0);

    static const uint8_t types[] = {0x80, 0x22, 0x00, 0x06, 0x00, 0x14};
    in = (struct stun_value){.form = STUN_FORM_TYPE_LIST, .as.types = {types, 3}};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_UNKNOWN_ATTRIBUTES, &in);
    assert_int_equal(out.as.types.count, 3);
    assert_memory_equal(out.as.types.bytes, types, sizeof(types));

    static const uint8_t algorithms[] = {0, 2, 0, 1, 'p', 0, 0, 0, 0, 1, 0, 0};
    in = (struct stun_value){.form = STUN_FORM_ALGORITHMS, .as.bytes = {algorithms, 12}};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_PASSWORD_ALGORITHMS, &in);
    assert_int_equal(out.as.bytes.len, 12);
    in = (struct stun_value){.form = STUN_FORM_ALGORITHM, .as.bytes = {algorithms, 8}};
    out = there_and_back(buf, sizeof(buf), STUN_ATTR_PASSWORD_ALGORITHM, &in);
    assert_int_equal(out.as.bytes.len, 8);
}

static void refuses_a_value_of_another_form_than_the_types(void **state)
{
    (void)state;
    for (int form = 0; form < STUN_FORM_COUNT; form++) {
        struct stun_value value = {.form = (enum stun_form)form};
        if (form != STUN_FORM_U32)
            assert_int_equal(try_value(STUN_ATTR_LIFETIME, &value), STUN_BAD_VALUE);
        if (form != STUN_FORM_OPAQUE)
            assert_int_equal(try_value(0x7abc, &value), STUN_BAD_VALUE);
    }
}

static void refuses_what_the_decoder_would_refuse(void **state)
{
    (void)state;
    static const uint8_t bytes[40] = {0, 1, 0, 9};
    struct stun_value v = {.form = STUN_FORM_ERROR_CODE};
    v.as.error.code = 299;
    assert_int_equal(try_value(STUN_ATTR_ERROR_CODE, &v), STUN_BAD_VALUE);
    v.as.error.code = 700;
    assert_int_equal(try_value(STUN_ATTR_ERROR_CODE, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_FAMILY, .as.family = 5};
    assert_int_equal(try_value(STUN_ATTR_REQUESTED_ADDRESS_FAMILY, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_XOR_ADDRESS};
    assert_int_equal(try_value(STUN_ATTR_XOR_MAPPED_ADDRESS, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_RESERVATION, .as.bytes = {bytes, 7}};
    assert_int_equal(try_value(STUN_ATTR_RESERVATION_TOKEN, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_HMAC, .as.bytes = {bytes, 36}};
    assert_int_equal(try_value(STUN_ATTR_MESSAGE_INTEGRITY, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_ALGORITHM, .as.bytes = {bytes, 8}};
    assert_int_equal(try_value(STUN_ATTR_PASSWORD_ALGORITHM, &v), STUN_BAD_VALUE);
    v = (struct stun_value){.form = STUN_FORM_TYPE_LIST, .as.types = {bytes, SIZE_MAX / 2 + 3}};
    assert_int_equal(try_value(STUN_ATTR_UNKNOWN_ATTRIBUTES, &v), STUN_BAD_VALUE);
}

static void class_and_method_are_packed_as_they_are_read(void **state)
{
    (void)state;
    uint8_t buf[STUN_HEADER_BYTES];
    struct stun_builder b;
    struct stun_msg msg;
    for (uint16_t method = 0; method <= 0xfff; method++) {
        for (int cls = STUN_REQUEST; cls <= STUN_ERROR_RESPONSE; cls++) {
            assert_int_equal(stun_build(&b, buf, sizeof(buf), method, (enum stun_class)cls, txid),
                             STUN_OK);
            assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
            assert_int_equal(msg.method, method);
            assert_int_equal(msg.cls, cls);
            assert_memory_equal(msg.txid, txid, sizeof(txid));
        }
    }
    assert_int_equal(stun_build(&b, buf, sizeof(buf), 0x1000, STUN_REQUEST, txid), STUN_BAD_VALUE);
    assert_int_equal(stun_add_bytes(&b, 1, "", 0), STUN_BAD_VALUE);
}

static void a_buffer_of_any_size_is_never_overrun_and_holds_a_whole_message(void **state)
{
    (void)state;
    for (size_t size = 0; size < 160; size++) {
        uint8_t *buf = size > 0 ? malloc(size) : NULL;
        assert_true(buf != NULL || size == 0);
        struct stun_builder b;
        enum stun_status status =
            stun_build(&b, buf, size, STUN_METHOD_BINDING, STUN_REQUEST, txid);
        if (size < STUN_HEADER_BYTES) {
            assert_int_equal(status, STUN_NO_ROOM);
            assert_int_equal(stun_add_fingerprint(&b), STUN_NO_ROOM);
            assert_int_equal(stun_add_integrity(&b, txid, sizeof(txid)), STUN_NO_ROOM);
            free(buf);
            continue;
        }
        struct stun_value software = {.form = STUN_FORM_TEXT, .as.text = {"12345", 5}};
        stun_add_value(&b, STUN_ATTR_SOFTWARE, &software);
        stun_add_integrity(&b, txid, sizeof(txid));
        stun_add_integrity_sha256(&b, txid, sizeof(txid));
        status = stun_add_fingerprint(&b);
        /* 20 header, 4 + 8 text, 4 + 20, 4 + 32, 4 + 4 */
        assert_int_equal(status, size < 100 ? STUN_NO_ROOM : STUN_OK);
        struct stun_msg msg;
        assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
        assert_int_equal(msg.length, b.len - STUN_HEADER_BYTES);
        assert_int_equal(stun_check_integrity(&msg, txid, sizeof(txid)),
                         b.len >= 56 ? STUN_CHECK_OK : STUN_CHECK_ABSENT);
        assert_int_equal(stun_check_integrity_sha256(&msg, txid, sizeof(txid)),
                         b.len >= 92 ? STUN_CHECK_OK : STUN_CHECK_ABSENT);
        assert_int_equal(stun_check_fingerprint(&msg),
                         b.len >= 100 ? STUN_CHECK_OK : STUN_CHECK_ABSENT);
        free(buf);
    }
}

static void the_first_failure_stays_and_nothing_is_added_behind_it(void **state)
{
    (void)state;
    uint8_t buf[40];
    struct stun_builder b;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "0123456789abcdefg", 17), STUN_NO_ROOM);
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "fits", 4), STUN_NO_ROOM);
    struct stun_value wrong = {.form = STUN_FORM_COUNT};
    assert_int_equal(stun_add_value(&b, STUN_ATTR_SOFTWARE, &wrong), STUN_NO_ROOM);
    assert_int_equal(b.len, STUN_HEADER_BYTES);
}

static void a_message_grows_to_what_its_length_field_can_say_and_no_further(void **state)
{
    (void)state;
    size_t size = 200000;
    uint8_t *buf = calloc(2, size);
    assert_non_null(buf);
    uint8_t *value = buf + size;
    struct stun_builder b;
    struct stun_msg msg;
    stun_build(&b, buf, size, STUN_METHOD_SEND, STUN_INDICATION, txid);
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_DATA, value, 65528), STUN_OK);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    assert_int_equal(msg.length, 65532);
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_DONT_FRAGMENT, NULL, 0), STUN_NO_ROOM);

    static const size_t too_long[] = {65529, 65532,  65535,        65536,
                                      70000, 199000, SIZE_MAX - 3, SIZE_MAX};
    for (size_t i = 0; i < COUNT(too_long); i++) {
        stun_build(&b, buf, size, STUN_METHOD_SEND, STUN_INDICATION, txid);
        assert_int_equal(stun_add_bytes(&b, STUN_ATTR_DATA, value, too_long[i]), STUN_NO_ROOM);
        assert_int_equal(b.len, STUN_HEADER_BYTES);
    }
    free(buf);
}

static void padding_is_zero_unless_the_builder_says_otherwise(void **state)
{
    (void)state;
    uint8_t buf[64];
    for (unsigned pad = 0; pad < 256; pad += 0x20) {
        struct stun_builder b;
        memset(buf, 0xee, sizeof(buf));
        stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
        if (pad != 0)
            b.pad = (uint8_t)pad;
        stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "a", 1);
        assert_int_equal(b.len, 28);
        for (size_t i = 25; i < 28; i++)
            assert_int_equal(buf[i], pad);
        assert_int_equal(buf[28], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_both_families_survive_plain_and_masked),
        cmocka_unit_test(borrowed_bytes_survive_at_every_padding),
        cmocka_unit_test(numbers_and_flags_survive),
        cmocka_unit_test(errors_and_lists_survive),
        cmocka_unit_test(refuses_a_value_of_another_form_than_the_types),
        cmocka_unit_test(refuses_what_the_decoder_would_refuse),
        cmocka_unit_test(class_and_method_are_packed_as_they_are_read),
        cmocka_unit_test(a_buffer_of_any_size_is_never_overrun_and_holds_a_whole_message),
        cmocka_unit_test(the_first_failure_stays_and_nothing_is_added_behind_it),
        cmocka_unit_test(a_message_grows_to_what_its_length_field_can_say_and_no_further),
        cmocka_unit_test(padding_is_zero_unless_the_builder_says_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
