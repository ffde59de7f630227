/* What a redacted message still says, and what it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcapng_redact.h"
#include "stun_integrity.h"

static const uint8_t test_key[PSEUDONYM_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint8_t txid[STUN_TXID_BYTES] = "transaction";
static const char secret[] = "secret-of-alice:bob-and-carol";
static const uint8_t secret_ipv4[4] = {203, 0, 113, 23};
static const uint8_t secret_ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, 0,    1,    0xca, 0xfe,
                                        1,    2,    3,    4,    0x5e, 0xc7, 0xe7, 0x23};

static const struct stun_attr_info attributes[] = {
#define STUN_ATTR(ident, number, name, form, source) {number, STUN_FORM_##form, name, source},
#include "stun_attrs.def"
#undef STUN_ATTR
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static struct pseudonym *scheme(void)
{
    struct pseudonym *names = pseudonym_new(test_key);
    assert_non_null(names);
    return names;
}

static bool holds(const uint8_t *in, size_t len, const void *what, size_t what_len)
{
    return memmem(in, len, what, what_len) != NULL;
}

/* Masked as in XOR-MAPPED-ADDRESS, with the original transaction id and with the new one. */
static bool holds_masked(const uint8_t *in, size_t len, const uint8_t *ip, size_t ip_len)
{
    uint8_t mask[16] = {0x21, 0x12, 0xa4, 0x42}, masked[16];
    memcpy(mask + 4, txid, sizeof(txid));
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < ip_len; k++)
            masked[k] = ip[k] ^ mask[k];
        if (holds(in, len, masked, ip_len))
            return true;
        memcpy(mask, in + 4, sizeof(mask));
    }
    return false;
}

static void expect_nothing_secret(const uint8_t *in, size_t len)
{
    assert_false(holds(in, len, secret_ipv4, sizeof(secret_ipv4)));
    assert_false(holds(in, len, secret_ipv6, sizeof(secret_ipv6)));
    assert_false(holds(in, len, secret_ipv6 + 8, 8));
    assert_false(holds_masked(in, len, secret_ipv4, sizeof(secret_ipv4)));
    assert_false(holds_masked(in, len, secret_ipv6, sizeof(secret_ipv6)));
    assert_false(holds(in, len, txid, sizeof(txid)));
    for (size_t i = 0; i + 4 < sizeof(secret); i++)
        assert_false(holds(in, len, secret + i, 5));
}

static void build(struct stun_builder *b, uint8_t *buf, size_t size)
{
    assert_int_equal(stun_build(b, buf, size, STUN_METHOD_BINDING, STUN_SUCCESS_RESPONSE, txid),
                     STUN_OK);
}

static void add_address(struct stun_builder *b, uint16_t type, enum stun_form form,
                        const uint8_t *ip, size_t len)
{
    struct stun_value value = {.form = form, .as.address = netaddr_from_bytes(ip, len, 3478)};
    assert_int_equal(stun_add_value(b, type, &value), STUN_OK);
}

/* A value of this form that is made of secrets. */
static void add_secret(struct stun_builder *b, const struct stun_attr_info *info)
{
    uint8_t value[64] = {0};
    size_t len = sizeof(secret) - 1;
    memcpy(value, secret, len);
    switch (info->form) {
    case STUN_FORM_ADDRESS:
    case STUN_FORM_XOR_ADDRESS:
        add_address(b, info->type, info->form, secret_ipv4, sizeof(secret_ipv4));
        add_address(b, info->type, info->form, secret_ipv6, sizeof(secret_ipv6));
        return;
    case STUN_FORM_ERROR_CODE:
    case STUN_FORM_ADDRESS_ERROR:
        memcpy(value, "\1\0\4\1", 4);
        memcpy(value + 4, secret, sizeof(secret));
        len = 4 + sizeof(secret);
        break;
    case STUN_FORM_DATA:
        memcpy(value, secret_ipv6, 16);
        memcpy(value + 16, secret, len);
        len += 16;
        break;
    default:
        break;
    }
    assert_int_equal(stun_add_bytes(b, info->type, value, len), STUN_OK);
}

static void no_attribute_that_has_a_name_lets_a_secret_through(void **state)
{
    struct pseudonym *names = scheme();
    (void)state;
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        uint8_t buf[512];
        struct stun_builder b;
        build(&b, buf, sizeof(buf));
        add_secret(&b, &attributes[i]);
        size_t len = b.len;
        assert_true(pcapng_redact_message(names, buf, len));
        expect_nothing_secret(buf, len);
    }
    pseudonym_free(names);
}

static void no_attribute_without_a_name_does_either(void **state)
{
    struct pseudonym *names = scheme();
    (void)state;
    for (unsigned type = 0x0070; type < 0x10000; type += 0x0ff1) {
        uint8_t buf[512];
        struct stun_builder b;
        if (stun_attr_info((uint16_t)type))
            continue;
        build(&b, buf, sizeof(buf));
        b.pad = 0xaa; /* padding may hold anything too */
        assert_int_equal(stun_add_bytes(&b, (uint16_t)type, secret, sizeof(secret) - 1), STUN_OK);
        assert_true(pcapng_redact_message(names, buf, b.len));
        expect_nothing_secret(buf, b.len);
        assert_int_equal(buf[b.len - 1], 0);
    }
    pseudonym_free(names);
}

static void an_address_becomes_its_pseudonym_whatever_masks_it(void **state)
{
    static const uint16_t types[] = {STUN_ATTR_XOR_MAPPED_ADDRESS, STUN_ATTR_MAPPED_ADDRESS,
                                     STUN_ATTR_XOR_PEER_ADDRESS, STUN_ATTR_RESPONSE_ORIGIN};
    struct pseudonym *names = scheme();
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        const bool six = i >= 4;
        uint16_t type = types[i % 4];
        uint8_t buf[512];
        struct stun_builder b;
        struct stun_msg msg;
        struct stun_attr attr;
        struct stun_value value;
        const uint8_t *ip = six ? secret_ipv6 : secret_ipv4;
        build(&b, buf, sizeof(buf));
        add_address(&b, type, stun_attr_info(type)->form, ip, six ? 16 : 4);
        assert_true(pcapng_redact_message(names, buf, b.len));
        assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
        assert_true(stun_find_attr(&msg, type, &attr));
        assert_int_equal(stun_decode_value(&msg, &attr, &value), STUN_OK);
        struct netaddr original = netaddr_from_bytes(ip, six ? 16 : 4, 3478);
        struct netaddr expected = pseudonym_addr(names, &original);
        assert_true(netaddr_same(&value.as.address, &expected));
        assert_false(netaddr_same(&value.as.address, &original));
    }
    pseudonym_free(names);
}

static void a_fingerprint_stays_right_or_wrong(void **state)
{
    struct pseudonym *names = scheme();
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        uint8_t buf[512];
        struct stun_builder b;
        struct stun_msg msg;
        build(&b, buf, sizeof(buf));
        assert_int_equal(stun_add_bytes(&b, STUN_ATTR_SOFTWARE, secret, sizeof(secret) - 1),
                         STUN_OK);
        assert_int_equal(stun_add_fingerprint(&b), STUN_OK);
        buf[b.len - 1] = (uint8_t)(buf[b.len - 1] ^ wrong);
        assert_true(pcapng_redact_message(names, buf, b.len));
        assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
        assert_int_equal(stun_check_fingerprint(&msg), wrong ? STUN_CHECK_BAD : STUN_CHECK_OK);
    }
    pseudonym_free(names);
}

static void a_message_in_data_is_redacted_and_other_data_is_gone(void **state)
{
    struct pseudonym *names = scheme();
    (void)state;
    for (int is_message = 0; is_message < 2; is_message++) {
        uint8_t inner[256], buf[512];
        struct stun_builder in, b;
        struct stun_msg msg, nested;
        struct stun_attr attr;
        build(&in, inner, sizeof(inner));
        add_address(&in, STUN_ATTR_XOR_MAPPED_ADDRESS, STUN_FORM_XOR_ADDRESS, secret_ipv4, 4);
        assert_int_equal(stun_add_bytes(&in, STUN_ATTR_USERNAME, secret, sizeof(secret) - 1),
                         STUN_OK);
        if (!is_message)
            inner[4] ^= 1; /* no cookie: media, for all that anybody knows */
        build(&b, buf, sizeof(buf));
        assert_int_equal(stun_add_bytes(&b, STUN_ATTR_DATA, inner, in.len), STUN_OK);
        assert_true(pcapng_redact_message(names, buf, b.len));
        expect_nothing_secret(buf, b.len);
        assert_int_equal(stun_decode(buf, b.len, false, &msg), STUN_OK);
        assert_true(stun_find_attr(&msg, STUN_ATTR_DATA, &attr));
        assert_int_equal(attr.len, in.len);
        if (is_message)
            assert_int_equal(stun_decode(attr.value, attr.len, false, &nested), STUN_OK);
        for (size_t i = 0; !is_message && i < attr.len; i++)
            assert_int_equal(attr.value[i], 0);
    }
    pseudonym_free(names);
}

/* Both ways of an ICE check: "theirs:ours" and "ours:theirs". */
static void equal_names_and_ids_stay_equal(void **state)
{
    struct pseudonym *names = scheme();
    uint8_t one[256], two[256];
    struct stun_builder a, b;
    struct stun_msg first, second;
    struct stun_attr user, turned;
    (void)state;
    build(&a, one, sizeof(one));
    build(&b, two, sizeof(two));
    assert_int_equal(stun_add_bytes(&a, STUN_ATTR_USERNAME, "abcd:efghij", 11), STUN_OK);
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_USERNAME, "efghij:abcd", 11), STUN_OK);
    assert_true(pcapng_redact_message(names, one, a.len));
    assert_true(pcapng_redact_message(names, two, b.len));
    assert_int_equal(stun_decode(one, a.len, false, &first), STUN_OK);
    assert_int_equal(stun_decode(two, b.len, false, &second), STUN_OK);
    assert_memory_equal(first.txid, second.txid, STUN_TXID_BYTES);
    assert_true(stun_find_attr(&first, STUN_ATTR_USERNAME, &user));
    assert_true(stun_find_attr(&second, STUN_ATTR_USERNAME, &turned));
    assert_memory_equal(user.value, turned.value + 7, 4);
    assert_memory_equal(user.value + 5, turned.value, 6);
    assert_memory_not_equal(user.value, "abcd", 4);
    assert_int_equal(user.value[4], ':');
    pseudonym_free(names);
}

static void what_is_not_a_whole_message_is_refused(void **state)
{
    struct pseudonym *names = scheme();
    uint8_t buf[256], copy[256];
    struct stun_builder b;
    (void)state;
    build(&b, buf, sizeof(buf));
    assert_int_equal(stun_add_bytes(&b, STUN_ATTR_SOFTWARE, secret, sizeof(secret) - 1), STUN_OK);
    for (size_t len = 0; len < b.len; len++) {
        memcpy(copy, buf, sizeof(copy));
        assert_false(pcapng_redact_message(names, copy, len));
    }
    memcpy(copy, buf, sizeof(copy));
    assert_false(pcapng_redact_message(names, copy, b.len + 4)); /* bytes behind it */
    copy[23]++; /* the attribute runs past the end */
    copy[23] += 16;
    assert_false(pcapng_redact_message(names, copy, b.len));
    pseudonym_free(names);
}

/* Whatever the bytes are, nothing is read or written outside of them: for the sanitizers. */
static void any_bytes_are_survived(void **state)
{
    struct pseudonym *names = scheme();
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t *buf = malloc(64);
        assert_non_null(buf);
        for (size_t i = 0; i < 64; i++) {
            seed = seed * 1664525u + 1013904223u;
            buf[i] = (uint8_t)(seed >> 24);
        }
        memcpy(buf, "\1\1\0\54\x21\x12\xa4\x42", 8);
        uint16_t type = attributes[(size_t)round % ATTRIBUTES].type;
        buf[20] = (uint8_t)(type >> 8);
        buf[21] = (uint8_t)type;
        buf[22] = 0;
        buf[23] %= 44;
        (void)pcapng_redact_message(names, buf, 64);
        free(buf);
    }
    pseudonym_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_attribute_that_has_a_name_lets_a_secret_through),
        cmocka_unit_test(no_attribute_without_a_name_does_either),
        cmocka_unit_test(an_address_becomes_its_pseudonym_whatever_masks_it),
        cmocka_unit_test(a_fingerprint_stays_right_or_wrong),
        cmocka_unit_test(a_message_in_data_is_redacted_and_other_data_is_gone),
        cmocka_unit_test(equal_names_and_ids_stay_equal),
        cmocka_unit_test(what_is_not_a_whole_message_is_refused),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
