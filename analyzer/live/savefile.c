/* Opens a capture's output so that neither a stranger's link nor a stranger's file is written to.
 */
#include "savefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"

/* The N of /dev/fd/N and /dev/stdout, which are links that a stranger did not make; -1 none. */
static int fd_of(const char *path)
{
    static const char prefix[] = "/dev/fd/";
    char *end;
    long n;
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
        return -1;
    path += sizeof(prefix) - 1;
    if (*path < '0' || *path > '9')
        return -1;
    errno = 0;
    n = strtol(path, &end, 10);
    return *end == '\0' && errno == 0 && n <= 1 << 20 ? (int)n : -1;
}

static int complain(const char *path, const char *why)
{
    analyzer_complain("cannot write to %s: %s", path, why);
    return -1;
}

static int take_open(const char *path, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return complain(path, strerror(errno));
    if ((flags & O_ACCMODE) == O_RDONLY)
        return complain(path, "it is open for reading only");
    if (isatty(fd))
        return complain(path, "a terminal can't show a capture file; without -w the messages are "
                              "shown");
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int take_existing(const char *path, bool careful, uid_t owner)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (careful ? O_NOFOLLOW : 0));
    if (fd < 0 && errno == ELOOP && careful)
        return complain(path, "it is a symbolic link, which is not followed with root's rights; "
                              "name the file that it points to");
    if (fd < 0)
        return complain(path, strerror(errno));
    if (fstat(fd, &st) != 0)
        goto failed;
    if (careful && st.st_uid != 0 && st.st_uid != owner) {
        close(fd);
        return complain(path, "it belongs to someone else; with root's rights it is not written");
    }
    if (!S_ISREG(st.st_mode))
        return fd;
    if (careful && st.st_nlink != 1) {
        close(fd);
        return complain(path, "the file has several names; with root's rights it is not "
                              "overwritten");
    }
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 && errno != EPERM)
        goto failed;
    if (ftruncate(fd, 0) == 0)
        return fd;
failed:
    (void)complain(path, strerror(errno));
    close(fd);
    return -1;
}

void savefile_name(const char *path, int fd, char out[static PATH_MAX])
{
    char link[64];
    ssize_t n;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = fd_of(path) >= 0 ? readlink(link, out, PATH_MAX - 1) : -1;
    if (n > 0)
        out[n] = '\0';
    if (n <= 0 || out[0] != '/')
        (void)snprintf(out, PATH_MAX, "%s", path);
}

bool savefile_is_stdout(const char *path)
{
    return fd_of(path) == STDOUT_FILENO;
}

int savefile_open(const char *path, uid_t owner, gid_t group)
{
    bool careful = geteuid() == 0;
    int fd = fd_of(path);
    if (fd >= 0)
        return take_open(path, fd);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST)
        return take_existing(path, careful, owner);
    if (fd < 0)
        return complain(path, strerror(errno));
    if (owner != (uid_t)-1 && fchown(fd, owner, group) != 0)
        analyzer_complain("%s stays root's: %s", path, strerror(errno));
    return fd;
}
