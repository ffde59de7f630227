/*
 * Readers of integers in the byte order of the machine that wrote a file. The caller has checked
 * the bounds.
 */
#ifndef RTCSHIM_ANALYZER_ORDER_H
#define RTCSHIM_ANALYZER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

static inline uint16_t order16(bool big, const uint8_t *p)
{
    uint16_t v = be16(p);

    return big ? v : __builtin_bswap16(v);
}

static inline uint32_t order32(bool big, const uint8_t *p)
{
    uint32_t v = be32(p);

    return big ? v : __builtin_bswap32(v);
}

static inline uint64_t order64(bool big, const uint8_t *p)
{
    uint64_t v = be64(p);

    return big ? v : __builtin_bswap64(v);
}

#endif
