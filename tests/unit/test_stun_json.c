/* STUN messages as JSON: every form of attribute, nesting, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_process.h"
#include "stun_integrity.h"
#include "stun_json.h"

static const uint8_t txid[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static uint8_t buf[4096];
static struct stun_builder b;

static void begin(uint16_t method, enum stun_class cls)
{
    assert_int_equal(stun_build(&b, buf, sizeof buf, method, cls, txid), STUN_OK);
}

static json_t *decoded(void)
{
    struct stun_msg msg;
    json_t *o = stun_json(buf, b.len, false, false, &msg);

    assert_non_null(o);
    return o;
}

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));

    return value ? value : "(none)";
}

static const json_t *attribute(const json_t *o, size_t i)
{
    return json_array_get(json_object_get(o, "attributes"), i);
}

static void puts_the_facts_on_top(void **state)
{
    struct stun_value relayed = {.form = STUN_FORM_XOR_ADDRESS};
    struct stun_value mapped = {.form = STUN_FORM_XOR_ADDRESS};

    (void)state;
    netaddr_parse_ip("203.0.113.9", &mapped.as.address);
    mapped.as.address.port = 40000;
    netaddr_parse_ip("2001:db8::5", &relayed.as.address);
    relayed.as.address.port = 50000;
    begin(STUN_METHOD_ALLOCATE, STUN_SUCCESS_RESPONSE);
    assert_int_equal(stun_add_value(&b, STUN_ATTR_XOR_RELAYED_ADDRESS, &relayed), STUN_OK);
    assert_int_equal(stun_add_value(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped), STUN_OK);
    stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "Coturn-4.6", 10);
    stun_add_fingerprint(&b);
    json_t *o = decoded();
    assert_string_equal(text(o, "class"), "success");
    assert_string_equal(text(o, "method"), "allocate");
    assert_string_equal(text(o, "txid"), "0102030405060708090a0b0c");
    assert_string_equal(text(json_object_get(o, "mapped"), "ip"), "203.0.113.9");
    assert_string_equal(text(json_object_get(o, "xor_relayed"), "ip"), "2001:db8::5");
    assert_string_equal(text(o, "software"), "Coturn-4.6");
    assert_string_equal(text(o, "fingerprint"), "ok");
    assert_string_equal(text(attribute(o, 0), "name"), "XOR-RELAYED-ADDRESS");
    assert_string_equal(text(attribute(o, 0), "type"), "0x0016");
    json_decref(o);

    buf[b.len - 1] ^= 1;
    o = decoded();
    assert_string_equal(text(o, "fingerprint"), "bad");
    json_decref(o);
}

static void tells_an_error_with_its_reason_from_a_stranger(void **state)
{
    static const uint8_t error[] = {0, 0, 4, 1, 'N', 'o', 0xff, 0x1b};

    (void)state;
    begin(STUN_METHOD_ALLOCATE, STUN_ERROR_RESPONSE);
    stun_add_bytes(&b, STUN_ATTR_ERROR_CODE, error, sizeof error);
    json_t *o = decoded();
    const json_t *told = json_object_get(o, "error");
    assert_int_equal(json_integer_value(json_object_get(told, "code")), 401);
    assert_string_equal(text(told, "reason"), "No\xef\xbf\xbd\x1b");
    json_decref(o);
}

static void names_what_is_not_registered_by_its_number(void **state)
{
    (void)state;
    begin(0xeee, STUN_REQUEST);
    stun_add_bytes(&b, 0x7eee, "\x01\x02", 2);
    json_t *o = decoded();
    assert_string_equal(text(o, "method"), "0x0eee");
    assert_true(json_is_null(json_object_get(attribute(o, 0), "name")));
    assert_string_equal(text(attribute(o, 0), "bytes"), "0102");
    json_decref(o);
}

static void shows_stun_inside_data_and_channel_data(void **state)
{
    uint8_t inner[64], channel[4 + 128] = {0x40, 0x01};
    struct stun_builder ib;
    uint16_t number;
    size_t payload;
    json_t *nested;

    (void)state;
    stun_build(&ib, inner, sizeof inner, STUN_METHOD_BINDING, STUN_REQUEST, txid);
    begin(STUN_METHOD_SEND, STUN_INDICATION);
    stun_add_bytes(&b, STUN_ATTR_DATA, inner, ib.len);
    json_t *o = decoded();
    assert_string_equal(text(json_object_get(attribute(o, 0), "nested"), "method"), "binding");
    json_decref(o);

    channel[3] = (uint8_t)ib.len;
    memcpy(channel + 4, inner, ib.len);
    assert_true(stun_json_channel(channel, ib.len + 4, ib.len + 4, &number, &payload, &nested));
    assert_int_equal(number, 0x4001);
    assert_int_equal(payload, ib.len);
    assert_string_equal(text(nested, "class"), "request");
    json_decref(nested);
    channel[0] = 0x50;
    assert_false(stun_json_channel(channel, 8, 8, &number, &payload, &nested));
}

static void says_what_is_damaged_and_what_is_only_cut(void **state)
{
    struct stun_msg msg;

    (void)state;
    begin(STUN_METHOD_BINDING, STUN_REQUEST);
    stun_add_bytes(&b, STUN_ATTR_USERNAME, "abcdefgh", 8);
    json_t *o = stun_json(buf, b.len - 4, false, false, &msg);
    assert_string_not_equal(text(o, "damaged"), "(none)");
    assert_int_equal(json_integer_value(json_object_get(o, "length")), 12);
    json_decref(o);
    o = stun_json(buf, b.len - 4, false, true, &msg);
    assert_null(json_object_get(o, "damaged"));
    assert_true(json_is_true(json_object_get(o, "cut")));
    json_decref(o);
}

static void survives_every_prefix_and_every_changed_byte(void **state)
{
    struct stun_msg msg;
    uint8_t copy[4096];

    (void)state;
    begin(STUN_METHOD_BINDING, STUN_REQUEST);
    stun_add_bytes(&b, STUN_ATTR_USERNAME, "abcdefgh", 8);
    stun_add_bytes(&b, STUN_ATTR_PRIORITY, "\x01\x02\x03\x04", 4);
    stun_add_fingerprint(&b);
    for (size_t len = 0; len <= b.len; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, buf, len);
        json_decref(stun_json(exact, len, true, false, &msg));
        free(exact);
    }
    for (size_t i = 0; i < b.len; i++)
        for (unsigned value = 0; value < 256; value += 5) {
            memcpy(copy, buf, b.len);
            copy[i] = (uint8_t)value;
            json_t *o = stun_json(copy, b.len, true, false, &msg);
            char *dump = o ? json_dumps(o, 0) : NULL;
            assert_true(!o || dump);
            free(dump);
            json_decref(o);
        }
}

static void keeps_a_bounded_number_of_attributes(void **state)
{
    (void)state;
    begin(STUN_METHOD_BINDING, STUN_REQUEST);
    for (int i = 0; i < 300; i++)
        stun_add_bytes(&b, STUN_ATTR_SOFTWARE, "", 0);
    json_t *o = decoded();
    assert_int_equal(json_array_size(json_object_get(o, "attributes")), STUN_JSON_ATTRS_MAX);
    assert_int_equal(json_integer_value(json_object_get(o, "attributes_left_out")),
                     300 - STUN_JSON_ATTRS_MAX);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_the_facts_on_top),
        cmocka_unit_test(tells_an_error_with_its_reason_from_a_stranger),
        cmocka_unit_test(names_what_is_not_registered_by_its_number),
        cmocka_unit_test(shows_stun_inside_data_and_channel_data),
        cmocka_unit_test(says_what_is_damaged_and_what_is_only_cut),
        cmocka_unit_test(survives_every_prefix_and_every_changed_byte),
        cmocka_unit_test(keeps_a_bounded_number_of_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
