/* What a process can't do, and can still do, once it has closed itself in. Each case is a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

enum { DID_NOT = 2, NOT_CLOSED = 3 };

static int may_write, may_not_write, may_read, netlink_fd;

/* --- what is tried: 0 it worked, else DID_NOT ------------------------------------------------- */

static int try_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 0 : DID_NOT;
}

static int try_exec(void)
{
    char *none[] = {NULL};
    execve("/bin/true", none, none);
    return DID_NOT;
}

static int try_fork(void)
{
    return fork() >= 0 ? 0 : DID_NOT;
}

static int try_kill(void)
{
    return kill(getppid(), 0) == 0 ? 0 : DID_NOT;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : DID_NOT;
}

static int try_write_elsewhere(void)
{
    return write(may_not_write, "x", 1) == 1 ? 0 : DID_NOT;
}

static int try_send_elsewhere(void)
{
    return send(may_not_write, "x", 1, 0) == 1 ? 0 : DID_NOT;
}

static int try_read_elsewhere(void)
{
    char c;
    return read(may_not_write, &c, 1) >= 0 ? 0 : DID_NOT;
}

static int try_executable_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p != MAP_FAILED ? 0 : DID_NOT;
}

static int try_map_a_file(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, may_read, 0);
    return p != MAP_FAILED ? 0 : DID_NOT;
}

static int try_make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : DID_NOT;
}

static int try_attach_filter(void)
{
    int one = 1;
    return setsockopt(netlink_fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)) == 0 ? 0 : DID_NOT;
}

static int try_ioctl_on_a_terminal(void)
{
    return isatty(may_write) >= 0 ? 0 : DID_NOT;
}

static const struct {
    const char *what;
    int (*attempt)(void);
} forbidden[] = {
    {"make a socket", try_socket},
    {"run a program", try_exec},
    {"fork", try_fork},
    {"send a signal", try_kill},
    {"ptrace", try_ptrace},
    {"write to another descriptor", try_write_elsewhere},
    {"send on another socket", try_send_elsewhere},
    {"read another descriptor", try_read_elsewhere},
    {"map executable memory", try_executable_memory},
    {"map a file", try_map_a_file},
    {"make memory executable", try_make_executable},
    {"set another socket option", try_attach_filter},
    {"use a terminal's ioctl", try_ioctl_on_a_terminal},
};

/* --- the children ----------------------------------------------------------------------------- */

static bool closed_in(void)
{
    const struct sandbox sandbox = {.write_fds = {STDERR_FILENO, may_write},
                                    .write_fd_count = 2,
                                    .read_fd = may_read,
                                    .netlink_fd = netlink_fd};
    return sandbox_enter(&sandbox);
}

/* In a child of its own, closed in: returns how that one ended, as waitpid() does. */
static int status_of(int (*attempt)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!closed_in())
            _exit(NOT_CLOSED);
        _exit(attempt());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void what_a_capture_never_does_ends_the_process(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        int status = status_of(forbidden[i].attempt);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("an attempt to %s ended with status 0x%x", forbidden[i].what,
                     (unsigned)status);
    }
}

static int (*in_thread)(void);
static pthread_barrier_t closed;

static void *run_attempt(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&closed);
    _exit(in_thread());
}

/* The decoder's thread is there when the filter comes. */
static void a_thread_that_is_there_is_closed_in_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            pthread_t thread;
            in_thread = forbidden[i].attempt;
            if (pthread_barrier_init(&closed, NULL, 2) != 0 ||
                pthread_create(&thread, NULL, run_attempt, NULL) != 0 || !closed_in())
                _exit(NOT_CLOSED);
            pthread_barrier_wait(&closed);
            pthread_join(thread, NULL);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("a thread's attempt to %s ended with status 0x%x", forbidden[i].what,
                     (unsigned)status);
    }
}

static int open_nothing(void)
{
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return DID_NOT;
    if (open("/tmp/rtcshim-test", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
        return DID_NOT;
    return access("/", F_OK) == -1 && errno == EACCES ? 0 : DID_NOT;
}

static void files_are_closed_but_an_attempt_is_survived(void **state)
{
    (void)state;
    assert_int_equal(status_of(open_nothing), 0);
}

/* Large enough for the C library to ask how much memory there is. */
static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(int));
}

static int work(void)
{
    size_t n = 1 << 20;
    int *numbers = malloc(n * sizeof(int));
    uint8_t key[16];
    char c;
    if (!numbers || getrandom(key, sizeof(key), 0) != sizeof(key))
        return DID_NOT;
    for (size_t i = 0; i < n; i++)
        numbers[i] = (int)(n - i);
    qsort(numbers, n, sizeof(int), compare);
    numbers = realloc(numbers, 4 * n * sizeof(int));
    free(numbers);
    return write(may_write, "x", 1) == 1 && read(may_read, &c, 1) == 1 &&
                   ftruncate(may_write, 0) == 0
               ? 0
               : DID_NOT;
}

static void work_goes_on(void **state)
{
    (void)state;
    assert_int_equal(status_of(work), 0);
}

static int open_descriptors(void **state)
{
    int ends[2];
    (void)state;
    may_write = memfd_create("output", MFD_CLOEXEC);
    may_read = memfd_create("input", MFD_CLOEXEC);
    netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (may_write < 0 || may_read < 0 || netlink_fd < 0 || write(may_read, "x", 1) != 1 ||
        lseek(may_read, 0, SEEK_SET) != 0 ||
        socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    may_not_write = ends[0];
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_capture_never_does_ends_the_process),
        cmocka_unit_test(a_thread_that_is_there_is_closed_in_too),
        cmocka_unit_test(files_are_closed_but_an_attempt_is_survived),
        cmocka_unit_test(work_goes_on),
    };
    return cmocka_run_group_tests(tests, open_descriptors, NULL);
}
