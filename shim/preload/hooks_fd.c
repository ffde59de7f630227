/* Hooks of the calls that copy and end descriptors, so that the table of descriptors stays true. */
#include "after.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <unistd.h>

/* The entry goes before the descriptor does: another thread may be given the number the moment the
 * call returns. */

EXPORT int close(int fd)
{
    fdtab_forget(fd);
    return REAL(close)(fd);
}

EXPORT int __close(int fd)
{
    fdtab_forget(fd);
    return REAL(__close)(fd);
}

void before_close_range(unsigned first, unsigned last, unsigned flags)
{
    if (!(flags & CLOSE_RANGE_CLOEXEC))
        fdtab_forget_range(first, last);
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
    before_close_range(first, last, (unsigned)flags);
    return REAL(close_range)(first, last, flags);
}

EXPORT void closefrom(int first)
{
    fdtab_forget_range(first < 0 ? 0 : (unsigned)first, ~0u);
    REAL(closefrom)(first);
}

EXPORT int fclose(FILE *file)
{
    /* A socket under a stream is rare, and libc's own close has no hook. fileno() is no system
     * call, but a stream without descriptor sets errno. */
    int saved = errno;
    if (file)
        fdtab_forget(fileno(file));
    errno = saved;
    return REAL(fclose)(file);
}

/* The next descriptor with this number may come by a call that has no hook. */
EXPORT int closedir(DIR *dir)
{
    int saved = errno;
    __asm__("" : "+r"(dir)); /* which the header calls nonnull: the compiler would not look */
    if (dir)
        fdtab_forget(dirfd(dir));
    errno = saved;
    return REAL(closedir)(dir);
}

/* Another process's descriptor: nobody here has seen it made. */
EXPORT int pidfd_getfd(int process, int their_fd, unsigned int flags)
{
    int fd = REAL(pidfd_getfd)(process, their_fd, flags);
    if (fd >= 0)
        fdtab_forget(fd);
    return fd;
}

EXPORT int dup(int fd)
{
    int made = REAL(dup)(fd);
    if (made >= 0)
        fdtab_copy(fd, made);
    return made;
}

EXPORT int dup2(int fd, int to)
{
    int made = REAL(dup2)(fd, to);
    if (made >= 0)
        fdtab_copy(fd, made);
    return made;
}

EXPORT int __dup2(int fd, int to)
{
    int made = REAL(__dup2)(fd, to);
    if (made >= 0)
        fdtab_copy(fd, made);
    return made;
}

EXPORT int dup3(int fd, int to, int flags)
{
    int made = REAL(dup3)(fd, to, flags);
    if (made >= 0)
        fdtab_copy(fd, made);
    return made;
}

void after_fcntl(int fd, int command, int result)
{
    if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
        fdtab_copy(fd, result);
}

/* fcntl takes one argument at most, an int or a pointer; either is passed on as a pointer-sized
 * word, as libc does. */
#define FCNTL(name)                                                                                \
    EXPORT int name(int fd, int command, ...)                                                      \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, command);                                                                   \
        void *arg = va_arg(args, void *);                                                          \
        va_end(args);                                                                              \
        int result = REAL(name)(fd, command, arg);                                                 \
        after_fcntl(fd, command, result);                                                          \
        return result;                                                                             \
    }

FCNTL(fcntl)
FCNTL(__fcntl)
FCNTL(fcntl64)
