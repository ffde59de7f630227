/* Files that tell about interfaces, and files that don't, by every way of opening one. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

static const char *const paths[] = {
    "/proc/net/dev",
    "/proc/self/net/if_inet6",
    "/sys/class/net/lo/address",
    "/sys/class/net",
    "/dev/null",
    "/nosuch/file",
    "",
    "/proc/net/../net//dev",
    "//proc//net/./dev",
    "/proc/net",
};
enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

static void say_opened(const char *how, int fd)
{
    char head[8];
    say_result(how, fd);
    if (fd >= 0) {
        int e = errno;
        say("  first read %zd", read(fd, head, sizeof(head)));
        close(fd);
        errno = e;
    }
}

static void say_stream(const char *how, FILE *stream)
{
    char line[64] = "";
    say_result(how, stream != NULL);
    if (stream) {
        if (fgets(line, sizeof(line), stream))
            say("  %.20s", line);
        CALL(fclose, stream);
    }
}

/* What the filter does to errno is its own business. */
static int only_lo(const struct dirent *entry)
{
    return strcmp(entry->d_name, "lo") == 0;
}

void calls_file(void)
{
    for (size_t i = 0; i < PATHS; i++) {
        say("path %s", paths[i]);
        say_opened("open", CALL(open, paths[i], O_RDONLY));
        say_opened("__open", CALL(__open, paths[i], O_RDONLY));
        say_opened("open64", CALL(open64, paths[i], O_RDONLY | O_CLOEXEC));
        say_opened("__open64", CALL(__open64, paths[i], O_RDONLY));
        say_opened("__open_2", CALL(__open_2, paths[i], O_RDONLY));
        say_opened("__open64_2", CALL(__open64_2, paths[i], O_RDONLY));
        say_opened("openat", CALL(openat, AT_FDCWD, paths[i], O_RDONLY));
        say_opened("openat64", CALL(openat64, -1, paths[i], O_RDONLY));
        say_opened("__openat_2", CALL(__openat_2, AT_FDCWD, paths[i], O_RDONLY));
        say_opened("__openat64_2", CALL(__openat64_2, AT_FDCWD, paths[i], O_RDONLY));
        say_stream("fopen", CALL(fopen, paths[i], "r"));
        say_stream("fopen64", CALL(fopen64, paths[i], "re"));
        say_stream("freopen", CALL(freopen, paths[i], "r", fopen("/dev/null", "r")));
        say_stream("freopen64", CALL(freopen64, paths[i], "r", fopen("/dev/null", "r")));
        DIR *dir = CALL(opendir, paths[i]);
        say_result("opendir", dir != NULL);
        if (dir)
            say_result("closedir", CALL(closedir, dir));
        char target[64] = "";
        ssize_t n = CALL(readlink, paths[i], target, sizeof(target));
        say_result("readlink", n);
        n = CALL(readlinkat, AT_FDCWD, paths[i], target, sizeof(target));
        say_result("readlinkat", n);
        say_result("__readlink_chk",
                   CALL(__readlink_chk, paths[i], target, sizeof(target), sizeof(target)));
        say_result("__readlinkat_chk", CALL(__readlinkat_chk, AT_FDCWD, paths[i], target,
                                            sizeof(target), sizeof(target)));
        struct dirent **list = NULL;
        int count = CALL(scandir, paths[i], &list, only_lo, alphasort);
        say_result("scandir", count);
        for (int k = 0; k < count; k++)
            free(list[k]);
        free(list);
        struct dirent64 **list64 = NULL;
        count = CALL(scandir64, paths[i], &list64, NULL, alphasort64);
        say_sign("scandir64", count);
        for (int k = 0; k < count; k++)
            free(list64[k]);
        free(list64);
        count = CALL(scandirat, AT_FDCWD, paths[i], &list, only_lo, alphasort);
        say_result("scandirat", count);
        for (int k = 0; k < count; k++)
            free(list[k]);
        if (count >= 0)
            free(list);
        count = CALL(scandirat64, AT_FDCWD, paths[i], &list64, NULL, alphasort64);
        say_sign("scandirat64", count);
        for (int k = 0; k < count; k++)
            free(list64[k]);
        if (count >= 0)
            free(list64);
    }
    DIR *volatile none = NULL;
    say_result("closedir of nothing", CALL(closedir, none));
    int dir = CALL(openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
    say_opened("openat below a directory", CALL(openat, dir, "self/net/dev", O_RDONLY));
    say_opened("openat64 below a directory", CALL(openat64, dir, "net/route", O_RDONLY));
    close(dir);
    say_stream("freopen without a path", CALL(freopen, NULL, "r", fopen("/proc/net/dev", "r")));
    char where[64] = "";
    say_result("readlink of a class entry",
               CALL(readlink, "/sys/class/net/lo", where, sizeof(where) - 1));
    say("  %s", where);
    say_result("readlink, no room", CALL(readlink, "/sys/class/net/lo", where, 3));

    /* The mode is a third argument that is there only sometimes: what is made shows whether it came
     * through. */
    char folder[] = "/tmp/rtcshim-test-XXXXXX", path[64];
    if (!mkdtemp(folder))
        fail("mkdtemp");
    umask(0);
    snprintf(path, sizeof(path), "%s/made", folder);
    for (int i = 0; i < 8; i++) {
        int fd = -1;
        switch (i) {
        case 0:
            fd = CALL(open, path, O_CREAT | O_RDWR | O_EXCL, 0640);
            break;
        case 1:
            fd = CALL(open64, path, O_CREAT | O_RDWR | O_EXCL, 0604);
            break;
        case 2:
            fd = CALL(openat, AT_FDCWD, path, O_CREAT | O_RDWR | O_EXCL, 0444);
            break;
        case 3:
            fd = CALL(openat64, AT_FDCWD, path, O_CREAT | O_RDWR | O_EXCL, 0753);
            break;
        case 4:
            fd = CALL(__open, path, O_CREAT | O_RDWR | O_EXCL, 01700);
            break;
        case 5:
            fd = CALL(creat, path, 0613);
            break;
        case 6:
            fd = CALL(creat64, path, 0446);
            break;
        default:
            fd = CALL(open, folder, O_TMPFILE | O_RDWR, 0651);
            break;
        }
        struct stat st = {0};
        say_result("made", fd);
        fstat(fd, &st);
        say("  mode %o", (unsigned)st.st_mode);
        close(fd);
        unlink(path);
    }
    rmdir(folder);
    umask(022);
    say_result("open, bad pointer", CALL(open, bad_pointer(), O_RDONLY));
    say_result("creat, bad pointer", CALL(creat, bad_pointer(), 0600));
    say_result("creat64 of nothing", CALL(creat64, "/nosuch/file", 0600));
    say_result("openat, bad pointer", CALL(openat, AT_FDCWD, bad_pointer(), O_RDONLY));
    say_result("fopen, bad pointer", CALL(fopen, bad_pointer(), "r") != NULL);
    say_result("readlink, bad path", CALL(readlink, bad_pointer(), where, sizeof(where)));
    say_result("readlink, bad buffer", CALL(readlink, "/proc/self/net/../exe", bad_pointer(), 64));
    char *edge = (char *)guarded(10) - 9;
    memcpy(edge, "/proc/net", 9);
    say_result("open, a path that runs into a hole", CALL(open, edge, O_RDONLY));
}
