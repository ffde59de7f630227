/*
 * Packets as they pass: one or several taps, read in the order of time, and the interfaces that the
 * packets belong to.
 *
 * live_open() opens everything; afterwards nothing is opened any more, so that a sandbox can close
 * between it and the first live_next(). One thread at a time.
 *
 * A tap on one interface is interface number 0, 1, ... in the order given. A tap on "any" is one
 * too, and beside it each interface of the machine gets one, with its name and index: its packets
 * belong to that. An interface that comes later gets one with its first packet. With `later` the
 * last tap is one on "any" that the kernel gives only packets of interfaces without a tap.
 */
#ifndef RTCSHIM_ANALYZER_LIVE_H
#define RTCSHIM_ANALYZER_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "tap.h"

enum {
    LIVE_TAPS_MAX = 64,
    LIVE_IFACES_MAX = 8192, /* packets of more belong to "any" itself */
};

struct live_options {
    const char *const *names; /* borrowed for the call */
    size_t count;             /* 0: every interface that is up, except loopback */
    struct tap_options tap;   /* buffer_bytes 0: 8 MiB, or a share of 128 MiB */
    bool quiet;               /* news of interfaces are not told */
    bool later; /* count 0 only: what is not captured at the start, loopback excepted, is captured
                   too when it comes up, with cooked headers */
};

struct live;

/* What went wrong, and what to do about it, has been said on standard error where this is NULL. */
struct live *live_open(const struct live_options *options);

enum live_status {
    LIVE_PACKET,
    LIVE_IDLE, /* no packet now */
    LIVE_OVER, /* every interface is gone */
};

/* Never waits. With several taps a packet comes a moment later than the kernel shows it, so that it
 * comes in order; not where its tap's buffer fills. The packet is borrowed until the next call, its
 * interface until live_close(). */
enum live_status live_next(struct live *live, struct packet *out);

/* Wait for packets, news of interfaces, this descriptor or the time, whichever is first; news are
 * taken in, and told on standard error. timeout_ms -1: no limit. true: the descriptor can be read.
 * To be called now and then also while there are packets. */
bool live_wait(struct live *live, int fd, int timeout_ms);

/* "eth0, tun0": what is captured. Borrowed until live_close(). */
const char *live_names(const struct live *live);
/* The i-th interface that is captured by name from the start, 0..; NULL past the last. */
const char *live_name(const struct live *live, size_t i);
/* The rtnetlink socket. */
int live_links_fd(const struct live *live);

/* The i-th interface, 0..; NULL past the last so far. */
const struct packet_iface *live_iface(const struct live *live, uint32_t number);
/* The interface with this index, for a live capture's decoding_index_fn; section is 0. */
const struct packet_iface *live_iface_by_index(const void *live, uint32_t section,
                                               uint32_t ifindex);

struct live_counts {
    uint64_t accepted;         /* by the filter */
    uint64_t dropped;          /* by the kernel, for want of room */
    uint64_t dropped_by_iface; /* UINT64_MAX where that is not known ("any") */
};

/* Ask the kernel for the counts of all taps. */
void live_count(struct live *live);
/* What was found, of a tap by its number 0..; false past the last. *iface is its interface. */
bool live_counts(const struct live *live, size_t tap, struct live_counts *out,
                 const struct packet_iface **iface);

/* Takes NULL. */
void live_close(struct live *live);

#endif
