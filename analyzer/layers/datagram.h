/*
 * What a packet carries once link layer, IP and fragments are taken away: one UDP datagram or one
 * TCP segment.
 */
#ifndef RTCSHIM_ANALYZER_DATAGRAM_H
#define RTCSHIM_ANALYZER_DATAGRAM_H

#include <stdbool.h>

#include "netaddr.h"
#include "packet.h"

enum datagram_protocol {
    DATAGRAM_UDP = 17,
    DATAGRAM_TCP = 6,
};

/* How the datagram came to be in the packet. Only DIRECT was sent as such by the captured machine's
 * neighbour on that link. */
enum datagram_label {
    DATAGRAM_DIRECT,
    DATAGRAM_QUOTED,    /* inside an ICMP or ICMPv6 error: a copy of what caused it */
    DATAGRAM_TUNNELLED, /* inside IP-in-IP, GRE, 6in4, Teredo, VXLAN, GTP-U ... : sent by the
                           tunnel's user */
};

struct datagram {
    const struct packet *packet;
    struct netaddr src, dst; /* with ports */
    uint8_t protocol;        /* enum datagram_protocol */
    uint8_t label;           /* enum datagram_label */
    bool reassembled;  /* from IP fragments; payload is the reassembler's until the next packet */
    uint16_t vlan;     /* outermost 802.1Q id, 0 none */
    uint32_t ifindex;  /* LINUX_SLL2's, else the interface's own; 0 unknown */
    uint8_t direction; /* enum packet_direction; from the link layer (SLL) where the packet does not
                          say */
    const uint8_t *payload; /* after the UDP or TCP header */
    uint32_t payload_len;   /* bytes that are there */
    uint32_t payload_full;  /* bytes that the headers say; more than payload_len where the capture
                               was cut */
    /* TCP only */
    uint32_t seq, ack;
    uint8_t tcp_flags; /* as in the header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
};

#endif
