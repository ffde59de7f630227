/* `report`: from a run's folder to its verdict, as text, JSON, HTML, or a commented capture. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"
#include "document.h"
#include "geo.h"
#include "join_run.h"
#include "outfile.h"
#include "redact.h"
#include "report_html.h"
#include "report_pcapng.h"
#include "report_text.h"
#include "verdict.h"

enum {
    EXIT_LEAK = 3,
    DAMAGES_TOLD_MAX = 10,
    WHY_BYTES = 512,
};

const char help_report[] =
    "usage: rtcshim report [OPTIONS] [--] DIR\n"
    "\n"
    "Say what a run showed: which addresses leaked, to whom, over which interface, from which process,\n"
    "why, and what to do about it. DIR is a run's folder. A leak is an address that a server, a page or\n"
    "the local network learned although the wanted path does not include it.\n"
    "\n"
    "options:\n"
    "      --vpn IFACE       everything should have gone through IFACE; default: the policy's interface,\n"
    "                        else the tunnel with the default route\n"
    "      --brief           the verdict alone\n"
    "  -j, --json            the report as one JSON object\n"
    "      --html[=FILE]     also one HTML file that needs nothing else; default DIR/report.html\n"
    "      --pcapng FILE     also the capture, with what the report says about each packet\n"
    "      --geo FILE.mmdb   country and network of public addresses; may be given several times\n"
    "      --redact[=FILE]   replace addresses and names by pseudonyms, under the key in FILE, which is\n"
    "                        made if it is not there; default: a key that is thrown away\n"
    "      --fail-on-leak    exit 3 if an address surely leaked\n"
    "      --help            this text\n"
    "\n"
    "exit status: 0; 1 the folder is damaged, and all that could be read was reported; 2 wrong usage,\n"
    "nothing that can be read, or output that can't be written; 3 as above. FILE may be '-'.\n";

struct options {
    const char *folder, *vpn, *html, *pcapng, *key_file;
    const char *geo[GEO_FILES_MAX];
    size_t geo_count;
    bool want_html, json, brief, redact, fail_on_leak;
};

/* All that a report is made of; zero-initialized, freed by report_free(). */
struct report {
    struct run_folder *run;
    struct sights *sights;
    struct join *join;
    struct verdict *verdict;
    json_t *document;
    struct pseudonym *names;
    struct redactor *redactor;
    struct event_totals totals;
};

static void report_free(struct report *r)
{
    redactor_free(r->redactor);
    pseudonym_free(r->names);
    json_decref(r->document);
    verdict_free(r->verdict);
    join_free(r->join);
    sights_free(r->sights);
    run_folder_free(r->run);
}

static bool no_memory(void)
{
    analyzer_complain("report: out of memory");
    return false;
}

/* --- making it --- */

static bool read_run(struct report *r, const struct options *o)
{
    const char *reason = NULL;
    r->run = run_folder_open(o->folder, &reason);
    if (!r->run) {
        analyzer_complain("cannot read %s: %s", o->folder, reason ? reason : strerror(errno));
        return false;
    }
    r->sights = sights_new();
    if (!r->sights)
        return no_memory();
    r->join = join_run(r->run, sights_take, r->sights, &r->totals);
    if (!r->join || r->sights->failed)
        return no_memory();
    if (!r->run->has_json && r->totals.lines == 0 && r->join->wire.packets == 0) {
        analyzer_complain(
            "%s is no run's folder: neither run.json nor events.ndjson nor wire.pcapng "
            "can be read in it",
            o->folder);
        return false;
    }
    return true;
}

static bool add_geo(struct report *r, const struct options *o)
{
    char why[WHY_BYTES] = "";
    bool good = true;
    struct geo *geo = o->geo_count > 0 ? geo_new() : NULL;
    if (o->geo_count == 0)
        return true;
    if (!geo)
        return no_memory();
    for (size_t i = 0; good && i < o->geo_count; i++) {
        good = geo_open(geo, o->geo[i], why, sizeof(why));
        if (!good)
            analyzer_complain("report: %s", why);
    }
    if (good && !geo_document(geo, r->document))
        good = no_memory();
    if (good && geo_trouble(geo))
        analyzer_complain("report: %s; countries and networks may be missing", geo_trouble(geo));
    geo_free(geo);
    return good;
}

static bool redact(struct report *r, const struct options *o)
{
    char why[WHY_BYTES] = "";
    if (!o->redact)
        return true;
    r->names = redact_key(o->key_file);
    if (!r->names)
        return false;
    r->redactor = redactor_new(r->document, r->names, why, sizeof(why));
    if (r->redactor && redactor_apply(r->redactor, r->document, why, sizeof(why)))
        return true;
    analyzer_complain("report: cannot redact: %s", why[0] ? why : "out of memory");
    return false;
}

static bool make(struct report *r, const struct options *o)
{
    if (!read_run(r, o))
        return false;
    r->verdict = verdict_make(r->run, r->join, r->sights, o->vpn);
    if (!r->verdict)
        return no_memory();
    r->document = document_make(r->run, r->join, r->sights, r->verdict, &r->totals);
    if (!r->document)
        return no_memory();
    return add_geo(r, o) && redact(r, o);
}

/* --- writing it --- */

static bool commit(struct outfile *out, const char *path, bool good)
{
    int error = errno;
    if (good && outfile_commit(out))
        return true;
    if (good)
        error = errno;
    outfile_abandon(out);
    analyzer_complain("cannot write %s: %s", path, error ? strerror(error) : "out of memory");
    return false;
}

/* Whether the path leads to a file that the report is made of: nothing replaces evidence. */
static bool is_of_the_run(const struct report *r, const char *path)
{
    static const char *const files[] = {RUN_JSON_FILE, RUN_EVENTS_FILE, RUN_WIRE_FILE};
    struct stat there, own;
    bool same = false;
    if (stat(path, &there) != 0)
        return false;
    for (size_t i = 0; !same && i < sizeof(files) / sizeof(files[0]); i++) {
        int fd = run_folder_file(r->run, files[i]);
        same = fd >= 0 && fstat(fd, &own) == 0 && own.st_dev == there.st_dev &&
               own.st_ino == there.st_ino;
        if (fd >= 0)
            close(fd);
    }
    if (same)
        analyzer_complain("cannot write %s: the report is made of it", path);
    return same;
}

static bool write_html(const struct report *r, const struct options *o)
{
    char beside[PATH_MAX];
    const char *path = o->html ? o->html : beside;
    struct outfile out;
    errno = ENAMETOOLONG;
    if (o->html && is_of_the_run(r, o->html))
        return false;
    if ((size_t)snprintf(beside, sizeof(beside), "%s/report.html", o->folder) >= sizeof(beside) ||
        !outfile_open(&out, path)) {
        analyzer_complain("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    errno = 0;
    return commit(&out, path, report_html_write(r->document, out.stream));
}

static bool write_pcapng(const struct report *r, const struct options *o)
{
    struct report_pcapng what = {.run = r->run,
                                 .join = r->join,
                                 .verdict = r->verdict,
                                 .names = r->names,
                                 .redactor = r->redactor};
    char why[WHY_BYTES] = "";
    struct outfile out;
    if (is_of_the_run(r, o->pcapng))
        return false;
    if (!outfile_open(&out, o->pcapng)) {
        analyzer_complain("cannot write %s: %s", o->pcapng, strerror(errno));
        return false;
    }
    if (report_pcapng_write(&what, out.stream, why, sizeof(why)))
        return commit(&out, o->pcapng, true);
    outfile_abandon(&out);
    analyzer_complain("cannot write %s: %s", o->pcapng, why);
    return false;
}

static unsigned terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* The report itself, unless another output goes to standard output. */
static bool write_stdout(const struct report *r, const struct options *o)
{
    bool terminal = isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR");
    struct report_text_options options = {.brief = o->brief,
                                          .colour = terminal && !(no_color && no_color[0]),
                                          .width = terminal ? terminal_width() : 0};
    bool good;
    if ((o->html && strcmp(o->html, "-") == 0) || (o->pcapng && strcmp(o->pcapng, "-") == 0))
        return true;
    errno = 0;
    if (o->json)
        good = json_dumpf(r->document, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0 &&
               putchar('\n') != EOF;
    else
        good = report_text_write(r->document, &options, stdout);
    if (good && fflush(stdout) == 0 && !ferror(stdout))
        return true;
    analyzer_complain("cannot write to standard output: %s",
                      errno ? strerror(errno) : "out of memory");
    return false;
}

static void tell_damage(const struct report *r, const struct options *o)
{
    const struct run_folder *run = r->run;
    for (size_t i = 0; i < run->damage_count && i < DAMAGES_TOLD_MAX; i++) {
        const struct run_damage *d = &run->damages[i];
        char line[32] = "";
        if (d->line != 0)
            (void)snprintf(line, sizeof(line), "line %llu, ", (unsigned long long)d->line);
        analyzer_complain("%s/%s: damaged at %sbyte %llu: %s", o->folder, d->file, line,
                          (unsigned long long)d->offset, d->reason);
    }
    uint64_t all = run->damage_count + run->damages_left_out;
    if (all > DAMAGES_TOLD_MAX)
        analyzer_complain("%s: damaged in %llu more places", o->folder,
                          (unsigned long long)(all - DAMAGES_TOLD_MAX));
}

static int report(const struct options *o)
{
    struct report r = {0};
    int status = EXIT_TROUBLE;
    if (!make(&r, o))
        goto out;
    tell_damage(&r, o);
    if ((o->want_html && !write_html(&r, o)) || (o->pcapng && !write_pcapng(&r, o)) ||
        !write_stdout(&r, o))
        goto out;
    status = r.run->damage_count > 0 ? EXIT_DAMAGED : 0;
    if (o->fail_on_leak && r.verdict->sure > 0)
        status = EXIT_LEAK;
out:
    report_free(&r);
    return status;
}

/* That were asked for; the text gives way. */
static int outputs_to_stdout(const struct options *o)
{
    return o->json + (o->html && strcmp(o->html, "-") == 0) +
           (o->pcapng && strcmp(o->pcapng, "-") == 0);
}

int cmd_report(int argc, char **argv)
{
    enum {
        OPTION_VPN = 256,
        OPTION_BRIEF,
        OPTION_HTML,
        OPTION_PCAPNG,
        OPTION_GEO,
        OPTION_REDACT,
        OPTION_FAIL
    };
    static const char shorts[] = ":jh";
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {"vpn", required_argument, NULL, OPTION_VPN},
        {"brief", no_argument, NULL, OPTION_BRIEF},
        {"html", optional_argument, NULL, OPTION_HTML},
        {"pcapng", required_argument, NULL, OPTION_PCAPNG},
        {"geo", required_argument, NULL, OPTION_GEO},
        {"redact", optional_argument, NULL, OPTION_REDACT},
        {"fail-on-leak", no_argument, NULL, OPTION_FAIL},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options o = {0};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            o.json = true;
            break;
        case OPTION_VPN:
            o.vpn = optarg;
            break;
        case OPTION_BRIEF:
            o.brief = true;
            break;
        case OPTION_HTML:
            o.want_html = true;
            o.html = optarg;
            break;
        case OPTION_PCAPNG:
            o.pcapng = optarg;
            break;
        case OPTION_GEO:
            if (o.geo_count == GEO_FILES_MAX) {
                analyzer_complain("report: --geo takes %d files at most", GEO_FILES_MAX);
                return EXIT_TROUBLE;
            }
            o.geo[o.geo_count++] = optarg;
            break;
        case OPTION_REDACT:
            o.redact = true;
            o.key_file = optarg;
            break;
        case OPTION_FAIL:
            o.fail_on_leak = true;
            break;
        default:
            return analyzer_end_options(option, "report", help_report, shorts, argv);
        }
    }
    if (optind == argc) {
        analyzer_complain("report: which run's folder? 'rtcshim report --help' says more");
        return EXIT_TROUBLE;
    }
    if (optind + 1 < argc) {
        analyzer_complain("report: one folder at a time; 'rtcshim diff' compares two");
        return EXIT_TROUBLE;
    }
    o.folder = argv[optind];
    if (o.vpn && (o.vpn[0] == '\0' || strlen(o.vpn) >= WANTED_NAME_BYTES)) {
        analyzer_complain("report: '%s' can't be an interface's name", o.vpn);
        return EXIT_TROUBLE;
    }
    if (outputs_to_stdout(&o) > 1) {
        analyzer_complain("report: standard output takes one of --json, --html=- and --pcapng -");
        return EXIT_TROUBLE;
    }
    return report(&o);
}
