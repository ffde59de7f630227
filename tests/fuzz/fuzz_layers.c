/* Fuzz the layers with a sequence of packets: link type (16), bytes that there were more (8),
 * length (16), the packet's bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "layers_private.h"
#include "same_datagram.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static volatile uint64_t sink;

static void check_datagram(const struct packet *packet, const struct datagram *d)
{
    if (d->packet != packet || d->payload_len > d->payload_full ||
        (d->protocol != DATAGRAM_UDP && d->protocol != DATAGRAM_TCP) || d->vlan > 0xfff ||
        d->src.family == NETADDR_NONE || d->dst.family == NETADDR_NONE ||
        d->label > DATAGRAM_TUNNELLED)
        abort();
    if (!d->reassembled && d->payload_len > 0 &&
        (d->payload < packet->data || d->payload + d->payload_len > packet->data + packet->caplen))
        abort();
    for (uint32_t i = 0; i < d->payload_len; i++)
        sink += d->payload[i];
}

/* What went the short way: the walk has to come to the same. */
static void check_both_ways(struct layers *layers, const struct packet *packet,
                            const struct datagram *taken)
{
    struct datagram plain, walked;

    if (!plain_datagram(packet, &plain))
        return;
    if (!same_datagram(&plain, taken) ||
        walk_datagram(layers, packet, &walked) != LAYERS_DATAGRAM || !same_datagram(&walked, taken))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    struct layers *layers = layers_new();
    struct packet_iface iface = {0};
    struct packet packet = {.iface = &iface};
    struct datagram datagram;
    uint64_t results = 0;

    if (layers == NULL)
        abort();
    while (len >= 5) {
        uint32_t size = be16(in + 3);
        iface.link_type = be16(in);
        if (size > len - 5)
            size = (uint32_t)(len - 5);
        /* A copy of its own: sanitizers see what is read past the end. */
        uint8_t *data = malloc(size ? size : 1);
        if (data == NULL)
            abort();
        memcpy(data, in + 5, size);
        packet.data = data;
        packet.caplen = size;
        packet.len = size + in[2];
        packet.frame++;
        packet.time_ns += UINT64_C(1000000) * in[2];
        if (layers_datagram(layers, &packet, &datagram)) {
            check_datagram(&packet, &datagram);
            check_both_ways(layers, &packet, &datagram);
        }
        free(data);
        in += 5 + size;
        len -= 5 + size;
    }
    const struct layers_counts *counts = layers_counts(layers);
    for (int i = 0; i < LAYERS_RESULTS; i++)
        results += counts->results[i];
    if (results != counts->packets)
        abort();
    layers_free(layers);
    return 0;
}
