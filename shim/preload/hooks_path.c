/* Hooks of the calls that ask for a file's name alone: a hidden interface has none. */
#include "enforce_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static bool gone(enum event_call call, int dir, const char *path, int flags, uint64_t caller)
{
    return enforce_file_name(call, dir, path, !(flags & AT_SYMLINK_NOFOLLOW), caller);
}

#define STAT(name, type, flags)                                                                    \
    EXPORT int name(const char *path, struct type *out)                                            \
    {                                                                                              \
        return gone(EVENT_CALL_##name, AT_FDCWD, path, flags, CALLER()) ? -1                       \
                                                                        : REAL(name)(path, out);   \
    }

#define FSTATAT(name, type)                                                                        \
    EXPORT int name(int dir, const char *path, struct type *out, int flags)                        \
    {                                                                                              \
        return gone(EVENT_CALL_##name, dir, path, flags, CALLER())                                 \
                   ? -1                                                                            \
                   : REAL(name)(dir, path, out, flags);                                            \
    }

STAT(stat, stat, 0)
STAT(stat64, stat64, 0)
STAT(lstat, stat, AT_SYMLINK_NOFOLLOW)
STAT(lstat64, stat64, AT_SYMLINK_NOFOLLOW)
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

EXPORT int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *out)
{
    return gone(EVENT_CALL_statx, dir, path, flags, CALLER())
               ? -1
               : REAL(statx)(dir, path, flags, mask, out);
}

EXPORT int access(const char *path, int mode)
{
    return gone(EVENT_CALL_access, AT_FDCWD, path, 0, CALLER()) ? -1 : REAL(access)(path, mode);
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
    return gone(EVENT_CALL_faccessat, dir, path, flags, CALLER())
               ? -1
               : REAL(faccessat)(dir, path, mode, flags);
}

EXPORT int euidaccess(const char *path, int mode)
{
    return gone(EVENT_CALL_euidaccess, AT_FDCWD, path, 0, CALLER()) ? -1
                                                                    : REAL(euidaccess)(path, mode);
}

EXPORT int eaccess(const char *path, int mode)
{
    return gone(EVENT_CALL_eaccess, AT_FDCWD, path, 0, CALLER()) ? -1 : REAL(eaccess)(path, mode);
}

EXPORT char *realpath(const char *path, char *resolved)
{
    return gone(EVENT_CALL_realpath, AT_FDCWD, path, 0, CALLER()) ? NULL
                                                                  : REAL(realpath)(path, resolved);
}

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t room)
{
    return gone(EVENT_CALL___realpath_chk, AT_FDCWD, path, 0, CALLER())
               ? NULL
               : REAL(__realpath_chk)(path, resolved, room);
}

EXPORT char *canonicalize_file_name(const char *path)
{
    return gone(EVENT_CALL_canonicalize_file_name, AT_FDCWD, path, 0, CALLER())
               ? NULL
               : REAL(canonicalize_file_name)(path);
}

/* libc reads the folders inside: hidden names are taken out of what it found. Returns how many of
 * the paths are left. */
static size_t keep_shown(enum event_call call, const char *pattern, char **paths, size_t count,
                         uint64_t caller)
{
    size_t shown = 0;
    int saved = errno;

    for (size_t i = 0; i < count; i++) {
        if (enforce_file(call, AT_FDCWD, paths[i],
                         FILE_NAME_ONLY | FILE_NO_FOLLOW | FILE_IS_PATTERN, NULL,
                         caller) != FILE_REFUSED) {
            paths[shown++] = paths[i];
            continue;
        }
#ifdef __GLIBC__
        free(paths[i]); /* others keep it in a larger block, which is lost */
#endif
    }
    if (shown < count) {
        struct seen seen = {.call = call, .fd = -1, .caller = caller, .flags = EVENT_IN};
        struct event event = emit_head(EVENT_FILE, &seen);
        paths[shown] = NULL;
        event.arg = (uint32_t)(count - shown);
        hides_note(&event, 0);
        emit_bytes(&event, pattern, strlen(pattern));
    }
    errno = saved;
    return shown;
}

/* A type stands without parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
#define GLOB(name, type)                                                                           \
    EXPORT int name(const char *pattern, int flags, int (*failed)(const char *, int), type *out)   \
    {                                                                                              \
        int result = REAL(name)(pattern, flags, failed, out);                                      \
        if (!hides_anything() || result != 0 || out->gl_pathc == 0)                                \
            return result;                                                                         \
        size_t skip = flags & GLOB_DOOFFS ? out->gl_offs : 0;                                      \
        out->gl_pathc =                                                                            \
            keep_shown(EVENT_CALL_##name, pattern, out->gl_pathv + skip, out->gl_pathc, CALLER()); \
        return out->gl_pathc == 0 ? GLOB_NOMATCH : 0;                                              \
    }

GLOB(glob, glob_t)
GLOB(glob64, glob64_t)
/* NOLINTEND(bugprone-macro-parentheses) */

EXPORT int wordexp(const char *words, wordexp_t *out, int flags)
{
    int result = REAL(wordexp)(words, out, flags);

    if (!hides_anything() || result != 0 || out->we_wordc == 0)
        return result;
    out->we_wordc = keep_shown(EVENT_CALL_wordexp, words, out->we_wordv + out->we_offs,
                               out->we_wordc, CALLER());
    return result;
}
