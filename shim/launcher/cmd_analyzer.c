/* Hands subcommands that read captures to rtcshim-analyzer, the program that links libpcap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "analyzer_program.h"
#include "child.h"
#include "command.h"
#include "say.h"

/* What the caller left closed is closed for the analyzer too: it says that it can't write there. */
static void hand_on_closed_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (command_closed_fds & 1u << fd)
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int cmd_analyzer(int argc, char **argv)
{
    char path[PATH_MAX];

    (void)argc;
    /* main() leaves the program's own name in front of the subcommand. */
    argv--;
    argv[0] = (char *)(uintptr_t)ANALYZER_PROGRAM;
    hand_on_closed_fds();
    if (analyzer_program_find(path))
        execv(path, argv);
    say_error("cannot run " ANALYZER_PROGRAM ", which does '%s': %s; it belongs beside rtcshim",
              argv[1], strerror(errno));
    return EXIT_RTCSHIM_FAILED;
}
