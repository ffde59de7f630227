/*
 * Where output goes: a buffer in front of a descriptor, with the few writers that a line of text or
 * JSON needs.
 *
 * Written by hand because of speed: full decoding is to take less time than tcpdump takes to
 * filter, which leaves about two microseconds for a message of 800 bytes of JSON. Building a tree
 * of objects first, as jansson does for the launcher's few events, takes ten times that. A unit
 * test compares what both write.
 */
#ifndef RTCSHIM_ANALYZER_SINK_H
#define RTCSHIM_ANALYZER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "netaddr.h"

enum {
    SINK_BYTES = 262144,
};

struct sink {
    char *buf;
    size_t len, size;
    int fd;    /* -1: keep everything in memory */
    int error; /* errno of the first write that failed; nothing is written after it */
};

/* false where memory is out. */
bool sink_open(struct sink *s, int fd);
/* Write out what is there. false once a write has failed. */
bool sink_flush(struct sink *s);
/* Flushes; frees the buffer, not the descriptor. */
bool sink_close(struct sink *s);

/* Make room for len more bytes, at most SINK_BYTES of them. */
void sink_make_room(struct sink *s, size_t len);

static inline void sink_put(struct sink *s, const char *bytes, size_t len)
{
    if (len > s->size - s->len)
        sink_make_room(s, len);
    memcpy(s->buf + s->len, bytes, len);
    s->len += len;
}

/* A string literal. */
#define sink_lit(s, literal) sink_put((s), "" literal, sizeof(literal) - 1)

static inline void sink_char(struct sink *s, char c)
{
    sink_put(s, &c, 1);
}

/* A terminated string of ours: no escaping. */
static inline void sink_text(struct sink *s, const char *text)
{
    sink_put(s, text, strlen(text));
}

void sink_uint(struct sink *s, uint64_t value);
/* In digits digits, with zeros in front. */
void sink_hex(struct sink *s, uint64_t value, unsigned digits);
/* Bytes as lower-case hexadecimal digits. */
void sink_hex_bytes(struct sink *s, const uint8_t *bytes, size_t len);
/* The address without its port; "-" for none. */
void sink_ip(struct sink *s, const struct netaddr *addr);
/* printf() for lines that are rare. At most 1,000 bytes. */
void sink_printf(struct sink *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "2026-11-21T00:12:38.123456", UTC. */
void sink_time(struct sink *s, uint64_t time_ns);

/* A JSON string, quoted; what is no UTF-8 becomes U+FFFD. All of it is printable ASCII, as what the
 * launcher writes: on a terminal, too, a stranger's text acts on nothing. */
void sink_json_string(struct sink *s, const char *in, size_t len);
/* Text made harmless for a terminal, at most max columns' worth of bytes. */
void sink_plain(struct sink *s, const char *in, size_t len, size_t max);

#endif
