/* Lists sessions, and finds the one that is meant. */
#include "session_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs.h"
#include "role.h"
#include "say.h"
#include "session.h"
#include "session_file.h"
#include "session_stale.h"

struct list {
    struct session_entry *entry;
    size_t count;
    pid_t *pids;
    size_t pid_count;
};

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

static void join_command(const json_t *command, char *out, size_t size)
{
    size_t used = 0;
    json_t *arg;
    size_t i;

    out[0] = '\0';
    json_array_foreach(command, i, arg)
    {
        const char *text = json_string_value(arg);
        int n = snprintf(out + used, size - used, "%s%s", i ? " " : "", text ? text : "");
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
}

/* COMMAND-PID, of letters that no shell minds. */
static void make_id(struct session_entry *e, const json_t *command)
{
    const char *name = role_base_name(json_string_value(json_array_get(command, 0)));
    char word[SESSION_ID_BYTES - 16];
    size_t used = 0;

    for (; *name && used + 1 < sizeof word; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9') || *name == '_' || *name == '.' || *name == '-';
        word[used++] = (char)(plain ? *name : '_');
    }
    word[used] = '\0';
    (void)snprintf(e->id, sizeof e->id, "%s-%d", used ? word : "session", (int)e->pid);
}

static void describe(struct session_entry *e)
{
    json_t *about = session_file_read(e->path, SESSION_FILE_ABOUT);
    json_t *policy = session_file_read(e->path, SESSION_FILE_POLICY);

    e->netns = (uint64_t)json_integer_value(json_object_get(about, "net"));
    e->start = (time_t)json_integer_value(json_object_get(about, "start"));
    copy(e->run, sizeof e->run, json_string_value(json_object_get(about, "run")));
    join_command(json_object_get(about, "command"), e->command, sizeof e->command);
    make_id(e, json_object_get(about, "command"));
    copy(e->policy, sizeof e->policy, json_string_value(json_object_get(policy, "name")));
    copy(e->vpn, sizeof e->vpn, json_string_value(json_object_get(policy, "vpn")));
    json_decref(about);
    json_decref(policy);
}

static size_t count_processes(const struct list *list, const char *path)
{
    size_t count = 0;

    for (size_t i = 0; i < list->pid_count; i++)
        count +=
            procfs_environ(list->pids[i], "RTCSHIM_SESSION", path, false) == PROCFS_ENVIRON_HAS;
    return count;
}

static void look_below(struct list *list, const char *parent)
{
    struct dirent *item;
    DIR *dir = opendir(parent);

    if (!dir)
        return;
    while (list->count < SESSION_LIST_MAX && (item = readdir(dir))) {
        struct session_entry *e = &list->entry[list->count];
        struct stat st;
        int n;
        memset(e, 0, sizeof *e);
        n = snprintf(e->path, sizeof e->path, "%s/%s", parent, item->d_name);
        if (n < 0 || (size_t)n >= sizeof e->path || !session_parse_name(item->d_name, &e->pid))
            continue;
        if (fstatat(dirfd(dir), item->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
            continue;
        e->watched = !session_lock_is_free(dirfd(dir), item->d_name);
        e->processes = count_processes(list, e->path);
        if (!e->watched && e->processes == 0)
            continue;
        describe(e);
        if (e->start == 0)
            e->start = st.st_mtime;
        list->count++;
    }
    closedir(dir);
}

static int by_age(const void *a, const void *b)
{
    const struct session_entry *x = a;
    const struct session_entry *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return strcmp(x->id, y->id);
}

struct session_entry *session_list(size_t *count)
{
    char parents[SESSION_PARENTS_MAX][PATH_MAX];
    size_t parent_count = session_parents(parents);
    struct list list = {.entry = calloc(SESSION_LIST_MAX, sizeof *list.entry)};

    *count = 0;
    if (!list.entry)
        return NULL;
    list.pids = procfs_pids(&list.pid_count);
    if (!list.pids)
        list.pid_count = 0;
    for (size_t i = 0; i < parent_count; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= strcmp(parents[i], parents[k]) == 0;
        if (!again)
            look_below(&list, parents[i]);
    }
    free(list.pids);
    if (list.count == 0) {
        free(list.entry);
        return NULL;
    }
    qsort(list.entry, list.count, sizeof *list.entry, by_age);
    *count = list.count;
    return list.entry;
}

/* --- the one that is meant -------------------------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return a[0] && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static bool has_process(const struct session_entry *e, pid_t pid)
{
    return pid == e->pid ||
           procfs_environ(pid, "RTCSHIM_SESSION", e->path, false) == PROCFS_ENVIRON_HAS;
}

static bool is_meant(const struct session_entry *e, const char *what)
{
    char *end;
    long pid = strtol(what, &end, 10);

    if (*end == '\0' && pid > 0 && pid <= INT_MAX)
        return has_process(e, (pid_t)pid);
    return strcmp(e->id, what) == 0 || same_file(e->path, what) || same_file(e->run, what);
}

static void say_ambiguous(const struct session_entry *list, size_t count, const char *what)
{
    char ids[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof ids; i++)
        used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%s", i ? ", " : "", list[i].id);
    if (what)
        say_error("'%s' may be any of several sessions: %s", what, ids);
    else
        say_error("there are several sessions: %s; say which", ids);
}

const struct session_entry *session_find(const struct session_entry *list, size_t count,
                                         const char *what)
{
    const struct session_entry *found = NULL;

    if (count == 0) {
        say_error("there is no session; 'rtcshim run' starts one");
        return NULL;
    }
    if (!what || !what[0]) {
        if (count == 1)
            return list;
        say_ambiguous(list, count, NULL);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (is_meant(&list[i], what))
            return &list[i];
    for (size_t i = 0; i < count; i++) {
        if (strncmp(list[i].id, what, strlen(what)) != 0)
            continue;
        if (found) {
            say_ambiguous(list, count, what);
            return NULL;
        }
        found = &list[i];
    }
    if (!found)
        say_error("there is no session '%s'; 'rtcshim sessions' lists them", what);
    return found;
}
