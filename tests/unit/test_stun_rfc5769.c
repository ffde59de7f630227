/* The published test vectors, both ways: every attribute read, integrity checked, and the same
 * bytes built again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stun_integrity.h"
#include "stun_vectors.h"

static const uint8_t *const short_term_key = (const uint8_t *)VECTOR_PASSWORD;
enum { SHORT_TERM_KEY_BYTES = sizeof(VECTOR_PASSWORD) - 1 };

static struct stun_msg decode(const uint8_t *in, size_t len)
{
    struct stun_msg msg;
    assert_int_equal(stun_decode(in, len, false, &msg), STUN_OK);
    assert_int_equal(stun_look_datagram(in, len), STUN_LOOK_MESSAGE);
    return msg;
}

/* The next attribute has this type; its value, decoded by its form. */
static struct stun_value expect_attr(const struct stun_msg *msg, size_t *pos, uint16_t type)
{
    struct stun_attr attr;
    struct stun_value value;
    assert_int_equal(stun_next_attr(msg, pos, &attr), STUN_OK);
    assert_int_equal(attr.type, type);
    assert_int_equal(stun_decode_value(msg, &attr, &value), STUN_OK);
    return value;
}

static void expect_text(const struct stun_value *value, const char *text)
{
    assert_int_equal(value->form, STUN_FORM_TEXT);
    assert_int_equal(value->as.text.len, strlen(text));
    assert_memory_equal(value->as.text.bytes, text, strlen(text));
}

static void expect_end(const struct stun_msg *msg, size_t *pos)
{
    struct stun_attr attr;
    assert_int_equal(stun_next_attr(msg, pos, &attr), STUN_END);
    assert_int_equal(*pos, msg->length);
}

static void expect_address(const struct netaddr *addr, const char *text)
{
    char buf[NETADDR_TEXT_BYTES];
    assert_string_equal(netaddr_format(addr, buf, sizeof(buf)), text);
}

static struct stun_value text_value(const char *text)
{
    return (struct stun_value){.form = STUN_FORM_TEXT, .as.text = {text, strlen(text)}};
}

static void add_text(struct stun_builder *b, uint16_t type, const char *text)
{
    struct stun_value value = text_value(text);
    assert_int_equal(stun_add_value(b, type, &value), STUN_OK);
}

static void reads_every_attribute_of_the_sample_request(void **state)
{
    (void)state;
    struct stun_msg msg = decode(vector_request, sizeof(vector_request));
    assert_int_equal(msg.method, STUN_METHOD_BINDING);
    assert_int_equal(msg.cls, STUN_REQUEST);
    assert_int_equal(msg.txid_len, STUN_TXID_BYTES);
    assert_memory_equal(msg.txid, "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae", 12);

    size_t pos = 0;
    struct stun_value v = expect_attr(&msg, &pos, STUN_ATTR_SOFTWARE);
    expect_text(&v, "STUN test client");
    v = expect_attr(&msg, &pos, STUN_ATTR_PRIORITY);
    assert_int_equal(v.as.u32, 0x6e0001ff);
    v = expect_attr(&msg, &pos, STUN_ATTR_ICE_CONTROLLED);
    assert_true(v.as.u64 == UINT64_C(0x932ff9b151263b36));
    v = expect_attr(&msg, &pos, STUN_ATTR_USERNAME);
    expect_text(&v, "evtj:h6vY");
    v = expect_attr(&msg, &pos, STUN_ATTR_MESSAGE_INTEGRITY);
    assert_int_equal(v.form, STUN_FORM_HMAC);
    assert_int_equal(v.as.bytes.len, 20);
    v = expect_attr(&msg, &pos, STUN_ATTR_FINGERPRINT);
    assert_int_equal(v.as.u32, 0xe57a3bcf);
    expect_end(&msg, &pos);
}

static void reads_every_attribute_of_the_ipv4_response(void **state)
{
    (void)state;
    struct stun_msg msg = decode(vector_response_ipv4, sizeof(vector_response_ipv4));
    assert_int_equal(msg.cls, STUN_SUCCESS_RESPONSE);
    size_t pos = 0;
    struct stun_value v = expect_attr(&msg, &pos, STUN_ATTR_SOFTWARE);
    expect_text(&v, "test vector");
    v = expect_attr(&msg, &pos, STUN_ATTR_XOR_MAPPED_ADDRESS);
    expect_address(&v.as.address, "192.0.2.1:32853");
    expect_attr(&msg, &pos, STUN_ATTR_MESSAGE_INTEGRITY);
    v = expect_attr(&msg, &pos, STUN_ATTR_FINGERPRINT);
    assert_int_equal(v.as.u32, 0xc07d4c96);
    expect_end(&msg, &pos);

    struct netaddr mapped;
    assert_true(stun_mapped_address(&msg, &mapped));
    expect_address(&mapped, "192.0.2.1:32853");
    assert_false(stun_relayed_address(&msg, &mapped));
}

static void reads_every_attribute_of_the_ipv6_response(void **state)
{
    (void)state;
    struct stun_msg msg = decode(vector_response_ipv6, sizeof(vector_response_ipv6));
    size_t pos = 0;
    struct stun_value v = expect_attr(&msg, &pos, STUN_ATTR_SOFTWARE);
    expect_text(&v, "test vector");
    v = expect_attr(&msg, &pos, STUN_ATTR_XOR_MAPPED_ADDRESS);
    expect_address(&v.as.address, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    expect_attr(&msg, &pos, STUN_ATTR_MESSAGE_INTEGRITY);
    v = expect_attr(&msg, &pos, STUN_ATTR_FINGERPRINT);
    assert_int_equal(v.as.u32, 0xc8fb0b4c);
    expect_end(&msg, &pos);
}

static void reads_every_attribute_of_the_long_term_request(void **state)
{
    (void)state;
    struct stun_msg msg = decode(vector_request_long_term, sizeof(vector_request_long_term));
    size_t pos = 0;
    struct stun_value v = expect_attr(&msg, &pos, STUN_ATTR_USERNAME);
    expect_text(&v, VECTOR_LONG_TERM_USERNAME);
    v = expect_attr(&msg, &pos, STUN_ATTR_NONCE);
    expect_text(&v, "f//499k954d6OL34oL9FSTvy64sA");
    v = expect_attr(&msg, &pos, STUN_ATTR_REALM);
    expect_text(&v, VECTOR_LONG_TERM_REALM);
    expect_attr(&msg, &pos, STUN_ATTR_MESSAGE_INTEGRITY);
    expect_end(&msg, &pos);
}

static void reads_every_attribute_of_the_sha256_request(void **state)
{
    (void)state;
    struct stun_msg msg = decode(vector_request_sha256, sizeof(vector_request_sha256));
    size_t pos = 0;
    struct stun_value v = expect_attr(&msg, &pos, STUN_ATTR_USERHASH);
    assert_int_equal(v.as.bytes.len, 32);
    v = expect_attr(&msg, &pos, STUN_ATTR_NONCE);
    expect_text(&v, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
    v = expect_attr(&msg, &pos, STUN_ATTR_REALM);
    expect_text(&v, VECTOR_LONG_TERM_REALM);
    v = expect_attr(&msg, &pos, STUN_ATTR_PASSWORD_ALGORITHM);
    assert_int_equal(v.as.bytes.len, 4);
    assert_memory_equal(v.as.bytes.bytes, "\x00\x02\x00\x00", 4);
    v = expect_attr(&msg, &pos, STUN_ATTR_MESSAGE_INTEGRITY_SHA256);
    assert_int_equal(v.as.bytes.len, 32);
    expect_end(&msg, &pos);
}

static void integrity_and_fingerprint_hold_and_break_with_any_bit(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } vectors[] = {
        {vector_request, sizeof(vector_request)},
        {vector_response_ipv4, sizeof(vector_response_ipv4)},
        {vector_response_ipv6, sizeof(vector_response_ipv6)},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t bytes[128];
        size_t len = vectors[i].len;
        memcpy(bytes, vectors[i].bytes, len);
        struct stun_msg msg = decode(bytes, len);
        assert_int_equal(stun_check_integrity(&msg, short_term_key, SHORT_TERM_KEY_BYTES),
                         STUN_CHECK_OK);
        assert_int_equal(stun_check_integrity(&msg, short_term_key, SHORT_TERM_KEY_BYTES - 1),
                         STUN_CHECK_BAD);
        assert_int_equal(stun_check_integrity_sha256(&msg, short_term_key, 1), STUN_CHECK_ABSENT);
        assert_int_equal(stun_check_fingerprint(&msg), STUN_CHECK_OK);
        for (size_t bit = 0; bit < len * 8; bit++) {
            /* The length field is not covered as it was sent, but as it stands when the attribute
             * is the last. */
            if (bit / 8 == 2 || bit / 8 == 3)
                continue;
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(stun_check_fingerprint(&msg), STUN_CHECK_OK);
            if (bit < (len - 8) * 8)
                assert_int_not_equal(
                    stun_check_integrity(&msg, short_term_key, SHORT_TERM_KEY_BYTES),
                    STUN_CHECK_OK);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void long_term_integrity_holds_with_the_key_made_of_name_realm_and_password(void **state)
{
    (void)state;
    uint8_t md5[16];
    uint8_t sha256[32];
    stun_long_term_key_md5(VECTOR_LONG_TERM_USERNAME, VECTOR_LONG_TERM_REALM,
                           VECTOR_LONG_TERM_PASSWORD, md5);
    stun_long_term_key_sha256(VECTOR_LONG_TERM_USERNAME, VECTOR_LONG_TERM_REALM,
                              VECTOR_LONG_TERM_PASSWORD, sha256);

    struct stun_msg msg = decode(vector_request_long_term, sizeof(vector_request_long_term));
    assert_int_equal(stun_check_integrity(&msg, md5, sizeof(md5)), STUN_CHECK_OK);
    assert_int_equal(stun_check_integrity(&msg, sha256, sizeof(sha256)), STUN_CHECK_BAD);
    assert_int_equal(stun_check_fingerprint(&msg), STUN_CHECK_ABSENT);

    msg = decode(vector_request_sha256, sizeof(vector_request_sha256));
    assert_int_equal(stun_check_integrity_sha256(&msg, sha256, sizeof(sha256)), STUN_CHECK_OK);
    assert_int_equal(stun_check_integrity_sha256(&msg, md5, sizeof(md5)), STUN_CHECK_BAD);
    assert_int_equal(stun_check_integrity(&msg, sha256, sizeof(sha256)), STUN_CHECK_ABSENT);
}

static void builds_the_sample_request_byte_for_byte(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct stun_builder b;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, vector_request + 8);
    b.pad = ' ';
    add_text(&b, STUN_ATTR_SOFTWARE, "STUN test client");
    struct stun_value v = {.form = STUN_FORM_U32, .as.u32 = 0x6e0001ff};
    stun_add_value(&b, STUN_ATTR_PRIORITY, &v);
    v = (struct stun_value){.form = STUN_FORM_U64, .as.u64 = UINT64_C(0x932ff9b151263b36)};
    stun_add_value(&b, STUN_ATTR_ICE_CONTROLLED, &v);
    add_text(&b, STUN_ATTR_USERNAME, "evtj:h6vY");
    stun_add_integrity(&b, short_term_key, SHORT_TERM_KEY_BYTES);
    assert_int_equal(stun_add_fingerprint(&b), STUN_OK);
    assert_int_equal(b.len, sizeof(vector_request));
    assert_memory_equal(buf, vector_request, b.len);
}

static void builds_the_responses_byte_for_byte(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        const uint8_t *bytes;
        size_t len;
    } rows[] = {
        {"192.0.2.1", vector_response_ipv4, sizeof(vector_response_ipv4)},
        {"2001:db8:1234:5678:11:2233:4455:6677", vector_response_ipv6,
         sizeof(vector_response_ipv6)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t buf[256];
        struct stun_builder b;
        stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_SUCCESS_RESPONSE,
                   rows[i].bytes + 8);
        b.pad = ' ';
        add_text(&b, STUN_ATTR_SOFTWARE, "test vector");
        struct stun_value v = {.form = STUN_FORM_XOR_ADDRESS};
        assert_true(netaddr_parse_ip(rows[i].ip, &v.as.address));
        v.as.address.port = 32853;
        stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &v);
        stun_add_integrity(&b, short_term_key, SHORT_TERM_KEY_BYTES);
        assert_int_equal(stun_add_fingerprint(&b), STUN_OK);
        assert_int_equal(b.len, rows[i].len);
        assert_memory_equal(buf, rows[i].bytes, b.len);
    }
}

static void builds_the_long_term_request_byte_for_byte(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t buf[256];
    struct stun_builder b;
    stun_long_term_key_md5(VECTOR_LONG_TERM_USERNAME, VECTOR_LONG_TERM_REALM,
                           VECTOR_LONG_TERM_PASSWORD, key);
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST,
               vector_request_long_term + 8);
    add_text(&b, STUN_ATTR_USERNAME, VECTOR_LONG_TERM_USERNAME);
    add_text(&b, STUN_ATTR_NONCE, "f//499k954d6OL34oL9FSTvy64sA");
    add_text(&b, STUN_ATTR_REALM, VECTOR_LONG_TERM_REALM);
    assert_int_equal(stun_add_integrity(&b, key, sizeof(key)), STUN_OK);
    assert_int_equal(b.len, sizeof(vector_request_long_term));
    assert_memory_equal(buf, vector_request_long_term, b.len);
}

static void builds_the_sha256_request_byte_for_byte(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t buf[256];
    struct stun_builder b;
    stun_long_term_key_sha256(VECTOR_LONG_TERM_USERNAME, VECTOR_LONG_TERM_REALM,
                              VECTOR_LONG_TERM_PASSWORD, key);
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, vector_request_sha256 + 8);
    struct stun_value v = {.form = STUN_FORM_OPAQUE, .as.bytes = {vector_request_sha256 + 24, 32}};
    stun_add_value(&b, STUN_ATTR_USERHASH, &v);
    add_text(&b, STUN_ATTR_NONCE, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
    add_text(&b, STUN_ATTR_REALM, VECTOR_LONG_TERM_REALM);
    static const uint8_t algorithm[] = {0x00, 0x02, 0x00, 0x00};
    v = (struct stun_value){.form = STUN_FORM_ALGORITHM, .as.bytes = {algorithm, 4}};
    stun_add_value(&b, STUN_ATTR_PASSWORD_ALGORITHM, &v);
    assert_int_equal(stun_add_integrity_sha256(&b, key, sizeof(key)), STUN_OK);
    assert_int_equal(b.len, sizeof(vector_request_sha256));
    assert_memory_equal(buf, vector_request_sha256, b.len);
}

/* The HMACs are Python's hmac module's, each over the header with the length that its own cut
 * gives. */
static void a_truncated_sha256_hmac_is_checked_as_far_as_it_goes(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *hmac;
        enum stun_check check;
    } rows[] = {
        /* Right, but shorter than the 16 bytes that RFC 8489 section 14.6 allows. */
        {12, "\x00\xe5\x2b\xb1\xcc\xfa\x51\x29\x02\x63\x03\x2b", STUN_CHECK_BAD},
        {16, "\xf9\xe5\x3f\xf1\x91\xf1\x44\x5b\xf5\xcc\x50\xba\x7c\x41\x2f\x07", STUN_CHECK_OK},
        {16, "\xf9\xe5\x3f\xf1\x91\xf1\x44\x5b\xf5\xcc\x50\xba\x7c\x41\x2f\x06", STUN_CHECK_BAD},
        {20, "\x4f\x61\x4b\x22\x84\xc3\xb2\xee\x85\xf7\x50\xcb\x79\xb5\x94\x0c\x81\x39\x03\x28",
         STUN_CHECK_OK},
        {28,
         "\x1e\x09\x3e\x67\xa0\x5d\xd4\xb6\x7d\xfa\xe6\xaa\xef\xe0\x13\x80\x2d\x39\x16\xa9"
         "\xc2\xbb\x97\x6e\xb3\x1a\x9a\x9b",
         STUN_CHECK_OK},
    };
    static const uint8_t txid[STUN_TXID_BYTES] = {1, 2, 3};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t buf[128];
        struct stun_builder b;
        stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
        add_text(&b, STUN_ATTR_USERNAME, "user");
        stun_add_bytes(&b, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, rows[i].hmac, rows[i].len);
        struct stun_msg msg = decode(buf, b.len);
        assert_int_equal(stun_check_integrity_sha256(&msg, (const uint8_t *)"key", 3),
                         rows[i].check);
    }
}

static void what_follows_the_attribute_does_not_change_the_check(void **state)
{
    (void)state;
    uint8_t buf[256];
    memcpy(buf, vector_request, sizeof(vector_request));
    struct stun_builder b = {.buf = buf, .size = sizeof(buf), .len = sizeof(vector_request)};
    add_text(&b, STUN_ATTR_REALM, "appended by somebody on the way");
    struct stun_msg msg = decode(buf, b.len);
    assert_int_equal(stun_check_integrity(&msg, short_term_key, SHORT_TERM_KEY_BYTES),
                     STUN_CHECK_OK);
    assert_int_equal(stun_check_fingerprint(&msg), STUN_CHECK_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_attribute_of_the_sample_request),
        cmocka_unit_test(reads_every_attribute_of_the_ipv4_response),
        cmocka_unit_test(reads_every_attribute_of_the_ipv6_response),
        cmocka_unit_test(reads_every_attribute_of_the_long_term_request),
        cmocka_unit_test(reads_every_attribute_of_the_sha256_request),
        cmocka_unit_test(integrity_and_fingerprint_hold_and_break_with_any_bit),
        cmocka_unit_test(long_term_integrity_holds_with_the_key_made_of_name_realm_and_password),
        cmocka_unit_test(builds_the_sample_request_byte_for_byte),
        cmocka_unit_test(builds_the_responses_byte_for_byte),
        cmocka_unit_test(builds_the_long_term_request_byte_for_byte),
        cmocka_unit_test(builds_the_sha256_request_byte_for_byte),
        cmocka_unit_test(a_truncated_sha256_hmac_is_checked_as_far_as_it_goes),
        cmocka_unit_test(what_follows_the_attribute_does_not_change_the_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
