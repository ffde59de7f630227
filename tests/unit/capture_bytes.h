/*
 * Capture files and packets built byte by byte, and readers opened on them without a file system.
 */
#ifndef RTCSHIM_TESTS_CAPTURE_BYTES_H
#define RTCSHIM_TESTS_CAPTURE_BYTES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader.h"

struct bytes {
    bool big; /* order of what put16 and its kin write */
    size_t len;
    size_t block; /* where the pcapng block that is being built starts */
    size_t room;
    uint8_t *at;
};

static inline void bytes_free(struct bytes *b)
{
    free(b->at);
    *b = (struct bytes){0};
}

static inline void put(struct bytes *b, const void *bytes, size_t len)
{
    if (b->room - b->len < len) {
        b->room = (b->len + len) * 2;
        b->at = realloc(b->at, b->room);
        if (b->at == NULL)
            abort();
    }
    if (len > 0)
        memcpy(b->at + b->len, bytes, len);
    b->len += len;
}

static inline void put8(struct bytes *b, unsigned v)
{
    put(b, &(uint8_t){(uint8_t)v}, 1);
}

static inline void put16(struct bytes *b, unsigned v)
{
    put8(b, b->big ? v >> 8 & 0xff : v & 0xff);
    put8(b, b->big ? v & 0xff : v >> 8 & 0xff);
}

static inline void put32(struct bytes *b, uint32_t v)
{
    put16(b, b->big ? v >> 16 : v & 0xffff);
    put16(b, b->big ? v & 0xffff : v >> 16);
}

static inline void put64(struct bytes *b, uint64_t v)
{
    put32(b, (uint32_t)(b->big ? v >> 32 : v));
    put32(b, (uint32_t)(b->big ? v : v >> 32));
}

static inline void put_zeros(struct bytes *b, size_t n)
{
    while (n-- > 0)
        put8(b, 0);
}

static inline void set32(struct bytes *b, size_t at, uint32_t v)
{
    struct bytes word = {.big = b->big};

    put32(&word, v);
    memcpy(b->at + at, word.at, 4);
    bytes_free(&word);
}

/* --- pcap --- */

static inline void put_pcap_header(struct bytes *b, uint32_t magic, uint32_t link_type)
{
    put32(b, magic);
    put16(b, 2);
    put16(b, 4);
    put64(b, 0);
    put32(b, 262144);
    put32(b, link_type);
}

static inline void put_pcap_record(struct bytes *b, uint32_t s, uint32_t fraction, uint32_t len,
                                   const void *data, uint32_t caplen)
{
    put32(b, s);
    put32(b, fraction);
    put32(b, caplen);
    put32(b, len);
    put(b, data, caplen);
}

/* --- pcapng --- */

static inline void block_start(struct bytes *b, uint32_t type)
{
    b->block = b->len;
    put32(b, type);
    put32(b, 0);
}

static inline void block_end(struct bytes *b)
{
    while (b->len % 4 != b->block % 4)
        put8(b, 0);
    uint32_t total = (uint32_t)(b->len - b->block + 4);
    put32(b, total);
    set32(b, b->block + 4, total);
}

static inline void put_option(struct bytes *b, unsigned code, const void *value, size_t len)
{
    put16(b, code);
    put16(b, (unsigned)len);
    put(b, value, len);
    put_zeros(b, (4 - len % 4) % 4);
}

static inline void put_section(struct bytes *b, uint64_t section_length)
{
    block_start(b, 0x0a0d0d0a);
    put32(b, 0x1a2b3c4d);
    put16(b, 1);
    put16(b, 0);
    put64(b, section_length);
    block_end(b);
}

static inline void iface_start(struct bytes *b, unsigned link_type, uint32_t snaplen)
{
    block_start(b, 1);
    put16(b, link_type);
    put16(b, 0);
    put32(b, snaplen);
}

static inline void put_iface(struct bytes *b, unsigned link_type, const char *name)
{
    iface_start(b, link_type, 0);
    if (name)
        put_option(b, 2, name, strlen(name));
    put_option(b, 0, "", 0);
    block_end(b);
}

static inline void packet_start(struct bytes *b, uint32_t iface, uint64_t time, uint32_t len,
                                const void *data, uint32_t caplen)
{
    block_start(b, 6);
    put32(b, iface);
    put32(b, (uint32_t)(time >> 32));
    put32(b, (uint32_t)time);
    put32(b, caplen);
    put32(b, len);
    put(b, data, caplen);
    put_zeros(b, (4 - caplen % 4) % 4);
}

static inline void put_packet(struct bytes *b, uint32_t iface, uint64_t time, const char *data)
{
    packet_start(b, iface, time, (uint32_t)strlen(data), data, (uint32_t)strlen(data));
    block_end(b);
}

/* --- reading --- */

/* A reader on the first len bytes; *fd is to be closed by the caller after the reader. */
static inline struct reader *open_bytes(const void *bytes, size_t len, int *fd)
{
    static char path[64]; /* readers keep a pointer to it, and no test has two open that it asks for
                             their names */
    struct reader_damage why;

    *fd = memfd_create("capture", MFD_CLOEXEC);
    if (*fd < 0 || write(*fd, bytes, len) != (ssize_t)len)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
    return reader_open(path, &why);
}

/* What a whole input comes to. */
struct outcome {
    size_t packets;
    enum read_status status;
    uint64_t offset; /* of the damage */
    char reason[READER_REASON_BYTES];
};

static inline struct outcome read_all(const void *bytes, size_t len)
{
    struct outcome out = {0};
    struct packet packet;
    int fd;
    struct reader *reader = open_bytes(bytes, len, &fd);

    if (reader == NULL)
        abort();
    while ((out.status = reader_next(reader, &packet)) == READ_PACKET)
        out.packets++;
    if (out.status == READ_DAMAGED) {
        out.offset = reader_damage_of(reader)->offset;
        snprintf(out.reason, sizeof(out.reason), "%s", reader_damage_of(reader)->reason);
        if (reader_next(reader, &packet) != READ_END)
            abort();
    }
    reader_close(reader);
    close(fd);
    return out;
}

#endif
