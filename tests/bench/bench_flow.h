/*
 * The addresses and ports of a generated flow, by its number. IPv4; numbers below 2^28 give flows
 * that differ.
 */
#ifndef RTCSHIM_BENCH_FLOW_H
#define RTCSHIM_BENCH_FLOW_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t bench_near_ip(uint32_t flow)
{
    return 0x0a000000u + flow / 16;
}

static inline uint32_t bench_far_ip(uint32_t flow)
{
    return 0xc6336400u + flow % 251;
}

static inline uint16_t bench_near_port(uint32_t flow)
{
    return (uint16_t)(40000 + flow % 16 + flow % 1009);
}

static inline uint16_t bench_far_port(uint32_t flow)
{
    return flow % 3 ? 3478 : 19302;
}

/* collide.c: count flows over IPv4 whose hashes have the same bits where a table of count entries
 * looks, if its key is zero. */
void bench_find_colliding(uint32_t *flows, size_t count);

#endif
