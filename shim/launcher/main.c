/* `rtcshim`: from the first word of the command line to the subcommand that it names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "say.h"

#ifndef RTCSHIM_VERSION
#define RTCSHIM_VERSION "unknown"
#endif

unsigned command_closed_fds;

const struct command commands[] = {
    {"run", "run a command and show what it tells the network", help_run, cmd_run},
    {"capture", "show or record the STUN messages that pass now", help_capture, cmd_analyzer},
    {"policy", "check, show, explain and change policies", help_policy, cmd_policy},
    {"sessions", "list what runs under rtcshim now", help_sessions, cmd_sessions},
    {"decode", "show the STUN messages in capture files", help_decode, cmd_analyzer},
    {"report", "say what leaked in a run, and why", help_report, cmd_analyzer},
    {"diff", "say what one run reveals that another did not", help_diff, cmd_analyzer},
    {"help", "list the commands, or explain one", help_help, cmd_help},
    {"version", "print the version", help_version, cmd_version},
    {NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_overview(FILE *out)
{
    (void)fputs(help_overview, out);
    for (const struct command *command = commands; command->name; command++)
        (void)fprintf(out, "  %-10s %s\n", command->name, command->summary);
    (void)fputs("\n'rtcshim help COMMAND' says more.\n", out);
}

static int unknown_command(const char *name)
{
    say_error("unknown command '%s'; 'rtcshim help' lists the commands", name);
    return EXIT_RTCSHIM_FAILED;
}

/* What was printed has arrived, or the exit status says that it has not. */
static int printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    say_error("cannot write to standard output: %s", strerror(errno));
    return EXIT_RTCSHIM_FAILED;
}

int cmd_help(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        print_overview(stdout);
        return printed();
    }
    command = command_find(strcmp(argv[1], "--help") == 0 ? "help" : argv[1]);
    if (!command)
        return unknown_command(argv[1]);
    (void)fputs(command->help, stdout);
    return printed();
}

int cmd_version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return cmd_help(2, (char *[]){argv[0], argv[0], NULL});
    (void)puts("rtcshim " RTCSHIM_VERSION);
    return printed();
}

/* Files that are opened later must not land on a standard descriptor that the caller left closed.
 */
static unsigned fill_standard_fds(void)
{
    unsigned closed = 0;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
            continue;
        closed |= 1u << fd;
        if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
            break;
    }
    return closed;
}

int main(int argc, char **argv)
{
    const struct command *command;

    command_closed_fds = fill_standard_fds();
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_RTCSHIM_FAILED;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return cmd_version(1, argv);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return cmd_help(1, argv);
    command = command_find(argv[1]);
    if (!command && argv[1][0] == '-') {
        say_error("unknown option '%s'; 'rtcshim help' lists the commands", argv[1]);
        return EXIT_RTCSHIM_FAILED;
    }
    if (!command)
        return unknown_command(argv[1]);
    return command->run(argc - 1, argv + 1);
}
