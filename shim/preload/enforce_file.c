/* Replacing and refusing files of /proc and /sys that tell about hidden interfaces. */
#include "enforce_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inspect.h"
#include "netfile.h"

enum {
    CHUNK_BYTES = 4096, /* no line of these tables is longer */
    CANONICAL_BYTES = 1024,
    TABLE_MAX = 64 << 20,
};

void enforce_file_fd_path(int fd, char out[static FILE_FD_PATH_BYTES])
{
    static const char start[] = "/proc/self/fd/";
    char digits[12];
    size_t n = 0, len = sizeof start - 1;

    memcpy(out, start, len);
    do
        digits[n++] = (char)('0' + fd % 10);
    while ((fd /= 10) > 0);
    while (n > 0)
        out[len++] = digits[--n];
    out[len] = '\0';
}

static bool text_readable(const char *text)
{
    size_t left = PATH_MAX;

    while (left > 0 && memory_readable(text, 1)) {
        size_t here = PAGE_MIN - ((uintptr_t)text & (PAGE_MIN - 1));
        if (here > left)
            here = left;
        if (memchr(text, '\0', here))
            return true;
        text += here;
        left -= here;
    }
    return false;
}

/* --- tables ------------------------------------------------------------------------------------
 */

struct table {
    const struct netfile *file;
    int out;
    bool follows_hidden; /* the lines that belong to the last one go with it */
    uint32_t hidden;
};

static unsigned bits_of(uint8_t family)
{
    return POLICY_HIDDEN_LINK | (family == NETADDR_IPV4   ? POLICY_HIDDEN_INET
                                 : family == NETADDR_IPV6 ? POLICY_HIDDEN_INET6
                                                          : 0u);
}

static bool line_hidden(struct table *table, const char *text, size_t len)
{
    struct netfile_line line = netfile_line(table->file->table, text, len);
    unsigned bits = bits_of(table->file->family);

    if (line.follows)
        return table->follows_hidden;
    table->follows_hidden =
        (line.name && (policy_hidden_name(shim.policy, line.name, line.name_len) & bits)) ||
        (line.ifindex && (policy_hidden_index(shim.policy, line.ifindex) & bits)) ||
        (line.addr.family != NETADDR_NONE && hides_addr(&line.addr));
    return table->follows_hidden;
}

static bool put(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = REAL(write)(fd, text, len);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* Copy the lines that are shown. false: a line without end, a file without end, no room. */
static bool copy_lines(struct table *table, int in)
{
    char chunk[CHUNK_BYTES];
    size_t have = 0, all = 0;
    ssize_t n;

    while ((n = REAL(read)(in, chunk + have, sizeof chunk - have)) > 0) {
        const char *start = chunk, *end;
        have += (size_t)n;
        all += (size_t)n;
        while ((end = memchr(start, '\n', have - (size_t)(start - chunk)))) {
            size_t len = (size_t)(end - start);
            if (line_hidden(table, start, len))
                table->hidden++;
            else if (!put(table->out, start, len + 1))
                return false;
            start = end + 1;
        }
        have -= (size_t)(start - chunk);
        memmove(chunk, start, have);
        if (have == sizeof chunk || all > TABLE_MAX)
            return false;
    }
    if (n == 0 && have > 0 && !line_hidden(table, chunk, have))
        return put(table->out, chunk, have);
    return n == 0;
}

/* A copy of the table in memory, -1 where none can be made. */
static int copy_of(int path_fd, const struct netfile *file, uint32_t *hidden)
{
    char path[FILE_FD_PATH_BYTES];
    struct table table = {.file = file, .out = -1};
    int copy = -1, in;

    enforce_file_fd_path(path_fd, path);
    in = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return -1;
    table.out = (int)REAL(syscall)(SYS_memfd_create, "net", 1L /* MFD_CLOEXEC */);
    if (table.out >= 0 && copy_lines(&table, in)) {
        /* Opened anew: for reading only, from the start. */
        enforce_file_fd_path(table.out, path);
        copy = REAL(open)(path, O_RDONLY | O_CLOEXEC);
        *hidden = table.hidden;
    }
    if (table.out >= 0)
        REAL(close)(table.out);
    REAL(close)(in);
    return copy;
}

/* --- deciding -----------------------------------------------------------------------------------
 */

/* The number that the kernel would have given: programs close one and open the next for its place.
 */
static int lowest(int fd)
{
    int lower = REAL(fcntl)(fd, F_DUPFD_CLOEXEC, 0);

    if (lower < 0 || lower > fd) {
        if (lower >= 0)
            REAL(close)(lower);
        return fd;
    }
    REAL(close)(fd);
    return lower;
}

static int session_folder(void)
{
    static const char name[] = "/sys-class-net";
    char path[SHIM_PATH_BYTES + sizeof name];
    size_t len = strlen(shim.session);

    memcpy(path, shim.session, len);
    memcpy(path + len, name, sizeof name);
    return REAL(open)(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static void tell(enum event_call call, const char *path, int error, uint32_t lines, bool hides,
                 unsigned how, uint64_t caller)
{
    struct seen seen = {.call = call, .fd = -1, .caller = caller, .flags = EVENT_IN};
    struct event event = emit_head(EVENT_FILE, &seen);

    if (how & FILE_IS_PATTERN)
        return;
    event.arg = lines;
    if (error || hides)
        hides_note(&event, error);
    else
        emit_judge(&event, POLICY_ENUMERATION, 0);
    emit_bytes(&event, path, strlen(path));
}

enum file_fate enforce_file_slow(enum event_call call, int dir, const char *path, unsigned how,
                                 int *fd, uint64_t caller)
{
    char canonical[CANONICAL_BYTES], link[FILE_FD_PATH_BYTES];
    uint32_t hidden = 0;
    int saved = errno, error = 0, instead = -1, at;
    struct netfile file;
    ssize_t n;

    if ((uintptr_t)path < PAGE_MIN || !text_readable(path))
        return FILE_PASSES;
    if (!netfile_maybe(path))
        return FILE_PASSES;
    at = REAL(openat)(dir, path,
                      O_PATH | O_CLOEXEC | (how & FILE_NO_FOLLOW ? (unsigned)O_NOFOLLOW : 0u));
    if (at < 0) {
        errno = saved;
        return FILE_PASSES; /* there is nothing; a name that is there may always be asked for */
    }
    enforce_file_fd_path(at, link);
    n = REAL(readlink)(link, canonical, sizeof canonical - 1);
    canonical[n > 0 ? n : 0] = '\0';
    if (n > 0 && n < (ssize_t)sizeof canonical - 1)
        file = netfile_of(canonical);
    else /* a sandbox has no /proc; Chromium's zygote still opens "self/fd" from a descriptor of it
          */
        file = (struct netfile){.what = netfile_has_net(path) ? NETFILE_UNREADABLE : NETFILE_OTHER};

    bool name_only = (how & FILE_NAME_ONLY) != 0;
    switch (file.what) {
    case NETFILE_NAMED:
        error = hides_name(file.name, file.name_len) ? ENOENT : 0;
        break;
    case NETFILE_LINES:
        if (!name_only && (instead = copy_of(at, &file, &hidden)) < 0)
            error = EACCES;
        break;
    case NETFILE_CLASS:
        if (!name_only && (instead = session_folder()) < 0)
            error = EACCES;
        break;
    case NETFILE_UNREADABLE:
        error = name_only ? 0 : EACCES;
        break;
    case NETFILE_OTHER:
        break;
    }
    REAL(close)(at);
    if (instead >= 0)
        instead = lowest(instead);
    if (error || instead >= 0)
        tell(call, path, error, hidden, file.what == NETFILE_CLASS || hidden > 0, how, caller);
    errno = error ? error : saved;
    if (instead >= 0)
        *fd = instead;
    return error ? FILE_REFUSED : instead >= 0 ? FILE_INSTEAD : FILE_PASSES;
}

bool enforce_file_open(enum event_call call, int dir, const char *path, int flags, int *fd,
                       uint64_t caller)
{
    unsigned how =
        (flags & O_PATH ? FILE_NAME_ONLY : 0u) | (flags & O_NOFOLLOW ? FILE_NO_FOLLOW : 0u);

    switch (enforce_file(call, dir, path, how, fd, caller)) {
    case FILE_PASSES:
        return false;
    case FILE_REFUSED:
        *fd = -1;
        return true;
    case FILE_INSTEAD:
        break;
    }
    if (!(flags & O_CLOEXEC))
        REAL(fcntl)(*fd, F_SETFD, 0);
    fdtab_set(*fd, FD_DIRECTORY);
    return true;
}
