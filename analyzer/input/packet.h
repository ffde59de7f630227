/*
 * One captured packet, as a file reader or a live capture hands it over, and the interface that it
 * was captured on.
 */
#ifndef RTCSHIM_ANALYZER_PACKET_H
#define RTCSHIM_ANALYZER_PACKET_H

#include <stdint.h>

enum packet_direction {
    PACKET_DIRECTION_UNKNOWN,
    PACKET_IN,
    PACKET_OUT,
};

/* Lives as long as the reader that made it. */
struct packet_iface {
    uint32_t number;    /* order of appearance in the input, over all sections, 0.. */
    uint32_t section;   /* pcapng section, 0..; 0 in a pcap file */
    uint16_t link_type; /* LINKTYPE_*, as tcpdump.org registers them */
    uint32_t snaplen;   /* 0 no limit */
    const char *name;   /* if_name, UTF-8 not checked; NULL where the file does not say */
    uint32_t ifindex;   /* of the capturing machine, where the file records it; 0 unknown */
};

struct packet {
    uint64_t time_ns;    /* since the epoch; 0 where the file has no time (Simple Packet Block) */
    uint64_t frame;      /* 1.., as Wireshark numbers them */
    uint64_t offset;     /* of the packet's record or block in the uncompressed input */
    const uint8_t *data; /* caplen bytes, borrowed until the next packet is asked for */
    uint32_t caplen;     /* bytes that are there */
    uint32_t len;        /* bytes that the packet had on the wire; never less than caplen */
    const struct packet_iface *iface;
    enum packet_direction direction;
};

#endif
