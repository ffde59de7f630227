/* Remembers by which host name each address was found. */
#include "names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uthash.h>

struct names_key {
    uint8_t ip[16];
    uint8_t family;
};

struct names_entry {
    struct names_key key;
    char name[NAMES_TEXT_BYTES];
    UT_hash_handle hh;
};

struct names {
    struct names_entry *table; /* in the order of learning: the first is the oldest */
    uint64_t learned;
};

static struct names_key names_key_of(const struct netaddr *addr)
{
    struct names_key key;

    memset(&key, 0, sizeof key);
    memcpy(key.ip, addr->ip, sizeof key.ip);
    key.family = addr->family;
    return key;
}

static struct names_entry *names_entry_of(const struct names *names, const struct netaddr *addr)
{
    struct names_key key = names_key_of(addr);
    struct names_entry *entry;

    HASH_FIND(hh, names->table, &key, sizeof key, entry);
    return entry;
}

struct names *names_new(void)
{
    return calloc(1, sizeof(struct names));
}

void names_free(struct names *names)
{
    struct names_entry *entry, *next;

    if (!names)
        return;
    HASH_ITER(hh, names->table, entry, next)
    {
        /* The analyzer does not see that HASH_DEL moves the head on. */
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(names->table, entry);
        free(entry);
    }
    free(names);
}

void names_learn(struct names *names, const struct netaddr *addr, const char *name)
{
    struct names_entry *entry;
    enum netaddr_kind kind = netaddr_kind_of(addr);

    if (kind == NETADDR_KIND_NONE || kind == NETADDR_KIND_UNSPECIFIED || name[0] == '\0')
        return;
    entry = names_entry_of(names, addr);
    if (!entry) {
        if (HASH_COUNT(names->table) >= NAMES_MAX) {
            struct names_entry *oldest = names->table;
            HASH_DEL(names->table, oldest);
            free(oldest);
        }
        entry = calloc(1, sizeof *entry);
        if (!entry)
            return;
        entry->key = names_key_of(addr);
        /* The analyzer does not see that HASH_DEL moves the head on. */
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_ADD(hh, names->table, key, sizeof entry->key, entry);
    }
    size_t len = strnlen(name, sizeof entry->name - 1);
    names->learned += strncmp(entry->name, name, len + 1) != 0;
    memcpy(entry->name, name, len);
    entry->name[len] = '\0';
}

const char *names_find(const struct names *names, const struct netaddr *addr)
{
    struct names_entry *entry = names_entry_of(names, addr);

    return entry ? entry->name : NULL;
}

static bool same_host(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    a_len -= a_len > 0 && a[a_len - 1] == '.';
    b_len -= b_len > 0 && b[b_len - 1] == '.';
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

size_t names_addresses(const struct names *names, const char *name, struct netaddr *out, size_t max)
{
    size_t count = 0;

    for (const struct names_entry *e = names->table; e && count < max; e = e->hh.next) {
        if (!same_host(e->name, name))
            continue;
        out[count] = netaddr_from_bytes(e->key.ip, e->key.family == NETADDR_IPV6 ? 16 : 4, 0);
        count++;
    }
    return count;
}

uint64_t names_learned(const struct names *names)
{
    return names->learned;
}
