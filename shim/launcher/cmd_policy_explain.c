/* `rtcshim policy explain`: which rule an event meets. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_policy.h"
#include "explain.h"
#include "network.h"
#include "role.h"
#include "say.h"
#include "source.h"
#include "words.h"

enum {
    OPT_VPN = 256,
    OPT_STUN,
    OPT_TOPIC,
    OPT_CLASS,
    OPT_TO,
    OPT_FROM,
    OPT_VIA,
    OPT_OVER,
    OPT_BY,
    OPT_FAMILY,
    OPT_PROXIED
};

static const struct option long_options[] = {
    {"vpn", required_argument, NULL, OPT_VPN},     {"stun", required_argument, NULL, OPT_STUN},
    {"topic", required_argument, NULL, OPT_TOPIC}, {"class", required_argument, NULL, OPT_CLASS},
    {"to", required_argument, NULL, OPT_TO},       {"from", required_argument, NULL, OPT_FROM},
    {"via", required_argument, NULL, OPT_VIA},     {"over", required_argument, NULL, OPT_OVER},
    {"by", required_argument, NULL, OPT_BY},       {"family", required_argument, NULL, OPT_FAMILY},
    {"proxied", no_argument, NULL, OPT_PROXIED},   {NULL, 0, NULL, 0},
};

/* The value of a word, or a message. */
static bool word_value(const struct words *words, const char *text, uint32_t *out)
{
    const struct word *row = words_find(words, text, strlen(text));
    const char *guess = row ? NULL : words_guess(words, text, strlen(text));

    if (row)
        *out = row->value;
    else if (guess)
        say_error("'%s' is not %s; did you mean '%s'?", text, words->what, guess);
    else
        say_error("'%s' is not %s", text, words->what);
    return row != NULL;
}

/* IP, IP:PORT or [IP]:PORT. */
static bool parse_address(const char *text, struct netaddr *out)
{
    char ip[NETADDR_IP_TEXT_BYTES];
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    unsigned long port;
    char *end;

    if (netaddr_parse_ip(text, out))
        return true;
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof ip || colon[1] < '0' || colon[1] > '9')
        return false;
    memcpy(ip, text, len);
    ip[len] = '\0';
    port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > UINT16_MAX || !netaddr_parse_ip(ip, out))
        return false;
    out->port = (uint16_t)port;
    return true;
}

static bool take_stun(const char *text, struct policy_subject *s)
{
    uint32_t value = (uint32_t)strtoul(text, NULL, 0);

    s->topic = POLICY_STUN;
    if ((text[0] < '0' || text[0] > '9') && !word_value(&words_methods, text, &value))
        return false;
    if (value == 0 || value > 0xfff) {
        say_error("'%s' is not a STUN method", text);
        return false;
    }
    s->stun_method = (uint16_t)value;
    return true;
}

static bool take_option(int option, const char *text, struct explain_what *what)
{
    struct policy_subject *s = &what->subject;
    uint32_t value = 0;
    bool ok = true;

    switch (option) {
    case OPT_STUN:
        return take_stun(text, s);
    case OPT_TOPIC:
        ok = word_value(&words_topics, text, &value);
        s->topic = (uint16_t)value;
        if (ok && value == 0)
            say_error("'any' is no topic of its own");
        return ok && value != 0;
    case OPT_CLASS:
        ok = word_value(&words_classes, text, &value);
        while (value >> s->stun_class > 1)
            s->stun_class++;
        return ok;
    case OPT_TO:
    case OPT_FROM:
        ok = parse_address(text, option == OPT_TO ? &s->server : &s->local);
        if (!ok)
            say_error("'%s' is no address; write 198.51.100.10:3478 or [2001:db8::1]:3478", text);
        return ok;
    case OPT_VIA:
        if (strlen(text) >= sizeof what->iface || text[0] == '\0') {
            say_error("'%s' can't be an interface's name", text);
            return false;
        }
        (void)snprintf(what->iface, sizeof what->iface, "%s", text);
        return true;
    case OPT_OVER:
        ok = word_value(&words_transports, text, &value);
        s->transport = (uint8_t)value;
        return ok;
    case OPT_BY:
        ok = word_value(&words_roles, text, &value);
        s->role = value;
        return ok;
    case OPT_FAMILY:
        ok = word_value(&words_families, text, &value);
        s->family = (uint8_t)value;
        return ok;
    case OPT_PROXIED:
        s->proxied = POLICY_PROXIED;
        return true;
    default:
        return false;
    }
}

/* What goes without saying. */
static void complete(struct policy_subject *s)
{
    if (s->topic == 0)
        s->topic = POLICY_STUN;
    if (s->topic == POLICY_STUN && s->stun_method == 0)
        s->stun_method = 1;
    if (s->transport == 0)
        s->transport =
            s->topic == POLICY_CONNECT || s->proxied == POLICY_PROXIED ? POLICY_TCP : POLICY_UDP;
    if (s->proxied == 0)
        s->proxied = POLICY_DIRECT;
}

static int explain_events(struct explain *explain, const char *path)
{
    bool stdin_too = strcmp(path, "-") == 0;
    FILE *file = stdin_too ? stdin : fopen(path, "re");
    int status = POLICY_EXIT_OK;
    json_error_t error;
    json_t *event;
    size_t count = 0;

    if (!file) {
        say_error("cannot read '%s': %s", path, strerror(errno));
        return POLICY_EXIT_TROUBLE;
    }
    /* One object after the other, a line each or spread over several. */
    while ((event = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
        struct explain_what what;
        const char *why;
        if (count++ > 0)
            (void)putchar('\n');
        if (explain_of_event(event, &what, &why)) {
            if (!explain_print(explain, &what, stdout))
                status = POLICY_EXIT_TROUBLE;
        } else {
            const char *type = json_string_value(json_object_get(event, "event_type"));
            (void)printf("%s event: %s\n", type ? type : "no", why);
        }
        json_decref(event);
    }
    if (!feof(file) || json_error_code(&error) != json_error_premature_end_of_input || count == 0) {
        if (count == 0 || json_error_code(&error) != json_error_premature_end_of_input) {
            say_error("'%s' holds no event after the first %zu: %s", path, count, error.text);
            status = POLICY_EXIT_TROUBLE;
        }
    }
    if (!stdin_too)
        (void)fclose(file);
    return status;
}

static int explain_with(struct explain *explain, const struct policy_source *source,
                        const char *vpn, struct explain_what *what, const char *events)
{
    struct network *network = network_new(geteuid());
    int status;

    if (!network)
        network = network_new_offline();
    if (!network) {
        say_error("out of memory");
        return POLICY_EXIT_TROUBLE;
    }
    netview_take(&explain->view, network, "/etc/resolv.conf");
    network_free(network);
    explain_init(explain, source, vpn);
    if (events)
        status = explain_events(explain, events);
    else
        status = explain_print(explain, what, stdout) ? POLICY_EXIT_OK : POLICY_EXIT_TROUBLE;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say_error("cannot write to standard output: %s", strerror(errno));
        status = POLICY_EXIT_TROUBLE;
    }
    return status;
}

int cmd_policy_explain(int argc, char **argv)
{
    struct explain_what what = {0};
    struct parser_report report;
    struct policy_source source = {0};
    struct explain *explain = NULL;
    const char *vpn = NULL;
    bool described = false;
    int status = POLICY_EXIT_TROUBLE;
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return cmd_policy_bad_option(option, argv);
        if (option == OPT_VPN)
            vpn = optarg;
        else if (!take_option(option, optarg, &what))
            return POLICY_EXIT_TROUBLE;
        described |= option != OPT_VPN;
    }
    if (argc - optind != (described ? 1 : 2)) {
        say_error(
            "usage: rtcshim policy explain [--vpn IFACE] NAME|FILE EVENT.json|-; or NAME|FILE "
            "--stun METHOD --to IP:PORT ... (see 'rtcshim help policy')");
        return POLICY_EXIT_TROUBLE;
    }
    complete(&what.subject);
    switch (source_load(argv[optind], &source, &report)) {
    case SOURCE_WRONG:
        source_print_report(&source, argv[optind], &report, stderr);
        status = POLICY_EXIT_WRONG;
        break;
    case SOURCE_OK:
        if (source.program.uses_vpn && !vpn) {
            say_error("the policy '%s' speaks of the VPN's interface: name it with --vpn IFACE",
                      source.name);
            break;
        }
        explain = calloc(1, sizeof *explain);
        if (!explain)
            say_error("out of memory");
        else
            status =
                explain_with(explain, &source, vpn, &what, described ? NULL : argv[optind + 1]);
        break;
    case SOURCE_UNREADABLE:
        break;
    }
    free(explain);
    source_free(&source);
    return status;
}
