/* The report at the end of a run: made by rtcshim-analyzer from the run's folder alone. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer_program.h"
#include "run_state.h"
#include "say.h"

enum {
    REPORT_ARGS_MAX = 16,
    /* rtcshim-analyzer report */
    REPORT_MADE = 0,
    REPORT_DAMAGED = 1,
    REPORT_LEAK = EXIT_LEAK,
};

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
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
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
