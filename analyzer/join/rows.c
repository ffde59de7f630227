/* Tables that hold each thing once: texts, addresses, acts, processes, this machine's addresses. */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "join_private.h"

enum { HASHED_FIRST = 256, ROWS_FIRST = 64 };

/* --- hashed ----------------------------------------------------------------------------------- */

static void put_slot(struct hashed *t, uint32_t hash, uint32_t index)
{
    size_t at = hash & (t->size - 1);
    while (t->slots[at].index != JOIN_NONE)
        at = (at + 1) & (t->size - 1);
    t->slots[at] = (struct hashed_slot){hash, index};
}

static bool grow(struct hashed *t)
{
    struct hashed wider = {.size = t->size ? 2 * t->size : HASHED_FIRST, .count = t->count};
    wider.slots = malloc(wider.size * sizeof(*wider.slots));
    if (!wider.slots)
        return false;
    memset(wider.slots, 0xff, wider.size * sizeof(*wider.slots));
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].index != JOIN_NONE)
            put_slot(&wider, t->slots[i].hash, t->slots[i].index);
    free(t->slots);
    *t = wider;
    return true;
}

bool hashed_add(struct hashed *t, uint32_t hash, uint32_t index)
{
    if (4 * (t->count + 1) > 3 * t->size && !grow(t))
        return false;
    put_slot(t, hash, index);
    t->count++;
    return true;
}

bool hashed_next(const struct hashed *t, uint32_t hash, size_t *at, uint32_t *index)
{
    if (t->size == 0)
        return false;
    for (;; ++*at) {
        const struct hashed_slot *slot = &t->slots[*at & (t->size - 1)];
        if (slot->index == JOIN_NONE)
            return false;
        if (slot->hash == hash) {
            *index = slot->index;
            return true;
        }
    }
}

uint32_t join_hash(const struct join *j, const uint64_t *words, size_t count)
{
    return (uint32_t)siphash_words(&j->work->key, words, count);
}

bool join_room(struct join *j, void *list, size_t *room, size_t count, size_t element_bytes)
{
    void *rows, *more;
    size_t want = *room ? *room + *room / 2 : ROWS_FIRST;
    if (count < *room)
        return true;
    memcpy(&rows, list, sizeof(rows));
    more = realloc(rows, want * element_bytes);
    if (!more) {
        j->work->no_memory = true;
        return false;
    }
    memcpy(list, &more, sizeof(more));
    *room = want;
    /* cppcheck-suppress memleak ; *list has it */
    return true;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool is_text(const struct join *j, uint32_t index, const char *text, size_t len)
{
    const char *have = j->texts[index];
    return strncmp(have, text, len) == 0 && have[len] == '\0';
}

static uint32_t add_text(struct join *j, const char *text, size_t len, uint32_t hash)
{
    char *copy;
    if (j->text_count >= JOIN_TEXTS_MAX) {
        j->left_out++;
        return JOIN_NONE;
    }
    if (!join_room(j, &j->texts, &j->work->text_room, j->text_count, sizeof(*j->texts)))
        return JOIN_NONE;
    copy = malloc(len + 1);
    if (!copy || !hashed_add(&j->work->texts, hash, (uint32_t)j->text_count)) {
        free(copy);
        j->work->no_memory = true;
        return JOIN_NONE;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    j->texts[j->text_count] = copy;
    return (uint32_t)j->text_count++;
}

uint32_t join_text_of(struct join *j, const char *text, size_t len, unsigned cache)
{
    uint32_t *cached = &j->work->text_cache[cache % JOIN_TEXT_CACHES];
    uint32_t index, hash;
    if (!text)
        return JOIN_NONE;
    if (len > JOIN_TEXT_BYTES_MAX)
        len = JOIN_TEXT_BYTES_MAX;
    if (*cached < j->text_count && is_text(j, *cached, text, len))
        return *cached;
    hash = (uint32_t)siphash(&j->work->key, (const uint8_t *)text, len);
    for (size_t at = hash; hashed_next(&j->work->texts, hash, &at, &index); at++)
        if (is_text(j, index, text, len))
            return *cached = index;
    return *cached = add_text(j, text, len, hash);
}

/* --- addresses -------------------------------------------------------------------------------- */

static uint32_t hash_ip(const struct join *j, const struct netaddr *addr, uint16_t port)
{
    uint64_t words[] = {be64(addr->ip), be64(addr->ip + 8), (uint64_t)addr->family << 16 | port};
    return join_hash(j, words, 3);
}

uint32_t join_addr_of(struct join *j, const struct netaddr *addr)
{
    uint32_t index, hash;
    if (addr->family == NETADDR_NONE)
        return JOIN_NONE;
    hash = hash_ip(j, addr, addr->port);
    for (size_t at = hash; hashed_next(&j->work->addrs, hash, &at, &index); at++)
        if (netaddr_same(&j->addrs[index], addr))
            return index;
    if (!join_room(j, &j->addrs, &j->work->addr_room, j->addr_count, sizeof(*j->addrs)))
        return JOIN_NONE;
    if (!hashed_add(&j->work->addrs, hash, (uint32_t)j->addr_count)) {
        j->work->no_memory = true;
        return JOIN_NONE;
    }
    j->addrs[j->addr_count] = *addr;
    return (uint32_t)j->addr_count++;
}

bool join_is_local(const struct join *j, const struct netaddr *addr)
{
    uint32_t index, hash = hash_ip(j, addr, 0);
    for (size_t at = hash; hashed_next(&j->work->own, hash, &at, &index); at++)
        if (netaddr_same_ip(&j->work->locals[index], addr))
            return true;
    return false;
}

void join_add_local(struct join *j, const struct netaddr *addr)
{
    struct join_work *w = j->work;
    enum netaddr_kind kind = netaddr_kind_of(addr);
    if (kind == NETADDR_KIND_NONE || kind == NETADDR_KIND_UNSPECIFIED ||
        kind == NETADDR_KIND_MULTICAST || join_is_local(j, addr))
        return;
    if (w->local_count >= JOIN_LOCALS_MAX) {
        j->left_out++;
        return;
    }
    if (!join_room(j, &w->locals, &w->local_room, w->local_count, sizeof(*w->locals)))
        return;
    if (!hashed_add(&w->own, hash_ip(j, addr, 0), (uint32_t)w->local_count)) {
        w->no_memory = true;
        return;
    }
    w->locals[w->local_count++] = *addr;
}

/* --- acts and processes ----------------------------------------------------------------------- */

static bool is_act(const struct join_act *a, const struct join_act *b)
{
    return a->process == b->process && a->call == b->call && a->rule == b->rule &&
           a->error == b->error && a->iface == b->iface && a->address_iface == b->address_iface &&
           a->iface_source == b->iface_source && a->action == b->action && a->failed == b->failed;
}

uint32_t join_act_add(struct join *j, const struct join_act *act)
{
    uint64_t words[] = {
        (uint64_t)act->process << 32 | act->call,
        (uint64_t)act->rule << 32 | act->error,
        (uint64_t)act->iface << 32 | act->address_iface,
        (uint64_t)act->iface_source << 16 | (uint64_t)act->action << 8 | act->failed,
    };
    uint32_t index, hash;
    if (j->work->last_act < j->act_count && is_act(&j->acts[j->work->last_act], act))
        return j->work->last_act;
    hash = join_hash(j, words, 4);
    for (size_t at = hash; hashed_next(&j->work->acts, hash, &at, &index); at++)
        if (is_act(&j->acts[index], act))
            return j->work->last_act = index;
    if (j->act_count >= JOIN_ACTS_MAX) {
        j->left_out++;
        return 0;
    }
    if (!join_room(j, &j->acts, &j->work->act_room, j->act_count, sizeof(*j->acts)))
        return 0;
    if (!hashed_add(&j->work->acts, hash, (uint32_t)j->act_count)) {
        j->work->no_memory = true;
        return 0;
    }
    j->acts[j->act_count] = *act;
    return j->work->last_act = (uint32_t)j->act_count++;
}

uint32_t join_process_of(struct join *j, uint32_t pid, uint32_t name, bool by_kernel,
                         uint8_t belongs)
{
    uint64_t words[] = {(uint64_t)pid << 32 | name, by_kernel};
    uint32_t index, hash = join_hash(j, words, 2);
    for (size_t at = hash; hashed_next(&j->work->processes, hash, &at, &index); at++) {
        const struct join_process *p = &j->processes[index];
        if (p->pid == pid && p->name == name && p->by_kernel == by_kernel &&
            (pid != 0 || p->belongs == belongs))
            return index;
    }
    if (j->process_count >= JOIN_PROCESSES_MAX) {
        j->left_out++;
        return JOIN_NONE;
    }
    if (!join_room(j, &j->processes, &j->work->process_room, j->process_count,
                   sizeof(*j->processes)))
        return JOIN_NONE;
    if (!hashed_add(&j->work->processes, hash, (uint32_t)j->process_count)) {
        j->work->no_memory = true;
        return JOIN_NONE;
    }
    j->processes[j->process_count] = (struct join_process){
        .pid = pid, .name = name, .role = JOIN_NONE, .belongs = belongs, .by_kernel = by_kernel};
    return (uint32_t)j->process_count++;
}
