/* A run's folder that a test fills itself, and that goes with it. */
#ifndef RTCSHIM_TESTS_RUN_FILES_H
#define RTCSHIM_TESTS_RUN_FILES_H

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_folder.h"

struct run_files {
    char dir[64];
};

static inline struct run_files run_files_new(void)
{
    struct run_files f = {"/tmp/rtcshim-test-run-XXXXXX"};
    char *made = mkdtemp(f.dir);
    assert(made);
    (void)made;
    return f;
}

static inline void run_files_path(const struct run_files *f, const char *name, char out[static 128])
{
    snprintf(out, 128, "%s/%s", f->dir, name);
}

static inline void run_files_put_bytes(const struct run_files *f, const char *name,
                                       const void *bytes, size_t len)
{
    char path[128];
    run_files_path(f, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t written = fd < 0 ? -1 : write(fd, bytes, len);
    assert(written == (ssize_t)len);
    (void)written;
    close(fd);
}

static inline void run_files_put(const struct run_files *f, const char *name, const char *text)
{
    run_files_put_bytes(f, name, text, strlen(text));
}

static inline struct run_folder *run_files_open(const struct run_files *f)
{
    const char *reason = NULL;
    struct run_folder *run = run_folder_open(f->dir, &reason);
    assert(run);
    return run;
}

static inline void run_files_free(struct run_files *f)
{
    static const char *const names[] = {RUN_JSON_FILE, RUN_EVENTS_FILE, RUN_WIRE_FILE, "target"};
    char path[128];
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        run_files_path(f, names[i], path);
        (void)unlink(path);
        (void)rmdir(path);
    }
    (void)rmdir(f->dir);
}

#endif
