/* Whole lines to a file or a pipe, and what to do when it takes no more. */
#include "linesink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void linesink_init(struct linesink *sink, int fd, bool patient)
{
    *sink = (struct linesink){.fd = fd, .patient = patient};
}

void linesink_free(struct linesink *sink)
{
    free(sink->bytes);
    sink->bytes = NULL;
    sink->used = sink->room = 0;
}

static bool make_room(struct linesink *sink, size_t len)
{
    size_t room = sink->room ? sink->room : LINESINK_FLUSH_BYTES;
    char *more;

    while (room - sink->used < len)
        room *= 2;
    if (room == sink->room)
        return true;
    if (room > 2 * (size_t)LINESINK_PENDING_MAX)
        return false;
    more = realloc(sink->bytes, room);
    if (!more)
        return false;
    sink->bytes = more;
    sink->room = room;
    return true;
}

void linesink_add(struct linesink *sink, const char *line, size_t len)
{
    bool full = sink->patient && sink->used > LINESINK_PENDING_MAX;

    if (sink->fd < 0)
        return;
    if (sink->error || full || len >= LINESINK_PENDING_MAX || !make_room(sink, len + 1)) {
        sink->lines_dropped++;
        return;
    }
    memcpy(sink->bytes + sink->used, line, len);
    sink->used += len;
    sink->bytes[sink->used++] = '\n';
}

static uint64_t count_lines(const char *bytes, size_t len)
{
    uint64_t lines = 0;

    for (const char *end = bytes + len; bytes < end; bytes++) {
        bytes = memchr(bytes, '\n', (size_t)(end - bytes));
        if (!bytes)
            break;
        lines++;
    }
    return lines;
}

/* The lines in bytes[0..done) are written, the rest stays. */
static void take_off(struct linesink *sink, size_t done)
{
    sink->lines_kept += count_lines(sink->bytes, done);
    memmove(sink->bytes, sink->bytes + done, sink->used - done);
    sink->used -= done;
}

/* written bytes of the buffer are in the file, the next write failed: end the file with the last
 * whole line. */
static void cut_back(struct linesink *sink, size_t written)
{
    const char *last = written ? memrchr(sink->bytes, '\n', written) : NULL;
    size_t whole = last ? (size_t)(last - sink->bytes) + 1 : 0;

    sink->kept += (off_t)whole;
    sink->lines_kept += count_lines(sink->bytes, whole);
    sink->lines_dropped += count_lines(sink->bytes + whole, sink->used - whole);
    sink->used = 0;
    if (written > whole && ftruncate(sink->fd, sink->kept) != 0) {
        /* Then the reader of the file has one damaged line at its end. */
        return;
    }
}

static bool flush_file(struct linesink *sink)
{
    size_t done = 0;

    while (done < sink->used) {
        ssize_t n = write(sink->fd, sink->bytes + done, sink->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            sink->error = n < 0 ? errno : EIO;
            cut_back(sink, done);
            return false;
        }
        done += (size_t)n;
    }
    sink->kept += (off_t)sink->used;
    take_off(sink, sink->used);
    return true;
}

/* How much of the buffer to write at once: whole lines where that is possible, so that a reader who
 * is left alone has no half one. */
static size_t next_part(const char *bytes, size_t len)
{
    const char *last = memrchr(bytes, '\n', len < PIPE_BUF ? len : PIPE_BUF);

    if (last)
        return (size_t)(last - bytes) + 1;
    return len < PIPE_BUF ? len : PIPE_BUF;
}

/* A descriptor that poll() calls writable takes PIPE_BUF bytes without blocking. */
static bool flush_patient(struct linesink *sink, int wait_ms)
{
    size_t done = 0;
    bool ok = true;

    while (done < sink->used) {
        struct pollfd wanted = {.fd = sink->fd, .events = POLLOUT};
        size_t part = next_part(sink->bytes + done, sink->used - done);
        ssize_t n;
        if (poll(&wanted, 1, wait_ms) <= 0)
            break;
        n = write(sink->fd, sink->bytes + done, part);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            break;
        if (n < 0) {
            sink->error = errno;
            ok = false;
            break;
        }
        done += (size_t)n;
    }
    take_off(sink, done);
    if (!ok) {
        sink->lines_dropped += count_lines(sink->bytes, sink->used);
        sink->used = 0;
    }
    return ok;
}

bool linesink_flush(struct linesink *sink)
{
    if (sink->fd < 0 || sink->error || sink->used == 0)
        return true;
    return sink->patient ? flush_patient(sink, 0) : flush_file(sink);
}

void linesink_finish(struct linesink *sink, int wait_ms)
{
    if (sink->fd >= 0 && !sink->error && sink->used > 0)
        (void)flush_patient(sink, wait_ms);
    sink->lines_dropped += count_lines(sink->bytes, sink->used);
    sink->used = 0;
}

/* The stream is buffered by line, so that a piece ends with one. */
static ssize_t take_piece(void *ctx, const char *piece, size_t len)
{
    if (len > 0)
        linesink_add(ctx, piece, piece[len - 1] == '\n' ? len - 1 : len);
    return (ssize_t)len;
}

FILE *linesink_stream(struct linesink *sink)
{
    enum { LINE_BYTES = 16384 };
    FILE *stream = fopencookie(sink, "w", (cookie_io_functions_t){.write = take_piece});

    if (stream && setvbuf(stream, NULL, _IOLBF, LINE_BYTES) != 0) {
        (void)fclose(stream);
        stream = NULL;
    }
    return stream;
}
