/* Opens a run's folder, its files, and keeps the list of what is damaged. */
#include "run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_json.h"

int run_folder_file(const struct run_folder *run, const char *name)
{
    struct stat st;
    /* O_NONBLOCK: a pipe of that name must not hold the program up. */
    int fd = openat(run->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

void run_folder_damage(struct run_folder *run, const char *file, uint64_t line, uint64_t offset,
                       const char *format, ...)
{
    va_list args;
    if (run->damage_count >= RUN_DAMAGES_MAX) {
        run->damages_left_out++;
        return;
    }
    struct run_damage *damage = &run->damages[run->damage_count++];
    *damage = (struct run_damage){.file = file, .line = line, .offset = offset};
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(damage->reason, sizeof(damage->reason), format, args);
    va_end(args);
    for (char *c = damage->reason; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
}

void run_folder_not_opened(struct run_folder *run, const char *file)
{
    run_folder_damage(run, file, 0, 0, "it can't be opened: %s",
                      errno == EINVAL  ? "it is no regular file"
                      : errno == ELOOP ? "it is a symbolic link"
                                       : strerror(errno));
}

/* The whole file with a NUL behind it; NULL, noted, where it can't be had. */
static char *read_whole(struct run_folder *run, int fd, size_t *len)
{
    struct stat st;
    char *text = NULL;
    if (fstat(fd, &st) != 0 || st.st_size > RUN_JSON_BYTES_MAX ||
        !(text = malloc((size_t)st.st_size + 1))) {
        run_folder_damage(run, RUN_JSON_FILE, 0, 0, "it is too large to be read");
        return NULL;
    }
    for (*len = 0; *len < (size_t)st.st_size;) {
        ssize_t got = read(fd, text + *len, (size_t)st.st_size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *len += (size_t)got;
    }
    text[*len] = '\0';
    return text;
}

static void load_json(struct run_folder *run)
{
    json_error_t error;
    size_t len = 0;
    char *text = NULL;
    int fd = run_folder_file(run, RUN_JSON_FILE);
    if (fd < 0) {
        run_folder_not_opened(run, RUN_JSON_FILE);
        return;
    }
    text = read_whole(run, fd, &len);
    close(fd);
    if (!text)
        return;
    json_t *root = json_loadb(text, len, JSON_ALLOW_NUL, &error);
    free(text);
    if (!root) {
        run_folder_damage(run, RUN_JSON_FILE, error.line > 0 ? (uint64_t)error.line : 0,
                          error.position > 0 ? (uint64_t)error.position : 0, "%s", error.text);
        return;
    }
    if (!json_is_object(root)) {
        run_folder_damage(run, RUN_JSON_FILE, 1, 0, "it holds no object");
        json_decref(root);
        return;
    }
    json_decref(run->root);
    run->root = root;
    run->has_json = true;
}

struct run_folder *run_folder_open(const char *path, const char **reason)
{
    struct run_folder *run = calloc(1, sizeof(*run));
    if (!run) {
        *reason = "out of memory";
        return NULL;
    }
    run->path = path;
    run->exit_status = -1;
    run->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->dir < 0) {
        *reason = strerror(errno);
        run_folder_free(run);
        return NULL;
    }
    run->damages = calloc(RUN_DAMAGES_MAX, sizeof(*run->damages));
    run->root = json_object();
    if (!run->damages || !run->root) {
        *reason = "out of memory";
        run_folder_free(run);
        return NULL;
    }
    load_json(run);
    if (!run_json_take(run)) {
        *reason = "out of memory";
        run_folder_free(run);
        return NULL;
    }
    return run;
}

void run_folder_free(struct run_folder *run)
{
    if (!run)
        return;
    if (run->dir >= 0)
        close(run->dir);
    free(run->rules);
    free(run->hidden);
    free(run->ifaces);
    free(run->addresses);
    free(run->routes);
    free(run->processes);
    free(run->capture.ifaces);
    free(run->damages);
    json_decref(run->root);
    free(run);
}
