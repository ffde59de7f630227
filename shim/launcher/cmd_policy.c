/* `rtcshim policy`: check, list, show; and the way to explain and set. */
#include "cmd_policy.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compiler.h"
#include "printer.h"
#include "say.h"
#include "session_file.h"
#include "session_list.h"
#include "source.h"
#include "words.h"

int cmd_policy_bad_option(int option, char **argv)
{
    const char *word = argv[optind > 1 ? optind - 1 : 0];

    if (option == ':')
        say_error("option '%s' needs an argument; see 'rtcshim help policy'", word);
    else
        say_error("unknown option '%s'; see 'rtcshim help policy'", word);
    return POLICY_EXIT_TROUBLE;
}

static int printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return POLICY_EXIT_OK;
    say_error("cannot write to standard output: %s", strerror(errno));
    return POLICY_EXIT_TROUBLE;
}

/* --- check ------------------------------------------------------------------------------------ */

static void print_meaning(const struct program *program)
{
    char text[PRINTER_LINE_BYTES];
    bool has_default = false;

    for (size_t i = 0; i < program->count; i++) {
        const struct program_statement *s = &program->statement[i];
        has_default |= s->verb == PROGRAM_DEFAULT;
        (void)printf("  line %-4u %s\n", s->line, printer_sentence(s, text, sizeof text));
    }
    if (!has_default)
        (void)puts("  (end)     what no rule speaks of: allowed");
    if (program->uses_vpn)
        (void)puts("It needs --vpn IFACE, the interface that $vpn stands for.");
}

/* The limits are those of an empty network: interfaces make no rules. */
static bool fits(const struct policy_source *source, size_t *rules, char *error, size_t size)
{
    struct compiler_report *report = calloc(1, sizeof *report);
    struct policy_table *table = calloc(1, sizeof *table);
    struct netview *view = calloc(1, sizeof *view);
    bool ok = false;

    (void)snprintf(error, size, "out of memory");
    if (report && table && view) {
        struct compiler_options options = {.name = source->name, .vpn = "?", .view = view};
        /* Two default routes, so that rules about them are two. */
        view->default_inet = 1;
        view->default_inet6 = 2;
        ok = compiler_run(&source->program, &options, table, report);
        *rules = table->rules;
        (void)snprintf(error, size, "%s", report->error);
    }
    free(report);
    free(table);
    free(view);
    return ok;
}

static int check(int argc, char **argv)
{
    static const struct option options[] = {{"quiet", no_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
    struct parser_report report;
    struct policy_source source;
    enum source_status status;
    char error[COMPILER_NOTE_BYTES];
    bool quiet = false;
    size_t rules = 0;
    int exit_status = POLICY_EXIT_OK;
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":q", options, NULL)) != -1) {
        if (option != 'q')
            return cmd_policy_bad_option(option, argv);
        quiet = true;
    }
    if (optind + 1 != argc) {
        say_error("usage: rtcshim policy check [-q] NAME|FILE|-");
        return POLICY_EXIT_TROUBLE;
    }
    const char *what = argv[optind];
    status = source_load(what, &source, &report);
    if (status == SOURCE_UNREADABLE)
        return POLICY_EXIT_TROUBLE;
    const char *file = strcmp(what, "-") == 0 ? "stdin" : what;
    (void)fflush(stdout);
    source_print_report(&source, file, &report, stderr);
    if (status == SOURCE_WRONG) {
        exit_status = POLICY_EXIT_WRONG;
    } else if (!fits(&source, &rules, error, sizeof error)) {
        say_error("%s: %s", file, error);
        exit_status = POLICY_EXIT_WRONG;
    } else if (!quiet) {
        (void)printf("policy '%s': no mistakes; compiles to %zu of %d rules\n", source.name, rules,
                     POLICY_RULES_MAX);
        print_meaning(&source.program);
    }
    source_free(&source);
    return exit_status == POLICY_EXIT_OK ? printed() : exit_status;
}

/* --- list, show ------------------------------------------------------------------------------- */

static int list(int argc, char **argv)
{
    size_t count;
    const struct source_builtin *rows = source_builtins(&count);

    (void)argv;
    if (argc > 1) {
        say_error("usage: rtcshim policy list");
        return POLICY_EXIT_TROUBLE;
    }
    for (size_t i = 0; i < count; i++)
        (void)printf("%-12s %s\n", rows[i].name, rows[i].summary);
    return printed();
}

static bool show_session(const struct session_entry *e)
{
    json_t *json = session_file_read(e->path, SESSION_FILE_POLICY);
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *vpn = json_string_value(json_object_get(json, "vpn"));
    const json_t *source = json_object_get(json, "source");
    bool ok = name && json_is_string(source);

    if (ok) {
        (void)printf("# policy '%s' of session %s%s%s\n", name, e->id, vpn ? ", --vpn " : "",
                     vpn ? vpn : "");
        (void)fwrite(json_string_value(source), 1, json_string_length(source), stdout);
    } else {
        say_error("cannot read '%s/" SESSION_FILE_POLICY "'", e->path);
    }
    json_decref(json);
    return ok;
}

static int show(int argc, char **argv)
{
    const struct session_entry *session;
    struct session_entry *sessions;
    struct parser_report report;
    struct policy_source source;
    size_t count;
    int status = POLICY_EXIT_TROUBLE;

    if (argc != 2 || (argv[1][0] == '-' && argv[1][1])) {
        say_error("usage: rtcshim policy show NAME|FILE|SESSION");
        return POLICY_EXIT_TROUBLE;
    }
    if (source_builtin(argv[1]) || source_is_file(argv[1])) {
        enum source_status got = source_load(argv[1], &source, &report);
        if (got != SOURCE_UNREADABLE) {
            (void)fwrite(source.text, 1, source.len, stdout);
            status = printed();
        }
        if (got == SOURCE_WRONG) {
            source_print_report(&source, argv[1], &report, stderr);
            status = POLICY_EXIT_WRONG;
        }
        source_free(&source);
        return status;
    }
    sessions = session_list(&count);
    if (count == 0) {
        /* Says what was probably meant. */
        (void)source_load(argv[1], &source, &report);
        source_free(&source);
        return status;
    }
    session = session_find(sessions, count, argv[1]);
    if (session && show_session(session))
        status = printed();
    free(sessions);
    return status;
}

int cmd_policy(int argc, char **argv)
{
    static const struct word names[] = {
        {"check", 0, NULL},   {"list", 1, NULL}, {"show", 2, NULL},
        {"explain", 3, NULL}, {"set", 4, NULL},
    };
    static const struct words words = {names, sizeof names / sizeof names[0], "a subcommand"};
    static int (*const run[])(int, char **) = {check, list, show, cmd_policy_explain,
                                               cmd_policy_set};
    const struct word *word;
    const char *guess;

    if (argc < 2) {
        say_error(
            "usage: rtcshim policy check|list|show|explain|set ...; see 'rtcshim help policy'");
        return POLICY_EXIT_TROUBLE;
    }
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[1], "help") == 0) {
            (void)fputs(help_policy, stdout);
            return printed();
        }
    word = words_find(&words, argv[1], strlen(argv[1]));
    if (word)
        return run[word->value](argc - 1, argv + 1);
    guess = words_guess(&words, argv[1], strlen(argv[1]));
    if (guess)
        say_error("unknown subcommand 'policy %s'; did you mean 'policy %s'?", argv[1], guess);
    else
        say_error("unknown subcommand 'policy %s'; see 'rtcshim help policy'", argv[1]);
    return POLICY_EXIT_TROUBLE;
}
