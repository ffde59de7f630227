/* Gathers what the shim saw beside STUN, in rows that are found again by what they say. */
#include "sights.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

enum {
    SLOTS = 1 << 15, /* of the table that finds rows; more than all rows together */
    TEXTS_MAX = 1 << 16,
    TEXT_SLOTS = 1 << 17,
};

enum row_kind { ROW_LOOK = 1, ROW_PROBE, ROW_QUESTION, ROW_ANNOUNCEMENT };

/* One word a place: the kind in the upper bits, the row's index + 1 in the lower ones. */
struct sights_work {
    uint64_t keys[SLOTS];
    uint32_t rows[SLOTS];
    char *texts[TEXT_SLOTS];
    size_t text_count;
    struct siphash_key key;
    struct event_parser *parser; /* for lists */
};

/* --- texts, each kept once --- */

static uint64_t hash_bytes(const struct sights *s, const void *bytes, size_t len)
{
    return siphash(&s->work->key, bytes, len);
}

static const char *keep(struct sights *s, const struct event_text *text)
{
    size_t len = text->len < SIGHTS_TEXT_BYTES ? text->len : SIGHTS_TEXT_BYTES;
    if (!text->at)
        return NULL;
    size_t slot = (size_t)hash_bytes(s, text->at, len) % TEXT_SLOTS;
    for (; s->work->texts[slot]; slot = (slot + 1) % TEXT_SLOTS)
        if (strlen(s->work->texts[slot]) == len && memcmp(s->work->texts[slot], text->at, len) == 0)
            return s->work->texts[slot];
    if (s->work->text_count == TEXTS_MAX) {
        s->left_out++;
        return NULL;
    }
    char *copy = strndup(text->at, len);
    if (!copy)
        s->failed = true;
    else
        s->work->text_count++;
    s->work->texts[slot] = copy;
    return copy;
}

/* --- rows, found by a key of bytes --- */

struct key {
    uint8_t bytes[256];
    size_t len;
};

static void key_add(struct key *key, const void *bytes, size_t len)
{
    if (len > sizeof(key->bytes) - key->len)
        len = sizeof(key->bytes) - key->len;
    if (len > 0)
        memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

/* Texts that are kept are the same if their addresses are. */
static void key_text(struct key *key, const char *kept)
{
    key_add(key, &kept, sizeof(kept));
}

/*
 * The row of kind and key: its index, or count where it is new and *fresh is set. SIZE_MAX: there
 * is no room. Keys are compared by their 64-bit hash under a secret seed: two that share one would
 * be counted in one row, which takes 2^32 different rows, and there is room for SIGHTS_ROWS_MAX.
 */
static size_t find_row(struct sights *s, enum row_kind kind, const struct key *key, size_t count,
                       bool *fresh)
{
    uint64_t hash = hash_bytes(s, key->bytes, key->len) ^ (uint64_t)kind << 60;
    hash |= 1; /* 0 is an empty place */
    size_t slot = (size_t)(hash >> 1) % SLOTS;
    *fresh = false;
    for (; s->work->keys[slot]; slot = (slot + 1) % SLOTS)
        if (s->work->keys[slot] == hash)
            return s->work->rows[slot];
    if (count == SIGHTS_ROWS_MAX) {
        s->left_out++;
        return SIZE_MAX;
    }
    *fresh = true;
    s->work->keys[slot] = hash;
    s->work->rows[slot] = (uint32_t)count;
    return count;
}

/* Room for one more row, doubling; NULL: memory is out, and the row is lost. */
static void *grow(struct sights *s, void *rows, size_t count, size_t row_bytes)
{
    if ((count & (count - 1)) != 0 || (count != 0 && count < 16))
        return rows;
    void *more = realloc(rows, (count ? count * 2 : 16) * row_bytes);
    if (!more)
        s->failed = true;
    return more;
}

static void note(struct sights_events *events, const struct event_line *line)
{
    if (events->total++ == 0)
        events->first_ns = line->time_ns;
    if (events->count < SIGHTS_EVENTS_MAX && line->seq <= UINT32_MAX)
        events->seq[events->count++] = (uint32_t)line->seq;
}

/* --- each kind --- */

struct shown_list {
    struct sights *sights;
    struct sights_shown *rows;
    unsigned count;
    uint64_t left_out;
};

static void take_shown(const struct event_entry *entry, void *context)
{
    struct shown_list *list = context;
    if (list->count == SIGHTS_SHOWN_MAX) {
        list->left_out++;
        return;
    }
    list->rows[list->count++] =
        (struct sights_shown){.iface = keep(list->sights, &entry->iface), .ip = entry->ip};
}

static unsigned take_list(struct sights *s, const struct event_list *from,
                          struct sights_shown *rows, uint64_t *left_out)
{
    struct shown_list list = {.sights = s, .rows = rows};
    if (from->at)
        (void)event_line_list(s->work->parser, from, take_shown, &list);
    *left_out += list.left_out;
    return list.count;
}

/* The last look is the one whose list is kept. */
static void take_look(struct sights *s, const struct event_line *line)
{
    const struct event_looks *l = &line->looks;
    const struct event_text *what = l->request.at        ? &l->request
                                    : l->notification.at ? &l->notification
                                                         : &l->path;
    const char *via = keep(s, &l->via), *request = keep(s, what);
    struct key key = {.len = 0};
    bool fresh;
    key_add(&key, &line->process.pid, sizeof(line->process.pid));
    key_text(&key, via);
    key_text(&key, request);
    size_t i = find_row(s, ROW_LOOK, &key, s->look_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        void *rows = grow(s, s->looks, s->look_count, sizeof(*s->looks));
        if (!rows)
            return;
        s->looks = rows;
        s->looks[s->look_count++] =
            (struct sights_look){.pid = line->process.pid, .via = via, .request = request};
    }
    struct sights_look *look = &s->looks[i];
    note(&look->events, line);
    look->left_out = 0;
    look->shown_count = take_list(s, &l->shown, look->shown, &look->left_out);
    look->hidden_count = take_list(s, &l->hidden, look->hidden, &look->left_out);
}

static void take_probe(struct sights *s, const struct event_line *line)
{
    const char *iface = keep(s, &line->iface), *call = keep(s, &line->hook.call);
    struct netaddr answer = line->answer;
    struct key key = {.len = 0};
    bool fresh;
    answer.port = 0;
    key_add(&key, &line->process.pid, sizeof(line->process.pid));
    key_add(&key, &line->target, sizeof(line->target));
    key_add(&key, &answer, sizeof(answer));
    key_text(&key, iface);
    size_t i = find_row(s, ROW_PROBE, &key, s->probe_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        void *rows = grow(s, s->probes, s->probe_count, sizeof(*s->probes));
        if (!rows)
            return;
        s->probes = rows;
        s->probes[s->probe_count++] = (struct sights_probe){.pid = line->process.pid,
                                                            .target = line->target,
                                                            .answer = answer,
                                                            .iface = iface,
                                                            .call = call,
                                                            .action = line->action};
    }
    note(&s->probes[i].events, line);
}

/* Questions, and what libc's functions answered: their question left by a socket of libc's. */
static void take_question(struct sights *s, const struct event_line *line)
{
    const struct event_names *n = &line->names;
    bool libc = n->server.family == NETADDR_NONE;
    if (line->direction == EVENT_LINE_IN ||
        (!libc && n->kind.len == 6 && n->kind.at && memcmp(n->kind.at, "answer", 6) == 0))
        return;
    const char *question = keep(s, &n->question), *via = keep(s, &n->via);
    const char *iface = keep(s, &line->iface);
    struct key key = {.len = 0};
    bool fresh, refused = line->action == EVENT_LINE_DENY || (!libc && line->hook.failed);
    key_add(&key, &line->process.pid, sizeof(line->process.pid));
    key_add(&key, &n->server, sizeof(n->server));
    key_add(&key, &refused, sizeof(refused));
    key_text(&key, question);
    key_text(&key, via);
    key_text(&key, iface);
    size_t i = find_row(s, ROW_QUESTION, &key, s->question_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        void *rows = grow(s, s->questions, s->question_count, sizeof(*s->questions));
        if (!rows)
            return;
        s->questions = rows;
        s->questions[s->question_count++] =
            (struct sights_question){.pid = line->process.pid,
                                     .question = question,
                                     .via = via,
                                     .server = n->server,
                                     .iface = iface,
                                     .iface_source = line->iface_source,
                                     .refused = refused};
    }
    note(&s->questions[i].events, line);
}

struct announcing {
    struct sights *sights;
    const struct event_line *line;
};

static void take_announcement(const struct event_entry *entry, void *context)
{
    const struct announcing *a = context;
    struct sights *s = a->sights;
    struct key key = {.len = 0};
    bool fresh;
    if (entry->ip.family == NETADDR_NONE)
        return;
    const char *name = keep(s, &entry->name), *iface = keep(s, &a->line->iface);
    key_add(&key, &a->line->process.pid, sizeof(a->line->process.pid));
    key_add(&key, &entry->ip, sizeof(entry->ip));
    key_text(&key, iface);
    size_t i = find_row(s, ROW_ANNOUNCEMENT, &key, s->announcement_count, &fresh);
    if (i == SIZE_MAX)
        return;
    if (fresh) {
        void *rows = grow(s, s->announcements, s->announcement_count, sizeof(*s->announcements));
        if (!rows)
            return;
        s->announcements = rows;
        s->announcements[s->announcement_count++] =
            (struct sights_announcement){.pid = a->line->process.pid,
                                         .name = name,
                                         .address = entry->ip,
                                         .source = a->line->src,
                                         .iface = iface,
                                         .call = keep(s, &a->line->hook.call),
                                         .iface_source = a->line->iface_source};
    }
    note(&s->announcements[i].events, a->line);
}

static void take_announcements(struct sights *s, const struct event_line *line)
{
    struct announcing a = {.sights = s, .line = line};
    if (line->direction != EVENT_LINE_OUT || line->action == EVENT_LINE_DENY || line->hook.failed)
        return;
    if (line->names.answers.at)
        (void)event_line_list(s->work->parser, &line->names.answers, take_announcement, &a);
    if (line->names.authority.at)
        (void)event_line_list(s->work->parser, &line->names.authority, take_announcement, &a);
}

static void take_option(struct sights *s, const struct event_line *line)
{
    if (s->option_count == SIGHTS_ROWS_MAX) {
        s->left_out++;
        return;
    }
    void *rows = grow(s, s->options, s->option_count, sizeof(*s->options));
    if (!rows)
        return;
    s->options = rows;
    s->options[s->option_count++] =
        (struct sights_option){.pid = line->process.pid,
                               .fd = line->hook.there ? line->hook.fd : -1,
                               .option = keep(s, &line->changed.option),
                               .iface = keep(s, &line->changed.iface),
                               .ifindex = line->changed.ifindex,
                               .time_ns = line->time_ns,
                               .seq = line->seq <= UINT32_MAX ? (uint32_t)line->seq : 0};
}

void sights_take(const struct event_line *line, void *context)
{
    struct sights *s = context;
    if (s->failed)
        return; /* a row may have a place in the table and no memory */
    switch (line->type) {
    case EVENT_LINE_ENUMERATION:
        take_look(s, line);
        break;
    case EVENT_LINE_PROBE:
        take_probe(s, line);
        break;
    case EVENT_LINE_DNS:
        take_question(s, line);
        break;
    case EVENT_LINE_MDNS:
        take_announcements(s, line);
        break;
    case EVENT_LINE_SOCKET:
        take_option(s, line);
        break;
    default:
        break;
    }
}

struct sights *sights_new(void)
{
    struct sights *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->work = calloc(1, sizeof(*s->work));
    if (s->work)
        s->work->parser = event_parser_new();
    if (!s->work || !s->work->parser) {
        sights_free(s);
        return NULL;
    }
    s->work->key = siphash_fresh_key();
    return s;
}

void sights_free(struct sights *s)
{
    if (!s)
        return;
    if (s->work) {
        for (size_t i = 0; i < TEXT_SLOTS; i++)
            free(s->work->texts[i]);
        event_parser_free(s->work->parser);
    }
    free(s->work);
    free(s->looks);
    free(s->probes);
    free(s->questions);
    free(s->announcements);
    free(s->options);
    free(s);
}
