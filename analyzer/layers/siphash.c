/* SipHash-2-4 as its paper has it, over bytes in little-endian words. */
#include "siphash.h"

#include <sys/random.h>
#include <time.h>

struct siphash_key siphash_fresh_key(void)
{
    struct siphash_key key;
    struct timespec now = {0};
    if (getrandom(&key, sizeof(key), GRND_NONBLOCK) == (ssize_t)sizeof(key))
        return key;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct siphash_key){(uintptr_t)&key ^ (uint64_t)now.tv_nsec, (uint64_t)now.tv_sec};
}

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static void sip_round(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void take_word(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

static uint64_t little_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint64_t siphash(const struct siphash_key *key, const uint8_t *in, size_t len)
{
    struct state s = {
        key->k0 ^ 0x736f6d6570736575,
        key->k1 ^ 0x646f72616e646f6d,
        key->k0 ^ 0x6c7967656e657261,
        key->k1 ^ 0x7465646279746573,
    };
    size_t whole = len & ~(size_t)7;

    for (size_t i = 0; i < whole; i += 8)
        take_word(&s, little_endian(in + i, 8));
    take_word(&s, little_endian(in + whole, len - whole) | (uint64_t)len << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
