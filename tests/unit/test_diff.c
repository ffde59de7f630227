/* What run B reveals that run A did not: by role, not by address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff.h"
#include "report_example.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The example with every "from" in its text made "to". */
static json_t *example_with(const char *from, const char *to)
{
    json_t *document = report_example(), *result;
    char *text = json_dumps(document, 0), *out, *at, *next;
    assert_non_null(text);
    out = malloc(4 * strlen(text) + 1);
    assert_non_null(out);
    out[0] = '\0';
    for (at = text; (next = strstr(at, from)); at = next + strlen(from)) {
        (void)strncat(out, at, (size_t)(next - at));
        (void)strcat(out, to);
    }
    (void)strcat(out, at);
    result = json_loads(out, 0, NULL);
    assert_non_null(result);
    free(out);
    free(text);
    json_decref(document);
    return result;
}

/* Takes both documents. */
static json_t *between(json_t *a, json_t *b)
{
    json_t *diff = diff_documents(a, b, "run-1", "run-2");
    assert_non_null(diff);
    assert_int_equal(diff_reveals_more(diff),
                     json_array_size(json_object_get(diff, "reveals")) > 0);
    json_decref(a);
    json_decref(b);
    return diff;
}

/* The sentences of "reveals" or "no_longer", "context"'s rows, or "notes", one a line. */
static const char *lines(const json_t *diff, const char *part)
{
    static char text[8192];
    size_t i, len = 0;
    const json_t *row;
    text[0] = '\0';
    json_array_foreach(json_object_get(diff, part), i, row)
    {
        const char *words = json_is_string(row)
                                ? json_string_value(row)
                                : json_string_value(json_object_get(row, "sentence"));
        const char *a = json_string_value(json_object_get(row, "a"));
        const char *b = json_string_value(json_object_get(row, "b"));
        if (words)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", words);
        else
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s: %s -> %s\n",
                                    json_string_value(json_object_get(row, "what")), a ? a : "-",
                                    b ? b : "-");
    }
    return text;
}

static json_t *first_leak(json_t *document)
{
    return json_array_get(json_object_get(document, "leaks"), 0);
}

static void finds_nothing_between_a_run_and_itself(void **state)
{
    json_t *diff = between(report_example(), report_example());
    (void)state;
    assert_string_equal(lines(diff, "reveals"), "");
    assert_string_equal(lines(diff, "no_longer"), "");
    assert_string_equal(lines(diff, "context"), "");
    assert_true(json_integer_value(json_object_get(diff, "same")) >= 10);
    json_decref(diff);
}

static void calls_another_address_in_the_same_role_context(void **state)
{
    static const struct {
        const char *from, *to, *context;
    } rows[] = {
        {"192.168.1.23", "192.168.7.9",
         "addresses of eth0: 192.168.1.23 2001:db8:1::23 fe80::a01e:58ff:febc:39fe -> "
         "192.168.7.9 2001:db8:1::23 fe80::a01e:58ff:febc:39fe\n"},
        {"203.0.113.23", "203.0.113.77", ""},
        {"203.0.113.8", "203.0.113.99",
         "address on the wanted path: 203.0.113.8 -> 203.0.113.99\n"},
        {"39fe%2", "39fe%7", ""},
        {"198.51.100.10", "198.51.100.99", ""},
        {"turn.acme.example", "turn.acme.example.", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *diff = between(report_example(), example_with(rows[i].from, rows[i].to));
        assert_string_equal(lines(diff, "reveals"), "");
        assert_string_equal(lines(diff, "no_longer"), "");
        assert_string_equal(lines(diff, "context"), rows[i].context);
        json_decref(diff);
    }
}

static void takes_the_tunnels_of_both_runs_for_one(void **state)
{
    json_t *diff = between(report_example(), example_with("wg-acme", "tun7"));
    const char *context;
    (void)state;
    assert_string_equal(lines(diff, "reveals"), "");
    context = lines(diff, "context");
    assert_non_null(strstr(context, "wanted path: wg-acme -> tun7\n"));
    assert_non_null(strstr(context, "addresses of wg-acme: 10.8.0.2 -> -\n"));
    assert_non_null(strstr(context, "addresses of tun7: - -> 10.8.0.2\n"));
    json_decref(diff);
}

static void knows_the_tunnel_also_where_only_one_run_names_it(void **state)
{
    json_t *a = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(json_object_get(a, "path"), "wanted", json_array());
    diff = between(a, example_with("wg-acme", "tun7"));
    /* That wg-acme was one is not known, and tun7 is the tunnel that A did not use. */
    assert_true(diff_reveals_more(diff));
    json_decref(diff);
    a = report_example();
    (void)json_object_set_new(json_object_get(a, "path"), "wanted", json_array());
    diff = between(a, report_example());
    assert_string_equal(lines(diff, "reveals"), "");
    json_decref(diff);
}

static void takes_an_address_for_that_of_the_interface_that_has_it(void **state)
{
    json_t *b = report_example(), *diff, *learned;
    (void)state;
    learned = json_object_get(json_array_get(json_object_get(b, "paths"), 1), "learned");
    (void)json_object_set_new(json_array_get(learned, 0), "address", json_string("2001:db8:1::23"));
    diff = between(report_example(), b);
    assert_string_equal(
        lines(diff, "reveals"),
        "the global IPv6 address of eth0 (2001:db8:1::23), learned by a server over wg-acme\n");
    json_decref(diff);
}

static void tells_an_address_that_leaked_once_and_by_its_own_interface(void **state)
{
    json_t *runs[2], *diff, *learned;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *leak;
        runs[i] = report_example();
        leak = json_array_get(json_object_get(runs[i], "leaks"), 1);
        (void)json_object_set_new(json_object_get(leak, "learned_by"), "who",
                                  json_string("server"));
    }
    /* The requests left over the tunnel, and the answers came in over eth0. */
    learned = json_object_get(json_array_get(json_object_get(runs[1], "paths"), 1), "learned");
    (void)json_array_append_new(learned, json_pack("{ss}", "address", "2001:db8:1::23"));
    diff = between(runs[0], runs[1]);
    assert_string_equal(lines(diff, "reveals"), "");
    json_decref(diff);
}

static void leaves_out_the_name_of_an_interface_whose_address_was_shown(void **state)
{
    json_t *a = report_example(), *b = report_example(), *diff, *shown;
    (void)state;
    shown = json_object_get(json_array_get(json_object_get(b, "enumerations"), 0), "shown");
    (void)json_array_append_new(shown, json_pack("{ss,sn}", "iface", "eth0", "ip"));
    (void)json_array_append_new(shown, json_pack("{ss,sn}", "iface", "wlan0", "ip"));
    shown = json_object_get(json_array_get(json_object_get(a, "enumerations"), 0), "shown");
    (void)json_array_clear(shown);
    diff = between(a, b);
    assert_string_equal(
        lines(diff, "reveals"),
        "the private IPv4 address of eth0 (192.168.1.23), shown to firefox-esr by netlink\n"
        "wlan0, shown to firefox-esr by netlink\n");
    json_decref(diff);
}

static void tells_an_address_of_a_new_role(void **state)
{
    json_t *a = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(a, "leaks", json_array());
    (void)json_object_set_new(a, "paths", json_array());
    diff = between(a, report_example());
    assert_string_equal(
        lines(diff, "reveals"),
        "the public IPv4 address of eth0 (203.0.113.23), learned by a server over eth0\n"
        "the global IPv6 address of eth0 (2001:db8:1::23), learned by the page\n"
        "the public IPv4 address of wg-acme (203.0.113.8), learned by a server over wg-acme\n");
    assert_string_equal(lines(diff, "no_longer"), "");
    json_decref(diff);
}

static void tells_the_same_role_over_another_interface(void **state)
{
    json_t *b = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(first_leak(b), "iface", json_string("wlan0"));
    diff = between(report_example(), b);
    assert_string_equal(
        lines(diff, "reveals"),
        "the public IPv4 address of wlan0 (203.0.113.23), learned by a server over wlan0\n");
    json_decref(diff);
}

static void tells_an_address_that_shows_the_hardware_from_one_that_does_not(void **state)
{
    json_t *diff = between(report_example(),
                           example_with("2001:db8:1::23", "2001:db8:1::a01e:58ff:febc:39fe"));
    (void)state;
    assert_string_equal(lines(diff, "reveals"),
                        "the global IPv6 address of eth0, made of its hardware address "
                        "(2001:db8:1::a01e:58ff:febc:39fe), learned by the page\n");
    json_decref(diff);
}

static void tells_what_has_become_sure(void **state)
{
    json_t *a = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(first_leak(a), "certainty", json_string("likely"));
    (void)json_object_set_new(a, "paths", json_array());
    diff = between(a, report_example());
    assert_memory_equal(lines(diff, "reveals"), "the public IPv4 address of eth0", 31);
    assert_true(json_is_true(
        json_object_get(json_array_get(json_object_get(diff, "reveals"), 0), "was_likely")));
    json_decref(diff);
    /* The other way round it is no longer sure, and nothing more is revealed. */
    a = report_example();
    (void)json_object_set_new(first_leak(a), "certainty", json_string("likely"));
    (void)json_object_set_new(a, "paths", json_array());
    diff = between(report_example(), a);
    assert_false(diff_reveals_more(diff));
    json_decref(diff);
}

/* Each part of the report, taken out of A and then out of B. */
static void tells_each_kind_of_thing_in_both_directions(void **state)
{
    static const struct {
        const char *part, *sentence;
    } rows[] = {
        {"dns", "asked DNS for intranet.acme.example over eth0\n"},
        {"faults", "acme-helper sent to 198.51.100.10:3478 what the policy had refused\n"},
        {"strangers", "acme-helper (pid 9) sent 2 messages from 192.168.1.23:5000\n"},
        {"servers", "asked turn.acme.example (198.51.100.10:3478) over UDP\n"},
        {"probes", "firefox-esr was told the private IPv4 address of wg-acme (10.8.0.2) by connect "
                   "and getsockname\n"},
        {"enumerations",
         "firefox-esr enumerated by netlink RTM_GETADDR\n"
         "the private IPv4 address of eth0 (192.168.1.23), shown to firefox-esr by netlink\n"},
        {"uncovered", "not covered: acme-helper (/opt/acme/helper is a static program)\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *without = report_example(), *diff;
        (void)json_object_set_new(without, rows[i].part, json_array());
        diff = between(json_incref(without), report_example());
        assert_string_equal(lines(diff, "reveals"), rows[i].sentence);
        assert_string_equal(lines(diff, "no_longer"), "");
        json_decref(diff);
        diff = between(report_example(), without);
        assert_string_equal(lines(diff, "reveals"), "");
        assert_string_equal(lines(diff, "no_longer"), rows[i].sentence);
        json_decref(diff);
    }
}

static void tells_an_interface_that_was_used_in_one_run_alone(void **state)
{
    json_t *a = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(json_array_get(json_object_get(a, "interfaces"), 0), "messages",
                              json_integer(0));
    diff = between(a, report_example());
    assert_string_equal(lines(diff, "reveals"), "STUN over eth0\n");
    json_decref(diff);
}

static void tells_what_is_different_around_the_runs(void **state)
{
    static const struct {
        const char *from, *to, *context;
    } rows[] = {
        {"153.7.0", "154.0", "browser version: 153.7.0 -> 154.0\n"},
        {"my.policy\", \"vpn\": \"wg-acme\"", "my.policy\", \"vpn\": null",
         "policy's vpn: wg-acme -> -\n"},
        {"\"2.36\"", "\"2.41\"", "libc: 2.36 -> 2.41\n"},
        {"\"--headless\"", "\"--safe-mode\", \"-P\"", "arguments: --headless -> --safe-mode -P\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *diff = between(report_example(), example_with(rows[i].from, rows[i].to));
        assert_string_equal(lines(diff, "context"), rows[i].context);
        assert_string_equal(lines(diff, "reveals"), "");
        json_decref(diff);
    }
}

static void takes_another_browsers_processes_for_the_browsers(void **state)
{
    json_t *b = example_with("firefox-esr", "chromium"), *diff;
    (void)state;
    diff = between(report_example(), b);
    assert_string_equal(lines(diff, "reveals"), "");
    assert_non_null(strstr(lines(diff, "context"), "browser: firefox-esr -> chromium\n"));
    json_decref(diff);
}

static void warns_where_a_run_can_not_say_all(void **state)
{
    json_t *a = report_example(), *b = report_example(), *diff;
    (void)state;
    (void)json_object_set_new(json_object_get(a, "run"), "capture", json_null());
    (void)json_object_set_new(json_object_get(a, "run"), "redacted", json_true());
    (void)json_object_set_new(json_object_get(b, "run"), "complete", json_false());
    (void)json_object_set_new(json_object_get(b, "run"), "damage", json_array());
    (void)json_object_set_new(json_object_get(b, "run"), "events_lost", json_integer(3));
    (void)json_object_set_new(json_object_get(a, "path"), "wanted", json_null());
    (void)json_object_set_new(json_object_get(b, "path"), "wanted", json_array());
    diff = between(a, b);
    assert_string_equal(
        lines(diff, "notes"),
        "A was not captured: what only the wire shows is missing in it\n"
        "A is damaged: only what could be read is compared\n"
        "B did not end as it should: it may lack what came last\n"
        "B lost events\n"
        "A and B have no wanted path: what only a leak would show is missing; --vpn names one\n"
        "A is redacted and the other is not: names of servers and questions can't be compared\n");
    json_decref(diff);
}

/* A report is a file, and anybody can write one. */
static size_t break_each(json_t *document, json_t *value, const json_t *other)
{
    static const char *const odd[] = {"null", "7",  "-1",    "1e300", "\"x\"",
                                      "[]",   "{}", "[[1]]", "true",  "\"\\u0000\""};
    size_t tried = 0, i;
    void *iter;
    for (iter = json_is_object(value) ? json_object_iter(value) : NULL; iter;
         iter = json_object_iter_next(value, iter)) {
        json_t *kept = json_incref(json_object_iter_value(iter));
        for (i = 0; i < COUNT(odd); i++) {
            json_t *diff, *part = json_loads(odd[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            assert_non_null(part);
            (void)json_object_iter_set_new(value, iter, part);
            diff = diff_documents(document, other, "a", "b");
            assert_non_null(diff);
            json_decref(diff);
            diff = diff_documents(other, document, "a", "b");
            assert_non_null(diff);
            json_decref(diff);
            tried++;
        }
        (void)json_object_iter_set_new(value, iter, kept);
        tried += break_each(document, kept, other);
    }
    for (i = 0; json_is_array(value) && i < json_array_size(value); i++)
        tried += break_each(document, json_array_get(value, i), other);
    return tried;
}

static void survives_a_report_in_which_any_field_is_of_another_type(void **state)
{
    json_t *document = report_example(), *other = report_example();
    (void)state;
    assert_true(break_each(document, document, other) > 2000);
    json_decref(document);
    json_decref(other);
}

static void cuts_long_names_between_characters(void **state)
{
    json_t *b = report_example(), *diff;
    char name[3000];
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        (void)memset(name, 'a', sizeof(name));
        for (size_t i = shift; i + 3 < sizeof(name); i += 3)
            (void)memcpy(name + i, "\xe2\x82\xac", 3);
        name[shift + 2997 - 3] = '\0';
        (void)json_object_set_new(json_array_get(json_object_get(b, "servers"), 0), "name",
                                  json_string(name));
        diff = diff_documents(b, b, "a", "b");
        assert_non_null(diff);
        json_decref(diff);
    }
    json_decref(b);
}

static char *printed(const json_t *diff)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(diff_print(diff, false, out));
    (void)fclose(out);
    return text;
}

static void prints_like_diff(void **state)
{
    json_t *a = report_example(), *diff;
    char *text;
    (void)state;
    (void)json_object_set_new(a, "leaks", json_array());
    (void)json_object_set_new(json_object_get(a, "run"), "damage", json_array());
    diff = between(a, example_with("153.7.0", "154.0"));
    text = printed(diff);
    assert_string_equal(
        text,
        "--- A: run-1  firefox-esr 153.7.0  policy /home/jane/my.policy  "
        "2026-11-21T12:23:31.157960Z  leak\n"
        "+++ B: run-2  firefox-esr 154.0  policy /home/jane/my.policy  "
        "2026-11-21T12:23:31.157960Z  leak\n"
        "note: B is damaged: only what could be read is compared\n"
        "\nWhat is different around them\n"
        "    browser version             153.7.0 -> 154.0\n"
        "\nB reveals, and A did not\n"
        "+ the global IPv6 address of eth0 (2001:db8:1::23), learned by the page; likely, events "
        "80\n"
        "\n1 more, 0 less, 12 the same\n");
    free(text);
    json_decref(diff);
}

static void prints_nothing_that_a_terminal_would_obey(void **state)
{
    json_t *b = example_with("turn.acme.example", "\\u001b[31m\\u202e<x>"), *diff;
    char *text;
    (void)state;
    diff = between(report_example(), b);
    text = printed(diff);
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_non_null(strstr(text, "\\x1b[31m\\u202e<x>"));
    free(text);
    json_decref(diff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_between_a_run_and_itself),
        cmocka_unit_test(calls_another_address_in_the_same_role_context),
        cmocka_unit_test(takes_the_tunnels_of_both_runs_for_one),
        cmocka_unit_test(knows_the_tunnel_also_where_only_one_run_names_it),
        cmocka_unit_test(takes_an_address_for_that_of_the_interface_that_has_it),
        cmocka_unit_test(tells_an_address_that_leaked_once_and_by_its_own_interface),
        cmocka_unit_test(leaves_out_the_name_of_an_interface_whose_address_was_shown),
        cmocka_unit_test(tells_an_address_of_a_new_role),
        cmocka_unit_test(tells_the_same_role_over_another_interface),
        cmocka_unit_test(tells_an_address_that_shows_the_hardware_from_one_that_does_not),
        cmocka_unit_test(tells_what_has_become_sure),
        cmocka_unit_test(tells_each_kind_of_thing_in_both_directions),
        cmocka_unit_test(tells_an_interface_that_was_used_in_one_run_alone),
        cmocka_unit_test(tells_what_is_different_around_the_runs),
        cmocka_unit_test(takes_another_browsers_processes_for_the_browsers),
        cmocka_unit_test(warns_where_a_run_can_not_say_all),
        cmocka_unit_test(survives_a_report_in_which_any_field_is_of_another_type),
        cmocka_unit_test(cuts_long_names_between_characters),
        cmocka_unit_test(prints_like_diff),
        cmocka_unit_test(prints_nothing_that_a_terminal_would_obey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
