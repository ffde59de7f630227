/* Names for code addresses, from a process's memory map. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "process_private.h"
#include "procfs.h"
#include "role.h"

enum {
    MAPS_BYTES_MAX = 32 * 1024 * 1024,
    SEGMENTS_MAX = 65536,
    READ_PAUSE_MS = 250, /* a process that jumps about in anonymous code must not make us read its
                            map for each event */
    FILE_NAME_BYTES = 64,
};

struct segment {
    uint64_t start, end; /* executable */
    uint64_t base;       /* where the file's offset 0 is mapped: what symbol tables count from */
    char file[FILE_NAME_BYTES];
};

struct process_code {
    struct segment *segments;
    size_t count;
    int64_t read_ms;
};

void process_code_free(struct process_code *code)
{
    if (!code)
        return;
    free(code->segments);
    free(code);
}

/* The map's text to segments. It is the kernel's, but a path in it is the process's: whatever
 * stands there is only a name. */
static size_t parse(char *text, struct segment **out)
{
    struct segment *segments = NULL;
    size_t used = 0;
    size_t room = 0;
    uint64_t base = 0;
    unsigned long long base_inode = 0;
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        unsigned long long start, end, offset, inode;
        char rights[5];
        int path_at = 0;
        /* The line is the kernel\'s. NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%llx-%llx %4s %llx %*s %llu %n", &start, &end, rights, &offset, &inode,
                   &path_at) != 5 ||
            path_at == 0 || inode == 0)
            continue;
        if (inode != base_inode || offset == 0) {
            base = start - offset;
            base_inode = inode;
        }
        if (rights[2] != 'x')
            continue;
        if (used == room) {
            struct segment *more;
            if (room >= SEGMENTS_MAX)
                break;
            more = realloc(segments, (room ? room * 2 : 64) * sizeof(*segments));
            if (!more)
                break;
            segments = more;
            room = room ? room * 2 : 64;
        }
        segments[used] = (struct segment){.start = start, .end = end, .base = base};
        (void)snprintf(segments[used].file, sizeof(segments[used].file), "%.63s",
                       role_base_name(line + path_at));
        used++;
    }
    *out = segments;
    return used;
}

static void read_map(struct process *p, struct process_code *code)
{
    struct segment *segments = NULL;
    size_t len = 0;
    size_t count = 0;
    char *text = NULL;

    code->read_ms = process_clock_ms();
    if (!p->ended && p->pid > 0 && (p->start_ticks == 0 || procfs_alive(p->pid, p->start_ticks)))
        text = procfs_read(p->pid, "maps", MAPS_BYTES_MAX, &len);
    if (text)
        count = parse(text, &segments);
    free(text);
    if (count > 0) {
        free(code->segments);
        code->segments = segments;
        code->count = count;
    } else {
        free(segments);
    }
}

static struct process_code *code_of(struct process *p)
{
    if (!p->priv->code) {
        p->priv->code = calloc(1, sizeof(*p->priv->code));
        if (p->priv->code)
            read_map(p, p->priv->code);
    }
    return p->priv->code;
}

void process_code_remember(struct process *p)
{
    (void)code_of(p);
}

/* Segments are in ascending order, as the kernel lists them. */
static const struct segment *find(const struct process_code *code, uint64_t address)
{
    size_t low = 0;
    size_t high = code ? code->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct segment *segment = &code->segments[middle];
        if (address < segment->start)
            high = middle;
        else if (address >= segment->end)
            low = middle + 1;
        else
            return segment;
    }
    return NULL;
}

void process_caller(struct process *p, uint64_t address, char *text, size_t size)
{
    enum { ANCESTORS_MAX = 8 };
    const struct segment *segment = NULL;
    struct process_code *code;

    if (size > 0)
        text[0] = '\0';
    if (address == 0)
        return;
    code = code_of(p);
    segment = find(code, address);
    if (!segment && code && process_clock_ms() - code->read_ms >= READ_PAUSE_MS) {
        read_map(p, code);
        segment = find(code, address);
    }
    /* A sandboxed child's map can't be read; its memory is a copy, so its code lies where the
     * parent's does. */
    for (int i = 0; !segment && p->by_fork && p->priv->copied_from && i < ANCESTORS_MAX; i++) {
        p = p->priv->copied_from;
        segment = find(code_of(p), address);
    }
    if (segment)
        (void)snprintf(text, size, "%s+0x%llx", segment->file,
                       (unsigned long long)(address - segment->base));
}
