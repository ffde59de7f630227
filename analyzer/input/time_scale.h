/*
 * Timestamps of a pcapng interface (if_tsresol, if_tsoffset) turned into nanoseconds since the
 * epoch.
 */
#ifndef RTCSHIM_ANALYZER_TIME_SCALE_H
#define RTCSHIM_ANALYZER_TIME_SCALE_H

#include <stdint.h>

struct time_scale {
    uint64_t multiply; /* 0: use divide or shift */
    uint64_t divide;   /* 0: use shift */
    unsigned shift;    /* units are 2^-shift seconds */
    int64_t offset_s;
};

/*
 * From the value of if_tsresol: the high bit chooses powers of 2 over powers of 10, the rest is the
 * negative exponent (6, microseconds, is the default). Every value has a meaning; units too small
 * for 64 bits of nanoseconds come out as 0.
 */
struct time_scale time_scale_from(uint8_t tsresol, int64_t offset_s);

/* Rounds down. Times before the epoch are 0, times past 2^64 ns are UINT64_MAX. */
uint64_t time_scale_ns(const struct time_scale *scale, uint64_t units);

#endif
