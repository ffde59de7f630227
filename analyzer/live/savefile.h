/*
 * Where a capture is written to.
 */
#ifndef RTCSHIM_ANALYZER_SAVEFILE_H
#define RTCSHIM_ANALYZER_SAVEFILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Open a path for writing, "-" for standard output, /dev/fd/N for a descriptor that is open.
 *
 * A file is made with mode 0600. One that is there is emptied and gets that mode, like tcpdump's;
 * but with root's rights only if it has one name and belongs to root or to owner, and the path's
 * last part is no symbolic link: whoever can write to the folder could have put it there. A pipe or
 * a device, which must belong to one of them too, is taken as it is.
 *
 * owner    whom the file is for; (uid_t)-1: nobody but this process's user. A new file is given to
 *          that user.
 *
 * Returns the descriptor; -1, said on standard error.
 */
int savefile_open(const char *path, uid_t owner, gid_t group);

/*
 * What to call the file in messages: path, or of /dev/fd/N, where the caller opened it, the name
 * that it has (proc(5)).
 */
void savefile_name(const char *path, int fd, char out[static PATH_MAX]);

/* The path means standard output. */
bool savefile_is_stdout(const char *path);

#endif
