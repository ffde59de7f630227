/*
 * Packets out of a capture file: classic pcap and pcapng, plain or compressed (gzip, zstd, xz, lz4,
 * bzip2), from a path or a pipe.
 *
 * All comes through one buffer that stays in the processor's cache (source.c says why that is
 * faster than a map); it is no larger than the largest block or record needs, READER_BLOCK_MAX at
 * most. Nothing in the file is trusted. One thread at a time uses a reader.
 */
#ifndef RTCSHIM_ANALYZER_READER_H
#define RTCSHIM_ANALYZER_READER_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

enum {
    READER_BLOCK_MAX =
        16 << 20, /* bytes of a pcapng block or of a pcap packet; Wireshark's limit too */
    READER_IFACES_MAX = 65536,   /* over all sections */
    READER_IFACE_NAME_MAX = 255, /* bytes of an interface name that are kept */
    READER_REASON_BYTES = 240,
};

/*
 * Comment (opt_comment) in an Interface Description Block by which a file says the interface's
 * index on the capturing machine, in decimal: "ifindex=3". pcapng has no option of its own for it.
 * An interface that has it and no packets names an index of "any".
 */
#define READER_IFINDEX_COMMENT "ifindex="

enum read_status {
    READ_PACKET,
    READ_END,
    READ_DAMAGED, /* said once; READ_END after it */
};

/* What is wrong, and where. Text for people, without the file's name; no bytes of the file are in
 * it as they stand. */
struct reader_damage {
    const char *file; /* as given to reader_open(); "standard input" for "-" */
    uint64_t offset;  /* in the uncompressed input, of the block or record that is wrong */
    char reason[READER_REASON_BYTES];
};

struct reader;

/*
 * Open a file, "-" for standard input. path is borrowed until reader_close(). Blocks until the
 * first bytes are there.
 *
 * Returns NULL only where there is nothing to read from (no such file, a directory, no permission,
 * no memory); *why says it then. What is no capture file opens, and is READ_DAMAGED at offset 0 on
 * the first read.
 */
struct reader *reader_open(const char *path, struct reader_damage *why);

/* The next packet. *out and its data are borrowed until the next call; out->iface until
 * reader_close(). */
enum read_status reader_next(struct reader *reader, struct packet *out);

/* What READ_DAMAGED was about; NULL while there was no damage. */
const struct reader_damage *reader_damage_of(const struct reader *reader);

/* The interfaces met so far, by packet_iface.number. The array is borrowed until the next
 * reader_next(), what it points to until reader_close(). */
const struct packet_iface *const *reader_ifaces(const struct reader *reader, size_t *count);

/*
 * The interface that the file describes with this index of the capturing machine, in this section:
 * NULL where it does not say. This is what gives a name to an ifindex out of a LINUX_SLL2 header
 * (an "any" capture); the reader's machine never does.
 */
const struct packet_iface *reader_iface_by_index(const struct reader *reader, uint32_t section,
                                                 uint32_t ifindex);

/*
 * The name of the interface that carried a packet of iface, borrowed until reader_close(); ifindex
 * as in struct datagram. A capture on "any" is no interface: there an index says it, where the file
 * has its name. NULL: it does not say.
 */
const char *reader_carrier_name(const struct reader *reader, const struct packet_iface *iface,
                                uint32_t ifindex);

/* Takes NULL. */
void reader_close(struct reader *reader);

#endif
