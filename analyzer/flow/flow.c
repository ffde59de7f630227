/* Tells datagrams apart by their first bytes and counts them on their flow. */
#include "flow.h"

#include "bytes.h"

enum {
    DTLS_HEADER_BYTES = 13,
    RTP_HEADER_BYTES = 12,
    RTCP_HEADER_BYTES = 8,
    CHANNEL_HEADER_BYTES = 4,
    CHANNEL_PADDING_BYTES_MAX = 3,
    CHANNEL_MULTIPLEXED_BYTES = 12,
};

#define ZRTP_COOKIE UINT32_C(0x5a525450) /* "ZRTP", RFC 6189 section 5 */

static bool is_dtls(const uint8_t *in, uint32_t len)
{
    /* Content types 20 to 26, or 32 to 63 with RFC 9147's short header, whose rest says nothing. */
    if (in[0] >= 32)
        return true;
    return len >= DTLS_HEADER_BYTES && in[1] == 0xfe;
}

/* The marker bit and a payload type of 64 to 95 make the numbers that RTCP has, RFC 5761. */
static enum flow_kind rtp_or_rtcp(const uint8_t *in, uint32_t len)
{
    if (in[1] >= 192 && in[1] <= 223)
        return len >= RTCP_HEADER_BYTES ? FLOW_RTCP : FLOW_OTHER;
    return len >= RTP_HEADER_BYTES ? FLOW_RTP : FLOW_OTHER;
}

enum flow_kind flow_kind_of(const uint8_t *in, uint32_t len, uint32_t full_len)
{
    if (len < CHANNEL_HEADER_BYTES)
        return FLOW_OTHER;
    uint8_t first = in[0];
    if (first >= 128 && first <= 191)
        return rtp_or_rtcp(in, full_len);
    if (first >= 20 && first <= 63)
        return is_dtls(in, full_len) ? FLOW_DTLS : FLOW_OTHER;
    if (first >= 64 && first <= 79) {
        uint32_t whole = CHANNEL_HEADER_BYTES + (uint32_t)be16(in + 2);
        return full_len >= whole && full_len - whole <= CHANNEL_PADDING_BYTES_MAX
                   ? FLOW_CHANNEL_DATA
                   : FLOW_OTHER;
    }
    /* MS-TURN section 2.2.3, multiplexed: the same behind a session's number. */
    if (first == 0xff && in[1] == 0x10)
        return full_len >= CHANNEL_MULTIPLEXED_BYTES &&
                       full_len - CHANNEL_HEADER_BYTES == be16(in + 2)
                   ? FLOW_CHANNEL_DATA
                   : FLOW_OTHER;
    if (first >= 16 && first <= 19 && len >= 8 && be32(in + 4) == ZRTP_COOKIE)
        return FLOW_ZRTP;
    return FLOW_OTHER;
}

const char *flow_kind_name(enum flow_kind kind)
{
    static const char *const names[] = {
#define FLOW_KIND(ident, name) name,
        FLOW_KINDS(FLOW_KIND)
#undef FLOW_KIND
    };
    return names[kind];
}

struct flow_share flow_share_of(const struct datagram *d, unsigned way, enum flow_kind kind)
{
    return (struct flow_share){
        .time_ns = d->packet->time_ns,
        .bytes = d->payload_full,
        .way = (uint8_t)way,
        .direction = d->direction,
        .kind = (uint8_t)kind,
    };
}

void flow_count(struct flow *flow, const struct flow_share *share)
{
    uint32_t *packets = &flow->packets[share->way][share->kind];
    flow->last_ns = share->time_ns;
    flow->bytes[share->way] += share->bytes;
    if (*packets < UINT32_MAX)
        ++*packets;
    if (share->direction != PACKET_DIRECTION_UNKNOWN)
        flow->directions[share->way] = share->direction;
}

struct flow flow_from(const struct datagram *d, unsigned way)
{
    struct flow flow = {
        .first_ns = d->packet->time_ns,
        .iface = d->packet->iface,
        .ifindex = d->ifindex,
        .protocol = d->protocol,
        .label = d->label,
    };
    flow.ends[way] = d->src;
    flow.ends[!way] = d->dst;
    return flow;
}
