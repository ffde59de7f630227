/* Field by field, since there is padding between them. */
#ifndef RTCSHIM_TESTS_SAME_DATAGRAM_H
#define RTCSHIM_TESTS_SAME_DATAGRAM_H

#include <string.h>

#include "datagram.h"

static inline bool same_datagram(const struct datagram *a, const struct datagram *b)
{
    return a->packet == b->packet && memcmp(&a->src, &b->src, sizeof(a->src)) == 0 &&
           memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0 && a->protocol == b->protocol &&
           a->label == b->label && a->reassembled == b->reassembled && a->vlan == b->vlan &&
           a->ifindex == b->ifindex && a->direction == b->direction && a->payload == b->payload &&
           a->payload_len == b->payload_len && a->payload_full == b->payload_full &&
           a->seq == b->seq && a->ack == b->ack && a->tcp_flags == b->tcp_flags;
}

#endif
