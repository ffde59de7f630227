/*
 * What a test program did and what came of it, one line a fact, so that two runs can be compared
 * byte for byte.
 *
 * Whatever differs between two plain runs is given a name by first sight instead of its number:
 * pids (pid1, pid2), ports (port1). Descriptors keep their numbers: a library that leaves one open
 * would shift them, and that is to be seen. Lines go out by vdprintf(), whose write inside libc no
 * library can stand in front of.
 */
#ifndef RTCSHIM_TESTS_TRANSCRIPT_H
#define RTCSHIM_TESTS_TRANSCRIPT_H

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <wordexp.h>

struct __res_state;

/* One number for each row of hooks.def. */
enum transcript_row {
#define HOOK(name, ret, params) ROW_##name,
#include "hooks.def"
#undef HOOK
    ROW_COUNT
};

enum {
    TRANSCRIPT_ERRNO = 1234
}; /* in errno before every call: still there where a call leaves errno alone */

/* Call a hooked function: its row counts as covered and errno is TRANSCRIPT_ERRNO before it. */
#define CALL(fn, ...) (transcript_mark(ROW_##fn), errno = TRANSCRIPT_ERRNO, fn(__VA_ARGS__))
#define CALL0(fn)     (transcript_mark(ROW_##fn), errno = TRANSCRIPT_ERRNO, fn())

/* Take fd for the lines (a high copy is made, out of the way of the descriptors under test). fd is
 * at 900 already where the program was executed again. */
void transcript_open(int fd);
int transcript_fd(void);

void transcript_mark(enum transcript_row row);
/* "row NAME" for each row that this process or a child of it has covered. */
void transcript_rows(void);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "what = value errno NAME"; errno is what the call just made left there, "-" for untouched. */
void say_result(const char *what, long value);
/* Only the sign: for a count that depends on the kernel's mood (TCP buffers). */
void say_sign(const char *what, long value);
void say_bytes(const char *what, const void *bytes, size_t len);
void say_addr(const char *what, const void *addr, socklen_t len);
void say_status(const char *what, int wait_status);
/* A pid's name by first sight. Not for threads. */
const char *pid_name(pid_t pid);

struct section {
    const char *name;
    void (*run)(void);
};
/* Run the section with that name (NULL: all). */
void transcript_run(const struct section *sections, const char *only);

/* Exported by libc, declared in no header. */
ssize_t __send(int fd, const void *buf, size_t len, int flags);
ssize_t __write(int fd, const void *buf, size_t len);
ssize_t __read(int fd, void *buf, size_t len);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
                       socklen_t *addr_len);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
int __connect(int fd, const struct sockaddr *addr, socklen_t len);
int __close(int fd);
int __dup2(int fd, int to);
int __fcntl(int fd, int cmd, ...);
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t room);
char *__realpath_chk(const char *path, char *resolved, size_t room);
ssize_t __readlinkat_chk(int dir, const char *path, char *buf, size_t len, size_t room);
pid_t __fork(void);
int pidfd_getfd(int process, int their_fd, unsigned int flags);
pid_t __vfork(void);

#endif
