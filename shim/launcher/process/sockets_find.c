/* The links of /proc/PID/fd compared with inode numbers. */
#include "sockets_find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536 };

/* "socket:[12345]" */
static uint64_t inode_of(const char *target)
{
    static const char prefix[] = "socket:[";

    if (strncmp(target, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    return strtoull(target + sizeof(prefix) - 1, NULL, 10);
}

enum sockets_answer sockets_find(pid_t pid, struct socket_wanted *wanted, size_t count)
{
    char text[64];
    enum sockets_answer answer = SOCKETS_NONE;
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(text, sizeof(text), "/proc/%d/fd", (int)pid);
    dir = opendir(text);
    if (!dir)
        return SOCKETS_UNREADABLE;
    for (int i = 0; i < DESCRIPTORS_MAX && (entry = readdir(dir)); i++) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, text, sizeof(text) - 1);
        uint64_t inode;
        if (n <= 0)
            continue;
        text[n] = '\0';
        inode = inode_of(text);
        for (size_t j = 0; inode != 0 && j < count; j++)
            if (wanted[j].inode == inode) {
                answer = SOCKETS_OPEN;
                if (wanted[j].pid == 0)
                    wanted[j].pid = pid;
            }
    }
    closedir(dir);
    return answer;
}
