/* New programs by every member of the exec and posix_spawn families, with the environment kept,
 * rewritten and cleared. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoints.h"
#include "lives.h"
#include "transcript.h"

extern char **environ;

/* In a child: make the call, which should not come back. */
#define IN_CHILD(what, call)                                                                       \
    do {                                                                                           \
        say("%s", what);                                                                           \
        pid_t pid_ = fork();                                                                       \
        if (pid_ == 0) {                                                                           \
            say_result(what, call);                                                                \
            _exit(99);                                                                             \
        }                                                                                          \
        await_child("  ended", pid_);                                                              \
    } while (0)

void lives_exec(void)
{
    const char *self = lives_self();
    const char *name = strrchr(self, '/') + 1;
    char folder[4096];
    snprintf(folder, sizeof(folder), "PATH=%.*s", (int)(name - self - 1), self);
    char *const argv[] = {"lives", "--child", "one", "", "three", NULL};
    char *const rewritten[] = {"A=1", "B=2", "A=3", "no equals sign", "=strange", "", NULL};
    char *const other[] = {"LD_PRELOAD=", "A=1", NULL};
    char *const cleared[] = {NULL};
    char *const searched[] = {folder, NULL};
    int program = open(self, O_RDONLY | O_CLOEXEC);

    IN_CHILD("execve", CALL(execve, self, argv, environ));
    IN_CHILD("execve, rewritten", CALL(execve, self, argv, rewritten));
    IN_CHILD("execve, empty preload", CALL(execve, self, argv, other));
    IN_CHILD("execve, cleared", CALL(execve, self, argv, cleared));
    IN_CHILD("execve, no environment", CALL(execve, self, argv, NULL));
    IN_CHILD("execv", CALL(execv, self, argv));
    IN_CHILD("execv, environ cleared", (clearenv(), CALL(execv, self, argv)));
    IN_CHILD("execv, environ rewritten", (environ = (char **)rewritten, CALL(execv, self, argv)));
    IN_CHILD("execv, variables unset", (unsetenv("LD_PRELOAD"), CALL(execv, self, argv)));
    IN_CHILD("execvp", CALL(execvp, self, argv));
    IN_CHILD("execvp, searched", (setenv("PATH", folder + 5, 1), CALL(execvp, name, argv)));
    IN_CHILD("execvpe, rewritten", CALL(execvpe, self, argv, rewritten));
    IN_CHILD("execvpe, searched",
             (setenv("PATH", folder + 5, 1), CALL(execvpe, name, argv, searched)));
    IN_CHILD("execl", CALL(execl, self, "lives", "--child", "1", "2", "3", "4", "5", "6", "7", "8",
                           "9", (char *)NULL));
    IN_CHILD("execlp",
             (setenv("PATH", folder + 5, 1), CALL(execlp, name, "lives", "--child", (char *)NULL)));
    IN_CHILD("execle", CALL(execle, self, "lives", "--child", "1", "2", "3", "4", "5", "6", "7",
                            (char *)NULL, rewritten));
    IN_CHILD("execle, cleared", CALL(execle, self, "lives", "--child", (char *)NULL, cleared));
    IN_CHILD("fexecve", CALL(fexecve, program, argv, rewritten));
    IN_CHILD("execveat", CALL(execveat, AT_FDCWD, self, argv, rewritten, 0));
    IN_CHILD("execveat, by descriptor", CALL(execveat, program, "", argv, cleared, AT_EMPTY_PATH));

    /* More arguments than a table of fixed size would hold. */
    static char *many[3000];
    many[0] = "lives";
    many[1] = "--child";
    for (int i = 2; i < 40; i++)
        many[i] = "x";
    IN_CHILD("execve, many arguments", CALL(execve, self, many, cleared));
    static char *full[3000];
    for (int i = 0; i < 2900; i++)
        full[i] = i == 0 ? "FIRST=1" : i == 2899 ? "LAST=1" : "RTCSHIM_FILL=x";
    IN_CHILD("execve, a large environment", CALL(execve, self, argv, full));
    close(program);
}

void lives_exec_fails(void)
{
    char *const argv[] = {"x", NULL}, *const envp[] = {"A=1", NULL};
    char folder[] = "/tmp/rtcshim-test-XXXXXX", script[64];
    if (!mkdtemp(folder))
        fail("mkdtemp");
    snprintf(script, sizeof(script), "%s/script", folder);
    int file = open(script, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
    static const char text[] = "echo \"  script says $1 and $A\"\n";
    if (file < 0 || write(file, text, sizeof(text) - 1) < 0)
        fail("write a script");
    close(file);
    say_result("execve of nothing", CALL(execve, "/nosuch/program", argv, envp));
    say_result("execve of a folder", CALL(execve, "/tmp", argv, envp));
    say_result("execve of what is no program", CALL(execve, script, argv, envp));
    say_result("execv", CALL(execv, "/nosuch/program", argv));
    say_result("execvp", CALL(execvp, "no-such-program", argv));
    say_result("execvp of nothing", CALL(execvp, "", argv));
    say_result("execvpe", CALL(execvpe, "no-such-program", argv, envp));
    say_result("execl", CALL(execl, "/nosuch/program", "x", (char *)NULL));
    say_result("execlp", CALL(execlp, "no-such-program", "x", (char *)NULL));
    say_result("execle", CALL(execle, "/nosuch/program", "x", (char *)NULL, envp));
    say_result("fexecve", CALL(fexecve, -1, argv, envp));
    say_result("execveat", CALL(execveat, AT_FDCWD, "nosuch", argv, envp, 0));
    static char huge[300000];
    memset(huge, 'x', sizeof(huge) - 1);
    char *const fat[] = {huge, NULL};
    say_result("execve, an argument too large", CALL(execve, "/bin/true", fat, envp));
    say_result("execve, a variable too large", CALL(execve, "/bin/true", argv, fat));
    /* execvp() and its kin give such a file to the shell. */
    char *const told[] = {script, "word", NULL};
    fflush(NULL);
    IN_CHILD("execvp of a script without a first line", CALL(execvp, script, told));
    IN_CHILD("execvpe of it", CALL(execvpe, script, told, envp));
    IN_CHILD("execlp of it", CALL(execlp, script, script, "word", (char *)NULL));
    unlink(script);
    rmdir(folder);
}

/* The child's lines come before the parent's, which otherwise would be anywhere among them. */
static void spawned(const char *what, int result, const pid_t *pid)
{
    int e = errno;
    if (result == 0)
        await_child("  ended", *pid);
    errno = e;
    say_result(what, result);
}

void lives_spawn(void)
{
    const char *self = lives_self();
    char *const argv[] = {"lives", "--child", "spawned", NULL};
    char *const rewritten[] = {"A=1", NULL}, *const cleared[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    spawned("posix_spawn", CALL(posix_spawn, &pid, self, NULL, NULL, argv, environ), &pid);
    spawned("rewritten", CALL(posix_spawn, &pid, self, NULL, NULL, argv, rewritten), &pid);
    spawned("cleared", CALL(posix_spawn, &pid, self, NULL, NULL, argv, cleared), &pid);
    spawned("no environment", CALL(posix_spawn, &pid, self, NULL, NULL, argv, NULL), &pid);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 0, 3);
    posix_spawn_file_actions_addclose(&actions, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    spawned("with actions", CALL(posix_spawn, &pid, self, &actions, &attributes, argv, rewritten),
            &pid);
    spawned("posix_spawnp", CALL(posix_spawnp, &pid, self, NULL, NULL, argv, rewritten), &pid);
    char *const yes[] = {"true", NULL};
    spawned("posix_spawnp, searched", CALL(posix_spawnp, &pid, "true", NULL, NULL, yes, cleared),
            &pid);
    spawned("without a place for the pid",
            CALL(posix_spawn, NULL, "/nosuch/program", NULL, NULL, yes, cleared), &pid);
    spawned("posix_spawn of nothing",
            CALL(posix_spawn, &pid, "/nosuch/program", NULL, NULL, yes, cleared), &pid);
    spawned("posix_spawnp of nothing",
            CALL(posix_spawnp, &pid, "no-such-program", NULL, NULL, yes, cleared), &pid);
    spawned("bad path", CALL(posix_spawn, &pid, bad_pointer(), NULL, NULL, yes, cleared), &pid);
    spawned("bad environment", CALL(posix_spawn, &pid, "/bin/true", NULL, NULL, yes, bad_pointer()),
            &pid);
    posix_spawn_file_actions_addclose(&actions, 77);
    posix_spawn_file_actions_adddup2(&actions, 88, 89);
    spawned("an action that fails", CALL(posix_spawn, &pid, self, &actions, NULL, argv, rewritten),
            &pid);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
}

void lives_bare(void)
{
    const char *self = lives_self();
    pid_t pid = fork();
    if (pid == 0) {
        CALL(close, 0);
        CALL(close, 1);
        CALL(close, 2);
        CALL(execl, self, "lives", "--bare", (char *)NULL);
        _exit(99);
    }
    await_child("started without 0, 1 and 2", pid);
}

void lives_null(void)
{
    const char *self = lives_self();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd <= 2; fd++)
            dup2(null, fd);
        execl(self, "lives", "--null", (char *)NULL);
        _exit(99);
    }
    await_child("started with /dev/null at 0, 1 and 2", pid);
}

/* Five thousand arguments in one list: more than any table of fixed size was made for. */
#define TEN(x)     x, x, x, x, x, x, x, x, x, x
#define HUNDRED(x) TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x), TEN(x)
#define THOUSAND(x)                                                                                \
    HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x), HUNDRED(x),            \
        HUNDRED(x), HUNDRED(x), HUNDRED(x)

void lives_exec_long(void)
{
    const char *self = lives_self();
    char *const rewritten[] = {"A=1", NULL};
    IN_CHILD("execl", CALL(execl, self, "lives", "--child", TEN("x"), THOUSAND("y"), THOUSAND("y"),
                           THOUSAND("y"), THOUSAND("y"), THOUSAND("y"), "last", (char *)NULL));
    IN_CHILD("execlp", CALL(execlp, self, "lives", "--child", TEN("x"), THOUSAND("y"),
                            THOUSAND("y"), THOUSAND("y"), THOUSAND("y"), "last", (char *)NULL));
    IN_CHILD("execle",
             CALL(execle, self, "lives", "--child", TEN("x"), THOUSAND("y"), THOUSAND("y"),
                  THOUSAND("y"), THOUSAND("y"), "last", (char *)NULL, rewritten));
}
