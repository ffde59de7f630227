/* `decode`: from capture files to rows, NDJSON or a summary. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"
#include "event_write.h"
#include "filter.h"
#include "finder.h"
#include "layers.h"
#include "pipeline.h"
#include "reader.h"
#include "tally_write.h"

const char help_decode[] =
    "usage: rtcshim decode [OPTIONS] [--] FILE|-...\n"
    "\n"
    "Show the STUN and TURN messages in capture files: pcap and pcapng, also with several interfaces,\n"
    "plain or compressed (gzip, zstd, xz, lz4, bzip2); '-' is standard input. Ports don't matter.\n"
    "\n"
    "options:\n"
    "  -j, --json            one JSON object a line, in the schema of a run's events\n"
    "      --summary         no messages: transactions, who was asked over which interface, what each\n"
    "                        learned, and what else the flows carried; with -j one JSON object\n"
    "  -f, --filter FILTER   only packets that pass this filter, in the language of pcap-filter(7)\n"
    "      --help            this text\n"
    "\n"
    "exit status: 0; 1 a file is damaged, and all up to the damage was shown; 2 wrong usage, a file that\n"
    "can't be opened, or output that can't be written.\n";

struct options {
    bool json, summary;
    const char *filter;
};

/* What the second thread has. The first one sets file between files, when the second is idle. */
struct output {
    struct sink sink;
    const struct options *options;
    struct tally *tally;
    uint64_t seq;
    uint32_t file_number;
    const char *file; /* NULL where there is only one */
};

static void show(const struct found *found, void *context)
{
    struct output *out = context;
    struct decoded decoded;
    const struct decoded *message = NULL;
    if (found->kind == FOUND_MESSAGE) {
        if (!event_decode(found, &decoded))
            return;
        message = &decoded;
    }
    if (out->tally)
        tally_take(out->tally, found, message ? &message->msg : NULL,
                   message ? message->fingerprint : STUN_CHECK_ABSENT, out->file_number);
    else if (out->options->json)
        event_write_json(&out->sink, found, message, ++out->seq, out->file);
    else
        event_write_row(&out->sink, found, message, out->file);
}

static void flush_idle(void *context)
{
    struct output *out = context;
    sink_flush(&out->sink);
}

/* What the first thread has, a file at a time. */
struct input {
    struct reader *reader;
    struct layers *layers;
    struct finder *finder;
    struct filter *filter;
    struct pipeline *pipeline;
    const char *path;
    uint64_t packets;
};

enum {
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_LINUX_SLL2 = 276,
};

/*
 * The name of the interface that carried a packet. A capture on "any" is no interface: there only
 * an index says it, which has a name only where the file says so.
 */
static const char *carrier_name(const struct input *in, const struct found *found)
{
    const struct packet_iface *iface = found->iface;
    const struct packet_iface *named;
    if (iface->link_type != LINKTYPE_LINUX_SLL && iface->link_type != LINKTYPE_LINUX_SLL2)
        return iface->name;
    if (found->ifindex != 0 && found->ifindex != iface->ifindex) {
        named = reader_iface_by_index(in->reader, iface->section, found->ifindex);
        return named ? named->name : NULL;
    }
    return iface->name && strcmp(iface->name, "any") != 0 ? iface->name : NULL;
}

static void pass_on(const struct found *found, void *context)
{
    struct input *in = context;
    struct found named = *found;
    named.iface_name = carrier_name(in, found);
    pipeline_put(&named, in->pipeline);
}

/* READ_END, or READ_DAMAGED. */
static enum read_status read_packets(struct input *in)
{
    struct packet packet;
    struct datagram datagram;
    const char *reason = NULL;
    enum read_status status;
    while ((status = reader_next(in->reader, &packet)) == READ_PACKET) {
        in->packets++;
        if (in->filter && !filter_passes(in->filter, &packet, &reason)) {
            if (reason)
                analyzer_complain(
                    "%s: the filter leaves out all packets of link type %u, for which it "
                    "can't be compiled: %s",
                    in->path, packet.iface->link_type, reason);
            continue;
        }
        if (layers_datagram(in->layers, &packet, &datagram))
            finder_take(in->finder, &datagram);
    }
    return status;
}

static int decode_file(struct input *in, struct output *out, uint32_t number, const char *path)
{
    struct reader_damage why;
    int status = 0;
    in->path = path;
    in->reader = reader_open(path, &why);
    in->layers = layers_new();
    in->finder = finder_new(pass_on, in);
    if (!in->reader) {
        analyzer_complain("cannot read %s: %s", why.file, why.reason);
        status = EXIT_TROUBLE;
        goto out;
    }
    if (!in->layers || !in->finder) {
        analyzer_complain("cannot decode %s: out of memory", path);
        status = EXIT_TROUBLE;
        goto out;
    }
    out->file_number = number;
    if (out->file)
        out->file = path;
    if (read_packets(in) == READ_DAMAGED) {
        const struct reader_damage *damage = reader_damage_of(in->reader);
        analyzer_complain("%s: damaged at byte %llu: %s", damage->file,
                          (unsigned long long)damage->offset, damage->reason);
        status = EXIT_DAMAGED;
    }
    finder_end(in->finder);
    pipeline_drain(in->pipeline);
    if (out->tally)
        tally_take_flows(out->tally, finder_flows(in->finder), number);
out:
    finder_free(in->finder);
    layers_free(in->layers);
    reader_close(in->reader);
    return status;
}

/* Bytes that come from a pipe are shown as they come. */
static bool is_slow(char *const *paths, int count)
{
    struct stat st;
    for (int i = 0; i < count; i++) {
        int failed = strcmp(paths[i], "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(paths[i], &st);
        if (failed == 0 && !S_ISREG(st.st_mode))
            return true;
    }
    return false;
}

static int decode(const struct options *options, char *const *paths, int count)
{
    struct output out = {.options = options, .file = count > 1 ? "" : NULL};
    struct input in = {0};
    char reason[FILTER_REASON_BYTES];
    int status = 0;

    if (options->filter && !(in.filter = filter_new(options->filter, reason))) {
        analyzer_complain("the filter '%s' is wrong: %s", options->filter, reason);
        return EXIT_TROUBLE;
    }
    bool opened = sink_open(&out.sink, STDOUT_FILENO);
    if (options->summary)
        out.tally = tally_new();
    in.pipeline = pipeline_new(show, flush_idle, &out, is_slow(paths, count));
    if (!opened || !in.pipeline || (options->summary && !out.tally)) {
        analyzer_complain("cannot start: out of memory or threads");
        status = EXIT_TROUBLE;
        goto out;
    }
    if (!options->json && !options->summary)
        event_write_head(&out.sink);
    for (int i = 0; i < count; i++) {
        int one = decode_file(&in, &out, (uint32_t)i, paths[i]);
        status = one > status ? one : status;
    }
    if (out.tally) {
        tally_finish(out.tally);
        if (options->json)
            tally_write_json(&out.sink, out.tally, in.packets);
        else
            tally_write_text(&out.sink, out.tally, in.packets);
    }
out:
    pipeline_free(in.pipeline);
    if (opened && !sink_close(&out.sink)) {
        analyzer_complain("cannot write to standard output: %s", strerror(out.sink.error));
        status = EXIT_TROUBLE;
    }
    tally_free(out.tally);
    filter_free(in.filter);
    return status;
}

int cmd_decode(int argc, char **argv)
{
    enum { OPTION_HELP = 256, OPTION_SUMMARY };
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {"summary", no_argument, NULL, OPTION_SUMMARY},
        {"filter", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":jf:h", longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            options.json = true;
            break;
        case OPTION_SUMMARY:
            options.summary = true;
            break;
        case 'f':
            options.filter = optarg;
            break;
        case 'h':
        case OPTION_HELP:
            (void)fputs(help_decode, stdout);
            return fflush(stdout) == 0 ? 0 : EXIT_TROUBLE;
        case ':':
            analyzer_complain("decode: option '%s' needs a value", argv[optind - 1]);
            return EXIT_TROUBLE;
        default:
            analyzer_complain("decode: unknown option '%s'; 'rtcshim decode --help' lists them",
                              argv[optind - 1]);
            return EXIT_TROUBLE;
        }
    }
    if (optind == argc) {
        analyzer_complain("decode: which file? 'rtcshim decode --help' says more");
        return EXIT_TROUBLE;
    }
    return decode(&options, argv + optind, argc - optind);
}
