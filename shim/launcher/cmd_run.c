/* `rtcshim run`: its options. */
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "command.h"
#include "run.h"
#include "say.h"

enum { OPTION_VPN = 256, OPTION_HTML, OPTION_FAIL_ON_LEAK, OPTION_REQUIRE_COVERAGE, OPTION_HELP };

static const struct option long_options[] = {
    {"policy", required_argument, NULL, 'p'},
    {"vpn", required_argument, NULL, OPTION_VPN},
    {"output", required_argument, NULL, 'o'},
    {"capture", optional_argument, NULL, 'w'},
    {"html", no_argument, NULL, OPTION_HTML},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"fail-on-leak", no_argument, NULL, OPTION_FAIL_ON_LEAK},
    {"require-coverage", no_argument, NULL, OPTION_REQUIRE_COVERAGE},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* "eth0,tun0": the capture knows what is wrong with a name, except that there is none. */
static bool take_capture(struct run_options *options, const char *interfaces)
{
    options->capture = true;
    options->interfaces = interfaces;
    if (!interfaces || interfaces[strspn(interfaces, ", ")] != '\0')
        return true;
    say_error("--capture= needs the name of an interface; without '=' it captures all");
    return false;
}

/* getopt has moved past the word that it could not use. */
static int bad_option(int option, char **argv)
{
    const char *word = argv[optind > 1 ? optind - 1 : 0];

    if (option == ':')
        say_error("option '%s' needs an argument; see 'rtcshim help run'", word);
    else if (optopt > 0 && optopt < 256)
        say_error("unknown option '-%c'; see 'rtcshim help run'", optopt);
    else
        say_error("option '%s' is unknown, ambiguous or takes no argument; see 'rtcshim help run'",
                  word);
    return EXIT_RTCSHIM_FAILED;
}

int cmd_run(int argc, char **argv)
{
    struct run_options options = {.closed_fds = command_closed_fds};
    int option;

    /* '+': the command's own options are not ours. ':': messages are. optind 0: start afresh. */
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:p:o:w::jq", long_options, NULL)) != -1) {
        switch (option) {
        case 'p':
            options.policy = optarg;
            break;
        case 'o':
            options.output = optarg;
            break;
        case 'j':
            options.json = true;
            break;
        case 'q':
            options.quiet = true;
            break;
        case 'w':
            if (!take_capture(&options, optarg))
                return EXIT_RTCSHIM_FAILED;
            break;
        case OPTION_VPN:
            if (optarg[0] == '\0' || strlen(optarg) >= IF_NAMESIZE || strchr(optarg, '/')) {
                say_error("--vpn '%s': no interface can be called so", optarg);
                return EXIT_RTCSHIM_FAILED;
            }
            options.vpn = optarg;
            break;
        case OPTION_HTML:
            options.html = true;
            break;
        case OPTION_FAIL_ON_LEAK:
            options.fail_on_leak = true;
            break;
        case OPTION_REQUIRE_COVERAGE:
            options.require_coverage = true;
            break;
        case OPTION_HELP:
            if (fputs(help_run, stdout) < 0 || fflush(stdout) != 0)
                return EXIT_RTCSHIM_FAILED;
            return 0;
        default:
            return bad_option(option, argv);
        }
    }
    if (optind >= argc) {
        say_error("no command to run; usage: rtcshim run [OPTIONS] [--] COMMAND [ARG...]");
        return EXIT_RTCSHIM_FAILED;
    }
    options.argv = argv + optind;
    return run_command(&options);
}
