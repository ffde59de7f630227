/* Classic pcap files: either byte order, microseconds and nanoseconds, and Kuznetzov's longer
 * records. */
#include <string.h>

#include "reader_private.h"

/*
 * File header                          Record
 *  0 magic                             0 seconds
 *  4 version major, minor (16 each)    4 microseconds or nanoseconds
 *  8 time zone, accuracy: unused       8 bytes that are there
 * 16 snapshot length                  12 bytes that the packet had
 * 20 link type and FCS length         16 Kuznetzov only: ifindex (32), protocol (16), packet type
 * (8), pad
 */
enum {
    FILE_HEADER_BYTES = 24,
    RECORD_BYTES = 16,
    KUZNETZOV_RECORD_BYTES = 24,
    PACKET_TYPE_AT = 22,
    TYPE_OTHERHOST = 3,
    TYPE_OUTGOING = 4,
    EXPONENT_MICRO = 6,
    EXPONENT_NANO = 9,
    VERSION_MAJOR = 2,
    VERSION_MAJOR_DGUX = 543, /* wrote its lengths the other way round, like 2.2 and before */
    SWAPPED_MINOR_LAST = 2,
    SWAPPED_MINOR_MAYBE = 3,
};

static const struct {
    uint32_t magic;
    uint8_t exponent;
    uint8_t record_bytes;
} magics[] = {
    {0xa1b2c3d4, EXPONENT_MICRO, RECORD_BYTES},
    {0xa1b23c4d, EXPONENT_NANO, RECORD_BYTES},
    {0xa1b2cd34, EXPONENT_MICRO, KUZNETZOV_RECORD_BYTES},
};

static uint8_t direction_of(uint8_t packet_type)
{
    if (packet_type == TYPE_OUTGOING)
        return PACKET_OUT;
    return packet_type < TYPE_OTHERHOST ? PACKET_IN : PACKET_DIRECTION_UNKNOWN;
}

static enum read_status record_is_cut(struct reader *reader)
{
    struct source *source = &reader->source;
    size_t left = source_left(source);
    uint64_t offset = source_offset(source);

    if (left == 0 && source->error[0] == '\0')
        return reader_end(reader);
    if (left < reader->record_bytes)
        return reader_damage(reader, offset, "the file ends %zu bytes into a record header of %u",
                             left, reader->record_bytes);
    return reader_damage(reader, offset, "the file ends %zu bytes into a packet of %u",
                         left - reader->record_bytes, order32(reader->big, source->at + 8));
}

static enum read_status pcap_next(struct reader *reader, struct packet *out)
{
    struct source *source = &reader->source;
    uint32_t header = reader->record_bytes;
    bool big = reader->big;

    if (!source_has(source, header))
        return record_is_cut(reader);
    uint32_t caplen = order32(big, source->at + 8);
    uint32_t len = order32(big, source->at + 12);
    bool swap =
        reader->swapped_lengths || (reader->version_minor == SWAPPED_MINOR_MAYBE && caplen > len);
    if (swap) {
        uint32_t other = caplen;
        caplen = len;
        len = other;
    }
    if (caplen > READER_BLOCK_MAX)
        return reader_damage(reader, source_offset(source),
                             "a packet says that it has %u bytes, more than 16 MiB", caplen);
    if (!source_has(source, header + caplen))
        return record_is_cut(reader);

    const uint8_t *record = source->at;
    /* The next record's header is where no prefetcher expects it; it arrives while this packet is
     * looked at. */
    __builtin_prefetch(record + header + caplen);
    out->time_ns = order32(big, record) * UINT64_C(1000000000) +
                   order32(big, record + 4) * reader->scale.multiply;
    out->frame = ++reader->frame;
    out->offset = source_offset(source);
    out->data = record + header;
    out->caplen = caplen;
    out->len = len > caplen ? len : caplen;
    out->iface = reader->ifaces[0];
    out->direction = PACKET_DIRECTION_UNKNOWN;
    if (header == KUZNETZOV_RECORD_BYTES)
        out->direction = direction_of(record[PACKET_TYPE_AT]);
    source->at += header + caplen;
    return READ_PACKET;
}

/* The link type stands in the low bits; the upper ones say how many bytes of FCS there are, which
 * IP's own lengths leave out anyway. */
static uint16_t link_type_of(uint32_t field)
{
    const uint32_t link_class = 0x03ff0000;

    return field & link_class ? UINT16_MAX : (uint16_t)field;
}

static enum read_status take_header(struct reader *reader, const uint8_t *header)
{
    uint16_t major = order16(reader->big, header + 4);
    struct reader_iface *iface;

    reader->version_minor = order16(reader->big, header + 6);
    if (major != VERSION_MAJOR && major != VERSION_MAJOR_DGUX)
        return reader_damage(reader, 0,
                             "pcap version %u.%u is not known; 2.4 is what is written today", major,
                             reader->version_minor);
    reader->swapped_lengths =
        major == VERSION_MAJOR_DGUX || reader->version_minor <= SWAPPED_MINOR_LAST;
    iface = reader_iface_add(reader, NULL, 0);
    if (iface == NULL)
        return reader_damage(reader, 0, "no memory for its interface");
    iface->shown.snaplen = order32(reader->big, header + 16);
    iface->shown.link_type = link_type_of(order32(reader->big, header + 20));
    reader->next = pcap_next;
    return READ_PACKET;
}

enum read_status pcap_file_start(struct reader *reader)
{
    struct source *source = &reader->source;
    enum read_status status;

    if (!source_has(source, 4))
        return READ_END;
    for (size_t i = 0; i < 2 * sizeof(magics) / sizeof(magics[0]); i++) {
        reader->big = i % 2 != 0;
        if (order32(reader->big, source->at) != magics[i / 2].magic)
            continue;
        if (!source_has(source, FILE_HEADER_BYTES))
            return reader_damage(reader, 0, "the file ends %zu bytes into a pcap header of %d",
                                 source_left(source), FILE_HEADER_BYTES);
        reader->scale = time_scale_from(magics[i / 2].exponent, 0);
        reader->record_bytes = magics[i / 2].record_bytes;
        status = take_header(reader, source->at);
        source->at += FILE_HEADER_BYTES;
        return status;
    }
    return READ_END;
}
