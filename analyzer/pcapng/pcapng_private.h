/* The buffer that blocks are put together in: shared by what writes a capture and what copies one.
 */
#ifndef RTCSHIM_ANALYZER_PCAPNG_PRIVATE_H
#define RTCSHIM_ANALYZER_PCAPNG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcapng_write.h"

enum {
    PCAPNG_FIELDS_MAX = 16, /* of a record */
    PCAPNG_FIELD_NAME_MAX = 64,
    /* Bytes of a record, which are more than those of a packet's notes. */
    PCAPNG_RECORD_MAX = 64 + PCAPNG_FIELDS_MAX * (PCAPNG_FIELD_NAME_MAX + PCAPNG_TEXT_MAX),
    PCAPNG_OPTION_END = 0,
    PCAPNG_OPTION_COMMENT = 1,
    /* The largest block that is put together here: a packet with its header, its options and its
     * trailer; a record; or four texts. */
    PCAPNG_BLOCK_MAX = PCAPNG_PACKET_MAX + PCAPNG_RECORD_MAX + 128,
    PCAPNG_BUFFER_BYTES = 2 * PCAPNG_BLOCK_MAX,
};

struct pcapng_writer {
    int fd;
    int error; /* errno */
    bool swap; /* the section at hand is not in this machine's byte order */
    uint32_t ifaces;
    size_t len;   /* bytes in buf */
    size_t block; /* where the block at hand starts in it */
    uint8_t buf[PCAPNG_BUFFER_BYTES];
};

/* Bytes as they stand, filled up with zeros to a multiple of four. */
void pcapng_put(struct pcapng_writer *w, const void *bytes, size_t len);
void pcapng_put32(struct pcapng_writer *w, uint32_t v);
void pcapng_put_two16(struct pcapng_writer *w, uint16_t first, uint16_t second);

/* Makes room for a whole block first. */
void pcapng_block_begin(struct pcapng_writer *w, uint32_t type);
void pcapng_block_end(struct pcapng_writer *w);

void pcapng_put_option(struct pcapng_writer *w, uint16_t code, const void *value, size_t len);
/* At most PCAPNG_TEXT_MAX bytes of text, never half a character. NULL: nothing. */
void pcapng_put_text(struct pcapng_writer *w, uint16_t code, const char *text);
/* Bytes of text, at most max, that end no character half-way: text is UTF-8. */
size_t pcapng_whole_chars(const char *text, size_t max);
void pcapng_put_notes(struct pcapng_writer *w, const struct pcapng_notes *notes);
void pcapng_options_end(struct pcapng_writer *w);

/* What is too large for the buffer leaves by itself, behind what is in it. */
void pcapng_put_through(struct pcapng_writer *w, const uint8_t *bytes, size_t len);

#endif
