/* Hooks of the calls that start programs: the library stays in the environment, and each start is
 * told. */
#include "after.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum {
    ENV_ENTRIES = 8192, /* a larger environment is passed on as it is; the launcher then finds the
                           program not covered */
};

static const char preload_name[] = "LD_PRELOAD=";
static const char session_name[] = "RTCSHIM_SESSION=";

/* What an environment has of what the library needs. */
struct env_state {
    size_t entries;
    ssize_t preload, session; /* index of the entry, -1 absent */
    bool complete;            /* both are there and right */
    bool readable;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Is the library one of LD_PRELOAD's elements, which colons and blanks separate? */
static bool names_library(const char *list)
{
    size_t len = strlen(shim.library);

    for (const char *p = list; *p;) {
        size_t item = strcspn(p, ": ");
        if (item == len && memcmp(p, shim.library, len) == 0)
            return true;
        p += item + (p[item] != '\0');
    }
    return false;
}

/* One string that may lie anywhere: page by page until its end. */
static bool text_readable(const char *text)
{
    if (!memory_readable(text, 1))
        return false;
    for (const char *p = text; *p; p++)
        if (((uintptr_t)(p + 1) & (PAGE_MIN - 1)) == 0 && !memory_readable(p + 1, 1))
            return false;
    return true;
}

static struct env_state look_at(char *const *env)
{
    struct env_state state = {.preload = -1, .session = -1, .readable = true};
    bool trusted = env == environ; /* the program's own environment, which libc reads as well */

    if (!env)
        return state;
    for (;; state.entries++) {
        if (!trusted && !memory_readable(&env[state.entries], sizeof *env))
            break;
        const char *entry = env[state.entries];
        if (!entry) {
            state.complete = state.preload >= 0 && state.session >= 0 &&
                             names_library(env[state.preload] + strlen(preload_name)) &&
                             strcmp(env[state.session] + strlen(session_name), shim.session) == 0;
            return state;
        }
        if (state.entries == ENV_ENTRIES || (!trusted && !text_readable(entry)))
            break;
        if (starts(entry, preload_name)) /* of several, the loader takes the last one */
            state.preload = (ssize_t)state.entries;
        else if (state.session < 0 && starts(entry, session_name)) /* and getenv the first */
            state.session = (ssize_t)state.entries;
    }
    state.readable = false; /* the kernel will say what is wrong with it */
    return state;
}

/* Room for the repaired environment: the table, LD_PRELOAD's text, RTCSHIM_SESSION's. */
static size_t repaired_bytes(const struct env_state *state, char *const *env)
{
    size_t old = state->preload >= 0 ? strlen(env[state->preload]) : strlen(preload_name);
    return (state->entries + 3) * sizeof(char *) + old + 1 + strlen(shim.library) + 1 +
           strlen(session_name) + strlen(shim.session) + 1;
}

static char *append(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len + 1);
    return to + len;
}

/* env with the library first in LD_PRELOAD and the session's folder, built in room. */
static char **repair(const struct env_state *state, char *const *env, void *room)
{
    char **out = room;
    size_t n = 0;
    char *preload = (char *)(out + state->entries + 3), *text;

    text = append(append(preload, preload_name), shim.library);
    if (state->preload >= 0 && env[state->preload][strlen(preload_name)]) {
        if (names_library(env[state->preload] + strlen(preload_name)))
            text = append(preload, env[state->preload]);
        else
            text = append(append(text, ":"), env[state->preload] + strlen(preload_name));
    }
    char *session = text + 1;
    append(append(session, session_name), shim.session);

    for (size_t i = 0; i < state->entries; i++)
        if (!starts(env[i], preload_name) && !starts(env[i], session_name))
            out[n++] = env[i];
    out[n++] = preload;
    out[n++] = session;
    out[n] = NULL;
    return out;
}

static void tell_exec(enum event_call call, const char *path, bool repaired, uint64_t caller)
{
    struct seen seen = {.call = call, .fd = -1, .caller = caller, .flags = EVENT_OUT};

    if (!path || !text_readable(path))
        return;
    struct event event = emit_head(EVENT_EXEC, &seen);
    if (repaired)
        event.flags |= EVENT_ENV_REPAIRED;
    emit_bytes(&event, path, strlen(path));
}

/* Returns result, for the hooks to end with. */
static int exec_failed(enum event_call call, const char *path, int result, int error,
                       uint64_t caller)
{
    struct seen seen = {.call = call,
                        .fd = -1,
                        .caller = caller,
                        .result = result,
                        .error = error,
                        .flags = EVENT_OUT | EVENT_FAILED};

    if (shim.active && path && text_readable(path)) {
        struct event event = emit_head(EVENT_EXEC, &seen);
        emit_bytes(&event, path, strlen(path));
    }
    return result;
}

/*
 * Run CALL with `env_out` standing for the environment to hand on. A macro, because the repaired
 * environment lives in the hook's own stack frame: nothing may be allocated, and between vfork and
 * exec nothing of the parent's may be written.
 */
#define WITH_ENV(call, path, env, result, CALL)                                                    \
    do {                                                                                           \
        char *const *env_out = (env);                                                              \
        if (shim.active) {                                                                         \
            struct env_state state = look_at(env_out);                                             \
            bool lacking = state.readable && !state.complete;                                      \
            if (lacking)                                                                           \
                env_out =                                                                          \
                    repair(&state, env_out, __builtin_alloca(repaired_bytes(&state, env_out)));    \
            tell_exec(call, path, lacking, CALLER());                                              \
        }                                                                                          \
        (result) = (CALL);                                                                         \
    } while (0)

EXPORT int execve(const char *path, char *const *argv, char *const *env)
{
    int result;
    WITH_ENV(EVENT_CALL_execve, path, env, result, REAL(execve)(path, argv, env_out));
    return exec_failed(EVENT_CALL_execve, path, result, errno, CALLER());
}

EXPORT int execv(const char *path, char *const *argv)
{
    int result;
    WITH_ENV(EVENT_CALL_execv, path, environ, result, REAL(execve)(path, argv, env_out));
    return exec_failed(EVENT_CALL_execv, path, result, errno, CALLER());
}

EXPORT int execvp(const char *file, char *const *argv)
{
    int result;
    WITH_ENV(EVENT_CALL_execvp, file, environ, result, REAL(execvpe)(file, argv, env_out));
    return exec_failed(EVENT_CALL_execvp, file, result, errno, CALLER());
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *env)
{
    int result;
    WITH_ENV(EVENT_CALL_execvpe, file, env, result, REAL(execvpe)(file, argv, env_out));
    return exec_failed(EVENT_CALL_execvpe, file, result, errno, CALLER());
}

EXPORT int fexecve(int fd, char *const *argv, char *const *env)
{
    int result;
    WITH_ENV(EVENT_CALL_fexecve, "", env, result, REAL(fexecve)(fd, argv, env_out));
    return exec_failed(EVENT_CALL_fexecve, "", result, errno, CALLER());
}

EXPORT int execveat(int dir, const char *path, char *const *argv, char *const *env, int flags)
{
    int result;
    WITH_ENV(EVENT_CALL_execveat, path, env, result,
             REAL(execveat)(dir, path, argv, env_out, flags));
    return exec_failed(EVENT_CALL_execveat, path, result, errno, CALLER());
}

/* The list forms: count, gather into a vector on the stack, call the vector form. */

/* The analyzer loses va_start in a macro. NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */
static size_t count_args(va_list args)
{
    size_t n = 1;
    while (va_arg(args, char *))
        n++;
    return n;
}

/* ENV: an expression that may take what follows the list's NULL. */
#define EXEC_LIST(name, vector_form, ENV)                                                          \
    EXPORT int name(const char *path, const char *arg, ...)                                        \
    {                                                                                              \
        int result;                                                                                \
        va_list args;                                                                              \
        va_start(args, arg);                                                                       \
        size_t count = arg ? count_args(args) : 0;                                                 \
        va_end(args);                                                                              \
        char **argv = __builtin_alloca((count + 1) * sizeof *argv);                                \
        argv[0] = (char *)(uintptr_t)arg;                                                          \
        va_start(args, arg);                                                                       \
        for (size_t i = 1; i < count + (arg != NULL); i++)                                         \
            argv[i] = va_arg(args, char *);                                                        \
        char *const *env = (ENV);                                                                  \
        va_end(args);                                                                              \
        argv[count] = NULL;                                                                        \
        WITH_ENV(EVENT_CALL_##name, path, env, result, REAL(vector_form)(path, argv, env_out));    \
        return exec_failed(EVENT_CALL_##name, path, result, errno, CALLER());                      \
    }

EXEC_LIST(execl, execve, environ)
EXEC_LIST(execlp, execvpe, environ)
EXEC_LIST(execle, execve, va_arg(args, char *const *))
/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const *argv, char *const *env)
{
    int result;
    WITH_ENV(EVENT_CALL_posix_spawn, path, env, result,
             REAL(posix_spawn)(pid, path, actions, attr, argv, env_out));
    return result == 0 ? 0 : exec_failed(EVENT_CALL_posix_spawn, path, result, result, CALLER());
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const *argv, char *const *env)
{
    int result;
    WITH_ENV(EVENT_CALL_posix_spawnp, file, env, result,
             REAL(posix_spawnp)(pid, file, actions, attr, argv, env_out));
    return result == 0 ? 0 : exec_failed(EVENT_CALL_posix_spawnp, file, result, result, CALLER());
}
