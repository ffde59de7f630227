/* Making the folder through which the launcher and the library meet. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs.h"
#include "say.h"
#include "session_guard.h"
#include "session_stale.h"

/* A parent folder of this user alone, made if it is missing. */
static bool own_folder(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    /* lstat: a link put there by someone else is not followed. */
    if (lstat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        errno = EPERM;
        return false;
    }
    return true;
}

static bool runtime_parent(char *out, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    int n;

    if (!runtime || runtime[0] != '/')
        return false;
    /* Left over from another user by su or sudo: that folder is theirs. */
    if (stat(runtime, &st) != 0 || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    n = snprintf(out, size, "%s/rtcshim", runtime);
    return n > 0 && (size_t)n < size;
}

static bool shared_parent(const char *folder, char *out, size_t size)
{
    int n;

    if (!folder || folder[0] != '/')
        return false;
    n = snprintf(out, size, "%s/rtcshim-%lu", folder, (unsigned long)geteuid());
    return n > 0 && (size_t)n < size;
}

/* A file with all its blocks there, mapped. */
static void *make_file(const char *folder, const char *name, size_t bytes)
{
    char path[PATH_MAX + 16];
    void *memory = MAP_FAILED;
    int error;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    error = posix_fallocate(fd, 0, (off_t)bytes);
    if (error == 0)
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    else
        errno = error;
    if (memory == MAP_FAILED) {
        error = errno;
        close(fd);
        errno = error;
        return NULL;
    }
    close(fd);
    return memory;
}

static bool fill(struct session *session)
{
    char path[PATH_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/lock", session->path);
    session->lock_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (session->lock_fd < 0 || flock(session->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    session->ring_length = ring_bytes(RING_CELLS_DEFAULT);
    session->ring_memory = make_file(session->path, "ring", session->ring_length);
    if (!session->ring_memory)
        return false;
    session->policy = make_file(session->path, "policy", sizeof(*session->policy));
    if (!session->policy)
        return false;
    session_guard_add(session->ring_memory, session->ring_length);
    session_guard_add(session->policy, sizeof(*session->policy));
    policy_format(session->policy);
    if (!ring_format(session->ring_memory, RING_CELLS_DEFAULT) ||
        !ring_attach(session->ring_memory, session->ring_length, &session->ring)) {
        errno = EINVAL;
        return false;
    }
    return true;
}

static void let_go(struct session *session)
{
    session_guard_clear();
    if (session->ring_memory)
        munmap(session->ring_memory, session->ring_length);
    if (session->policy)
        munmap(session->policy, sizeof(*session->policy));
    if (session->lock_fd >= 0)
        close(session->lock_fd);
    session->ring_memory = NULL;
    session->policy = NULL;
    session->lock_fd = -1;
}

static bool open_below(struct session *session, const char *parent, bool enforce)
{
    uint64_t random = 0;
    int error;
    int n;

    if (!own_folder(parent))
        return false;
    (void)session_remove_stale(parent);
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    n = snprintf(session->path, sizeof(session->path), "%s/%d-%016llx%s", parent, (int)getpid(),
                 (unsigned long long)random, enforce ? SESSION_ENFORCE : "");
    if (n < 0 || (size_t)n >= sizeof(session->path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (mkdir(session->path, 0700) != 0)
        return false;
    if (fill(session))
        return true;
    error = errno;
    let_go(session);
    session_remove_folder(session->path);
    errno = error;
    return false;
}

size_t session_parents(char parents[SESSION_PARENTS_MAX][PATH_MAX])
{
    const char *temporary = getenv("TMPDIR");
    size_t count = 0;

    count += runtime_parent(parents[count], PATH_MAX);
    count += shared_parent("/dev/shm", parents[count], PATH_MAX);
    if (temporary)
        count += shared_parent(temporary, parents[count], PATH_MAX);
    count += shared_parent("/tmp", parents[count], PATH_MAX);
    return count;
}

bool session_open(struct session *session, bool enforce)
{
    char parents[SESSION_PARENTS_MAX][PATH_MAX];
    char tried[3 * PATH_MAX] = "";
    size_t count = session_parents(parents);
    size_t used = 0;

    memset(session, 0, sizeof(*session));
    session->lock_fd = -1;
    for (size_t i = 0; i < count; i++) {
        if (open_below(session, parents[i], enforce))
            return true;
        int n = snprintf(
            tried + used, sizeof(tried) - used, "%s'%s': %s", used ? "; " : "", parents[i],
            errno == EPERM ? "belongs to someone else or others may write to it" : strerror(errno));
        if (n > 0 && (size_t)n < sizeof(tried) - used)
            used += (size_t)n;
    }
    say_error(
        "cannot make the session's folder (%zu MiB in memory) for the library to write to: %s; free "
        "some room there, or set XDG_RUNTIME_DIR or TMPDIR to a folder of yours",
        ring_bytes(RING_CELLS_DEFAULT) >> 20, tried);
    return false;
}

bool session_is_inside_another(void)
{
    const char *outer = getenv("RTCSHIM_SESSION");
    char ring[PATH_MAX];
    struct stat st;
    int n = outer ? snprintf(ring, sizeof(ring), "%s/ring", outer) : -1;

    return n > 0 && (size_t)n < sizeof(ring) && stat(ring, &st) == 0 &&
           procfs_maps(getpid(), st.st_ino, "ring") == 1;
}

void session_close(struct session *session)
{
    let_go(session);
    if (session->path[0] && !session_in_use(session->path))
        session_remove_folder(session->path);
    session->path[0] = '\0';
}
