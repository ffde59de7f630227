/*
 * libFuzzer target: redact any bytes as a STUN message. What comes out is a message of the same
 * type and length that can be redacted again, with attributes where they were, and a fingerprint
 * that is right exactly where it was right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pcapng_redact.h"
#include "stun_integrity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum stun_status decode(const uint8_t *in, size_t len, struct stun_msg *out)
{
    enum stun_status status = stun_decode(in, len, true, out);
    return status == STUN_BAD_LENGTH ? stun_decode_unpadded(in, len, out) : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[PSEUDONYM_KEY_BYTES] = {1, 2, 3};
    static struct pseudonym *names;
    struct stun_msg before, after;
    struct stun_attr was, is;
    size_t at = 0, now_at = 0;
    if (!names)
        names = pseudonym_new(key);
    uint8_t *bytes = malloc(size + 1);
    require(names && bytes);
    memcpy(bytes, data, size);
    if (pcapng_redact_message(names, bytes, size)) {
        require(decode(data, size, &before) == STUN_OK && decode(bytes, size, &after) == STUN_OK);
        require(before.type == after.type && before.length == after.length);
        while (stun_next_attr(&before, &at, &was) == STUN_OK) {
            require(stun_next_attr(&after, &now_at, &is) == STUN_OK);
            require(was.type == is.type && was.len == is.len && was.offset == is.offset);
        }
        require(stun_check_fingerprint(&before) == stun_check_fingerprint(&after));
        require(pcapng_redact_message(names, bytes, size));
    }
    free(bytes);
    return 0;
}
