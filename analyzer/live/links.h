/*
 * The machine's interfaces while a capture runs: names of indexes, and what comes, goes, and goes
 * up or down, told by the kernel through rtnetlink.
 *
 * The socket is opened once, before privilege is given up; afterwards nothing new is opened. One
 * thread at a time.
 */
#ifndef RTCSHIM_ANALYZER_LINKS_H
#define RTCSHIM_ANALYZER_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LINKS_MAX = 4096,     /* interfaces that are known at a time; more have no name */
    LINKS_NAME_BYTES = 16 /* IFNAMSIZ */
};

struct link {
    uint32_t index;
    uint32_t flags; /* IFF_* */
    char name[LINKS_NAME_BYTES];
    uint64_t dropped; /* packets that the interface itself lost so far (missed, fifo) */
};

enum links_event {
    LINKS_CAME, /* a new interface, up or not */
    LINKS_UP,   /* it is up now, and was not, or came so */
    LINKS_DOWN,
    LINKS_RENAMED,
    LINKS_GONE,
};

/* link is what it is now; of one that is gone, what it was. Borrowed for the call. */
typedef void links_fn(const struct link *link, enum links_event event, void *context);

struct links;

/* The interfaces that are there now. NULL: errno says why. */
struct links *links_open(void);
/* To poll for reading. */
int links_fd(const struct links *links);
/* Take what the kernel has told; never waits. tell may be NULL. */
void links_update(struct links *links, links_fn *tell, void *context);
/* Ask for everything once more, counts too. */
void links_refresh(struct links *links);

/* NULL where there is none. Borrowed until links_update() or links_refresh(). */
const struct link *links_by_index(const struct links *links, uint32_t index);
const struct link *links_by_name(const struct links *links, const char *name);
/* The i-th by index, 0..; NULL past the last. */
const struct link *links_at(const struct links *links, size_t i);

/* Takes NULL. */
void links_close(struct links *links);

#endif
