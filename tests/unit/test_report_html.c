/* The report as an HTML page: what of a document can get into it, and what cannot. */
#include "report_html.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The page for this document, which it takes; free() it. */
static char *page_of(json_t *document)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_true(report_html_write(document, out));
    assert_int_equal(fclose(out), 0);
    json_decref(document);
    return text;
}

static json_t *with_sentence(const char *sentence)
{
    return json_pack("{s:{s:s,s:s}}", "verdict", "result", "leak", "sentence", sentence);
}

static size_t count_of(const char *text, const char *wanted)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
        count++;
    return count;
}

static void fills_every_slot_of_the_template(void **state)
{
    (void)state;
    char *page = page_of(json_object());

    assert_int_equal(count_of(page, "{{"), 0);
    assert_non_null(strstr(page, "<html lang=\"en\">"));
    assert_non_null(strstr(page, "</html>"));
    free(page);
}

static void leaves_what_looks_like_a_slot_in_a_string_alone(void **state)
{
    (void)state;
    char *page = page_of(with_sentence("{{script}} {{document}}"));

    assert_int_equal(count_of(page, "{{script}} {{document}}"), 3); /* title, verdict, data */
    free(page);
}

static void turns_markup_in_a_string_into_text(void **state)
{
    (void)state;
    char *page = page_of(with_sentence("<b>&amp;\"'</b>"));

    assert_non_null(strstr(page, "<bdi>&lt;b&gt;&amp;amp;&quot;&#39;&lt;/b&gt;</bdi>"));
    assert_null(strstr(page, "<b>"));
    free(page);
}

static void no_string_ends_the_element_that_holds_the_data(void **state)
{
    (void)state;
    char *page = page_of(with_sentence("</script><!--<script>"));
    char *empty = page_of(with_sentence(""));

    assert_int_equal(count_of(page, "</script"), count_of(empty, "</script"));
    assert_int_equal(count_of(page, "<script"), count_of(empty, "<script"));
    assert_int_equal(count_of(page, "<!--"), count_of(empty, "<!--"));
    assert_non_null(strstr(page, "\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e"));
    free(page);
    free(empty);
}

static void the_data_are_the_document_and_ascii(void **state)
{
    (void)state;
    json_t *document = with_sentence("<\xe2\x80\xae\xd7\xa9 & \x1b");
    json_t *again;
    json_t *kept = json_deep_copy(document);
    char *page = page_of(document);
    const char *data = strstr(page, "id=\"report-document\">");
    const char *end;

    assert_non_null(data);
    data = strchr(data, '>') + 1;
    end = strstr(data, "</script>");
    for (const char *c = data; c < end; c++)
        assert_true((unsigned char)*c < 0x7f);
    again = json_loadb(data, (size_t)(end - data), 0, NULL);
    assert_true(json_equal(kept, again));
    json_decref(kept);
    json_decref(again);
    free(page);
}

static void makes_what_acts_on_a_reader_visible(void **state)
{
    (void)state;
    char *page = page_of(with_sentence("\x1b[31m \xe2\x80\xae \xe2\x81\xa6"));

    assert_non_null(strstr(page, "<bdi>\\x1b[31m \\u202e \\u2066</bdi>"));
    assert_null(strchr(page, 0x1b));
    assert_null(strstr(page, "\xe2\x80\xae"));
    free(page);
}

static void shows_a_very_long_string_whole(void **state)
{
    (void)state;
    const size_t len = 100000;
    char *name = malloc(len + 1);
    char *page;

    assert_non_null(name);
    memset(name, '<', len);
    name[len] = '\0';
    page = page_of(with_sentence(name));
    assert_true(count_of(page, "&lt;") >= 2 * len);
    assert_null(strstr(page, "&lt;..."));
    free(page);
    free(name);
}

/* The policy's hash for the element that starts with open is that of what the element holds. */
static void assert_hash(const char *page, const char *directive, const char *open,
                        const char *close)
{
    const char *given = strstr(page, directive);
    const char *text = strstr(page, open);
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char encoded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";

    assert_non_null(given);
    assert_non_null(text);
    text += strlen(open);
    sha256_init(&context);
    sha256_update(&context, (size_t)(strstr(text, close) - text), (const uint8_t *)text);
    sha256_digest(&context, sizeof(digest), digest);
    base64_encode_raw(encoded, sizeof(digest), digest);
    assert_memory_equal(given + strlen(directive), encoded, strlen(encoded));
}

static void allows_its_own_script_and_style_by_hash_and_nothing_else(void **state)
{
    (void)state;
    char *page = page_of(with_sentence("x"));

    assert_hash(page, "script-src 'sha256-", "\n<script>", "</script>");
    assert_hash(page, "style-src 'sha256-", "<style>", "</style>");
    assert_non_null(strstr(page, "default-src 'none'"));
    assert_int_equal(count_of(page, "unsafe-"), 0);
    free(page);
}

static void says_when_the_page_could_not_be_written(void **state)
{
    (void)state;
    json_t *document = with_sentence("x");
    FILE *full = fopen("/dev/full", "w");

    assert_non_null(full);
    assert_false(report_html_write(document, full));
    (void)fclose(full);
    json_decref(document);
}

/* A leak as the verdict makes it. */
static json_t *leak(const char *address, const char *server, int count)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:{s:s},s:i,s:i}", "address", address, "certainty", "sure",
                     "reason", "unknown", "iface", "eth0", "learned_by", "sentence", server,
                     "count", count, "first_us", 1500000);
}

static void tells_a_leak_to_several_servers_once(void **state)
{
    (void)state;
    char *page = page_of(json_pack(
        "{s:{s:i},s:[o,o,o]}", "verdict", "sure", 2, "leaks", leak("203.0.113.23", "server one", 2),
        leak("203.0.113.24", "server two", 1), leak("203.0.113.23", "server three", 5)));

    assert_int_equal(count_of(page, "<article"), 2);
    assert_non_null(strstr(page, "<bdi>server one</bdi><br><bdi>server three</bdi>"));
    assert_non_null(strstr(page, "7 times, first at 1.500000 s"));
    assert_non_null(strstr(page, "Leaks <span class=\"count\">2</span>"));
    free(page);
}

static void writes_neighbours_in_evidence_as_ranges(void **state)
{
    (void)state;
    char *page = page_of(json_pack("{s:[{s:s,s:{s:[i,i,i,i],s:[i],s:i}}]}", "dns", "question", "a",
                                   "evidence", "events", 7, 8, 9, 12, "frames", 3, "more", 1200));

    assert_non_null(strstr(page, "events 7&ndash;9, 12; frames 3; and 1&#8239;200 more"));
    free(page);
}

static void an_index_that_leads_nowhere_is_a_dash(void **state)
{
    (void)state;
    char *page = page_of(
        json_pack("{s:[{s:i,s:i,s:i}]}", "paths", "process", -1, "iface", 5, "server", 1 << 30));

    assert_non_null(strstr(page, "<tr><td>&ndash;</td><td>&ndash;</td><td>&ndash;</td>"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_every_slot_of_the_template),
        cmocka_unit_test(leaves_what_looks_like_a_slot_in_a_string_alone),
        cmocka_unit_test(turns_markup_in_a_string_into_text),
        cmocka_unit_test(no_string_ends_the_element_that_holds_the_data),
        cmocka_unit_test(the_data_are_the_document_and_ascii),
        cmocka_unit_test(makes_what_acts_on_a_reader_visible),
        cmocka_unit_test(shows_a_very_long_string_whole),
        cmocka_unit_test(allows_its_own_script_and_style_by_hash_and_nothing_else),
        cmocka_unit_test(says_when_the_page_could_not_be_written),
        cmocka_unit_test(tells_a_leak_to_several_servers_once),
        cmocka_unit_test(writes_neighbours_in_evidence_as_ranges),
        cmocka_unit_test(an_index_that_leads_nowhere_is_a_dash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
