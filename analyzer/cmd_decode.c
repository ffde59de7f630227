/* `decode`: from capture files to rows, NDJSON or a summary. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"
#include "decoding.h"
#include "reader.h"

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

/* The reader's map from an index to an interface. */
static const struct packet_iface *by_index(const void *reader, uint32_t section, uint32_t ifindex)
{
    return reader_iface_by_index(reader, section, ifindex);
}

static int decode_file(struct decoding *decoding, const char *path)
{
    struct reader_damage why;
    struct packet packet;
    enum read_status read;
    int status = 0;
    struct reader *reader = reader_open(path, &why);
    if (!reader) {
        analyzer_complain("cannot read %s: %s", why.file, why.reason);
        return EXIT_TROUBLE;
    }
    if (!decoding_begin(decoding, path, by_index, reader)) {
        status = EXIT_TROUBLE;
        goto out;
    }
    while ((read = reader_next(reader, &packet)) == READ_PACKET) {
        decoding_packet(decoding, &packet);
        /* Input may have no end. decoding_finish() says why. */
        if (decoding_output_failed(decoding))
            break;
    }
    if (read == READ_DAMAGED) {
        const struct reader_damage *damage = reader_damage_of(reader);
        analyzer_complain("%s: damaged at byte %llu: %s", damage->file,
                          (unsigned long long)damage->offset, damage->reason);
        status = EXIT_DAMAGED;
    }
out:
    decoding_end(decoding);
    reader_close(reader);
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

static int decode(const struct decoding_options *options, char *const *paths, int count)
{
    int status = 0;
    struct decoding *decoding = decoding_new(options);
    if (!decoding)
        return EXIT_TROUBLE;
    for (int i = 0; i < count; i++) {
        int one = decode_file(decoding, paths[i]);
        status = one > status ? one : status;
    }
    if (!decoding_finish(decoding))
        status = EXIT_TROUBLE;
    decoding_free(decoding);
    return status;
}

int cmd_decode(int argc, char **argv)
{
    enum { OPTION_SUMMARY = 256 };
    static const char shorts[] = ":jf:h";
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {"summary", no_argument, NULL, OPTION_SUMMARY},
        {"filter", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct decoding_options options = {.fd = STDOUT_FILENO};
    bool json = false, summary = false;
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            json = true;
            break;
        case OPTION_SUMMARY:
            summary = true;
            break;
        case 'f':
            options.filter = optarg;
            break;
        default:
            return analyzer_end_options(option, "decode", help_decode, shorts, argv);
        }
    }
    if (optind == argc) {
        analyzer_complain("decode: which file? 'rtcshim decode --help' says more");
        return EXIT_TROUBLE;
    }
    if (summary)
        options.output = json ? DECODING_SUMMARY_JSON : DECODING_SUMMARY;
    else
        options.output = json ? DECODING_NDJSON : DECODING_ROWS;
    options.many = argc - optind > 1;
    options.prompt = is_slow(argv + optind, argc - optind);
    return decode(&options, argv + optind, argc - optind);
}
