/* What the calls made before main() returned; filled by early_lib.c and calls_early.c, shown by
 * calls_early(). */
#ifndef RTCSHIM_TESTS_EARLY_H
#define RTCSHIM_TESTS_EARLY_H

#include <sys/types.h>

struct early_notes {
    int made, error_made;
    ssize_t sent, got, refused;
    int error_refused, opened, closed, again;
};

/* Calls that a program may make at any time: two datagrams with oneself, a file, an error. */
void early_try(struct early_notes *notes);
/* From the constructor of a library that is loaded before the preload library's has run. */
extern struct early_notes early_from_library;

#endif
