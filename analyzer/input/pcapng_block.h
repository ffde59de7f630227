/*
 * The blocks of a pcapng input as they stand (draft-ietf-opsawg-pcapng), for what copies them.
 *
 *  0 type
 *  4 total length, with header and trailer; a multiple of 4
 *  8 body
 *  . total length again
 */
#ifndef RTCSHIM_ANALYZER_PCAPNG_BLOCK_H
#define RTCSHIM_ANALYZER_PCAPNG_BLOCK_H

#include <stdbool.h>

#include "reader.h"

enum pcapng_block_type {
    PCAPNG_INTERFACE = 1,
    PCAPNG_PACKET_OLD =
        2, /* obsolete: interface (16) and drops (16) in place of the interface (32) */
    PCAPNG_PACKET_SIMPLE = 3,
    PCAPNG_PACKET = 6,
    /* No packets, but Wireshark numbers them: systemd's journal, sysdig's events, custom ones. */
    PCAPNG_JOURNAL = 9,
    PCAPNG_SYSDIG_EVENT = 0x204,
    PCAPNG_SYSDIG_EVENT_V2 = 0x216,
    PCAPNG_SYSDIG_EVENT_V2_LARGE = 0x221,
    PCAPNG_CUSTOM = 0xbad,
    PCAPNG_CUSTOM_NO_COPY = 0x40000bad, /* rewriters should not copy it */
    PCAPNG_SECTION = 0x0a0d0d0a,        /* the same in both orders */
};

struct pcapng_block {
    uint32_t type;
    uint32_t total; /* bytes of the whole block */
    uint64_t offset;
    const uint8_t *start; /* of the whole block */
    const uint8_t *body;
    size_t len; /* of the body */
    bool big;   /* byte order of its section */
};

/* block is borrowed for the call; its bytes until the next reader_next(). */
typedef void pcapng_block_fn(const struct pcapng_block *block, void *context);

/*
 * Show each good block that reader_next() comes by, the one of the packet that it returns last.
 * Before the first reader_next(). false: the input is not pcapng and has no blocks.
 */
bool reader_show_blocks(struct reader *reader, pcapng_block_fn *show, void *context);

#endif
