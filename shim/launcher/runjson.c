/* run.json: the command, the machine, every process and what became of the events. */
#include "runjson.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "coverage.h"
#include "process_private.h"
#include "text.h"

#ifndef RTCSHIM_VERSION
#define RTCSHIM_VERSION "unknown"
#endif

enum { INI_LINE_BYTES = 256, INI_LINES_MAX = 200 };

json_t *runjson_time(const struct timespec *at)
{
    char date[32];
    char text[64];
    struct tm utc;

    gmtime_r(&at->tv_sec, &utc);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text, sizeof(text), "%s.%06ldZ", date, at->tv_nsec / 1000);
    return json_string(text);
}

static json_t *command_json(char *const *argv)
{
    json_t *list = json_array();

    for (; *argv; argv++)
        json_array_append_new(list, text_json(*argv, strlen(*argv)));
    return list;
}

static json_t *host_json(void)
{
    struct utsname name;

    if (uname(&name) != 0)
        memset(&name, 0, sizeof(name));
    return json_pack("{s:s, s:s, s:s}", "kernel", name.release, "machine", name.machine, "libc",
                     gnu_get_libc_version());
}

/* Firefox says its version in a file beside the program. Others would have to be run for it, which
 * is not worth a process. */
static json_t *browser_json(const struct process *p)
{
    char path[PATH_MAX];
    char line[INI_LINE_BYTES];
    json_t *version = NULL;
    const char *slash = p->exe ? strrchr(p->exe, '/') : NULL;
    FILE *ini = NULL;

    if (slash && snprintf(path, sizeof(path), "%.*s/application.ini", (int)(slash - p->exe),
                          p->exe) < (int)sizeof(path))
        ini = fopen(path, "re");
    for (int i = 0; ini && !version && i < INI_LINES_MAX && fgets(line, sizeof(line), ini); i++) {
        if (strncmp(line, "Version=", 8) != 0)
            continue;
        line[strcspn(line, "\r\n")] = '\0';
        version = text_json(line + 8, strlen(line + 8));
    }
    if (ini)
        fclose(ini);
    return json_pack("{s:o, s:o, s:o}", "name", text_json_or_null(p->name), "exe",
                     text_json_or_null(p->exe), "version", version ? version : json_null());
}

static json_t *number_or_null(uint64_t value)
{
    return value ? json_integer((json_int_t)value) : json_null();
}

static json_t *process_json(const struct process *p)
{
    bool missing = coverage_is_missing(p->coverage);
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:b}", "pid",
        number_or_null((uint64_t)p->pid), "ns_pid", number_or_null((uint64_t)p->ns_pid), "parent",
        number_or_null((uint64_t)p->parent), "number", number_or_null(p->number), "name",
        text_json_or_null(p->name), "role", text_json_or_null(p->role), "exe",
        text_json_or_null(p->exe), "cmdline", text_json_or_null(p->cmdline), "coverage",
        coverage_word(p->coverage), "by_fork", p->by_fork, "ended", p->ended);

    if (object && p->other_network)
        json_object_set_new(object, "other_network", json_true());
    if (object && missing) {
        json_object_set_new(object, "reason", json_string(coverage_sentence(p->coverage)));
        /* null: it could not be looked at. */
        json_object_set_new(object, "used_socket",
                            p->used_socket || p->priv->looked_at_sockets
                                ? json_boolean(p->used_socket)
                                : json_null());
    }
    return object;
}

/* The moment between fork and exec is no process of its own to a reader, unless something happened
 * in it. */
static bool is_passing(const struct process *p)
{
    return (p->priv->superseded || p->pid == 0) && p->priv->records == 0 &&
           (p->by_fork || p->number == 0) && !coverage_is_missing(p->coverage);
}

static json_t *processes_json(const struct proctab *tab, json_t **browser)
{
    json_t *list = json_array();

    for (size_t i = 0; i < proctab_count(tab); i++) {
        const struct process *p = proctab_at(tab, i);
        if (is_passing(p))
            continue;
        if (!*browser && strcmp(p->role, "browser") == 0)
            *browser = browser_json(p);
        json_array_append_new(list, process_json(p));
    }
    return list;
}

json_t *runjson_make(const struct runjson *run)
{
    json_t *browser = NULL;
    json_t *processes = processes_json(run->tab, &browser);

    return json_pack(
        "{s:i, s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:I, s:I, s:I, s:o, s:o}",
        "schema", RUNJSON_SCHEMA, "rtcshim", RTCSHIM_VERSION, "command", command_json(run->argv),
        "start", runjson_time(&run->start), "end",
        run->complete ? runjson_time(&run->end) : json_null(), "complete", run->complete,
        "command_status", run->complete ? json_integer(run->command_status) : json_null(),
        "exit_status", run->complete ? json_integer(run->exit_status) : json_null(), "host",
        host_json(), "browser", browser ? browser : json_null(), "policy",
        control_json(run->control), "network", story_network_json(run->story), "processes",
        processes, "processes_complete", !proctab_overflowed(run->tab), "counts",
        story_counts_json(run->story), "events", (json_int_t)run->events, "events_unwritten",
        (json_int_t)run->unwritten, "events_lost", (json_int_t)story_lost_total(run->story),
        "capture", run->capture ? json_incref(run->capture) : json_null(), "verdict",
        story_verdict_json(run->story));
}
