/* Starts the capture, reads what it says, and knows how it ended. */
#include "wire_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "analyzer_program.h"
#include "pipe_lines.h"
#include "process_private.h"
#include "runjson.h"
#include "say.h"
#include "text.h"

enum {
    READY_MS = 30000,             /* opening many interfaces takes a while */
    MESSAGE_PIPE_BYTES = 1 << 20, /* while the launcher is stopped (Ctrl-Z), lines wait here */
    REASON_BYTES = 1024,
    ARGS_MAX = 16,
};

struct capture {
    struct capture_options options;
    pid_t pid; /* 0: reaped */
    int wait_status;
    struct pipe_lines messages, status, words; /* standard output, --status-fd, standard error */
    unsigned read_closely;                     /* lines in this turn */
    uint64_t skipped;
    bool capturing; /* "capturing ..." has come */
    bool finished;  /* "captured ..." has come */
    bool asked;     /* to end, by us */
    bool told_ended;
    json_t *interfaces;
    uint64_t packets, dropped;
    char reason[REASON_BYTES]; /* the last that it said on standard error */
    char path[PATH_MAX];
    struct timespec started, ended;
};

/* --- what it says ----------------------------------------------------------------------------- */

static void on_message(const char *line, size_t len, void *ctx)
{
    struct capture *capture = ctx;
    struct wire_message message;

    if (capture->read_closely++ >= CAPTURE_LINES_MAX)
        capture->skipped++;
    else if (wire_message_read(line, len, &message))
        capture->options.message(&message, capture->options.ctx);
}

/* "capturing eth0 tun0", "captured 123 0" */
static void on_status(const char *line, size_t len, void *ctx)
{
    static const char capturing[] = "capturing";
    static const char captured[] = "captured ";
    struct capture *capture = ctx;
    char text[4096];
    char *rest = NULL;

    if (len >= sizeof(text))
        return;
    memcpy(text, line, len);
    text[len] = '\0';
    if (strncmp(text, captured, sizeof(captured) - 1) == 0) {
        char *end = text + sizeof(captured) - 1;
        capture->packets = strtoull(end, &end, 10);
        capture->dropped = strtoull(end, &end, 10);
        capture->finished = *end == '\0';
        return;
    }
    if (strncmp(text, capturing, sizeof(capturing) - 1) != 0)
        return;
    capture->capturing = true;
    for (char *name = strtok_r(text + sizeof(capturing) - 1, " ", &rest); name;
         name = strtok_r(NULL, " ", &rest))
        json_array_append_new(capture->interfaces, text_json(name, strlen(name)));
}

/* Before it captures, what it says is why it can't. */
static void on_words(const char *line, size_t len, void *ctx)
{
    static const char prefix[] = ANALYZER_PROGRAM ": ";
    struct capture *capture = ctx;

    if (len >= sizeof(prefix) - 1 && memcmp(line, prefix, sizeof(prefix) - 1) == 0) {
        line += sizeof(prefix) - 1;
        len -= sizeof(prefix) - 1;
    }
    (void)snprintf(capture->reason, sizeof(capture->reason), "%.*s",
                   len < sizeof(capture->reason) ? (int)len : (int)sizeof(capture->reason) - 1,
                   line);
    if (capture->capturing)
        say_warning("capture: %s", capture->reason);
}

void capture_poll(const struct capture *capture, struct pollfd fds[static CAPTURE_POLL_FDS])
{
    fds[0] = (struct pollfd){.fd = capture->messages.fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = capture->status.fd, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = capture->words.fd, .events = POLLIN};
}

static void describe_end(const struct capture *capture, char *out, size_t size)
{
    if (WIFSIGNALED(capture->wait_status))
        (void)snprintf(out, size, "ended by signal %d (%s)", WTERMSIG(capture->wait_status),
                       strsignal(WTERMSIG(capture->wait_status)));
    else if (capture->reason[0])
        (void)snprintf(out, size, "%s", capture->reason);
    else
        (void)snprintf(out, size, "ended with status %d", WEXITSTATUS(capture->wait_status));
}

void capture_read(struct capture *capture)
{
    char how[REASON_BYTES];

    capture->read_closely = 0;
    pipe_lines_read(&capture->messages, on_message, capture);
    pipe_lines_read(&capture->status, on_status, capture);
    pipe_lines_read(&capture->words, on_words, capture);
    if (!capture_over(capture) || capture->told_ended)
        return;
    capture->told_ended = true;
    clock_gettime(CLOCK_REALTIME, &capture->ended);
    if (!capture->capturing || !capture_failed(capture))
        return;
    describe_end(capture, how, sizeof(how));
    say_warning("the capture failed: %s; %s", how,
                capture->asked ? "what it had captured before can be read"
                               : "the command goes on, and what it sends from now on is not "
                                 "captured");
}

/* --- its life --------------------------------------------------------------------------------- */

void capture_reaped(struct capture *capture, pid_t pid, int status)
{
    if (pid != capture->pid || WIFSTOPPED(status))
        return;
    capture->pid = 0;
    capture->wait_status = status;
}

pid_t capture_pid(const struct capture *capture)
{
    return capture->pid;
}

void capture_ask_end(struct capture *capture)
{
    capture->asked = true;
    if (capture->pid > 0)
        (void)kill(capture->pid, SIGTERM);
}

void capture_force_end(struct capture *capture)
{
    if (capture->pid > 0)
        (void)kill(capture->pid, SIGKILL);
}

bool capture_over(const struct capture *capture)
{
    return capture->pid == 0 && capture->messages.fd < 0 && capture->status.fd < 0 &&
           capture->words.fd < 0;
}

bool capture_failed(const struct capture *capture)
{
    return !capture->asked || !capture->finished || !WIFEXITED(capture->wait_status) ||
           WEXITSTATUS(capture->wait_status) != 0;
}

void capture_free(struct capture *capture)
{
    if (!capture)
        return;
    capture_force_end(capture);
    if (capture->pid > 0)
        (void)waitpid(capture->pid, NULL, 0);
    pipe_lines_close(&capture->messages);
    pipe_lines_close(&capture->status);
    pipe_lines_close(&capture->words);
    json_decref(capture->interfaces);
    free(capture);
}

/* --- its start -------------------------------------------------------------------------------- */

static bool start_program(struct capture *capture, int out, int status, int err)
{
    char file[32], status_fd[16], interfaces[4096];
    char *argv[ARGS_MAX];
    int keep[] = {capture->options.file, status};
    size_t n = 0;

    (void)snprintf(file, sizeof(file), "/dev/fd/%d", capture->options.file);
    (void)snprintf(status_fd, sizeof(status_fd), "%d", status);
    argv[n++] = (char *)(uintptr_t)ANALYZER_PROGRAM;
    argv[n++] = (char *)(uintptr_t) "capture";
    argv[n++] = (char *)(uintptr_t) "-qPj";
    argv[n++] = (char *)(uintptr_t) "-w";
    argv[n++] = file;
    argv[n++] = (char *)(uintptr_t) "--status-fd";
    argv[n++] = status_fd;
    if (capture->options.interfaces) {
        if (snprintf(interfaces, sizeof(interfaces), "%s", capture->options.interfaces) >=
            (int)sizeof(interfaces)) {
            say_error("--capture: the list of interfaces is too long");
            return false;
        }
        argv[n++] = (char *)(uintptr_t) "-i";
        argv[n++] = interfaces;
    } else {
        argv[n++] = (char *)(uintptr_t) "--later";
    }
    argv[n] = NULL;
    capture->pid = analyzer_program_start(
        &(struct analyzer_start){.path = capture->path,
                                 .argv = argv,
                                 .out = out,
                                 .err = err,
                                 .keep = keep,
                                 .keep_count = sizeof(keep) / sizeof(keep[0]),
                                 .own_group = true,
                                 .signals = capture->options.signals});
    if (capture->pid < 0)
        capture->pid = 0;
    return capture->pid > 0;
}

static bool open_and_start(struct capture *capture)
{
    int out[2] = {-1, -1}, status[2] = {-1, -1}, err[2] = {-1, -1};
    bool good = false;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(status, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        say_error("cannot make a pipe for the capture: %s", strerror(errno));
    } else {
        (void)fcntl(out[0], F_SETPIPE_SZ, MESSAGE_PIPE_BYTES);
        good = start_program(capture, out[1], status[1], err[1]);
    }
    pipe_lines_open(&capture->messages, out[0]);
    pipe_lines_open(&capture->status, status[0]);
    pipe_lines_open(&capture->words, err[0]);
    for (int *const *end = (int *const[]){out, status, err, NULL}; *end; end++)
        if ((*end)[1] >= 0)
            close((*end)[1]);
    return good;
}

/* Until it captures. 0, or the number of a signal that came. */
static int wait_until_ready(struct capture *capture)
{
    int64_t until = process_clock_ms() + READY_MS;

    while (!capture->capturing && !capture_over(capture) && process_clock_ms() < until) {
        struct pollfd fds[CAPTURE_POLL_FDS + 1];
        struct signalfd_siginfo info;
        int status;

        capture_poll(capture, fds);
        fds[CAPTURE_POLL_FDS] = (struct pollfd){.fd = capture->options.signal_fd, .events = POLLIN};
        (void)poll(fds, CAPTURE_POLL_FDS + 1, 100);
        while (read(capture->options.signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
            if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP ||
                info.ssi_signo == SIGQUIT)
                return (int)info.ssi_signo;
        if (capture->pid > 0 && waitpid(capture->pid, &status, WNOHANG) == capture->pid)
            capture_reaped(capture, capture->pid, status);
        capture_read(capture);
    }
    return 0;
}

static void say_why_not(const struct capture *capture)
{
    char how[REASON_BYTES];

    if (!capture_over(capture)) {
        say_error("the capture did not start within %d s; nothing was started", READY_MS / 1000);
        return;
    }
    describe_end(capture, how, sizeof(how));
    if (!strstr(how, "cap_net_raw")) {
        say_error("cannot capture: %s; nothing was started", how);
        return;
    }
    say_error("--capture needs the capability cap_net_raw for rtcshim-analyzer (never for the "
              "command); nothing was started. Give it once with: sudo setcap cap_net_raw=ep %s",
              capture->path);
    /* It has the capability, and the kernel did not grant it. */
    if (getxattr(capture->path, "security.capability", NULL, 0) > 0)
        say_error("it has a capability already, which does not count: its file system is mounted "
                  "nosuid, or no_new_privs is set, as in containers and sandboxes");
}

struct capture *capture_start(const struct capture_options *options, int *status)
{
    struct capture *capture = calloc(1, sizeof(*capture));
    int signal;

    *status = EXIT_RTCSHIM_FAILED;
    if (!capture || !(capture->interfaces = json_array())) {
        say_error("out of memory");
        free(capture);
        return NULL;
    }
    capture->options = *options;
    capture->messages.fd = capture->status.fd = capture->words.fd = -1;
    if (!analyzer_program_find(capture->path)) {
        say_error("--capture needs " ANALYZER_PROGRAM ", which belongs beside rtcshim: %s",
                  strerror(errno));
        capture_free(capture);
        return NULL;
    }
    if (!open_and_start(capture)) {
        capture_free(capture);
        return NULL;
    }
    signal = wait_until_ready(capture);
    if (signal != 0) {
        *status = 128 + signal;
        say_error("ended by signal %d before the command was started", signal);
    } else if (!capture->capturing) {
        say_why_not(capture);
    } else {
        clock_gettime(CLOCK_REALTIME, &capture->started);
        if (!options->interfaces && json_array_size(capture->interfaces) == 0)
            say_warning("no interface is up, except loopback; those that come up are captured");
        return capture;
    }
    capture_free(capture);
    return NULL;
}

/* --- run.json --------------------------------------------------------------------------------- */

json_t *capture_json(const struct capture *capture, const char *file, uint64_t left_out)
{
    bool over = capture_over(capture);
    bool failed = over && capture_failed(capture);
    char how[REASON_BYTES] = "";
    uint64_t unasked = left_out + capture->skipped;

    if (failed)
        describe_end(capture, how, sizeof(how));
    return json_pack(
        "{s:s, s:O, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "file", file, "interfaces",
        capture->interfaces, "later", !capture->options.interfaces, "started",
        runjson_time(&capture->started), "ended",
        over ? runjson_time(&capture->ended) : json_null(), "packets",
        capture->finished ? json_integer((json_int_t)capture->packets) : json_null(), "dropped",
        capture->finished ? json_integer((json_int_t)capture->dropped) : json_null(), "status",
        over ? json_string(failed ? "failed" : "complete") : json_string("running"), "reason",
        text_json_or_null(how), "unasked", (json_int_t)unasked);
}
