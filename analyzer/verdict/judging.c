/* What the steps of the verdict have in common: rows that are found again, names, evidence. */
#include "verdict_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t judging_find(struct judging *g, enum judging_kind kind, const uint64_t *words, size_t count,
                    size_t rows, bool *fresh)
{
    uint64_t hash = siphash_words(&g->key, words, count) ^ (uint64_t)kind << 61;
    hash |= 1;
    size_t slot = (size_t)(hash >> 1) % JUDGING_SLOTS;
    *fresh = false;
    for (; g->slots[slot].hash; slot = (slot + 1) % JUDGING_SLOTS)
        if (g->slots[slot].hash == hash)
            return g->slots[slot].index;
    if (rows == VERDICT_LEAKS_MAX) {
        g->verdict->left_out++;
        return SIZE_MAX;
    }
    *fresh = true;
    g->slots[slot].hash = hash;
    g->slots[slot].index = (uint32_t)rows;
    return rows;
}

bool judging_room(struct judging *g, void *list, size_t count, size_t row_bytes)
{
    void **rows = list;
    if (g->failed)
        return false;
    if (count != 0 && (count < 8 || (count & (count - 1)) != 0))
        return true;
    void *more = realloc(*rows, (count ? count * 2 : 8) * row_bytes);
    if (!more) {
        g->failed = true;
        return false;
    }
    *rows = more;
    memset((char *)more + count * row_bytes, 0, (count ? count : 8) * row_bytes);
    return true;
}

char *judging_text(struct judging *g, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
        g->failed = true;
    }
    va_end(args);
    return text;
}

const char *judging_who(const struct judging *g, uint32_t process, char *buf, size_t size)
{
    const struct join_process *p;
    const char *name;
    if (process >= g->join->process_count)
        return "a program";
    p = &g->join->processes[process];
    name = join_text(g->join, p->name);
    if (name)
        return name;
    if (p->pid == 0)
        return "a program";
    (void)snprintf(buf, size, "pid %u", (unsigned)p->pid);
    return buf;
}

uint32_t judging_process(const struct judging *g, uint32_t pid)
{
    for (size_t i = g->join->process_count; pid != 0 && i-- > 0;)
        if (g->join->processes[i].pid == pid)
            return (uint32_t)i;
    return JOIN_NONE;
}

bool judging_uncovered(const struct judging *g, uint32_t process)
{
    if (process >= g->join->process_count)
        return false;
    for (size_t i = 0; i < g->run->process_count; i++)
        if (g->run->processes[i].pid == g->join->processes[process].pid && g->run->processes[i].pid)
            return !g->run->processes[i].covered;
    return false;
}

static void add_one(uint32_t number, uint32_t *list, unsigned *count, uint64_t *more)
{
    if (number == 0)
        return;
    for (unsigned i = *count; i-- > 0;)
        if (list[i] == number)
            return;
    if (*count < VERDICT_EVIDENCE_MAX)
        list[(*count)++] = number;
    else
        (*more)++;
}

void judging_evidence(const struct judging *g, const struct join_exchange *x,
                      struct verdict_evidence *evidence)
{
    for (uint32_t i = 0; i < x->messages; i++) {
        const struct join_message *m = &g->join->messages[x->first_message + i];
        add_one(m->seq, evidence->events, &evidence->event_count, &evidence->more);
        add_one(m->frame, evidence->frames, &evidence->frame_count, &evidence->more);
    }
}

void judging_evidence_events(const struct sights_events *events, struct verdict_evidence *evidence)
{
    unsigned before = evidence->event_count;
    for (unsigned i = 0; i < events->count; i++)
        add_one(events->seq[i], evidence->events, &evidence->event_count, &evidence->more);
    if (events->total > events->count)
        evidence->more += events->total - events->count;
    (void)before;
}

void judging_address_words(const struct netaddr *addr, bool port, uint64_t words[static 3])
{
    memcpy(words, addr->ip, 16);
    words[2] = (uint64_t)addr->family << 32 | (port ? addr->port : 0);
}

uint64_t judging_text_word(const struct judging *g, const char *text)
{
    return text ? siphash(&g->key, (const uint8_t *)text, strlen(text)) : 0;
}

bool judging_is_wanted(const struct judging *g, const struct netaddr *exit)
{
    for (size_t i = 0; i < g->verdict->exit_count; i++)
        if (netaddr_same_ip(&g->verdict->exits[i], exit))
            return true;
    return false;
}

static uint32_t own_answer_iface(const struct judging *g, const struct join_exchange *x)
{
    for (uint32_t i = 0; i < x->messages; i++) {
        const struct join_message *m = &g->join->messages[x->first_message + i];
        if (!m->out && m->wire_iface != JOIN_NONE)
            return m->wire_iface;
    }
    return JOIN_NONE;
}

/* x left as the request whose answer is kept. */
static bool is_as_then(const struct flow_fact *fact, const struct join_exchange *x)
{
    return fact->answered_left == x->iface;
}

void judging_note_answer(struct judging *g, const struct join_exchange *x)
{
    struct flow_fact *fact = &g->facts[x->flow];
    uint32_t iface = own_answer_iface(g, x);
    /* The other end asked: what our answers tell is its address. */
    if (!x->out || (iface == JOIN_NONE && x->mapped == JOIN_NONE))
        return;
    if (!is_as_then(fact, x))
        fact->answer_iface = fact->mapped = JOIN_NONE;
    /* An error, or the answer to a Refresh, tells no address. */
    if (iface != JOIN_NONE)
        fact->answer_iface = iface;
    if (x->mapped != JOIN_NONE)
        fact->mapped = x->mapped;
    fact->answered_left = x->iface;
}

void judging_answer(const struct judging *g, const struct join_exchange *x, uint32_t *iface,
                    uint32_t *mapped)
{
    const struct flow_fact *fact = &g->facts[x->flow];
    bool same = is_as_then(fact, x);
    *iface = own_answer_iface(g, x);
    *mapped = x->mapped;
    if (*iface == JOIN_NONE && same)
        *iface = fact->answer_iface;
    if (*mapped == JOIN_NONE && same)
        *mapped = fact->mapped;
}

const char *judging_owner(const struct judging *g, const struct netaddr *ip)
{
    const struct wanted *wanted = &g->verdict->wanted;
    for (size_t i = 0; i < wanted->count; i++)
        if (network_at_has_address(g->network, wanted->names[i], ip))
            return wanted->names[i];
    return network_at_owner(g->network, ip);
}

bool judging_is_bystanders(const struct judging *g, const struct join_exchange *x)
{
    uint32_t process = g->join->acts[x->act].process;
    return x->outcome == JOIN_UNSEEN && process < g->join->process_count &&
           g->join->processes[process].belongs == JOIN_BELONGS_NOT;
}

bool judging_is_elsewhere(const struct judging *g, const struct join_exchange *x)
{
    uint32_t process = g->join->acts[x->act].process;
    return x->iface_source != JOIN_CAPTURE && process < g->join->process_count &&
           g->join->processes[process].elsewhere;
}
