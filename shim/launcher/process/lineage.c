/* Which processes descend from the launcher: one pass over /proc that reads only what it does not
 * know yet. */
#include "lineage.h"

#include <stdlib.h>
#include <string.h>

#include "procfs.h"

enum {
    /* Every so many refreshes everything is read again, against a foreign pid that was given out
       anew between two of them. */
    FULL_EVERY = 40,
    CHAIN_MAX = 256,
};

enum family { FAMILY_UNKNOWN, FAMILY_FOREIGN, FAMILY_OURS };

struct entry {
    struct kin kin;
    enum family family;
};

struct lineage {
    pid_t root;
    pid_t left_out;
    unsigned refreshes;
    struct entry *entries;
    size_t entry_count;
    struct kin *kin;
    size_t kin_count;
};

struct lineage *lineage_new(pid_t root)
{
    struct lineage *lineage = calloc(1, sizeof(*lineage));

    if (lineage)
        lineage->root = root;
    return lineage;
}

void lineage_free(struct lineage *lineage)
{
    if (!lineage)
        return;
    free(lineage->entries);
    free(lineage->kin);
    free(lineage);
}

void lineage_leave_out(struct lineage *lineage, pid_t pid)
{
    lineage->left_out = pid;
}

static int compare_entry(const void *key, const void *element)
{
    pid_t pid = *(const pid_t *)key;
    pid_t other = ((const struct entry *)element)->kin.pid;

    return (pid > other) - (pid < other);
}

static struct entry *find_entry(struct entry *entries, size_t count, pid_t pid)
{
    return count ? bsearch(&pid, entries, count, sizeof(*entries), compare_entry) : NULL;
}

/* Follow the parents of an unknown entry to one that is known; all on the way are of the same
 * family. */
static void classify(const struct lineage *lineage, struct entry *entries, size_t count, size_t at)
{
    struct entry *chain[CHAIN_MAX];
    size_t length = 0;
    enum family family = FAMILY_UNKNOWN;
    struct entry *entry = &entries[at];

    while (length < CHAIN_MAX) {
        if (entry->family != FAMILY_UNKNOWN) {
            family = entry->family;
            break;
        }
        chain[length++] = entry;
        if (entry->kin.ppid == lineage->root) {
            family = FAMILY_OURS;
            break;
        }
        if (entry->kin.ppid == 0) {
            family = FAMILY_FOREIGN;
            break;
        }
        entry = find_entry(entries, count, entry->kin.ppid);
        /* A parent that came after the list was read, or ended since: the next refresh knows more.
         */
        if (!entry)
            break;
    }
    for (size_t i = 0; i < length; i++)
        chain[i]->family = family;
}

bool lineage_refresh(struct lineage *lineage)
{
    size_t pid_count = 0;
    size_t count = 0;
    size_t kin_count = 0;
    bool full = lineage->refreshes++ % FULL_EVERY == 0;
    pid_t *pids = procfs_pids(&pid_count);
    struct entry *entries = calloc(pid_count + 1, sizeof(*entries));
    struct kin *kin = calloc(pid_count + 1, sizeof(*kin));

    if (!pids || !entries || !kin) {
        free(pids);
        free(entries);
        free(kin);
        return false;
    }
    for (size_t i = 0; i < pid_count; i++) {
        struct entry *old = find_entry(lineage->entries, lineage->entry_count, pids[i]);
        struct entry *new = &entries[count];
        struct procfs_stat stat;

        if (pids[i] == lineage->root || pids[i] == lineage->left_out) {
            *new = (struct entry){.kin.pid = pids[i], .family = FAMILY_FOREIGN};
            count++;
            continue;
        }
        if (old && old->family == FAMILY_FOREIGN && !full) {
            entries[count++] = *old;
            continue;
        }
        if (!procfs_stat(pids[i], &stat))
            continue;
        *new = (struct entry){.kin = {.pid = pids[i],
                                      .ppid = stat.ppid,
                                      .start_ticks = stat.start_ticks,
                                      .zombie = stat.state == 'Z' || stat.state == 'X'}};
        /* Once ours, always ours: the chain upwards may have a gap at this moment. */
        if (old && old->family == FAMILY_OURS && old->kin.start_ticks == stat.start_ticks)
            new->family = FAMILY_OURS;
        count++;
    }
    free(pids);
    for (size_t i = 0; i < count; i++)
        if (entries[i].family == FAMILY_UNKNOWN)
            classify(lineage, entries, count, i);
    for (size_t i = 0; i < count; i++)
        if (entries[i].family == FAMILY_OURS)
            kin[kin_count++] = entries[i].kin;
    free(lineage->entries);
    free(lineage->kin);
    lineage->entries = entries;
    lineage->entry_count = count;
    lineage->kin = kin;
    lineage->kin_count = kin_count;
    return true;
}

const struct kin *lineage_kin(const struct lineage *lineage, size_t *count)
{
    *count = lineage->kin_count;
    return lineage->kin;
}

const struct kin *lineage_find(const struct lineage *lineage, pid_t pid)
{
    size_t low = 0;
    size_t high = lineage->kin_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lineage->kin[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lineage->kin_count && lineage->kin[low].pid == pid ? &lineage->kin[low] : NULL;
}
