/* Finding the real functions behind the hooks. */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

struct real real;

/* Entries as an array: struct real holds function pointers only, one a row, in the order of enum
 * event_call from 1. */
_Static_assert(sizeof(struct real) == (EVENT_CALL_COUNT - 1) * sizeof(void (*)(void)),
               "struct real is an array of function pointers");

static const char *const names[EVENT_CALL_COUNT] = {
#define HOOK(name, ret, params) [EVENT_CALL_##name] = #name,
#include "hooks.def"
#undef HOOK
};

/* Names that a libc may lack or hide behind an old symbol version, and the function that does the
 * same. */
static const struct {
    enum event_call alias, plain;
} aliases[] = {
    {EVENT_CALL___send, EVENT_CALL_send},
    {EVENT_CALL___write, EVENT_CALL_write},
    {EVENT_CALL___read, EVENT_CALL_read},
    {EVENT_CALL___connect, EVENT_CALL_connect},
    {EVENT_CALL___close, EVENT_CALL_close},
    {EVENT_CALL___dup2, EVENT_CALL_dup2},
    {EVENT_CALL___fcntl, EVENT_CALL_fcntl},
    {EVENT_CALL_fcntl64, EVENT_CALL_fcntl},
    {EVENT_CALL___open, EVENT_CALL_open},
    {EVENT_CALL___open64, EVENT_CALL_open},
    {EVENT_CALL_open64, EVENT_CALL_open},
    {EVENT_CALL_openat64, EVENT_CALL_openat},
    {EVENT_CALL_fopen64, EVENT_CALL_fopen},
    {EVENT_CALL_freopen64, EVENT_CALL_freopen},
    {EVENT_CALL_pwritev64v2, EVENT_CALL_pwritev2},
    {EVENT_CALL_preadv64v2, EVENT_CALL_preadv2},
    {EVENT_CALL___res_query, EVENT_CALL_res_query},
    {EVENT_CALL___res_nquery, EVENT_CALL_res_nquery},
    {EVENT_CALL___res_search, EVENT_CALL_res_search},
    {EVENT_CALL___fork, EVENT_CALL_fork},
    {EVENT_CALL___vfork, EVENT_CALL_vfork},
    {EVENT_CALL_creat64, EVENT_CALL_creat},
    {EVENT_CALL_scandir64, EVENT_CALL_scandir},
    {EVENT_CALL_scandirat64, EVENT_CALL_scandirat},
    {EVENT_CALL_eaccess, EVENT_CALL_euidaccess},
    {EVENT_CALL___readlink_chk, EVENT_CALL_readlink},
    {EVENT_CALL___readlinkat_chk, EVENT_CALL_readlinkat},
    {EVENT_CALL_stat64, EVENT_CALL_stat},
    {EVENT_CALL_lstat64, EVENT_CALL_lstat},
    {EVENT_CALL_fstatat64, EVENT_CALL_fstatat},
    {EVENT_CALL___realpath_chk, EVENT_CALL_realpath},
    {EVENT_CALL_glob64, EVENT_CALL_glob},
    {EVENT_CALL___res_nsearch, EVENT_CALL_res_nsearch},
    {EVENT_CALL___res_querydomain, EVENT_CALL_res_querydomain},
    {EVENT_CALL___res_nquerydomain, EVENT_CALL_res_nquerydomain},
    {EVENT_CALL___res_send, EVENT_CALL_res_send},
    {EVENT_CALL___res_nsend, EVENT_CALL_res_nsend},
};

/* What is called where no object has the function. It is entered as any of the hooks' types: it
 * looks at no argument, so that is safe in the C calling conventions of Linux, and every one of
 * those functions reports an error by -1 or, with a pointer result, is never reached this way. */
static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

static void store(enum event_call call, void *function)
{
    memcpy((char *)&real + (call - 1) * sizeof function, &function, sizeof function);
}

static void *look_up(enum event_call call)
{
    void *found = dlsym(RTLD_NEXT, names[call]);
    if (found)
        return found;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (aliases[i].alias == call)
            return dlsym(RTLD_NEXT, names[aliases[i].plain]);
    return NULL;
}

void real_resolve(enum event_call call)
{
    int saved = errno;
    void *found = look_up(call);

    if (!found) {
        long (*stub)(void) = missing;
        memcpy(&found, &stub, sizeof found);
    }
    store(call, found);
    errno = saved;
}

void real_resolve_all(void)
{
    for (int call = 1; call < EVENT_CALL_COUNT; call++) {
        void *now;
        memcpy(&now, (char *)&real + (size_t)(call - 1) * sizeof now, sizeof now);
        if (now)
            continue;
        /* What is not there yet may come with a library loaded later (libresolv of an older glibc).
         */
        if ((now = look_up((enum event_call)call)))
            store((enum event_call)call, now);
        else
            dlerror(); /* nobody but the program may find an error there */
    }
}
