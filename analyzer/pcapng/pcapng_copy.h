/*
 * Copies a capture block by block and adds what a run knows: comments on packets, records between
 * them, processes. What is copied stays as it is, byte for byte, in its section's byte order; what
 * is added is written in that order too.
 *
 * Added are
 *   opt_comment of a packet (draft-ietf-opsawg-pcapng): Wireshark's frame.comment;
 *   systemd Journal Export Blocks (type 9): records that Wireshark lists among the packets, in the
 *   order of the file, and numbers like them; libpcap passes them over;
 *   Darwin process blocks (type 0x80000001) and the packets' option that refers to them, as macOS'
 *   tcpdump writes them: Wireshark 4.6's frame.darwin.process_info; others pass them over.
 */
#ifndef RTCSHIM_ANALYZER_PCAPNG_COPY_H
#define RTCSHIM_ANALYZER_PCAPNG_COPY_H

#include "pcapng_block.h"
#include "pcapng_write.h"

/* A section header. Blocks that follow are of this section and its byte order. A length that it
 * gives for the section becomes "not specified": what is added would make it wrong. */
void pcapng_copy_section(struct pcapng_writer *w, const struct pcapng_block *block);

/* Any other block, as it is. */
void pcapng_copy_block(struct pcapng_writer *w, const struct pcapng_block *block);

/*
 * A packet's block with notes, which come before the options that it has. false, and nothing is
 * written: it has no place for options (a Simple Packet Block), or is not what it says to be.
 */
bool pcapng_copy_packet(struct pcapng_writer *w, const struct pcapng_block *block,
                        const struct pcapng_notes *notes);

/* A process of the section; its number is the count of those before. name is UTF-8, NULL unknown.
 */
void pcapng_write_process(struct pcapng_writer *w, uint32_t pid, const char *name);

/* Field of a journal entry: name in capitals; value UTF-8 without line breaks. */
struct pcapng_field {
    const char *name, *value;
};

/* A record at this time (since the epoch, told in microseconds). Values are cut at PCAPNG_TEXT_MAX
 * bytes. */
void pcapng_write_record(struct pcapng_writer *w, uint64_t time_ns,
                         const struct pcapng_field *fields, size_t count);

#endif
