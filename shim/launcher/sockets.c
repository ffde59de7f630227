/* Sockets of a process: the inode numbers behind its descriptors, looked up in its network namespace's tables. */
#include "sockets.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

enum {
    INODES_MAX = 65536,
    TABLE_BYTES_MAX = 16 * 1024 * 1024,
};

/* Files below /proc/PID/net, and the column (counted from 0) that holds the inode number. */
static const struct socket_table {
    const char *name;
    int inode_column;
} tables[] = {
    {"net/tcp", 9},  {"net/tcp6", 9},  {"net/udp", 9},      {"net/udp6", 9},     {"net/raw", 9},
    {"net/raw6", 9}, {"net/icmp", 9},  {"net/icmp6", 9},    {"net/udplite", 9},  {"net/netlink", 9},
    {"net/packet", 8},
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The inode numbers of all sockets among the descriptors; false where they can't be read. */
static bool list_inodes(pid_t pid, uint64_t **out, size_t *count)
{
    char path[64];
    char target[64];
    uint64_t *inodes = NULL;
    size_t used = 0;
    size_t room = 0;
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (!dir)
        return false;
    while ((entry = readdir(dir)) && used < INODES_MAX) {
        unsigned long long inode;
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (sscanf(target, "socket:[%llu]", &inode) != 1)
            continue;
        if (used == room) {
            uint64_t *more = realloc(inodes, (room ? room * 2 : 64) * sizeof(*inodes));
            if (!more)
                break;
            inodes = more;
            room = room ? room * 2 : 64;
        }
        inodes[used++] = inode;
    }
    closedir(dir);
    if (used > 0)
        qsort(inodes, used, sizeof(*inodes), compare);
    *out = inodes;
    *count = used;
    return true;
}

static bool table_holds(pid_t pid, const struct socket_table *table, const uint64_t *inodes, size_t count)
{
    size_t len = 0;
    char *text = procfs_read(pid, table->name, TABLE_BYTES_MAX, &len);
    char *lines = NULL;
    bool found = false;

    /* A table that is not there is a protocol that the kernel does not have. */
    if (!text)
        return false;
    for (char *line = strtok_r(text, "\n", &lines); line && !found; line = strtok_r(NULL, "\n", &lines)) {
        char *words = NULL;
        char *word = strtok_r(line, " ", &words);
        for (int column = 0; word && column < table->inode_column; column++)
            word = strtok_r(NULL, " ", &words);
        uint64_t inode = word ? strtoull(word, NULL, 10) : 0;
        found = inode != 0 && bsearch(&inode, inodes, count, sizeof(*inodes), compare);
    }
    free(text);
    return found;
}

enum sockets_answer sockets_look(pid_t pid)
{
    uint64_t *inodes = NULL;
    size_t count = 0;
    enum sockets_answer answer = SOCKETS_NONE;

    if (!list_inodes(pid, &inodes, &count))
        return SOCKETS_UNREADABLE;
    for (size_t i = 0; count > 0 && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (table_holds(pid, &tables[i], inodes, count)) {
            answer = SOCKETS_OPEN;
            break;
        }
    }
    free(inodes);
    return answer;
}
