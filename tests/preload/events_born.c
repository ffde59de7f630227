/* Children and their numbers: each its own, and the one that its parent announced; what a vfork
 * child forks; programs that could not be started, and environments that say it twice. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "events.h"
#include "transcript.h"

static int talk_to[2];

static void say_id(uint32_t id)
{
    uint8_t b[20];
    send(talk_to[0], b, stun_request(b, 20, id), 0);
}

static void ended(pid_t pid)
{
    int status;
    if (pid <= 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fail("child");
}

static pid_t raw_clone(void)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL);
}

/* A child that says nothing before it makes another one behind libc's back: the number that was
 * kept for it is not its child's. */
void events_silent_child(void)
{
    pair(talk_to, AF_INET);
    pid_t pid = fork();
    if (pid == 0) {
        pid_t inner = raw_clone();
        if (inner == 0) {
            say_id(1);
            _exit(0);
        }
        ended(inner);
        say_id(2);
        _exit(0);
    }
    ended(pid);
    expect("fork fork result=%d child=1", pid);
    expect("process by_fork=1 announced=0");
    expect_stun("send", "out,udp", 20, 1);
    expect("process by_fork=1 announced=1");
    expect_stun("send", "out,udp", 20, 2);
}

static void in_child(void)
{
    say_id(1);
}

/* A handler of pthread_atfork speaks before fork has returned in the child. */
void events_atfork(void)
{
    pair(talk_to, AF_INET);
    if (pthread_atfork(NULL, NULL, in_child) != 0)
        fail("pthread_atfork");
    pid_t pid = fork();
    if (pid == 0) {
        pid_t inner = raw_clone();
        if (inner == 0) {
            say_id(2);
            _exit(0);
        }
        ended(inner);
        _exit(0);
    }
    ended(pid);
    expect("fork fork result=%d child=1", pid);
    expect("process by_fork=1 announced=1");
    expect_stun("send", "out,udp", 20, 1);
    expect("process by_fork=1 announced=0");
    expect_stun("send", "out,udp", 20, 2);
}

/* What a vfork child forks keeps a table of its own again: without it RFC 3489's form, which has no
 * cookie, would not be looked for. */
void events_vfork_fork(void)
{
    volatile pid_t forked = 0;
    uint8_t b[20];
    struct sockaddr_storage to;
    socklen_t len;
    int server = udp_bound(AF_INET, &to, &len);
    pid_t pid = vfork();
    if (pid == 0) {
        pid_t inner = fork();
        if (inner == 0) {
            int fd = socket(AF_INET, SOCK_DGRAM, 0);
            stun_request(b, 20, 1);
            put_be32(b + 4, 0x01020304);
            sendto(fd, b, 20, 0, (struct sockaddr *)&to, len);
            _exit(0);
        }
        forked = inner;
        int status = 1;
        waitpid(inner, &status, 0);
        _exit(status != 0);
    }
    ended(pid);
    expect("fork fork result=%d child=1", forked);
    expect("process by_fork=1 announced=1");
    expect("stun sendto out,udp,classic len=20 id=1");
    close(server);
}

void events_spawn_fails(void)
{
    char *const argv[] = {"x", NULL}, *const envp[] = {"A=1", NULL};
    pid_t pid;
    if (posix_spawn(&pid, "/nosuch/program", NULL, NULL, argv, envp) == 0)
        fail("posix_spawn of nothing");
    expect("exec posix_spawn out,repaired path=/nosuch/program");
    expect("exec posix_spawn out,failed errno=ENOENT path=/nosuch/program");
    if (posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, envp) == 0)
        fail("posix_spawnp of nothing");
    expect("exec posix_spawnp out,repaired path=no-such-program");
    expect("exec posix_spawnp out,failed errno=ENOENT path=no-such-program");
}

/* Of two entries getenv() takes the first, the loader the last: that one decides. */
void events_two_sessions(void)
{
    static char path[4096], session[4200], preload[4200];
    char *const argv[] = {"events", "--child", NULL};
    if (readlink("/proc/self/exe", path, sizeof(path) - 1) <= 0 || !getenv("RTCSHIM_SESSION") ||
        !getenv("LD_PRELOAD"))
        fail("the surroundings");
    snprintf(session, sizeof(session), "RTCSHIM_SESSION=%s", getenv("RTCSHIM_SESSION"));
    snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", getenv("LD_PRELOAD"));
    char *const wrong_first[] = {"RTCSHIM_SESSION=/nonexistent", session, preload, NULL},
                *const wrong_last[] = {session, "RTCSHIM_SESSION=/nonexistent", preload, NULL},
                *const no_library[] = {preload, session, "LD_PRELOAD=", NULL};
    char *const *const environments[] = {wrong_first, wrong_last, no_library};
    static const char *const flags[] = {"out,repaired", "out", "out,repaired"};
    for (int i = 0; i < 3; i++) {
        pid_t pid;
        /* The child tells on standard output that its own record is expected. */
        if (posix_spawn(&pid, path, NULL, NULL, argv, environments[i]) != 0)
            fail("posix_spawn");
        ended(pid);
        expect("exec posix_spawn %s path=%s", flags[i], path);
    }
}
