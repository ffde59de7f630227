/* Finds flows that would share one bucket of the analyzer's table, if a stranger knew its key. */
#include "bench_flow.h"
#include "bytes.h"
#include "flow_key.h"
#include "siphash.h"

static struct netaddr address(uint32_t ip, uint16_t port)
{
    uint8_t bytes[4];
    put_be32(bytes, ip);
    return netaddr_from_bytes(bytes, sizeof(bytes), port);
}

static uint64_t hash_of(uint32_t flow)
{
    static const struct siphash_key zero;
    static const struct packet_iface iface = {.link_type = 1};
    static const struct packet packet = {.iface = &iface};
    struct datagram d = {
        .packet = &packet,
        .src = address(bench_near_ip(flow), bench_near_port(flow)),
        .dst = address(bench_far_ip(flow), bench_far_port(flow)),
        .protocol = DATAGRAM_UDP,
    };
    unsigned way;
    struct flow_key key = flow_key_of(&d, &way);
    return siphash_words(&zero, key.word, key.count);
}

void bench_find_colliding(uint32_t *flows, size_t count)
{
    uint64_t mask = 1;
    size_t found = 0;
    while (mask < count)
        mask *= 2;
    mask--;
    for (uint32_t flow = 1; found < count; flow++)
        if (flow % 3 != 0 && (hash_of(flow) & mask) == 0) /* the ones of three are IPv6 */
            flows[found++] = flow;
}
