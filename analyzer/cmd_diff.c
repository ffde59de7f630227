/* `diff`: what one run reveals that another did not. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"
#include "diff.h"
#include "redact.h"
#include "report_load.h"

enum { EXIT_MORE = 1 };

const char help_diff[] =
    "usage: rtcshim diff [OPTIONS] [--] A B\n"
    "\n"
    "Say what run B reveals that run A did not, and the other way round: addresses that servers, pages\n"
    "and the local network learned, interfaces, servers, DNS questions, ways to enumerate, processes\n"
    "that are not covered. A and B are run folders, or files that 'rtcshim report --json' wrote.\n"
    "\n"
    "Addresses are compared by role, such as \"the private IPv4 address of eth0\": another address in\n"
    "the same role is no difference in what is revealed.\n"
    "\n"
    "options:\n"
    "      --vpn IFACE       what was to go through IFACE in both runs, as for 'rtcshim report'\n"
    "      --redact[=FILE]   pseudonyms in place of addresses and names; FILE keeps their key\n"
    "  -j, --json            one JSON object\n"
    "      --help            this text\n"
    "\n"
    "exit status: 0 B reveals nothing more; 1 it does; 2 wrong usage, a run that can't be read, output\n"
    "that can't be written.\n";

struct options {
    const char *vpn, *key;
    bool json, redact;
};

static bool redact(json_t *document, const struct pseudonym *names, char *why, size_t size)
{
    json_t *run = json_object_get(document, "run");
    bool before = json_is_true(json_object_get(run, "redacted"));
    /* It says that a run can't be compared with another one, and under one key they can. */
    return redact_document(document, names, why, size) &&
           json_object_set_new(run, "redacted", json_boolean(before)) == 0;
}

static bool redact_both(const char *file, json_t *a, json_t *b)
{
    char why[256];
    struct pseudonym *names = redact_key(file);
    bool ok = names != NULL;
    if (ok && !(redact(a, names, why, sizeof(why)) && redact(b, names, why, sizeof(why)))) {
        analyzer_complain("diff: cannot redact: %s; nothing is shown", why);
        ok = false;
    }
    pseudonym_free(names);
    return ok;
}

static bool show(const json_t *diff, bool json)
{
    bool ok;
    if (json)
        ok = json_dumpf(diff, stdout, JSON_COMPACT) == 0 && fputc('\n', stdout) != EOF;
    else
        ok = diff_print(diff, isatty(STDOUT_FILENO) == 1, stdout);
    ok = fflush(stdout) == 0 && !ferror(stdout) && ok;
    if (!ok)
        analyzer_complain("diff: cannot write to standard output: %s", strerror(errno));
    return ok;
}

/* The first interface of a report's wanted path; NULL none. */
static const char *wanted_of(const json_t *document)
{
    const json_t *path = json_object_get(document, "path");
    return json_string_value(json_array_get(json_object_get(path, "wanted"), 0));
}

/* A run without a wanted path has no leaks, and what its pages learned would be missing: it is
 * judged by the other one's. A file has been judged. *document is replaced; false: said on standard
 * error. */
static bool judge_alike(json_t **document, const char *path, const json_t *other, bool *judged)
{
    const char *vpn = wanted_of(other);
    struct stat st;
    json_t *again;
    *judged = !wanted_of(*document) && vpn && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (!*judged)
        return true;
    again = report_load("diff", path, vpn);
    if (!again)
        return false;
    json_decref(*document);
    *document = again;
    return true;
}

static bool note_judged(json_t *diff, const json_t *document, bool judged, const char *words)
{
    const char *wanted = wanted_of(document);
    if (!judged || !wanted)
        return true;
    return json_array_append_new(json_object_get(diff, "notes"),
                                 json_sprintf("%s, %s", words, wanted)) == 0;
}

static int compare(const struct options *options, const char *path_a, const char *path_b)
{
    json_t *a = report_load("diff", path_a, options->vpn);
    json_t *b = a ? report_load("diff", path_b, options->vpn) : NULL;
    json_t *diff = NULL;
    bool judged_a = false, judged_b = false;
    int status = EXIT_TROUBLE;
    if (!b || !judge_alike(&a, path_a, b, &judged_a) || !judge_alike(&b, path_b, a, &judged_b) ||
        (options->redact && !redact_both(options->key, a, b)))
        goto out;
    /* A folder's path names its owner. */
    diff = diff_documents(a, b, options->redact ? "A" : path_a, options->redact ? "B" : path_b);
    if (!diff || !note_judged(diff, a, judged_a, "A is judged by the wanted path of B") ||
        !note_judged(diff, b, judged_b, "B is judged by the wanted path of A")) {
        analyzer_complain("diff: no memory");
        goto out;
    }
    if (show(diff, options->json))
        status = diff_reveals_more(diff) ? EXIT_MORE : 0;
out:
    json_decref(diff);
    json_decref(b);
    json_decref(a);
    return status;
}

int cmd_diff(int argc, char **argv)
{
    enum { OPTION_VPN = 256, OPTION_REDACT };
    static const char shorts[] = ":jh";
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {"vpn", required_argument, NULL, OPTION_VPN},
        {"redact", optional_argument, NULL, OPTION_REDACT},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            options.json = true;
            break;
        case OPTION_VPN:
            options.vpn = optarg;
            break;
        case OPTION_REDACT:
            options.redact = true;
            options.key = optarg;
            break;
        default:
            return analyzer_end_options(option, "diff", help_diff, shorts, argv);
        }
    }
    if (argc - optind != 2) {
        analyzer_complain("diff: two runs are compared; 'rtcshim diff --help' says more");
        return EXIT_TROUBLE;
    }
    return compare(&options, argv[optind], argv[optind + 1]);
}
