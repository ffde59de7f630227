/*
 * IP fragments until they are a whole datagram again, in bounded memory.
 *
 * A fragment that overlaps another of its datagram without being the same bytes over again makes
 * the whole datagram refused, as RFC 5722 wants for IPv6 and Linux does for IPv4: what a receiver
 * would make of it can't be known. Copies of a fragment are ignored. A datagram is given up 30
 * seconds of capture time after its first fragment, or earlier, the oldest first, where memory is
 * short.
 */
#ifndef RTCSHIM_ANALYZER_FRAGMENTS_H
#define RTCSHIM_ANALYZER_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "siphash.h"

enum {
    FRAGMENTS_DATAGRAM_MAX = 65535, /* bytes of a whole, without the IP header */
    FRAGMENTS_PENDING_MAX = 16384,  /* datagrams that wait for the rest of them */
    FRAGMENTS_PIECES_MAX = 256,     /* of one datagram; 64 KiB at 576 bytes make 119 */
    FRAGMENTS_TIMEOUT_S = 30,
};

/* No padding: it is hashed and compared as bytes. */
struct fragment_key {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint32_t iface;
    uint32_t ifindex;
    uint16_t vlan;
    uint8_t protocol;
    uint8_t depth;
};
_Static_assert(sizeof(struct fragment_key) == 48, "fragment_key has no padding");

struct fragment {
    struct fragment_key key;
    uint32_t offset; /* a multiple of 8 */
    uint32_t len;
    bool more;
    uint8_t protocol;    /* what the fragment's own header says is next */
    const uint8_t *data; /* borrowed for the call */
};

enum fragments_result {
    FRAGMENTS_KEPT, /* or ignored, as a copy */
    FRAGMENTS_WHOLE,
    FRAGMENTS_REFUSED,
};

struct fragments;

/* NULL without memory. */
struct fragments *fragments_new(const struct siphash_key *key, size_t bytes_max);

/*
 * FRAGMENTS_WHOLE: *whole, *len and *protocol (the first fragment's) are set; the bytes last until
 * fragments_release(). They may be what a later call's fragment.data points into: a fragmented
 * packet inside a fragmented tunnel.
 */
enum fragments_result fragments_add(struct fragments *fragments, const struct fragment *fragment,
                                    uint64_t time_ns, const uint8_t **whole, uint32_t *len,
                                    uint8_t *protocol);

/* Free the wholes that were handed out. */
void fragments_release(struct fragments *fragments);

/* Datagrams that were given up so far. */
uint64_t fragments_unfinished(const struct fragments *fragments);
/* Datagrams that still wait, refused ones aside. Walks all of them. */
uint64_t fragments_waiting(const struct fragments *fragments);

/* Bytes that wait now, at most bytes_max. */
size_t fragments_bytes(const struct fragments *fragments);

/* Takes NULL. */
void fragments_free(struct fragments *fragments);

#endif
