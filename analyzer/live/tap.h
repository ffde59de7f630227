/*
 * One live capture: an interface, or "any", opened through libpcap.
 *
 * From tap_open() on the kernel fills the capture's ring; nothing is read out of it before the
 * first tap_next(). Never waits. One thread at a time.
 */
#ifndef RTCSHIM_ANALYZER_TAP_H
#define RTCSHIM_ANALYZER_TAP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TAP_SNAPLEN_MAX = 262144, /* libpcap's own limit */
    TAP_REASON_BYTES = 512,
    /* After this time at most the kernel shows what has come. Shorter costs wake-ups; libpcap's
     * "immediate mode" costs a ring with room for a few large packets only. */
    TAP_DELAY_MS = 10,
};

#define TAP_ANY "any"

struct tap_options {
    uint32_t snaplen;      /* 1..TAP_SNAPLEN_MAX */
    uint32_t buffer_bytes; /* of the kernel's ring */
    bool promiscuous;
    const char *filter; /* pcap-filter(7), NULL none */
};

enum tap_failure {
    TAP_OPENED, /* none */
    TAP_FAILED,
    TAP_BAD_FILTER,
    TAP_NO_PERMISSION,
    TAP_NO_SUCH_INTERFACE,
};

struct tap;

/* name is copied. NULL: *failure and reason, text for people without the name, say why. */
struct tap *tap_open(const char *name, const struct tap_options *options, enum tap_failure *failure,
                     char reason[static TAP_REASON_BYTES]);

const char *tap_name(const struct tap *tap);
bool tap_is_any(const struct tap *tap);
/* LINKTYPE_*, as a file holds it. */
uint16_t tap_link_type(const struct tap *tap);
/* To poll for reading, also after an error: then tap_next() finds out what it means. */
int tap_fd(const struct tap *tap);
/* The interface is down, and tap_next() must be called now and then to see whether it has gone. */
bool tap_is_down(const struct tap *tap);

enum tap_status {
    TAP_PACKET,
    TAP_NONE,  /* now */
    TAP_ENDED, /* for good; tap_reason() says why */
};

struct tap_packet {
    uint64_t time_ns; /* since the epoch */
    const uint8_t *data;
    uint32_t caplen, len;
};

/* The packet is borrowed until the next call. */
enum tap_status tap_next(struct tap *tap, struct tap_packet *out);
const char *tap_reason(const struct tap *tap);

/* Packets that the filter let through, those lost for want of room among them. The last known
 * counts where the kernel no longer says. */
void tap_counts(struct tap *tap, uint64_t *accepted, uint64_t *dropped);

/* Takes NULL. */
void tap_close(struct tap *tap);

#endif
