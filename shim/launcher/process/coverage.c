/* Forecast from a program's file whether the preload library can come into it. */
#include "coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "role.h"

enum {
    SCRIPT_DEPTH_MAX = 5, /* as the kernel's own bound on interpreters of interpreters */
    SCRIPT_LINE_BYTES = 256,
};

struct coverage_words {
    const char *word;
    const char *sentence;
};

static const struct coverage_words words[] = {
    [COVERAGE_UNKNOWN] = {"unknown", "has not reported in"},
    [COVERAGE_COVERED] = {"covered", "is seen by the library"},
    [COVERAGE_STATIC] = {"static",
                         "is statically linked, so that no library can be preloaded into it"},
    [COVERAGE_SETUID] = {"setuid",
                         "is setuid or setgid, and the loader ignores preloaded libraries there"},
    [COVERAGE_FILE_CAPS] =
        {"file-capabilities",
         "has file capabilities, and the loader ignores preloaded libraries there"},
    [COVERAGE_ENVIRONMENT] =
        {"environment", "was started without LD_PRELOAD or RTCSHIM_SESSION in its environment"},
    [COVERAGE_FOREIGN_LIBC] = {"foreign-libc",
                               "uses another C library than the one rtcshim was built for"},
    [COVERAGE_FOREIGN_ARCH] = {"foreign-architecture",
                               "is built for another machine or word size than the library"},
    [COVERAGE_SNAP] = {"snap",
                       "runs as a snap, which starts programs with an environment of its own"},
    [COVERAGE_FLATPAK] = {"flatpak", "runs as a Flatpak, whose sandbox can't reach the library"},
    [COVERAGE_NO_SESSION] =
        {"no-session", "loaded the library, which can't reach the session's folder from there"},
    [COVERAGE_UNEXPLAINED] = {"unexplained", "did not report in, and the reason was not found"},
};

static const struct coverage_words *words_of(enum coverage c)
{
    size_t i = (size_t)c;

    return i < sizeof(words) / sizeof(words[0]) ? &words[i] : &words[COVERAGE_UNKNOWN];
}

const char *coverage_word(enum coverage c)
{
    return words_of(c)->word;
}

const char *coverage_sentence(enum coverage c)
{
    return words_of(c)->sentence;
}

bool coverage_is_missing(enum coverage c)
{
    return c != COVERAGE_UNKNOWN && c != COVERAGE_COVERED;
}

bool coverage_is_certain(enum coverage c)
{
    return coverage_is_missing(c) && c != COVERAGE_ENVIRONMENT && c != COVERAGE_NO_SESSION &&
           c != COVERAGE_UNEXPLAINED;
}

/* Only regular files are opened: the path may come from a hostile process, and opening a device or
 * a fifo can have effects. */
static int open_regular(const char *path, struct stat *st)
{
    int fd;

    if (stat(path, st) != 0 || !S_ISREG(st->st_mode))
        return -1;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool coverage_host_init(struct coverage_host *host, const char *library)
{
    struct elf_look self;
    struct stat st;
    bool ok;
    int fd;

    memset(host, 0, sizeof(*host));
    host->uid = getuid();
    host->gid = getgid();
    host->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (elf_look_read(fd, &self) == ELF_LOOK_OK && self.has_interpreter)
            memcpy(host->loader, self.interpreter, sizeof(host->loader));
        close(fd);
    }
    fd = open_regular(library, &st);
    if (fd < 0)
        return false;
    ok = elf_look_read(fd, &host->library) == ELF_LOOK_OK;
    close(fd);
    return ok;
}

/* Does running the file raise privileges, so that the loader drops LD_PRELOAD (AT_SECURE)? */
static enum coverage inspect_privilege(const struct coverage_host *host, int fd,
                                       const struct stat *st)
{
    struct statvfs fs;

    if (host->no_new_privs || (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOSUID)))
        return COVERAGE_UNKNOWN;
    /* A setuid program of the user's own raises nothing. setgid counts only with group execution,
     * see chmod(2). */
    if ((st->st_mode & S_ISUID) && st->st_uid != host->uid)
        return COVERAGE_SETUID;
    if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != host->gid)
        return COVERAGE_SETUID;
    /* For root itself file capabilities change nothing that the loader would notice. */
    if (host->uid != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
        return COVERAGE_FILE_CAPS;
    return COVERAGE_UNKNOWN;
}

static enum coverage inspect_elf(const struct coverage_host *host, const struct elf_look *elf,
                                 const char *path)
{
    if (elf->bits != host->library.bits || elf->machine != host->library.machine ||
        elf->byte_order != host->library.byte_order)
        return COVERAGE_FOREIGN_ARCH;
    if (!elf->has_interpreter) {
        /* The loader run as a program preloads like any other. */
        if (host->loader[0] && strcmp(role_base_name(host->loader), role_base_name(path)) == 0)
            return COVERAGE_UNKNOWN;
        return COVERAGE_STATIC;
    }
    /* The same name in another place is the same libc in another installation. */
    if (host->loader[0] &&
        strcmp(role_base_name(host->loader), role_base_name(elf->interpreter)) != 0)
        return COVERAGE_FOREIGN_LIBC;
    return COVERAGE_UNKNOWN;
}

/* Launchers of packages that start programs out of the library's reach, known by where their files
 * lie. */
static enum coverage inspect_path(const char *path)
{
    char *real = realpath(path, NULL);
    const char *at = real ? real : path;
    enum coverage found = COVERAGE_UNKNOWN;

    if (strncmp(path, "/snap/", 6) == 0 || strncmp(at, "/snap/", 6) == 0 ||
        strncmp(path, "/var/lib/snapd/snap/", 20) == 0 || strcmp(role_base_name(at), "snap") == 0)
        found = COVERAGE_SNAP;
    else if (strstr(path, "/flatpak/exports/bin/") || strstr(at, "/flatpak/exports/bin/") ||
             strcmp(role_base_name(at), "flatpak") == 0)
        found = COVERAGE_FLATPAK;
    free(real);
    return found;
}

/* The interpreter of a "#!" line, which is what the kernel runs; false where the file has no such
 * line. */
static bool script_interpreter(int fd, char *out, size_t size)
{
    char line[SCRIPT_LINE_BYTES + 1];
    ssize_t n = pread(fd, line, SCRIPT_LINE_BYTES, 0);
    char *start, *end;

    if (n < 3 || line[0] != '#' || line[1] != '!')
        return false;
    line[n] = '\0';
    start = line + 2;
    start += strspn(start, " \t");
    end = start + strcspn(start, " \t\n");
    *end = '\0';
    if (*start == '\0')
        return false;
    (void)snprintf(out, size, "%s", start);
    return true;
}

enum coverage coverage_inspect(const struct coverage_host *host, const char *path, char *culprit,
                               size_t size)
{
    char at[PATH_MAX];
    enum coverage found = COVERAGE_UNKNOWN;

    (void)snprintf(at, sizeof(at), "%s", path);
    if (size > 0)
        (void)snprintf(culprit, size, "%s", path);
    for (int depth = 0; depth < SCRIPT_DEPTH_MAX && found == COVERAGE_UNKNOWN; depth++) {
        struct stat st;
        struct elf_look elf;
        bool script = false;
        int fd;

        found = inspect_path(at);
        fd = found == COVERAGE_UNKNOWN ? open_regular(at, &st) : -1;
        if (fd >= 0) {
            enum elf_status status = elf_look_read(fd, &elf);
            if (status == ELF_LOOK_OK) {
                found = inspect_privilege(host, fd, &st);
                if (found == COVERAGE_UNKNOWN)
                    found = inspect_elf(host, &elf, at);
            } else if (status == ELF_LOOK_OTHER) {
                script = script_interpreter(fd, at, sizeof(at));
            }
            close(fd);
        } else if (found == COVERAGE_UNKNOWN && stat(at, &st) == 0 && S_ISREG(st.st_mode) &&
                   (st.st_mode & S_ISUID) && st.st_uid != host->uid && !host->no_new_privs) {
            /* Not readable, as some setuid programs are. */
            found = COVERAGE_SETUID;
        }
        if (found != COVERAGE_UNKNOWN && size > 0)
            (void)snprintf(culprit, size, "%s", at);
        if (!script)
            break;
    }
    return found;
}

bool coverage_find_program(const char *command, char *out)
{
    const char *path = getenv("PATH");
    int error = ENOENT;

    if (command[0] == '\0') {
        errno = ENOENT;
        return false;
    }
    if (strchr(command, '/')) {
        struct stat st;
        if (strlen(command) >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (stat(command, &st) != 0)
            return false;
        memcpy(out, command, strlen(command) + 1);
        return true;
    }
    if (!path)
        path = "/bin:/usr/bin";
    for (const char *p = path;; p++) {
        size_t len = strcspn(p, ":");
        struct stat st;
        int n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)len, p, len ? "/" : "./", command);
        if (n > 0 && n < PATH_MAX && stat(out, &st) == 0 && S_ISREG(st.st_mode)) {
            if (access(out, X_OK) == 0)
                return true;
            error = EACCES;
        }
        p += len;
        if (*p == '\0')
            break;
    }
    errno = error;
    return false;
}
