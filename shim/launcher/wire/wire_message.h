/* A STUN message that the capture shows, from its line of docs/events.md. */
#ifndef RTCSHIM_LAUNCHER_WIRE_MESSAGE_H
#define RTCSHIM_LAUNCHER_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

enum {
    WIRE_TXID_BYTES = 40, /* 24 or 32 hexadecimal digits */
    WIRE_TIME_BYTES = 40,
    WIRE_IFACE_BYTES = 64,
};

struct wire_message {
    struct netaddr src, dest; /* with ports */
    bool tcp;
    bool came_in; /* the capture says so; else it may have gone either way */
    uint32_t ifindex;
    char iface[WIRE_IFACE_BYTES]; /* raw; "" unknown */
    char txid[WIRE_TXID_BYTES];
    char timestamp[WIRE_TIME_BYTES];
};

/*
 * Read one line of `capture -j`. false: it is no STUN message that was sent as such on a link
 * (ChannelData, a copy in an ICMP error, a message inside a tunnel), or no such line.
 */
bool wire_message_read(const char *line, size_t len, struct wire_message *out);

#endif
