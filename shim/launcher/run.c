/* One run: what it is made of, its preparation, and its parts in order. */
#include "run_state.h"

#include <errno.h>
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
#include "session_file.h"
#include "session_guard.h"
#include "story.h"
#include "text.h"

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
    if (run->owners)
        owners_take_event(run->owners, event);
    free(line);
}

static void on_policy(const json_t *change, void *ctx)
{
    struct run *run = ctx;

    story_policy(run->story, change);
}

static void on_name_rule(const struct event *head, char *out, void *ctx)
{
    struct run *run = ctx;

    if (run->control)
        control_name_rule(run->control, head, out);
}
_Static_assert((int)HISTORY_RULE_BYTES <= (int)STORY_RULE_BYTES, "a rule's name fits");

static void on_process(const struct process *p, void *ctx)
{
    struct run *run = ctx;

    if (run->story)
        story_process(run->story, p);
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
        .quiet = run->options->quiet,
        .colour = use_colour(),
        .policy = run->source.name,
        .name_rule = on_name_rule,
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
    options.live = run->live;
    run->story = story_new(&options);
    if (run->story && story_network_fd(run->story) < 0)
        say_warning("this machine's network configuration (rtnetlink) may not be read from here: "
                    "which interface carried what stays unknown");
    if (run->story)
        return true;
    say_error("cannot read this machine's network configuration (rtnetlink): %s", strerror(errno));
    return false;
}

/* The policy, before anything is made: a mistake in it must cost nothing. */
static bool load_policy(struct run *run)
{
    const struct run_options *options = run->options;
    const char *what = options->policy ? options->policy : options->vpn ? "vpn" : "observe";
    struct parser_report *report = malloc(sizeof *report);
    enum source_status status;

    if (!report) {
        say_error("out of memory");
        return false;
    }
    status = source_load(what, &run->source, report);
    if (status == SOURCE_WRONG) {
        source_print_report(&run->source, what, report, stderr);
        say_error("the policy '%s' has errors; nothing was started", what);
    }
    free(report);
    if (status == SOURCE_OK && run->source.program.uses_vpn && !options->vpn) {
        say_error("the policy '%s' speaks of the VPN's interface: name it with --vpn IFACE", what);
        return false;
    }
    if (status == SOURCE_OK && options->vpn && !run->source.program.uses_vpn)
        say_warning("--vpn %s: the policy '%s' does not speak of $vpn, so that says nothing",
                    options->vpn, what);
    return status == SOURCE_OK;
}

/* What other programs learn of this session. */
static bool write_about(struct run *run)
{
    json_t *command = json_array();
    int error;

    for (char *const *arg = run->options->argv; *arg; arg++)
        json_array_append_new(command, text_json(*arg, strlen(*arg)));
    error = session_file_write(run->session.path, SESSION_FILE_ABOUT,
                               json_pack("{s:i, s:I, s:I, s:o, s:o}", "pid", (int)getpid(), "net",
                                         (json_int_t)session_file_netns(), "start",
                                         (json_int_t)run->start.tv_sec, "command", command, "run",
                                         text_json(run->dir.path, strlen(run->dir.path))));
    if (error != 0)
        say_error("cannot write '%s/" SESSION_FILE_ABOUT "': %s", run->session.path,
                  strerror(error));
    return error == 0;
}

static bool start_control(struct run *run)
{
    run->control = control_new(&(struct control_options){.source = &run->source,
                                                         .vpn = run->options->vpn,
                                                         .folder = run->session.path,
                                                         .shared = run->session.policy,
                                                         .changed = on_policy,
                                                         .ctx = run},
                               story_network(run->story), story_names(run->story));
    return run->control != NULL;
}

static int prepare(struct run *run)
{
    int status;

    if (!procfs_usable()) {
        say_error(
            "/proc is not mounted, or not for this pid namespace; without it processes can't be told apart");
        return EXIT_RTCSHIM_FAILED;
    }
    if (!load_policy(run))
        return EXIT_RTCSHIM_FAILED;
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
    if (!session_open(&run->session, program_restricts(&run->source.program)))
        return EXIT_RTCSHIM_FAILED;
    run->tab = proctab_new(getpid(), on_process, run);
    if (!run->tab || !start_story(run) || !start_control(run) || !write_about(run))
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
    status = run_start_capture(run);
    if (status != 0)
        return status;
    /* The run is described from its start on, so that a disk that fills up leaves more than events.
     */
    int error = run_write_json(run, false, 0);
    if (error != 0) {
        say_error("cannot write '%s/run.json': %s", run->dir.path, strerror(error));
        return EXIT_RTCSHIM_FAILED;
    }
    return 0;
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
    run_watch(run);
    status = run_finish(run);
out:
    capture_free(run->capture);
    owners_free(run->owners);
    run->owners = NULL;
    collector_free(run->collector);
    census_free(run->census);
    control_free(run->control);
    source_free(&run->source);
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
