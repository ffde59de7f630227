/* Strangers' strings on their way to a terminal and into JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *escaped(const char *in)
{
    static char out[256];

    return text_escape(in, strlen(in), out, sizeof out);
}

static void leaves_plain_and_international_text_alone(void **state)
{
    (void)state;
    assert_string_equal(escaped("stun.example.org"), "stun.example.org");
    assert_string_equal(escaped("B\xc3\xbc"
                                "cher \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"),
                        "B\xc3\xbc"
                        "cher \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80");
    assert_string_equal(escaped(""), "");
}

static void makes_controls_visible(void **state)
{
    (void)state;
    assert_string_equal(escaped("a\033[2Jb"), "a\\x1b[2Jb");
    assert_string_equal(escaped("a\nb\tc\rd\x7f"), "a\\nb\\tc\\rd\\x7f");
    assert_string_equal(escaped("\xc2\x9b"
                                "31m"),
                        "\\u009b31m");
    assert_string_equal(escaped("a\\nb"), "a\\\\nb");
}

static void makes_marks_that_deceive_visible(void **state)
{
    (void)state;
    assert_string_equal(escaped("\xe2\x80\xae"
                                "gro"),
                        "\\u202egro");
    assert_string_equal(escaped("\xe2\x81\xa6"), "\\u2066");
    assert_string_equal(escaped("a\xe2\x80\x8b"
                                "b"),
                        "a\\u200bb");
    assert_string_equal(escaped("\xd8\x9c"), "\\u061c");
    assert_string_equal(escaped("\xf3\xa0\x81\x81"), "\\U000e0041");
}

static void makes_bytes_that_are_no_utf8_visible(void **state)
{
    (void)state;
    assert_string_equal(escaped("\xff\xfe"), "\\xff\\xfe");
    assert_string_equal(escaped("\xc0\xaf"), "\\xc0\\xaf");          /* overlong */
    assert_string_equal(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* surrogate */
    assert_string_equal(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    assert_string_equal(escaped("\xe6\x97"), "\\xe6\\x97"); /* cut short */
    assert_string_equal(escaped("\x9b"), "\\x9b");
}

static void escapes_a_nul_inside(void **state)
{
    char out[32];

    (void)state;
    assert_string_equal(text_escape("a\0b", 3, out, sizeof out), "a\\x00b");
}

static void shortens_without_splitting_a_character_or_an_escape(void **state)
{
    static const char in[] = "ab\xe6\x97\xa5\033\xe2\x80\xae\xff plenty";
    char whole[64];

    (void)state;
    text_escape(in, sizeof in - 1, whole, sizeof whole);
    for (size_t size = 0; size <= sizeof whole; size++) {
        char *out = malloc(size + 1); /* exact, for the sanitizer */
        uint32_t code;
        size_t len;

        out[0] = 'x';
        text_escape(in, sizeof in - 1, out, size);
        if (size == 0) {
            assert_int_equal(out[0], 'x');
        } else {
            len = strlen(out);
            assert_true(len < size);
            for (size_t pos = 0; pos < len;) {
                size_t n = text_next_char((uint8_t *)out + pos, len - pos, &code);
                assert_true(n > 0);
                pos += n;
            }
            if (strcmp(out, whole) != 0) {
                size_t kept = len >= 3 ? len - 3 : 0;
                assert_int_equal(strncmp(out, whole, kept), 0);
                assert_int_equal(strncmp(out + kept, "...", len - kept), 0);
            }
        }
        free(out);
    }
}

static void makes_json_of_anything(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char in[3] = {'a', (char)byte, 'b'};
        json_t *string = text_json(in, sizeof in);
        char *dump;

        assert_non_null(string);
        dump = json_dumps(string, JSON_ENCODE_ANY);
        assert_non_null(dump);
        free(dump);
        json_decref(string);
    }
    json_t *string = text_json("a\xff\xe6\x97z", 5);
    assert_string_equal(json_string_value(string), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
    json_decref(string);
}

static void writes_bytes_as_hexadecimal_up_to_a_limit(void **state)
{
    json_t *hex = text_json_hex((const uint8_t *)"\x00\xab\xff", 3, 2);

    (void)state;
    assert_string_equal(json_string_value(hex), "00ab");
    json_decref(hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_plain_and_international_text_alone),
        cmocka_unit_test(makes_controls_visible),
        cmocka_unit_test(makes_marks_that_deceive_visible),
        cmocka_unit_test(makes_bytes_that_are_no_utf8_visible),
        cmocka_unit_test(escapes_a_nul_inside),
        cmocka_unit_test(shortens_without_splitting_a_character_or_an_escape),
        cmocka_unit_test(makes_json_of_anything),
        cmocka_unit_test(writes_bytes_as_hexadecimal_up_to_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
