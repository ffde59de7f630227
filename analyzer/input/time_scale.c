/* Timestamp units of pcapng interfaces as nanoseconds, without losing bits on the way. */
#include "time_scale.h"

#include <stdbool.h>

enum { NS_EXPONENT = 9, POWER_OF_TWO = 0x80, DECIMAL_MAX = 19, SHIFT_EXACT = 34 };

static const uint64_t ns_per_s = 1000000000;

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t v = 1;

    while (exponent-- > 0)
        v *= 10;
    return v;
}

struct time_scale time_scale_from(uint8_t tsresol, int64_t offset_s)
{
    struct time_scale scale = {.offset_s = offset_s};
    unsigned exponent = tsresol & 0x7fU;

    if (tsresol & POWER_OF_TWO)
        scale.shift = exponent;
    else if (exponent <= NS_EXPONENT)
        scale.multiply = power_of_ten(NS_EXPONENT - exponent);
    else if (exponent - NS_EXPONENT <= DECIMAL_MAX)
        scale.divide = power_of_ten(exponent - NS_EXPONENT);
    else
        scale.shift = 127; /* 2^64 of the largest such unit are less than a nanosecond */
    return scale;
}

static uint64_t shifted_ns(unsigned shift, uint64_t units)
{
    uint64_t seconds = shift < 64 ? units >> shift : 0;
    uint64_t fraction = shift < 64 ? units - (seconds << shift) : units;
    uint64_t ns;

    /* 34 bits of fraction times 10^9 fit in 64, and 2^-34 s is far below a nanosecond. */
    if (shift > SHIFT_EXACT) {
        fraction = shift - SHIFT_EXACT < 64 ? fraction >> (shift - SHIFT_EXACT) : 0;
        shift = SHIFT_EXACT;
    }
    fraction = fraction * ns_per_s >> shift;
    if (__builtin_mul_overflow(seconds, ns_per_s, &ns) || __builtin_add_overflow(ns, fraction, &ns))
        return UINT64_MAX;
    return ns;
}

uint64_t time_scale_ns(const struct time_scale *scale, uint64_t units)
{
    uint64_t ns;
    uint64_t offset;

    if (scale->multiply != 0) {
        if (__builtin_mul_overflow(units, scale->multiply, &ns))
            ns = UINT64_MAX;
    } else if (scale->divide != 0) {
        ns = units / scale->divide;
    } else {
        ns = shifted_ns(scale->shift, units);
    }
    if (scale->offset_s == 0)
        return ns;
    bool back = scale->offset_s < 0;
    uint64_t seconds = back ? 0 - (uint64_t)scale->offset_s : (uint64_t)scale->offset_s;
    if (__builtin_mul_overflow(seconds, ns_per_s, &offset))
        offset = UINT64_MAX;
    if (back)
        return ns > offset ? ns - offset : 0;
    return __builtin_add_overflow(ns, offset, &ns) ? UINT64_MAX : ns;
}
