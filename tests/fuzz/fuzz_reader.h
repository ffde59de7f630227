/*
 * What holds for every input of the readers.
 */
#ifndef RTCSHIM_TESTS_FUZZ_READER_H
#define RTCSHIM_TESTS_FUZZ_READER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader.h"

static volatile uint64_t fuzz_sink;

static void fuzz_look_at_iface(const struct packet_iface *iface)
{
    fuzz_sink += iface->number + iface->section + iface->link_type + iface->snaplen;
    for (const char *c = iface->name; c && *c; c++)
        fuzz_sink += (uint8_t)*c;
}

/* Packets come in order, lie within the input where it is not compressed, and end with one damage
 * or none. */
static void fuzz_read(const uint8_t *in, size_t len)
{
    static int fd = -1;
    static char path[64];
    struct reader_damage why;
    struct packet p;
    uint64_t frame = 0;
    uint64_t offset = 0;
    enum read_status status;
    size_t ifaces;

    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, in, len, 0) != (ssize_t)len)
        abort();
    struct reader *reader = reader_open(path, &why);
    if (reader == NULL)
        abort();
    while ((status = reader_next(reader, &p)) == READ_PACKET) {
        if (p.frame <= frame || (p.frame > 1 && p.offset <= offset) || p.len < p.caplen ||
            p.caplen > READER_BLOCK_MAX || p.iface == NULL)
            abort();
        frame = p.frame;
        offset = p.offset;
        fuzz_look_at_iface(p.iface);
        for (uint32_t i = 0; i < p.caplen; i++)
            fuzz_sink += p.data[i];
    }
    if ((status == READ_DAMAGED) != (reader_damage_of(reader) != NULL))
        abort();
    if (status == READ_DAMAGED &&
        (reader_damage_of(reader)->offset < offset || reader_damage_of(reader)->reason[0] == '\0'))
        abort();
    if (reader_next(reader, &p) != READ_END)
        abort();
    const struct packet_iface *const *all = reader_ifaces(reader, &ifaces);
    for (size_t i = 0; i < ifaces; i++) {
        fuzz_look_at_iface(all[i]);
        const struct packet_iface *named =
            reader_iface_by_index(reader, all[i]->section, all[i]->ifindex);
        if (named && named->ifindex != all[i]->ifindex)
            abort();
    }
    reader_close(reader);
}

#endif
