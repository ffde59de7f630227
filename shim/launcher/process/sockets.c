/* Sockets of a process: the kernel names the protocol of each in an attribute of the descriptor's
 * file. */
#include "sockets.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* sockfs shows it since Linux 2.6.33: "TCP", "UDPv6", "NETLINK", "PACKET", "UNIX", "UNIX-STREAM".
 */
static const char protocol_attribute[] = "system.sockprotoname";

enum { DESCRIPTORS_MAX = 65536 };

/* Sockets that stay on this machine. A socket table in /proc/net would not do: it lacks sockets
 * that are not bound yet. */
static int is_local(const char *path)
{
    char protocol[64];
    ssize_t n = getxattr(path, protocol_attribute, protocol, sizeof(protocol) - 1);

    if (n <= 0)
        return 0;
    protocol[n] = '\0';
    return strncmp(protocol, "UNIX", 4) == 0;
}

enum sockets_answer sockets_look(pid_t pid)
{
    char path[64 + NAME_MAX];
    char target[64];
    enum sockets_answer answer = SOCKETS_NONE;
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (!dir)
        return SOCKETS_UNREADABLE;
    for (int i = 0; i < DESCRIPTORS_MAX && answer == SOCKETS_NONE && (entry = readdir(dir)); i++) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (strncmp(target, "socket:", 7) != 0)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
        if (!is_local(path))
            answer = SOCKETS_OPEN;
    }
    closedir(dir);
    return answer;
}
