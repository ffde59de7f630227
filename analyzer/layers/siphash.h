/*
 * SipHash-2-4, a keyed hash (Aumasson and Bernstein, 2012): whoever does not know the key can't
 * choose inputs that collide.
 */
#ifndef RTCSHIM_ANALYZER_SIPHASH_H
#define RTCSHIM_ANALYZER_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0, k1;
};

/* Pure. */
uint64_t siphash(const struct siphash_key *key, const uint8_t *in, size_t len);

#endif
