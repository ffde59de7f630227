/* One run: preparation, the loop that watches, and the end. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "census.h"
#include "child.h"
#include "collector.h"
#include "library.h"
#include "process_private.h"
#include "procfs.h"
#include "rundir.h"
#include "runjson.h"
#include "say.h"
#include "session.h"
#include "session_guard.h"
#include "story.h"

enum {
    TICK_BUSY_MS = 2, /* records came just now */
    TICK_IDLE_MS = 20,
    DRAIN_MAX = 8192, /* records a turn, so that signals wait for no flood */
    LAST_DRAINS_MAX = 256,
    STORY_FLUSH_MS = 100,
    LINGER_MS = 2000, /* for what the command leaves behind */
    LINGER_CENSUS_MS = 50,
    STDOUT_WAIT_MS = 3000,
    STDERR_WAIT_MS = 3000,
};

/* The only one in this version. */
static const char policy_name[] = "observe";

struct run {
    const struct run_options *options;
    struct session session;
    struct rundir dir;
    struct linesink out; /* standard output, with --json */
    struct linesink
        err; /* live lines: a terminal or pager that stands still must not stop the recording */
    FILE *live;
    struct coverage_host host;
    struct proctab *tab;
    struct census *census;
    struct story *story;
    struct collector *collector;
    struct child child;
    struct child_signals signals;
    int signal_fd;
    bool told_to_end; /* INT or TERM came while only descendants were left */
    bool lost_events; /* the output folder could not take all */
    struct timespec start;
    char program[PATH_MAX];
    char library[PATH_MAX];
};

static void on_event(const json_t *event, void *ctx)
{
    struct run *run = ctx;
    char *line = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);
    size_t len = line ? strlen(line) : 0;

    if (!line)
        return;
    linesink_add(&run->dir.events, line, len);
    if (run->options->json)
        linesink_add(&run->out, line, len);
    free(line);
}

static void on_process(const struct process *p, void *ctx)
{
    struct run *run = ctx;

    if (run->story)
        story_process(run->story, p);
}

static void flush_sinks(struct run *run)
{
    if (!linesink_flush(&run->dir.events)) {
        run->lost_events = true;
        say_error(
            "cannot write to '%s/events.ndjson': %s; the %llu events written so far are kept, the command "
            "goes on and is no longer recorded",
            run->dir.path, strerror(run->dir.events.error),
            (unsigned long long)run->dir.events.lines_kept);
    }
    /* A reader that went away (| head) has what it wanted. */
    (void)linesink_flush(&run->out);
    (void)linesink_flush(&run->err);
}

static int write_run_json(struct run *run, bool complete, int exit_status)
{
    struct runjson what = {
        .argv = run->options->argv,
        .start = run->start,
        .complete = complete,
        .command_status = complete ? child_exit_status(&run->child) : 0,
        .exit_status = exit_status,
        .events = run->dir.events.lines_kept,
        .unwritten = run->dir.events.lines_dropped,
        .policy = policy_name,
        .generation = 0,
        .story = run->story,
        .tab = run->tab,
    };
    json_t *json;
    int error;

    clock_gettime(CLOCK_REALTIME, &what.end);
    json = runjson_make(&what);
    error = json ? rundir_write_json(&run->dir, json) : ENOMEM;
    json_decref(json);
    return error;
}

/* Find the command, and say beforehand if the library can't come into it. */
static int inspect_command(struct run *run)
{
    const char *command = run->options->argv[0];
    char culprit[PATH_MAX];
    enum coverage forecast;

    if (!coverage_find_program(command, run->program)) {
        int status = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
        say_error("cannot run '%s': %s", command, strerror(errno));
        return status;
    }
    forecast = coverage_inspect(&run->host, run->program, culprit, sizeof(culprit));
    if (!coverage_is_certain(forecast))
        return 0;
    if (run->options->require_coverage) {
        say_error("'%s' %s; --require-coverage forbids to run it", culprit,
                  coverage_sentence(forecast));
        return EXIT_RTCSHIM_FAILED;
    }
    say_warning("NOT COVERED: '%s' %s", culprit, coverage_sentence(forecast));
    return 0;
}

static bool use_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && !(no_colour && no_colour[0]) && term &&
           strcmp(term, "dumb") != 0;
}

static bool start_story(struct run *run)
{
    struct story_options options = {
        .live = run->live,
        .quiet = run->options->quiet,
        .colour = use_colour(),
        .policy = policy_name,
        .uid = geteuid(),
        .event = on_event,
        .ctx = run,
    };

    linesink_init(&run->err, STDERR_FILENO, true);
    run->live = linesink_stream(&run->err);
    if (!run->live) {
        say_error("out of memory");
        return false;
    }
    run->story = story_new(&options);
    if (run->story && story_network_fd(run->story) < 0)
        say_warning("this machine's network configuration (rtnetlink) may not be read from here: "
                    "which interface carried what stays unknown");
    if (run->story)
        return true;
    say_error("cannot read this machine's network configuration (rtnetlink): %s", strerror(errno));
    return false;
}

/* How many leaks the verdict holds; -1 where this version's verdict does not know what a leak is.
 */
static long count_leaks(const struct run *run)
{
    json_t *verdict = story_verdict_json(run->story);
    const json_t *leaks = json_object_get(verdict, "leaks");
    long count = json_is_array(leaks) ? (long)json_array_size(leaks) : -1;

    json_decref(verdict);
    return count;
}

static int prepare(struct run *run)
{
    int status;

    if (!procfs_usable()) {
        say_error(
            "/proc is not mounted, or not for this pid namespace; without it processes can't be told apart");
        return EXIT_RTCSHIM_FAILED;
    }
    if (!library_find(run->library))
        return EXIT_RTCSHIM_FAILED;
    if (!coverage_host_init(&run->host, run->library)) {
        say_error("the library '%s' is not a shared object", run->library);
        return EXIT_RTCSHIM_FAILED;
    }
    status = inspect_command(run);
    if (status != 0)
        return status;
    if (session_is_inside_another())
        say_warning(
            "this is a run inside another run of rtcshim, which keeps the command: the outer one "
            "records, this one will see nothing");
    if (!rundir_open(&run->dir, run->options->output, run->options->argv[0]))
        return EXIT_RTCSHIM_FAILED;
    if (!session_open(&run->session))
        return EXIT_RTCSHIM_FAILED;
    run->tab = proctab_new(getpid(), on_process, run);
    if (!run->tab || !start_story(run))
        return EXIT_RTCSHIM_FAILED;
    run->census = census_new(&(struct census_options){.tab = run->tab,
                                                      .host = &run->host,
                                                      .library = run->library,
                                                      .session = run->session.path});
    if (run->census)
        run->collector = collector_new(&run->session.ring, run->tab, run->census, run->story);
    if (!run->collector) {
        say_error("out of memory");
        return EXIT_RTCSHIM_FAILED;
    }
    if (run->options->fail_on_leak && count_leaks(run) < 0) {
        say_error("--fail-on-leak is not in this version yet: its verdict does not judge leaks");
        return EXIT_RTCSHIM_FAILED;
    }
    /* The run is described from its start on, so that a disk that fills up leaves more than events.
     */
    int error = write_run_json(run, false, 0);
    if (error != 0) {
        say_error("cannot write '%s/run.json': %s", run->dir.path, strerror(error));
        return EXIT_RTCSHIM_FAILED;
    }
    return 0;
}

static void take_signals(struct run *run)
{
    struct signalfd_siginfo info;

    while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            child_reap(&run->child);
            continue;
        }
        if (!run->child.running && (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM))
            run->told_to_end = true;
        child_pass_signal(&run->child, &info);
    }
}

static void wait_for_something(struct run *run, int timeout_ms)
{
    struct pollfd wanted[] = {
        {.fd = run->signal_fd, .events = POLLIN},
        {.fd = story_network_fd(run->story), .events = POLLIN},
    };

    if (poll(wanted, sizeof(wanted) / sizeof(wanted[0]), timeout_ms) <= 0)
        return;
    if (wanted[0].revents)
        take_signals(run);
    if (wanted[1].revents)
        story_network_ready(run->story);
}

static void watch(struct run *run)
{
    int64_t now = process_clock_ms();
    int64_t next_census = now;
    int64_t next_flush = now;
    int64_t linger_until = 0;
    int tick = TICK_BUSY_MS;

    for (;;) {
        wait_for_something(run, tick);
        size_t records = collector_drain(run->collector, DRAIN_MAX);
        now = process_clock_ms();
        tick = records == DRAIN_MAX ? 0 : records > 0 ? TICK_BUSY_MS : tick * 2 + 1;
        if (tick > TICK_IDLE_MS)
            tick = TICK_IDLE_MS;
        if (now >= next_flush) {
            story_flush(run->story, false);
            next_flush = now + STORY_FLUSH_MS;
        }
        if (!run->child.running && linger_until == 0) {
            linger_until = now + LINGER_MS;
            next_census = now;
        }
        if (now >= next_census) {
            census_take(run->census, false);
            next_census = now + (linger_until ? LINGER_CENSUS_MS : CENSUS_INTERVAL_MS);
            if (linger_until && (census_living(run->census, run->child.pid) == 0 ||
                                 run->told_to_end || now >= linger_until))
                break;
        }
        flush_sinks(run);
    }
}

/* NULL-terminated; *used_sockets counts those that may have used a socket. Caller frees. */
static struct process **list_uncovered(const struct run *run, size_t *used_sockets)
{
    size_t count = 0;
    size_t entries = proctab_count(run->tab);
    struct process **list = calloc(entries + 1, sizeof(struct process *));

    *used_sockets = 0;
    for (size_t i = 0; list && i < entries; i++) {
        struct process *p = proctab_at(run->tab, i);
        if (!coverage_is_missing(p->coverage))
            continue;
        list[count++] = p;
        *used_sockets += census_may_have_used_socket(p);
    }
    return list;
}

/* The command has ended: decide the exit status, write what is left, say what there is to say. */
static int finish(struct run *run)
{
    int status = child_exit_status(&run->child);
    size_t used_sockets = 0;
    struct process **uncovered;
    bool unlisted;
    int error;

    for (int i = 0; i < LAST_DRAINS_MAX && collector_drain(run->collector, DRAIN_MAX) == DRAIN_MAX;
         i++)
        flush_sinks(run);
    census_take(run->census, true);
    story_flush(run->story, true);
    flush_sinks(run);
    linesink_finish(&run->out, STDOUT_WAIT_MS);
    if (run->out.lines_dropped > 0 && run->out.error == 0)
        say_warning(
            "%llu events were not written to standard output, whose reader was too slow; '%s/events.ndjson' has all",
            (unsigned long long)run->out.lines_dropped, run->dir.path);

    linesink_finish(&run->err, STDERR_WAIT_MS);
    if (run->err.lines_dropped > 0 && run->err.error == 0)
        say_warning(
            "%llu lines were not shown, standard error was too slow; '%s/events.ndjson' has all",
            (unsigned long long)run->err.lines_dropped, run->dir.path);

    uncovered = list_uncovered(run, &used_sockets);
    unlisted = proctab_overflowed(run->tab);
    if (run->options->fail_on_leak && status == 0 && count_leaks(run) > 0)
        status = EXIT_LEAK;
    if (run->options->require_coverage && (used_sockets > 0 || unlisted))
        status = EXIT_RTCSHIM_FAILED;
    if (run->lost_events || session_guard_hit())
        status = EXIT_RTCSHIM_FAILED;
    error = write_run_json(run, true, status);
    if (uncovered)
        story_summary(run->story, stderr, uncovered, unlisted, run->dir.path);
    fflush(stderr);
    if (run->options->require_coverage && used_sockets > 0)
        say_error(
            "--require-coverage: %zu process%s that may have used a network socket %s not covered; see the list above",
            used_sockets, used_sockets == 1 ? "" : "es", used_sockets == 1 ? "was" : "were");
    if (run->options->require_coverage && unlisted)
        say_error(
            "--require-coverage: more processes than can be listed (%d); those beyond may not be covered",
            PROCTAB_MAX);
    if (run->lost_events)
        say_error(
            "the record of this run is incomplete: %llu events could not be written to '%s/events.ndjson' (%s)",
            (unsigned long long)run->dir.events.lines_dropped, run->dir.path,
            strerror(run->dir.events.error));
    if (session_guard_hit())
        say_error("a process cut the session's files short; from then on nothing was recorded");
    if (error != 0) {
        say_error("cannot write '%s/run.json': %s; what is there is from the start of the run",
                  run->dir.path, strerror(error));
        status = EXIT_RTCSHIM_FAILED;
    }
    free(uncovered);
    return status;
}

int run_command(const struct run_options *options)
{
    struct run *run = calloc(1, sizeof(*run));
    int status = EXIT_RTCSHIM_FAILED;
    bool started = false;

    if (!run) {
        say_error("out of memory");
        return status;
    }
    run->options = options;
    run->signal_fd = -1;
    run->dir.fd = -1;
    run->dir.events.fd = -1;
    run->session.lock_fd = -1;
    clock_gettime(CLOCK_REALTIME, &run->start);
    linesink_init(&run->out, options->json ? STDOUT_FILENO : -1, true);
    run->signal_fd = child_take_signals(&run->signals);
    if (run->signal_fd < 0) {
        say_error("cannot take signals: %s", strerror(errno));
        goto out;
    }
    status = prepare(run);
    if (status != 0)
        goto out;
    status = child_start(&run->child, &(struct child_start){.argv = options->argv,
                                                            .library = run->library,
                                                            .session = run->session.path,
                                                            .stdout_to_stderr = options->json,
                                                            .closed_fds = options->closed_fds,
                                                            .signals = &run->signals});
    if (status != 0)
        goto out;
    started = true;
    census_expect(run->census, run->child.pid, run->program);
    watch(run);
    status = finish(run);
out:
    collector_free(run->collector);
    census_free(run->census);
    story_free(run->story);
    proctab_free(run->tab);
    session_close(&run->session);
    if (started)
        rundir_close(&run->dir);
    else
        rundir_discard(&run->dir);
    if (run->live)
        (void)fclose(run->live);
    linesink_free(&run->out);
    linesink_free(&run->err);
    if (run->signal_fd >= 0)
        close(run->signal_fd);
    free(run);
    return status;
}
