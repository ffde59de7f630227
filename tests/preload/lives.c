/* Processes and threads: born in every way, with descriptors that go with them; the same transcript
 * plain and under the library. */
#include "lives.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoints.h"
#include "transcript.h"

static const struct section sections[] = {
    {"fork", lives_fork},
    {"vfork", lives_vfork},
    {"clone", lives_clone},
    {"fork-threaded", lives_fork_threaded},
    {"exec", lives_exec},
    {"exec-fails", lives_exec_fails},
    {"spawn", lives_spawn},
    {"threads", lives_threads},
    {"cancel", lives_cancel},
    {"signal", lives_signal},
    {"passed", lives_passed},
    {"nowhere", lives_nowhere},
    {"many", lives_many},
    {"bare", lives_bare},
    {"vfork-nested", lives_vfork_nested},
    {"vfork-threads", lives_vfork_threads},
    {"exec-long", lives_exec_long},
    {"null", lives_null},
    {"abort", lives_abort},
    {NULL, NULL},
};

extern char **environ;

const char *lives_self(void)
{
    static char path[4096];
    if (!path[0] && readlink("/proc/self/exe", path, sizeof(path) - 1) <= 0)
        fail("readlink /proc/self/exe");
    return path;
}

int lives_exchange(const int fd[static 2])
{
    uint8_t buf[64];
    if (CALL(send, fd[0], buf, stun_request(buf, 20, 21), 0) != 20)
        return 11;
    if (CALL(recv, fd[1], buf, sizeof(buf), 0) != 20)
        return 12;
    return 0;
}

/* What a program that was executed sees of its start. The library may add itself and its session to
 * the environment, nothing else. */
static int be_child(int argc, char **argv)
{
    int fd[2];
    say("  arguments %d", argc);
    for (int i = 0; i < argc; i++)
        if (i < 40 || i >= argc - 2)
            say("  argument %d: %s", i, argv[i]);
    for (char **e = environ; e && *e; e++)
        if (strncmp(*e, "LD_PRELOAD=", 11) != 0 && strncmp(*e, "RTCSHIM_", 8) != 0 &&
            strncmp(*e, "_=", 2) != 0)
            say("  variable %.60s", *e);
    udp_pair(fd, AF_INET);
    say("  descriptors %d %d, exchange %d", fd[0], fd[1], lives_exchange(fd));
    return 7;
}

/* Started with descriptors 0 to 2 closed. */
static int be_bare(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    say("  descriptors %d %d, exchange %d", fd[0], fd[1], lives_exchange(fd));
    say_result("  close 0", CALL(close, 0));
    say_result("  open", CALL(open, "/dev/null", O_RDONLY));
    say_result("  send to it", CALL(send, 0, "x", 1, 0));
    return 8;
}

/* Started with /dev/null at 0 to 2: it takes any pointer, and nobody may follow one that it was
 * given. */
static int be_null(void)
{
    uint8_t stun[20];
    void *nowhere = guarded(4096);
    for (int fd = 0; fd <= 2; fd++) {
        struct iovec iov = {nowhere, 64};
        say("  descriptor %d", fd);
        say_result("  write of what is not there", CALL(write, fd, nowhere, 64));
        say_result("  writev of it", CALL(writev, fd, &iov, 1));
        say_result("  write of STUN", CALL(write, fd, stun, stun_request(stun, 20, 1)));
        say_result("  read into nowhere", CALL(read, fd, nowhere, 64));
    }
    return 9;
}

int main(int argc, char **argv)
{
    alarm(60); /* a hang is a failure, not a wait */
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (const struct section *s = sections; s->name; s++)
            puts(s->name);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--bare") == 0) {
        transcript_open(900);
        return be_bare();
    }
    if (argc > 1 && strcmp(argv[1], "--null") == 0) {
        transcript_open(900);
        return be_null();
    }
    if (argc > 1 && strcmp(argv[1], "--child") == 0) {
        transcript_open(900);
        return be_child(argc, argv);
    }
    /* A small environment of its own, so that what the children print is the same everywhere. */
    setenv("PATH", "/usr/bin:/bin", 1);
    for (char **e = environ; *e;) {
        const char *mark = strchr(*e, '=');
        char name[256] = "";
        if (mark && (size_t)(mark - *e) < sizeof(name))
            memcpy(name, *e, (size_t)(mark - *e));
        if (!name[0] || strcmp(name, "PATH") == 0 || strcmp(name, "LD_PRELOAD") == 0 ||
            strncmp(name, "RTCSHIM_", 8) == 0)
            e++;
        else
            unsetenv(name);
    }
    transcript_open(STDOUT_FILENO);
    transcript_run(sections, argc > 1 ? argv[1] : NULL);
    transcript_rows();
    return 0;
}
