/* Lines out of a pipe, never waiting for one. */
#ifndef RTCSHIM_LAUNCHER_PIPE_LINES_H
#define RTCSHIM_LAUNCHER_PIPE_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PIPE_LINES_LINE_MAX = 1 << 20, /* a longer line is left out */
    PIPE_LINES_TURN_MAX = 4 << 20, /* bytes taken in one call, so that a flood ends */
};

struct pipe_lines {
    int fd; /* -1: at its end, or none; owned */
    char *bytes;
    size_t used, room;
    bool too_long; /* the rest of the line is passed over */
};

/* Takes fd (-1 none) and makes it non-blocking. */
void pipe_lines_open(struct pipe_lines *lines, int fd);
/* Hand on each whole line that is there, without its newline; closes fd at its end. */
void pipe_lines_read(struct pipe_lines *lines,
                     void (*line)(const char *line, size_t len, void *ctx), void *ctx);
void pipe_lines_close(struct pipe_lines *lines);

#endif
