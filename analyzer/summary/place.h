/*
 * Where a message was seen: between which addresses, on which link, and whether as such or inside
 * something else.
 */
#ifndef RTCSHIM_ANALYZER_PLACE_H
#define RTCSHIM_ANALYZER_PLACE_H

#include "datagram.h"

enum place_carriage {
    PLACE_DIRECT,
    PLACE_RELAYED,   /* inside TURN: Send, Data, ChannelData */
    PLACE_TUNNELLED, /* inside a tunnel that can be read */
};

struct place {
    struct netaddr src, dst; /* of a relayed message those that the relay stands for, if known */
    uint64_t time_ns;        /* 0 unknown */
    uint64_t number;         /* the caller's, for this message */
    uint64_t link;           /* the caller's, for the interface */
    uint32_t file;           /* number of the input: each has a clock of its own */
    uint32_t hop;            /* of a relayed message: which client's flow to its relay */
    uint8_t protocol;        /* enum datagram_protocol */
    uint8_t direction;       /* enum packet_direction */
    uint8_t carriage;        /* enum place_carriage */
    bool any;                /* the link stands for all interfaces at once and does not say which */
};

#endif
