/*
 * Files of /proc and /sys that tell about hidden interfaces.
 *
 * A table is replaced by a copy in memory without the lines about them, /sys/class/net by a folder
 * of the session that the launcher keeps, and the names of hidden interfaces do not exist. What
 * can't be taken apart is refused with EACCES. Where it leads is asked of the kernel (O_PATH and
 * /proc/self/fd), so that links and `..` change nothing; that costs three system calls for a path
 * that may lead there, and one for any other, only while something is hidden.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_FILE_H
#define RTCSHIM_PRELOAD_ENFORCE_FILE_H

#include "hides.h"

enum file_fate {
    FILE_PASSES,
    FILE_REFUSED, /* errno says how; told */
    FILE_INSTEAD, /* told; the caller owns the descriptor in *fd, which is at its start */
};

enum {
    FILE_NAME_ONLY = 1 << 0,  /* the call asks for the name, not for what is in it: never INSTEAD */
    FILE_NO_FOLLOW = 1 << 1,  /* of a symbolic link, the link itself is meant */
    FILE_IS_PATTERN = 1 << 2, /* not told */
};

/* dir: what a relative path starts from, or AT_FDCWD. path need not be readable. */
enum file_fate enforce_file_slow(enum event_call call, int dir, const char *path, unsigned how,
                                 int *fd, uint64_t caller);

static inline enum file_fate enforce_file(enum event_call call, int dir, const char *path,
                                          unsigned how, int *fd, uint64_t caller)
{
    return hides_anything() ? enforce_file_slow(call, dir, path, how, fd, caller) : FILE_PASSES;
}

/* A call that asks about a name: true, it is refused with ENOENT in errno. */
static inline bool enforce_file_name(enum event_call call, int dir, const char *path, bool follow,
                                     uint64_t caller)
{
    return enforce_file(call, dir, path, FILE_NAME_ONLY | (follow ? 0 : FILE_NO_FOLLOW), NULL,
                        caller) == FILE_REFUSED;
}

/* For the calls that open: true, *fd is what the call returns, -1 with errno set. flags: its own.
 */
bool enforce_file_open(enum event_call call, int dir, const char *path, int flags, int *fd,
                       uint64_t caller);

enum { FILE_FD_PATH_BYTES = 32 };
/* "/proc/self/fd/N" */
void enforce_file_fd_path(int fd, char out[static FILE_FD_PATH_BYTES]);

#endif
