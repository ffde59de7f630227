/*
 * The STUN attributes that need cryptography or a CRC: MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256,
 * FINGERPRINT (RFC 8489 sections 14.5 to 14.7).
 *
 * For programs only: HMAC and MD5 come from nettle, CRC-32 from zlib. The preload library does not
 * link this.
 */
#ifndef RTCSHIM_CORE_STUN_INTEGRITY_H
#define RTCSHIM_CORE_STUN_INTEGRITY_H

#include "stun.h"

enum stun_check {
    STUN_CHECK_ABSENT,
    STUN_CHECK_OK,
    STUN_CHECK_BAD,
};

/* The attribute covers the message up to itself, whatever follows it; attributes after
 * MESSAGE-INTEGRITY do not change the result. */
enum stun_check stun_check_fingerprint(const struct stun_msg *msg);
enum stun_check stun_check_integrity(const struct stun_msg *msg, const uint8_t *key,
                                     size_t key_len);
enum stun_check
stun_check_integrity_sha256(const struct stun_msg *msg, const uint8_t *key,
                            size_t key_len); /* truncated forms of 16, 20, 24, 28 bytes too */

/* Append the attribute, computed over what has been built so far. */
enum stun_status stun_add_integrity(struct stun_builder *b, const uint8_t *key, size_t key_len);
enum stun_status stun_add_integrity_sha256(struct stun_builder *b, const uint8_t *key,
                                           size_t key_len);
enum stun_status stun_add_fingerprint(struct stun_builder *b);

/* Long-term credential key, RFC 8489 section 18.5.1: MD5(username ":" realm ":" password), SASLprep
 * left to the caller. */
void stun_long_term_key_md5(const char *username, const char *realm, const char *password,
                            uint8_t key[static 16]);
void stun_long_term_key_sha256(const char *username, const char *realm, const char *password,
                               uint8_t key[static 32]);

#endif
