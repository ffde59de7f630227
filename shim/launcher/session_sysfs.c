/* The session's own /sys/class/net. */
#include "session_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char class_net[] = "/sys/class/net";

static bool is_shown(const struct policy_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->ifaces && i < POLICY_IFACES_MAX; i++)
        if (table->iface[i].ifindex != 0 && strcmp(table->iface[i].name, name) == 0)
            return (table->iface[i].hidden & POLICY_HIDDEN_LINK) == 0;
    return false;
}

/* Where /sys/class/net/NAME leads, from the root: its own target starts with "../../". */
static bool target_of(const char *name, char out[static PATH_MAX])
{
    char path[sizeof(class_net) + POLICY_IFNAME_BYTES + 1];
    char target[PATH_MAX];
    const char *from = target;
    ssize_t n;
    int len;

    (void)snprintf(path, sizeof(path), "%s/%s", class_net, name);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    while (strncmp(from, "../", 3) == 0)
        from += 3;
    len = snprintf(out, PATH_MAX, "/sys/%s", from);
    return len > 0 && len < PATH_MAX;
}

static bool put_link(int folder, const char *name)
{
    char wanted[PATH_MAX];
    char have[PATH_MAX];
    ssize_t n;

    if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    if (!target_of(name, wanted))
        return true; /* gone meanwhile, or no /sys: the next change tells */
    n = readlinkat(folder, name, have, sizeof(have) - 1);
    if (n >= 0 && (size_t)n == strlen(wanted) && memcmp(have, wanted, (size_t)n) == 0)
        return true;
    if (n >= 0)
        (void)unlinkat(folder, name, 0);
    return symlinkat(wanted, folder, name) == 0;
}

/* Remove the links of interfaces that are not shown any more; all of them where table is NULL. */
static void remove_links(int folder, const struct policy_table *table)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!dir) {
        if (copy >= 0)
            close(copy);
        return;
    }
    rewinddir(dir);
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !(table && is_shown(table, entry->d_name)))
            (void)unlinkat(folder, entry->d_name, 0);
    closedir(dir);
}

static int open_folder(int session)
{
    return openat(session, SESSION_SYSFS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool session_sysfs_update(const char *session, const struct policy_table *table)
{
    bool ok = true;
    int parent;
    int folder;

    if (!table->hides)
        return true;
    parent = open(session, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (parent < 0)
        return false;
    if (mkdirat(parent, SESSION_SYSFS, 0700) != 0 && errno != EEXIST)
        ok = false;
    folder = open_folder(parent);
    close(parent);
    if (folder < 0)
        return false;
    /* First what must not be seen any more. */
    remove_links(folder, table);
    for (uint32_t i = 0; i < table->ifaces && i < POLICY_IFACES_MAX; i++)
        if (table->iface[i].ifindex != 0 && is_shown(table, table->iface[i].name) &&
            !put_link(folder, table->iface[i].name))
            ok = false;
    close(folder);
    return ok;
}

void session_sysfs_remove(int session)
{
    int folder = open_folder(session);

    if (folder < 0)
        return;
    remove_links(folder, NULL);
    close(folder);
    (void)unlinkat(session, SESSION_SYSFS, AT_REMOVEDIR);
}
