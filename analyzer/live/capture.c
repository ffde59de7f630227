/* Runs a capture: what is done in which order, what ends it, and what is said about it. */
#include "capture.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "analyzer.h"
#include "links.h"
#include "pcapng_write.h"
#include "privilege.h"
#include "sandbox.h"
#include "savefile.h"
#include "stop.h"

enum {
    PACKETS_PER_LOOK = 256, /* packets between two looks at signals, news and the time */
    OUTPUT_LOOK_MS = 500,   /* how often to see whether anybody still takes what is written */
    /* After the end was asked for, until what came before it has been shown by the kernel. */
    ENDING_MS = 5 * TAP_DELAY_MS,
};

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

struct capture {
    const struct capture_options *options;
    struct live *live;
    int file;            /* -1 none */
    char name[PATH_MAX]; /* of the file */
    struct pcapng_writer *writer;
    char os[sizeof(((struct utsname *)0)->sysname) + 1 + sizeof(((struct utsname *)0)->release)];
    struct decoding *decoding; /* NULL: nothing is shown */
    int stop;                  /* to poll for reading: the end is asked for */
    uint64_t packets;
    uint64_t start_ns;    /* since the epoch */
    uint64_t until_ns;    /* monotonic; 0 no limit */
    uint64_t end_ns;      /* since the epoch, when the end was asked for; 0 not yet */
    uint64_t last_try_ns; /* monotonic: then it is over, once the end was asked for */
    bool over;
    int status;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* --- the start -------------------------------------------------------------------------------- */

/* Opens all that must be opened, with the rights that it takes; then there are none. */
static bool open_all(struct capture *c)
{
    struct privilege_user user;
    if (!privilege_become_caller() || !privilege_choose_user(c->options->user, &user))
        return false;
    c->live = live_open(&c->options->live);
    if (!c->live)
        return false;
    if (c->options->file) {
        c->file = savefile_open(c->options->file, user.owns ? user.uid : (uid_t)-1, user.gid);
        if (c->file < 0)
            return false;
        savefile_name(c->options->file, c->file, c->name);
        c->writer = pcapng_writer_new(c->file);
        if (!c->writer) {
            analyzer_complain("cannot capture: out of memory");
            return false;
        }
    }
    /* Where the reader of the rows leaves, the file ends in good order. */
    if (c->file >= 0 && c->options->show)
        (void)signal(SIGPIPE, SIG_IGN);
    return privilege_drop(&user) && (c->stop = stop_open()) >= 0;
}

/* Starts the second thread; so it comes after credentials have changed and before the sandbox,
 * which makes no threads. */
static bool start_decoding(struct capture *c)
{
    struct decoding_options options = {.output = c->options->output, .fd = STDOUT_FILENO};
    if (!c->options->show)
        return true;
    c->decoding = decoding_new(&options);
    return c->decoding && decoding_begin(c->decoding, "the capture", live_iface_by_index, c->live);
}

static bool close_in(const struct capture *c)
{
    struct sandbox sandbox = {.read_fd = c->stop, .netlink_fd = live_links_fd(c->live)};
    if (c->options->without_seccomp)
        return true;
    sandbox.write_fds[sandbox.write_fd_count++] = STDERR_FILENO;
    sandbox.write_fds[sandbox.write_fd_count++] = c->stop; /* by the signals' handler */
    if (c->decoding)
        sandbox.write_fds[sandbox.write_fd_count++] = STDOUT_FILENO;
    if (c->file >= 0)
        sandbox.write_fds[sandbox.write_fd_count++] = c->file;
    if (c->options->ready_fd >= 0)
        sandbox.write_fds[sandbox.write_fd_count++] = c->options->ready_fd;
    if (c->options->status_fd >= 0)
        sandbox.write_fds[sandbox.write_fd_count++] = c->options->status_fd;
    return sandbox_enter(&sandbox);
}

/*
 * For the program that started the capture, a line each:
 *   capturing NAME...           it runs now; what is captured from the start
 *   captured PACKETS DROPPED    it has ended in good order; a capture that failed says nothing
 */
static void say_status(const struct capture *c, const char *line)
{
    int fd = c->options->status_fd;
    size_t len = strlen(line);
    if (fd >= 0 && write(fd, line, len) != (ssize_t)len)
        analyzer_complain("nobody listens on descriptor %d", fd);
}

static void say_status_ready(const struct capture *c)
{
    char line[sizeof("capturing\n") + (size_t)LIVE_TAPS_MAX * (LINKS_NAME_BYTES + 1)] = "capturing";
    size_t at = strlen(line);
    const char *name;
    for (size_t i = 0; (name = live_name(c->live, i)) != NULL; i++) {
        int n = snprintf(line + at, sizeof(line) - at, " %s", name);
        if (n < 0 || (size_t)n >= sizeof(line) - at)
            break;
        at += (size_t)n;
    }
    (void)snprintf(line + at, sizeof(line) - at, "\n");
    say_status(c, line);
}

static void say_ready(const struct capture *c)
{
    say_status_ready(c);
    if (!c->options->live.quiet)
        analyzer_complain("capturing on %s", live_names(c->live));
    if (c->options->ready_fd < 0)
        return;
    if (write(c->options->ready_fd, "\n", 1) != 1)
        analyzer_complain("nobody listens on descriptor %d", c->options->ready_fd);
    close(c->options->ready_fd);
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Nothing more can be written, or shown. */
static void give_up(struct capture *c)
{
    c->status = EXIT_TROUBLE;
    c->over = true;
}

/* The program that started the capture has ended without a word. */
static bool is_alone(const struct capture *c)
{
    struct pollfd status = {.fd = c->options->status_fd};
    return c->options->status_fd >= 0 && poll(&status, 1, 0) > 0 && (status.revents & POLLERR) != 0;
}

static void check_output(struct capture *c)
{
    int error = c->writer ? pcapng_error(c->writer) : 0;
    if (error)
        analyzer_complain("cannot write to %s: %s; the capture ends here, and can be read up to "
                          "its last packet",
                          c->name, strerror(error));
    if (error || (c->decoding && decoding_output_failed(c->decoding)) || is_alone(c))
        give_up(c);
}

/* Interfaces that are in the capture and not yet in the file. */
static void write_ifaces(struct capture *c)
{
    struct pcapng_iface_options options = {.filter = c->options->live.tap.filter, .os = c->os};
    const struct packet_iface *iface;
    while ((iface = live_iface(c->live, pcapng_iface_count(c->writer))) != NULL)
        pcapng_write_iface(c->writer, iface, &options);
}

static void take(struct capture *c, struct packet *packet)
{
    if (c->end_ns != 0 && packet->time_ns > c->end_ns)
        return;
    packet->frame = ++c->packets;
    if (c->writer) {
        write_ifaces(c);
        pcapng_write_packet(c->writer, packet);
    }
    if (c->decoding)
        decoding_packet(c->decoding, packet);
    if (c->options->packets != 0 && c->packets == c->options->packets)
        c->over = true;
}

/* The end was asked for; once more, and it comes at once. */
static void ask_for_end(struct capture *c)
{
    if (c->end_ns != 0)
        c->over = true;
    c->end_ns = now_ns(CLOCK_REALTIME);
    c->last_try_ns = now_ns(CLOCK_MONOTONIC) + ENDING_MS * NS_PER_MS;
}

static int timeout_ms(const struct capture *c, uint64_t now)
{
    uint64_t until = c->end_ns != 0 ? c->last_try_ns : c->until_ns;
    bool watched = c->decoding || c->options->status_fd >= 0;
    uint64_t longest = watched ? OUTPUT_LOOK_MS : INT32_MAX;
    if (until == 0)
        return watched ? OUTPUT_LOOK_MS : -1;
    if (until <= now)
        return 0;
    uint64_t ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;
    return (int)(ms < longest ? ms : longest);
}

/* Signals, news of interfaces and the time; waits where there is nothing else to do. */
static void look_around(struct capture *c, bool wait)
{
    if (c->decoding)
        decoding_push(c->decoding);
    int timeout = wait ? timeout_ms(c, now_ns(CLOCK_MONOTONIC)) : 0;
    if (live_wait(c->live, c->stop, timeout))
        for (unsigned n = stop_take(c->stop); n > 0; n--)
            ask_for_end(c);
    uint64_t now = now_ns(CLOCK_MONOTONIC);
    if (c->end_ns == 0 && c->until_ns != 0 && now >= c->until_ns)
        ask_for_end(c);
    else if (c->end_ns != 0 && now >= c->last_try_ns)
        c->over = true;
}

static void run(struct capture *c)
{
    struct packet packet;
    unsigned in_a_row = 0;
    while (!c->over) {
        switch (live_next(c->live, &packet)) {
        case LIVE_PACKET:
            take(c, &packet);
            if (++in_a_row < PACKETS_PER_LOOK)
                continue;
            look_around(c, false);
            break;
        case LIVE_IDLE:
            if (c->writer)
                pcapng_flush(c->writer);
            check_output(c);
            if (!c->over)
                look_around(c, true);
            break;
        case LIVE_OVER:
            analyzer_complain("no interface is left to capture on");
            give_up(c);
            break;
        }
        in_a_row = 0;
        if (!c->over)
            check_output(c);
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

static void write_statistics(struct capture *c)
{
    const struct packet_iface *iface;
    struct live_counts counts;
    write_ifaces(c);
    for (size_t i = 0; live_counts(c->live, i, &counts, &iface); i++) {
        struct pcapng_stats stats = {
            .start_ns = c->start_ns,
            .end_ns = now_ns(CLOCK_REALTIME),
            .received = c->options->live.tap.filter ? UINT64_MAX : counts.accepted,
            .dropped = counts.dropped_by_iface,
            .accepted = counts.accepted,
            .dropped_by_os = counts.dropped,
            .delivered = UINT64_MAX,
        };
        pcapng_write_stats(c->writer, iface->number, &stats);
    }
    if (pcapng_flush(c->writer) != 0 && c->status == 0)
        check_output(c);
}

/* What was lost is never kept quiet. */
static void say_counts(const struct capture *c)
{
    const struct packet_iface *iface;
    struct live_counts counts;
    uint64_t dropped = 0, dropped_by_ifaces = 0;
    for (size_t i = 0; live_counts(c->live, i, &counts, &iface); i++) {
        dropped += counts.dropped;
        if (counts.dropped_by_iface != UINT64_MAX)
            dropped_by_ifaces += counts.dropped_by_iface;
        if (counts.dropped != 0)
            analyzer_complain("%s: the kernel dropped %llu packets, because they came faster than "
                              "they were taken; a larger buffer (-B) may help",
                              iface->name, (unsigned long long)counts.dropped);
    }
    if (!c->options->live.quiet || dropped != 0 || dropped_by_ifaces != 0)
        analyzer_complain(
            "%llu packets captured, %llu dropped by the kernel, %llu by the interfaces",
            (unsigned long long)c->packets, (unsigned long long)dropped,
            (unsigned long long)dropped_by_ifaces);
    if (c->status == 0) {
        char line[64];
        uint64_t lost = dropped + dropped_by_ifaces;
        (void)snprintf(line, sizeof(line), "captured %llu %llu\n", (unsigned long long)c->packets,
                       (unsigned long long)lost);
        say_status(c, line);
    }
}

static void finish(struct capture *c)
{
    live_count(c->live);
    if (c->writer)
        write_statistics(c);
    if (c->decoding) {
        decoding_end(c->decoding);
        if (!decoding_finish(c->decoding))
            c->status = EXIT_TROUBLE;
    }
    say_counts(c);
}

/* Before the sandbox: the machine's name is asked for. Into the buffer only. */
static void start_file(struct capture *c)
{
    struct utsname machine;
    if (uname(&machine) != 0)
        machine = (struct utsname){.sysname = "Linux"};
    (void)snprintf(c->os, sizeof(c->os), "%s %s", machine.sysname, machine.release);
    pcapng_write_section(c->writer, machine.machine, c->os, "rtcshim-analyzer " RTCSHIM_VERSION);
}

int capture_run(const struct capture_options *options)
{
    struct capture c = {.options = options, .file = -1, .stop = -1};
    if (!open_all(&c) || !start_decoding(&c)) {
        c.status = EXIT_TROUBLE;
        goto out;
    }
    if (c.writer)
        start_file(&c);
    if (!close_in(&c)) {
        c.status = EXIT_TROUBLE;
        goto out;
    }
    c.start_ns = now_ns(CLOCK_REALTIME);
    if (options->seconds != 0)
        c.until_ns = now_ns(CLOCK_MONOTONIC) + options->seconds * NS_PER_S;
    stop_listen();
    if (c.writer) {
        write_ifaces(&c);
        pcapng_flush(c.writer);
    }
    say_ready(&c);
    run(&c);
    finish(&c);
out:
    if (c.decoding)
        decoding_end(c.decoding);
    decoding_free(c.decoding);
    pcapng_writer_free(c.writer);
    live_close(c.live);
    return c.status;
}
