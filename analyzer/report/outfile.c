/* Writes files under another name first. */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Something is there, and renaming over it would destroy it: a device, a pipe. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool open_direct(struct outfile *out, const char *path)
{
    int fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    out->stream = fdopen(fd, "w");
    if (!out->stream)
        (void)close(fd);
    return out->stream != NULL;
}

bool outfile_open(struct outfile *out, const char *path)
{
    int fd, error;
    memset(out, 0, sizeof(*out));
    if (strcmp(path, "-") == 0 || is_special(path))
        return open_direct(out, path);
    if (strlen(path) >= sizeof(out->path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out->path, path, strlen(path) + 1);
    (void)snprintf(out->temporary, sizeof(out->temporary), "%s.XXXXXX", path);
    fd = mkostemp(out->temporary, O_CLOEXEC);
    if (fd < 0) {
        out->temporary[0] = '\0';
        return false;
    }
    out->stream = fdopen(fd, "w");
    if (out->stream)
        return true;
    error = errno;
    (void)close(fd);
    outfile_abandon(out);
    errno = error;
    return false;
}

bool outfile_commit(struct outfile *out)
{
    bool good = fflush(out->stream) == 0 && !ferror(out->stream);
    int error = errno;
    if (fclose(out->stream) != 0 && good) {
        good = false;
        error = errno;
    }
    out->stream = NULL;
    if (good && out->temporary[0] != '\0') {
        good = rename(out->temporary, out->path) == 0;
        error = errno;
        if (good)
            out->temporary[0] = '\0';
    }
    if (!good)
        outfile_abandon(out);
    errno = error;
    return good;
}

void outfile_abandon(struct outfile *out)
{
    if (out->stream)
        (void)fclose(out->stream);
    out->stream = NULL;
    if (out->temporary[0] != '\0')
        (void)unlink(out->temporary);
    out->temporary[0] = '\0';
}
