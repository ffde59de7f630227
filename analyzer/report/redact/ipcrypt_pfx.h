/*
 * ipcrypt-pfx: prefix-preserving encryption of IP addresses, draft-denis-ipcrypt, section
 * "Prefix-Preserving Encryption". Each bit is flipped or not by a pseudorandom function of the bits
 * before it: the lowest bit of AES-128 under one key XOR AES-128 under another, of the prefix with
 * a one in front (so that prefixes of different length differ).
 */
#ifndef RTCSHIM_ANALYZER_REPORT_IPCRYPT_PFX_H
#define RTCSHIM_ANALYZER_REPORT_IPCRYPT_PFX_H

#include <stdbool.h>
#include <stdint.h>

#include <nettle/aes.h>

enum { IPCRYPT_PFX_KEY_BYTES = 32 };

struct ipcrypt_pfx {
    struct aes128_ctx one, two;
};

/* Whether the bit after the first bits bits of ip stays as it is. Asked once for each bit. */
typedef bool ipcrypt_pfx_keeps(const uint8_t ip[static 16], unsigned bits);

/* false: the key's halves are the same, which the draft forbids (each bit would stay). */
bool ipcrypt_pfx_init(struct ipcrypt_pfx *pfx, const uint8_t key[static IPCRYPT_PFX_KEY_BYTES]);

/*
 * Encrypt in place. ip is IPv6, or IPv4 in its IPv4-mapped form, of which the first 96 bits stay.
 * keeps NULL: as the draft has it. Otherwise the bits that keeps names stay, which keeps the prefix
 * property, since it sees nothing but the prefix.
 */
void ipcrypt_pfx_encrypt(const struct ipcrypt_pfx *pfx, ipcrypt_pfx_keeps *keeps,
                         uint8_t ip[static 16]);

#endif
