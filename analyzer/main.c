/* `rtcshim-analyzer`: from the first word of the command line to the subcommand that it names. */
#include "analyzer.h"
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#ifndef RTCSHIM_VERSION
#define RTCSHIM_VERSION "unknown"
#endif

static const struct command {
    const char *name, *summary, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"capture", "show or record the STUN messages that pass now", help_capture, cmd_capture},
    {"decode", "show the STUN messages in capture files", help_decode, cmd_decode},
    {"diff", "say what one run reveals that another did not", help_diff, cmd_diff},
    {"report", "say what leaked in a run, and why", help_report, cmd_report},
};

enum {
    COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]),
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    (void)fputs("usage: rtcshim-analyzer COMMAND [OPTIONS] [ARG...]\n"
                "\n"
                "Says what STUN went over the wire, and over which interface.\n"
                "\n"
                "commands:\n",
                out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    (void)fputs("\n'rtcshim-analyzer help COMMAND' says more.\n", out);
}

/* What was printed has arrived, or the exit status says that it has not. */
static int printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    analyzer_complain("cannot write to standard output: %s", strerror(errno));
    return EXIT_TROUBLE;
}

static int help(int argc, char **argv)
{
    const struct command *command;
    if (argc < 2) {
        print_overview(stdout);
        return printed();
    }
    command = find(argv[1]);
    if (!command) {
        analyzer_complain("unknown command '%s'; 'rtcshim-analyzer help' lists the commands",
                          argv[1]);
        return EXIT_TROUBLE;
    }
    (void)fputs(command->help, stdout);
    return printed();
}

/* Files that are opened later must not land on a standard descriptor that the caller left closed.
 * What takes its place can't be used the way that it would be: so that it is said. */
static void fill_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != fd)
            break;
}

/* The program may have file capabilities, for `capture`. What reads strangers' files has none. */
static bool give_up_rights(const struct command *command)
{
    static const struct privilege_user same = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    if (getauxval(AT_SECURE) == 0 || command->run == cmd_capture)
        return true;
    return privilege_become_caller() && privilege_drop(&same);
}

int main(int argc, char **argv)
{
    const struct command *command;
    fill_standard_fds();
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_TROUBLE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        (void)puts("rtcshim-analyzer " RTCSHIM_VERSION);
        return printed();
    }
    if (strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(1, argv);
    command = find(argv[1]);
    if (!command) {
        analyzer_complain("unknown %s '%s'; 'rtcshim-analyzer help' lists the commands",
                          argv[1][0] == '-' ? "option" : "command", argv[1]);
        return EXIT_TROUBLE;
    }
    if (!give_up_rights(command))
        return EXIT_TROUBLE;
    return command->run(argc - 1, argv + 1);
}
