/* The tables: no row twice, no row without a name, a form, a decoder or an encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stun.h"

static const struct stun_attr_info attrs[] = {
#define STUN_ATTR(ident, number, name, form, source) {number, STUN_FORM_##form, name, source},
#include "stun_attrs.def"
#undef STUN_ATTR
};

struct number_name {
    uint16_t number;
    const char *name;
};

static const struct number_name methods[] = {
#define STUN_METHOD(ident, number, name, source) {number, name},
#include "stun_methods.def"
#undef STUN_METHOD
};

static const struct number_name errors[] = {
#define STUN_ERROR(number, name, source) {number, name},
#include "stun_errors.def"
#undef STUN_ERROR
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A value that every decoder of that form takes; the length is the form's own. */
static const struct {
    const char *bytes;
    uint16_t len;
} samples[STUN_FORM_COUNT] = {
    [STUN_FORM_OPAQUE] = {"any", 3},
    [STUN_FORM_ADDRESS] = {"\0\1\x0d\x96\xc0\0\2\1", 8},
    [STUN_FORM_XOR_ADDRESS] = {"\0\1\x0d\x96\xc0\0\2\1", 8},
    [STUN_FORM_TEXT] = {"text", 4},
    [STUN_FORM_U32] = {"\1\2\3\4", 4},
    [STUN_FORM_U64] = {"\1\2\3\4\5\6\7\10", 8},
    [STUN_FORM_ERROR_CODE] = {"\0\0\4\1no", 6},
    [STUN_FORM_TYPE_LIST] = {"\x80\x22\x80\x23", 4},
    [STUN_FORM_CHANNEL] = {"\x40\1\0\0", 4},
    [STUN_FORM_TRANSPORT] = {"\x11\0\0\0", 4},
    [STUN_FORM_FAMILY] = {"\2\0\0\0", 4},
    [STUN_FORM_EVEN_PORT] = {"\x80", 1},
    [STUN_FORM_RESERVATION] = {"12345678", 8},
    [STUN_FORM_FLAG] = {"", 0},
    [STUN_FORM_HMAC] = {"12345678901234567890", 20},
    [STUN_FORM_CRC] = {"\1\2\3\4", 4},
    [STUN_FORM_DATA] = {"data", 4},
    [STUN_FORM_ALGORITHM] = {"\0\2\0\0", 4},
    [STUN_FORM_ALGORITHMS] = {"\0\2\0\0\0\1\0\0", 8},
    [STUN_FORM_ICMP] = {"\0\0\3\4\0\0\5\x78", 8},
    [STUN_FORM_ADDRESS_ERROR] = {"\2\0\4\x28no", 6},
    [STUN_FORM_NETWORK_INFO] = {"\0\1\0\x0a", 4},
};

static void no_attribute_type_or_name_appears_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(attrs); i++) {
        for (size_t j = i + 1; j < COUNT(attrs); j++) {
            assert_int_not_equal(attrs[i].type, attrs[j].type);
            assert_string_not_equal(attrs[i].name, attrs[j].name);
        }
    }
}

static void every_attribute_row_is_found_by_its_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(attrs); i++) {
        const struct stun_attr_info *info = stun_attr_info(attrs[i].type);
        assert_non_null(info);
        assert_int_equal(info->type, attrs[i].type);
        assert_string_equal(info->name, attrs[i].name);
        assert_string_equal(info->source, attrs[i].source);
        assert_int_equal(info->form, attrs[i].form);
        assert_true(strlen(info->name) > 0 && strlen(info->source) > 0);
    }
}

static void every_other_type_is_unregistered(void **state)
{
    (void)state;
    size_t found = 0;
    for (uint32_t type = 0; type <= UINT16_MAX; type++)
        found += stun_attr_info((uint16_t)type) != NULL;
    assert_int_equal(found, COUNT(attrs));
}

static void names_that_people_grep_for_have_their_numbers(void **state)
{
    (void)state;
    static const struct number_name rows[] = {
        {0x0001, "MAPPED-ADDRESS"},
        {0x0008, "MESSAGE-INTEGRITY"},
        {0x000c, "CHANNEL-NUMBER"},
        {0x0018, "EVEN-PORT"},
        {0x0020, "XOR-MAPPED-ADDRESS"},
        {0x8020, "MS-XOR-MAPPED-ADDRESS"},
        {0x8028, "FINGERPRINT"},
        {0x802d, "ECN-CHECK STUN"},
        {0xc001, "ENF-FLOW-DESCRIPTION"},
        {0xc057, "GOOG-NETWORK-INFO"},
        {0xc060, "GOOG-MESSAGE-INTEGRITY-32"},
        {0xff00, "RETRANSMIT-COUNT"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_non_null(stun_attr_info(rows[i].number));
        assert_string_equal(stun_attr_info(rows[i].number)->name, rows[i].name);
    }
}

/* Decode and encode again through every row: a form without a handler, or with another form's,
 * can't pass. */
static void every_attribute_has_a_decoder_and_an_encoder_that_agree(void **state)
{
    (void)state;
    static const uint8_t txid[STUN_TXID_BYTES] = {7};
    for (size_t i = 0; i < COUNT(attrs); i++) {
        enum stun_form form = attrs[i].form;
        assert_true(form < STUN_FORM_COUNT);
        assert_non_null(samples[form].bytes);

        uint8_t in[64];
        uint8_t out[64];
        struct stun_builder b;
        stun_build(&b, in, sizeof(in), STUN_METHOD_BINDING, STUN_REQUEST, txid);
        assert_int_equal(stun_add_bytes(&b, attrs[i].type, samples[form].bytes, samples[form].len),
                         STUN_OK);
        struct stun_msg msg;
        struct stun_attr attr;
        struct stun_value value;
        assert_int_equal(stun_decode(in, b.len, false, &msg), STUN_OK);
        assert_true(stun_find_attr(&msg, attrs[i].type, &attr));
        assert_int_equal(stun_decode_value(&msg, &attr, &value), STUN_OK);
        assert_int_equal(value.form, form);

        size_t len = b.len;
        stun_build(&b, out, sizeof(out), STUN_METHOD_BINDING, STUN_REQUEST, txid);
        assert_int_equal(stun_add_value(&b, attrs[i].type, &value), STUN_OK);
        assert_int_equal(b.len, len);
        assert_memory_equal(out, in, len);
    }
}

static void every_form_has_a_sample_and_a_row_that_uses_it(void **state)
{
    (void)state;
    for (size_t form = 0; form < STUN_FORM_COUNT; form++) {
        size_t used = 0;
        for (size_t i = 0; i < COUNT(attrs); i++)
            used += attrs[i].form == (enum stun_form)form;
        assert_true(used > 0);
        assert_non_null(samples[form].bytes);
    }
}

static void check_numbers(const struct number_name *rows, size_t count, uint16_t max,
                          const char *(*name_of)(uint16_t))
{
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(name_of(rows[i].number), rows[i].name);
        for (size_t j = i + 1; j < count; j++)
            assert_string_not_equal(rows[i].name, rows[j].name);
    }
    size_t found = 0;
    for (uint32_t n = 0; n <= UINT16_MAX; n++) {
        found += name_of((uint16_t)n) != NULL;
        assert_true(n <= max || name_of((uint16_t)n) == NULL);
    }
    assert_int_equal(found, count);
}

static void methods_are_twelve_bits_and_named_once(void **state)
{
    (void)state;
    check_numbers(methods, COUNT(methods), 0xfff, stun_method_name);
    assert_string_equal(stun_method_name(STUN_METHOD_BINDING), "binding");
    assert_string_equal(stun_method_name(STUN_METHOD_GOOG_PING), "goog-ping");
}

static void error_codes_are_below_700_and_named_once(void **state)
{
    (void)state;
    check_numbers(errors, COUNT(errors), 699, stun_error_name);
    assert_string_equal(stun_error_name(487), "Role Conflict");
}

static void every_class_and_status_has_a_text(void **state)
{
    (void)state;
    for (int cls = STUN_REQUEST; cls <= STUN_ERROR_RESPONSE; cls++)
        assert_true(strlen(stun_class_name((enum stun_class)cls)) > 0);
    for (int status = STUN_OK; status <= STUN_END; status++) {
        assert_string_not_equal(stun_status_text((enum stun_status)status), "unknown status");
        assert_true(strlen(stun_status_text((enum stun_status)status)) > 0);
    }
}

static void a_priority_names_its_candidate_type(void **state)
{
    (void)state;
    assert_string_equal(stun_candidate_type(2130706431), "host");
    assert_string_equal(stun_candidate_type(UINT32_C(110) << 24 | 0xffffff), "prflx");
    assert_string_equal(stun_candidate_type(UINT32_C(100) << 24), "srflx");
    assert_string_equal(stun_candidate_type(16777215), "relay");
    assert_null(stun_candidate_type(UINT32_C(111) << 24));
    assert_null(stun_candidate_type(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_attribute_type_or_name_appears_twice),
        cmocka_unit_test(every_attribute_row_is_found_by_its_type),
        cmocka_unit_test(every_other_type_is_unregistered),
        cmocka_unit_test(names_that_people_grep_for_have_their_numbers),
        cmocka_unit_test(every_attribute_has_a_decoder_and_an_encoder_that_agree),
        cmocka_unit_test(every_form_has_a_sample_and_a_row_that_uses_it),
        cmocka_unit_test(methods_are_twelve_bits_and_named_once),
        cmocka_unit_test(error_codes_are_below_700_and_named_once),
        cmocka_unit_test(a_priority_names_its_candidate_type),
        cmocka_unit_test(every_class_and_status_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
