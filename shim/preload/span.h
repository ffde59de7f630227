/*
 * Bytes that stand in several places, as writev() and sendmsg() give them. Borrowed; the caller has
 * made sure that they can be read. Pure, async-signal-safe.
 */
#ifndef RTCSHIM_PRELOAD_SPAN_H
#define RTCSHIM_PRELOAD_SPAN_H

#include <stddef.h>
#include <sys/uio.h>

struct span {
    const struct iovec *iov;
    size_t count;
    size_t skip; /* bytes before the part meant */
    size_t len;  /* bytes of the part meant; the iovs hold at least skip + len */
};

/* Copy span's bytes [at, at + n) to out, at most what is there; returns how many. */
size_t span_copy(const struct span *span, size_t at, void *out, size_t n);

#endif
