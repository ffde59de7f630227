/* `capture`: the command line, and the list of interfaces. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer.h"
#include "capture.h"
#include "links.h"
#include "savefile.h"
#include "text_escape.h"

const char help_capture[] =
    "usage: rtcshim capture [OPTIONS] [--] [FILTER...]\n"
    "\n"
    "Show the STUN and TURN messages that pass now, with the interface that carries them; with -w write\n"
    "every packet to a pcapng file that 'rtcshim decode', Wireshark and tshark read. FILTER is in the\n"
    "language of pcap-filter(7), e.g. 'udp port 3478'; without it everything is captured, because STUN\n"
    "uses any port. Ends with Ctrl-C, SIGTERM or SIGHUP.\n"
    "\n"
    "options:\n"
    "  -i, --interface IFACE   capture on this one; again, or 'eth0,tun0', for several; 'any' for all,\n"
    "                          also those that come up later, with the name of each recorded; default:\n"
    "                          every one that is up now, except loopback\n"
    "  -w, --write FILE        write to FILE ('-': standard output), mode 0600, and show nothing\n"
    "  -P, --print             show the messages also with -w\n"
    "  -j, --json              show each as one JSON object a line, as 'rtcshim decode -j' does\n"
    "      --summary           show no messages, and at the end what they add up to; with -j as JSON\n"
    "  -f, --filter FILTER     the filter as one argument\n"
    "  -c, --count N           end after N packets\n"
    "  -a, --autostop duration:SECONDS | packets:N\n"
    "      --duration SECONDS  end after that time\n"
    "  -s, --snaplen BYTES     of each packet, at most 262144, the default (also 0)\n"
    "  -B, --buffer MIB        room in the kernel for each interface, default 8\n"
    "      --promiscuous       what passes and is not for this machine, too; -p, tcpdump's option not\n"
    "                          to, changes nothing\n"
    "  -Z, --user USER         become USER once all is open; default for root: who called sudo, else\n"
    "                          'nobody'\n"
    "  -D, --list-interfaces   list the interfaces\n"
    "      --later             without -i: also interfaces that come up later\n"
    "      --ready-fd N        write a newline to descriptor N once the capture runs, and close it\n"
    "      --status-fd N       tell a program there: 'capturing IFACE...' when the capture runs, and\n"
    "                          'captured PACKETS DROPPED' when it has ended well\n"
    "      --no-seccomp        don't close the program in; for kernels without seccomp filters\n"
    "  -q, --quiet             say nothing on standard error but errors and losses\n"
    "      --help              this text\n"
    "\n"
    "Needs the capability cap_net_raw, through sudo or, once: setcap cap_net_raw=ep rtcshim-analyzer.\n"
    "Before the first packet is read, all privilege is given up and seccomp forbids files, sockets and\n"
    "programs. 'capturing on ...' on standard error says that all interfaces are captured from now on.\n"
    "\n"
    "exit status: 0; 2 wrong usage, an interface that can't be captured, no interface left, or output\n"
    "that can't be written (a file can be read up to where the disk was full).\n";

enum {
    BUFFER_MIB_MAX = 1024,
};

struct arguments {
    struct capture_options capture;
    const char *names[LIVE_TAPS_MAX];
    char *filter; /* of the words after the options; owned */
    bool json, summary, print, list;
};

static bool number_of(const char *option, const char *text, uint64_t min, uint64_t max,
                      uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out >= min && *out <= max)
        return true;
    analyzer_complain("capture: %s needs a whole number from %llu to %llu, not '%s'", option,
                      (unsigned long long)min, (unsigned long long)max, text);
    return false;
}

/* "eth0,tun0"; the list is cut where it stands in argv. */
static bool add_names(struct arguments *a, char *list)
{
    char *rest = NULL;
    bool any = a->capture.live.count > 0 && strcmp(a->names[0], TAP_ANY) == 0;
    for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (a->capture.live.count == LIVE_TAPS_MAX) {
            analyzer_complain("capture: more than %d interfaces; 'any' captures all at once",
                              LIVE_TAPS_MAX);
            return false;
        }
        for (size_t i = 0; i < a->capture.live.count; i++) {
            if (strcmp(a->names[i], name) == 0) {
                analyzer_complain("capture: the interface %s is named twice", name);
                return false;
            }
        }
        a->names[a->capture.live.count++] = name;
        any |= strcmp(name, TAP_ANY) == 0;
    }
    if (any && a->capture.live.count > 1) {
        analyzer_complain("capture: 'any' captures the other interfaces too; name it alone");
        return false;
    }
    if (a->capture.live.count > 0)
        return true;
    analyzer_complain("capture: -i needs the name of an interface; -D lists them");
    return false;
}

/* dumpcap's and tshark's way to say when to stop. */
static bool set_autostop(struct arguments *a, const char *text)
{
    static const char duration[] = "duration:", packets[] = "packets:";
    uint64_t n;
    if (strncmp(text, duration, sizeof(duration) - 1) == 0) {
        if (!number_of("-a duration:", text + sizeof(duration) - 1, 1, INT32_MAX, &n))
            return false;
        a->capture.seconds = (uint32_t)n;
        return true;
    }
    if (strncmp(text, packets, sizeof(packets) - 1) == 0)
        return number_of("-a packets:", text + sizeof(packets) - 1, 1, INT64_MAX,
                         &a->capture.packets);
    analyzer_complain("capture: -a takes 'duration:SECONDS' or 'packets:N', not '%s'", text);
    return false;
}

enum {
    OPTION_SUMMARY = 256,
    OPTION_DURATION,
    OPTION_PROMISCUOUS,
    OPTION_READY_FD,
    OPTION_STATUS_FD,
    OPTION_LATER,
    OPTION_NO_SECCOMP,
};

static const char shorts[] = ":i:w:Pjf:c:a:s:B:pZ:Dqh";
static const struct option longs[] = {
    {"interface", required_argument, NULL, 'i'},
    {"write", required_argument, NULL, 'w'},
    {"print", no_argument, NULL, 'P'},
    {"json", no_argument, NULL, 'j'},
    {"summary", no_argument, NULL, OPTION_SUMMARY},
    {"filter", required_argument, NULL, 'f'},
    {"count", required_argument, NULL, 'c'},
    {"autostop", required_argument, NULL, 'a'},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"snaplen", required_argument, NULL, 's'},
    {"buffer", required_argument, NULL, 'B'},
    {"promiscuous", no_argument, NULL, OPTION_PROMISCUOUS},
    {"no-promiscuous-mode", no_argument, NULL, 'p'},
    {"user", required_argument, NULL, 'Z'},
    {"list-interfaces", no_argument, NULL, 'D'},
    {"ready-fd", required_argument, NULL, OPTION_READY_FD},
    {"status-fd", required_argument, NULL, OPTION_STATUS_FD},
    {"later", no_argument, NULL, OPTION_LATER},
    {"no-seccomp", no_argument, NULL, OPTION_NO_SECCOMP},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool is_open_for_writing(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

static bool take_fd(const char *option, int *fd)
{
    uint64_t n;
    /* The first three are in use. Nothing else is open yet that is not the caller's. */
    if (!number_of(option, optarg, STDERR_FILENO + 1, INT32_MAX, &n))
        return false;
    *fd = (int)n;
    if (is_open_for_writing(*fd))
        return true;
    analyzer_complain("capture: %s %s: it is not open for writing", option, optarg);
    return false;
}

/* Options with a number. */
static bool take_number(struct arguments *a, int option)
{
    struct tap_options *tap = &a->capture.live.tap;
    uint64_t n;
    switch (option) {
    case 'c':
        return number_of("-c", optarg, 1, INT64_MAX, &a->capture.packets);
    case OPTION_DURATION:
        if (!number_of("--duration", optarg, 1, INT32_MAX, &n))
            return false;
        a->capture.seconds = (uint32_t)n;
        return true;
    case 's':
        if (!number_of("-s", optarg, 0, TAP_SNAPLEN_MAX, &n))
            return false;
        tap->snaplen = n == 0 ? TAP_SNAPLEN_MAX : (uint32_t)n;
        return true;
    case 'B':
        if (!number_of("-B", optarg, 1, BUFFER_MIB_MAX, &n))
            return false;
        tap->buffer_bytes = (uint32_t)n << 20;
        return true;
    case OPTION_STATUS_FD:
        return take_fd("--status-fd", &a->capture.status_fd);
    default:
        return take_fd("--ready-fd", &a->capture.ready_fd);
    }
}

/* -1: go on; else the exit status. */
static int take_option(struct arguments *a, int option, char **argv)
{
    switch (option) {
    case 'i':
        return add_names(a, optarg) ? -1 : EXIT_TROUBLE;
    case 'w':
        a->capture.file = optarg;
        return -1;
    case 'P':
        a->print = true;
        return -1;
    case 'j':
        a->json = true;
        return -1;
    case OPTION_SUMMARY:
        a->summary = true;
        return -1;
    case 'f':
        a->capture.live.tap.filter = optarg;
        return -1;
    case 'a':
        return set_autostop(a, optarg) ? -1 : EXIT_TROUBLE;
    case 'p':
        return -1;
    case OPTION_PROMISCUOUS:
        a->capture.live.tap.promiscuous = true;
        return -1;
    case 'Z':
        a->capture.user = optarg;
        return -1;
    case 'D':
        a->list = true;
        return -1;
    case OPTION_LATER:
        a->capture.live.later = true;
        return -1;
    case OPTION_NO_SECCOMP:
        a->capture.without_seccomp = true;
        return -1;
    case 'q':
        a->capture.live.quiet = true;
        return -1;
    case 'h':
    case ':':
    case '?':
        return analyzer_end_options(option, "capture", help_capture, shorts, argv);
    default:
        return take_number(a, option) ? -1 : EXIT_TROUBLE;
    }
}

/* The words after the options are the filter, as for tcpdump and tshark. */
static bool join_filter(struct arguments *a, int argc, char **argv)
{
    size_t size = 1;
    char *end;
    if (optind == argc)
        return true;
    if (a->capture.live.tap.filter) {
        analyzer_complain("capture: there are two filters, '%s' and '%s ...'",
                          a->capture.live.tap.filter, argv[optind]);
        return false;
    }
    for (int i = optind; i < argc; i++)
        size += strlen(argv[i]) + 1;
    end = a->filter = malloc(size);
    if (!end) {
        analyzer_complain("cannot capture: out of memory");
        return false;
    }
    *end = '\0';
    for (int i = optind; i < argc; i++)
        end = stpcpy(stpcpy(end, i == optind ? "" : " "), argv[i]);
    a->capture.live.tap.filter = a->filter;
    return true;
}

static bool decide_output(struct arguments *a)
{
    struct capture_options *c = &a->capture;
    c->show = !c->file || a->print || a->json || a->summary;
    if (a->summary)
        c->output = a->json ? DECODING_SUMMARY_JSON : DECODING_SUMMARY;
    else
        c->output = a->json ? DECODING_NDJSON : DECODING_ROWS;
    if (!c->show || !c->file || !savefile_is_stdout(c->file))
        return true;
    analyzer_complain("capture: standard output can't have the packets and the messages too");
    return false;
}

static int list_interfaces(void)
{
    const struct link *link;
    struct links *links = links_open();
    if (!links) {
        analyzer_complain("cannot list the interfaces: %s", strerror(errno));
        return EXIT_TROUBLE;
    }
    for (size_t i = 0; (link = links_at(links, i)) != NULL; i++) {
        char name[4 * LINKS_NAME_BYTES]; /* it may have control characters */
        text_escape(link->name, strlen(link->name), name, sizeof(name));
        (void)printf("%-15s %s%s\n", name, link->flags & IFF_UP ? "up" : "down",
                     link->flags & IFF_LOOPBACK ? ", loopback" : "");
    }
    (void)printf("%-15s all of them, also those that come up later\n", TAP_ANY);
    links_close(links);
    if (fflush(stdout) == 0)
        return 0;
    analyzer_complain("cannot write to standard output: %s", strerror(errno));
    return EXIT_TROUBLE;
}

int cmd_capture(int argc, char **argv)
{
    struct arguments a = {
        .capture = {.ready_fd = -1, .status_fd = -1, .live.tap.snaplen = TAP_SNAPLEN_MAX}};
    int option;
    int status;
    a.capture.live.names = a.names;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
        if ((status = take_option(&a, option, argv)) != -1)
            return status;
    if (a.list)
        return list_interfaces();
    if (a.capture.live.later && a.capture.live.count > 0) {
        analyzer_complain("capture: --later goes without -i: it is about all interfaces; "
                          "'-i any' captures all with one kind of header");
        return EXIT_TROUBLE;
    }
    status = EXIT_TROUBLE;
    if (decide_output(&a) && join_filter(&a, argc, argv))
        status = capture_run(&a.capture);
    free(a.filter);
    return status;
}
