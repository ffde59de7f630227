/* Blocks of one pcapng file put into another, and the notes that go with them. */
#include "pcapng_copy.h"

#include <stdio.h>
#include <string.h>

#include "order.h"
#include "pcapng_private.h"

enum {
    BLOCK_JOURNAL = 9,
    HEADER_BYTES = 8,
    TRAILER_BYTES = 4,
    OPTION_HEADER_BYTES = 4,
    SECTION_LENGTH_AT = 16, /* in its block */
    SECTION_LENGTH_BYTES = 8,
    CAPTURED_AT = 20, /* in the blocks of packets, the old one too */
    DATA_AT = 28,
    PROCESS_NAME = 2,        /* option of a process block */
    PACKET_PROCESS = 0x8001, /* option of a packet: number of its process block */
};
static const uint32_t block_process = 0x80000001;

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

void pcapng_copy_section(struct pcapng_writer *w, const struct pcapng_block *block)
{
    static const uint16_t one = 1;
    const uint8_t *low_first = (const uint8_t *)&one;
    static const uint8_t not_specified[SECTION_LENGTH_BYTES] = {0xff, 0xff, 0xff, 0xff,
                                                                0xff, 0xff, 0xff, 0xff};
    const size_t behind = SECTION_LENGTH_AT + SECTION_LENGTH_BYTES;

    /* What is in the buffer is of another section. */
    pcapng_flush(w);
    w->swap = block->big == (*low_first == 1);
    pcapng_put_through(w, block->start, SECTION_LENGTH_AT);
    pcapng_put_through(w, not_specified, sizeof(not_specified));
    pcapng_put_through(w, block->start + behind, block->total - behind);
}

void pcapng_copy_block(struct pcapng_writer *w, const struct pcapng_block *block)
{
    pcapng_put_through(w, block->start, block->total);
}

static size_t comment_len(const char *text)
{
    return pcapng_whole_chars(text, PCAPNG_TEXT_MAX);
}

void pcapng_put_notes(struct pcapng_writer *w, const struct pcapng_notes *notes)
{
    for (unsigned i = 0; i < notes->count; i++)
        pcapng_put_text(w, PCAPNG_OPTION_COMMENT, notes->comments[i]);
    if (notes->has_process) {
        pcapng_put_two16(w, PACKET_PROCESS, sizeof(notes->process));
        pcapng_put32(w, notes->process);
    }
}

static size_t notes_len(const struct pcapng_notes *notes)
{
    size_t len = notes->has_process ? OPTION_HEADER_BYTES + sizeof(notes->process) : 0;
    for (unsigned i = 0; i < notes->count; i++)
        len += OPTION_HEADER_BYTES + padded(comment_len(notes->comments[i]));
    return len;
}

bool pcapng_copy_packet(struct pcapng_writer *w, const struct pcapng_block *block,
                        const struct pcapng_notes *notes)
{
    size_t added = notes_len(notes);

    if (added == 0) {
        pcapng_copy_block(w, block);
        return true;
    }
    bool has_options = block->type == PCAPNG_PACKET || block->type == PCAPNG_PACKET_OLD;
    if (!has_options || block->total < DATA_AT + TRAILER_BYTES)
        return false;
    uint32_t captured = order32(block->big, block->start + CAPTURED_AT);
    if (captured > block->total - DATA_AT - TRAILER_BYTES)
        return false;
    size_t options = DATA_AT + padded(captured);
    size_t options_len = block->total - TRAILER_BYTES - options;
    if (options_len == 0)
        added += OPTION_HEADER_BYTES;
    uint32_t total = block->total + (uint32_t)added;
    /* Readers refuse larger ones. */
    if (total > READER_BLOCK_MAX)
        return false;
    if (w->len > PCAPNG_BUFFER_BYTES - PCAPNG_BLOCK_MAX)
        pcapng_flush(w);
    pcapng_put32(w, block->type);
    pcapng_put32(w, total);
    pcapng_put_through(w, block->start + HEADER_BYTES, options - HEADER_BYTES);
    if (w->len > PCAPNG_BUFFER_BYTES - PCAPNG_BLOCK_MAX)
        pcapng_flush(w);
    pcapng_put_notes(w, notes);
    if (options_len == 0)
        pcapng_options_end(w);
    pcapng_put_through(w, block->start + options, options_len);
    if (w->len > PCAPNG_BUFFER_BYTES - PCAPNG_BLOCK_MAX)
        pcapng_flush(w);
    pcapng_put32(w, total);
    return true;
}

void pcapng_write_process(struct pcapng_writer *w, uint32_t pid, const char *name)
{
    pcapng_block_begin(w, block_process);
    pcapng_put32(w, pid);
    pcapng_put_text(w, PROCESS_NAME, name);
    pcapng_options_end(w);
    pcapng_block_end(w);
}

void pcapng_write_record(struct pcapng_writer *w, uint64_t time_ns,
                         const struct pcapng_field *fields, size_t count)
{
    char entry[PCAPNG_RECORD_MAX];
    size_t len = (size_t)snprintf(entry, sizeof(entry), "__REALTIME_TIMESTAMP=%llu\n",
                                  (unsigned long long)(time_ns / 1000));

    for (size_t i = 0; i < count && i < PCAPNG_FIELDS_MAX; i++) {
        if (!fields[i].value)
            continue;
        size_t name = strnlen(fields[i].name, PCAPNG_FIELD_NAME_MAX - 2);
        size_t value = comment_len(fields[i].value);
        memcpy(entry + len, fields[i].name, name);
        entry[len + name] = '=';
        memcpy(entry + len + name + 1, fields[i].value, value);
        entry[len + name + 1 + value] = '\n';
        len += name + value + 2;
    }
    pcapng_block_begin(w, BLOCK_JOURNAL);
    pcapng_put(w, entry, len);
    pcapng_block_end(w);
}
