/*
 * Writes a capture as pcapng (draft-ietf-opsawg-pcapng), one section, in this machine's byte order.
 * pcapng_copy.h puts blocks of another file in, and notes.
 *
 * Whole blocks gather in a buffer and leave in one write(). Where a write fails half-way (a full
 * disk), a regular file is cut back to the last whole block: what stands there can be read. One
 * thread at a time. libpcap writes no pcapng, so this is done by hand.
 */
#ifndef RTCSHIM_ANALYZER_PCAPNG_WRITE_H
#define RTCSHIM_ANALYZER_PCAPNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

enum {
    PCAPNG_PACKET_MAX = 262144, /* bytes of a packet that are written; the rest is cut off */
    PCAPNG_TEXT_MAX = 4096,     /* bytes of an option's text that are written */
    PCAPNG_NOTES_MAX = 8,       /* comments on a packet */
};

struct pcapng_writer;

/* fd is not closed. NULL: no memory. */
struct pcapng_writer *pcapng_writer_new(int fd);

/* The section header; first, and once. Any text may be NULL. */
void pcapng_write_section(struct pcapng_writer *w, const char *hardware, const char *os,
                          const char *application);

struct pcapng_iface_options {
    const char *filter; /* as given to libpcap; NULL none */
    const char *os;     /* NULL: not said */
};

/* Describe an interface. Its number is the count of those before: interfaces are described in the
 * order of packet_iface.number. Times of its packets are nanoseconds. */
void pcapng_write_iface(struct pcapng_writer *w, const struct packet_iface *iface,
                        const struct pcapng_iface_options *options);
/* Interfaces described so far. */
uint32_t pcapng_iface_count(const struct pcapng_writer *w);

/* Of an interface that has been described. */
void pcapng_write_packet(struct pcapng_writer *w, const struct packet *packet);

/* What is said about a packet. */
struct pcapng_notes {
    const char *comments[PCAPNG_NOTES_MAX]; /* UTF-8, PCAPNG_TEXT_MAX bytes of each; borrowed */
    unsigned count;
    bool has_process;
    uint32_t process; /* number of a process block of this section, pcapng_copy.h */
};

/* The same with notes. */
void pcapng_write_noted_packet(struct pcapng_writer *w, const struct packet *packet,
                               const struct pcapng_notes *notes);

/* What an interface did from start to end. UINT64_MAX: not known, not written. */
struct pcapng_stats {
    uint64_t start_ns, end_ns; /* since the epoch */
    uint64_t received;         /* by the interface: known only where there is no filter */
    uint64_t dropped;          /* by the interface */
    uint64_t accepted;         /* by the filter */
    uint64_t dropped_by_os;    /* for want of room in the capture's buffer */
    uint64_t delivered;        /* written to this file */
};

void pcapng_write_stats(struct pcapng_writer *w, uint32_t iface, const struct pcapng_stats *stats);

/* Write out what is there; blocks until it is. 0, or errno of the first write that failed, in this
 * call or in one before. Nothing is written after it. */
int pcapng_flush(struct pcapng_writer *w);
/* The same without writing. */
int pcapng_error(const struct pcapng_writer *w);

/* Does not flush. Takes NULL. */
void pcapng_writer_free(struct pcapng_writer *w);

#endif
