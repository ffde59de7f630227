/* Whole lines to a descriptor: a buffer that is written now and then, and never leaves half a line
 * behind. */
#ifndef RTCSHIM_LAUNCHER_LINESINK_H
#define RTCSHIM_LAUNCHER_LINESINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct linesink {
    int fd;       /* -1: nowhere */
    bool patient; /* a pipe with a slow reader: never block, keep up to LINESINK_PENDING_MAX bytes,
                     then drop whole lines */
    int error;    /* errno of the write that failed; nothing is written from then on */
    off_t kept;   /* bytes of whole lines that the file holds */
    uint64_t lines_kept; /* lines written (to the file, not to the disk) */
    uint64_t lines_dropped;
    char *bytes;
    size_t used, room;
};

enum {
    LINESINK_FLUSH_BYTES = 256 * 1024,
    LINESINK_PENDING_MAX = 8 * 1024 * 1024,
};

void linesink_init(struct linesink *sink, int fd, bool patient);

/* Add one line, without its newline. Counted as dropped where the sink has failed or is full. */
void linesink_add(struct linesink *sink, const char *line, size_t len);

/*
 * Write what is there. After a failure of a file that is not patient, the file is cut back to its
 * last whole line. Returns false on the call that found the failure, and only then.
 */
bool linesink_flush(struct linesink *sink);

/* Write the rest of a patient sink, waiting up to wait_ms for its reader to take something; what it
 * does not take is dropped. */
void linesink_finish(struct linesink *sink, int wait_ms);

/* A stream whose lines go into the sink, which must outlive it; NULL and errno on failure. The
 * caller closes it. */
FILE *linesink_stream(struct linesink *sink);

/* Frees the buffer; the descriptor is the caller's. */
void linesink_free(struct linesink *sink);

#endif
