/* pcapng files (draft-ietf-opsawg-pcapng): sections of blocks, each packet block naming its
 * interface. */
#include "pcapng_block.h"
#include "reader_private.h"

enum {
    BLOCK_HEADER_BYTES = 8,
    BLOCK_MIN_BYTES = 12,
    SECTION_MIN_BYTES = 28, /* order magic (32), version (16, 16), section length (64) */
    SIMPLE_BYTES = 4,       /* length of the packet (32) */
    PACKET_BYTES = 20,      /* interface (32), time (32, 32), bytes there (32), length (32) */
    OPTION_FLAGS = 2,       /* epb_flags, pack_flags: bits 0 and 1 are the direction */
};

static const uint32_t order_magic = 0x1a2b3c4d;

static uint8_t direction_in(bool big, const uint8_t *body, size_t len, size_t pos, bool *whole)
{
    const uint8_t *value;
    uint16_t code;
    uint16_t size;
    enum read_status status;
    uint8_t direction = PACKET_DIRECTION_UNKNOWN;

    while ((status = pcapng_option_next(big, body, len, &pos, &code, &value, &size)) ==
           READ_PACKET) {
        if (code != OPTION_FLAGS || size != 4)
            continue;
        uint32_t bits = order32(big, value) & 3U;
        direction = bits == 1 ? PACKET_IN : bits == 2 ? PACKET_OUT : PACKET_DIRECTION_UNKNOWN;
    }
    *whole = status == READ_END;
    return direction;
}

static struct reader_iface *iface_of(struct reader *reader, uint32_t number)
{
    if (number >= reader->iface_count - reader->section_first)
        return NULL;
    return (struct reader_iface *)reader->ifaces[reader->section_first + number];
}

static enum read_status no_such_iface(struct reader *reader, const struct pcapng_block *block,
                                      uint32_t number)
{
    return reader_damage(reader, block->offset,
                         "a packet of interface %u, but its section has described %zu so far",
                         number, reader->iface_count - reader->section_first);
}

static enum read_status take_packet(struct reader *reader, const struct pcapng_block *block,
                                    struct packet *out)
{
    bool big = reader->big;
    const uint8_t *body = block->body;
    bool whole = true;

    if (block->len < PACKET_BYTES)
        return reader_damage(reader, block->offset,
                             "a packet block with a body of %zu bytes is too short", block->len);
    uint32_t number = block->type == PCAPNG_PACKET_OLD ? order16(big, body) : order32(big, body);
    const struct reader_iface *iface = iface_of(reader, number);
    if (iface == NULL)
        return no_such_iface(reader, block, number);
    uint64_t units = (uint64_t)order32(big, body + 4) << 32 | order32(big, body + 8);
    uint32_t caplen = order32(big, body + 12);
    uint32_t len = order32(big, body + 16);
    if (caplen > block->len - PACKET_BYTES)
        return reader_damage(reader, block->offset,
                             "a packet says that it has %u bytes, but its block has room for %zu",
                             caplen, block->len - PACKET_BYTES);
    out->direction = PACKET_DIRECTION_UNKNOWN;
    /* Blocks are multiples of 4, so the padding is there. */
    size_t options = PACKET_BYTES + (((size_t)caplen + 3) & ~(size_t)3);
    if (options < block->len)
        out->direction = direction_in(big, body, block->len, options, &whole);
    if (!whole)
        return reader_damage(reader, block->offset,
                             "an option of a packet runs past the block's end");
    out->time_ns = time_scale_ns(&iface->scale, units);
    out->data = body + PACKET_BYTES;
    out->caplen = caplen;
    out->len = len > caplen ? len : caplen;
    out->iface = &iface->shown;
    return READ_PACKET;
}

/* A packet without time and interface: it is the section's first interface's, and cut where that
 * cuts. */
static enum read_status take_simple(struct reader *reader, const struct pcapng_block *block,
                                    struct packet *out)
{
    const struct reader_iface *iface = iface_of(reader, 0);

    if (block->len < SIMPLE_BYTES)
        return reader_damage(reader, block->offset, "a simple packet block without a length");
    if (iface == NULL)
        return no_such_iface(reader, block, 0);
    uint32_t len = order32(reader->big, block->body);
    uint32_t snaplen = iface->shown.snaplen;
    uint32_t caplen = snaplen != 0 && len > snaplen ? snaplen : len;
    if (caplen > block->len - SIMPLE_BYTES)
        return reader_damage(reader, block->offset,
                             "a packet should have %u bytes, but its block has room for %zu",
                             caplen, block->len - SIMPLE_BYTES);
    out->time_ns = 0;
    out->direction = PACKET_DIRECTION_UNKNOWN;
    out->data = block->body + SIMPLE_BYTES;
    out->caplen = caplen;
    out->len = len;
    out->iface = &iface->shown;
    return READ_PACKET;
}

/* Its own byte order rules over its length, so this comes before that is read. */
static enum read_status section_start(struct reader *reader)
{
    struct source *source = &reader->source;
    uint64_t offset = source_offset(source);

    if (!source_has(source, SECTION_MIN_BYTES))
        return reader_damage(reader, offset, "the file ends %zu bytes into a section header",
                             source_left(source));
    if (be32(source->at + 8) == order_magic)
        reader->big = true;
    else if (order32(false, source->at + 8) == order_magic)
        reader->big = false;
    else
        return reader_damage(reader, offset,
                             "a section header without the byte-order magic: 0x%08x stands there",
                             be32(source->at + 8));
    uint16_t major = order16(reader->big, source->at + 12);
    uint16_t minor = order16(reader->big, source->at + 14);
    /* 1.2 was written by some programs and is no different. */
    if (major != 1 || (minor != 0 && minor != 2))
        return reader_damage(reader, offset, "a section of pcapng version %u.%u; 1.0 is known",
                             major, minor);
    if (order32(reader->big, source->at + 4) < SECTION_MIN_BYTES)
        return reader_damage(reader, offset, "a section header of %u bytes is too short",
                             order32(reader->big, source->at + 4));
    return READ_PACKET;
}

static enum read_status next_block(struct reader *reader, struct pcapng_block *block)
{
    struct source *source = &reader->source;
    uint64_t offset = source_offset(source);

    if (!source_has(source, BLOCK_HEADER_BYTES)) {
        size_t left = source_left(source);
        if (left == 0 && source->error[0] == '\0')
            return reader_end(reader);
        return reader_damage(reader, offset, "the file ends %zu bytes into a block header of %d",
                             left, BLOCK_HEADER_BYTES);
    }
    block->type = order32(reader->big, source->at);
    if (block->type == PCAPNG_SECTION && section_start(reader) != READ_PACKET)
        return READ_DAMAGED;
    uint32_t total = order32(reader->big, source->at + 4);
    if (total < BLOCK_MIN_BYTES || total % 4 != 0)
        return reader_damage(
            reader, offset,
            "a block of type 0x%08x says that it has %u bytes, which no block can have",
            block->type, total);
    if (total > READER_BLOCK_MAX)
        return reader_damage(reader, offset,
                             "a block of type 0x%08x says that it has %u bytes, more than 16 MiB",
                             block->type, total);
    if (!source_has(source, total))
        return reader_damage(reader, offset, "the file ends %zu bytes into a block of %u",
                             source_left(source), total);
    uint32_t trailer = order32(reader->big, source->at + total - 4);
    if (trailer != total)
        return reader_damage(
            reader, offset,
            "a block of type 0x%08x has %u bytes by its header and %u by its trailer", block->type,
            total, trailer);
    block->total = total;
    block->offset = offset;
    block->start = source->at;
    block->big = reader->big;
    block->body = source->at + BLOCK_HEADER_BYTES;
    block->len = total - BLOCK_MIN_BYTES;
    source->at += total;
    __builtin_prefetch(source->at);
    return READ_PACKET;
}

/* A block that was found whole. */
static void show_block(const struct reader *reader, const struct pcapng_block *block)
{
    if (reader->show != NULL)
        reader->show(block, reader->show_context);
}

static enum read_status pcapng_next(struct reader *reader, struct packet *out)
{
    enum read_status status;
    struct pcapng_block block = {0};

    while ((status = next_block(reader, &block)) == READ_PACKET) {
        bool is_packet = false;
        switch (block.type) {
        case PCAPNG_PACKET:
        case PCAPNG_PACKET_OLD:
            status = take_packet(reader, &block, out);
            is_packet = true;
            break;
        case PCAPNG_PACKET_SIMPLE:
            status = take_simple(reader, &block, out);
            is_packet = true;
            break;
        case PCAPNG_INTERFACE:
            status = pcapng_iface_read(reader, block.body, block.len, block.offset);
            break;
        case PCAPNG_SECTION:
            reader->section++;
            reader->section_first = reader->iface_count;
            break;
        case PCAPNG_JOURNAL:
        case PCAPNG_SYSDIG_EVENT:
        case PCAPNG_SYSDIG_EVENT_V2:
        case PCAPNG_SYSDIG_EVENT_V2_LARGE:
        case PCAPNG_CUSTOM:
        case PCAPNG_CUSTOM_NO_COPY:
            reader->frame++;
            break;
        default: /* names, statistics, secrets, and what is not invented yet */
            break;
        }
        if (status != READ_PACKET)
            return status;
        show_block(reader, &block);
        if (!is_packet)
            continue;
        out->offset = block.offset;
        out->frame = ++reader->frame;
        return status;
    }
    return status;
}

enum read_status pcapng_file_start(struct reader *reader)
{
    struct source *source = &reader->source;

    if (!source_has(source, 4) || be32(source->at) != PCAPNG_SECTION)
        return READ_END;
    reader->section = UINT32_MAX; /* the header that comes makes it 0 */
    reader->next = pcapng_next;
    return READ_PACKET;
}

bool reader_show_blocks(struct reader *reader, pcapng_block_fn *show, void *context)
{
    if (reader->next != pcapng_next)
        return false;
    reader->show = show;
    reader->show_context = context;
    return true;
}
