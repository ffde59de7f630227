/*
 * Run a command under the library with a session of its own, then show what it recorded, a line a
 * record.
 *
 *   ring_dump [-c CELLS] [-e EXPECTED] [-s SHOWN] LIBRARY FOLDER COMMAND [ARG...]
 *
 * FOLDER gets the session's files. With -s the policy hides every interface but SHOWN, "lo,tun0".
 * With -e the command's standard output goes to the file EXPECTED;
 * its lines "EXPECT word word..." are then held against the records: each takes one record that has
 * all its words, each record must be taken, or have all the words of a line "ALLOW word word...".
 * No two processes may have one number. Exit status: the command's, or 1 for a difference, 2 where
 * something else went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "event.h"
#include "policy_hide.h"
#include "ring.h"

enum { LINES_MAX = 200000, LINE_BYTES = 512 };

static char *records[LINES_MAX];
static size_t record_count;

/* Which process said or was said to have which number; record: the line that says so. */
static struct birth {
    uint32_t number;
    int32_t pid;
    size_t record;
} reports[LINES_MAX], announcements[LINES_MAX];
static size_t report_count, announcement_count;

static void die(const char *what, const char *on)
{
    fprintf(stderr, "ring_dump: %s %s: %s\n", what, on, strerror(errno));
    exit(2);
}

static void *make_file(const char *folder, const char *name, size_t bytes)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        die("make", path);
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mem == MAP_FAILED)
        die("map", path);
    close(fd);
    return mem;
}

static void add(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *line, const char *format, ...)
{
    size_t used = strlen(line);
    va_list ap;
    va_start(ap, format);
    vsnprintf(line + used, LINE_BYTES - used, format, ap);
    va_end(ap);
}

static void add_flags(char *line, const struct event *head)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {
        {EVENT_OUT, "out"},
        {EVENT_IN, "in"},
        {EVENT_UDP, "udp"},
        {EVENT_TCP, "tcp"},
        {EVENT_FRAMED, "framed"},
        {EVENT_CUT, "cut"},
        {EVENT_FAILED, "failed"},
        {EVENT_CLASSIC, "classic"},
        {EVENT_UNKNOWN_FD, "unknown"},
        {EVENT_REFUSED, "refused"},
        {EVENT_SOURCE_PINNED, "pinned"},
        {EVENT_ENV_REPAIRED, "repaired"},
        {EVENT_UNSYNCED, "unsynced"},
        {EVENT_HIDDEN, "hidden"},
    };
    char text[128] = "";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (head->flags & words[i].flag) {
            strcat(text, text[0] ? "," : "");
            strcat(text, words[i].word);
        }
    add(line, " %s", text[0] ? text : "-");
    if (head->flags & EVENT_FAILED)
        add(line, " errno=%s", strerrorname_np(head->error) ? strerrorname_np(head->error) : "?");
}

static void add_path(char *line, const struct event_view *ev)
{
    add(line, " path=%.*s", (int)(ev->head.data_len < 200 ? ev->head.data_len : 200),
        (const char *)ev->data);
}

static void describe(char *line, const struct event_view *ev)
{
    const struct event *head = &ev->head;
    char text[NETADDR_TEXT_BYTES];
    line[0] = '\0';
    add(line, "%s %s", event_kind_name(head->kind), head->call ? event_call_name(head->call) : "-");
    add_flags(line, head);
    add(line, " len=%u full=%u result=%lld", head->data_len, head->full_len,
        (long long)head->result);
    add(line, " local=%s", netaddr_format(&head->local, text, sizeof(text)));
    add(line, " remote=%s", netaddr_format(&head->remote, text, sizeof(text)));
    add(line, " action=%s rule=%u if=%u", policy_action_name(head->action), head->rule,
        head->ifindex);
    switch (head->kind) {
    case EVENT_STUN:
        if (head->data_len >= 20)
            add(line, " type=%04x id=%u", be16(ev->data), be32(ev->data + 16));
        break;
    case EVENT_CHANNEL_DATA:
    case EVENT_DNS:
    case EVENT_MDNS:
        if (head->data_len >= 2)
            add(line, " first=%04x", be16(ev->data));
        break;
    case EVENT_NETLINK:
        if (head->data_len >= 16) {
            uint16_t type;
            memcpy(&type, ev->data + 4, sizeof(type));
            add(line, " type=%u", type);
        }
        break;
    case EVENT_PROCESS: {
        struct event_process p;
        memcpy(&p, ev->data, sizeof(p));
        add(line, " by_fork=%u parent=%d", p.by_fork, p.parent != 0);
        reports[report_count++] = (struct birth){head->process, (int32_t)p.ns_pid, record_count};
        break;
    }
    case EVENT_FORK: {
        struct event_fork f;
        memcpy(&f, ev->data, sizeof(f));
        add(line, " child=%d", f.child != 0);
        announcements[announcement_count++] = (struct birth){f.child, f.child_pid, record_count};
        break;
    }
    case EVENT_INTERFACES:
    case EVENT_INTERFACE_NAME:
        for (size_t i = 0; i < 3; i++) {
            struct event_interface one;
            if (event_interface_at(ev, i, &one))
                add(line, " %.16s/%u/%s", one.name, one.index,
                    netaddr_format_ip(&one.addr, text, sizeof(text)));
        }
        add(line, " count=%u", head->arg);
        break;
    case EVENT_IOCTL:
        add(line, " request=%x name=%.16s", head->arg,
            head->data_len >= 16 ? (const char *)ev->data : "");
        break;
    case EVENT_NAME: {
        const char *name = "";
        struct netaddr addr[4];
        int n = event_name_unpack(ev, &name, addr, 4);
        add(line, " name=%s count=%d", name, n);
        if (n > 0)
            add(line, " first=%s", netaddr_format_ip(&addr[0], text, sizeof(text)));
        break;
    }
    case EVENT_SOCKOPT:
        add(line, " level=%u option=%u", head->arg >> 16, head->arg & 0xffff);
        break;
    case EVENT_EXEC:
    case EVENT_FILE:
        add_path(line, ev);
        break;
    default:
        break;
    }
}

static void drain(const struct ring *ring)
{
    static uint8_t buf[RING_RECORD_BYTES_MAX];
    struct ring_reader *reader = ring_reader_new(ring, NULL, NULL);
    size_t len;
    uint32_t process;
    enum ring_next next;
    if (!reader)
        die("read", "the ring");
    while ((next = ring_read(reader, 0, buf, sizeof(buf), &len, &process)) != RING_EMPTY &&
           record_count < LINES_MAX) {
        char line[LINE_BYTES];
        struct event_view ev;
        if (next == RING_CORRUPT)
            snprintf(line, sizeof(line), "corrupt");
        else if (!event_view(buf, len, &ev))
            snprintf(line, sizeof(line), "malformed len=%zu", len);
        else
            describe(line, &ev);
        records[record_count++] = strdup(line);
    }
    struct ring_counts counts = ring_reader_counts(reader);
    if (counts.lost + counts.torn + counts.corrupt > 0)
        printf("lost %llu torn %llu corrupt %llu\n", (unsigned long long)counts.lost,
               (unsigned long long)counts.torn, (unsigned long long)counts.corrupt);
    ring_reader_free(reader);
}

/* Say for each process whether a fork record named its number and pid; returns how many numbers two
 * processes have. */
static int match_births(void)
{
    int shared = 0;
    for (size_t i = 0; i < report_count; i++) {
        char line[LINE_BYTES];
        bool announced = false;
        for (size_t k = 0; k < announcement_count; k++)
            announced |= announcements[k].number == reports[i].number &&
                         announcements[k].pid == reports[i].pid;
        snprintf(line, sizeof(line), "%s announced=%d", records[reports[i].record], announced);
        free(records[reports[i].record]);
        records[reports[i].record] = strdup(line);
        for (size_t k = 0; k < i; k++)
            if (reports[k].number == reports[i].number) {
                printf("two processes have the number %u: pid %d and pid %d\n", reports[i].number,
                       reports[k].pid, reports[i].pid);
                shared++;
            }
    }
    return shared;
}

static bool has_word(const char *line, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = line; (at = strstr(at, word)) != NULL; at++)
        if ((at == line || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool has_words(const char *line, const char *expected)
{
    char copy[LINE_BYTES], *save = NULL;
    snprintf(copy, sizeof(copy), "%s", expected);
    for (char *word = strtok_r(copy, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
        if (!has_word(line, word))
            return false;
    return true;
}

/* Returns how many expectations and records found no partner. */
static int compare(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[LINE_BYTES];
    int wrong = 0;
    if (!file)
        die("read", path);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "EXPECT ", 7) != 0)
            continue;
        size_t i = 0;
        while (i < record_count && !(records[i] && has_words(records[i], line + 7)))
            i++;
        if (i < record_count) {
            free(records[i]);
            records[i] = NULL;
        } else {
            printf("missing: %s", line + 7);
            wrong++;
        }
    }
    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "ALLOW ", 6) != 0)
            continue;
        for (size_t i = 0; i < record_count; i++)
            if (records[i] && has_words(records[i], line + 6)) {
                free(records[i]);
                records[i] = NULL;
            }
    }
    fclose(file);
    for (size_t i = 0; i < record_count; i++)
        if (records[i]) {
            printf("not expected: %s\n", records[i]);
            wrong++;
        }
    return wrong;
}

int main(int argc, char **argv)
{
    const char *expected = NULL, *shown = NULL;
    uint64_t cells = RING_CELLS_DEFAULT;
    int option, status;
    while ((option = getopt(argc, argv, "+c:e:s:")) != -1) {
        if (option == 'c')
            cells = strtoull(optarg, NULL, 10);
        else if (option == 'e')
            expected = optarg;
        else if (option == 's')
            shown = optarg;
        else
            return 2;
    }
    if (argc - optind < 3 || ring_bytes(cells) == 0) {
        fprintf(stderr,
                "usage: ring_dump [-c CELLS] [-e EXPECTED] [-s SHOWN] LIBRARY FOLDER COMMAND "
                "[ARG...]\n");
        return 2;
    }
    const char *folder = argv[optind + 1];
    void *mem = make_file(folder, "ring", ring_bytes(cells));
    struct policy_shared *policy = make_file(folder, "policy", sizeof(*policy));
    struct ring ring;
    policy_format(policy);
    if (shown)
        policy_hide_all_but(policy, shown);
    if (!ring_format(mem, cells) || !ring_attach(mem, ring_bytes(cells), &ring)) {
        errno = EINVAL;
        die("format", "the ring");
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (expected) {
            int out = open(expected, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            if (out < 0 || dup2(out, 1) < 0)
                die("open", expected);
            close(out);
        }
        setenv("LD_PRELOAD", argv[optind], 1);
        setenv("RTCSHIM_SESSION", folder, 1);
        execv(argv[optind + 2], argv + optind + 2);
        die("run", argv[optind + 2]);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        die("start", argv[optind + 2]);
    drain(&ring);
    int wrong = match_births();
    if (expected)
        wrong += compare(expected);
    else
        for (size_t i = 0; i < record_count; i++)
            puts(records[i]);
    if (WIFSIGNALED(status))
        printf("ended by signal %s\n", sigabbrev_np(WTERMSIG(status)));
    if (!WIFEXITED(status))
        return 2;
    return WEXITSTATUS(status) ? WEXITSTATUS(status) : wrong != 0;
}
