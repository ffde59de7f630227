/* `rtcshim policy set`: another policy for a session that runs. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd_policy.h"
#include "compiler.h"
#include "control.h"
#include "hosts.h"
#include "network.h"
#include "say.h"
#include "session.h"
#include "session_file.h"
#include "session_guard.h"
#include "session_list.h"
#include "session_sysfs.h"
#include "source.h"

enum { LOCK_WAIT_MS = 2000, LAUNCHER_WAIT_MS = 1000 };

struct set {
    const struct session_entry *session;
    struct policy_source source;
    const char *vpn;
    struct hosts hosts;
    struct netview view;
    struct policy_table table;
    struct compiler_report report;
    int fd;
    struct policy_shared *shared;
};

/* Map the session's policy for writing, where it is one that this program understands. */
static bool open_policy(struct set *set)
{
    struct stat st;

    set->fd = session_policy_open(set->session->path);
    if (set->fd < 0 || fstat(set->fd, &st) != 0) {
        say_error("cannot open '%s/policy': %s", set->session->path, strerror(errno));
        return false;
    }
    if (st.st_size == sizeof *set->shared) {
        void *memory =
            mmap(NULL, sizeof *set->shared, PROT_READ | PROT_WRITE, MAP_SHARED, set->fd, 0);
        set->shared = memory == MAP_FAILED ? NULL : memory;
    }
    if (!set->shared || set->shared->magic != POLICY_MAGIC ||
        set->shared->version != POLICY_VERSION || set->shared->bytes != sizeof *set->shared) {
        say_error("'%s/policy' is of another version of rtcshim", set->session->path);
        return false;
    }
    session_guard_add(set->shared, sizeof *set->shared);
    return true;
}

static bool compile(struct set *set)
{
    struct network *network = network_new(geteuid());
    struct compiler_options options = {.name = set->source.name,
                                       .vpn = set->vpn,
                                       .view = &set->view,
                                       .resolve = hosts_resolve,
                                       .ctx = &set->hosts};
    bool ok;

    if (!network) {
        say_error("cannot read this machine's network configuration (rtnetlink): %s",
                  strerror(errno));
        return false;
    }
    hosts_take(&set->hosts, &set->source.program, NULL, true);
    netview_take(&set->view, network, "/etc/resolv.conf");
    ok = compiler_run(&set->source.program, &options, &set->table, &set->report);
    if (!ok)
        say_error("policy '%s': %s", set->source.name, set->report.error);
    network_free(network);
    return ok;
}

static bool leave_source(struct set *set)
{
    int error =
        session_file_write(set->session->path, SESSION_FILE_POLICY,
                           json_pack("{s:s, s:o, s:s, s:o}", "name", set->source.name, "vpn",
                                     set->vpn ? json_string(set->vpn) : json_null(), "source",
                                     set->source.text, "hosts", hosts_json(&set->hosts)));

    if (error != 0)
        say_error("cannot write '%s/" SESSION_FILE_POLICY "': %s", set->session->path,
                  strerror(error));
    return error == 0;
}

/* The session's launcher compiles against its own network; wait until it has. */
static bool wait_for_launcher(const struct policy_shared *shared, uint32_t before)
{
    for (unsigned waited = 0; waited < LAUNCHER_WAIT_MS; waited++) {
        if (atomic_load(&shared->generation) != before)
            return true;
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    say_error("the session's rtcshim has not taken the policy up; does it stand still?");
    return false;
}

static bool put_in_force(struct set *set)
{
    bool here = set->session->netns == 0 || set->session->netns == session_file_netns();
    uint32_t before;
    bool ok;

    if (!here && !set->session->watched) {
        say_error("the session lives in another network namespace, and its rtcshim has ended: run "
                  "this there (nsenter --net --target PID)");
        return false;
    }
    if (!session_policy_lock(set->fd, LOCK_WAIT_MS)) {
        say_error("another process holds the session's policy locked");
        return false;
    }
    before = atomic_load(&set->shared->generation);
    ok = leave_source(set);
    if (ok) {
        if (here) {
            policy_publish(set->shared, &set->table);
            (void)session_sysfs_update(set->session->path, &set->table);
        }
        atomic_fetch_add(&set->shared->source, 1);
    }
    session_policy_unlock(set->fd);
    return ok && (here || wait_for_launcher(set->shared, before));
}

static int set_policy(struct set *set)
{
    const char *path = set->session->path;
    size_t len = strlen(path);
    size_t tail = strlen(SESSION_ENFORCE);

    if (!set->vpn && set->source.program.uses_vpn && set->session->vpn[0])
        set->vpn = set->session->vpn;
    if (set->source.program.uses_vpn && !set->vpn) {
        say_error("the policy '%s' speaks of the VPN's interface: name it with --vpn IFACE",
                  set->source.name);
        return POLICY_EXIT_TROUBLE;
    }
    if (!open_policy(set) || !compile(set) || !put_in_force(set))
        return POLICY_EXIT_TROUBLE;
    if (session_guard_hit()) {
        say_error("a process cut the session's policy short");
        return POLICY_EXIT_TROUBLE;
    }
    control_warn(&set->report);
    if (program_restricts(&set->source.program) &&
        (len < tail || strcmp(path + len - tail, SESSION_ENFORCE) != 0))
        say_warning("the session was started with a policy that restricts nothing: a process that "
                    "can't reach the session's folder lets everything pass");
    (void)printf("policy '%s' is in force in session %s (generation %u)\n", set->source.name,
                 set->session->id, atomic_load(&set->shared->generation));
    return fflush(stdout) == 0 ? POLICY_EXIT_OK : POLICY_EXIT_TROUBLE;
}

int cmd_policy_set(int argc, char **argv)
{
    static const struct option options[] = {{"vpn", required_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    struct set *set = calloc(1, sizeof *set);
    struct session_entry *sessions = NULL;
    struct parser_report report;
    int status = POLICY_EXIT_TROUBLE;
    size_t count;
    int option;

    if (!set) {
        say_error("out of memory");
        return status;
    }
    set->fd = -1;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option != 'v') {
            (void)cmd_policy_bad_option(option, argv);
            goto out;
        }
        set->vpn = optarg;
    }
    if (argc - optind != 1 && argc - optind != 2) {
        say_error("usage: rtcshim policy set [--vpn IFACE] [SESSION] NAME|FILE");
        goto out;
    }
    sessions = session_list(&count);
    set->session = session_find(sessions, count, argc - optind == 2 ? argv[optind] : NULL);
    if (!set->session)
        goto out;
    const char *what = argv[argc - 1];
    switch (source_load(what, &set->source, &report)) {
    case SOURCE_OK:
        source_print_report(&set->source, what, &report, stderr);
        status = set_policy(set);
        break;
    case SOURCE_WRONG:
        source_print_report(&set->source, what, &report, stderr);
        say_error("the policy '%s' has errors; the session keeps the one that it has", what);
        status = POLICY_EXIT_WRONG;
        break;
    case SOURCE_UNREADABLE:
        break;
    }
out:
    session_guard_clear();
    if (set->shared)
        munmap(set->shared, sizeof *set->shared);
    if (set->fd >= 0)
        close(set->fd);
    hosts_free(&set->hosts);
    source_free(&set->source);
    free(sessions);
    free(set);
    return status;
}
