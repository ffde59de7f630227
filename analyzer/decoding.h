/*
 * From packets to output, wherever the packets come from: filter, layers and finder in the caller's
 * thread; decoding, formatting and writing in a second one.
 */
#ifndef RTCSHIM_ANALYZER_DECODING_H
#define RTCSHIM_ANALYZER_DECODING_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

enum decoding_output {
    DECODING_ROWS,    /* a line of text a message */
    DECODING_NDJSON,  /* a line of JSON a message */
    DECODING_SUMMARY, /* no messages: what they add up to, at the end */
    DECODING_SUMMARY_JSON,
};

struct decoding_options {
    enum decoding_output output;
    int fd;             /* where the output goes; not closed */
    const char *filter; /* pcap-filter(7), NULL for none; borrowed until decoding_free() */
    bool prompt;        /* show each message at once: packets come slowly */
    bool many;          /* several inputs: each line says which one it is of */
};

/* The interface that an input says has this index in this section, or NULL. What it returns lives
 * as long as the input. */
typedef const struct packet_iface *decoding_index_fn(const void *names, uint32_t section,
                                                     uint32_t ifindex);

struct decoding;

/* On NULL the reason has been said on standard error. */
struct decoding *decoding_new(const struct decoding_options *options);

/*
 * An input begins. path is for messages and for the lines' "pcap_filename"; by_index and names say
 * what an index of an "any" capture is called. All borrowed until decoding_end(). State of flows
 * and streams starts anew. false, said on standard error: out of memory.
 */
bool decoding_begin(struct decoding *d, const char *path, decoding_index_fn *by_index,
                    const void *names);
/* The packet is borrowed for the call; its interface until decoding_end(). */
void decoding_packet(struct decoding *d, const struct packet *packet);
/* No more packets for a moment: what was found is shown, soon. For a live input, in place of
 * prompt, which costs a hand-over a message. */
void decoding_push(struct decoding *d);
/* The input is over: everything that it held has been decoded when this returns. */
void decoding_end(struct decoding *d);

/* A write to the output has failed; decoding_finish() will say so. For inputs that have no end. */
bool decoding_output_failed(const struct decoding *d);

/* All inputs are over: writes the summary. false: something could not be written, which has been
 * said on standard error. Once. */
bool decoding_finish(struct decoding *d);
/* Takes NULL. */
void decoding_free(struct decoding *d);

#endif
