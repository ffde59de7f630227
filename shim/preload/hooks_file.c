/* Hooks of the calls that open files, for those below /proc/net and /sys/class/net. */
#include "after.h"
#include "enforce_file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Where a slash stands, the last one before the next component: the kernel takes "//" and "/./" for
 * "/". */
static const char *last_slash(const char *path)
{
    while (path[0] == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/')))
        path += path[1] == '/' ? 1 : 2;
    return path;
}

static bool starts(const char *path, const char *with)
{
    for (; *with; path++, with++) {
        path = last_slash(path);
        if (*path != *with)
            return false;
    }
    return true;
}

/* A component `net` in path, at its end or followed by more. */
static bool has_net(const char *path)
{
    for (const char *p = path; *p; p++)
        if ((p == path || p[-1] == '/') && starts(p, "net") && (p[3] == '\0' || p[3] == '/'))
            return true;
    return false;
}

/* Does this absolute path tell about interfaces: /proc/net, /proc/PID/net, /sys/class/net,
 * /sys/devices/.../net, and the sysctl folders with a name an interface. */
static bool path_tells(const char *path)
{
    if (path[0] != '/')
        return false;
    if (starts(path, "/proc/sys/"))
        return starts(path, "/proc/sys/net/ipv4/conf") || starts(path, "/proc/sys/net/ipv6/conf") ||
               starts(path, "/proc/sys/net/ipv4/neigh") || starts(path, "/proc/sys/net/ipv6/neigh");
    if (starts(path, "/proc/") || starts(path, "/sys/class/") || starts(path, "/sys/devices/"))
        return has_net(path);
    return false;
}

/* A directory from which a relative path may lead there. */
static bool leads_there(const char *path)
{
    return starts(path, "/proc") || starts(path, "/sys");
}

static void tell_file(enum event_call call, const char *path, int fd, uint64_t caller)
{
    struct seen seen = {.call = call, .fd = fd, .result = fd, .caller = caller, .flags = EVENT_IN};
    struct event event = emit_head(EVENT_FILE, &seen);

    emit_judge(&event, POLICY_ENUMERATION, 0);
    emit_bytes(&event, path, strlen(path));
}

/* The kernel has just read path. */
static bool wanted(int dir, const char *path)
{
    return path_tells(path) ||
           (path[0] != '/' && fd_kind(fdtab_get(dir)) == FD_DIRECTORY && has_net(path));
}

void after_open(enum event_call call, int dir, const char *path, int fd, uint64_t caller)
{
    if (fd < 0)
        return;
    bool below = path[0] != '/' && dir >= 0 && fd_kind(fdtab_get(dir)) == FD_DIRECTORY;
    bool directory = below || (path[0] == '/' && leads_there(path));
    fdtab_set(fd, directory ? FD_DIRECTORY : FD_OTHER);
    if (unlikely(directory) && shim.active && wanted(dir, path))
        tell_file(call, path, fd, caller);
}

/* The mode argument is there only with these flags; without them the caller may have passed
 * anything. */
#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                        \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = va_arg(args, mode_t);                                                               \
        va_end(args);                                                                              \
    }

#define OPEN(name)                                                                                 \
    EXPORT int name(const char *path, int flags, ...)                                              \
    {                                                                                              \
        MODE_OF(flags)                                                                             \
        int fd;                                                                                    \
        if (enforce_file_open(EVENT_CALL_##name, AT_FDCWD, path, flags, &fd, CALLER()))            \
            return fd;                                                                             \
        fd = REAL(name)(path, flags, mode);                                                        \
        after_open(EVENT_CALL_##name, AT_FDCWD, path, fd, CALLER());                               \
        return fd;                                                                                 \
    }

#define OPEN_2(name)                                                                               \
    EXPORT int name(const char *path, int flags)                                                   \
    {                                                                                              \
        int fd;                                                                                    \
        if (enforce_file_open(EVENT_CALL_##name, AT_FDCWD, path, flags, &fd, CALLER()))            \
            return fd;                                                                             \
        fd = REAL(name)(path, flags);                                                              \
        after_open(EVENT_CALL_##name, AT_FDCWD, path, fd, CALLER());                               \
        return fd;                                                                                 \
    }

#define OPENAT(name)                                                                               \
    EXPORT int name(int dir, const char *path, int flags, ...)                                     \
    {                                                                                              \
        MODE_OF(flags)                                                                             \
        int fd;                                                                                    \
        if (enforce_file_open(EVENT_CALL_##name, dir, path, flags, &fd, CALLER()))                 \
            return fd;                                                                             \
        fd = REAL(name)(dir, path, flags, mode);                                                   \
        after_open(EVENT_CALL_##name, dir, path, fd, CALLER());                                    \
        return fd;                                                                                 \
    }

#define OPENAT_2(name)                                                                             \
    EXPORT int name(int dir, const char *path, int flags)                                          \
    {                                                                                              \
        int fd;                                                                                    \
        if (enforce_file_open(EVENT_CALL_##name, dir, path, flags, &fd, CALLER()))                 \
            return fd;                                                                             \
        fd = REAL(name)(dir, path, flags);                                                         \
        after_open(EVENT_CALL_##name, dir, path, fd, CALLER());                                    \
        return fd;                                                                                 \
    }

/* The analyzer loses va_start in a macro. NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */
OPEN(open)
OPEN(__open)
OPEN(open64)
OPEN(__open64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPENAT(openat)
OPENAT(openat64)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

#define CREAT(name)                                                                                \
    EXPORT int name(const char *path, mode_t mode)                                                 \
    {                                                                                              \
        int fd;                                                                                    \
        if (enforce_file_open(EVENT_CALL_##name, AT_FDCWD, path, O_WRONLY, &fd, CALLER()))         \
            return fd;                                                                             \
        fd = REAL(name)(path, mode);                                                               \
        after_open(EVENT_CALL_##name, AT_FDCWD, path, fd, CALLER());                               \
        return fd;                                                                                 \
    }

CREAT(creat)
CREAT(creat64)

static void after_fopen(enum event_call call, const char *path, FILE *file, uint64_t caller)
{
    if (file && path)
        after_open(call, AT_FDCWD, path, fileno(file), caller);
}

/* fopen, with the descriptor that stands for the file. */
static FILE *stream_of(int fd, const char *mode)
{
    FILE *file;

    if (!strchr(mode, 'e'))
        REAL(fcntl)(fd, F_SETFD, 0);
    file = fdopen(fd, mode);
    if (file) {
        fdtab_set(fd, FD_OTHER);
    } else {
        int saved = errno;
        REAL(close)(fd);
        errno = saved;
    }
    return file;
}

#define FOPEN(name)                                                                                \
    EXPORT FILE *name(const char *path, const char *mode)                                          \
    {                                                                                              \
        int fd;                                                                                    \
        enum file_fate fate = enforce_file(EVENT_CALL_##name, AT_FDCWD, path, 0, &fd, CALLER());   \
        if (unlikely(fate != FILE_PASSES))                                                         \
            return fate == FILE_INSTEAD ? stream_of(fd, mode) : NULL;                              \
        FILE *file = REAL(name)(path, mode);                                                       \
        after_fopen(EVENT_CALL_##name, path, file, CALLER());                                      \
        return file;                                                                               \
    }

FOPEN(fopen)
FOPEN(fopen64)

/* freopen closes the old stream in any case. */
#define FREOPEN(name)                                                                              \
    EXPORT FILE *name(const char *path, const char *mode, FILE *old)                               \
    {                                                                                              \
        char instead[FILE_FD_PATH_BYTES];                                                          \
        int fd = -1;                                                                               \
        enum file_fate fate =                                                                      \
            path ? enforce_file(EVENT_CALL_##name, AT_FDCWD, path, 0, &fd, CALLER())               \
                 : FILE_PASSES;                                                                    \
        if (unlikely(fate == FILE_REFUSED)) {                                                      \
            int error = errno;                                                                     \
            fclose(old);                                                                           \
            errno = error;                                                                         \
            return NULL;                                                                           \
        }                                                                                          \
        if (unlikely(fate == FILE_INSTEAD))                                                        \
            enforce_file_fd_path(fd, instead);                                                     \
        FILE *file = REAL(name)(fate == FILE_INSTEAD ? instead : path, mode, old);                 \
        if (unlikely(fate == FILE_INSTEAD)) {                                                      \
            int saved = errno;                                                                     \
            REAL(close)(fd);                                                                       \
            errno = saved;                                                                         \
            return file;                                                                           \
        }                                                                                          \
        after_fopen(EVENT_CALL_##name, path, file, CALLER());                                      \
        return file;                                                                               \
    }

FREOPEN(freopen)
FREOPEN(freopen64)

EXPORT DIR *opendir(const char *path)
{
    int fd;
    enum file_fate fate = enforce_file(EVENT_CALL_opendir, AT_FDCWD, path, 0, &fd, CALLER());
    if (unlikely(fate == FILE_REFUSED))
        return NULL;
    DIR *dir = fate == FILE_INSTEAD ? fdopendir(fd) : REAL(opendir)(path);
    if (fate == FILE_INSTEAD) {
        int saved = errno;
        if (dir)
            fdtab_set(fd, FD_DIRECTORY);
        else
            REAL(close)(fd); /* a table is no folder: ENOTDIR, as of the file itself */
        errno = saved;
        return dir;
    }
    if (dir)
        after_open(EVENT_CALL_opendir, AT_FDCWD, path, dirfd(dir), CALLER());
    return dir;
}

/* libc opens and closes the directory inside: the call is told, and no descriptor of it is ever
 * seen. */
static void after_path(enum event_call call, int dir, const char *path, int64_t result,
                       uint64_t caller)
{
    if (result >= 0 && shim.active && wanted(dir, path))
        tell_file(call, path, -1, caller);
}

/* A type and parameters stand without parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define SCAN(name, plain, entry, at, arguments, ...)                                               \
    EXPORT int name(__VA_ARGS__, struct entry ***list, int (*filter)(const struct entry *),        \
                    int (*order)(const struct entry **, const struct entry **))                    \
    {                                                                                              \
        char instead[FILE_FD_PATH_BYTES];                                                          \
        int fd;                                                                                    \
        enum file_fate fate = enforce_file(EVENT_CALL_##name, at, path, 0, &fd, CALLER());         \
        if (unlikely(fate == FILE_REFUSED))                                                        \
            return -1;                                                                             \
        if (unlikely(fate == FILE_INSTEAD)) {                                                      \
            enforce_file_fd_path(fd, instead);                                                     \
            int found = REAL(plain)(instead, list, filter, order), saved = errno;                  \
            REAL(close)(fd);                                                                       \
            errno = saved;                                                                         \
            return found;                                                                          \
        }                                                                                          \
        int n = REAL(name) arguments;                                                              \
        after_path(EVENT_CALL_##name, at, path, n, CALLER());                                      \
        return n;                                                                                  \
    }

SCAN(scandir, scandir, dirent, AT_FDCWD, (path, list, filter, order), const char *path)
SCAN(scandir64, scandir64, dirent64, AT_FDCWD, (path, list, filter, order), const char *path)
SCAN(scandirat, scandir, dirent, dir, (dir, path, list, filter, order), int dir, const char *path)
SCAN(scandirat64, scandir64, dirent64, dir, (dir, path, list, filter, order), int dir,
     const char *path)
/* NOLINTEND(bugprone-macro-parentheses) */

/* /sys/class/net/NAME is a link whose target names the device. */
EXPORT ssize_t readlink(const char *path, char *buf, size_t size)
{
    if (enforce_file_name(EVENT_CALL_readlink, AT_FDCWD, path, false, CALLER()))
        return -1;
    ssize_t n = REAL(readlink)(path, buf, size);
    after_path(EVENT_CALL_readlink, AT_FDCWD, path, n, CALLER());
    return n;
}

EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
    if (enforce_file_name(EVENT_CALL___readlink_chk, AT_FDCWD, path, false, CALLER()))
        return -1;
    ssize_t n = REAL(__readlink_chk)(path, buf, size, room);
    after_path(EVENT_CALL___readlink_chk, AT_FDCWD, path, n, CALLER());
    return n;
}

EXPORT ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
    if (enforce_file_name(EVENT_CALL_readlinkat, dir, path, false, CALLER()))
        return -1;
    ssize_t n = REAL(readlinkat)(dir, path, buf, size);
    after_path(EVENT_CALL_readlinkat, dir, path, n, CALLER());
    return n;
}

EXPORT ssize_t __readlinkat_chk(int dir, const char *path, char *buf, size_t size, size_t room)
{
    if (enforce_file_name(EVENT_CALL___readlinkat_chk, dir, path, false, CALLER()))
        return -1;
    ssize_t n = REAL(__readlinkat_chk)(dir, path, buf, size, room);
    after_path(EVENT_CALL___readlinkat_chk, dir, path, n, CALLER());
    return n;
}
