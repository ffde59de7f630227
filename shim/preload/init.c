/* The constructor: takes the ring and the policy from the session's folder before any sandbox
 * closes. */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit.h"
#include "role.h"

struct shim shim;

/* Map one file of the session. NULL unless it is a regular file of this user, not writable by
 * others, and larger than nothing. */
static void *map_file(const char *name, int flags, int prot, size_t *bytes)
{
    char path[SHIM_PATH_BYTES + 16];
    size_t folder = strlen(shim.session);
    struct stat st;
    void *mem = MAP_FAILED;

    memcpy(path, shim.session, folder);
    path[folder] = '/';
    memcpy(path + folder + 1, name, strlen(name) + 1);

    /* O_NONBLOCK: a fifo in that place must not stop the program. */
    int fd = REAL(open)(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_uid == geteuid() &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
        *bytes = (size_t)st.st_size;
        mem = mmap(NULL, *bytes, prot, MAP_SHARED, fd, 0);
    }
    REAL(close)(fd);
    return mem == MAP_FAILED ? NULL : mem;
}

/* A page that is zero in every child, whichever call made it. */
static void *page_wiped_on_fork(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mem == MAP_FAILED)
        return NULL;
    if (madvise(mem, page, MADV_WIPEONFORK) == 0)
        return mem;
    munmap(mem, page);
    return NULL;
}

static bool remember(char *to, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len == 0 || len >= SHIM_PATH_BYTES)
        return false;
    memcpy(to, text, len + 1);
    return true;
}

/* The folder of a session that was started with a policy that forbids something says so in its
 * name: a process that can see no more of it than that is told all the same. */
static bool session_enforces(void)
{
    static const char mark[] = ".enforce";
    size_t len = strlen(shim.session);

    while (len > 0 && shim.session[len - 1] == '/')
        len--;
    return len >= sizeof mark - 1 &&
           memcmp(shim.session + len - (sizeof mark - 1), mark, sizeof mark - 1) == 0;
}

/*
 * The session's files can't be had, and its policy forbids something: the closed policy is kept,
 * and what it refuses is told to nobody, in a ring of this process's own. Where there is no memory
 * even for that the program can't be run safely either, and the kernel will say so to it.
 */
static bool close_session(void)
{
    static _Atomic uint32_t numbers[2];
    size_t bytes = ring_bytes(RING_CELLS_MIN) + sizeof(struct policy_shared);
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (mem == MAP_FAILED || !ring_format(mem, RING_CELLS_MIN) ||
        !ring_attach(mem, ring_bytes(RING_CELLS_MIN), &shim.ring))
        return false;
    struct policy_shared *policy = (void *)((char *)mem + ring_bytes(RING_CELLS_MIN));
    policy_format_closed(policy);
    shim.policy = policy;
    if (!shim.number)
        shim.number = numbers;
    shim.kept = shim.number + 1;
    return true;
}

/* Attach to the session; false leaves the library passive. */
static bool take_session(void)
{
    Dl_info self;
    size_t ring_len = 0, policy_len = 0;
    void *ring, *policy;

    if (!remember(shim.session, secure_getenv("RTCSHIM_SESSION")))
        return false;
    if (!dladdr((void *)&shim, &self) || !remember(shim.library, self.dli_fname))
        return false;
    ring = map_file("ring", O_RDWR, PROT_READ | PROT_WRITE, &ring_len);
    policy = map_file("policy", O_RDONLY, PROT_READ, &policy_len);
    shim.number = page_wiped_on_fork();
    if (ring && policy && shim.number && ring_attach(ring, ring_len, &shim.ring) &&
        policy_valid(policy, policy_len)) {
        shim.kept = shim.number + 1;
        shim.policy = policy;
        return true;
    }
    if (ring)
        munmap(ring, ring_len);
    if (policy)
        munmap(policy, policy_len);
    return session_enforces() && close_session();
}

/* What this program does in a browser, for rules that speak of it. A child by fork keeps it. */
static uint32_t find_role(void)
{
    char exe[SHIM_PATH_BYTES], arguments[SHIM_PATH_BYTES];
    ssize_t exe_len = REAL(readlink)("/proc/self/exe", exe, sizeof exe - 1);
    int fd = REAL(open)("/proc/self/cmdline", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t len = 0, n = 0;

    if (exe_len > 0)
        exe[exe_len] = '\0';
    while (fd >= 0 && (size_t)len < sizeof arguments &&
           (n = REAL(read)(fd, arguments + len, sizeof arguments - (size_t)len)) > 0)
        len += n;
    if (fd >= 0)
        REAL(close)(fd);
    return UINT32_C(1) << role_find(exe_len > 0 ? exe : NULL, len > 0 ? arguments : NULL,
                                    (size_t)len);
}

/* The pid that procfs knows this process by: with /proc mounted by the launcher's namespace, its
 * pid there. */
static uint32_t proc_pid(void)
{
    char text[16] = "";
    uint32_t pid = 0;
    ssize_t len = REAL(readlink)("/proc/self", text, sizeof text);

    for (ssize_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
        pid = pid * 10 + (uint32_t)(text[i] - '0');
    return pid;
}

/* Standard input and output are looked at most and made by somebody else. A file or a device among
 * them is no socket, and /dev/null would take a pointer that a look must not follow. */
static void know_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        struct stat st;
        if (fdtab_get(fd) == 0 && fstat(fd, &st) == 0 &&
            (S_ISCHR(st.st_mode) || S_ISREG(st.st_mode)))
            fdtab_set(fd, FD_OTHER);
    }
}

__attribute__((constructor)) static void start(void)
{
    int saved = errno;

    real_resolve_all();
    if (take_session()) {
        uint32_t number = ring_new_process(&shim.ring);
        atomic_store(shim.number, number);
        atomic_store(&shim.copied_from, number);
        know_standard_descriptors();
        shim.role = find_role();
        shim.active = true;
        emit_process(&(struct event_process){
            .ns_pid = (uint32_t)getpid(),
            .proc_pid = proc_pid(),
        });
    }
    errno = saved;
}
