/*
 * What the file formats share behind reader.h.
 */
#ifndef RTCSHIM_ANALYZER_READER_PRIVATE_H
#define RTCSHIM_ANALYZER_READER_PRIVATE_H

#include <stdbool.h>

#include "order.h"
#include "pcapng_block.h"
#include "reader.h"
#include "source.h"
#include "time_scale.h"

enum { READER_IFINDEX_MAX = 8192 };

struct reader_iface {
    struct packet_iface shown; /* first: what the outside sees */
    struct time_scale scale;
    char name[];
};

struct reader {
    struct source source;
    enum read_status (*next)(struct reader *reader, struct packet *out);
    bool big;       /* byte order of the file or section */
    uint64_t frame; /* of the last packet */
    /* pcap */
    struct time_scale scale;
    uint32_t record_bytes; /* of the header in front of each packet */
    uint16_t version_minor;
    bool swapped_lengths; /* very old files have them the other way round */
    /* pcapng */
    uint32_t section;
    size_t section_first;  /* its interface 0 in ifaces */
    pcapng_block_fn *show; /* NULL: nobody wants to see blocks */
    void *show_context;
    /* interfaces; packets need only the first two */
    struct packet_iface **ifaces;
    size_t iface_count, iface_room;
    struct packet_iface *by_index[READER_IFINDEX_MAX]; /* sorted by section and ifindex */
    size_t by_index_count;
    struct reader_damage damage;
    bool damaged;
};

/* Ends the reading: sets damage at this offset, returns READ_DAMAGED. Where the source has an
 * error, that is the reason. */
__attribute__((format(printf, 3, 4))) enum read_status
reader_damage(struct reader *reader, uint64_t offset, const char *format, ...);

/* READ_END, and so it stays. */
enum read_status reader_end(struct reader *reader);

/* A new interface with this name (not ended by NUL; cut at READER_IFACE_NAME_MAX and at a NUL; none
 * where len is 0). NULL: too many, no memory. */
struct reader_iface *reader_iface_add(struct reader *reader, const uint8_t *name, size_t len);

/* Enter an interface whose section and ifindex are set into by_index. The first one of an index
 * stays. */
void reader_iface_remember_index(struct reader *reader, struct packet_iface *iface);

/* At the start of the input. READ_PACKET: it is such a file, and reader->next is set; READ_END: it
 * is not; READ_DAMAGED. */
enum read_status pcap_file_start(struct reader *reader);
enum read_status pcapng_file_start(struct reader *reader);

/* pcapng_iface.c: one Interface Description Block. at: its body, at this offset in the input (for
 * damage). READ_PACKET: taken. */
enum read_status pcapng_iface_read(struct reader *reader, const uint8_t *body, size_t len,
                                   uint64_t offset);

/* The options of a block from *pos on. READ_PACKET: *code, *value and *len are set; READ_END: there
 * are no more; READ_DAMAGED: one runs past the end. */
enum read_status pcapng_option_next(bool big, const uint8_t *body, size_t body_len, size_t *pos,
                                    uint16_t *code, const uint8_t **value, uint16_t *len);

#endif
