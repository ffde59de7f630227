/* Countries and networks from MaxMind DB files that mmdb.py writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "geo.h"
#include "report_example.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[] = "/tmp/rtcshim-geo-XXXXXX";

static int write_databases(void **state)
{
    static const char here[] = __FILE__;
    char script[sizeof(here) + 16];
    int status;
    pid_t child;
    (void)state;
    (void)snprintf(script, sizeof(script), "%.*smmdb.py", (int)(strrchr(here, '/') + 1 - here),
                   here);
    if (!mkdtemp(folder))
        return -1;
    child = fork();
    if (child == 0) {
        (void)execlp("python3", "python3", script, folder, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char file[128];
    (void)snprintf(file, sizeof(file), "%s/%s", folder, name);
    return file;
}

static int remove_databases(void **state)
{
    static const char *const names[] = {"country.mmdb", "asn.mmdb", "ipv4.mmdb", "cut.mmdb",
                                        "wild.mmdb"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        (void)unlink(in_folder(names[i]));
    return rmdir(folder);
}

static struct geo *with(const char *first, const char *second)
{
    struct geo *geo = geo_new();
    char why[256];
    assert_non_null(geo);
    assert_true(geo_open(geo, in_folder(first), why, sizeof(why)));
    if (second)
        assert_true(geo_open(geo, in_folder(second), why, sizeof(why)));
    return geo;
}

/* One field of what is known about ip; "" where the field is null, NULL where nothing is known. */
static const char *known(struct geo *geo, const char *ip, const char *field)
{
    static char text[512];
    struct netaddr addr;
    json_t *found;
    const char *value;
    assert_true(netaddr_parse_ip(ip, &addr));
    found = geo_look_up(geo, &addr);
    assert_non_null(found);
    if (json_is_null(found)) {
        json_decref(found);
        return NULL;
    }
    assert_int_equal(json_object_size(found), 3);
    value = json_string_value(json_object_get(found, field));
    (void)snprintf(text, sizeof(text), "%s", value ? value : "");
    json_decref(found);
    return text;
}

static void says_the_country_of_an_address(void **state)
{
    struct geo *geo = with("country.mmdb", NULL);
    (void)state;
    assert_string_equal(known(geo, "203.0.113.8", "country"), "DE");
    assert_string_equal(known(geo, "203.0.113.8", "country_name"), "Germany");
    assert_string_equal(known(geo, "203.0.113.23", "country"), "NL");
    assert_string_equal(known(geo, "2001:db8:1::23", "country"), "FR");
    assert_string_equal(known(geo, "203.0.113.8", "network"), "");
    assert_null(geo_trouble(geo));
    geo_free(geo);
}

static void takes_where_a_network_is_registered_when_no_country_is_known(void **state)
{
    struct geo *geo = with("country.mmdb", NULL);
    (void)state;
    assert_string_equal(known(geo, "198.51.100.10", "country_name"), "Sweden");
    geo_free(geo);
}

static void puts_several_databases_together_and_the_first_one_first(void **state)
{
    struct geo *geo = with("country.mmdb", "asn.mmdb");
    (void)state;
    assert_string_equal(known(geo, "198.51.100.10", "country"), "SE");
    assert_string_equal(known(geo, "198.51.100.10", "network"), "AS64501");
    geo_free(geo);
    geo = with("ipv4.mmdb", "country.mmdb");
    assert_string_equal(known(geo, "203.0.113.8", "country"), "DK");
    /* A database of IPv4 alone is asked nothing else, and that is no trouble. */
    assert_string_equal(known(geo, "2001:db8::1", "country"), "FR");
    assert_null(geo_trouble(geo));
    geo_free(geo);
}

static void knows_nothing_of_what_is_not_public_or_not_there(void **state)
{
    struct geo *geo = with("country.mmdb", "asn.mmdb");
    (void)state;
    assert_null(known(geo, "192.168.1.23", "country"));
    assert_null(known(geo, "8.8.8.8", "country"));
    assert_null(known(geo, "fd00::1", "country"));
    geo_free(geo);
}

static void hands_on_hostile_texts_whole_valid_and_bounded(void **state)
{
    struct geo *geo = with("asn.mmdb", NULL);
    const char *text;
    (void)state;
    assert_string_equal(known(geo, "203.0.113.8", "network"),
                        "AS64500 Example \xc3\xa4 \033[31m<script>");
    assert_string_equal(known(geo, "198.51.100.200", "network"), "bad \\xff bytes");
    text = known(geo, "192.0.2.1", "network");
    assert_int_equal(strlen(text), 128);
    assert_memory_equal(text + 126, "\xc3\xa4", 2);
    /* Fields of another type than they should have are not there. */
    assert_null(known(geo, "2001:db8::1", "network"));
    geo_free(geo);
}

static void refuses_a_file_that_it_cannot_use(void **state)
{
    static const struct {
        const char *name, *why;
    } rows[] = {
        {"nowhere", "cannot read"}, {"", "is no file"}, {"cut.mmdb", "is no MaxMind DB file"}};
    struct geo *geo = geo_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[256] = "";
        assert_false(geo_open(geo, in_folder(rows[i].name), why, sizeof(why)));
        assert_non_null(strstr(why, rows[i].why));
    }
    assert_false(geo_open(geo, "/dev/zero", (char[8]){0}, 8));
    for (size_t i = 0; i <= GEO_FILES_MAX; i++) {
        char why[256] = "";
        assert_int_equal(geo_open(geo, in_folder("asn.mmdb"), why, sizeof(why)), i < GEO_FILES_MAX);
    }
    geo_free(geo);
    geo_free(NULL);
}

static void says_that_a_database_was_found_damaged_by_a_lookup(void **state)
{
    struct geo *geo = with("wild.mmdb", NULL);
    (void)state;
    assert_null(known(geo, "203.0.113.8", "country"));
    assert_non_null(strstr(geo_trouble(geo), "wild.mmdb is damaged"));
    geo_free(geo);
}

static void fills_the_report_and_names_the_databases(void **state)
{
    struct geo *geo = with("country.mmdb", "asn.mmdb");
    json_t *document = report_example(), *leak, *server;
    (void)state;
    assert_true(geo_document(geo, document));
    leak = json_array_get(json_object_get(document, "leaks"), 0);
    server = json_array_get(json_object_get(document, "servers"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(leak, "geo"), "country")),
                        "NL");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(server, "geo"), "country")), "SE");
    assert_string_equal(json_string_value(json_object_get(json_object_get(document, "run"), "geo")),
                        "Test-Country 2026-11-01, Test-ASN 2026-11-01");
    json_decref(document);
    geo_free(geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_the_country_of_an_address),
        cmocka_unit_test(takes_where_a_network_is_registered_when_no_country_is_known),
        cmocka_unit_test(puts_several_databases_together_and_the_first_one_first),
        cmocka_unit_test(knows_nothing_of_what_is_not_public_or_not_there),
        cmocka_unit_test(hands_on_hostile_texts_whole_valid_and_bounded),
        cmocka_unit_test(refuses_a_file_that_it_cannot_use),
        cmocka_unit_test(says_that_a_database_was_found_damaged_by_a_lookup),
        cmocka_unit_test(fills_the_report_and_names_the_databases),
    };
    return cmocka_run_group_tests(tests, write_databases, remove_databases);
}
