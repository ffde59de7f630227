/* Pseudonyms for addresses. */
#include "pseudonym.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/hmac.h>

#include "ipcrypt_pfx.h"
#include "pseudonym_private.h"

enum { MAPPED_BITS = 96 };

struct range {
    uint8_t family, bits, stays;
    uint8_t prefix[16];
};

static const struct range ranges[] = {
#define RANGE(family, bits, stays, ...) {family, bits, stays, {__VA_ARGS__}},
#include "pseudonym_ranges.def"
#undef RANGE
};

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t nat64[12] = {[1] = 0x64, [2] = 0xff, [3] = 0x9b};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

/* The next bit stays where a range lies ahead (flipping would swap it with what is not in it), and
 * where a range says so. */
static bool keeps(const uint8_t *ip, unsigned bits, unsigned family)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        const struct range *range = &ranges[i];
        unsigned known = bits < range->bits ? bits : range->bits;
        if (range->family == family && (bits < range->bits || bits < range->stays) &&
            same_bits(ip, range->prefix, known))
            return true;
    }
    return false;
}

static bool keeps_ipv4(const uint8_t ip[static 16], unsigned bits)
{
    return keeps(ip + MAPPED_BITS / 8, bits - MAPPED_BITS, NETADDR_IPV4);
}

static bool keeps_ipv6(const uint8_t ip[static 16], unsigned bits)
{
    return keeps(ip, bits, NETADDR_IPV6);
}

/* A key of its own for each use, so that one tells nothing of another. */
static void derive(const uint8_t key[static PSEUDONYM_KEY_BYTES], const char *use,
                   uint8_t out[static SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx ctx;
    hmac_sha256_set_key(&ctx, PSEUDONYM_KEY_BYTES, key);
    hmac_sha256_update(&ctx, strlen(use), (const uint8_t *)use);
    hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
    explicit_bzero(&ctx, sizeof(ctx));
}

struct pseudonym *pseudonym_new(const uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    _Static_assert((int)SHA256_DIGEST_SIZE == (int)IPCRYPT_PFX_KEY_BYTES, "one digest is one key");
    struct pseudonym *pseudonym = malloc(sizeof(*pseudonym));
    uint8_t derived[SHA256_DIGEST_SIZE];
    if (!pseudonym)
        return NULL;
    derive(key, "rtcshim names", derived);
    hmac_sha256_set_key(&pseudonym->names, sizeof(derived), derived);
    derive(key, "rtcshim addresses", derived);
    /* Two equal halves of a digest: not before the sun goes out. */
    if (!ipcrypt_pfx_init(&pseudonym->addresses, derived)) {
        pseudonym_free(pseudonym);
        pseudonym = NULL;
    }
    explicit_bzero(derived, sizeof(derived));
    return pseudonym;
}

void pseudonym_free(struct pseudonym *pseudonym)
{
    if (pseudonym)
        explicit_bzero(pseudonym, sizeof(*pseudonym));
    free(pseudonym);
}

void pseudonym_ipv4(const struct pseudonym *pseudonym, uint8_t ip[static 4])
{
    uint8_t form[16];
    memcpy(form, mapped, sizeof(mapped));
    memcpy(form + sizeof(mapped), ip, 4);
    ipcrypt_pfx_encrypt(&pseudonym->addresses, keeps_ipv4, form);
    memcpy(ip, form + sizeof(mapped), 4);
}

void pseudonym_ipv6(const struct pseudonym *pseudonym, uint8_t ip[static 16])
{
    if (memcmp(ip, mapped, sizeof(mapped)) == 0 || memcmp(ip, nat64, sizeof(nat64)) == 0)
        pseudonym_ipv4(pseudonym, ip + sizeof(mapped));
    else
        ipcrypt_pfx_encrypt(&pseudonym->addresses, keeps_ipv6, ip);
}

struct netaddr pseudonym_addr(const struct pseudonym *pseudonym, const struct netaddr *addr)
{
    struct netaddr result = *addr;
    if (addr->family == NETADDR_IPV4)
        pseudonym_ipv4(pseudonym, result.ip);
    else if (addr->family == NETADDR_IPV6)
        pseudonym_ipv6(pseudonym, result.ip);
    return result;
}

void pseudonym_mac(const struct pseudonym *pseudonym, uint8_t mac[static 6])
{
    static const uint8_t zero[6], solicited[3] = {0x33, 0x33, 0xff};
    uint8_t digest[SHA256_DIGEST_SIZE];
    bool group = mac[0] & 1;
    bool node = memcmp(mac, solicited, sizeof(solicited)) == 0;
    if (memcmp(mac, zero, sizeof(zero)) == 0 || (group && !node))
        return;
    pseudonym_digest(pseudonym, "mac", mac, 6, digest);
    if (node) {
        memcpy(mac + 3, digest, 3);
        return;
    }
    memcpy(mac, digest, 6);
    mac[0] = (uint8_t)((mac[0] & 0xfc) | 2); /* one station's, locally administered */
}
