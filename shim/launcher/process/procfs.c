/* What the kernel says about a process, read from /proc. */
#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SMALL_FILE_BYTES = 8192,
    CMDLINE_BYTES = 64 * 1024,
    ENVIRON_BYTES = 4 * 1024 * 1024,
    MAPS_BYTES = 32 * 1024 * 1024,
};

static int proc_open(pid_t pid, const char *name)
{
    char path[64 + NAME_MAX];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A whole small file with a NUL after it. */
static bool proc_small(pid_t pid, const char *name, char *buf, size_t size)
{
    size_t used = 0;
    int fd = proc_open(pid, name);

    if (fd < 0)
        return false;
    while (used < size - 1) {
        ssize_t n = read(fd, buf + used, size - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    close(fd);
    buf[used] = '\0';
    return used > 0;
}

char *procfs_read(pid_t pid, const char *name, size_t max, size_t *len)
{
    size_t used = 0;
    size_t room = 4096;
    char *buf = NULL;
    int fd = proc_open(pid, name);

    if (fd < 0)
        return NULL;
    buf = malloc(room + 1);
    while (buf && used < max) {
        ssize_t n;
        if (used == room) {
            char *more = realloc(buf, room * 2 + 1);
            if (!more) {
                free(buf);
                buf = NULL;
                break;
            }
            buf = more;
            room *= 2;
        }
        n = read(fd, buf + used, room - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int saved = errno;
            free(buf);
            close(fd);
            errno = saved;
            return NULL;
        }
        if (n == 0)
            break;
        used += (size_t)n;
    }
    close(fd);
    if (buf) {
        buf[used] = '\0';
        *len = used;
    }
    return buf;
}

/* A decimal number of at most max after blanks; *at moves behind it. */
static bool read_number(const char **at, uint64_t max, uint64_t *out)
{
    const char *p = *at;
    uint64_t value = 0;

    while (*p == ' ' || *p == '\t')
        p++;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *at = p;
    *out = value;
    return true;
}

bool procfs_stat_parse(const char *text, struct procfs_stat *out)
{
    enum { FIELD_START_TICKS = 22, FIELD_PPID = 4 };
    struct procfs_stat got = {0};
    uint64_t value;
    /* comm stands in parentheses and may hold any byte, parentheses too: the last one ends it. */
    const char *p = strrchr(text, ')');

    if (!p || p[1] != ' ' || p[2] == '\0')
        return false;
    got.state = p[2];
    p += 3;
    if (!read_number(&p, INT_MAX, &value))
        return false;
    got.ppid = (pid_t)value;
    for (int field = FIELD_PPID + 1; field < FIELD_START_TICKS; field++) {
        while (*p == ' ')
            p++;
        if (*p == '\0')
            return false;
        p += strcspn(p, " ");
    }
    if (!read_number(&p, UINT64_MAX, &got.start_ticks))
        return false;
    *out = got;
    return true;
}

/* The text after "Name:" at the start of a line; a process can't forge one, newlines in its comm
 * are escaped. */
static const char *status_field(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1;
    }
    return NULL;
}

static bool status_pair(const char *text, const char *name, uint64_t *first, uint64_t *second)
{
    const char *p = status_field(text, name);

    return p && read_number(&p, UINT32_MAX, first) &&
           (!second || read_number(&p, UINT32_MAX, second));
}

bool procfs_status_parse(const char *text, struct procfs_status *out)
{
    struct procfs_status got = {0};
    uint64_t tgid, pid, ppid, uid, euid, gid, egid, value;
    const char *p = status_field(text, "NSpid");

    if (!status_pair(text, "Tgid", &tgid, NULL) || !status_pair(text, "Pid", &pid, NULL) ||
        !status_pair(text, "PPid", &ppid, NULL) || !status_pair(text, "Uid", &uid, &euid) ||
        !status_pair(text, "Gid", &gid, &egid))
        return false;
    got.tgid = (pid_t)tgid;
    got.pid = (pid_t)pid;
    got.ppid = (pid_t)ppid;
    got.real_uid = (uid_t)uid;
    got.effective_uid = (uid_t)euid;
    got.real_gid = (gid_t)gid;
    got.effective_gid = (gid_t)egid;
    while (p && got.depth < PROCFS_NS_MAX && read_number(&p, INT_MAX, &value))
        got.ns_pid[got.depth++] = (pid_t)value;
    /* A kernel built without pid namespaces has no such line: then there is one view. */
    if (got.depth == 0) {
        got.ns_pid[0] = got.pid;
        got.depth = 1;
    }
    *out = got;
    return true;
}

bool procfs_stat(pid_t pid, struct procfs_stat *out)
{
    char text[SMALL_FILE_BYTES];

    return proc_small(pid, "stat", text, sizeof(text)) && procfs_stat_parse(text, out);
}

bool procfs_status(pid_t pid, pid_t tid, struct procfs_status *out)
{
    char text[SMALL_FILE_BYTES];
    char name[64];

    (void)snprintf(name, sizeof(name), "task/%d/status", (int)tid);
    return proc_small(pid, name, text, sizeof(text)) && procfs_status_parse(text, out);
}

bool procfs_alive(pid_t pid, uint64_t start_ticks)
{
    struct procfs_stat stat;

    return procfs_stat(pid, &stat) && stat.start_ticks == start_ticks && stat.state != 'Z' &&
           stat.state != 'X';
}

bool procfs_comm(pid_t pid, pid_t tid, char *out, size_t size)
{
    char text[256];
    char name[64];

    (void)snprintf(name, sizeof(name), "task/%d/comm", (int)tid);
    if (size == 0 || !proc_small(pid, name, text, sizeof(text)))
        return false;
    /* The kernel adds one newline; those inside belong to the name. */
    text[strlen(text) - 1] = '\0';
    (void)snprintf(out, size, "%s", text);
    return true;
}

char *procfs_exe(pid_t pid)
{
    static const char deleted[] = " (deleted)";
    char path[64];
    char target[PATH_MAX];
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return NULL;
    target[n] = '\0';
    if ((size_t)n > sizeof(deleted) - 1 && strcmp(target + n - (sizeof(deleted) - 1), deleted) == 0)
        target[(size_t)n - (sizeof(deleted) - 1)] = '\0';
    return strdup(target);
}

char *procfs_cmdline(pid_t pid)
{
    size_t len = 0;
    char *text = procfs_read(pid, "cmdline", CMDLINE_BYTES, &len);

    if (!text)
        return NULL;
    /* A program that writes its title over its arguments leaves a tail of NULs. */
    while (len > 0 && (text[len - 1] == '\0' || text[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text[len] = '\0';
    if (len == 0) {
        free(text);
        return NULL;
    }
    return text;
}

enum procfs_environ procfs_environ(pid_t pid, const char *name, const char *value, bool part)
{
    enum procfs_environ answer = PROCFS_ENVIRON_LACKS;
    size_t len = 0;
    size_t name_len = strlen(name);
    char *text = procfs_read(pid, "environ", ENVIRON_BYTES, &len);

    if (!text)
        return PROCFS_ENVIRON_UNREADABLE;
    for (const char *p = text; p < text + len; p += strlen(p) + 1) {
        if (strncmp(p, name, name_len) != 0 || p[name_len] != '=')
            continue;
        if (part ? strstr(p + name_len + 1, value) != NULL : strcmp(p + name_len + 1, value) == 0)
            answer = PROCFS_ENVIRON_HAS;
    }
    free(text);
    return answer;
}

int procfs_maps(pid_t pid, ino_t inode, const char *file_name)
{
    int found = 0;
    size_t len = 0;
    size_t name_len = strlen(file_name);
    char *text = procfs_read(pid, "maps", MAPS_BYTES, &len);
    char *save = NULL;

    if (!text)
        return -1;
    /* A zombie's and a kernel thread's file is empty, which says nothing about the program. */
    if (len == 0)
        found = -1;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        unsigned long long ino;
        size_t line_len = strlen(line);
        if (line_len <= name_len || strcmp(line + line_len - name_len, file_name) != 0 ||
            line[line_len - name_len - 1] != '/')
            continue;
        /* The line is the kernel's. NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%*x-%*x %*s %*x %*x:%*x %llu", &ino) == 1 &&
            (inode == 0 || ino == inode)) {
            found = 1;
            break;
        }
    }
    free(text);
    return found;
}

static int compare_pids(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a;
    pid_t y = *(const pid_t *)b;

    return (x > y) - (x < y);
}

static pid_t *list_numbers(const char *folder, size_t *count)
{
    size_t used = 0;
    size_t room = 512;
    pid_t *pids = malloc(room * sizeof(*pids));
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir || !pids)
        goto fail;
    while ((entry = readdir(dir))) {
        const char *p = entry->d_name;
        uint64_t value;
        if (!read_number(&p, INT_MAX, &value) || *p != '\0')
            continue;
        if (used == room) {
            pid_t *more = realloc(pids, room * 2 * sizeof(*pids));
            if (!more)
                goto fail;
            pids = more;
            room *= 2;
        }
        pids[used++] = (pid_t)value;
    }
    closedir(dir);
    qsort(pids, used, sizeof(*pids), compare_pids);
    *count = used;
    return pids;
fail:
    if (dir)
        closedir(dir);
    free(pids);
    return NULL;
}

pid_t *procfs_pids(size_t *count)
{
    return list_numbers("/proc", count);
}

pid_t *procfs_threads(pid_t pid, size_t *count)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    return list_numbers(path, count);
}

bool procfs_usable(void)
{
    char target[32];
    const char *at = target;
    uint64_t pid = 0;
    ssize_t n = readlink("/proc/self", target, sizeof(target) - 1);

    if (n <= 0)
        return false;
    target[n] = '\0';
    return read_number(&at, INT_MAX, &pid) && *at == '\0' && (pid_t)pid == getpid();
}
