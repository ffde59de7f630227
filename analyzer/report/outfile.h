/*
 * A file that is there whole or not at all: written under another name beside it, then renamed.
 * What is no regular file (a pipe, a terminal) is written to directly, and "-" is standard output.
 */
#ifndef RTCSHIM_ANALYZER_OUTFILE_H
#define RTCSHIM_ANALYZER_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct outfile {
    FILE *stream;
    char path[PATH_MAX];
    char temporary[PATH_MAX + 16]; /* "" where it is written to directly */
};

/* false: errno says why. A new file has mode 0600: what a run shows is its owner's. */
bool outfile_open(struct outfile *out, const char *path);
/* Make it the file of that name. false: errno says why, and nothing has changed. */
bool outfile_commit(struct outfile *out);
/* Give it up: nothing has changed. Fine after outfile_commit(), too. */
void outfile_abandon(struct outfile *out);

#endif
