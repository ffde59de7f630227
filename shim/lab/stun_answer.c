/* What the lab's STUN server answers to one message: bytes in, bytes out. */
#include "stun_server.h"

#include <string.h>

#include "bytes.h"
#include "stun_integrity.h"

enum { COMPREHENSION_OPTIONAL = 0x8000, UNKNOWN_BYTES = 16 };

static const char SOFTWARE[] = "rtcshim-lab " RTCSHIM_VERSION;

/* Comprehension-required types that the table does not know, as UNKNOWN-ATTRIBUTES carries them;
 * returns how many bytes. */
static size_t collect_unknown(const struct stun_msg *msg, uint8_t *types)
{
    struct stun_attr attr;
    size_t pos = 0, used = 0;

    while (used < UNKNOWN_BYTES && stun_next_attr(msg, &pos, &attr) == STUN_OK) {
        if (attr.type < COMPREHENSION_OPTIONAL && stun_attr_info(attr.type) == NULL) {
            put_be16(types + used, attr.type);
            used += 2;
        }
    }
    return used;
}

static void add_error(struct stun_builder *b, uint16_t code)
{
    const char *reason = stun_error_name(code);
    struct stun_value value = {.form = STUN_FORM_ERROR_CODE};

    value.as.error.code = code;
    value.as.error.reason = reason != NULL ? reason : "";
    value.as.error.reason_len = strlen(value.as.error.reason);
    stun_add_value(b, STUN_ATTR_ERROR_CODE, &value);
}

static void add_mapped(struct stun_builder *b, const struct netaddr *from)
{
    struct stun_value value = {.form = STUN_FORM_XOR_ADDRESS};

    value.as.address = *from;
    stun_add_value(b, STUN_ATTR_XOR_MAPPED_ADDRESS, &value);
}

size_t stun_server_answer(const uint8_t *in, size_t len, const struct netaddr *from, uint8_t *out,
                          size_t size)
{
    uint8_t unknown[UNKNOWN_BYTES];
    struct stun_builder b;
    struct stun_msg msg;
    size_t unknown_len;

    if (stun_decode(in, len, false, &msg) != STUN_OK || msg.cls != STUN_REQUEST)
        return 0;
    if (stun_check_fingerprint(&msg) == STUN_CHECK_BAD)
        return 0;
    unknown_len = collect_unknown(&msg, unknown);
    if (msg.method != STUN_METHOD_BINDING) {
        stun_build(&b, out, size, msg.method, STUN_ERROR_RESPONSE, msg.txid);
        add_error(&b, 400);
    } else if (unknown_len > 0) {
        stun_build(&b, out, size, msg.method, STUN_ERROR_RESPONSE, msg.txid);
        add_error(&b, 420);
        stun_add_bytes(&b, STUN_ATTR_UNKNOWN_ATTRIBUTES, unknown, unknown_len);
    } else {
        stun_build(&b, out, size, msg.method, STUN_SUCCESS_RESPONSE, msg.txid);
        add_mapped(&b, from);
    }
    stun_add_bytes(&b, STUN_ATTR_SOFTWARE, SOFTWARE, sizeof(SOFTWARE) - 1);
    return stun_add_fingerprint(&b) == STUN_OK ? b.len : 0;
}
