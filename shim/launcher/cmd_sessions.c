/* `rtcshim sessions`: what runs now. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "command.h"
#include "say.h"
#include "session_list.h"
#include "text.h"

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void time_text(time_t at, bool full, char *out, size_t size)
{
    struct tm tm;

    (void)snprintf(out, size, "-");
    if (!localtime_r(&at, &tm))
        return;
    if (full)
        (void)strftime(out, size, "%Y-%m-%dT%H:%M:%S%z", &tm);
    else
        (void)strftime(out, size, "%Y-%m-%d %H:%M", &tm);
}

static void print_json(const struct session_entry *e)
{
    char since[40];
    json_t *o;
    char *line;

    time_text(e->start, true, since, sizeof since);
    o = json_pack("{s:s, s:i, s:b, s:o, s:o, s:o, s:s, s:I, s:o, s:o}", "id", e->id, "pid",
                  (int)e->pid, "watched", e->watched, "command", text_json_or_null(e->command),
                  "policy", text_json_or_null(e->policy), "vpn", text_json_or_null(e->vpn), "since",
                  since, "processes", (json_int_t)e->processes, "session",
                  text_json_or_null(e->path), "run", text_json_or_null(e->run));
    line = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (line)
        (void)puts(line);
    free(line);
    json_decref(o);
}

static void print_text(const struct session_entry *list, size_t count)
{
    size_t id_width = 7;

    for (size_t i = 0; i < count; i++)
        if (strlen(list[i].id) > id_width)
            id_width = strlen(list[i].id);
    if (count > 0)
        (void)printf("%-*s  %7s  %-16s  %-16s  %9s  %s\n", (int)id_width, "SESSION", "PID",
                     "POLICY", "SINCE", "PROCESSES", "COMMAND");
    for (size_t i = 0; i < count; i++) {
        const struct session_entry *e = &list[i];
        char since[40], policy[128], command[SESSION_COMMAND_BYTES], pid[16];
        time_text(e->start, false, since, sizeof since);
        text_escape(e->policy, strlen(e->policy), policy, sizeof policy);
        text_escape(e->command, strlen(e->command), command, sizeof command);
        (void)snprintf(pid, sizeof pid, e->watched ? "%d" : "-", (int)e->pid);
        (void)printf("%-*s  %7s  %-16s  %-16s  %9zu  %s%s\n", (int)id_width, e->id, pid, policy,
                     since, e->processes, command, e->watched ? "" : " (goes on without rtcshim)");
    }
}

int cmd_sessions(int argc, char **argv)
{
    struct session_entry *list;
    bool json = false;
    size_t count;
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "j", long_options, NULL)) != -1) {
        if (option == 'j') {
            json = true;
        } else if (option == 'h') {
            (void)fputs(help_sessions, stdout);
            return fflush(stdout) == 0 ? 0 : EXIT_RTCSHIM_FAILED;
        } else {
            say_error("unknown option '%s'; see 'rtcshim help sessions'", argv[optind - 1]);
            return EXIT_RTCSHIM_FAILED;
        }
    }
    if (optind < argc) {
        say_error("'sessions' takes no argument; see 'rtcshim help sessions'");
        return EXIT_RTCSHIM_FAILED;
    }
    list = session_list(&count);
    if (json)
        for (size_t i = 0; i < count; i++)
            print_json(&list[i]);
    else
        print_text(list, count);
    free(list);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    say_error("cannot write to standard output: %s", strerror(errno));
    return EXIT_RTCSHIM_FAILED;
}
