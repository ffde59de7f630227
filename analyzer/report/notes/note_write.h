/*
 * The notes of a run, put into a capture that is being written: what is on a packet, and the
 * records before it.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_NOTE_WRITE_H
#define RTCSHIM_ANALYZER_REPORT_NOTE_WRITE_H

#include "pcapng_write.h"
#include "report_pcapng.h"

struct note_writer;

/* what, w and why are borrowed. NULL: why says what is wrong. */
struct note_writer *note_writer_new(const struct report_pcapng *what, struct pcapng_writer *w,
                                    char *why, size_t size);
/* Takes NULL. */
void note_writer_free(struct note_writer *n);

/* Write the records up to this time. */
void note_write_until(struct note_writer *n, uint64_t time_ns);

/*
 * The notes on a packet; borrowed until the next call. Writes its process's block first, where
 * processes are told. txid (16 bytes, zeros behind 12): of the one message that is meant; NULL: all
 * of the packet's.
 */
const struct pcapng_notes *note_writer_packet(struct note_writer *n, uint64_t frame,
                                              const uint8_t *txid);

/* A section begins. processes: tell them in it, as blocks. */
void note_writer_section(struct note_writer *n, bool processes);

#endif
