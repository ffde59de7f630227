/* Redaction of the report document: what goes, what stays, and that nothing slips through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redact.h"
#include "report_example.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t test_key[PSEUDONYM_KEY_BYTES] = {7, 7, 7};

static struct pseudonym *scheme(void)
{
    struct pseudonym *names = pseudonym_new(test_key);
    assert_non_null(names);
    return names;
}

static json_t *redacted(void)
{
    struct pseudonym *names = scheme();
    json_t *document = report_example();
    char why[256] = "";
    assert_non_null(document);
    if (!redact_document(document, names, why, sizeof(why)))
        fail_msg("%s", why);
    pseudonym_free(names);
    return document;
}

/* The text at a path of keys and, from '0', indexes. */
static const char *at(const json_t *value, const char *path)
{
    char key[64];
    while (*path) {
        size_t len = strcspn(path, ".");
        memcpy(key, path, len);
        key[len] = '\0';
        value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(key, NULL, 10))
                                     : json_object_get(value, key);
        path += len + (path[len] == '.');
    }
    return json_string_value(value);
}

static void leaves_no_name_and_no_address_of_the_run(void **state)
{
    static const char *const originals[] = {
        "acme",       "jane",     "intranet",      "203.0.113.8", "203.0.113.23",
        "192.168.1.", "10.8.0.2", "198.51.100.10", "8.8.8.8",     "2001:db8",
        "a01e:58ff",  "a403258c", "AS64500",       "6.18.44-"};
    json_t *document = redacted();
    char *text = json_dumps(document, 0);
    (void)state;
    for (size_t i = 0; i < COUNT(originals); i++)
        if (strstr(text, originals[i]))
            fail_msg("%s is left: ...%.80s", originals[i], strstr(text, originals[i]) - 20);
    assert_true(json_is_true(json_object_get(json_object_get(document, "run"), "redacted")));
    free(text);
    json_decref(document);
}

static void keeps_what_a_reader_needs(void **state)
{
    static const struct {
        const char *path, *text;
    } rows[] = {
        {"run.browser.name", "firefox-esr"},
        {"run.browser.version", "153.7.0"},
        {"run.command.1", "--headless"},
        {"run.host.kernel", "6.18.44"},
        {"run.capture.file", "wire.pcapng"},
        {"run.capture.interfaces.0", "eth0"},
        {"run.geo", "GeoLite2-City 2026-11-01"},
        {"verdict.result", "leak"},
        {"leaks.0.kind", "public"},
        {"leaks.0.geo.country", "DE"},
        {"leaks.0.call", "sendto"},
        {"leaks.0.advice.1.text",
         "about:config media.peerconnection.ice.default_address_only = true"},
        {"clock.sentence", "the shim's clock and the capture's agree (median 31 us apart)"},
        {"processes.0.name", "firefox-esr"},
        {"exchanges.rows.0.13", "observe:default"},
        {"exchanges.rows.1.10", "401"},
    };
    json_t *document = redacted();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = at(document, rows[i].path);
        if (!text || strcmp(text, rows[i].text) != 0)
            fail_msg("%s is %s", rows[i].path, text ? text : "no text");
    }
    json_decref(document);
}

static void names_the_same_thing_the_same_everywhere(void **state)
{
    json_t *document = redacted();
    const char *leak = at(document, "leaks.0.address"), *iface = at(document, "path.wanted.0");
    const char *row = at(document, "exchanges.rows.0.8"), *server = at(document, "servers.0.ip");
    (void)state;
    assert_string_equal(at(document, "paths.0.learned.0.address"), leak);
    assert_memory_equal(row, leak, strlen(leak));
    assert_string_equal(row + strlen(leak), ":47366");
    assert_memory_equal(iface, "wg-", 3);
    assert_non_null(strstr(at(document, "verdict.sentence"), iface));
    assert_non_null(strstr(at(document, "network_changes.0.sentence"), iface));
    assert_string_equal(at(document, "interfaces.1.name"), iface);
    assert_string_equal(at(document, "run.policy.vpn"), iface);
    assert_non_null(strstr(at(document, "leaks.0.learned_by.sentence"), server));
    assert_non_null(
        strstr(at(document, "leaks.0.learned_by.sentence"), at(document, "servers.0.name")));
    assert_non_null(strstr(at(document, "faults.0.sentence"), at(document, "processes.1.name")));
    assert_non_null(strstr(at(document, "faults.0.sentence"), at(document, "servers.0.ip")));
    assert_non_null(strstr(at(document, "leaks.0.advice.0.text"), at(document, "run.command.0")));
    json_decref(document);
}

static void keeps_the_form_of_addresses(void **state)
{
    json_t *document = redacted();
    const char *text = at(document, "exchanges.rows.1.5"), *basis = at(document, "leaks.1.basis");
    (void)state;
    assert_int_equal(text[0], '[');
    assert_non_null(strstr(text, "]:40001"));
    assert_non_null(strstr(basis, "fe80::"));
    assert_non_null(strstr(basis, "%eth0"));
    assert_memory_equal(at(document, "interfaces.0.addresses.2.ip"), "fe80::", 6);
    assert_non_null(strstr(at(document, "interfaces.0.addresses.2.ip"), "%2"));
    assert_memory_equal(at(document, "interfaces.1.addresses.0.ip"), "10.", 3);
    assert_non_null(strstr(at(document, "leaks.1.learned_by.sentence"), ".local"));
    json_decref(document);
}

static void drops_the_network_of_an_address(void **state)
{
    json_t *document = redacted();
    const json_t *geo =
        json_object_get(json_array_get(json_object_get(document, "leaks"), 0), "geo");
    (void)state;
    assert_true(json_is_null(json_object_get(geo, "network")));
    json_decref(document);
}

static void refuses_a_field_that_it_does_not_know(void **state)
{
    struct pseudonym *names = scheme();
    json_t *document = report_example();
    json_t *leak = json_array_get(json_object_get(document, "leaks"), 0);
    char key[1000];
    char why[256] = "";
    (void)state;
    (void)json_object_set_new(leak, "owner", json_string("Jane"));
    assert_false(redact_document(document, names, why, sizeof(why)));
    assert_string_equal(why, "leaks.owner: a field that redaction does not know");
    (void)json_object_del(leak, "owner");
    (void)memset(key, 'a', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    (void)json_object_set_new(leak, key, json_integer(1));
    assert_false(redact_document(document, names, why, sizeof(why)));
    (void)json_object_del(leak, key);
    (void)json_object_set_new(leak, "203.0.113.23", json_integer(1));
    (void)json_object_set_new(leak, "Jane", json_integer(1));
    assert_false(redact_document(document, names, why, sizeof(why)));
    json_decref(document);
    pseudonym_free(names);
}

static void replaces_what_is_none_of_its_own_words_where_one_is_expected(void **state)
{
    static const char *const values[] = {"203.0.113.23", "<jane@acme>", "fd00::1"};
    struct pseudonym *names = scheme();
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        json_t *document = report_example();
        json_t *leak = json_array_get(json_object_get(document, "leaks"), 0);
        char why[256] = "";
        (void)json_object_set_new(leak, "call", json_string(values[i]));
        assert_true(redact_document(document, names, why, sizeof(why)));
        assert_null(strstr(at(document, "leaks.0.call"), values[i]));
        json_decref(document);
    }
    pseudonym_free(names);
}

static char *sentence(const char *text)
{
    static char copy[512];
    struct pseudonym *names = scheme();
    json_t *document = report_example();
    char why[256];
    struct redactor *redactor = redactor_new(document, names, why, sizeof(why));
    char *result;
    assert_non_null(redactor);
    assert_true(redactor_learn(redactor, PSEUDONYM_PROGRAM, "Jane's tool"));
    assert_true(redactor_learn(redactor, PSEUDONYM_PROGRAM, "acme"));
    assert_true(redactor_learn(redactor, PSEUDONYM_PROGRAM, "h\xc3\xbctte"));
    assert_true(redactor_learn(redactor, PSEUDONYM_PROGRAM, "bad\033name"));
    assert_true(redactor_learn(redactor, PSEUDONYM_PROGRAM, "7"));
    result = redactor_text(redactor, text);
    assert_non_null(result);
    (void)strncpy(copy, result, sizeof(copy) - 1);
    free(result);
    redactor_free(redactor);
    json_decref(document);
    pseudonym_free(names);
    return copy;
}

static void leaves_text_without_names_alone(void **state)
{
    static const char *const same[] = {"",
                                       "nothing here",
                                       "at 12:23:31 on 2026-11-21",
                                       "std::map",
                                       "version 153.7.0",
                                       "3.14",
                                       "and/or",
                                       "127.0.0.1 and [::1]:80",
                                       "224.0.0.251:5353",
                                       "acmes, pacme, acme_2, acme-x",
                                       "read from /proc/net/dev and /etc/resolv.conf",
                                       "7 messages",
                                       "the route ::/0 via ::1, 127.0.0.0/8",
                                       "1::23456",
                                       "deadbeef:",
                                       "1.2.3.400"};
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        assert_string_equal(sentence(same[i]), same[i]);
}

static void finds_an_address_in_any_form(void **state)
{
    static const char *const forms[] = {
        "192.168.1.23",      "(192.168.1.23)",      "192.168.1.23.",        "x=192.168.1.23;",
        "-192.168.1.23-",    "::ffff:192.168.1.23", "[::ffff:c0a8:117]:80", "server:192.168.1.23",
        "b:192.168.1.23:80", "v192.168.1.23rd",     "192.168.1.23a"};
    char expected[64];
    (void)state;
    (void)strcpy(expected, sentence("192.168.1.23"));
    for (size_t i = 0; i < COUNT(forms); i++)
        assert_non_null(strstr(sentence(forms[i]), expected));
    (void)strcpy(expected, sentence("2001:db8:1::23"));
    assert_string_equal(sentence("2001:0DB8:0001:0000:0000:0000:0000:0023"), expected);
    assert_non_null(strstr(sentence("addr:2001:db8:1::23"), expected));
    assert_non_null(strstr(sentence("x2001:db8:1::23y"), expected));
    assert_null(strstr(sentence("1:2:2001:db8:1:0:0:0:0:23"), "db8"));
    assert_null(strstr(sentence("2001:db8:1::23/64 and fe80::1%wg-acme"), "acme"));
    assert_null(strstr(sentence("10.8.0.0/24"), "10.8.0.0"));
}

static void finds_a_name_whole_and_the_longest_first(void **state)
{
    char tool[64];
    (void)state;
    assert_memory_equal(sentence("acme."), "program-", 8);
    assert_null(strstr(sentence("\"acme\", wg-acme acme-helper turn.acme.example"), "acme"));
    assert_null(strstr(sentence("turn.acme.example"), "program-"));
    (void)strcpy(tool, sentence("Jane's tool"));
    assert_int_equal(strlen(tool), strlen("program-00000000"));
    assert_null(strstr(sentence("die h\xc3\xbctte"), "tte"));
    /* As it is shown to terminals. */
    assert_null(strstr(sentence("from bad\\x1bname"), "name"));
}

static void finds_paths_that_no_field_names(void **state)
{
    (void)state;
    assert_null(strstr(sentence("cannot read '/home/jane/.config/x' or /home/jane"), "jane"));
    assert_null(strstr(sentence("file:///home/jane"), "jane"));
}

static char folder[] = "/tmp/rtcshim-key-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *key_file(const char *name)
{
    static char file[128];
    (void)snprintf(file, sizeof(file), "%s/%s", folder, name);
    return file;
}

static void write_file(const char *file, const char *text, mode_t mode)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void name_under(struct pseudonym *names, char out[static PSEUDONYM_NAME_BYTES])
{
    assert_non_null(names);
    (void)pseudonym_name(names, PSEUDONYM_OTHER, "x", 1, out);
    pseudonym_free(names);
}

static void makes_a_key_that_only_its_owner_can_read_and_uses_it_again(void **state)
{
    char first[PSEUDONYM_NAME_BYTES], again[PSEUDONYM_NAME_BYTES], other[PSEUDONYM_NAME_BYTES];
    const char *file = key_file("new");
    struct stat st;
    (void)state;
    name_under(redact_key(file), first);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 65);
    name_under(redact_key(file), again);
    assert_string_equal(first, again);
    name_under(redact_key(NULL), other);
    assert_string_not_equal(first, other);
    name_under(redact_key(NULL), again);
    assert_string_not_equal(other, again);
    (void)unlink(file);
}

static void refuses_a_file_that_holds_no_key_or_is_not_private(void **state)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    static const struct {
        const char *text;
        mode_t mode;
        bool good;
    } rows[] = {
        {key, 0600, true},
        {" \n000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n", 0400, true},
        {key, 0640, false},
        {key, 0604, false},
        {"", 0600, false},
        {"0001", 0600, false},
        {"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600, false},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00", 0600, false},
    };
    const char *file = key_file("key");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pseudonym *names;
        write_file(file, rows[i].text, rows[i].mode);
        names = redact_key(file);
        assert_int_equal(names != NULL, rows[i].good);
        pseudonym_free(names);
        (void)unlink(file);
    }
    assert_null(redact_key("/nowhere/key"));
    assert_null(redact_key("/dev/zero"));
    assert_null(redact_key("/tmp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_name_and_no_address_of_the_run),
        cmocka_unit_test(keeps_what_a_reader_needs),
        cmocka_unit_test(names_the_same_thing_the_same_everywhere),
        cmocka_unit_test(keeps_the_form_of_addresses),
        cmocka_unit_test(drops_the_network_of_an_address),
        cmocka_unit_test(refuses_a_field_that_it_does_not_know),
        cmocka_unit_test(replaces_what_is_none_of_its_own_words_where_one_is_expected),
        cmocka_unit_test(leaves_text_without_names_alone),
        cmocka_unit_test(finds_an_address_in_any_form),
        cmocka_unit_test(finds_a_name_whole_and_the_longest_first),
        cmocka_unit_test(finds_paths_that_no_field_names),
        cmocka_unit_test(makes_a_key_that_only_its_owner_can_read_and_uses_it_again),
        cmocka_unit_test(refuses_a_file_that_holds_no_key_or_is_not_private),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
