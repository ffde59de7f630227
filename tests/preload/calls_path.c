/* Questions for a file's name alone, by every call that puts one. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

static const char *const paths[] = {
    "/proc/net/dev",
    "/sys/class/net/lo",
    "/sys/class/net/lo/mtu",
    "/sys/class/net",
    "/dev/null",
    "/nosuch/file",
    "",
    "/proc/self/net/../net",
    "//sys/./class",
    "/dev/stdin/x",
};
enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

static void say_real(const char *how, char *found)
{
    say_result(how, found != NULL);
    /* A path below /proc/self has the process's number. */
    if (found && strncmp(found, "/proc/", 6) != 0)
        say("  %s", found);
    free(found);
}

static void say_glob(const char *how, int result, const glob_t *found)
{
    say_result(how, result);
    for (size_t i = 0; result == 0 && i < found->gl_pathc; i++)
        say("  %s", found->gl_pathv[found->gl_offs + i]);
}

void calls_path(void)
{
    char room[PATH_MAX];
    struct stat st;
    struct stat64 st64;
    struct statx stx;
    for (size_t i = 0; i < PATHS; i++) {
        const char *path = paths[i];
        say("path %s", path);
        say_result("stat", CALL(stat, path, &st));
        say_result("stat64", CALL(stat64, path, &st64));
        say_result("lstat", CALL(lstat, path, &st));
        say_result("lstat64", CALL(lstat64, path, &st64));
        say_result("fstatat", CALL(fstatat, AT_FDCWD, path, &st, 0));
        say_result("fstatat64", CALL(fstatat64, -1, path, &st64, AT_SYMLINK_NOFOLLOW));
        say_result("statx", CALL(statx, AT_FDCWD, path, 0, STATX_TYPE, &stx));
        say_result("access", CALL(access, path, R_OK));
        say_result("faccessat", CALL(faccessat, AT_FDCWD, path, W_OK, 0));
        say_result("euidaccess", CALL(euidaccess, path, R_OK));
        say_result("eaccess", CALL(eaccess, path, X_OK));
        say_real("realpath", CALL(realpath, path, NULL));
        say_result("realpath with room", CALL(realpath, path, room) == room);
        say_result("__realpath_chk", CALL(__realpath_chk, path, room, sizeof(room)) == room);
        say_real("canonicalize_file_name", CALL(canonicalize_file_name, path));
    }
    glob_t found = {0};
    glob64_t found64 = {0};
    say_glob("glob", CALL(glob, "/sys/class/net/l*", 0, NULL, &found), &found);
    globfree(&found);
    found = (glob_t){.gl_offs = 2};
    say_glob("glob, offset", CALL(glob, "/proc/sys/net/ipv4/conf/lo", GLOB_DOOFFS, NULL, &found),
             &found);
    globfree(&found);
    say_result("glob of none", CALL(glob, "/nosuch/*", 0, NULL, &found));
    say_result("glob64", CALL(glob64, "/sys/class/net/lo", 0, NULL, &found64));
    say("  %zu", found64.gl_pathc);
    globfree64(&found64);
    wordexp_t words = {.we_offs = 1};
    say("wordexp: %d", CALL(wordexp, "/sys/class/net/l* 'a b' c", &words, WRDE_DOOFFS));
    for (size_t i = 0; i < words.we_wordc; i++)
        say("  %s", words.we_wordv[words.we_offs + i]);
    wordfree(&words);
    say("wordexp of what is wrong: %d", CALL(wordexp, "(", &words, 0));

    int dir = open("/sys/class", O_RDONLY | O_DIRECTORY);
    say_result("fstatat below a directory", CALL(fstatat, dir, "net/lo", &st, 0));
    say_result("fstatat of a descriptor", CALL(fstatat, dir, "", &st, AT_EMPTY_PATH));
    say_result("faccessat below a directory", CALL(faccessat, dir, "net/lo/mtu", R_OK, 0));
    say_result("statx below a directory", CALL(statx, dir, "net/no", 0, STATX_TYPE, &stx));
    close(dir);
    say_result("stat, bad pointer", CALL(stat, bad_pointer(), &st));
    say_result("stat, bad result", CALL(stat, "/dev/null", bad_pointer()));
    say_result("access, bad pointer", CALL(access, bad_pointer(), R_OK));
    say_result("statx, bad pointer", CALL(statx, AT_FDCWD, bad_pointer(), 0, 0, &stx));
    say_result("realpath of nothing", CALL(realpath, NULL, room) == NULL);
}
