/* The JSON files of a session's folder, and the lock of its policy. */
#include "session_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, text, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        text += put;
        len -= (size_t)put;
    }
    return 0;
}

int session_file_write(const char *folder, const char *name, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    char path[PATH_MAX + 64];
    char fresh[PATH_MAX + 64];
    int error = 0;
    int fd = -1;

    json_decref(json);
    if (!text)
        return ENOMEM;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)snprintf(fresh, sizeof fresh, "%s/%s.%d", folder, name, (int)getpid());
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        error = errno;
    if (error == 0)
        error = write_all(fd, text, strlen(text));
    if (fd >= 0 && close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(fresh, path) != 0)
        error = errno;
    if (error != 0 && fd >= 0)
        (void)unlink(fresh);
    free(text);
    return error;
}

json_t *session_file_read(const char *folder, const char *name)
{
    char path[PATH_MAX + 64];
    struct stat st;
    json_t *json = NULL;
    FILE *file;
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_size > SESSION_FILE_BYTES_MAX || !(file = fdopen(fd, "re"))) {
        close(fd);
        return NULL;
    }
    json = json_loadf(file, JSON_REJECT_DUPLICATES, NULL);
    (void)fclose(file);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

uint64_t session_file_netns(void)
{
    struct stat st;

    return stat("/proc/self/ns/net", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

int session_policy_open(const char *folder)
{
    char path[PATH_MAX + 64];

    (void)snprintf(path, sizeof path, "%s/policy", folder);
    return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

bool session_policy_lock(int fd, unsigned wait_ms)
{
    enum { STEP_MS = 2 };

    for (unsigned waited = 0;; waited += STEP_MS) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (waited >= wait_ms)
            return false;
        (void)nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
}

void session_policy_unlock(int fd)
{
    (void)flock(fd, LOCK_UN);
}
