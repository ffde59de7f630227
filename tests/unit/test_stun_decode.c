/* Recognising and decoding: the edges of every length, damaged messages, and the old forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stun_integrity.h"
#include "stun_vectors.h"

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

/* RFC 3489: binding response, 16 bytes of transaction id, MAPPED-ADDRESS and the 0x8020 of old
 * servers. */
static const uint8_t classic_response[] = {
    0x01, 0x01, 0x00, 0x18, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa,
    0xab, 0xac, 0xad, 0xae, 0xaf, 0x00, 0x01, 0x00, 0x08, 0x00, 0x01, 0x0d, 0x96, 0xc0, 0x00,
    0x02, 0x09, 0x80, 0x20, 0x00, 0x08, 0x00, 0x01, 0xad, 0x37, 0x60, 0xa1, 0xa0, 0xa2,
};

static const uint8_t txid[STUN_TXID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* A copy on the heap of exactly len bytes: under a sanitizer a read past the end ends the test. */
static uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = len > 0 ? malloc(len) : NULL;
    assert_true(copy != NULL || len == 0);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

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

/* ---- recognising ---------------------------------------------------------------------------- */

static void a_whole_message_is_recognised_also_with_bytes_behind_it(void **state)
{
    (void)state;
    uint8_t buf[256] = {0};
    for (size_t i = 0; i < COUNT(vectors); i++) {
        memcpy(buf, vectors[i].bytes, vectors[i].len);
        assert_int_equal(stun_look_datagram(buf, vectors[i].len), STUN_LOOK_MESSAGE);
        assert_int_equal(stun_look_datagram(buf, vectors[i].len + 1), STUN_LOOK_MESSAGE);
        assert_true(stun_has_cookie(buf, 8));
        assert_false(stun_has_cookie(buf, 7));
    }
}

static void no_shorter_prefix_of_a_message_is_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        for (size_t len = 0; len < vectors[i].len; len++) {
            uint8_t *copy = exact_copy(vectors[i].bytes, len);
            assert_int_equal(stun_look_datagram(copy, len), STUN_LOOK_OTHER);
            free(copy);
        }
    }
}

static void a_classic_message_needs_its_exact_length_and_a_known_type(void **state)
{
    (void)state;
    uint8_t buf[sizeof(classic_response) + 4] = {0};
    memcpy(buf, classic_response, sizeof(classic_response));
    assert_int_equal(stun_look_datagram(buf, sizeof(classic_response)), STUN_LOOK_CLASSIC);
    for (size_t len = 0; len <= sizeof(buf); len++) {
        if (len != sizeof(classic_response))
            assert_int_equal(stun_look_datagram(buf, len), STUN_LOOK_OTHER);
    }
    size_t known = 0;
    for (uint32_t type = 0; type <= UINT16_MAX; type++) {
        buf[0] = (uint8_t)(type >> 8);
        buf[1] = (uint8_t)type;
        known += stun_look_datagram(buf, sizeof(classic_response)) == STUN_LOOK_CLASSIC;
    }
    assert_int_equal(known, 6);
}

static void the_first_byte_separates_the_protocols_of_rfc_7983(void **state)
{
    (void)state;
    uint8_t buf[64] = {0};
    put_be32(buf + 4, STUN_COOKIE);
    for (unsigned first = 0; first < 256; first++) {
        buf[0] = (uint8_t)first;
        enum stun_look look = stun_look_datagram(buf, sizeof(buf));
        if (first < 64)
            assert_int_equal(look, STUN_LOOK_MESSAGE);
        else if (first >= 0x40 && first <= 0x4f)
            assert_int_equal(look, STUN_LOOK_CHANNEL_DATA);
        else
            assert_int_equal(look, STUN_LOOK_OTHER);
    }
}

static void channel_data_must_hold_what_its_length_says(void **state)
{
    (void)state;
    static const uint8_t in[] = {0x40, 0x00, 0x00, 0x03, 'a', 'b', 'c', 0x00};
    for (size_t len = 0; len <= sizeof(in); len++)
        assert_int_equal(stun_look_datagram(in, len),
                         len < 7 ? STUN_LOOK_OTHER : STUN_LOOK_CHANNEL_DATA);
}

static void a_length_that_is_no_multiple_of_four_is_no_message(void **state)
{
    (void)state;
    uint8_t buf[128];
    memcpy(buf, vector_request, sizeof(vector_request));
    struct stun_msg msg;
    for (uint8_t off = 1; off < 4; off++) {
        buf[3] = (uint8_t)(vector_request[3] - off);
        assert_int_equal(stun_look_datagram(buf, sizeof(vector_request)), STUN_LOOK_OTHER);
        assert_int_equal(stun_decode(buf, sizeof(vector_request), false, &msg), STUN_BAD_LENGTH);
        assert_int_equal(stun_decode(buf, sizeof(vector_request), true, &msg), STUN_BAD_LENGTH);
    }
}

/* ---- header --------------------------------------------------------------------------------- */

static void
every_prefix_of_a_message_is_truncated_and_shows_the_attributes_that_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct stun_msg whole;
        assert_int_equal(stun_decode(vectors[i].bytes, vectors[i].len, false, &whole), STUN_OK);
        for (size_t len = 0; len < vectors[i].len; len++) {
            uint8_t *copy = exact_copy(vectors[i].bytes, len);
            struct stun_msg msg = {.type = 0xbeef};
            assert_int_equal(stun_decode(copy, len, false, &msg), STUN_TRUNCATED);
            if (len < STUN_HEADER_BYTES) {
                assert_int_equal(msg.type, 0xbeef);
                free(copy);
                continue;
            }
            assert_int_equal(msg.length, len - STUN_HEADER_BYTES);
            assert_memory_equal(msg.txid, whole.txid, STUN_TXID_BYTES);

            size_t pos = 0;
            size_t whole_pos = 0;
            struct stun_attr attr;
            struct stun_attr whole_attr;
            enum stun_status status;
            while ((status = stun_next_attr(&msg, &pos, &attr)) == STUN_OK) {
                assert_int_equal(stun_next_attr(&whole, &whole_pos, &whole_attr), STUN_OK);
                assert_int_equal(attr.type, whole_attr.type);
                assert_memory_equal(attr.value, whole_attr.value, attr.len);
            }
            assert_true(status == STUN_END || status == STUN_TRUNCATED);
            /* The next attribute of the whole message is the one that the cut took: all of it, or
             * its end. */
            assert_int_equal(stun_next_attr(&whole, &whole_pos, &whole_attr), STUN_OK);
            if (status == STUN_END)
                assert_true(whole_attr.offset >= len);
            else
                assert_true(whole_attr.offset < len &&
                            whole_attr.offset + 4 + whole_attr.len > len);
            free(copy);
        }
    }
}

static void class_and_method_come_apart_as_rfc_8489_packs_them(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        uint16_t method;
        enum stun_class cls;
    } rows[] = {
        {0x0001, STUN_METHOD_BINDING, STUN_REQUEST},
        {0x0011, STUN_METHOD_BINDING, STUN_INDICATION},
        {0x0101, STUN_METHOD_BINDING, STUN_SUCCESS_RESPONSE},
        {0x0111, STUN_METHOD_BINDING, STUN_ERROR_RESPONSE},
        {0x0016, STUN_METHOD_SEND, STUN_INDICATION},
        {0x0017, STUN_METHOD_DATA, STUN_INDICATION},
        {0x0113, STUN_METHOD_ALLOCATE, STUN_ERROR_RESPONSE},
        {0x0109, STUN_METHOD_CHANNEL_BIND, STUN_SUCCESS_RESPONSE},
        {0x0200, STUN_METHOD_GOOG_PING, STUN_REQUEST},
        {0x0300, STUN_METHOD_GOOG_PING, STUN_SUCCESS_RESPONSE},
        {0x0310, STUN_METHOD_GOOG_PING, STUN_ERROR_RESPONSE},
        {0x3eef, 0xfff, STUN_REQUEST},
        {0x3fff, 0xfff, STUN_ERROR_RESPONSE},
    };
    uint8_t buf[STUN_HEADER_BYTES] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct stun_msg msg;
        buf[0] = (uint8_t)(rows[i].type >> 8);
        buf[1] = (uint8_t)rows[i].type;
        assert_int_equal(stun_decode(buf, sizeof(buf), false, &msg), STUN_OK);
        assert_int_equal(msg.type, rows[i].type);
        assert_int_equal(msg.method, rows[i].method);
        assert_int_equal(msg.cls, rows[i].cls);
    }
}

static void bytes_of_other_protocols_are_not_stun(void **state)
{
    (void)state;
    struct stun_msg msg;
    static const uint8_t rtp[32] = {0x80, 0x60, 0x00, 0x04, 0x21, 0x12, 0xa4, 0x42};
    static const uint8_t dtls[32] = {0x16, 0xfe, 0xfd, 0x00, 0x00};
    assert_int_equal(stun_decode(rtp, sizeof(rtp), false, &msg), STUN_NOT_STUN);
    assert_int_equal(stun_decode(rtp, sizeof(rtp), true, &msg), STUN_NOT_STUN);
    assert_int_equal(stun_decode(rtp, 1, false, &msg), STUN_NOT_STUN);
    assert_int_equal(stun_decode(dtls, sizeof(dtls), false, &msg), STUN_NOT_STUN);
}

static void the_cookie_is_asked_for_unless_classic_messages_are_welcome(void **state)
{
    (void)state;
    struct stun_msg msg;
    assert_int_equal(stun_decode(classic_response, sizeof(classic_response), false, &msg),
                     STUN_NOT_STUN);
    assert_int_equal(stun_decode(classic_response, sizeof(classic_response), true, &msg), STUN_OK);
    assert_false(msg.has_cookie);
    assert_int_equal(msg.txid_len, 16);
    assert_memory_equal(msg.txid, classic_response + 4, 16);
    assert_int_equal(stun_decode(vector_request, sizeof(vector_request), true, &msg), STUN_OK);
    assert_true(msg.has_cookie);
    assert_int_equal(msg.txid_len, 12);
    assert_memory_equal(msg.txid, vector_request + 8, 12);
}

/* ---- attributes ----------------------------------------------------------------------------- */

static void rejects_an_attribute_that_runs_past_the_end(void **state)
{
    (void)state;
    uint8_t buf[64];
    struct stun_msg msg = one_attr(buf, sizeof(buf), STUN_ATTR_USERNAME, "user", 4);
    for (uint32_t len = 5; len <= UINT16_MAX; len++) {
        buf[STUN_HEADER_BYTES + 2] = (uint8_t)(len >> 8);
        buf[STUN_HEADER_BYTES + 3] = (uint8_t)len;
        size_t pos = 0;
        struct stun_attr attr = {.type = 0xbeef};
        assert_int_equal(stun_next_attr(&msg, &pos, &attr), STUN_BAD_LENGTH);
        assert_int_equal(pos, 0);
        assert_int_equal(attr.type, 0xbeef);
        assert_false(stun_find_attr(&msg, STUN_ATTR_USERNAME, &attr));
    }
}

static void an_attribute_says_where_it_stands_and_padding_is_passed_over(void **state)
{
    (void)state;
    uint8_t buf[128];
    struct stun_builder b;
    struct stun_msg msg;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
    for (size_t len = 0; len <= 5; len++)
        assert_int_equal(stun_add_bytes(&b, (uint16_t)(0x7000 + len), "abcde", len), STUN_OK);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    size_t pos = 0;
    size_t offset = STUN_HEADER_BYTES;
    struct stun_attr attr;
    for (size_t len = 0; len <= 5; len++) {
        assert_int_equal(stun_next_attr(&msg, &pos, &attr), STUN_OK);
        assert_int_equal(attr.type, 0x7000 + len);
        assert_int_equal(attr.len, len);
        assert_int_equal(attr.offset, offset);
        offset += 4 + (len + 3) / 4 * 4;
        assert_int_equal(pos, offset - STUN_HEADER_BYTES);
    }
    assert_int_equal(stun_next_attr(&msg, &pos, &attr), STUN_END);
    assert_int_equal(stun_next_attr(&msg, &pos, &attr), STUN_END);
}

static void the_first_of_two_attributes_of_a_type_is_found(void **state)
{
    (void)state;
    uint8_t buf[64];
    struct stun_builder b;
    struct stun_msg msg;
    struct stun_attr attr;
    stun_build(&b, buf, sizeof(buf), STUN_METHOD_BINDING, STUN_REQUEST, txid);
    stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "one", 3);
    stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "two", 3);
    assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
    assert_true(stun_find_attr(&msg, STUN_ATTR_SOFTWARE, &attr));
    assert_memory_equal(attr.value, "one", 3);
    assert_false(stun_find_attr(&msg, STUN_ATTR_REALM, &attr));
}

/* ---- damage --------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void randomly_damaged_messages_are_walked_to_an_end_inside_their_bytes(void **state)
{
    (void)state;
    uint32_t seed = 0x2112a442;
    size_t walked = 0;
    for (int round = 0; round < 100000; round++) {
        size_t which = next_random(&seed) % COUNT(vectors);
        size_t len = vectors[which].len - next_random(&seed) % 8;
        uint8_t *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, vectors[which].bytes, len);
        for (uint32_t flips = next_random(&seed) % 4 + 1; flips > 0; flips--)
            copy[next_random(&seed) % len] = (uint8_t)next_random(&seed);
        struct stun_msg msg;
        enum stun_status status = stun_decode(copy, len, true, &msg);
        stun_look_datagram(copy, len);
        if (status == STUN_OK || status == STUN_TRUNCATED) {
            size_t pos = 0;
            struct stun_attr attr;
            struct stun_value value;
            while (stun_next_attr(&msg, &pos, &attr) == STUN_OK) {
                assert_true(attr.value >= copy && attr.value + attr.len <= copy + len);
                stun_decode_value(&msg, &attr, &value);
                walked++;
            }
            assert_true(pos <= msg.length);
            stun_check_fingerprint(&msg);
            stun_check_integrity(&msg, (const uint8_t *)"k", 1);
            stun_check_integrity_sha256(&msg, (const uint8_t *)"k", 1);
        }
        free(copy);
    }
    assert_true(walked > 100000);
}

static void microsofts_messages_end_where_they_end_and_pad_nothing(void **state)
{
    /* SOFTWARE of 3 bytes without padding, LIFETIME behind it. */
    static const uint8_t bytes[] = {0x00, 0x03, 0x00, 0x0f, 0x21, 0x12, 0xa4, 0x42, 1,
                                    2,    3,    4,    5,    6,    7,    8,    9,    10,
                                    11,   12,   0x80, 0x22, 0x00, 0x03, 'a',  'b',  'c',
                                    0x00, 0x0d, 0x00, 0x04, 0,    0,    2,    0x58};
    struct stun_msg msg;
    struct stun_attr attr;
    (void)state;
    assert_int_equal(stun_decode(bytes, sizeof(bytes), false, &msg), STUN_BAD_LENGTH);
    assert_int_equal(stun_decode_unpadded(bytes, sizeof(bytes), &msg), STUN_OK);
    assert_true(stun_find_attr(&msg, STUN_ATTR_LIFETIME, &attr));
    assert_int_equal(attr.value[3], 0x58);
    assert_int_equal(stun_decode_unpadded(bytes, sizeof(bytes) - 1, &msg), STUN_TRUNCATED);
    assert_int_equal(stun_decode_unpadded(bytes, STUN_HEADER_BYTES - 1, &msg), STUN_TRUNCATED);
    assert_int_equal(stun_decode_unpadded(classic_response, sizeof(classic_response), &msg),
                     STUN_NOT_STUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_message_is_recognised_also_with_bytes_behind_it),
        cmocka_unit_test(no_shorter_prefix_of_a_message_is_recognised),
        cmocka_unit_test(a_classic_message_needs_its_exact_length_and_a_known_type),
        cmocka_unit_test(the_first_byte_separates_the_protocols_of_rfc_7983),
        cmocka_unit_test(channel_data_must_hold_what_its_length_says),
        cmocka_unit_test(a_length_that_is_no_multiple_of_four_is_no_message),
        cmocka_unit_test(
            every_prefix_of_a_message_is_truncated_and_shows_the_attributes_that_are_whole),
        cmocka_unit_test(class_and_method_come_apart_as_rfc_8489_packs_them),
        cmocka_unit_test(bytes_of_other_protocols_are_not_stun),
        cmocka_unit_test(the_cookie_is_asked_for_unless_classic_messages_are_welcome),
        cmocka_unit_test(rejects_an_attribute_that_runs_past_the_end),
        cmocka_unit_test(an_attribute_says_where_it_stands_and_padding_is_passed_over),
        cmocka_unit_test(the_first_of_two_attributes_of_a_type_is_found),
        cmocka_unit_test(microsofts_messages_end_where_they_end_and_pad_nothing),
        cmocka_unit_test(randomly_damaged_messages_are_walked_to_an_end_inside_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
