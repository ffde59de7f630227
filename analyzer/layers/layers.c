/* Packets in, datagrams out: the loop over the layers, and the count of what was not understood. */
#include "layers.h"

#include <stdlib.h>
#include <sys/random.h>

#include "layers_private.h"

struct layers {
    struct layers_counts counts;
    struct fragments *fragments;
};

struct layers *layers_new(void)
{
    struct layers *layers = calloc(1, sizeof(*layers));
    struct siphash_key key;

    if (layers == NULL)
        return NULL;
    if (getrandom(&key, sizeof(key), 0) == (ssize_t)sizeof(key))
        layers->fragments = fragments_new(&key, LAYERS_FRAGMENT_BYTES_MAX);
    if (layers->fragments == NULL) {
        free(layers);
        return NULL;
    }
    return layers;
}

void layers_free(struct layers *layers)
{
    if (layers == NULL)
        return;
    fragments_free(layers->fragments);
    free(layers);
}

struct fragments *layers_fragments(struct layers *layers)
{
    return layers->fragments;
}

bool walk_enter(struct walk *walk, enum datagram_label label)
{
    if (walk->depth == LAYERS_DEPTH_MAX)
        return false;
    walk->depth++;
    /* What a quotation holds stays quoted, whatever it was when it was sent. */
    if (walk->out->label != DATAGRAM_QUOTED)
        walk->out->label = label;
    return true;
}

enum layers_result walk_run(struct walk *walk, int step)
{
    for (; walk->steps < LAYERS_STEPS_MAX; walk->steps++) {
        switch (step) {
        case STEP_ETHERTYPE:
            step = link_step_ethertype(walk);
            break;
        case STEP_ETHERNET:
            step = link_step_ethernet(walk);
            break;
        case STEP_PPP:
            step = link_step_ppp(walk);
            break;
        case STEP_IP:
            step = ip_step(walk);
            break;
        case STEP_IPV4:
            step = ip_step_ipv4(walk);
            break;
        case STEP_IPV6:
            step = ip_step_ipv6(walk);
            break;
        case STEP_PROTOCOL:
            step = ip_step_protocol(walk);
            break;
        default:
            return (enum layers_result)(step - STEP_RESULT);
        }
    }
    return LAYERS_TOO_DEEP;
}

enum layers_result walk_datagram(struct layers *layers, const struct packet *packet,
                                 struct datagram *out)
{
    struct walk walk = {
        .layers = layers,
        .packet = packet,
        .out = out,
        .view = {packet->data, packet->caplen, packet->len},
    };

    fragments_release(layers->fragments);
    *out = (struct datagram){
        .packet = packet,
        .ifindex = packet->iface->ifindex,
        .direction = (uint8_t)packet->direction,
    };
    return walk_run(&walk, link_first(&walk));
}

bool layers_datagram(struct layers *layers, const struct packet *packet, struct datagram *out)
{
    layers->counts.packets++;
    if (plain_datagram(packet, out)) {
        layers->counts.results[LAYERS_DATAGRAM]++;
        return true;
    }
    enum layers_result result = walk_datagram(layers, packet, out);
    layers->counts.results[result]++;
    layers->counts.datagrams_unfinished = fragments_unfinished(layers->fragments);
    if (result != LAYERS_DATAGRAM)
        return false;
    layers->counts.datagrams_reassembled += out->reassembled;
    return true;
}

void layers_end(struct layers *layers)
{
    layers->counts.datagrams_unfinished =
        fragments_unfinished(layers->fragments) + fragments_waiting(layers->fragments);
}

const struct layers_counts *layers_counts(const struct layers *layers)
{
    return &layers->counts;
}

const char *layers_result_name(enum layers_result result)
{
    static const char *const names[LAYERS_RESULTS] = {
        [LAYERS_DATAGRAM] = "datagrams",
        [LAYERS_FRAGMENT] = "fragments",
        [LAYERS_FRAGMENT_REFUSED] = "fragments refused",
        [LAYERS_NOT_IP] = "not IP",
        [LAYERS_OTHER_PROTOCOL] = "neither UDP nor TCP",
        [LAYERS_CUT] = "cut by the snapshot length",
        [LAYERS_MALFORMED] = "malformed",
        [LAYERS_TOO_DEEP] = "nested too deep",
        [LAYERS_UNKNOWN_LINK] = "of a link type that is not decoded",
    };

    return (unsigned)result < LAYERS_RESULTS ? names[result] : "unknown";
}
