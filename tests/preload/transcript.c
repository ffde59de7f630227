/* The transcript of a test program: lines that are the same in every plain run. */
#include "transcript.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT_FD = 900, NAMES_MAX = 256 };

static int out_fd = STDOUT_FILENO;
static unsigned char early_covered[ROW_COUNT]; /* before transcript_open(), in constructors */
static unsigned char *covered = early_covered; /* then shared with every child */

static const char *const row_names[] = {
#define HOOK(name, ret, params) #name,
#include "hooks.def"
#undef HOOK
};

#if defined(__aarch64__)
/* libc has this name on x86-64 only. */
ssize_t __send(int fd, const void *buf, size_t len, int flags)
{
    return send(fd, buf, len, flags);
}
#endif

void transcript_open(int fd)
{
    if (fd == OUT_FD) {
        out_fd = fd;
    } else {
        out_fd = dup2(fd, OUT_FD);
        if (out_fd < 0) {
            perror("transcript: dup2");
            exit(2);
        }
    }
    void *page = mmap(NULL, ROW_COUNT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        perror("transcript: mmap");
        exit(2);
    }
    memcpy(page, early_covered, sizeof(early_covered));
    covered = page;
}

int transcript_fd(void)
{
    return out_fd;
}

void transcript_mark(enum transcript_row row)
{
    covered[row] = 1;
}

void transcript_rows(void)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (covered[i])
            say("row %s", row_names[i]);
}

void say(const char *format, ...)
{
    char line[1024];
    int saved = errno;
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    dprintf(out_fd, "%s\n", line);
    errno = saved;
}

static const char *errno_word(int e)
{
    static _Thread_local char number[16];
    if (e == TRANSCRIPT_ERRNO)
        return "-";
    const char *name = strerrorname_np(e);
    if (name)
        return name;
    snprintf(number, sizeof(number), "%d", e);
    return number;
}

void say_result(const char *what, long value)
{
    int e = errno;
    say("%s = %ld errno %s", what, value, errno_word(e));
}

void say_sign(const char *what, long value)
{
    int e = errno;
    say("%s = %s errno %s", what,
        value < 0   ? "negative"
        : value > 0 ? "positive"
                    : "zero",
        errno_word(e));
}

void say_bytes(const char *what, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    char hex[2 * 24 + 1] = "";
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        if (i < 24)
            snprintf(hex + 2 * i, 3, "%02x", p[i]);
        hash = (hash ^ p[i]) * 16777619u;
    }
    say("%s: %zu bytes %s%s hash %08x", what, len, hex, len > 24 ? "..." : "", hash);
}

/* The place of value among those seen, 1.. */
static unsigned first_sight(long value, long *seen, unsigned *count)
{
    unsigned i = 0;
    while (i < *count && seen[i] != value)
        i++;
    if (i == *count && i < NAMES_MAX)
        seen[(*count)++] = value;
    return i + 1;
}

static const char *port_name(unsigned port)
{
    static long seen[NAMES_MAX];
    static unsigned count;
    static char text[16];
    if (port < 1024)
        snprintf(text, sizeof(text), "%u", port);
    else
        snprintf(text, sizeof(text), "port%u", first_sight((long)port, seen, &count));
    return text;
}

const char *pid_name(pid_t pid)
{
    static long seen[NAMES_MAX];
    static unsigned count;
    static char text[16];
    if (pid <= 0)
        snprintf(text, sizeof(text), "%d", pid);
    else
        snprintf(text, sizeof(text), "pid%u", first_sight(pid, seen, &count));
    return text;
}

void say_addr(const char *what, const void *addr, socklen_t len)
{
    struct sockaddr_storage ss = {0};
    char ip[INET6_ADDRSTRLEN] = "";
    memcpy(&ss, addr, len < sizeof(ss) ? len : sizeof(ss));
    if (len < sizeof(sa_family_t)) {
        say("%s: no address, length %u", what, len);
    } else if (ss.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &ss, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, ip, sizeof(ip));
        say("%s: length %u %s %s", what, len, ip, port_name(ntohs(in.sin_port)));
    } else if (ss.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &ss, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, ip, sizeof(ip));
        say("%s: length %u [%s] %s scope %u", what, len, ip, port_name(ntohs(in6.sin6_port)),
            in6.sin6_scope_id);
    } else {
        say("%s: length %u family %u", what, len, ss.ss_family);
    }
}

void say_status(const char *what, int status)
{
    if (WIFEXITED(status))
        say("%s: exit %d", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        say("%s: signal %s", what, sigabbrev_np(WTERMSIG(status)));
    else
        say("%s: status %x", what, (unsigned)status);
}

void transcript_run(const struct section *sections, const char *only)
{
    for (; sections->name; sections++) {
        if (only && strcmp(sections->name, only) != 0)
            continue;
        say("== %s", sections->name);
        sections->run();
    }
}
