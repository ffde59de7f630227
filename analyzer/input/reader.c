/* Capture files as a sequence of packets: which format it is, its interfaces, and how reading ends.
 */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_private.h"

enum {
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_LINUX_SLL2 = 276,
};

static enum read_status stay_ended(struct reader *reader, struct packet *out)
{
    (void)reader;
    (void)out;
    return READ_END;
}

enum read_status reader_end(struct reader *reader)
{
    reader->next = stay_ended;
    return READ_END;
}

enum read_status reader_damage(struct reader *reader, uint64_t offset, const char *format, ...)
{
    struct reader_damage *damage = &reader->damage;
    va_list args;

    damage->offset = offset;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    vsnprintf(damage->reason, sizeof(damage->reason), format, args);
    va_end(args);
    if (reader->source.error[0] != '\0')
        snprintf(damage->reason, sizeof(damage->reason), "%s", reader->source.error);
    reader->damaged = true;
    reader->next = stay_ended;
    return READ_DAMAGED;
}

static enum read_status not_a_capture(struct reader *reader, struct packet *out)
{
    size_t left = source_left(&reader->source);
    const uint8_t *p = reader->source.at;

    (void)out;
    if (left == 0)
        return reader_damage(reader, 0, "it is empty, without a header of pcap or pcapng");
    if (left < 4)
        return reader_damage(reader, 0, "it ends after %zu bytes, inside the first header", left);
    return reader_damage(reader, 0,
                         "neither pcap nor pcapng: it starts with the bytes %02x %02x %02x %02x",
                         p[0], p[1], p[2], p[3]);
}

/* Damage in the first header is told by the first reader_next(). */
static enum read_status tell_damage(struct reader *reader, struct packet *out)
{
    (void)out;
    reader->next = stay_ended;
    return READ_DAMAGED;
}

struct reader *reader_open(const char *path, struct reader_damage *why)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    const char *file = strcmp(path, "-") == 0 ? "standard input" : path;
    enum read_status status;

    *why = (struct reader_damage){.file = file};
    if (reader == NULL) {
        snprintf(why->reason, sizeof(why->reason), "cannot read: no memory");
        return NULL;
    }
    reader->damage.file = file;
    if (!source_open(&reader->source, path)) {
        snprintf(why->reason, sizeof(why->reason), "%s", reader->source.error);
        free(reader);
        return NULL;
    }
    status = pcapng_file_start(reader);
    if (status == READ_END)
        status = pcap_file_start(reader);
    if (status == READ_END)
        reader->next = not_a_capture;
    else if (status == READ_DAMAGED)
        reader->next = tell_damage;
    return reader;
}

enum read_status reader_next(struct reader *reader, struct packet *out)
{
    return reader->next(reader, out);
}

const struct reader_damage *reader_damage_of(const struct reader *reader)
{
    return reader->damaged ? &reader->damage : NULL;
}

const struct packet_iface *const *reader_ifaces(const struct reader *reader, size_t *count)
{
    *count = reader->iface_count;
    return (const struct packet_iface *const *)reader->ifaces;
}

struct reader_iface *reader_iface_add(struct reader *reader, const uint8_t *name, size_t len)
{
    struct reader_iface *iface;

    if (reader->iface_count == READER_IFACES_MAX)
        return NULL;
    if (reader->iface_count == reader->iface_room) {
        size_t room = reader->iface_room ? reader->iface_room * 2 : 8;
        struct packet_iface **grown = reallocarray((void *)reader->ifaces, room, sizeof(void *));
        if (grown == NULL)
            return NULL;
        reader->ifaces = grown;
        reader->iface_room = room;
    }
    if (len > READER_IFACE_NAME_MAX)
        len = READER_IFACE_NAME_MAX;
    if (len > 0)
        len = strnlen((const char *)name, len);
    iface = calloc(1, sizeof(*iface) + len + 1);
    if (iface == NULL)
        return NULL;
    if (len > 0) {
        memcpy(iface->name, name, len);
        iface->shown.name = iface->name;
    }
    iface->shown.number = (uint32_t)reader->iface_count;
    iface->shown.section = reader->section;
    reader->ifaces[reader->iface_count++] = &iface->shown;
    return iface;
}

/* The place of an index among those known: the first that is not before it. */
static size_t index_place(const struct reader *reader, uint32_t section, uint32_t ifindex)
{
    size_t low = 0;
    size_t high = reader->by_index_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct packet_iface *iface = reader->by_index[middle];
        if (iface->section < section || (iface->section == section && iface->ifindex < ifindex))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct packet_iface *reader_iface_by_index(const struct reader *reader, uint32_t section,
                                                 uint32_t ifindex)
{
    size_t place = index_place(reader, section, ifindex);
    const struct packet_iface *iface;

    if (place == reader->by_index_count)
        return NULL;
    iface = reader->by_index[place];
    return iface->section == section && iface->ifindex == ifindex ? iface : NULL;
}

const char *reader_carrier_name(const struct reader *reader, const struct packet_iface *iface,
                                uint32_t ifindex)
{
    const struct packet_iface *named;
    if (iface->link_type != LINKTYPE_LINUX_SLL && iface->link_type != LINKTYPE_LINUX_SLL2)
        return iface->name;
    if (ifindex != 0 && ifindex != iface->ifindex) {
        named = reader_iface_by_index(reader, iface->section, ifindex);
        return named ? named->name : NULL;
    }
    return iface->name && strcmp(iface->name, "any") != 0 ? iface->name : NULL;
}

void reader_iface_remember_index(struct reader *reader, struct packet_iface *iface)
{
    size_t place = index_place(reader, iface->section, iface->ifindex);

    if (reader->by_index_count == READER_IFINDEX_MAX ||
        reader_iface_by_index(reader, iface->section, iface->ifindex))
        return;
    for (size_t i = reader->by_index_count; i > place; i--)
        reader->by_index[i] = reader->by_index[i - 1];
    reader->by_index[place] = iface;
    reader->by_index_count++;
}

void reader_close(struct reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < reader->iface_count; i++)
        free(reader->ifaces[i]);
    free((void *)reader->ifaces);
    source_close(&reader->source);
    free(reader);
}
