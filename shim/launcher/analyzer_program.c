/* rtcshim-analyzer as a child of the launcher: for the capture and for the report. */
#include "analyzer_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coverage.h"
#include "role.h"
#include "say.h"

static bool beside_program(char out[static PATH_MAX])
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
    n = snprintf(out, PATH_MAX, "%s%s", self, ANALYZER_PROGRAM);
    return n > 0 && n < PATH_MAX && access(out, F_OK) == 0;
}

bool analyzer_program_find(char out[static PATH_MAX])
{
    char path[PATH_MAX];

    if (beside_program(path) || coverage_find_program(ANALYZER_PROGRAM, path))
        return realpath(path, out) != NULL;
    return false;
}

/* value of LD_PRELOAD without librtcshim.so; "" where nothing is left. Caller frees; NULL: memory
 * is out. */
static char *without_library(const char *value)
{
    char *copy = strdup(value);
    char *left = calloc(1, strlen(value) + 1);
    char *end = left;
    char *rest = NULL;

    for (char *word = copy && left ? strtok_r(copy, ": ", &rest) : NULL; word;
         word = strtok_r(NULL, ": ", &rest)) {
        if (strcmp(role_base_name(word), "librtcshim.so") == 0)
            continue;
        end = stpcpy(stpcpy(end, end == left ? "" : ":"), word);
    }
    free(copy);
    return left;
}

/* In the child. The launcher has one thread, so that the environment can be changed here. */
static bool clean_environment(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    char *left = preloaded ? without_library(preloaded) : NULL;
    bool good =
        !preloaded ||
        (left && (left[0] ? setenv("LD_PRELOAD", left, 1) == 0 : unsetenv("LD_PRELOAD") == 0));

    free(left);
    return unsetenv("RTCSHIM_SESSION") == 0 && good;
}

static bool arrange_descriptors(const struct analyzer_start *start)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    /* out and err may be each other's target. */
    int out = fcntl(start->out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int err = fcntl(start->err, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (out < 0 || err < 0 || dup2(err, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        return false;
    for (size_t i = 0; i < start->keep_count; i++)
        if (fcntl(start->keep[i], F_SETFD, 0) != 0)
            return false;
    return true;
}

static _Noreturn void become(const struct analyzer_start *start)
{
    if (start->own_group)
        (void)setpgid(0, 0);
    if (arrange_descriptors(start) && clean_environment()) {
        (void)sigaction(SIGCHLD, &start->signals->old_child, NULL);
        (void)sigaction(SIGPIPE, &start->signals->old_pipe, NULL);
        (void)sigaction(SIGXFSZ, &start->signals->old_file_size, NULL);
        (void)sigprocmask(SIG_SETMASK, &start->signals->old_mask, NULL);
        execv(start->path, start->argv);
    }
    say_error("cannot run '%s': %s", start->path, strerror(errno));
    _exit(EXIT_NOT_FOUND);
}

pid_t analyzer_program_start(const struct analyzer_start *start)
{
    pid_t pid = fork();

    if (pid == 0)
        become(start);
    if (pid < 0)
        say_error("cannot start a process for " ANALYZER_PROGRAM ": %s", strerror(errno));
    /* Whichever is first: a signal from the terminal must not come in between. */
    else if (start->own_group)
        (void)setpgid(pid, pid);
    return pid;
}
