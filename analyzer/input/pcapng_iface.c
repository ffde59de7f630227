/* pcapng's Interface Description Block, and the options that any block may carry. */
#include <string.h>

#include "reader_private.h"

enum {
    IDB_BYTES = 8, /* link type (16), reserved (16), snapshot length (32) */
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_TSOFFSET = 14,
    DEFAULT_TSRESOL = 6,
};

enum read_status pcapng_option_next(bool big, const uint8_t *body, size_t body_len, size_t *pos,
                                    uint16_t *code, const uint8_t **value, uint16_t *len)
{
    size_t left = body_len - *pos;

    if (left < 4)
        return READ_END; /* an end without opt_endofopt is allowed */
    *code = order16(big, body + *pos);
    *len = order16(big, body + *pos + 2);
    if (*code == OPTION_END)
        return READ_END;
    size_t padded = ((size_t)*len + 3) & ~(size_t)3;
    if (left - 4 < padded)
        return READ_DAMAGED;
    *value = body + *pos + 4;
    *pos += 4 + padded;
    return READ_PACKET;
}

/* "ifindex=3" as the whole comment; 0 where it is anything else. */
static uint32_t ifindex_from_comment(const uint8_t *text, size_t len)
{
    static const char prefix[] = READER_IFINDEX_COMMENT;
    uint64_t v = 0;

    if (len < sizeof(prefix) || len > sizeof(prefix) - 1 + 10 ||
        memcmp(text, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    for (size_t i = sizeof(prefix) - 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    return v <= INT32_MAX ? (uint32_t)v : 0;
}

struct iface_options {
    const uint8_t *name;
    size_t name_len;
    uint8_t tsresol;
    int64_t tsoffset;
    uint32_t ifindex;
};

static bool read_options(bool big, const uint8_t *body, size_t len, struct iface_options *found)
{
    enum read_status status;
    const uint8_t *value;
    size_t pos = IDB_BYTES;
    uint16_t code;
    uint16_t size;

    while ((status = pcapng_option_next(big, body, len, &pos, &code, &value, &size)) ==
           READ_PACKET) {
        if (code == OPTION_IF_NAME) {
            found->name = value;
            found->name_len = size;
        } else if (code == OPTION_IF_TSRESOL && size == 1) {
            found->tsresol = value[0];
        } else if (code == OPTION_IF_TSOFFSET && size == 8) {
            found->tsoffset = (int64_t)order64(big, value);
        } else if (code == OPTION_COMMENT && found->ifindex == 0) {
            found->ifindex = ifindex_from_comment(value, size);
        }
    }
    return status == READ_END;
}

enum read_status pcapng_iface_read(struct reader *reader, const uint8_t *body, size_t len,
                                   uint64_t offset)
{
    struct iface_options found = {.tsresol = DEFAULT_TSRESOL};
    struct reader_iface *iface;

    if (len < IDB_BYTES)
        return reader_damage(reader, offset, "an interface description of %zu bytes is too short",
                             len);
    if (!read_options(reader->big, body, len, &found))
        return reader_damage(reader, offset,
                             "an option of an interface description runs past the block's end");
    iface = reader_iface_add(reader, found.name, found.name_len);
    if (iface == NULL)
        return reader_damage(reader, offset, "more interfaces than %d, or no memory for one more",
                             READER_IFACES_MAX);
    iface->shown.link_type = order16(reader->big, body);
    iface->shown.snaplen = order32(reader->big, body + 4);
    iface->shown.ifindex = found.ifindex;
    iface->scale = time_scale_from(found.tsresol, found.tsoffset);
    if (found.ifindex != 0)
        reader_iface_remember_index(reader, &iface->shown);
    return READ_PACKET;
}
