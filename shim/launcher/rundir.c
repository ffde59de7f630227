/* The folder of a run: found or made, never overwritten. */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "role.h"
#include "say.h"

enum { SAME_SECOND_MAX = 1000 };

/* Every missing folder on the way; the last one may be there already. *made says whether it was
 * not. */
static bool make_folders(const char *path, bool *made)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    *made = false;
    if (len == 0 || len >= sizeof(part)) {
        errno = len ? ENAMETOOLONG : ENOENT;
        return false;
    }
    memcpy(part, path, len + 1);
    while (len > 1 && part[len - 1] == '/')
        part[--len] = '\0';
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        *made = mkdir(part, 0700) == 0;
        if (!*made && errno != EEXIST && !(errno == EROFS && access(part, F_OK) == 0) &&
            !(errno == EACCES && access(part, F_OK) == 0))
            return false;
        part[i] = kept;
    }
    return true;
}

/* 0; ENOTEMPTY; or why it can't be known. */
static int check_empty(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    int error = dir ? 0 : errno;
    struct dirent *entry;

    if (!dir && copy >= 0)
        close(copy);
    while (dir && error == 0 && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            error = ENOTEMPTY;
    if (dir)
        closedir(dir);
    return error;
}

/*
 * A folder that was there already becomes this user's alone. In one of another user that user could
 * put other files in the place of ours.
 */
static bool make_private(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        say_error("cannot look at the output folder '%s': %s", path, strerror(errno));
        return false;
    }
    if (st.st_uid != geteuid()) {
        say_error("the output folder '%s' belongs to another user; name a new folder", path);
        return false;
    }
    if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) != 0) {
        say_error("cannot make the output folder '%s' private: %s; name a new folder", path,
                  strerror(errno));
        return false;
    }
    return true;
}

/* The command's name as a file name: nothing in it that a shell or a terminal minds. */
static void safe_name(const char *command, char *out, size_t size)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    size_t used = 0;

    for (const char *p = role_base_name(command); *p && used < size - 1; p++)
        out[used++] = (char)(strchr(fine, *p) ? *p : '_');
    out[used] = '\0';
}

static bool default_parent(char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const struct passwd *user;
    int n;

    /* The base directory specification: a relative path is to be ignored. */
    if (state && state[0] == '/') {
        n = snprintf(out, size, "%s/rtcshim/runs", state);
    } else {
        if (!home || home[0] != '/') {
            user = getpwuid(getuid());
            home = user ? user->pw_dir : NULL;
        }
        if (!home || home[0] != '/') {
            say_error(
                "no place for the run's folder: neither XDG_STATE_HOME nor HOME is set; name one with -o DIR");
            return false;
        }
        n = snprintf(out, size, "%s/.local/state/rtcshim/runs", home);
    }
    if (n > 0 && (size_t)n < size)
        return true;
    say_error("the path for the run's folder is too long; name another with -o DIR");
    return false;
}

static bool make_default(struct rundir *dir, const char *command)
{
    char parent[PATH_MAX];
    char stamp[32];
    char name[64];
    struct tm utc;
    time_t now = time(NULL);
    bool made;

    if (!default_parent(parent, sizeof(parent)))
        return false;
    if (!make_folders(parent, &made)) {
        say_error("cannot make the folder '%s' for runs: %s; name another with -o DIR", parent,
                  strerror(errno));
        return false;
    }
    safe_name(command, name, sizeof(name));
    gmtime_r(&now, &utc);
    (void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
    for (int i = 1; i < SAME_SECOND_MAX; i++) {
        char suffix[16] = "";
        if (i > 1)
            (void)snprintf(suffix, sizeof(suffix), "-%d", i);
        int n = snprintf(dir->path, sizeof(dir->path), "%s/%s-%s%s", parent, stamp, name, suffix);
        if (n < 0 || (size_t)n >= sizeof(dir->path)) {
            errno = ENAMETOOLONG;
            break;
        }
        if (mkdir(dir->path, 0700) == 0) {
            dir->made = true;
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    say_error("cannot make the run's folder '%s': %s; name another with -o DIR", dir->path,
              strerror(errno));
    return false;
}

static bool take_named(struct rundir *dir, const char *output)
{
    if (strlen(output) >= sizeof(dir->path)) {
        say_error("the path of the output folder is too long");
        return false;
    }
    (void)snprintf(dir->path, sizeof(dir->path), "%s", output);
    if (make_folders(output, &dir->made))
        return true;
    say_error("cannot make the output folder '%s': %s", output, strerror(errno));
    return false;
}

bool rundir_open(struct rundir *dir, const char *output, const char *command)
{
    int error;
    int events;

    memset(dir, 0, sizeof(*dir));
    dir->fd = -1;
    linesink_init(&dir->events, -1, false);
    if (output ? !take_named(dir, output) : !make_default(dir, command))
        return false;
    dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0) {
        say_error("cannot use '%s' as the output folder: %s", dir->path, strerror(errno));
        return false;
    }
    error = check_empty(dir->fd);
    if (error == ENOTEMPTY)
        say_error(
            "the output folder '%s' is not empty; a run never overwrites another, name a new folder",
            dir->path);
    else if (error != 0)
        say_error("cannot read the output folder '%s': %s", dir->path, strerror(error));
    if (error != 0 || !make_private(dir->fd, dir->path)) {
        rundir_close(dir);
        return false;
    }
    events = openat(dir->fd, "events.ndjson", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    0600);
    if (events < 0) {
        say_error("cannot write to the output folder '%s': %s", dir->path, strerror(errno));
        rundir_discard(dir);
        return false;
    }
    linesink_init(&dir->events, events, false);
    return true;
}

int rundir_write_json(struct rundir *dir, const json_t *run)
{
    static const char temporary[] = ".run.json.new";
    char *text = json_dumps(run, JSON_INDENT(2));
    size_t len = text ? strlen(text) : 0;
    size_t done = 0;
    int error = text ? 0 : ENOMEM;
    int fd = -1;

    if (error == 0) {
        fd =
            openat(dir->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        error = fd < 0 ? errno : 0;
    }
    while (error == 0 && done <= len) {
        ssize_t n = done < len ? write(fd, text + done, len - done) : write(fd, "\n", 1);
        if (n < 0 && errno != EINTR)
            error = errno;
        else if (n >= 0)
            done += (size_t)n;
    }
    /* Delayed allocation: only now is it certain that there was room. */
    if (error == 0 && fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        error = errno;
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && renameat(dir->fd, temporary, dir->fd, "run.json") != 0)
        error = errno;
    if (error != 0 && fd >= 0)
        (void)unlinkat(dir->fd, temporary, 0);
    free(text);
    return error;
}

int rundir_open_wire(struct rundir *dir)
{
    int fd =
        openat(dir->fd, RUNDIR_WIRE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        say_error("cannot write to the output folder '%s': %s", dir->path, strerror(errno));
    return fd;
}

void rundir_close(struct rundir *dir)
{
    if (dir->events.fd >= 0)
        close(dir->events.fd);
    dir->events.fd = -1;
    linesink_free(&dir->events);
    if (dir->fd >= 0)
        close(dir->fd);
    dir->fd = -1;
}

void rundir_discard(struct rundir *dir)
{
    if (dir->fd >= 0) {
        (void)unlinkat(dir->fd, "events.ndjson", 0);
        (void)unlinkat(dir->fd, "run.json", 0);
        (void)unlinkat(dir->fd, RUNDIR_WIRE, 0);
    }
    rundir_close(dir);
    if (dir->made)
        (void)rmdir(dir->path);
}
