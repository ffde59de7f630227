/* Bytes that a call gave in several places. */
#include "span.h"

#include <stdint.h>
#include <string.h>

size_t span_copy(const struct span *span, size_t at, void *out, size_t n)
{
    size_t done = 0, skip = span->skip + at;

    if (at >= span->len)
        return 0;
    if (n > span->len - at)
        n = span->len - at;
    for (size_t i = 0; i < span->count && done < n; i++) {
        size_t have = span->iov[i].iov_len;
        if (skip >= have) {
            skip -= have;
            continue;
        }
        size_t take = have - skip < n - done ? have - skip : n - done;
        memcpy((char *)out + done, (const char *)span->iov[i].iov_base + skip, take);
        done += take;
        skip = 0;
    }
    return done;
}
