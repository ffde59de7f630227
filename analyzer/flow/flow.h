/*
 * Flows on which STUN was seen, and what else they carried: the kinds of RFC 7983, so that the path
 * that media took is known too.
 */
#ifndef RTCSHIM_ANALYZER_FLOW_H
#define RTCSHIM_ANALYZER_FLOW_H

#include "table.h"

/* What a datagram of a flow is, by its first bytes. The names stand in reports. */
#define FLOW_KINDS(KIND)                                                                           \
    KIND(STUN, "stun")                                                                             \
    KIND(CHANNEL_DATA, "channel_data")                                                             \
    KIND(DTLS, "dtls")                                                                             \
    KIND(RTP, "rtp")                                                                               \
    KIND(RTCP, "rtcp")                                                                             \
    KIND(ZRTP, "zrtp")                                                                             \
    KIND(OTHER, "other")

enum flow_kind {
#define FLOW_KIND(ident, name) FLOW_##ident,
    FLOW_KINDS(FLOW_KIND)
#undef FLOW_KIND
        FLOW_KIND_COUNT
};

enum {
    FLOW_MAX = 262144, /* flows with STUN that are remembered: about 50 MiB */
};

/* What every packet changes stands first. */
struct flow {
    uint64_t last_ns;
    uint64_t bytes[2];                    /* of payload */
    uint32_t packets[2][FLOW_KIND_COUNT]; /* from ends[way]; they stop at their largest value */
    uint8_t directions[2];                /* enum packet_direction of the last packet each way */
    uint8_t protocol, label;
    uint32_t ifindex;
    uint64_t first_ns;
    const struct packet_iface *iface; /* borrowed from the reader */
    struct netaddr ends[2];           /* the sender of way 0, of way 1 */
};

/* A datagram that is no STUN message: its kind by RFC 7983 section 7 and RFC 5761 section 4.
 * CHANNEL_DATA where the length fits. */
enum flow_kind flow_kind_of(const uint8_t *in, uint32_t len, uint32_t full_len);
/* The first two bytes alone: false where flow_kind_of() can't say CHANNEL_DATA. */
static inline bool flow_may_be_channel_data(const uint8_t *in)
{
    return (in[0] & 0xf0) == 0x40 || (in[0] == 0xff && in[1] == 0x10);
}
/* static */
const char *flow_kind_name(enum flow_kind kind);

/* What a datagram adds to its flow. */
struct flow_share {
    uint64_t time_ns;
    uint32_t bytes; /* of payload */
    uint8_t way, direction;
    uint8_t kind; /* enum flow_kind */
};
struct flow_share flow_share_of(const struct datagram *d, unsigned way, enum flow_kind kind);
void flow_count(struct flow *flow, const struct flow_share *share);

/* A flow that begins with d, nothing counted yet. */
struct flow flow_from(const struct datagram *d, unsigned way);

#endif
