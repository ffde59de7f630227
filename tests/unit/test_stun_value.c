/* Decoding values: each form's places, lengths and limits, and the addresses a message tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stun_integrity.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 3489: binding response, 16 bytes of transaction id, MAPPED-ADDRESS and the 0x8020 of old
 * servers. */
static const uint8_t classic_response[] = {
    0x01, 0x01, 0x00, 0x18, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa,
    0xab, 0xac, 0xad, 0xae, 0xaf, 0x00, 0x01, 0x00, 0x08, 0x00, 0x01, 0x0d, 0x96, 0xc0, 0x00,
    0x02, 0x09, 0x80, 0x20, 0x00, 0x08, 0x00, 0x01, 0xad, 0x37, 0x60, 0xa1, 0xa0, 0xa2,
};

static const uint8_t txid[STUN_TXID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* A binding request with one attribute, its bytes as given. */
static struct stun_msg one_attr(uint8_t *buf, size_t size, uint16_t type, const void *value,
                                size_t len)
{
    struct stun_builder b;
    struct stun_msg msg;
    stun_build(&b, buf, size, STUN_METHOD_BINDING, STUN_REQUEST, txid);
    assert_int_equal(stun_add_bytes(&b, type, value, len), STUN_OK);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    return msg;
}

static enum stun_status decode_one(uint16_t type, const void *bytes, size_t len,
                                   struct stun_value *out)
{
    uint8_t buf[256];
    struct stun_msg msg = one_attr(buf, sizeof(buf), type, bytes, len);
    struct stun_attr attr;
    assert_true(stun_find_attr(&msg, type, &attr));
    assert_int_equal(attr.len, len);
    return stun_decode_value(&msg, &attr, out);
}

static void expect_address(const struct netaddr *addr, const char *text)
{
    char buf[NETADDR_TEXT_BYTES];
    assert_string_equal(netaddr_format(addr, buf, sizeof(buf)), text);
}

static void the_reserved_byte_of_an_address_is_ignored(void **state)
{
    (void)state;
    struct stun_value value;
    assert_int_equal(
        decode_one(STUN_ATTR_MAPPED_ADDRESS, "\xff\x01\x0d\x96\xc0\x00\x02\x01", 8, &value),
        STUN_OK);
    expect_address(&value.as.address, "192.0.2.1:3478");
}

static void an_ipv4_mapped_address_inside_an_attribute_becomes_ipv4(void **state)
{
    (void)state;
    struct stun_value value;
    static const uint8_t mapped[20] = {0, 2, 0x0d, 0x96, [14] = 0xff, 0xff, 192, 0, 2, 1};
    assert_int_equal(decode_one(STUN_ATTR_MAPPED_ADDRESS, mapped, sizeof(mapped), &value), STUN_OK);
    expect_address(&value.as.address, "192.0.2.1:3478");

    uint8_t masked[20];
    memcpy(masked, mapped, sizeof(masked));
    static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};
    for (size_t i = 0; i < 16; i++)
        masked[4 + i] ^= i < 4 ? cookie[i] : txid[i - 4];
    masked[2] ^= cookie[0];
    masked[3] ^= cookie[1];
    assert_int_equal(decode_one(STUN_ATTR_XOR_MAPPED_ADDRESS, masked, sizeof(masked), &value),
                     STUN_OK);
    expect_address(&value.as.address, "192.0.2.1:3478");
}

static void a_classic_message_masks_with_its_own_transaction_id(void **state)
{
    (void)state;
    struct stun_msg msg;
    struct netaddr addr;
    assert_int_equal(stun_decode(classic_response, sizeof(classic_response), true, &msg), STUN_OK);
    assert_true(stun_mapped_address(&msg, &addr));
    expect_address(&addr, "192.0.2.1:3478");
}

static void the_mapped_address_falls_back_from_masked_to_plain(void **state)
{
    (void)state;
    uint8_t buf[128];
    struct netaddr addr = {.port = 77};
    struct stun_msg msg = one_attr(buf, sizeof(buf), STUN_ATTR_SOFTWARE, "x", 1);
    assert_false(stun_mapped_address(&msg, &addr));
    assert_int_equal(addr.port, 77);

    /* The masked one is malformed, so the plain one counts. */
    struct stun_builder b;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_SUCCESS_RESPONSE, txid);
    stun_add_bytes(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, "\0\3\0\0\0\0\0\0", 8);
    stun_add_bytes(&b, STUN_ATTR_MAPPED_ADDRESS, "\0\1\x0d\x96\xc0\0\2\2", 8);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    assert_true(stun_mapped_address(&msg, &addr));
    expect_address(&addr, "192.0.2.2:3478");
}

static void a_relayed_address_is_told_from_the_mapped_one(void **state)
{
    (void)state;
    uint8_t buf[128];
    struct stun_builder b;
    struct stun_msg msg;
    struct netaddr addr;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_ALLOCATE, STUN_SUCCESS_RESPONSE, txid);
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};
    assert_true(netaddr_parse_ip("198.51.100.10", &value.as.address));
    stun_add_value(&b, STUN_ATTR_XOR_RELAYED_ADDRESS, &value);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    assert_true(stun_relayed_address(&msg, &addr));
    expect_address(&addr, "198.51.100.10:0");
    assert_false(stun_mapped_address(&msg, &addr));
}

static void values_of_a_wrong_length_or_content_are_refused_and_leave_the_result_alone(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        const char *bytes;
        size_t len;
    } rows[] = {
        {STUN_ATTR_MAPPED_ADDRESS, "", 0},
        {STUN_ATTR_MAPPED_ADDRESS, "\0\1\0\1\1\2\3", 7},
        {STUN_ATTR_MAPPED_ADDRESS, "\0\1\0\1\1\2\3\4\5", 9},
        {STUN_ATTR_MAPPED_ADDRESS, "\0\2\0\1\1\2\3\4", 8},
        {STUN_ATTR_MAPPED_ADDRESS, "\0\0\0\1\1\2\3\4", 8},
        {STUN_ATTR_XOR_MAPPED_ADDRESS, "\0\1\0", 3},
        {STUN_ATTR_LIFETIME, "\0\0\1", 3},
        {STUN_ATTR_LIFETIME, "\0\0\1\0\0\0\1\0", 8},
        {STUN_ATTR_ICE_CONTROLLED, "\0\0\0\1", 4},
        {STUN_ATTR_ERROR_CODE, "\0\0\4", 3},
        {STUN_ATTR_ERROR_CODE, "\0\0\2\1", 4},
        {STUN_ATTR_ERROR_CODE, "\0\0\7\1", 4},
        {STUN_ATTR_ERROR_CODE, "\0\0\4\x64", 4},
        {STUN_ATTR_ADDRESS_ERROR_CODE, "\3\0\4\x28", 4},
        {STUN_ATTR_UNKNOWN_ATTRIBUTES, "\0\1\2", 3},
        {STUN_ATTR_CHANNEL_NUMBER, "\x40\0", 2},
        {STUN_ATTR_REQUESTED_TRANSPORT, "\x11", 1},
        {STUN_ATTR_REQUESTED_ADDRESS_FAMILY, "\3\0\0\0", 4},
        {STUN_ATTR_REQUESTED_ADDRESS_FAMILY, "\1", 1},
        {STUN_ATTR_EVEN_PORT, "", 0},
        {STUN_ATTR_EVEN_PORT, "\x80\0\0\0", 4},
        {STUN_ATTR_RESERVATION_TOKEN, "1234567", 7},
        {STUN_ATTR_USE_CANDIDATE, "\0\0\0\0", 4},
        {STUN_ATTR_MESSAGE_INTEGRITY, "", 0},
        {STUN_ATTR_MESSAGE_INTEGRITY, "1234567890123456789", 19},
        {STUN_ATTR_MESSAGE_INTEGRITY, "123456789012345678901234567890123456", 36},
        {STUN_ATTR_FINGERPRINT, "\0\0\0", 3},
        {STUN_ATTR_PASSWORD_ALGORITHM, "", 0},
        {STUN_ATTR_PASSWORD_ALGORITHM, "\0\1\0", 3},
        {STUN_ATTR_PASSWORD_ALGORITHM, "\0\1\0\1", 4},
        {STUN_ATTR_PASSWORD_ALGORITHM, "\0\1\0\0\0\2\0\0", 8},
        {STUN_ATTR_PASSWORD_ALGORITHMS, "\0\1\0\0\0\2", 6},
        {STUN_ATTR_PASSWORD_ALGORITHMS, "\0\1\xff\xff\0\0\0\0", 8},
        {STUN_ATTR_ICMP, "\0\0\3\4", 4},
        {STUN_ATTR_GOOG_NETWORK_INFO, "\0\1", 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct stun_value value;
        struct stun_value before;
        memset(&value, 0x5a, sizeof(value));
        memset(&before, 0x5a, sizeof(before));
        if (decode_one(rows[i].type, rows[i].bytes, rows[i].len, &value) != STUN_BAD_VALUE)
            fail_msg("row %zu, type 0x%04x: accepted", i, rows[i].type);
        assert_memory_equal(&value, &before, sizeof(value));
    }
}

static void fields_come_out_of_their_places(void **state)
{
    (void)state;
    struct stun_value v;
    assert_int_equal(decode_one(STUN_ATTR_ERROR_CODE, "\0\0\4\x26Stale", 9, &v), STUN_OK);
    assert_int_equal(v.as.error.code, 438);
    assert_int_equal(v.as.error.reason_len, 5);
    assert_int_equal(decode_one(STUN_ATTR_ADDRESS_ERROR_CODE, "\2\0\4\x28", 4, &v), STUN_OK);
    assert_int_equal(v.as.error.code, 440);
    assert_int_equal(v.as.error.family, NETADDR_IPV6);
    assert_int_equal(decode_one(STUN_ATTR_CHANNEL_NUMBER, "\x40\1\xff\xff", 4, &v), STUN_OK);
    assert_int_equal(v.as.channel, 0x4001);
    assert_int_equal(decode_one(STUN_ATTR_REQUESTED_TRANSPORT, "\x11\1\2\3", 4, &v), STUN_OK);
    assert_int_equal(v.as.protocol, 17);
    assert_int_equal(decode_one(STUN_ATTR_REQUESTED_ADDRESS_FAMILY, "\1\0\0\0", 4, &v), STUN_OK);
    assert_int_equal(v.as.family, NETADDR_IPV4);
    assert_int_equal(decode_one(STUN_ATTR_EVEN_PORT, "\x80", 1, &v), STUN_OK);
    assert_true(v.as.reserve_next);
    assert_int_equal(decode_one(STUN_ATTR_EVEN_PORT, "\x7f", 1, &v), STUN_OK);
    assert_false(v.as.reserve_next);
    assert_int_equal(decode_one(STUN_ATTR_ICMP, "\0\0\3\4\0\0\5\x78", 8, &v), STUN_OK);
    assert_int_equal(v.as.icmp.type, 3);
    assert_int_equal(v.as.icmp.code, 4);
    assert_int_equal(v.as.icmp.data, 1400);
    assert_int_equal(decode_one(STUN_ATTR_GOOG_NETWORK_INFO, "\0\3\0\x0a", 4, &v), STUN_OK);
    assert_int_equal(v.as.network.id, 3);
    assert_int_equal(v.as.network.cost, 10);
    assert_int_equal(decode_one(STUN_ATTR_UNKNOWN_ATTRIBUTES, "\x80\x22\0\6", 4, &v), STUN_OK);
    assert_int_equal(v.as.types.count, 2);
    assert_int_equal(decode_one(0x7abc, "?", 1, &v), STUN_OK);
    assert_int_equal(v.form, STUN_FORM_OPAQUE);
    /* Parameters of the last algorithm may lack their padding. */
    assert_int_equal(decode_one(STUN_ATTR_PASSWORD_ALGORITHMS, "\0\1\0\1p\0\0\0\0\2\0\1q", 13, &v),
                     STUN_OK);
}

/* RFC 3489 section 11.2.8: the HMAC runs over the message padded with zeros to 64 bytes. The digest
 * is Python's hmac module's. */
static void the_integrity_of_a_classic_message_covers_zeros_to_64_bytes(void **state)
{
    (void)state;
    uint8_t in[] = {
        0x00, 0x01, 0x00, 0x20, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8,
        0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x00, 0x06, 0x00, 0x04, 'u',  's',
        'e',  'r',  0x00, 0x08, 0x00, 0x14, 0x59, 0x81, 0x42, 0x1c, 0xc4, 0xf1, 0x48,
        0xb1, 0x37, 0x59, 0xfe, 0xa6, 0xb2, 0x77, 0xaf, 0xc7, 0xe8, 0xa6, 0xd9, 0xde,
    };
    struct stun_msg msg;
    assert_int_equal(stun_decode(in, sizeof(in), true, &msg), STUN_OK);
    assert_int_equal(stun_check_integrity(&msg, (const uint8_t *)"key", 3), STUN_CHECK_OK);
    in[27] ^= 1;
    assert_int_equal(stun_check_integrity(&msg, (const uint8_t *)"key", 3), STUN_CHECK_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reserved_byte_of_an_address_is_ignored),
        cmocka_unit_test(an_ipv4_mapped_address_inside_an_attribute_becomes_ipv4),
        cmocka_unit_test(a_classic_message_masks_with_its_own_transaction_id),
        cmocka_unit_test(the_mapped_address_falls_back_from_masked_to_plain),
        cmocka_unit_test(a_relayed_address_is_told_from_the_mapped_one),
        cmocka_unit_test(
            values_of_a_wrong_length_or_content_are_refused_and_leave_the_result_alone),
        cmocka_unit_test(fields_come_out_of_their_places),
        cmocka_unit_test(the_integrity_of_a_classic_message_covers_zeros_to_64_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
