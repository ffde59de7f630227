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

/* A key that no one can guess, or hardly: early at boot, before there is randomness, it is made of
 * time and address. */
struct siphash_key siphash_fresh_key(void);

/* Pure. */
uint64_t siphash(const struct siphash_key *key, const uint8_t *in, size_t len);

static inline uint64_t siphash_rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

/*
 * SipHash-1-3, the variant that hash tables of kernels and languages use, over words, and inline: a
 * flow table asks it for every packet. Pure.
 */
static inline uint64_t siphash_words(const struct siphash_key *key, const uint64_t *words,
                                     size_t count)
{
    uint64_t v0 = key->k0 ^ 0x736f6d6570736575, v1 = key->k1 ^ 0x646f72616e646f6d;
    uint64_t v2 = key->k0 ^ 0x6c7967656e657261, v3 = key->k1 ^ 0x7465646279746573;
    for (size_t i = 0; i < count + 4; i++) {
        /* The words, one with their number of bytes, and three rounds with nothing new. */
        uint64_t word = i < count ? words[i] : i == count ? (uint64_t)(8 * count) << 56 : 0;
        v2 ^= i == count + 1 ? 0xff : 0;
        v3 ^= word;
        v0 += v1;
        v2 += v3;
        v1 = siphash_rotate(v1, 13) ^ v0;
        v3 = siphash_rotate(v3, 16) ^ v2;
        v0 = siphash_rotate(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = siphash_rotate(v1, 17) ^ v2;
        v3 = siphash_rotate(v3, 21) ^ v0;
        v2 = siphash_rotate(v2, 32);
        v0 ^= word;
    }
    return v0 ^ v1 ^ v2 ^ v3;
}

#endif
