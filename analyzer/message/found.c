/* Starts the record of something that was found, from the datagram that it was found in. */
#include "found.h"

struct found found_on(const struct datagram *d)
{
    return (struct found){
        .time_ns = d->packet->time_ns,
        .frame = d->packet->frame,
        .offset = d->packet->offset,
        .iface = d->packet->iface,
        .src = d->src,
        .dst = d->dst,
        .ifindex = d->ifindex,
        .vlan = d->vlan,
        .protocol = d->protocol,
        .label = d->label,
        .direction = d->direction,
        .reassembled = d->reassembled,
    };
}

const char *found_confidence_name(enum found_confidence confidence)
{
    switch (confidence) {
    case FOUND_UNANSWERED:
        return "unanswered";
    case FOUND_MATCHED:
        return "matched";
    case FOUND_LOOSE:
        return "loose";
    case FOUND_EXACT:
        return "exact";
    case FOUND_FINGERPRINT:
        return "fingerprint";
    }
    return "";
}
