/*
 * The library's state in one process: what the constructor took, and who this process is.
 */
#ifndef RTCSHIM_PRELOAD_SHIM_H
#define RTCSHIM_PRELOAD_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "policy.h"
#include "real.h"
#include "ring.h"

enum {
    SHIM_PATH_BYTES = 4096,
    SHIM_READABLE = 16, /* sets of pages that a thread remembers */
    SHIM_READABLE_WAYS = 4,
    SHIM_LOST = 32, /* requests that a thread lost */
};

struct shim {
    bool active; /* a session was found; false: every hook is the real call and nothing else */
    struct ring ring;
    const struct policy_shared *policy; /* mapped read-only */
    uint32_t role;                      /* 1 << enum role of the program */
    _Atomic uint32_t
        *number; /* this process's number, in a page that fork wipes: 0 in a new child */
    _Atomic uint32_t *
        kept; /* in a new child, in the same page: the number that its parent kept for it, 0 none */
    _Atomic uint32_t copied_from;  /* the process's number again, in memory that fork copies */
    char library[SHIM_PATH_BYTES]; /* this library, as LD_PRELOAD has to name it */
    char session[SHIM_PATH_BYTES]; /* the session's folder */
};

extern struct shim shim;

/* What belongs to one thread. Static TLS: it is there before the first instruction of the thread
 * and costs no allocation. */
struct shim_thread {
    uint32_t process; /* the process number that tid was read under */
    uint32_t tid;
    bool
        borrowed; /* a vfork child runs here: the memory is the parent's, the descriptors are not */
    uint32_t kept; /* while fork runs: the number kept for its child, for handlers that run before
                      fork returns there */
    void *vfork_return; /* where vfork.S keeps its caller's return address */
    /* 1 + number of a page that could be read; 0 none */
    uintptr_t readable[SHIM_READABLE][SHIM_READABLE_WAYS];
    /* Of requests that were refused by losing them: a word of their transaction ids, 0 none. */
    uint32_t lost[SHIM_LOST];
    unsigned lost_next;
    /* What the message that is about to be sent was judged; taken when it is told. */
    struct {
        int fd_and_one; /* 0: none */
        unsigned topic, type;
        struct policy_verdict verdict;
    } allowed;
};

extern __thread struct shim_thread shim_thread;

/* This process's number. A child that fork, a raw clone or a zygote made finds its page wiped,
 * takes a number and reports in. */
uint32_t identity_process(void);

/* gettid(), asked once a thread. */
uint32_t identity_thread(void);

/* memory_readable: bytes[0..len) can be read. Asks the kernel (rt_sigprocmask with an impossible
 * `how`, which every sandbox allows), errno kept. */
bool memory_readable(const void *bytes, size_t len);

#endif
