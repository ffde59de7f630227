/* The text that is made of a report document: lines, words, and what strangers put into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outfile.h"
#include "paragraph.h"
#include "report_example.h"
#include "report_text.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char *written(const json_t *document, const struct report_text_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(report_text_write(document, options, out));
    fclose(out);
    return text;
}

static void the_verdict_comes_first_and_brief_ends_after_it(void **state)
{
    (void)state;
    json_t *document = report_example();
    struct report_text_options options = {.brief = false};
    assert_non_null(document);
    char *whole = written(document, &options);
    options.brief = true;
    char *brief = written(document, &options);
    assert_true(strncmp(whole, brief, strlen(brief)) == 0);
    assert_true(strlen(whole) > strlen(brief));
    assert_non_null(strstr(whole, "\nInterfaces\n"));
    assert_null(strstr(brief, "\nInterfaces\n"));
    free(whole);
    free(brief);
    json_decref(document);
}

/* Columns of the longest line that has more than one word behind its indent. */
static size_t longest(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *word = text + strspn(text, " ");
        if (memchr(word, ' ', len - (size_t)(word - text)) && len > most)
            most = len;
        text += len + (text[len] != '\0');
    }
    return most;
}

static void lines_keep_to_the_width(void **state)
{
    (void)state;
    json_t *document = report_example();
    for (unsigned width = 60; width <= 200; width += 20) {
        struct report_text_options options = {.width = width};
        char *text = written(document, &options);
        assert_true(longest(text) <= width);
        free(text);
    }
    struct report_text_options free_width = {.width = 0};
    char *text = written(document, &free_width);
    assert_true(longest(text) > 120);
    free(text);
    json_decref(document);
}

static void colour_is_only_where_it_is_wanted(void **state)
{
    (void)state;
    json_t *document = report_example();
    struct report_text_options options = {.colour = true};
    char *text = written(document, &options);
    assert_non_null(strstr(text, "\x1b["));
    free(text);
    options.colour = false;
    text = written(document, &options);
    assert_null(strchr(text, '\x1b'));
    free(text);
    json_decref(document);
}

/* Put hostile into every string of the document. */
static void poison(json_t *value, const char *hostile)
{
    const char *key;
    json_t *element;
    size_t i;
    json_object_foreach(value, key, element)
    {
        if (json_is_string(element))
            json_string_set(element, hostile);
        poison(element, hostile);
    }
    json_array_foreach(value, i, element)
    {
        if (json_is_string(element))
            json_string_set(element, hostile);
        poison(element, hostile);
    }
}

static void hostile_text_in_any_field_does_nothing_but_appear(void **state)
{
    (void)state;
    static const char hostile[] = "\x1b]0;x\x07\x1b[2J\r\n%s%n\xe2\x80\xae\xc2\x9b";
    static const bool both[] = {false, true};
    json_t *document = report_example();
    poison(document, hostile);
    for (size_t i = 0; i < 2; i++) {
        struct report_text_options options = {.width = i ? 40 : 0, .brief = both[i]};
        char *text = written(document, &options);
        assert_non_null(strstr(text, "\\x1b"));
        for (const char *at = text; *at; at++)
            assert_true((unsigned char)*at >= 0x20 || *at == '\n');
        assert_null(strchr(text, '\x7f'));
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_null(strstr(text, "\xc2\x9b"));
        free(text);
    }
    json_decref(document);
}

/* Take any one field of the top away, or make it something else. */
static void a_document_with_holes_is_still_printed(void **state)
{
    (void)state;
    json_t *whole = report_example();
    void *at = json_object_iter(whole);
    for (; at; at = json_object_iter_next(whole, at)) {
        json_t *document = json_deep_copy(whole);
        struct report_text_options options = {.width = 80};
        json_object_del(document, json_object_iter_key(at));
        free(written(document, &options));
        json_object_set_new(document, json_object_iter_key(at), json_integer(7));
        free(written(document, &options));
        json_object_set_new(document, json_object_iter_key(at), json_pack("[n,i,s]", 3, "x"));
        free(written(document, &options));
        json_decref(document);
    }
    json_decref(whole);
}

static void a_paragraph_goes_on_where_its_text_began(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct paragraphs p = {.out = out, .width = 20};
    paragraph(&p, 2, PLAIN, "why", "aaaa bbbb cccc dddd eeeeeeeeeeeeeeeeeeeeeeee f");
    fclose(out);
    assert_string_equal(text, "  why aaaa bbbb cccc\n"
                              "      dddd\n"
                              "      eeeeeeeeeeeeeeeeeeeeeeee\n"
                              "      f\n");
    free(text);
}

static void a_file_is_there_whole_or_not_at_all(void **state)
{
    (void)state;
    char dir[] = "/tmp/rtcshim-test-out-XXXXXX", path[64], line[16] = "";
    struct outfile out;
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/report", dir);

    assert_true(outfile_open(&out, path));
    fputs("one\n", out.stream);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(outfile_commit(&out));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 4);

    assert_true(outfile_open(&out, path));
    fputs("two\n", out.stream);
    outfile_abandon(&out);
    FILE *in = fopen(path, "r");
    assert_non_null(fgets(line, sizeof(line), in));
    assert_string_equal(line, "one\n");
    fclose(in);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else is left in it */
    assert_false(outfile_open(&out, path));
    assert_int_equal(errno, ENOENT);
}

static void a_device_is_written_to_and_not_replaced(void **state)
{
    (void)state;
    struct outfile out;
    struct stat st;
    assert_true(outfile_open(&out, "/dev/full"));
    fputs("x", out.stream);
    assert_false(outfile_commit(&out));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict_comes_first_and_brief_ends_after_it),
        cmocka_unit_test(lines_keep_to_the_width),
        cmocka_unit_test(colour_is_only_where_it_is_wanted),
        cmocka_unit_test(hostile_text_in_any_field_does_nothing_but_appear),
        cmocka_unit_test(a_document_with_holes_is_still_printed),
        cmocka_unit_test(a_paragraph_goes_on_where_its_text_began),
        cmocka_unit_test(a_file_is_there_whole_or_not_at_all),
        cmocka_unit_test(a_device_is_written_to_and_not_replaced),
    };
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
