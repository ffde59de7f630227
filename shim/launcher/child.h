/* Running the command: environment, start with a report of failure, signals and job control. */
#ifndef RTCSHIM_LAUNCHER_CHILD_H
#define RTCSHIM_LAUNCHER_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>

enum {
    EXIT_RTCSHIM_FAILED = 125,
    EXIT_CANNOT_EXECUTE = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_LEAK = 3,
};

struct child_signals {
    sigset_t old_mask;
    struct sigaction old_child;
    struct sigaction old_pipe;
    struct sigaction old_file_size;
};

/*
 * Block what is passed on and return a signalfd that tells of it and of SIGCHLD; -1 and errno on
 * failure. SIGPIPE and SIGXFSZ are ignored from here on. The command gets the dispositions and the
 * mask that this program was started with.
 */
int child_take_signals(struct child_signals *signals);

struct child {
    pid_t pid;
    bool running;
    int status; /* as waitpid() gives it, once !running */
};

struct child_start {
    char *const *argv;
    const char *library;   /* goes in front of LD_PRELOAD */
    const char *session;   /* RTCSHIM_SESSION */
    bool stdout_to_stderr; /* standard output belongs to the events */
    unsigned closed_fds; /* bits 1 << fd of standard descriptors that were closed when this program
                            started */
    const struct child_signals *signals;
};

/*
 * Start argv[0] as execvp does. Returns 0; or an exit status after a message on standard error:
 * EXIT_NOT_FOUND, EXIT_CANNOT_EXECUTE, or EXIT_RTCSHIM_FAILED where it did not come to exec.
 */
int child_start(struct child *child, const struct child_start *start);

/* One signal from the signalfd, except SIGCHLD: pass it on unless the terminal gave it to the
 * command as well. */
void child_pass_signal(const struct child *child, const struct signalfd_siginfo *info);

/* Reap every child that has ended, also adopted ones, and tell of those that are not the command
 * (reaped may be NULL); where the terminal stopped the command, stop
 * too, until continued. */
void child_reap(struct child *child, void (*reaped)(pid_t pid, int status, void *ctx), void *ctx);

/* The command's exit status as a shell says it: 128 + N for signal N. */
int child_exit_status(const struct child *child);

#endif
