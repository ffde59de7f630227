/* The `owner` event: who owns a socket that the wire showed. */
#ifndef RTCSHIM_LAUNCHER_TELL_OWNER_H
#define RTCSHIM_LAUNCHER_TELL_OWNER_H

#include "process.h"
#include "story.h"

enum owner_belongs { OWNER_UNKNOWN, OWNER_STRANGER, OWNER_OF_RUN };

/* Text is raw. */
struct owner {
    const char *timestamp; /* of the message on the wire, docs/events.md */
    const char *txid;      /* and its transaction id */
    const char *iface;     /* as captured, "" unknown */
    struct netaddr src, dest;
    bool tcp;
    bool found;              /* the kernel named the socket; else nothing below is known */
    uint64_t inode;          /* 0: no process has it any more */
    uid_t uid;               /* who made it */
    pid_t pid;               /* 0: not known */
    struct process *process; /* of the run; NULL none */
    const char *name;        /* where process is NULL; "" unknown */
    enum owner_belongs belongs;
};

void story_owner(struct story *story, const struct owner *owner);

#endif
