/* rtcshim-lab: the page and the STUN server of demos and tests, in one program that prints what
 * pages report. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "page_server.h"
#include "stun_server.h"

enum { EXIT_TIMEOUT = 124, EXIT_TROUBLE = 125 };
enum { GATHER_DEFAULT_S = 12 };

struct lab_options {
    struct netaddr http, stun; /* stun.family NETADDR_NONE: no STUN server */
    json_t *ice_urls;
    const char *username, *credential, *mode;
    bool microphone, once;
    long gather_s;
    long timeout_s; /* 0 none */
};

struct lab {
    struct page_server *page;
    struct stun_server *stun;
    unsigned results;
    bool once, done;
};

static const char HELP[] =
    "usage: rtcshim-lab [OPTIONS]\n"
    "\n"
    "Serve a page that gathers ICE candidates, and a STUN server, on this machine.\n"
    "The first line on standard output is JSON with the addresses in use; then one\n"
    "line of JSON for each page that reported its result.\n"
    "\n"
    "  --http ADDR:PORT   page server (default 127.0.0.1:0; port 0 takes a free one)\n"
    "  --stun ADDR:PORT   STUN server over UDP and TCP (default: none)\n"
    "  --ice URL          a stun: or turn: URL for the page; may be repeated\n"
    "  --user NAME        user name for the turn: URLs\n"
    "  --password WORD    password for the turn: URLs\n"
    "  --mode gather|call gather candidates, or talk to itself over relays (default gather)\n"
    "  --microphone       the page asks for the microphone first\n"
    "  --gather SECONDS   how long the page waits for gathering to end (default 12)\n"
    "  --once             end after the first result\n"
    "  --timeout SECONDS  end then, with status 124 if no page has reported\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0; 124 no result in time; 125 trouble.\n";

static int trouble(const char *attempted, const char *on_what, const char *why, const char *advice)
{
    fprintf(stderr, "rtcshim-lab: cannot %s %s: %s; %s\n", attempted, on_what, why, advice);
    return EXIT_TROUBLE;
}

static bool parse_seconds(const char *text, long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out > 0 && *out <= 86400;
}

enum option_id {
    OPT_HTTP = 256,
    OPT_STUN,
    OPT_ICE,
    OPT_USER,
    OPT_PASSWORD,
    OPT_MODE,
    OPT_MIC,
    OPT_GATHER,
    OPT_ONCE,
    OPT_TIMEOUT,
    OPT_VERSION
};

static const struct option OPTIONS[] = {
    {"http", required_argument, NULL, OPT_HTTP},
    {"stun", required_argument, NULL, OPT_STUN},
    {"ice", required_argument, NULL, OPT_ICE},
    {"user", required_argument, NULL, OPT_USER},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"mode", required_argument, NULL, OPT_MODE},
    {"microphone", no_argument, NULL, OPT_MIC},
    {"gather", required_argument, NULL, OPT_GATHER},
    {"once", no_argument, NULL, OPT_ONCE},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

/* Returns -1 to go on, else the exit status. */
static int take_option(struct lab_options *o, int id, const char *value)
{
    switch (id) {
    case OPT_HTTP:
    case OPT_STUN:
        if (!endpoint_parse(value, id == OPT_HTTP ? &o->http : &o->stun))
            return trouble("listen on", value, "not a numeric address and port",
                           "write 127.0.0.1:0 or [::1]:3478");
        return -1;
    case OPT_ICE:
        json_array_append_new(o->ice_urls, json_string(value));
        return -1;
    case OPT_USER:
        o->username = value;
        return -1;
    case OPT_PASSWORD:
        o->credential = value;
        return -1;
    case OPT_MODE:
        if (strcmp(value, "gather") != 0 && strcmp(value, "call") != 0)
            return trouble("use mode", value, "no such mode", "write gather or call");
        o->mode = value;
        return -1;
    case OPT_MIC:
        o->microphone = true;
        return -1;
    case OPT_ONCE:
        o->once = true;
        return -1;
    case OPT_GATHER:
    case OPT_TIMEOUT:
        if (!parse_seconds(value, id == OPT_GATHER ? &o->gather_s : &o->timeout_s))
            return trouble("wait for", value, "not a number of seconds", "write 1 to 86400");
        return -1;
    case 'h':
        fputs(HELP, stdout);
        return 0;
    case OPT_VERSION:
        puts("rtcshim-lab " RTCSHIM_VERSION);
        return 0;
    default:
        fputs("Try 'rtcshim-lab --help'.\n", stderr);
        return EXIT_TROUBLE;
    }
}

/* A URL without credentials is asked for none; RTCPeerConnection wants them with each turn: entry.
 */
static json_t *ice_server(const struct lab_options *o, const char *url)
{
    json_t *server = json_pack("{s:s}", "urls", url);

    if (strncmp(url, "turn", 4) == 0) {
        json_object_set_new(server, "username", json_string(o->username));
        json_object_set_new(server, "credential", json_string(o->credential));
    }
    return server;
}

static json_t *page_config(const struct lab_options *o, const char *own_stun)
{
    json_t *servers = json_array();

    if (own_stun != NULL)
        json_array_append_new(servers,
                              json_pack("{s:o}", "urls", json_sprintf("stun:%s", own_stun)));
    for (size_t i = 0; i < json_array_size(o->ice_urls); i++)
        json_array_append_new(servers,
                              ice_server(o, json_string_value(json_array_get(o->ice_urls, i))));
    return json_pack("{s:o, s:s, s:b, s:I}", "iceServers", servers, "mode", o->mode, "microphone",
                     (int)o->microphone, "gatheringCapMs", (json_int_t)o->gather_s * 1000);
}

static void print_line(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);

    if (text != NULL)
        puts(text);
    fflush(stdout);
    free(text);
}

static void on_result(const json_t *result, void *ctx)
{
    struct lab *lab = ctx;

    if (lab->done)
        return;
    print_line(result);
    lab->results++;
    lab->done = lab->once;
}

static long long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int signal_descriptor(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int wait_ms(const struct lab *lab, long long deadline)
{
    int ms = page_server_timeout_ms(lab->page);
    long long left = deadline - now_ms();

    if (deadline == 0)
        return ms;
    if (left < 0)
        left = 0;
    return ms < 0 || left < ms ? (int)left : ms;
}

static int serve(struct lab *lab, long timeout_s)
{
    long long deadline = timeout_s > 0 ? now_ms() + timeout_s * 1000 : 0;
    struct pollfd fds[3] = {
        {.fd = signal_descriptor(), .events = POLLIN},
        {.fd = page_server_fd(lab->page), .events = POLLIN},
        {.fd = lab->stun != NULL ? stun_server_fd(lab->stun) : -1, .events = POLLIN},
    };
    int status = 0;

    while (!lab->done) {
        int n = poll(fds, 3, wait_ms(lab, deadline));

        if (n < 0 && errno != EINTR) {
            status = trouble("wait for", "pages", strerror(errno), "start it again");
            break;
        }
        if (n > 0 && fds[0].revents != 0)
            break;
        if (lab->stun != NULL && n > 0 && fds[2].revents != 0)
            stun_server_ready(lab->stun);
        page_server_ready(lab->page);
        if (lab->done || deadline == 0 || now_ms() < deadline)
            continue;
        if (lab->results == 0) {
            fprintf(
                stderr,
                "rtcshim-lab: no page reported a result within %ld s; is the browser able to reach the page?\n",
                timeout_s);
            status = EXIT_TIMEOUT;
        }
        break;
    }
    if (fds[0].fd >= 0)
        close(fds[0].fd);
    return status;
}

static int run(const struct lab_options *o)
{
    struct lab lab = {.once = o->once};
    struct page_server_options page = {.address = o->http, .result = on_result, .ctx = &lab};
    char http_text[NETADDR_TEXT_BYTES] = "", stun_text[NETADDR_TEXT_BYTES] = "";
    bool own_stun = o->stun.family != NETADDR_NONE;
    struct netaddr http, stun;
    json_t *config = NULL, *ready = NULL;
    int status = EXIT_TROUBLE;

    if (own_stun) {
        lab.stun = stun_server_new(&o->stun, &stun);
        if (lab.stun == NULL) {
            trouble("listen on", netaddr_format(&o->stun, stun_text, sizeof(stun_text)),
                    strerror(errno), "choose another --stun");
            goto out;
        }
        netaddr_format(&stun, stun_text, sizeof(stun_text));
    }
    config = page_config(o, own_stun ? stun_text : NULL);
    page.config = config;
    lab.page = page_server_new(&page, &http);
    if (lab.page == NULL) {
        trouble("listen on", netaddr_format(&o->http, http_text, sizeof(http_text)),
                strerror(errno), "choose another --http");
        goto out;
    }
    netaddr_format(&http, http_text, sizeof(http_text));
    ready = json_pack("{s:o, s:s?}", "http", json_sprintf("http://%s/", http_text), "stun",
                      own_stun ? stun_text : NULL);
    print_line(ready);
    status = serve(&lab, o->timeout_s);
out:
    json_decref(ready);
    json_decref(config);
    page_server_free(lab.page);
    stun_server_free(lab.stun);
    return status;
}

int main(int argc, char **argv)
{
    struct lab_options o = {.username = "",
                            .credential = "",
                            .mode = "gather",
                            .gather_s = GATHER_DEFAULT_S,
                            .ice_urls = json_array()};
    int id, status = -1;

    endpoint_parse("127.0.0.1:0", &o.http);
    while (status < 0 && (id = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1)
        status = take_option(&o, id, optarg);
    if (status < 0 && optind < argc)
        status =
            trouble("use", argv[optind], "an argument that is no option", "see rtcshim-lab --help");
    if (status < 0)
        status = run(&o);
    json_decref(o.ice_urls);
    return status;
}
