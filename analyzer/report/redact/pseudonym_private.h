/* What the sources of pseudonyms share. */
#ifndef RTCSHIM_ANALYZER_REPORT_PSEUDONYM_PRIVATE_H
#define RTCSHIM_ANALYZER_REPORT_PSEUDONYM_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/hmac.h>

#include "ipcrypt_pfx.h"

struct pseudonym {
    struct ipcrypt_pfx addresses;
    struct hmac_sha256_ctx names; /* keyed; copied for each use */
};

/* HMAC-SHA-256 of use, a NUL and in[0..len). */
void pseudonym_digest(const struct pseudonym *pseudonym, const char *use, const void *in,
                      size_t len, uint8_t out[static SHA256_DIGEST_SIZE]);

#endif
