/* Puts pcapng blocks together and writes them out whole. */
#include "pcapng_private.h"

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    OPTION_SHB_HARDWARE = 2,
    OPTION_SHB_OS = 3,
    OPTION_SHB_APPLICATION = 4,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_FILTER = 11,
    OPTION_IF_OS = 12,
    OPTION_EPB_FLAGS = 2,
    OPTION_ISB_START = 2,
    OPTION_ISB_END = 3,
    OPTION_ISB_RECEIVED = 4,
    OPTION_ISB_DROPPED = 5,
    OPTION_ISB_ACCEPTED = 6,
    OPTION_ISB_DROPPED_BY_OS = 7,
    OPTION_ISB_DELIVERED = 8,
    TSRESOL_NANO = 9,
    FILTER_TEXT = 0, /* if_filter's first byte: a libpcap string follows */
    EPB_IN = 1,
    EPB_OUT = 2,
};

struct pcapng_writer *pcapng_writer_new(int fd)
{
    struct pcapng_writer *w = malloc(sizeof(*w));
    if (!w)
        return NULL;
    w->fd = fd;
    w->error = 0;
    w->swap = false;
    w->ifaces = 0;
    w->len = 0;
    w->block = 0;
    return w;
}

/* --- bytes out -------------------------------------------------------------------------------- */

/* Bytes of whole blocks among the first n of the buffer, which starts with a block. */
static size_t whole_blocks(const struct pcapng_writer *w, size_t n)
{
    size_t at = 0;
    while (n - at >= 8) {
        uint32_t total;
        memcpy(&total, w->buf + at + 4, sizeof(total));
        total = w->swap ? bswap_32(total) : total;
        if (total < 12 || total > n - at)
            break;
        at += total;
    }
    return at;
}

/* Only part of the buffer, which holds one section's blocks, could be written. A pipe keeps its
 * torn block; a file need not. */
static void cut_back(const struct pcapng_writer *w, size_t written)
{
    off_t end = lseek(w->fd, 0, SEEK_CUR);
    off_t torn = (off_t)(written - whole_blocks(w, written));
    if (torn == 0 || end < torn || ftruncate(w->fd, end - torn) != 0)
        return;
    (void)lseek(w->fd, end - torn, SEEK_SET);
}

/* Bytes that were written; fewer than len after an error. */
static size_t write_all(struct pcapng_writer *w, const uint8_t *bytes, size_t len)
{
    size_t done = 0;
    while (done < len && w->error == 0) {
        ssize_t n = write(w->fd, bytes + done, len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            w->error = errno;
    }
    return done;
}

int pcapng_flush(struct pcapng_writer *w)
{
    size_t done = write_all(w, w->buf, w->len);
    if (done < w->len)
        cut_back(w, done);
    w->len = 0;
    return w->error;
}

int pcapng_error(const struct pcapng_writer *w)
{
    return w->error;
}

void pcapng_writer_free(struct pcapng_writer *w)
{
    free(w);
}

/* --- blocks ----------------------------------------------------------------------------------- */

void pcapng_put(struct pcapng_writer *w, const void *bytes, size_t len)
{
    static const uint8_t zeros[4];
    size_t pad = (4 - len % 4) % 4;
    if (len > 0)
        memcpy(w->buf + w->len, bytes, len);
    memcpy(w->buf + w->len + len, zeros, pad);
    w->len += len + pad;
}

void pcapng_put32(struct pcapng_writer *w, uint32_t v)
{
    if (w->swap)
        v = bswap_32(v);
    pcapng_put(w, &v, sizeof(v));
}

void pcapng_put_two16(struct pcapng_writer *w, uint16_t first, uint16_t second)
{
    uint16_t both[2] = {w->swap ? bswap_16(first) : first, w->swap ? bswap_16(second) : second};
    pcapng_put(w, both, sizeof(both));
}

void pcapng_put_through(struct pcapng_writer *w, const uint8_t *bytes, size_t len)
{
    if (len > PCAPNG_BUFFER_BYTES - w->len)
        pcapng_flush(w);
    if (len > PCAPNG_BUFFER_BYTES)
        (void)write_all(w, bytes, len);
    else
        pcapng_put(w, bytes, len);
}

void pcapng_block_begin(struct pcapng_writer *w, uint32_t type)
{
    if (w->len > PCAPNG_BUFFER_BYTES - PCAPNG_BLOCK_MAX)
        pcapng_flush(w);
    w->block = w->len;
    pcapng_put32(w, type);
    pcapng_put32(w, 0); /* the length, when it is known */
}

void pcapng_block_end(struct pcapng_writer *w)
{
    uint32_t total = (uint32_t)(w->len - w->block + 4);
    pcapng_put32(w, total);
    memcpy(w->buf + w->block + 4, w->buf + w->len - 4, sizeof(total));
}

void pcapng_put_option(struct pcapng_writer *w, uint16_t code, const void *value, size_t len)
{
    pcapng_put_two16(w, code, (uint16_t)len);
    pcapng_put(w, value, len);
}

size_t pcapng_whole_chars(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

void pcapng_put_text(struct pcapng_writer *w, uint16_t code, const char *text)
{
    if (text)
        pcapng_put_option(w, code, text, pcapng_whole_chars(text, PCAPNG_TEXT_MAX));
}

void pcapng_options_end(struct pcapng_writer *w)
{
    pcapng_put_two16(w, PCAPNG_OPTION_END, 0);
}

void pcapng_write_section(struct pcapng_writer *w, const char *hardware, const char *os,
                          const char *application)
{
    static const uint64_t unknown_length = UINT64_MAX;
    pcapng_block_begin(w, BLOCK_SECTION);
    pcapng_put32(w, BYTE_ORDER_MAGIC);
    pcapng_put_two16(w, 1, 0); /* version 1.0 */
    pcapng_put(w, &unknown_length, sizeof(unknown_length));
    pcapng_put_text(w, OPTION_SHB_HARDWARE, hardware);
    pcapng_put_text(w, OPTION_SHB_OS, os);
    pcapng_put_text(w, OPTION_SHB_APPLICATION, application);
    pcapng_options_end(w);
    pcapng_block_end(w);
}

static void put_filter(struct pcapng_writer *w, const char *filter)
{
    char value[1 + PCAPNG_TEXT_MAX];
    size_t len = strnlen(filter, PCAPNG_TEXT_MAX);
    value[0] = FILTER_TEXT;
    memcpy(value + 1, filter, len);
    pcapng_put_option(w, OPTION_IF_FILTER, value, 1 + len);
}

void pcapng_write_iface(struct pcapng_writer *w, const struct packet_iface *iface,
                        const struct pcapng_iface_options *options)
{
    static const uint8_t resolution = TSRESOL_NANO;
    char comment[sizeof(READER_IFINDEX_COMMENT) + 10];
    pcapng_block_begin(w, BLOCK_INTERFACE);
    pcapng_put_two16(w, iface->link_type, 0);
    pcapng_put32(w, iface->snaplen);
    pcapng_put_text(w, OPTION_IF_NAME, iface->name);
    pcapng_put_option(w, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
    if (options->filter)
        put_filter(w, options->filter);
    pcapng_put_text(w, OPTION_IF_OS, options->os);
    if (iface->ifindex != 0) {
        (void)snprintf(comment, sizeof(comment), READER_IFINDEX_COMMENT "%u", iface->ifindex);
        pcapng_put_text(w, PCAPNG_OPTION_COMMENT, comment);
    }
    pcapng_options_end(w);
    pcapng_block_end(w);
    w->ifaces++;
}

uint32_t pcapng_iface_count(const struct pcapng_writer *w)
{
    return w->ifaces;
}

void pcapng_write_packet(struct pcapng_writer *w, const struct packet *packet)
{
    static const struct pcapng_notes none;
    pcapng_write_noted_packet(w, packet, &none);
}

void pcapng_write_noted_packet(struct pcapng_writer *w, const struct packet *packet,
                               const struct pcapng_notes *notes)
{
    uint32_t caplen = packet->caplen < PCAPNG_PACKET_MAX ? packet->caplen : PCAPNG_PACKET_MAX;
    bool flags = packet->direction != PACKET_DIRECTION_UNKNOWN;
    pcapng_block_begin(w, BLOCK_PACKET);
    pcapng_put32(w, packet->iface->number);
    pcapng_put32(w, (uint32_t)(packet->time_ns >> 32));
    pcapng_put32(w, (uint32_t)packet->time_ns);
    pcapng_put32(w, caplen);
    pcapng_put32(w, packet->len);
    pcapng_put(w, packet->data, caplen);
    pcapng_put_notes(w, notes);
    if (flags) {
        uint32_t way = packet->direction == PACKET_IN ? EPB_IN : EPB_OUT;
        pcapng_put_option(w, OPTION_EPB_FLAGS, &way, sizeof(way));
    }
    if (flags || notes->count > 0 || notes->has_process)
        pcapng_options_end(w);
    pcapng_block_end(w);
}

/* Times in blocks are written with their high half first, whatever the byte order. */
static void put_time_option(struct pcapng_writer *w, uint16_t code, uint64_t time_ns)
{
    uint32_t halves[2] = {(uint32_t)(time_ns >> 32), (uint32_t)time_ns};
    pcapng_put_option(w, code, halves, sizeof(halves));
}

static void put_count(struct pcapng_writer *w, uint16_t code, uint64_t count)
{
    if (count != UINT64_MAX)
        pcapng_put_option(w, code, &count, sizeof(count));
}

void pcapng_write_stats(struct pcapng_writer *w, uint32_t iface, const struct pcapng_stats *stats)
{
    pcapng_block_begin(w, BLOCK_STATISTICS);
    pcapng_put32(w, iface);
    pcapng_put32(w, (uint32_t)(stats->end_ns >> 32));
    pcapng_put32(w, (uint32_t)stats->end_ns);
    put_time_option(w, OPTION_ISB_START, stats->start_ns);
    put_time_option(w, OPTION_ISB_END, stats->end_ns);
    put_count(w, OPTION_ISB_RECEIVED, stats->received);
    put_count(w, OPTION_ISB_DROPPED, stats->dropped);
    put_count(w, OPTION_ISB_ACCEPTED, stats->accepted);
    put_count(w, OPTION_ISB_DROPPED_BY_OS, stats->dropped_by_os);
    put_count(w, OPTION_ISB_DELIVERED, stats->delivered);
    pcapng_options_end(w);
    pcapng_block_end(w);
}
