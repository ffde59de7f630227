/* DNS and multicast DNS messages as JSON, whole, cut and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "fake_process.h"

/* stun.x A? -> CNAME y.x, A 198.51.100.10 */
static const uint8_t answer[] = {
    0x12, 0x34, 0x81, 0x80, 0, 1,    0,  2, 0, 0, 0, 0,  4, 's', 't', 'u', 'n', 1, 'x',
    0,    0,    1,    0,    1, 0xc0, 12, 0, 5, 0, 1, 0,  0, 0,   60,  0,   4,   1, 'y',
    0xc0, 17,   0xc0, 36,   0, 1,    0,  1, 0, 0, 0, 60, 0, 4,   198, 51,  100, 10};

static struct dns_digest digest;

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));

    return value ? value : "(none)";
}

static void decodes_a_question_and_its_answers(void **state)
{
    json_t *o = dns_json(answer, sizeof answer, false, &digest);
    const json_t *answers = json_object_get(o, "answers");

    (void)state;
    assert_string_equal(text(o, "type"), "answer");
    assert_string_equal(text(o, "rcode"), "NOERROR");
    assert_string_equal(text(o, "question"), "stun.x");
    assert_string_equal(text(o, "qtype"), "A");
    assert_string_equal(text(json_array_get(answers, 0), "type"), "CNAME");
    assert_string_equal(text(json_array_get(answers, 0), "data"), "y.x");
    assert_string_equal(text(json_array_get(answers, 1), "data"), "198.51.100.10");
    assert_int_equal(digest.addresses, 1);
    assert_string_equal(digest.question, "stun.x");
    assert_null(json_object_get(o, "damaged"));
    json_decref(o);
}

static void tells_an_srv_answer_with_its_port(void **state)
{
    static const uint8_t srv[] = {0,   1,   0x81, 0x80, 0,    0,    0, 1,   0,   0,   0,   0,
                                  5,   '_', 's',  't',  'u',  'n',  4, '_', 'u', 'd', 'p', 1,
                                  'x', 0,   0,    33,   0,    1,    0, 0,   0,   60,  0,   9,
                                  0,   1,   0,    2,    0x0d, 0x96, 1, 's', 0};
    json_t *o = dns_json(srv, sizeof srv, false, &digest);
    const json_t *first = json_array_get(json_object_get(o, "answers"), 0);

    (void)state;
    assert_string_equal(text(first, "data"), "s");
    assert_int_equal(json_integer_value(json_object_get(first, "port")), 3478);
    assert_string_equal(digest.question, "_stun._udp.x");
    json_decref(o);
}

static void survives_every_prefix_and_says_that_it_is_damaged(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof answer; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, answer, len);
        json_t *o = dns_json(exact, len, false, &digest);
        assert_true((o != NULL) == (len >= 12));
        if (o)
            assert_true(json_is_true(json_object_get(o, "damaged")));
        if (len >= 24)
            assert_string_equal(digest.question, "stun.x");
        json_decref(o);
        free(exact);
    }
}

static void does_not_follow_a_name_that_points_at_itself(void **state)
{
    static const uint8_t loop[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    json_t *o = dns_json(loop, sizeof loop, false, &digest);

    (void)state;
    assert_true(json_is_true(json_object_get(o, "damaged")));
    assert_string_equal(digest.question, "");
    json_decref(o);
}

static void keeps_a_bounded_number_of_records(void **state)
{
    uint8_t many[12 + 200 * 15] = {0, 1, 0x81, 0x80, 0, 0, 0, 200};
    static const uint8_t record[] = {0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1};

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(many + 12 + i * sizeof record, record, sizeof record);
    json_t *o = dns_json(many, sizeof many, false, &digest);
    assert_int_equal(json_array_size(json_object_get(o, "answers")), DNS_RECORDS_MAX);
    assert_int_equal(json_integer_value(json_object_get(o, "left_out")), 200 - DNS_RECORDS_MAX);
    assert_int_equal(digest.addresses, DNS_ADDRESSES_MAX);
    json_decref(o);
}

static void recognises_names_of_stun_and_turn_services(void **state)
{
    (void)state;
    assert_true(dns_name_is_stun("stun.example.org"));
    assert_true(dns_name_is_stun("stun1.l.google.com"));
    assert_true(dns_name_is_stun("_turns._tcp.example.org"));
    assert_true(dns_name_is_stun("eu.TURN.example.org"));
    assert_false(dns_name_is_stun("stunning.example.org"));
    assert_false(dns_name_is_stun("return.example.org"));
    assert_false(dns_name_is_stun("example.org"));
    assert_false(dns_name_is_stun(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_a_question_and_its_answers),
        cmocka_unit_test(tells_an_srv_answer_with_its_port),
        cmocka_unit_test(survives_every_prefix_and_says_that_it_is_damaged),
        cmocka_unit_test(does_not_follow_a_name_that_points_at_itself),
        cmocka_unit_test(keeps_a_bounded_number_of_records),
        cmocka_unit_test(recognises_names_of_stun_and_turn_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
