/* Dead sessions: found by their free lock and by nobody naming them, and removed. */
#include "session_stale.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs.h"
#include "session.h"
#include "session_file.h"
#include "session_sysfs.h"

enum { STALE_MAX = 256 }; /* removed in one go; the next start takes the rest */

bool session_in_use(const char *path)
{
    size_t count = 0;
    pid_t *pids = procfs_pids(&count);
    bool used = pids == NULL;

    for (size_t i = 0; i < count && !used; i++)
        if (pids[i] != getpid())
            used = procfs_environ(pids[i], "RTCSHIM_SESSION", path, false) == PROCFS_ENVIRON_HAS;
    free(pids);
    return used;
}

void session_remove_folder(const char *path)
{
    static const char *const files[] = {"ring", "policy", "lock", SESSION_FILE_ABOUT,
                                        SESSION_FILE_POLICY};
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (dir < 0)
        return;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlinkat(dir, files[i], 0);
    session_sysfs_remove(dir);
    close(dir);
    (void)rmdir(path);
}

bool session_parse_name(const char *name, pid_t *pid)
{
    char *end;
    long value;

    if (name[0] < '1' || name[0] > '9')
        return false;
    errno = 0;
    value = strtol(name, &end, 10);
    if (errno != 0 || value > INT_MAX || *end != '-' || strspn(end + 1, "0123456789abcdef") != 16 ||
        (end[17] != '\0' && strcmp(end + 17, SESSION_ENFORCE) != 0))
        return false;
    *pid = (pid_t)value;
    return true;
}

/* The launcher that made it may be between the folder and its lock. */
static bool maker_lives(pid_t pid)
{
    char own[PROCFS_COMM_BYTES] = "";
    char other[PROCFS_COMM_BYTES] = "";

    if (pid == getpid() || !procfs_comm(pid, pid, other, sizeof(other)))
        return false;
    (void)procfs_comm(getpid(), getpid(), own, sizeof(own));
    return strcmp(own, other) == 0;
}

bool session_lock_is_free(int parent, const char *name)
{
    char path[NAME_MAX + 8];
    bool is_free;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/lock", name);
    fd = openat(parent, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT;
    is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return is_free;
}

unsigned session_remove_stale(const char *parent)
{
    unsigned removed = 0;
    struct dirent *entry;
    DIR *dir = opendir(parent);

    if (!dir)
        return 0;
    while ((entry = readdir(dir)) && removed < STALE_MAX) {
        char path[PATH_MAX];
        struct stat st;
        pid_t maker;
        int n = snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof(path) || !session_parse_name(entry->d_name, &maker))
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
            continue;
        if (!session_lock_is_free(dirfd(dir), entry->d_name) || maker_lives(maker) ||
            session_in_use(path))
            continue;
        session_remove_folder(path);
        removed++;
    }
    closedir(dir);
    return removed;
}
