/* The report at the end of a run: made by rtcshim-analyzer from the run's folder alone. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer_program.h"
#include "run_state.h"
#include "say.h"

enum {
    REPORT_ARGS_MAX = 16,
    LOOK_MS = 200, /* SIGCHLD comes sooner */
    /* rtcshim-analyzer report */
    REPORT_MADE = 0,
    REPORT_DAMAGED = 1,
    REPORT_LEAK = EXIT_LEAK,
};

/* Whoever is tired of waiting ends the report, not the run: what it was is in its folder. */
static bool wait_for_report(const struct run *run, pid_t pid, int *status)
{
    struct signalfd_siginfo info;
    pid_t ended;

    while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        struct pollfd signals = {.fd = run->signal_fd, .events = POLLIN};
        (void)poll(&signals, 1, LOOK_MS);
        while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
            if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
                (void)kill(pid, (int)info.ssi_signo);
    }
    return ended == pid;
}

/* Its exit status, as a shell says it; -1: it could not be started, which has been said. */
static int make_report(struct run *run)
{
    char annotated[PATH_MAX + sizeof(RUNDIR_ANNOTATED)];
    char path[PATH_MAX];
    char *argv[REPORT_ARGS_MAX];
    size_t n = 0;
    int status;
    pid_t pid;

    if (!analyzer_program_find(path)) {
        say_error("the report needs " ANALYZER_PROGRAM ", which belongs beside rtcshim: %s",
                  strerror(errno));
        return -1;
    }
    argv[n++] = (char *)(uintptr_t)ANALYZER_PROGRAM;
    argv[n++] = (char *)(uintptr_t) "report";
    argv[n++] = (char *)(uintptr_t) "--brief";
    if (run->options->html)
        argv[n++] = (char *)(uintptr_t) "--html";
    if (run->options->fail_on_leak)
        argv[n++] = (char *)(uintptr_t) "--fail-on-leak";
    if (run->options->vpn) {
        argv[n++] = (char *)(uintptr_t) "--vpn";
        argv[n++] = (char *)(uintptr_t)run->options->vpn;
    }
    if (run->capture) {
        (void)snprintf(annotated, sizeof(annotated), "%s/" RUNDIR_ANNOTATED, run->dir.path);
        argv[n++] = (char *)(uintptr_t) "--pcapng";
        argv[n++] = annotated;
    }
    argv[n++] = (char *)(uintptr_t) "--";
    argv[n++] = run->dir.path;
    argv[n] = NULL;
    fflush(stderr);
    /* Standard output belongs to the events, or to the command. */
    pid = analyzer_program_start(&(struct analyzer_start){.path = path,
                                                          .argv = argv,
                                                          .out = STDERR_FILENO,
                                                          .err = STDERR_FILENO,
                                                          .signals = &run->signals});
    if (pid < 0)
        return -1;
    if (!wait_for_report(run, pid, &status))
        return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run_report(struct run *run, int status)
{
    const struct run_options *options = run->options;
    int made, error;

    if (!options->capture && !options->html && !options->fail_on_leak)
        return status;
    made = make_report(run);
    if (made == REPORT_MADE)
        return status;
    if (made != REPORT_LEAK && made != REPORT_DAMAGED)
        say_error("the report was not made (%s); 'rtcshim report %s' tries again",
                  made < 0 ? "see above" : "rtcshim-analyzer failed", run->dir.path);
    if (made == REPORT_LEAK && status == 0)
        status = EXIT_LEAK;
    /* Without a whole report nothing is said to be free of leaks. */
    else if (made != REPORT_LEAK && (options->fail_on_leak || made != REPORT_DAMAGED))
        status = EXIT_RTCSHIM_FAILED;
    else
        return status;
    error = run_write_json(run, true, status);
    if (error != 0)
        say_error("cannot write '%s/run.json' with the exit status: %s", run->dir.path,
                  strerror(error));
    return error != 0 ? EXIT_RTCSHIM_FAILED : status;
}
