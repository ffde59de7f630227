/* The run's capture, copied with its notes; or what of it may be shown to others. */
#include "report_pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "note_write.h"
#include "order.h"
#include "pcapng_copy.h"
#include "pcapng_redact.h"
#include "reader.h"

#define APPLICATION "rtcshim-analyzer "

enum { OPTION_APPLICATION = 4, SECTION_OPTIONS_AT = 16 /* in its body */ };

struct copying {
    struct pcapng_writer *w;
    struct note_writer *notes;
    struct pcapng_block packet; /* that reader_next() is about to return */
    uint64_t last_ns;           /* of a packet that had a time */
};

/* The section was written by rtcshim. Its captures have no process blocks; in others' there may be
 * some, and their numbers would be wrong with ours between them. */
static bool is_ours(const struct pcapng_block *block)
{
    static const char ours[] = APPLICATION;
    const size_t len = sizeof(ours) - 1;
    size_t at = SECTION_OPTIONS_AT;
    while (block->len >= at && block->len - at >= 4) {
        uint16_t code = order16(block->big, block->body + at);
        size_t size = order16(block->big, block->body + at + 2);
        at += 4;
        if (code == 0 || size > block->len - at)
            return false;
        if (code == OPTION_APPLICATION)
            return size >= len && memcmp(block->body + at, ours, len) == 0;
        at += (size + 3) & ~(size_t)3;
    }
    return false;
}

static void copy_block(const struct pcapng_block *block, void *context)
{
    struct copying *c = context;
    switch (block->type) {
    case PCAPNG_PACKET:
    case PCAPNG_PACKET_OLD:
    case PCAPNG_PACKET_SIMPLE:
        c->packet = *block;
        break;
    case PCAPNG_SECTION:
        pcapng_copy_section(c->w, block);
        note_writer_section(c->notes, is_ours(block));
        break;
    case PCAPNG_CUSTOM_NO_COPY:
        break;
    default:
        pcapng_copy_block(c->w, block);
    }
}

/* Notes that a packet has no place for, as records behind it. */
static void write_beside(struct copying *c, const struct pcapng_notes *notes)
{
    for (unsigned i = 0; i < notes->count; i++) {
        const struct pcapng_field fields[] = {
            {"PRIORITY", "6"}, {"SYSLOG_IDENTIFIER", "rtcshim"}, {"MESSAGE", notes->comments[i]}};
        pcapng_write_record(c->w, c->last_ns, fields, sizeof(fields) / sizeof(fields[0]));
    }
}

static void copy_packet(struct copying *c, const struct packet *packet)
{
    /* A Simple Packet Block has no time: it stays where it is. */
    if (packet->time_ns != 0) {
        note_write_until(c->notes, packet->time_ns);
        c->last_ns = packet->time_ns;
    }
    const struct pcapng_notes *notes = note_writer_packet(c->notes, packet->frame, NULL);
    if (!pcapng_copy_packet(c->w, &c->packet, notes)) {
        pcapng_copy_block(c->w, &c->packet);
        write_beside(c, notes);
    }
}

static void convert_ifaces(struct copying *c, struct reader *reader)
{
    static const struct pcapng_iface_options no_options;
    size_t ifaces;
    const struct packet_iface *const *all = reader_ifaces(reader, &ifaces);
    for (uint32_t i = pcapng_iface_count(c->w); i < ifaces; i++)
        pcapng_write_iface(c->w, all[i], &no_options);
}

/* A pcap file becomes pcapng, with times in nanoseconds. */
static void convert_packet(struct copying *c, struct reader *reader, const struct packet *packet)
{
    convert_ifaces(c, reader);
    note_write_until(c->notes, packet->time_ns);
    pcapng_write_noted_packet(c->w, packet, note_writer_packet(c->notes, packet->frame, NULL));
}

static void start_section(struct copying *c)
{
    pcapng_write_section(c->w, NULL, NULL, APPLICATION RTCSHIM_VERSION);
    note_writer_section(c->notes, true);
}

/* Damage ends the copy; it has been told when the join read the capture. */
static void copy_capture(struct copying *c, struct reader *reader)
{
    struct packet packet;
    bool blocks = reader_show_blocks(reader, copy_block, c);
    if (!blocks)
        start_section(c);
    while (pcapng_error(c->w) == 0 && reader_next(reader, &packet) == READ_PACKET) {
        if (blocks)
            copy_packet(c, &packet);
        else
            convert_packet(c, reader, &packet);
    }
    if (!blocks)
        convert_ifaces(c, reader); /* libpcap reads no file without one, not even an empty one */
}

/* NULL: there is none, *missing is then true; or it can't be read, why says so. */
static struct reader *open_capture(const struct report_pcapng *what, int *fd, bool *missing,
                                   char *why, size_t size)
{
    static const char *const file = RUN_WIRE_FILE;
    struct reader_damage damage;
    char path[64];

    *fd = run_folder_file(what->run, file);
    *missing = *fd < 0 && errno == ENOENT;
    if (*fd < 0) {
        if (!*missing)
            snprintf(why, size, "%s: %s", file, strerror(errno));
        return NULL;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
    struct reader *reader = reader_open(path, &damage);
    if (!reader)
        snprintf(why, size, "%s: %s", file, damage.reason);
    return reader;
}

bool report_pcapng_write(const struct report_pcapng *what, FILE *out, char *why, size_t size)
{
    struct copying c = {0};
    struct reader *reader = NULL;
    int fd = -1;
    bool missing = false, done = false;

    snprintf(why, size, "%s", strerror(ENOMEM));
    if (fflush(out) != 0) {
        snprintf(why, size, "%s", strerror(errno));
        return false;
    }
    c.w = pcapng_writer_new(fileno(out));
    if (!c.w)
        goto out;
    c.notes = note_writer_new(what, c.w, why, size);
    if (!c.notes)
        goto out;
    reader = open_capture(what, &fd, &missing, why, size);
    if (!reader && !missing)
        goto out;
    if (what->names) {
        start_section(&c);
        if (reader && !pcapng_redact_capture(reader, what->names, c.w, c.notes)) {
            snprintf(why, size, "%s", strerror(ENOMEM));
            goto out;
        }
    } else if (reader) {
        copy_capture(&c, reader);
    } else {
        start_section(&c);
    }
    note_write_until(c.notes, UINT64_MAX);
    done = pcapng_flush(c.w) == 0;
    if (!done)
        snprintf(why, size, "%s", strerror(pcapng_error(c.w)));
out:
    reader_close(reader);
    if (fd >= 0)
        close(fd);
    note_writer_free(c.notes);
    pcapng_writer_free(c.w);
    return done;
}
