/*
 * What the shim saw beside STUN, gathered while the events pass: looks at the interfaces, probes,
 * DNS, mDNS, socket options. Bounded: rows of the same are counted in one, and what finds no room
 * is counted in left_out.
 */
#ifndef RTCSHIM_ANALYZER_SIGHTS_H
#define RTCSHIM_ANALYZER_SIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event_line.h"
#include "join.h"

enum {
    SIGHTS_ROWS_MAX = 4096,  /* of each kind */
    SIGHTS_SHOWN_MAX = 64,   /* entries of a look that are kept */
    SIGHTS_EVENTS_MAX = 16,  /* events of a row that are named */
    SIGHTS_TEXT_BYTES = 256, /* longer ones are cut */
};

/* Events that a row stands for. */
struct sights_events {
    uint32_t seq[SIGHTS_EVENTS_MAX];
    unsigned count;
    uint64_t total, first_ns;
};

struct sights_shown {
    const char *iface; /* NULL unknown */
    struct netaddr ip; /* NETADDR_NONE: none was shown */
};

struct sights_look {
    uint32_t pid;
    const char *via, *request;
    struct sights_shown shown[SIGHTS_SHOWN_MAX], hidden[SIGHTS_SHOWN_MAX];
    unsigned shown_count, hidden_count;
    uint64_t left_out;
    struct sights_events events;
};

struct sights_probe {
    uint32_t pid;
    struct netaddr target, answer; /* answer without port; NETADDR_NONE: refused */
    const char *iface;             /* NULL unknown */
    const char *call;
    uint8_t action; /* enum event_line_action */
    struct sights_events events;
};

struct sights_question {
    uint32_t pid;
    const char *question;  /* NULL unknown */
    const char *via;       /* "udp", "getaddrinfo" ... */
    struct netaddr server; /* NETADDR_NONE: libc asked */
    const char *iface;
    uint8_t iface_source; /* enum event_line_source */
    bool refused;
    struct sights_events events;
};

/* A host candidate that multicast DNS made known. */
struct sights_announcement {
    uint32_t pid;
    const char *name;
    struct netaddr address, source; /* source: of the packet */
    const char *iface, *call;
    uint8_t iface_source;
    struct sights_events events;
};

/* A socket option that chooses an interface. */
struct sights_option {
    uint32_t pid;
    int32_t fd;
    const char *option, *iface; /* iface NULL: by ifindex, or by what only the kernel knows */
    uint32_t ifindex;
    uint64_t time_ns;
    uint32_t seq;
};

struct sights {
    struct sights_look *looks;
    struct sights_probe *probes;
    struct sights_question *questions;
    struct sights_announcement *announcements;
    struct sights_option *options;
    size_t look_count, probe_count, question_count, announcement_count, option_count;
    uint64_t left_out;
    bool failed; /* memory was out */
    struct sights_work *work;
};

/* NULL: memory is out. */
struct sights *sights_new(void);
/* An event_line_fn; context is the sights. */
void sights_take(const struct event_line *line, void *context);
/* Takes NULL. */
void sights_free(struct sights *sights);

#endif
