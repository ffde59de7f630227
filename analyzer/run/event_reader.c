/* Reads a file of lines in batches; two threads take them apart, the caller's gets them in order.
 */
#include "event_reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENT_READER_THREADS = 2 };

struct parsed {
    struct event_line line;
    struct event_line_fault fault; /* reason NULL: the line is good */
};

enum batch_state { BATCH_IDLE, BATCH_READ, BATCH_TAKEN, BATCH_PARSED };

struct batch {
    char *text;
    size_t len, room;
    uint64_t offset; /* in the file */
    struct parsed *lines;
    size_t count, lines_room;
    enum batch_state state; /* under the lock */
    bool failed;            /* memory was out */
};

struct event_reader {
    struct batch batches[EVENT_READER_BATCHES];
    pthread_mutex_t lock;
    pthread_cond_t read, parsed;
    uint64_t given, taken, told; /* batches, under the lock but for told */
    bool ended;
    /* The caller's thread alone: */
    struct run_folder *run;
    int fd;
    bool at_end, skipping; /* skipping: the rest of a line that was too long */
    uint64_t offset;
    char *carry; /* the last batch's half line */
    size_t carried, carry_room;
    uint64_t seq, damaged_since; /* seq: of the last good line */
};

/* --- the parsing threads ---------------------------------------------------------------------- */

static struct parsed *next_line(struct batch *b)
{
    if (b->count == b->lines_room) {
        size_t room = b->lines_room ? 2 * b->lines_room : 512;
        struct parsed *lines = realloc(b->lines, room * sizeof(*lines));
        if (!lines)
            return NULL;
        b->lines = lines;
        b->lines_room = room;
    }
    return &b->lines[b->count++];
}

static void parse_batch(struct event_parser *parser, struct batch *b)
{
    b->count = 0;
    for (size_t at = 0; at < b->len;) {
        char *line = b->text + at;
        const char *end = memchr(line, '\n', b->len - at);
        size_t len = end ? (size_t)(end - line) : b->len - at;
        struct parsed *parsed = next_line(b);
        if (!parsed) {
            b->failed = true;
            return;
        }
        parsed->line.offset = b->offset + at;
        parsed->line.line = 0;
        parsed->fault.reason = NULL;
        event_line_parse(parser, line, len, &parsed->line, &parsed->fault);
        at += len + 1;
    }
}

static void *work(void *arg)
{
    struct event_reader *r = arg;
    struct event_parser *parser = event_parser_new();
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while (r->taken == r->given && !r->ended)
            pthread_cond_wait(&r->read, &r->lock);
        if (r->taken == r->given)
            break;
        struct batch *b = &r->batches[r->taken++ % EVENT_READER_BATCHES];
        b->state = BATCH_TAKEN;
        pthread_mutex_unlock(&r->lock);
        b->failed = !parser;
        if (parser)
            parse_batch(parser, b);
        pthread_mutex_lock(&r->lock);
        b->state = BATCH_PARSED;
        pthread_cond_signal(&r->parsed);
    }
    pthread_mutex_unlock(&r->lock);
    event_parser_free(parser);
    return NULL;
}

/* --- the caller's thread: reading ------------------------------------------------------------- */

static bool make_room(char **text, size_t *room, size_t want)
{
    char *more;
    if (want == 0 || *room >= want)
        return true;
    more = realloc(*text, want);
    if (!more)
        return false;
    *text = more;
    *room = want;
    return true;
}

/* Up to room bytes; fewer at the end alone. */
static size_t read_some(struct event_reader *r, char *to, size_t room)
{
    size_t len = 0;
    while (len < room && !r->at_end) {
        ssize_t got = read(r->fd, to + len, room - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            run_folder_damage(r->run, RUN_EVENTS_FILE, 0, r->offset, "it can't be read further: %s",
                              strerror(errno));
        if (got <= 0)
            r->at_end = true;
        else
            len += (size_t)got;
    }
    return len;
}

/* The rest of a line that was too long goes. */
static void skip_line(struct event_reader *r, struct batch *b)
{
    while (r->skipping && b->len > 0) {
        const char *end = memchr(b->text, '\n', b->len);
        size_t gone = end ? (size_t)(end - b->text) + 1 : b->len;
        memmove(b->text, b->text + gone, b->len - gone);
        b->len -= gone;
        b->offset += gone;
        r->skipping = !end;
        if (r->skipping)
            b->len = read_some(r, b->text, EVENT_READER_BATCH_BYTES);
    }
}

/* Where b's last whole line ends; all of it at the end of the file, or where the line is too long.
 */
static size_t whole_lines(struct event_reader *r, const struct batch *b)
{
    const char *last = b->len ? memrchr(b->text, '\n', b->len) : NULL;
    if (last)
        return (size_t)(last - b->text) + 1;
    if (r->at_end)
        return b->len;
    r->skipping = b->len > EVENT_LINE_BYTES_MAX;
    return r->skipping ? b->len : 0;
}

/* The next lines into b. false: there are none, or no memory. */
static bool read_batch(struct event_reader *r, struct batch *b)
{
    size_t whole, want = EVENT_READER_BATCH_BYTES;
    if (want < 2 * r->carried)
        want = 2 * r->carried;
    if (!make_room(&b->text, &b->room, want))
        return false;
    if (r->carried)
        memcpy(b->text, r->carry, r->carried);
    b->len = r->carried;
    b->offset = r->offset;
    r->carried = 0;
    b->len += read_some(r, b->text + b->len, want - b->len);
    skip_line(r, b);
    while ((whole = whole_lines(r, b)) == 0 && b->len > 0) {
        if (!make_room(&b->text, &b->room, 2 * b->room))
            return false;
        b->len += read_some(r, b->text + b->len, b->room - b->len);
    }
    r->carried = b->len - whole;
    if (!make_room(&r->carry, &r->carry_room, r->carried))
        return false;
    if (r->carried)
        memcpy(r->carry, b->text + whole, r->carried);
    b->len = whole;
    r->offset = b->offset + whole;
    return whole > 0;
}

/* --- the caller's thread: telling ------------------------------------------------------------- */

static void check_seq(struct event_reader *r, const struct event_line *line,
                      struct event_totals *totals)
{
    uint64_t expected = r->seq + 1 + r->damaged_since;
    if (line->seq > expected) {
        totals->missing += line->seq - expected;
        run_folder_damage(r->run, RUN_EVENTS_FILE, line->line, line->offset,
                          "events are missing here: %llu, in front of event %llu",
                          (unsigned long long)(line->seq - expected),
                          (unsigned long long)line->seq);
    } else if (line->seq <= r->seq) {
        run_folder_damage(r->run, RUN_EVENTS_FILE, line->line, line->offset,
                          "event %llu comes after event %llu", (unsigned long long)line->seq,
                          (unsigned long long)r->seq);
    }
    r->damaged_since = 0;
    if (line->seq > r->seq)
        r->seq = line->seq;
}

static void tell_batch(struct event_reader *r, const struct batch *b, event_line_fn *tell,
                       void *context, struct event_totals *totals)
{
    for (size_t i = 0; i < b->count; i++) {
        struct parsed *parsed = &b->lines[i];
        parsed->line.line = ++totals->lines;
        if (parsed->fault.reason) {
            totals->damaged++;
            r->damaged_since++;
            run_folder_damage(r->run, RUN_EVENTS_FILE, parsed->line.line,
                              parsed->line.offset + parsed->fault.offset, "%s",
                              parsed->fault.reason);
            continue;
        }
        check_seq(r, &parsed->line, totals);
        totals->lost += parsed->line.changed.lost;
        tell(&parsed->line, context);
    }
}

/* Read ahead as far as batches are free, then tell the oldest. false: memory is out. */
static bool go_on(struct event_reader *r, event_line_fn *tell, void *context,
                  struct event_totals *totals)
{
    for (bool more = true; more || r->told < r->given;) {
        if (more && r->given - r->told < EVENT_READER_BATCHES) {
            more = read_batch(r, &r->batches[r->given % EVENT_READER_BATCHES]);
            if (!more)
                continue;
            pthread_mutex_lock(&r->lock);
            r->batches[r->given++ % EVENT_READER_BATCHES].state = BATCH_READ;
            pthread_cond_signal(&r->read);
            pthread_mutex_unlock(&r->lock);
            continue;
        }
        struct batch *b = &r->batches[r->told % EVENT_READER_BATCHES];
        pthread_mutex_lock(&r->lock);
        while (b->state != BATCH_PARSED)
            pthread_cond_wait(&r->parsed, &r->lock);
        pthread_mutex_unlock(&r->lock);
        tell_batch(r, b, tell, context, totals);
        if (b->failed)
            return false;
        r->told++;
    }
    totals->bytes = r->offset;
    return r->at_end;
}

static bool read_all(struct event_reader *r, event_line_fn *tell, void *context,
                     struct event_totals *totals)
{
    pthread_t threads[EVENT_READER_THREADS];
    unsigned running = 0;
    bool good = true;
    while (running < EVENT_READER_THREADS && pthread_create(&threads[running], NULL, work, r) == 0)
        running++;
    good = running > 0 && go_on(r, tell, context, totals);
    pthread_mutex_lock(&r->lock);
    r->ended = true;
    pthread_cond_broadcast(&r->read);
    pthread_mutex_unlock(&r->lock);
    while (running > 0)
        pthread_join(threads[--running], NULL);
    return good;
}

/* What run.json counts more than the file holds. */
static void check_end(struct event_reader *r, struct event_totals *totals)
{
    uint64_t there = r->seq + r->damaged_since;
    if (r->run->complete && r->run->events > there) {
        totals->missing += r->run->events - there;
        run_folder_damage(r->run, RUN_EVENTS_FILE, 0, totals->bytes,
                          "it ends after event %llu of %llu", (unsigned long long)there,
                          (unsigned long long)r->run->events);
    }
}

bool event_reader_run(struct run_folder *run, event_line_fn *tell, void *context,
                      struct event_totals *totals)
{
    struct event_reader *r = calloc(1, sizeof(*r));
    *totals = (struct event_totals){0};
    if (!r)
        return false;
    r->run = run;
    r->fd = run_folder_file(run, RUN_EVENTS_FILE);
    bool there = r->fd >= 0;
    if (!there) {
        run_folder_not_opened(run, RUN_EVENTS_FILE);
        free(r);
        return false;
    }
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->read, NULL);
    pthread_cond_init(&r->parsed, NULL);
    if (read_all(r, tell, context, totals))
        check_end(r, totals);
    else
        run_folder_damage(run, RUN_EVENTS_FILE, totals->lines, r->offset,
                          "it is not read further: out of memory");
    pthread_cond_destroy(&r->read);
    pthread_cond_destroy(&r->parsed);
    pthread_mutex_destroy(&r->lock);
    close(r->fd);
    for (size_t i = 0; i < EVENT_READER_BATCHES; i++) {
        free(r->batches[i].text);
        free(r->batches[i].lines);
    }
    free(r->carry);
    free(r);
    return true;
}
