/* Finding the preload library: named by the user, beside this program, or installed. */
#include "library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static const char file_name[] = "librtcshim.so";

static bool is_library(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    return access(path, R_OK) == 0;
}

/* The loader splits LD_PRELOAD at blanks and colons and expands dollars; there is no way to write
 * such a path in it. */
static bool fits_preload(const char *path)
{
    if (!strpbrk(path, ": \t\n$"))
        return true;
    say_error(
        "the path of the library, '%s', has a blank, a colon or a dollar in it, which LD_PRELOAD "
        "can't express; install it elsewhere, or set RTCSHIM_LIBRARY to a copy",
        path);
    return false;
}

/* The library's path in a folder relative to the program's own: "" beside it, "../lib/" installed.
 */
static bool near_program(const char *folder, char *out, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    out[0] = '\0';
    if (n <= 0)
        return false;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return false;
    slash[1] = '\0';
    n = snprintf(out, size, "%s%s%s", self, folder, file_name);
    return n > 0 && (size_t)n < size;
}

bool library_find(char path[static PATH_MAX])
{
    const char *named = getenv("RTCSHIM_LIBRARY");
    char beside[PATH_MAX];
    char installed[PATH_MAX];

    if (named) {
        if (!is_library(named) || !realpath(named, path)) {
            say_error(
                "RTCSHIM_LIBRARY names '%s', which can't be used as the library: %s; unset it, or set "
                "it to the path of %s",
                named, strerror(errno), file_name);
            return false;
        }
        return fits_preload(path);
    }
    if (near_program("", beside, sizeof(beside)) && is_library(beside) && realpath(beside, path))
        return fits_preload(path);
    if (near_program("../lib/", installed, sizeof(installed)) && is_library(installed) &&
        realpath(installed, path))
        return fits_preload(path);
    say_error(
        "%s is missing: neither '%s' nor '%s' is there; build or install it, or set RTCSHIM_LIBRARY to "
        "its path",
        file_name, beside, installed);
    return false;
}
