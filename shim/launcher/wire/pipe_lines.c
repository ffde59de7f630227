/* Cuts what a pipe holds into lines. */
#include "pipe_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

void pipe_lines_open(struct pipe_lines *lines, int fd)
{
    *lines = (struct pipe_lines){.fd = fd};
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void pipe_lines_close(struct pipe_lines *lines)
{
    if (lines->fd >= 0)
        close(lines->fd);
    free(lines->bytes);
    *lines = (struct pipe_lines){.fd = -1};
}

static bool make_room(struct pipe_lines *lines)
{
    size_t room = lines->room ? lines->room * 2 : (size_t)2 * READ_BYTES;
    char *more;

    if (lines->room - lines->used >= READ_BYTES)
        return true;
    more = realloc(lines->bytes, room);
    if (!more)
        return false;
    lines->bytes = more;
    lines->room = room;
    return true;
}

/* The bytes from `from` on are new. */
static void cut(struct pipe_lines *lines, size_t from,
                void (*line)(const char *line, size_t len, void *ctx), void *ctx)
{
    size_t start = 0;
    char *end;

    while ((end = memchr(lines->bytes + from, '\n', lines->used - from)) != NULL) {
        size_t at = (size_t)(end - lines->bytes);
        if (!lines->too_long)
            line(lines->bytes + start, at - start, ctx);
        lines->too_long = false;
        from = start = at + 1;
    }
    lines->used -= start;
    memmove(lines->bytes, lines->bytes + start, lines->used);
    if (lines->used > PIPE_LINES_LINE_MAX || lines->too_long) {
        lines->too_long = true;
        lines->used = 0;
    }
}

void pipe_lines_read(struct pipe_lines *lines,
                     void (*line)(const char *line, size_t len, void *ctx), void *ctx)
{
    size_t taken = 0;

    while (lines->fd >= 0 && taken < PIPE_LINES_TURN_MAX && make_room(lines)) {
        ssize_t n = read(lines->fd, lines->bytes + lines->used, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            /* A last line that its writer did not end counts. */
            if (lines->used > 0 && !lines->too_long)
                line(lines->bytes, lines->used, ctx);
            pipe_lines_close(lines);
            return;
        }
        size_t from = lines->used;
        lines->used += (size_t)n;
        taken += (size_t)n;
        cut(lines, from, line, ctx);
    }
}
