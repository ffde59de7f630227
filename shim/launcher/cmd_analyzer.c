/* Hands subcommands that read captures to rtcshim-analyzer, the program that links libpcap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "say.h"

static const char program[] = "rtcshim-analyzer";

/* Beside this program, where an installation and a build have it; false where that has no path. */
static bool beside_program(char *out, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (n <= 0)
        return false;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return false;
    slash[1] = '\0';
    n = snprintf(out, size, "%s%s", self, program);
    return n > 0 && (size_t)n < size;
}

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
    argv[0] = (char *)(uintptr_t)program;
    hand_on_closed_fds();
    if (beside_program(path, sizeof(path)))
        execv(path, argv);
    else
        errno = ENOENT;
    if (errno == ENOENT)
        execvp(program, argv);
    say_error("cannot run %s, which does '%s': %s; it belongs beside rtcshim", program, argv[1],
              strerror(errno));
    return EXIT_RTCSHIM_FAILED;
}
