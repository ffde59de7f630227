/* Running the command and standing between it and whoever sends signals. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

static const int passed_on[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
                                SIGUSR2, SIGCONT, SIGTSTP, SIGWINCH};

int child_take_signals(struct child_signals *signals)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&set, passed_on[i]);
    if (sigprocmask(SIG_BLOCK, &set, &signals->old_mask) != 0)
        return -1;
    /* Ignored, it would reap the command behind our back. */
    (void)sigaction(SIGCHLD, &action, &signals->old_child);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, &signals->old_pipe);
    /* A limit on the size of files is met like a full disk, not by dying. */
    (void)sigaction(SIGXFSZ, &action, &signals->old_file_size);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct environment {
    char **variables;
    char *preload, *session; /* the two that are not borrowed */
};

static void free_environment(struct environment *env)
{
    free(env->preload);
    free(env->session);
    free(env->variables);
}

/* The environment for the command: ours, with the library in front of what is preloaded already. */
static bool make_environment(const struct child_start *start, struct environment *out)
{
    const char *preloaded = getenv("LD_PRELOAD");
    size_t count = 0;
    size_t used = 0;
    size_t library_len = strlen(start->library);
    char **env;

    while (environ[count])
        count++;
    *out = (struct environment){0};
    out->variables = env = calloc(count + 3, sizeof(*env));
    if (!env)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 &&
            strncmp(environ[i], "RTCSHIM_SESSION=", 16) != 0)
            env[used++] = environ[i];
    /* A run inside a run: once is enough. */
    bool there = preloaded && strncmp(preloaded, start->library, library_len) == 0 &&
                 (preloaded[library_len] == '\0' || preloaded[library_len] == ':' ||
                  preloaded[library_len] == ' ');
    bool rest = !there && preloaded && preloaded[0];
    if (asprintf(&out->preload, "LD_PRELOAD=%s%s%s", there ? preloaded : start->library,
                 rest ? ":" : "", rest ? preloaded : "") < 0) {
        out->preload = NULL;
        return false;
    }
    if (asprintf(&out->session, "RTCSHIM_SESSION=%s", start->session) < 0) {
        out->session = NULL;
        return false;
    }
    env[used++] = out->preload;
    env[used++] = out->session;
    return true;
}

/* In the child: between fork and exec. Only what is async-signal-safe. */
static _Noreturn void become(const struct child_start *start, char **env, int report)
{
    int error;

    if (start->stdout_to_stderr)
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (start->closed_fds & 1u << fd)
            close(fd);
    (void)sigaction(SIGCHLD, &start->signals->old_child, NULL);
    (void)sigaction(SIGPIPE, &start->signals->old_pipe, NULL);
    (void)sigaction(SIGXFSZ, &start->signals->old_file_size, NULL);
    (void)sigprocmask(SIG_SETMASK, &start->signals->old_mask, NULL);
    execvpe(start->argv[0], start->argv, env);
    error = errno;
    if (write(report, &error, sizeof(error)) != (ssize_t)sizeof(error))
        _exit(EXIT_RTCSHIM_FAILED);
    _exit(EXIT_NOT_FOUND);
}

int child_start(struct child *child, const struct child_start *start)
{
    int report[2] = {-1, -1};
    int error = 0;
    int status = EXIT_RTCSHIM_FAILED;
    ssize_t n;
    struct environment env;
    pid_t pid;

    *child = (struct child){0};
    if (!make_environment(start, &env) || pipe2(report, O_CLOEXEC) != 0) {
        say_error("cannot start '%s': %s", start->argv[0], strerror(errno));
        free_environment(&env);
        return status;
    }
    /* Descendants whose parent ends come to us and stay in the picture. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid = fork();
    if (pid == 0)
        become(start, env.variables, report[1]);
    close(report[1]);
    free_environment(&env);
    if (pid < 0) {
        say_error("cannot start a process for '%s': %s", start->argv[0], strerror(errno));
        close(report[0]);
        return status;
    }
    do
        n = read(report[0], &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    close(report[0]);
    if (n == 0) {
        child->pid = pid;
        child->running = true;
        return 0;
    }
    if (n == (ssize_t)sizeof(error))
        status = error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
    say_error("cannot run '%s': %s", start->argv[0], strerror(error));
    (void)waitpid(pid, NULL, 0);
    return status;
}

void child_pass_signal(const struct child *child, const struct signalfd_siginfo *info)
{
    if (!child->running)
        return;
    /* A code above 0 is the kernel's: from the terminal, which gave it to the whole process group.
     * A command that left the group (timeout, setsid) did not get it. */
    if (info->ssi_code > 0 && getpgid(child->pid) == getpgrp())
        return;
    (void)kill(child->pid, (int)info->ssi_signo);
}

void child_reap(struct child *child, void (*reaped)(pid_t pid, int status, void *ctx), void *ctx)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid <= 0)
            return;
        if (WIFSTOPPED(status)) {
            int signal = WSTOPSIG(status);
            /* Stopped from the keyboard, or at reading a terminal it does not own: the shell waits
             * for us to stop. SIGSTOP is a debugger's. */
            if (pid == child->pid && (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU))
                (void)raise(SIGSTOP);
            continue;
        }
        if (pid == child->pid && child->running) {
            child->running = false;
            child->status = status;
        } else if (reaped) {
            reaped(pid, status, ctx);
        }
    }
}

int child_exit_status(const struct child *child)
{
    if (WIFSIGNALED(child->status))
        return 128 + WTERMSIG(child->status);
    return WEXITSTATUS(child->status);
}
