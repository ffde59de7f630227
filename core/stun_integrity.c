/* Check and append the attributes that need an HMAC or a CRC: MESSAGE-INTEGRITY in both kinds and
 * FINGERPRINT. */
#include "stun_integrity.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>
#include <zlib.h>

#include "bytes.h"

enum {
    ATTR_HEADER_BYTES = 4,
    FINGERPRINT_BYTES = 4,
    SHA256_TRUNCATED_BYTES_MIN = 16,
    CLASSIC_BLOCK_BYTES = 64,
};

#define FINGERPRINT_MASK UINT32_C(0x5354554e) /* "STUN", RFC 8489 section 14.7 */

/* What an attribute covers: the message before it, under a length field that reaches to its own
 * end. */
struct covered {
    uint8_t head[4];
    const uint8_t *rest;
    size_t rest_len;
    size_t zeros; /* RFC 3489 section 11.2.8: to the next multiple of 64 bytes */
};

static struct covered cover(const uint8_t *message, size_t before, size_t value_len)
{
    struct covered c = {.rest = message + 4, .rest_len = before - 4};
    memcpy(c.head, message, 2);
    put_be16(c.head + 2, (uint16_t)(before - STUN_HEADER_BYTES + ATTR_HEADER_BYTES + value_len));
    return c;
}

static void hmac_sha1_covered(const struct covered *c, const uint8_t *key, size_t key_len,
                              uint8_t digest[static SHA1_DIGEST_SIZE])
{
    static const uint8_t zeros[CLASSIC_BLOCK_BYTES];
    struct hmac_sha1_ctx ctx;
    hmac_sha1_set_key(&ctx, key_len, key);
    hmac_sha1_update(&ctx, sizeof(c->head), c->head);
    hmac_sha1_update(&ctx, c->rest_len, c->rest);
    hmac_sha1_update(&ctx, c->zeros, zeros);
    hmac_sha1_digest(&ctx, SHA1_DIGEST_SIZE, digest);
}

static void hmac_sha256_covered(const struct covered *c, const uint8_t *key, size_t key_len,
                                uint8_t digest[static SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx ctx;
    hmac_sha256_set_key(&ctx, key_len, key);
    hmac_sha256_update(&ctx, sizeof(c->head), c->head);
    hmac_sha256_update(&ctx, c->rest_len, c->rest);
    hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, digest);
}

static uint32_t fingerprint_covered(const struct covered *c)
{
    uLong crc = crc32(0, c->head, sizeof(c->head));
    crc = crc32(crc, c->rest, (uInt)c->rest_len);
    return (uint32_t)crc ^ FINGERPRINT_MASK;
}

enum stun_check stun_check_fingerprint(const struct stun_msg *msg)
{
    struct stun_attr attr;
    if (!stun_find_attr(msg, STUN_ATTR_FINGERPRINT, &attr))
        return STUN_CHECK_ABSENT;
    if (attr.len != FINGERPRINT_BYTES)
        return STUN_CHECK_BAD;
    struct covered c = cover(msg->start, attr.offset, attr.len);
    return be32(attr.value) == fingerprint_covered(&c) ? STUN_CHECK_OK : STUN_CHECK_BAD;
}

enum stun_check stun_check_integrity(const struct stun_msg *msg, const uint8_t *key, size_t key_len)
{
    struct stun_attr attr;
    if (!stun_find_attr(msg, STUN_ATTR_MESSAGE_INTEGRITY, &attr))
        return STUN_CHECK_ABSENT;
    if (attr.len != SHA1_DIGEST_SIZE)
        return STUN_CHECK_BAD;
    struct covered c = cover(msg->start, attr.offset, attr.len);
    if (!msg->has_cookie)
        c.zeros = (CLASSIC_BLOCK_BYTES - attr.offset % CLASSIC_BLOCK_BYTES) % CLASSIC_BLOCK_BYTES;
    uint8_t digest[SHA1_DIGEST_SIZE];
    hmac_sha1_covered(&c, key, key_len, digest);
    return memeql_sec(digest, attr.value, attr.len) ? STUN_CHECK_OK : STUN_CHECK_BAD;
}

enum stun_check stun_check_integrity_sha256(const struct stun_msg *msg, const uint8_t *key,
                                            size_t key_len)
{
    struct stun_attr attr;
    if (!stun_find_attr(msg, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, &attr))
        return STUN_CHECK_ABSENT;
    if (attr.len < SHA256_TRUNCATED_BYTES_MIN || attr.len > SHA256_DIGEST_SIZE || attr.len % 4 != 0)
        return STUN_CHECK_BAD;
    struct covered c = cover(msg->start, attr.offset, attr.len);
    uint8_t digest[SHA256_DIGEST_SIZE];
    hmac_sha256_covered(&c, key, key_len, digest);
    return memeql_sec(digest, attr.value, attr.len) ? STUN_CHECK_OK : STUN_CHECK_BAD;
}

enum stun_status stun_add_integrity(struct stun_builder *b, const uint8_t *key, size_t key_len)
{
    if (b->status != STUN_OK)
        return b->status;
    struct covered c = cover(b->buf, b->len, SHA1_DIGEST_SIZE);
    uint8_t digest[SHA1_DIGEST_SIZE];
    hmac_sha1_covered(&c, key, key_len, digest);
    return stun_add_bytes(b, STUN_ATTR_MESSAGE_INTEGRITY, digest, sizeof(digest));
}

enum stun_status stun_add_integrity_sha256(struct stun_builder *b, const uint8_t *key,
                                           size_t key_len)
{
    if (b->status != STUN_OK)
        return b->status;
    struct covered c = cover(b->buf, b->len, SHA256_DIGEST_SIZE);
    uint8_t digest[SHA256_DIGEST_SIZE];
    hmac_sha256_covered(&c, key, key_len, digest);
    return stun_add_bytes(b, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, digest, sizeof(digest));
}

enum stun_status stun_add_fingerprint(struct stun_builder *b)
{
    if (b->status != STUN_OK)
        return b->status;
    struct covered c = cover(b->buf, b->len, FINGERPRINT_BYTES);
    uint8_t value[FINGERPRINT_BYTES];
    put_be32(value, fingerprint_covered(&c));
    return stun_add_bytes(b, STUN_ATTR_FINGERPRINT, value, sizeof(value));
}

void stun_long_term_key_md5(const char *username, const char *realm, const char *password,
                            uint8_t key[static 16])
{
    struct md5_ctx ctx;
    md5_init(&ctx);
    md5_update(&ctx, strlen(username), (const uint8_t *)username);
    md5_update(&ctx, 1, (const uint8_t *)":");
    md5_update(&ctx, strlen(realm), (const uint8_t *)realm);
    md5_update(&ctx, 1, (const uint8_t *)":");
    md5_update(&ctx, strlen(password), (const uint8_t *)password);
    md5_digest(&ctx, MD5_DIGEST_SIZE, key);
}

void stun_long_term_key_sha256(const char *username, const char *realm, const char *password,
                               uint8_t key[static 32])
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_update(&ctx, strlen(username), (const uint8_t *)username);
    sha256_update(&ctx, 1, (const uint8_t *)":");
    sha256_update(&ctx, strlen(realm), (const uint8_t *)realm);
    sha256_update(&ctx, 1, (const uint8_t *)":");
    sha256_update(&ctx, strlen(password), (const uint8_t *)password);
    sha256_digest(&ctx, SHA256_DIGEST_SIZE, key);
}
