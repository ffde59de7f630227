/* Notes into comments, records and process blocks. */
#include "note_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "note.h"
#include "note_index.h"
#include "pcapng_copy.h"

enum {
    LINES_BYTES = 32 << 10, /* of events.ndjson at a time */
    LINES_BEFORE_BYTES = 8 << 10,
    LINES_ROOM_BYTES = EVENT_LINE_BYTES_MAX + 1,
    PROCESS_UNTOLD = UINT32_MAX,
};

struct note_writer {
    const struct report_pcapng *what;
    struct pcapng_writer *w;
    struct note_index index;
    size_t next; /* record that is to be written */
    struct event_parser *parser;
    int events; /* descriptor of events.ndjson, -1 none */
    char *lines;
    uint64_t lines_offset;
    size_t lines_len;
    bool processes;
    uint32_t
        *told; /* for each process of the join: its number in this section, or PROCESS_UNTOLD */
    uint32_t told_count;
    struct pcapng_notes notes;
    struct note texts[PCAPNG_NOTES_MAX];
    uint32_t leaks[PCAPNG_NOTES_MAX]; /* said on this packet */
    unsigned leak_count;
};

struct note_writer *note_writer_new(const struct report_pcapng *what, struct pcapng_writer *w,
                                    char *why, size_t size)
{
    struct note_writer *n = calloc(1, sizeof(*n));
    if (!n)
        goto no_memory;
    n->what = what;
    n->w = w;
    n->events = -1;
    n->parser = event_parser_new();
    n->lines = malloc(LINES_ROOM_BYTES);
    n->told = malloc((what->join->process_count + 1) * sizeof(*n->told));
    if (!n->parser || !n->lines || !n->told ||
        !note_index_make(&n->index, what->run, what->join, what->verdict))
        goto no_memory;
    n->events = run_folder_file(what->run, RUN_EVENTS_FILE);
    note_writer_section(n, false);
    return n;
no_memory:
    snprintf(why, size, "%s", strerror(ENOMEM));
    note_writer_free(n);
    return NULL;
}

void note_writer_free(struct note_writer *n)
{
    if (!n)
        return;
    if (n->events >= 0)
        close(n->events);
    event_parser_free(n->parser);
    note_index_free(&n->index);
    free(n->lines);
    free(n->told);
    free(n);
}

void note_writer_section(struct note_writer *n, bool processes)
{
    n->processes = processes;
    n->told_count = 0;
    for (size_t i = 0; i < n->what->join->process_count; i++)
        n->told[i] = PROCESS_UNTOLD;
}

/* --- records ---------------------------------------------------------------------------------- */

/* A process of an event or of the join, as a record's fields. */
struct who {
    bool known;
    uint32_t pid;
    struct note name;
};

static void write_record(struct note_writer *n, uint64_t time_ns, enum note_priority priority,
                         const char *message, uint64_t seq, const struct who *who)
{
    char priority_text[12], pid[12], event[24];
    snprintf(priority_text, sizeof(priority_text), "%d", (int)priority);
    snprintf(pid, sizeof(pid), "%u", who->pid);
    snprintf(event, sizeof(event), "%llu", (unsigned long long)seq);
    const struct pcapng_field fields[] = {
        {"PRIORITY", priority_text},
        {"SYSLOG_IDENTIFIER", "rtcshim"},
        {"MESSAGE", message},
        {"_PID", who->known ? pid : NULL},
        {"_COMM", who->known ? who->name.text : NULL},
        {"RTCSHIM_EVENT", seq != 0 ? event : NULL},
    };
    pcapng_write_record(n->w, time_ns, fields, sizeof(fields) / sizeof(fields[0]));
}

static void write_leak(struct note_writer *n, uint64_t time_ns, uint32_t leak, uint64_t seq,
                       const struct who *who)
{
    struct note note;
    if (leak >= n->what->verdict->leak_count)
        return;
    note_start(&note, n->what->names);
    note_leak(&note, n->what->join, &n->what->verdict->leaks[leak]);
    write_record(n, time_ns, NOTE_WARNING, note.text, seq, who);
}

static void write_message(struct note_writer *n, uint64_t time_ns, size_t index)
{
    const struct join *join = n->what->join;
    const struct join_message *message = &join->messages[index];
    uint32_t process = join_act_of(join, message)->process;
    struct who who = {.known = process < join->process_count};
    struct note note;
    note_start(&who.name, n->what->names);
    if (who.known) {
        const char *name = join_text(join, join->processes[process].name);
        who.pid = join->processes[process].pid;
        note_name(&who.name, PSEUDONYM_PROGRAM, name ? name : "?", name ? strlen(name) : 1);
    }
    note_start(&note, n->what->names);
    enum note_priority priority = note_message(&note, join, message);
    write_record(n, time_ns, priority, note.text, message->seq, &who);
    write_leak(n, time_ns, n->what->verdict->leak_of[message->exchange], message->seq, &who);
}

/* The line at this offset, if what has been read holds all of it. */
static char *whole_line(struct note_writer *n, uint64_t offset, size_t *len)
{
    if (offset < n->lines_offset || offset - n->lines_offset >= n->lines_len)
        return NULL;
    char *line = n->lines + (offset - n->lines_offset);
    char *end = memchr(line, '\n', n->lines_len - (size_t)(offset - n->lines_offset));
    *len = end ? (size_t)(end - line) : 0;
    return end ? line : NULL;
}

static void read_lines(struct note_writer *n, uint64_t offset, size_t len)
{
    ssize_t got = n->events < 0 ? -1 : pread(n->events, n->lines, len, (off_t)offset);
    n->lines_offset = offset;
    n->lines_len = got > 0 ? (size_t)got : 0;
}

/* The line at this offset of events.ndjson, which may have changed meanwhile; NULL: not there. */
static char *line_at(struct note_writer *n, uint64_t offset, size_t *len)
{
    char *line = whole_line(n, offset, len);
    if (line)
        return line;
    /* Events are nearly in the order of time: the next ones may stand a little before this one. */
    uint64_t before = offset < LINES_BEFORE_BYTES ? offset : LINES_BEFORE_BYTES;
    read_lines(n, offset - before, LINES_BYTES);
    line = whole_line(n, offset, len);
    if (line)
        return line;
    read_lines(n, offset, LINES_ROOM_BYTES);
    line = whole_line(n, offset, len);
    if (line || n->lines_len == 0)
        return line;
    *len = n->lines_len; /* the last one, without an end */
    return n->lines;
}

static void write_event(struct note_writer *n, uint64_t time_ns, uint64_t offset)
{
    struct event_line line = {0};
    struct event_line_fault fault;
    struct who who = {0};
    struct note note;
    size_t len;
    char *text = line_at(n, offset, &len);
    /* A line is parsed in place, and so only once. */
    if (!text || !event_line_parse(n->parser, text, len, &line, &fault) || !note_is_record(&line))
        return;
    note_start(&note, n->what->names);
    enum note_priority priority = note_event(&note, &line, n->parser);
    note_start(&who.name, n->what->names);
    if (line.process.name.at && line.process.pid != 0) {
        who.known = true;
        who.pid = line.process.pid;
        note_name(&who.name, PSEUDONYM_PROGRAM, line.process.name.at, line.process.name.len);
    }
    write_record(n, time_ns, priority, note.text, line.seq, &who);
    write_leak(n, time_ns, note_index_leak(n->index.events, n->index.event_count, line.seq),
               line.seq, &who);
}

void note_write_until(struct note_writer *n, uint64_t time_ns)
{
    for (; n->next < n->index.record_count; n->next++) {
        const struct note_record *record = &n->index.records[n->next];
        if (record->time_ns > time_ns)
            return;
        if (record->where & NOTE_OF_MESSAGE)
            write_message(n, record->time_ns, (size_t)(record->where & ~NOTE_OF_MESSAGE));
        else
            write_event(n, record->time_ns, record->where);
    }
}

/* --- packets ---------------------------------------------------------------------------------- */

static struct note *add_comment(struct note_writer *n)
{
    struct note *note = &n->texts[n->notes.count];
    note_start(note, n->what->names);
    n->notes.comments[n->notes.count++] = note->text;
    return note;
}

static void comment_leak(struct note_writer *n, uint32_t leak)
{
    if (leak >= n->what->verdict->leak_count || n->notes.count == PCAPNG_NOTES_MAX)
        return;
    for (unsigned i = 0; i < n->leak_count; i++)
        if (n->leaks[i] == leak)
            return;
    n->leaks[n->leak_count++] = leak;
    note_leak(add_comment(n), n->what->join, &n->what->verdict->leaks[leak]);
}

static void tell_process(struct note_writer *n, uint32_t process)
{
    const struct join *join = n->what->join;
    if (!n->processes || process >= join->process_count)
        return;
    if (n->told[process] == PROCESS_UNTOLD) {
        struct note name;
        const char *text = join_text(join, join->processes[process].name);
        note_start(&name, n->what->names);
        if (text)
            note_name(&name, PSEUDONYM_PROGRAM, text, strlen(text));
        pcapng_write_process(n->w, join->processes[process].pid, text ? name.text : NULL);
        n->told[process] = n->told_count++;
    }
    n->notes.has_process = true;
    n->notes.process = n->told[process];
}

const struct pcapng_notes *note_writer_packet(struct note_writer *n, uint64_t frame,
                                              const uint8_t *txid)
{
    const struct join *join = n->what->join;
    n->notes = (struct pcapng_notes){0};
    n->leak_count = 0;
    for (size_t i = note_index_frame(&n->index, frame);
         i < n->index.frame_count && n->index.frames[i].frame == frame; i++) {
        const struct join_message *message = &join->messages[n->index.frames[i].message];
        const struct join_exchange *exchange = &join->exchanges[message->exchange];
        if (n->notes.count == PCAPNG_NOTES_MAX)
            break;
        if (txid && memcmp(txid, exchange->txid, sizeof(exchange->txid)) != 0)
            continue;
        note_packet(add_comment(n), join, message);
        comment_leak(n, n->what->verdict->leak_of[message->exchange]);
        uint32_t process = join_act_of(join, message)->process;
        tell_process(n, process != JOIN_NONE ? process : join->flows[exchange->flow].owner);
    }
    comment_leak(n, note_index_leak(n->index.packets, n->index.packet_count, frame));
    return &n->notes;
}
